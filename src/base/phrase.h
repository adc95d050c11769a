/*
 * A sentence that is kept without a language: its English format, which is its key in the
 * catalogue, and what goes into it. Whoever reads it later sees it in the language of then and
 * there. For what is stored; what is said at once goes through i18n.h alone.
 *
 * As text it is U+001E (as in RFC 7464) and a JSON array: ["refused (%d): %s", 400, "not a
 * member"]; a %s may hold a phrase in its turn. Text without the mark is text of somebody's, in
 * whatever language it is. A format knows %s, %d, %lld, %zu and %%, and in translations their
 * places (%2$s).
 */
#ifndef BASE_PHRASE_H
#define BASE_PHRASE_H

#include "base/error.h"
#include "base/json.h"
#include "base/pool.h"

/* The kept text, in the pool; NULL where memory is short. The format is marked N_("…") for the
 * catalogue; text that is not UTF-8 becomes "?". */
const char *phrase_of(struct pool *p, const char *format, ...) PRINTF_LIKE(2, 3);
/* An English sentence as it stands, which the catalogue may know. */
const char *phrase_sentence(struct pool *p, const char *english);
/* In the language of i18n_use. What is no phrase, or a damaged one, comes back as it is (without
 * the mark). NULL where memory is short. */
const char *phrase_words(struct pool *p, const char *kept);

/* The same as a JSON value, for what is kept within an object: the array, or a string. New
 * reference. */
json_t *phrase_to_json(const char *kept);
/* The words of such a value as a JSON string; what is no phrase as it is. New reference, NULL where
 * memory is short. */
json_t *phrase_json_words(json_t *value);

#endif
