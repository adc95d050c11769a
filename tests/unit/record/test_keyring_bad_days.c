/*
 * Keys on a bad day: a mode that lets others read, files that are gone or damaged. Nothing of the
 * old keys is ever lost, and a first notice always finds a key to sign with.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "record/record.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

/* 2026-11-28T03:10:00Z */
#define AT_NS (1795835400 * NS_PER_S)
#define ASIDE "keys-damaged-20261128T031000Z"

static struct keyring *open_ring(const char *home)
{
	struct keyring *r = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(keyring_open(test_path(home), true, &r, &e), e);
	return r;
}

static const char *in_home(const char *home, const char *name)
{
	char path[256];
	(void)snprintf(path, sizeof path, "%s/%s", home, name);
	return test_path(path);
}

static const char *pem_of(const char *home, const char *id)
{
	char name[96];
	(void)snprintf(name, sizeof name, "keys/%s.pem", id);
	return in_home(home, name);
}

static unsigned mode_of(const char *path)
{
	struct stat st;
	REQUIRE(stat(path, &st) == 0);
	return st.st_mode & 07777;
}

TEST(a_key_that_others_may_read_is_put_out_of_their_reach_and_that_is_told_once)
{
	struct keyring *r = open_ring("home");
	const char *path = pem_of("home", key_id(keyring_current(r)));
	CHECK_TEXT(keyring_news(r)->loose, "");
	keyring_free(r);
	REQUIRE(chmod(path, 0644) == 0);
	r = open_ring("home");
	CHECK(strstr(keyring_news(r)->loose, ".pem") != NULL);
	CHECK_INT(keyring_news(r)->loose_mode, 0644);
	CHECK_INT(mode_of(path), 0600);
	keyring_free(r);
	REQUIRE(chmod(in_home("home", "keys"), 0777) == 0);
	r = open_ring("home");
	CHECK_TEXT(keyring_news(r)->loose, "keys");
	CHECK_INT(keyring_news(r)->loose_mode, 0777);
	CHECK_INT(mode_of(in_home("home", "keys")), 0700);
	keyring_free(r);
	r = open_ring("home");
	CHECK_TEXT(keyring_news(r)->loose, "");
	keyring_free(r);
}

TEST(who_only_looks_is_told_of_a_mode_and_changes_nothing)
{
	struct keyring *r = open_ring("home");
	const char *path = pem_of("home", key_id(keyring_current(r)));
	struct error e = ERROR_NONE;
	keyring_free(TAKE(r));
	REQUIRE(chmod(path, 0640) == 0);
	REQUIRE_OK(keyring_open(test_path("home"), false, &r, &e), e);
	CHECK_INT(keyring_news(r)->loose_mode, 0640);
	CHECK(!keyring_news(r)->to_sign);
	CHECK_INT(mode_of(path), 0640);
	keyring_free(r);
}

TEST(a_key_of_another_user_is_refused_whoever_asks)
{
	struct keyring *r = open_ring("home");
	const char *path = pem_of("home", key_id(keyring_current(r)));
	struct error e = ERROR_NONE;
	keyring_free(TAKE(r));
	if (!test_is_root())
		test_skip("needs root, to give a file away");
	REQUIRE(chown(path, 65534, 65534) == 0);
	CHECK_INT(keyring_open(test_path("home"), true, &r, &e), E_DENIED);
	CHECK(strstr(e.text, "another user") != NULL);
	CHECK_INT(keyring_open_or_replace(test_path("home"), AT_NS, &r, &e), E_DENIED);
	REQUIRE(chown(path, 0, 0) == 0 && chown(in_home("home", "keys"), 65534, 65534) == 0);
	CHECK_INT(keyring_open_or_replace(test_path("home"), AT_NS, &r, &e), E_DENIED);
	CHECK(r == NULL);
}

