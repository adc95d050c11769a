/*
 * The keys of a home: the first one, rotation, and what makes a ring untrustworthy.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record/record.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

static struct keyring *open_ring(const char *home)
{
	struct keyring *r = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(keyring_open(home, true, &r, &e), e);
	REQUIRE(keyring_current(r) != NULL);
	return r;
}

static unsigned mode_of(const char *path)
{
	struct stat st;
	REQUIRE(stat(path, &st) == 0);
	return st.st_mode & 07777;
}

static const char *pem_path(const char *home, const char *id)
{
	char path[4096];
	int n = snprintf(path, sizeof path, "%s/keys/%s.pem", home + strlen(test_folder()) + 1, id);
	REQUIRE(n > 0 && (size_t)n < sizeof path);
	return test_path(path);
}

static size_t n_files(const char *path)
{
	size_t n = 0;
	DIR *d = opendir(path);
	REQUIRE(d != NULL);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n - 2;
}

TEST(the_first_key_is_made_at_first_use_and_is_private)
{
	(void)umask(0);
	const char *home = test_path("state/home");
	AUTO(keyring_free) struct keyring *r = open_ring(home);
	AUTO(keyring_free) struct keyring *again = open_ring(home);
	const char *id = key_id(keyring_current(r));
	CHECK_TEXT(key_id(keyring_current(again)), id);
	CHECK(key_is_private(keyring_current(again)));
	CHECK_INT(mode_of(test_path("state/home/keys")), 0700);
	CHECK_INT(mode_of(pem_path(home, id)), 0600);
	CHECK_INT(n_files(test_path("state/home")), 1);
	CHECK_INT(n_files(test_path("state/home/keys")), 2);
	CHECK(keyring_find(r, view_of(id)) == keyring_current(r));
	CHECK(keyring_find(r, VIEW("00000000000000000000000000000000")) == NULL);
}

TEST(looking_makes_nothing)
{
	AUTO(keyring_free) struct keyring *r = NULL;
	AUTO(keyring_free) struct keyring *absent = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(keyring_open(test_folder(), false, &r, &e), e);
	CHECK(keyring_current(r) == NULL);
	CHECK(keyring_find(r, VIEW("")) == NULL);
	CHECK_INT(keyring_rotate(r, 0, &e), E_ABSENT);
	CHECK_INT(n_files(test_folder()), 0);
	REQUIRE_OK(keyring_open(test_path("no/home"), false, &absent, &e), e);
	CHECK(keyring_current(absent) == NULL);
}

TEST_WITHIN(many_processes_that_start_together_agree_on_one_key, 120)
{
	enum { PROCESSES = 12 };
	int gate[2];
	int answers[2];
	REQUIRE(pipe2(gate, O_CLOEXEC) == 0 && pipe2(answers, O_CLOEXEC) == 0);
	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();
		REQUIRE(pid >= 0);
		if (pid == 0) {
			char c;
			(void)close(gate[1]);
			(void)!read(gate[0], &c, 1);
			struct keyring *r = NULL;
			struct error e = ERROR_NONE;
			if (keyring_open(test_path("home"), true, &r, &e) != OK)
				_exit(1);
			(void)!write(answers[1], key_id(keyring_current(r)), KEY_ID_LEN);
			_exit(0);
		}
	}
	(void)close(gate[1]);
	(void)close(answers[1]);
	char first[KEY_ID_LEN];
	char id[KEY_ID_LEN];
	REQUIRE(read(answers[0], first, sizeof first) == KEY_ID_LEN);
	int n = 1;
	for (; read(answers[0], id, sizeof id) == KEY_ID_LEN; n++)
		CHECK(memcmp(id, first, sizeof id) == 0);
	CHECK_INT(n, PROCESSES);
	CHECK_INT(n_files(test_path("home")), 1);
	CHECK_INT(n_files(test_path("home/keys")), 2);
	while (wait(NULL) > 0)
		continue;
}

TEST(a_rotated_ring_signs_with_the_new_key_and_trusts_the_old_ones)
{
	const char *home = test_path("home");
	AUTO(keyring_free) struct keyring *r = open_ring(home);
	struct error e = ERROR_NONE;
	char ids[4][KEY_ID_LEN + 1];
	for (int i = 0; i < 4; i++) {
		(void)snprintf(ids[i], sizeof ids[i], "%s", key_id(keyring_current(r)));
		if (i < 3)
			REQUIRE_OK(keyring_rotate(r, 1000 * i, &e), e);
	}
	AUTO(keyring_free) struct keyring *again = open_ring(home);
	CHECK_TEXT(key_id(keyring_current(again)), ids[3]);
	CHECK(key_is_private(keyring_current(again)));
	for (int i = 0; i < 4; i++) {
		REQUIRE(keyring_find(again, view_of(ids[i])) != NULL);
		CHECK_INT(mode_of(pem_path(home, ids[i])), 0600);
	}
	CHECK_INT(mode_of(test_path("home/keys/rotations.jsonl")), 0600);
}

TEST(retired_keys_stay_trusted_without_their_private_halves)
{
	const char *home = test_path("home");
	AUTO(keyring_free) struct keyring *r = open_ring(home);
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf signature = { .ceiling = 64 };
	char id[KEY_ID_LEN + 1];
	(void)snprintf(id, sizeof id, "%s", key_id(keyring_current(r)));
	REQUIRE_OK(key_sign(keyring_current(r), VIEW("x"), &signature, &e), e);
	REQUIRE_OK(keyring_rotate(r, 0, &e), e);
	REQUIRE(unlink(pem_path(home, id)) == 0);
	AUTO(keyring_free) struct keyring *again = open_ring(home);
	REQUIRE(keyring_find(again, view_of(id)) != NULL);
	CHECK(key_verify(keyring_find(again, view_of(id)), VIEW("x"), buf_view(&signature)));
}

TEST(a_folder_of_keys_that_is_a_link_is_refused)
{
	const char *home = test_path("home");
	struct keyring *r = open_ring(home);
	struct error e = ERROR_NONE;
	keyring_free(TAKE(r));
	REQUIRE(rename(test_path("home/keys"), test_path("elsewhere")) == 0);
	REQUIRE(symlink("../elsewhere", test_path("home/keys")) == 0);
	CHECK(keyring_open(home, true, &r, &e) != OK);
	CHECK(r == NULL);
}

TEST(a_planted_key_file_is_not_trusted)
{
	const char *home = test_path("home");
	const char *other_home = test_path("other");
	struct keyring *r = open_ring(home);
	AUTO(keyring_free) struct keyring *other = open_ring(other_home);
	const char *id = key_id(keyring_current(other));
	keyring_free(r);
	REQUIRE(rename(pem_path(other_home, id), pem_path(home, id)) == 0);
	AUTO(keyring_free) struct keyring *again = open_ring(home);
	CHECK(keyring_find(again, view_of(id)) == NULL);
}

TEST(a_rotation_that_the_old_key_did_not_sign_is_refused)
{
	const char *home = test_path("home");
	const char *other_home = test_path("other");
	AUTO(keyring_free) struct keyring *other = open_ring(other_home);
	struct keyring *again = NULL;
	keyring_free(open_ring(home));
	struct error e = ERROR_NONE;
	REQUIRE_OK(keyring_rotate(other, 0, &e), e);
	REQUIRE(rename(test_path("other/keys/rotations.jsonl"),
			test_path("home/keys/rotations.jsonl")) == 0);
	CHECK_INT(keyring_open(home, true, &again, &e), E_INVALID);
	CHECK(strstr(e.text, "line 1") != NULL);
	CHECK(again == NULL);
}

static size_t read_file(const char *path, char *room, size_t n)
{
	FILE *f = fopen(path, "r");
	REQUIRE(f != NULL);
	size_t got = fread(room, 1, n, f);
	(void)fclose(f);
	return got;
}

TEST_WITHIN(any_changed_byte_of_a_rotation_is_noticed, 240)
{
	const char *home = test_path("home");
	const char *path = test_path("home/keys/rotations.jsonl");
	AUTO(keyring_free) struct keyring *r = open_ring(home);
	struct error e = ERROR_NONE;
	static char text[8192];
	REQUIRE_OK(keyring_rotate(r, 0, &e), e);
	size_t n = read_file(path, text, sizeof text);
	REQUIRE(n > 500 && n < sizeof text);
	/* The payload alone: field names and hints around it do not decide anything. */
	size_t from = (size_t)(strstr(text, "\"payload\":\"") - text) + 11;
	size_t to = (size_t)(strchr(text + from, '"') - text);
	for (size_t i = from; i < to; i += 3) {
		struct keyring *again = NULL;
		char was = text[i];
		text[i] = was == 'A' ? 'B' : 'A';
		test_write_file(path, text, n);
		CHECK(keyring_open(home, true, &again, &e) != OK);
		CHECK(again == NULL);
		text[i] = was;
	}
	test_write_file(path, text, n);
	AUTO(keyring_free) struct keyring *again = open_ring(home);
	CHECK_TEXT(key_id(keyring_current(again)), key_id(keyring_current(r)));
}

