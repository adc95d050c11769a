/*
 * The card at the end of a run: facts first, then the number, then what to do.
 */
#include <stdio.h>

#include "base/i18n.h"
#include "render/control.h"
#include "render/figures.h"
#include "render/terminal.h"
#include "render/wording.h"

static enum style style_of_share(double share)
{
	return share >= 0.7 ? STYLE_GOOD : share >= 0.4 ? STYLE_FAIR : STYLE_POOR;
}

static enum style style_of_rating(enum drill_rating r)
{
	switch (r) {
	case RATING_NOT_ASSESSED:
		return STYLE_MUTED;
	case RATING_P:
		return STYLE_GOOD;
	case RATING_S:
	case RATING_M:
		return STYLE_FAIR;
	case RATING_U:
		return STYLE_POOR;
	}
	return STYLE_PLAIN;
}

static void put_sentence(const struct screen *s, enum style style,
	void (*write)(const struct drill_result *r, struct buf *out), const struct drill_result *r)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 128 * KIB);
	write(r, &text);
	if (text.failed)
		s->out->failed = true;
	if (text.len > 0)
		screen_paragraph(s, style, "", 0, buf_text(&text));
}

static void put_head(const struct screen *s, const struct drill_result *r)
{
	screen_rule(s, RULE_TOP);
	struct line l = line_start(s);
	line_put_within(&l, STYLE_STRONG, text_in_language(r->scenario.name), s->width - 22);
	line_put_right(&l, STYLE_MUTED, figure_moment(r->started_ns).text);
	line_end(&l);
	l = line_start(s);
	line_putf(&l, STYLE_MUTED, "%.200s · %.200s", r->host == NULL ? "" : r->host,
		r->id == NULL ? "" : r->id);
	line_end(&l);
	screen_rule(s, RULE_MIDDLE);
}

static void put_void(const struct screen *s, const struct drill_result *r)
{
	if (r->verdict != DRILL_VOIDED)
		return;
	put_sentence(s, STYLE_POOR, sentence_void, r);
	put_sentence(s, STYLE_POOR, sentence_void_file, r);
	screen_rule(s, RULE_MIDDLE);
}

static void put_score(const struct screen *s, const struct drill_result *r)
{
	enum style style = r->grade == NULL ? STYLE_STRONG : style_of_share(r->score / 100);
	put_sentence(s, STYLE_PLAIN, sentence_verdict, r);
	if (!drill_has_score(r))
		return;
	screen_blank(s);
	struct line l = line_start(s);
	line_put(&l, style, figure_score(r->score).text);
	line_putf(&l, STYLE_MUTED, " %s", _("of 100"));
	line_to(&l, 18);
	if (r->grade != NULL) {
		line_putf(&l, STYLE_MUTED, "%s ", _("Grade"));
		line_put(&l, style, r->grade);
	} else {
		line_put(&l, STYLE_MUTED, _("no grade"));
	}
	line_to(&l, 30);
	line_putf(&l, STYLE_MUTED, "%s ", _("Coverage"));
	line_put(&l, STYLE_STRONG, figure_percent(r->coverage).text);
	line_put(&l, STYLE_PLAIN, " ");
	size_t room = s->width - l.cells;
	line_bar(&l, STYLE_PLAIN, r->coverage / 100, room < 20 ? room : 20);
	line_end(&l);
	put_sentence(s, STYLE_MUTED, sentence_grade, r);
}

static void put_part(const struct screen *s, const struct drill_result *r, enum drill_part_id id)
{
	const struct drill_part *p = &r->parts[id];
	struct line l = line_start(s);
	line_put_within(&l, STYLE_STRONG, word_part(id), 10);
	line_to(&l, 10);
	line_bar(
		&l, style_of_share(p->share), p->assessed ? p->share : -1, s->width > 64 ? 30 : 14);
	line_put(&l, STYLE_PLAIN, "  ");
	size_t cell = l.cells + 12;
	if (p->assessed)
		line_putf(&l, STYLE_PLAIN, "%4.1f / %.0f", p->points, p->weight_assessed);
	else
		line_put(&l, STYLE_MUTED, _("not assessed"));
	line_to(&l, cell);
	line_put(&l, STYLE_PLAIN, "  ");
	line_put(&l, style_of_rating(p->rating), letter_rating(p->rating));
	line_end(&l);
	if (p->rating != RATING_P && text_in_language(p->why)[0] != '\0')
		screen_paragraph(s, STYLE_MUTED, "          ", 10, text_in_language(p->why));
}

static void put_pair(const struct screen *s, const char *label, const char *value, enum style style)
{
	struct line l = line_start(s);
	line_put_within(&l, STYLE_MUTED, label, 24);
	line_to(&l, 25);
	line_put(&l, style, value);
	line_end(&l);
}

static void put_wrapped(const struct screen *s, const char *label, const char *value)
{
	char lead[128];
	size_t cells = text_cells(label);
	(void)snprintf(
		lead, sizeof lead, "%.80s%*s", label, cells < 25 ? (int)(25 - cells) : 1, "");
	screen_paragraph(s, STYLE_PLAIN, lead, 25, value);
}

