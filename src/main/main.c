/*
 * The one place that knows both sides: which roles the executable can take, and which commands it
 * has. Everything else is in the rows.
 */
#include "base/fault.h"
#include "cli/cli.h"
#include "drill/drill.h"
#include "sys/role.h"

static const struct noun *const nouns_by_rank[] = { &cli_noun_drill, &cli_noun_evidence,
	&cli_noun_demo, &cli_noun_help };

enum { N_NOUNS = sizeof nouns_by_rank / sizeof nouns_by_rank[0] };

int main(int argc, char **argv)
{
	int exit_status = 0;
	fault_from_environment();
	if (role_dispatch(argc, argv, drill_roles, n_drill_roles, &exit_status))
		return exit_status;
	struct noun nouns[N_NOUNS];
	for (int i = 0; i < N_NOUNS; i++)
		nouns[i] = *nouns_by_rank[i];
	const struct command_table table = { nouns, N_NOUNS };
	return cli_main(&table, argc, argv);
}
