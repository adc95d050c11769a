/*
 * A chain of blocks, handed out from the front, freed together.
 */
#include "base/pool.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"

enum { BLOCK_BYTES = 64 * 1024, ALIGNMENT = 16 };

struct block {
	struct block *next;
	size_t size;
	size_t used;
	_Alignas(ALIGNMENT) char bytes[];
};

struct kept {
	struct kept *next;
	void *object;
	void (*done)(void *object);
};

struct pool {
	struct block *first;
	struct kept *kept;
	size_t ceiling;
	size_t used;
};

struct pool *pool_new(size_t ceiling_bytes)
{
	struct pool *p = FAULT("pool_new") ? NULL : calloc(1, sizeof *p);
	if (p != NULL)
		p->ceiling = ceiling_bytes;
	return p;
}

void pool_free(struct pool *p)
{
	if (p == NULL)
		return;
	for (struct kept *k = p->kept; k != NULL; k = k->next)
		k->done(k->object);
	struct block *b = p->first;
	while (b != NULL) {
		struct block *next = b->next;
		free(b);
		b = next;
	}
	free(p);
}

void *pool_take(struct pool *p, size_t count, size_t size_bytes)
{
	size_t wanted;
	if (__builtin_mul_overflow(count, size_bytes, &wanted) || wanted > p->ceiling ||
		wanted > SIZE_MAX / 4)
		return NULL;
	wanted = wanted == 0 ? ALIGNMENT : (wanted + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (wanted > p->ceiling - p->used)
		return NULL;
	struct block *b = p->first;
	if (b == NULL || wanted > b->size - b->used) {
		size_t size = wanted > BLOCK_BYTES ? wanted : BLOCK_BYTES;
		b = FAULT("pool_take") ? NULL : malloc(sizeof *b + size);
		if (b == NULL)
			return NULL;
		*b = (struct block){ .next = p->first, .size = size };
		p->first = b;
	}
	void *start = b->bytes + b->used;
	b->used += wanted;
	p->used += wanted;
	return memset(start, 0, wanted);
}

char *pool_text(struct pool *p, struct view v)
{
	if (v.len == SIZE_MAX)
		return NULL;
	char *copy = pool_take(p, 1, v.len + 1);
	if (copy != NULL && v.len > 0)
		memcpy(copy, v.at, v.len);
	return copy;
}

char *pool_textf(struct pool *p, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = n < 0 ? NULL : pool_take(p, 1, (size_t)n + 1);
	if (text != NULL)
		(void)vsnprintf(text, (size_t)n + 1, format, again);
	va_end(again);
	return text;
}

size_t pool_used(const struct pool *p)
{
	return p->used;
}

bool pool_keep(struct pool *p, void *object, void (*done)(void *object))
{
	struct kept *k = pool_take(p, 1, sizeof *k);
	if (k == NULL) {
		done(object);
		return false;
	}
	*k = (struct kept){ p->kept, object, done };
	p->kept = k;
	return true;
}
