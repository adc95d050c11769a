/*
 * The role that carries a probe: the product's locks, put on as the product's roles do.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/role.h"
#include "tests/harmless/probe.h"

static const struct probe_row *row_of(size_t probe)
{
	return probe < n_file_probes ? &file_probes[probe] : &process_probes[probe - n_file_probes];
}

static enum status tell(enum probe_message what, const void *bytes, size_t n)
{
	return packet_send(ROLE_CHANNEL_FD, (uint16_t)what, (struct view){ bytes, n }, NULL);
}

static enum status put_on_locks(const struct probe_order *o, int *out_arena_fd)
{
	const int kept[] = { ROLE_CHANNEL_FD };
	const bool folder = o->reach == CONFINE_REACH_FOLDER;
	const struct confine_request r = {
		.calls = o->calls,
		.reach = o->reach,
		.folder_fd = folder ? FD_ARENA : -1,
		.uid = o->uid,
		.gid = o->gid,
		.max_file_bytes = 64 * MIB,
		.parent = role_parent(),
		.keep_fds = kept,
		.n_keep_fds = COUNT_OF(kept),
	};
	struct confine_locks locks;
	struct error e = ERROR_NONE;
	if (confine_enter(&r, &locks, out_arena_fd, &e) != OK) {
		TRY(tell(PROBE_REFUSED, &e, sizeof e));
		return E_DENIED;
	}
	return tell(PROBE_READY, &locks, sizeof locks);
}

int probe_role(size_t n_fds)
{
	/* Too large for the stack of a role with a small frame limit, and read once. */
	static struct probe_order order;
	if (n_fds < 2 || pread(FD_ORDER, &order, sizeof order, 0) != (ssize_t)sizeof order)
		return 1;
	struct probe_place place = { .arena_fd = FD_ARENA, .order = &order };
	if (order.mode == MODE_LOCKED && put_on_locks(&order, &place.arena_fd) != OK)
		return 1;
	int result = row_of(order.probe)->run(&place);
	return tell(PROBE_RESULT, &result, sizeof result) == OK ? 0 : 1;
}
