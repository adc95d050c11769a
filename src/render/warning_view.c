/*
 * Early warnings: a table of them, one with its versions, and the ministry's form on paper.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "render/incident_views.h"
#include "render/incident_words.h"
#include "render/render.h"
#include "render/terminal.h"

enum { NARROWEST_TABLE = 72, LABEL_CELLS_MAX = 30, LEAD_BYTES_MAX = 1024 };

static const struct {
	const char *key, *text;
	enum style style;
} levels[] = { { "red", N_("⬣ red"), STYLE_POOR }, { "orange", N_("◆ orange"), STYLE_POOR },
	{ "yellow", N_("▲ yellow"), STYLE_FAIR }, { "blue", N_("● blue"), STYLE_STRONG } };

static const char *level_text(const char *level)
{
	for (size_t i = 0; i < COUNT_OF(levels); i++)
		if (strcmp(levels[i].key, level) == 0)
			return _(levels[i].text);
	return level;
}

static enum style row_style(const struct warning_row *w)
{
	if (w->state == WARNING_LIFTED)
		return STYLE_MUTED;
	for (size_t i = 0; i < COUNT_OF(levels); i++)
		if (strcmp(levels[i].key, w->level) == 0)
			return levels[i].style;
	return STYLE_PLAIN;
}

static const char *state_text(const struct warning_row *w)
{
	return w->state == WARNING_LIFTED ? _("lifted") : _("in force");
}

const char *warning_change_words(const char *change)
{
	if (strcmp(change, "adjust") == 0)
		return _("adjusted");
	return strcmp(change, "lift") == 0 ? _("lifted") : _("issued");
}

static int64_t zone_in(const struct form *f)
{
	return f == NULL ? 8 * 60 : f->utc_offset_minutes;
}

/* --- table ------------------------------------------------------------------------------------ */

struct column {
	const char *heading;
	size_t cells;
};
enum { N_COLUMNS = 5 };
static const struct column columns[N_COLUMNS] = { { N_("Number"), 14 }, { N_("Level"), 12 },
	{ N_("State"), 12 }, { N_("Version"), 9 }, { N_("Possible scope"), 0 } };

static void pad(struct buf *out, const char *text, size_t cells)
{
	size_t n = text_cells(text);
	buf_add_text(out, text);
	do
		buf_add_char(out, ' ');
	while (++n < cells);
}

static void table_row(const struct screen *s, enum style style, const char *const cells[N_COLUMNS])
{
	size_t hang = 0;
	AUTO_BUF struct buf lead;
	buf_init(&lead, LEAD_BYTES_MAX);
	for (size_t i = 0; i + 1 < N_COLUMNS; i++) {
		pad(&lead, cells[i], columns[i].cells);
		hang += columns[i].cells;
	}
	screen_paragraph(s, style, buf_text(&lead), hang, cells[N_COLUMNS - 1]);
}

static const char *scope_of(const struct warning_row *w)
{
	const json_t *field = json_object_get(json_object_get(w->filled, "fields"), "scope");
	const char *text = json_string_value(json_object_get(field, "value"));
	return text == NULL ? "–" : text;
}

static void table_line(const struct screen *s, const struct warning_row *w)
{
	char version[24], time[ZONED_TIME_MAX];
	AUTO_BUF struct buf text;
	(void)snprintf(version, sizeof version, "%lld", (long long)w->n_version);
	const char *const cells[N_COLUMNS] = { w->number, level_text(w->level), state_text(w),
		version, scope_of(w) };
	table_row(s, row_style(w), cells);
	buf_init(&text, LEAD_BYTES_MAX);
	buf_addf(&text, _("%s at %s"), warning_change_words(w->change),
		zoned_time(w->changed_ns, zone_in(NULL), time));
	if (w->drill)
		buf_add_text(&text, _(" · DRILL"));
	screen_paragraph(s, STYLE_MUTED, "              ", columns[0].cells, buf_text(&text));
}

/* Too narrow for columns: a label before each value. */
static void stacked_lines(const struct screen *s, const struct warning_row *w)
{
	char version[24];
	(void)snprintf(version, sizeof version, "%lld", (long long)w->n_version);
	const char *const cells[N_COLUMNS] = { w->number, level_text(w->level), state_text(w),
		version, scope_of(w) };
	for (size_t i = 0; i < N_COLUMNS; i++) {
		AUTO_BUF struct buf lead;
		buf_init(&lead, LEAD_BYTES_MAX);
		pad(&lead, _(columns[i].heading), 16);
		screen_paragraph(
			s, i == 0 ? STYLE_STRONG : STYLE_PLAIN, buf_text(&lead), 16, cells[i]);
	}
	if (w->drill)
		screen_paragraph(s, STYLE_FAIR, "", 0, drill_words());
}

enum status render_warnings_terminal(const struct warning_row *rows, size_t n_rows,
	struct render_terminal t, struct buf *out, struct error *e)
{
	const struct screen s = screen_on(out, t, false);
	const bool narrow = s.width < NARROWEST_TABLE;
	if (n_rows == 0)
		screen_line(&s, STYLE_MUTED, _("No warning is in force."));
	if (n_rows > 0 && !narrow) {
		const char *heads[N_COLUMNS];
		for (size_t i = 0; i < N_COLUMNS; i++)
			heads[i] = _(columns[i].heading);
		table_row(&s, STYLE_MUTED, heads);
	}
	for (size_t i = 0; i < n_rows; i++) {
		if (narrow && i > 0)
			screen_blank(&s);
		(narrow ? stacked_lines : table_line)(&s, &rows[i]);
	}
	return buf_check(out, "list", e);
}

