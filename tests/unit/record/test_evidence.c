/*
 * Writing evidence: the form on disk, what is refused, and disks that fill up.
 */
#include <sys/stat.h>

#include "base/digest.h"
#include "tests/lib/faults.h"
#include "tests/unit/record/evidence_fixture.h"

TEST(a_written_file_is_valid_and_says_whose_it_is)
{
	AUTO(key_free) struct key *k = fixture_key();
	AUTO_BUF struct buf text = { .ceiling = MIB };
	fixture_write("e.jsonl", 5, k);
	fixture_read("e.jsonl", &text);
	struct evidence_check c = fixture_check(buf_view(&text), k);
	CHECK(c.valid);
	CHECK_INT(c.n_lines, 6);
	CHECK_TEXT(c.key_id, key_id(k));
	CHECK_TEXT(c.subject, SUBJECT);
}

TEST(the_lines_are_chained_as_documented)
{
	AUTO(key_free) struct key *k = fixture_key();
	AUTO_BUF struct buf text = { .ceiling = MIB };
	fixture_write("e.jsonl", 2, k);
	fixture_read("e.jsonl", &text);
	struct view rest = buf_view(&text);
	struct view first = view_cut(&rest, '\n');
	struct view second = view_cut(&rest, '\n');
	static const char start[] =
		"{\"n\":1,\"prev\":\""
		"0000000000000000000000000000000000000000000000000000000000000000\","
		"\"at\":\"2025-11-24T16:00:00.000Z\",\"event\":\"file.changed\",\"data\":{\"file\":"
		"0,";
	CHECK(view_starts_with(first, view_of(start)));
	struct digest d = digest_of(first.at, first.len);
	char hex[DIGEST_HEX_LEN + 1];
	CHECK(memmem(second.at, second.len, digest_hex(&d, hex), DIGEST_HEX_LEN) != NULL);
	CHECK(view_starts_with(rest, VIEW("{\"n\":3,\"prev\":\"")));
	CHECK(memmem(rest.at, rest.len, "\"payloadType\":\"application/vnd.tocsin.evidence+json\"",
		      52) != NULL);
}

TEST(evidence_without_any_event_is_valid_too)
{
	AUTO(key_free) struct key *k = fixture_key();
	AUTO_BUF struct buf text = { .ceiling = MIB };
	fixture_write("e.jsonl", 0, k);
	fixture_read("e.jsonl", &text);
	CHECK(fixture_check(buf_view(&text), k).valid);
}

TEST(the_file_is_private_and_never_overwritten)
{
	AUTO(key_free) struct key *k = fixture_key();
	AUTO_FD int folder_fd = fixture_folder();
	struct evidence *v = NULL;
	struct error e = ERROR_NONE;
	struct stat st;
	fixture_write("e.jsonl", 1, k);
	REQUIRE(stat(test_path("e.jsonl"), &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	CHECK_INT(evidence_create(folder_fd, "e.jsonl", SUBJECT, &v, &e), E_CONFLICT);
	CHECK_INT(evidence_create(folder_fd, "../e.jsonl", SUBJECT, &v, &e), E_DENIED);
	CHECK_INT(evidence_create(folder_fd, "f.jsonl", "", &v, &e), E_INVALID);
	CHECK(v == NULL);
}

TEST(nothing_is_added_after_the_closing_line)
{
	AUTO(key_free) struct key *k = fixture_key();
	AUTO_FD int folder_fd = fixture_folder();
	AUTO(evidence_close) struct evidence *v = NULL;
	AUTO_BUF struct buf text = { .ceiling = MIB };
	struct error e = ERROR_NONE;
	REQUIRE_OK(evidence_create(folder_fd, "e.jsonl", SUBJECT, &v, &e), e);
	fixture_add(v, 0);
	REQUIRE_OK(evidence_sync(v, &e), e);
	REQUIRE_OK(evidence_sign(v, 0, k, &e), e);
	CHECK_INT(evidence_add(v, 0, "late", json_object(), &e), E_CONFLICT);
	CHECK_INT(evidence_sign(v, 0, k, &e), E_CONFLICT);
	fixture_read("e.jsonl", &text);
	CHECK(fixture_check(buf_view(&text), k).valid);
}

TEST(data_must_be_an_object)
{
	AUTO_FD int folder_fd = fixture_folder();
	AUTO(evidence_close) struct evidence *v = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(evidence_create(folder_fd, "e.jsonl", SUBJECT, &v, &e), e);
	CHECK_INT(evidence_add(v, 0, "x", json_integer(1), &e), E_INVALID);
	CHECK_INT(evidence_add(v, 0, "x", NULL, &e), E_INVALID);
}

TEST(a_public_key_closes_nothing_and_the_file_can_still_be_signed)
{
	AUTO(key_free) struct key *k = fixture_key();
	AUTO(key_free) struct key *public = NULL;
	AUTO_FD int folder_fd = fixture_folder();
	AUTO(evidence_close) struct evidence *v = NULL;
	AUTO_BUF struct buf pem = { .ceiling = 4096 };
	AUTO_BUF struct buf text = { .ceiling = MIB };
	struct error e = ERROR_NONE;
	REQUIRE_OK(key_public_pem(k, &pem, &e), e);
	REQUIRE_OK(key_parse(buf_view(&pem), "k", &public, &e), e);
	REQUIRE_OK(evidence_create(folder_fd, "e.jsonl", SUBJECT, &v, &e), e);
	fixture_add(v, 0);
	CHECK_INT(evidence_sign(v, 0, public, &e), E_DENIED);
	REQUIRE_OK(evidence_sign(v, 0, k, &e), e);
	fixture_read("e.jsonl", &text);
	CHECK(fixture_check(buf_view(&text), public).valid);
}

static enum status add_and_sign(struct evidence *v, const struct key *k, struct error *e)
{
	for (int i = 0; i < 3; i++)
		TRY(evidence_add(v, 0, "x", json_pack("{s:i}", "i", i), e));
	return evidence_sign(v, 0, k, e);
}

TEST(a_line_that_was_cut_by_a_full_disk_is_taken_back)
{
	NEEDS_FAULTS();
	AUTO(key_free) struct key *k = fixture_key();
	AUTO_FD int folder_fd = fixture_folder();
	for (int n = 1;; n++) {
		char name[32];
		AUTO(evidence_close) struct evidence *v = NULL;
		AUTO_BUF struct buf text = { .ceiling = MIB };
		struct error e = ERROR_NONE;
		REQUIRE(n < 100);
		(void)snprintf(name, sizeof name, "e%d.jsonl", n);
		REQUIRE_OK(evidence_create(folder_fd, name, SUBJECT, &v, &e), e);
		fixture_add(v, 0);
		fault_arm("", n);
		enum status status = add_and_sign(v, k, &e);
		fault_disarm();
		bool closed = evidence_add(v, 0, "after", json_object(), NULL) == E_CONFLICT;
		if (!closed)
			REQUIRE_OK(evidence_sign(v, 0, k, &e), e);
		fixture_read(name, &text);
		CHECK(fixture_check(buf_view(&text), k).valid);
		if (status == OK)
			return;
	}
}
