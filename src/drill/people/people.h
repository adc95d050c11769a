/*
 * The people's part of a drill: six steps with an inject and a due time each, answered at the
 * terminal, by a controller's file, or not at all (then not assessed).
 *
 * The controller's file is YAML or JSON:
 *
 *   complete: true            # optional; false: the run waits for it, until the last step is due
 *   steps:
 *     - step: recognise       # recognise, isolate, classify, notify-inside, notify-authority,
 * restore done: true after: 95             # seconds since T0, or an RFC 3339 time answer: the file
 * server showed encrypted names   # optional by: operator on duty  # optional: who answered
 */
#ifndef DRILL_PEOPLE_H
#define DRILL_PEOPLE_H

#include "drill/drill.h"

enum { PEOPLE_STEPS = 6, PEOPLE_ANSWER_MAX = 500, PEOPLE_FILE_BYTES_MAX = 64 * 1024 };

struct people {
	struct drill_step steps[PEOPLE_STEPS];
	bool terminal;
	const char *file; /* NULL: none */
	struct pool *pool;
	int64_t next_look_boot_ns;
};

struct people_origin {
	int64_t boot_ns, wall_ns; /* T0 on both clocks */
};

/* Refuses a controller's file that is there and wrong, or whose folder does not exist. */
enum status people_init(struct people *o, const char *file, bool terminal, struct pool *p,
	struct error *e) MUST_CHECK;
/* Asks for the first open step at the terminal; call about ten times a second after T0. */
void people_tick(struct people *o, const struct people_origin *t0, int64_t now_boot_ns,
	const struct drill_watch *watch);
/* Reads the controller's file. *out_complete: nothing more is to be waited for. */
enum status people_read_file(struct people *o, const struct people_origin *t0, bool *out_complete,
	struct error *e) MUST_CHECK;
/* True while a step could still be answered in time. */
bool people_open(const struct people *o, const struct people_origin *t0, int64_t now_boot_ns);
bool people_assessed(const struct people *o);

/* The form alone, for people_read_file and the fuzzer: fills the steps that the text answers.
 * E_INVALID names the place. */
enum status people_parse(struct view text, const struct people_origin *t0, struct pool *p,
	struct drill_step steps[PEOPLE_STEPS], bool *out_complete, struct error *e) MUST_CHECK;
/* The steps as they stand before anybody answered. */
void people_steps(struct drill_step out[PEOPLE_STEPS]);

#endif
