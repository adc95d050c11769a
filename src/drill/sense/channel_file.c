/*
 * The file channel: lines appended to a log or alert file, and the tail that the operator's file
 * uses too. Where a log is truncated and grows beyond its old length between two looks (a tenth of
 * a second), the new lines in front of that length are missed: the kernel does not tell.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "drill/sense/channel_source.h"

/* --- lines --- */

void lines_init(struct lines *l)
{
	buf_init(&l->partial, LINE_BYTES_MAX + 1);
	l->dropping = false;
}

void lines_done(struct lines *l)
{
	buf_done(&l->partial);
}

static void give(struct lines *l, channel_sink sink, void *context)
{
	sink(buf_view(&l->partial), DETECT_NONE, context);
	buf_reset(&l->partial);
}

void lines_add(struct lines *l, struct view bytes, channel_sink sink, void *context)
{
	while (bytes.len > 0) {
		const char *newline = memchr(bytes.at, '\n', bytes.len);
		size_t n = newline == NULL ? bytes.len : (size_t)(newline - bytes.at);
		if (!l->dropping) {
			size_t room = LINE_BYTES_MAX - l->partial.len;
			buf_add_bytes(&l->partial, bytes.at, n < room ? n : room);
			if (n > room) {
				give(l, sink, context);
				l->dropping = true;
			}
		}
		if (newline == NULL)
			return;
		if (!l->dropping)
			give(l, sink, context);
		l->dropping = false;
		bytes.at += n + 1;
		bytes.len -= n + 1;
	}
}

void lines_flush(struct lines *l, channel_sink sink, void *context)
{
	if (l->partial.len > 0)
		give(l, sink, context);
	l->dropping = false;
}

/* --- tail --- */

/* Opens what the path names now. OK with fd -1 where there is nothing. */
static enum status open_now(struct tail *t, bool fifo_allowed, struct error *e)
{
	/* Both ends of a FIFO, so that a writer that goes away does not end it. */
	struct stat st;
	bool fifo = fifo_allowed && stat(t->path, &st) == 0 && S_ISFIFO(st.st_mode);
	AUTO_FD int fd =
		open(t->path, (fifo ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return OK;
	if (fd < 0)
		return error_sys(e, E_INVALID, errno, "open %s", t->path);
	if (fstat(fd, &st) != 0)
		return error_sys(e, E_FAILED, errno, "look at %s", t->path);
	if (!S_ISREG(st.st_mode) && !(fifo && S_ISFIFO(st.st_mode)))
		return error_set(e, E_INVALID, "%s is not a regular file", t->path);
	t->device = st.st_dev;
	t->inode = st.st_ino;
	t->is_fifo = S_ISFIFO(st.st_mode);
	t->at = 0;
	t->fd = TAKE_FD(fd);
	return OK;
}

enum status tail_open(struct tail *t, const char *path, bool fifo_allowed, struct error *e)
{
	*t = (struct tail){ .fd = -1 };
	(void)snprintf(t->path, sizeof t->path, "%s", path);
	lines_init(&t->lines);
	TRY(open_now(t, fifo_allowed, e));
	if (t->fd >= 0 && !t->is_fifo) {
		t->at = lseek(t->fd, 0, SEEK_END);
		if (t->at < 0)
			return error_sys(e, E_FAILED, errno, "look at the end of %s", path);
		return OK;
	}
	char folder[sizeof t->path];
	memcpy(folder, t->path, sizeof folder);
	struct stat st;
	if (stat(dirname(folder), &st) != 0 || !S_ISDIR(st.st_mode))
		return error_set(e, E_INVALID, "%s: its folder does not exist", path);
	return OK;
}

/* Reads on to the present end; *left is what may still be read in this look. */
static enum status read_on(
	struct tail *t, size_t *left, channel_sink sink, void *context, struct error *e)
{
	char bytes[16 * 1024 - 512];
	while (*left > 0) {
		size_t n_wanted = *left < sizeof bytes ? *left : sizeof bytes;
		ssize_t n = FAULT("tail_read") ? (errno = EIO, -1)
			    : t->is_fifo       ? read(t->fd, bytes, n_wanted)
					       : pread(t->fd, bytes, n_wanted, t->at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return OK;
		if (n < 0)
			return error_sys(e, E_FAILED, errno, "read %s", t->path);
		if (n == 0)
			return OK;
		t->at += n;
		*left -= (size_t)n;
		lines_add(&t->lines, (struct view){ bytes, (size_t)n }, sink, context);
	}
	return OK;
}

/* Where the path names another file by now, goes over to it. *out_moved says so. */
static enum status follow(
	struct tail *t, channel_sink sink, void *context, bool *out_moved, struct error *e)
{
	struct stat st;
	*out_moved = false;
	if (stat(t->path, &st) != 0)
		return OK; /* rotated away; the next one is not there yet */
	if (t->fd >= 0 && st.st_dev == t->device && st.st_ino == t->inode)
		return OK;
	lines_flush(&t->lines, sink, context);
	if (t->fd >= 0)
		(void)close(TAKE_FD(t->fd)); /* read only: nothing can be lost */
	TRY(open_now(t, false, e));
	*out_moved = t->fd >= 0;
	return OK;
}

enum status tail_poll(struct tail *t, channel_sink sink, void *context, struct error *e)
{
	size_t left = TAIL_POLL_BYTES_MAX;
	for (int turn = 0; turn < 4; turn++) {
		struct stat st;
		if (t->fd >= 0 && !t->is_fifo && fstat(t->fd, &st) == 0 && st.st_size < t->at) {
			lines_flush(&t->lines, sink, context);
			t->at = 0; /* truncated: whatever is there now is new */
		}
		if (t->fd >= 0)
			TRY(read_on(t, &left, sink, context, e));
		bool moved = false;
		if (t->is_fifo || left == 0)
			return OK;
		TRY(follow(t, sink, context, &moved, e));
		if (!moved)
			return OK;
	}
	return OK;
}

void tail_close(struct tail *t)
{
	if (t->fd >= 0)
		(void)close(TAKE_FD(t->fd)); /* read only */
	lines_done(&t->lines);
}

/* --- the channel --- */

static enum status file_open(const struct channel_spec *spec, const struct drill_watch *watch,
	void **out_self, struct error *e)
{
	(void)watch;
	AUTO_FREE struct tail *t = FAULT("channel_file_open") ? NULL : calloc(1, sizeof *t);
	if (t == NULL)
		return error_set(e, E_NO_SPACE, "no memory for a channel");
	enum status status = tail_open(t, spec->path, false, e);
	if (status != OK) {
		tail_close(t);
		return status;
	}
	*out_self = TAKE(t);
	return OK;
}

static enum status file_poll(void *self, channel_sink sink, void *context, struct error *e)
{
	return tail_poll(self, sink, context, e);
}

static void file_close(void *self)
{
	tail_close(self);
	free(self);
}

const struct channel_type channel_type_file = { "file", file_open, file_poll, file_close };
