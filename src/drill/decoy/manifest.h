/*
 * The manifest: every folder and file that a planting made, and nothing else. Planter, emulator and
 * undo iterate it, never the file system. Paths are chains of single names, so that no manifest,
 * however hostile, can spell a way out; what is opened is checked against the recorded identity.
 *
 * On disk: binary, little-endian (base/pack.h), written whole and replaced atomically, with a
 * SHA-256 over everything before it at the end. Reader: ceilings on counts and bytes; every name,
 * parent (always an earlier folder), size and block count is checked.
 */
#ifndef DRILL_MANIFEST_H
#define DRILL_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/pool.h"
#include "base/view.h"

enum {
	BLOCK_BYTES = 4096,
	TAG_BYTES = 16, /* SHA-256 of the block (of its real length), cut */
	MANIFEST_FILES_MAX = 200000,
	MANIFEST_FOLDERS_MAX = 20000,
	MANIFEST_DEPTH_MAX = 16,
	MANIFEST_GENERATIONS_MAX = 400
};
#define MANIFEST_BYTES_MAX (512 * MIB)
#define FOLDER_ROOT UINT32_MAX /* the arena itself, as a parent */

/* What a decoy looks like; the extension follows from it (corpus.c). */
enum decoy_kind {
	DECOY_TXT,
	DECOY_CSV,
	DECOY_SQL,
	DECOY_LOG,
	DECOY_BMP,
	DECOY_WAV,
	DECOY_DOCX,
	DECOY_XLSX,
	DECOY_PDF,
	DECOY_PNG,
	DECOY_JPG,
	DECOY_ZIP,
	DECOY_CAD,
	DECOY_IMAGE, /* a virtual machine image, sparse */
	DECOY_DATABASE,
	DECOY_KINDS
};

enum manifest_flag {
	MANIFEST_SIZE_CLASS = 1, /* planted to reach a branch of the scenario */
	MANIFEST_SPARSE = 2,
	MANIFEST_LOW_ENTROPY = 4
};

struct manifest_folder {
	uint32_t parent; /* index of an earlier folder, or FOLDER_ROOT */
	const char *name;
	uint64_t inode;
};

/* Blocks first … first + n - 1 hold data; their tags follow one another. A block in no run is all
 * zero (a hole). */
struct manifest_run {
	uint64_t first;
	uint64_t n;
	const unsigned char *tags; /* n × TAG_BYTES */
};

struct manifest_file {
	uint32_t folder; /* index, or FOLDER_ROOT */
	const char *name;
	enum decoy_kind kind;
	uint32_t flags;	     /* enum manifest_flag */
	uint32_t generation; /* index */
	uint32_t mode;	     /* permission bits */
	uint64_t size_bytes;
	uint64_t inode;
	struct digest whole; /* SHA-256 over the blocks in the runs, in order: of the content,
				unless the file is sparse (holes are proven by being zero) */
	const struct manifest_run *runs;
	uint32_t n_runs;
};

struct manifest_generation {
	int64_t planted_ns; /* wall */
	uint32_t n_files;
};

struct manifest {
	char id[37];	 /* of the planting */
	uint64_t device; /* st_dev of the arena */
	uint64_t arena_inode;
	uint32_t uid; /* owner of everything planted */
	uint32_t gid;
	const char *arena; /* absolute path, for people and for the conductor */
	struct manifest_generation *generations;
	uint32_t n_generations;
	struct manifest_folder *folders;
	uint32_t n_folders;
	struct manifest_file *files;
	uint32_t n_files;
	struct digest hash; /* of the file as written or read */
};

enum status manifest_read(
	struct view bytes, struct pool *p, struct manifest *out, struct error *e) MUST_CHECK;
/* Appends the whole file, with its closing hash; sets m->hash. */
enum status manifest_write(struct manifest *m, struct buf *out, struct error *e) MUST_CHECK;
/* The tag that block `index` had when planted; NULL and *is_hole where it was a hole (all zero);
 * NULL without *is_hole past the end. */
const unsigned char *manifest_tag(const struct manifest_file *f, uint64_t index, bool *is_hole);
uint64_t manifest_n_blocks(const struct manifest_file *f);
/* Tag of a block's bytes (the last block of a file is shorter than BLOCK_BYTES). */
void block_tag(const void *bytes, size_t n_bytes, unsigned char out[TAG_BYTES]);
/* The same with a digester that is used again: faster where there are many. */
void block_tag_by(
	struct digester *d, const void *bytes, size_t n_bytes, unsigned char out[TAG_BYTES]);
/* True where all bytes are zero. */
bool block_is_zero(const void *bytes, size_t n_bytes);
/* The extension of a file's name in lower case, without the dot; empty where none. `out` has 16. */
struct view manifest_type(const struct manifest_file *f, char out[16]);
/* "a/b/c.docx" for messages, evidence and the restore command. */
enum status manifest_path(
	const struct manifest *m, uint32_t file, struct buf *out, struct error *e) MUST_CHECK;

#endif
