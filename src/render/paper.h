/*
 * Anything that goes on paper: a document built in the language of i18n_use, with what stands
 * around it, made into one HTML file in both languages or into a PDF. A new kind of paper is a
 * function that builds blocks (document.h).
 */
#ifndef RENDER_PAPER_H
#define RENDER_PAPER_H

#include "base/buf.h"
#include "render/document.h"

enum { PAPER_POOL_BYTES = 32 * 1024 * 1024 };

struct paper {
	enum status (*build)(const void *what, struct document *d, struct error *e);
	const void *what;
	const char *brand;     /* N_("Tocsin drill report") */
	const char *foot;      /* N_(sentence), under the HTML page */
	const char *subject;   /* of the PDF, and beside the brand in the browser's title */
	const char *watermark; /* across each page, N_("DRILL"); NULL: none */
	const char *tlp;       /* label above and below each page, "AMBER"; NULL: none */
	bool official; /* an authority's form: its title in the middle, nothing of ours above */
	int64_t at_ns; /* the PDF's date: the same content gives the same file */
};
/* A script-free page that fetches nothing; opens in the language of i18n_use. */
enum status paper_html(const struct paper *paper, struct buf *out, struct error *e) MUST_CHECK;
/* A4. E_ABSENT with a sentence where no font is there for the language. */
enum status paper_pdf(const struct paper *paper, struct buf *out, struct error *e) MUST_CHECK;

#endif
