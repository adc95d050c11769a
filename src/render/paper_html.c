/*
 * A document as one HTML file: both languages, switched by two radio buttons and CSS alone.
 */
#include "base/digest.h"
#include "base/embed.h"
#include "base/i18n.h"
#include "render/html.h"
#include "render/paper.h"

extern const struct embedded_file style_files[];

struct page {
	struct buf *out;
	const char *language; /* "en", "zh": prefixes ids */
	int n_charts;
	const struct paper *paper;
};

static void open_tag(struct buf *b, const struct cell *c)
{
	HTML(b, " class=\"tone-");
	html_int(b, c->tone);
	if (c->strong)
		HTML(b, " strong");
	if (c->tight)
		HTML(b, " tight");
	HTML(b, "\">");
}

static void write_cell(struct buf *b, const struct cell *c)
{
	if (c->code)
		HTML(b, "<code>");
	html_text(b, c->text);
	if (c->code)
		HTML(b, "</code>");
}

static void write_table(struct buf *b, const struct block *t)
{
	HTML(b, "<div class=\"scroll\"><table><caption>");
	html_text(b, t->caption);
	HTML(b, "</caption><colgroup>");
	for (size_t i = 0; i < t->n_columns; i++) {
		HTML(b, "<col width=\"");
		html_number(b, t->widths[i] * 100);
		HTML(b, "%\">");
	}
	HTML(b, "</colgroup><thead><tr>");
	for (size_t i = 0; i < t->n_columns; i++) {
		HTML(b, "<th scope=\"col\">");
		html_text(b, t->cells[i].text);
		HTML(b, "</th>");
	}
	HTML(b, "</tr></thead><tbody>\n");
	for (size_t row = 1; row < t->n_rows; row++) {
		HTML(b, "<tr>");
		for (size_t i = 0; i < t->n_columns; i++) {
			const struct cell *c = &t->cells[row * t->n_columns + i];
			HTML(b, "<td data-label=\"");
			html_text(b, t->cells[i].text);
			HTML(b, "\"");
			open_tag(b, c);
			write_cell(b, c);
			HTML(b, "</td>");
		}
		HTML(b, "</tr>\n");
	}
	HTML(b, "</tbody></table></div>\n");
}

static void write_facts(struct buf *b, const struct block *f)
{
	HTML(b, "<dl class=\"facts\">\n");
	for (size_t row = 0; row < f->n_rows; row++) {
		const struct cell *c = &f->cells[row * 2];
		HTML(b, "<dt>");
		html_text(b, c[0].text);
		HTML(b, "</dt><dd");
		open_tag(b, &c[1]);
		write_cell(b, &c[1]);
		HTML(b, "</dd>\n");
	}
	HTML(b, "</dl>\n");
}

static size_t rows_of_section(const struct block *f, size_t row)
{
	size_t n = 1;
	while (row + n < f->n_rows && strcmp(f->cells[(row + n) * f->n_columns].text,
					      f->cells[row * f->n_columns].text) == 0)
		n++;
	return n;
}

static void write_section(struct buf *b, const struct block *f, size_t row)
{
	const char *text = f->cells[row * f->n_columns].text;
	if (text[0] == '\0') /* the label takes its place */
		return;
	if (row > 0 && strcmp(f->cells[(row - 1) * f->n_columns].text, text) == 0)
		return;
	HTML(b, "<th class=\"section\" scope=\"rowgroup\" rowspan=\"");
	html_int(b, (int)rows_of_section(f, row));
	HTML(b, "\">");
	html_text(b, text);
	HTML(b, "</th>");
}

