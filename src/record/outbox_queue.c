/*
 * What happens to items on their way: taken under a lease, and the ends of a try.
 *
 * A lease names this boot of the machine, the process and the moment at which that started, so that
 * a process number that was given out anew is not taken for the old one. Boot time counts it down:
 * a wall clock that is set does not move it.
 */
#include "record/outbox.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "record/internal.h"
#include "sys/file.h"

/* --- who holds --- */

/* Field 22 of /proc/PID/stat (proc(5)), in ticks since the boot; false where it is gone. The name
 * in field 2 may hold blanks and parentheses, so fields count from the last ')'. */
static bool read_start(pid_t pid, unsigned long long *out)
{
	enum { FIELDS_BEFORE = 19 };
	char path[32];
	AUTO_BUF struct buf text = { .ceiling = 4 * KIB };
	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (file_read_all(AT_FDCWD, path, 4 * KIB, &text, NULL) != OK)
		return false;
	const char *close_at = strrchr(buf_text(&text), ')');
	if (close_at == NULL || close_at[1] == '\0')
		return false;
	struct view rest = view_of(close_at + 2);
	for (int i = 0; i < FIELDS_BEFORE; i++)
		(void)view_cut(&rest, ' ');
	return view_to_u64(view_cut(&rest, ' '), out);
}

static enum status read_boot_id(struct buf *out, struct error *e)
{
	TRY(file_read_all(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, out, e));
	while (out->len > 0 && out->at[out->len - 1] == '\n')
		out->at[--out->len] = '\0';
	return OK;
}

enum status outbox_holder(struct outbox_holder *out, struct error *e)
{
	AUTO_BUF struct buf boot = { .ceiling = 64 };
	unsigned long long start = 0;
	TRY(read_boot_id(&boot, e));
	if (!read_start(getpid(), &start))
		return error_set(e, E_FAILED, "/proc does not tell when this process started");
	(void)snprintf(
		out->text, sizeof out->text, "%s %d %llu", buf_text(&boot), (int)getpid(), start);
	return OK;
}

static bool is_alive(struct view holder)
{
	AUTO_BUF struct buf boot = { .ceiling = 64 };
	unsigned long long pid = 0;
	unsigned long long start = 0;
	unsigned long long started = 0;
	struct view boot_id = view_cut(&holder, ' ');
	if (!view_to_u64(view_cut(&holder, ' '), &pid) || !view_to_u64(holder, &start) ||
		pid == 0 || pid > INT32_MAX)
		return false;
	if (read_boot_id(&boot, NULL) != OK || !view_equal(buf_view(&boot), boot_id))
		return false;
	return read_start((pid_t)pid, &started) && started == start;
}

/* --- taking --- */

static bool is_skipped(const struct outbox_pick *pick, struct view route)
{
	for (size_t i = 0; i < pick->n_skip_routes; i++)
		if (view_is(route, pick->skip_routes[i]))
			return true;
	return false;
}

static enum status find(struct store *s, const struct outbox_pick *pick, struct id *out,
	bool *out_got, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	int64_t now_ns = clock_wall_ns(pick->clock);
	int64_t boot_ns = clock_boot_ns(pick->clock);
	bool row = false;
	*out_got = false;
	/* Whatever waits holds back the later ones of its subject on its route. */
	TRY(STORE_SQL(s,
		"SELECT o.id, o.route, o.holder, o.held_until_boot_ns FROM record_outbox o"
		" WHERE o.state = 0 AND o.place > ? AND (? = 0 OR o.subject = ?)"
		" AND (? = 0 OR o.next_try_ns <= ? OR o.next_try_ns > ?)"
		" AND NOT EXISTS (SELECT 1 FROM record_outbox f WHERE f.state = 0"
		" AND f.route = o.route AND f.subject = o.subject AND f.place < o.place)"
		" ORDER BY o.place",
		&q, e));
	bind_int(q, 1, pick->after_place);
	bind_int(q, 2, pick->subject != NULL);
	bind_text(q, 3, pick->subject == NULL ? "" : pick->subject);
	bind_int(q, 4, pick->due_only);
	bind_int(q, 5, now_ns);
	bind_int(q, 6,
		now_ns > INT64_MAX - OUTBOX_PAUSE_MAX_NS ? now_ns : now_ns + OUTBOX_PAUSE_MAX_NS);
	for (;;) {
		TRY(statement_step(q, &row, e));
		if (!row)
			return OK;
		/* What this process holds itself is left over from a flush that failed. */
		bool held = column_int(q, 3) > boot_ns &&
			    !view_is(column_text(q, 2), pick->holder->text) &&
			    is_alive(column_text(q, 2));
		if (held || is_skipped(pick, column_text(q, 1)))
			continue;
		if (!id_parse(column_text(q, 0), out))
			return error_set(e, E_INVALID, "an outbox row in the database is damaged");
		*out_got = true;
		return OK;
	}
}

enum status outbox_take(struct store *s, const struct outbox_pick *pick, struct pool *p,
	struct outbox_item *out, bool *out_got, struct error *e)
{
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	AUTO(statement_free) struct statement *q = NULL;
	struct id id;
	bool got = false;
	*out_got = false;
	/* Without the write lock first: whoever waits looks often and finds nothing. */
	TRY(find(s, pick, &id, &got, e));
	if (!got)
		return OK;
	TRY(transaction_begin(s, &t, e));
	TRY(find(s, pick, &id, &got, e));
	if (!got)
		return OK;
	TRY(STORE_SQL(s, "UPDATE record_outbox SET holder = ?, held_until_boot_ns = ? WHERE id = ?",
		&q, e));
	bind_text(q, 1, pick->holder->text);
	bind_int(q, 2, clock_boot_ns(pick->clock) + pick->lease_ns);
	bind_text(q, 3, id.text);
	TRY(statement_run(q, e));
	TRY(outbox_read(s, &id, p, out, e));
	TRY(transaction_commit(&t, e));
	*out_got = true;
	return OK;
}

