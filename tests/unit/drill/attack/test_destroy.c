/*
 * The "assume it got through" step: the named decoys are gone for good, whatever the attack made of
 * them, and no others.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drill/attack/emulate.h"
#include "sys/file.h"
#include "tests/lib/arena_fixture.h"
#include "tests/lib/test.h"

int (*test_role_main)(int argc, char **argv) = arena_fixture_role;

enum { N_FILES = 20, SIZE = 50001 };

static bool is_there(const struct arena_fixture *a, uint32_t file)
{
	struct stat st;
	return lstat(fixture_path(a, file, NULL), &st) == 0 ||
	       lstat(fixture_path(a, file, fixture_new_name(a, file)), &st) == 0;
}

/* Share of bytes that still are what they were, seen through a descriptor opened before. */
static double share_left(int fd, const char *before, size_t n)
{
	static char now[SIZE];
	size_t same = 0;
	ssize_t got = pread(fd, now, n, 0);
	for (ssize_t i = 0; i < got; i++)
		same += now[i] == before[i];
	return (double)same / (double)n;
}

static void check_destroyed(const char *scenario, bool attack_first)
{
	static const uint32_t sample[] = { 3, 7, 12 };
	static char before[SIZE];
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct arena_fixture *a = arena_fixture_make(
		scenario, test_path("arena"), arena_fixture_many(p, N_FILES, SIZE), N_FILES);
	struct attack_request r = arena_fixture_request(a);
	if (attack_first)
		REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	AUTO_FD int fd = open(fixture_path(a, 7, attack_first ? fixture_new_name(a, 7) : NULL),
		O_RDONLY | O_CLOEXEC);
	REQUIRE(fd >= 0 && pread(fd, before, SIZE, 0) == SIZE);
	REQUIRE_OK(attack_destroy(&r, sample, COUNT_OF(sample), NULL, &e), e);
	CHECK(share_left(fd, before, SIZE) < 0.01);
	for (uint32_t i = 0; i < N_FILES; i++)
		CHECK_INT(is_there(a, i), i != 3 && i != 7 && i != 12);
	/* Once more: there is nothing left to destroy, which is no failure. */
	REQUIRE_OK(attack_destroy(&r, sample, COUNT_OF(sample), NULL, &e), e);
	arena_fixture_done(a);
}

enum { STREAM_BYTES = 4096 };

/* What stood over the decoy's bytes, seen through a descriptor that was opened before. */
static void stream_over(int fd, const unsigned char *before, unsigned char *out)
{
	REQUIRE(pread(fd, out, STREAM_BYTES, 0) == STREAM_BYTES);
	for (size_t i = 0; i < STREAM_BYTES; i++)
		out[i] ^= before[i];
}

/* Neither a key that could be guessed nor the one that undo has. */
TEST(every_destroyed_decoy_has_a_key_of_its_own_that_is_not_the_escrowed_one)
{
	static const uint32_t sample[] = { 3, 7 };
	static unsigned char before[2][STREAM_BYTES];
	static unsigned char stream[2][STREAM_BYTES];
	static unsigned char escrowed[STREAM_BYTES];
	struct error e = ERROR_NONE;
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct arena_fixture *a = arena_fixture_make(fixture_header_only, test_path("arena"),
		arena_fixture_many(p, N_FILES, SIZE), N_FILES);
	struct attack_request r = arena_fixture_request(a);
	int fds[2];
	for (size_t i = 0; i < 2; i++) {
		fds[i] = open(fixture_path(a, sample[i], NULL), O_RDONLY | O_CLOEXEC);
		REQUIRE(fds[i] >= 0 && pread(fds[i], before[i], STREAM_BYTES, 0) == STREAM_BYTES);
	}
	REQUIRE_OK(attack_destroy(&r, sample, COUNT_OF(sample), NULL, &e), e);
	AUTO(keystream_free) struct keystream *k = NULL;
	REQUIRE_OK(keystream_new(&k, &e), e);
	for (size_t i = 0; i < 2; i++) {
		stream_over(fds[i], before[i], stream[i]);
		(void)close(fds[i]);
		for (uint32_t file = 0; file < N_FILES; file++) {
			memset(escrowed, 0, sizeof escrowed);
			keystream_file(k, r.escrow, file);
			keystream_apply(k, 0, escrowed, sizeof escrowed);
			CHECK(memcmp(stream[i], escrowed, 64) != 0);
		}
	}
	CHECK(memcmp(stream[0], stream[1], 64) != 0);
	arena_fixture_done(a);
}

TEST(untouched_decoys_are_destroyed)
{
	check_destroyed(fixture_header_only, false);
}

TEST(renamed_decoys_are_destroyed_under_their_new_name)
{
	check_destroyed(fixture_header_only, true);
}

TEST(the_new_files_of_an_attack_are_destroyed)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	check_destroyed(fixture_whole_files(p, "new-then-unlink"), true);
}

static enum status count_destroy(const struct journal_record *r, void *context, struct error *e)
{
	(void)e;
	*(size_t *)context += r->kind == JOURNAL_DESTROY;
	return OK;
}

TEST(the_journal_names_the_sample_before_anything_is_done)
{
	static const uint32_t sample[] = { 1, 2 };
	struct error e = ERROR_NONE;
	size_t n = 0;
	bool torn = false;
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	AUTO_BUF struct buf bytes;
	buf_init(&bytes, MIB);
	struct arena_fixture *a = arena_fixture_make(fixture_header_only, test_path("arena"),
		arena_fixture_many(p, N_FILES, SIZE), N_FILES);
	struct attack_request r = arena_fixture_request(a);
	r.arena_fd = a->keep_fd; /* not the arena: the role refuses, so nothing can be done */
	CHECK(attack_destroy(&r, sample, COUNT_OF(sample), NULL, &e) != OK);
	REQUIRE_OK(file_read_all(a->keep_fd, "journal", MIB, &bytes, &e), e);
	REQUIRE_OK(journal_read(buf_view(&bytes), count_destroy, &n, &torn, &e), e);
	CHECK_INT(n, 2);
	CHECK_INT(fixture_count_changed(a), 0);
	arena_fixture_done(a);
}

TEST(a_decoy_that_is_another_object_now_is_left_alone_and_told)
{
	static const uint32_t sample[] = { 4, 5 };
	struct error e = ERROR_NONE;
	struct stat st;
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct arena_fixture *a = arena_fixture_make(fixture_header_only, test_path("arena"),
		arena_fixture_many(p, N_FILES, SIZE), N_FILES);
	struct attack_request r = arena_fixture_request(a);
	const char *path = fixture_path(a, 4, NULL);
	REQUIRE(rename(path, test_path("kept")) == 0);
	test_write_file(path, "somebody's own", 14);
	CHECK_INT(attack_destroy(&r, sample, COUNT_OF(sample), NULL, &e), E_PARTLY);
	CHECK(stat(path, &st) == 0 && st.st_size == 14);
	CHECK(!is_there(a, 5));
	arena_fixture_done(a);
}

TEST(an_empty_sample_is_nothing_to_do_and_a_wrong_number_is_refused)
{
	static const uint32_t wrong[] = { N_FILES };
	struct error e = ERROR_NONE;
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct arena_fixture *a = arena_fixture_make(fixture_header_only, test_path("arena"),
		arena_fixture_many(p, N_FILES, SIZE), N_FILES);
	struct attack_request r = arena_fixture_request(a);
	REQUIRE_OK(attack_destroy(&r, NULL, 0, NULL, &e), e);
	CHECK_INT(attack_destroy(&r, wrong, 1, NULL, &e), E_INVALID);
	arena_fixture_done(a);
}