TEST(a_folder_of_keys_that_is_a_link_is_not_replaced)
{
	struct keyring *r = open_ring("home");
	struct error e = ERROR_NONE;
	keyring_free(TAKE(r));
	REQUIRE(rename(in_home("home", "keys"), test_path("elsewhere")) == 0);
	REQUIRE(symlink("../elsewhere", in_home("home", "keys")) == 0);
	CHECK_INT(keyring_open_or_replace(test_path("home"), AT_NS, &r, &e), E_DENIED);
	CHECK(r == NULL);
}

/* --- damage ----------------------------------------------------------------------------------- */

enum damage {
	FIRST_GONE,
	FIRST_EMPTY,
	FIRST_OF_ANOTHER,
	KEY_GONE,
	KEY_CUT,
	KEY_OF_ANOTHER,
	ROTATIONS_NO_TEXT,
	EVERYTHING_GONE,
	A_FILE_IN_ITS_PLACE,
	N_DAMAGES
};

static void empty(const char *folder)
{
	DIR *d = opendir(folder);
	REQUIRE(d != NULL);
	for (struct dirent *row = readdir(d); row != NULL; row = readdir(d))
		(void)unlinkat(dirfd(d), row->d_name, 0);
	(void)closedir(d);
}

static void do_damage(const char *home, enum damage what, const char *id)
{
	const char *first = in_home(home, "keys/first"), *pem = pem_of(home, id);
	struct keyring *other = NULL;
	switch (what) {
	case FIRST_GONE:
		REQUIRE(unlink(first) == 0);
		break;
	case FIRST_EMPTY:
		test_write_file(first, "", 0);
		break;
	case FIRST_OF_ANOTHER:
		test_write_file(first, "0123456789abcdef0123456789abcdef\n", 33);
		break;
	case KEY_GONE:
		REQUIRE(unlink(pem) == 0);
		break;
	case KEY_CUT:
		REQUIRE(truncate(pem, 40) == 0);
		break;
	case KEY_OF_ANOTHER:
		other = open_ring("other");
		REQUIRE(rename(pem_of("other", key_id(keyring_current(other))), pem) == 0);
		keyring_free(other);
		empty(test_path("other/keys"));
		REQUIRE(rmdir(test_path("other/keys")) == 0);
		break;
	case ROTATIONS_NO_TEXT:
		test_write_file(in_home(home, "keys/rotations.jsonl"), "\xff\xfe\n", 3);
		break;
	case EVERYTHING_GONE:
		empty(in_home(home, "keys"));
		break;
	case A_FILE_IN_ITS_PLACE:
		empty(in_home(home, "keys"));
		REQUIRE(rmdir(in_home(home, "keys")) == 0);
		test_write_file(in_home(home, "keys"), "x", 1);
		break;
	case N_DAMAGES:
		break;
	}
}

/* A home whose keys are damaged so; a mark shows later that they are still the same. */
static void damaged_home(const char *home, enum damage what, char id[KEY_ID_LEN + 1])
{
	struct keyring *r = open_ring(home);
	(void)snprintf(id, KEY_ID_LEN + 1, "%s", key_id(keyring_current(r)));
	keyring_free(r);
	do_damage(home, what, id);
	if (what != A_FILE_IN_ITS_PLACE)
		test_write_file(in_home(home, "keys/mark"), "x", 1);
}

TEST(damaged_keys_are_refused_with_the_remedy_and_left_as_they_are)
{
	for (int what = 0; what < N_DAMAGES; what++) {
		char home[16], id[KEY_ID_LEN + 1];
		struct keyring *r = NULL;
		struct error signing = ERROR_NONE, looking = ERROR_NONE;
		(void)snprintf(home, sizeof home, "home%d", what);
		damaged_home(home, (enum damage)what, id);
		CHECK_INT(keyring_open(test_path(home), true, &r, &signing), E_INVALID);
		CHECK(strstr(signing.text, "damaged") != NULL &&
			strstr(signing.text, "backup") != NULL);
		CHECK_INT(keyring_open(test_path(home), false, &r, &looking), E_INVALID);
		CHECK_TEXT(looking.text, signing.text);
		CHECK(what == A_FILE_IN_ITS_PLACE || access(in_home(home, "keys/mark"), F_OK) == 0);
		CHECK(r == NULL);
	}
}

