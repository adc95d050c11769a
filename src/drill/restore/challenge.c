/*
 * What came back under another owner than the decoys': see restore.h. Nothing here opens for
 * writing, follows a link or interprets a byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "drill/attack/attack.h"
#include "drill/attack/emulate.h"
#include "drill/restore/restore.h"
#include "sys/confine.h"
#include "sys/file.h"

enum { PIECE_BYTES = 1024 * 1024 };

static enum status open_sampled(
	int arena_fd, const struct manifest *m, uint32_t file, int *out_fd, struct error *e)
{
	AUTO_BUF struct buf path;
	buf_init(&path, 8 * KIB);
	TRY(manifest_path(m, file, &path, e));
	return file_open_beneath(
		arena_fd, buf_text(&path), O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, out_fd, e);
}

/* HMAC(key, content) = H(key^opad || H(key^ipad || content)) (RFC 2104), fed piece by piece. */
struct keyed {
	struct digester *plain;
	struct digester *inner;
	unsigned char pad[64];
};

static void keyed_start(struct keyed *k, const unsigned char nonce[NONCE_BYTES])
{
	memset(k->pad, 0, sizeof k->pad);
	memcpy(k->pad, nonce, NONCE_BYTES);
	for (size_t i = 0; i < sizeof k->pad; i++)
		k->pad[i] ^= 0x36;
	digester_add(k->inner, k->pad, sizeof k->pad);
}

static struct digest keyed_end(struct keyed *k)
{
	struct digest inner = digester_result(k->inner);
	for (size_t i = 0; i < sizeof k->pad; i++)
		k->pad[i] ^= 0x36 ^ 0x5c;
	digester_add(k->inner, k->pad, sizeof k->pad);
	digester_add(k->inner, inner.bytes, sizeof inner.bytes);
	return digester_result(k->inner);
}

