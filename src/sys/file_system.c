/*
 * Which file system a folder lies on.
 */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

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
		.read_only = (fs.f_flags & ST_RDONLY) != 0,
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
