/*
 * The conductor's loop around the emulator: its intents go to the journal and the answer says that
 * they are on disk; its reports are counted; its end is seen from outside. What it sends is checked
 * as if it came from a stranger.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/i18n.h"
#include "drill/attack/emulate.h"
#include "sys/file.h"
#include "sys/host.h"

enum {
	WAIT_MS = 10,
	PACKETS_AT_ONCE = 64,
	STOP_GRACE_MS = 1500,	/* between asking and killing */
	FINISH_GRACE_MS = 3000, /* between the last word and the exit */
	BEAT_LIMIT_MS = 3000,
	PARSE_LIMIT_MS = 30000, /* from READY to the first beat: a manifest may be large */
	OWN_STALL_MS = 1000,
	CURVE_POINTS = 600
};

static enum status distrust(struct error *e)
{
	return error_set(e, E_FAILED, "the emulator sent something that it must not send");
}

/* --- what the role sends --- */

static bool intent_is_right(const struct attack *a, struct view body)
{
	const struct scenario *s = a->request->scenario;
	struct journal_intent m;
	struct unpack u;
	unpack_init(&u, body);
	if (!journal_intent_read(&u, &m) || !pack_end(&u))
		return false;
	return m.file < a->request->manifest->n_files && m.write == (uint8_t)s->write &&
	       m.rename == (uint8_t)s->rename && m.footer_bytes == s->footer_bytes &&
	       (scenario_renames(s) ? file_is_single_name(m.new_name) : m.new_name.len == 0);
}

static bool note_is_right(const struct attack *a, struct view body)
{
	struct journal_note m;
	struct unpack u;
	unpack_init(&u, body);
	return journal_note_read(&u, &m) && pack_end(&u) && m.is_probe <= 1 &&
	       (m.folder == FOLDER_ROOT || m.folder < a->request->manifest->n_folders) &&
	       file_is_single_name(m.name);
}

static enum status commit(struct attack *a, struct error *e)
{
	int64_t before_ns = clock_boot_ns(NULL);
	TRY(attack_renew_lease(a, e)); /* the disk may take its time */
	TRY(journal_commit(a->request->journal, e));
	int64_t took_ns = clock_boot_ns(NULL) - before_ns;
	if (took_ns > a->slowest_commit_ns)
		a->slowest_commit_ns = took_ns;
	return OK;
}

static enum status take_batch(struct attack *a, struct unpack *u, struct error *e)
{
	uint64_t number = pack_get_u64(u);
	if (u->failed || number != a->last_batch + 1 || !a->is_ready || a->task != EMULATE_ATTACK)
		return distrust(e);
	while (!u->failed && u->left > 0) {
		uint8_t kind = pack_get_u8(u);
		struct view body = pack_get_text(u);
		bool is_right =
			!u->failed && ((kind == JOURNAL_INTENT && intent_is_right(a, body)) ||
					      (kind == JOURNAL_NOTE && note_is_right(a, body)));
		if (!is_right)
			return distrust(e);
		TRY(journal_add(a->request->journal, (enum journal_kind)kind, body, e));
	}
	a->last_batch = number;
	a->owes_commit = true;
	return OK;
}

/* One synchronous write for all batches that have come: the slower the disk, the more each of its
 * writes carries. */
static enum status answer_batches(struct attack *a, struct error *e)
{
	if (!a->owes_commit)
		return OK;
	a->owes_commit = false;
	TRY(commit(a, e));
	AUTO_BUF struct buf answer;
	buf_init(&answer, 64);
	struct wire_committed m = { a->last_batch };
	wire_committed_write(&answer, &m);
	return packet_send(a->role.channel_fd, WIRE_COMMITTED, buf_view(&answer), e);
}

static void mark_gone(struct attack *a, uint32_t file)
{
	for (size_t i = 0; a->gone != NULL && i < a->n_files; i++)
		if (a->files[i] == file)
			a->gone[i] = true;
}

