/*
 * Report files.
 */
#include "cli/report.h"

#include "base/i18n.h"
#include "render/render.h"
#include "sys/file.h"

struct report_row {
	const char *name;
	enum status (*make)(const struct drill_result *r, struct buf *out, struct error *e);
	const char **place;
};

static enum status write_row(const struct session *s, const char *folder, int folder_fd,
	const struct report_row *row, const struct drill_result *r, struct error *e)
{
	AUTO_BUF struct buf bytes;
	buf_init(&bytes, RENDER_CEILING_BYTES);
	enum status status = row->make(r, &bytes, e);
	if (status == E_ABSENT) {
		session_say(s, e->text);
		*e = ERROR_NONE;
		*row->place = NULL;
		return OK;
	}
	TRY(status);
	return file_replace(folder_fd, row->name, buf_view(&bytes), 0600, e) == OK
		       ? OK
		       : error_wrap(e, "write the report '%s/%s'", folder, row->name);
}

enum status report_write(
	const struct session *s, const char *folder, struct drill_result *r, struct error *e)
{
	const struct report_row rows[] = {
		{ "report.html", render_report_html, &r->report.html },
		{ "report.pdf", render_report_pdf, &r->report.pdf },
		{ "navigator.json", render_navigator, &r->report.navigator },
		{ "report.json", drill_result_write, &r->report.json },
	};
	AUTO_FD int folder_fd = -1;
	if (folder == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(file_make_folders(folder, e));
	TRY(file_open_folder(folder, &folder_fd, e));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		*rows[i].place = pool_textf(s->pool, "%s/%s", folder, rows[i].name);
		if (*rows[i].place == NULL)
			return error_set(e, E_NO_SPACE, "memory is short");
		TRY(write_row(s, folder, folder_fd, &rows[i], r, e));
	}
	return OK;
}

const char *report_folder(
	const struct session *s, const struct drill_request *request, const struct drill_result *r)
{
	if (request->out_folder != NULL)
		return session_absolute(s->pool, request->out_folder);
	return pool_textf(s->pool, "%s/drills/%s", s->home, r->id);
}

void report_notify_finished(const struct session *s, const struct drill_result *r)
{
	AUTO_BUF struct buf text = { 0 };
	if (s->quiet || s->json)
		return;
	buf_init(&text, 64 * KIB);
	if (r->report.html != NULL)
		buf_addf(&text, _("Report: %s\n"), r->report.html);
	if (r->report.pdf != NULL)
		buf_addf(&text, _("Record as PDF: %s\n"), r->report.pdf);
	if (r->record != NULL)
		buf_addf(&text, _("Signed record; check it with: tocsin drill verify %s%s\n"),
			r->record, session_home_words(s));
	if (!r->undone)
		buf_addf(&text,
			_("Put everything back and remove the decoys: tocsin drill undo %s%s"),
			r->id, session_home_words(s));
	session_say(s, buf_text(&text));
}
