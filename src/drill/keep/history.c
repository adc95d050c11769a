/*
 * The drill's tables, and what is read from them.
 */
#include "drill/keep/history.h"

#include <string.h>

#include "base/i18n.h"
#include "drill/keep/keep.h"
#include "sys/file.h"

enum { HISTORY_ROWS_MAX = 10000 };
#define RESULT_BYTES_MAX (32 * MIB)

static const struct migration migrations[] = {
	{ 1, "drills and their figures",
		"CREATE TABLE drill_run ("
		" id TEXT PRIMARY KEY,"
		" scenario TEXT NOT NULL,"
		" kind TEXT NOT NULL,"
		" state TEXT NOT NULL,"
		" arena TEXT NOT NULL,"
		" rate DOUBLE PRECISION NOT NULL,"
		" at_ns BIGINT NOT NULL,"
		" score DOUBLE PRECISION,"
		" coverage DOUBLE PRECISION,"
		" grade TEXT,"
		" verdict TEXT,"
		" n_planted BIGINT,"
		" n_lost BIGINT,"
		" false_alarms BIGINT,"
		" report_html TEXT,"
		" report_json TEXT,"
		" report_pdf TEXT,"
		" report_navigator TEXT);"
		"CREATE INDEX drill_run_at ON drill_run (at_ns);"
		"CREATE INDEX drill_run_arena ON drill_run (arena, at_ns);" },
	{ 2, "what stopped a drill", "ALTER TABLE drill_run ADD COLUMN stopped_by TEXT;" },
};
const struct migration_area drill_migrations = { "drill", migrations, COUNT_OF(migrations) };

/* --- moves --- */

enum status history_state(
	struct store *s, const char *id, enum drill_state *out, bool *out_there, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s, "SELECT state FROM drill_run WHERE id = ?", &q, e));
	bind_text(q, 1, id);
	bool row = false;
	TRY(statement_step(q, &row, e));
	*out_there = row;
	if (row && !drill_state_find(column_text(q, 0), out))
		return error_set(e, E_INVALID, "drill %s has a state that is not known", id);
	return OK;
}

static enum status set_state(
	struct store *s, const char *id, enum drill_state next, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s, "UPDATE drill_run SET state = ? WHERE id = ?", &q, e));
	bind_text(q, 1, drill_state_name(next));
	bind_text(q, 2, id);
	return statement_run(q, e);
}

static enum status move_within(
	struct store *s, const char *id, enum drill_state next, struct error *e)
{
	enum drill_state now = STATE_RUNNING;
	bool there = false;
	TRY(history_state(s, id, &now, &there, e));
	if (!there)
		return error_set(e, E_ABSENT, "there is no drill %s", id);
	if (!drill_state_may_follow(now, next))
		return error_set(e, E_CONFLICT, "drill %s is %s", id, _(drill_state_name(now)));
	return set_state(s, id, next, e);
}

enum status history_move(struct store *s, const char *id, enum drill_state next, struct error *e)
{
	AUTO_TRANSACTION struct transaction t = { 0 };
	TRY(transaction_begin(s, &t, e));
	TRY(move_within(s, id, next, e));
	return transaction_commit(&t, e);
}

static enum status insert(struct store *s, const struct history_start *start, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"INSERT INTO drill_run (id, scenario, kind, state, arena, rate, at_ns)"
		" VALUES (?, ?, ?, 'running', ?, ?, ?)",
		&q, e));
	bind_text(q, 1, start->id);
	bind_text(q, 2, start->scenario);
	bind_text(q, 3, start->kind);
	bind_text(q, 4, start->arena);
	bind_real(q, 5, start->rate_files_per_s);
	bind_int(q, 6, start->wall_ns);
	return statement_run(q, e);
}

