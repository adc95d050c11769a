/*
 * What the interchange formats share: the few facts of an incident that they all carry, already
 * redacted where that was asked. Between the files of this folder.
 */
#ifndef RENDER_EXCHANGE_H
#define RENDER_EXCHANGE_H

#include "render/incident_views.h"

/* MISP asks for no more than 256 characters of "info"; the other titles follow it. */
enum { TITLE_BYTES_MAX = 256 };

/* A label of the Traffic Light Protocol 2.0 (FIRST, August 2022) as each format writes it. */
struct tlp {
	const char *label;   /* "AMBER+STRICT" */
	const char *word;    /* "amber+strict", of STIX and of MISP's taxonomy */
	const char *marking; /* the STIX marking definition that OASIS gave it */
	const char *colour;  /* of MISP's taxonomy, which is FIRST's on black */
};
/* NULL: there is no such label. */
const struct tlp *tlp_find(const char *label);

struct exchange {
	const struct incident *incident;
	const struct export_options *options;
	const struct tlp *tlp;
	const char *company; /* "redacted" where redacted */
	const char *kind;    /* key */
	const char *what;    /* "" where redacted */
	const char *title;   /* "2026-0001: ransomware", shorter than TITLE_BYTES_MAX */
	const char *ongoing; /* "yes", "no", "unknown" */
	const char *tier;    /* of the default profile: "I" to "IV", "" none */
	int64_t occurred_ns, discovered_ns; /* -1 */
	int64_t modified_ns;
	bool redacted;
	bool drill;
	char title_text[TITLE_BYTES_MAX];
};
/* E_INVALID where options->tlp is no label. *out borrows from both. */
enum status exchange_from(const struct incident *i, const struct export_options *o,
	struct exchange *out, struct error *e) MUST_CHECK;
/* Does a copy show what belongs to this profile? A redacted one shows those that are built in:
 * what somebody wrote into a profile of their own may name them. */
bool exchange_shows(const struct exchange *x, const char *profile);

/* Of one thing of one incident: always the same, so that a second export updates what the first
 * made; another in a redacted copy, which must not overwrite the whole one. Version 4 in form,
 * pseudo-random from a keyed hash: the JSON schemas of STIX and MISP's server refuse versions above
 * 5, also those of RFC 9562. Returns `out`. */
char *exchange_uuid(const struct exchange *x, const char *word, char out[ID_TEXT_LEN + 1]);
/* Of the company, the same in every incident; of nobody where redacted. Returns `out`. */
char *exchange_company_uuid(const struct exchange *x, char out[ID_TEXT_LEN + 1]);
/* "company -> ministry: first_notice (cn-miit, programme first_notice)". */
void exchange_clock_text(const struct clock_row *c, struct buf *out);
/* Fact of the incident as a whole number, -1 where unknown. */
int64_t exchange_fact(const struct incident *i, const char *key);
/* 1 yes, 0 no, -1 unknown. */
int exchange_answer(const struct incident *i, const char *key);

/* JSON that is given up as a whole where memory is short for any part of it. */
struct json_maker {
	bool failed;
};
void exchange_put(struct json_maker *m, json_t *object, const char *key, json_t *value);
void exchange_push(struct json_maker *m, json_t *list, json_t *value);
/* Writes it with a line feed. */
enum status exchange_finish(const struct json_maker *m, const json_t *value, struct buf *out,
	const char *what, struct error *e) MUST_CHECK;

#endif
