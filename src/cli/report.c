/*
 * Report files.
 */
#include "cli/report.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/i18n.h"
#include "cli/hint.h"
#include "render/render.h"
#include "sys/account.h"
#include "sys/file.h"

struct report_row {
	const char *name;
	enum status (*make)(const struct drill_result *r, struct buf *out, struct error *e);
	const char **place;
};

enum { N_REPORTS = 4 };

/* What is to be written, and where: read by the process that writes, which may have the rights of
 * another account and then shares no memory with us. */
struct report_files {
	const char *folder;
	const char *names[N_REPORTS];
	struct buf bytes[N_REPORTS]; /* .at == NULL: not made */
};

static void free_files(struct report_files *f)
{
	for (size_t i = 0; i < N_REPORTS; i++)
		buf_done(&f->bytes[i]);
}

static enum status write_files(void *context, struct error *e)
{
	const struct report_files *f = context;
	AUTO_FD int folder_fd = -1;
	TRY(file_make_folders(f->folder, e));
	TRY(file_open_folder(f->folder, &folder_fd, e));
	for (size_t i = 0; i < N_REPORTS; i++) {
		if (f->bytes[i].at == NULL)
			continue;
		if (file_replace(folder_fd, f->names[i], buf_view(&f->bytes[i]), 0600, e) != OK)
			return error_wrap(e, "write the report '%s/%s'", f->folder, f->names[i]);
	}
	return OK;
}

static enum status make_row(const struct session *s, const struct report_row *row,
	const struct drill_result *r, struct buf *out, struct error *e)
{
	enum status status = row->make(r, out, e);
	if (status != E_ABSENT)
		return status;
	session_say(s, e->text);
	*e = ERROR_NONE;
	*row->place = NULL;
	buf_done(out);
	return OK;
}

enum status report_write(
	const struct session *s, const char *folder, struct drill_result *r, struct error *e)
{
	const struct report_row rows[N_REPORTS] = {
		{ "report.html", render_report_html, &r->report.html },
		{ "report.pdf", render_report_pdf, &r->report.pdf },
		{ "navigator.json", render_navigator, &r->report.navigator },
		{ "report.json", drill_result_write, &r->report.json },
	};
	__attribute__((cleanup(free_files))) struct report_files files = { .folder = folder };
	AUTO_BUF struct buf path;
	uid_t keeper = 0;
	buf_init(&path, PATH_MAX);
	if (folder == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	for (size_t i = 0; i < N_REPORTS; i++) {
		buf_init(&files.bytes[i], RENDER_CEILING_BYTES);
		files.names[i] = rows[i].name;
		*rows[i].place = pool_textf(s->pool, "%s/%s", folder, rows[i].name);
		if (*rows[i].place == NULL)
			return error_set(e, E_NO_SPACE, "memory is short");
		TRY(make_row(s, &rows[i], r, &files.bytes[i], e));
	}
	TRY(file_resolve_kept(folder, &path, &keeper, e));
	return account_do_as(keeper, write_files, &files, e);
}

static enum status check_folder(void *context, struct error *e)
{
	return file_check_own_folder(context, e);
}

enum status report_settle(const struct session *s, struct drill_request *request, struct error *e)
{
	AUTO_BUF struct buf path;
	uid_t keeper = 0;
	buf_init(&path, PATH_MAX);
	if (request->out_folder == NULL)
		return OK;
	const char *from_root = session_from_root(s->pool, request->out_folder);
	if (from_root == NULL)
		return error_sys(e, E_FAILED, errno, "find the current folder");
	if (file_resolve_kept(from_root, &path, &keeper, e) != OK)
		return error_wrap(e, "option --out: '%s'", from_root);
	char *folder = pool_text(s->pool, buf_view(&path));
	if (folder == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	if (account_do_as(keeper, check_folder, folder, e) != OK)
		return error_wrap(e, "option --out: '%s'", from_root);
	request->out_folder = folder;
	return OK;
}

enum status report_outside(const struct drill_request *request, const char *arena, struct error *e)
{
	const char *out = request->out_folder;
	size_t len = strlen(arena);
	if (out == NULL || strncmp(out, arena, len) != 0 || (out[len] != '\0' && out[len] != '/'))
		return OK;
	return error_set(e, E_INVALID,
		"option --out: '%s' lies in the arena, which the drill fills and undo removes",
		out);
}

const char *report_folder(
	const struct session *s, const struct drill_request *request, const struct drill_result *r)
{
	if (request->out_folder != NULL)
		return request->out_folder;
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
		buf_addf(&text, _("Signed record; check it with: %s\n"),
			hint_command(s, "drill verify", r->record));
	if (!r->undone)
		buf_addf(&text, _("Put everything back and remove the decoys: %s\n"),
			hint_command(s, "drill undo", r->id));
	(void)fputs(buf_text(&text), stderr);
}
