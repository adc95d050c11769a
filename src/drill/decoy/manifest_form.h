/*
 * What writer and reader of the manifest share. Private to manifest*.c.
 */
#ifndef DRILL_MANIFEST_FORM_H
#define DRILL_MANIFEST_FORM_H

#include "base/auto.h"
#include "drill/decoy/manifest.h"

#define MANIFEST_MAGIC "TOCSIN-MANIFEST-1\n"
/* No decoy is larger: the largest branch of the behaviour catalogue begins at 12 GiB. */
#define MANIFEST_FILE_BYTES_MAX (64 * GIB)
enum { MANIFEST_RUNS_MAX = 65536, MANIFEST_ARENA_MAX = 4095 };

/* Everything that the reader promises about a manifest. The writer asks it too, so that nothing is
 * ever kept that could not be read back. */
enum status manifest_check(const struct manifest *m, struct error *e) MUST_CHECK;

#endif
