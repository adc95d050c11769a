/*
 * The witness from the conductor's side: sentinels, the role, its answers.
 */
#include "drill/witness/witness.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/random.h"
#include "drill/wire.h"
#include "drill/witness/sentinel.h"
#include "drill/witness/witness_sight.h"
#include "drill/witness/witness_wire.h"
#include "sys/file.h"

#define FIRST_LOOK_NS (120 * NS_PER_S)
#define LOOK_NS (120 * NS_PER_S)

struct witness {
	struct role_process process;
	struct packet *packet;
	char *home;
	char *id;
	char *arena;
	uid_t emulator_uid;
	struct sentinels *sentinels;
	/* What the first witness saw of them when it began; of none after a second one took over.
	 */
	struct witness_sight_wire sights[SENTINEL_SIGHTS_MAX];
	uint32_t n_sights;
};

/* --- start --- */

static bool identity_of(const char *path, uint64_t *out_device, uint64_t *out_inode)
{
	struct stat st;
	bool there = stat(path, &st) == 0;
	*out_device = there ? st.st_dev : 0;
	*out_inode = there ? st.st_ino : 0;
	return there;
}

struct identity {
	uint64_t device;
	uint64_t inode;
};

static enum status identify_left_out(const struct witness_request *r,
	struct identity out[WITNESS_LEFT_OUT_MAX], uint32_t *out_n, struct error *e)
{
	*out_n = 0;
	if (r->n_left_out > WITNESS_LEFT_OUT_MAX)
		return error_set(e, E_INVALID, "at most %d files can be left out of the sample",
			(int)WITNESS_LEFT_OUT_MAX);
	for (size_t i = 0; i < r->n_left_out; i++)
		if (identity_of(r->left_out[i], &out[*out_n].device, &out[*out_n].inode))
			(*out_n)++;
	return OK;
}

static enum status make_request(
	const struct witness *w, const struct witness_request *r, struct buf *out, struct error *e)
{
	const struct sentinels *s = w->sentinels;
	struct witness_request_wire m = {
		.emulator_uid = r->emulator_uid,
		.may_attribute = r->emulator_uid != geteuid(),
		.files_max = r->sample_files_max,
		.bytes_max = r->sample_bytes_max,
		.n_sample_folders = (uint32_t)r->n_sample_folders,
		.n_sights = w->n_sights,
	};
	if (r->n_sample_folders > WITNESS_FOLDERS_MAX)
		return error_set(e, E_INVALID, "at most %d folders can be sampled",
			(int)WITNESS_FOLDERS_MAX);
	random_bytes(&m.seed, sizeof m.seed);
	uid_t uid = 0;
	gid_t gid = 0;
	TRY(confine_pick_uid(m.seed, &uid, &gid, e));
	if (uid == r->emulator_uid && geteuid() == 0)
		TRY(confine_pick_uid(m.seed + 1, &uid, &gid, e));
	m.uid = uid;
	m.gid = gid;
	/* Where one is not there nothing has its identity: 0. */
	(void)identity_of(r->arena, &m.arena_device, &m.arena_inode);
	(void)identity_of(r->home, &m.home_device, &m.home_inode);
	struct identity left_out[WITNESS_LEFT_OUT_MAX];
	TRY(identify_left_out(r, left_out, &m.n_left_out, e));
	for (size_t i = 0; i < SENTINEL_PLACES; i++)
		m.n_sentinel_folders += s->folders[i][0] != '\0';
	witness_request_wire_write(out, &m);
	for (size_t i = 0; i < SENTINEL_PLACES; i++)
		if (s->folders[i][0] != '\0')
			pack_put_text(out, view_of(s->folders[i]));
	for (size_t i = 0; i < r->n_sample_folders; i++)
		pack_put_text(out, view_of(r->sample_folders[i]));
	for (uint32_t i = 0; i < m.n_left_out; i++) {
		pack_put_u64(out, left_out[i].device);
		pack_put_u64(out, left_out[i].inode);
	}
	for (uint32_t i = 0; i < w->n_sights; i++)
		witness_sight_wire_write(out, &w->sights[i]);
	return buf_check(out, "request to the witness", e);
}

