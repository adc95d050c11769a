/*
 * Where the decoys of this call lie: as the options say, as drill.yaml says, as the person at the
 * terminal answers, or in the default place, which is then told.
 */
#ifndef CLI_ARENA_H
#define CLI_ARENA_H

#include "cli/drill_args.h"
#include "cli/session.h"

enum arena_ask {
	ARENA_ASK,  /* where neither says it and a person is there */
	ARENA_TELL, /* take the default and say so */
};

/* After session_store (or, with ARENA_TELL, where there is no home yet). *out is NULL where
 * drill.yaml names the place. E_USAGE where options
 * contradict each other, E_STOPPED where nobody answers, E_INVALID where no answer will do. */
enum status arena_settle(struct session *s, const struct drill_args *args, enum arena_ask ask,
	const char **out, struct error *e) MUST_CHECK;

#endif
