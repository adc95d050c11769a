/*
 * The report's charts: bars and one curve. Numbers stand beside every bar, so that nobody has to
 * measure a picture.
 */
#include "render/charts.h"

#include <math.h>

#include "base/i18n.h"
#include "render/figures.h"
#include "render/wording.h"

enum { LABEL_X = 0, BAR_X = 170, BAR_W = 390, VALUE_X = 720, ROW_H = 34, BAR_H = 16 };

static const char *keep(struct pool *p, struct figure f)
{
	const char *text = pool_text(p, view_of(f.text));
	return text == NULL ? "" : text;
}

struct bar {
	const char *label;
	const char *value;
	double share; /* of the full width; below 0: not assessed */
	enum ink ink;
};

static void add_bar(struct drawing *d, size_t row, const struct bar *bar)
{
	double y = (double)row * ROW_H + 6;
	struct point corner = { BAR_X, y };
	bool absent = bar->share < 0;
	draw_text(d, absent ? INK_MUTED : INK_TEXT, (struct point){ LABEL_X, y + 13 }, ANCHOR_START,
		bar->label);
	if (absent) {
		draw_outline(d, INK_MUTED, corner, (struct point){ BAR_W, BAR_H });
	} else {
		double share = bar->share > 1 ? 1 : bar->share;
		draw_rect(d, INK_TRACK, corner, (struct point){ BAR_W, BAR_H });
		if (share > 0)
			draw_rect(d, bar->ink, corner,
				(struct point){ fmax(share * BAR_W, 1.5), BAR_H });
	}
	draw_strong(d, absent ? INK_MUTED : INK_TEXT, (struct point){ VALUE_X, y + 13 }, ANCHOR_END,
		bar->value);
}

/* A letter behind the bar. */
static void add_mark(struct drawing *d, size_t row, enum ink ink, const char *mark)
{
	double y = (double)row * ROW_H + 6;
	draw_strong(d, ink, (struct point){ BAR_X + BAR_W + 24, y + 13 }, ANCHOR_MIDDLE, mark);
}

static enum ink ink_of_rating(enum drill_rating rating)
{
	switch (rating) {
	case RATING_NOT_ASSESSED:
		return INK_MUTED;
	case RATING_P:
		return INK_GOOD;
	case RATING_S:
	case RATING_M:
		return INK_FAIR;
	case RATING_U:
		return INK_POOR;
	}
	return INK_TEXT;
}

static enum ink ink_of_share(double share)
{
	return share >= 0.7 ? INK_GOOD : share >= 0.4 ? INK_FAIR : INK_POOR;
}

static struct bar bar_of_part(const struct drill_result *r, int part_id, struct pool *p)
{
	const struct drill_part *part = &r->parts[part_id];
	const char *label = word_part((enum drill_part_id)part_id);
	if (!part->assessed)
		return (struct bar){ label, _("not assessed"), -1, INK_MUTED };
	return (struct bar){ label, keep(p, figure_points(part)), part->share,
		ink_of_share(part->share) };
}

static struct drawing *parts_drawing(struct pool *p, double height)
{
	return drawing_new(p, height, _("Points by part"),
		_("One bar for each part: points reached of the points that it can give, and its "
		  "rating. An empty outline means not assessed. The table under “Score by part” "
		  "holds the same."));
}

const struct drawing *chart_parts(const struct drill_result *r, struct pool *p)
{
	struct drawing *d = parts_drawing(p, PARTS * ROW_H);
	for (int i = 0; d != NULL && i < PARTS; i++) {
		const struct drill_part *part = &r->parts[i];
		const struct bar bar = bar_of_part(r, i, p);
		add_bar(d, (size_t)i, &bar);
		if (part->assessed)
			add_mark(d, (size_t)i, ink_of_rating(part->rating),
				letter_rating(part->rating));
	}
	return d;
}

