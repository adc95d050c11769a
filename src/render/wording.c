/*
 * Words and sentences of the drill.
 */
#include "render/wording.h"

#include <string.h>

#include "base/i18n.h"
#include "render/figures.h"

const char *word_part(enum drill_part_id part)
{
	switch (part) {
	case PART_DETECT:
		return _("Detect");
	case PART_DAMAGE:
		return _("Damage");
	case PART_CONTAIN:
		return _("Contain");
	case PART_RECOVER:
		return _("Recover");
	case PART_PEOPLE:
		return _("People");
	case PARTS:
		break;
	}
	return "";
}

const char *word_verdict(enum drill_verdict v)
{
	switch (v) {
	case DRILL_COMPLETED:
		return _("The attack ran to its end");
	case DRILL_CONTAINED:
		return _("The attack was contained");
	case DRILL_STOPPED:
		return _("The run was stopped");
	case DRILL_VOIDED:
		return _("The run is void");
	}
	return "";
}

const char *word_verdict_name(const char *name)
{
	for (int v = DRILL_COMPLETED; name != NULL && v <= (int)DRILL_VOIDED; v++)
		if (strcmp(name, drill_verdict_name((enum drill_verdict)v)) == 0)
			return word_verdict((enum drill_verdict)v);
	return name == NULL ? "" : name;
}

const char *word_detect(enum drill_detect d)
{
	switch (d) {
	case DETECT_NONE:
		return _("not reported");
	case DETECT_LOGGED:
		return _("only logged");
	case DETECT_ALERTED:
		return _("alerted");
	case DETECT_PREVENTED:
		return _("prevented");
	}
	return "";
}

const char *word_contain(enum drill_contain c)
{
	switch (c) {
	case CONTAIN_NONE:
		return _("not contained");
	case CONTAIN_KILLED:
		return _("the process was ended");
	case CONTAIN_FROZEN:
		return _("the process was frozen");
	case CONTAIN_READ_ONLY:
		return _("the folder was made read-only");
	case CONTAIN_BLOCKED:
		return _("the writes were blocked");
	case CONTAIN_QUARANTINED:
		return _("files were put into quarantine");
	case CONTAIN_NETWORK:
		return _("the host was cut off the network");
	}
	return "";
}

const char *word_rating(enum drill_rating r)
{
	switch (r) {
	case RATING_NOT_ASSESSED:
		return _("not assessed");
	case RATING_P:
		return _("P: met, by plan");
	case RATING_S:
		return _("S: met, improvements noted");
	case RATING_M:
		return _("M: met, but off plan or with harm");
	case RATING_U:
		return _("U: not met");
	}
	return "";
}

const char *letter_rating(enum drill_rating r)
{
	return r == RATING_NOT_ASSESSED ? "–" : drill_rating_name(r);
}

struct word_row {
	const char *name;
	const char *word;
};

static const char *find_word(const struct word_row *rows, size_t n, const char *name)
{
	for (size_t i = 0; name != NULL && i < n; i++)
		if (strcmp(rows[i].name, name) == 0)
			return _(rows[i].word);
	return name == NULL ? "" : name;
}

const char *word_state(const char *state)
{
	static const struct word_row rows[] = {
		{ "planted", N_("planted") },
		{ "running", N_("running") },
		{ "finished", N_("finished") },
		{ "voided", N_("void") },
		{ "undone", N_("undone") },
		{ "interrupted", N_("interrupted") },
	};
	return find_word(rows, COUNT_OF(rows), state);
}

const char *word_status(const char *status)
{
	static const struct word_row rows[] = {
		{ "open", N_("open") },
		{ "done", N_("done") },
	};
	return find_word(rows, COUNT_OF(rows), status);
}

const char *word_kind(const char *kind)
{
	static const struct word_row rows[] = {
		{ "pattern", N_("Patterns of published families:") },
		{ "drill", N_("Ready drills:") },
		{ "benign", N_("Ordinary programs, to count false alarms:") },
	};
	return find_word(rows, COUNT_OF(rows), kind);
}

const char *word_role(const char *role)
{
	static const struct word_row rows[] = {
		{ "operator", N_("operator") },
		{ "duty desk", N_("duty desk") },
		{ "duty manager", N_("duty manager") },
		{ "security officer", N_("security officer") },
		{ "security operations", N_("security operations") },
		{ "system administrator", N_("system administrator") },
		{ "backup administrator", N_("backup administrator") },
		{ "compliance officer", N_("compliance officer") },
	};
	return role == NULL || role[0] == '\0' ? "–" : find_word(rows, COUNT_OF(rows), role);
}

