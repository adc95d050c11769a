/*
 * What the kinds of channel have in common, between channel.c and channel_*.c only.
 */
#ifndef DRILL_CHANNEL_SOURCE_H
#define DRILL_CHANNEL_SOURCE_H

#include <sys/types.h>

#include "base/buf.h"
#include "drill/sense/channel.h"

/* `kind` DETECT_NONE: that of the spec, where its pattern matches. True where it is an alert. */
typedef bool (*channel_sink)(struct view text, enum drill_detect kind, void *context);

/* One look at a channel. Who reads more than a little asks in between whether the look is over: the
 * conductor has a lease to renew, whatever somebody writes into a log. */
struct channel_look {
	channel_sink sink;
	void *context;
	const struct clock *clock;
	int64_t until_boot_ns;
};
static inline bool channel_look_over(const struct channel_look *look)
{
	return clock_boot_ns(look->clock) >= look->until_boot_ns;
}

/* Rows of a const table in channel.c, one for each enum channel_kind. */
struct channel_type {
	const char *name;
	enum status (*open)(const struct channel_spec *spec, const struct drill_watch *watch,
		void **out_self, struct error *e);
	/* E_DENIED: nothing can be read at the moment, it is tried again. Another error: the
	 * channel is broken. */
	enum status (*poll)(void *self, const struct channel_look *look, struct error *e);
	/* False where there was never anything to read; NULL: there was. */
	bool (*was_open)(const void *self);
	/* Bytes that have arrived and were not looked at yet; NULL: none. */
	uint64_t (*n_unread)(const void *self);
	void (*close)(void *self);
};
extern const struct channel_type channel_type_file, channel_type_journal, channel_type_webhook,
	channel_type_operator;

/* Bytes into lines: a line over LINE_BYTES_MAX is given once, cut, and the rest of it dropped. */
enum { LINE_BYTES_MAX = 64 * 1024, TAIL_POLL_BYTES_MAX = 1024 * 1024 };
struct lines {
	struct buf partial;
	bool dropping;
	size_t n_given; /* of the partial line, when it was given without its end */
};
void lines_init(struct lines *l);
void lines_done(struct lines *l);
void lines_add(struct lines *l, struct view bytes, channel_sink sink, void *context);
/* Nothing came for a while: gives what is left without a newline; where it is an alert, the rest of
 * that line is dropped. */
void lines_rest(struct lines *l, channel_sink sink, void *context);
/* What is left without a newline, for good. */
void lines_flush(struct lines *l, channel_sink sink, void *context);

/* A file that grows, followed through rotation, truncation, removal and reappearance. */
struct tail {
	char path[CHANNEL_SPEC_MAX + 1];
	int fd; /* -1: not there at the moment */
	dev_t device;
	ino_t inode;
	off_t at;
	bool is_fifo, fifo_allowed;
	bool was_open; /* it was there at least once */
	struct lines lines;
};
/* Begins at the present end of the file. The file may be absent, its folder may not. */
enum status tail_open(
	struct tail *t, const char *path, bool fifo_allowed, struct error *e) MUST_CHECK;
enum status tail_poll(struct tail *t, const struct channel_look *look, struct error *e) MUST_CHECK;
/* Bytes of the file behind what was read. */
uint64_t tail_n_unread(const struct tail *t);
void tail_close(struct tail *t);

#endif
