/*
 * The one place that knows both sides: which roles the executable can take, and which commands it
 * has. Everything else is in the rows.
 */
#include "base/fault.h"
#include "cli/cli.h"
#include "drill/drill.h"
#include "record/record.h"
#include "sys/role.h"

static const struct noun *const nouns_by_rank[] = { &cli_noun_drill, &cli_noun_incident,
	&cli_noun_warning, &cli_noun_clock, &cli_noun_outbox, &cli_noun_evidence, &cli_noun_demo,
	&cli_noun_help };

enum { N_NOUNS = sizeof nouns_by_rank / sizeof nouns_by_rank[0] };

enum { ROLES_MAX_IN_ALL = 32 };

/* True where we were started as a role. */
static bool run_as_role(int argc, char **argv, int *out_exit)
{
	const struct {
		const struct role *rows;
		size_t n;
	} tables[] = {
		{ drill_roles, n_drill_roles },
		{ sender_roles, n_sender_roles },
	};
	struct role rows[ROLES_MAX_IN_ALL];
	size_t n = 0;
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (size_t k = 0; k < tables[i].n && n < ROLES_MAX_IN_ALL; k++)
			rows[n++] = tables[i].rows[k];
	return role_dispatch(argc, argv, rows, n, out_exit);
}

int main(int argc, char **argv)
{
	int exit_status = 0;
	fault_from_environment();
	if (run_as_role(argc, argv, &exit_status))
		return exit_status;
	struct noun nouns[N_NOUNS];
	for (int i = 0; i < N_NOUNS; i++)
		nouns[i] = *nouns_by_rank[i];
	const struct command_table table = { nouns, N_NOUNS };
	return cli_main(&table, argc, argv);
}
