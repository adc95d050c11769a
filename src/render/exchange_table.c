/*
 * CSV (RFC 4180, UTF-8 with a byte order mark, for spreadsheets) and XLSX (ECMA-376, by
 * libxlsxwriter). A cell that a spreadsheet would take for a formula gets an apostrophe in front,
 * also in the workbook, where it is text anyway: somebody will save that as CSV.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "render/exchange.h"
#include "render/incident_words.h"

enum { N_COLUMNS = 21, CELL_BYTES_MAX = 32000, WIDE = 42, NARROW = 16 };

static const struct column {
	const char *heading;
	int width;
} columns[N_COLUMNS] = { { N_("Number"), NARROW }, { N_("Id"), WIDE }, { N_("State"), NARROW },
	{ N_("DRILL"), NARROW }, { "TLP", NARROW }, { N_("Company"), WIDE }, { N_("Kind"), NARROW },
	{ N_("What"), WIDE }, { N_("Systems, data"), WIDE }, { N_("Going on"), NARROW },
	{ N_("Scale"), WIDE }, { N_("Done so far"), WIDE }, { N_("Call back"), WIDE },
	{ N_("Occurred"), WIDE / 2 }, { N_("Discovered"), WIDE / 2 }, { N_("Recorded"), WIDE / 2 },
	{ N_("Tier"), NARROW }, { N_("Grades"), WIDE }, { N_("Open duties"), NARROW },
	{ N_("Next due"), WIDE / 2 }, { N_("Received by"), WIDE } };

struct row {
	const char *cells[N_COLUMNS];
	char occurred[TIME_TEXT_MAX], discovered[TIME_TEXT_MAX], recorded[TIME_TEXT_MAX];
	char due[TIME_TEXT_MAX], open[24], grades[4096];
	struct exchange x;
};

static const char *time_or_empty(int64_t wall_ns, char out[TIME_TEXT_MAX])
{
	return wall_ns < 0 ? "" : time_text(wall_ns, out);
}

static const char *receiver(const struct incident *i)
{
	const char *name = "";
	for (size_t k = 0; k < i->n_submissions; k++)
		if (i->submissions[k].delivery == OUTBOX_DELIVERED)
			name = i->submissions[k].received_by;
	return name;
}

/* "tier II (serious)", "significant": the name where the profile is loaded, else the key. */
static void grade_cell(const struct exchange *x, const struct grade_row *g, struct buf *out)
{
	static const char *const numerals[] = { "", "I", "II", "III", "IV" };
	const json_t *tier = json_object_get(g->classification, "tier");
	const char *class = json_string_value(json_object_get(g->classification, "class"));
	const int64_t n = json_is_integer(tier) ? (int64_t)json_integer_value(tier) : 0;
	const struct profile *p = NULL;
	struct error absent = ERROR_NONE;
	const bool named = x->options->profiles != NULL && g->grade >= 0 &&
			   profile_find(x->options->profiles, g->profile, &p, &absent) == OK &&
			   (size_t)g->grade < p->n_grades;
	const char *name = named ? bilingual_pick(p->grades[g->grade].name) : class;
	if (n >= 1 && n <= 4 && named)
		buf_addf(out, _("tier %s (%s)"), numerals[n], name);
	else if (n >= 1 && n <= 4)
		buf_addf(out, _("tier %s"), numerals[n]);
	else
		buf_add_text(out, name == NULL ? "-" : name);
}

/* "cn-miit: tier II (serious); eu-nis2: significant" */
static void list_grades(const struct exchange *x, char *out, size_t size)
{
	AUTO_BUF struct buf text;
	buf_init(&text, size - 1);
	for (size_t k = 0; k < x->incident->n_grades; k++) {
		const struct grade_row *g = &x->incident->grades[k];
		if (!exchange_shows(x, g->profile))
			continue;
		buf_addf(&text, "%s%s: ", text.len == 0 ? "" : "; ", g->profile);
		grade_cell(x, g, &text);
	}
	(void)snprintf(out, size, "%s", buf_text(&text));
}

static const char *fact_of(const struct exchange *x, const char *key)
{
	const char *text = json_string_value(json_object_get(x->incident->notice, key));
	return x->redacted || text == NULL ? "" : text;
}

/* For people, in their language: other tools have "redacted" and "unknown" there. */
static const char *company_words(const struct exchange *x)
{
	return x->redacted ? _("(left out)") : notice_words(x->incident, "company");
}

