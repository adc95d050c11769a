/*
 * Making and checking the mark of a state folder under its drills' records: see seal.h.
 */
#include "drill/keep/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fault.h"
#include "base/pack.h"
#include "base/random.h"
#include "sys/file.h"

struct seal_key {
	unsigned char bytes[SEAL_KEY_BYTES];
	/* Who the file is. A state folder that was unpacked from an archive brings its key along,
	 * and with it records that it would confirm; the file itself it cannot bring. */
	uint64_t inode;
	int64_t born_s; /* 0 where the file system does not tell */
	uint32_t born_ns;
};

static void wipe(struct seal_key *k)
{
	explicit_bzero(k, sizeof *k);
}
#define AUTO_SEAL_KEY __attribute__((cleanup(wipe)))

/* The drill's folder and its name, which is the drill's id. */
struct place {
	char path[PATH_MAX];
	const char *id;
};

static enum status find_place(int keep_folder_fd, struct place *out, struct error *e)
{
	char link[64];
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", keep_folder_fd);
	ssize_t n = FAULT("seal_place") ? (errno = EIO, -1)
					: readlink(link, out->path, sizeof out->path - 1);
	if (n <= 0)
		return error_sys(e, E_FAILED, errno, "find the drill's folder");
	out->path[n] = '\0';
	const char *slash = strrchr(out->path, '/');
	out->id = slash == NULL ? out->path : slash + 1;
	return OK;
}

/* --- the key --- */

static enum status open_drills(int keep_folder_fd, int *out_fd, struct error *e)
{
	int fd = openat(keep_folder_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(e, E_FAILED, errno, "open the folder of the drills");
	*out_fd = fd;
	return OK;
}

static enum status read_key(int drills_fd, struct seal_key *out, struct error *e)
{
	AUTO_FD int fd = -1;
	struct statx x;
	TRY(file_open_beneath(drills_fd, SEAL_KEY, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd, e));
	if (statx(fd, "", AT_EMPTY_PATH,
		    STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_UID | STATX_INO | STATX_SIZE |
			    STATX_BTIME,
		    &x) != 0)
		return error_sys(e, E_FAILED, errno, "look at %s", SEAL_KEY);
	if (!S_ISREG(x.stx_mode) || (x.stx_mode & 077) != 0 || x.stx_nlink != 1 ||
		x.stx_uid != geteuid() || x.stx_size != SEAL_KEY_BYTES ||
		read(fd, out->bytes, SEAL_KEY_BYTES) != SEAL_KEY_BYTES)
		return error_set(e, E_DENIED,
			"drills/%s is no key of this account's alone: a file of %d bytes, mode "
			"0600, without a second link",
			SEAL_KEY, SEAL_KEY_BYTES);
	bool told = (x.stx_mask & STATX_BTIME) != 0;
	out->inode = x.stx_ino;
	out->born_s = told ? x.stx_btime.tv_sec : 0;
	out->born_ns = told ? x.stx_btime.tv_nsec : 0;
	return OK;
}

static enum status make_key(int drills_fd, struct error *e)
{
	char bytes[SEAL_KEY_BYTES];
	random_bytes(bytes, sizeof bytes);
	enum status status = FAULT("seal_key")
				     ? error_sys(e, E_FAILED, ENOSPC, "write %s", SEAL_KEY)
				     : file_replace(drills_fd, SEAL_KEY,
					       (struct view){ bytes, sizeof bytes }, 0600, e);
	explicit_bzero(bytes, sizeof bytes);
	return status;
}

/* --- the mark --- */

static enum status mark_of(const struct seal_key *k, const struct place *place, const char *name,
	struct view content, struct digest *out, struct error *e)
{
	AUTO_BUF struct buf message;
	buf_init(&message, 8 * KIB);
	pack_put_text(&message, VIEW("tocsin seal 1"));
	pack_put_text(&message, view_of(name));
	pack_put_text(&message, view_of(place->id));
	pack_put_u64(&message, k->inode);
	pack_put_i64(&message, k->born_s);
	pack_put_u32(&message, k->born_ns);
	buf_add(&message, (struct view){ content.at + content.len - DIGEST_BYTES, DIGEST_BYTES });
	TRY(buf_check(&message, "seal", e));
	*out = digest_hmac(k->bytes, sizeof k->bytes, message.at, message.len);
	return OK;
}

enum status seal_add(int keep_folder_fd, const char *name, struct buf *record, struct error *e)
{
	AUTO_SEAL_KEY struct seal_key key = { .inode = 0 };
	AUTO_FD int drills_fd = -1;
	struct place place;
	struct digest mark;
	TRY(buf_check(record, name, e));
	if (record->len < DIGEST_BYTES)
		return error_set(e, E_INVALID, "a record without its closing hash has no seal");
	TRY(find_place(keep_folder_fd, &place, e));
	TRY(open_drills(keep_folder_fd, &drills_fd, e));
	enum status status = read_key(drills_fd, &key, e);
	if (status == E_ABSENT) {
		TRY(make_key(drills_fd, e));
		status = read_key(drills_fd, &key, e);
	}
	TRY(status);
	TRY(mark_of(&key, &place, name, buf_view(record), &mark, e));
	buf_add(record, VIEW(SEAL_MAGIC));
	pack_put_digest(record, mark);
	return buf_check(record, name, e);
}

/* No sentence says where the record claims that the arena lies: who would forge one would have the
 * user remove that folder by his own hand. */
enum status seal_check(int keep_folder_fd, const char *name, struct view record,
	struct view *out_content, struct error *e)
{
	AUTO_SEAL_KEY struct seal_key key = { .inode = 0 };
	AUTO_FD int drills_fd = -1;
	struct place place;
	struct digest wanted;
	struct digest found;
	const size_t n_magic = sizeof SEAL_MAGIC - 1;
	TRY(find_place(keep_folder_fd, &place, e));
	if (record.len < SEAL_BYTES + DIGEST_BYTES ||
		memcmp(record.at + record.len - SEAL_BYTES, SEAL_MAGIC, n_magic) != 0)
		return error_set(e, E_DENIED,
			"%.300s/%s bears no seal of this state folder: an earlier version made it, "
			"or somebody else. Nothing was touched. What that drill planted lies in "
			"the "
			"folder that was named for it: look into it and remove it by hand (rm -r)",
			place.path, name);
	TRY(open_drills(keep_folder_fd, &drills_fd, e));
	enum status status = read_key(drills_fd, &key, e);
	if (status == E_ABSENT)
		return error_set(e, E_DENIED,
			"%.300s/%s cannot be believed without drills/%s, the key of its seal, "
			"which "
			"is gone. Nothing was touched. What that drill planted lies in the folder "
			"that was named for it: look into it and remove it by hand (rm -r)",
			place.path, name, SEAL_KEY);
	TRY(status);
	struct view content = { record.at, record.len - SEAL_BYTES };
	TRY(mark_of(&key, &place, name, content, &wanted, e));
	memcpy(found.bytes, record.at + record.len - DIGEST_BYTES, DIGEST_BYTES);
	if (!digest_equal(&found, &wanted))
		return error_set(e, E_DENIED,
			"the seal of %.300s/%s is not this state folder's: the record was changed "
			"or "
			"brought here, or the state folder is a copy, or its drills/%s another "
			"one. "
			"Nothing was touched. What that drill planted lies in the folder that was "
			"named for it: look into it and remove it by hand (rm -r)",
			place.path, name, SEAL_KEY);
	*out_content = content;
	return OK;
}
