/*
 * The live view. It draws on standard error, so that standard output stays data. All that is drawn
 * over is one frame, kept as text: where it began follows from its lines and the terminal's width
 * at that moment, also after the terminal was resized. While a question is open, nothing but its
 * countdown and what is being typed moves.
 */
#include "cli/live.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "render/render.h"

enum { DRAW_EVERY_MS = 100, LINE_EVERY_S = 10, ASKED_LAST_S = 2, FRAME_BYTES_MAX = 64 * 1024 };

/* --- the frame --- */

static struct winsize screen_size(void)
{
	struct winsize size = { .ws_row = 0 };
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		size.ws_col = 80;
	if (size.ws_row == 0)
		size.ws_row = 24;
	return size;
}

/* The cursor stands in the last line where it has no newline, below it otherwise. */
static void add_erasing(struct live *l, unsigned columns, struct buf *out)
{
	struct view frame = buf_view(&l->frame);
	if (frame.len == 0)
		return;
	size_t rows = render_rows(frame, columns);
	size_t up = frame.at[frame.len - 1] == '\n' ? rows : rows - 1;
	buf_add_char(out, '\r');
	if (up > 0)
		buf_addf(out, "\033[%zuA", up);
	buf_add_text(out, "\033[J");
	buf_reset(&l->frame);
}

/* In one write, so that nobody sees half of it. */
static void show(const struct buf *out)
{
	(void)fwrite(buf_text(out), 1, out->len, stderr);
	(void)fflush(stderr);
}

static void erase(struct live *l)
{
	AUTO_BUF struct buf out;
	buf_init(&out, FRAME_BYTES_MAX);
	add_erasing(l, screen_size().ws_col, &out);
	show(&out);
}

/* Its last rows where the terminal is too low for all: what is asked stands at the end. */
static struct view fitting(struct view text, struct winsize size)
{
	while (render_rows(text, size.ws_col) >= size.ws_row && text.len > 0)
		(void)view_cut(&text, '\n');
	return text;
}

/* A step that is open is asked ten times a second; who has not been asked for a while is not any
 * more, because he answered the last one or somebody else did. */
static bool is_asking(const struct live *l)
{
	return l->question.step != NULL &&
	       clock_boot_ns(NULL) - l->asked_ns < ASKED_LAST_S * NS_PER_S;
}

static void draw(struct live *l)
{
	struct error unused = ERROR_NONE;
	AUTO_BUF struct buf frame;
	buf_init(&frame, FRAME_BYTES_MAX);
	struct winsize size = screen_size();
	const struct render_live view = { .now = l->told && !l->session->quiet ? &l->now : NULL,
		.question = is_asking(l) ? &l->question : NULL,
		.hears_alerts = l->hears_alerts,
		.typed = l->entry.taken ? "" : l->entry.text };
	AUTO_BUF struct buf out;
	buf_init(&out, 2UL * FRAME_BYTES_MAX);
	add_erasing(l, size.ws_col, &out);
	if (render_live(&view, size.ws_col, &frame, &unused) == OK) {
		buf_add(&l->frame, fitting(buf_view(&frame), size));
		buf_add(&out, buf_view(&l->frame));
	}
	show(&out);
	l->drawn_ns = clock_boot_ns(NULL);
	l->changed = false;
}

static void draw_if_due(struct live *l)
{
	int64_t since_ns = clock_boot_ns(NULL) - l->drawn_ns;
	if (is_asking(l) && l->answered)
		return; /* the next question is at hand */
	if (l->draws && (l->changed || since_ns >= DRAW_EVERY_MS * NS_PER_MS))
		draw(l);
}

/* --- lines, where nothing can be drawn over --- */

/* Only the attack has a rate and something to detect, and some stages have nothing to count. */
static void print_line(const struct drill_progress *now)
{
	const char *title = render_stage(now->stage);
	double seconds = (double)now->elapsed_ns / (double)NS_PER_S;
	if (now->n_total == 0)
		(void)fprintf(stderr, _("%s: %.0f s"), title, seconds);
	else if (now->stage != DRILL_STAGE_ATTACK)
		(void)fprintf(stderr, _("%s: %.0f s, %llu of %llu"), title, seconds,
			(unsigned long long)now->n_done, (unsigned long long)now->n_total);
	else
		(void)fprintf(stderr, _("%s: %.0f s, %llu of %llu, %.1f per second; detection: %s"),
			title, seconds, (unsigned long long)now->n_done,
			(unsigned long long)now->n_total, now->rate_per_s,
			now->detection == NULL ? _("none so far") : now->detection);
	(void)fputc('\n', stderr);
}

