/*
 * The emulator in its locks, on small arenas that the test planted itself: what is changed, in
 * which order, and that nothing else is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drill/attack/emulate.h"
#include "sys/file.h"
#include "sys/role.h"
#include "tests/lib/arena_fixture.h"
#include "tests/lib/test.h"

int (*test_role_main)(int argc, char **argv) = arena_fixture_role;

static void run(struct arena_fixture *a, struct attack_outcome *out)
{
	struct error e = ERROR_NONE;
	struct attack_request r = arena_fixture_request(a);
	REQUIRE_OK(attack_run(&r, a->pool, out, &e), e);
}

TEST(every_decoy_is_changed_renamed_and_gets_its_footer_and_every_folder_a_note)
{
	struct attack_outcome out;
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct arena_fixture *a = arena_fixture_make(
		fixture_header_only, test_path("arena"), arena_fixture_many(p, 60, 10000), 60);
	run(a, &out);
	CHECK_TEXT(out.sentence, "");
	CHECK_INT(out.end, ATTACK_COMPLETED);
	CHECK_INT(out.n_changed, 60);
	CHECK_INT(out.bytes_changed, 60 * 4096);
	CHECK_INT(out.n_notes, a->manifest.n_folders + 1);
	CHECK(out.t0_boot_ns > 0 && out.end_boot_ns >= out.t0_boot_ns);
	CHECK(out.n_curve > 0 && out.curve[out.n_curve - 1].n_files == 60);
	for (uint32_t i = 0; i < 60; i++) {
		struct stat st;
		CHECK(lstat(fixture_path(a, i, NULL), &st) != 0 && errno == ENOENT);
		CHECK(lstat(fixture_path(a, i, fixture_new_name(a, i)), &st) == 0);
		CHECK_INT(st.st_size, 10000 + 92);
		CHECK_INT(st.st_ino, a->manifest.files[i].inode);
	}
	arena_fixture_done(a);
}

TEST(a_note_says_drill_in_line_one_and_whom_to_call)
{
	struct attack_outcome out;
	struct error e = ERROR_NONE;
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	AUTO_BUF struct buf text;
	buf_init(&text, 8192);
	struct arena_fixture *a = arena_fixture_make(
		fixture_header_only, test_path("arena"), arena_fixture_many(p, 3, 5000), 3);
	run(a, &out);
	REQUIRE_OK(file_read_all(a->fd, "README.txt", 8192, &text, &e), e);
	CHECK(view_starts_with(buf_view(&text), VIEW("DRILL - this is a rehearsal")));
	CHECK(strstr(buf_text(&text), a->manifest.id) != NULL);
	CHECK(strstr(buf_text(&text), DRILL_MARKER) != NULL);
	CHECK(strstr(buf_text(&text), "duty desk, extension 4711") != NULL);
	CHECK(strstr(buf_text(&text), "Call the desk.\n") != NULL);
	CHECK(strstr(buf_text(&text), "请致电。") != NULL);
	arena_fixture_done(a);
}

/* The intents on disk before anything is done: each changed decoy has one. */
static enum status mark_intent(const struct journal_record *r, void *context, struct error *e)
{
	bool *intended = context;
	struct journal_intent m;
	struct unpack u;
	unpack_init(&u, r->body);
	if (r->kind != JOURNAL_INTENT)
		return OK;
	if (!journal_intent_read(&u, &m) || !pack_end(&u) || m.file >= 1000)
		return error_set(e, E_INVALID, "an intent that cannot be read");
	intended[m.file] = true;
	return OK;
}

TEST(every_write_mode_is_journaled_and_can_be_counted)
{
	static const char *const modes[] = { "in-place", "in-place-mmap", "new-then-unlink",
		"new-then-overwrite-original-then-unlink" };
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	for (size_t i = 0; i < COUNT_OF(modes); i++) {
		struct attack_outcome out;
		struct error e = ERROR_NONE;
		bool intended[1000] = { false };
		bool torn = false;
		AUTO_BUF struct buf bytes;
		buf_init(&bytes, 16 * MIB);
		struct arena_fixture *a = arena_fixture_make(fixture_whole_files(p, modes[i]),
			test_path(modes[i]), arena_fixture_many(p, 150, 70001), 150);
		run(a, &out);
		CHECK_TEXT(out.sentence, "");
		CHECK_INT(out.n_changed, 150);
		CHECK_INT(out.bytes_changed, 150 * 70001);
		CHECK_INT(fixture_count_changed(a), 150);
		REQUIRE_OK(file_read_all(a->keep_fd, "journal", 16 * MIB, &bytes, &e), e);
		REQUIRE_OK(journal_read(buf_view(&bytes), mark_intent, intended, &torn, &e), e);
		for (size_t k = 0; k < 150; k++)
			CHECK(intended[k]);
		arena_fixture_done(a);
	}
}

TEST(a_name_that_is_taken_is_left_to_whoever_took_it)
{
	struct attack_outcome out;
	struct stat st;
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct arena_fixture *a = arena_fixture_make(
		fixture_header_only, test_path("arena"), arena_fixture_many(p, 5, 9000), 5);
	const char *taken = fixture_path(a, 2, fixture_new_name(a, 2));
	test_write_file(taken, "mine", 4);
	run(a, &out);
	CHECK_INT(out.n_changed, 4);
	CHECK_INT(out.n_foreign, 1);
	CHECK(stat(taken, &st) == 0 && st.st_size == 4);
	CHECK(fixture_is_planted(a, 2, fixture_path(a, 2, NULL)));
	arena_fixture_done(a);
}