static void count_done(struct attack *a, const struct journal_done *m)
{
	struct attack_outcome *out = a->out;
	out->bytes_changed += m->bytes_changed;
	if (out->slowest_ns < (int64_t)m->took_ns)
		out->slowest_ns = (int64_t)m->took_ns;
	if (out->slowest_cpu_ns < (int64_t)m->cpu_ns)
		out->slowest_cpu_ns = (int64_t)m->cpu_ns;
	if (m->touched != 0) {
		out->n_changed++;
		out->n_unfinished += m->result != FILE_CHANGED;
		if (a->first_done_ns < 0)
			a->first_done_ns = m->at_boot_ns;
		a->last_done_ns = m->at_boot_ns;
	}
	switch ((enum file_result)m->result) {
	case FILE_CHANGED:
		mark_gone(a, m->file);
		break;
	case FILE_SKIPPED:
		out->n_skipped++;
		break;
	case FILE_MISSING:
		out->n_missing++;
		break;
	case FILE_REFUSED:
	case FILE_READ_ONLY:
		out->n_refused++;
		break;
	case FILE_FOREIGN:
		out->n_foreign++;
		break;
	case FILE_NO_SPACE:
	case FILE_FAILED:
		out->n_failed++;
		break;
	}
}

static enum status take_done(struct attack *a, struct unpack *u, struct error *e)
{
	uint32_t n_notes = pack_get_u32(u);
	if (n_notes > BATCH_TASKS_MAX)
		return distrust(e);
	a->out->n_notes += n_notes;
	while (!u->failed && u->left > 0) {
		struct view body = pack_get_text(u);
		struct journal_done m;
		struct unpack inner;
		unpack_init(&inner, body);
		if (u->failed || !journal_done_read(&inner, &m) || !pack_end(&inner) ||
			m.file >= a->request->manifest->n_files || m.result > FILE_FAILED ||
			m.touched > 1 || m.took_ns > INT64_MAX || m.cpu_ns > INT64_MAX)
			return distrust(e);
		count_done(a, &m);
		/* On disk with the next commit: undo does without it. */
		if (a->task == EMULATE_ATTACK && m.result != FILE_SKIPPED)
			TRY(journal_add(a->request->journal, JOURNAL_DONE, body, e));
	}
	attack_curve_add(a, a->last_done_ns);
	return u->failed ? distrust(e) : OK;
}

static enum status take_ready(struct attack *a, struct unpack *u, struct error *e)
{
	struct wire_ready m;
	if (a->is_ready || !wire_ready_read(u, &m))
		return distrust(e);
	a->is_ready = true;
	a->out->locks = (struct confine_locks){
		.landlock_abi = (int)m.landlock_abi,
		.mount_namespace = m.mount_namespace != 0,
		.seccomp = m.seccomp != 0,
		.own_uid = m.own_uid != 0,
		.no_new_privileges = m.no_new_privileges != 0,
	};
	return OK;
}

static enum status take_result(struct attack *a, struct unpack *u, struct error *e)
{
	struct emulate_result m;
	if (!emulate_result_read(u, &m) || m.t0_boot_ns < 0)
		return distrust(e);
	a->out->t0_boot_ns = m.t0_boot_ns;
	a->out->t0_wall_ns =
		clock_wall_ns(a->request->context->clock) - (clock_boot_ns(NULL) - m.t0_boot_ns);
	return OK;
}

static enum status take_fault(struct attack *a, struct unpack *u, struct error *e)
{
	struct wire_fault m;
	if (!wire_fault_read(u, &m) || m.status == OK || m.status > E_INTERRUPTED)
		return distrust(e);
	a->has_fault = true;
	(void)error_set(&a->fault, (enum status)m.status, "%.*s", VIEW_ARGS(m.sentence));
	a->fault.errno_value = (int)m.errno_value;
	return OK;
}

