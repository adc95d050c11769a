/*
 * CSV (RFC 4180, UTF-8 with a byte order mark, for spreadsheets) and XLSX (ECMA-376, by
 * libxlsxwriter). A cell that a spreadsheet would take for a formula gets an apostrophe in front.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "render/exchange.h"
#include "render/incident_words.h"

enum { N_COLUMNS = 14, CELL_BYTES_MAX = 32000 };

static const char *const headings[N_COLUMNS] = { N_("Number"), N_("Id"), N_("State"), N_("Drill"),
	"TLP", N_("Company"), N_("Kind"), N_("What"), N_("Discovered"), N_("Recorded"), N_("Tier"),
	N_("Open duties"), N_("Next due"), N_("Received by") };

struct row {
	const char *cells[N_COLUMNS];
	char discovered[TIME_TEXT_MAX], recorded[TIME_TEXT_MAX], due[TIME_TEXT_MAX], open[24];
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

static void fill_row(const struct incident *i, const struct export_options *o, struct row *r)
{
	int64_t due_ns = -1;
	size_t n_open = 0;
	exchange_from(i, o, &r->x);
	for (size_t k = 0; k < i->n_clocks; k++) {
		const struct clock_row *c = &i->clocks[k];
		if (c->state > CLOCK_OVERDUE)
			continue;
		n_open++;
		if (c->due_ns >= 0 && (due_ns < 0 || c->due_ns < due_ns))
			due_ns = c->due_ns;
	}
	(void)snprintf(r->open, sizeof r->open, "%zu", n_open);
	const char *const cells[N_COLUMNS] = { i->number, i->id.text, life_name(i->life),
		i->drill ? _("DRILL") : "", r->x.tlp, r->x.company, kind_name(r->x.kind), r->x.what,
		time_or_empty(r->x.discovered_ns, r->discovered),
		time_or_empty(i->created_ns, r->recorded), r->x.tier, r->open,
		time_or_empty(due_ns, r->due), receiver(i) };
	memcpy(r->cells, cells, sizeof cells);
}

static bool looks_like_formula(const char *text)
{
	return text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
}

static void add_cell(struct buf *out, const char *text)
{
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

static void add_csv_row(struct buf *out, const char *const cells[N_COLUMNS], bool translate)
{
	for (size_t c = 0; c < N_COLUMNS; c++) {
		if (c > 0)
			buf_add_char(out, ',');
		add_cell(out, translate ? _(cells[c]) : cells[c]);
	}
	buf_add_text(out, "\r\n");
}

enum status render_incidents_csv(const struct incident *const *all, size_t n,
	const struct export_options *o, struct buf *out, struct error *e)
{
	buf_add_text(out, "\xEF\xBB\xBF");
	add_csv_row(out, headings, true);
	for (size_t i = 0; i < n; i++) {
		struct row r;
		fill_row(all[i], o, &r);
		add_csv_row(out, r.cells, false);
	}
	return buf_check(out, "CSV", e);
}

static void write_cell(lxw_worksheet *sheet, size_t row, size_t column, const char *text)
{
	AUTO_BUF struct buf cell;
	buf_init(&cell, CELL_BYTES_MAX);
	if (looks_like_formula(text))
		buf_add_char(&cell, '\'');
	buf_add_text(&cell, text);
	(void)worksheet_write_string(
		sheet, (lxw_row_t)row, (lxw_col_t)column, buf_text(&cell), NULL);
}

static enum status build_workbook(const struct incident *const *all, size_t n,
	const struct export_options *o, lxw_workbook *book, struct error *e)
{
	lxw_worksheet *sheet = workbook_add_worksheet(book, "incidents");
	if (sheet == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	for (size_t c = 0; c < N_COLUMNS; c++)
		write_cell(sheet, 0, c, _(headings[c]));
	for (size_t i = 0; i < n; i++) {
		struct row r;
		fill_row(all[i], o, &r);
		for (size_t c = 0; c < N_COLUMNS; c++)
			write_cell(sheet, i + 1, c, r.cells[c]);
	}
	(void)worksheet_freeze_panes(sheet, 1, 0);
	(void)worksheet_set_column(sheet, 0, N_COLUMNS - 1, 20, NULL);
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
