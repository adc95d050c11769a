/*
 * Approvals of lower grades, checked offline from an export: the persons' keys are the checker's
 * own, never those that the export itself brings.
 */
#ifndef CLI_APPROVALS_H
#define CLI_APPROVALS_H

#include "cli/command.h"

/* tocsin evidence approvals */
extern const struct cli_command evidence_approvals_command;

#endif
