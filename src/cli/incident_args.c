/*
 * Option rows of incident new, classify, regrade, call, report, export, mark, close, status.
 */
#include "cli/incident_args.h"

#include "base/clock.h"
#include "base/i18n.h"

#define DEFAULT_WAIT_NS (10 * NS_PER_S)

static const char *const yes_no_unknown[] = { "yes", "no", "unknown", NULL };

#define AT(member) offsetof(struct notice_args, member)
const struct notice_args notice_defaults = {
	.discovered_ns = -1, .ongoing = -1, .wait_ns = DEFAULT_WAIT_NS
};
const struct option notice_options[N_NOTICE_OPTIONS] = {
	{ "company", OPTION_TEXT, AT(company), N_("COMPANY"),
		N_("The company concerned; otherwise the one in the home's incident.yaml."), NULL },
	{ "discovered-at", OPTION_TIME, AT(discovered_ns), N_("TIME"),
		N_("When it was noticed, RFC 3339; unknown, clocks run from now."), NULL },
	{ "kind", OPTION_TEXT, AT(kind), N_("KIND"),
		N_("ransomware, leak, tampering, destruction, unauthorised_access, abuse, "
		   "illegal_transfer, outage, other or unknown."),
		NULL },
	{ "what", OPTION_TEXT, AT(what), N_("TEXT"), N_("What seems to be happening, in one line."),
		NULL },
	{ "systems", OPTION_TEXT, AT(systems), N_("TEXT"), N_("Systems or data that are touched."),
		NULL },
	{ "ongoing", OPTION_CHOICE, AT(ongoing), NULL, N_("Is it still going on?"),
		yes_no_unknown },
	{ "scale", OPTION_TEXT, AT(scale), N_("TEXT"),
		N_("Roughly how large: persons, records, loss."), NULL },
	{ "action", OPTION_TEXT, AT(action), N_("TEXT"), N_("What was done so far."), NULL },
	{ "callback", OPTION_TEXT, AT(callback), N_("TEXT"), N_("Person and number to call back."),
		NULL },
	{ "facts", OPTION_TEXT, AT(facts), N_("FILE"),
		N_("A JSON file with any of these and any facts of the rules; '-' is standard "
		   "input."),
		NULL },
	{ "set", OPTION_LIST, AT(set), N_("KEY=VALUE"),
		N_("One fact of the rules, such as data_class=important. May be repeated."), NULL },
	{ "profile", OPTION_LIST, AT(profiles), N_("PROFILE"),
		N_("A regime to report under; otherwise cn-miit and those of incident.yaml. May be "
		   "repeated."),
		NULL },
	{ "tlp", OPTION_TEXT, AT(tlp), N_("LABEL"),
		N_("Traffic Light Protocol: RED, AMBER+STRICT, AMBER, GREEN or CLEAR."), NULL },
	{ "drill", OPTION_TEXT, AT(drill), N_("ID"),
		N_("This is an exercise, part of that drill: it can never reach a real inbox."),
		NULL },
	{ "by", OPTION_TEXT, AT(by), N_("NAME"), N_("Who reports."), NULL },
	{ "wait", OPTION_DURATION, AT(wait_ns), N_("TIME"),
		N_("How long to wait for the receipt (10 s); the notice is safe here before that."),
		NULL },
	{ "ask", OPTION_FLAG, AT(ask), NULL,
		N_("Ask on the terminal for what was not given. An empty answer is 'unknown'."),
		NULL },
	{ "dry-run", OPTION_FLAG, AT(dry_run), NULL,
		N_("Check and classify, store and send nothing."), NULL },
};
#undef AT

#define AT(member) offsetof(struct classify_args, member)
const struct option classify_options[N_CLASSIFY_OPTIONS] = {
	{ "facts", OPTION_TEXT, AT(facts), N_("FILE"),
		N_("A JSON file of facts; '-' is standard input."), NULL },
	{ "profile", OPTION_LIST, AT(profiles), N_("PROFILE"),
		N_("The regime (cn-miit); more than one may be named."), NULL },
	{ "what-if", OPTION_LIST, AT(what_if), N_("KEY=VALUE"),
		N_("Classify as if that fact were so. May be repeated."), NULL },
	{ "all", OPTION_FLAG, AT(all), NULL,
		N_("Everything that could still raise it, not only the nearest."), NULL },
};
#undef AT