static enum status hash_whole(int fd, uint64_t size_bytes, struct keyed *k, struct error *e)
{
	AUTO_FREE unsigned char *piece = FAULT("challenge_piece") ? NULL : malloc(PIECE_BYTES);
	if (piece == NULL)
		return error_set(e, E_NO_SPACE, "no memory to read a restored file");
	uint64_t at = 0;
	while (at < size_bytes) {
		ssize_t n = pread(fd, piece, PIECE_BYTES, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(e, E_FAILED, errno, "read a restored file");
		if (n == 0)
			return error_set(e, E_FAILED, "a restored file became shorter while read");
		digester_add(k->plain, piece, (size_t)n);
		digester_add(k->inner, piece, (size_t)n);
		at += (uint64_t)n;
	}
	return OK;
}

/* That the opened file is the planted one, to the byte. */
static enum status prove(int fd, const struct manifest *m, uint32_t file,
	const unsigned char nonce[NONCE_BYTES], bool *out_same, struct digest *out_answer,
	struct error *e)
{
	const struct manifest_file *f = &m->files[file];
	struct file_identity identity;
	TRY(file_identify(fd, &identity, e));
	*out_same = false;
	if (!S_ISREG(identity.mode) || identity.n_links != 1 || identity.device != m->device ||
		identity.size_bytes != f->size_bytes || (f->flags & MANIFEST_SPARSE) != 0)
		return OK;
	AUTO(digester_free) struct digester *plain = digester_new();
	AUTO(digester_free) struct digester *inner = digester_new();
	struct keyed k = { plain, inner, { 0 } };
	keyed_start(&k, nonce);
	TRY(hash_whole(fd, f->size_bytes, &k, e));
	struct digest whole = digester_result(plain);
	if (!digest_equal(&whole, &f->whole))
		return OK;
	*out_answer = keyed_end(&k);
	*out_same = true;
	return OK;
}

enum status challenge_as_caller(int arena_fd, const struct manifest *m, uint32_t file,
	const unsigned char nonce[NONCE_BYTES], bool *out_same, struct digest *out_answer,
	struct error *e)
{
	AUTO_FD int fd = -1;
	TRY(open_sampled(arena_fd, m, file, &fd, e));
	return prove(fd, m, file, nonce, out_same, out_answer, e);
}

/* The arena of this manifest, under a uid that no account has: the drill's, or root's since a
 * restore made it so. Another account's is not taken from it. */
static bool is_the_drills_own(int arena_fd, const struct manifest *m)
{
	struct file_identity arena;
	struct error unused;
	return geteuid() == 0 && confine_is_drill_uid(m->uid) && /* no account, no service */
	       confine_is_drill_uid(m->gid) && file_identify(arena_fd, &arena, &unused) == OK &&
	       (arena.uid == m->uid || arena.uid == 0) && arena.device == m->device &&
	       arena.inode == m->arena_inode;
}

static bool is_planted_and_root_s(
	const struct manifest *m, const struct file_identity *id, uint32_t type, uint64_t inode)
{
	return (id->mode & S_IFMT) == type && id->device == m->device && id->inode == inode &&
	       inode != 0 && id->uid == 0 && (type == S_IFDIR || id->n_links == 1);
}

static enum status give_back(int fd, const struct manifest *m, const char *what, struct error *e)
{
	if (fchown(fd, m->uid, m->gid) != 0)
		return error_sys(e, E_FAILED, errno, "give %s back to its owner", what);
	return OK;
}

static enum status folder_path(
	const struct manifest *m, uint32_t folder, struct buf *out, struct error *e)
{
	uint32_t chain[MANIFEST_DEPTH_MAX];
	size_t depth = 0;
	for (uint32_t at = folder; at != FOLDER_ROOT && depth < MANIFEST_DEPTH_MAX;
		at = m->folders[at].parent)
		chain[depth++] = at;
	while (depth > 0) {
		buf_add_text(out, m->folders[chain[--depth]].name);
		if (depth > 0)
			buf_add_char(out, '/');
	}
	return buf_check(out, "path", e);
}

static enum status take_back_folder(
	int arena_fd, const struct manifest *m, uint32_t folder, struct error *e)
{
	AUTO_BUF struct buf path;
	AUTO_FD int fd = -1;
	struct file_identity id;
	buf_init(&path, 8 * KIB);
	TRY(folder_path(m, folder, &path, e));
	TRY(file_open_beneath(arena_fd, buf_text(&path), O_RDONLY | O_DIRECTORY, 0, &fd, e));
	TRY(file_identify(fd, &id, e));
	if (!is_planted_and_root_s(m, &id, S_IFDIR, m->folders[folder].inode))
		return OK;
	return give_back(fd, m, "a planted folder", e);
}

void restore_take_back_folders(int arena_fd, const struct manifest *m)
{
	struct file_identity arena;
	struct error unused;
	/* What cannot be opened stays as it is: who works there next says so. */
	if (!is_the_drills_own(arena_fd, m) || file_identify(arena_fd, &arena, &unused) != OK)
		return;
	if (arena.uid != m->uid && give_back(arena_fd, m, "the arena", &unused) != OK)
		return;
	for (uint32_t i = 0; i < m->n_folders; i++)
		(void)take_back_folder(arena_fd, m, i, &unused);
}

static enum status take_back_one(
	int arena_fd, const struct manifest *m, uint32_t file, bool *out_taken, struct error *e)
{
	static const unsigned char nonce[NONCE_BYTES];
	AUTO_FD int fd = -1;
	struct file_identity identity;
	struct digest answer;
	TRY(open_sampled(arena_fd, m, file, &fd, e));
	TRY(file_identify(fd, &identity, e));
	if (identity.uid == m->uid)
		return OK;
	bool same = is_planted_and_root_s(m, &identity, S_IFREG, m->files[file].inode);
	if (!same)
		TRY(prove(fd, m, file, nonce, &same, &answer, e));
	if (same)
		TRY(give_back(fd, m, "a restored decoy", e));
	*out_taken = same;
	return OK;
}

/* The decoy under the name that the run gave it; of a pattern that makes new files, the new one,
 * which has no other mark than that name in a folder of the drill's. */
static enum status take_back_renamed(
	int arena_fd, const struct take_back *t, uint32_t file, bool *out_taken, struct error *e)
{
	const struct manifest *m = t->manifest;
	AUTO_BUF struct buf path;
	AUTO_FD int fd = -1;
	struct file_identity id;
	char name[256];
	buf_init(&path, 8 * KIB);
	TRY(attack_new_name(t->scenario, t->escrow, file, m->files[file].name, name, e));
	TRY(folder_path(m, m->files[file].folder, &path, e));
	buf_addf(&path, "%s%s", path.len == 0 ? "" : "/", name);
	TRY(buf_check(&path, "path", e));
	TRY(file_open_beneath(
		arena_fd, buf_text(&path), O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd, e));
	TRY(file_identify(fd, &id, e));
	bool is_new = t->scenario->write == WRITE_NEW_UNLINK ||
		      t->scenario->write == WRITE_NEW_OVERWRITE_UNLINK;
	if (!is_planted_and_root_s(m, &id, S_IFREG, is_new ? id.inode : m->files[file].inode))
		return OK;
	TRY(give_back(fd, m, "a decoy that was renamed", e));
	*out_taken = true;
	return OK;
}

/* A note, which undo compares with what the journal says of it before it removes it. */
static enum status take_back_note(
	int arena_fd, const struct manifest *m, uint32_t folder, const char *name, struct error *e)
{
	AUTO_BUF struct buf path;
	AUTO_FD int fd = -1;
	struct file_identity id;
	buf_init(&path, 8 * KIB);
	TRY(folder_path(m, folder, &path, e));
	buf_addf(&path, "%s%s", path.len == 0 ? "" : "/", name);
	TRY(buf_check(&path, "path", e));
	TRY(file_open_beneath(
		arena_fd, buf_text(&path), O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd, e));
	TRY(file_identify(fd, &id, e));
	if (!is_planted_and_root_s(m, &id, S_IFREG, id.inode))
		return OK;
	return give_back(fd, m, "a note", e);
}

static void take_back_notes(int arena_fd, const struct take_back *t)
{
	char note[256] = "";
	struct error unused;
	const char *const names[] = { note, probe_name };
	if (note_name(t->scenario, t->escrow, note, &unused) != OK)
		return; /* it leaves none */
	for (size_t k = 0; k < COUNT_OF(names); k++) {
		(void)take_back_note(arena_fd, t->manifest, FOLDER_ROOT, names[k], &unused);
		for (uint32_t i = 0; i < t->manifest->n_folders; i++)
			(void)take_back_note(arena_fd, t->manifest, i, names[k], &unused);
	}
}

uint32_t restore_take_back(int arena_fd, const struct take_back *t)
{
	uint32_t n = 0;
	if (!is_the_drills_own(arena_fd, t->manifest))
		return 0;
	restore_take_back_folders(arena_fd, t->manifest);
	bool ran = t->scenario != NULL && t->escrow != NULL;
	if (ran)
		take_back_notes(arena_fd, t);
	for (uint32_t i = 0; i < t->manifest->n_files; i++) {
		struct error unused;
		bool taken = false;
		bool renamed = false;
		/* What cannot be opened or proven stays as it is: undo names what it leaves. */
		if (take_back_one(arena_fd, t->manifest, i, &taken, &unused) == OK && taken)
			n++;
		if (ran && take_back_renamed(arena_fd, t, i, &renamed, &unused) == OK && renamed)
			n++;
	}
	return n;
}
