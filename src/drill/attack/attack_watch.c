/*
 * What the conductor looks after while the emulator works: the lease that keeps it going,
 * everything that may ask it to stop, and the figures that people see meanwhile.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/i18n.h"
#include "drill/attack/emulate.h"
#include "sys/host.h"

enum {
	LEASE_MS = 700, /* and a quarter of a second until it counts as lost: within a second */
	LEASE_EVERY_MS = 250,
	LOOK_EVERY_MS = 20,
	TICK_EVERY_MS = 100,
	SLOW_LOOK_EVERY_MS = 500,
	PRESSURE_FOR_MS = 3000,
	CURVE_POINTS_MAX = 600
};
static const double PRESSURE_LIMIT = 60; /* per cent of the last ten seconds */
static const double PRESSURE_RISE = 10;	 /* and that much over what was there at the start */

enum status attack_renew_lease(struct attack *a, struct error *e)
{
	AUTO_BUF struct buf body;
	int64_t now_ns =
		clock_boot_ns(NULL); /* never the injected clock: the role reads the kernel's */
	struct wire_lease m = { now_ns + LEASE_MS * NS_PER_MS };
	buf_init(&body, 64);
	wire_lease_write(&body, &m);
	a->lease_at_ns = now_ns + LEASE_EVERY_MS * NS_PER_MS;
	return packet_send(a->role.channel_fd, WIRE_LEASE, buf_view(&body), e);
}

void attack_ask_stop(struct attack *a, enum attack_end why, const char *sentence)
{
	if (a->asked_boot_ns >= 0)
		return;
	AUTO_BUF struct buf body;
	buf_init(&body, 64);
	a->asked_boot_ns = clock_boot_ns(NULL);
	a->asked_as = why;
	if (a->out != NULL)
		(void)snprintf(a->out->sentence, sizeof a->out->sentence, "%s", sentence);
	struct wire_stop m = { a->asked_boot_ns };
	wire_stop_write(&body, &m);
	/* Where it cannot be sent the lease runs out, and after that the process is killed. */
	if (packet_send(a->role.channel_fd, WIRE_STOP, buf_view(&body), NULL) != OK)
		return;
}

void attack_curve_add(struct attack *a, int64_t at_boot_ns)
{
	struct attack_outcome *out = a->out;
	int64_t after_ns = at_boot_ns - out->t0_boot_ns;
	if (out->t0_boot_ns < 0 || after_ns < 0)
		return;
	if (out->n_curve > 0 &&
		after_ns < out->curve[out->n_curve - 1].after_ns + a->curve_step_ns) {
		out->curve[out->n_curve - 1].n_files = out->n_changed;
		return;
	}
	if (out->n_curve == CURVE_POINTS_MAX) {
		for (size_t i = 0; i < CURVE_POINTS_MAX / 2; i++)
			out->curve[i] = out->curve[2 * i + 1];
		out->n_curve = CURVE_POINTS_MAX / 2;
		a->curve_step_ns *= 2;
	}
	out->curve[out->n_curve++] = (struct drill_sample){ after_ns, out->n_changed };
}

/* --- what may ask to stop --- */

static void look_for_requests(struct attack *a)
{
	const struct attack_request *r = a->request;
	struct stat st;
	if (r->watch != NULL && r->watch->stop_wanted != NULL &&
		r->watch->stop_wanted(r->watch->context))
		attack_ask_stop(a, ATTACK_STOP_ASKED, _("the user asked to stop"));
	else if (r->stop_file != NULL && lstat(r->stop_file, &st) == 0)
		attack_ask_stop(a, ATTACK_STOP_ASKED, _("the stop file was made"));
}

static void look_at_budget(struct attack *a, int64_t now_ns)
{
	const struct drill_budget *b = a->request->budget;
	struct statvfs fs;
	if ((double)(now_ns - a->started_boot_ns) > b->seconds * (double)NS_PER_S)
		attack_ask_stop(a, ATTACK_BUDGET, _("the budget of seconds is used up"));
	else if (a->out->bytes_changed > b->bytes_changed)
		attack_ask_stop(a, ATTACK_BUDGET, _("the budget of bytes is used up"));
	else if (fstatvfs(a->request->arena_fd, &fs) == 0 &&
		 (uint64_t)fs.f_bavail * fs.f_frsize < b->free_kept_bytes)
		attack_ask_stop(
			a, ATTACK_BUDGET, _("free space fell to what must be kept on the disk"));
}

