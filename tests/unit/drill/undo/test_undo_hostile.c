/*
 * Undo with a manifest, a journal and an arena that somebody bent: nothing outside may change, and
 * nothing inside that is not the drill's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drill/attack/attack.h"
#include "drill/decoy/planting.h"
#include "drill/undo/undo.h"
#include "sys/file.h"
#include "tests/lib/arena_fixture.h"
#include "tests/lib/snapshot.h"
#include "tests/lib/test.h"

static const struct role roles[] = { { "emulator", emulator_role }, { "undo", undo_role } };
static int enter(int argc, char **argv)
{
	int code = 2;
	(void)role_dispatch(argc, argv, roles, COUNT_OF(roles), &code);
	return code;
}
int (*test_role_main)(int argc, char **argv) = enter;

/* A folder beside the arena that must stay as it is. */
static const char *make_outside(void)
{
	const char *outside = test_path("outside");
	REQUIRE(mkdir(outside, 0755) == 0);
	test_write_file(test_path("outside/ledger.txt"), "do not touch", 12);
	test_write_file(test_path("outside/Report-0.txt"), "not a decoy", 11);
	return outside;
}

static struct arena_fixture *make_arena(bool attacked)
{
	struct error e = ERROR_NONE;
	struct pool *p = pool_new(MIB);
	struct arena_fixture *a = arena_fixture_make(
		"header-one-chunk", test_path("arena"), arena_fixture_many(p, 6, 40000), 6);
	struct attack_request r = arena_fixture_request(a);
	struct attack_outcome o;
	a->names = p;
	if (attacked)
		REQUIRE_OK(attack_run(&r, a->pool, &o, &e), e);
	return a;
}

static enum status undo(struct arena_fixture *a, const struct manifest *m,
	struct drill_undone *done, struct error *e)
{
	struct undo_request r = { .manifest = m,
		.keep_folder_fd = a->keep_fd,
		.escrow = a->escrow,
		.scenario = &a->scenario };
	return undo_run(&r, a->pool, done, e);
}

static void add(struct arena_fixture *a, enum journal_kind kind, struct buf *body)
{
	struct error e = ERROR_NONE;
	REQUIRE_OK(journal_add(a->journal, kind, buf_view(body), &e), e);
	REQUIRE_OK(journal_commit(a->journal, &e), e);
}

static void add_intent(struct arena_fixture *a, uint32_t file, const char *name, uint8_t write)
{
	AUTO_BUF struct buf body;
	buf_init(&body, 70000);
	struct journal_intent m = {
		.file = file, .write = write, .rename = RENAME_AFTER, .new_name = view_of(name)
	};
	journal_intent_write(&body, &m);
	add(a, JOURNAL_INTENT, &body);
}

static void add_note(
	struct arena_fixture *a, uint32_t folder, const char *name, const char *content)
{
	AUTO_BUF struct buf body;
	buf_init(&body, 70000);
	struct journal_note m = { .folder = folder,
		.name = view_of(name),
		.content = digest_of(content, strlen(content)) };
	journal_note_write(&body, &m);
	add(a, JOURNAL_NOTE, &body);
}

