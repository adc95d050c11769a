/*
 * Early warnings: red, orange, yellow, blue for a possible tier I to IV; issued, adjusted, lifted
 * by the issuer, every version kept (policy 2.3). The form is rules/forms/miit-early-warning.yaml.
 */
#ifndef INCIDENT_WARNINGS_H
#define INCIDENT_WARNINGS_H

#include "incident/cases/cases.h"

enum warning_state { WARNING_IN_FORCE, WARNING_LIFTED };
struct warning_row {
	struct id id;
	const char *number;
	enum warning_state state;
	const char *level; /* "red", … */
	bool drill;
	int64_t n_version, issued_ns, changed_ns;
	json_t *filled;
	const char *reason; /* of the last change */
};
/* Red and orange need `issuer_role` "ministry"; yellow and blue "local_regulator" (E_DENIED
 * otherwise). */
enum status warning_issue(const struct incident_context *c, json_t *fields, const char *issuer_role,
	bool drill, struct pool *p, struct warning_row *out, struct field_faults *faults,
	struct error *e) MUST_CHECK;
enum status warning_adjust(const struct incident_context *c, const char *id, json_t *changes,
	const char *reason, struct pool *p, struct warning_row *out, struct field_faults *faults,
	struct error *e) MUST_CHECK;
enum status warning_lift(const struct incident_context *c, const char *id, const char *reason,
	struct pool *p, struct warning_row *out, struct error *e) MUST_CHECK;
enum status warning_list(const struct incident_context *c, bool lifted_too, struct pool *p,
	struct warning_row **out, size_t *out_n, struct error *e) MUST_CHECK;

#endif
