/*
 * What the incident commands share: the surroundings (store, keys, profiles, forms), files of
 * facts, and how faults of an input are told.
 */
#ifndef CLI_INCIDENT_SESSION_H
#define CLI_INCIDENT_SESSION_H

#include "cli/command.h"
#include "cli/session.h"
#include "cli/signing.h"
#include "incident/incident.h"
#include "record/record.h"

struct incident_session {
	struct incident_context context;
	struct signing signing; /* keys NULL where the command only reads */
	struct profile_set *profiles;
	struct form_set *forms;
};
/* Opens the home's store and, unless the command only reads (session.h), its keys; a first key is
 * made where there is none. A home profile or form that is off is told, and the built-in ones
 * serve: a notice must go out whatever lies in that folder. */
enum status incident_session_open(
	struct session *s, struct incident_session *out, struct error *e) MUST_CHECK;
/* The same in two steps, for what looks at its input before the keys. */
enum status incident_session_open_unsigned(
	struct session *s, struct incident_session *out, struct error *e) MUST_CHECK;
enum status incident_session_sign(struct session *s, struct incident_session *is,
	enum signing_need need, struct error *e) MUST_CHECK;
/* --dry-run, before the session is opened: what follows checks and does everything in a rehearsal
 * of the store, and the home does not change by a byte. Sending is the command's to leave out. */
void incident_rehearse(struct session *s, bool dry_run);
/* In a rehearsal the sentence that says so, else nothing. */
void incident_say_rehearsed(const struct session *s);
/* The object, with "dry_run": true in a rehearsal. */
json_t *incident_answer(const struct session *s, json_t *object);
void incident_session_close(struct incident_session *is);
#define AUTO_INCIDENT __attribute__((cleanup(incident_session_close)))
/* Profiles alone, without a home: for classify. */
enum status incident_profiles(
	struct session *s, struct profile_set **out, struct error *e) MUST_CHECK;

/* Forms alone, without a home where there is none. */
enum status incident_forms(struct session *s, struct form_set **out, struct error *e) MUST_CHECK;

/* The regime that a command means where none is named: the default one where the incident runs it,
 * else the incident's first. `named` NULL: none. In the session's pool. */
enum status incident_profile_of(struct session *s, const struct incident_session *is,
	const char *id, const char *named, const char **out, struct error *e) MUST_CHECK;

/* The regime that a report of this stage is for, where none is named: the one that has an open duty
 * of it, or the incident's only one. E_INVALID where that is none or several of them: a report that
 * is handed in for the wrong one goes to the wrong authority. */
enum status incident_profile_owing(struct session *s, const struct incident_session *is,
	const char *id, const char *stage, const char **out, struct error *e) MUST_CHECK;

/* A JSON object from a file, "-" being standard input; at most 4 MiB. */
enum status read_json_object(
	const char *path, const char *what, json_t **out, struct error *e) MUST_CHECK;
/* "key=value" pairs into an object; a value that is JSON is taken as such, else as text. */
enum status read_assignments(
	const struct text_list *pairs, json_t *object, struct error *e) MUST_CHECK;
/* The same for the fields of a form, where a number alone is text. */
enum status read_form_values(
	const struct text_list *pairs, json_t *object, struct error *e) MUST_CHECK;

/* Prints each fault with its field (JSON: {"error": …, "faults": [{"field","what"}]}), marks the
 * session as told, and returns E_INVALID. Without faults it returns `status` as it is. */
enum status tell_faults(struct session *s, const struct field_faults *faults, enum status status,
	struct error *e) MUST_CHECK;

/* Sends what is due for at most `limit_ns` (0: nothing is sent) and takes the receipts in.
 * `subject` NULL: everything.
 */
enum status incident_deliver(struct session *s, struct incident_session *is, const char *subject,
	int64_t limit_ns, struct flush_report *out, struct error *e) MUST_CHECK;

#endif
