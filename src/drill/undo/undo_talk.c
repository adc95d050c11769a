/*
 * The conductor's side of undo and assessment: packs what the role needs into sealed memory, starts
 * it and listens. What the role says is checked like anything that comes from outside.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "drill/undo/undo_wire.h"
#include "sys/confine.h"

PACK_CODE(undo_call, UNDO_CALL_FIELDS)
PACK_CODE(undo_decoy_told, UNDO_DECOY_FIELDS)
PACK_CODE(undo_left_told, UNDO_LEFT_FIELDS)
PACK_CODE(undo_phase_told, UNDO_PHASE_FIELDS)

enum { LISTEN_MS = 100, FOOTER_BYTES_MAX = 4096 };
/* A role that was asked to stop finishes its file first; the largest takes seconds. */
#define STOP_GRACE_NS (20 * NS_PER_S)

enum status undo_check_uid(const struct manifest *m, struct error *e)
{
	uid_t own = geteuid();
	if (own == 0 ? confine_is_drill_uid(m->uid) && confine_is_drill_uid(m->gid) : m->uid == own)
		return OK;
	return error_set(e, E_DENIED,
		"the decoys belong to user %u: only who planted them can work on them",
		(unsigned)m->uid);
}

static uint64_t largest_file(const struct manifest *m)
{
	uint64_t most = 0;
	for (uint32_t i = 0; i < m->n_files; i++)
		if (m->files[i].size_bytes > most)
			most = m->files[i].size_bytes;
	return most + FOOTER_BYTES_MAX;
}

static void pack_request(const struct undo_talk_start *s, struct buf *out)
{
	AUTO_BUF struct buf files;
	buf_init(&files, (size_t)MANIFEST_FILES_MAX * sizeof(uint32_t));
	for (size_t i = 0; s->files != NULL && i < s->n_files; i++)
		pack_put_u32(&files, s->files[i]);
	struct undo_call m = {
		.task = (uint8_t)s->task,
		.partial = s->partial,
		.twin = s->twin,
		.removing = s->removing,
		.uid = s->manifest->uid,
		.gid = s->manifest->gid,
		.max_file_bytes = largest_file(s->manifest),
		.files = buf_view(&files),
	};
	if (s->escrow != NULL)
		m.escrow = (struct view){ (const char *)s->escrow, ESCROW_KEY_BYTES };
	if (s->nonce != NULL)
		m.nonce = (struct view){ (const char *)s->nonce, DIGEST_BYTES };
	undo_call_write(out, &m);
	out->failed = out->failed || files.failed;
}

static enum status seal(const char *name, const struct buf *b, int *out, struct error *e)
{
	TRY(buf_check(b, name, e));
	return file_memory(name, buf_view(b), out, e);
}

static enum status start_role(const struct undo_talk_start *s, struct undo_talk *t, struct error *e)
{
	AUTO_BUF struct buf manifest;
	AUTO_BUF struct buf request;
	AUTO_FD int manifest_fd = -1;
	AUTO_FD int journal_fd = -1;
	AUTO_FD int scenario_fd = -1;
	AUTO_FD int request_fd = -1;
	struct manifest copy = *s->manifest; /* writing sets its hash */
	struct view scenario = s->scenario == NULL ? VIEW_NONE : s->scenario->text;
	buf_init(&manifest, MANIFEST_BYTES_MAX + DIGEST_BYTES);
	buf_init(&request, 2 * MIB);
	TRY(manifest_write(&copy, &manifest, e));
	pack_request(s, &request);
	TRY(seal("tocsin-manifest", &manifest, &manifest_fd, e));
	TRY(file_memory("tocsin-journal", s->journal, &journal_fd, e));
	TRY(file_memory("tocsin-scenario", scenario, &scenario_fd, e));
	TRY(seal("tocsin-request", &request, &request_fd, e));
	if (request.at != NULL)
		explicit_bzero(request.at, request.len); /* it held the key */
	struct role_start start = {
		.role = "undo",
		.process_name = "tocsin-undo",
		.fds = { [UNDO_FD_ARENA] = s->arena_fd,
			[UNDO_FD_MANIFEST] = manifest_fd,
			[UNDO_FD_JOURNAL] = journal_fd,
			[UNDO_FD_SCENARIO] = scenario_fd,
			[UNDO_FD_REQUEST] = request_fd },
		.n_fds = UNDO_FDS,
	};
	return role_spawn(&start, &t->process, e);
}

