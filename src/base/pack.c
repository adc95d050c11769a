/*
 * Fields in and out, byte by byte, so that neither alignment nor the machine's order matters.
 */
#include "base/pack.h"

static void put_le(struct buf *b, uint64_t x, size_t n_bytes)
{
	unsigned char bytes[8];
	for (size_t i = 0; i < n_bytes; i++)
		bytes[i] = (unsigned char)(x >> (8 * i));
	buf_add_bytes(b, bytes, n_bytes);
}

void pack_put_u8(struct buf *b, uint8_t x)
{
	put_le(b, x, 1);
}

void pack_put_u16(struct buf *b, uint16_t x)
{
	put_le(b, x, 2);
}

void pack_put_u32(struct buf *b, uint32_t x)
{
	put_le(b, x, 4);
}

void pack_put_u64(struct buf *b, uint64_t x)
{
	put_le(b, x, 8);
}

void pack_put_i64(struct buf *b, int64_t x)
{
	put_le(b, (uint64_t)x, 8);
}

void pack_put_text(struct buf *b, struct view v)
{
	if (v.len > UINT16_MAX) {
		b->failed = true;
		return;
	}
	put_le(b, v.len, 2);
	buf_add(b, v);
}

void pack_put_bytes(struct buf *b, struct view v)
{
	if (v.len > UINT32_MAX) {
		b->failed = true;
		return;
	}
	put_le(b, v.len, 4);
	buf_add(b, v);
}

void pack_put_digest(struct buf *b, struct digest d)
{
	buf_add_bytes(b, d.bytes, sizeof d.bytes);
}

void unpack_init(struct unpack *u, struct view v)
{
	const char *at = v.at == NULL ? "" : v.at; /* so that moving by nothing is defined */
	*u = (struct unpack){ (const unsigned char *)at, v.len, false };
}

const unsigned char *pack_get_raw(struct unpack *u, size_t n_bytes)
{
	if (u->failed || n_bytes > u->left) {
		u->failed = true;
		return NULL;
	}
	const unsigned char *start = u->at;
	u->at += n_bytes;
	u->left -= n_bytes;
	return start;
}

static uint64_t get_le(struct unpack *u, size_t n_bytes)
{
	const unsigned char *raw = pack_get_raw(u, n_bytes);
	uint64_t x = 0;
	for (size_t i = 0; raw != NULL && i < n_bytes; i++)
		x |= (uint64_t)raw[i] << (8 * i);
	return x;
}

uint8_t pack_get_u8(struct unpack *u)
{
	return (uint8_t)get_le(u, 1);
}

uint16_t pack_get_u16(struct unpack *u)
{
	return (uint16_t)get_le(u, 2);
}

uint32_t pack_get_u32(struct unpack *u)
{
	return (uint32_t)get_le(u, 4);
}

uint64_t pack_get_u64(struct unpack *u)
{
	return get_le(u, 8);
}

int64_t pack_get_i64(struct unpack *u)
{
	return (int64_t)get_le(u, 8);
}

static struct view get_view(struct unpack *u, size_t n_bytes)
{
	const unsigned char *raw = pack_get_raw(u, n_bytes);
	return raw == NULL ? VIEW_NONE : (struct view){ (const char *)raw, n_bytes };
}

struct view pack_get_text(struct unpack *u)
{
	return get_view(u, pack_get_u16(u));
}

struct view pack_get_bytes(struct unpack *u)
{
	return get_view(u, pack_get_u32(u));
}

struct digest pack_get_digest(struct unpack *u)
{
	struct digest d = { { 0 } };
	const unsigned char *raw = pack_get_raw(u, sizeof d.bytes);
	if (raw != NULL)
		memcpy(d.bytes, raw, sizeof d.bytes);
	return d;
}

bool pack_end(const struct unpack *u)
{
	return !u->failed && u->left == 0;
}
