/*
 * The mark under a record: made once, told from every other, and refused in words.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fault.h"
#include "drill/keep/seal.h"
#include "sys/file.h"
#include "tests/lib/test.h"

static const char body[] = "what undo relies on";

static int open_keep(const char *path)
{
	struct error e = ERROR_NONE;
	int fd = -1;
	REQUIRE_OK(file_make_folders(test_path(path), &e), e);
	REQUIRE_OK(file_open_folder(test_path(path), &fd, &e), e);
	return fd;
}

static void put_content(struct buf *b)
{
	struct digest hash = digest_of(body, sizeof body - 1);
	buf_init(b, 4096);
	buf_add_text(b, body);
	buf_add_bytes(b, hash.bytes, sizeof hash.bytes);
}

static void seal(int keep_fd, const char *name, struct buf *b)
{
	struct error e = ERROR_NONE;
	put_content(b);
	REQUIRE_OK(seal_add(keep_fd, name, b, &e), e);
}

static void refused(int keep_fd, const char *name, struct view record, const char *saying)
{
	struct error e = ERROR_NONE;
	struct view content = VIEW_NONE;
	CHECK_INT(seal_check(keep_fd, name, record, &content, &e), E_DENIED);
	if (strstr(e.text, saying) == NULL)
		test_fail(__FILE__, __LINE__, "'%s' does not say '%s'", e.text, saying);
	CHECK(content.at == NULL);
}

TEST(a_sealed_record_comes_back_without_its_mark)
{
	struct error e = ERROR_NONE;
	struct stat first;
	struct stat second;
	AUTO_FD int keep_fd = open_keep("home/drills/one");
	AUTO_BUF struct buf b;
	seal(keep_fd, "manifest", &b);
	CHECK_INT(b.len, sizeof body - 1 + DIGEST_BYTES + SEAL_BYTES);
	struct view content;
	REQUIRE_OK(seal_check(keep_fd, "manifest", buf_view(&b), &content, &e), e);
	CHECK_INT(content.len, sizeof body - 1 + DIGEST_BYTES);
	REQUIRE(stat(test_path("home/drills/seal.key"), &first) == 0);
	CHECK_INT(first.st_mode & 07777, 0600);
	CHECK_INT(first.st_size, SEAL_KEY_BYTES);
	AUTO_FD int other_fd = open_keep("home/drills/two");
	AUTO_BUF struct buf other;
	seal(other_fd, "planting", &other);
	REQUIRE(stat(test_path("home/drills/seal.key"), &second) == 0);
	CHECK_INT(second.st_ino, first.st_ino); /* made once */
}

TEST(a_record_without_a_mark_is_refused)
{
	AUTO_FD int keep_fd = open_keep("home/drills/one");
	AUTO_BUF struct buf b;
	put_content(&b);
	refused(keep_fd, "manifest", buf_view(&b), "bears no seal");
	refused(keep_fd, "manifest", VIEW_NONE, "bears no seal");
	refused(keep_fd, "manifest", VIEW(SEAL_MAGIC), "bears no seal");
	buf_done(&b);
	seal(keep_fd, "manifest", &b);
	b.len--;
	refused(keep_fd, "manifest", buf_view(&b), "bears no seal");
}

TEST(a_mark_holds_for_one_name_of_one_drill_and_every_bit_of_it)
{
	AUTO_FD int keep_fd = open_keep("home/drills/one");
	AUTO_FD int other_fd = open_keep("home/drills/two");
	AUTO_BUF struct buf b;
	seal(keep_fd, "manifest", &b);
	refused(keep_fd, "planting", buf_view(&b), "is not this state folder's");
	refused(other_fd, "manifest", buf_view(&b), "is not this state folder's");
	/* The closing hash stands for the content: its reader checks that. */
	for (size_t at = sizeof body - 1; at < b.len; at++) {
		b.at[at] = (char)(b.at[at] ^ 1);
		refused(keep_fd, "manifest", buf_view(&b), "Nothing was touched");
		b.at[at] = (char)(b.at[at] ^ 1);
	}
}