TEST(a_ring_that_another_process_rotated_must_be_opened_again)
{
	const char *home = test_path("home");
	AUTO(keyring_free) struct keyring *a = open_ring(home);
	AUTO(keyring_free) struct keyring *b = open_ring(home);
	struct error e = ERROR_NONE;
	REQUIRE_OK(keyring_rotate(a, 0, &e), e);
	CHECK_INT(keyring_rotate(b, 0, &e), E_CONFLICT);
	AUTO(keyring_free) struct keyring *c = open_ring(home);
	CHECK_TEXT(key_id(keyring_current(c)), key_id(keyring_current(a)));
}

TEST(what_a_killed_first_start_left_is_cleaned_up)
{
	REQUIRE(mkdir(test_path("home"), 0700) == 0 &&
		mkdir(test_path("home/.keys-new"), 0700) == 0);
	test_write_file(test_path("home/.keys-new/.first.0123"), "x", 1);
	keyring_free(open_ring(test_path("home")));
	CHECK_INT(n_files(test_path("home")), 1);
}

TEST(whatever_fails_at_first_use_the_next_try_has_a_key)
{
	NEEDS_FAULTS();
	int n = 1;
	for (;; n++) {
		char home[64];
		struct keyring *r = NULL;
		struct error e = ERROR_NONE;
		REQUIRE(n < 100);
		(void)snprintf(home, sizeof home, "home%d", n);
		fault_arm("", n);
		enum status status = keyring_open(test_path(home), true, &r, &e);
		fault_disarm();
		if (status == OK) {
			keyring_free(r);
			break;
		}
		CHECK(r == NULL && e.text[0] != '\0');
		r = open_ring(test_path(home));
		keyring_free(r);
		CHECK_INT(n_files(test_path(home)), 1);
	}
	CHECK(n > 10);
}

