/*
 * The sections of the report.
 */
#include <string.h>

#include "base/i18n.h"
#include "render/charts.h"
#include "render/control.h"
#include "render/figures.h"
#include "render/report.h"
#include "render/wording.h"

static const char *or_dash(const char *text)
{
	return text == NULL || text[0] == '\0' ? "–" : text;
}

static const char *count(struct document *d, uint64_t n)
{
	return doc_text(d, figure_count(n).text);
}

static const char *duration(struct document *d, int64_t ns)
{
	return doc_text(d, figure_duration(ns).text);
}

static const char *seconds(struct document *d, double s)
{
	double within = s > 9e9 ? 9e9 : s;
	return duration(d, within > 0 ? (int64_t)(within * (double)NS_PER_S) : -1);
}

struct lock_list {
	struct document *document;
	struct rows *rows;
};

static void add_lock(const char *name, void *context)
{
	struct lock_list *list = context;
	const char *word = word_lock(name);
	rows_cell(list->rows, CELL(doc_textf(list->document, "%s (%s)", word, name)));
}

/* The names are those of sys/confine.h; rendering must not need the code behind the locks. */
static void each_lock(
	const struct confine_locks *l, void (*each)(const char *name, void *context), void *context)
{
	if (l->landlock_abi > 0) {
		char name[32];
		(void)snprintf(name, sizeof name, "landlock:%d", l->landlock_abi);
		each(name, context);
	}
	if (l->mount_namespace)
		each("mount-namespace", context);
	if (l->seccomp)
		each("seccomp", context);
	if (l->own_uid)
		each("uid", context);
	if (l->no_new_privileges)
		each("no-new-privileges", context);
}

/* The user's own files that others changed, by name. */
static void add_unattributed(struct document *d, const struct drill_result *r)
{
	enum { PATHS_SHOWN = 8 };
	struct rows list = rows_begin(d, BLOCK_LIST, 1);
	for (size_t i = 0; i < r->n_unattributed && i < PATHS_SHOWN; i++)
		rows_cell(&list, CELL_CODE(or_dash(r->unattributed[i])));
	if (list.n_cells == 0)
		return;
	add_note(d, _("Files of yours that changed during the run, by a program other than the "
		      "drill's:"));
	rows_add(&list);
	if (r->safety.n_unattributed > list.n_cells)
		add_note(d, doc_textf(d,
				    _("Further ones that are not named here: %s. report.json names "
				      "up to 200."),
				    figure_count(r->safety.n_unattributed - list.n_cells).text));
}

static void add_void(struct rows *f, const struct drill_result *r)
{
	const char *what = word_change(r->void_what);
	if (r->verdict != DRILL_VOIDED)
		return;
	rows_fact(f, _("Why it is void"), CELL_TONE(sentence_void_reason(r), TONE_POOR));
	if (r->void_path != NULL && r->void_path[0] != '\0')
		rows_fact(f, _("Changed file"), CELL_CODE(r->void_path));
	if (what != NULL)
		rows_fact(f, _("What changed"), CELL(what));
}

static void add_locks(struct document *d, const struct drill_result *r)
{
	if (drill_is_control(r))
		add_note(d, _("Locks in force on the planter. The ordinary programs are the "
			      "system's own and worked outside of them, as the decoys' owner:"));
	else
		add_note(d, _("Locks in force on the emulator:"));
	struct rows list = rows_begin(d, BLOCK_LIST, 1);
	each_lock(&r->safety.locks, add_lock, &(struct lock_list){ d, &list });
	if (list.n_cells == 0)
		rows_cell(&list, CELL_TONE(_("none recorded"), TONE_POOR));
	rows_add(&list);
}

/* What the witness looked at. A sample that it did not live to see again is not "0 changed". */
static void add_watched(struct rows *f, const struct drill_result *r)
{
	struct document *d = f->document;
	const struct drill_safety *s = &r->safety;
	bool seen = !is_witness(r, "lost");
	bool sample_seen = is_witness(r, "whole") || s->n_user_files > 0;
	const struct cell unproven = CELL_TONE(_("not proven"), TONE_FAIR);
	rows_fact(f, _("Sentinels outside the arena"),
		!seen ? unproven
		      : CELL(doc_textf(d, _("%s watched, %s changed"),
				figure_count(s->n_sentinels).text,
				figure_count(s->n_sentinels_changed).text)));
	rows_fact(f, _("Sample of the user's own files"),
		!sample_seen
			? unproven
			: CELL(doc_textf(d,
				  _("%s watched, %s changed by others, %s traced to the drill"),
				  figure_count(s->n_user_files).text,
				  figure_count(s->n_unattributed).text,
				  figure_count(s->n_attributed).text)));
}

