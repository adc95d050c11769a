/*
 * Who may approve a lower grade: <home>/persons/<name>.pem, or <home>/persons/<name>/<any>.pem for
 * a person with several keys (public halves). A key that stands under two names counts for nobody;
 * nor does a key that this home signs with: a machine approves nothing.
 *
 * Between the files of this room only.
 */
#ifndef INCIDENT_PERSONS_H
#define INCIDENT_PERSONS_H

#include "incident/cases/case.h"

enum { PERSON_KEYS_MAX = 256, APPROVALS_MAX = 16, APPROVALS_NEEDED = 2 };

struct person_key {
	const char *name;
	struct key *key;
};
struct persons {
	struct person_key keys[PERSON_KEYS_MAX];
	size_t n_keys;
};
/* No folder: nobody. E_INVALID names a file that is no key, and two names that share one. */
enum status persons_open(const struct incident_context *c, struct pool *p, struct persons *out,
	struct error *e) MUST_CHECK;
void persons_close(struct persons *o);
#define AUTO_PERSONS __attribute__((cleanup(persons_close)))

/* Files of DSSE approvals over exactly `statement`. E_DENIED unless at least two different persons
 * signed. *out: [{"person", "key", "envelope"}], kept by the pool. */
struct approval_files {
	const char *const *paths;
	size_t n;
};
enum status approvals_check(const struct desk *d, const struct persons *persons,
	const struct approval_files *files, struct view statement, json_t **out,
	struct error *e) MUST_CHECK;

#endif