static enum status spawn(struct witness *w, struct view request, struct error *e)
{
	AUTO_FD int request_fd = -1;
	TRY(file_memory("witness", request, &request_fd, e));
	const struct role_start start = {
		.role = "witness",
		.process_name = "tocsin-witness",
		.fds = { request_fd },
		.n_fds = 1,
	};
	return role_spawn(&start, &w->process, e);
}

/* The fault that the role tells is what the caller hears. */
static enum status hear_fault(const struct packet *p, struct error *e)
{
	struct unpack u;
	struct wire_fault m;
	unpack_init(&u, p->body);
	if (!wire_fault_read(&u, &m) || !pack_end(&u) || m.status == OK || m.status > E_INTERRUPTED)
		return error_set(e, E_FAILED, "a damaged message from the witness");
	(void)error_set(e, (enum status)m.status, "the witness: %.*s",
		(int)(m.sentence.len < 600 ? m.sentence.len : 600), m.sentence.at);
	if (e != NULL)
		e->errno_value = (int)m.errno_value;
	return (enum status)m.status;
}

static enum status receive(struct witness *w, int64_t deadline_ns, struct error *e)
{
	int64_t left_ns = deadline_ns - clock_boot_ns(NULL);
	bool got = false;
	enum status status = packet_receive(w->process.channel_fd,
		left_ns <= 0 ? 0 : (int)(left_ns / NS_PER_MS), w->packet, &got, e);
	if (status == E_ABSENT)
		return error_set(e, E_FAILED, "the witness has ended");
	TRY(status);
	if (!got)
		return error_set(e, E_FAILED, "the witness did not answer in time");
	return w->packet->type == WIRE_FAULT ? hear_fault(w->packet, e) : OK;
}

static enum status keep_sight(struct witness *w, uint32_t *n, struct error *e)
{
	struct unpack u;
	unpack_init(&u, w->packet->body);
	if (*n == SENTINEL_SIGHTS_MAX || !witness_sight_wire_read(&u, &w->sights[*n]) ||
		!pack_end(&u))
		return error_set(e, E_FAILED, "a damaged message from the witness");
	(*n)++;
	return OK;
}

static enum status start_role(struct witness *w, const struct witness_request *r, struct error *e)
{
	AUTO_BUF struct buf request;
	buf_init(&request, WITNESS_REQUEST_BYTES_MAX);
	TRY(make_request(w, r, &request, e));
	TRY(spawn(w, buf_view(&request), e));
	int64_t deadline_ns = clock_boot_ns(NULL) + FIRST_LOOK_NS;
	uint32_t n = 0;
	TRY(receive(w, deadline_ns, e));
	while (w->packet->type == WITNESS_SIGHT) {
		TRY(keep_sight(w, &n, e));
		TRY(receive(w, deadline_ns, e));
	}
	w->n_sights = n; /* none from a second witness: there is no third */
	struct unpack u;
	struct wire_ready ready;
	unpack_init(&u, w->packet->body);
	if (w->packet->type != WIRE_READY || !wire_ready_read(&u, &ready) || !pack_end(&u))
		return error_set(e, E_FAILED, "a damaged message from the witness");
	return OK;
}

