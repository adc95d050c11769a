/*
 * Files as we use them: always relative to a folder's descriptor, close-on-exec, resolved by
 * openat2(2) beneath that folder without symbolic links, magic links or mount crossings.
 */
#ifndef SYS_FILE_H
#define SYS_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/* Who a file is, as statx(2) tells on an opened descriptor. */
struct file_identity {
	uint64_t device;
	uint64_t inode;
	uint64_t mount_id; /* 0 where the kernel does not tell (before 5.8) */
	uint32_t uid;
	uint32_t gid;
	uint32_t mode; /* with the type bits */
	uint32_t n_links;
	uint64_t size_bytes;
	uint64_t blocks;    /* of 512 bytes */
	int64_t changed_ns; /* ctime */
	int64_t modified_ns;
};
enum status file_identify(int fd, struct file_identity *out, struct error *e) MUST_CHECK;

/* `name` is relative and stays beneath `folder_fd` (RESOLVE_BENEATH|NO_SYMLINKS|NO_MAGICLINKS|
 * NO_XDEV). Returns the descriptor in *out. E_ABSENT for ENOENT. `flags` as for open(2),
 * O_CLOEXEC|O_NOFOLLOW are added; `mode` only with O_CREAT. */
enum status file_open_beneath(int folder_fd, const char *name, int flags, mode_t mode, int *out,
	struct error *e) MUST_CHECK;
/* One path component: not empty, not "." or "..", no '/', no NUL, at most 255 bytes. */
bool file_is_single_name(struct view name);

/* The rest is for the conductor and the tops, on ordinary paths. */
enum status file_open_folder(const char *path, int *out, struct error *e) MUST_CHECK;
/* Makes the folder and missing parents, mode 0700. `path` is absolute; E_DENIED where the folder,
 * made or found, is not as file_check_own_folder wants it, E_INVALID where a file is in the way. */
enum status file_make_folders(const char *path, struct error *e) MUST_CHECK;
/* Regular files alone (those of /proc are), so that no FIFO and no device is waited for. */
enum status file_read_all(int folder_fd, const char *path, size_t ceiling_bytes, struct buf *out,
	struct error *e) MUST_CHECK; /* folder_fd may be AT_FDCWD */
/* All or nothing: temporary file in the same folder, fsync, rename, fsync of the folder. */
enum status file_replace(int folder_fd, const char *name, struct view content, mode_t mode,
	struct error *e) MUST_CHECK;
enum status file_write_all(int fd, const void *bytes, size_t n_bytes, struct error *e) MUST_CHECK;
enum status file_sync_folder(int folder_fd, struct error *e) MUST_CHECK;
/* A sealed memfd holding `content`, to hand to a role read-only. */
enum status file_memory(
	const char *name, struct view content, int *out, struct error *e) MUST_CHECK;

/* --- file systems --- */

struct file_system {
	char kind[24]; /* "ext4", "xfs", "btrfs", "tmpfs", "overlay", "fuse", "nfs", "0x…" */
	bool allowed;  /* ext4, xfs, btrfs */
	bool read_only;
	uint64_t free_bytes; /* for an unprivileged user */
	uint64_t total_bytes;
	uint64_t free_inodes;
};
enum status file_system_of(int fd, struct file_system *out, struct error *e) MUST_CHECK;
/* --- whose hands a path is in (docs/decisions/0070) ---
 *
 * Paths are absolute. The keeper of a path is who asks. A folder on the way is good where it
 * belongs to root or the keeper and nobody else may write in it: not by the mode's bits for others,
 * not by the group's unless the group is the keeper's private one (account.h) and no access list
 * names anybody. A sticky folder is good above another one: there nobody exchanges what is not his.
 */

/* E_DENIED, naming the folder, where one of them is not good up to and with `path`, or where `path`
 * is reached through a symbolic link or dots; E_INVALID where one is a file. OK where it is not
 * there yet. */
enum status file_check_parents(const char *path, struct error *e) MUST_CHECK;
/* For a folder that we write in: as above, sticky is not enough for the folder itself, and we may
 * write there, or in the last folder above it that is there. */
enum status file_check_own_folder(const char *path, struct error *e) MUST_CHECK;
/* Replaces *out by the path with its links and dots resolved; names that are not there yet stay as
 * they are. Only links of root's and the keeper's in good folders are followed, so that the result
 * is what nobody else can move; E_DENIED otherwise. `path` itself is not looked into. */
enum status file_resolve(const char *path, struct buf *out, struct error *e) MUST_CHECK;
/* For what root is to leave with an account: where root asks and the way leads into a folder of
 * another account's, that one is the keeper, in *out_keeper. Write there by account_do_as alone. */
enum status file_resolve_kept(
	const char *path, struct buf *out, uid_t *out_keeper, struct error *e) MUST_CHECK;

#endif
