/*
 * Assessment: what state each decoy is in, what restored files answer to a nonce, and that looking
 * changes nothing.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drill/attack/attack.h"
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

static struct view journal_of(struct arena_fixture *a)
{
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf b;
	buf_init(&b, MIB);
	REQUIRE_OK(file_read_all(a->keep_fd, "journal", MIB, &b, &e), e);
	const char *kept = pool_text(a->pool, buf_view(&b));
	REQUIRE(kept != NULL);
	return (struct view){ kept, b.len };
}

static struct assess_request assess_of(struct arena_fixture *a)
{
	return (struct assess_request){ .manifest = &a->manifest,
		.journal = journal_of(a),
		.arena_fd = a->fd,
		.escrow = a->escrow,
		.scenario = &a->scenario };
}

static struct arena_fixture *small_arena(const char *scenario, size_t n, bool attacked)
{
	struct error e = ERROR_NONE;
	struct pool *p = pool_new(MIB);
	struct arena_fixture *a = arena_fixture_make(
		scenario, test_path("arena"), arena_fixture_many(p, n, 40001), n);
	struct attack_request r = arena_fixture_request(a);
	struct attack_outcome o;
	a->names = p;
	if (attacked)
		REQUIRE_OK(attack_run(&r, a->pool, &o, &e), e);
	return a;
}

TEST(before_a_run_every_decoy_is_intact)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a = small_arena("size-class", 5, false);
	struct assess_request r = assess_of(a);
	r.journal = VIEW_NONE;
	r.escrow = NULL;
	r.scenario = NULL;
	struct assess_outcome o;
	REQUIRE_OK(undo_assess(&r, a->pool, &o, &e), e);
	CHECK_INT(o.n_intact, 5);
	CHECK(o.locks.seccomp && o.locks.no_new_privileges);
	CHECK(o.locks.landlock_abi >= 3 || o.locks.mount_namespace);
	arena_fixture_done(a);
}

TEST(states_are_told_apart_and_looking_changes_nothing)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a = small_arena("size-class", 6, true);
	/* 0 taken away, 1 overwritten by somebody, 2 put back by somebody, the others changed. */
	REQUIRE(unlink(fixture_path(a, 0, fixture_new_name(a, 0))) == 0);
	test_write_file(fixture_path(a, 1, fixture_new_name(a, 1)), "x", 1);
	char *content = pool_take(a->pool, 1, 40001);
	fixture_content(&a->manifest.files[2], 2, 0, content, 40001);
	test_write_file(fixture_path(a, 2, NULL), content, 40001);
	REQUIRE(chmod(fixture_path(a, 2, NULL), 0644) == 0);
	AUTO(snapshot_free) struct snapshot *before = snapshot_take(a->path);
	struct assess_request r = assess_of(a);
	struct assess_outcome o;
	REQUIRE_OK(undo_assess(&r, a->pool, &o, &e), e);
	CHECK_INT(o.states[0], DECOY_MISSING);
	CHECK_INT(o.states[1], DECOY_LOST);
	CHECK_INT(o.states[2], DECOY_INTACT);
	CHECK_INT(o.states[3], DECOY_CHANGED);
	CHECK_INT(o.n_missing, 1);
	CHECK_INT(o.n_lost, 1);
	CHECK_INT(o.n_intact, 1);
	CHECK_INT(o.n_changed, 3);
	AUTO(snapshot_free) struct snapshot *after = snapshot_take(a->path);
	CHECK_INT(snapshot_compare(before, after, SNAPSHOT_IGNORE_ACCESS_TIME), 0);
	arena_fixture_done(a);
}

TEST(new_file_patterns_are_assessed_from_the_new_file)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a = small_arena("copy-then-destroy", 4, true);
	struct assess_request r = assess_of(a);
	struct assess_outcome o;
	REQUIRE_OK(undo_assess(&r, a->pool, &o, &e), e);
	CHECK_INT(o.n_changed, 4);
	arena_fixture_done(a);
}

