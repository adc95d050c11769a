/*
 * Readers for the fields of a rule file (facts, roles, profiles): keys, lines, texts in both
 * languages, words of a list. A refusal names the path in the file. Private to the loaders.
 */
#ifndef INCIDENT_RULE_READ_H
#define INCIDENT_RULE_READ_H

#include "base/bilingual.h"
#include "base/json.h"
#include "base/pool.h"

enum {
	RULE_FILE_MAX = 512 * 1024,
	RULE_PATH_MAX = 200,
	RULE_KEY_MAX = 64,
	RULE_LINE_MAX = 600,
	RULE_NEAR_MAX = 200
};

/* "criteria[3].when", cut where it is longer. Returns out. */
char *rule_path(char out[RULE_PATH_MAX], const char *at, const char *key);
char *rule_item(char out[RULE_PATH_MAX], const char *at, size_t i);

/*
 * As json_get_*: an absent optional key leaves *out as it is. Texts are copies in the pool.
 */
/* [a-z0-9] and inside also _ and -, 1 to 64. */
enum status rule_key(struct json_place in, const char *key, enum json_need need, struct pool *p,
	const char **out, struct error *e) MUST_CHECK;
/* One line that can be shown, 1 to RULE_LINE_MAX bytes. */
enum status rule_line(struct json_place in, const char *key, enum json_need need, struct pool *p,
	const char **out, struct error *e) MUST_CHECK;
/* { zh: …, en: … }: both, and nothing else. */
enum status rule_both(struct json_place in, const char *key, enum json_need need, struct pool *p,
	struct bilingual *out, struct error *e) MUST_CHECK;
/* zh and en beside other keys of the object itself. */
enum status rule_both_here(
	struct json_place in, struct pool *p, struct bilingual *out, struct error *e) MUST_CHECK;
/* Index of the text in a list that ends with NULL. */
enum status rule_choice(struct json_place in, const char *key, enum json_need need,
	const char *const *words, int *out, struct error *e) MUST_CHECK;
enum status rule_int(struct json_place in, const char *key, enum json_need need, int64_t low,
	int64_t high, int64_t *out, struct error *e) MUST_CHECK;
/* A list that holds 1 to `most` items. */
enum status rule_list(struct json_place in, const char *key, enum json_need need, size_t most,
	json_t **out, struct error *e) MUST_CHECK;
enum status rule_no_memory(struct error *e);

/* The names near `word` ("'a', 'b'"), "" where there is none; `name_at` gives the i-th of n. */
struct rule_names {
	const char *(*name_at)(const void *context, size_t i);
	const void *context;
	size_t n;
};
const char *rule_near(const char *word, struct rule_names all, char out[RULE_NEAR_MAX]);

#endif
