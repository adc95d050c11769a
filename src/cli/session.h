/*
 * One call of the program: where state lives, how output should look, and the means to print it.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/json.h"
#include "base/pool.h"
#include "store/store.h"

struct session {
	const struct command_table *table;
	struct pool *pool; /* for the whole call */
	const char *home;  /* from "/"; without links and dots once session_has_home or
			      session_store was called, there after the latter */
	bool home_is_settled;
	bool json;
	bool quiet;
	bool colour; /* standard output takes colours */
	bool error_is_terminal;
	bool error_moves; /* and its cursor can be moved: not a dumb terminal */
	bool input_is_terminal;
	bool told;	/* what is returned as a failure has been printed already */
	int width;	/* columns of standard output, else of standard error, else 80 */
	bool rehearsal; /* --dry-run: session_store keeps nothing; set before it */
	bool reads; /* a database that can only be read will do, and none is made; set before it */
	struct store *store; /* NULL until session_store */
};

/* Finds the home (not making it), the terminal, the width. */
enum status session_open(
	struct session *s, const char *home, bool json, struct error *e) MUST_CHECK;
void session_close(struct session *s);
/* The path from "/" down, links and dots as they are; NULL where memory is short or the current
 * folder has no path. */
const char *session_from_root(struct pool *p, const char *path);
/* Makes the home (0700) where absent and opens the database in it; in a rehearsal makes nothing,
 * and the database is one in memory where the home has none. E_DENIED where another user could
 * write in the home or exchange it (sys/file.h). A database that cannot be written is refused;
 * where reading is enough it is opened, and that is said. */
enum status session_store(struct session *s, struct error *e) MUST_CHECK;
/* E_ABSENT where it is yet to be made, E_DENIED as above. */
enum status session_has_home(struct session *s, struct error *e) MUST_CHECK;

/* The home where neither option nor caller names one; NULL where nothing says where a user keeps
 * things. */
const char *session_default_home(struct pool *p);

/* Data: one JSON object and a newline. Takes the reference. */
enum status session_print_json(json_t *value, struct error *e) MUST_CHECK;
/* The object, with "read_only": {"status","message"} where the database can only be read. */
json_t *session_answer(const struct session *s, json_t *object);
/* Data as text. */
enum status session_print(struct view text, struct error *e) MUST_CHECK;
/* A sentence on standard error, unless quiet. */
void session_say(const struct session *s, const char *sentence);
/* Asks on the terminal; OK only for an explicit yes, E_STOPPED for any other answer,
 * E_INTERRUPTED where a signal came instead. */
enum status session_confirm(const char *question, struct error *e) MUST_CHECK;

/* One line from the terminal. E_STOPPED where nobody can answer any more, E_INTERRUPTED where a
 * signal came instead. */
enum status session_ask(const char *question, char *out, size_t room, struct error *e) MUST_CHECK;
/* The same without a question: false where the input ended before anything came. A signal, also one
 * that came just before, ends it (session_interrupted). What does not fit is dropped. Not to be
 * mixed with stdio's stdin. */
bool session_read_line(char *out, size_t room);
/* An explicit yes, in either language. */
bool session_is_yes(const char *answer);

/* Mends what a caller may have left us with and would bite in the middle of a job: a mask that
 * locks the owner out of what he makes, fewer open files than the system allows, a
 * limit on the size of files that kills. The programs of the user that we start keep his mask for
 * others. */
void session_settle_process(void);

/* Set by SIGINT and SIGTERM once session_catch_signals was called. */
void session_catch_signals(void);
bool session_interrupted(void);
/* Becomes true then. */
const bool *session_stop(void);

#endif