static void write_form(struct buf *b, const struct block *f)
{
	bool has_sections = false;
	for (size_t row = 0; row < f->n_rows; row++)
		has_sections = has_sections || f->cells[row * f->n_columns].text[0] != '\0';
	HTML(b, "<table class=\"form\"><caption>");
	html_text(b, f->caption);
	if (has_sections)
		HTML(b, "</caption><colgroup><col width=\"15%\"><col width=\"25%\"><col "
			"width=\"60%\"></colgroup><tbody>\n");
	else
		HTML(b, "</caption><colgroup><col width=\"30%\"><col width=\"70%\"></colgroup>"
			"<tbody>\n");
	for (size_t row = 0; row < f->n_rows; row++) {
		const struct cell *c = &f->cells[row * f->n_columns];
		HTML(b, "<tr>");
		if (has_sections)
			write_section(b, f, row);
		if (has_sections && c[0].text[0] == '\0')
			HTML(b, "<th scope=\"row\" colspan=\"2\">");
		else
			HTML(b, "<th scope=\"row\">");
		html_text(b, c[1].text);
		HTML(b, "</th><td");
		open_tag(b, &c[2]);
		write_cell(b, &c[2]);
		HTML(b, "</td></tr>\n");
	}
	HTML(b, "</tbody></table>\n");
}

static void write_sign(struct buf *b, const struct block *f)
{
	HTML(b, "<div class=\"sign\">\n");
	for (size_t row = 0; row < f->n_rows; row++) {
		HTML(b, "<p><span>");
		html_text(b, f->cells[row].text);
		HTML(b, "</span></p>\n");
	}
	HTML(b, "</div>\n");
}

static void write_tiles(struct buf *b, const struct block *t)
{
	HTML(b, "<dl class=\"tiles\">\n");
	for (size_t row = 0; row < t->n_rows; row++) {
		const struct cell *c = &t->cells[row * 3];
		HTML(b, "<div><dt>");
		html_text(b, c[0].text);
		HTML(b, "</dt><dd");
		open_tag(b, &c[1]);
		html_text(b, c[1].text);
		HTML(b, "</dd><dd>");
		html_text(b, c[2].text);
		HTML(b, "</dd></div>\n");
	}
	HTML(b, "</dl>\n");
}

static void write_list(struct buf *b, const struct block *l)
{
	HTML(b, "<ul>\n");
	for (size_t i = 0; i < l->n_rows; i++) {
		HTML(b, "<li");
		open_tag(b, &l->cells[i]);
		write_cell(b, &l->cells[i]);
		HTML(b, "</li>\n");
	}
	HTML(b, "</ul>\n");
}

/* Of a wide and a narrow drawing of the same the page's width decides which one is shown. */
enum fit { FIT_ANY, FIT_WIDE, FIT_NARROW };

static void write_drawing(struct page *p, const struct drawing *d, enum fit fit)
{
	AUTO_BUF struct buf id;
	buf_init(&id, 64);
	buf_addf(&id, "%s-chart-%d", p->language, p->n_charts++);
	HTML(p->out, "<div class=\"chart");
	if (fit == FIT_WIDE)
		HTML(p->out, " wide");
	if (fit == FIT_NARROW)
		HTML(p->out, " narrow");
	HTML(p->out, "\">");
	html_svg(p->out, d, buf_text(&id));
	HTML(p->out, "</div>\n");
}

/* A thin bar of 0 … 1, decoration beside its number. */
static void write_meter(struct buf *b, double share, enum ink ink)
{
	double width = share < 0 ? 0 : share > 1 ? 100 : share * 100;
	HTML(b, "<svg viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
		"<rect class=\"ink-3\" width=\"100\" height=\"4\"/><rect class=\"ink-");
	html_int(b, ink);
	HTML(b, "\" width=\"");
	html_number(b, width);
	HTML(b, "\" height=\"4\"/></svg>");
}

static void write_coverage(struct buf *b, const struct score_face *s)
{
	HTML(b, "<div class=\"coverage\"><div class=\"label\"><span>");
	html_text(b, _("Coverage (share of the weight that was assessed)"));
	HTML(b, "</span><strong>");
	html_text(b, s->coverage);
	HTML(b, "</strong></div>");
	write_meter(b, s->coverage_share, INK_ACCENT);
	HTML(b, "</div>");
}

