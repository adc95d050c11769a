/*
 * From a status to the exit code that scripts see.
 */
#include "cli/exit.h"

#include <stdlib.h>

enum exit_code exit_code_of(enum status status)
{
	switch (status) {
	case OK:
		return EXIT_OK;
	case E_FAILED:
	case E_NO_SPACE:
		return EXIT_FAILED;
	case E_USAGE:
		return EXIT_USAGE;
	case E_PARTLY:
		return EXIT_PARTLY;
	case E_DENIED:
		return EXIT_NOT_ALLOWED;
	case E_ABSENT:
	case E_CONFLICT:
		return EXIT_NOT_FOUND;
	case E_INVALID:
	case E_TOO_BIG:
		return EXIT_INVALID;
	case E_STOPPED:
		return EXIT_STOPPED;
	case E_VOIDED:
		return EXIT_VOIDED;
	case E_INTERRUPTED:
		return EXIT_INTERRUPTED;
	case E_QUEUED:
		return EXIT_QUEUED;
	case E_LATE:
		return EXIT_LATE;
	}
	abort();
}