static enum status restart(struct store *s, const struct history_start *start, struct error *e)
{
	TRY(move_within(s, start->id, STATE_RUNNING, e));
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"UPDATE drill_run SET scenario = ?, kind = ?, rate = ?, at_ns = ? WHERE id = ?", &q,
		e));
	bind_text(q, 1, start->scenario);
	bind_text(q, 2, start->kind);
	bind_real(q, 3, start->rate_files_per_s);
	bind_int(q, 4, start->wall_ns);
	bind_text(q, 5, start->id);
	return statement_run(q, e);
}

enum status history_begin(struct store *s, const struct history_start *start, struct error *e)
{
	AUTO_TRANSACTION struct transaction t = { 0 };
	TRY(transaction_begin(s, &t, e));
	enum drill_state now = STATE_RUNNING;
	bool there = false;
	TRY(history_state(s, start->id, &now, &there, e));
	TRY(there ? restart(s, start, e) : insert(s, start, e));
	return transaction_commit(&t, e);
}

enum status history_finish(struct store *s, const struct drill_result *r, struct error *e)
{
	AUTO_TRANSACTION struct transaction t = { 0 };
	TRY(transaction_begin(s, &t, e));
	bool voided = r->verdict == DRILL_VOIDED;
	bool measured = !drill_is_control(r) || drill_control_measured(r);
	TRY(move_within(s, r->id, voided ? STATE_VOIDED : STATE_FINISHED, e));
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"UPDATE drill_run SET score = ?, coverage = ?, grade = ?, verdict = ?,"
		" n_planted = ?, n_lost = ?, false_alarms = ?, stopped_by = ? WHERE id = ?",
		&q, e));
	if (drill_has_score(r))
		bind_real(q, 1, r->score);
	else
		bind_null(q, 1);
	bind_real(q, 2, r->coverage);
	bind_text(q, 3, r->grade);
	bind_text(q, 4, drill_verdict_name(r->verdict));
	bind_int(q, 5, r->n_planted);
	bind_int(q, 6, r->n_lost);
	if (measured)
		bind_int(q, 7, r->false_alarms);
	else
		bind_null(q, 7);
	bind_text(q, 8, r->stopped.by);
	bind_text(q, 9, r->id);
	TRY(statement_run(q, e));
	return transaction_commit(&t, e);
}

/* --- questions --- */

enum status history_of_arena(struct store *s, const char *arena, struct pool *p,
	const char **out_id, enum drill_state *out_state, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"SELECT id, state FROM drill_run WHERE arena = ? AND state <> 'undone'"
		" ORDER BY at_ns DESC, id DESC LIMIT 1",
		&q, e));
	bind_text(q, 1, arena);
	bool row = false;
	TRY(statement_step(q, &row, e));
	if (!row) {
		*out_id = NULL;
		return OK;
	}
	if (!drill_state_find(column_text(q, 1), out_state))
		return error_set(
			e, E_INVALID, "the drill of %s has a state that is not known", arena);
	*out_id = pool_text(p, column_text(q, 0));
	return *out_id == NULL ? error_set(e, E_NO_SPACE, "no memory for an id") : OK;
}

enum status history_previous(struct store *s, const char *scenario, double rate_files_per_s,
	struct pool *p, struct drill_previous *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"SELECT id, at_ns, score, coverage, n_lost, n_planted FROM drill_run"
		" WHERE scenario = ? AND rate = ? AND score IS NOT NULL"
		" AND verdict <> 'voided' AND verdict <> 'stopped' AND stopped_by IS NULL"
		" ORDER BY at_ns DESC, id DESC LIMIT 1",
		&q, e));
	bind_text(q, 1, scenario);
	bind_real(q, 2, rate_files_per_s);
	bool row = false;
	TRY(statement_step(q, &row, e));
	*out = (struct drill_previous){ .id = NULL };
	if (!row)
		return OK;
	int64_t n_planted = column_int(q, 5);
	*out = (struct drill_previous){ .id = pool_text(p, column_text(q, 0)),
		.at_ns = column_int(q, 1),
		.score = column_real(q, 2),
		.coverage = column_real(q, 3),
		.files_lost_share =
			n_planted > 0 ? (double)column_int(q, 4) / (double)n_planted : 0 };
	return out->id == NULL ? error_set(e, E_NO_SPACE, "no memory for an id") : OK;
}