static void write_score(struct page *p, const struct score_face *s)
{
	struct buf *b = p->out;
	HTML(b, "<section class=\"score\"><div><span class=\"number tone-");
	html_int(b, s->tone);
	HTML(b, "\">");
	html_text(b, s->score);
	HTML(b, "</span> <span class=\"of\">");
	html_text(b, s->of);
	HTML(b, "</span></div>");
	if (s->grade != NULL) {
		HTML(b, "<div class=\"grade tone-");
		html_int(b, s->tone);
		HTML(b, "\" title=\"");
		html_text(b, _("Grade"));
		HTML(b, "\">");
		html_text(b, s->grade);
		HTML(b, "</div>");
	} else if (s->no_grade != NULL) {
		HTML(b, "<div class=\"none\">");
		html_text(b, s->no_grade);
		HTML(b, "</div>");
	}
	if (s->coverage != NULL)
		write_coverage(b, s);
	if (s->note[0] != '\0') {
		HTML(b, "<p class=\"note\">");
		html_text(b, s->note);
		HTML(b, "</p>");
	}
	if (s->drawing != NULL)
		write_drawing(p, s->drawing, s->narrow == NULL ? FIT_ANY : FIT_WIDE);
	if (s->narrow != NULL)
		write_drawing(p, s->narrow, FIT_NARROW);
	HTML(b, "</section>\n");
}

static void write_heading(struct page *p, const struct block *h)
{
	HTML(p->out, "<h2 id=\"");
	html_text(p->out, p->language);
	HTML(p->out, "-");
	html_text(p->out, h->id);
	HTML(p->out, "\">");
	html_text(p->out, h->text);
	HTML(p->out, "</h2>\n");
}

static void write_banner(struct buf *b, const struct block *x)
{
	HTML(b, "<p role=\"alert\" class=\"banner tone-");
	html_int(b, x->tone);
	HTML(b, "\">");
	html_text(b, x->text);
	HTML(b, "</p>\n");
}

static void write_block(struct page *p, const struct block *x, bool lead)
{
	struct buf *b = p->out;
	switch (x->kind) {
	case BLOCK_BANNER:
		write_banner(b, x);
		break;
	case BLOCK_SCORE:
		write_score(p, &x->score);
		break;
	case BLOCK_TILES:
		write_tiles(b, x);
		break;
	case BLOCK_HEADING:
		write_heading(p, x);
		break;
	case BLOCK_TEXT:
		if (lead)
			HTML(b, "<p class=\"lead\">");
		else
			HTML(b, "<p>");
		html_text(b, x->text);
		HTML(b, "</p>\n");
		break;
	case BLOCK_NOTE:
		HTML(b, "<p class=\"note\">");
		html_text(b, x->text);
		HTML(b, "</p>\n");
		break;
	case BLOCK_LIST:
		write_list(b, x);
		break;
	case BLOCK_FACTS:
		write_facts(b, x);
		break;
	case BLOCK_TABLE:
		write_table(b, x);
		break;
	case BLOCK_CHART:
		write_drawing(p, x->drawing, FIT_ANY);
		break;
	case BLOCK_CODE:
		HTML(b, "<pre>");
		html_text(b, x->text);
		HTML(b, "</pre>\n");
		break;
	case BLOCK_FORM:
		write_form(b, x);
		break;
	case BLOCK_SIGN:
		write_sign(b, x);
		break;
	}
}

static void write_official_head(struct buf *b, const struct document *d)
{
	HTML(b, "<header class=\"official\"><h1>");
	html_text(b, d->title);
	HTML(b, "</h1><p class=\"source\">");
	html_text(b, d->source);
	HTML(b, "</p><p class=\"number\"><span>");
	html_text(b, d->subtitle);
	HTML(b, "</span><span>");
	html_text(b, d->date);
	HTML(b, "</span></p></header>\n");
}

static void write_tlp(struct buf *b, const char *label)
{
	if (label == NULL)
		return;
	HTML(b, "<p class=\"tlp\"><b class=\"tlp-");
	html_text(b, label);
	HTML(b, "\">TLP:");
	html_text(b, label);
	HTML(b, "</b></p>\n");
}

static void write_brand_head(struct page *p, const struct document *d)
{
	struct buf *b = p->out;

	HTML(b, "<header><div class=\"brand\"><svg viewBox=\"0 0 24 24\" "
		"aria-hidden=\"true\"><path d=\""
		"M12 1.5a1.8 1.8 0 0 0-1.8 1.9C6.9 4.2 5 7 5 10.500v5L3 "
		"18.500h18l-2-3v-5c0-3.500-1.900-6.300"
		"-5.200-7.100A1.800 1.800 0 0 0 12 1.500zM9.500 20a2.500 2.500 0 0 0 5 "
		"0z\"/></svg>");
	html_text(b, _(p->paper->brand));
	HTML(b, "</div><h1>");
	html_text(b, d->title);
	HTML(b, "</h1><p>");
	html_text(b, d->subtitle);
	HTML(b, "</p><p>");
	html_text(b, d->date);
	HTML(b, "</p></header>\n");
}

