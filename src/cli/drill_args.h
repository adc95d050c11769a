/*
 * The argument structs and option rows of the drill's commands, and their way into a drill_request.
 */
#ifndef CLI_DRILL_ARGS_H
#define CLI_DRILL_ARGS_H

#include "cli/command.h"
#include "drill/drill.h"

struct drill_args {
	const char *scenario;
	const char *arena;
	const char *planted;
	int64_t n_decoys;	 /* -1: the scenario's */
	double rate_files_per_s; /* -1: the scenario's */
	int64_t seed;		 /* -1: none */
	int guard;		 /* enum drill_guard */
	struct text_list channels;
	const char *backup;
	const char *restore;
	int64_t restore_limit_ns; /* these three -1: not said */
	int64_t rto_ns;
	int64_t rpo_ns;
	struct text_list restore_writes;
	bool people;
	const char *people_file;
	const char *out;
	const char *stop_file;
	const char *allowed_by;
	const char *scope;
	const char *call;
	int64_t from_ns;
	int64_t to_ns;
	bool yes;
	bool paper_card;
	bool dry_run;
};
extern const struct drill_args drill_args_defaults;

enum { N_DRILL_PLAN_OPTIONS = 6, N_DRILL_RUN_OPTIONS = 24 };
extern const struct option drill_run_options[N_DRILL_RUN_OPTIONS];
extern const struct option drill_plan_options[N_DRILL_PLAN_OPTIONS];
extern const struct operand drill_scenario_operand[1];
enum { N_DRILL_PLANT_OPTIONS = 5 };
extern const struct option drill_plant_options[N_DRILL_PLANT_OPTIONS];

struct drill_id_args {
	const char *id;
	bool dry_run;
};

/* What a row alone cannot tell. E_USAGE. */
enum status drill_args_check(const struct drill_args *args, struct error *e) MUST_CHECK;
/* Borrows everything from `args`. */
void drill_request_from(const struct drill_args *args, struct drill_request *out);

#endif
