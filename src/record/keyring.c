/*
 * The home's keys on disk:
 *
 *   keys/first            the id of the first key
 *   keys/<id>.pem         a private key
 *   keys/rotations.jsonl  one DSSE envelope a rotation, signed by the old and by the new key
 *
 * Trust follows the statements from the first key on; a key file that no statement names (a crash
 * between the two writes of a rotation leaves one) is not looked at. How the folder comes to be
 * there, and is set aside, is in keyring_folder.c.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fault.h"
#include "record/internal.h"
#include "sys/file.h"

#define ROTATION_TYPE "application/vnd.tocsin.key-rotation+json"
#define ROTATIONS "rotations.jsonl"

enum { KEYS_MAX = 1000 };
#define ROTATIONS_BYTES_MAX (4 * MIB)

struct keyring {
	int folder_fd; /* -1 in an empty ring */
	struct key **keys;
	size_t n_keys;
	struct keyring_news news;
};

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

/* Nobody else's to read. A mode that is off is told, and set right where we are to sign: whoever
 * stands here at three in the morning needs the notice out, and can make a new key later. */
static enum status check_private(struct keyring *r, int fd, const char *name, struct error *e)
{
	struct file_identity who;
	TRY(file_identify(fd, &who, e));
	const bool is_folder = S_ISDIR(who.mode);
	if (who.uid != geteuid() && who.uid != 0)
		return error_set(
			e, E_DENIED, "keys: '%s' belongs to another user (uid %u)", name, who.uid);
	if ((who.mode & 077) == 0)
		return OK;
	if (r->news.to_sign && who.uid != geteuid())
		return error_set(e, E_DENIED,
			"keys: '%s' belongs to root, and other users may read it; set its mode to "
			"%s",
			name, is_folder ? "0700" : "0600");
	if (r->news.to_sign && (FAULT("keyring_mode") || fchmod(fd, is_folder ? 0700 : 0600) != 0))
		return error_sys(
			e, E_DENIED, errno, "keys: take '%s' out of other users' reach", name);
	(void)snprintf(r->news.loose, sizeof r->news.loose, "%s%s", is_folder ? "" : "keys/", name);
	r->news.loose_mode = who.mode & 07777;
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

static enum status read_private(
	struct keyring *r, const char *id, struct key **out, struct error *e)
{
	char name[KEY_FILE_NAME_MAX];
	AUTO_SECRET struct buf pem = { .ceiling = PEM_BYTES_MAX };
	AUTO_FD int fd = -1;
	if (file_open_beneath(r->folder_fd, key_file_name(id, name), O_RDONLY, 0, &fd, e) != OK)
		return error_wrap(e, "keys");
	TRY(check_private(r, fd, name, e));
	TRY(read_pem(fd, name, &pem, e));
	AUTO(key_free) struct key *k = NULL;
	TRY(key_parse(buf_view(&pem), name, &k, e));
	if (!key_is_private(k) || strcmp(key_id(k), id) != 0)
		return error_set(e, E_INVALID, "keys: '%s' holds another key", name);
	*out = TAKE(k);
	return OK;
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
	TRY(read_private(r, current_id, &current, e));
	if (r->n_keys > 0)
		key_free(r->keys[--r->n_keys]);
	else if (make_room(r, e) != OK) {
		key_free(current);
		return E_NO_SPACE;
	}
	add(r, current);
	return OK;
}

/* --- opening --- */

static enum status no_memory(struct error *e)
{
	return error_sys(e, E_NO_SPACE, ENOMEM, "open the keys");
}

static struct keyring *new_ring(bool to_sign)
{
	struct keyring *r = FAULT("keyring_open") ? NULL : calloc(1, sizeof *r);
	if (r == NULL)
		return NULL;
	r->folder_fd = -1;
	r->news.to_sign = to_sign;
	return r;
}

static enum status empty_ring(struct keyring **out, struct error *e)
{
	struct keyring *r = new_ring(false);
	if (r == NULL)
		return no_memory(e);
	*out = r;
	return OK;
}

static enum status read_folder(struct keyring *r, int home_fd, struct error *e)
{
	AUTO_BUF struct buf statements = { .ceiling = ROTATIONS_BYTES_MAX };
	TRY(file_open_beneath(home_fd, "keys", O_RDONLY | O_DIRECTORY, 0, &r->folder_fd, e));
	TRY(check_private(r, r->folder_fd, "keys", e));
	return load(r, &statements, e);
}

/* E_ABSENT: there is no folder. E_INVALID: what lies in it is damaged, or some of it is gone. */
static enum status open_at(int home_fd, bool to_sign, struct keyring **out, struct error *e)
{
	struct stat st;
	const bool seen = fstatat(home_fd, "keys", &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (!seen && errno == ENOENT)
		return error_set(e, E_ABSENT, "there are no keys yet");
	if (seen && S_ISLNK(st.st_mode))
		return error_set(e, E_DENIED,
			"keys: is a symbolic link; put the folder itself into the state folder");
	AUTO(keyring_free) struct keyring *r = new_ring(to_sign);
	if (r == NULL)
		return no_memory(e);
	enum status status = read_folder(r, home_fd, e);
	if (status == E_ABSENT || status == E_TOO_BIG)
		status = E_INVALID;
	TRY(status);
	*out = TAKE(r);
	return OK;
}

static enum status open_or_make(int home_fd, struct keyring **out, struct error *e)
{
	bool made = false;
	AUTO(keyring_free) struct keyring *r = NULL;
	enum status status = open_at(home_fd, true, &r, e);
	if (status == E_ABSENT) {
		TRY(keys_make(home_fd, &made, e));
		status = open_at(home_fd, true, &r, e);
	}
	TRY(status);
	r->news.made = made;
	*out = TAKE(r);
	return OK;
}

static enum status open_home(const char *home, bool make, int *out, struct error *e)
{
	if (make)
		TRY(file_make_folders(home, e));
	return file_open_folder(home, out, e);
}

enum status keyring_open(const char *home, bool make, struct keyring **out, struct error *e)
{
	AUTO_FD int home_fd = -1;
	struct error why = ERROR_NONE;
	enum status status = open_home(home, make, &home_fd, e);
	if (status == E_ABSENT && !make)
		return empty_ring(out, e);
	TRY(status);
	status = make ? open_or_make(home_fd, out, &why) : open_at(home_fd, false, out, &why);
	if (status == E_ABSENT && !make)
		return empty_ring(out, e);
	if (status == E_INVALID)
		return error_set(e, E_INVALID,
			"the signing keys in '%.200s/keys' are damaged (%.200s); restore them from "
			"a backup, or move that folder away: the next command that signs makes "
			"new ones, and those who receive from here must be told (tocsin evidence "
			"key)",
			home, why.text);
	if (status != OK && e != NULL)
		*e = why;
	return status;
}

static enum status replace(int home_fd, int64_t wall_ns, struct keyring **out, struct error *e)
{
	char name[KEYS_ASIDE_NAME_MAX];
	struct error damage = ERROR_NONE;
	AUTO(keyring_free) struct keyring *r = NULL;
	if (!keys_lock(home_fd, LOCK_EX))
		return error_sys(e, E_FAILED, errno, "lock the home folder");
	/* Another process may just have done it. */
	enum status status = open_or_make(home_fd, out, &damage);
	if (status != E_INVALID) {
		if (status != OK && e != NULL)
			*e = damage;
		return status;
	}
	TRY(keys_set_aside(home_fd, wall_ns, name, e));
	status = open_or_make(home_fd, &r, e);
	if (status != OK) {
		keys_put_back(home_fd, name);
		return status;
	}
	memcpy(r->news.set_aside, name, sizeof name);
	memcpy(r->news.damage, damage.text, sizeof damage.text);
	*out = TAKE(r);
	return OK;
}

enum status keyring_open_or_replace(
	const char *home, int64_t wall_ns, struct keyring **out, struct error *e)
{
	AUTO_FD int home_fd = -1;
	TRY(open_home(home, true, &home_fd, e));
	const enum status status = open_or_make(home_fd, out, e);
	return status == E_INVALID ? replace(home_fd, wall_ns, out, e) : status;
}

const struct keyring_news *keyring_news(const struct keyring *r)
{
	return &r->news;
}

enum status keyring_in_memory(struct keyring **out, struct error *e)
{
	AUTO(key_free) struct key *k = NULL;
	AUTO(keyring_free) struct keyring *r = new_ring(true);
	if (r == NULL)
		return no_memory(e);
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
	char name[KEY_FILE_NAME_MAX];
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
	status = key_write_private(r->folder_fd, k, e);
	if (status != OK) {
		(void)unlinkat(
			r->folder_fd, key_file_name(key_id(k), name), 0); /* nothing names it yet */
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
	if (!keys_lock(r->folder_fd, LOCK_EX))
		return error_sys(e, E_FAILED, errno, "lock the keys");
	enum status status = rotate_locked(r, wall_ns, e);
	(void)keys_lock(r->folder_fd, LOCK_UN); /* closing would do it too */
	return status;
}