static bool is_too_high(double now, double before)
{
	return now > PRESSURE_LIMIT && now > before + PRESSURE_RISE;
}

static void read_pressure(const struct attack *a, struct host_pressure *out)
{
	if (a->request->read_pressure != NULL)
		a->request->read_pressure(out);
	else
		host_pressure_read(out);
}

static void look_at_pressure(struct attack *a, int64_t now_ns)
{
	struct host_pressure p;
	read_pressure(a, &p);
	if (!p.known || (!is_too_high(p.io_full_avg10, a->io_before) &&
				!is_too_high(p.memory_full_avg10, a->memory_before))) {
		a->pressure_since_ns = -1;
		return;
	}
	if (a->pressure_since_ns < 0)
		a->pressure_since_ns = now_ns;
	if (now_ns - a->pressure_since_ns >= PRESSURE_FOR_MS * NS_PER_MS)
		attack_ask_stop(a, ATTACK_PRESSURE,
			_("the host was under pressure: its work comes before the drill's"));
}

/* --- what people and the run's other parts see --- */

static void tell_progress(const struct attack *a, int64_t now_ns)
{
	const struct attack_request *r = a->request;
	const struct attack_outcome *out = a->out;
	if (r->watch == NULL || r->watch->progress == NULL)
		return;
	bool destroys = a->task == EMULATE_DESTROY;
	int64_t spread_ns = a->last_done_ns - a->first_done_ns;
	struct drill_progress now = {
		.stage = destroys ? DRILL_STAGE_DESTROY : DRILL_STAGE_ATTACK,
		.id = r->id,
		.elapsed_ns = now_ns - a->started_boot_ns,
		.n_done = out->n_changed,
		.n_total = destroys ? a->n_files : r->manifest->n_files,
		.n_bytes = out->bytes_changed,
		.rate_per_s =
			spread_ns > 0 ? (double)(out->n_changed - 1) * 1e9 / (double)spread_ns : 0,
		.locks = &out->locks,
	};
	r->watch->progress(&now, r->watch->context);
}

static void tick(struct attack *a, int64_t now_ns)
{
	const struct attack_request *r = a->request;
	tell_progress(a, now_ns);
	if (a->task == EMULATE_ATTACK && r->tick != NULL &&
		r->tick(a->out->t0_boot_ns, r->tick_context))
		attack_ask_stop(a, ATTACK_STOP_ASKED, _("contained from outside"));
}

void attack_watch_start(struct attack *a, int64_t now_ns)
{
	struct host_pressure p;
	read_pressure(a, &p);
	a->io_before = p.known ? p.io_full_avg10 : 0;
	a->memory_before = p.known ? p.memory_full_avg10 : 0;
	a->oom_before = host_oom_kills();
	a->pressure_since_ns = -1;
	a->curve_step_ns = TICK_EVERY_MS * NS_PER_MS;
	a->started_boot_ns = a->beat_ns = a->loop_ns = now_ns;
}

enum status attack_watch(struct attack *a, int64_t now_ns, struct error *e)
{
	if (now_ns >= a->lease_at_ns && !a->has_finished)
		TRY(attack_renew_lease(a, e));
	if (now_ns >= a->look_at_ns) {
		a->look_at_ns = now_ns + LOOK_EVERY_MS * NS_PER_MS;
		look_for_requests(a);
	}
	if (now_ns >= a->tick_at_ns) {
		a->tick_at_ns = now_ns + TICK_EVERY_MS * NS_PER_MS;
		tick(a, now_ns);
		look_at_budget(a, now_ns);
	}
	if (now_ns >= a->slow_look_at_ns) {
		a->slow_look_at_ns = now_ns + SLOW_LOOK_EVERY_MS * NS_PER_MS;
		look_at_pressure(a, now_ns);
	}
	return OK;
}
