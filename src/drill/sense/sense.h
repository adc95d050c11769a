/*
 * Everything that is noticed while a drill runs, in one look about ten times a second: channels,
 * the host's network, people's steps, requests to stop, the authority's window, a wall clock that
 * is stepped. The parts of a run get sense_watch: their call of stop_wanted is the look.
 */
#ifndef DRILL_SENSE_H
#define DRILL_SENSE_H

#include "drill/drill.h"
#include "drill/people/people.h"
#include "drill/sense/channel.h"
#include "sys/host.h"

enum { CLOCK_STEPS_MAX = 16 };

struct clock_step {
	int64_t at_boot_ns;
	int64_t by_ns; /* how far the wall clock went beyond the boot clock */
};

struct sense {
	const struct clock *clock;
	const struct drill_watch *user; /* may be NULL */
	struct channels *channels;	/* NULL: none named */
	struct people *people;		/* NULL: nobody is asked */
	const char *stop_files[2];	/* NULL where there is none */
	const char *id;
	int64_t window_to_boot_ns; /* -1: none */

	struct drill_watch watch; /* what the parts of the run get */
	int64_t start_boot_ns, start_wall_ns;
	int64_t attack_boot_ns; /* when the attack was started; -1 */
	int64_t t0_boot_ns;	/* -1: no decoy byte has changed yet */
	int64_t offset_ns;	/* wall minus boot, as last seen */
	struct clock_step steps[CLOCK_STEPS_MAX];
	size_t n_steps;
	struct host_network network;  /* at the start */
	int64_t network_gone_boot_ns; /* since when it is gone; -1 */
	int64_t network_looked_boot_ns;
	int64_t looked_boot_ns;
	bool to_the_end;	/* a part that reads only goes to its end, also when stopped */
	bool stopped;		/* somebody asked to stop: stays */
	int64_t stop_boot_ns;	/* when that was first seen; -1 */
	const char *stopped_by; /* stable word: "user", "stop-file", "window"; NULL */
};

/* The caller fills clock, user, channels, people, stop_files, id and window_to_boot_ns first. */
void sense_start(struct sense *s);
/* One look, at most every 50 ms. True: somebody asked to stop. */
bool sense_look(struct sense *s);
/* For attack_request.tick: notes T0 and looks. True: the network is gone, the host is isolated. */
bool sense_tick(int64_t t0_boot_ns, void *sense);
/* For commands: the look alone. */
bool sense_command_tick(void *sense);
/* The instant against which people and alerts are timed: T0, or the attack's start where no byte
 * was changed. Wall time runs on from the start of the run, whatever happens to the host's clock.
 */
struct people_origin sense_origin(const struct sense *s);
int64_t sense_wall_ns(const struct sense *s, int64_t boot_ns);
int64_t sense_now_ns(const struct sense *s);
void sense_say(const struct sense *s, const char *sentence);
void sense_progress(
	const struct sense *s, enum drill_stage stage, uint64_t n_done, uint64_t n_total);

#endif
