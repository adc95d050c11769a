/*
 * Collecting blocks.
 */
#include "render/document.h"

#include <stdarg.h>
#include <stdio.h>

void document_init(struct document *d, struct pool *p)
{
	*d = (struct document){ .pool = p, .title = "", .subtitle = "", .source = "", .date = "" };
}

static struct block *add(struct document *d, enum block_kind kind)
{
	struct block *b = pool_take(d->pool, 1, sizeof *b);
	if (b == NULL) {
		d->failed = true;
		return NULL;
	}
	b->kind = kind;
	b->text = "";
	if (d->last == NULL)
		d->first = b;
	else
		d->last->next = b;
	d->last = b;
	return b;
}

static struct block *add_plain(struct document *d, enum block_kind kind, const char *text)
{
	struct block *b = add(d, kind);
	if (b != NULL)
		b->text = text;
	return b;
}

void add_banner(struct document *d, enum tone tone, const char *text)
{
	struct block *b = add_plain(d, BLOCK_BANNER, text);
	if (b != NULL)
		b->tone = tone;
}

void add_score(struct document *d, struct score_face face)
{
	struct block *b = add(d, BLOCK_SCORE);
	if (b != NULL)
		b->score = face;
}

void add_heading(struct document *d, const char *id, const char *text)
{
	struct block *b = add_plain(d, BLOCK_HEADING, text);
	if (b != NULL)
		b->id = id;
}

void add_text(struct document *d, const char *text)
{
	(void)add_plain(d, BLOCK_TEXT, text); /* failure sticks in the document */
}

void add_note(struct document *d, const char *text)
{
	(void)add_plain(d, BLOCK_NOTE, text); /* as above */
}

void add_code(struct document *d, const char *text)
{
	(void)add_plain(d, BLOCK_CODE, text); /* as above */
}

void add_chart(struct document *d, const struct drawing *drawing)
{
	struct block *b = drawing == NULL ? NULL : add(d, BLOCK_CHART);
	if (b != NULL)
		b->drawing = drawing;
}

struct rows rows_begin(struct document *d, enum block_kind kind, size_t n_columns)
{
	return (struct rows){ .document = d, .kind = kind, .n_columns = n_columns, .caption = "" };
}

void rows_cell(struct rows *r, struct cell cell)
{
	if (r->n_cells >= (size_t)ROWS_MAX * r->n_columns)
		return; /* the caller says how many were left out */
	if (r->n_cells == r->capacity) {
		size_t capacity = r->capacity == 0 ? 24 : r->capacity * 2;
		struct cell *cells = pool_take(r->document->pool, capacity, sizeof *cells);
		if (cells == NULL) {
			r->document->failed = true;
			return;
		}
		if (r->n_cells > 0)
			memcpy(cells, r->cells, r->n_cells * sizeof *cells);
		r->cells = cells;
		r->capacity = capacity;
	}
	if (cell.text == NULL)
		cell.text = "";
	r->cells[r->n_cells++] = cell;
}

void rows_add(struct rows *r)
{
	size_t n_rows = r->n_cells / r->n_columns;
	struct block *b = n_rows == 0 ? NULL : add(r->document, r->kind);
	if (b == NULL)
		return;
	b->cells = r->cells;
	b->n_columns = r->n_columns;
	b->n_rows = n_rows;
	b->widths = r->widths;
	b->caption = r->caption;
}

void rows_fact(struct rows *r, const char *label, struct cell value)
{
	rows_cell(r, CELL(label));
	rows_cell(r, value);
}

const char *doc_text(struct document *d, const char *text)
{
	const char *copy = pool_text(d->pool, view_of(text == NULL ? "" : text));
	if (copy == NULL)
		d->failed = true;
	return copy == NULL ? "" : copy;
}

const char *doc_textf(struct document *d, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = n < 0 ? NULL : pool_take(d->pool, (size_t)n + 1, 1);
	if (text == NULL)
		d->failed = true;
	else
		(void)vsnprintf(text, (size_t)n + 1, format, again);
	va_end(again);
	return text == NULL ? "" : text;
}
