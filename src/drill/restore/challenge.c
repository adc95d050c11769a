/*
 * Files that came back under another owner than the decoys': see restore.h. Nothing here opens for
 * writing, follows a link or interprets a byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
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

static bool is_the_drills_own(int arena_fd, const struct manifest *m)
{
	struct file_identity arena;
	struct error unused;
	return geteuid() == 0 && confine_is_drill_uid(m->uid) && /* no account, no service */
	       file_identify(arena_fd, &arena, &unused) == OK && arena.uid == m->uid &&
	       arena.device == m->device && arena.inode == m->arena_inode;
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
	bool same = false;
	TRY(prove(fd, m, file, nonce, &same, &answer, e));
	if (same && fchown(fd, m->uid, m->gid) != 0)
		return error_sys(e, E_FAILED, errno, "give a restored decoy back to its owner");
	*out_taken = same;
	return OK;
}

uint32_t restore_take_back(int arena_fd, const struct manifest *m)
{
	uint32_t n = 0;
	if (!is_the_drills_own(arena_fd, m))
		return 0;
	for (uint32_t i = 0; i < m->n_files; i++) {
		struct error unused;
		bool taken = false;
		/* What cannot be opened or proven stays as it is: undo names what it leaves. */
		if (take_back_one(arena_fd, m, i, &taken, &unused) == OK && taken)
			n++;
	}
	return n;
}
