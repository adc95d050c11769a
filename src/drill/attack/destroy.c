/*
 * "Assume it got through": a sample of decoys is destroyed for good, so that the restore is tested
 * even where the attack was stopped. In the same locks and by the same role as the attack;
 * journaled first, so that undo knows what no key can bring back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/i18n.h"
#include "base/random.h"
#include "drill/attack/emulate.h"
#include "sys/file.h"

enum { PIECE_BYTES = 256 * 1024 };

/* --- in the role --- */

struct shredder {
	struct emulation *em;
	struct keystream *keystream; /* keyed by the kernel, for one file, and forgotten */
	unsigned char *piece;
};

static enum file_result shred_range(
	const struct shredder *s, int fd, uint64_t offset, uint64_t n_bytes)
{
	uint64_t end = offset + n_bytes;
	for (uint64_t at = offset; at < end;) {
		size_t n = end - at < PIECE_BYTES ? (size_t)(end - at) : PIECE_BYTES;
		memset(s->piece, 0, n);
		keystream_apply(s->keystream, at, s->piece, n);
		enum file_result result = write_at(fd, at, s->piece, n, NULL);
		if (result != FILE_CHANGED)
			return result;
		at += n;
	}
	return FILE_CHANGED;
}

/* Everything of a usual file; of a sparse one what was planted in it (its holes held nothing). */
static enum file_result shred(const struct shredder *s, const struct manifest_file *f, int fd)
{
	unsigned char key[ESCROW_KEY_BYTES];
	struct stat st;
	if (fstat(fd, &st) != 0 || st.st_size < 0)
		return FILE_FAILED;
	uint64_t size = (uint64_t)st.st_size;
	random_bytes(key, sizeof key);
	keystream_file(s->keystream, key, 0);
	enum file_result result = FILE_CHANGED;
	if ((f->flags & MANIFEST_SPARSE) == 0)
		result = shred_range(s, fd, 0, size);
	for (uint32_t i = 0;
		result == FILE_CHANGED && (f->flags & MANIFEST_SPARSE) != 0 && i < f->n_runs; i++) {
		uint64_t from = f->runs[i].first * BLOCK_BYTES;
		uint64_t to = from + f->runs[i].n * BLOCK_BYTES;
		to = to < size ? to : size;
		if (from < to)
			result = shred_range(s, fd, from, to - from);
	}
	if (result == FILE_CHANGED && fdatasync(fd) != 0)
		result = FILE_FAILED;
	return result;
}

static enum file_result destroy_at(
	const struct shredder *s, uint32_t file, const char *name, bool any_inode)
{
	struct emulation *em = s->em;
	const struct manifest_file *f = &em->manifest->files[file];
	struct error e = ERROR_NONE;
	AUTO_FD int fd = -1;
	int folder_fd = -1;
	em->view.any_inode = any_inode;
	enum status status = arena_open_file(&em->view, file, name, O_RDWR, &fd, &e);
	em->view.any_inode = false;
	if (status == OK)
		status = arena_folder(&em->view, f->folder, &folder_fd, &e);
	if (status != OK)
		return result_of(&e);
	enum file_result result = shred(s, f, fd);
	if (result != FILE_CHANGED)
		return result;
	if (!name_leads_to(folder_fd, name, fd))
		return FILE_FOREIGN;
	if (unlinkat(folder_fd, name, 0) == 0)
		return FILE_CHANGED;
	(void)error_sys(&e, E_FAILED, errno, "unlink");
	return result_of(&e);
}

/* The decoy at its planted name and at the one that the attack gave it; a new file of the attack
 * has an inode of its own, but owner, device, mount and link count are checked all the same. */
