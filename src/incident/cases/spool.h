/*
 * What is handed in: one signed envelope, its recipients, and an item in the outbox for each route
 * that serves one. All of it inside the caller's transaction. Between the files of this room only.
 *
 * The payload is documented in docs/modules/incident.md.
 */
#ifndef INCIDENT_SPOOL_H
#define INCIDENT_SPOOL_H

#include "incident/cases/grades.h"

enum { RECIPIENTS_MAX = 16, ATTACHMENTS_MAX = 64 };

struct attachment {
	const char *name;	     /* as the user calls it, without folders */
	char sha256[CHAIN_TEXT_MAX]; /* hex */
	int64_t n_bytes;
};

struct handed_in {
	const struct profile *profile;
	const char *stage;
	const char *form; /* id */
	json_t *filled;
	const char *what_changed; /* "" first */
	bool draft;		  /* kept, not signed, not sent */
	const struct attachment *attachments;
	size_t n_attachments;
	/* Found by spool_put. */
	struct id id;
	int64_t n;
	const char *roles[RECIPIENTS_MAX]; /* to whom the profile owes the stage */
	size_t n_roles;
	const char *sha256; /* of the envelope's bytes, "" a draft */
};
/* The roles to which the profile owes this stage as the case stands, or may owe it: duties of the
 * organisation's own roles, telephone apart. */
enum status spool_recipients(const struct desk *d, const struct case_row *row, struct handed_in *h,
	struct error *e) MUST_CHECK;
/* The profile's own first form for the stage; NULL: it has none. */
const struct form *spool_own_form(const struct desk *d, const struct profile *p, const char *stage);
/* Those who were sent something of the case under this profile before: a follow-up that no duty
 * asks for is for whoever has the notice that it follows. */
enum status spool_told_before(const struct desk *d, const struct case_row *row, struct handed_in *h,
	struct error *e) MUST_CHECK;
/* Signs and stores it: submission, recipients, outbox. Needs the desk's routes. */
enum status spool_put(const struct desk *d, const struct case_row *row, struct handed_in *h,
	struct error *e) MUST_CHECK;
/* Earlier drafts of this profile and form are gone once something newer is kept. */
enum status spool_drop_drafts(const struct desk *d, const struct case_row *row,
	const struct handed_in *h, struct error *e) MUST_CHECK;

/* Puts one recipient of a stored envelope into the outbox. */
struct spooled {
	struct id submission, incident;
	bool drill;
	struct view envelope;
};
enum status spool_route(const struct desk *d, const struct spooled *s, const char *role,
	const struct route *route, struct error *e) MUST_CHECK;

/* A signed envelope as text in the pool, and its hash. */
enum status spool_sign(const struct desk *d, const char *payload_type, json_t *payload,
	struct view *out_text, const char **out_sha256, struct error *e) MUST_CHECK;

#endif
