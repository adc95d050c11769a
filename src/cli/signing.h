/*
 * The home's keys as a command meets them: opened to sign, with what a person must be told of them.
 */
#ifndef CLI_SIGNING_H
#define CLI_SIGNING_H

#include "cli/session.h"
#include "record/record.h"

enum signing_need {
	SIGNING_USUAL,	    /* damaged keys are refused with the remedy: E_INVALID */
	SIGNING_CANNOT_WAIT /* they are set aside and new ones made (docs/decisions/0076) */
};

/* Texts live in the session's pool. */
struct signing {
	struct keyring *keys;
	/* For scripts: "kept", "first" (made just now), "exposed" (a mode was set right), "lost"
	 * (made anew, the old ones are gone), "replaced" (made anew, the old ones were damaged). */
	const char *state;
	const char *set_aside; /* the folder of the damaged ones; NULL none */
	const char *note;      /* what was said; "" nothing */
};
/* Opens the keys and says on standard error what is amiss; what changes who signs is said in spite
 * of --quiet. The store is open: it tells whether the home has signed before. */
enum status signing_open(
	struct session *s, enum signing_need need, struct signing *out, struct error *e) MUST_CHECK;
/* The same to say it ahead of what opens the keys by itself. */
enum status signing_look(struct session *s, struct error *e) MUST_CHECK;
/* Of keys that were opened to look only. */
void signing_say_loose(struct session *s, const struct keyring *keys);
/* {"key","state","set_aside","note"} */
json_t *signing_json(const struct signing *g);

#endif