TEST(a_journal_that_does_not_fit_the_manifest_is_refused_whole)
{
	static const struct {
		uint32_t file;
		const char *name;
		uint8_t write;
	} bad[] = {
		{ 0, "../outside/ledger.txt", WRITE_IN_PLACE },
		{ 0, "/etc/passwd", WRITE_IN_PLACE },
		{ 0, "..", WRITE_IN_PLACE },
		{ 0, ".", WRITE_NEW_UNLINK },
		{ 0, "", WRITE_NEW_UNLINK },
		{ 6, "x.lock", WRITE_IN_PLACE },
		{ UINT32_MAX, "x.lock", WRITE_IN_PLACE },
		{ 0, "x.lock", 77 },
	};
	AUTO(snapshot_free) struct snapshot *outside = snapshot_take(make_outside());
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct error e = ERROR_NONE;
		struct drill_undone done;
		struct pool *p = pool_new(MIB);
		char name[32];
		(void)snprintf(name, sizeof name, "arena-%zu", i);
		struct arena_fixture *a = arena_fixture_make(
			"header-one-chunk", test_path(name), arena_fixture_many(p, 6, 4000), 6);
		add_intent(a, bad[i].file, bad[i].name, bad[i].write);
		AUTO(snapshot_free) struct snapshot *before = snapshot_take(a->path);
		CHECK_INT(undo(a, &a->manifest, &done, &e), E_INVALID);
		AUTO(snapshot_free) struct snapshot *after = snapshot_take(a->path);
		CHECK_INT(snapshot_compare(before, after, 0), 0);
		arena_fixture_done(a);
		pool_free(p);
	}
	AUTO(snapshot_free) struct snapshot *now = snapshot_take(test_path("outside"));
	CHECK_INT(snapshot_compare(outside, now, 0), 0);
}

TEST(a_second_name_for_the_same_decoy_is_refused)
{
	struct error e = ERROR_NONE;
	struct drill_undone done;
	struct arena_fixture *a = make_arena(false);
	add_intent(a, 1, "first.lock", WRITE_IN_PLACE);
	add_intent(a, 1, "second.lock", WRITE_IN_PLACE);
	CHECK_INT(undo(a, &a->manifest, &done, &e), E_INVALID);
	arena_fixture_done(a);
}

TEST(a_forged_or_foreign_journal_is_refused)
{
	struct error e = ERROR_NONE;
	struct drill_undone done;
	struct arena_fixture *a = make_arena(true);
	/* Another planting's: the hash in START is not this manifest's. */
	struct manifest other = a->manifest;
	other.hash.bytes[0] ^= 1;
	CHECK_INT(undo(a, &other, &done, &e), E_INVALID);
	/* A byte in the middle: the chain does not hold. */
	struct stat st;
	AUTO_FD int fd = openat(a->keep_fd, "journal", O_RDWR | O_CLOEXEC);
	REQUIRE(fd >= 0 && fstat(fd, &st) == 0);
	unsigned char byte = 0;
	REQUIRE(pread(fd, &byte, 1, 60) == 1);
	byte ^= 0x10;
	REQUIRE(pwrite(fd, &byte, 1, 60) == 1);
	AUTO(snapshot_free) struct snapshot *before = snapshot_take(a->path);
	CHECK_INT(undo(a, &a->manifest, &done, &e), E_INVALID);
	AUTO(snapshot_free) struct snapshot *after = snapshot_take(a->path);
	CHECK_INT(snapshot_compare(before, after, 0), 0);
	arena_fixture_done(a);
}

TEST(decoys_of_another_account_are_refused)
{
	static const uint32_t others[] = { 0, 1, 1000, 65534, 61183, 65520, UINT32_MAX };
	struct error e = ERROR_NONE;
	struct drill_undone done;
	struct arena_fixture *a = make_arena(false);
	REQUIRE(unlinkat(a->keep_fd, "journal", 0) == 0);
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		struct manifest m = a->manifest;
		if (!test_is_root() && others[i] == geteuid())
			continue;
		m.uid = others[i];
		CHECK_INT(undo(a, &m, &done, &e), E_DENIED);
	}
	CHECK(fixture_is_planted(a, 0, fixture_path(a, 0, NULL)));
	arena_fixture_done(a);
}

/* Only a folder that bears the drill's id, belongs to it and is empty is an arena that never got
 * further; the name that the arena was to have says nothing. */
