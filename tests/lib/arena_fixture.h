/*
 * A small arena planted by the test itself, without the product's planter: files of given names and
 * sizes whose content can be asked for again at any offset, the manifest for them, and a request
 * that runs a scenario on it. Owned by a uid of its own where the test runs as root.
 */
#ifndef TESTS_LIB_ARENA_FIXTURE_H
#define TESTS_LIB_ARENA_FIXTURE_H

#include "drill/attack/attack.h"

struct fixture_file {
	const char *folder; /* "a/b", or "" for the arena itself */
	const char *name;
	uint64_t size_bytes; /* above 8 MiB: sparse, with text at both ends */
};

struct arena_fixture {
	struct pool *pool;
	const char *path;
	int fd;
	int keep_fd; /* where the journal lies */
	struct manifest manifest;
	struct scenario scenario;
	struct drill_budget budget;
	struct drill_context context;
	unsigned char escrow[ESCROW_KEY_BYTES];
	struct journal *journal;
	struct pool *names; /* of the files' names: freed with the rest; NULL */
};

/* `scenario`: an id, or the text itself where it holds a newline. Ends the test on failure. */
struct arena_fixture *arena_fixture_make(
	const char *scenario, const char *path, const struct fixture_file *files, size_t n_files);
void arena_fixture_done(struct arena_fixture *a);
/* Unlimited rate, no stop file. */
struct attack_request arena_fixture_request(struct arena_fixture *a);
/* n files of `size_bytes`, spread over folders three deep. */
struct fixture_file *arena_fixture_many(struct pool *p, size_t n, uint64_t size_bytes);

/* The one role of these tests, for test_role_main. */
int arena_fixture_role(int argc, char **argv);
/* A header-only scenario: 4 KiB, renamed before, a footer of 92 bytes, a note in each folder. */
extern const char fixture_header_only[];
/* The same in the given write mode ("new-then-unlink" …), whole files. */
const char *fixture_whole_files(struct pool *p, const char *write);
/* The emulator that this process started; -1 where there is none. */
pid_t fixture_emulator_pid(pid_t parent);
/* Every decoy is either as planted or changed to its end. Returns how many are changed; ends the
 * test where one is neither. Not for those in `gone`. */
size_t fixture_count_changed(const struct arena_fixture *a);

/* What was planted at [offset, offset + n) of a file; zeros in holes. */
void fixture_content(
	const struct manifest_file *f, uint32_t file, uint64_t offset, void *out, size_t n_bytes);
/* The path of a decoy under `name` (NULL: its own), in memory of the pool. */
const char *fixture_path(const struct arena_fixture *a, uint32_t file, const char *name);
/* The name that the scenario gives it, or its own. */
const char *fixture_new_name(const struct arena_fixture *a, uint32_t file);
/* True where the file at `path` is exactly as planted. */
bool fixture_is_planted(const struct arena_fixture *a, uint32_t file, const char *path);

#endif
