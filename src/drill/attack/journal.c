/*
 * Writing and reading the journal. What a record means is for those who write and read it
 * (attack.c, undo_plan.c); here are only its bytes, their chain and what a power cut may do to
 * them.
 *
 * One commit is one write and one fdatasync, and the first record of each carries a mark. That is
 * how a torn tail is told from damage: a commit begins only when the one before is on disk, so
 * behind a record that a power cut spoiled there can be further records of the same commit (sectors
 * reach the disk in any order), but never the first record of a later one.
 */
#include "drill/attack/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "sys/file.h"

enum {
	LENGTH_BYTES = 4,
	HEAD_BYTES = 1 + 8, /* kind, sequence */
	CHAIN_BYTES = 16,
	BODY_BYTES_MAX = 4096,
	FIRST_OF_COMMIT = 0x80 /* in the byte of the kind */
};
#define PENDING_BYTES_MAX (16 * MIB)
/* What the search behind a bad record may hash at most; only a forged file comes near. */
#define SEARCH_BYTES_MAX (64 * MIB)

PACK_CODE(journal_start, JOURNAL_START_FIELDS)
PACK_CODE(journal_intent, JOURNAL_INTENT_FIELDS)
PACK_CODE(journal_note, JOURNAL_NOTE_FIELDS)
PACK_CODE(journal_done, JOURNAL_DONE_FIELDS)
PACK_CODE(journal_destroy, JOURNAL_DESTROY_FIELDS)
PACK_CODE(journal_phase_record, JOURNAL_PHASE_FIELDS)

bool journal_working_name(const char *new_name, char out[256])
{
	size_t len = strlen(new_name);
	if (len + 2 > 256)
		return false;
	memcpy(out, new_name, len);
	memcpy(out + len, "T", 2);
	return true;
}

struct chain {
	unsigned char bytes[CHAIN_BYTES];
};

struct journal {
	int fd;
	uint64_t sequence;   /* of the last record added */
	uint64_t size_bytes; /* on disk */
	struct chain chain;
	struct buf pending;
	bool failed;
};

static struct chain chain_start(void)
{
	static const char label[] = "tocsin journal 1";
	struct digest d = digest_of(label, sizeof label - 1);
	struct chain c;
	memcpy(c.bytes, d.bytes, CHAIN_BYTES);
	return c;
}

/* The chain behind a record: `record` is everything from its length to the end of its body. */
static struct chain chain_next(const unsigned char *before, const void *record, size_t n_bytes)
{
	unsigned char joined[CHAIN_BYTES + LENGTH_BYTES + HEAD_BYTES + BODY_BYTES_MAX];
	struct chain c;
	memcpy(joined, before, CHAIN_BYTES);
	memcpy(joined + CHAIN_BYTES, record, n_bytes);
	struct digest d = digest_of(joined, CHAIN_BYTES + n_bytes);
	memcpy(c.bytes, d.bytes, CHAIN_BYTES);
	return c;
}

/* --- reading --- */

struct reader {
	struct view bytes;
	size_t at; /* behind the last good record */
	uint64_t sequence;
	struct chain chain;
};

struct raw_record {
	struct journal_record record;
	bool is_first;	/* of its commit */
	size_t n_bytes; /* in the file, without the chain */
};

/* Takes the form of a record at `at`; says nothing about its chain. */
static bool record_at(struct view bytes, size_t at, struct raw_record *out)
{
	struct unpack u;
	/* An empty journal has no bytes to point at. */
	unpack_init(
		&u, at == bytes.len ? VIEW("") : (struct view){ bytes.at + at, bytes.len - at });
	uint32_t length = pack_get_u32(&u);
	if (u.failed || length < HEAD_BYTES + CHAIN_BYTES ||
		length > HEAD_BYTES + BODY_BYTES_MAX + CHAIN_BYTES || length > u.left)
		return false;
	uint8_t kind = pack_get_u8(&u);
	out->is_first = (kind & FIRST_OF_COMMIT) != 0;
	kind &= (uint8_t)~FIRST_OF_COMMIT;
	if (kind < JOURNAL_START || kind > JOURNAL_REMOVE)
		return false;
	out->record.kind = (enum journal_kind)kind;
	out->record.sequence = pack_get_u64(&u);
	size_t n_body = length - HEAD_BYTES - CHAIN_BYTES;
	const unsigned char *body = pack_get_raw(&u, n_body);
	out->record.body = (struct view){ (const char *)body, n_body };
	out->n_bytes = LENGTH_BYTES + HEAD_BYTES + n_body;
	return true;
}

