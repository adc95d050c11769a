/*
 * What the files of this room share (and warnings, which stand beside it): one call's surroundings,
 * a case's row, its history. Nobody outside src/incident includes it.
 */
#ifndef INCIDENT_CASE_H
#define INCIDENT_CASE_H

#include "base/utf8.h"
#include "incident/cases/cases.h"
#include "store/store.h"

enum { CASE_PROFILES_MAX = 16, REASON_BYTES_MAX = 2000, WHO_BYTES_MAX = 200 };

/* One call. */
struct desk {
	const struct incident_context *c;
	const char *company; /* "" in a home of one company */
	const char *by;
	struct legal_now now; /* noted at the start; wall_ns is what rows are dated with */
	struct pool *pool;
	struct routes *routes; /* NULL: none could be read, see `trouble` */
	const char *trouble;   /* "" none */
};
/* Notes the time. Opens the routes where `with_routes`: what is wrong with them is in `trouble`,
 * since it must not stop what is to be kept. */
enum status desk_open(const struct incident_context *c, struct pool *p, bool with_routes,
	struct desk *out, struct error *e) MUST_CHECK;
void desk_close(struct desk *d);
#define AUTO_DESK __attribute__((cleanup(desk_close)))

enum status case_no_memory(struct error *e);
/* Compact JSON in the pool. */
enum status case_json_text(
	struct pool *p, const json_t *value, struct view *out, struct error *e) MUST_CHECK;
/* The value of a text column, kept by the pool. */
enum status case_json_of(
	struct pool *p, struct view text, json_t **out, struct error *e) MUST_CHECK;
/* Copies of text columns; a lack of memory is told once. */
const char *case_column(struct pool *p, struct statement *q, int column, bool *failed);
/* What is wrong with it, in words that do not name it, for a fault that does; NULL nothing. `out`
 * is where longer words stand. */
enum { FLAW_TEXT_MAX = 160 };
const char *case_text_flaw(
	const char *text, size_t most_bytes, enum text_lines lines, char out[FLAW_TEXT_MAX]);
/* What a person wrote for people to read: E_INVALID naming `what` where it is empty, too long or
 * unsound. */
enum status case_check_text(const char *text, size_t most_bytes, enum text_lines lines,
	const char *what, struct error *e) MUST_CHECK;

/* --- the row (case_rows.c) --- */

struct case_row {
	struct id id;
	const char *number;
	enum life life;
	bool drill;
	const char *drill_id, *tlp;
	int64_t created_ns, closed_ns; /* closed_ns -1 */
	int64_t n_revision;
	json_t *notice, *facts; /* now; the pool's */
	struct facts values;	/* of `facts` */
	const char *profiles[CASE_PROFILES_MAX];
	size_t n_profiles;
};
/* `typed` as in incident_read. E_ABSENT, E_CONFLICT. */
enum status case_find(
	const struct desk *d, const char *typed, struct case_row *out, struct error *e) MUST_CHECK;
/* The next number of the company: 2026-0001, D2026-0001 for drills, W2026-0001 for warnings. */
enum case_series { SERIES_REAL, SERIES_DRILL, SERIES_WARNING, SERIES_WARNING_DRILL };
enum status case_next_number(const struct desk *d, enum case_series series, const char **out,
	struct error *e) MUST_CHECK;
enum status case_insert(
	const struct desk *d, const struct case_row *row, struct error *e) MUST_CHECK;
/* Adds a revision of notice and facts, and makes it the present one in `row`. */
enum status case_revise(const struct desk *d, struct case_row *row, json_t *notice, json_t *facts,
	struct error *e) MUST_CHECK;

/* --- history (history.c) --- */

/* Takes the reference `detail`. `claimed_ns`: when it is said to have happened. The first event of
 * a case carries the hash of nothing. */
enum status history_add(const struct desk *d, const struct id *incident, int64_t claimed_ns,
	const char *kind, json_t *detail, struct error *e) MUST_CHECK;
/* SHA-256 over all events so far, hex. */
enum { CHAIN_TEXT_MAX = 65 };
enum status history_head(const struct desk *d, const struct id *incident, char out[CHAIN_TEXT_MAX],
	struct error *e) MUST_CHECK;
enum status history_read(const struct desk *d, const struct id *incident,
	struct incident_event **out, size_t *out_n, int64_t *out_first_bad,
	struct error *e) MUST_CHECK;
/* [{"field", "before", "after"}] of two objects. */
enum status history_changes(
	json_t *before, json_t *after, json_t **out, struct error *e) MUST_CHECK;

/* --- life (life.c) --- */

/* Not later than now, and not more than a day before discovery: E_INVALID. */
enum status moment_check_time(const struct desk *d, const struct case_row *row, int64_t at_ns,
	struct error *e) MUST_CHECK;

/* The same, and not before a discovery that somebody told: nobody gives notice of what he does not
 * know of, and a late duty must not be in time by a wrong hand of the clock. */
enum status notice_check_time(const struct desk *d, const struct case_row *row, int64_t at_ns,
	struct error *e) MUST_CHECK;

/* --- clocks of a case (moments.c) --- */

/* The kind of event that marks a moment: "moment-handling-ended"; "" where no event does. */
const char *moment_event(enum moment m);

enum status case_moments(const struct desk *d, const struct case_row *row, const char *profile,
	struct moments *out, struct error *e) MUST_CHECK;
/* The grade in force and whether it is undecided: what duty_hold asks. */
enum status case_standing(const struct desk *d, const struct case_row *row,
	const struct profile *profile, struct standing *out, struct error *e) MUST_CHECK;
/* Every profile's clocks, by its grade in force. */
enum status case_sync(const struct desk *d, const struct case_row *row, struct error *e) MUST_CHECK;

#endif
