/*
 * Argument structs and option rows of the incident commands.
 */
#ifndef CLI_INCIDENT_ARGS_H
#define CLI_INCIDENT_ARGS_H

#include "cli/command.h"

struct notice_args {
	const char *company;
	int64_t discovered_ns; /* -1: unknown */
	const char *kind;
	const char *what;
	const char *systems;
	int ongoing; /* index into yes_no_unknown, -1 not said */
	const char *scale;
	const char *action;
	const char *callback;
	const char *facts;
	struct text_list set;
	struct text_list profiles;
	const char *tlp;
	const char *drill; /* id of the drill that it belongs to */
	const char *by;
	int64_t wait_ns;
	bool ask;
	bool dry_run;
};
enum { N_NOTICE_OPTIONS = 18 };
extern const struct option notice_options[N_NOTICE_OPTIONS];
extern const struct notice_args notice_defaults;

struct classify_args {
	const char *id;
	const char *facts;
	struct text_list profiles;
	struct text_list what_if;
	bool all;
};
enum { N_CLASSIFY_OPTIONS = 4 };
extern const struct option classify_options[N_CLASSIFY_OPTIONS];

struct regrade_args {
	const char *id;
	const char *facts;
	struct text_list set;
	const char *profile;
	int64_t tier; /* -1: by the rules */
	const char *class_key;
	const char *reason;
	const char *person;
	struct text_list approvals;
	bool statement;
	bool dry_run;
	int64_t wait_ns;
};
enum { N_REGRADE_OPTIONS = 11 };
extern const struct option regrade_options[N_REGRADE_OPTIONS];
extern const struct regrade_args regrade_defaults;

struct call_args {
	const char *id;
	const char *to;
	const char *person;
	const char *number;
	int64_t at_ns;
	const char *said;
	const char *stage;
	const char *profile;
	const char *medium;
	bool dry_run;
};
enum { N_CALL_OPTIONS = 9 };
extern const struct option call_options[N_CALL_OPTIONS];
extern const struct call_args call_defaults;

struct report_args {
	const char *id;
	const char *stage;
	const char *profile;
	const char *form;
	const char *file;
	struct text_list set;
	const char *what_changed;
	struct text_list attachments;
	const char *pdf;
	const char *html;
	bool show;
	bool draft;
	bool dry_run;
	int64_t wait_ns;
};
enum { N_REPORT_OPTIONS = 13 };
extern const struct option report_options[N_REPORT_OPTIONS];
extern const struct report_args report_defaults;

struct export_args {
	const char *id;
	int format;
	const char *out;
	const char *tlp;
	bool redact;
};
enum { N_EXPORT_OPTIONS = 4 };
extern const struct option export_options[N_EXPORT_OPTIONS];
enum export_format {
	EXPORT_JSON,
	EXPORT_STIX,
	EXPORT_MISP,
	EXPORT_OCSF,
	EXPORT_CSV,
	EXPORT_XLSX,
	EXPORT_ICALENDAR,
	EXPORT_SYSLOG,
	EXPORT_HTML,
	EXPORT_PDF,
	EXPORT_DOSSIER,
	EXPORT_RECEIPT,
	EXPORT_PROOF,
	EXPORT_12387
};

struct mark_args {
	const char *id;
	const char *moment;
	int64_t at_ns;
	const char *note;
	bool dry_run;
};
enum { N_MARK_OPTIONS = 3 };
extern const struct option mark_options[N_MARK_OPTIONS];
extern const struct mark_args mark_defaults;

struct close_args {
	const char *id;
	const char *reason;
	bool anyway;
	bool purge;
	bool reopen;
	bool dry_run;
};
enum { N_CLOSE_OPTIONS = 5 };
extern const struct option close_options[N_CLOSE_OPTIONS];

struct approve_args {
	const char *file;
	const char *key;
};
enum { N_APPROVE_OPTIONS = 1 };
extern const struct option approve_options[N_APPROVE_OPTIONS];

struct status_args {
	const char *id;
	bool all;
	const char *stage; /* show the difference between the submissions of this stage */
};
enum { N_STATUS_OPTIONS = 2 };
extern const struct option status_options[N_STATUS_OPTIONS];

#endif
