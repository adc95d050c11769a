/*
 * What the kinds of channel have in common, between channel.c and channel_*.c only.
 */
#ifndef DRILL_CHANNEL_SOURCE_H
#define DRILL_CHANNEL_SOURCE_H

#include <sys/types.h>

#include "base/buf.h"
#include "drill/sense/channel.h"

/* `kind` DETECT_NONE: that of the spec, where its pattern matches. */
typedef void (*channel_sink)(struct view text, enum drill_detect kind, void *context);

/* Rows of a const table in channel.c, one for each enum channel_kind. */
struct channel_type {
	const char *name;
	enum status (*open)(const struct channel_spec *spec, const struct drill_watch *watch,
		void **out_self, struct error *e);
	/* An error: the channel is broken. */
	enum status (*poll)(void *self, channel_sink sink, void *context, struct error *e);
	void (*close)(void *self);
};
extern const struct channel_type channel_type_file, channel_type_journal, channel_type_webhook,
	channel_type_operator;

/* Bytes into lines: a line over LINE_BYTES_MAX is given once, cut, and the rest of it dropped. */
enum { LINE_BYTES_MAX = 64 * 1024, TAIL_POLL_BYTES_MAX = 1024 * 1024 };
struct lines {
	struct buf partial;
	bool dropping;
};
void lines_init(struct lines *l);
void lines_done(struct lines *l);
void lines_add(struct lines *l, struct view bytes, channel_sink sink, void *context);
/* What is left without a newline. */
void lines_flush(struct lines *l, channel_sink sink, void *context);

/* A file that grows, followed through rotation, truncation, removal and reappearance. */
struct tail {
	char path[CHANNEL_SPEC_MAX + 1];
	int fd; /* -1: not there at the moment */
	dev_t device;
	ino_t inode;
	off_t at;
	bool is_fifo;
	struct lines lines;
};
/* Begins at the present end of the file. The file may be absent, its folder may not. */
enum status tail_open(
	struct tail *t, const char *path, bool fifo_allowed, struct error *e) MUST_CHECK;
enum status tail_poll(struct tail *t, channel_sink sink, void *context, struct error *e) MUST_CHECK;
void tail_close(struct tail *t);

#endif
