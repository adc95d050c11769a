/*
 * The emulator in its locks, on small arenas that the test planted itself: what is changed, in
 * which order, and that nothing else is.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drill/emulate.h"
#include "sys/file.h"
#include "sys/role.h"
#include "tests/lib/arena_fixture.h"
#include "tests/lib/test.h"

static const struct role roles[] = { { "emulator", emulator_role } };
static int enter(int argc, char **argv)
{
	int code = 2;
	(void)role_dispatch(argc, argv, roles, COUNT_OF(roles), &code);
	return code;
}
int (*test_role_main)(int argc, char **argv) = enter;

/* Header only, renamed before, with footer and notes: every step once. */
static const char small_scenario[] =
	"id: test-header\nversion: 1\nkind: pattern\n"
	"name: { en: Test, zh: 测试 }\nsummary: { en: Test., zh: 测试。 }\n"
	"source: test\nattack: [T1486]\norder: depth-first\nwrite: in-place\nio: 4 KiB\n"
	"region:\n  - label: head\n    head: 4 KiB\n"
	"rename: before\nsuffix: .locked\nfooter: 92\n"
	"note:\n  where: every-folder\n  name: README.txt\n  text:\n    en: Call the desk.\n    "
	"zh: 请致电。\n"
	"threads: 2\nrate: unlimited\ndecoys: 10\nsize_classes: []\n"
	"max_files: 30000\nmax_bytes: 8 GiB\nmax_seconds: 900\n";

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
		small_scenario, test_path("arena"), arena_fixture_many(p, 60, 10000), 60);
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