void section_safety(struct document *d, const struct drill_result *r)
{
	const struct drill_safety *s = &r->safety;
	add_heading(d, "safety", _("Safety"));
	if (is_witness(r, "lost"))
		add_text(d, sentence_witness(r));
	else if (s->n_sentinels_changed + s->n_attributed == 0 && is_witness(r, "replaced"))
		add_text(
			d, doc_textf(d, "%s%s%s", _("No sentinel outside the arena was changed."),
				   i18n_language() == LANGUAGE_ZH ? "" : " ", sentence_witness(r)));
	else if (s->n_sentinels_changed + s->n_attributed == 0)
		add_text(d,
			_("Nothing outside the arena was changed by the drill. A separate process "
			  "that can read and not write looked before and after."));
	else
		add_text(d,
			_("Something outside the arena changed. The run does not count; find the "
			  "cause before any further drill."));
	struct rows f = rows_begin(d, BLOCK_FACTS, 2);
	add_void(&f, r);
	add_watched(&f, r);
	if (s->stop_latency_ns >= 0 || !drill_is_control(r))
		rows_fact(&f, _("Stop latency"), CELL(duration(d, s->stop_latency_ns)));
	if (s->memory_kill)
		rows_fact(&f, _("Killed for memory"), CELL_TONE(_("yes"), TONE_POOR));
	rows_add(&f);
	add_unattributed(d, r);
	add_locks(d, r);
	if (drill_is_control(r))
		return;
	add_note(d, _("The budget that was announced before the run, and what was used of it:"));
	add_chart(d, chart_budget(r, d->pool));
}

static void moment(
	struct rows *t, int64_t at_ns, int64_t after_ns, const char *what, struct cell detail)
{
	struct document *d = t->document;
	rows_cell(t, CELL(at_ns < 0 ? "" : doc_text(d, figure_moment(at_ns).text)));
	rows_cell(t, CELL(after_ns < 0 ? "" : doc_textf(d, "+%s", figure_duration(after_ns).text)));
	rows_cell(t, CELL_STRONG(what));
	rows_cell(t, detail);
}

/* A wall time so many nanoseconds after T0, -1 where either is not known. */
static int64_t at(const struct drill_result *r, int64_t after_ns)
{
	return r->t0_ns < 0 || after_ns < 0 || after_ns > INT64_MAX - r->t0_ns
		       ? -1
		       : r->t0_ns + after_ns;
}

static void add_moments(struct rows *t, const struct drill_result *r)
{
	struct document *d = t->document;
	moment(t, r->started_ns, -1, _("Run started"),
		CELL(doc_textf(d, _("%s decoys planted, %s"), figure_count(r->n_planted).text,
			figure_bytes(r->bytes_planted).text)));
	if (r->t0_ns >= 0)
		moment(t, r->t0_ns, 0, _("First decoy byte changed (T0)"),
			CELL(doc_textf(d, _("rate asked: %s, reached: %s"),
				figure_rate(r->rate_files_per_s).text,
				figure_rate(r->rate_reached).text)));
	if (r->channels_named && r->detect != DETECT_NONE)
		moment(t, r->n_alerts > 0 ? r->alerts[0].at_ns : at(r, r->detect_ns), r->detect_ns,
			_("First alert"),
			CELL(r->n_alerts > 0 ? or_dash(r->alerts[0].text)
					     : word_detect(r->detect)));
	if (r->contain != CONTAIN_NONE) {
		int64_t alert_ns = r->detect_ns > 0 ? r->detect_ns : 0;
		int64_t after_ns = r->contain_ns < 0 || r->contain_ns > INT64_MAX - alert_ns
					   ? -1
					   : alert_ns + r->contain_ns;
		moment(t, at(r, after_ns), after_ns, _("Contained"),
			CELL(word_contain(r->contain)));
	}
	if (r->attack_ns >= 0)
		moment(t, at(r, r->attack_ns), r->attack_ns, _("End of the attack"),
			CELL(doc_textf(d, _("%s decoys changed, %s of bytes, %s notes"),
				figure_count(r->n_changed).text,
				figure_bytes(r->bytes_changed).text,
				figure_count(r->n_notes).text)));
	moment(t, r->ended_ns, -1, _("Run ended"), CELL(word_verdict(r->verdict)));
}