TEST(what_cannot_wait_is_signed_by_a_new_key_and_the_damaged_ones_are_set_aside_whole)
{
	for (int what = 0; what < N_DAMAGES; what++) {
		char home[16], id[KEY_ID_LEN + 1];
		AUTO(keyring_free) struct keyring *r = NULL;
		struct error e = ERROR_NONE;
		(void)snprintf(home, sizeof home, "home%d", what);
		damaged_home(home, (enum damage)what, id);
		REQUIRE_OK(keyring_open_or_replace(test_path(home), AT_NS, &r, &e), e);
		const struct keyring_news *news = keyring_news(r);
		CHECK(strcmp(key_id(keyring_current(r)), id) != 0);
		CHECK(key_is_private(keyring_current(r)));
		CHECK_TEXT(news->set_aside, ASIDE);
		CHECK(news->damage[0] != '\0' && news->made);
		CHECK(access(in_home(home, what == A_FILE_IN_ITS_PLACE ? ASIDE : ASIDE "/mark"),
			      F_OK) == 0);
		CHECK_INT(mode_of(in_home(home, "keys")), 0700);
		AUTO(keyring_free) struct keyring *again = open_ring(home);
		CHECK_TEXT(key_id(keyring_current(again)), key_id(keyring_current(r)));
		CHECK_TEXT(keyring_news(again)->set_aside, "");
	}
}

TEST(keys_that_are_whole_are_never_replaced)
{
	struct keyring *r = open_ring("home");
	struct error e = ERROR_NONE;
	AUTO(keyring_free) struct keyring *same = NULL;
	REQUIRE_OK(keyring_rotate(r, 0, &e), e);
	REQUIRE(chmod(in_home("home", "keys"), 0755) == 0);
	REQUIRE_OK(keyring_open_or_replace(test_path("home"), AT_NS, &same, &e), e);
	CHECK_TEXT(key_id(keyring_current(same)), key_id(keyring_current(r)));
	CHECK(!keyring_news(same)->made);
	CHECK_TEXT(keyring_news(same)->set_aside, "");
	CHECK_TEXT(keyring_news(same)->loose, "keys");
	keyring_free(r);
}

TEST(keys_that_are_damaged_twice_in_a_second_are_kept_twice)
{
	for (int i = 0; i < 3; i++) {
		char id[KEY_ID_LEN + 1];
		AUTO(keyring_free) struct keyring *r = NULL;
		struct error e = ERROR_NONE;
		damaged_home("home", KEY_CUT, id);
		REQUIRE_OK(keyring_open_or_replace(test_path("home"), AT_NS, &r, &e), e);
	}
	CHECK(access(test_path("home/" ASIDE "/mark"), F_OK) == 0);
	CHECK(access(test_path("home/" ASIDE "-2/mark"), F_OK) == 0);
	CHECK(access(test_path("home/" ASIDE "-3/mark"), F_OK) == 0);
}

/* Folders of the home in which the mark lies. */
static int n_marks(const char *home)
{
	int n = 0;
	DIR *d = opendir(test_path(home));
	REQUIRE(d != NULL);
	for (struct dirent *row = readdir(d); row != NULL; row = readdir(d)) {
		char path[320];
		(void)snprintf(path, sizeof path, "%s/mark", row->d_name);
		n += faccessat(dirfd(d), path, F_OK, 0) == 0 ? 1 : 0;
	}
	(void)closedir(d);
	return n;
}

