/*
 * Where scenarios come from: the user's own under <home>/scenarios, then those built into the
 * program. A file of the user's goes before a built-in one of the same id.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embed.h"
#include "base/near.h"
#include "drill/scenario/scenario_read.h"
#include "sys/file.h"

extern const struct embedded_file scenario_files[];
extern const unsigned long scenario_files_n;

enum { OWN_MAX = 1000, ID_MAX = 40, NEAR_MAX = 3, NEAR_DISTANCE = 3 };
#define ENDING ".yaml"

static bool is_id(struct view v)
{
	return text_has_shape(v, (struct text_rule){ TEXT_ID, 0 });
}

/* "standard.yaml" → "standard"; false for any other name. */
static bool id_of_name(const char *name, struct view *out)
{
	struct view v = view_of(name);
	if (!view_ends_with(v, VIEW(ENDING)))
		return false;
	v.len -= strlen(ENDING);
	*out = v;
	return is_id(v);
}

static enum status check_id(
	const char *id, const char *what, const struct scenario *s, struct error *e)
{
	if (strcmp(id, s->id) == 0)
		return OK;
	return error_set(e, E_INVALID, "%s: id: '%s' is not the name of the file", what, s->id);
}

static enum status find_built_in(
	const char *id, struct pool *p, struct scenario *out, struct error *e)
{
	for (unsigned long i = 0; i < scenario_files_n; i++) {
		const struct embedded_file *f = &scenario_files[i];
		struct view name;
		if (!id_of_name(f->name, &name) || !view_is(name, id))
			continue;
		struct scenario *s = pool_take(p, 1, sizeof *s);
		if (s == NULL)
			return error_set(
				e, E_TOO_BIG, "%s: needs more memory than it may have", f->name);
		TRY(scenario_parse((struct view){ f->bytes, f->n_bytes }, f->name, p, s, e));
		TRY(check_id(id, f->name, s, e));
		*out = *s;
		return OK;
	}
	return E_ABSENT;
}

/* Reads through the opened descriptor alone: a regular file with one name, under the ceiling. */
static enum status read_own(int fd, const char *path, struct buf *text, struct error *e)
{
	struct file_identity who;
	TRY(file_identify(fd, &who, e));
	if (!S_ISREG(who.mode))
		return error_set(e, E_INVALID, "%s: not a regular file", path);
	if (who.n_links != 1)
		return error_set(e, E_INVALID, "%s: has more than one name", path);
	char chunk[8192];
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof chunk);
		if (n < 0)
			return error_sys(e, E_FAILED, errno, "read %s", path);
		if (n == 0)
			return OK;
		buf_add_bytes(text, chunk, (size_t)n);
		TRY(buf_check(text, path, e));
	}
}

static enum status find_own(
	const char *home, const char *id, struct pool *p, struct scenario *out, struct error *e)
{
	char name[ID_MAX + 32];
	AUTO_FD int home_fd = -1;
	AUTO_FD int fd = -1;
	AUTO_BUF struct buf text;
	buf_init(&text, SCENARIO_TEXT_MAX);
	(void)snprintf(name, sizeof name, "scenarios/%s" ENDING, id);
	TRY(file_open_folder(home, &home_fd, e));
	/* Without O_NONBLOCK a named pipe of that name would hold us here. */
	TRY(file_open_beneath(home_fd, name, O_RDONLY | O_NONBLOCK, 0, &fd, e));
	TRY(read_own(fd, name, &text, e));
	struct scenario *s = pool_take(p, 1, sizeof *s);
	if (s == NULL)
		return error_set(e, E_TOO_BIG, "%s: needs more memory than it may have", name);
	TRY(scenario_parse(buf_view(&text), name, p, s, e));
	TRY(check_id(id, name, s, e));
	*out = *s;
	return OK;
}

/* --- near ids ------------------------------------------------------------------------------------
 */

