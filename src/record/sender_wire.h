/*
 * Messages between whoever sends and the role `sender` (packets of sys/role.h), and the numbers
 * that both know. Private to this folder; both ends are the same executable.
 *
 *   SENDER_OPEN, SENDER_PIECE…   where to, and the bytes of authorities, certificate and key
 *   ← SENDER_READY               the locks are on (or SENDER_FAULT)
 *   SENDER_POST, SENDER_PIECE…   headers, and the body
 *   ← SENDER_STAGE…              how far it got
 *   ← SENDER_ANSWER, SENDER_PIECE…
 *
 * A process serves one way and any number of posts, as long as each is answered.
 */
#ifndef RECORD_SENDER_WIRE_H
#define RECORD_SENDER_WIRE_H

#include "base/pack.h"
#include "record/outbox.h"
#include "record/receipt.h"

enum sender_packet {
	SENDER_OPEN = 1,
	SENDER_PIECE,
	SENDER_POST,
	SENDER_READY = 32,
	SENDER_FAULT,
	SENDER_STAGE,
	SENDER_ANSWER
};

enum { SENDER_HEADERS_MAX = 8 * 1024, SENDER_DETAIL_MAX = 400, SENDER_PIECE_MAX = 48 * 1024 };
#define SENDER_OPEN_BYTES_MAX (5 * MIB) /* authorities, certificate, key */

/* How a post ended. */
enum sent_end {
	SENT_ANSWERED,
	SENT_NO_NAME,	      /* the name has no address, or nobody told it */
	SENT_NO_CONNECTION,   /* refused, unreachable */
	SENT_NO_PROXY,	      /* the proxy would not */
	SENT_NOT_TRUSTED,     /* the other side's certificate; `verify` tells why */
	SENT_NO_TLS,	      /* another fault of the handshake */
	SENT_OUR_CERTIFICATE, /* the other side does not take it, or asks for one */
	SENT_CUT,	      /* the connection ended before the answer did */
	SENT_SLOW,	      /* a limit of time; `stage` tells where */
	SENT_TOO_BIG,	      /* an answer over RECEIPT_BYTES_MAX */
	SENT_NOT_HTTP,
	SENT_OTHER,
	SENT_ENDED /* the process ended; never on the wire */
};
enum sent_stage { STAGE_START, STAGE_NAME, STAGE_CONNECT, STAGE_TLS, STAGE_SEND, STAGE_ANSWER };

#define SENDER_OPEN_FIELDS(F)                                                                      \
	F(u8, way_kind)                                                                            \
	F(text, host)                                                                              \
	F(u16, port)                                                                               \
	F(text, path)                                                                              \
	F(text, proxy_host)                                                                        \
	F(u16, proxy_port) F(u32, uid) F(u32, gid) F(u32, n_ca) F(u32, n_certificate) F(u32, n_key)
#define SENDER_READY_FIELDS(F) F(u32, landlock_abi) F(u8, own_uid)
#define SENDER_FAULT_FIELDS(F) F(u8, status) F(text, sentence)
#define SENDER_POST_FIELDS(F)                                                                      \
	F(text, headers) F(u32, n_body) F(u32, connect_ms) F(u32, first_byte_ms) F(u32, whole_ms)
#define SENDER_STAGE_FIELDS(F) F(u8, stage)
#define SENDER_ANSWER_FIELDS(F)                                                                    \
	F(u8, end)                                                                                 \
	F(u8, stage)                                                                               \
	F(u32, http_status)                                                                        \
	F(i64, verify) F(text, detail) F(text, content_type) F(text, retry_after) F(u32, n_body)

PACK_STRUCT(sender_open, SENDER_OPEN_FIELDS)
PACK_STRUCT(sender_ready, SENDER_READY_FIELDS)
PACK_STRUCT(sender_fault, SENDER_FAULT_FIELDS)
PACK_STRUCT(sender_post, SENDER_POST_FIELDS)
PACK_STRUCT(sender_stage, SENDER_STAGE_FIELDS)
PACK_STRUCT(sender_answer, SENDER_ANSWER_FIELDS)

/* Bytes in pieces, both ways. The receiver takes exactly n bytes within the time (milliseconds, -1
 * for ever); anything else is E_INVALID, the end of the other side E_ABSENT, too late E_STOPPED. */
enum status sender_give(int fd, struct view bytes, struct error *e) MUST_CHECK;
enum status sender_take(
	int fd, size_t n_bytes, int timeout_ms, struct buf *out, struct error *e) MUST_CHECK;

#endif
