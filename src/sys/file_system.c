/*
 * Which file system a folder lies on, and whether another user could exchange the folder under us;
 * making folders that nobody can.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/fault.h"
#include "sys/file.h"

#define MAGIC_ZFS 0x2fc12fc1
#define MAGIC_NTFS3 0x7366746e
#define MAGIC_NTFS 0x5346544e
#define MAGIC_EXFAT_ 0x2011bab0
#define MAGIC_BCACHEFS 0xca451a4e
#define MAGIC_CEPH_ 0x00c36400
#define MAGIC_CIFS_ 0xff534d42
#define MAGIC_SMB2_ 0xfe534d42
#define MAGIC_FUSE_ 0x65735546
#define MAGIC_GFS2 0x01161970
#define MAGIC_OCFS2 0x7461636f

/* Tests run where only tmpfs is at hand; a release keeps to disks that its undo was tried on. */
#ifdef TOCSIN_FAULTS
#define ALLOW_TMPFS true
#else
#define ALLOW_TMPFS false
#endif

static const struct {
	uint32_t magic;
	const char *kind;
	bool allowed;
} file_systems[] = {
	{ EXT4_SUPER_MAGIC, "ext4", true },
	{ XFS_SUPER_MAGIC, "xfs", true },
	{ BTRFS_SUPER_MAGIC, "btrfs", true },
	{ TMPFS_MAGIC, "tmpfs", ALLOW_TMPFS },
	{ RAMFS_MAGIC, "ramfs", false },
	{ OVERLAYFS_SUPER_MAGIC, "overlay", false },
	{ MAGIC_FUSE_, "fuse", false },
	{ NFS_SUPER_MAGIC, "nfs", false },
	{ MAGIC_CIFS_, "cifs", false },
	{ MAGIC_SMB2_, "smb2", false },
	{ SMB_SUPER_MAGIC, "smb", false },
	{ AFS_SUPER_MAGIC, "afs", false },
	{ AFS_FS_MAGIC, "afs", false },
	{ CODA_SUPER_MAGIC, "coda", false },
	{ V9FS_MAGIC, "9p", false },
	{ MAGIC_CEPH_, "ceph", false },
	{ MAGIC_GFS2, "gfs2", false },
	{ MAGIC_OCFS2, "ocfs2", false },
	{ MAGIC_ZFS, "zfs", false },
	{ MAGIC_BCACHEFS, "bcachefs", false },
	{ F2FS_SUPER_MAGIC, "f2fs", false },
	{ MSDOS_SUPER_MAGIC, "vfat", false },
	{ MAGIC_EXFAT_, "exfat", false },
	{ MAGIC_NTFS, "ntfs", false },
	{ MAGIC_NTFS3, "ntfs3", false },
	{ ISOFS_SUPER_MAGIC, "iso9660", false },
	{ SQUASHFS_MAGIC, "squashfs", false },
	{ PROC_SUPER_MAGIC, "proc", false },
	{ SYSFS_MAGIC, "sysfs", false },
};

enum status file_system_of(int fd, struct file_system *out, struct error *e)
{
	struct statfs fs;
	if (fstatfs(fd, &fs) != 0)
		return error_sys(e, E_FAILED, errno, "look at the file system");
	uint64_t unit = (uint64_t)fs.f_bsize;
	*out = (struct file_system){
		.free_bytes = fs.f_bavail * unit,
		.total_bytes = fs.f_blocks * unit,
		.free_inodes = fs.f_ffree,
	};
	uint32_t magic = (uint32_t)fs.f_type;
	(void)snprintf(out->kind, sizeof out->kind, "0x%x", magic);
	for (size_t i = 0; i < COUNT_OF(file_systems); i++) {
		if (file_systems[i].magic != magic)
			continue;
		(void)snprintf(out->kind, sizeof out->kind, "%s", file_systems[i].kind);
		out->allowed = file_systems[i].allowed;
		break;
	}
	return OK;
}

