/*
 * Strict JSON by jansson: ceilings, no duplicate keys, no NUL in text; and getters that name the
 * path of what is wrong ("facts.persons: not a whole number"). YAML is read into the same values.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/pool.h"

AUTO_TYPE(json_decref, json_t *)
#define AUTO_JSON AUTO(json_decref)

enum { JSON_DEPTH_MAX = 64 };

/* `what` names the source in errors. *out is a new reference. */
enum status json_read(struct view text, size_t ceiling_bytes, const char *what, json_t **out,
	struct error *e) MUST_CHECK;
/* Strict YAML 1.1 subset: one document, no anchors, aliases, tags, merge keys or duplicate keys.
 * Plain true/false, null/~, whole and decimal numbers become JSON values; the rest is text. */
enum status yaml_read(struct view text, size_t ceiling_bytes, const char *what, json_t **out,
	struct error *e) MUST_CHECK;

/* Compact, keys in the order of insertion. */
enum status json_write(const json_t *value, struct buf *out, struct error *e) MUST_CHECK;
/* RFC 8785-like canonical form for hashing: sorted keys, compact. */
enum status json_write_sorted(const json_t *value, struct buf *out, struct error *e) MUST_CHECK;

/* Gives the reference to the pool, which drops it when it is freed. NULL (an allocation of
 * jansson's that had no memory) is E_NO_SPACE. */
enum status json_keep(struct pool *p, json_t *value, struct error *e) MUST_CHECK;

/*
 * Getters: `at` is the path of `object` for messages. A missing optional key leaves *out as it is
 * and is OK; a key of another type is E_INVALID.
 */
struct json_place {
	json_t *object;
	const char *at; /* "" at the top */
};
enum json_need { JSON_OPTIONAL, JSON_REQUIRED };

enum status json_get_text(struct json_place p, const char *key, enum json_need need,
	const char **out, struct error *e) MUST_CHECK; /* borrowed from the object */
enum status json_get_int(struct json_place p, const char *key, enum json_need need, int64_t *out,
	struct error *e) MUST_CHECK;
enum status json_get_number(struct json_place p, const char *key, enum json_need need, double *out,
	struct error *e) MUST_CHECK;
enum status json_get_bool(struct json_place p, const char *key, enum json_need need, bool *out,
	struct error *e) MUST_CHECK;
enum status json_get_array(struct json_place p, const char *key, enum json_need need, json_t **out,
	struct error *e) MUST_CHECK; /* borrowed */
enum status json_get_object(struct json_place p, const char *key, enum json_need need, json_t **out,
	struct error *e) MUST_CHECK; /* borrowed */
/* E_INVALID naming the first key of the object that is not in `known` (ends with NULL). */
enum status json_only_keys(
	struct json_place p, const char *const *known, struct error *e) MUST_CHECK;

#endif
