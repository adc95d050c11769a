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
	l->n_given = 0;
}

void lines_done(struct lines *l)
{
	buf_done(&l->partial);
}

/* What was given as the beginning of a line and was no alert is given again as a whole. */
static void give(struct lines *l, channel_sink sink, void *context)
{
	(void)sink(buf_view(&l->partial), DETECT_NONE, context);
	buf_reset(&l->partial);
	l->n_given = 0;
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

void lines_rest(struct lines *l, channel_sink sink, void *context)
{
	if (l->dropping || l->partial.len == l->n_given)
		return;
	l->n_given = l->partial.len;
	if (!sink(buf_view(&l->partial), DETECT_NONE, context))
		return;
	buf_reset(&l->partial);
	l->n_given = 0;
	l->dropping = true;
}

void lines_flush(struct lines *l, channel_sink sink, void *context)
{
	if (l->partial.len > 0)
		give(l, sink, context);
	l->dropping = false;
}

/* --- tail --- */

/* A link is followed where root or the user of this run made it: whoever else may write in the
 * folder does not choose which file's lines come into the report. */
static enum status check_link(const char *path, struct error *e)
{
	struct stat st;
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && st.st_uid != 0 &&
		st.st_uid != geteuid())
		return error_set(e, E_DENIED, "%s is a link made by uid %u", path, st.st_uid);
	return OK;
}

/* Opens what the path names now. OK with fd -1 where there is nothing, E_DENIED where there is
 * something that cannot be read. What is no file is not opened at all: opening a device may act on
 * it. */
static enum status open_now(struct tail *t, struct error *e)
{
	struct stat st;
	TRY(check_link(t->path, e));
	AUTO_FD int place_fd = open(t->path, O_PATH | O_CLOEXEC);
	if (place_fd < 0 && errno == ENOENT)
		return OK;
	if (place_fd < 0)
		return error_sys(e, E_DENIED, errno, "open %s", t->path);
	if (fstat(place_fd, &st) != 0)
		return error_sys(e, E_FAILED, errno, "look at %s", t->path);
	bool fifo = t->fifo_allowed && S_ISFIFO(st.st_mode);
	if (!S_ISREG(st.st_mode) && !fifo)
		return error_set(e, E_DENIED, "%s is not a regular file", t->path);
	/* Both ends of a FIFO, so that a writer that goes away does not end it. */
	char place[64];
	(void)snprintf(place, sizeof place, "/proc/self/fd/%d", place_fd);
	AUTO_FD int fd =
		open(place, (fifo ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(e, E_DENIED, errno, "open %s", t->path);
	t->device = st.st_dev;
	t->inode = st.st_ino;
	t->is_fifo = fifo;
	t->at = 0;
	t->was_open = true;
	t->fd = TAKE_FD(fd);
	return OK;
}

/* What is wrong from the start is the caller's mistake, not a passing trouble. */
static enum status open_first(struct tail *t, struct error *e)
{
	enum status status = open_now(t, e);
	if (status == E_DENIED)
		e->status = status = E_INVALID;
	return status;
}

enum status tail_open(struct tail *t, const char *path, bool fifo_allowed, struct error *e)
{
	*t = (struct tail){ .fd = -1, .fifo_allowed = fifo_allowed };
	(void)snprintf(t->path, sizeof t->path, "%s", path);
	lines_init(&t->lines);
	TRY(open_first(t, e));
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

/* A piece at a time: a pattern may take long for a line. */
static enum status read_on(
	struct tail *t, size_t *left, const struct channel_look *look, struct error *e)
{
	char bytes[4 * 1024];
	do {
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
		lines_add(&t->lines, (struct view){ bytes, (size_t)n }, look->sink, look->context);
	} while (*left > 0 && !channel_look_over(look));
	*left = 0;
	return OK;
}

/* Where the path names another file by now, goes over to it. *out_moved says so. */
static enum status follow(
	struct tail *t, const struct channel_look *look, bool *out_moved, struct error *e)
{
	struct stat st;
	*out_moved = false;
	if (stat(t->path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR))
		return OK; /* rotated away; the next one is not there yet */
	if (stat(t->path, &st) != 0)
		return error_sys(e, E_DENIED, errno, "look at %s", t->path);
	if (t->fd >= 0 && st.st_dev == t->device && st.st_ino == t->inode)
		return OK;
	lines_flush(&t->lines, look->sink, look->context);
	if (t->fd >= 0)
		(void)close(TAKE_FD(t->fd)); /* read only: nothing can be lost */
	TRY(open_now(t, e));
	*out_moved = t->fd >= 0;
	return OK;
}

enum status tail_poll(struct tail *t, const struct channel_look *look, struct error *e)
{
	size_t left = TAIL_POLL_BYTES_MAX;
	for (int turn = 0; turn < 4; turn++) {
		struct stat st;
		if (t->fd >= 0 && !t->is_fifo && fstat(t->fd, &st) == 0 && st.st_size < t->at) {
			lines_flush(&t->lines, look->sink, look->context);
			t->at = 0; /* truncated: whatever is there now is new */
		}
		if (t->fd >= 0)
			TRY(read_on(t, &left, look, e));
		/* Nothing since the last look: a tool that ends no line has said what it says. */
		if (left == TAIL_POLL_BYTES_MAX)
			lines_rest(&t->lines, look->sink, look->context);
		bool moved = false;
		if (t->is_fifo || left == 0)
			return OK;
		TRY(follow(t, look, &moved, e));
		if (!moved)
			return OK;
	}
	return OK;
}

uint64_t tail_n_unread(const struct tail *t)
{
	struct stat st;
	if (t->fd < 0 || t->is_fifo || fstat(t->fd, &st) != 0 || st.st_size <= t->at)
		return 0;
	return (uint64_t)(st.st_size - t->at);
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

static enum status file_poll(void *self, const struct channel_look *look, struct error *e)
{
	return tail_poll(self, look, e);
}

static bool file_was_open(const void *self)
{
	return ((const struct tail *)self)->was_open;
}

static uint64_t file_n_unread(const void *self)
{
	return tail_n_unread(self);
}

static void file_close(void *self)
{
	tail_close(self);
	free(self);
}

const struct channel_type channel_type_file = { "file", file_open, file_poll, file_was_open,
	file_n_unread, file_close };