TEST_WITHIN(many_notices_at_once_agree_on_one_new_key, 120)
{
	enum { PROCESSES = 8 };
	int gate[2], answers[2];
	char id[KEY_ID_LEN + 1], first[KEY_ID_LEN], other[KEY_ID_LEN];
	damaged_home("home", FIRST_EMPTY, id);
	REQUIRE(pipe2(gate, O_CLOEXEC) == 0 && pipe2(answers, O_CLOEXEC) == 0);
	for (int i = 0; i < PROCESSES; i++) {
		const pid_t pid = fork();
		REQUIRE(pid >= 0);
		if (pid == 0) {
			char c;
			struct keyring *r = NULL;
			struct error e = ERROR_NONE;
			(void)close(gate[1]);
			(void)!read(gate[0], &c, 1);
			if (keyring_open_or_replace(test_path("home"), AT_NS, &r, &e) != OK)
				_exit(1);
			(void)!write(answers[1], key_id(keyring_current(r)), KEY_ID_LEN);
			_exit(0);
		}
	}
	(void)close(gate[1]);
	(void)close(answers[1]);
	REQUIRE(read(answers[0], first, sizeof first) == KEY_ID_LEN);
	int n = 1;
	for (; read(answers[0], other, sizeof other) == KEY_ID_LEN; n++)
		CHECK(memcmp(other, first, sizeof first) == 0);
	CHECK_INT(n, PROCESSES);
	CHECK_INT(n_marks("home"), 1);
	CHECK(memcmp(id, first, sizeof first) != 0);
	while (wait(NULL) > 0)
		continue;
}

/* After fault_arm("", n): was the n-th step never reached? */
static bool fault_left(int n)
{
	for (int i = 0; i < n; i++)
		if (fault_hit("what is left"))
			return true;
	return false;
}

TEST(whatever_fails_while_keys_are_replaced_the_damaged_ones_are_kept)
{
	NEEDS_FAULTS();
	int n_failed = 0;
	for (int n = 1;; n++) {
		char home[16], id[KEY_ID_LEN + 1];
		struct keyring *r = NULL;
		struct error e = ERROR_NONE;
		REQUIRE(n < 100);
		(void)snprintf(home, sizeof home, "home%d", n);
		damaged_home(home, FIRST_EMPTY, id);
		fault_arm("", n);
		const enum status status = keyring_open_or_replace(test_path(home), AT_NS, &r, &e);
		const bool past = fault_left(n);
		fault_disarm();
		CHECK_INT(n_marks(home), 1);
		n_failed += status != OK;
		if (status != OK) {
			CHECK(r == NULL && e.text[0] != '\0');
			REQUIRE_OK(keyring_open_or_replace(test_path(home), AT_NS, &r, &e), e);
		}
		CHECK_INT(n_marks(home), 1);
		keyring_free(TAKE(r));
		keyring_free(open_ring(home));
		if (past)
			break;
	}
	CHECK(n_failed > 10);
}

TEST(a_kill_at_any_point_of_it_keeps_the_damaged_keys_and_leaves_a_home_that_can_go_on)
{
	NEEDS_FAULTS();
	for (int n = 1;; n++) {
		char home[16], id[KEY_ID_LEN + 1];
		struct keyring *r = NULL;
		struct error e = ERROR_NONE;
		int status = 0;
		REQUIRE(n < 100);
		(void)snprintf(home, sizeof home, "home%d", n);
		damaged_home(home, KEY_GONE, id);
		const pid_t pid = fork();
		REQUIRE(pid >= 0);
		if (pid == 0) {
			fault_arm_kill("", n);
			_exit(keyring_open_or_replace(test_path(home), AT_NS, &r, &e) == OK ? 0
											    : 1);
		}
		REQUIRE(waitpid(pid, &status, 0) == pid);
		CHECK_INT(n_marks(home), 1);
		REQUIRE_OK(keyring_open_or_replace(test_path(home), AT_NS, &r, &e), e);
		CHECK_INT(n_marks(home), 1);
		keyring_free(r);
		if (WIFEXITED(status)) {
			CHECK_INT(WEXITSTATUS(status), 0);
			break;
		}
	}
}
