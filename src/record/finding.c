/*
 * Findings in the store.
 */
#include "record/finding.h"

#include <errno.h>
#include <string.h>

#include "base/i18n.h"

enum status finding_add(struct store *s, const struct finding *f, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"INSERT INTO record_finding (id, source, rule, rule_author, subject, severity,"
		" technique, evidence, remediation, at_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		&q, e));
	const char *const texts[] = { f->id.text, f->source, f->rule, f->rule_author, f->subject };
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		bind_text(q, (int)i + 1, texts[i]);
	bind_int(q, 6, f->severity);
	bind_text(q, 7, f->technique);
	bind_text(q, 8, f->evidence);
	bind_text(q, 9, f->remediation);
	bind_int(q, 10, f->at_ns);
	return statement_run(q, e);
}

struct list {
	struct finding *rows;
	size_t n;
	size_t room;
};

static enum status no_memory(struct error *e)
{
	return error_sys(e, E_NO_SPACE, ENOMEM, "list the findings");
}

static enum status read_row(
	struct statement *q, struct pool *p, struct finding *out, struct error *e)
{
	const char **const texts[] = { &out->source, &out->rule, &out->rule_author, &out->subject,
		&out->evidence, &out->remediation };
	int64_t severity = column_int(q, 7);
	if (!id_parse(column_text(q, 0), &out->id) || severity < FINDING_INFO ||
		severity > FINDING_CRITICAL)
		return error_set(e, E_INVALID, "a finding in the database is damaged");
	out->severity = (enum finding_severity)severity;
	out->at_ns = column_int(q, 9);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		*texts[i] = pool_text(p, column_text(q, (int)i + 1));
		if (*texts[i] == NULL)
			return no_memory(e);
	}
	out->technique = column_is_null(q, 8) ? NULL : pool_text(p, column_text(q, 8));
	return out->technique == NULL && !column_is_null(q, 8) ? no_memory(e) : OK;
}

static enum status grow(struct list *l, struct pool *p, struct error *e)
{
	if (l->n < l->room)
		return OK;
	size_t room = l->room == 0 ? 16 : l->room * 2;
	struct finding *rows = pool_take(p, room, sizeof *rows);
	if (rows == NULL)
		return no_memory(e);
	if (l->n > 0)
		memcpy(rows, l->rows, l->n * sizeof *rows);
	l->rows = rows;
	l->room = room;
	return OK;
}

enum status finding_list(struct store *s, const char *source, int64_t limit, struct pool *p,
	struct finding **out, size_t *out_n, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	struct list l = { NULL, 0, 0 };
	bool row = false;
	TRY(STORE_SQL(s,
		"SELECT id, source, rule, rule_author, subject, evidence, remediation, severity,"
		" technique, at_ns FROM record_finding WHERE (? IS NULL OR source = ?)"
		" ORDER BY at_ns DESC, id DESC LIMIT ?",
		&q, e));
	bind_text(q, 1, source);
	bind_text(q, 2, source);
	bind_int(q, 3, limit < 0 ? 0 : limit);
	for (;;) {
		TRY(statement_step(q, &row, e));
		if (!row)
			break;
		TRY(grow(&l, p, e));
		TRY(read_row(q, p, &l.rows[l.n], e));
		l.n++;
	}
	*out = l.rows;
	*out_n = l.n;
	return OK;
}

const char *finding_severity_name(enum finding_severity s)
{
	static const char *const names[] = { N_("info"), N_("low"), N_("medium"), N_("high"),
		N_("critical") };
	return names[s];
}
