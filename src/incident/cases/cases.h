/*
 * An incident from its first notice to its summary: one object whose facts, grades and submissions
 * are revisions that nothing overwrites. Life cycle: open → handled → closed, and reopened; a table
 * says which step may follow (life.c).
 *
 * Everything that must not be lost is in one transaction with the signed envelope in the outbox,
 * before any network call. Records are kept three years at least (State Council order 790 art. 12);
 * purge refuses earlier.
 *
 * Every row carries its company as the distribution key, so that a hub can hold many.
 *
 * Tables: incident_case, incident_number, incident_profile, incident_revision, incident_grade,
 * incident_submission, incident_recipient, incident_attachment, incident_call, incident_event,
 * incident_purged, incident_warning, incident_warning_version.
 *
 * What lies in a struct that a call gives lies in that call's pool, JSON values too: they are
 * borrowed.
 */
#ifndef INCIDENT_CASES_H
#define INCIDENT_CASES_H

#include "base/id.h"
#include "incident/clocks/clocks.h"
#include "incident/forms/forms.h"
#include "incident/rules/classify.h"
#include "record/record.h"

struct incident_context {
	const char *home;
	struct store *store;
	const struct clock *clock;  /* NULL: the kernel's */
	const char *boot_id;	    /* NULL: the kernel's */
	const struct keyring *keys; /* NULL where nothing is signed */
	/* What a person was told of the keys, for the history; NULL, "": nothing. */
	const char *keys_note;
	const struct profile_set *profiles;
	const struct form_set *forms;
	const char *by; /* who acts: a person's name or role, "" the calling user's uid */
	/* Distribution key of the rows; NULL: "", a home of one company. */
	const char *company;
	/* The store is in a rehearsal (store_rehearse): no file of the home is written either. */
	bool rehearsal;
};

/* Payload types of envelopes. A drill's notice is another type, refused on a real route. */
#define INCIDENT_PAYLOAD "application/vnd.tocsin.incident+json"
#define INCIDENT_DRILL_PAYLOAD "application/vnd.tocsin.incident-drill+json"
#define INCIDENT_RECEIPT_PAYLOAD "application/vnd.tocsin.receipt+json"
#define INCIDENT_LOCAL_RECEIPT_PAYLOAD "application/vnd.tocsin.local-receipt+json"
#define INCIDENT_APPROVAL_PAYLOAD "application/vnd.tocsin.approval+json"
#define WARNING_PAYLOAD "application/vnd.tocsin.warning+json"

#define WARNING_DRILL_PAYLOAD "application/vnd.tocsin.warning-drill+json"

enum life { LIFE_OPEN, LIFE_HANDLED, LIFE_CLOSED };
const char *life_name(enum life l);

/* The eight facts of a first notice; NULL, -1 or "unknown" is unknown, which is an answer. What is
 * NULL here is looked for in `more`, then in <home>/incident.yaml (company, callback, profiles,
 * tlp; docs/modules/incident.md). */
struct first_notice {
	const char *company;
	int64_t discovered_ns;
	const char *kind; /* an option of rules/forms/first-notice.yaml: "ransomware", "leak", … */
	const char *what; /* one line */
	const char *systems;
	const char *ongoing; /* "yes", "no", "unknown" */
	const char *scale;
	const char *action;
	const char *callback;
	json_t *more; /* the whole facts file as given, NULL: fact keys are read from it, others
			 kept */
	json_t *set;  /* what was set key by key, over `more`; NULL. A key in it that is neither
			 one of the eight nor a fact is a fault */
	bool drill;
	const char *drill_id;	     /* "" none */
	const char *const *profiles; /* NULL: the default one and those of <home>/incident.yaml */
	size_t n_profiles;
	const char *tlp; /* "RED", "AMBER+STRICT", "AMBER", "GREEN", "CLEAR"; NULL: "AMBER" */
};

