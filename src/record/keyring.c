/*
 * The home's keys on disk:
 *
 *   keys/first            the id of the first key
 *   keys/<id>.pem         a private key
 *   keys/rotations.jsonl  one DSSE envelope a rotation, signed by the old and by the new key
 *
 * Trust follows the statements from the first key on; a key file that no statement names (a crash
 * between the two writes of a rotation leaves one) is not looked at. The folder appears whole, by
 * one rename, so that two processes that start together agree on one first key.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fault.h"
#include "record/internal.h"
#include "sys/file.h"

#define ROTATION_TYPE "application/vnd.tocsin.key-rotation+json"
#define ROTATIONS "rotations.jsonl"
#define NEW_FOLDER ".keys-new"

enum { KEYS_MAX = 1000, NAME_MAX_BYTES = KEY_ID_LEN + 8 };
#define ROTATIONS_BYTES_MAX (4 * MIB)

struct keyring {
	int folder_fd; /* -1 in an empty ring */
	struct key **keys;
	size_t n_keys;
};

/* <sys/file.h>, which declares flock(2), is hidden by our own header of that name. */
static bool lock(int fd, int operation)
{
	return syscall(SYS_flock, fd, operation) == 0;
}

size_t keyring_count(const struct keyring *r)
{
	return r->n_keys;
}

const struct key *keyring_at(const struct keyring *r, size_t i)
{
	return r->keys[i];
}

const struct key *keyring_current(const struct keyring *r)
{
	return r->n_keys == 0 ? NULL : r->keys[r->n_keys - 1];
}

const struct key *keyring_find(const struct keyring *r, struct view id)
{
	for (size_t i = 0; i < r->n_keys; i++)
		if (view_is(id, key_id(r->keys[i])))
			return r->keys[i];
	return NULL;
}

void keyring_free(struct keyring *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n_keys; i++)
		key_free(r->keys[i]);
	free(r->keys);
	auto_fd(&r->folder_fd);
	free(r);
}

static enum status make_room(struct keyring *r, struct error *e)
{
	if (r->n_keys >= KEYS_MAX)
		return error_set(e, E_TOO_BIG, "more than %d keys", KEYS_MAX);
	struct key **keys = FAULT("keyring_room")
				    ? NULL
				    : reallocarray(r->keys, r->n_keys + 1, sizeof *r->keys);
	if (keys == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "hold a key");
	r->keys = keys;
	return OK;
}

static const char *pem_name(const char *id, char out[NAME_MAX_BYTES])
{
	(void)snprintf(out, NAME_MAX_BYTES, "%.*s.pem", KEY_ID_LEN, id);
	return out;
}

/* Ours or root's, and nobody else's to read. */
static enum status check_private(int fd, const char *name, struct error *e)
{
	struct file_identity who;
	TRY(file_identify(fd, &who, e));
	if ((who.mode & 077) != 0 || (who.uid != geteuid() && who.uid != 0))
		return error_set(e, E_DENIED,
			"keys: '%s' belongs to another user, or others may read it; set its mode "
			"to %s",
			name, S_ISDIR(who.mode) ? "0700" : "0600");
	return OK;
}

/* From the descriptor that was checked, not by name a second time. */
static enum status read_pem(int fd, const char *name, struct buf *out, struct error *e)
{
	for (;;) {
		char *room = buf_extend(out, 1024);
		if (room == NULL)
			return error_set(e, E_INVALID, "keys: '%s' is too large for a key", name);
		ssize_t n = FAULT("keyring_read") ? -1 : read(fd, room, 1024);
		out->len -= n < 0 ? 1024 : 1024 - (size_t)n;
		if (n < 0 && errno != EINTR)
			return error_sys(e, E_FAILED, errno, "read '%s'", name);
		if (n == 0)
			return OK;
	}
}

static enum status read_private(int folder_fd, const char *id, struct key **out, struct error *e)
{
	char name[NAME_MAX_BYTES];
	AUTO_SECRET struct buf pem = { .ceiling = PEM_BYTES_MAX };
	AUTO_FD int fd = -1;
	TRY(file_open_beneath(folder_fd, pem_name(id, name), O_RDONLY, 0, &fd, e));
	TRY(check_private(fd, name, e));
	TRY(read_pem(fd, name, &pem, e));
	AUTO(key_free) struct key *k = NULL;
	TRY(key_parse(buf_view(&pem), name, &k, e));
	if (!key_is_private(k) || strcmp(key_id(k), id) != 0)
		return error_set(e, E_INVALID, "keys: '%s' holds another key", name);
	*out = TAKE(k);
	return OK;
}