static void put_figures(const struct screen *s, const struct drill_result *r)
{
	const char *not_assessed = _("not assessed");
	put_pair(s, _("First alert"), figure_alert(r).text, STYLE_PLAIN);
	put_pair(s, _("Contained"), figure_contained(r).text, STYLE_PLAIN);
	put_pair(s, _("Restore (RTO)"),
		r->restore.assessed ? figure_duration(r->restore.rto_ns).text : not_assessed,
		STYLE_PLAIN);
	put_pair(s, _("Age of the backup (RPO)"),
		r->restore.assessed && r->restore.rpo_assessed
			? figure_duration(r->restore.rpo_ns).text
			: not_assessed,
		STYLE_PLAIN);
	if (drill_has_score(r) && (r->lost_at_lockbit > 0 || r->lost_at_headline > 0)) {
		struct line l = line_start(s);
		line_put_within(&l, STYLE_MUTED, _("At LockBit's speed"), 24);
		line_to(&l, 25);
		line_putf(&l, STYLE_PLAIN,
			r->contain == CONTAIN_NONE ? _("at least %s files (estimate)")
						   : _("%s files (estimate)"),
			figure_count(r->lost_at_lockbit).text);
		line_end(&l);
	}
	if (r->previous.id != NULL && drill_has_score(r)) {
		struct line l = line_start(s);
		line_put_within(&l, STYLE_MUTED, _("Previous run"), 24);
		line_to(&l, 25);
		line_putf(&l, STYLE_PLAIN, _("%s of 100, coverage %s, on %s"),
			figure_score(r->previous.score).text,
			figure_percent(r->previous.coverage).text,
			figure_date(r->previous.at_ns).text);
		line_end(&l);
	}
}

/* In one line: a path that is too long loses its beginning, since its end tells more. */
static void put_path(const struct screen *s, const char *path)
{
	enum { AT = 25 };
	size_t room = s->width - AT;
	bool cut = text_cells(path) > room;
	while (cut && *path != '\0' && text_cells(path) + 1 > room)
		do
			path++;
		while (((unsigned char)*path & 0xc0) == 0x80);
	struct line l = line_start(s);
	line_to(&l, AT);
	line_putf(&l, STYLE_PLAIN, cut ? "…%s" : "%s", path);
	line_end(&l);
}

/* Files of the user's own that some other program changed meanwhile. */
static void put_unattributed(const struct screen *s, const struct drill_result *r)
{
	enum { SHOWN = 3 };
	size_t n = r->n_unattributed < SHOWN ? r->n_unattributed : SHOWN;
	put_pair(
		s, _("Changed by others"), figure_count(r->safety.n_unattributed).text, STYLE_FAIR);
	for (size_t i = 0; i < n; i++)
		put_path(s, r->unattributed[i]);
	if (r->safety.n_unattributed > n && n > 0) {
		char more[120];
		(void)snprintf(more, sizeof more, _("and %s more"),
			figure_count(r->safety.n_unattributed - n).text);
		put_wrapped(s, "", more);
	}
}

/* Their stable names, which are the same in every language; a name is not broken at its hyphen. */
static void put_locks(const struct screen *s, const struct confine_locks *locks)
{
	char landlock[32];
	(void)snprintf(landlock, sizeof landlock, "landlock:%d", locks->landlock_abi);
	const struct {
		bool is_on;
		const char *name;
	} rows[] = { { locks->landlock_abi > 0, landlock },
		{ locks->mount_namespace, "mount-namespace" }, { locks->seccomp, "seccomp" },
		{ locks->own_uid, "uid" }, { locks->no_new_privileges, "no-new-privileges" } };
	struct line l = line_start(s);
	line_put_within(&l, STYLE_MUTED, _("Locks"), 24);
	line_to(&l, 25);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!rows[i].is_on)
			continue;
		if (l.cells + text_cells(rows[i].name) > s->width) {
			line_end(&l);
			l = line_start(s);
			line_to(&l, 25);
		}
		line_putf(&l, STYLE_PLAIN, "%s ", rows[i].name);
	}
	line_end(&l);
}

/* Each with its name: one that never opened looks like one that heard nothing otherwise. */
static void put_channels(const struct screen *s, const struct drill_result *r)
{
	for (size_t i = 0; i < r->n_channels; i++) {
		const struct drill_channel *c = &r->channels[i];
		AUTO_BUF struct buf text;
		buf_init(&text, 16 * KIB);
		buf_addf(&text, "%s – ", c->spec);
		sentence_channel(c, &text);
		put_wrapped(s, i == 0 ? _("Channels") : "", buf_text(&text));
	}
}

/* Where its answers should have come from, and did not. */
static void put_people(const struct screen *s, const struct drill_result *r)
{
	if (r->people_problem == NULL)
		return;
	AUTO_BUF struct buf text;
	buf_init(&text, 16 * KIB);
	buf_addf(&text, _("the controller's file could not be read in the end: %s"),
		r->people_problem);
	put_wrapped(s, _("People"), buf_text(&text));
}