static void write_document(struct page *p, const struct document *d)
{
	struct buf *b = p->out;
	bool before_heading = true;
	write_tlp(b, p->paper->tlp);
	if (p->paper->official)
		write_official_head(b, d);
	else
		write_brand_head(p, d);
	for (const struct block *x = d->first; x != NULL; x = x->next) {
		before_heading = before_heading && x->kind != BLOCK_HEADING;
		write_block(p, x, before_heading);
	}
	HTML(b, "<footer><p>");
	html_text(b, _(p->paper->foot));
	HTML(b, "</p></footer>\n");
	write_tlp(b, p->paper->tlp);
}

static enum status write_language(
	const struct paper *paper, enum language language, struct buf *out, struct error *e)
{
	AUTO(pool_free) struct pool *pool = pool_new(PAPER_POOL_BYTES);
	struct document d;
	if (pool == NULL)
		return error_set(e, E_NO_SPACE, "memory for the report is short");
	i18n_use(language);
	document_init(&d, pool);
	TRY(paper->build(paper->what, &d, e));
	struct page p = {
		.out = out, .language = language == LANGUAGE_ZH ? "zh" : "en", .paper = paper
	};
	if (language == LANGUAGE_ZH)
		HTML(out, "<main lang=\"zh-Hans\">\n");
	else
		HTML(out, "<main lang=\"en\">\n");
	if (paper->watermark != NULL) {
		HTML(out, "<p class=\"watermark\" aria-hidden=\"true\">");
		html_text(out, _(paper->watermark));
		HTML(out, "</p>\n");
	}
	write_document(&p, &d);
	HTML(out, "</main>\n");
	return OK;
}

/* The policy names the style by its hash, so that not even an injected style would apply. */
static void write_head(const struct paper *paper, struct buf *out)
{
	const struct embedded_file *style = &style_files[0];
	struct digest hash = digest_of(style->bytes, style->n_bytes);
	HTML(out,
		"<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\""
		"default-src 'none'; style-src 'sha256-");
	base64_add(out, hash.bytes, sizeof hash.bytes);
	HTML(out, "'; base-uri 'none'; form-action 'none'\">\n"
		  "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
		  "<meta name=\"referrer\" content=\"no-referrer\">\n<title>Tocsin · ");
	html_text(out, paper->subject);
	HTML(out, "</title>\n<style>");
	buf_add_bytes(out, style->bytes, style->n_bytes); /* ours, from the build */
	HTML(out, "</style>\n</head>\n<body>\n");
}

enum status paper_html(const struct paper *paper, struct buf *out, struct error *e)
{
	enum language opens_in = i18n_language();
	bool zh = opens_in == LANGUAGE_ZH;
	if (zh)
		HTML(out, "<!DOCTYPE html>\n<html lang=\"zh-Hans\">\n<head>\n");
	else
		HTML(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n");
	write_head(paper, out);
	HTML(out, "<input class=\"switch\" type=\"radio\" name=\"lang\" id=\"lang-en\"");
	if (!zh)
		HTML(out, " checked");
	HTML(out, " aria-label=\"English\">\n"
		  "<input class=\"switch\" type=\"radio\" name=\"lang\" id=\"lang-zh\"");
	if (zh)
		HTML(out, " checked");
	HTML(out, " aria-label=\"中文\">\n<nav class=\"languages\"><label for=\"lang-en\" "
		  "lang=\"en\">English</label><label for=\"lang-zh\" lang=\"zh-Hans\">中文</label>"
		  "</nav>\n");
	enum status status = write_language(paper, LANGUAGE_EN, out, e);
	if (status == OK)
		status = write_language(paper, LANGUAGE_ZH, out, e);
	i18n_use(opens_in);
	TRY(status);
	HTML(out, "</body>\n</html>\n");
	return buf_check(out, "report", e);
}