static struct digest hash_of(const char *path)
{
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf text;
	buf_init(&text, MIB);
	REQUIRE_OK(file_read_all(AT_FDCWD, path, MIB, &text, &e), e);
	return digest_of(text.at, text.len);
}

/* Somebody works with it: what he wrote is not ours to change. */
TEST(a_decoy_that_has_another_size_by_now_is_left_alone)
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct arena_fixture *a = arena_fixture_make(
		fixture_header_only, test_path("arena"), arena_fixture_many(p, 10, 6000), 10);
	struct attack_request r = arena_fixture_request(a);
	const char *grown = fixture_path(a, 3, NULL);
	const char *cut = fixture_path(a, 7, NULL);
	AUTO_FD int fd = open(grown, O_WRONLY | O_APPEND | O_CLOEXEC);
	REQUIRE(fd >= 0 && write(fd, "mine", 4) == 4 && truncate(cut, 5999) == 0);
	struct digest before[2] = { hash_of(grown), hash_of(cut) };
	REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	CHECK_INT(out.n_foreign, 2);
	CHECK_INT(out.n_changed, 8);
	struct digest after[2] = { hash_of(grown), hash_of(cut) };
	CHECK(digest_equal(&before[0], &after[0]) && digest_equal(&before[1], &after[1]));
	arena_fixture_done(a);
}

/* --- how many threads --- */

struct thread_look {
	long most; /* threads seen at once, the main one and the control thread among them */
};

static long threads_of(pid_t pid)
{
	char path[64];
	AUTO_BUF struct buf text;
	buf_init(&text, 0);
	(void)snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
	if (file_read_all(AT_FDCWD, path, 64 * KIB, &text, NULL) != OK)
		return 0;
	const char *line = strstr(buf_text(&text), "\nThreads:");
	unsigned long long n = 0;
	if (line == NULL ||
		!view_to_u64(view_trim((struct view){ line + 9, strcspn(line + 9, "\n") }), &n))
		return 0;
	return (long)n;
}

static bool look_at_threads(int64_t t0_boot_ns, void *context)
{
	struct thread_look *look = context;
	const long n = threads_of(fixture_emulator_pid(getpid()));
	(void)t0_boot_ns;
	look->most = n > look->most ? n : look->most;
	return false;
}

/* What the published analyses say of each: a number, or so many for each processor (negative). */
TEST_WITHIN(as_many_threads_work_as_published, 120)
{
	static const struct {
		const char *scenario;
		int threads;
	} rows[] = { { "header-one-chunk", -1 }, { "size-class", -1 }, { "three-regions", -2 },
		{ "mode-switch", -2 }, { "block-mode", -2 }, { "rename-first", -2 },
		{ "capped-head", 2 }, { "copy-then-destroy", 2 } };
	long n_processors = sysconf(_SC_NPROCESSORS_ONLN);
	/* The thread sanitizer has one of its own in each process; here is no other than the main.
	 */
	const long n_foreign = threads_of(getpid()) - 1;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct error e = ERROR_NONE;
		struct attack_outcome out;
		struct thread_look look = { 0 };
		AUTO(pool_free) struct pool *p = pool_new(MIB);
		struct arena_fixture *a = arena_fixture_make(rows[i].scenario,
			test_path(rows[i].scenario), arena_fixture_many(p, 30, 20000), 30);
		struct attack_request r = arena_fixture_request(a);
		r.rate_files_per_s = 60;
		r.tick = look_at_threads;
		r.tick_context = &look;
		REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
		long wanted =
			rows[i].threads > 0 ? rows[i].threads : -rows[i].threads * n_processors;
		wanted = wanted > a->scenario.threads_max ? a->scenario.threads_max : wanted;
		if (look.most != wanted + 2 + n_foreign)
			test_fail(__FILE__, __LINE__, "%s: %ld threads, wanted %ld",
				rows[i].scenario, look.most - 2, wanted);
		arena_fixture_done(a);
	}
}

TEST(a_long_name_is_cut_between_characters_and_stays_apart_from_others)
{
	struct error e = ERROR_NONE;
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct scenario *s = pool_take(p, 1, sizeof *s);
	unsigned char key[ESCROW_KEY_BYTES] = { 0 };
	char name[256];
	char other[256];
	char old[256] = "";
	for (size_t i = 0; i + 3 < sizeof old; i += 3)
		memcpy(old + i, "图", 4);
	s->suffix = ".locked";
	REQUIRE_OK(attack_new_name(s, key, 1, old, name, &e), e);
	REQUIRE_OK(attack_new_name(s, key, 2, old, other, &e), e);
	CHECK(strlen(name) <= 255 && strcmp(name, other) != 0);
	CHECK(view_ends_with(view_of(name), VIEW("~1.locked")));
	CHECK_INT((strlen(name) - strlen("~1.locked")) % 3, 0);
	s->suffix = "";
	CHECK_INT(attack_new_name(s, key, 1, "a", name, &e), E_INVALID);
	s->suffix_kind = SUFFIX_RANDOM_PER_FILE;
	s->suffix_random = 8;
	REQUIRE_OK(attack_new_name(s, key, 1, "a", name, &e), e);
	REQUIRE_OK(attack_new_name(s, key, 2, "a", other, &e), e);
	CHECK(strlen(name) == 10 && strcmp(name, other) != 0);
	s->suffix_kind = SUFFIX_RANDOM_PER_RUN;
	REQUIRE_OK(attack_new_name(s, key, 1, "a", name, &e), e);
	REQUIRE_OK(attack_new_name(s, key, 2, "a", other, &e), e);
	CHECK_TEXT(name, other);
}
