/*
 * The journal's bytes: what a power cut may leave is read up to the last good record, what somebody
 * altered is refused, and after a failure nothing more is taken.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/random.h"
#include "drill/attack/journal.h"
#include "sys/file.h"
#include "tests/lib/test.h"

struct seen {
	size_t n;
	uint64_t last;
	enum journal_kind kinds[400];
	uint32_t files[400];
};

static enum status note_record(const struct journal_record *r, void *context, struct error *e)
{
	struct seen *s = context;
	struct journal_intent m = { 0 };
	struct unpack u;
	if (s->n == COUNT_OF(s->kinds))
		return error_set(e, E_TOO_BIG, "more records than the test expects");
	unpack_init(&u, r->body);
	if (r->kind == JOURNAL_INTENT && journal_intent_read(&u, &m) && pack_end(&u))
		s->files[s->n] = m.file;
	s->kinds[s->n++] = r->kind;
	s->last = r->sequence;
	return OK;
}

static enum status read_all(
	const void *bytes, size_t n, struct seen *s, bool *torn, struct error *e)
{
	memset(s, 0, sizeof *s);
	return journal_read((struct view){ bytes, n }, note_record, s, torn, e);
}

static void add_intent(struct journal *j, uint32_t file)
{
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf body;
	buf_init(&body, 512);
	struct journal_intent m = { file, 0, 2, VIEW("a.txt.locked"), 92 };
	journal_intent_write(&body, &m);
	REQUIRE_OK(journal_add(j, JOURNAL_INTENT, buf_view(&body), &e), e);
}

/* `n` commits of `each` intents. Returns the bytes; out_ends[i] is the size after commit i. */
static struct buf written(int folder_fd, const char *name, size_t n, size_t each, size_t *out_ends)
{
	struct error e = ERROR_NONE;
	struct journal *j = NULL;
	struct buf bytes;
	struct stat st;
	REQUIRE_OK(journal_create(folder_fd, name, &j, &e), e);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < each; k++)
			add_intent(j, (uint32_t)(i * each + k));
		REQUIRE_OK(journal_commit(j, &e), e);
		REQUIRE(fstatat(folder_fd, name, &st, 0) == 0);
		if (out_ends != NULL)
			out_ends[i] = (size_t)st.st_size;
	}
	journal_close(j);
	buf_init(&bytes, JOURNAL_BYTES_MAX);
	REQUIRE_OK(file_read_all(folder_fd, name, JOURNAL_BYTES_MAX, &bytes, &e), e);
	return bytes;
}

static int open_folder(void)
{
	struct error e = ERROR_NONE;
	int fd = -1;
	REQUIRE_OK(file_open_folder(test_folder(), &fd, &e), e);
	return fd;
}

TEST(what_is_committed_is_read_back_in_order)
{
	struct error e = ERROR_NONE;
	struct seen s;
	bool torn = true;
	AUTO_BUF struct buf bytes = written(open_folder(), "j", 5, 7, NULL);
	REQUIRE_OK(read_all(bytes.at, bytes.len, &s, &torn, &e), e);
	CHECK_INT(s.n, 35);
	CHECK_INT(s.last, 35);
	CHECK(!torn);
	for (uint32_t i = 0; i < 35; i++)
		CHECK_INT(s.files[i], i);
}

TEST(an_empty_journal_is_no_damage)
{
	struct error e = ERROR_NONE;
	struct seen s;
	bool torn = true;
	REQUIRE_OK(read_all("", 0, &s, &torn, &e), e);
	CHECK_INT(s.n, 0);
	CHECK(!torn);
}

TEST(a_journal_cut_at_any_byte_is_read_up_to_there_and_can_be_continued)
{
	struct error e = ERROR_NONE;
	struct seen s;
	size_t ends[4];
	int folder_fd = open_folder();
	AUTO_BUF struct buf bytes = written(folder_fd, "j", 4, 3, ends);
	for (size_t cut = 0; cut <= bytes.len; cut++) {
		bool torn = false;
		REQUIRE_OK(read_all(bytes.at, cut, &s, &torn, &e), e);
		CHECK_INT(s.n, cut * 12 / bytes.len);
		CHECK_INT(torn, cut % (bytes.len / 12) != 0);
		struct journal *j = NULL;
		test_write_file(test_path("cut"), bytes.at, cut);
		REQUIRE_OK(journal_resume(folder_fd, "cut", &j, &e), e);
		add_intent(j, 99);
		REQUIRE_OK(journal_commit(j, &e), e);
		journal_close(j);
		AUTO_BUF struct buf again;
		buf_init(&again, MIB);
		size_t before = s.n;
		REQUIRE_OK(file_read_all(folder_fd, "cut", MIB, &again, &e), e);
		REQUIRE_OK(read_all(again.at, again.len, &s, &torn, &e), e);
		CHECK_INT(s.n, before + 1);
		CHECK_INT(s.files[before], 99);
		CHECK(!torn);
	}
}