const char *word_lock(const char *name)
{
	static const struct word_row rows[] = {
		{ "mount-namespace", N_("private mount namespace: the arena is its only mount") },
		{ "seccomp", N_("system call allow-list") },
		{ "uid", N_("a user id of its own") },
		{ "no-new-privileges", N_("no new privileges") },
	};
	static const char landlock[] = "landlock:";
	if (strncmp(name, landlock, sizeof landlock - 1) == 0)
		return _("Landlock: the kernel refuses every file outside the arena");
	return find_word(rows, COUNT_OF(rows), name);
}

const char *word_change(const char *what)
{
	static const struct word_row rows[] = {
		{ "content", N_("its content was changed") },
		{ "name", N_("its name was changed") },
		{ "mode", N_("its permissions were changed") },
		{ "owner", N_("its owner was changed") },
		{ "time", N_("its time was changed") },
		{ "attribute", N_("its attributes were changed") },
		{ "links", N_("a further name was given to it") },
		{ "gone", N_("it is gone") },
		{ "new", N_("it was not there before") },
	};
	return what == NULL || what[0] == '\0' ? NULL : find_word(rows, COUNT_OF(rows), what);
}

const char *sentence_void_reason(const struct drill_result *r)
{
	return r->safety.void_reason == NULL ? _("The safety check fired.")
					     : _(r->safety.void_reason);
}

bool channel_could_hear(const struct drill_channel *c)
{
	return !c->broken && !c->never_opened && (c->problem == NULL || c->problem[0] == '\0');
}

void sentence_channel(const struct drill_channel *c, struct buf *out)
{
	const char *space = i18n_language() == LANGUAGE_ZH ? "" : " ";
	struct figure alerts = figure_count(c->n_alerts);
	bool has_why = c->problem != NULL && c->problem[0] != '\0';
	if (c->broken && !has_why)
		buf_addf(out, _("Broke during the run, after %s alerts."), alerts.text);
	else if (c->broken)
		buf_addf(out, _("Broke during the run, after %s alerts: %s."), alerts.text,
			c->problem);
	else if (has_why)
		buf_addf(out, _("Could not be read in the end, after %s alerts: %s."), alerts.text,
			c->problem);
	else if (c->never_opened)
		buf_add_text(out, _("Never opened: there was no file of this name."));
	else if (c->n_alerts == 0)
		buf_add_text(out, _("Heard nothing."));
	else
		buf_addf(out, _("Alerts heard: %s."), alerts.text);
	if (c->n_unread == 0)
		return;
	buf_add_text(out, space);
	buf_addf(out, _("Came too fast to be looked at: %s."), figure_bytes(c->n_unread).text);
}

void sentence_void(const struct drill_result *r, struct buf *out)
{
	if (drill_is_control(r))
		buf_add_text(out, _("This control run is void and does not count."));
	else
		buf_add_text(out, _("This run is void and has no score."));
	buf_add_text(out, i18n_language() == LANGUAGE_ZH ? "" : " ");
	buf_add_text(out, sentence_void_reason(r));
}

void sentence_void_file(const struct drill_result *r, struct buf *out)
{
	const char *what = word_change(r->void_what);
	if (r->void_path == NULL || r->void_path[0] == '\0')
		return;
	if (what == NULL)
		buf_addf(out, _("The file: %s"), r->void_path);
	else
		buf_addf(out, _("The file: %s (%s)"), r->void_path, what);
}

const char *word_restore_gap(enum drill_restore_gap gap)
{
	switch (gap) {
	case RESTORE_ASSESSED:
		break;
	case RESTORE_NOT_ASKED:
		return _("no restore command was given");
	case RESTORE_CUT_SHORT:
		return _("the run was stopped before");
	case RESTORE_NO_SAMPLE:
		return _("no decoy could be destroyed for it");
	}
	return "";
}

