/*
 * After a run: what undo says and notes where decoys cannot be proven, and that it can be stopped.
 * Undo itself is tested in test_undo.c.
 */
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "tests/lib/conduct_fixture.h"

/* The path of one decoy that the run changed. */
static const char *one_changed(struct conduct_fixture *f)
{
	char *roots[] = { pool_textf(f->pool, "%s", f->request.arena), NULL };
	const char *found = NULL;
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	REQUIRE(walk != NULL);
	for (FTSENT *at; found == NULL && (at = fts_read(walk)) != NULL;)
		if (at->fts_info == FTS_F && strstr(at->fts_name, ".locked") != NULL)
			found = pool_text(f->pool, view_of(at->fts_path));
	(void)fts_close(walk);
	REQUIRE(found != NULL);
	return found;
}

static void undo_partly(struct conduct_fixture *f, const char *id, const char *state)
{
	struct drill_undone undone = { 0 };
	CHECK_INT(drill_undo(&f->context, id, NULL, f->pool, &undone, &f->e), E_PARTLY);
	CHECK(!undone.verified);
	CHECK_TEXT(conduct_fixture_newest(f), state);
}

TEST_WITHIN(undo_says_partly_for_as_long_as_a_decoy_is_unproven, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	const char *id = f->result.id;
	const char *path = one_changed(f);
	AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
	REQUIRE(fd >= 0 && pwrite(fd, "somebody", 8, 0) == 8);
	undo_partly(f, id, "finished");
	undo_partly(f, id, "finished");
	CHECK(conduct_fixture_exists(path));
	/* Nothing is left to undo; that it was never proven stays true. */
	REQUIRE(unlink(path) == 0);
	undo_partly(f, id, "undone");
	CHECK(!conduct_fixture_exists(f->request.arena));
	undo_partly(f, id, "undone");
}

static void ask_to_stop(struct conduct_fixture *f, const struct drill_progress *now)
{
	if (now->stage != DRILL_STAGE_UNDO || f->acted)
		return;
	f->acted = true;
	CHECK_INT(drill_stop(&f->context, now->id, &f->e), OK);
}

TEST_WITHIN(an_undo_is_stopped_as_a_run_is_and_the_next_one_goes_on, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	const char *id = f->result.id;
	struct drill_undone undone = { 0 };
	f->on_progress = ask_to_stop;
	CHECK_INT(drill_undo(&f->context, id, &f->watch, f->pool, &undone, &f->e), E_STOPPED);
	CHECK(f->acted);
	CHECK(conduct_fixture_exists(f->request.arena));
	CHECK_TEXT(conduct_fixture_newest(f), "finished");
	conduct_fixture_undo(f, id);
	CHECK_TEXT(conduct_fixture_newest(f), "undone");
}

/* --- without what only remembers the drill --- */

static void say(const char *sentence, void *context)
{
	struct conduct_fixture *f = context;
	(void)snprintf(f->said, sizeof f->said, "%s", sentence);
}

TEST_WITHIN(an_undo_needs_no_database, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	struct store *store = f->context.store;
	f->context.store = NULL;
	conduct_fixture_undo(f, f->result.id);
	f->context.store = store;
	CHECK_TEXT(conduct_fixture_newest(f), "finished");
	conduct_fixture_undo(f, f->result.id); /* the next one notes it */
	CHECK_TEXT(conduct_fixture_newest(f), "undone");
}

#ifdef TOCSIN_FAULTS
TEST_WITHIN(an_undo_that_cannot_be_noted_is_one_all_the_same_and_says_so, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	struct drill_undone undone = { 0 };
	struct drill_watch watch = { .say = say, .context = f };
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	fault_arm("keep_write_state", 1);
	CHECK_INT(drill_undo(&f->context, f->result.id, &watch, f->pool, &undone, &f->e), OK);
	fault_disarm();
	CHECK(undone.verified && undone.n_removed > 0);
	CHECK(strstr(f->said, "could not be noted") != NULL);
	CHECK(!conduct_fixture_exists(f->request.arena));
}
#endif
