/*
 * Bringing the tables up to what the program knows. All areas are looked at before anything is
 * written; each step is one transaction together with the row that says it was done. An area that
 * this program does not name is left alone: it touches none of those tables.
 */
#include <assert.h>

#include "base/clock.h"
#include "store/internal.h"

static enum status area_level(struct store *s, const char *area, int64_t *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	TRY(STORE_SQL(s,
		"SELECT coalesce(max(number), 0), count(*) FROM schema_migration WHERE area = ?",
		&q, e));
	bind_text(q, 1, area);
	TRY(statement_step(q, &row, e));
	int64_t level = column_int(q, 0);
	if (level < 0 || level != column_int(q, 1))
		return error_set(e, E_INVALID,
			"database '%s': its list of migrations has gaps (%s)", s->path, area);
	*out = level;
	return OK;
}

static enum status check_area(struct store *s, const struct migration_area *area, struct error *e)
{
	int64_t level = 0;
	for (size_t i = 0; i < area->n_rows; i++)
		assert(area->rows[i].number == (int)i + 1); /* append-only, without gaps */
	TRY(area_level(s, area->name, &level, e));
	if (level > (int64_t)area->n_rows)
		return error_set(e, E_CONFLICT,
			"database '%s' was made by a newer version of this program (%s: step %lld, "
			"this "
			"version knows %zu); use that version, or a backup of before",
			s->path, area->name, (long long)level, area->n_rows);
	if (s->bar != BAR_NONE && level < (int64_t)area->n_rows)
		return error_set(e, store_bar_status(s->bar),
			"database '%s' was made by an older version of this program and must be "
			"brought up to date first, but cannot be written: %s",
			s->path, store_bar_words(s));
	return OK;
}

static enum status apply(struct store *s, const struct migration_area *area,
	const struct migration *row, struct error *e)
{
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	TRY(transaction_begin(s, &t, e));
	int64_t level = 0;
	TRY(area_level(s, area->name, &level, e));
	if (level >= row->number)
		return OK; /* another process was faster */
	TRY(store_exec(s, row->sql, row->what, e));
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"INSERT INTO schema_migration (area, number, what, applied_ns) VALUES (?, ?, ?, ?)",
		&q, e));
	bind_text(q, 1, area->name);
	bind_int(q, 2, row->number);
	bind_text(q, 3, row->what);
	bind_int(q, 4, clock_wall_ns(NULL));
	TRY(statement_run(q, e));
	return transaction_commit(&t, e);
}

enum status store_migrate(
	struct store *s, const struct migration_area *areas, size_t n_areas, struct error *e)
{
	for (size_t i = 0; i < n_areas; i++)
		TRY(check_area(s, &areas[i], e));
	for (size_t i = 0; i < n_areas; i++) {
		int64_t level = 0;
		TRY(area_level(s, areas[i].name, &level, e));
		for (size_t n = (size_t)level; n < areas[i].n_rows; n++)
			if (apply(s, &areas[i], &areas[i].rows[n], e) != OK)
				return error_wrap(e, "migration %s %d", areas[i].name,
					areas[i].rows[n].number);
	}
	return OK;
}
