/*
 * Exit codes are part of the contract with scripts.
 */
#ifndef CLI_EXIT_H
#define CLI_EXIT_H

#include "base/error.h"

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_PARTLY = 3,
	EXIT_NOT_ALLOWED = 4,
	EXIT_NOT_FOUND = 5, /* or a conflict */
	EXIT_INVALID = 6,   /* input refused, nothing done */
	EXIT_QUEUED = 7,    /* accepted here, not yet delivered */
	EXIT_LATE = 8,	    /* delivered, but after its deadline */
	EXIT_STOPPED = 9,
	EXIT_VOIDED = 10,
	EXIT_INTERRUPTED = 130
};

enum exit_code exit_code_of(enum status status);

#endif
