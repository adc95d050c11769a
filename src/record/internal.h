/*
 * What the files of this folder share; nobody else includes it.
 */
#ifndef RECORD_INTERNAL_H
#define RECORD_INTERNAL_H

#include <openssl/types.h>

#include "record/envelope.h"
#include "record/key.h"
#include "record/outbox.h"

enum { SIGNATURE_BYTES = 64, PEM_BYTES_MAX = 4096 };

/* A new pair, and its private half as PEM (PKCS #8). */
enum status key_make(struct key **out, struct error *e) MUST_CHECK;
enum status key_private_pem(const struct key *k, struct buf *out, struct error *e) MUST_CHECK;
/* Either half, from PEM text; `what` names it in errors. */
enum status key_parse(
	struct view pem, const char *what, struct key **out, struct error *e) MUST_CHECK;

/* --- the folder of the keys (keyring_folder.c) --- */

enum { KEY_FILE_NAME_MAX = KEY_ID_LEN + 8 };
const char *key_file_name(const char *id, char out[KEY_FILE_NAME_MAX]);
enum status key_write_private(int folder_fd, const struct key *k, struct error *e) MUST_CHECK;
/* flock(2) on a folder; closing its descriptor lets go. */
bool keys_lock(int fd, int operation);
/* Locks the home until the descriptor is closed, and makes the folder with a first key, unless
 * another process was faster. */
enum status keys_make(int home_fd, bool *out_made, struct error *e) MUST_CHECK;
/* Renames the folder to "keys-damaged-20261128T031000Z", or with a number behind it. The home is
 * locked. */
enum status keys_set_aside(int home_fd, int64_t wall_ns, char out_name[KEYS_ASIDE_NAME_MAX],
	struct error *e) MUST_CHECK;
/* Where there are no new ones: the old name again. */
void keys_put_back(int home_fd, const char *name);

/* All keys of a ring, the first one first. */
size_t keyring_count(const struct keyring *r);
const struct key *keyring_at(const struct keyring *r, size_t i);

/* DSSE's pre-authentication encoding (protocol.md, "Signature Definition"). */
void envelope_encode(struct buf *out, const char *payload_type, struct view payload);
/* envelope_open that also tells whose signature was good. */
enum status envelope_open_signed(json_t *envelope, const char *payload_type,
	const struct keyring *ring, const struct key *extra, struct buf *out_payload,
	const struct key **out_signer, struct error *e) MUST_CHECK;
/* Adds a further signature to an envelope that envelope_sign made. */
enum status envelope_cosign(json_t *envelope, const char *payload_type, struct view payload,
	const struct key *key, struct error *e) MUST_CHECK;

/* For "%.*s": as much of the text as fits into `most` bytes without cutting a character of UTF-8.
 */
int text_cut(const char *text, size_t most);

/* --- files that the routes name --- */

enum guard {
	GUARD_TRUSTED, /* nobody else may write in it */
	GUARD_SECRET   /* nobody else may read it */
};
/* Regular, ours or root's; E_DENIED names what is wrong, E_ABSENT, E_TOO_BIG. `out` is made anew.
 */
enum status guarded_read(const char *path, enum guard guard, size_t ceiling, struct buf *out,
	struct error *e) MUST_CHECK;
/* Read, and known to hold what they should. */
#define CERTIFICATES_BYTES_MAX (4 * MIB) /* a system's list of authorities is about 220 KiB */
#define PRIVATE_KEY_BYTES_MAX (32 * KIB)
enum status certificate_read(const char *path, struct buf *pem, struct error *e) MUST_CHECK;
enum status private_key_read(const char *path, struct buf *pem, struct error *e) MUST_CHECK;
void buf_wipe(struct buf *b);
#define AUTO_SECRET __attribute__((cleanup(buf_wipe)))

/* --- outbox --- */

/* In the order in which outbox_row reads them; envelope and receipt follow, or NULL, NULL. */
#define OUTBOX_COLUMNS                                                                             \
	"id, envelope_id, subject, route, kind, drill, state, queued_ns, next_try_ns, n_tries,"    \
	" last_error, way, http_status, tried_ns, exported_ns, ended_ns, received_ns, server,"     \
	" place"
enum status outbox_row(
	struct statement *q, struct pool *p, struct outbox_item *out, struct error *e) MUST_CHECK;
enum status outbox_no_memory(struct error *e);
/* Runs a statement that must change the one row; else says why it did not. */
enum status outbox_run_on_one(
	struct store *s, struct statement *q, const struct id *id, struct error *e) MUST_CHECK;

#endif