static enum status take_finished(struct attack *a, struct unpack *u, struct error *e)
{
	struct wire_finished m;
	if (!wire_finished_read(u, &m) || m.reason == EMULATE_GOES_ON || m.reason > EMULATE_FAULTY)
		return distrust(e);
	a->has_finished = true;
	a->reason = (enum emulate_end)m.reason;
	a->stopped_boot_ns = m.stopped_boot_ns;
	return OK;
}

static enum status take_packet(struct attack *a, struct error *e)
{
	struct unpack u;
	unpack_init(&u, a->packet->body);
	enum status status;
	switch (a->packet->type) {
	case WIRE_READY:
		status = take_ready(a, &u, e);
		break;
	case WIRE_BATCH:
		return take_batch(a, &u, e);
	case WIRE_DONE:
		return take_done(a, &u, e);
	case WIRE_BEAT:
		a->has_beat = true;
		return OK;
	case WIRE_RESULT:
		status = take_result(a, &u, e);
		break;
	case WIRE_FAULT:
		status = take_fault(a, &u, e);
		break;
	case WIRE_FINISHED:
		status = take_finished(a, &u, e);
		break;
	default:
		return distrust(e);
	}
	TRY(status);
	return pack_end(&u) ? OK : distrust(e);
}

/* Takes what has come. *out_gone: the role's end is closed and nothing is left. */
static enum status drain(struct attack *a, bool *out_gone, struct error *e)
{
	*out_gone = false;
	for (int i = 0; i < PACKETS_AT_ONCE; i++) {
		bool got = false;
		enum status status = packet_receive(a->role.channel_fd, 0, a->packet, &got, e);
		if (status == E_ABSENT) {
			*out_gone = true;
			return OK;
		}
		TRY(status);
		if (!got)
			break;
		a->beat_ns = clock_boot_ns(NULL);
		TRY(take_packet(a, e));
	}
	/* It died before it was answered: what it sent before still counts. */
	enum status status = answer_batches(a, e);
	return status == E_ABSENT ? OK : status;
}

/* --- how it goes on --- */

static void wait_for_news(const struct attack *a)
{
	struct pollfd p[2] = {
		{ .fd = a->role.channel_fd, .events = POLLIN },
		{ .fd = a->role.pid_fd, .events = POLLIN },
	};
	(void)poll(p, 2, WAIT_MS); /* a signal only makes the loop look earlier */
}

/* A frozen process is alive and says nothing; so is one on a host that hangs. Our own stall (or a
 * suspended host) does not count: then the role could not be heard. */
static bool is_silent(struct attack *a, int64_t now_ns)
{
	bool we_stalled = now_ns - a->loop_ns > OWN_STALL_MS * NS_PER_MS;
	a->loop_ns = now_ns;
	if (we_stalled)
		a->beat_ns = now_ns;
	int64_t quiet_ns = now_ns - a->beat_ns;
	if (!a->is_ready || a->has_finished || quiet_ns <= BEAT_LIMIT_MS * NS_PER_MS)
		return false;
	a->is_held = role_is_held(a->role.pid);
	return a->is_held || a->has_beat || quiet_ns > PARSE_LIMIT_MS * NS_PER_MS;
}

static bool is_overdue(const struct attack *a, int64_t now_ns)
{
	if (a->has_finished)
		return now_ns - a->stopped_boot_ns > FINISH_GRACE_MS * NS_PER_MS;
	return a->asked_boot_ns >= 0 && now_ns - a->asked_boot_ns > STOP_GRACE_MS * NS_PER_MS;
}

/* The end of a process that said nothing of it. A death of its own comes before what we asked for:
 * a crash, a limit or a memory kill is one whoever wanted it to stop. */
static enum attack_end end_of_death(const struct attack *a, const struct role_ending *ending)
{
	if (ending->has_ended && ending->was_killed)
		return attack_end_of_death(ending, host_oom_kills() > a->oom_before);
	if (a->asked_boot_ns >= 0)
		return a->asked_as;
	if (ending->is_stopped || a->is_held)
		return ATTACK_FROZEN;
	return a->was_killed_by_us ? ATTACK_PRESSURE : ATTACK_FAILED;
}

