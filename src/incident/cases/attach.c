/*
 * Copies of attached files.
 */
#include "incident/cases/attach.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fault.h"
#include "sys/file.h"

enum { CHUNK_BYTES = 8 * 1024, NAME_BYTES_MAX = 200 };

static const char *folder_of(const struct desk *d, const struct id *incident)
{
	return pool_textf(d->pool, "%s/incidents/%s", d->c->home, incident->text);
}

/* `to` -1: a rehearsal, which only looks at the file. */
static enum status copy_bytes(
	int from, int to, const char *path, struct attachment *out, struct error *e)
{
	AUTO(digester_free) struct digester *sum = digester_new();
	char chunk[CHUNK_BYTES];
	if (sum == NULL)
		return case_no_memory(e);
	for (;;) {
		const ssize_t n = read(from, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(e, E_FAILED, errno, "read %s", path);
		if (n == 0)
			break;
		out->n_bytes += n;
		if (out->n_bytes > ATTACHMENT_BYTES_MAX)
			return error_set(e, E_TOO_BIG, "%s: larger than 256 MiB", path);
		digester_add(sum, chunk, (size_t)n);
		if (to >= 0)
			TRY(file_write_all(to, chunk, (size_t)n, e));
	}
	const struct digest d = digester_result(sum);
	(void)digest_hex(&d, out->sha256);
	if (to >= 0 && (FAULT("attach_sync") || fsync(to) != 0))
		return error_sys(e, E_FAILED, errno, "write the copy of %s", path);
	return OK;
}

/* The name that a report shows: without folders; what does not read well is replaced. */
static const char *shown_name(const struct desk *d, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	if (name[0] == '\0' || strlen(name) > NAME_BYTES_MAX ||
		text_flaw_of(view_of(name), TEXT_ONE_LINE) != TEXT_SOUND)
		return "file";
	return pool_text(d->pool, view_of(name));
}

static enum status open_source(const char *path, int *out, struct error *e)
{
	struct stat st;
	/* Without O_NONBLOCK a named pipe would hold us here. */
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0)
		return error_sys(e, errno == ENOENT ? E_ABSENT : E_FAILED, errno, "open %s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(e, E_INVALID, "%s: not a regular file", path);
	*out = TAKE_FD(fd);
	return OK;
}

static enum status copy_file(
	const struct desk *d, int folder, const char *path, struct attachment *out, struct error *e)
{
	AUTO_FD int from = -1;
	struct attachment a = { .name = shown_name(d, path) };
	/* A name of our own: several processes may copy at once. */
	const char *part = pool_textf(d->pool, ".part-%d", (int)getpid());
	if (a.name == NULL || part == NULL)
		return case_no_memory(e);
	TRY(open_source(path, &from, e));
	if (d->c->rehearsal) {
		TRY(copy_bytes(from, -1, path, &a, e));
		*out = a;
		return OK;
	}
	AUTO_FD int to =
		openat(folder, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return error_sys(e, E_FAILED, errno, "write the copy of %s", path);
	TRY(copy_bytes(from, to, path, &a, e));
	if (renameat(folder, part, folder, a.sha256) != 0)
		return error_sys(e, E_FAILED, errno, "name the copy of %s", path);
	*out = a;
	return OK;
}

enum status attach_all(const struct desk *d, const struct id *incident,
	const struct attach_request *r, struct attachment *out, struct field_faults *faults,
	struct error *e)
{
	AUTO_FD int folder = -1;
	if (r->n == 0)
		return OK;
	if (r->n > ATTACHMENTS_MAX) {
		field_fault_add(faults, d->pool, "files", _("are more than %d"), ATTACHMENTS_MAX);
		return OK;
	}
	const char *path = folder_of(d, incident);
	if (path == NULL)
		return case_no_memory(e);
	if (!d->c->rehearsal) {
		TRY(file_make_folders(path, e));
		TRY(file_open_folder(path, &folder, e));
	}
	for (size_t i = 0; i < r->n; i++) {
		struct error why = ERROR_NONE;
		const enum status status = copy_file(d, folder, r->paths[i], &out[i], &why);
		if (status == E_NO_SPACE) {
			*e = why;
			return status;
		}
		if (status != OK)
			field_fault_add(faults, d->pool, "files", "%s", why.text);
	}
	return d->c->rehearsal ? OK : file_sync_folder(folder, e);
}

static void close_folder(DIR *d)
{
	(void)closedir(d); /* nothing was written through it */
}
AUTO_TYPE(close_folder, DIR *)

enum status attach_remove(const struct desk *d, const struct id *incident, struct error *e)
{
	AUTO_FD int fd = -1;
	struct error why = ERROR_NONE;
	const char *path = folder_of(d, incident);
	if (path == NULL)
		return case_no_memory(e);
	const enum status status = file_open_folder(path, &fd, &why);
	if (status == E_ABSENT)
		return OK;
	if (status != OK) {
		*e = why;
		return status;
	}
	AUTO(close_folder) DIR *folder = fdopendir(fd);
	if (folder == NULL)
		return error_sys(e, E_FAILED, errno, "read the folder %s", path);
	(void)TAKE_FD(fd); /* the stream's now */
	struct dirent *entry;
	while ((entry = readdir(folder)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			(FAULT("attach_remove") || unlinkat(dirfd(folder), entry->d_name, 0) != 0))
			return error_sys(e, E_FAILED, errno, "remove %s/%s", path, entry->d_name);
	return rmdir(path) != 0 ? error_sys(e, E_FAILED, errno, "remove %s", path) : OK;
}