const char *sentence_restore_gap(enum drill_restore_gap gap)
{
	switch (gap) {
	case RESTORE_ASSESSED:
		break;
	case RESTORE_NOT_ASKED:
		return _("Not assessed: no restore command was given. Whether the backup comes "
			 "back is "
			 "unknown.");
	case RESTORE_CUT_SHORT:
		return _("Not assessed: the run was stopped before the restore was over. Whether "
			 "the "
			 "backup comes back is unknown.");
	case RESTORE_NO_SAMPLE:
		return _("Not assessed: no decoy could be destroyed for the restore to bring back. "
			 "Whether the backup comes back is unknown.");
	}
	return "";
}

bool is_witness(const struct drill_result *r, const char *state)
{
	return r->safety.witness != NULL && strcmp(r->safety.witness, state) == 0;
}

const char *sentence_witness(const struct drill_result *r)
{
	if (is_witness(r, "lost"))
		return _("The witness was lost during the run, and a second one could not look. "
			 "Nothing "
			 "proves what lies outside the arena.");
	if (!is_witness(r, "replaced"))
		return "";
	if (r->safety.n_user_files > 0)
		return _("The witness was ended from outside after it had looked at the user's own "
			 "files. "
			 "A second one compared the sentinels with what was noted when they were "
			 "planted.");
	return _("The witness was ended from outside during the run. A second one compared the "
		 "sentinels "
		 "with what was noted when they were planted; whether the user's own files are as "
		 "they "
		 "were is not proven.");
}

const char *word_outside(const struct drill_result *r)
{
	if (is_witness(r, "lost"))
		return _("the witness was lost");
	if (is_witness(r, "replaced") && r->safety.n_user_files == 0)
		return _("of the sentinels alone");
	return _("files outside the arena");
}

static void sentence_loss(const struct drill_result *r, struct buf *out)
{
	double share = r->n_planted == 0 ? 0 : (double)r->n_lost / (double)r->n_planted;
	if (r->n_lost == 0)
		buf_addf(out, _("None of %s decoys was lost."), figure_count(r->n_planted).text);
	else
		buf_addf(out, _("%s of %s decoys were lost (%s)."), figure_count(r->n_lost).text,
			figure_count(r->n_planted).text, figure_share(share).text);
}

static void sentence_alert(const struct drill_result *r, struct buf *out)
{
	if (!drill_could_hear(r))
		buf_add_text(out, _("Whether anybody was alerted was not assessed."));
	else if (r->detect == DETECT_NONE)
		buf_add_text(out, _("No channel reported it."));
	else if (r->detect == DETECT_LOGGED)
		buf_add_text(out, _("It was logged, but nobody was alerted."));
	else if (r->detect_ns > 0)
		buf_addf(out, _("The first alert came after %s."),
			figure_duration(r->detect_ns).text);
	else
		buf_add_text(out, _("It was reported at once."));
}

static const char *sentence_of(const struct word_row *rows, size_t n, const char *name)
{
	for (size_t i = 0; name != NULL && i < n; i++)
		if (strcmp(rows[i].name, name) == 0)
			return _(rows[i].word);
	return NULL;
}

const char *sentence_stopped_by(const struct drill_result *r)
{
	static const struct word_row by[] = {
		{ "user", N_("The run was stopped at its terminal, or by a signal.") },
		{ "stop-file", N_("The run was stopped by 'drill stop', or by its stop file.") },
		{ "window", N_("The run was stopped because its time window was over.") },
		{ "lease", N_("The run was stopped because the emulator lost its lease: the "
			      "drill's own "
			      "process was held up (frozen, or the host too busy).") },
		{ "budget", N_("The run was stopped by its budget.") },
		{ "pressure", N_("The run was stopped because this host was under pressure.") },
	};
	const char *who = sentence_of(by, COUNT_OF(by), r->stopped.by);
	if (r->stopped.by == NULL)
		return "";
	return who == NULL ? _("The run was stopped before its end.") : who;
}

/* By what, and what follows for the figures. */
static void sentence_stopped(const struct drill_result *r, struct buf *out)
{
	static const struct word_row during[] = {
		{ "listening",
			N_("That was after the attack, while late alerts were waited for.") },
		{ "assessment", N_("That was after the attack, while the decoys were looked at.") },
		{ "restore", N_("That was after the attack, before the restore was over.") },
		{ "people", N_("That was after the attack, in the people's steps: those that were "
			       "still open stayed without an answer.") },
	};
	const char *when = sentence_of(during, COUNT_OF(during), r->stopped.during);
	buf_add_text(out, sentence_stopped_by(r));
	buf_add_text(out, i18n_language() == LANGUAGE_ZH ? "" : " ");
	buf_add_text(out, when != NULL ? when
				       : _("Its figures say how far it got, not how well this host "
					   "is defended."));
}