struct incident_receipt { /* local: what was put where, provable offline */
	struct id incident;
	struct id envelope;
	const char *sha256;  /* of the envelope's bytes, hex */
	json_t *signed_form; /* DSSE, INCIDENT_LOCAL_RECEIPT_PAYLOAD; names every envelope */
	int64_t at_ns;
	const char *number;  /* 2026-0001 */
	const char *warning; /* what of the home was left aside (incident.yaml, routes), "" nothing
			      */
	json_t *near; /* {"key in `more`": "'facts', 'that it is near'"}: kept, and perhaps a slip
		       */
};
/* Checks, signs, and stores notice, grades, clocks and the envelopes in one transaction: one
 * envelope for each profile that wants something now (owed.h), in the stage and on the form that
 * it has for that, so that no regime reads another's grade; none does: one for the first profile,
 * kept here. A damaged incident.yaml or routes.yaml
 * does not stop a notice (out->warning). All faults are in `faults`; then E_INVALID and nothing
 * stored. Asks nobody and touches no network. */
enum status incident_new(const struct incident_context *c, const struct first_notice *n,
	struct pool *p, struct incident_receipt *out, struct field_faults *faults,
	struct error *e) MUST_CHECK;

struct checked_notice {
	json_t *facts; /* as they would be kept */
	const char **profiles;
	size_t n_profiles;
	const char *trouble; /* what of the home would be left aside; "" */
	json_t *near;	     /* as in incident_receipt */
};
/* Reads a notice as incident_new does, and keeps nothing: needs no store and no keys (`home` may be
 * NULL). All faults are in `faults`; then E_INVALID. */
enum status incident_check(const struct incident_context *c, const struct first_notice *n,
	struct pool *p, struct checked_notice *out, struct field_faults *faults,
	struct error *e) MUST_CHECK;

/* --- grades --- */
enum { REGRADE_BY_RULES = -1, REGRADE_NONE = -2 };
struct regrade {
	json_t *new_facts;   /* merged over the present ones, null is unknown; NULL none */
	const char *profile; /* NULL: the case's first */
	int grade; /* index; REGRADE_BY_RULES: what they say of the present facts; REGRADE_NONE:
		      persons decide that an undecided class is none */
	const char *reason; /* not empty for a person's grade */
	const char *person;
	const char *const
		*approvals; /* files of DSSE approvals by two different persons' keys, to lower */
	size_t n_approvals;
};
struct grade_row {
	int64_t n, at_ns;
	const char *profile;
	int64_t profile_version;
	int grade;    /* in force */
	int by_rules; /* what the rules said */
	bool by_person;
	const char *person, *reason;
	/* Who signed that it be lowered: [{"person", "key": its id, "public_key": PEM, "at": when
	 * it was checked and counted, "envelope": the DSSE approval}], two at least; [] where
	 * nothing was lowered. Rows of earlier versions have no "public_key" and "at". */
	json_t *approvals;
	json_t *classification; /* as classification_to_json */
};
/* New facts are merged, then each profile is classified anew: what the rules find graver is in
 * force at once. A person may raise with a reason; lowering under what is in force, also to what
 * the rules say, needs a reason and two approvals by different persons' keys (in <home>/persons)
 * over the statement that regrade_statement gives, and no new facts in the same step. */
struct regrade_result {
	struct clock_row *before, *after;
	size_t n_before, n_after;
	const struct grade_row *grade;
};
enum status incident_regrade(const struct incident_context *c, const char *id,
	const struct regrade *what, struct pool *p, struct regrade_result *out,
	struct field_faults *faults, struct error *e) MUST_CHECK;
/* The exact bytes that approvers sign, for their own tool or `tocsin incident approve`: incident,
 * profile, grade in force and its number in the history, the new grade, the reason, the SHA-256 of
 * the present facts. So an approval holds for this one step. E_CONFLICT where nothing would change.
 * Blanks around the statement do not count.
 *
 * <home>/persons/<name>.pem or <home>/persons/<name>/<any>.pem are a person's public keys. */