/* False at the end of what is good. */
static bool reader_next(struct reader *r, struct journal_record *out)
{
	struct raw_record raw;
	if (!record_at(r->bytes, r->at, &raw) || raw.record.sequence != r->sequence + 1)
		return false;
	const char *start = r->bytes.at + r->at;
	struct chain c = chain_next(r->chain.bytes, start, raw.n_bytes);
	if (memcmp(c.bytes, start + raw.n_bytes, CHAIN_BYTES) != 0)
		return false;
	r->chain = c;
	r->sequence++;
	r->at += raw.n_bytes + CHAIN_BYTES;
	*out = raw.record;
	return true;
}

/* The first record of a commit that continues `before`. */
static bool begins_commit(const struct reader *r, size_t at, const unsigned char *before)
{
	struct raw_record raw;
	if (at >= r->bytes.len || !record_at(r->bytes, at, &raw) || !raw.is_first)
		return false;
	const char *start = r->bytes.at + at;
	struct chain c = chain_next(before, start, raw.n_bytes);
	return memcmp(c.bytes, start + raw.n_bytes, CHAIN_BYTES) == 0;
}

/* True where the first record of a commit stands whole behind the bad place: each record is
 * preceded by the chain it continues, so it can be recognised wherever it stands. */
static bool later_commit(const struct reader *r)
{
	size_t hashed = 0;
	struct raw_record bad;
	/* The bad record may lack nothing but its own chain, which the next one then stands on. */
	if (r->at < r->bytes.len && record_at(r->bytes, r->at, &bad)) {
		struct chain c = chain_next(r->chain.bytes, r->bytes.at + r->at, bad.n_bytes);
		if (begins_commit(r, r->at + bad.n_bytes + CHAIN_BYTES, c.bytes))
			return true;
	}
	for (size_t at = r->at + CHAIN_BYTES; at < r->bytes.len; at++) {
		struct raw_record raw;
		if (!record_at(r->bytes, at, &raw) || !raw.is_first ||
			raw.record.sequence <= r->sequence ||
			raw.record.sequence - r->sequence > r->bytes.len)
			continue;
		hashed += raw.n_bytes;
		if (hashed > SEARCH_BYTES_MAX)
			return true;
		if (begins_commit(r, at, (const unsigned char *)r->bytes.at + at - CHAIN_BYTES))
			return true;
	}
	return false;
}

static enum status read_records(struct reader *r,
	enum status (*each)(const struct journal_record *r, void *context, struct error *e),
	void *context, bool *out_torn, struct error *e)
{
	struct journal_record record;
	if (r->bytes.len > JOURNAL_BYTES_MAX)
		return error_set(e, E_TOO_BIG, "the journal is larger than %lu bytes",
			(unsigned long)JOURNAL_BYTES_MAX);
	while (reader_next(r, &record)) {
		if (each != NULL)
			TRY(each(&record, context, e));
	}
	if (later_commit(r))
		return error_set(e, E_INVALID,
			"the journal was altered: record %llu does not continue the chain",
			(unsigned long long)(r->sequence + 1));
	*out_torn = r->at != r->bytes.len;
	return OK;
}

enum status journal_read(struct view bytes,
	enum status (*each)(const struct journal_record *r, void *context, struct error *e),
	void *context, bool *out_torn, struct error *e)
{
	struct reader r = { .bytes = bytes, .chain = chain_start() };
	return read_records(&r, each, context, out_torn, e);
}

/* --- writing --- */

static enum status journal_new(struct journal **out, struct error *e)
{
	struct journal *j = FAULT("journal_new") ? NULL : calloc(1, sizeof *j);
	if (j == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	j->fd = -1;
	j->chain = chain_start();
	buf_init(&j->pending, PENDING_BYTES_MAX);
	*out = j;
	return OK;
}

void journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	if (j->fd >= 0)
		(void)close(j->fd); /* what counts was synced by journal_commit */
	buf_done(&j->pending);
	free(j);
}