static enum file_result destroy_one(const struct shredder *s, uint32_t file)
{
	struct emulation *em = s->em;
	const char *planted = em->manifest->files[file].name;
	struct error e = ERROR_NONE;
	char new_name[256];
	enum file_result first = destroy_at(s, file, planted, false);
	if (!scenario_renames(em->scenario) ||
		attack_new_name(
			em->scenario, em->request.escrow.bytes, file, planted, new_name, &e) != OK)
		return first;
	bool makes_new = scenario_makes_new_files(em->scenario);
	enum file_result second = destroy_at(s, file, new_name, makes_new);
	/* What an emulator that was killed was still writing goes as well. */
	char working[256];
	if (makes_new && second == FILE_MISSING && journal_working_name(new_name, working))
		second = destroy_at(s, file, working, true);
	if (second == FILE_MISSING)
		return first;
	return first == FILE_MISSING || first == FILE_CHANGED ? second : first;
}

static enum status tell_one(uint32_t file, enum file_result result, struct error *e)
{
	AUTO_BUF struct buf body;
	AUTO_BUF struct buf record;
	buf_init(&body, 256);
	buf_init(&record, 256);
	struct journal_done m = { .file = file,
		.result = (uint8_t)result,
		.touched = result == FILE_CHANGED,
		.at_boot_ns = clock_boot_ns(NULL) };
	journal_done_write(&record, &m);
	pack_put_u32(&body, 0);
	pack_put_text(&body, buf_view(&record));
	return packet_send(ROLE_CHANNEL_FD, WIRE_DONE, buf_view(&body), e);
}

enum status destroy_files(struct emulation *em, struct error *e)
{
	AUTO(keystream_free) struct keystream *k = NULL;
	AUTO_FREE unsigned char *piece = malloc(PIECE_BYTES);
	struct unpack u;
	TRY(keystream_new(&k, e));
	if (piece == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	struct shredder s = { em, k, piece };
	unpack_init(&u, em->request.files);
	while (u.left > 0 && !emulation_is_over(em)) {
		uint32_t file = pack_get_u32(&u);
		if (u.failed || file >= em->manifest->n_files)
			return error_set(e, E_INVALID, "the emulator's request is damaged");
		(void)FAULT("destroy_one"); /* a place to die at */
		TRY(tell_one(file, destroy_one(&s, file), e));
	}
	return OK;
}

/* --- in the conductor --- */

static enum status journal_destroy_all(
	const struct attack_request *r, const uint32_t *files, size_t n_files, struct error *e)
{
	AUTO_BUF struct buf body;
	buf_init(&body, 64);
	for (size_t i = 0; i < n_files; i++) {
		if (files[i] >= r->manifest->n_files)
			return error_set(e, E_INVALID, "no decoy has the number %lu",
				(unsigned long)files[i]);
		struct journal_destroy m = { files[i] };
		buf_reset(&body);
		journal_destroy_write(&body, &m);
		TRY(buf_check(&body, "journal", e));
		TRY(journal_add(r->journal, JOURNAL_DESTROY, buf_view(&body), e));
	}
	return journal_commit(r->journal, e);
}

enum status attack_destroy(const struct attack_request *r, const uint32_t *files, size_t n_files,
	bool *out_gone, struct error *e)
{
	struct attack_outcome out = { .t0_boot_ns = -1, .t0_wall_ns = -1, .stop_latency_ns = -1 };
	struct drill_sample curve[1];
	for (size_t i = 0; out_gone != NULL && i < n_files; i++)
		out_gone[i] = false;
	if (n_files == 0)
		return OK;
	TRY(journal_destroy_all(r, files, n_files, e));
	out.curve = curve; /* stays empty: there is no T0 */
	struct attack a = { .request = r,
		.task = EMULATE_DESTROY,
		.files = files,
		.n_files = n_files,
		.gone = out_gone,
		.out = &out };
	TRY(attack_conduct(&a, e));
	if (out.end == ATTACK_STOP_ASKED)
		return error_set(e, E_STOPPED, "stopped while the sample was destroyed");
	if (!a.has_finished || a.reason != EMULATE_COMPLETED)
		return error_set(e, E_FAILED, "destroy the sample: %s",
			a.has_fault ? a.fault.text : attack_end_sentence(out.end));
	uint32_t n_left = out.n_refused + out.n_foreign + out.n_failed;
	if (n_left > 0)
		return error_set(e, E_PARTLY,
			"%lu of %zu decoys of the sample could not be destroyed",
			(unsigned long)n_left, n_files);
	return OK;
}