static enum status fill_row(
	const struct incident *i, const struct export_options *o, struct row *r, struct error *e)
{
	int64_t due_ns = -1;
	size_t n_open = 0;
	TRY(exchange_from(i, o, &r->x, e));
	for (size_t k = 0; k < i->n_clocks; k++) {
		const struct clock_row *c = &i->clocks[k];
		if (c->state > CLOCK_OVERDUE || !exchange_shows(&r->x, c->profile))
			continue;
		n_open++;
		if (c->due_ns >= 0 && (due_ns < 0 || c->due_ns < due_ns))
			due_ns = c->due_ns;
	}
	(void)snprintf(r->open, sizeof r->open, "%zu", n_open);
	list_grades(&r->x, r->grades, sizeof r->grades);
	const char *const cells[N_COLUMNS] = { i->number, i->id.text, life_words(i->life),
		i->drill ? _("DRILL") : "", r->x.tlp->label, company_words(&r->x),
		kind_name(r->x.kind), r->x.what, fact_of(&r->x, "systems"),
		answer_words(r->x.ongoing), fact_of(&r->x, "scale"), fact_of(&r->x, "action"),
		fact_of(&r->x, "callback"), time_or_empty(r->x.occurred_ns, r->occurred),
		time_or_empty(r->x.discovered_ns, r->discovered),
		time_or_empty(i->created_ns, r->recorded), r->x.tier, r->grades, r->open,
		time_or_empty(due_ns, r->due), o->redacted ? "" : receiver(i) };
	memcpy(r->cells, cells, sizeof cells);
	return OK;
}

/* As a spreadsheet sees it: behind blanks too, and in the wide forms that it takes for the others
 * where its language is Chinese or Japanese. */
static bool looks_like_formula(const char *text)
{
	static const char *const wide[] = { "＝", "＋", "－", "＠" };
	const char *at = text + strspn(text, " \n");
	if (at[0] != '\0' && strchr("=+-@\t\r", at[0]) != NULL)
		return true;
	for (size_t i = 0; i < COUNT_OF(wide); i++)
		if (strncmp(at, wide[i], strlen(wide[i])) == 0)
			return true;
	return false;
}

/* --- CSV -------------------------------------------------------------------------------------- */

static void add_cell(struct buf *out, size_t column, const char *text)
{
	if (column > 0)
		buf_add_char(out, ',');
	buf_add_char(out, '"');
	if (looks_like_formula(text))
		buf_add_char(out, '\'');
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '"')
			buf_add_char(out, '"');
		buf_add_char(out, *at);
	}
	buf_add_char(out, '"');
}

enum status render_incidents_csv(const struct incident *const *all, size_t n,
	const struct export_options *o, struct buf *out, struct error *e)
{
	buf_add_text(out, "\xEF\xBB\xBF");
	for (size_t c = 0; c < N_COLUMNS; c++)
		add_cell(out, c, _(columns[c].heading));
	buf_add_text(out, "\r\n");
	for (size_t i = 0; i < n; i++) {
		struct row r;
		TRY(fill_row(all[i], o, &r, e));
		for (size_t c = 0; c < N_COLUMNS; c++)
			add_cell(out, c, r.cells[c]);
		buf_add_text(out, "\r\n");
	}
	return buf_check(out, "CSV", e);
}

/* --- XLSX ------------------------------------------------------------------------------------- */

struct sheet {
	lxw_worksheet *at;
	lxw_format *head, *body;
	const struct tlp *tlp; /* the most restrictive of its rows */
	bool drill;
};

static enum status write_cell(
	struct sheet *s, size_t row, size_t column, const char *text, struct error *e)
{
	AUTO_BUF struct buf cell;
	buf_init(&cell, CELL_BYTES_MAX);
	if (looks_like_formula(text))
		buf_add_char(&cell, '\'');
	buf_add_text(&cell, text);
	TRY(buf_check(&cell, "a cell of the workbook", e));
	const lxw_error failed = worksheet_write_string(s->at, (lxw_row_t)row, (lxw_col_t)column,
		buf_text(&cell), row == 0 ? s->head : s->body);
	if (failed != LXW_NO_ERROR)
		return error_set(e, E_FAILED, "a cell of the workbook: %s", lxw_strerror(failed));
	return OK;
}