TEST(an_empty_folder_is_no_arena_that_was_never_filled_unless_it_bears_the_drills_id)
{
	static const uint32_t others[] = { 0, 1, 1000, 65534, 61183, 65520, UINT32_MAX };
	struct error e = ERROR_NONE;
	struct drill_undone done = { .n_left = 0 };
	struct arena_fixture *a = make_arena(false);
	REQUIRE(unlinkat(a->keep_fd, "journal", 0) == 0);
	const char *folder = test_path("inbox");
	REQUIRE(mkdir(folder, 0700) == 0);
	struct manifest m = a->manifest;
	m.arena = folder;
	m.arena_inode = 0;
	m.n_files = m.n_folders = 0;
	m.n_generations = 0;
	struct undo_request r = { .manifest = &m, .keep_folder_fd = a->keep_fd, .partial = true };
	REQUIRE_OK(undo_run(&r, a->pool, &done, &e), e);
	CHECK_INT(done.n_removed, 0);
	CHECK(access(folder, F_OK) == 0);
	char name[PLANTING_NAME_BYTES];
	planting_first_name(&m, name);
	const char *first = test_path(name);
	REQUIRE(mkdir(first, 0700) == 0);
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		if (!test_is_root() && others[i] == geteuid())
			continue;
		m.uid = m.gid = others[i];
		CHECK_INT(undo_run(&r, a->pool, &done, &e), E_DENIED);
		CHECK(access(first, F_OK) == 0);
	}
	CHECK(access(folder, F_OK) == 0);
	arena_fixture_done(a);
}

TEST(a_manifest_that_leads_elsewhere_touches_nothing)
{
	struct error e = ERROR_NONE;
	struct drill_undone done;
	struct stat st;
	const char *outside = make_outside();
	struct arena_fixture *a = make_arena(false);
	REQUIRE(unlinkat(a->keep_fd, "journal", 0) == 0);
	if (test_is_root())
		REQUIRE(chown(outside, a->manifest.uid, a->manifest.gid) == 0);
	AUTO(snapshot_free) struct snapshot *before = snapshot_take(outside);
	REQUIRE(stat(outside, &st) == 0);
	/* Another folder's path, with the arena's inode. */
	struct manifest m = a->manifest;
	m.arena = outside;
	CHECK_INT(undo(a, &m, &done, &e), E_DENIED);
	/* And with its own inode: then every object in it is a stranger. */
	m.arena_inode = st.st_ino;
	CHECK_INT(undo(a, &m, &done, &e), E_PARTLY);
	CHECK_INT(done.n_removed, 0);
	/* Relative, through a link, upwards. */
	static const char *const paths[] = { "arena", "", "/", "/..", NULL };
	for (size_t i = 0; paths[i] != NULL; i++) {
		m = a->manifest;
		m.arena = paths[i];
		CHECK(undo(a, &m, &done, &e) != OK);
	}
	REQUIRE(symlink(test_folder(), test_path("link")) == 0);
	m = a->manifest;
	m.arena = test_path("link/arena");
	CHECK_INT(undo(a, &m, &done, &e), E_DENIED);
	AUTO(snapshot_free) struct snapshot *after = snapshot_take(outside);
	CHECK_INT(snapshot_compare(before, after, SNAPSHOT_IGNORE_ACCESS_TIME), 0);
	CHECK(fixture_is_planted(a, 0, fixture_path(a, 0, NULL)));
	arena_fixture_done(a);
}

TEST(names_that_lead_upwards_never_reach_the_role)
{
	struct error e = ERROR_NONE;
	struct drill_undone done;
	AUTO(snapshot_free) struct snapshot *before = snapshot_take(make_outside());
	struct arena_fixture *a = make_arena(false);
	REQUIRE(unlinkat(a->keep_fd, "journal", 0) == 0);
	a->manifest.folders[0].name = "..";
	CHECK_INT(undo(a, &a->manifest, &done, &e), E_INVALID);
	a->manifest.folders[0].name = "../outside";
	CHECK_INT(undo(a, &a->manifest, &done, &e), E_INVALID);
	a->manifest.folders[0].name = "hall-0";
	a->manifest.files[0].name = "../../outside/ledger.txt";
	CHECK_INT(undo(a, &a->manifest, &done, &e), E_INVALID);
	AUTO(snapshot_free) struct snapshot *after = snapshot_take(test_path("outside"));
	CHECK_INT(snapshot_compare(before, after, 0), 0);
	arena_fixture_done(a);
}

