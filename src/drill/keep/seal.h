/*
 * The seal: a mark under a record of a drill that only its own state folder can make. Undo, run and
 * clean-up believe what the record says about where the arena is and what in it is the drill's, so
 * it must be one that this state folder wrote, and not one that somebody laid there. Reasons and
 * limits: docs/decisions/0077-records-that-undo-believes-are-sealed.md.
 *
 * A sealed record is its content, SEAL_MAGIC, and HMAC-SHA-256 under <home>/drills/seal.key over
 * the record's name, the drill's folder, who the key's file is (inode and birth) and the content's
 * closing hash. The last 32 bytes of the content must be a hash over all before them, which the
 * content's own reader checks: manifest_read does so before it looks at any field.
 */
#ifndef DRILL_SEAL_H
#define DRILL_SEAL_H

#include "base/buf.h"
#include "base/error.h"
#include "base/view.h"

#define SEAL_KEY "seal.key"
#define SEAL_MAGIC "TOCSIN-SEAL-1\n"
enum { SEAL_KEY_BYTES = 32, SEAL_BYTES = sizeof SEAL_MAGIC - 1 + 32 };

/* Appends the mark to the content in *record, which will be <keep_folder>/<name>. Makes the key
 * (0600, on disk before this returns) where there is none yet: with the home's lock held. */
enum status seal_add(
	int keep_folder_fd, const char *name, struct buf *record, struct error *e) MUST_CHECK;
/* *out_content: the record without its mark. E_DENIED, in words for the user, where there is no
 * mark, another one than this state folder makes, or no key to tell by. */
enum status seal_check(int keep_folder_fd, const char *name, struct view record,
	struct view *out_content, struct error *e) MUST_CHECK;

#endif
