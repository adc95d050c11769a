/*
 * The check of a record file, which "drill verify" and "evidence verify" share.
 */
#ifndef CLI_VERIFY_H
#define CLI_VERIFY_H

#include "cli/command.h"

struct verify_args {
	const char *file;
	const char *key;
};
extern const struct option verify_options[1];
extern const struct operand verify_operands[1];

enum status verify_file(
	struct session *s, const struct verify_args *args, struct error *e) MUST_CHECK;

#endif