/* Each decoy's place is taken by something that leads outside. */
TEST(links_and_foreign_objects_in_the_arena_are_left_alone)
{
	struct error e = ERROR_NONE;
	struct drill_undone done = { .n_left = 0 };
	const char *outside = make_outside();
	struct arena_fixture *a = make_arena(true);
	const char *at[6];
	for (uint32_t i = 0; i < 6; i++) {
		at[i] = fixture_path(a, i, fixture_new_name(a, i));
		if (i < 4)
			REQUIRE(unlink(at[i]) == 0);
	}
	REQUIRE(symlink(test_path("outside/ledger.txt"), at[0]) == 0);
	REQUIRE(link(test_path("outside/Report-0.txt"), at[1]) == 0);
	REQUIRE(mkfifo(at[2], 0666) == 0);
	REQUIRE(mkdir(at[3], 0777) == 0);
	/* A decoy with a second link outside: undo must not write through it. */
	REQUIRE(link(at[4], test_path("outside/second-name")) == 0);
	AUTO(snapshot_free) struct snapshot *before = snapshot_take(outside);
	CHECK_INT(undo(a, &a->manifest, &done, &e), E_PARTLY);
	CHECK_INT(done.n_restored, 1);
	CHECK(!done.verified);
	CHECK(done.n_left >= 5);
	struct stat st;
	for (uint32_t i = 0; i < 5; i++)
		CHECK(lstat(at[i], &st) == 0);
	AUTO(snapshot_free) struct snapshot *after = snapshot_take(outside);
	CHECK_INT(snapshot_compare(before, after, SNAPSHOT_IGNORE_ACCESS_TIME), 0);
	arena_fixture_done(a);
}

TEST(a_folder_that_was_exchanged_for_a_link_or_another_folder_is_not_entered)
{
	struct error e = ERROR_NONE;
	struct drill_undone done = { .n_left = 0 };
	const char *outside = make_outside();
	struct arena_fixture *a = make_arena(true);
	REQUIRE(rename(test_path("arena/hall-0"), test_path("moved-0")) == 0);
	REQUIRE(rename(test_path("arena/hall-1"), test_path("moved-1")) == 0);
	REQUIRE(symlink(outside, test_path("arena/hall-0")) == 0);
	REQUIRE(mkdir(test_path("arena/hall-1"), 0777) == 0);
	AUTO(snapshot_free) struct snapshot *before = snapshot_take(outside);
	AUTO(snapshot_free) struct snapshot *moved = snapshot_take(test_path("moved-0"));
	CHECK_INT(undo(a, &a->manifest, &done, &e), E_PARTLY);
	CHECK(!done.verified);
	CHECK_INT(done.n_restored, 2);
	AUTO(snapshot_free) struct snapshot *after = snapshot_take(outside);
	AUTO(snapshot_free) struct snapshot *moved_now = snapshot_take(test_path("moved-0"));
	CHECK_INT(snapshot_compare(before, after, SNAPSHOT_IGNORE_ACCESS_TIME), 0);
	CHECK_INT(snapshot_compare(moved, moved_now, SNAPSHOT_IGNORE_ACCESS_TIME), 0);
	struct stat st;
	CHECK(lstat(test_path("arena/hall-0"), &st) == 0 && S_ISLNK(st.st_mode));
	CHECK(lstat(test_path("arena/hall-1"), &st) == 0);
	arena_fixture_done(a);
}

/* Somebody's file, of the very user under whose uid the decoys are: the owner tells nothing. */
static const char *write_diary(struct arena_fixture *a, const char *name)
{
	const char *diary = fixture_path(a, 0, name);
	test_write_file(diary, "dear diary", 10);
	REQUIRE(chown(diary, a->manifest.uid, a->manifest.gid) == 0);
	return diary;
}

/* As a note, as a new name, as a new file, as another decoy's new file: none of them is a name that
 * the run gives, so such a journal is none of ours. */