TEST(another_key_a_lost_one_and_a_copied_one_confirm_nothing)
{
	struct error e = ERROR_NONE;
	AUTO_FD int keep_fd = open_keep("home/drills/one");
	AUTO_FD int drills_fd = open_keep("home/drills");
	AUTO_BUF struct buf key;
	AUTO_BUF struct buf b;
	seal(keep_fd, "manifest", &b);
	buf_init(&key, 64);
	REQUIRE_OK(file_read_all(drills_fd, SEAL_KEY, 64, &key, &e), e);
	REQUIRE(rename(test_path("home/drills/seal.key"), test_path("kept")) == 0);
	refused(keep_fd, "manifest", buf_view(&b), "which is gone");
	/* The same bytes in another file: a state folder that was unpacked from an archive. */
	REQUIRE_OK(file_replace(drills_fd, SEAL_KEY, buf_view(&key), 0600, &e), e);
	refused(keep_fd, "manifest", buf_view(&b), "is not this state folder's");
	key.at[7] = (char)(key.at[7] ^ 1);
	REQUIRE_OK(file_replace(drills_fd, SEAL_KEY, buf_view(&key), 0600, &e), e);
	refused(keep_fd, "manifest", buf_view(&b), "is not this state folder's");
	REQUIRE(rename(test_path("kept"), test_path("home/drills/seal.key")) == 0);
	struct view content;
	REQUIRE_OK(seal_check(keep_fd, "manifest", buf_view(&b), &content, &e), e);
}

TEST(a_key_that_others_could_read_write_or_exchange_is_no_key)
{
	struct error e = ERROR_NONE;
	AUTO_FD int keep_fd = open_keep("home/drills/one");
	AUTO_BUF struct buf b;
	const char *key = test_path("home/drills/seal.key");
	seal(keep_fd, "manifest", &b);
	REQUIRE(chmod(key, 0640) == 0);
	refused(keep_fd, "manifest", buf_view(&b), "no key of this account's alone");
	CHECK_INT(seal_add(keep_fd, "manifest", &b, &e), E_DENIED); /* and none is made over it */
	REQUIRE(chmod(key, 0600) == 0 && link(key, test_path("second")) == 0);
	refused(keep_fd, "manifest", buf_view(&b), "no key of this account's alone");
	REQUIRE(unlink(test_path("second")) == 0 && truncate(key, 16) == 0);
	refused(keep_fd, "manifest", buf_view(&b), "no key of this account's alone");
	REQUIRE(unlink(key) == 0 && symlink(test_path("second"), key) == 0);
	struct view content;
	CHECK(seal_check(keep_fd, "manifest", buf_view(&b), &content, &e) != OK);
	REQUIRE(unlink(key) == 0 && mkfifo(key, 0600) == 0);
	refused(keep_fd, "manifest", buf_view(&b), "no key of this account's alone");
}

#ifdef TOCSIN_FAULTS
TEST(a_key_that_cannot_be_made_leaves_no_half_one)
{
	static const char *const points[] = { "seal_place", "seal_key", "file_replace_sync",
		"file_replace_rename" };
	AUTO_FD int keep_fd = open_keep("home/drills/one");
	for (size_t i = 0; i < COUNT_OF(points); i++) {
		struct error e = ERROR_NONE;
		AUTO_BUF struct buf b;
		put_content(&b);
		size_t before = b.len;
		fault_arm(points[i], 1);
		CHECK(seal_add(keep_fd, "manifest", &b, &e) != OK);
		fault_disarm();
		CHECK(e.text[0] != '\0');
		CHECK_INT(b.len, before);
		CHECK(access(test_path("home/drills/seal.key"), F_OK) != 0);
	}
}
#endif
