/*
 * The manifest's reader. The closing hash is set right first, so that the fuzzer gets behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "drill/decoy/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < DIGEST_BYTES)
		return 0;
	AUTO_FREE char *bytes = malloc(size);
	AUTO(pool_free) struct pool *p = pool_new(16 * MIB);
	if (bytes == NULL || p == NULL)
		return 0;
	memcpy(bytes, data, size);
	struct digest hash = digest_of(bytes, size - DIGEST_BYTES);
	memcpy(bytes + size - DIGEST_BYTES, hash.bytes, DIGEST_BYTES);
	struct manifest m;
	struct error e = ERROR_NONE;
	if (manifest_read((struct view){ bytes, size }, p, &m, &e) != OK)
		return 0;
	/* What reads must write to the same bytes, and be safe to look up. */
	AUTO_BUF struct buf again;
	buf_init(&again, MANIFEST_BYTES_MAX);
	if (manifest_write(&m, &again, &e) != OK || again.len != size ||
		memcmp(again.at, bytes, size) != 0)
		abort();
	for (uint32_t i = 0; i < m.n_files; i++) {
		bool is_hole = false;
		AUTO_BUF struct buf path;
		buf_init(&path, 64 * KIB);
		(void)manifest_tag(&m.files[i], manifest_n_blocks(&m.files[i]) / 2, &is_hole);
		if (manifest_path(&m, i, &path, &e) != OK)
			abort();
	}
	return 0;
}
