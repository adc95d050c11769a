/*
 * What makes a folder unfit to be an arena, found before anything is made.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "drill/decoy/planting.h"
#include "sys/confine.h"
#include "sys/file.h"

AUTO_TYPE(closedir, DIR *)

#define MOUNTS_BYTES_MAX (16 * MIB)

/* "/" first, no empty, "." or ".." component, no slash at the end: so that two spellings of one
 * place cannot differ. */
static bool is_plain_path(const char *path)
{
	if (path[0] != '/' || path[1] == '\0' || strlen(path) >= PATH_MAX)
		return false;
	struct view rest = view_of(path + 1);
	while (rest.len > 0) {
		struct view part = view_cut(&rest, '/');
		if (!file_is_single_name(part))
			return false;
	}
	return path[strlen(path) - 1] != '/';
}

/* Opens the folder in which the arena lies, once nobody else could exchange it. */
static enum status open_parent(const char *arena, int *out_fd, struct error *e)
{
	char parent[PATH_MAX];
	(void)snprintf(parent, sizeof parent, "%s", arena);
	char *slash = strrchr(parent, '/');
	*(slash == parent ? slash + 1 : slash) = '\0';
	TRY(file_check_parents(parent, e));
	enum status status = file_open_folder(parent, out_fd, e);
	if (status == E_ABSENT)
		return error_set(e, E_ABSENT,
			"the folder '%s', in which the arena would lie, does not "
			"exist",
			parent);
	return status;
}

enum status planting_check_empty(int folder_fd, const char *arena, struct error *e)
{
	AUTO_FD int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir == NULL)
		return error_sys(e, E_FAILED, errno, "look into '%s'", arena);
	fd = -1; /* the stream's now */
	for (;;) {
		errno = 0;
		const struct dirent *d = readdir(dir);
		if (d == NULL && errno != 0)
			return error_sys(e, E_FAILED, errno, "look into '%s'", arena);
		if (d == NULL)
			return OK;
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			return error_set(e, E_CONFLICT,
				"'%s' is not empty, and an arena must be absent or empty", arena);
	}
}

static enum status check_standing(
	int fd, const char *arena, const struct manifest *so_far, struct error *e)
{
	struct file_identity id;
	TRY(file_identify(fd, &id, e));
	if (!S_ISDIR(id.mode))
		return error_set(e, E_CONFLICT, "'%s' exists and is no folder", arena);
	if (so_far != NULL) {
		if (id.device != so_far->device || id.inode != so_far->arena_inode ||
			id.uid != so_far->uid)
			return error_set(e, E_CONFLICT,
				"'%s' is not the arena that was planted earlier", arena);
		return OK;
	}
	if (confine_is_drill_uid(id.uid))
		return error_set(e, E_CONFLICT,
			"'%s' was planted by a drill (uid %u) of another state folder, which must "
			"undo it",
			arena, id.uid);
	if (id.uid != geteuid())
		return error_set(e, E_DENIED, "'%s' belongs to uid %u", arena, id.uid);
	return planting_check_empty(fd, arena, e);
}

/* mountinfo writes blanks and backslashes as three octal digits (proc(5)). */
static size_t decode_mount(struct view escaped, char out[PATH_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < escaped.len && n + 1 < PATH_MAX; i++) {
		char c = escaped.at[i];
		if (c == '\\' && escaped.len - i > 3) {
			c = (char)((escaped.at[i + 1] - '0') << 6 | (escaped.at[i + 2] - '0') << 3 |
				   (escaped.at[i + 3] - '0'));
			i += 3;
		}
		out[n++] = c;
	}
	out[n] = '\0';
	return n;
}

static enum status check_mounts(const char *arena, struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 0);
	TRY(file_read_all(AT_FDCWD, "/proc/self/mountinfo", MOUNTS_BYTES_MAX, &text, e));
	size_t len = strlen(arena);
	struct view rest = buf_view(&text);
	while (rest.len > 0) {
		struct view line = view_cut(&rest, '\n');
		struct view field = VIEW_NONE;
		for (int i = 0; i < 5; i++) /* the fifth is the mount point */
			field = view_cut(&line, ' ');
		char point[PATH_MAX];
		size_t n = decode_mount(field, point);
		if (n >= len && memcmp(point, arena, len) == 0 &&
			(point[len] == '\0' || point[len] == '/'))
			return error_set(e, E_DENIED,
				"something is mounted at '%s', and an arena holds no mounts",
				point);
	}
	return OK;
}

/* Walks up from the arena's parent and meets the state folder, or not. */
static enum status check_outside_home(
	int parent_fd, const char *arena, const char *home, struct error *e)
{
	struct stat at_home;
	bool there = stat(home, &at_home) == 0;
	if (!there && errno == ENOENT)
		return OK; /* nothing lies in a folder that is yet to be made */
	if (!there)
		return error_sys(e, E_FAILED, errno, "look at the state folder '%s'", home);
	AUTO_FD int fd = openat(parent_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat here;
	struct stat before = { 0 };
	for (int depth = 0; depth < PATH_MAX; depth++) {
		if (fd < 0 || fstat(fd, &here) != 0)
			return error_sys(
				e, E_FAILED, errno, "look at the folders above '%s'", arena);
		if (here.st_dev == at_home.st_dev && here.st_ino == at_home.st_ino)
			return error_set(e, E_DENIED,
				"'%s' lies in the state folder, which the drill must not touch",
				arena);
		if (here.st_dev == before.st_dev && here.st_ino == before.st_ino)
			return OK; /* the root is its own parent */
		before = here;
		int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		(void)close(fd); /* opened for a look */
		fd = up;
	}
	return error_set(e, E_INVALID, "'%s' is nested too deep", arena);
}

enum status planting_check(const char *arena, const char *home, const struct manifest *so_far,
	struct file_system *out, struct error *e)
{
	if (!is_plain_path(arena))
		return error_set(e, E_INVALID,
			"'%s' is not a plain absolute path, without '.', '..' or double slashes",
			arena);
	AUTO_FD int parent_fd = -1;
	TRY(open_parent(arena, &parent_fd, e));
	if (home != NULL)
		TRY(check_outside_home(parent_fd, arena, home, e));
	TRY(check_mounts(arena, e));
	AUTO_FD int arena_fd =
		openat(parent_fd, strrchr(arena, '/') + 1, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (arena_fd < 0 && errno != ENOENT)
		return error_sys(e, E_FAILED, errno, "look at '%s'", arena);
	if (arena_fd < 0 && so_far != NULL)
		return error_set(e, E_ABSENT, "the arena '%s' is gone", arena);
	struct stat st;
	if (arena_fd >= 0 && fstat(arena_fd, &st) == 0 && S_ISLNK(st.st_mode))
		return error_set(e, E_DENIED, "'%s' is a symbolic link", arena);
	struct file_system fs;
	TRY(file_system_of(arena_fd >= 0 ? arena_fd : parent_fd, &fs, e));
	if (!fs.allowed)
		return error_set(e, E_DENIED,
			"'%s' lies on a file system of the kind %s; a drill needs ext4, XFS or "
			"Btrfs, on "
			"which its undo was proven",
			arena, fs.kind);
	if (fs.read_only)
		return error_set(
			e, E_DENIED, "'%s' lies on a file system that is mounted read-only", arena);
	/* On the descriptor, so that there is no race; the making has the last word all the same.
	 */
	if (arena_fd < 0 && faccessat(parent_fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
		return error_sys(e, E_DENIED, errno, "make the arena '%s'", arena);
	if (arena_fd >= 0)
		TRY(check_standing(arena_fd, arena, so_far, e));
	*out = fs;
	return OK;
}