enum status regrade_statement(const struct incident_context *c, const char *id,
	const struct regrade *what, struct buf *out, struct error *e) MUST_CHECK;

/* --- stages --- */
struct stage_submission {
	const char *profile;	  /* NULL: the default */
	const char *stage;	  /* "written", "follow_up", "summary" */
	const char *form;	  /* NULL: the profile's for that stage */
	json_t *changes;	  /* fields */
	const char *what_changed; /* required from the second submission on */
	bool draft;		  /* keep, check nothing, send nothing */
	const char *const *files; /* attachments by path */
	size_t n_files;
};
struct submission_row {
	struct id id; /* of the envelope */
	int64_t n, at_ns;
	const char *profile, *stage, *form, *what_changed;
	json_t *filled;
	bool draft, drill;
	enum outbox_state delivery;		/* the worst of its recipients' */
	const char *received_by;		/* the first server that has it; "" nobody yet */
	int64_t received_ns;			/* that server's time, -1 */
	const char *sha256;			/* of the envelope, "" a draft */
	const struct recipient_row *recipients; /* none: it is kept here alone */
	size_t n_recipients;
};
enum receipt_flag {
	RECEIPT_SAYS_LATE = 1,	    /* the receiver signed that it came after its deadline */
	RECEIPT_BEFORE_ENVELOPE = 2 /* its time lies before the envelope was made: one of both
				       clocks is wrong, and the later time counts */
};
struct recipient_row {
	const char *role;
	const char *route; /* "" none serves that role (yet) */
	enum outbox_state state;
	const char *server;  /* that has it; "" */
	int64_t received_ns; /* by that server's clock, but not before it was made here; -1 */
	unsigned flags;	     /* receipt_flag */
	const char *trouble; /* the last error; "" none */
};
/* The pre-filled form of the next submission. */
enum status incident_form(const struct incident_context *c, const char *id,
	const struct stage_submission *what, struct pool *p, const struct form **out_form,
	json_t **out_filled, struct error *e) MUST_CHECK;
enum status incident_submit(const struct incident_context *c, const char *id,
	const struct stage_submission *what, struct pool *p, struct submission_row *out,
	struct field_faults *faults, struct error *e) MUST_CHECK;

/* The number that <home>/incident.yaml has for a role, NULL where it has none or cannot be read
 * (which is told when a notice is made). */
const char *incident_phone(const struct incident_context *c, const char *role, struct pool *p);

struct incident_call {	    /* a notice given by telephone */
	const char *to;	    /* role or body */
	const char *person; /* who answered */
	const char *number;
	int64_t at_ns; /* -1: now; not later than now, not before a discovery that was told, or
			       more than a day before the case was made */
	const char *said;
	const char *stage;   /* NULL: that of the most urgent own duty to the role that runs and
				that a call may answer, else "first_notice" */
	const char *profile; /* NULL: all */
	const char *medium;  /* NULL: "telephone"; "written" where it was handed over on paper, by
				fax  or in a portal */
};
struct call_result {
	struct id id;
	size_t n_discharged; /* duties that it answers; 0 also where `to` is no role of the rules */
	const char *role, *stage; /* "" where `to` is no role of the rules */
};
enum status incident_call(const struct incident_context *c, const char *id,
	const struct incident_call *call, struct pool *p, struct call_result *out,
	struct field_faults *faults, struct error *e) MUST_CHECK;

/* A moment that starts clocks. Occurred, discovered and judged are facts: they become a new
 * revision of them. The end of handling moves the life to handled. Not later than now, and not more
 * than a day before discovery. */
enum status incident_moment(const struct incident_context *c, const char *id, enum moment m,
	int64_t at_ns, const char *note, struct error *e) MUST_CHECK;
/* E_CONFLICT names the duties still open, unless `anyway` with a reason. */
enum status incident_close(const struct incident_context *c, const char *id, const char *reason,
	bool anyway, struct error *e) MUST_CHECK;