enum status outbox_release(
	struct store *s, const struct id *id, const struct outbox_holder *holder, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"UPDATE record_outbox SET holder = NULL, held_until_boot_ns = 0"
		" WHERE id = ? AND holder = ?",
		&q, e));
	bind_text(q, 1, id->text);
	bind_text(q, 2, holder->text);
	return statement_run(q, e);
}

/* --- the ends of a try --- */

/* Nothing was changed: it is absent, or no longer queued. */
static enum status explain(struct store *s, const struct id *id, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	TRY(STORE_SQL(s, "SELECT state FROM record_outbox WHERE id = ?", &q, e));
	bind_text(q, 1, id->text);
	TRY(statement_step(q, &row, e));
	if (!row)
		return error_set(e, E_ABSENT, "outbox: no item %s", id->text);
	switch (column_int(q, 0)) {
	case OUTBOX_DELIVERED:
		return error_set(e, E_CONFLICT, "outbox: %s is delivered already", id->text);
	case OUTBOX_REFUSED:
		return error_set(e, E_CONFLICT, "outbox: %s is refused already", id->text);
	default:
		return error_set(e, E_CONFLICT, "outbox: %s is queued", id->text);
	}
}

enum status outbox_run_on_one(
	struct store *s, struct statement *q, const struct id *id, struct error *e)
{
	TRY(statement_run(q, e));
	return store_changes(s) == 1 ? OK : explain(s, id, e);
}

/* Places 1 to 4. */
static void bind_try(struct statement *q, const struct outbox_try *t)
{
	bind_text(q, 1, t->way);
	bind_int(q, 2, t->http_status);
	bind_text(q, 3, t->why == NULL || t->why[0] == '\0' ? NULL : t->why);
	bind_int(q, 4, t->at_ns);
}

enum status outbox_delivered(struct store *s, const struct id *id, const struct outbox_try *t,
	const struct outbox_proof *proof, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	/* The same receipt again is fine: the sender may have died before it noted the first. */
	TRY(STORE_SQL(s,
		"UPDATE record_outbox SET way = ?, http_status = ?, last_error = ?, tried_ns = ?,"
		" ended_ns = CASE state WHEN 1 THEN ended_ns ELSE ? END,"
		" n_tries = CASE state WHEN 1 THEN n_tries ELSE n_tries + 1 END,"
		" state = 1, receipt = ?, received_ns = ?, server = ?,"
		" holder = NULL, held_until_boot_ns = 0"
		" WHERE id = ? AND (state <> 1 OR receipt = ?)",
		&q, e));
	bind_try(q, t);
	bind_int(q, 5, t->at_ns);
	bind_view(q, 6, proof->receipt);
	if (proof->received_ns < 0)
		bind_null(q, 7);
	else
		bind_int(q, 7, proof->received_ns);
	bind_text(q, 8, proof->server);
	bind_text(q, 9, id->text);
	bind_view(q, 10, proof->receipt);
	return outbox_run_on_one(s, q, id, e);
}

enum status outbox_retry(struct store *s, const struct id *id, const struct outbox_try *t,
	int64_t next_try_ns, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"UPDATE record_outbox SET way = coalesce(?, way), http_status = ?, last_error = ?,"
		" tried_ns = ?, next_try_ns = ?, n_tries = n_tries + 1, holder = NULL,"
		" held_until_boot_ns = 0 WHERE id = ? AND state = 0",
		&q, e));
	bind_try(q, t);
	bind_int(q, 5, next_try_ns);
	bind_text(q, 6, id->text);
	return outbox_run_on_one(s, q, id, e);
}

enum status outbox_refused(
	struct store *s, const struct id *id, const struct outbox_try *t, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"UPDATE record_outbox SET way = coalesce(?, way), http_status = ?, last_error = ?,"
		" tried_ns = ?, ended_ns = ?, state = 2, n_tries = n_tries + 1, holder = NULL,"
		" held_until_boot_ns = 0 WHERE id = ? AND state = 0",
		&q, e));
	bind_try(q, t);
	bind_int(q, 5, t->at_ns);
	bind_text(q, 6, id->text);
	return outbox_run_on_one(s, q, id, e);
}

enum status outbox_exported(
	struct store *s, const struct id *id, int64_t at_ns, const char *way, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"UPDATE record_outbox SET exported_ns = ?, way = ? WHERE id = ? AND state = 0", &q,
		e));
	bind_int(q, 1, at_ns);
	bind_text(q, 2, way);
	bind_text(q, 3, id->text);
	return outbox_run_on_one(s, q, id, e);
}

int64_t outbox_backoff_ns(int64_t n_tries, int64_t first_ns, int64_t cap_ns, uint64_t random)
{
	int64_t most_ns = first_ns;
	for (int64_t i = 0; i < n_tries && most_ns < cap_ns; i++)
		if (__builtin_mul_overflow(most_ns, 2, &most_ns))
			most_ns = cap_ns;
	if (most_ns > cap_ns)
		most_ns = cap_ns;
	return most_ns <= 0 ? 0 : (int64_t)(random % ((uint64_t)most_ns + 1));
}