/* A power cut may bring any sectors of the last commit to the disk and leave zeros for the others.
 */
TEST(lost_sectors_of_the_last_commit_are_a_torn_end)
{
	struct error e = ERROR_NONE;
	struct seen s;
	size_t ends[3];
	AUTO_BUF struct buf bytes = written(open_folder(), "j", 3, 60, ends);
	struct dice d;
	dice_init(&d, 3);
	for (int round = 0; round < 300; round++) {
		AUTO_FREE char *copy = malloc(bytes.len);
		REQUIRE(copy != NULL);
		memcpy(copy, bytes.at, bytes.len);
		bool lost = false;
		for (size_t at = ends[1]; at < bytes.len;) {
			size_t n = 512 - at % 512;
			n = n < bytes.len - at ? n : bytes.len - at;
			if (dice_below(&d, 2) == 0) {
				memset(copy + at, 0, n);
				lost = true;
			}
			at += n;
		}
		bool torn = false;
		REQUIRE_OK(read_all(copy, bytes.len, &s, &torn, &e), e);
		CHECK(s.n >= 120 && s.n <= 180);
		CHECK_INT(torn, lost);
	}
}

TEST(a_byte_altered_before_the_last_commit_is_refused)
{
	size_t ends[4];
	AUTO_BUF struct buf bytes = written(open_folder(), "j", 4, 3, ends);
	for (size_t at = 0; at < ends[2]; at++) {
		struct error e = ERROR_NONE;
		struct seen s;
		bool torn = false;
		bytes.at[at] = (char)(bytes.at[at] ^ 0x40);
		CHECK_INT(read_all(bytes.at, bytes.len, &s, &torn, &e), E_INVALID);
		CHECK(strstr(e.text, "does not continue the chain") != NULL);
		bytes.at[at] = (char)(bytes.at[at] ^ 0x40);
	}
}

TEST(a_commit_taken_out_of_the_middle_is_refused)
{
	struct error e = ERROR_NONE;
	struct seen s;
	size_t ends[4];
	bool torn = false;
	AUTO_BUF struct buf bytes = written(open_folder(), "j", 4, 3, ends);
	memmove(bytes.at + ends[0], bytes.at + ends[1], bytes.len - ends[1]);
	CHECK_INT(read_all(bytes.at, bytes.len - (ends[1] - ends[0]), &s, &torn, &e), E_INVALID);
	CHECK_INT(s.n, 3);
}

TEST(a_resumed_journal_goes_on_with_the_next_number)
{
	struct error e = ERROR_NONE;
	struct journal *j = NULL;
	struct seen s;
	bool torn = true;
	int folder_fd = open_folder();
	AUTO_BUF struct buf first = written(folder_fd, "j", 1, 2, NULL);
	AUTO_BUF struct buf bytes;
	buf_init(&bytes, MIB);
	REQUIRE_OK(journal_resume(folder_fd, "j", &j, &e), e);
	add_intent(j, 2);
	REQUIRE_OK(journal_commit(j, &e), e);
	journal_close(j);
	REQUIRE_OK(file_read_all(folder_fd, "j", MIB, &bytes, &e), e);
	REQUIRE_OK(read_all(bytes.at, bytes.len, &s, &torn, &e), e);
	CHECK_INT(s.last, 3);
	CHECK_INT(bytes.len, first.len / 2 * 3);
}

TEST(a_journal_is_made_once_and_an_absent_one_is_not_resumed)
{
	struct error e = ERROR_NONE;
	struct journal *j = NULL;
	int folder_fd = open_folder();
	AUTO_BUF struct buf bytes = written(folder_fd, "j", 1, 1, NULL);
	CHECK(bytes.len > 0);
	CHECK_INT(journal_create(folder_fd, "j", &j, &e), E_CONFLICT);
	CHECK_INT(journal_resume(folder_fd, "none", &j, &e), E_ABSENT);
	CHECK(j == NULL);
}

