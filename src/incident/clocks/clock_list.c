/*
 * Reading clocks, and the two things a person does to one: to acknowledge it and to silence it.
 * Neither changes its state.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "incident/clocks/clock_row.h"

enum { WHO_BYTES_MAX = 200, REASON_BYTES_MAX = 1000, TAIL_LEAST = 4, LIST_MAX = 100000 };
#define ACKNOWLEDGED_NS_MAX (24 * 60 * 60 * NS_PER_S)

static enum status no_memory(struct error *e)
{
	return error_sys(e, E_NO_SPACE, ENOMEM, "read the clocks");
}

static const char *take_text(struct pool *p, struct statement *q, int column, bool *failed)
{
	const char *text = pool_text(p, column_text(q, column));
	if (text == NULL)
		*failed = true;
	return text == NULL ? "" : text;
}

/* Of those that a person gave, the last one counts. */
#define LATEST_OF(column, table)                                                                   \
	"(SELECT " column " FROM incident_clock_" table                                            \
	" WHERE clock = c.id ORDER BY at_ns DESC, until_ns DESC LIMIT 1)"
#define CLOCK_COLUMNS                                                                              \
	"c.id, c.incident, c.profile, c.duty, c.stage, c.owes, c.owed_to, c.medium, c.instrument," \
	" c.instrument_row, c.certainty, c.text_en, c.text_zh, c.n_period, c.opened_ns,"           \
	" c.started_ns, c.due_ns, c.target_ns, c.flags, c.state, c.done_ns, c.done_by, c.drill,"   \
	" " LATEST_OF("who", "acknowledgement") ", " LATEST_OF(                                    \
		"until_ns", "acknowledgement") ", " LATEST_OF("until_ns", "silence")

static enum status read_clock(
	struct statement *q, struct pool *p, struct clock_row *out, struct error *e)
{
	bool failed = false;
	const struct view certainty = column_text(q, 10);
	if (!id_parse(column_text(q, 0), &out->id) ||
		!id_parse(column_text(q, 1), &out->incident) || certainty.len != 1)
		return error_set(e, E_INVALID, "a clock in the database is damaged");
	out->number = "";
	out->profile = take_text(p, q, 2, &failed);
	out->duty = take_text(p, q, 3, &failed);
	out->stage = take_text(p, q, 4, &failed);
	out->owes = take_text(p, q, 5, &failed);
	out->to = take_text(p, q, 6, &failed);
	out->medium = take_text(p, q, 7, &failed);
	out->instrument = take_text(p, q, 8, &failed);
	out->row = take_text(p, q, 9, &failed);
	out->certainty = certainty.at[0];
	out->text.en = take_text(p, q, 11, &failed);
	out->text.zh = take_text(p, q, 12, &failed);
	out->n_period = column_int(q, 13);
	out->opened_ns = column_int(q, 14);
	out->started_ns = column_int(q, 15);
	out->due_ns = column_int(q, 16);
	out->target_ns = column_int(q, 17);
	out->flags = (unsigned)column_int(q, 18);
	out->state = (enum clock_state)column_int(q, 19);
	out->done_ns = column_int(q, 20);
	out->done_by = take_text(p, q, 21, &failed);
	out->drill = column_int(q, 22) != 0;
	out->acknowledged_by = column_is_null(q, 23) ? "" : take_text(p, q, 23, &failed);
	out->acknowledged_until_ns = column_is_null(q, 24) ? -1 : column_int(q, 24);
	out->silenced_until_ns = column_is_null(q, 25) ? -1 : column_int(q, 25);
	return failed ? no_memory(e) : OK;
}

/* What only the present moment can tell. */
static void derive(struct clock_row *c, const struct legal_now *now)
{
	const bool open = c->state == CLOCK_RUNNING;
	const int64_t until_ns = c->due_ns >= 0 ? c->due_ns : c->target_ns;
	c->remaining_ns = open && until_ns >= 0 ? until_ns - now->latest_ns : INT64_MAX;
	if (open && c->due_ns >= 0 && now->latest_ns > c->due_ns)
		c->state = CLOCK_OVERDUE;
	if (c->acknowledged_until_ns <= now->latest_ns) {
		c->acknowledged_by = "";
		c->acknowledged_until_ns = -1;
	}
	if (c->silenced_until_ns <= now->latest_ns)
		c->silenced_until_ns = -1;
}

