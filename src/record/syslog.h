/*
 * One line of syslog after RFC 5424, for an outbox item of the kind DELIVERY_SYSLOG. The framing of
 * the transport (octet counting) is the sender's.
 */
#ifndef RECORD_SYSLOG_H
#define RECORD_SYSLOG_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum { SYSLOG_LINE_MAX = 8192, SYSLOG_PARAMETERS_MAX = 32 };
enum syslog_facility { SYSLOG_FACILITY_LOCAL0 = 16, SYSLOG_FACILITY_AUDIT = 13 };
enum syslog_severity {
	SYSLOG_EMERGENCY,
	SYSLOG_ALERT,
	SYSLOG_CRITICAL,
	SYSLOG_ERROR,
	SYSLOG_WARNING,
	SYSLOG_NOTICE,
	SYSLOG_INFORMATIONAL,
	SYSLOG_DEBUG
};

struct syslog_parameter {
	const char *name, *value;
};
struct syslog_message {
	int facility; /* 0 to 23 */
	enum syslog_severity severity;
	int64_t at_ns;	  /* wall */
	const char *host; /* NULL: "-", as for the next three */
	const char *app;  /* "tocsin" */
	const char *process_id;
	const char *message_id; /* kind of event: "incident.notice" */
	const char *data_id;	/* "tocsin@32473"; NULL: no structured data */
	const struct syslog_parameter *parameters;
	size_t n_parameters;
	const char *text; /* UTF-8; NULL none */
};
/* Adds the line without an end. What a field may not hold is replaced by '_' (in the head) or a
 * blank (control characters in values and text), long fields are cut as the RFC bounds them.
 * E_INVALID: facility, severity, or a name of structured data. E_TOO_BIG: over SYSLOG_LINE_MAX. */
enum status syslog_line(
	const struct syslog_message *m, struct buf *out, struct error *e) MUST_CHECK;

#endif
