/*
 * A folder's content, taken and compared.
 */
#include "tests/lib/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "tests/lib/test.h"

enum { PRINTED_MAX = 20, ATTRIBUTE_BYTES_MAX = 65536 };

struct entry {
	char *path; /* relative, "." for the folder */
	struct stat st;
	struct digest content; /* bytes, or a link's target */
	struct digest attributes;
};

struct snapshot {
	struct entry *entries; /* in the order of their paths */
	size_t n;
	size_t capacity;
	dev_t device;
};

static void give_up(const char *path)
{
	test_fail(__FILE__, __LINE__, "snapshot of %s: %s", path, strerror(errno));
	test_end();
}

static int open_quietly(const char *path, int flags)
{
	int fd = open(path, flags | O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME);
	return fd < 0 && errno == EPERM ? open(path, flags | O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
					: fd;
}

static struct digest digest_file(const char *path)
{
	AUTO_FD int fd = open_quietly(path, O_NONBLOCK);
	AUTO(digester_free) struct digester *d = digester_new();
	char bytes[8192];
	ssize_t n = fd < 0 ? -1 : 1;
	while (n > 0) {
		n = read(fd, bytes, sizeof bytes);
		if (n > 0)
			digester_add(d, bytes, (size_t)n);
	}
	if (n < 0)
		give_up(path);
	return digester_result(d);
}

static struct digest digest_link(const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof target);
	if (n < 0)
		give_up(path);
	return digest_of(target, (size_t)n);
}

/* In the kernel's order, which does not change by itself. */
static struct digest digest_attributes(const char *path)
{
	AUTO_FREE char *names = calloc(2, ATTRIBUTE_BYTES_MAX);
	if (names == NULL)
		give_up(path);
	char *value = names + ATTRIBUTE_BYTES_MAX;
	ssize_t n = llistxattr(path, names, ATTRIBUTE_BYTES_MAX);
	AUTO(digester_free) struct digester *d = digester_new();
	for (ssize_t at = 0; at < n; at += (ssize_t)strlen(names + at) + 1) {
		ssize_t n_value = lgetxattr(path, names + at, value, ATTRIBUTE_BYTES_MAX);
		digester_add(d, names + at, strlen(names + at) + 1);
		if (n_value > 0)
			digester_add(d, value, (size_t)n_value);
	}
	return digester_result(d);
}

static struct entry *add_entry(struct snapshot *s, const char *path, const char *relative)
{
	if (s->n == s->capacity) {
		s->capacity = s->capacity == 0 ? 64 : s->capacity * 2;
		struct entry *grown = realloc(s->entries, s->capacity * sizeof *grown);
		if (grown == NULL)
			give_up(path);
		s->entries = grown;
	}
	struct entry *entry = &s->entries[s->n++];
	memset(entry, 0, sizeof *entry);
	entry->path = strdup(relative);
	if (entry->path == NULL || lstat(path, &entry->st) != 0)
		give_up(path);
	entry->attributes = digest_attributes(path);
	if (S_ISREG(entry->st.st_mode))
		entry->content = digest_file(path);
	else if (S_ISLNK(entry->st.st_mode))
		entry->content = digest_link(path);
	return entry;
}

static void walk(struct snapshot *s, const char *path, const char *relative)
{
	const struct entry *entry = add_entry(s, path, relative);
	if (!S_ISDIR(entry->st.st_mode) || entry->st.st_dev != s->device)
		return;
	int fd = open_quietly(path, O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (d == NULL) {
		give_up(path);
		return;
	}
	for (const struct dirent *i = readdir(d); i != NULL; i = readdir(d)) {
		char below[PATH_MAX];
		char below_relative[PATH_MAX];
		if (strcmp(i->d_name, ".") == 0 || strcmp(i->d_name, "..") == 0)
			continue;
		(void)snprintf(below, sizeof below, "%.3000s/%s", path, i->d_name);
		(void)snprintf(
			below_relative, sizeof below_relative, "%.3000s/%s", relative, i->d_name);
		walk(s, below, below_relative);
	}
	(void)closedir(d);
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

struct snapshot *snapshot_take(const char *folder)
{
	struct snapshot *s = calloc(1, sizeof *s);
	struct stat st;
	if (s == NULL || lstat(folder, &st) != 0) {
		free(s);
		give_up(folder);
		return NULL;
	}
	s->device = st.st_dev;
	walk(s, folder, ".");
	qsort(s->entries, s->n, sizeof s->entries[0], compare_paths);
	return s;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* Names what differs, NULL where nothing does. */
static const char *difference(const struct entry *a, const struct entry *b, unsigned ignore)
{
	bool links =
		(ignore & SNAPSHOT_IGNORE_LINKS_AND_CHANGE_TIME) == 0 || !S_ISREG(a->st.st_mode);
	/* Reading a link's target is a trace of our own. */
	bool access = (ignore & SNAPSHOT_IGNORE_ACCESS_TIME) == 0 && !S_ISLNK(a->st.st_mode);
	const struct {
		const char *what;
		bool differs;
	} looks[] = {
		{ "inode", a->st.st_ino != b->st.st_ino || a->st.st_dev != b->st.st_dev },
		{ "mode", a->st.st_mode != b->st.st_mode },
		{ "owner", a->st.st_uid != b->st.st_uid || a->st.st_gid != b->st.st_gid },
		{ "size", a->st.st_size != b->st.st_size },
		{ "content", !digest_equal(&a->content, &b->content) },
		{ "attributes", !digest_equal(&a->attributes, &b->attributes) },
		{ "modification time", !same_time(a->st.st_mtim, b->st.st_mtim) },
		{ "links", links && a->st.st_nlink != b->st.st_nlink },
		{ "change time", links && !same_time(a->st.st_ctim, b->st.st_ctim) },
		{ "access time", access && !same_time(a->st.st_atim, b->st.st_atim) },
	};
	for (size_t i = 0; i < COUNT_OF(looks); i++)
		if (looks[i].differs)
			return looks[i].what;
	return NULL;
}

static void tell(size_t *n, const char *path, const char *what)
{
	if ((*n)++ < PRINTED_MAX)
		(void)printf("# %s: %s\n", path, what);
}

size_t snapshot_compare(
	const struct snapshot *before, const struct snapshot *after, unsigned ignore)
{
	size_t n = 0;
	size_t i = 0;
	size_t k = 0;
	while (i < before->n || k < after->n) {
		int order = i == before->n ? 1
			    : k == after->n
				    ? -1
				    : strcmp(before->entries[i].path, after->entries[k].path);
		if (order < 0) {
			tell(&n, before->entries[i++].path, "gone");
		} else if (order > 0) {
			tell(&n, after->entries[k++].path, "new");
		} else {
			const char *what =
				difference(&before->entries[i], &after->entries[k], ignore);
			if (what != NULL)
				tell(&n, before->entries[i].path, what);
			i++;
			k++;
		}
	}
	return n;
}

size_t snapshot_n_entries(const struct snapshot *s)
{
	return s->n;
}

void snapshot_free(struct snapshot *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		free(s->entries[i].path);
	free(s->entries);
	free(s);
}
