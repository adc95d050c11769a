/*
 * The messages of sender_wire.h, and bytes in pieces.
 */
#include "record/sender_wire.h"

#include <stdlib.h>

#include "base/fault.h"
#include "sys/role.h"

PACK_CODE(sender_open, SENDER_OPEN_FIELDS)
PACK_CODE(sender_ready, SENDER_READY_FIELDS)
PACK_CODE(sender_fault, SENDER_FAULT_FIELDS)
PACK_CODE(sender_post, SENDER_POST_FIELDS)
PACK_CODE(sender_stage, SENDER_STAGE_FIELDS)
PACK_CODE(sender_answer, SENDER_ANSWER_FIELDS)

enum status sender_give(int fd, struct view bytes, struct error *e)
{
	while (bytes.len > 0) {
		size_t n = bytes.len < SENDER_PIECE_MAX ? bytes.len : (size_t)SENDER_PIECE_MAX;
		TRY(packet_send(fd, SENDER_PIECE, (struct view){ bytes.at, n }, e));
		bytes = (struct view){ bytes.at + n, bytes.len - n };
	}
	return OK;
}

enum status sender_take(int fd, size_t n_bytes, int timeout_ms, struct buf *out, struct error *e)
{
	AUTO_FREE struct packet *p = FAULT("sender_take") ? NULL : malloc(sizeof *p);
	if (p == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	while (n_bytes > 0) {
		bool got = false;
		TRY(packet_receive(fd, timeout_ms, p, &got, e));
		if (!got)
			return error_set(e, E_STOPPED, "the other process is silent");
		if (p->type != SENDER_PIECE || p->body.len == 0 || p->body.len > n_bytes)
			return error_set(e, E_INVALID, "the other process sent something else");
		buf_add(out, p->body);
		n_bytes -= p->body.len;
	}
	return buf_check(out, "message", e);
}