void add_alerts(struct document *d, const struct drill_result *r)
{
	static const double widths[] = { 0.16, 0.16, 0.28, 0.40 };
	enum { ALERTS_SHOWN = 20 };
	struct rows t = rows_begin(d, BLOCK_TABLE, 4);
	add_note(d, _("Alerts as they were heard:"));
	t.widths = widths;
	t.caption = _("Alerts");
	rows_cell(&t, CELL(drill_is_control(r) ? _("After the start") : _("After T0")));
	rows_cell(&t, CELL(_("Kind")));
	rows_cell(&t, CELL(_("Channel")));
	rows_cell(&t, CELL(_("First line")));
	for (size_t i = 0; i < r->n_alerts && i < ALERTS_SHOWN; i++) {
		const struct drill_alert *a = &r->alerts[i];
		rows_cell(&t, CELL(a->after_ns < 0 ? _("before") : duration(d, a->after_ns)));
		rows_cell(&t, CELL(word_detect(a->kind)));
		rows_cell(&t, CELL_CODE(or_dash(a->channel)));
		rows_cell(&t, CELL_CODE(or_dash(a->text)));
	}
	rows_add(&t);
	if (r->n_alerts > ALERTS_SHOWN)
		add_note(d, doc_textf(d, _("%s more alerts are in the record."),
				    figure_count(r->n_alerts - ALERTS_SHOWN).text));
}

static void add_channels(struct document *d, const struct drill_result *r)
{
	static const double widths[] = { 0.46, 0.14, 0.40 };
	struct rows t = rows_begin(d, BLOCK_TABLE, 3);
	t.widths = widths;
	t.caption = _("Channels");
	rows_cell(&t, CELL(_("Channel")));
	rows_cell(&t, CELL(_("Alerts")));
	rows_cell(&t, CELL(_("State")));
	for (size_t i = 0; i < r->n_channels; i++) {
		const struct drill_channel *c = &r->channels[i];
		AUTO_BUF struct buf text;
		buf_init(&text, 16 * KIB);
		sentence_channel(c, &text);
		rows_cell(&t, CELL_CODE(or_dash(c->spec)));
		rows_cell(&t, CELL(count(d, c->n_alerts)));
		rows_cell(&t, CELL_TONE(doc_text(d, buf_text(&text)),
				      channel_could_hear(c) ? TONE_PLAIN : TONE_POOR));
	}
	rows_add(&t);
}

void section_timeline(struct document *d, const struct drill_result *r)
{
	static const double widths[] = { 0.24, 0.14, 0.24, 0.38 };
	add_heading(d, "timeline", _("What happened"));
	struct rows t = rows_begin(d, BLOCK_TABLE, 4);
	t.widths = widths;
	t.caption = _("Timeline");
	rows_cell(&t, CELL(doc_textf(d, _("Time (UTC%s)"), figure_offset(r->started_ns).text)));
	rows_cell(&t, CELL(_("After T0")));
	rows_cell(&t, CELL(_("Event")));
	rows_cell(&t, CELL(_("Detail")));
	add_moments(&t, r);
	rows_add(&t);
	if (r->n_curve > 0)
		add_note(d, _("Decoys changed since the first changed byte:"));
	add_chart(d, chart_loss(r, d->pool));
	if (r->n_alerts > 0)
		add_alerts(d, r);
	if (r->n_channels > 0)
		add_channels(d, r);
	if (r->n_quarantined > 0)
		add_note(d, doc_textf(d, _("Files that were put into quarantine: %s."),
				    figure_count(r->n_quarantined).text));
}