enum status history_last_control(
	struct store *s, uint32_t *out_false_alarms, int64_t *out_at_ns, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"SELECT false_alarms, at_ns FROM drill_run WHERE kind = 'benign' AND"
		" verdict = 'completed' AND false_alarms IS NOT NULL"
		" ORDER BY at_ns DESC, id DESC LIMIT 1",
		&q, e));
	bool row = false;
	TRY(statement_step(q, &row, e));
	int64_t n = row ? column_int(q, 0) : 0;
	*out_false_alarms = n < 0 ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
	*out_at_ns = row ? column_int(q, 1) : -1;
	return OK;
}

/* --- the public questions --- */

static const char *text_or_null(struct pool *p, struct statement *q, int column)
{
	return column_is_null(q, column) ? NULL : pool_text(p, column_text(q, column));
}

/* What the row says, unless it claims to run and nobody runs it. */
static const char *state_now(const struct drill_context *c, struct statement *q, const char *id)
{
	enum drill_state state = STATE_INTERRUPTED;
	if (!drill_state_find(column_text(q, 2), &state))
		return "interrupted";
	struct id holder;
	if (state == STATE_RUNNING &&
		!(keep_locked(c->home, &holder) && strcmp(holder.text, id) == 0))
		state = STATE_INTERRUPTED;
	return drill_state_name(state);
}

enum status drill_history(const struct drill_context *c, struct pool *p,
	struct drill_row **out_rows, size_t *out_n, struct error *e)
{
	AUTO(statement_free) struct statement *count = NULL;
	TRY(STORE_SQL(c->store, "SELECT count(*) FROM drill_run", &count, e));
	bool row = false;
	TRY(statement_step(count, &row, e));
	size_t n_max = (size_t)column_int(count, 0);
	if (n_max > HISTORY_ROWS_MAX)
		n_max = HISTORY_ROWS_MAX;
	struct drill_row *rows = pool_take(p, n_max == 0 ? 1 : n_max, sizeof *rows);
	if (rows == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the list of drills");
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(c->store,
		"SELECT id, scenario, state, at_ns, score, coverage, grade, verdict,"
		" CASE WHEN kind = 'benign' THEN false_alarms END"
		" FROM drill_run ORDER BY at_ns DESC, id DESC",
		&q, e));
	size_t n = 0;
	TRY(statement_step(q, &row, e));
	while (row && n < n_max) {
		struct drill_row *r = &rows[n++];
		*r = (struct drill_row){ .id = pool_text(p, column_text(q, 0)),
			.scenario = pool_text(p, column_text(q, 1)),
			.at_ns = column_int(q, 3),
			.has_score = !column_is_null(q, 4),
			.score = column_real(q, 4),
			.coverage = column_real(q, 5),
			.grade = text_or_null(p, q, 6),
			.verdict = text_or_null(p, q, 7),
			.false_alarms = column_is_null(q, 8) ? -1 : column_int(q, 8) };
		if (r->id == NULL || r->scenario == NULL)
			return error_set(e, E_NO_SPACE, "no memory for the list of drills");
		r->state = state_now(c, q, r->id);
		TRY(statement_step(q, &row, e));
	}
	*out_rows = rows;
	*out_n = n;
	return OK;
}

static enum status newest_result(
	const struct drill_context *c, struct pool *p, const char **out_id, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(c->store,
		"SELECT id FROM drill_run WHERE verdict IS NOT NULL"
		" ORDER BY at_ns DESC, id DESC LIMIT 1",
		&q, e));
	bool row = false;
	TRY(statement_step(q, &row, e));
	if (!row)
		return error_set(e, E_ABSENT, "no drill has a result yet");
	*out_id = pool_text(p, column_text(q, 0));
	return *out_id == NULL ? error_set(e, E_NO_SPACE, "no memory for an id") : OK;
}