enum status undo_talk_open(const struct undo_talk_start *s, struct undo_talk *out, struct error *e)
{
	AUTO_UNDO_TALK struct undo_talk t = { .process = ROLE_PROCESS_NONE,
		.watch = s->watch,
		.id = s->manifest->id,
		.stage = s->stage,
		.n_total = s->files == NULL ? s->manifest->n_files : s->n_files,
		.started_ns = clock_boot_ns(NULL),
		.stop_asked_ns = -1 };
	assert(s->files == NULL || s->n_files <= MANIFEST_FILES_MAX);
	TRY(undo_check_uid(s->manifest, e));
	t.packet = FAULT("undo_talk") ? NULL : malloc(sizeof *t.packet);
	if (t.packet == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(start_role(s, &t, e));
	*out = t;
	t = (struct undo_talk){ .process = ROLE_PROCESS_NONE };
	return OK;
}

void undo_talk_close(struct undo_talk *t)
{
	role_end(&t->process);
	free(t->packet);
	t->packet = NULL;
}

enum status undo_talk_garbled(struct error *e)
{
	return error_set(e, E_FAILED, "the undo process said something that cannot be read");
}

static void show(struct undo_talk *t, int64_t now_ns)
{
	const struct drill_watch *w = t->watch;
	if (w == NULL || w->progress == NULL || now_ns - t->shown_ns < LISTEN_MS * NS_PER_MS)
		return;
	int64_t elapsed_ns = now_ns - t->started_ns;
	struct drill_progress p = {
		.stage = t->stage,
		.id = t->id,
		.elapsed_ns = elapsed_ns,
		.n_done = t->beat.n_files,
		.n_total = t->n_total,
		.n_bytes = t->beat.n_bytes,
		.rate_per_s = elapsed_ns <= 0 ? 0.0
					      : (double)t->beat.n_files * (double)NS_PER_S /
							(double)elapsed_ns,
		.locks = t->is_ready ? &t->locks : NULL,
	};
	w->progress(&p, w->context);
	t->shown_ns = now_ns;
}

static enum status see_to_stop(struct undo_talk *t, int64_t now_ns, struct error *e)
{
	const struct drill_watch *w = t->watch;
	if (t->stop_asked_ns >= 0) {
		if (now_ns - t->stop_asked_ns < STOP_GRACE_NS)
			return OK;
		role_end(&t->process);
		return error_set(e, E_STOPPED, "stopped on request; undo can be called again");
	}
	if (w == NULL || w->stop_wanted == NULL || !w->stop_wanted(w->context))
		return OK;
	AUTO_BUF struct buf body;
	buf_init(&body, 64);
	struct wire_stop m = { now_ns };
	wire_stop_write(&body, &m);
	TRY(buf_check(&body, "message", e));
	t->stop_asked_ns = now_ns;
	return packet_send(t->process.channel_fd, WIRE_STOP, buf_view(&body), e);
}

/* The role is gone without a word: its process tells why. */
static enum status died(struct undo_talk *t, struct error *e)
{
	siginfo_t info = { 0 };
	int status;
	do
		status = waitid(P_PIDFD, (id_t)t->process.pid_fd, &info, WEXITED | WNOWAIT);
	while (status != 0 && errno == EINTR);
	if (status == 0 && info.si_code != CLD_EXITED)
		return error_set(e, E_FAILED,
			"the undo process was ended by signal %d; undo can be called again",
			info.si_status);
	return error_set(e, E_FAILED, "the undo process ended early; undo can be called again");
}

static enum status take_fault(struct unpack *u, struct error *e)
{
	struct wire_fault m;
	if (!wire_fault_read(u, &m) || !pack_end(u) || m.status == OK || m.status > E_INTERRUPTED)
		return undo_talk_garbled(e);
	enum status status = error_set(e, (enum status)m.status, "%.*s", VIEW_ARGS(m.sentence));
	if (e != NULL)
		e->errno_value = (int)m.errno_value;
	return status;
}

static enum status take_ready(struct undo_talk *t, struct unpack *u, struct error *e)
{
	struct wire_ready m;
	if (!wire_ready_read(u, &m) || !pack_end(u))
		return undo_talk_garbled(e);
	t->locks = (struct confine_locks){ .landlock_abi = (int)m.landlock_abi,
		.mount_namespace = m.mount_namespace != 0,
		.seccomp = m.seccomp != 0,
		.own_uid = m.own_uid != 0,
		.no_new_privileges = m.no_new_privileges != 0 };
	t->is_ready = true;
	return OK;
}

/* What is not for the caller. *out_handled: it was that. */
static enum status take_aside(struct undo_talk *t, bool *out_handled, struct error *e)
{
	struct unpack u;
	unpack_init(&u, t->packet->body);
	*out_handled = true;
	switch (t->packet->type) {
	case WIRE_READY:
		return take_ready(t, &u, e);
	case WIRE_BEAT:
		return wire_beat_read(&u, &t->beat) && pack_end(&u) ? OK : undo_talk_garbled(e);
	case WIRE_FAULT:
		return take_fault(&u, e);
	case WIRE_RESULT:
	case WIRE_FINISHED:
		*out_handled = false;
		return t->is_ready ? OK : undo_talk_garbled(e);
	default:
		return undo_talk_garbled(e);
	}
}

enum status undo_talk_next(struct undo_talk *t, struct error *e)
{
	for (;;) {
		bool got = false;
		enum status status =
			packet_receive(t->process.channel_fd, LISTEN_MS, t->packet, &got, e);
		if (status == E_ABSENT)
			return died(t, e);
		TRY(status);
		int64_t now_ns = clock_boot_ns(NULL);
		if (got) {
			bool handled = false;
			TRY(take_aside(t, &handled, e));
			if (!handled)
				return OK;
		}
		show(t, now_ns);
		TRY(see_to_stop(t, now_ns, e));
	}
}

enum status undo_talk_go_on(struct undo_talk *t, struct error *e)
{
	AUTO_BUF struct buf body;
	buf_init(&body, 64);
	struct wire_committed m = { 0 };
	wire_committed_write(&body, &m);
	TRY(buf_check(&body, "message", e));
	return packet_send(t->process.channel_fd, WIRE_COMMITTED, buf_view(&body), e);
}
