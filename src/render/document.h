/*
 * A report as a list of blocks, in one language: built once (report.c, report_sections.c), written
 * as HTML (paper_html.c) or set as PDF (paper_pdf.c), so that both say the same.
 */
#ifndef RENDER_DOCUMENT_H
#define RENDER_DOCUMENT_H

#include "base/error.h"
#include "base/pool.h"
#include "render/drawing.h"

enum tone { TONE_PLAIN, TONE_MUTED, TONE_GOOD, TONE_FAIR, TONE_POOR };

enum block_kind {
	BLOCK_BANNER,  /* text in a coloured frame: read this first */
	BLOCK_SCORE,   /* score, grade, coverage */
	BLOCK_TILES,   /* key figures: rows of label, value, note */
	BLOCK_HEADING, /* begins a section */
	BLOCK_TEXT,
	BLOCK_NOTE,  /* small and muted */
	BLOCK_LIST,  /* rows of one column */
	BLOCK_FACTS, /* rows of label and value */
	BLOCK_TABLE, /* the first row holds the headings */
	BLOCK_CHART,
	BLOCK_CODE,
	BLOCK_FORM, /* rows of section, label, value in a ruled table; a section that stays the same
		       is one cell; "" everywhere: no such column */
	BLOCK_SIGN  /* rows of one column: what is signed or sealed on a line */
};

struct cell {
	const char *text;
	enum tone tone;
	bool strong;
	bool code;
	bool tight; /* on one line */
};

struct score_face {
	const char *score;    /* "62.8", "–" where there is none */
	const char *of;	      /* what the number counts: "of 100", "false alarms" */
	const char *grade;    /* NULL: none */
	const char *no_grade; /* shown in its place; NULL: this kind of run has no grade */
	const char *coverage; /* "80 %"; NULL: not shown */
	double share;	      /* of the score, 0 … 1 */
	double coverage_share;
	enum tone tone;
	const char *note;
	const struct drawing *drawing; /* beneath it, in the same frame; NULL: none */
	const struct drawing *narrow;  /* in its place on a narrow page (HTML); NULL: the same */
};

struct block {
	struct block *next;
	enum block_kind kind;
	enum tone tone;
	const char *text;
	const char *id;	     /* headings: anchor, ASCII */
	const char *caption; /* tables: for those who cannot see it */
	const struct drawing *drawing;
	struct score_face score;
	const struct cell *cells;
	size_t n_columns, n_rows;
	const double *widths; /* tables: shares of the columns, sum 1 */
};

struct document {
	struct pool *pool;
	struct block *first, *last;
	const char *title;
	const char *subtitle;
	const char *source; /* under the title of an official paper: the instrument; "" none */
	const char *date;
	bool failed; /* memory was short: the report is given up */
};

void document_init(struct document *d, struct pool *p);
void add_banner(struct document *d, enum tone tone, const char *text);
void add_score(struct document *d, struct score_face face);
void add_heading(struct document *d, const char *id, const char *text);
void add_text(struct document *d, const char *text);
void add_note(struct document *d, const char *text);
void add_code(struct document *d, const char *text);
/* NULL is left out. */
void add_chart(struct document *d, const struct drawing *drawing);

/* Rows of cells that grow; then add_rows puts them into the document. */
enum { ROWS_MAX = 300, COLUMNS_MAX = 6 };
struct rows {
	struct document *document;
	enum block_kind kind;
	const char *caption;
	const double *widths;
	size_t n_columns;
	struct cell *cells;
	size_t n_cells;
	size_t capacity;
};
struct rows rows_begin(struct document *d, enum block_kind kind, size_t n_columns);
void rows_cell(struct rows *r, struct cell cell);
void rows_add(struct rows *r);

#define CELL(t) ((struct cell){ .text = (t) })
#define CELL_STRONG(t) ((struct cell){ .text = (t), .strong = true })
#define CELL_TIGHT(t) ((struct cell){ .text = (t), .tight = true })
#define CELL_CODE(t) ((struct cell){ .text = (t), .code = true })
#define CELL_TONE(t, in_tone) ((struct cell){ .text = (t), .tone = (in_tone), .strong = true })
void rows_fact(struct rows *r, const char *label, struct cell value);

/* In the document's pool; "" and failed where memory is short. */
const char *doc_textf(struct document *d, const char *format, ...) PRINTF_LIKE(2, 3);
const char *doc_text(struct document *d, const char *text);

#endif