/* Each part on two lines, words above and the bar beneath, in the size that they are read in. */
const struct drawing *chart_parts_narrow(const struct drill_result *r, struct pool *p)
{
	enum { WIDTH = 320, STEP = 50, LINE = 14, MARK_X = 200, UNDER = 22, HIGH = 12 };
	struct drawing *d = parts_drawing(p, PARTS * STEP - (STEP - UNDER - HIGH) + 2);
	if (d == NULL)
		return NULL;
	d->width = WIDTH;
	for (int i = 0; i < PARTS; i++) {
		const struct drill_part *part = &r->parts[i];
		const struct bar bar = bar_of_part(r, i, p);
		const double y = i * STEP;
		const enum ink ink = part->assessed ? INK_TEXT : INK_MUTED;
		const struct point corner = { 0, y + UNDER };
		draw_text(d, ink, (struct point){ 0, y + LINE }, ANCHOR_START, bar.label);
		draw_strong(d, ink, (struct point){ WIDTH, y + LINE }, ANCHOR_END, bar.value);
		if (!part->assessed) {
			draw_outline(d, INK_MUTED, corner, (struct point){ WIDTH, HIGH });
			continue;
		}
		draw_strong(d, ink_of_rating(part->rating), (struct point){ MARK_X, y + LINE },
			ANCHOR_MIDDLE, letter_rating(part->rating));
		draw_rect(d, INK_TRACK, corner, (struct point){ WIDTH, HIGH });
		if (bar.share > 0)
			draw_rect(d, bar.ink, corner,
				(struct point){ fmax(fmin(bar.share, 1) * WIDTH, 1.5), HIGH });
	}
	return d;
}

static double ratio(double used, double most)
{
	return most > 0 ? used / most : 0;
}

const struct drawing *chart_budget(const struct drill_result *r, struct pool *p)
{
	const struct drill_budget *b = &r->budget;
	double seconds = r->attack_ns < 0 ? 0 : (double)r->attack_ns / (double)NS_PER_S;
	struct figure time_used = figure_duration(r->attack_ns < 0 ? 0 : r->attack_ns);
	double limit_s = fmin(fmax(b->seconds, 0), 9e9);
	struct figure time_most = figure_duration((int64_t)(limit_s * (double)NS_PER_S));
	uint64_t n_files = (uint64_t)r->n_planted + r->n_notes;
	struct drawing *d = drawing_new(p, 3 * ROW_H, _("Budget and use"),
		_("For files, bytes changed and seconds of attack: what was used of the limit that "
		  "was "
		  "announced before the run."));
	if (d == NULL)
		return NULL;
	const struct {
		const char *label;
		double share;
		struct figure used, most;
	} rows[] = {
		{ _("Files in the arena"), ratio((double)n_files, (double)b->n_files),
			figure_short(n_files), figure_short(b->n_files) },
		{ _("Bytes changed"), ratio((double)r->bytes_changed, (double)b->bytes_changed),
			figure_bytes(r->bytes_changed), figure_bytes(b->bytes_changed) },
		{ _("Time of the attack"), ratio(seconds, limit_s), time_used, time_most },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *value = pool_textf(p, "%s / %s", rows[i].used.text, rows[i].most.text);
		struct bar bar = { rows[i].label, value == NULL ? "" : value, rows[i].share,
			rows[i].share > 1 ? INK_POOR : INK_ACCENT };
		add_bar(d, i, &bar);
	}
	return d;
}

const struct drawing *chart_previous(const struct drill_result *r, struct pool *p)
{
	double lost = r->n_planted == 0 ? 0 : (double)r->n_lost / (double)r->n_planted;
	struct drawing *d = drawing_new(p, 4 * ROW_H + 10, _("This run and the one before"),
		_("Score and share of decoys lost, this run above, the previous one below. The "
		  "table below "
		  "holds the same figures."));
	if (d == NULL)
		return NULL;
	const struct bar bars[] = {
		{ _("Score, this run"), keep(p, figure_score(r->score)), r->score / 100,
			INK_ACCENT },
		{ _("Score, previous"), keep(p, figure_score(r->previous.score)),
			r->previous.score / 100, INK_SOFT },
		{ _("Lost, this run"), keep(p, figure_share(lost)), lost, INK_ACCENT },
		{ _("Lost, previous"), keep(p, figure_share(r->previous.files_lost_share)),
			r->previous.files_lost_share, INK_SOFT },
	};
	for (size_t i = 0; i < COUNT_OF(bars); i++)
		add_bar(d, i, &bars[i]);
	return d;
}