void section_parts(struct document *d, const struct drill_result *r)
{
	static const double widths[] = { 0.13, 0.14, 0.21, 0.52 };
	add_heading(d, "parts", _("Score by part"));
	struct rows t = rows_begin(d, BLOCK_TABLE, 4);
	t.widths = widths;
	t.caption = _("Score by part");
	rows_cell(&t, CELL(_("Part")));
	rows_cell(&t, CELL(_("Points")));
	rows_cell(&t, CELL(_("Rating")));
	rows_cell(&t, CELL(_("Facts behind the rating")));
	for (int i = 0; i < PARTS; i++) {
		const struct drill_part *p = &r->parts[i];
		rows_cell(&t, CELL_STRONG(word_part((enum drill_part_id)i)));
		rows_cell(&t, CELL_TIGHT(p->assessed ? doc_text(d, figure_points(p).text)
						     : doc_textf(d, "– / %.0f", p->weight)));
		rows_cell(&t, CELL_TONE(word_rating(p->rating), tone_of_rating(p->rating)));
		rows_cell(&t, CELL(text_in_language(p->why)));
	}
	rows_add(&t);
	if (r->restore.assessed && !r->restore.rpo_assessed)
		add_note(
			d, _("RPO was not assessed, because there were no dated generations of "
			     "decoys: Recover counts with the RTO's three fifths of its weight, in "
			     "the points and in the coverage."));
	add_note(d,
		_("Ratings come from facts, never from the points: met, by plan, without harm to "
		  "other work, with or without a noted improvement (HSEEP). Points fall with the "
		  "logarithm, because damage grows by factors."));
}

void section_counterfactual(struct document *d, const struct drill_result *r)
{
	if (!drill_has_score(r) || (r->lost_at_lockbit == 0 && r->lost_at_headline == 0))
		return;
	add_heading(d, "estimate", _("The same reaction against real speeds (estimate)"));
	if (r->contain == CONTAIN_NONE)
		add_text(d, doc_textf(d,
				    _("Nothing contained the attack. In the time that it ran, an "
				      "attacker as fast as LockBit would have reached at least %s "
				      "files, one of average speed at least %s."),
				    figure_count(r->lost_at_lockbit).text,
				    figure_count(r->lost_at_headline).text));
	else
		add_text(d, doc_textf(d,
				    _("With the same time to react, an attacker as fast as LockBit "
				      "would have reached %s files, one of average speed %s."),
				    figure_count(r->lost_at_lockbit).text,
				    figure_count(r->lost_at_headline).text));
	add_chart(d, chart_counterfactual(r, d->pool));
	add_note(d,
		_("An estimate: the speeds are published medians measured on other disks (Splunk "
		  "SURGe, 2022: LockBit 281.6 files a second, average of ten families 38.3)."));
}

static struct cell against_target(struct document *d, int64_t took_ns, double target_s)
{
	const char *text = doc_textf(
		d, _("%s, target %s"), figure_duration(took_ns).text, seconds(d, target_s));
	bool met = took_ns >= 0 && (double)took_ns <= target_s * (double)NS_PER_S;
	return CELL_TONE(text, met ? TONE_GOOD : TONE_POOR);
}

/* By name, so that somebody can tell whether it was the restore command's doing. */
static void add_strayed(struct document *d, const struct drill_restore *x)
{
	enum { PATHS_SHOWN = 8 };
	struct rows list = rows_begin(d, BLOCK_LIST, 1);
	for (size_t i = 0; i < x->n_changed_named && i < PATHS_SHOWN; i++)
		rows_cell(&list, CELL_CODE(or_dash(x->changed_outside[i])));
	if (list.n_cells == 0)
		return;
	add_note(d, _("Outside the arena these changed while the restore command ran, by its doing "
		      "or another program's:"));
	rows_add(&list);
	if (x->n_changed_outside > list.n_cells)
		add_note(d, doc_textf(d,
				    _("Further ones that are not named here: %s. report.json names "
				      "up to %s."),
				    figure_count(x->n_changed_outside - list.n_cells).text,
				    figure_count(DRILL_CHANGED_NAMED_MAX).text));
}