enum status witness_start(const struct witness_request *r, struct witness **out, struct error *e)
{
	AUTO(witness_end) struct witness *w = FAULT("witness_start") ? NULL : calloc(1, sizeof *w);
	if (w == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	w->process = ROLE_PROCESS_NONE;
	w->packet = malloc(sizeof *w->packet);
	w->home = strdup(r->home);
	w->id = strdup(r->id);
	w->arena = strdup(r->arena);
	w->emulator_uid = r->emulator_uid;
	w->sentinels = calloc(1, sizeof *w->sentinels);
	if (w->packet == NULL || w->home == NULL || w->id == NULL || w->arena == NULL ||
		w->sentinels == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	if (sentinels_plant(r->arena, r->home, r->id, w->sentinels, e) != OK ||
		start_role(w, r, e) != OK)
		return error_wrap(e, "start the witness");
	*out = TAKE(w);
	return OK;
}

/* --- looks --- */

static enum status keep_finding(
	struct witness *w, struct pool *p, struct witness_outcome *out, struct error *e)
{
	struct unpack u;
	struct witness_finding_wire m;
	unpack_init(&u, w->packet->body);
	if (!witness_finding_wire_read(&u, &m) || !pack_end(&u) || m.what == SIGHT_SAME ||
		m.what >= SIGHT_CHANGES || out->n_findings == WITNESS_FINDINGS_MAX)
		return error_set(e, E_FAILED, "a damaged message from the witness");
	const char *path = pool_text(p, m.path);
	if (path == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	out->findings[out->n_findings++] = (struct witness_finding){
		.path = path,
		.what = sight_change_name(m.what),
		.is_sentinel = m.is_sentinel != 0,
		.attributed = m.attributed != 0,
	};
	return OK;
}

static enum status keep_summary(
	const struct packet *packet, struct witness_outcome *out, struct error *e)
{
	struct unpack u;
	struct witness_summary_wire m;
	unpack_init(&u, packet->body);
	if (packet->type != WITNESS_SUMMARY || !witness_summary_wire_read(&u, &m) || !pack_end(&u))
		return error_set(e, E_FAILED, "a damaged message from the witness");
	out->n_sentinels = m.n_sentinels;
	out->n_sentinels_changed = m.n_sentinels_changed;
	out->n_user_files = m.n_user_files;
	out->n_unattributed = m.n_unattributed;
	out->n_attributed = m.n_attributed;
	return OK;
}

enum status witness_mark(struct witness *w, struct error *e)
{
	struct witness_outcome ignored;
	if (packet_send(w->process.channel_fd, WITNESS_MARK, VIEW_NONE, e) != OK)
		return error_set(e, E_FAILED, "the witness has ended");
	TRY(receive(w, clock_boot_ns(NULL) + LOOK_NS, e));
	return keep_summary(w->packet, &ignored, e);
}

enum status witness_look(struct witness *w, bool user_files, struct pool *p,
	struct witness_outcome *out, struct error *e)
{
	struct witness_outcome seen = { .n_sentinels = 0 };
	seen.findings = pool_take(p, WITNESS_FINDINGS_MAX, sizeof *seen.findings);
	if (seen.findings == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	AUTO_BUF struct buf b;
	buf_init(&b, PACKET_BYTES_MAX);
	const struct witness_look_wire look = { .user_files = user_files };
	witness_look_wire_write(&b, &look);
	TRY(buf_check(&b, "message", e));
	if (packet_send(w->process.channel_fd, WITNESS_LOOK, buf_view(&b), e) != OK)
		return error_set(e, E_FAILED, "the witness has ended");
	int64_t deadline_ns = clock_boot_ns(NULL) + LOOK_NS;
	TRY(receive(w, deadline_ns, e));
	while (w->packet->type == WITNESS_FINDING) {
		TRY(keep_finding(w, p, &seen, e));
		TRY(receive(w, deadline_ns, e));
	}
	TRY(keep_summary(w->packet, &seen, e));
	*out = seen;
	return OK;
}

enum status witness_look_again(
	struct witness *w, struct pool *p, struct witness_outcome *out, struct error *e)
{
	const struct witness_request request = {
		.arena = w->arena, .home = w->home, .id = w->id, .emulator_uid = w->emulator_uid
	};
	if (w->n_sights == 0)
		return error_set(e, E_FAILED, "nothing is known of the sentinels' first sight");
	role_end(&w->process);
	w->process = ROLE_PROCESS_NONE;
	if (FAULT("witness_second"))
		return error_sys(e, E_FAILED, EAGAIN, "start a second witness");
	if (start_role(w, &request, e) != OK)
		return error_wrap(e, "start a second witness");
	return witness_look(w, false, p, out, e);
}

/* --- end --- */

void witness_end(struct witness *w)
{
	if (w == NULL)
		return;
	role_end(&w->process);
	/* Sentinels that are not as planted stay, and so does their list: witness_sweep tells of
	 * them. */
	bool swept = w->home != NULL && w->id != NULL &&
		     sentinels_sweep(w->home, w->id, NULL, NULL, NULL) == OK;
	(void)swept;
	free(w->packet);
	free(w->home);
	free(w->id);
	free(w->arena);
	free(w->sentinels);
	free(w);
}

enum status witness_sweep(
	const char *home, const char *id, struct pool *p, struct witness_left *out, struct error *e)
{
	*out = (struct witness_left){ .n = 0 };
	return sentinels_sweep(home, id, p, out, e);
}