TEST(whatever_fails_in_a_rotation_the_ring_stays_usable)
{
	NEEDS_FAULTS();
	int n = 1;
	for (;; n++) {
		char home[64];
		struct error e = ERROR_NONE;
		REQUIRE(n < 100);
		(void)snprintf(home, sizeof home, "home%d", n);
		AUTO(keyring_free) struct keyring *r = open_ring(test_path(home));
		fault_arm("", n);
		enum status status = keyring_rotate(r, 0, &e);
		fault_disarm();
		/* Either key may be the current one, but the ring is whole and can go on. */
		AUTO(keyring_free) struct keyring *again = open_ring(test_path(home));
		REQUIRE(keyring_find(again, view_of(key_id(keyring_current(r)))) != NULL);
		REQUIRE_OK(keyring_rotate(again, 0, &e), e);
		if (status == OK)
			break;
	}
	CHECK(n > 10);
}

TEST(a_kill_at_any_point_of_a_rotation_leaves_a_whole_ring)
{
	NEEDS_FAULTS();
	for (int n = 1;; n++) {
		char name[64];
		REQUIRE(n < 100);
		(void)snprintf(name, sizeof name, "home%d", n);
		const char *home = test_path(name);
		pid_t pid = fork();
		REQUIRE(pid >= 0);
		if (pid == 0) {
			struct keyring *r = NULL;
			struct error e = ERROR_NONE;
			fault_arm_kill("", n);
			enum status status = keyring_open(home, true, &r, &e);
			_exit(status == OK && keyring_rotate(r, 0, &e) == OK ? 0 : 1);
		}
		int status = 0;
		REQUIRE(waitpid(pid, &status, 0) == pid);
		keyring_free(open_ring(home));
		CHECK_INT(n_files(home), 1);
		if (WIFEXITED(status)) {
			CHECK_INT(WEXITSTATUS(status), 0);
			break;
		}
	}
}