/* From CLEAR, RED being the last: the strictest marks the sheet. */
static int strictness(const struct tlp *tlp)
{
	static const char *const order[] = { "CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED" };
	int at = 0;
	for (size_t i = 0; tlp != NULL && i < COUNT_OF(order); i++)
		if (strcmp(order[i], tlp->label) == 0)
			at = (int)i + 1;
	return at;
}

static enum status write_rows(struct sheet *s, const struct incident *const *all, size_t n,
	const struct export_options *o, struct error *e)
{
	for (size_t c = 0; c < N_COLUMNS; c++) {
		TRY(write_cell(s, 0, c, _(columns[c].heading), e));
		(void)worksheet_set_column(
			s->at, (lxw_col_t)c, (lxw_col_t)c, columns[c].width, NULL);
	}
	for (size_t i = 0; i < n; i++) {
		struct row r;
		TRY(fill_row(all[i], o, &r, e));
		if (strictness(r.x.tlp) > strictness(s->tlp))
			s->tlp = r.x.tlp;
		s->drill = s->drill || r.x.drill;
		for (size_t c = 0; c < N_COLUMNS; c++)
			TRY(write_cell(s, i + 1, c, r.cells[c], e));
	}
	return OK;
}

/* How it looks, on the screen and on each printed page. What the library refuses here costs looks
 * alone. */
static void dress(struct sheet *s, size_t n)
{
	char line[80];
	(void)worksheet_freeze_panes(s->at, 1, 1);
	(void)worksheet_autofilter(s->at, 0, 0, (lxw_row_t)n, N_COLUMNS - 1);
	worksheet_set_landscape(s->at);
	worksheet_set_paper(s->at, 9); /* A4 */
	worksheet_fit_to_pages(s->at, 1, 0);
	(void)worksheet_repeat_rows(s->at, 0, 0);
	if (s->tlp == NULL)
		return;
	(void)snprintf(
		line, sizeof line, "&L%s&RTLP:%s", s->drill ? _("DRILL") : "", s->tlp->label);
	(void)worksheet_set_header(s->at, line);
	(void)snprintf(line, sizeof line, "&C&P / &N&RTLP:%s", s->tlp->label);
	(void)worksheet_set_footer(s->at, line);
}

static enum status build_workbook(const struct incident *const *all, size_t n,
	const struct export_options *o, lxw_workbook *book, struct error *e)
{
	struct sheet s = { .at = workbook_add_worksheet(book, "incidents"),
		.head = workbook_add_format(book),
		.body = workbook_add_format(book) };
	char title[] = "Tocsin";
	/* The caller's time: the same content gives the same file. */
	lxw_doc_properties about = { .title = title, .created = (time_t)(o->now_ns / NS_PER_S) };
	if (s.at == NULL || s.head == NULL || s.body == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	format_set_bold(s.head);
	format_set_text_wrap(s.head);
	format_set_bottom(s.head, LXW_BORDER_THIN);
	format_set_text_wrap(s.body);
	format_set_align(s.body, LXW_ALIGN_VERTICAL_TOP);
	TRY(write_rows(&s, all, n, o, e));
	dress(&s, n);
	(void)workbook_set_properties(book, &about); /* looks alone */
	return OK;
}

/* The library writes to a name alone: that of a file that lives in memory. */
static enum status read_back(int fd, struct buf *out, struct error *e)
{
	char chunk[8 * 1024];
	if (lseek(fd, 0, SEEK_SET) != 0)
		return error_sys(e, E_FAILED, errno, "read the workbook");
	for (;;) {
		const ssize_t n = read(fd, chunk, sizeof chunk);
		if (n < 0)
			return error_sys(e, E_FAILED, errno, "read the workbook");
		if (n == 0)
			return buf_check(out, "XLSX", e);
		buf_add_bytes(out, chunk, (size_t)n);
	}
}

enum status render_incidents_xlsx(const struct incident *const *all, size_t n,
	const struct export_options *o, struct buf *out, struct error *e)
{
	char name[64];
	AUTO_FD int fd = memfd_create("workbook", MFD_CLOEXEC);
	if (fd < 0)
		return error_sys(e, E_FAILED, errno, "make room for the workbook");
	(void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	lxw_workbook *book = workbook_new(name);
	if (book == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	const enum status built = build_workbook(all, n, o, book, e);
	const lxw_error closed = workbook_close(book); /* frees the book in any case */
	if (built != OK)
		return built;
	if (closed != LXW_NO_ERROR)
		return error_set(e, E_FAILED, "cannot make the workbook: %s", lxw_strerror(closed));
	return read_back(fd, out, e);
}