/* POSIX access lists need no look of their own: their mask shows as the group's bits. */
static enum status check_one(int fd, const char *shown, enum status no_folder, struct error *e)
{
	struct file_identity who;
	TRY(file_identify(fd, &who, e));
	if (S_ISLNK(who.mode))
		return error_set(e, E_DENIED, "'%s' is a symbolic link", shown);
	if (!S_ISDIR(who.mode))
		return error_set(e, no_folder, "'%s' is not a folder", shown);
	if (who.uid != 0 && who.uid != geteuid())
		return error_set(e, E_DENIED,
			"the folder '%s' belongs to uid %u, who could exchange it", shown, who.uid);
	if ((who.mode & (S_IWGRP | S_IWOTH)) != 0 && (who.mode & S_ISVTX) == 0)
		return error_set(e, E_DENIED,
			"others than its owner may write in the folder '%s' (mode %04o)", shown,
			who.mode & 07777);
	return OK;
}

/* A path on its way from "/" down. */
struct walk {
	const char *path;
	bool make;  /* what is missing, mode 0700 */
	bool there; /* all that was walked so far */
	int fd;	    /* of the last folder that is there */
};

static enum status make_child(const struct walk *w, const char *name, struct error *e)
{
	if (FAULT("file_make_folder") || (mkdirat(w->fd, name, 0700) != 0 && errno != EEXIST))
		return error_sys(e, errno == EACCES || errno == EPERM ? E_DENIED : E_FAILED, errno,
			"make the folder '%s'", w->path);
	return OK;
}

/* w->fd is exchanged for its child. What is made is looked at like what was there: another user
 * may have been faster in a folder such as /tmp. */
static enum status descend(struct walk *w, const char *name, const char *shown, struct error *e)
{
	int child = openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (child < 0 && errno == ENOENT && w->make) {
		TRY(make_child(w, name, e));
		child = openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	w->there = child >= 0;
	if (child < 0 && errno == ENOENT && !w->make)
		return OK;
	if (child < 0)
		return error_sys(e, E_DENIED, errno, "look at the folder '%s'", shown);
	(void)close(w->fd);
	w->fd = child;
	return check_one(child, shown, w->make ? E_CONFLICT : E_DENIED, e);
}

static enum status walk_down(struct walk *w, struct error *e)
{
	AUTO_FREE char *shown = strdup(w->path);
	if (shown == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "check '%s'", w->path);
	w->there = true;
	w->fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w->fd < 0)
		return error_sys(e, E_FAILED, errno, "open '/'");
	TRY(check_one(w->fd, "/", E_FAILED, e));
	char *at = shown;
	while (w->there) {
		while (*at == '/')
			at++;
		if (*at == '\0')
			break;
		char *start = at;
		while (*at != '\0' && *at != '/')
			at++;
		char end = *at;
		*at = '\0';
		if (strcmp(start, "..") == 0 || strcmp(start, ".") == 0)
			return error_set(e, E_DENIED, "'%s' holds '%s'", w->path, start);
		TRY(descend(w, start, shown, e));
		*at = end;
	}
	return OK;
}

static enum status walk(const char *path, bool make, int *out_fd, bool *out_there, struct error *e)
{
	if (path[0] != '/')
		return error_set(e, E_INVALID, "'%s' is not an absolute path", path);
	struct walk w = { .path = path, .make = make, .fd = -1 };
	enum status status = walk_down(&w, e);
	*out_fd = w.fd;
	*out_there = w.there;
	return status;
}

enum status file_check_parents(const char *path, struct error *e)
{
	AUTO_FD int fd = -1;
	bool there = false;
	return walk(path, false, &fd, &there, e);
}

/* In a sticky folder of many users nobody exchanges what is ours, but anybody adds names: that is
 * good enough above a folder that we write in, not for that folder itself. */
static enum status check_own(int fd, const char *path, struct error *e)
{
	struct file_identity who;
	TRY(file_identify(fd, &who, e));
	if ((who.mode & (S_IWGRP | S_IWOTH)) != 0)
		return error_set(e, E_DENIED,
			"others than its owner may write in the folder '%s' (mode %04o)", path,
			who.mode & 07777);
	return OK;
}

enum status file_check_own_folder(const char *path, struct error *e)
{
	AUTO_FD int fd = -1;
	bool there = false;
	TRY(walk(path, false, &fd, &there, e));
	return there ? check_own(fd, path, e) : OK;
}

enum status file_make_folders(const char *path, struct error *e)
{
	AUTO_FD int fd = -1;
	bool there = false;
	TRY(walk(path, true, &fd, &there, e));
	return check_own(fd, path, e);
}
