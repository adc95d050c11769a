/*
 * The rows of tocsin incident, from which help, manual pages and completion are made too.
 */
#include "base/auto.h"
#include "base/i18n.h"
#include "cli/cli.h"
#include "cli/cmd_incident.h"

#define INCIDENT_HELP                                                                              \
	N_("The incident's number (2026-0001), its id, latest, latest-real or latest-drill.")

static const struct operand classify_operands[] = { { N_("INCIDENT"),
	offsetof(struct classify_args, id), false, INCIDENT_HELP } };
static const struct operand regrade_operands[] = { { N_("INCIDENT"),
	offsetof(struct regrade_args, id), true, INCIDENT_HELP } };
static const struct operand call_operands[] = { { N_("INCIDENT"), offsetof(struct call_args, id),
	true, INCIDENT_HELP } };
static const struct operand report_operands[] = { { N_("INCIDENT"),
	offsetof(struct report_args, id), true, INCIDENT_HELP } };
static const struct operand export_operands[] = { { N_("INCIDENT"),
	offsetof(struct export_args, id), true, INCIDENT_HELP } };
static const struct operand status_operands[] = { { N_("INCIDENT"),
	offsetof(struct status_args, id), false,
	N_("The incident; without it, all that are open are listed.") } };
static const struct operand close_operands[] = { { N_("INCIDENT"), offsetof(struct close_args, id),
	true, INCIDENT_HELP } };
static const struct operand mark_operands[] = {
	{ N_("INCIDENT"), offsetof(struct mark_args, id), true, INCIDENT_HELP },
	{ N_("MOMENT"), offsetof(struct mark_args, moment), true,
		N_("handled, judged, requested, paid, remedy, received or new_facts.") },
};
static const struct operand approve_operands[] = { { N_("FILE"),
	offsetof(struct approve_args, file), true,
	N_("The statement that incident regrade --statement printed.") } };

static const struct cli_command new_command = { "incident", "new", N_("File a first notice."),
	N_("Eight facts, each of which may be unknown. The notice is checked, signed and on disk "
	   "before any network call; then its delivery is waited for. Without --ask it never "
	   "prompts. Exit code 7: safe here, not yet delivered; 8: delivered after its deadline."),
	notice_options, N_NOTICE_OPTIONS, NULL, 0, sizeof(struct notice_args), &notice_defaults,
	cmd_incident_new,
	N_("The notice is NOT recorded. Correct the command, or telephone now.") };
static const struct cli_command classify_command = { "incident", "classify",
	N_("Grade facts by the rules of a regime."),
	N_("Any one criterion suffices and the gravest counts; what is unknown never lowers. "
	   "Nothing is stored. A rule that cannot decide alone says so (needs_review)."),
	classify_options, N_CLASSIFY_OPTIONS, classify_operands, COUNT_OF(classify_operands),
	sizeof(struct classify_args), NULL, cmd_incident_classify, NULL };
static const struct cli_command regrade_command = { "incident", "regrade",
	N_("Grade an incident anew, by new facts or by a person's decision."),
	N_("A person may raise with a reason. Lowering needs a reason and two approvals signed "
	   "with "
	   "different persons' keys (incident approve; public keys lie in the home's persons "
	   "folder). History is kept; the clocks before and after are shown."),
	regrade_options, N_REGRADE_OPTIONS, regrade_operands, COUNT_OF(regrade_operands),
	sizeof(struct regrade_args), &regrade_defaults, cmd_incident_regrade, NULL };
static const struct cli_command approve_command = { "incident", "approve",
	N_("Sign the statement of a lower grade with a person's own key."), NULL, approve_options,
	N_APPROVE_OPTIONS, approve_operands, COUNT_OF(approve_operands),
	sizeof(struct approve_args), NULL, cmd_incident_approve, NULL };
static const struct cli_command call_command = { "incident", "call",
	N_("Log a notice that was given by telephone."),
	N_("It is a stage like a written one and answers the duties that may be met by telephone; "
	   "a duty in writing stays open."),
	call_options, N_CALL_OPTIONS, call_operands, COUNT_OF(call_operands),
	sizeof(struct call_args), &call_defaults, cmd_incident_call, NULL };
static const struct cli_command report_command = { "incident", "report",
	N_("Hand in a stage: written report, follow-up, summary."),
	N_("The form opens filled with what is known. Each report is a revision that nothing "
	   "overwrites; from the second on it says what changed."),
	report_options, N_REPORT_OPTIONS, report_operands, COUNT_OF(report_operands),
	sizeof(struct report_args), &report_defaults, cmd_incident_report, NULL };
static const struct cli_command mark_command = { "incident", "mark",
	N_("Note a moment that starts clocks: the end of handling, a request, a payment."), NULL,
	mark_options, N_MARK_OPTIONS, mark_operands, COUNT_OF(mark_operands),
	sizeof(struct mark_args), &mark_defaults, cmd_incident_mark, NULL };
static const struct cli_command export_command = { "incident", "export",
	N_("Hand an incident to other tools and people."),
	N_("json, STIX 2.1, MISP, OCSF 1.8, CSV, XLSX, iCalendar of due times, syslog, HTML; as "
	   "PDF: the latest report (pdf), the whole incident (dossier), the local receipt of the "
	   "first notice (receipt); the proof of receipt (evidence receipt checks it), or a copy "
	   "to read out to 12387."),
	export_options, N_EXPORT_OPTIONS, export_operands, COUNT_OF(export_operands),
	sizeof(struct export_args), NULL, cmd_incident_export, NULL };
static const struct cli_command status_command = { "incident", "status",
	N_("Show incidents: tier, clocks, who received what, history."), NULL, status_options,
	N_STATUS_OPTIONS, status_operands, COUNT_OF(status_operands), sizeof(struct status_args),
	NULL, cmd_incident_status, NULL };
static const struct cli_command close_command = { "incident", "close",
	N_("Close an incident whose duties are done."), NULL, close_options, N_CLOSE_OPTIONS,
	close_operands, COUNT_OF(close_operands), sizeof(struct close_args), NULL,
	cmd_incident_close, NULL };

static const struct cli_command *const commands[] = { &new_command, &classify_command,
	&regrade_command, &approve_command, &call_command, &report_command, &mark_command,
	&export_command, &status_command, &close_command };
const struct noun cli_noun_incident = { "incident", N_("Incidents: notices, tiers, reports"),
	commands, COUNT_OF(commands) };