/* A closed incident goes on: the duties whose moment comes are owed again. */
enum status incident_reopen(const struct incident_context *c, const char *id, const char *reason,
	struct error *e) MUST_CHECK;
/* E_DENIED before three years have passed since it was closed and last written to, or while the
 * wall clock was stepped in this boot; E_CONFLICT where it is not closed or something still waits
 * to be sent. A line of its number and times stays. The copies of attached files go after the rows:
 * where a purge died between, the same call again removes what is left of them. */
enum status incident_purge(
	const struct incident_context *c, const char *id, struct error *e) MUST_CHECK;
/* Puts what found no route when it was made into the outbox, now that one serves its recipient. */
enum status incident_route(
	const struct incident_context *c, size_t *out_n, struct error *e) MUST_CHECK;
/* Puts what the sender learned into the history and discharges clocks at the servers' times. Called
 * after each flush; does incident_route too. */
enum status incident_take_receipts(
	const struct incident_context *c, size_t *out_n, struct error *e) MUST_CHECK;

/* What was handed in and has no way to go: no route serves its recipient. Oldest first, at most
 * INCIDENT_LIST_MAX. */
struct unrouted_row {
	struct id incident, envelope;
	const char *number, *role;
	int64_t at_ns;
	bool drill;
};
enum status incident_unrouted(const struct incident_context *c, struct pool *p,
	struct unrouted_row **out, size_t *out_n, struct error *e) MUST_CHECK;

/* --- reading --- */
struct incident_event {
	int64_t n, at_ns;   /* recorded */
	int64_t claimed_ns; /* when it is said to have happened */
	const char *kind; /* "notice", "grade", "submission", "call", "receipt", "clock-step", … */
	const char *by;
	json_t *detail;
};
struct incident {
	struct id id;
	const char *number; /* short, for people: 2026-0001 */
	enum life life;
	bool drill;
	const char *drill_id;
	const char *tlp;
	int64_t created_ns;
	json_t *notice;			/* the eight facts, as given */
	json_t *facts;			/* now */
	const struct grade_row *grades; /* in force, one per profile */
	size_t n_grades;
	const struct grade_row *grade_history;
	size_t n_grade_history;
	const struct submission_row *submissions;
	size_t n_submissions;
	const struct clock_row *clocks;
	size_t n_clocks;
	const struct incident_event *events;
	size_t n_events;
	struct legal_now now;
	int64_t first_bad_event; /* events are chained by SHA-256: the first that does not fit, -1
				  */
};
/* `id`: the UUID, the number, "latest-real", "latest-drill", or "latest": the newest of all.
 * E_CONFLICT where that is a drill and an older real one is not closed: it must be said which is
 * meant. */
enum status incident_read(const struct incident_context *c, const char *id, struct pool *p,
	struct incident *out, struct error *e) MUST_CHECK;
struct incident_row {
	struct id id;
	const char *number, *company, *kind, *what;
	enum life life;
	bool drill;
	int64_t discovered_ns, created_ns;
	int tier; /* of the default profile, 0 none */
	size_t n_open_clocks;
	int64_t next_due_ns;
};
/* Real ones first, drills behind; each the newest first. At most INCIDENT_LIST_MAX. */
enum { INCIDENT_LIST_MAX = 1000 };
enum status incident_list(const struct incident_context *c, bool closed_too, struct pool *p,
	struct incident_row **out, size_t *out_n, struct error *e) MUST_CHECK;
/* Clocks of several incidents stand in one list: each says whose it is. */
enum status incident_number_clocks(const struct incident_context *c, struct pool *p,
	struct clock_row *rows, size_t n_rows, struct error *e) MUST_CHECK;
struct incident_counts {
	int64_t n_open, n_handled, n_closed;
};
/* Drills are never counted with real incidents. */
enum status incident_count(const struct incident_context *c, struct incident_counts *out_real,
	struct incident_counts *out_drills, struct error *e) MUST_CHECK;

#endif
