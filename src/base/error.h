/*
 * Failure as a value: a status that a caller can act on, and a sentence for a person.
 * The sentence lives in a struct error on the caller's stack and never allocates.
 *
 * Not for logging: only the tops (cli, hub, role mains) print.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

/*
 * What a caller may decide on. The process exit code follows from it (cli/exit.c).
 */
enum status {
	OK = 0,
	E_FAILED,      /* the world said no: I/O, kernel, another program */
	E_USAGE,       /* the command line is off */
	E_PARTLY,      /* some of it was done, the rest is named */
	E_DENIED,      /* not allowed: policy, permission, no lock available */
	E_ABSENT,      /* no such thing */
	E_CONFLICT,    /* it exists already, or its state forbids the move */
	E_INVALID,     /* input refused, nothing done */
	E_TOO_BIG,     /* input over a ceiling, nothing done */
	E_NO_SPACE,    /* disk or memory is short */
	E_STOPPED,     /* stopped on request, by lease or by a budget */
	E_VOIDED,      /* the safety check fired: the result does not count */
	E_INTERRUPTED, /* Ctrl-C or SIGTERM at the tool itself */
	E_QUEUED,      /* accepted here and durable, not yet delivered */
	E_LATE	       /* delivered, but after its deadline */
};

enum { ERROR_TEXT_MAX = 768 };

struct error {
	enum status status;
	int errno_value; /* 0 where the system did not say */
	char text[ERROR_TEXT_MAX];
};

#define ERROR_NONE ((struct error){ OK, 0, "" })

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, args_at) __attribute__((format(printf, format_at, args_at)))

/*
 * The three verbs. Each fills *e (which may be NULL) and returns the status, so that a failure is
 * one line. Formats are translated (xgettext knows the verbs): lower case, no full stop, no
 * "failed to", never repeating what the caller will say.
 */

/* We know why. */
enum status error_set(struct error *e, enum status status, const char *format, ...)
	PRINTF_LIKE(3, 4);
/* The system knows why: ": <strerror>" is appended. ENOSPC, EDQUOT and ENOMEM become E_NO_SPACE. */
enum status error_sys(struct error *e, enum status status, int errno_value, const char *format, ...)
	PRINTF_LIKE(4, 5);
/* We know what we were doing: puts "format: " before the sentence that is there. Keeps the status.
 */
enum status error_wrap(struct error *e, const char *format, ...) PRINTF_LIKE(2, 3);

/* A failure is never OK. Said where compilers and analysers can see it: what is only set where all
 * went well is then known to be set after TRY. */
static inline enum status never_ok(enum status status)
{
	return status == OK ? E_FAILED : status;
}
#define error_set(...) never_ok(error_set(__VA_ARGS__))
#define error_sys(...) never_ok(error_sys(__VA_ARGS__))
#define error_wrap(...) never_ok(error_wrap(__VA_ARGS__))

/* A stable English word for a status ("invalid", "not-found"), as JSON output and logs use it. */
const char *status_name(enum status status);

#define TRY(call)                                                                                  \
	do {                                                                                       \
		enum status try_status_ = (call);                                                  \
		if (try_status_ != OK)                                                             \
			return try_status_;                                                        \
	} while (0)

#endif