TEST(a_journal_that_names_files_of_the_same_user_as_its_own_is_refused_whole)
{
	for (int i = 0; i < 5; i++) {
		struct error e = ERROR_NONE;
		struct drill_undone done = { .n_left = 0 };
		struct pool *p = pool_new(MIB);
		char name[32];
		(void)snprintf(name, sizeof name, "arena-%d", i);
		struct arena_fixture *a = arena_fixture_make(
			"header-one-chunk", test_path(name), arena_fixture_many(p, 6, 4000), 6);
		(void)write_diary(a, "diary.txt");
		if (i == 0)
			add_note(a, a->manifest.files[0].folder, "diary.txt", "dear diary");
		else if (i == 1)
			add_intent(a, 0, "diary.txt", WRITE_IN_PLACE);
		else if (i == 2)
			add_intent(a, 0, "diary.txt", WRITE_NEW_UNLINK);
		else if (i == 3)
			add_intent(a, 0, "diary.txt", WRITE_NEW_OVERWRITE_UNLINK);
		else
			add_note(a, FOLDER_ROOT, "diary.txt", "");
		AUTO(snapshot_free) struct snapshot *before = snapshot_take(a->path);
		CHECK_INT(undo(a, &a->manifest, &done, &e), E_INVALID);
		AUTO(snapshot_free) struct snapshot *after = snapshot_take(a->path);
		CHECK_INT(snapshot_compare(before, after, 0), 0);
		arena_fixture_done(a);
		pool_free(p);
	}
}

/* What a journal can still say of the right names: that a decoy was changed, or destroyed. */
TEST(a_forged_journal_with_the_runs_own_names_reaches_nothing_else_of_the_same_user)
{
	struct error e = ERROR_NONE;
	struct drill_undone done = { .n_left = 0 };
	struct arena_fixture *a = make_arena(false);
	const char *outside = make_outside();
	const char *diary = write_diary(a, "diary.txt");
	REQUIRE(chown(outside, a->manifest.uid, a->manifest.gid) == 0);
	REQUIRE(chown(test_path("outside/ledger.txt"), a->manifest.uid, a->manifest.gid) == 0);
	for (uint32_t i = 0; i < 6; i++)
		add_intent(a, i, fixture_new_name(a, i), WRITE_IN_PLACE);
	/* Another object at a decoy's name, and one at the name that the run would give. */
	const char *planted = fixture_path(a, 1, NULL);
	REQUIRE(unlink(planted) == 0);
	test_write_file(planted, "mine", 4);
	REQUIRE(chown(planted, a->manifest.uid, a->manifest.gid) == 0);
	const char *renamed = write_diary(a, fixture_new_name(a, 0));
	AUTO(snapshot_free) struct snapshot *before = snapshot_take(outside);
	CHECK_INT(undo(a, &a->manifest, &done, &e), E_PARTLY);
	AUTO(snapshot_free) struct snapshot *after = snapshot_take(outside);
	CHECK_INT(snapshot_compare(before, after, SNAPSHOT_IGNORE_ACCESS_TIME), 0);
	CHECK(access(diary, F_OK) == 0);
	CHECK(access(planted, F_OK) == 0);
	CHECK(access(renamed, F_OK) == 0);
	CHECK(access(fixture_path(a, 2, NULL), F_OK) != 0);
	arena_fixture_done(a);
}

TEST(an_arena_on_which_something_is_mounted_or_that_is_the_root_is_refused)
{
	struct error e = ERROR_NONE;
	struct drill_undone done;
	struct arena_fixture *a = make_arena(false);
	struct manifest m = a->manifest;
	struct stat st;
	REQUIRE(unlinkat(a->keep_fd, "journal", 0) == 0);
	REQUIRE(stat("/tmp", &st) == 0);
	m.arena = "/tmp";
	m.arena_inode = st.st_ino;
	CHECK(undo(a, &m, &done, &e) != OK); /* root's, not the drill's */
	arena_fixture_done(a);
}
