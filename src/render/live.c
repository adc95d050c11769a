/*
 * What stands on the screen while a drill runs. Only the lines: where they go is the caller's.
 */
#include <stdio.h>
#include <time.h>

#include "base/i18n.h"
#include "render/figures.h"
#include "render/terminal.h"
#include "render/wording.h"

enum { BAR_CELLS = 30, NARROWEST = 20 };

const char *render_stage(enum drill_stage stage)
{
	switch (stage) {
	case DRILL_STAGE_PLAN:
		return _("planning");
	case DRILL_STAGE_PLANT:
		return _("planting decoys");
	case DRILL_STAGE_WITNESS:
		return _("the witness looks around");
	case DRILL_STAGE_BACKUP:
		return _("backing up the decoys");
	case DRILL_STAGE_ATTACK:
		return _("attack on the decoys");
	case DRILL_STAGE_ASSESS:
		return _("counting the damage");
	case DRILL_STAGE_DESTROY:
		return _("destroying a sample for the restore test");
	case DRILL_STAGE_RESTORE:
		return _("restoring from your backup");
	case DRILL_STAGE_CHALLENGE:
		return _("proving what came back");
	case DRILL_STAGE_PEOPLE:
		return _("people's steps");
	case DRILL_STAGE_SAFETY:
		return _("checking that nothing else changed");
	case DRILL_STAGE_SCORE:
		return _("scoring");
	case DRILL_STAGE_UNDO:
		return _("putting everything back");
	}
	return "";
}

/* One cell stays free: a full line would put the cursor on the next one. */
static struct screen live_screen(struct buf *out, size_t columns)
{
	size_t width = columns == 0 ? 79 : columns - 1;
	return (struct screen){
		.out = out, .width = width < NARROWEST ? NARROWEST : width, .indent = ""
	};
}

size_t render_rows(struct view text, size_t columns)
{
	size_t rows = 0;
	while (text.len > 0) {
		struct view line = view_cut(&text, '\n');
		AUTO_BUF struct buf copy;
		buf_init(&copy, 64 * KIB);
		buf_add(&copy, line);
		size_t cells = text_cells(buf_text(&copy));
		rows += columns == 0 || cells == 0 ? 1 : (cells + columns - 1) / columns;
	}
	return rows;
}

static void add_lock(const char *name, void *context)
{
	struct buf *b = context;
	buf_addf(b, "%s%s", b->len == 0 ? "" : " · ", name);
}

static void put_stage(const struct screen *s, const struct drill_progress *now, bool compact)
{
	struct line l = line_start(s);
	line_putf(&l, STYLE_PLAIN, _("▸ %s — %.1f s"), render_stage(now->stage),
		(double)now->elapsed_ns / (double)NS_PER_S);
	if (compact && now->n_total > 0)
		line_putf(&l, STYLE_PLAIN, " · %llu / %llu", (unsigned long long)now->n_done,
			(unsigned long long)now->n_total);
	line_end(&l);
	if (compact || now->n_total == 0)
		return;
	size_t bar = s->width < BAR_CELLS + 30 ? s->width / 3 : BAR_CELLS;
	l = line_start(s);
	line_to(&l, 2);
	line_bar(&l, STYLE_PLAIN, (double)now->n_done / (double)now->n_total, bar);
	line_putf(&l, STYLE_PLAIN, "  %llu / %llu", (unsigned long long)now->n_done,
		(unsigned long long)now->n_total);
	line_end(&l);
}

static void put_attack(const struct screen *s, const struct drill_progress *now)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 8 * KIB);
	buf_addf(&text, _("%.1f files/s, %.1f MiB changed; detection: %s"), now->rate_per_s,
		(double)now->n_bytes / (double)MIB,
		now->detection == NULL ? _("none so far") : now->detection);
	screen_paragraph(s, STYLE_PLAIN, "  ", 2, buf_text(&text));
	AUTO_BUF struct buf locks;
	buf_init(&locks, 4 * KIB);
	if (now->locks != NULL)
		confine_lock_names(now->locks, add_lock, &locks);
	buf_reset(&text);
	buf_addf(&text, _("locks in force: %s"),
		locks.len == 0 ? _("not put on yet") : buf_text(&locks));
	screen_paragraph(s, STYLE_PLAIN, "  ", 2, buf_text(&text));
	screen_paragraph(s, STYLE_PLAIN, "  ", 2, _("Ctrl-C stops the drill within a second"));
}

