/*
 * The incident commands among themselves.
 */
#ifndef CLI_CMD_INCIDENT_H
#define CLI_CMD_INCIDENT_H

#include "cli/incident_args.h"
#include "cli/incident_session.h"

enum status cmd_incident_new(struct session *s, const void *raw, struct error *e) MUST_CHECK;
enum status cmd_incident_classify(struct session *s, const void *raw, struct error *e) MUST_CHECK;
enum status cmd_incident_regrade(struct session *s, const void *raw, struct error *e) MUST_CHECK;
enum status cmd_incident_approve(struct session *s, const void *raw, struct error *e) MUST_CHECK;
enum status cmd_incident_call(struct session *s, const void *raw, struct error *e) MUST_CHECK;
enum status cmd_incident_report(struct session *s, const void *raw, struct error *e) MUST_CHECK;
enum status cmd_incident_export(struct session *s, const void *raw, struct error *e) MUST_CHECK;
enum status cmd_incident_status(struct session *s, const void *raw, struct error *e) MUST_CHECK;
enum status cmd_incident_mark(struct session *s, const void *raw, struct error *e) MUST_CHECK;
enum status cmd_incident_close(struct session *s, const void *raw, struct error *e) MUST_CHECK;

/* Reads facts from an object, checks, classifies, prints. */
enum status classify_object(struct session *s, json_t *object, enum facts_keys keys,
	const struct classify_args *a, struct error *e) MUST_CHECK;
/* A file made whole or not at all; "-" or NULL is standard output. */
enum status write_output(const char *path, struct view content, struct error *e) MUST_CHECK;

#endif
