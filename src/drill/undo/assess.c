/*
 * Assessment, from the conductor's side: what state is each decoy in, and what does it answer to a
 * nonce. The role that looks has no call that could write.
 */
#include "drill/undo/undo_wire.h"

enum { EVERY_STATE = DECOY_MISSING };

static enum status make_room(
	size_t n, bool answers, struct pool *p, struct assess_outcome *out, struct error *e)
{
	out->states = pool_take(p, n, sizeof *out->states);
	out->answers = answers ? pool_take(p, n, sizeof *out->answers) : NULL;
	if (out->states == NULL || (answers && out->answers == NULL))
		return error_set(e, E_NO_SPACE, "memory is short");
	return OK;
}

static void count(struct assess_outcome *out, enum decoy_state state)
{
	switch (state) {
	case DECOY_INTACT:
		out->n_intact++;
		break;
	case DECOY_CHANGED:
		out->n_changed++;
		break;
	case DECOY_LOST:
		out->n_lost++;
		break;
	case DECOY_MISSING:
		out->n_missing++;
		break;
	}
}

/* They come in the order of the list, so the next place is known. */
static enum status take_decoys(
	struct view body, size_t n, uint32_t *next, struct assess_outcome *out, struct error *e)
{
	struct unpack u;
	unpack_init(&u, body);
	if (pack_get_u8(&u) != UNDO_SAYS_DECOYS)
		return undo_talk_garbled(e);
	while (!u.failed && u.left > 0) {
		struct undo_decoy_told m;
		if (!undo_decoy_told_read(&u, &m) || m.place != *next || m.place >= n ||
			m.state > EVERY_STATE)
			return undo_talk_garbled(e);
		out->states[m.place] = (enum decoy_state)m.state;
		if (out->answers != NULL)
			out->answers[m.place] = m.answer;
		count(out, (enum decoy_state)m.state);
		(*next)++;
	}
	return pack_end(&u) ? OK : undo_talk_garbled(e);
}

enum status undo_assess(
	const struct assess_request *r, struct pool *p, struct assess_outcome *out, struct error *e)
{
	struct assess_outcome found = { .n_intact = 0 };
	size_t n = r->files == NULL ? r->manifest->n_files : r->n_files;
	TRY(make_room(n, r->nonce != NULL, p, &found, e));
	struct undo_talk_start start = {
		.task = UNDO_TASK_ASSESS,
		.manifest = r->manifest,
		.journal = r->journal,
		.scenario = r->scenario,
		.escrow = r->escrow,
		.nonce = r->nonce,
		.files = r->files,
		.n_files = n,
		.arena_fd = r->arena_fd,
		.watch = r->watch,
		.stage = r->nonce != NULL ? DRILL_STAGE_CHALLENGE : DRILL_STAGE_ASSESS,
	};
	uint32_t next = 0;
	/* An empty list would mean "all" to the role. */
	if (n == 0) {
		*out = found;
		return OK;
	}
	AUTO_UNDO_TALK struct undo_talk talk = { .process = ROLE_PROCESS_NONE };
	TRY(undo_talk_open(&start, &talk, e));
	do {
		TRY(undo_talk_next(&talk, e));
		if (talk.packet->type == WIRE_RESULT)
			TRY(take_decoys(talk.packet->body, n, &next, &found, e));
	} while (talk.packet->type != WIRE_FINISHED);
	if (next != n)
		return error_set(e, E_STOPPED, "stopped on request");
	found.locks = talk.locks;
	*out = found;
	return OK;
}
