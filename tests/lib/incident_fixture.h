/*
 * A home with incidents in it, for tests: store, key, profiles, forms, clocks that tests turn, and
 * servers of other people that sign receipts without any network.
 */
#ifndef TESTS_LIB_INCIDENT_FIXTURE_H
#define TESTS_LIB_INCIDENT_FIXTURE_H

#include "incident/incident.h"
#include "record/record.h"
#include "store/store.h"
#include "tests/lib/test.h"

/* 2026-11-24T06:00:00Z, a Tuesday: 14:00 in China. */
#define INCIDENT_START_NS 1795500000000000000
#define MINUTES_NS(n) ((n)*60LL * NS_PER_S)
#define HOURS_NS(n) MINUTES_NS((n)*60LL)
#define DAYS_NS(n) HOURS_NS((n)*24LL)

struct incident_fixture {
	struct incident_context c;
	struct clock clock;
	int64_t wall_ns, boot_ns;
	struct store *store;
	struct keyring *keys;
	struct profile_set *profiles;
	struct form_set *forms;
	struct pool *pool;
	struct field_faults faults; /* of the last call */
	bool says_late;		    /* servers sign that what they receive is late */
	struct error e;
};

/* In test_folder(). Call fixture_close. */
void fixture_open(struct incident_fixture *f);
void fixture_close(struct incident_fixture *f);
#define AUTO_FIXTURE __attribute__((cleanup(fixture_close)))
/* Closes and opens the store again, as a new process would. */
void fixture_reopen(struct incident_fixture *f);
void fixture_pass(struct incident_fixture *f, int64_t ns);

/* Writes routes.yaml: each line "name: role role", a "+" before the name for drills. Makes a server
 * key for each. */
void fixture_routes(const char *const *lines, size_t n);
/* Every queued item of the route gets a receipt of its server at `received_ns`. Returns how many
 * the server took. */
size_t fixture_answer(struct incident_fixture *f, const char *route, int64_t received_ns);
/* The same; then incident_take_receipts. */
size_t fixture_deliver(struct incident_fixture *f, const char *route, int64_t received_ns);
/* Every queued item of the route is refused. */
size_t fixture_refuse(struct incident_fixture *f, const char *route, const char *why);

json_t *fixture_json(struct incident_fixture *f, const char *text);
/* A first notice with everything in it, discovered five minutes ago. */
struct first_notice fixture_notice(struct incident_fixture *f);
struct incident_receipt fixture_new(struct incident_fixture *f, const struct first_notice *n);
struct incident fixture_read(struct incident_fixture *f, const char *id);
/* The sentence for a field, "" where there is none. */
const char *fixture_fault(const struct incident_fixture *f, const char *field);
/* A number out of the store: SELECT COUNT(*) … */
int64_t fixture_count(struct incident_fixture *f, const char *sql);
const struct clock_row *fixture_clock(
	const struct incident *i, const char *profile, const char *duty);
/* A person's key pair: the public half in persons/<name>.pem, the private one returned. */
struct key *fixture_person(const char *name);
/* A file with that person's approval of the statement; its path. */
const char *fixture_approve(struct incident_fixture *f, const char *id, const struct regrade *what,
	const struct key *key, const char *file);

#endif