static int rank(const struct clock_row *c)
{
	switch (c->state) {
	case CLOCK_OVERDUE:
	case CLOCK_RUNNING:
		return 0;
	case CLOCK_WAITING:
		return 1;
	case CLOCK_DONE:
	case CLOCK_DONE_LATE:
	case CLOCK_CEASED:
		return 2;
	}
	return 2;
}

/* "At once" stands where its target falls; without one it is due since it began. A yearly report
 * must not hide it. */
static int64_t urgent_ns(const struct clock_row *c)
{
	if (c->due_ns >= 0)
		return c->due_ns;
	return c->target_ns >= 0 ? c->target_ns : c->started_ns;
}

static int by_urgency(const void *a, const void *b)
{
	const struct clock_row *x = a, *y = b;
	if (rank(x) != rank(y))
		return rank(x) - rank(y);
	if (urgent_ns(x) != urgent_ns(y))
		return urgent_ns(x) < urgent_ns(y) ? -1 : 1;
	if ((x->due_ns >= 0) !=
		(y->due_ns >= 0)) /* a limit of the law before a target of our own */
		return x->due_ns >= 0 ? -1 : 1;
	const int by_profile = strcmp(x->profile, y->profile);
	return by_profile != 0 ? by_profile : strcmp(x->id.text, y->id.text);
}

static enum status count_clocks(
	struct store *s, const struct clock_filter *f, size_t *out_n, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	TRY(STORE_SQL(s,
		"SELECT COUNT(*) FROM incident_clock c WHERE (? = '' OR c.incident = ?)"
		" AND (? = 1 OR c.state IN " CLOCK_OPEN_STATES ") AND (? = 0 OR c.drill = ?)",
		&q, e));
	bind_text(q, 1, f->incident == NULL ? "" : f->incident->text);
	bind_text(q, 2, f->incident == NULL ? "" : f->incident->text);
	bind_int(q, 3, f->all ? 1 : 0);
	bind_int(q, 4, f->drills);
	bind_int(q, 5, f->drills > 0 ? 1 : 0);
	TRY(statement_step(q, &row, e));
	const int64_t n = row ? column_int(q, 0) : 0;
	if (n > LIST_MAX)
		return error_set(e, E_TOO_BIG,
			"there are %lld clocks, more than one list may hold (%d)", (long long)n,
			LIST_MAX);
	*out_n = (size_t)n;
	return OK;
}

enum status clocks_list(struct store *s, const struct clock_filter *f, const struct legal_now *now,
	struct pool *p, struct clock_row **out, size_t *out_n, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	size_t n_most = 0, n = 0;
	TRY(count_clocks(s, f, &n_most, e));
	struct clock_row *rows = pool_take(p, n_most + 1, sizeof *rows);
	if (rows == NULL)
		return no_memory(e);
	TRY(STORE_SQL(s,
		"SELECT " CLOCK_COLUMNS " FROM incident_clock c"
		" WHERE (? = '' OR c.incident = ?) AND (? = 1 OR c.state IN " CLOCK_OPEN_STATES ")"
		" AND (? = 0 OR c.drill = ?)",
		&q, e));
	bind_text(q, 1, f->incident == NULL ? "" : f->incident->text);
	bind_text(q, 2, f->incident == NULL ? "" : f->incident->text);
	bind_int(q, 3, f->all ? 1 : 0);
	bind_int(q, 4, f->drills);
	bind_int(q, 5, f->drills > 0 ? 1 : 0);
	while (n < n_most) {
		TRY(statement_step(q, &row, e));
		if (!row)
			break;
		TRY(read_clock(q, p, &rows[n], e));
		derive(&rows[n], now);
		n++;
	}
	qsort(rows, n, sizeof *rows, by_urgency);
	*out = rows;
	*out_n = f->limit != 0 && f->limit < n ? f->limit : n;
	return OK;
}

/* --- acknowledge, silence --------------------------------------------------------------------- */

