/*
 * What the emulator is handed: three sealed memory files and the arena's descriptor, nothing that
 * could be changed behind its back and nothing that it could open by name.
 */
#include <string.h>

#include "drill/attack/emulate.h"
#include "sys/file.h"

enum { START_LEASE_MS = 5000 }; /* re-executing, locks and parsing come before the first renewal */

static struct digest digest_from(const unsigned char bytes[DIGEST_BYTES])
{
	struct digest d;
	memcpy(d.bytes, bytes, DIGEST_BYTES);
	return d;
}

static uint64_t rate_in_micro(double rate)
{
	return rate <= 0 || rate > 1e9 ? 0 : (uint64_t)(rate * 1e6 + 0.5);
}

static void pack_request(const struct attack *a, const struct digest *manifest,
	const struct buf *files, struct buf *out)
{
	const struct attack_request *r = a->request;
	struct emulate_head head = { EMULATE_MAGIC, r->manifest->uid, r->manifest->gid,
		r->budget->largest_file_bytes };
	struct emulate_request m = {
		.task = (uint8_t)a->task,
		.id = view_of(r->id),
		.call = view_of(r->call),
		.escrow = digest_from(r->escrow),
		.scenario = r->scenario->hash,
		.manifest = *manifest,
		.rate_micro = rate_in_micro(r->rate_files_per_s),
		.order_seed = r->order_seed,
		.max_files = r->scenario->max_files,
		.max_bytes = r->budget->bytes_changed,
		.lease_boot_ns = clock_boot_ns(NULL) + START_LEASE_MS * NS_PER_MS,
		.files = buf_view(files),
	};
	emulate_head_write(out, &head);
	emulate_request_write(out, &m);
}

static enum status make_request(
	const struct attack *a, const struct digest *manifest, int *out_fd, struct error *e)
{
	AUTO_BUF struct buf files;
	AUTO_BUF struct buf bytes;
	buf_init(&files, 4UL * MANIFEST_FILES_MAX);
	buf_init(&bytes, 4 * MIB);
	for (size_t i = 0; i < a->n_files; i++)
		pack_put_u32(&files, a->files[i]);
	TRY(buf_check(&files, "request", e));
	pack_request(a, manifest, &files, &bytes);
	TRY(buf_check(&bytes, "request", e));
	return file_memory("drill-request", buf_view(&bytes), out_fd, e);
}

/* *out_hash is of what was written: the device may not be the one in the planting's record. */
static enum status make_manifest(
	const struct attack *a, int *out_fd, struct digest *out_hash, struct error *e)
{
	AUTO_BUF struct buf bytes;
	struct manifest copy = *a->request->manifest; /* writing sets the hash of what it wrote */
	buf_init(&bytes, MANIFEST_BYTES_MAX);
	TRY(manifest_write(&copy, &bytes, e));
	*out_hash = copy.hash;
	return file_memory("drill-manifest", buf_view(&bytes), out_fd, e);
}

enum status attack_start(struct attack *a, struct error *e)
{
	AUTO_FD int scenario_fd = -1;
	AUTO_FD int manifest_fd = -1;
	AUTO_FD int request_fd = -1;
	TRY(file_memory("drill-scenario", a->request->scenario->text, &scenario_fd, e));
	struct digest hash;
	TRY(make_manifest(a, &manifest_fd, &hash, e));
	TRY(make_request(a, &hash, &request_fd, e));
	struct role_start start = {
		.role = "emulator",
		.process_name = EMULATOR_PROCESS_NAME,
		.fds = { a->request->arena_fd, scenario_fd, manifest_fd, request_fd },
		.n_fds = EMULATE_FDS,
	};
	return role_spawn(&start, &a->role, e);
}