/* What was typed, its end where it is longer than the line. */
static void put_typed(const struct screen *s, const char *typed)
{
	size_t room = s->width - 3;
	const char *at = typed;
	size_t cells = text_cells(at);
	while (cells > room) {
		/* By characters: a continuation byte never begins one. */
		for (at++; ((unsigned char)*at & 0xc0) == 0x80; at++)
			continue;
		cells = text_cells(at);
	}
	struct line l = line_start(s);
	line_put(&l, STYLE_PLAIN, at == typed ? "> " : "…>");
	line_put(&l, STYLE_PLAIN, at);
}

static void put_due(const struct screen *s, const struct drill_question *q)
{
	char due[16] = "";
	char left[32];
	int64_t left_s = (q->left_ns < 0 ? -q->left_ns : q->left_ns) / NS_PER_S;
	time_t due_s = (time_t)(q->due_wall_ns / NS_PER_S);
	struct tm local;
	if (localtime_r(&due_s, &local) != NULL)
		(void)strftime(due, sizeof due, "%H:%M:%S", &local);
	if (left_s < 3600)
		(void)snprintf(left, sizeof left, "%lld:%02lld", (long long)(left_s / 60),
			(long long)(left_s % 60));
	else
		(void)snprintf(left, sizeof left, "%lld:%02lld:%02lld", (long long)(left_s / 3600),
			(long long)(left_s / 60 % 60), (long long)(left_s % 60));
	AUTO_BUF struct buf text;
	buf_init(&text, 4 * KIB);
	buf_addf(&text,
		q->left_ns < 0 ? _("Asked of: %s. Due at %s, overdue by %s.")
			       : _("Asked of: %s. Due at %s, %s left."),
		word_role(q->step->role), due, left);
	screen_paragraph(s, STYLE_PLAIN, "   ", 3, buf_text(&text));
}

static void put_question(const struct screen *s, const struct drill_question *q)
{
	const struct drill_step *step = q->step;
	AUTO_BUF struct buf text;
	buf_init(&text, 16 * KIB);
	buf_addf(&text, _("── Step %zu of %zu: %s"), q->number, q->n_steps,
		text_in_language(step->title));
	screen_paragraph(s, STYLE_PLAIN, "", 3, buf_text(&text));
	screen_paragraph(s, STYLE_PLAIN, "   ", 3, text_in_language(step->inject));
	put_due(s, q);
	if (text_in_language(step->rule)[0] != '\0') {
		buf_reset(&text);
		buf_addf(&text, _("Rule: %s"), text_in_language(step->rule));
		screen_paragraph(s, STYLE_PLAIN, "   ", 3, buf_text(&text));
	}
	screen_paragraph(s, STYLE_PLAIN, "   ", 3,
		_("Type what was done and press Enter; an empty line means \"not done\". Ctrl-C "
		  "stops the drill."));
	buf_reset(&text);
	buf_add_text(&text, _("Where another role did it, begin with its number and a colon:"));
	for (size_t i = 0; i < q->n_roles; i++)
		buf_addf(&text, " %zu %s%s", i + 1, text_in_language(q->roles[i]),
			i + 1 == q->n_roles		 ? ""
			: i18n_language() == LANGUAGE_ZH ? "，"
							 : ",");
	screen_paragraph(s, STYLE_PLAIN, "   ", 3, buf_text(&text));
}

enum status render_question(
	const struct drill_question *q, size_t columns, struct buf *out, struct error *e)
{
	struct screen s = live_screen(out, columns);
	put_question(&s, q);
	return buf_check(out, "question", e);
}

enum status render_live(
	const struct render_live *v, size_t columns, struct buf *out, struct error *e)
{
	struct screen s = live_screen(out, columns);
	if (v->now != NULL) {
		put_stage(&s, v->now, v->question != NULL);
		if (v->now->stage == DRILL_STAGE_ATTACK && v->question == NULL)
			put_attack(&s, v->now);
	}
	if (v->question != NULL)
		put_question(&s, v->question);
	else if (v->hears_alerts)
		screen_paragraph(&s, STYLE_PLAIN, "  ", 2,
			_("Saw something? Type it and press Enter: alert …, log … or prevented "
			  "…"));
	if (v->question != NULL || v->hears_alerts)
		put_typed(&s, v->typed);
	return buf_check(out, "live view", e);
}
