/*
 * What the interchange formats share: the few facts of an incident that they all carry, already
 * redacted where that was asked. Between the files of this folder.
 */
#ifndef RENDER_EXCHANGE_H
#define RENDER_EXCHANGE_H

#include "render/incident_views.h"

enum { NAME_MAX_BYTES = 256, CLOCK_TEXT_MAX = 512 };

struct exchange {
	const char *company;   /* "redacted" where redacted */
	const char *kind;      /* key */
	const char *what;      /* "" where redacted */
	const char *title;     /* "2026-0001: ransomware", never longer than NAME_MAX_BYTES - 1 */
	const char *tlp;       /* "AMBER" */
	const char *tier;      /* of the default profile: "I" to "IV", "" none */
	int tier_number;       /* 1 to 4, 0 none */
	int64_t discovered_ns; /* -1 */
	int64_t modified_ns;
	bool redacted;
	bool drill;
	char title_text[NAME_MAX_BYTES];
};
void exchange_from(const struct incident *i, const struct export_options *o, struct exchange *out);
/* A stable UUID (version 8, RFC 9562) made of the incident's id and a word, so that a second export
 * names the same things the same. Returns `out`. */
char *exchange_uuid(const struct id *incident, const char *word, char out[ID_TEXT_LEN + 1]);
/* "notify: company → ministry, first_notice (cn-miit)". */
char *exchange_clock_text(const struct clock_row *c, char out[CLOCK_TEXT_MAX]);
/* Fact of the incident as a whole number, -1 where unknown. */
int64_t exchange_fact(const struct incident *i, const char *key);

#endif
