/*
 * One look at everything: see sense.h.
 */
#include "drill/sense/sense.h"

#include <sys/stat.h>

enum { LOOK_EVERY_MS = 50, NETWORK_EVERY_MS = 500 };
/* A wall clock that drifts is slewed by less than this between two looks; a step is more. */
#define STEP_NS (NS_PER_S)
/* A link that flaps is not an isolated host. */
#define NETWORK_GONE_FOR_NS (NS_PER_S)

static void forward_progress(const struct drill_progress *now, void *context)
{
	const struct sense *s = context;
	if (s->user == NULL || s->user->progress == NULL)
		return;
	struct drill_progress more = *now;
	more.id = s->id;
	if (s->channels != NULL)
		more.detection = channels_first(s->channels);
	s->user->progress(&more, s->user->context);
}

static void forward_sentence(const char *sentence, void *context)
{
	sense_say(context, sentence);
}

static bool wrapped_stop_wanted(void *context)
{
	struct sense *s = context;
	return sense_look(s) && !s->to_the_end;
}

void sense_start(struct sense *s)
{
	s->watch = (struct drill_watch){ .progress = forward_progress,
		.say = forward_sentence,
		.stop_wanted = wrapped_stop_wanted,
		.context = s };
	s->start_boot_ns = clock_boot_ns(s->clock);
	s->start_wall_ns = clock_wall_ns(s->clock);
	s->offset_ns = s->start_wall_ns - s->start_boot_ns;
	s->attack_boot_ns = -1;
	s->t0_boot_ns = -1;
	s->network_gone_boot_ns = -1;
	s->looked_boot_ns = -1;
	s->stop_boot_ns = -1;
	s->network_looked_boot_ns = s->start_boot_ns;
	host_network_read(&s->network);
}

void sense_say(const struct sense *s, const char *sentence)
{
	if (s->user != NULL && s->user->say != NULL)
		s->user->say(sentence, s->user->context);
}

void sense_progress(
	const struct sense *s, enum drill_stage stage, uint64_t n_done, uint64_t n_total)
{
	struct drill_progress now = { .stage = stage, .n_done = n_done, .n_total = n_total };
	s->watch.progress(&now, s->watch.context);
}

static void look_at_clock(struct sense *s, int64_t now_boot_ns)
{
	int64_t offset_ns = clock_wall_ns(s->clock) - now_boot_ns;
	int64_t by_ns = offset_ns - s->offset_ns;
	if (by_ns > -STEP_NS && by_ns < STEP_NS)
		return; /* small differences add up, so that slow slewing is seen in the end */
	if (s->n_steps < CLOCK_STEPS_MAX)
		s->steps[s->n_steps++] = (struct clock_step){ now_boot_ns, by_ns };
	s->offset_ns = offset_ns;
}

static void look_at_network(struct sense *s, int64_t now_boot_ns)
{
	if (now_boot_ns - s->network_looked_boot_ns < NETWORK_EVERY_MS * NS_PER_MS)
		return;
	s->network_looked_boot_ns = now_boot_ns;
	struct host_network now;
	host_network_read(&now);
	bool gone = (s->network.n_links_up > 0 && now.n_links_up == 0) ||
		    (s->network.has_default_route && !now.has_default_route);
	if (!gone)
		s->network_gone_boot_ns = -1;
	else if (s->network_gone_boot_ns < 0)
		s->network_gone_boot_ns = now_boot_ns;
}

static const char *who_stops(const struct sense *s, int64_t now_boot_ns)
{
	struct stat st;
	if (s->user != NULL && s->user->stop_wanted != NULL &&
		s->user->stop_wanted(s->user->context))
		return "user";
	for (size_t i = 0; i < COUNT_OF(s->stop_files); i++)
		if (s->stop_files[i] != NULL && lstat(s->stop_files[i], &st) == 0)
			return "stop-file";
	if (s->window_to_boot_ns >= 0 && now_boot_ns >= s->window_to_boot_ns)
		return "window";
	return NULL;
}

bool sense_look(struct sense *s)
{
	int64_t now_boot_ns = clock_boot_ns(s->clock);
	if (s->looked_boot_ns >= 0 && now_boot_ns - s->looked_boot_ns < LOOK_EVERY_MS * NS_PER_MS)
		return s->stopped;
	s->looked_boot_ns = now_boot_ns;
	look_at_clock(s, now_boot_ns);
	if (s->channels != NULL)
		channels_poll(s->channels);
	struct people_origin origin = sense_origin(s);
	if (s->people != NULL && s->attack_boot_ns >= 0)
		people_tick(s->people, &origin, now_boot_ns, s->user);
	look_at_network(s, now_boot_ns);
	if (!s->stopped) {
		s->stopped_by = who_stops(s, now_boot_ns);
		s->stopped = s->stopped_by != NULL;
		if (s->stopped)
			s->stop_boot_ns = now_boot_ns;
	}
	return s->stopped;
}

bool sense_tick(int64_t t0_boot_ns, void *context)
{
	struct sense *s = context;
	if (s->t0_boot_ns < 0)
		s->t0_boot_ns = t0_boot_ns;
	(void)sense_look(s); /* the attack asks stop_wanted itself */
	return s->network_gone_boot_ns >= 0 &&
	       clock_boot_ns(s->clock) - s->network_gone_boot_ns >= NETWORK_GONE_FOR_NS;
}

bool sense_command_tick(void *context)
{
	return sense_look(context);
}

struct people_origin sense_origin(const struct sense *s)
{
	int64_t boot_ns = s->t0_boot_ns >= 0	   ? s->t0_boot_ns
			  : s->attack_boot_ns >= 0 ? s->attack_boot_ns
						   : s->start_boot_ns;
	return (struct people_origin){ boot_ns, sense_wall_ns(s, boot_ns) };
}

int64_t sense_wall_ns(const struct sense *s, int64_t boot_ns)
{
	return s->start_wall_ns + (boot_ns - s->start_boot_ns);
}

int64_t sense_now_ns(const struct sense *s)
{
	return sense_wall_ns(s, clock_boot_ns(s->clock));
}