static enum status write_private(int folder_fd, const struct key *k, struct error *e)
{
	char name[NAME_MAX_BYTES];
	AUTO_SECRET struct buf pem = { .ceiling = PEM_BYTES_MAX };
	TRY(key_private_pem(k, &pem, e));
	return file_replace(folder_fd, pem_name(key_id(k), name), buf_view(&pem), 0600, e);
}

/* --- rotations --- */

struct rotation {
	struct key *from;
	struct key *to;
};

static void rotation_done(struct rotation *r)
{
	key_free(r->from);
	key_free(r->to);
	*r = (struct rotation){ NULL, NULL };
}

static enum status read_named_key(struct json_place p, const char *id_key, const char *pem_key,
	struct key **out, struct error *e)
{
	const char *id = NULL;
	const char *pem = NULL;
	AUTO(key_free) struct key *k = NULL;
	TRY(json_get_text(p, id_key, JSON_REQUIRED, &id, e));
	TRY(json_get_text(p, pem_key, JSON_REQUIRED, &pem, e));
	TRY(key_parse(view_of(pem), pem_key, &k, e));
	if (key_is_private(k) || strcmp(key_id(k), id) != 0)
		return error_set(e, E_INVALID, "%s: another key than %s says", pem_key, id_key);
	*out = TAKE(k);
	return OK;
}

/* What the statement says is believed only after both keys that it names have signed it. */
static enum status read_rotation(struct view line, struct rotation *out, struct error *e)
{
	static const char *const known[] = { "from", "from_public", "to", "to_public", "at", NULL };
	AUTO_JSON json_t *envelope = NULL;
	AUTO_JSON json_t *payload = NULL;
	const char *text = NULL;
	TRY(json_read(line, ROTATIONS_BYTES_MAX, "rotation", &envelope, e));
	TRY(json_get_text(
		(struct json_place){ envelope, "rotation" }, "payload", JSON_REQUIRED, &text, e));
	AUTO_BUF struct buf claim = { .ceiling = 64 * KIB };
	TRY(base64_parse(view_of(text), &claim, e));
	TRY(json_read(buf_view(&claim), 64 * KIB, "rotation", &payload, e));
	struct json_place p = { payload, "rotation" };
	TRY(json_only_keys(p, known, e));
	TRY(read_named_key(p, "from", "from_public", &out->from, e));
	TRY(read_named_key(p, "to", "to_public", &out->to, e));
	AUTO_BUF struct buf signed_by_old = { .ceiling = 64 * KIB };
	AUTO_BUF struct buf signed_by_new = { .ceiling = 64 * KIB };
	TRY(envelope_open(envelope, ROTATION_TYPE, NULL, out->from, &signed_by_old, e));
	return envelope_open(envelope, ROTATION_TYPE, NULL, out->to, &signed_by_new, e);
}

static void add(struct keyring *r, struct key *k)
{
	assert(r->keys != NULL); /* make_room comes first */
	r->keys[r->n_keys++] = k;
}

static enum status follow(struct keyring *r, const char *first, struct view line, struct error *e)
{
	__attribute__((cleanup(rotation_done))) struct rotation step = { NULL, NULL };
	TRY(read_rotation(line, &step, e));
	const char *wanted = r->n_keys == 0 ? first : key_id(keyring_current(r));
	if (strcmp(key_id(step.from), wanted) != 0)
		return error_set(e, E_INVALID, "key %s follows %s, not the current key",
			key_id(step.to), key_id(step.from));
	if (keyring_find(r, view_of(key_id(step.to))) != NULL ||
		strcmp(key_id(step.to), first) == 0)
		return error_set(e, E_INVALID, "key %s comes twice", key_id(step.to));
	if (r->n_keys == 0) {
		TRY(make_room(r, e));
		add(r, TAKE(step.from));
	}
	TRY(make_room(r, e));
	add(r, TAKE(step.to));
	return OK;
}

static enum status follow_all(
	struct keyring *r, const char *first, struct view rest, struct error *e)
{
	for (unsigned long long n = 1; rest.len > 0; n++) {
		struct view line = view_cut(&rest, '\n');
		if (follow(r, first, line, e) != OK)
			return error_wrap(e, "keys/" ROTATIONS ", line %llu", n);
	}
	return OK;
}

