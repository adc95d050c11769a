/*
 * UUIDv7: 48 bits of milliseconds, then random bits.
 */
#include "base/id.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"

struct id id_new(int64_t wall_ns)
{
	unsigned char b[16];
	uint64_t ms = (uint64_t)(wall_ns / NS_PER_MS);
	random_bytes(b, sizeof b);
	for (int i = 0; i < 6; i++)
		b[i] = (unsigned char)(ms >> (40 - 8 * i));
	b[6] = (unsigned char)(0x70 | (b[6] & 0x0f));
	b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
	struct id id;
	(void)snprintf(id.text, sizeof id.text,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		b[15]);
	return id;
}

bool id_parse(struct view v, struct id *out)
{
	if (v.len != ID_TEXT_LEN)
		return false;
	for (size_t i = 0; i < v.len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool hex = (v.at[i] >= '0' && v.at[i] <= '9') || (v.at[i] >= 'a' && v.at[i] <= 'f');
		if (dash ? v.at[i] != '-' : !hex)
			return false;
	}
	if (v.at[14] != '7' || strchr("89ab", v.at[19]) == NULL)
		return false;
	memcpy(out->text, v.at, v.len);
	out->text[v.len] = '\0';
	return true;
}
