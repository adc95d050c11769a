/*
 * Walking the sample folders by descriptors. What cannot be read without a trace is not read.
 */
#include "drill/witness/witness_sample.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"

enum { SAMPLE_DEPTH_MAX = 12, SAMPLE_PATH_MAX = 2048 };

enum status witness_open(const struct witness_eye *eye, int folder_fd, const char *name, int flags,
	bool own, int *out, struct error *e)
{
	flags |= O_RDONLY | O_NONBLOCK | O_NOCTTY;
	enum status status = file_open_beneath(folder_fd, name, flags | O_NOATIME, 0, out, e);
	bool owner_only = status == E_DENIED && e->errno_value == EPERM;
	if (owner_only && (own || eye->read_only_mounts))
		return file_open_beneath(folder_fd, name, flags, 0, out, e);
	return status;
}

static bool is_left_out(const struct sample_walk *w, const struct file_identity *who)
{
	for (size_t i = 0; i < w->n_left_out; i++)
		if (who->inode == w->left_out[i].inode && who->device == w->left_out[i].device)
			return true;
	return false;
}

static void walk_folder(struct sample_walk *w, int fd, const char *path, unsigned depth);

static void visit(
	struct sample_walk *w, int folder_fd, const char *folder, const char *name, unsigned depth)
{
	char path[SAMPLE_PATH_MAX];
	int n = folder[0] == '\0' ? snprintf(path, sizeof path, "%s", name)
				  : snprintf(path, sizeof path, "%s/%s", folder, name);
	struct error e = ERROR_NONE;
	AUTO_FD int seen_fd = -1;
	struct file_identity who;
	/* O_PATH looks without opening: a FIFO or a device is not disturbed. */
	if (n < 0 || (size_t)n >= sizeof path ||
		file_open_beneath(folder_fd, name, O_PATH, 0, &seen_fd, &e) != OK ||
		file_identify(seen_fd, &who, &e) != OK || is_left_out(w, &who))
		return;
	w->each(w, path, &who);
	AUTO_FD int child = -1;
	if (S_ISDIR(who.mode) && depth < SAMPLE_DEPTH_MAX &&
		witness_open(w->eye, folder_fd, name, O_DIRECTORY, false, &child, &e) == OK)
		walk_folder(w, TAKE_FD(child), path, depth + 1);
}

/* Takes the descriptor. */
static void walk_folder(struct sample_walk *w, int fd, const char *path, unsigned depth)
{
	DIR *d = fdopendir(fd);
	if (d == NULL) {
		(void)close(fd);
		return;
	}
	const struct dirent *entry;
	while ((entry = readdir(d)) != NULL && w->n_seen < w->n_seen_max &&
		clock_boot_ns(NULL) < w->deadline_boot_ns) {
		if (!file_is_single_name(view_of(entry->d_name)))
			continue;
		w->n_seen++;
		visit(w, fd, path, entry->d_name, depth);
	}
	(void)closedir(d);
}

void sample_walk(struct sample_walk *w)
{
	struct error e = ERROR_NONE;
	AUTO_FD int fd = -1;
	struct file_identity who;
	if (witness_open(w->eye, w->folder_fd, ".", O_DIRECTORY, false, &fd, &e) == OK &&
		file_identify(fd, &who, &e) == OK && !is_left_out(w, &who))
		walk_folder(w, TAKE_FD(fd), "", 0);
}