static enum status absent(const char *home, const char *id, struct pool *p, struct error *e)
{
	const char **ids;
	size_t n;
	char near[NEAR_MAX * (ID_MAX + 4)] = "";
	size_t len = 0;
	size_t found = 0;
	TRY(scenario_ids(home, p, &ids, &n, e));
	for (unsigned d = 0; d <= NEAR_DISTANCE; d++) {
		for (size_t i = 0; i < n && found < NEAR_MAX; i++) {
			bool begins = view_starts_with(view_of(ids[i]), view_of(id));
			unsigned away = begins ? 1 : near_distance(id, ids[i]);
			if (away != d)
				continue;
			len += (size_t)snprintf(near + len, sizeof near - len, "%s'%s'",
				found == 0 ? "" : ", ", ids[i]);
			found++;
		}
	}
	if (found > 0)
		return error_set(e, E_ABSENT, "no scenario '%s'; near it: %s", id, near);
	return error_set(e, E_ABSENT, "no scenario '%s'; 'drill list' names all of them", id);
}

enum status scenario_find(
	const char *home, const char *id, struct pool *p, struct scenario *out, struct error *e)
{
	if (!is_id(view_of(id)))
		return error_set(e, E_INVALID, "the id of a scenario is 2 to 40 of a-z, 0-9 and -");
	enum status status = home == NULL ? E_ABSENT : find_own(home, id, p, out, e);
	if (status == E_ABSENT)
		status = find_built_in(id, p, out, e);
	return status == E_ABSENT ? absent(home, id, p, e) : status;
}

/* --- all ids
 * --------------------------------------------------------------------------------------- */

static void close_folder(DIR *d)
{
	(void)closedir(d); /* read only: nothing can be lost */
}
AUTO_TYPE(close_folder, DIR *)

static enum status own_ids(
	const char *home, struct pool *p, const char **ids, size_t *n, struct error *e)
{
	AUTO_FD int home_fd = -1;
	AUTO_FD int fd = -1;
	if (home == NULL)
		return OK;
	enum status status = file_open_folder(home, &home_fd, e);
	if (status == OK)
		status = file_open_beneath(home_fd, "scenarios", O_RDONLY | O_DIRECTORY, 0, &fd, e);
	if (status != OK)
		return status == E_ABSENT ? OK : status;
	AUTO(close_folder) DIR *folder = fdopendir(fd);
	if (folder == NULL)
		return error_sys(e, E_FAILED, errno, "read the folder scenarios");
	(void)TAKE_FD(fd); /* the stream's now */
	struct dirent *entry;
	for (size_t seen = 0; seen < OWN_MAX && (entry = readdir(folder)) != NULL; seen++) {
		struct view id;
		if (!id_of_name(entry->d_name, &id))
			continue;
		ids[*n] = pool_text(p, id);
		if (ids[*n] == NULL)
			return error_set(
				e, E_TOO_BIG, "the scenarios need more memory than they may have");
		(*n)++;
	}
	return OK;
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum status scenario_ids(
	const char *home, struct pool *p, const char ***out_ids, size_t *out_n, struct error *e)
{
	size_t n = 0;
	const char **ids = pool_take(p, OWN_MAX + scenario_files_n, sizeof *ids);
	if (ids == NULL)
		return error_set(e, E_TOO_BIG, "the scenarios need more memory than they may have");
	TRY(own_ids(home, p, ids, &n, e));
	for (unsigned long i = 0; i < scenario_files_n; i++) {
		struct view id;
		if (!id_of_name(scenario_files[i].name, &id))
			continue;
		ids[n] = pool_text(p, id);
		if (ids[n] == NULL)
			return error_set(
				e, E_TOO_BIG, "the scenarios need more memory than they may have");
		n++;
	}
	qsort(ids, n, sizeof *ids, compare_text);
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || strcmp(ids[kept - 1], ids[i]) != 0)
			ids[kept++] = ids[i];
	}
	*out_ids = ids;
	*out_n = kept;
	return OK;
}