void sentence_verdict(const struct drill_result *r, struct buf *out)
{
	const char *space = i18n_language() == LANGUAGE_ZH ? "" : " ";
	sentence_loss(r, out);
	buf_add_text(out, space);
	sentence_alert(r, out);
	buf_add_text(out, space);
	switch (r->verdict) {
	case DRILL_COMPLETED:
		buf_add_text(out, _("Nothing contained the attack: it ran to its end."));
		break;
	case DRILL_CONTAINED:
		buf_addf(out, _("How it was contained: %s."), word_contain(r->contain));
		break;
	case DRILL_STOPPED:
		if (!drill_attack_was_stopped(r))
			buf_add_text(out, _("Nothing contained the attack: it ran to its end."));
		break;
	case DRILL_VOIDED:
		buf_add_text(out, _("The safety check fired: none of these figures counts."));
		break;
	}
	if (r->stopped.by == NULL || r->verdict == DRILL_VOIDED)
		return;
	if (!drill_attack_was_stopped(r))
		buf_add_text(out, space);
	sentence_stopped(r, out);
}

/* Two counts, two sentences; then what both cost. */
static void sentence_alarms(const struct drill_result *r, const char *space, struct buf *out)
{
	const char *between = i18n_language() == LANGUAGE_ZH ? "" : " ";
	if (r->false_alarms > 0) {
		buf_add_text(out, space);
		buf_addf(out, _("False alarms in the last control run, on %s: %s."),
			figure_date(r->control_ns).text, figure_count(r->false_alarms).text);
		space = between;
	}
	if (r->early_alerts > 0) {
		buf_add_text(out, space);
		buf_addf(out,
			_("Alerts in this run before anything was changed: %s; they do not count "
			  "as detection."),
			figure_count(r->early_alerts).text);
		space = between;
	}
	if (r->false_alarms > 0 || r->early_alerts > 0) {
		buf_add_text(out, space);
		buf_add_text(out, _("Each of these costs two points, together ten at most."));
	}
}

void sentence_grade(const struct drill_result *r, struct buf *out)
{
	const char *space = "";
	const char *between = i18n_language() == LANGUAGE_ZH ? "" : " ";
	if (r->verdict == DRILL_VOIDED) {
		buf_add_text(out, _("A void run gets neither score nor grade."));
		return;
	}
	if (r->coverage < 60) {
		buf_addf(out, _("No grade: only %s of the weight was assessed, 60 %% are needed."),
			figure_percent(r->coverage).text);
		space = between;
	} else if (r->grade == NULL) {
		buf_add_text(out, _("No grade: the run was stopped before its end."));
		space = between;
	} else if (r->to_next_grade > 0) {
		buf_addf(out, _("%s points to the next grade."),
			figure_score(r->to_next_grade).text);
		space = between;
	}
	if (r->capped) {
		buf_add_text(out, space);
		buf_add_text(out, _("Held at 59, because Recover or People reached less than two "
				    "fifths of its weight: blocking alone is not being ready."));
		space = between;
	}
	sentence_alarms(r, space, out);
}

const char *sentence_limit(size_t i)
{
	static const char *const limits[] = {
		N_("The drill touches only decoys that it planted. It shows how this host and its "
		   "people "
		   "react to the file operations of ransomware, not whether an attacker could get "
		   "in."),
		N_("The emulator carries a marker and a fixed process name, so that defenders can "
		   "tell the "
		   "drill from an attack. A product that knows the marker may react to the marker "
		   "and not to "
		   "the behaviour."),
		N_("The emulator is confined. A product that looks for unconfined processes may "
		   "judge it "
		   "milder than real malware."),
		N_("What is not assessed is not zero and not good: it is unknown. Read the score "
		   "only "
		   "together with its coverage."),
		N_("Compare only runs of the same scenario at the same rate. Near a border the "
		   "letter may "
		   "change with small changes of the weights; the number is the sturdier figure."),
		N_("The signature proves that the record was not changed later. It does not prove "
		   "that what "
		   "was recorded is true: whoever administers the host could have fed it."),
	};
	return i < COUNT_OF(limits) ? _(limits[i]) : NULL;
}
