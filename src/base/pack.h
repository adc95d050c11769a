/*
 * Little-endian fields in and out of bytes, for messages between our own processes and for the
 * binary files that only we write (manifest, journal). The reader never trusts a length: reads past
 * the end stick as `failed`, and pack_end also fails where anything is left over.
 *
 * One list makes the struct, the writer and the reader:
 *
 *   #define DONE_FIELDS(F) F(u32, file) F(u64, bytes_changed) F(text, name)
 *   PACK_STRUCT(wire_done, DONE_FIELDS)      in the header
 *   PACK_CODE(wire_done, DONE_FIELDS)        in one .c file
 *
 * gives struct wire_done, wire_done_write(struct buf *, const struct wire_done *) and
 * bool wire_done_read(struct unpack *, struct wire_done *). `text` and `bytes` are views that
 * borrow from the packet.
 */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/view.h"

struct unpack {
	const unsigned char *at;
	size_t left;
	bool failed;
};

typedef uint8_t pack_u8;
typedef uint16_t pack_u16;
typedef uint32_t pack_u32;
typedef uint64_t pack_u64;
typedef int64_t pack_i64;
typedef struct view pack_text;	   /* u16 length, then bytes */
typedef struct view pack_bytes;	   /* u32 length, then bytes */
typedef struct digest pack_digest; /* 32 bytes */

void pack_put_u8(struct buf *b, uint8_t x);
void pack_put_u16(struct buf *b, uint16_t x);
void pack_put_u32(struct buf *b, uint32_t x);
void pack_put_u64(struct buf *b, uint64_t x);
void pack_put_i64(struct buf *b, int64_t x);
void pack_put_text(struct buf *b, struct view v); /* over 65,535 bytes: the buf fails */
void pack_put_bytes(struct buf *b, struct view v);
void pack_put_digest(struct buf *b, struct digest d);

void unpack_init(struct unpack *u, struct view v);
uint8_t pack_get_u8(struct unpack *u);
uint16_t pack_get_u16(struct unpack *u);
uint32_t pack_get_u32(struct unpack *u);
uint64_t pack_get_u64(struct unpack *u);
int64_t pack_get_i64(struct unpack *u);
struct view pack_get_text(struct unpack *u);
struct view pack_get_bytes(struct unpack *u);
struct digest pack_get_digest(struct unpack *u);
/* n raw bytes, NULL (and failed) where they are not there. */
const unsigned char *pack_get_raw(struct unpack *u, size_t n_bytes);
/* True where every read fitted and nothing is left. */
bool pack_end(const struct unpack *u) MUST_CHECK;

#define PACK_MEMBER(kind, name) pack_##kind name;
#define PACK_WRITE(kind, name) pack_put_##kind(b, m->name);
#define PACK_READ(kind, name) m->name = pack_get_##kind(u);

#define PACK_STRUCT(noun, FIELDS)                                                                  \
	struct noun {                                                                              \
		FIELDS(PACK_MEMBER)                                                                \
	};                                                                                         \
	void noun##_write(struct buf *b, const struct noun *m);                                    \
	bool noun##_read(struct unpack *u, struct noun *m) MUST_CHECK;

#define PACK_CODE(noun, FIELDS)                                                                    \
	void noun##_write(struct buf *b, const struct noun *m)                                     \
	{                                                                                          \
		FIELDS(PACK_WRITE)                                                                 \
	}                                                                                          \
	bool noun##_read(struct unpack *u, struct noun *m)                                         \
	{                                                                                          \
		FIELDS(PACK_READ)                                                                  \
		return !u->failed;                                                                 \
	}

#endif