static void put_safety(const struct screen *s, const struct drill_result *r)
{
	const struct drill_safety *x = &r->safety;
	uint64_t outside = (uint64_t)x->n_sentinels_changed + x->n_attributed;
	if (is_witness(r, "lost"))
		put_pair(s, _("Changed outside"), _("not proven"), STYLE_POOR);
	else
		put_pair(s, _("Changed outside"), figure_count(outside).text,
			outside > 0 ? STYLE_POOR : STYLE_GOOD);
	if (is_witness(r, "replaced"))
		put_wrapped(s, "", sentence_witness(r));
	if (x->stop_latency_ns >= 0 || !drill_is_control(r))
		put_pair(s, _("Stop latency"), figure_duration(x->stop_latency_ns).text,
			STYLE_PLAIN);
	put_locks(s, &x->locks);
	if (x->n_unattributed > 0)
		put_unattributed(s, r);
}

static void put_attack(const struct screen *s, const struct drill_result *r)
{
	put_score(s, r);
	if (drill_has_score(r)) {
		screen_rule(s, RULE_MIDDLE);
		for (int i = 0; i < PARTS; i++)
			put_part(s, r, (enum drill_part_id)i);
	}
	screen_rule(s, RULE_MIDDLE);
	put_figures(s, r);
	put_channels(s, r);
	put_people(s, r);
}

/* A channel on a line of its own, since its name is long; the counts below it. */
static void put_channel(const struct screen *s, const struct drill_channel *c)
{
	screen_line(s, STYLE_STRONG, c->spec);
	struct line l = line_start(s);
	line_to(&l, 2);
	line_putf(&l, STYLE_PLAIN, _("alerts %s"), figure_count(c->n_alerts).text);
	line_to(&l, 18);
	line_putf(&l, c->n_false > 0 ? STYLE_POOR : STYLE_GOOD, _("false alarms %s"),
		figure_count(c->n_false).text);
	line_end(&l);
	if (channel_could_hear(c))
		return;
	AUTO_BUF struct buf text;
	buf_init(&text, 16 * KIB);
	sentence_channel(c, &text);
	screen_paragraph(s, STYLE_POOR, "  ", 2, buf_text(&text));
}

static void put_control(const struct screen *s, const struct drill_result *r)
{
	put_sentence(s, STYLE_STRONG, sentence_control, r);
	screen_rule(s, RULE_MIDDLE);
	for (size_t i = 0; i < r->n_channels; i++)
		put_channel(s, &r->channels[i]);
	if (r->n_channels > 0)
		screen_rule(s, RULE_MIDDLE);
	put_sentence(s, drill_control_measured(r) ? STYLE_PLAIN : STYLE_FAIR,
		sentence_control_meaning, r);
	if (!r->channels_named) {
		screen_blank(s);
		screen_line(s, STYLE_PLAIN, _("Name the places where your tools report:"));
		screen_paragraph(s, STYLE_STRONG, "  ", 2, control_command());
	}
}

static void put_next(const struct screen *s, const struct drill_result *r)
{
	enum { SHOWN = 3 };
	if (r->n_improvements == 0)
		return;
	screen_rule(s, RULE_MIDDLE);
	screen_line(s, STYLE_STRONG, _("Next steps"));
	for (size_t i = 0; i < r->n_improvements && i < SHOWN; i++) {
		const struct drill_improvement *x = &r->improvements[i];
		AUTO_BUF struct buf text;
		buf_init(&text, 128 * KIB);
		buf_addf(&text, _("%s (%s, by %s)"), text_in_language(x->action),
			word_role(x->owner), figure_date(x->due_ns).text);
		char lead[16];
		(void)snprintf(lead, sizeof lead, "%zu. ", i + 1);
		screen_paragraph(s, STYLE_PLAIN, lead, 3, buf_text(&text));
	}
	if (r->n_improvements > SHOWN) {
		struct line l = line_start(s);
		line_putf(&l, STYLE_MUTED, _("%s more in the report."),
			figure_count(r->n_improvements - SHOWN).text);
		line_end(&l);
	}
}

enum status render_scorecard_terminal(
	const struct drill_result *r, struct render_terminal t, struct buf *out, struct error *e)
{
	struct screen s = screen_on(out, t, true);
	put_head(&s, r);
	put_void(&s, r);
	if (r->n_not_recorded > 0) {
		screen_paragraph(&s, STYLE_MUTED, "", 0,
			_("Stored by an earlier version of this program: what that did not record "
			  "is left out here."));
		screen_rule(&s, RULE_MIDDLE);
	}
	if (drill_is_control(r))
		put_control(&s, r);
	else
		put_attack(&s, r);
	screen_rule(&s, RULE_MIDDLE);
	put_safety(&s, r);
	put_next(&s, r);
	screen_rule(&s, RULE_BOTTOM);
	return buf_check(out, "scorecard", e);
}
