/*
 * Readers for the fields of a scenario file: sizes with units, shares, words from a list. Each
 * refusal names the place and the value. Private to the scenario loader.
 */
#ifndef DRILL_SCENARIO_READ_H
#define DRILL_SCENARIO_READ_H

#include "base/i18n.h"
#include "base/json.h"
#include "base/pool.h"
#include "drill/scenario/scenario.h"

enum {
	SCENARIO_TEXT_MAX = 128 * 1024, /* of a file */
	FIELD_PATH_MAX = 160,
	TEETH_MAX = 65536,
	TYPE_LISTS_MAX = 16
};
#define SIZE_MAX_BYTES (16384 * GIB) /* no size in a file may be larger: 16 TiB */

/* One key of one object. */
struct field {
	struct json_place in;
	const char *key;
	enum json_need need;
};
#define FIELD(place, name) ((struct field){ (place), (name), JSON_OPTIONAL })
#define FIELD_NEEDED(place, name) ((struct field){ (place), (name), JSON_REQUIRED })

/* "region[2].step.skip". Returns out. */
char *field_path(struct field f, char out[FIELD_PATH_MAX]);
/* NULL where the key is absent or null; with `need` required that is E_INVALID. */
enum status field_value(struct field f, json_t **out, struct error *e) MUST_CHECK;
/* Refuses: "<path>: <value> <why>". `why` is a whole clause. */
enum status field_refuse(struct field f, const char *why, struct error *e) MUST_CHECK;

struct range {
	uint64_t low, high; /* both inclusive */
};
/* A missing optional key leaves *out as it is, for all of these. */
enum status field_size(struct field f, struct range r, uint64_t *out, struct error *e) MUST_CHECK;
enum status field_count(struct field f, struct range r, uint32_t *out, struct error *e) MUST_CHECK;
/* A size, "12.5 %" of the file, or a fraction of it ("1/3"). */
enum status field_span(struct field f, struct span_rule *out, struct error *e) MUST_CHECK;
/* Index of the word in a list that ends with NULL. */
enum status field_word(
	struct field f, const char *const *words, unsigned *out, struct error *e) MUST_CHECK;
enum status field_bool(struct field f, bool *out, struct error *e) MUST_CHECK;

enum text_shape {
	TEXT_LINE,   /* no control characters */
	TEXT_LINES,  /* line feeds allowed */
	TEXT_ID,     /* [a-z0-9-]{2,40} */
	TEXT_LABEL,  /* [A-Za-z0-9 ._<>=+%/-]{1,60} */
	TEXT_TYPE,   /* extension: [a-z0-9_]{1,15} */
	TEXT_SUFFIX, /* "." and [A-Za-z0-9._-], at most 32, or "" */
	TEXT_NAME,   /* a single file name, at most 100 bytes */
	TEXT_ATTACK  /* T1234 or T1234.567 */
};
struct text_rule {
	enum text_shape shape;
	size_t max_bytes; /* of TEXT_LINE and TEXT_LINES */
};
/* A copy in the pool. */
enum status field_text(struct field f, struct text_rule rule, struct pool *p, const char **out,
	struct error *e) MUST_CHECK;
/* {en: …, zh: …}, both needed. */
enum status field_both(struct field f, struct text_rule rule, struct pool *p,
	struct drill_text *out, struct error *e) MUST_CHECK;
struct word_list {
	const char **words;
	size_t most;
	size_t *n;
};
enum status field_list(struct field f, struct text_rule rule, struct pool *p, struct word_list *out,
	struct error *e) MUST_CHECK;
bool text_has_shape(struct view v, struct text_rule rule);

/* scenario_region.c */
enum status scenario_read_regions(
	struct json_place top, struct pool *p, struct scenario *out, struct error *e) MUST_CHECK;

#endif
