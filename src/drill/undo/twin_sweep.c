/*
 * Taking back what a killed twin left: see twin_sweep.h. Every name is fixed or the manifest's, and
 * one component; every object is compared with the manifest first. Another object stays, and undo
 * names it.
 */
#include "drill/undo/twin_sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/file.h"

const char *const twin_made[TWIN_N_MADE] = { TWIN_MADE ".zip", TWIN_MADE ".tgz", TWIN_MADE ".sql" };

bool twin_is_picture(const struct manifest_file *f)
{
	return f->kind == DECOY_PNG || f->kind == DECOY_JPG || f->kind == DECOY_BMP;
}

static bool is_ours(const struct arena_view *v, int fd)
{
	struct file_identity id;
	struct error unused;
	return file_identify(fd, &id, &unused) == OK && S_ISREG(id.mode) && id.n_links == 1 &&
	       id.uid == v->manifest->uid && id.device == v->manifest->device &&
	       id.mount_id == v->root_mount_id;
}

static enum status remove_one(const struct arena_view *v, const char *name, struct error *e)
{
	AUTO_FD int fd = -1;
	struct error unused;
	if (file_open_beneath(v->root_fd, name, O_PATH, 0, &fd, &unused) != OK || !is_ours(v, fd))
		return OK;
	if (unlinkat(v->root_fd, name, 0) != 0 && errno != ENOENT)
		return error_sys(e, E_FAILED, errno, "remove %s, which the benign twin made", name);
	return OK;
}

static enum status name_back(struct arena_view *v, uint32_t file, struct error *e)
{
	const struct manifest_file *f = &v->manifest->files[file];
	AUTO_FD int fd = -1;
	int folder_fd = -1;
	struct error unused;
	char renamed[256];
	int n = snprintf(renamed, sizeof renamed, TWIN_RENAMED "%s", f->name);
	if (n < 0 || (size_t)n >= sizeof renamed)
		return OK; /* the twin did not rename it either */
	/* Only the planted object itself: its inode, owner, device, mount and single link. */
	if (arena_open_file(v, file, renamed, O_RDONLY, &fd, &unused) != OK ||
		arena_folder(v, f->folder, &folder_fd, &unused) != OK)
		return OK;
	if (renameat2(folder_fd, renamed, folder_fd, f->name, RENAME_NOREPLACE) != 0 &&
		errno != EEXIST && errno != ENOENT)
		return error_sys(e, E_FAILED, errno, "give %s its name back", f->name);
	return OK;
}

enum status twin_sweep(struct arena_view *v, struct error *e)
{
	for (size_t i = 0; i < TWIN_N_MADE; i++)
		TRY(remove_one(v, twin_made[i], e));
	for (uint32_t i = 0; i < v->manifest->n_files; i++)
		if (twin_is_picture(&v->manifest->files[i]))
			TRY(name_back(v, i, e));
	return OK;
}