const struct drawing *chart_counterfactual(const struct drill_result *r, struct pool *p)
{
	double most =
		fmax(fmax((double)r->lost_at_lockbit, (double)r->lost_at_headline), r->n_lost);
	struct drawing *d = drawing_new(p, 3 * ROW_H, _("The same reaction at published speeds"),
		_("Files lost in this run, and an estimate of the files lost in the same time at "
		  "the "
		  "average of the published medians (38.3 files a second) and at LockBit's median "
		  "(281.6 "
		  "files a second)."));
	if (d == NULL)
		return NULL;
	const struct bar bars[] = {
		{ _("Lost in this run"), keep(p, figure_count(r->n_lost)), ratio(r->n_lost, most),
			INK_ACCENT },
		{ _("At 38.3 files/s"), keep(p, figure_count(r->lost_at_headline)),
			ratio((double)r->lost_at_headline, most), INK_FAIR },
		{ _("At 281.6 files/s"), keep(p, figure_count(r->lost_at_lockbit)),
			ratio((double)r->lost_at_lockbit, most), INK_POOR },
	};
	for (size_t i = 0; i < COUNT_OF(bars); i++)
		add_bar(d, i, &bars[i]);
	return d;
}

/* --- the loss curve --- */

enum { PLOT_X = 64, PLOT_Y = 40, PLOT_W = 640, PLOT_H = 140, CURVE_POINTS_MAX = 400, TICKS = 4 };

struct scale {
	double time_ns; /* at the right border */
	double files;	/* at the top */
};

/* The next of 1, 2, 2.5, 5 times a power of ten. */
static double round_up(double x)
{
	static const double steps[] = { 1, 2, 2.5, 4, 5, 8, 10 };
	if (!(x > 1))
		return 1;
	double power = pow(10, floor(log10(x)));
	for (size_t i = 0; i < COUNT_OF(steps); i++)
		if (steps[i] * power >= x)
			return steps[i] * power;
	return 10 * power;
}

static struct point place(const struct scale *s, double time_ns, double files)
{
	double x = s->time_ns > 0 ? fmin(fmax(time_ns / s->time_ns, 0), 1) : 0;
	double y = fmin(fmax(files / s->files, 0), 1);
	return (struct point){ PLOT_X + x * PLOT_W, PLOT_Y + (1 - y) * PLOT_H };
}

/* The smallest step that people count in of which at most six fit into the width. */
static double time_step_ns(double most_ns)
{
	static const double steps_s[] = { 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600,
		900, 1800, 3600, 7200, 14400, 21600, 43200, 86400 };
	for (size_t i = 0; i < COUNT_OF(steps_s); i++)
		if (most_ns <= 6 * steps_s[i] * (double)NS_PER_S)
			return steps_s[i] * (double)NS_PER_S;
	return most_ns / 6;
}

static void draw_time_axis(struct drawing *d, const struct scale *s, struct pool *p)
{
	enum { STEPS_MAX = 6 };
	double step_ns = time_step_ns(s->time_ns);
	for (int i = 0; i <= STEPS_MAX && i * step_ns <= s->time_ns * 1.0001; i++) {
		struct point low = place(s, i * step_ns, 0);
		bool at_border = low.x > PLOT_X + PLOT_W - 20;
		draw_line(d, INK_MUTED, low, (struct point){ low.x, low.y + 5 }, false);
		draw_text(d, INK_MUTED, (struct point){ low.x, low.y + 20 },
			at_border ? ANCHOR_END : ANCHOR_MIDDLE,
			keep(p, figure_tick((int64_t)(i * step_ns))));
	}
}