/* What changed after the result was written lives in the row. */
static enum status overlay(
	const struct drill_context *c, struct pool *p, struct drill_result *r, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(c->store,
		"SELECT state, report_html, report_json, report_pdf, report_navigator"
		" FROM drill_run WHERE id = ?",
		&q, e));
	bind_text(q, 1, r->id);
	bool row = false;
	TRY(statement_step(q, &row, e));
	if (!row)
		return OK;
	r->undone = view_is(column_text(q, 0), drill_state_name(STATE_UNDONE));
	r->report = (struct drill_report_paths){ .html = text_or_null(p, q, 1),
		.json = text_or_null(p, q, 2),
		.pdf = text_or_null(p, q, 3),
		.navigator = text_or_null(p, q, 4) };
	return OK;
}

/* Says what the drill without a result is, and what can be done with it. */
static enum status no_result(const struct drill_context *c, const char *id, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(c->store, "SELECT id, scenario, state FROM drill_run WHERE id = ?", &q, e));
	bind_text(q, 1, id);
	bool row = false;
	TRY(statement_step(q, &row, e));
	enum drill_state state = STATE_INTERRUPTED;
	if (!row || !drill_state_find(view_of(state_now(c, q, id)), &state))
		return error_set(e, E_ABSENT, "drill %s has no result", id);
	switch (state) {
	case STATE_RUNNING:
		return error_set(
			e, E_ABSENT, "drill %s is still running and has no result yet", id);
	case STATE_PLANTED:
		return error_set(e, E_ABSENT,
			"drill %s is planted and was not run yet: tocsin drill run --planted %s",
			id, id);
	case STATE_INTERRUPTED:
		return error_set(e, E_ABSENT,
			"drill %s was interrupted and has no result; put everything back with: "
			"tocsin drill undo %s",
			id, id);
	case STATE_UNDONE:
		return error_set(e, E_ABSENT,
			"drill %s was undone before it had a result: nothing of it is left", id);
	case STATE_FINISHED:
	case STATE_VOIDED:
		break;
	}
	return error_set(e, E_ABSENT, "the result of drill %s is gone from the state folder", id);
}

enum status drill_show(const struct drill_context *c, const char *id, struct pool *p,
	struct drill_result *out, struct error *e)
{
	if (id == NULL)
		TRY(newest_result(c, p, &id, e));
	AUTO_FD int keep = -1;
	TRY(keep_open(c->home, id, &keep, e));
	AUTO_BUF struct buf text;
	buf_init(&text, RESULT_BYTES_MAX + 1);
	enum status status = file_read_all(keep, KEEP_RESULT, RESULT_BYTES_MAX, &text, e);
	if (status == E_ABSENT)
		return no_result(c, id, e);
	TRY(status);
	AUTO_JSON json_t *value = NULL;
	TRY(json_read(buf_view(&text), RESULT_BYTES_MAX, KEEP_RESULT, &value, e));
	struct drill_result result;
	if (drill_result_read(value, p, &result, e) != OK)
		return error_wrap(e, "the result of drill %s", id);
	TRY(overlay(c, p, &result, e));
	*out = result;
	return OK;
}

enum status drill_set_reports(const struct drill_context *c, const char *id,
	const struct drill_report_paths *paths, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(c->store,
		"UPDATE drill_run SET report_html = ?, report_json = ?, report_pdf = ?,"
		" report_navigator = ? WHERE id = ?",
		&q, e));
	bind_text(q, 1, paths->html);
	bind_text(q, 2, paths->json);
	bind_text(q, 3, paths->pdf);
	bind_text(q, 4, paths->navigator);
	bind_text(q, 5, id);
	TRY(statement_run(q, e));
	if (store_changes(c->store) == 0)
		return error_set(e, E_ABSENT, "there is no drill %s", id);
	return OK;
}
