/*
 * What the witness sees of one file, and what differs between two looks. Private to the witness.
 */
#ifndef DRILL_WITNESS_SIGHT_H
#define DRILL_WITNESS_SIGHT_H

#include "base/digest.h"
#include "base/error.h"
#include "sys/file.h"

enum sight_change {
	SIGHT_SAME,
	SIGHT_GONE,
	SIGHT_NEW,
	SIGHT_NAME,
	SIGHT_CONTENT,
	SIGHT_MODE,
	SIGHT_OWNER,
	SIGHT_ATTRIBUTE,
	SIGHT_LINKS,
	SIGHT_TIME,
	SIGHT_CHANGES
};

struct sight {
	struct file_identity who;
	struct digest content;
	struct digest attributes;
};

/* "content", "gone", …; NULL for SIGHT_SAME and what is none. */
const char *sight_change_name(unsigned change);
/* Reads the whole file; the caller has bounded it. E_ABSENT where it shrank or grew meanwhile is no
 * failure: the bytes that were there count. */
enum status sight_take(int fd, struct sight *out, struct error *e) MUST_CHECK;
/* The first difference, the gravest first. */
enum sight_change sight_compare(const struct sight *before, const struct sight *after);

#endif