/* *out_statements gets the text of the rotations, to which the next one is added. */
static enum status load(struct keyring *r, struct buf *out_statements, struct error *e)
{
	AUTO_BUF struct buf text = { .ceiling = 128 };
	char first[KEY_ID_LEN + 1] = "";
	if (file_read_all(r->folder_fd, "first", 128, &text, e) != OK)
		return error_wrap(e, "keys/first");
	struct view id = view_trim(buf_view(&text));
	if (id.len != KEY_ID_LEN)
		return error_set(e, E_INVALID, "keys/first: not the id of a key");
	memcpy(first, id.at, id.len);
	enum status status =
		file_read_all(r->folder_fd, ROTATIONS, ROTATIONS_BYTES_MAX, out_statements, e);
	if (status != OK && status != E_ABSENT)
		return status;
	TRY(follow_all(r, first, buf_view(out_statements), e));
	/* The current key must be able to sign; of the others the public half is enough. */
	struct key *current = NULL;
	const char *current_id = r->n_keys == 0 ? first : key_id(keyring_current(r));
	TRY(read_private(r->folder_fd, current_id, &current, e));
	if (r->n_keys > 0)
		key_free(r->keys[--r->n_keys]);
	else if (make_room(r, e) != OK) {
		key_free(current);
		return E_NO_SPACE;
	}
	add(r, current);
	return OK;
}

/* --- the first key --- */