TEST(a_record_over_the_ceiling_is_refused)
{
	struct error e = ERROR_NONE;
	struct journal *j = NULL;
	static char body[5000];
	REQUIRE_OK(journal_create(open_folder(), "j", &j, &e), e);
	CHECK_INT(journal_add(j, JOURNAL_NOTE, (struct view){ body, sizeof body }, &e), E_TOO_BIG);
	journal_close(j);
}

TEST(what_was_added_but_not_committed_is_not_on_disk)
{
	struct error e = ERROR_NONE;
	struct journal *j = NULL;
	struct stat st;
	int folder_fd = open_folder();
	REQUIRE_OK(journal_create(folder_fd, "j", &j, &e), e);
	add_intent(j, 1);
	REQUIRE(fstatat(folder_fd, "j", &st, 0) == 0);
	CHECK_INT(st.st_size, 0);
	journal_close(j);
}

#ifdef TOCSIN_FAULTS
/* Each point in turn: the failure is told, nothing is taken afterwards, and what was committed
 * before is still there. */
TEST(after_a_failed_write_nothing_more_is_taken)
{
	static const char *const points[] = { "journal_write", "journal_sync", "buf_grow" };
	int folder_fd = open_folder();
	for (size_t i = 0; i < COUNT_OF(points); i++) {
		struct error e = ERROR_NONE;
		struct journal *j = NULL;
		struct seen s;
		bool torn = false;
		AUTO_BUF struct buf bytes;
		buf_init(&bytes, MIB);
		REQUIRE_OK(journal_create(folder_fd, points[i], &j, &e), e);
		add_intent(j, 1);
		REQUIRE_OK(journal_commit(j, &e), e);
		char body[1200] = { 1 };
		fault_arm(points[i], 1);
		enum status status = journal_add(j, JOURNAL_NOTE, (struct view){ body, 1200 }, &e);
		if (status == OK)
			status = journal_commit(j, &e);
		CHECK(status != OK);
		fault_disarm();
		CHECK_INT(journal_add(j, JOURNAL_NOTE, VIEW("x"), &e), E_FAILED);
		CHECK_INT(journal_commit(j, &e), E_FAILED);
		journal_close(j);
		REQUIRE_OK(file_read_all(folder_fd, points[i], MIB, &bytes, &e), e);
		REQUIRE_OK(read_all(bytes.at, bytes.len, &s, &torn, &e), e);
		CHECK(s.n == 1 || (i == 1 && s.n == 2)); /* unsynced is not unwritten */
	}
}

TEST(every_failure_on_the_way_to_a_journal_is_a_status)
{
	int folder_fd = open_folder();
	char name[32];
	AUTO_BUF struct buf bytes = written(folder_fd, "torn", 2, 2, NULL);
	test_write_file(test_path("torn"), bytes.at, bytes.len - 1);
	bool done = false;
	for (long n = 1; n < 40 && !done; n++) {
		struct error e = ERROR_NONE;
		struct journal *j = NULL;
		(void)snprintf(name, sizeof name, "j%ld", n);
		fault_arm("", n);
		enum status status = journal_create(folder_fd, name, &j, &e);
		if (status == OK) {
			journal_close(j);
			j = NULL;
			status = journal_resume(folder_fd, "torn", &j, &e);
		}
		done = fault_hit("none");
		fault_disarm();
		CHECK(done || status != OK);
		CHECK((status == OK) == (j != NULL));
		journal_close(j);
	}
	CHECK(done);
}
#else
TEST(after_a_failed_write_nothing_more_is_taken)
{
	test_skip("built without fault points");
}
TEST(every_failure_on_the_way_to_a_journal_is_a_status)
{
	test_skip("built without fault points");
}
#endif

TEST(a_forged_journal_costs_no_more_than_its_size)
{
	/* Every offset looks like a record with a mark. */
	struct error e = ERROR_NONE;
	struct seen s;
	bool torn = false;
	size_t n = 8 * MIB;
	AUTO_FREE unsigned char *bytes = malloc(n);
	REQUIRE(bytes != NULL);
	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)(i % 13 == 1	 ? 0x0f
					   : i % 13 == 4 ? 0x82
					   : i % 13 == 5 ? 1
							 : 0);
	enum status status = read_all(bytes, n, &s, &torn, &e);
	CHECK(status == E_INVALID || (status == OK && torn));
}
