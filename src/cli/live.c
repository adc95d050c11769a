/*
 * The live view. It draws on standard error, so that standard output stays data.
 */
#include "cli/live.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"

enum { DRAW_EVERY_MS = 100, LINE_EVERY_S = 10, BAR_WIDTH = 30 };

static const char *stage_title(enum drill_stage stage)
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

static void erase(struct live *l)
{
	for (unsigned i = 0; i < l->n_lines; i++)
		(void)fputs("\033[1A\033[2K", stderr);
	l->n_lines = 0;
}

static void add_lock(const char *name, void *context)
{
	struct buf *b = context;
	buf_addf(b, "%s%s", b->len == 0 ? "" : " · ", name);
}

static void draw_bar(const struct drill_progress *now)
{
	char bar[BAR_WIDTH * 3 + 1] = "";
	size_t full = 0;
	if (now->n_total > 0) {
		uint64_t done = now->n_done < now->n_total ? now->n_done : now->n_total;
		full = (size_t)((double)done * BAR_WIDTH / (double)now->n_total);
	}
	for (size_t i = 0; i < BAR_WIDTH; i++)
		memcpy(bar + i * 3, i < full ? "█" : "░", 3);
	bar[sizeof bar - 1] = '\0';
	(void)fprintf(stderr, "  %s  %llu / %llu\n", bar, (unsigned long long)now->n_done,
		(unsigned long long)now->n_total);
}

static void draw(struct live *l, const struct drill_progress *now)
{
	AUTO_BUF struct buf locks;
	buf_init(&locks, 4096);
	erase(l);
	(void)fprintf(stderr, _("▸ %s — %.1f s"), stage_title(now->stage),
		(double)now->elapsed_ns / (double)NS_PER_S);
	(void)fputc('\n', stderr);
	l->n_lines = 1;
	if (now->n_total > 0) {
		draw_bar(now);
		l->n_lines++;
	}
	if (now->stage != DRILL_STAGE_ATTACK)
		return;
	(void)fprintf(stderr, _("  %.1f files/s, %.1f MiB changed; detection: %s"), now->rate_per_s,
		(double)now->n_bytes / (double)MIB,
		now->detection == NULL ? _("none so far") : now->detection);
	(void)fputc('\n', stderr);
	if (now->locks != NULL)
		confine_lock_names(now->locks, add_lock, &locks);
	(void)fprintf(stderr, _("  locks in force: %s"),
		locks.len == 0 ? _("not put on yet") : buf_text(&locks));
	(void)fprintf(stderr, "\n%s\n", _("  Ctrl-C stops the drill within a second"));
	l->n_lines += 3;
	if (l->hears_alerts && l->asked == NULL) {
		(void)fprintf(stderr, "%s\n",
			_("  Saw something? Type it and press Enter: alert …, log … or prevented "
			  "…"));
		l->n_lines++;
	}
}

/* Only the attack has a rate and something to detect, and some stages have nothing to count. */
static void print_line(const struct drill_progress *now)
{
	const char *title = stage_title(now->stage);
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

static void on_progress(const struct drill_progress *now, void *context)
{
	struct live *l = context;
	int64_t at = clock_boot_ns(NULL);
	bool new_stage = !l->begun || l->stage != now->stage;
	int64_t every =
		l->session->error_is_terminal ? DRAW_EVERY_MS * NS_PER_MS : LINE_EVERY_S * NS_PER_S;
	if (!new_stage && at - l->drawn_ns < every)
		return;
	if (!l->begun && !l->session->error_is_terminal)
		l->drawn_ns = at;
	if (l->session->error_is_terminal) {
		draw(l, now);
		(void)fflush(stderr);
		l->drawn_ns = at;
	} else if (at - l->drawn_ns >= every) {
		print_line(now);
		l->drawn_ns = at;
	}
	l->begun = true;
	l->stage = now->stage;
}

static void on_say(const char *sentence, void *context)
{
	struct live *l = context;
	erase(l);
	(void)fprintf(stderr, "%s\n", sentence);
}

static bool on_stop_wanted(void *context)
{
	(void)context;
	return session_interrupted();
}

/* One line from the terminal, gathered without waiting for it. */
static bool poll_line(struct live *l)
{
	struct pollfd wait = { .fd = STDIN_FILENO, .events = POLLIN };
	while (poll(&wait, 1, 0) == 1 && l->answer_len + 1 < sizeof l->answer) {
		char c;
		if (read(STDIN_FILENO, &c, 1) != 1)
			return false;
		if (c == '\n') {
			l->answer[l->answer_len] = '\0';
			l->answer_len = 0;
			return true;
		}
		l->answer[l->answer_len++] = c;
	}
	return false;
}

static bool on_ask(
	const struct drill_step *step, const char **out_answer, bool *out_done, void *context)
{
	struct live *l = context;
	bool zh = i18n_language() == LANGUAGE_ZH;
	if (l->asked != step->id) {
		erase(l);
		(void)fputc('\n', stderr);
		(void)fprintf(stderr, _("── %s (%s)"), zh ? step->title.zh : step->title.en,
			_(step->role));
		(void)fprintf(stderr, "\n   %s\n   %s\n", zh ? step->inject.zh : step->inject.en,
			_("Done? Answer with what was done, or an empty line for \"not done\":"));
		l->asked = step->id;
	}
	if (!poll_line(l))
		return false;
	*out_answer = l->answer;
	*out_done = l->answer[0] != '\0';
	l->asked = NULL;
	return true;
}

/* While a step waits for its answer, what is typed is that answer. */
static bool on_operator_alert(const char **out_text, void *context)
{
	struct live *l = context;
	l->hears_alerts = true;
	if (l->asked != NULL || !poll_line(l))
		return false;
	*out_text = l->answer;
	return l->answer[0] != '\0';
}

void live_start(struct live *l, const struct session *s, bool people, struct drill_watch *out_watch)
{
	*l = (struct live){ .session = s };
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
}
