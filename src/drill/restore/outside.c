/*
 * Metadata before and after: see outside.h. Breadth first, so that a bounded look covers what lies
 * near the top of each folder.
 */
#include "drill/restore/outside.h"

#include <assert.h>
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
	bool listed; /* a folder of which every name was seen */
};
struct outside {
	struct entry *entries; /* sorted by path once taken */
	size_t n, capacity;
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
	assert(s->entries != NULL);
	s->entries[s->n++] = (struct entry){ .path = copy,
		.is_folder = S_ISDIR(st->st_mode),
		.inode = st->st_ino,
		.size_bytes = (uint64_t)st->st_size,
		.changed_ns = st->st_ctim.tv_sec * NS_PER_S + st->st_ctim.tv_nsec,
		.mode = st->st_mode };
	return OK;
}

/* Each folder of the request is walked on its own. */
static bool is_asked_for(const struct outside_request *r, const char *path)
{
	for (size_t i = 0; i < r->n_folders; i++)
		if (strcmp(r->folders[i], path) == 0)
			return true;
	return false;
}

struct walk {
	const struct outside_request *request;
	dev_t device;
	size_t n_max; /* entries of the look, this walk's included */
	int64_t until_boot_ns;
};

/* Adds what lies directly in the folder of entry `at`. */
static enum status add_children(struct outside *s, const struct walk *w, size_t at, struct error *e)
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
	struct dirent *d = NULL;
	while (status == OK && s->n < w->n_max && (d = readdir(folder)) != NULL) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		char path[PATH_BYTES_MAX];
		int n = snprintf(path, sizeof path, "%s/%s", s->entries[at].path, d->d_name);
		struct stat st;
		if (n < 0 || (size_t)n >= sizeof path || is_skipped(w->request, path) ||
			is_asked_for(w->request, path) ||
			fstatat(dirfd(folder), d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
			st.st_dev != w->device)
			continue;
		status = add(s, path, &st, e);
	}
	s->entries[at].listed = status == OK && d == NULL;
	(void)closedir(folder); /* read only */
	return status;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static enum status walk_folder(
	struct outside *s, struct walk *w, const char *folder, struct error *e)
{
	struct stat st;
	if (is_skipped(w->request, folder) || lstat(folder, &st) != 0 || !S_ISDIR(st.st_mode) ||
		strlen(folder) >= PATH_BYTES_MAX)
		return OK;
	w->device = st.st_dev;
	size_t at = s->n;
	TRY(add(s, folder, &st, e));
	for (; at < s->n && clock_boot_ns(NULL) < w->until_boot_ns; at++)
		if (s->entries[at].is_folder)
			TRY(add_children(s, w, at, e));
	return OK;
}

enum status outside_look(const struct outside_request *r, struct outside **out, struct error *e)
{
	AUTO(outside_free) struct outside *s = FAULT("outside_look") ? NULL : calloc(1, sizeof *s);
	if (s == NULL)
		return error_set(e, E_NO_SPACE, "no memory to look at folders");
	for (size_t i = 0; i < r->n_folders; i++) {
		struct walk w = { .request = r,
			.n_max = s->n + OUTSIDE_ENTRIES_MAX / r->n_folders,
			.until_boot_ns = clock_boot_ns(NULL) +
					 OUTSIDE_SECONDS_MAX * NS_PER_S / (int64_t)r->n_folders };
		TRY(walk_folder(s, &w, r->folders[i], e));
	}
	if (s->n > 0)
		qsort(s->entries, s->n, sizeof *s->entries, by_path);
	*out = TAKE(s);
	return OK;
}

/* Whether a name that only one look has is really new or gone: the nearest folder above it that the
 * other look knows was seen there with all its names. */
static bool would_have_been_seen(const struct outside *other, const struct entry *entry)
{
	char path[PATH_BYTES_MAX];
	(void)snprintf(path, sizeof path, "%s", entry->path);
	for (char *slash; (slash = strrchr(path, '/')) != NULL && slash != path;) {
		*slash = '\0';
		struct entry key = { .path = path };
		const struct entry *above = other->n == 0 ? NULL
							  : bsearch(&key, other->entries, other->n,
								    sizeof key, by_path);
		if (above != NULL)
			return above->listed;
	}
	return false;
}

/* A folder's own times change whenever something in it does: only its coming and going counts. */
static bool differs(const struct entry *a, const struct entry *b)
{
	if (a->is_folder && b->is_folder)
		return false;
	return a->inode != b->inode || a->size_bytes != b->size_bytes ||
	       a->changed_ns != b->changed_ns || a->mode != b->mode;
}

uint32_t outside_changes(const struct outside *before, const struct outside *after,
	const char **out_paths, size_t n_max)
{
	uint32_t n = 0;
	size_t i = 0;
	size_t k = 0;
	while (i < before->n || k < after->n) {
		int order = i == before->n  ? 1
			    : k == after->n ? -1
					    : by_path(&before->entries[i], &after->entries[k]);
		bool changed = false;
		if (order == 0)
			changed = differs(&before->entries[i], &after->entries[k]);
		else if (order < 0)
			changed = would_have_been_seen(after, &before->entries[i]);
		else
			changed = would_have_been_seen(before, &after->entries[k]);
		if (changed && n < n_max)
			out_paths[n] =
				order <= 0 ? before->entries[i].path : after->entries[k].path;
		n += changed ? 1 : 0;
		i += order <= 0 ? 1 : 0;
		k += order >= 0 ? 1 : 0;
	}
	return n;
}
