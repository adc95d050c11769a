/*
 * Memory for one job (a request, a parsed file, a report), with a ceiling, freed whole.
 * Nothing taken from a pool is stored in an object that lives longer than the pool.
 * (Called a pool, not an arena: in this product an arena is the folder that a drill plants.)
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/view.h"

struct pool;

/* NULL where memory is short. */
struct pool *pool_new(size_t ceiling_bytes);
void pool_free(struct pool *p);
AUTO_TYPE(pool_free, struct pool *)

/* Zeroed, aligned for any type; NULL over the ceiling (count × size is checked for overflow). */
void *pool_take(struct pool *p, size_t count, size_t size_bytes);
/* NUL-terminated copies; NULL over the ceiling. */
char *pool_text(struct pool *p, struct view v);
char *pool_textf(struct pool *p, const char *format, ...) PRINTF_LIKE(2, 3);
size_t pool_used(const struct pool *p);
/* Hands an object to the pool: done(object) is called when the pool is freed, the last one first;
 * at once, and false, where memory is short. */
bool pool_keep(struct pool *p, void *object, void (*done)(void *object)) MUST_CHECK;

#endif