/* Never into what somebody is typing. */
static void print_line_if_due(struct live *l, bool new_stage)
{
	int64_t now_ns = clock_boot_ns(NULL);
	if (new_stage && l->drawn_ns == 0)
		l->drawn_ns = now_ns;
	if (now_ns - l->drawn_ns < LINE_EVERY_S * NS_PER_S)
		return;
	if (is_asking(l) && l->session->input_is_terminal)
		return;
	print_line(&l->now);
	l->drawn_ns = now_ns;
}

static void print_question(const struct live *l)
{
	struct error unused = ERROR_NONE;
	AUTO_BUF struct buf text;
	buf_init(&text, FRAME_BYTES_MAX);
	if (render_question(&l->question, l->session->error_is_terminal ? screen_size().ws_col : 80,
		    &text, &unused) == OK)
		(void)fprintf(stderr, "\n%s", buf_text(&text));
}

/* --- what the run calls --- */

static void on_progress(const struct drill_progress *now, void *context)
{
	struct live *l = context;
	bool new_stage = !l->told || l->stage != now->stage;
	/* Drawn again between two tellings, when what they point to may be gone. */
	l->now = *now;
	l->now.id = NULL;
	if (now->locks != NULL) {
		l->locks = *now->locks;
		l->now.locks = &l->locks;
	}
	if (now->detection != NULL) {
		(void)snprintf(l->detection, sizeof l->detection, "%s", now->detection);
		l->now.detection = l->detection;
	}
	if (new_stage)
		l->stage_began_ns = clock_boot_ns(NULL);
	if (now->elapsed_ns == 0)
		l->now.elapsed_ns = clock_boot_ns(NULL) - l->stage_began_ns;
	l->told = true;
	l->stage = now->stage;
	l->changed = l->changed || new_stage;
	if (l->draws)
		draw_if_due(l);
	else
		print_line_if_due(l, new_stage);
}

static void on_say(const char *sentence, void *context)
{
	struct live *l = context;
	erase(l);
	(void)fprintf(stderr, "%s\n", sentence);
	l->changed = true;
}

static bool on_stop_wanted(void *context)
{
	(void)context;
	return session_interrupted();
}

static enum drill_ask on_ask(
	const struct drill_question *question, const char **out_line, void *context)
{
	struct live *l = context;
	bool opens =
		l->answered || l->question.step == NULL || l->question.number != question->number;
	bool first = l->question.step == NULL;
	size_t len = l->entry.len;
	l->question = *question;
	l->asked_ns = clock_boot_ns(NULL);
	l->answered = false;
	if (opens && !l->draws)
		print_question(l);
	bool whole = entry_poll(&l->entry);
	/* Enter that was pressed before the first question does not answer it with "not done". */
	while (first && whole && l->entry.len == 0 && l->session->input_is_terminal)
		whole = entry_poll(&l->entry);
	l->answered = whole || l->entry.ended;
	l->changed = l->changed || opens || whole || l->entry.len != len;
	if (whole) {
		*out_line = l->entry.text;
		return DRILL_ASK_ANSWERED;
	}
	if (l->entry.ended)
		return DRILL_ASK_NOBODY;
	draw_if_due(l);
	return DRILL_ASK_OPEN;
}

/* While steps wait for their answers, what is typed is an answer, also between two of them. */
static bool on_operator_alert(const char **out_text, void *context)
{
	struct live *l = context;
	size_t len = l->entry.len;
	l->hears_alerts = true;
	if (is_asking(l) && !l->entry.ended)
		return false;
	bool whole = entry_poll(&l->entry);
	l->changed = l->changed || whole || l->entry.len != len;
	draw_if_due(l);
	if (!whole)
		return false;
	*out_text = l->entry.text;
	return l->entry.text[0] != '\0';
}

void live_start(struct live *l, const struct session *s, bool people, struct drill_watch *out_watch)
{
	*l = (struct live){ .session = s, .draws = s->error_moves };
	buf_init(&l->frame, FRAME_BYTES_MAX);
	entry_open(&l->entry, l->draws && s->input_is_terminal);
	*out_watch = (struct drill_watch){
		.progress = s->quiet ? NULL : on_progress,
		.say = s->quiet ? NULL : on_say,
		.stop_wanted = on_stop_wanted,
		.ask = people ? on_ask : NULL,
		.operator_alert = s->input_is_terminal ? on_operator_alert : NULL,
		.context = l,
	};
}

void live_end(struct live *l)
{
	erase(l);
	(void)fflush(stderr);
	entry_close(&l->entry);
	buf_done(&l->frame);
}