#define AT(member) offsetof(struct regrade_args, member)
const struct regrade_args regrade_defaults = { .tier = -1, .wait_ns = DEFAULT_WAIT_NS };
const struct option regrade_options[N_REGRADE_OPTIONS] = {
	{ "facts", OPTION_TEXT, AT(facts), N_("FILE"),
		N_("New facts as a JSON file; '-' is standard input."), NULL },
	{ "set", OPTION_LIST, AT(set), N_("KEY=VALUE"), N_("One new fact. May be repeated."),
		NULL },
	{ "profile", OPTION_TEXT, AT(profile), N_("PROFILE"), N_("The regime (cn-miit)."), NULL },
	{ "tier", OPTION_INT, AT(tier), N_("N"),
		N_("A person's decision, 1 to 4; otherwise what the rules say of the facts."),
		NULL },
	{ "class", OPTION_TEXT, AT(class_key), N_("CLASS"),
		N_("The same in a regime without tiers: significant, major, …; none: that "
		   "an undecided one owes nothing, by two persons."),
		NULL },
	{ "reason", OPTION_TEXT, AT(reason), N_("TEXT"), N_("Why; needed for a person's decision."),
		NULL },
	{ "person", OPTION_TEXT, AT(person), N_("NAME"), N_("Who decides."), NULL },
	{ "approval", OPTION_LIST, AT(approvals), N_("FILE"),
		N_("A signed approval. Lowering needs two, by different persons' keys."), NULL },
	{ "statement", OPTION_FLAG, AT(statement), NULL,
		N_("Print the statement that approvers sign, and change nothing."), NULL },
	{ "dry-run", OPTION_FLAG, AT(dry_run), NULL,
		N_("Check all of it and say what would be done; store and send nothing."), NULL },
	{ "wait", OPTION_DURATION, AT(wait_ns), N_("TIME"),
		N_("How long to wait for receipts (10 s)."), NULL },
};
#undef AT

#define AT(member) offsetof(struct call_args, member)
const struct call_args call_defaults = { .at_ns = -1 };
const struct option call_options[N_CALL_OPTIONS] = {
	{ "to", OPTION_TEXT, AT(to), N_("ROLE"), N_("Who was called: ministry, local_regulator, …"),
		NULL },
	{ "person", OPTION_TEXT, AT(person), N_("NAME"), N_("Who answered."), NULL },
	{ "number", OPTION_TEXT, AT(number), N_("NUMBER"), N_("The number that was called."),
		NULL },
	{ "at", OPTION_TIME, AT(at_ns), N_("TIME"), N_("When, RFC 3339; otherwise now."), NULL },
	{ "said", OPTION_TEXT, AT(said), N_("TEXT"), N_("What was said."), NULL },
	{ "stage", OPTION_TEXT, AT(stage), N_("STAGE"),
		N_("The stage that the call was (what is owed to them first)."), NULL },
	{ "profile", OPTION_TEXT, AT(profile), N_("PROFILE"),
		N_("Only for this regime; otherwise for all that owe it."), NULL },
	{ "medium", OPTION_TEXT, AT(medium), N_("WORD"),
		N_("telephone, or written where it was handed over on paper, by fax or in a portal "
		   "(telephone)."),
		NULL },
	{ "dry-run", OPTION_FLAG, AT(dry_run), NULL,
		N_("Check all of it and say what would be done; store and send nothing."), NULL },
};
#undef AT