void section_restore(struct document *d, const struct drill_result *r)
{
	const struct drill_restore *x = &r->restore;
	add_heading(d, "restore", _("Restore, proven"));
	if (!x->assessed) {
		add_text(d, sentence_restore_gap(drill_restore_gap(r)));
		return;
	}
	add_text(d,
		doc_textf(d,
			_("A random sample of %s decoys was destroyed beyond undo, as if the "
			  "attack had got through. Your own command brought back %s of them byte "
			  "for byte; each had to answer a fresh challenge with a keyed hash."),
			figure_count(x->n_sample).text, figure_count(x->n_identical).text));
	struct rows f = rows_begin(d, BLOCK_FACTS, 2);
	rows_fact(&f, _("Command"), CELL_CODE(or_dash(x->command)));
	rows_fact(&f, _("Result"),
		x->timed_out ? CELL_TONE(_("not finished within the time limit"), TONE_POOR)
			     : CELL(doc_textf(d, _("exit status %d"), x->exit_status)));
	rows_fact(&f, _("Identical"),
		CELL_TONE(doc_text(d, figure_share(x->integrity).text),
			x->n_sample > 0 && x->n_identical >= x->n_sample ? TONE_GOOD : TONE_POOR));
	rows_fact(&f, _("Time to restore (RTO)"), against_target(d, x->rto_ns, x->rto_target_s));
	rows_fact(&f, _("Age of the backup (RPO)"),
		x->rpo_assessed
			? against_target(d, x->rpo_ns, x->rpo_target_s)
			: (struct cell){ .text = _("not assessed: there were no dated generations"),
				  .tone = TONE_MUTED });
	rows_fact(&f, _("Changed outside the arena"), CELL(count(d, x->n_changed_outside)));
	rows_fact(&f, _("Challenge"), CELL_CODE(or_dash(x->nonce)));
	rows_add(&f);
	add_strayed(d, x);
	if (x->output != NULL && x->output[0] != '\0') {
		add_note(d, _("The end of what the command printed:"));
		add_code(d, x->output);
	}
}

static struct cell step_result(struct document *d, const struct drill_step *s)
{
	if (!s->answered)
		return (struct cell){ .text = _("not answered"), .tone = TONE_MUTED };
	if (!s->done)
		return CELL_TONE(_("not done"), TONE_POOR);
	bool late = s->due_ns >= 0 && s->after_ns > s->due_ns;
	return CELL_TONE(duration(d, s->after_ns), late ? TONE_FAIR : TONE_GOOD);
}

/* Whose step it was, and who did it where that was somebody else. */
static struct cell step_role(struct document *d, const struct drill_step *s)
{
	const char *role = word_role(s->role);
	bool is_known = s->by != NULL && s->by[0] != '\0';
	bool is_own = is_known && s->by_right_role && strcmp(s->by, s->role) == 0;
	if (!s->answered || !s->done || is_own)
		return CELL(role);
	if (!is_known)
		return CELL_TONE(doc_textf(d, _("%s (nobody said who did it)"), role), TONE_FAIR);
	return CELL_TONE(doc_textf(d, _("%s (done by: %s)"), role, word_role(s->by)),
		s->by_right_role ? TONE_PLAIN : TONE_FAIR);
}

static struct cell step_answer(struct document *d, const struct drill_step *s)
{
	bool is_named = s->name != NULL && s->name[0] != '\0';
	if (!is_named)
		return CELL(or_dash(s->answer));
	return CELL(doc_textf(d, "%s (%s)", or_dash(s->answer), s->name));
}

void section_people(struct document *d, const struct drill_result *r)
{
	static const double widths[] = { 0.23, 0.22, 0.14, 0.16, 0.25 };
	add_heading(d, "people", _("People"));
	if (r->people_problem != NULL)
		add_note(
			d, doc_textf(d, _("The controller's file could not be read in the end: %s"),
				   r->people_problem));
	if (!r->people_assessed || r->n_steps == 0) {
		add_text(d, _("Not assessed: nobody answered the steps for people. Whether the "
			      "plan works "
			      "in practice is unknown."));
		return;
	}
	struct rows t = rows_begin(d, BLOCK_TABLE, 5);
	t.widths = widths;
	t.caption = _("Steps of people");
	rows_cell(&t, CELL(_("Step")));
	rows_cell(&t, CELL(_("Role")));
	rows_cell(&t, CELL(_("Due after T0")));
	rows_cell(&t, CELL(_("Done after T0")));
	rows_cell(&t, CELL(_("Answer")));
	for (size_t i = 0; i < r->n_steps; i++) {
		const struct drill_step *s = &r->steps[i];
		rows_cell(&t, CELL_STRONG(text_in_language(s->title)));
		rows_cell(&t, step_role(d, s));
		rows_cell(&t, CELL(duration(d, s->due_ns)));
		rows_cell(&t, step_result(d, s));
		rows_cell(&t, step_answer(d, s));
	}
	rows_add(&t);
	for (size_t i = 0; i < r->n_steps; i++)
		if (text_in_language(r->steps[i].rule)[0] != '\0')
			add_note(d, doc_textf(d, _("Due time of \"%s\": %s."),
					    text_in_language(r->steps[i].title),
					    text_in_language(r->steps[i].rule)));
}

