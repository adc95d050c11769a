/*
 * Early warnings: red, orange, yellow, blue for a possible tier I to IV; issued, adjusted, lifted
 * by the issuer, every version kept and signed (工信部网安〔2024〕214号, chapter on early warning).
 * The form is rules/forms/miit-early-warning.yaml.
 *
 * Tables: incident_warning, incident_warning_version (cases/migrations.c).
 */
#ifndef INCIDENT_WARNINGS_H
#define INCIDENT_WARNINGS_H

#include "incident/cases/cases.h"

#define WARNING_FORM "miit-early-warning"

enum warning_state { WARNING_IN_FORCE, WARNING_LIFTED };
struct warning_row {
	struct id id;
	const char *number;
	enum warning_state state;
	const char *level; /* "red", … */
	bool drill;
	int64_t n_version, issued_ns, changed_ns;
	json_t *filled;
	const char *reason; /* of the last change; "" first */
	const char *issuer_role;
	const char *change;  /* that made this version: "issue", "adjust", "lift" */
	const char *by;	     /* who made it; "" not said */
	json_t *signed_form; /* DSSE, WARNING_PAYLOAD or WARNING_DRILL_PAYLOAD */
	const char *sha256;  /* of the signed form as it is kept */
};
/* Red and orange need `issuer_role` "ministry"; yellow and blue "local_regulator": E_DENIED
 * otherwise, also where an adjustment would lead there. */
struct warning_order {
	json_t *fields; /* of the form miit-early-warning */
	const char *issuer_role;
	bool drill;
};
enum status warning_issue(const struct incident_context *c, const struct warning_order *order,
	struct pool *p, struct warning_row *out, struct field_faults *faults,
	struct error *e) MUST_CHECK;
/* E_CONFLICT where it is lifted. `id`: the UUID, the number, or "latest". */
struct warning_change {
	json_t *changes;
	const char *reason; /* not empty */
};
enum status warning_adjust(const struct incident_context *c, const char *id,
	const struct warning_change *change, struct pool *p, struct warning_row *out,
	struct field_faults *faults, struct error *e) MUST_CHECK;
enum status warning_lift(const struct incident_context *c, const char *id, const char *reason,
	struct pool *p, struct warning_row *out, struct error *e) MUST_CHECK;
/* Every version of one, the first first: one at least. `id` NULL: the latest. */
enum status warning_history(const struct incident_context *c, const char *id, struct pool *p,
	struct warning_row **out, size_t *out_n, struct error *e) MUST_CHECK;
/* Real ones first, drills behind; each the newest first. At most WARNING_LIST_MAX. */
enum { WARNING_LIST_MAX = 1000 };
enum status warning_list(const struct incident_context *c, bool lifted_too, struct pool *p,
	struct warning_row **out, size_t *out_n, struct error *e) MUST_CHECK;

#endif
