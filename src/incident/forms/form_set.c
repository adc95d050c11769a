/*
 * All forms of one home: those built into the program, and those in <home>/forms.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/embed.h"
#include "base/fault.h"
#include "incident/forms/forms.h"
#include "sys/file.h"

extern const struct embedded_file form_files[];
extern const unsigned long form_files_n;

enum { FORMS_MAX = 256 };
#define FORM_SET_BYTES_MAX (32 * MIB)
#define ENDING ".yaml"

struct form_set {
	struct pool *pool;
	struct form *rows; /* in order of id */
	size_t n;
};

static enum status no_memory(struct error *e)
{
	return error_set(e, E_TOO_BIG, "the forms need more memory than they may have");
}

static struct form *row_of(struct form_set *s, const char *id)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->rows[i].id, id) == 0)
			return &s->rows[i];
	return NULL;
}

/* The file of a form carries its id, so that a folder can be read by a person. */
static enum status check_name(const struct form *f, const char *name, struct error *e)
{
	const size_t len = strlen(f->id);
	if (strncmp(f->id, name, len) == 0 && strcmp(name + len, ENDING) == 0)
		return OK;
	return error_set(e, E_INVALID, "%s: id: '%s' is not the name of the file", name, f->id);
}

static enum status add(struct form_set *s, const struct form *f, struct error *e)
{
	struct form *there = row_of(s, f->id);
	if (there != NULL) {
		/* An older form of the user's stays behind when the program brings a newer one. */
		if (f->version > there->version)
			*there = *f;
		return OK;
	}
	if (s->n == FORMS_MAX)
		return error_set(e, E_TOO_BIG, "there are more than %d forms", FORMS_MAX);
	s->rows[s->n++] = *f;
	return OK;
}

static enum status add_built_in(struct form_set *s, struct error *e)
{
	for (unsigned long i = 0; i < form_files_n; i++) {
		struct form f;
		const struct embedded_file *file = &form_files[i];
		TRY(form_read(
			(struct view){ file->bytes, file->n_bytes }, file->name, s->pool, &f, e));
		TRY(check_name(&f, file->name, e));
		f.source = "built in";
		TRY(add(s, &f, e));
	}
	return OK;
}

static void close_folder(DIR *d)
{
	(void)closedir(d); /* read only: nothing can be lost */
}
AUTO_TYPE(close_folder, DIR *)

static enum status add_file(struct form_set *s, int folder_fd, const char *name, struct error *e)
{
	AUTO_BUF struct buf text;
	struct form f;
	buf_init(&text, FORM_BYTES_MAX + 1);
	TRY(file_read_all(folder_fd, name, FORM_BYTES_MAX, &text, e));
	const char *shown = pool_textf(s->pool, "forms/%s", name);
	if (shown == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "load the forms");
	TRY(form_read(buf_view(&text), shown, s->pool, &f, e));
	if (check_name(&f, name, e) != OK)
		return error_wrap(e, "forms");
	return add(s, &f, e);
}

static enum status add_own(struct form_set *s, const char *home, struct error *e)
{
	AUTO_FD int home_fd = -1;
	AUTO_FD int fd = -1;
	enum status status = file_open_folder(home, &home_fd, e);
	if (status == OK)
		status = file_open_beneath(home_fd, "forms", O_RDONLY | O_DIRECTORY, 0, &fd, e);
	if (status != OK)
		return status == E_ABSENT ? OK : status;
	AUTO(close_folder) DIR *folder = fdopendir(fd);
	if (folder == NULL)
		return error_sys(e, E_FAILED, errno, "read the folder forms");
	(void)TAKE_FD(fd); /* the stream's now */
	struct dirent *entry;
	while ((entry = readdir(folder)) != NULL) {
		const struct view name = view_of(entry->d_name);
		if (entry->d_name[0] == '.' || !view_ends_with(name, VIEW(ENDING)))
			continue;
		TRY(add_file(s, dirfd(folder), entry->d_name, e));
	}
	return OK;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct form *)a)->id, ((const struct form *)b)->id);
}

enum status form_set_load(const char *home, struct form_set **out, struct error *e)
{
	AUTO(form_set_free)
	struct form_set *s = FAULT("form_set_load") ? NULL : calloc(1, sizeof *s);
	if (s == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "load the forms");
	s->pool = pool_new(FORM_SET_BYTES_MAX);
	s->rows = s->pool == NULL ? NULL : pool_take(s->pool, FORMS_MAX, sizeof *s->rows);
	if (s->rows == NULL)
		return no_memory(e);
	TRY(add_built_in(s, e));
	if (home != NULL)
		TRY(add_own(s, home, e));
	qsort(s->rows, s->n, sizeof *s->rows, by_id);
	*out = TAKE(s);
	return OK;
}

void form_set_free(struct form_set *s)
{
	if (s == NULL)
		return;
	pool_free(s->pool);
	free(s);
}

enum status form_find(
	const struct form_set *s, const char *id, const struct form **out, struct error *e)
{
	AUTO_BUF struct buf all;
	buf_init(&all, 16 * KIB);
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->rows[i].id, id) == 0) {
			*out = &s->rows[i];
			return OK;
		}
		buf_addf(&all, "%s%s", i == 0 ? "" : ", ", s->rows[i].id);
	}
	return error_set(
		e, E_ABSENT, "there is no form '%.60s'; there are: %s", id, buf_text(&all));
}

size_t form_count(const struct form_set *s)
{
	return s->n;
}

const struct form *form_at(const struct form_set *s, size_t i)
{
	return &s->rows[i];
}