static const char *end_sentence(const struct attack *a)
{
	if (a->has_fault)
		return a->fault.text;
	if (a->was_killed_by_us && a->out->end == ATTACK_PRESSURE)
		return _("the emulator gave no sign of life");
	return attack_end_sentence(a->out->end);
}

static void settle_end(struct attack *a, const struct role_ending *ending)
{
	struct attack_outcome *out = a->out;
	int64_t now_ns = clock_boot_ns(NULL);
	if (a->has_finished)
		out->end = attack_end_of_reason(a);
	else if (a->has_fault)
		out->end = ATTACK_FAILED;
	else
		out->end = end_of_death(a, ending);
	out->end_boot_ns = a->has_finished ? a->stopped_boot_ns : now_ns;
	out->end_wall_ns = clock_wall_ns(a->request->context->clock) - (now_ns - out->end_boot_ns);
	if (a->asked_boot_ns >= 0 && out->end == a->asked_as)
		out->stop_latency_ns = out->end_boot_ns - a->asked_boot_ns;
	else
		(void)snprintf(out->sentence, sizeof out->sentence, "%s", end_sentence(a));
	int64_t spread_ns = a->last_done_ns - a->first_done_ns;
	if (out->n_changed > 1 && spread_ns > 0)
		out->rate_reached = (double)(out->n_changed - 1) * 1e9 / (double)spread_ns;
	attack_curve_add(a, out->end_boot_ns);
}

static enum status follow(struct attack *a, struct role_ending *ending, struct error *e)
{
	bool is_gone = false;
	for (;;) {
		wait_for_news(a);
		role_ending_look(&a->role, ending);
		/* After its death the channel is read to the end: all that it sent counts. */
		do
			TRY(drain(a, &is_gone, e));
		while (ending->has_ended && !is_gone);
		int64_t now_ns = clock_boot_ns(NULL);
		if (ending->has_ended || ending->is_stopped)
			return OK;
		if (is_silent(a, now_ns) || is_overdue(a, now_ns)) {
			a->was_killed_by_us = true;
			return OK;
		}
		if (is_gone)
			continue; /* its exit follows */
		enum status status = attack_watch(a, now_ns, e);
		if (status != OK && status != E_ABSENT)
			return status;
	}
}

enum status attack_conduct(struct attack *a, struct error *e)
{
	struct role_ending ending = { 0 };
	AUTO_FREE struct packet *packet = FAULT("attack_packet") ? NULL : malloc(sizeof *packet);
	if (packet == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	a->packet = packet;
	a->role = ROLE_PROCESS_NONE;
	a->asked_boot_ns = a->first_done_ns = a->last_done_ns = -1;
	attack_watch_start(a, clock_boot_ns(NULL));
	TRY(attack_start(a, e));
	enum status status = follow(a, &ending, e);
	role_end(&a->role);
	a->packet = NULL;
	TRY(status);
	if (a->has_fault && !a->is_ready) {
		*e = a->fault; /* no lock, no memory: nothing was begun */
		return a->fault.status;
	}
	settle_end(a, &ending);
	return OK;
}

enum status attack_run(
	const struct attack_request *r, struct pool *p, struct attack_outcome *out, struct error *e)
{
	struct attack_outcome result = {
		.t0_boot_ns = -1, .t0_wall_ns = -1, .stop_latency_ns = -1
	};
	result.curve = pool_take(p, CURVE_POINTS, sizeof *result.curve);
	if (result.curve == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	struct attack a = { .request = r, .task = EMULATE_ATTACK, .out = &result };
	TRY(attack_conduct(&a, e));
	/* What was done since the last batch. */
	TRY(journal_commit(r->journal, e));
	*out = result;
	return OK;
}
