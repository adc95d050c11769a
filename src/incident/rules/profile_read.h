/*
 * Between the files that load profiles: the set under construction, and the readers of a profile's
 * parts. Private to the room.
 */
#ifndef INCIDENT_PROFILE_READ_H
#define INCIDENT_PROFILE_READ_H

#include "incident/rules/catalogue.h"
#include "incident/rules/class_threat.h"
#include "incident/rules/rule_read.h"

enum {
	PROFILES_MAX = 200,
	PROFILE_POOL_BYTES = 16 * 1024 * 1024,
	RULE_WORDS_MAX = 400,
	RULE_WORD_KINDS = 4,
	PROFILE_FORMS_MAX = 16
};

struct rule_word_list {
	struct rule_word rows[RULE_WORDS_MAX];
	size_t n;
};

/* One file, parsed and chosen. */
struct profile_source {
	const char *id;
	const char *what; /* for messages: "cn-miit.yaml", "profiles/own.yaml" */
	const char *source;
	int64_t version;
	bool own; /* from <home>/profiles */
	json_t *root;
};

struct profile_loader {
	struct pool *pool;
	struct catalogue_builder *builder;
	struct fact_catalogue catalogue; /* after gathering */
	struct rule_word_list *words[RULE_WORD_KINDS];
	struct profile_source *sources;
	size_t n_sources;
};

/* In this order: open (the common facts and words, the built-in sources), add, gather, read each,
 * close. Everything is taken from the pool but the parsed files, which close drops; it may be
 * called whatever failed. */
enum status profile_loader_open(
	struct pool *pool, struct profile_loader *out, struct error *e) MUST_CHECK;
/* A loader of its own over another that was opened and not yet gathered. */
enum status profile_loader_fork(const struct profile_loader *from, struct pool *pool,
	struct profile_loader *out, struct error *e) MUST_CHECK;
enum status profile_loader_add_home(
	struct profile_loader *l, const char *home, struct error *e) MUST_CHECK;
/* As if `name` ("own.yaml") lay in <home>/profiles. */
enum status profile_loader_add_text(
	struct profile_loader *l, struct view text, const char *name, struct error *e) MUST_CHECK;
enum status profile_loader_gather(struct profile_loader *l, struct error *e) MUST_CHECK;
void profile_loader_close(struct profile_loader *l);

/* The profile of one source. */
enum status profile_read(const struct profile_loader *l, const struct profile_source *s,
	struct profile *out, struct error *e) MUST_CHECK;
const struct profile_source *profile_source_find(const struct profile_loader *l, const char *id);
/* The source that `key` ("criteria_from") of `root` takes rows from, NULL where there is none. It
 * must not take its own from a third. */
enum status profile_base(const struct profile_loader *l, struct json_place root, const char *key,
	const struct profile_source **out, json_t **out_spec, struct error *e) MUST_CHECK;
/* Whether the row is among `only` and not among `off` of that specification. */
bool profile_takes_row(json_t *spec, const char *row);
/* E_INVALID where `only` or `off` name a row that the base's list has not (`key` of its rows). */
enum status profile_check_rows(
	struct json_place spec, json_t *rows, const char *key, struct error *e) MUST_CHECK;

/* Index of the grade that the key's value names: a tier's number or a class's key. */
enum status profile_read_grade(struct json_place in, const char *key, enum json_need need,
	const struct profile *p, int *out, struct error *e) MUST_CHECK;
/* instrument and certainty of a row, or those under `defaults`. */
struct rule_origin {
	const char *instrument;
	char certainty; /* 0 none */
};
enum status profile_read_origin(const struct profile_loader *l, struct json_place in,
	struct rule_origin *inout, struct error *e) MUST_CHECK;
/* A key that is among the words of that kind. */
enum status profile_read_word(const struct profile_loader *l, enum rule_words kind,
	struct json_place in, const char *key, const char **out, struct error *e) MUST_CHECK;

enum status criteria_read(const struct profile_loader *l, struct json_place root,
	struct rule_origin defaults, struct profile *out, struct error *e) MUST_CHECK;
enum status duties_read(const struct profile_loader *l, struct json_place root,
	struct rule_origin defaults, struct profile *out, struct error *e) MUST_CHECK;

#endif