void section_plan(struct document *d, const struct drill_result *r)
{
	static const double widths[] = { 0.06, 0.52, 0.18, 0.14, 0.10 };
	add_heading(d, "plan", _("Improvement plan"));
	if (r->n_improvements == 0 && drill_is_control(r)) {
		add_text(d, _("Nothing to mend. Now run a drill with an attack, with the same "
			      "channels: silence counts only beside an alarm that is raised when "
			      "it should be."));
		return;
	}
	if (r->n_improvements == 0) {
		add_text(d, _("The facts of this run show no weakness that asks for an action. "
			      "Repeat the "
			      "drill with a faster scenario."));
		return;
	}
	struct rows t = rows_begin(d, BLOCK_TABLE, 5);
	t.widths = widths;
	t.caption = _("Improvement plan");
	rows_cell(&t, CELL(_("No.")));
	rows_cell(&t, CELL(_("Action")));
	rows_cell(&t, CELL(_("Owner")));
	rows_cell(&t, CELL(_("Due")));
	rows_cell(&t, CELL(_("Status")));
	for (size_t i = 0; i < r->n_improvements; i++) {
		const struct drill_improvement *x = &r->improvements[i];
		rows_cell(&t, CELL(count(d, i + 1)));
		rows_cell(&t, CELL(text_in_language(x->action)));
		rows_cell(&t, CELL(word_role(x->owner)));
		rows_cell(&t, CELL_TIGHT(doc_text(d, figure_date(x->due_ns).text)));
		rows_cell(&t, CELL(word_status(x->status)));
	}
	rows_add(&t);
}

void section_previous(struct document *d, const struct drill_result *r)
{
	static const double widths[] = { 0.40, 0.20, 0.20, 0.20 };
	if (r->previous.id == NULL || !drill_has_score(r))
		return;
	double lost = r->n_planted == 0 ? 0 : (double)r->n_lost / (double)r->n_planted;
	add_heading(d, "previous", _("Beside your own previous run"));
	add_chart(d, chart_previous(r, d->pool));
	struct rows t = rows_begin(d, BLOCK_TABLE, 4);
	t.widths = widths;
	t.caption = _("This run and the one before");
	rows_cell(&t, CELL(_("Run")));
	rows_cell(&t, CELL(_("Score")));
	rows_cell(&t, CELL(_("Coverage")));
	rows_cell(&t, CELL(_("Decoys lost")));
	rows_cell(
		&t, CELL_STRONG(doc_textf(d, _("this run, %s"), figure_date(r->started_ns).text)));
	rows_cell(&t, CELL(doc_text(d, figure_score(r->score).text)));
	rows_cell(&t, CELL(doc_text(d, figure_percent(r->coverage).text)));
	rows_cell(&t, CELL(doc_text(d, figure_share(lost).text)));
	rows_cell(
		&t, CELL(doc_textf(d, _("previous run, %s"), figure_date(r->previous.at_ns).text)));
	rows_cell(&t, CELL(doc_text(d, figure_score(r->previous.score).text)));
	rows_cell(&t, CELL(doc_text(d, figure_percent(r->previous.coverage).text)));
	rows_cell(&t, CELL(doc_text(d, figure_share(r->previous.files_lost_share).text)));
	rows_add(&t);
	add_note(d,
		_("Same scenario, same rate. Where the coverage differs, compare part by part."));
}

/* " --home DIR", from where the record lies (<home>/drills/<id>/<name>), so that the commands that
 * are printed work as they stand. "" where it lies elsewhere. */
static const char *home_words(struct document *d, const struct drill_result *r)
{
	struct view home = view_of(r->record);
	for (int up = 0; up < 3; up++) {
		while (home.len > 0 && home.at[home.len - 1] != '/')
			home.len--;
		if (home.len == 0)
			return "";
		home.len--;
	}
	struct view rest = { home.at + home.len, strlen(home.at + home.len) };
	if (home.len == 0 || !view_starts_with(rest, VIEW("/drills/")))
		return "";
	return doc_textf(d, " --home '%.*s'", VIEW_ARGS(home));
}

