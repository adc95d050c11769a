/*
 * Two clocks held against each other: the wall clock, which people and NTP set, and boottime, which
 * nobody can set.
 */
#include "incident/clocks/legal_time.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "sys/file.h"

enum { BOOT_ID_BYTES_MAX = 64, STEPS_MAX = 1000 };
/* The note is not worth a wait: the next look writes it. */
#define NOTE_WAIT_NS (250 * NS_PER_MS)
#define STEP_NS (2 * NS_PER_S)
/* The kernel slews by at most 500 ppm: that much between two looks is drift, not a step. */
#define SLEW_DIVISOR 2000

struct note {
	char boot_id[BOOT_ID_BYTES_MAX];
	int64_t wall_ns, boot_ns;
	int64_t carried_ns; /* the wall clock of before the steps, carried on by boottime */
	bool there;
};

/* Where /proc is not to be had, boots cannot be told apart, and that stops nobody's notice: the
 * clocks are then held against each other alone. */
static void read_boot_id(char out[BOOT_ID_BYTES_MAX])
{
	AUTO_BUF struct buf text;
	struct error e = ERROR_NONE;
	buf_init(&text, 4096);
	out[0] = '\0';
	if (file_read_all(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 4096, &text, &e) != OK)
		return;
	const struct view id = view_trim(buf_view(&text));
	if (id.len >= BOOT_ID_BYTES_MAX)
		return;
	memcpy(out, id.at, id.len);
	out[id.len] = '\0';
}

static enum status read_note(struct store *s, struct note *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"SELECT boot_id, wall_ns, boot_ns, carried_ns FROM incident_clock_note WHERE place "
		"= 1",
		&q, e));
	TRY(statement_step(q, &out->there, e));
	if (!out->there)
		return OK;
	const struct view id = column_text(q, 0);
	if (id.len >= BOOT_ID_BYTES_MAX)
		return error_set(e, E_INVALID, "a row of clock notes in the database is damaged");
	memcpy(out->boot_id, id.at, id.len);
	out->boot_id[id.len] = '\0';
	out->wall_ns = column_int(q, 1);
	out->boot_ns = column_int(q, 2);
	out->carried_ns = column_int(q, 3);
	return OK;
}

static enum status write_note(struct store *s, const struct note *now, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"INSERT INTO incident_clock_note (place, boot_id, wall_ns, boot_ns, carried_ns)"
		" VALUES (1, ?, ?, ?, ?) ON CONFLICT (place) DO UPDATE SET"
		" boot_id = excluded.boot_id, wall_ns = excluded.wall_ns,"
		" boot_ns = excluded.boot_ns, carried_ns = excluded.carried_ns",
		&q, e));
	bind_text(q, 1, now->boot_id);
	bind_int(q, 2, now->wall_ns);
	bind_int(q, 3, now->boot_ns);
	bind_int(q, 4, now->carried_ns);
	return statement_run(q, e);
}

static enum status write_step(
	struct store *s, const struct note *now, int64_t by_ns, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"INSERT INTO incident_clock_step (seen_ns, by_ns, boot_id) VALUES (?, ?, ?)", &q,
		e));
	bind_int(q, 1, now->wall_ns);
	bind_int(q, 2, by_ns);
	bind_text(q, 3, now->boot_id);
	return statement_run(q, e);
}

static enum status any_step(struct store *s, const char *boot_id, bool *out_any, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s, "SELECT 1 FROM incident_clock_step WHERE boot_id = ? LIMIT 1", &q, e));
	bind_text(q, 1, boot_id);
	return statement_step(q, out_any, e);
}

static int64_t magnitude(int64_t x)
{
	return x < 0 ? -x : x;
}

/* By how much the wall clock was set since `before`; 0 where it only drifted. Across a boot only a
 * wall clock that went back can be told. */
