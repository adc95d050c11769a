/*
 * A classification on a terminal: the grade, what it rests on, and what could still raise it, the
 * nearest first.
 */
#include <stdlib.h>

#include "base/i18n.h"
#include "render/incident_views.h"
#include "render/incident_words.h"
#include "render/render.h"
#include "render/terminal.h"

/* A regime may have fifty criteria that could raise it: so many of the next graver grade are shown,
 * of each beyond it, and of the facts that are not known. */
enum { NEXT_MAX = 5, BEYOND_MAX = 2, UNKNOWN_MAX = 8, SENTENCE_MAX = 1024 };

struct view_of_class {
	struct screen s;
	const struct fact_catalogue *facts;
	const struct classification *k;
	bool all;
};

static void criterion_line(const struct screen *s, const struct criterion *c, enum style style)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 16 * KIB);
	buf_addf(&text, _("%s, %s row %s (certainty %c)"), bilingual_pick(c->text), c->instrument,
		c->row, c->certainty);
	screen_paragraph(s, style, "  · ", 4, buf_text(&text));
}

/* --- what could raise it ---------------------------------------------------------------------- */

struct near {
	const struct criterion *criterion;
	int n_unknown; /* facts that it waits for */
	size_t place;
};

static int n_unknown_of(const struct classification *k, const struct criterion *c)
{
	int n = 0;
	for (size_t i = 0; i < FACT_WORDS; i++)
		n += __builtin_popcountll(c->wants[i] & k->unknown[i]);
	return n;
}

/* The next graver grade first, in it what waits for the fewest facts. */
static int by_nearness(const void *a, const void *b)
{
	const struct near *x = a, *y = b;
	if (x->criterion->grade != y->criterion->grade)
		return y->criterion->grade - x->criterion->grade;
	if (x->n_unknown != y->n_unknown)
		return x->n_unknown - y->n_unknown;
	return x->place < y->place ? -1 : 1;
}

static size_t sort_nearest(const struct classification *k, struct near out[PROFILE_CRITERIA_MAX])
{
	for (size_t i = 0; i < k->n_could_raise; i++) {
		const struct criterion *c = &k->profile->criteria[k->could_raise[i]];
		out[i] = (struct near){ c, n_unknown_of(k, c), i };
	}
	/* cppcheck-suppress uninitvar ; as many as were filled */
	qsort(out, k->n_could_raise, sizeof *out, by_nearness);
	return k->n_could_raise;
}

static void more_line(const struct screen *s, const char *format, size_t n)
{
	AUTO_BUF struct buf text;
	buf_init(&text, SENTENCE_MAX);
	buf_addf(&text, format, n);
	screen_paragraph(s, STYLE_MUTED, "  ", 2, buf_text(&text));
}

/* A heading for each grade, with the number of its criteria. */
static void raised_grade(const struct view_of_class *v, const struct near *rows, size_t n)
{
	AUTO_BUF struct buf grade, text;
	size_t n_same = 0;
	buf_init(&grade, SENTENCE_MAX);
	buf_init(&text, SENTENCE_MAX);
	while (n_same < n && rows[n_same].criterion->grade == rows->criterion->grade)
		n_same++;
	grade_text(v->k->profile, rows->criterion->grade, &grade);
	buf_addf(&text, _("What could still raise it to %s (%zu):"), buf_text(&grade), n_same);
	screen_paragraph(&v->s, STYLE_PLAIN, "", 2, buf_text(&text));
}

/* Of each graver grade the nearest few. */
static void raise_lines(const struct view_of_class *v)
{
	struct near rows[PROFILE_CRITERIA_MAX];
	const size_t n = sort_nearest(v->k, rows);
	size_t n_left_out = 0, n_in_grade = 0;
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || rows[i].criterion->grade != rows[i - 1].criterion->grade) {
			raised_grade(v, &rows[i], n - i);
			n_in_grade = 0;
		}
		const bool next = rows[i].criterion->grade == rows[0].criterion->grade;
		if (v->all || n_in_grade++ < (next ? NEXT_MAX : BEYOND_MAX))
			criterion_line(&v->s, rows[i].criterion, STYLE_MUTED);
		else
			n_left_out++;
	}
	if (n_left_out > 0)
		more_line(&v->s, _("Nearest first; %zu more with --all (--json has all of them)."),
			n_left_out);
}

/* --- the rest --------------------------------------------------------------------------------- */

static void unknown_lines(const struct view_of_class *v)
{
	AUTO_BUF struct buf text;
	size_t n = 0;
	buf_init(&text, 64 * KIB);
	for (size_t i = 0; i < v->facts->n_rows; i++) {
		if (!classification_unknown(v->k, (int)i) || (++n > UNKNOWN_MAX && !v->all))
			continue;
		buf_addf(&text, "%s%s", text.len == 0 ? "" : _(", "),
			bilingual_pick(v->facts->rows[i].label));
	}
	if (n > UNKNOWN_MAX && !v->all)
		buf_addf(&text, _(" and %zu more (--all)"), n - UNKNOWN_MAX);
	if (text.len > 0)
		screen_paragraph(&v->s, STYLE_MUTED, _("Not known: "), 2, buf_text(&text));
}

static void to_confirm_line(const struct screen *s, const struct classification *k)
{
	AUTO_BUF struct buf text;
	buf_init(&text, SENTENCE_MAX);
	if (k->to_confirm < 0)
		return;
	buf_addf(&text, _("While it is undecided, the duties of '%s' run, to be confirmed."),
		bilingual_pick(k->profile->grades[k->to_confirm].name));
	screen_paragraph(s, STYLE_FAIR, "", 0, buf_text(&text));
}

static void review_lines(const struct screen *s, const struct classification *k)
{
	if (!k->needs_review)
		return;
	screen_line(s, STYLE_FAIR, _("A person must decide:"));
	for (unsigned bit = 1; bit <= REVIEW_LAST; bit <<= 1)
		if ((k->review & bit) != 0)
			screen_paragraph(s, STYLE_PLAIN, "  · ", 4,
				review_sentence((enum review_reason)bit));
}

enum status render_classification_terminal(const struct fact_catalogue *c,
	const struct classification *k, bool all, struct render_terminal t, struct buf *out,
	struct error *e)
{
	const struct view_of_class v = { screen_on(out, t, false), c, k, all };
	AUTO_BUF struct buf grade;
	buf_init(&grade, SENTENCE_MAX);
	grade_text(k->profile, k->grade, &grade);
	struct line l = line_start(&v.s);
	line_put(&l, grade_style(k->profile, k->grade), buf_text(&grade));
	line_put_right(&l, STYLE_MUTED, k->profile->id);
	line_end(&l);
	screen_paragraph(&v.s, STYLE_MUTED, "", 0, bilingual_pick(k->profile->name));
	if (bilingual_pick(k->profile->label)[0] != '\0')
		screen_paragraph(&v.s, STYLE_MUTED, "", 0, bilingual_pick(k->profile->label));
	if (k->n_met > 0)
		screen_line(&v.s, STYLE_PLAIN, _("Criteria that are met:"));
	for (size_t i = 0; i < k->n_met; i++)
		criterion_line(&v.s, &k->profile->criteria[k->met[i]], STYLE_PLAIN);
	raise_lines(&v);
	to_confirm_line(&v.s, k);
	review_lines(&v.s, k);
	unknown_lines(&v);
	return buf_check(out, "classification", e);
}