void section_evidence(struct document *d, const struct drill_result *r)
{
	char hex[DIGEST_HEX_LEN + 1];
	add_heading(d, "evidence", _("Evidence, and how to check it"));
	add_text(d,
		_("Every event of the run stands in a record whose lines are chained by hash and "
		  "whose head is signed. Check it here, without a network:"));
	add_code(d, doc_textf(d, "tocsin drill verify %s%s", r->record == NULL ? "FILE" : r->record,
			    home_words(d, r)));
	add_text(d,
		_("On another machine the check needs this home's public key, which this prints:"));
	add_code(d, doc_textf(d, "tocsin evidence key%s", home_words(d, r)));
	add_note(d, _("The check names the first line that was altered and refuses a signer that "
		      "is not "
		      "in the keyring or named with --key."));
	add_note(d, _("report.json, written beside this report, is byte for byte the result whose "
		      "SHA-256 stands in the record."));
	struct rows f = rows_begin(d, BLOCK_FACTS, 2);
	rows_fact(&f, _("Drill"), CELL_CODE(or_dash(r->id)));
	rows_fact(&f, _("Record"), CELL_CODE(or_dash(r->record)));
	rows_fact(&f, _("SHA-256 of the scenario"),
		CELL_CODE(doc_text(d, digest_hex(&r->scenario_hash, hex))));
	rows_fact(&f, _("SHA-256 of the manifest"),
		CELL_CODE(doc_text(d, digest_hex(&r->manifest_hash, hex))));
	rows_fact(&f, _("Decoys"),
		CELL(r->undone ? _("restored bit for bit and removed")
			       : _("still there; this command puts them back, proves each by its "
				   "hash and removes them:")));
	rows_add(&f);
	if (!r->undone)
		add_code(d,
			doc_textf(d, "tocsin drill undo %s%s", or_dash(r->id), home_words(d, r)));
}

void section_limits(struct document *d, const struct drill_result *r)
{
	const char *(*limit)(size_t i) =
		drill_is_control(r) ? sentence_control_limit : sentence_limit;
	add_heading(d, "limits", _("What this report does not prove"));
	struct rows list = rows_begin(d, BLOCK_LIST, 1);
	for (size_t i = 0; limit(i) != NULL; i++)
		rows_cell(&list, CELL(limit(i)));
	rows_add(&list);
}

static const char *window(struct document *d, const struct drill_authority *a)
{
	if (a->window_from_ns < 0 && a->window_to_ns < 0)
		return _("no limit");
	return doc_textf(d, "%s – %s", figure_time(a->window_from_ns).text,
		a->window_to_ns < 0 ? "" : figure_time(a->window_to_ns).text);
}

void section_about(struct document *d, const struct drill_result *r)
{
	const struct drill_scenario_row *s = &r->scenario;
	const char *techniques = "";
	for (size_t i = 0; i < s->n_attack; i++)
		techniques = doc_textf(d, "%s%s%s", techniques, i == 0 ? "" : " ", s->attack[i]);
	add_heading(d, "about", _("About this drill"));
	struct rows f = rows_begin(d, BLOCK_FACTS, 2);
	rows_fact(&f, _("Scenario"),
		CELL(doc_textf(d, "%s (%s)", text_in_language(s->name), or_dash(s->id))));
	rows_fact(&f, _("What it does"), CELL(or_dash(text_in_language(s->summary))));
	if (!drill_is_control(r))
		rows_fact(&f, _("ATT&CK techniques"), CELL(or_dash(techniques)));
	rows_fact(&f, _("Source of the pattern"), CELL(or_dash(text_in_language(s->source))));
	if (s->assumed)
		rows_fact(&f, _("Assumed"),
			CELL(_("parts of this pattern rest on unsure sources; the scenario file "
			       "marks "
			       "them")));
	rows_fact(&f, _("Allowed by"), CELL(or_dash(r->authority.allowed_by)));
	rows_fact(&f, _("Scope"), CELL(or_dash(r->authority.scope)));
	rows_fact(&f, _("Time window"), CELL(window(d, &r->authority)));
	rows_fact(&f, _("Arena"),
		CELL_CODE(doc_textf(d, "%s (%s)", or_dash(r->arena), or_dash(r->file_system))));
	rows_fact(&f, _("Host"),
		CELL(doc_textf(d, "%s · %s · %s", or_dash(r->host), or_dash(r->system),
			or_dash(r->kernel))));
	rows_add(&f);
}
