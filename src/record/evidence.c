/*
 * Writing an evidence file. A line that could not be written whole is cut off again, so that what
 * is on disk is always a chain.
 */
#include "record/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fault.h"
#include "record/envelope.h"
#include "record/evidence_line.h"
#include "sys/file.h"

struct evidence {
	int fd;
	struct digest head; /* of the last line; zeros before the first */
	uint64_t n_lines;
	off_t size_bytes;
	bool closed; /* signed, or broken: takes nothing more */
	char subject[64];
};

enum status evidence_create(int folder_fd, const char *name, const char *subject,
	struct evidence **out, struct error *e)
{
	AUTO(evidence_close)
	struct evidence *v = FAULT("evidence_create") ? NULL : calloc(1, sizeof *v);
	if (v == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "begin the evidence");
	v->fd = -1;
	size_t n = strlen(subject);
	if (n == 0 || n >= sizeof v->subject)
		return error_set(e, E_INVALID, "evidence: a subject of 1 to %zu bytes is wanted",
			sizeof v->subject - 1);
	memcpy(v->subject, subject, n);
	struct error why = ERROR_NONE;
	enum status status = file_open_beneath(
		folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0600, &v->fd, &why);
	if (status != OK && why.errno_value == EEXIST)
		return error_set(e, E_CONFLICT, "evidence '%s' is there already", name);
	if (status != OK)
		return error_set(e, status, "evidence '%s': %s", name, why.text);
	TRY(file_sync_folder(folder_fd, e));
	*out = TAKE(v);
	return OK;
}

void evidence_close(struct evidence *v)
{
	if (v == NULL)
		return;
	auto_fd(&v->fd);
	free(v);
}

/* A disk that is full after half of the line. */
static enum status write_line(struct evidence *v, struct view line, struct error *e)
{
	if (!FAULT("evidence_write"))
		return file_write_all(v->fd, line.at, line.len, e);
	struct view half = { line.at, line.len / 2 };
	TRY(file_write_all(v->fd, half.at, half.len, e));
	return error_sys(e, E_FAILED, ENOSPC, "write");
}

static enum status append(struct evidence *v, struct buf *line, struct error *e)
{
	TRY(buf_check(line, "evidence line", e));
	if (line->len > EVIDENCE_LINE_BYTES_MAX ||
		line->len + 1 > EVIDENCE_BYTES_MAX - (size_t)v->size_bytes)
		return error_set(e, E_TOO_BIG, "the evidence is over its ceiling of %zu bytes",
			(size_t)EVIDENCE_BYTES_MAX);
	struct digest head = digest_of(line->at, line->len);
	buf_add_char(line, '\n');
	TRY(buf_check(line, "evidence line", e));
	if (write_line(v, buf_view(line), e) != OK) {
		if (ftruncate(v->fd, v->size_bytes) != 0)
			v->closed = true;
		return error_wrap(e, "write the evidence");
	}
	v->head = head;
	v->n_lines++;
	v->size_bytes += (off_t)line->len;
	return OK;
}

enum status evidence_add(
	struct evidence *v, int64_t wall_ns, const char *event, json_t *data, struct error *e)
{
	AUTO_JSON json_t *owned = data;
	char at[TIME_TEXT_MAX];
	char prev[DIGEST_HEX_LEN + 1];
	if (v->closed)
		return error_set(e, E_CONFLICT, "the evidence is closed");
	if (!json_is_object(owned))
		return error_set(e, E_INVALID, "evidence '%s': its data is no object", event);
	AUTO_JSON json_t *line =
		FAULT("evidence_add")
			? NULL
			: json_pack("{s:I, s:s, s:s, s:s, s:O}", "n", (json_int_t)v->n_lines + 1,
				  "prev", digest_hex(&v->head, prev), "at", time_text(wall_ns, at),
				  "event", event, "data", owned);
	if (line == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "write the evidence");
	AUTO_BUF struct buf text = { .ceiling = EVIDENCE_LINE_BYTES_MAX + 1 };
	TRY(json_write(line, &text, e));
	return append(v, &text, e);
}

enum status evidence_sync(struct evidence *v, struct error *e)
{
	if (FAULT("evidence_sync") || fsync(v->fd) != 0)
		return error_sys(e, E_FAILED, errno, "put the evidence on disk");
	return OK;
}

enum status evidence_closing_line(uint64_t number, const struct digest *prev, json_t *envelope,
	struct buf *out, struct error *e)
{
	char hex[DIGEST_HEX_LEN + 1];
	AUTO_JSON json_t *line = json_pack("{s:I, s:s, s:O}", "n", (json_int_t)number, "prev",
		digest_hex(prev, hex), "envelope", envelope);
	if (line == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "close the evidence");
	return json_write(line, out, e);
}

enum status evidence_sign(
	struct evidence *v, int64_t wall_ns, const struct key *key, struct error *e)
{
	char at[TIME_TEXT_MAX];
	char head[DIGEST_HEX_LEN + 1];
	if (v->closed)
		return error_set(e, E_CONFLICT, "the evidence is closed");
	AUTO_JSON json_t *claim =
		FAULT("evidence_sign")
			? NULL
			: json_pack("{s:s, s:I, s:s, s:s}", "head", digest_hex(&v->head, head),
				  "lines", (json_int_t)v->n_lines, "subject", v->subject, "at",
				  time_text(wall_ns, at));
	if (claim == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "close the evidence");
	AUTO_BUF struct buf payload = { .ceiling = 4 * KIB };
	AUTO_BUF struct buf line = { .ceiling = 64 * KIB };
	AUTO_JSON json_t *envelope = NULL;
	TRY(json_write(claim, &payload, e));
	TRY(envelope_sign(EVIDENCE_TYPE, buf_view(&payload), key, &envelope, e));
	TRY(evidence_closing_line(v->n_lines + 1, &v->head, envelope, &line, e));
	TRY(append(v, &line, e));
	v->closed = true;
	return evidence_sync(v, e);
}
