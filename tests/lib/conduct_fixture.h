/*
 * A home, a small scenario and a folder for arenas, for tests that run whole drills.
 */
#ifndef TESTS_LIB_CONDUCT_FIXTURE_H
#define TESTS_LIB_CONDUCT_FIXTURE_H

#include "drill/drill.h"
#include "store/store.h"
#include "tests/lib/test.h"

struct conduct_fixture {
	struct drill_context context;
	struct drill_request request; /* scenario "tiny" into <test folder>/data/arena */
	struct drill_watch watch;
	struct pool *pool;
	struct drill_result result;
	struct error e;

	/* What the watch does and saw. */
	enum drill_stage stage;
	bool seen[DRILL_STAGE_UNDO + 1];
	uint64_t n_done;
	char id[ID_TEXT_LEN + 1];
	char said[2048];
	void (*on_progress)(struct conduct_fixture *f, const struct drill_progress *now);
	bool stop;
	const char *file; /* for on_progress */
	bool acted;
};

/* Everything lives until the process of the test ends. */
struct conduct_fixture *conduct_fixture_new(void);
enum status conduct_fixture_run(struct conduct_fixture *f);
/* Undo must prove everything and leave nothing of the arena. */
void conduct_fixture_undo(struct conduct_fixture *f, const char *id);
/* Same home and store as an earlier process of this test left them. */
void conduct_fixture_reopen(struct conduct_fixture *f);
/* State of the newest drill, "" where there is none; its id in f->id. */
const char *conduct_fixture_newest(struct conduct_fixture *f);
bool conduct_fixture_exists(const char *path);
/* The evidence of f->result, or of the drill with this id, is whole and signed by the home. */
void conduct_fixture_verify(struct conduct_fixture *f, const char *id);
/* The evidence as text. */
const char *conduct_fixture_evidence(struct conduct_fixture *f, const char *id);
const char *fixture_text(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
