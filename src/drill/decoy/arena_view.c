/*
 * From the manifest to a descriptor, without ever trusting a name: every folder of the chain and
 * the file itself are opened one single name at a time and compared with what was planted.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "drill/decoy/planting.h"
#include "sys/file.h"

static enum status foreign(struct error *e, const char *name, const char *why)
{
	return error_set(e, E_DENIED, "%.200s is not what was planted: %s", name, why);
}

/* A link, a mount or a file in a folder's place show as refusals of the kernel's path walk. */
static enum status explain_open(struct error *e, enum status status, const char *name)
{
	switch (e == NULL ? 0 : e->errno_value) {
	case ELOOP:
		return foreign(e, name, "it is a symbolic link");
	case EXDEV:
		return foreign(e, name, "it lies on another mount");
	case ENOTDIR:
		return foreign(e, name, "it is no folder");
	case ENXIO:
	case ENODEV:
	case EISDIR:
		return foreign(e, name, "it is no regular file");
	default:
		return status;
	}
}

struct wanted {
	const char *name;
	uint32_t type; /* S_IFDIR, S_IFREG */
	uint64_t inode;
};

static enum status check_identity(
	const struct arena_view *v, int fd, const struct wanted *w, struct error *e)
{
	struct file_identity id;
	TRY(file_identify(fd, &id, e));
	if ((id.mode & S_IFMT) != w->type)
		return foreign(e, w->name,
			w->type == S_IFDIR ? "it is no folder" : "it is no regular file");
	if (id.device != v->manifest->device)
		return foreign(e, w->name, "it is on another device");
	if (id.mount_id != v->root_mount_id)
		return foreign(e, w->name, "it lies on another mount");
	if (id.uid != v->manifest->uid)
		return foreign(e, w->name, "it belongs to somebody else");
	if (w->type == S_IFREG && id.n_links != 1)
		return foreign(e, w->name, "it has another link");
	bool any = v->any_inode || (v->unfinished && w->inode == 0);
	if (!any && id.inode != w->inode)
		return foreign(e, w->name, "it is another object of that name");
	return OK;
}

enum status arena_view_open(int root_fd, const struct manifest *m, struct pool *p,
	struct arena_view *out, struct error *e)
{
	struct file_identity root;
	TRY(file_identify(root_fd, &root, e));
	struct arena_view v = { .root_fd = root_fd, .root_mount_id = root.mount_id, .manifest = m };
	struct wanted wanted = { "the arena", S_IFDIR, m->arena_inode };
	TRY(check_identity(&v, root_fd, &wanted, e));
	v.folder_fds = pool_take(p, m->n_folders, sizeof *v.folder_fds);
	v.last_used = pool_take(p, m->n_folders, sizeof *v.last_used);
	v.n_open_max = ARENA_FOLDERS_OPEN_MAX;
	v.open_folders = pool_take(p, ARENA_FOLDERS_OPEN_MAX, sizeof *v.open_folders);
	if (v.folder_fds == NULL || v.last_used == NULL || v.open_folders == NULL)
		return error_set(e, E_NO_SPACE, "memory for the arena's folders is short");
	for (uint32_t i = 0; i < m->n_folders; i++)
		v.folder_fds[i] = -1;
	*out = v;
	return OK;
}

/* The one asked for longest ago goes. The chain in hand was asked for just now, so it stays. */
static void make_room(struct arena_view *v)
{
	uint32_t oldest = 0;
	for (uint32_t i = 1; i < v->n_open; i++)
		if (v->last_used[v->open_folders[i]] < v->last_used[v->open_folders[oldest]])
			oldest = i;
	uint32_t folder = v->open_folders[oldest];
	(void)close(v->folder_fds[folder]); /* opened for reading: nothing can be lost */
	v->folder_fds[folder] = -1;
	v->open_folders[oldest] = v->open_folders[--v->n_open];
}

static enum status open_folder(
	struct arena_view *v, uint32_t folder, int parent_fd, struct error *e)
{
	const struct manifest_folder *f = &v->manifest->folders[folder];
	AUTO_FD int fd = -1;
	enum status status = file_open_beneath(
		parent_fd, f->name, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0, &fd, e);
	if (status != OK)
		return explain_open(e, status, f->name);
	struct wanted wanted = { f->name, S_IFDIR, f->inode };
	TRY(check_identity(v, fd, &wanted, e));
	if (v->n_open >= v->n_open_max)
		make_room(v);
	v->folder_fds[folder] = TAKE_FD(fd);
	v->open_folders[v->n_open++] = folder;
	return OK;
}

enum status arena_folder(struct arena_view *v, uint32_t folder, int *out_fd, struct error *e)
{
	uint32_t chain[MANIFEST_DEPTH_MAX];
	size_t depth = 0;
	int fd = v->root_fd;
	for (uint32_t at = folder; at != FOLDER_ROOT; at = v->manifest->folders[at].parent) {
		assert(at < v->manifest->n_folders && depth < MANIFEST_DEPTH_MAX);
		if (v->folder_fds[at] >= 0) {
			v->last_used[at] = ++v->tick;
			fd = v->folder_fds[at];
			break;
		}
		chain[depth++] = at;
	}
	while (depth > 0) {
		uint32_t at = chain[--depth];
		v->last_used[at] = ++v->tick;
		TRY(open_folder(v, at, fd, e));
		fd = v->folder_fds[at];
	}
	*out_fd = fd;
	return OK;
}

static enum status open_checked(const struct arena_view *v, int folder_fd, const struct wanted *w,
	int flags, int *out_fd, struct error *e)
{
	AUTO_FD int fd = -1;
	enum status status = file_open_beneath(folder_fd, w->name, flags, 0, &fd, e);
	if (status != OK)
		return explain_open(e, status, w->name);
	TRY(check_identity(v, fd, w, e));
	*out_fd = TAKE_FD(fd);
	return OK;
}

enum status arena_open_in(const struct arena_view *v, int folder_fd, const struct arena_file *which,
	int *out_fd, struct error *e)
{
	assert(which->file < v->manifest->n_files);
	assert((which->flags & (O_CREAT | O_TRUNC)) == 0);
	const struct manifest_file *f = &v->manifest->files[which->file];
	struct wanted wanted = { which->name == NULL ? f->name : which->name, S_IFREG, f->inode };
	if (!file_is_single_name(view_of(wanted.name)))
		return error_set(e, E_INVALID, "this is no plain file name");
	/* O_PATH first: it neither waits for a pipe's other end nor wakes a device, and it cannot
	 * write. The second opening is checked again, for what may have happened in between. */
	AUTO_FD int look = -1;
	TRY(open_checked(v, folder_fd, &wanted, O_PATH, &look, e));
	return open_checked(v, folder_fd, &wanted, which->flags | O_NONBLOCK, out_fd, e);
}

enum status arena_open_file(struct arena_view *v, uint32_t file, const char *name, int flags,
	int *out_fd, struct error *e)
{
	assert(file < v->manifest->n_files);
	const struct arena_file which = { file, name, flags };
	int folder_fd = -1;
	TRY(arena_folder(v, v->manifest->files[file].folder, &folder_fd, e));
	return arena_open_in(v, folder_fd, &which, out_fd, e);
}

void arena_view_close(struct arena_view *v)
{
	for (uint32_t i = 0; i < v->n_open; i++) {
		(void)close(v->folder_fds[v->open_folders[i]]); /* opened for reading */
		v->folder_fds[v->open_folders[i]] = -1;
	}
	v->n_open = 0;
}
