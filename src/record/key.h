/*
 * The home's signing keys (Ed25519, through OpenSSL): made at first use, 0600, kept for ever once
 * retired, rotated with a signature of the old key over the new. <home>/keys/.
 *
 * keyid is the lower-case hex SHA-256 of the public key's SubjectPublicKeyInfo (DER), cut to 32
 * characters.
 */
#ifndef RECORD_KEY_H
#define RECORD_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/error.h"

enum { KEY_ID_LEN = 32, KEYS_ASIDE_NAME_MAX = 48 };

struct key;	/* one key pair, or a public key alone */
struct keyring; /* the home's keys: the current one signs, all of them are trusted */

void key_free(struct key *k);
AUTO_TYPE(key_free, struct key *)
const char *key_id(const struct key *k);
bool key_is_private(const struct key *k);
/* A PEM file with a public or private key, as `--key` names it. */
enum status key_read(const char *path, struct key **out, struct error *e) MUST_CHECK;
enum status key_public_pem(const struct key *k, struct buf *out, struct error *e) MUST_CHECK;
enum status key_sign(const struct key *k, struct view message, struct buf *out_signature,
	struct error *e) MUST_CHECK;
bool key_verify(const struct key *k, struct view message, struct view signature);

/* What a person must be told of a home's keys; in the usual case nothing is set. */
struct keyring_news {
	bool to_sign; /* the ring was opened to sign, so that modes were set right */
	bool made;    /* this call made a first key */
	/* "keys" or a file beneath the home that other users could read (or write: the mode), ""
	 * none; to_sign: not any more. */
	char loose[KEY_ID_LEN + 16];
	unsigned loose_mode;
	/* Where beneath the home the damaged keys lie now, "" none, and what was damaged. */
	char set_aside[KEYS_ASIDE_NAME_MAX];
	char damage[ERROR_TEXT_MAX];
};

/* Opens <home>/keys. `make`: to sign; the folder and the first key are made where there is none,
 * and a mode that lets other users read is set right. Otherwise nothing is changed, and the ring is
 * empty where there is no folder. E_DENIED where a file is another user's; E_INVALID with the
 * remedy where something in the folder is missing or damaged. */
enum status keyring_open(
	const char *home, bool make, struct keyring **out, struct error *e) MUST_CHECK;
/* To sign what cannot wait, a first notice: where keyring_open would answer E_INVALID, the folder
 * is set aside whole and a new one made (docs/decisions/0076). */
enum status keyring_open_or_replace(
	const char *home, int64_t wall_ns, struct keyring **out, struct error *e) MUST_CHECK;
const struct keyring_news *keyring_news(const struct keyring *r);
/* A ring of one new key that is written nowhere: to try what a home without keys would sign. */
enum status keyring_in_memory(struct keyring **out, struct error *e) MUST_CHECK;
void keyring_free(struct keyring *r);
AUTO_TYPE(keyring_free, struct keyring *)
const struct key *keyring_current(const struct keyring *r);		 /* NULL in an empty ring */
const struct key *keyring_find(const struct keyring *r, struct view id); /* NULL: unknown */
/* A new current key; the old one signs the statement that names it (keys/rotations.jsonl). */
enum status keyring_rotate(struct keyring *r, int64_t wall_ns, struct error *e) MUST_CHECK;

#endif
