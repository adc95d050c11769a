/*
 * The faults of an input, all of them, each with its field.
 */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "incident/rules/facts.h"

enum { FIELD_SHOWN_MAX = 80, WHAT_MAX = 600 };

/* What somebody wrote as a key, short and without anything that would play with a terminal. */
static char *shown(const char *field, char out[FIELD_SHOWN_MAX + 4])
{
	size_t len = strlen(field);
	const bool cut = len > FIELD_SHOWN_MAX;
	if (cut)
		len = FIELD_SHOWN_MAX;
	while (cut && len > 0 && ((unsigned char)field[len] & 0xC0) == 0x80)
		len--;
	const bool sound = text_flaw_of((struct view){ field, len }, TEXT_ONE_LINE) == TEXT_SOUND;
	for (size_t i = 0; i < len; i++)
		out[i] = sound || (field[i] > ' ' && field[i] < 0x7f) ? field[i] : '?';
	memcpy(out + len, "…", cut ? sizeof "…" : 1);
	if (!cut)
		out[len] = '\0';
	return out;
}

void field_fault_add(
	struct field_faults *all, struct pool *p, const char *field, const char *format, ...)
{
	char what[WHAT_MAX];
	char name[FIELD_SHOWN_MAX + 4];
	va_list args;
	if (all->n == FIELD_FAULTS_MAX) {
		all->n_more++;
		return;
	}
	va_start(args, format);
	const int n = vsnprintf(what, sizeof what, format, args);
	va_end(args);
	struct field_fault fault = {
		pool_text(p, view_of(shown(field, name))),
		n < 0 ? NULL : pool_text(p, view_of(what)),
	};
	if (fault.field == NULL || fault.what == NULL) {
		all->n_more++;
		return;
	}
	all->at[all->n++] = fault;
}

enum status field_faults_error(const struct field_faults *all, struct error *e)
{
	enum { ROOM_FOR_MORE = 100 };
	AUTO_BUF struct buf text;
	size_t n = 0;
	buf_init(&text, ERROR_TEXT_MAX - ROOM_FOR_MORE);
	if (all->n == 0 && all->n_more == 0)
		return OK;
	while (n < all->n) { /* an append that does not fit leaves what is there */
		buf_addf(&text, "%s%s: %s", n == 0 ? "" : "; ", all->at[n].field, all->at[n].what);
		if (text.failed)
			break;
		n++;
	}
	const size_t n_more = all->n - n + all->n_more;
	if (n == 0 && all->n > 0)
		return error_set(e, E_INVALID, "%s: %s", all->at[0].field, all->at[0].what);
	if (n == 0)
		return error_set(e, E_INVALID, "%zu fields are wrong", n_more);
	if (n_more > 0)
		return error_set(e, E_INVALID, "%s; and %zu more", buf_text(&text), n_more);
	return error_set(e, E_INVALID, "%s", buf_text(&text));
}