/* --- one of them ------------------------------------------------------------------------------ */

static size_t label_cells(const struct form *f)
{
	size_t most = 8;
	for (size_t i = 0; i < f->n_fields; i++) {
		const size_t n = text_cells(bilingual_pick(f->fields[i].label));
		most = n > most ? n : most;
	}
	return most + 2 > LABEL_CELLS_MAX ? LABEL_CELLS_MAX : most + 2;
}

/* Beside its label, each of its lines on a line of its own. */
static void labelled(
	const struct screen *s, enum style style, const char *label, const char *text, size_t cells)
{
	struct view rest = view_of(text[0] == '\0' ? "–" : text);
	for (bool first = true; rest.len > 0; first = false) {
		AUTO_BUF struct buf lead, line;
		buf_init(&lead, LEAD_BYTES_MAX);
		buf_init(&line, 256 * KIB);
		pad(&lead, first ? label : "", cells);
		buf_add(&line, view_cut(&rest, '\n'));
		screen_paragraph(s, style, buf_text(&lead), cells, buf_text(&line));
	}
}

static void version_text(const struct warning_row *w, int64_t zone, struct buf *out)
{
	char time[ZONED_TIME_MAX];
	buf_addf(out, _("%lld · %s · %s"), (long long)w->n_version,
		zoned_time(w->changed_ns, zone, time), warning_change_words(w->change));
	if (w->by[0] != '\0')
		buf_addf(out, " · %s", w->by);
	if (w->reason[0] != '\0')
		buf_addf(out, " · %s", w->reason);
}

static enum status version_lines(
	const struct screen *s, const struct warning_view *w, struct pool *p, struct error *e)
{
	for (size_t i = 0; i < w->n_versions; i++) {
		AUTO_BUF struct buf text;
		struct form_change *changes = NULL;
		size_t n = 0;
		buf_init(&text, 64 * KIB);
		version_text(&w->versions[i], zone_in(w->form), &text);
		screen_paragraph(s, i == w->shown ? STYLE_STRONG : STYLE_PLAIN,
			i == w->shown ? "→ " : "  ", 4, buf_text(&text));
		if (i == 0)
			continue;
		TRY(form_difference(w->form, w->versions[i - 1].filled, w->versions[i].filled, p,
			&changes, &n, e));
		for (size_t k = 0; k < n; k++) {
			buf_reset(&text);
			form_change_words(&changes[k], &text);
			screen_paragraph(s, STYLE_MUTED, "    ", 6, buf_text(&text));
		}
	}
	return OK;
}

static void head_line(const struct screen *s, const struct warning_row *w)
{
	struct line l = line_start(s);
	line_put(&l, STYLE_STRONG, w->number);
	line_to(&l, columns[0].cells);
	line_put(&l, row_style(w), level_text(w->level));
	line_put_right(&l, STYLE_MUTED, state_text(w));
	line_end(&l);
	if (w->drill)
		screen_paragraph(s, STYLE_FAIR, "", 0, drill_words());
}

static void old_version_line(const struct screen *s, const struct warning_view *w)
{
	AUTO_BUF struct buf text;
	buf_init(&text, LEAD_BYTES_MAX);
	if (w->shown + 1 >= w->n_versions)
		return;
	buf_addf(&text, _("This is version %lld; the present one is %lld."),
		(long long)w->versions[w->shown].n_version,
		(long long)w->versions[w->n_versions - 1].n_version);
	screen_paragraph(s, STYLE_FAIR, "", 0, buf_text(&text));
}

enum status render_warning_terminal(
	const struct warning_view *w, struct render_terminal t, struct buf *out, struct error *e)
{
	const struct screen s = screen_on(out, t, false);
	const struct warning_row *row = &w->versions[w->shown];
	json_t *fields = json_object_get(row->filled, "fields");
	const size_t cells = label_cells(w->form);
	AUTO(pool_free) struct pool *p = pool_new(8 * MIB);
	if (p == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	head_line(&s, row);
	old_version_line(&s, w);
	for (size_t i = 0; i < w->form->n_fields; i++) {
		const struct form_field *f = &w->form->fields[i];
		labelled(&s, STYLE_PLAIN, bilingual_pick(f->label),
			form_value_text(f, json_object_get(fields, f->key), p), cells);
	}
	labelled(&s, STYLE_MUTED, "SHA-256", row->sha256, 9);
	screen_blank(&s);
	screen_line(&s, STYLE_STRONG, _("Versions"));
	TRY(version_lines(&s, w, p, e));
	return buf_check(out, "warning", e);
}

/* --- on paper --------------------------------------------------------------------------------- */

static struct document_head head_of(const struct warning_view *w)
{
	const struct warning_row *row = &w->versions[w->shown];
	return (struct document_head){ .number = row->number,
		.profile = { NULL, NULL },
		.stage = { NULL, NULL },
		.what_changed = row->reason,
		.at_ns = row->changed_ns,
		.utc_offset_minutes = zone_in(w->form),
		.envelope = w->draft ? "" : row->id.text,
		.sha256 = row->sha256,
		.tlp = w->tlp,
		.drill = row->drill,
		.warning = row,
		.before = w->shown == 0 ? NULL : w->versions[w->shown - 1].filled };
}

enum status render_warning_pdf(const struct warning_view *w, struct buf *out, struct error *e)
{
	const struct document_head h = head_of(w);
	return render_form_pdf(w->form, w->versions[w->shown].filled, &h, out, e);
}

enum status render_warning_html(const struct warning_view *w, struct buf *out, struct error *e)
{
	const struct document_head h = head_of(w);
	return render_form_html(w->form, w->versions[w->shown].filled, &h, out, e);
}
