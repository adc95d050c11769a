/*
 * The drill's folder and the home's lock: see keep.h.
 */
#include "drill/keep/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/random.h"
#include "sys/file.h"

static enum status open_drills(const char *home, int *out_fd, struct error *e)
{
	AUTO_BUF struct buf path;
	buf_init(&path, 8 * KIB);
	buf_addf(&path, "%s/drills", home);
	TRY(buf_check(&path, "the home's path", e));
	TRY(file_make_folders(buf_text(&path), e));
	return file_open_folder(buf_text(&path), out_fd, e);
}

enum status keep_make(const char *home, const char *id, int *out_fd, struct error *e)
{
	AUTO_FD int drills = -1;
	TRY(open_drills(home, &drills, e));
	if (FAULT("keep_make"))
		return error_sys(e, E_FAILED, ENOSPC, "make the folder of drill %s", id);
	if (mkdirat(drills, id, 0700) != 0)
		return error_sys(e, errno == EEXIST ? E_CONFLICT : E_FAILED, errno,
			"make the folder of drill %s", id);
	TRY(file_open_beneath(drills, id, O_RDONLY | O_DIRECTORY, 0, out_fd, e));
	return file_sync_folder(drills, e);
}

enum status keep_open(const char *home, const char *id, int *out_fd, struct error *e)
{
	struct id checked;
	if (!id_parse(view_of(id), &checked))
		return error_set(e, E_ABSENT, "there is no drill %s", id);
	AUTO_FD int drills = -1;
	TRY(open_drills(home, &drills, e));
	enum status status =
		file_open_beneath(drills, checked.text, O_RDONLY | O_DIRECTORY, 0, out_fd, e);
	if (status == E_ABSENT)
		return error_set(e, E_ABSENT, "there is no drill %s", id);
	return status;
}

const char *keep_path(struct pool *p, const char *home, const char *id, const char *name)
{
	return pool_textf(p, "%s/drills/%s/%s", home, id, name);
}

/* --- escrow --- */

enum status keep_escrow_make(int keep_fd, unsigned char out[ESCROW_KEY_BYTES], struct error *e)
{
	AUTO_FD int fd = -1;
	enum status status =
		file_open_beneath(keep_fd, KEEP_ESCROW, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, e);
	if (status != OK)
		return error_wrap(e, "keep the key that undoes the drill");
	unsigned char key[ESCROW_KEY_BYTES];
	random_bytes(key, sizeof key);
	status = FAULT("escrow_write") ? error_sys(e, E_FAILED, ENOSPC, "write %s", KEEP_ESCROW)
				       : file_write_all(fd, key, sizeof key, e);
	if (status == OK && fsync(fd) != 0)
		status = error_sys(e, E_FAILED, errno, "write %s to disk", KEEP_ESCROW);
	if (status == OK)
		status = file_sync_folder(keep_fd, e);
	if (status != OK) {
		(void)unlinkat(keep_fd, KEEP_ESCROW, 0); /* half a key helps nobody */
		return error_wrap(e, "keep the key that undoes the drill");
	}
	memcpy(out, key, sizeof key);
	explicit_bzero(key, sizeof key);
	return OK;
}

enum status keep_escrow_read(
	int keep_fd, unsigned char out[ESCROW_KEY_BYTES], bool *out_there, struct error *e)
{
	AUTO_BUF struct buf key;
	buf_init(&key, ESCROW_KEY_BYTES + 1);
	enum status status = file_read_all(keep_fd, KEEP_ESCROW, ESCROW_KEY_BYTES, &key, e);
	if (status == E_ABSENT) {
		*out_there = false;
		return OK;
	}
	TRY(status);
	if (key.len != ESCROW_KEY_BYTES)
		return error_set(e, E_INVALID, "%s does not hold a key", KEEP_ESCROW);
	memcpy(out, key.at, ESCROW_KEY_BYTES);
	explicit_bzero(key.at, key.len);
	*out_there = true;
	return OK;
}

enum status keep_write_state(int keep_fd, enum drill_state state, int64_t wall_ns,
	const char *scenario, const char *arena, struct error *e)
{
	AUTO_BUF struct buf line;
	buf_init(&line, 16 * KIB);
	char at[TIME_TEXT_MAX];
	buf_addf(&line, "%s %s %s %s\n", drill_state_name(state), time_text(wall_ns, at), scenario,
		arena);
	TRY(buf_check(&line, "the drill's state", e));
	if (FAULT("keep_write_state"))
		return error_sys(e, E_FAILED, ENOSPC, "write the drill's state");
	return file_replace(keep_fd, KEEP_STATE, buf_view(&line), 0600, e);
}

/* --- the lock --- */

/* An open file description lock: the kernel drops it with the process, and asking for it takes
 * nothing. */
static struct flock whole_file(void)
{
	return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
}

static bool read_holder(int fd, struct id *out)
{
	char text[ID_TEXT_LEN];
	return pread(fd, text, sizeof text, 0) == ID_TEXT_LEN &&
	       id_parse((struct view){ text, sizeof text }, out);
}

enum status keep_lock(const char *home, const char *id, int *out_fd, struct error *e)
{
	AUTO_FD int drills = -1;
	TRY(open_drills(home, &drills, e));
	AUTO_FD int fd = -1;
	TRY(file_open_beneath(drills, "lock", O_RDWR | O_CREAT, 0600, &fd, e));
	struct flock lock = whole_file();
	if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
		struct id holder;
		if (errno != EAGAIN && errno != EACCES)
			return error_sys(e, E_FAILED, errno, "lock %s/drills", home);
		if (read_holder(fd, &holder))
			return error_set(e, E_CONFLICT, "drill %s is running", holder.text);
		return error_set(e, E_CONFLICT, "another drill is running");
	}
	if (pwrite(fd, id, strlen(id), 0) != (ssize_t)strlen(id))
		return error_sys(e, E_FAILED, errno, "write %s/drills/lock", home);
	*out_fd = TAKE_FD(fd);
	return OK;
}

bool keep_locked(const char *home, struct id *out_id)
{
	AUTO_FD int drills = -1;
	AUTO_FD int fd = -1;
	struct error unused;
	if (open_drills(home, &drills, &unused) != OK ||
		file_open_beneath(drills, "lock", O_RDWR, 0, &fd, &unused) != OK)
		return false;
	struct flock lock = whole_file();
	if (fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		return false;
	return read_holder(fd, out_id);
}
