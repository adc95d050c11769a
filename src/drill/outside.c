/*
 * Metadata before and after: see outside.h. Breadth first, so that a bounded look covers what lies
 * near the top of each folder.
 */
#include "drill/outside.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"

enum { PATH_BYTES_MAX = 4096 };

struct entry {
	char *path;
	bool is_folder;
	uint64_t inode;
	uint64_t size_bytes;
	int64_t changed_ns;
	mode_t mode;
};
struct outside {
	struct entry *entries; /* sorted by path once taken */
	size_t n, capacity;
	bool cut; /* the ceiling was met: names not seen before are not told */
};

void outside_free(struct outside *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		free(s->entries[i].path);
	free(s->entries);
	free(s);
}

static bool is_skipped(const struct outside_request *r, const char *path)
{
	for (size_t i = 0; i < r->n_skip; i++) {
		size_t n = strlen(r->skip[i]);
		while (n > 1 && r->skip[i][n - 1] == '/')
			n--;
		if (strncmp(path, r->skip[i], n) == 0 && (path[n] == '\0' || path[n] == '/'))
			return true;
	}
	return false;
}

static enum status add(struct outside *s, const char *path, const struct stat *st, struct error *e)
{
	if (s->n == s->capacity) {
		size_t capacity = s->capacity == 0 ? 256 : s->capacity * 2;
		struct entry *grown = FAULT("outside_grow")
					      ? NULL
					      : realloc(s->entries, capacity * sizeof *grown);
		if (grown == NULL)
			return error_set(e, E_NO_SPACE, "no memory to look at folders");
		s->entries = grown;
		s->capacity = capacity;
	}
	char *copy = FAULT("outside_path") ? NULL : strdup(path);
	if (copy == NULL)
		return error_set(e, E_NO_SPACE, "no memory to look at folders");
	s->entries[s->n++] = (struct entry){ .path = copy,
		.is_folder = S_ISDIR(st->st_mode),
		.inode = st->st_ino,
		.size_bytes = (uint64_t)st->st_size,
		.changed_ns = st->st_ctim.tv_sec * NS_PER_S + st->st_ctim.tv_nsec,
		.mode = st->st_mode };
	return OK;
}

/* Adds what lies directly in the folder of entry `at`. */
static enum status add_children(struct outside *s, const struct outside_request *r, size_t at,
	dev_t device, struct error *e)
{
	int fd = open(
		s->entries[at].path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return OK; /* gone by now, or not ours to read */
	DIR *folder = fdopendir(fd);
	if (folder == NULL) {
		(void)close(fd); /* read only */
		return OK;
	}
	enum status status = OK;
	for (struct dirent *d; status == OK && !s->cut && (d = readdir(folder)) != NULL;) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		char path[PATH_BYTES_MAX];
		int n = snprintf(path, sizeof path, "%s/%s", s->entries[at].path, d->d_name);
		struct stat st;
		if (n < 0 || (size_t)n >= sizeof path || is_skipped(r, path) ||
			fstatat(dirfd(folder), d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
			st.st_dev != device)
			continue;
		if (s->n == OUTSIDE_ENTRIES_MAX)
			s->cut = true;
		else
			status = add(s, path, &st, e);
	}
	(void)closedir(folder); /* read only */
	return status;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static enum status take_folder(struct outside *s, const struct outside_request *r,
	const char *folder, int64_t until_boot_ns, struct error *e)
{
	struct stat st;
	if (is_skipped(r, folder) || lstat(folder, &st) != 0 || !S_ISDIR(st.st_mode) ||
		strlen(folder) >= PATH_BYTES_MAX)
		return OK;
	size_t at = s->n;
	if (at == OUTSIDE_ENTRIES_MAX) {
		s->cut = true;
		return OK;
	}
	TRY(add(s, folder, &st, e));
	dev_t device = st.st_dev;
	for (; at < s->n && !s->cut; at++) {
		if (clock_boot_ns(NULL) > until_boot_ns)
			s->cut = true;
		if (s->entries[at].is_folder)
			TRY(add_children(s, r, at, device, e));
	}
	return OK;
}

enum status outside_look(const struct outside_request *r, struct outside **out, struct error *e)
{
	AUTO(outside_free) struct outside *s = FAULT("outside_look") ? NULL : calloc(1, sizeof *s);
	if (s == NULL)
		return error_set(e, E_NO_SPACE, "no memory to look at folders");
	int64_t until_boot_ns = clock_boot_ns(NULL) + OUTSIDE_SECONDS_MAX * NS_PER_S;
	for (size_t i = 0; i < r->n_folders && !s->cut; i++)
		TRY(take_folder(s, r, r->folders[i], until_boot_ns, e));
	if (s->n > 0)
		qsort(s->entries, s->n, sizeof *s->entries, by_path);
	*out = TAKE(s);
	return OK;
}

/* A folder's own times change whenever something in it does: only its coming and going counts. */
static bool differs(const struct entry *a, const struct entry *b)
{
	if (a->is_folder && b->is_folder)
		return false;
	return a->inode != b->inode || a->size_bytes != b->size_bytes ||
	       a->changed_ns != b->changed_ns || a->mode != b->mode;
}

uint32_t outside_changes(const struct outside *before, const struct outside *after)
{
	uint32_t n = 0;
	bool complete = !before->cut && !after->cut;
	size_t i = 0;
	size_t k = 0;
	while (i < before->n || k < after->n) {
		int order = i == before->n  ? 1
			    : k == after->n ? -1
					    : by_path(&before->entries[i], &after->entries[k]);
		if (order == 0)
			n += differs(&before->entries[i], &after->entries[k]) ? 1 : 0;
		else
			n += complete ? 1 : 0;
		i += order <= 0 ? 1 : 0;
		k += order >= 0 ? 1 : 0;
	}
	return n;
}