static void draw_axes(struct drawing *d, const struct scale *s, struct pool *p)
{
	for (int i = 0; i <= TICKS; i++) {
		double files = s->files * i / TICKS;
		struct point left = place(s, 0, files);
		draw_line(d, INK_LINE, left, (struct point){ PLOT_X + PLOT_W, left.y }, false);
		if (files == floor(files))
			draw_text(d, INK_MUTED, (struct point){ PLOT_X - 8, left.y + 4 },
				ANCHOR_END, keep(p, figure_short((uint64_t)files)));
	}
	draw_time_axis(d, s, p);
}

static void draw_mark(struct drawing *d, const struct scale *s, int64_t after_ns, enum ink ink,
	const char *label, int row)
{
	struct point low = place(s, (double)after_ns, 0);
	double y = 14 + row * 17;
	bool right_half = low.x > PLOT_X + PLOT_W / 2.0;
	draw_line(d, ink, (struct point){ low.x, y - 9 }, low, true);
	draw_strong(d, ink, (struct point){ low.x + (right_half ? -6 : 6), y },
		right_half ? ANCHOR_END : ANCHOR_START, label);
}

static void draw_curve(
	struct drawing *d, const struct scale *s, const struct drill_result *r, struct pool *p)
{
	size_t step = r->n_curve / CURVE_POINTS_MAX + 1;
	size_t most = 2 * (r->n_curve / step + 2) + 2;
	struct point *points = pool_take(p, most, sizeof *points);
	if (points == NULL)
		return;
	size_t n = 0;
	double files = 0;
	points[n++] = place(s, 0, 0);
	for (size_t i = 0; i < r->n_curve; i += step) {
		/* The last sample is always drawn. */
		size_t at = i + step >= r->n_curve ? r->n_curve - 1 : i;
		double time_ns = (double)r->curve[at].after_ns;
		points[n++] = place(s, time_ns, files);
		files = r->curve[at].n_files;
		points[n++] = place(s, time_ns, files);
	}
	struct point last = place(s, s->time_ns, files);
	points[n++] = last;
	points[n++] = (struct point){ last.x, PLOT_Y + PLOT_H };
	draw_points(d, SHAPE_AREA, INK_SOFT, points, n);
	draw_points(d, SHAPE_PATH, INK_ACCENT, points, n - 1);
}

static struct scale find_scale(const struct drill_result *r)
{
	struct scale s = { fmax((double)r->attack_ns, 0), fmax(r->n_lost, 1) };
	for (size_t i = 0; i < r->n_curve; i++) {
		s.time_ns = fmax(s.time_ns, (double)r->curve[i].after_ns);
		s.files = fmax(s.files, r->curve[i].n_files);
	}
	if (r->detect_ns >= 0)
		s.time_ns = fmax(s.time_ns, (double)r->detect_ns);
	s.files = round_up(s.files);
	return s;
}

const struct drawing *chart_loss(const struct drill_result *r, struct pool *p)
{
	if (r->n_curve == 0)
		return NULL;
	struct drawing *d = drawing_new(p, PLOT_Y + PLOT_H + 30, _("Decoys changed over time"),
		_("A curve of decoys changed since the first changed byte, with marks for the "
		  "first alert "
		  "and for containment. The timeline above holds the same times."));
	if (d == NULL)
		return NULL;
	struct scale s = find_scale(r);
	draw_axes(d, &s, p);
	draw_curve(d, &s, r, p);
	if (r->detect_ns >= 0)
		draw_mark(d, &s, r->detect_ns, INK_FAIR, _("first alert"), 0);
	if (r->contain != CONTAIN_NONE && r->contain_ns >= 0) {
		int64_t alert_ns = r->detect_ns > 0 ? r->detect_ns : 0;
		if (r->contain_ns <= INT64_MAX - alert_ns)
			draw_mark(d, &s, alert_ns + r->contain_ns, INK_GOOD, _("contained"), 1);
	}
	return d;
}
