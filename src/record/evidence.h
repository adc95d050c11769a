/*
 * Evidence of one job as JSON Lines, each line chained to the one before by SHA-256; the last line
 * is a DSSE envelope over the chain's head. It proves that nothing was changed later, not that what
 * it says is true: an administrator of the host can write what he likes before signing.
 *
 * A line: {"n":1,"prev":"<hex>","at":"<RFC 3339>","event":"…","data":{…}} — prev of line 1 is 64
 * zeros, of line n the SHA-256 of line n-1's bytes without its newline. The last line:
 * {"n":N,"prev":"<hex>","envelope":{DSSE}} with a payload of
 * {"head":"<hex of line N-1>","lines":N-1,"subject":"<id>","at":"…"} and the payload type
 * application/vnd.tocsin.evidence+json.
 */
#ifndef RECORD_EVIDENCE_H
#define RECORD_EVIDENCE_H

#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "record/key.h"

#define EVIDENCE_BYTES_MAX (256 * MIB)
#define EVIDENCE_TYPE "application/vnd.tocsin.evidence+json"

struct evidence;
/* Makes <folder_fd>/<name> (O_EXCL, 0600). */
enum status evidence_create(int folder_fd, const char *name, const char *subject,
	struct evidence **out, struct error *e) MUST_CHECK;
/* Takes the reference to `data` (also on failure). Written at once, on disk after evidence_sync. */
enum status evidence_add(struct evidence *v, int64_t wall_ns, const char *event, json_t *data,
	struct error *e) MUST_CHECK;
enum status evidence_sync(struct evidence *v, struct error *e) MUST_CHECK;
/* The closing line; nothing can be added afterwards. Durable on OK. */
enum status evidence_sign(
	struct evidence *v, int64_t wall_ns, const struct key *key, struct error *e) MUST_CHECK;
void evidence_close(struct evidence *v);
AUTO_TYPE(evidence_close, struct evidence *)

struct evidence_check {
	bool valid;
	uint64_t first_bad_line; /* 1-based; 0 where valid. A missing end is the line after the
				    last. */
	char reason[256];	 /* translated sentence; "" where valid */
	char key_id[KEY_ID_LEN + 1];
	char subject[64];
	uint64_t n_lines;
};
/* An error only where the file cannot be read at all; a bad file is OK with valid = false. */
enum status evidence_verify(struct view bytes, const struct keyring *ring, const struct key *extra,
	struct evidence_check *out, struct error *e) MUST_CHECK;

#endif