static int64_t step_since(const struct note *before, const struct note *now)
{
	if (!before->there)
		return 0;
	if (strcmp(before->boot_id, now->boot_id) != 0)
		return now->wall_ns < before->wall_ns - STEP_NS ? now->wall_ns - before->wall_ns
								: 0;
	const int64_t passed_ns = now->boot_ns - before->boot_ns;
	const int64_t by_ns = now->wall_ns - before->wall_ns - passed_ns;
	return magnitude(by_ns) > STEP_NS + magnitude(passed_ns) / SLEW_DIVISOR ? by_ns : 0;
}

static int64_t carry(const struct note *before, const struct note *now, int64_t step_ns)
{
	if (!before->there || strcmp(before->boot_id, now->boot_id) != 0)
		return now->wall_ns;
	if (step_ns != 0)
		return before->carried_ns + (now->boot_ns - before->boot_ns);
	return before->carried_ns + (now->wall_ns - before->wall_ns);
}

/* One look at both clocks beside the note of the last. */
struct look {
	struct note now;
	int64_t step_ns;
	bool stepped;
};

static enum status look_at_clocks(
	struct store *s, const struct clock *c, struct look *l, struct error *e)
{
	struct note before = { .there = false };
	TRY(read_note(s, &before, e));
	l->now.wall_ns = clock_wall_ns(c);
	l->now.boot_ns = clock_boot_ns(c);
	l->step_ns = step_since(&before, &l->now);
	l->now.carried_ns = carry(&before, &l->now, l->step_ns);
	TRY(any_step(s, l->now.boot_id, &l->stepped, e));
	l->stepped = l->stepped || l->step_ns != 0;
	return OK;
}

static enum status look_and_keep(
	struct store *s, const struct clock *c, struct look *l, struct error *e)
{
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	TRY(transaction_begin(s, &t, e));
	TRY(look_at_clocks(s, c, l, e));
	TRY(write_note(s, &l->now, e));
	if (l->step_ns != 0)
		TRY(write_step(s, &l->now, l->step_ns, e));
	return transaction_commit(&t, e);
}

enum status legal_time_note(struct store *s, const struct clock *c, const char *boot_id,
	struct legal_now *out, struct error *e)
{
	struct look l = { .now = { .there = true } };
	struct error not_kept = ERROR_NONE;
	if (boot_id == NULL)
		read_boot_id(l.now.boot_id);
	else if (strlen(boot_id) < BOOT_ID_BYTES_MAX)
		memcpy(l.now.boot_id, boot_id, strlen(boot_id) + 1);
	else
		return error_set(e, E_INVALID, "the boot id is too long");
	/* On a full disk, or beside somebody who holds the lock, duties must still be readable. The
	 * older note stays, so a step since then is still found by whoever can keep the next. */
	const int64_t wait_ns = store_wait_for_lock(s, NOTE_WAIT_NS);
	const enum status kept = look_and_keep(s, c, &l, &not_kept);
	(void)store_wait_for_lock(s, wait_ns);
	if (kept != OK)
		TRY(look_at_clocks(s, c, &l, e));
	*out = (struct legal_now){ .wall_ns = l.now.wall_ns,
		.latest_ns = l.now.wall_ns > l.now.carried_ns ? l.now.wall_ns : l.now.carried_ns,
		.stepped = l.stepped };
	return OK;
}

enum status legal_time_steps(
	struct store *s, struct pool *p, struct time_step **out, size_t *out_n, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	size_t n = 0;
	struct time_step *steps = pool_take(p, STEPS_MAX, sizeof *steps);
	if (steps == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "read the clock's steps");
	TRY(STORE_SQL(s,
		"SELECT seen_ns, by_ns, boot_id FROM incident_clock_step ORDER BY seen_ns DESC "
		"LIMIT ?",
		&q, e));
	bind_int(q, 1, STEPS_MAX);
	for (;;) {
		TRY(statement_step(q, &row, e));
		if (!row)
			break;
		steps[n].seen_ns = column_int(q, 0);
		steps[n].by_ns = column_int(q, 1);
		steps[n].boot_id = pool_text(p, column_text(q, 2));
		if (steps[n].boot_id == NULL)
			return error_sys(e, E_NO_SPACE, ENOMEM, "read the clock's steps");
		n++;
	}
	*out = steps;
	*out_n = n;
	return OK;
}