/* What a process left that died while it made the folder: files only, no links followed. */
static void remove_leftover(int home_fd)
{
	int fd = openat(home_fd, NEW_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	if (folder == NULL) {
		auto_fd(&fd);
		return;
	}
	for (struct dirent *row = readdir(folder); row != NULL; row = readdir(folder))
		(void)unlinkat(fd, row->d_name, 0); /* "." and ".." say no; rmdir tells the rest */
	(void)closedir(folder);
	(void)unlinkat(home_fd, NEW_FOLDER, AT_REMOVEDIR);
}

static enum status fill_folder(int fd, struct error *e)
{
	AUTO(key_free) struct key *k = NULL;
	AUTO_BUF struct buf first = { .ceiling = 128 };
	TRY(key_make(&k, e));
	buf_addf(&first, "%s\n", key_id(k));
	TRY(buf_check(&first, "key id", e));
	TRY(file_replace(
		fd, "first", buf_view(&first), 0600, e)); /* first: it names what to remove */
	return write_private(fd, k, e);
}

static enum status make_first(int home_fd, struct error *e)
{
	struct stat st;
	if (!lock(home_fd, LOCK_EX))
		return error_sys(e, E_FAILED, errno, "lock the home folder");
	if (fstatat(home_fd, "keys", &st, AT_SYMLINK_NOFOLLOW) == 0)
		return OK; /* another process was faster; the lock goes with the descriptor */
	remove_leftover(home_fd);
	if (mkdirat(home_fd, NEW_FOLDER, 0700) != 0)
		return error_sys(e, E_FAILED, errno, "make the folder of the keys");
	AUTO_FD int fd = -1;
	enum status status =
		file_open_beneath(home_fd, NEW_FOLDER, O_RDONLY | O_DIRECTORY, 0, &fd, e);
	if (status == OK)
		status = fill_folder(fd, e);
	if (status == OK &&
		(FAULT("keyring_rename") || renameat(home_fd, NEW_FOLDER, home_fd, "keys") != 0))
		status = error_sys(e, E_FAILED, errno, "put the keys in place");
	if (status != OK) {
		remove_leftover(home_fd);
		return status;
	}
	return file_sync_folder(home_fd, e);
}

static enum status open_folder(const char *home, bool make, int *out, struct error *e)
{
	AUTO_FD int home_fd = -1;
	if (make)
		TRY(file_make_folders(home, e));
	TRY(file_open_folder(home, &home_fd, e));
	enum status status = file_open_beneath(home_fd, "keys", O_RDONLY | O_DIRECTORY, 0, out, e);
	if (status != E_ABSENT || !make)
		return status;
	TRY(make_first(home_fd, e));
	return file_open_beneath(home_fd, "keys", O_RDONLY | O_DIRECTORY, 0, out, e);
}

enum status keyring_open(const char *home, bool make, struct keyring **out, struct error *e)
{
	AUTO(keyring_free) struct keyring *r = FAULT("keyring_open") ? NULL : calloc(1, sizeof *r);
	if (r == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "open the keys");
	r->folder_fd = -1;
	enum status status = open_folder(home, make, &r->folder_fd, e);
	if (status == OK) {
		AUTO_BUF struct buf statements = { .ceiling = ROTATIONS_BYTES_MAX };
		TRY(check_private(r->folder_fd, "keys", e));
		TRY(load(r, &statements, e));
	} else if (status != E_ABSENT || make) {
		return status;
	}
	*out = TAKE(r);
	return OK;
}

enum status keyring_in_memory(struct keyring **out, struct error *e)
{
	AUTO(key_free) struct key *k = NULL;
	AUTO(keyring_free) struct keyring *r = calloc(1, sizeof *r);
	if (r == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "open the keys");
	r->folder_fd = -1;
	TRY(key_make(&k, e));
	TRY(make_room(r, e));
	add(r, TAKE(k));
	*out = TAKE(r);
	return OK;
}

/* --- a new key --- */

static enum status add_statement(const struct key *from, const struct key *to, int64_t wall_ns,
	struct buf *statements, struct error *e)
{
	char at[TIME_TEXT_MAX];
	AUTO_BUF struct buf from_pem = { .ceiling = PEM_BYTES_MAX };
	AUTO_BUF struct buf to_pem = { .ceiling = PEM_BYTES_MAX };
	AUTO_BUF struct buf payload = { .ceiling = 64 * KIB };
	TRY(key_public_pem(from, &from_pem, e));
	TRY(key_public_pem(to, &to_pem, e));
	AUTO_JSON json_t *claim =
		FAULT("keyring_claim")
			? NULL
			: json_pack("{s:s, s:s, s:s, s:s, s:s}", "from", key_id(from),
				  "from_public", buf_text(&from_pem), "to", key_id(to), "to_public",
				  buf_text(&to_pem), "at", time_text(wall_ns, at));
	if (claim == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "rotate the key");
	TRY(json_write(claim, &payload, e));
	AUTO_JSON json_t *envelope = NULL;
	TRY(envelope_sign(ROTATION_TYPE, buf_view(&payload), from, &envelope, e));
	TRY(envelope_cosign(envelope, ROTATION_TYPE, buf_view(&payload), to, e));
	TRY(json_write(envelope, statements, e));
	buf_add_char(statements, '\n');
	return buf_check(statements, "keys/" ROTATIONS, e);
}

static enum status rotate_locked(struct keyring *r, int64_t wall_ns, struct error *e)
{
	char name[NAME_MAX_BYTES];
	struct keyring now = { .folder_fd = r->folder_fd };
	AUTO_BUF struct buf statements = { .ceiling = ROTATIONS_BYTES_MAX };
	enum status status = load(&now, &statements, e);
	bool same = status == OK && now.n_keys == r->n_keys &&
		    strcmp(key_id(keyring_current(&now)), key_id(keyring_current(r))) == 0;
	for (size_t i = 0; i < now.n_keys; i++)
		key_free(now.keys[i]);
	free(now.keys);
	TRY(status);
	if (!same)
		return error_set(e, E_CONFLICT, "the key was just changed by another process");
	AUTO(key_free) struct key *k = NULL;
	TRY(make_room(r, e)); /* before anything is written, so that nothing fails after it */
	TRY(key_make(&k, e));
	TRY(add_statement(keyring_current(r), k, wall_ns, &statements, e));
	status = write_private(r->folder_fd, k, e);
	if (status != OK) {
		(void)unlinkat(
			r->folder_fd, pem_name(key_id(k), name), 0); /* nothing names it yet */
		return status;
	}
	/* Where this fails the statement may be in place or not: the key file must stay. */
	TRY(file_replace(r->folder_fd, ROTATIONS, buf_view(&statements), 0600, e));
	add(r, TAKE(k));
	return OK;
}

enum status keyring_rotate(struct keyring *r, int64_t wall_ns, struct error *e)
{
	if (r->n_keys == 0)
		return error_set(e, E_ABSENT, "no key to rotate");
	if (!lock(r->folder_fd, LOCK_EX))
		return error_sys(e, E_FAILED, errno, "lock the keys");
	enum status status = rotate_locked(r, wall_ns, e);
	(void)lock(r->folder_fd, LOCK_UN); /* closing would do it too */
	return status;
}