#define AT(member) offsetof(struct report_args, member)
const struct report_args report_defaults = { .wait_ns = DEFAULT_WAIT_NS };
const struct option report_options[N_REPORT_OPTIONS] = {
	{ "stage", OPTION_TEXT, AT(stage), N_("STAGE"),
		N_("written, follow_up, summary, or another stage of the regime (written)."),
		NULL },
	{ "profile", OPTION_TEXT, AT(profile), N_("PROFILE"), N_("The regime (cn-miit)."), NULL },
	{ "form", OPTION_TEXT, AT(form), N_("FORM"), N_("Otherwise the regime's for that stage."),
		NULL },
	{ "file", OPTION_TEXT, AT(file), N_("FILE"),
		N_("Fields as a JSON file; '-' is standard input."), NULL },
	{ "set", OPTION_LIST, AT(set), N_("KEY=VALUE"), N_("One field. May be repeated."), NULL },
	{ "what-changed", OPTION_TEXT, AT(what_changed), N_("TEXT"),
		N_("What is new since the last report; needed from the second on."), NULL },
	{ "attach", OPTION_LIST, AT(attachments), N_("FILE"),
		N_("A file that goes along by name and SHA-256. May be repeated."), NULL },
	{ "pdf", OPTION_TEXT, AT(pdf), N_("FILE"), N_("Write the form as a PDF too."), NULL },
	{ "html", OPTION_TEXT, AT(html), N_("FILE"), N_("Write the form as HTML too."), NULL },
	{ "show", OPTION_FLAG, AT(show), NULL,
		N_("Show the form as it is filled so far, and send nothing."), NULL },
	{ "draft", OPTION_FLAG, AT(draft), NULL, N_("Keep what is given, send nothing yet."),
		NULL },
	{ "dry-run", OPTION_FLAG, AT(dry_run), NULL,
		N_("Check all of it and say what would be done; store and send nothing."), NULL },
	{ "wait", OPTION_DURATION, AT(wait_ns), N_("TIME"),
		N_("How long to wait for receipts (10 s)."), NULL },
};
#undef AT

#define AT(member) offsetof(struct export_args, member)
static const char *const formats[] = { "json", "stix", "misp", "ocsf", "csv", "xlsx", "icalendar",
	"syslog", "html", "pdf", "dossier", "receipt", "proof", "12387", NULL };
const struct option export_options[N_EXPORT_OPTIONS] = {
	{ "format", OPTION_CHOICE, AT(format), NULL, N_("What to make of it (json)."), formats },
	{ "out", OPTION_TEXT, AT(out), N_("FILE"),
		N_("Where to write it; otherwise standard output."), NULL },
	{ "tlp", OPTION_TEXT, AT(tlp), N_("LABEL"), N_("Mark it with this label instead."), NULL },
	{ "redact", OPTION_FLAG, AT(redact), NULL,
		N_("Without the company, persons, numbers, addresses and free text."), NULL },
};
#undef AT

#define AT(member) offsetof(struct mark_args, member)
const struct mark_args mark_defaults = { .at_ns = -1 };
const struct option mark_options[N_MARK_OPTIONS] = {
	{ "at", OPTION_TIME, AT(at_ns), N_("TIME"), N_("When, RFC 3339; otherwise now."), NULL },
	{ "note", OPTION_TEXT, AT(note), N_("TEXT"), N_("A remark for the history."), NULL },
	{ "dry-run", OPTION_FLAG, AT(dry_run), NULL,
		N_("Check all of it and say what would be done; store and send nothing."), NULL },
};
#undef AT

#define AT(member) offsetof(struct close_args, member)
const struct option close_options[N_CLOSE_OPTIONS] = {
	{ "reason", OPTION_TEXT, AT(reason), N_("TEXT"), N_("Why it is over."), NULL },
	{ "anyway", OPTION_FLAG, AT(anyway), NULL,
		N_("Although duties are still open; the reason is kept."), NULL },
	{ "purge", OPTION_FLAG, AT(purge), NULL,
		N_("Remove a closed incident whose three years are over."), NULL },
	{ "reopen", OPTION_FLAG, AT(reopen), NULL, N_("Open a closed incident again."), NULL },
	{ "dry-run", OPTION_FLAG, AT(dry_run), NULL,
		N_("Check all of it and say what would be done; store and send nothing."), NULL },
};
#undef AT

#define AT(member) offsetof(struct approve_args, member)
const struct option approve_options[N_APPROVE_OPTIONS] = {
	{ "key", OPTION_TEXT, AT(key), N_("FILE"), N_("The approver's private key, PEM."), NULL },
};
#undef AT

#define AT(member) offsetof(struct status_args, member)
const struct option status_options[N_STATUS_OPTIONS] = {
	{ "all", OPTION_FLAG, AT(all), NULL, N_("Closed incidents and clocks that are done too."),
		NULL },
	{ "difference", OPTION_TEXT, AT(stage), N_("STAGE"),
		N_("What the last report of that stage changed over the one before it."), NULL },
};
#undef AT
