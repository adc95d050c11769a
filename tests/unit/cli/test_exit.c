/*
 * Exit codes are a contract with scripts: each is written out here.
 */
#include "cli/exit.h"
#include "tests/lib/test.h"

TEST(each_status_has_the_exit_code_that_scripts_know)
{
	static const struct {
		enum status status;
		int code;
	} rows[] = { { OK, 0 }, { E_FAILED, 1 }, { E_USAGE, 2 }, { E_PARTLY, 3 }, { E_DENIED, 4 },
		{ E_ABSENT, 5 }, { E_CONFLICT, 5 }, { E_INVALID, 6 }, { E_TOO_BIG, 6 },
		{ E_NO_SPACE, 1 }, { E_STOPPED, 9 }, { E_VOIDED, 10 }, { E_INTERRUPTED, 130 },
		{ E_QUEUED, 7 }, { E_LATE, 8 } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CHECK_INT(exit_code_of(rows[i].status), rows[i].code);
}