enum status journal_create(int folder_fd, const char *name, struct journal **out, struct error *e)
{
	AUTO(journal_close) struct journal *j = NULL;
	TRY(journal_new(&j, e));
	if (file_open_beneath(
		    folder_fd, name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL, 0600, &j->fd, e) != OK)
		return error_wrap(e, "make the journal");
	if (file_sync_folder(folder_fd, e) != OK)
		return error_wrap(e, "make the journal");
	*out = TAKE(j);
	return OK;
}

/* Cuts what is behind the last good record off, so that the next commit continues the chain. */
static enum status cut_tail(struct journal *j, struct error *e)
{
	if (FAULT("journal_cut") || ftruncate(j->fd, (off_t)j->size_bytes) != 0)
		return error_sys(e, E_FAILED, errno, "cut the journal's torn end off");
	if (fdatasync(j->fd) != 0)
		return error_sys(e, E_FAILED, errno, "cut the journal's torn end off");
	return OK;
}

enum status journal_resume(int folder_fd, const char *name, struct journal **out, struct error *e)
{
	AUTO(journal_close) struct journal *j = NULL;
	AUTO_BUF struct buf bytes;
	bool torn = false;
	buf_init(&bytes, JOURNAL_BYTES_MAX);
	TRY(journal_new(&j, e));
	if (file_open_beneath(folder_fd, name, O_WRONLY | O_APPEND, 0, &j->fd, e) != OK)
		return error_wrap(e, "open the journal");
	TRY(file_read_all(folder_fd, name, JOURNAL_BYTES_MAX, &bytes, e));
	struct reader r = { .bytes = buf_view(&bytes), .chain = chain_start() };
	TRY(read_records(&r, NULL, NULL, &torn, e));
	j->chain = r.chain;
	j->sequence = r.sequence;
	j->size_bytes = r.at;
	if (torn)
		TRY(cut_tail(j, e));
	*out = TAKE(j);
	return OK;
}

static enum status refuse_after_failure(struct error *e)
{
	return error_set(
		e, E_FAILED, "the journal could not be written before: nothing more is done");
}

enum status journal_add(
	struct journal *j, enum journal_kind kind, struct view body, struct error *e)
{
	if (j->failed)
		return refuse_after_failure(e);
	if (body.len > BODY_BYTES_MAX)
		return error_set(e, E_TOO_BIG, "a journal record of %zu bytes", body.len);
	size_t start = j->pending.len;
	uint8_t first = start == 0 ? FIRST_OF_COMMIT : 0;
	pack_put_u32(&j->pending, (uint32_t)(HEAD_BYTES + body.len + CHAIN_BYTES));
	pack_put_u8(&j->pending, (uint8_t)((uint8_t)kind | first));
	pack_put_u64(&j->pending, j->sequence + 1);
	buf_add(&j->pending, body);
	if (!j->pending.failed) {
		j->chain =
			chain_next(j->chain.bytes, j->pending.at + start, j->pending.len - start);
		buf_add_bytes(&j->pending, j->chain.bytes, CHAIN_BYTES);
	}
	if (j->pending.failed || j->pending.len > JOURNAL_BYTES_MAX - j->size_bytes) {
		j->failed = true;
		return error_set(e, E_TOO_BIG, "the journal is full, or memory is short");
	}
	j->sequence++;
	return OK;
}

static enum status write_pending(struct journal *j, struct error *e)
{
	/* Half of it reaches the file: what a full disk or a power cut leaves. */
	if (FAULT("journal_write")) {
		(void)!write(j->fd, j->pending.at, j->pending.len / 2);
		return error_sys(e, E_FAILED, ENOSPC, "write the journal");
	}
	if (file_write_all(j->fd, j->pending.at, j->pending.len, e) != OK)
		return error_wrap(e, "write the journal");
	if (FAULT("journal_sync") || fdatasync(j->fd) != 0)
		return error_sys(e, E_FAILED, errno, "bring the journal to the disk");
	return OK;
}

enum status journal_commit(struct journal *j, struct error *e)
{
	if (j->failed)
		return refuse_after_failure(e);
	if (j->pending.len == 0)
		return OK;
	enum status status = write_pending(j, e);
	if (status != OK) {
		j->failed = true;
		return status;
	}
	j->size_bytes += j->pending.len;
	buf_reset(&j->pending);
	return OK;
}