TEST(only_the_asked_decoys_are_looked_at_in_their_order)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a = small_arena("size-class", 6, true);
	REQUIRE(unlink(fixture_path(a, 5, fixture_new_name(a, 5))) == 0);
	const uint32_t files[] = { 5, 1 };
	struct assess_request r = assess_of(a);
	r.files = files;
	r.n_files = 2;
	struct assess_outcome o;
	REQUIRE_OK(undo_assess(&r, a->pool, &o, &e), e);
	CHECK_INT(o.states[0], DECOY_MISSING);
	CHECK_INT(o.states[1], DECOY_CHANGED);
	r.n_files = 0;
	REQUIRE_OK(undo_assess(&r, a->pool, &o, &e), e);
	CHECK_INT(o.n_changed, 0);
	const uint32_t beyond[] = { 6 };
	r.files = beyond;
	r.n_files = 1;
	CHECK_INT(undo_assess(&r, a->pool, &o, &e), E_INVALID);
	arena_fixture_done(a);
}

TEST(an_intact_decoy_answers_the_nonce_with_an_hmac_of_its_content)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a = small_arena("size-class", 3, false);
	unsigned char nonce[32];
	memset(nonce, 0xa7, sizeof nonce);
	REQUIRE(unlink(fixture_path(a, 1, NULL)) == 0);
	struct assess_request r = assess_of(a);
	r.nonce = nonce;
	struct assess_outcome o;
	REQUIRE_OK(undo_assess(&r, a->pool, &o, &e), e);
	char *content = pool_take(a->pool, 1, 40001);
	fixture_content(&a->manifest.files[2], 2, 0, content, 40001);
	struct digest wanted = digest_hmac(nonce, sizeof nonce, content, 40001);
	struct digest zero = { { 0 } };
	CHECK(digest_equal(&o.answers[2], &wanted));
	CHECK(digest_equal(&o.answers[1], &zero));
	/* Another nonce, another answer. */
	nonce[0] ^= 1;
	REQUIRE_OK(undo_assess(&r, a->pool, &o, &e), e);
	CHECK(!digest_equal(&o.answers[2], &wanted));
	arena_fixture_done(a);
}

TEST(destroyed_decoys_are_lost_until_they_are_restored)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a = small_arena("size-class", 4, false);
	struct attack_request attack = arena_fixture_request(a);
	const uint32_t sample[] = { 0, 3 };
	REQUIRE_OK(attack_destroy(&attack, sample, 2, NULL, &e), e);
	struct assess_request r = assess_of(a);
	struct assess_outcome o;
	REQUIRE_OK(undo_assess(&r, a->pool, &o, &e), e);
	CHECK(o.states[0] == DECOY_LOST || o.states[0] == DECOY_MISSING);
	CHECK_INT(o.n_intact, 2);
	char *content = pool_take(a->pool, 1, 40001);
	fixture_content(&a->manifest.files[3], 3, 0, content, 40001);
	(void)unlink(fixture_path(a, 3, NULL));
	test_write_file(fixture_path(a, 3, NULL), content, 40001);
	REQUIRE(chmod(fixture_path(a, 3, NULL), 0644) == 0);
	REQUIRE_OK(undo_assess(&r, a->pool, &o, &e), e);
	CHECK_INT(o.states[3], DECOY_INTACT);
	arena_fixture_done(a);
}

TEST(a_decoy_that_a_backup_linked_to_a_second_name_is_intact_while_its_content_is)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a = small_arena("size-class", 4, false);
	REQUIRE(link(fixture_path(a, 1, NULL), test_path("backup-1")) == 0);
	REQUIRE(link(fixture_path(a, 2, NULL), test_path("backup-2")) == 0);
	AUTO_FD int fd = open(test_path("backup-2"), O_WRONLY | O_CLOEXEC);
	REQUIRE(fd >= 0 && pwrite(fd, "other", 5, 100) == 5);
	struct assess_request r = assess_of(a);
	struct assess_outcome o;
	REQUIRE_OK(undo_assess(&r, a->pool, &o, &e), e);
	CHECK_INT(o.states[1], DECOY_INTACT);
	CHECK_INT(o.states[2], DECOY_LOST);
	CHECK_INT(o.n_intact, 3);
	arena_fixture_done(a);
}