enum status clock_resolve(struct store *s, const char *typed, struct id *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	const size_t n = strlen(typed);
	if (n < TAIL_LEAST || n > ID_TEXT_LEN || strspn(typed, "0123456789abcdef-") != n)
		return error_set(e, E_INVALID,
			"'%.40s' is no clock: its id, or at least its last %d digits, are in clock "
			"list",
			typed, TAIL_LEAST);
	TRY(STORE_SQL(s,
		"SELECT id, state FROM incident_clock WHERE substr(id, ?) = ?"
		" ORDER BY state IN " CLOCK_OPEN_STATES " DESC LIMIT 2",
		&q, e));
	bind_int(q, 1, ID_TEXT_LEN + 1 - (int64_t)n);
	bind_text(q, 2, typed);
	TRY(statement_step(q, &row, e));
	if (!row)
		return error_set(e, E_ABSENT, "there is no clock %s", typed);
	if (!id_parse(column_text(q, 0), out))
		return error_set(e, E_INVALID, "a clock in the database is damaged");
	if (column_int(q, 1) != CLOCK_WAITING && column_int(q, 1) != CLOCK_RUNNING)
		return error_set(e, E_CONFLICT, "clock %s no longer runs", typed);
	TRY(statement_step(q, &row, e));
	if (row && column_int(q, 1) <= CLOCK_RUNNING)
		return error_set(
			e, E_CONFLICT, "more than one clock ends in %s: give more digits", typed);
	return OK;
}

/* It is shown on terminals and in JSON: a name that is no text would take its clock out of a list.
 */
static enum status check_person(const char *who, struct error *e)
{
	if (who == NULL || view_trim(view_of(who)).len == 0)
		return error_set(e, E_INVALID, "name the person who takes it");
	if (strlen(who) > WHO_BYTES_MAX)
		return error_set(
			e, E_INVALID, "the person's name is longer than %d bytes", WHO_BYTES_MAX);
	const enum text_flaw flaw = text_flaw_of(view_of(who), TEXT_ONE_LINE);
	if (flaw != TEXT_SOUND)
		return error_set(e, E_INVALID, "person: %s", text_flaw_words(flaw));
	return OK;
}

static enum status check_why(const char *reason, struct error *e)
{
	if (reason == NULL)
		return OK;
	if (strlen(reason) > REASON_BYTES_MAX)
		return error_set(
			e, E_INVALID, "the reason is longer than %d bytes", REASON_BYTES_MAX);
	const enum text_flaw flaw = text_flaw_of(view_of(reason), TEXT_SEVERAL_LINES);
	if (flaw != TEXT_SOUND)
		return error_set(e, E_INVALID, "reason: %s", text_flaw_words(flaw));
	return OK;
}

static enum status check_until(int64_t now_ns, int64_t until_ns, struct error *e)
{
	if (until_ns <= now_ns)
		return error_set(e, E_INVALID, "it would be over at once: the time is past");
	if (until_ns - now_ns > ACKNOWLEDGED_NS_MAX)
		return error_set(e, E_INVALID, "it may hold for 24 hours at most");
	return OK;
}

enum status clocks_acknowledge(struct store *s, const char *clock_id, const char *who,
	int64_t now_ns, int64_t until_ns, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	struct id id;
	TRY(check_person(who, e));
	TRY(check_until(now_ns, until_ns, e));
	TRY(clock_resolve(s, clock_id, &id, e));
	TRY(STORE_SQL(s,
		"INSERT INTO incident_clock_acknowledgement (clock, at_ns, who, until_ns)"
		" VALUES (?, ?, ?, ?)",
		&q, e));
	bind_text(q, 1, id.text);
	bind_int(q, 2, now_ns);
	bind_text(q, 3, who);
	bind_int(q, 4, until_ns);
	return statement_run(q, e);
}

enum status clocks_silence(struct store *s, const char *clock_id, const char *who,
	const char *reason, int64_t now_ns, int64_t until_ns, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	struct id id;
	TRY(check_person(who, e));
	TRY(check_until(now_ns, until_ns, e));
	TRY(check_why(reason, e));
	TRY(clock_resolve(s, clock_id, &id, e));
	TRY(STORE_SQL(s,
		"INSERT INTO incident_clock_silence (clock, at_ns, who, reason, until_ns)"
		" VALUES (?, ?, ?, ?, ?)",
		&q, e));
	bind_text(q, 1, id.text);
	bind_int(q, 2, now_ns);
	bind_text(q, 3, who);
	bind_text(q, 4, reason == NULL ? "" : reason);
	bind_int(q, 5, until_ns);
	return statement_run(q, e);
}
