/*
 * Evidence that somebody changed: every byte of the file is covered, and the first altered line is
 * named.
 */
#include "base/digest.h"
#include "tests/unit/record/evidence_fixture.h"

enum { EVENTS = 6, LINES = EVENTS + 1 };

struct file {
	struct buf text;
	struct view lines[LINES];
	struct key *key;
};

static void file_done(struct file *f)
{
	buf_done(&f->text);
	key_free(f->key);
}
#define AUTO_EVIDENCE __attribute__((cleanup(file_done)))

static struct file new_file(void)
{
	struct file f = { .text = { .ceiling = 4 * MIB }, .key = fixture_key() };
	fixture_write("e.jsonl", EVENTS, f.key);
	fixture_read("e.jsonl", &f.text);
	struct view rest = buf_view(&f.text);
	for (int i = 0; i < LINES; i++)
		f.lines[i] = view_cut(&rest, '\n');
	REQUIRE(rest.len == 0);
	return f;
}

/* The lines in the order given (counted from 0; -1 ends). */
static uint64_t bad_line_of(const struct file *f, const int *order)
{
	AUTO_BUF struct buf b = { .ceiling = 4 * MIB };
	for (; *order >= 0; order++) {
		buf_add(&b, f->lines[*order]);
		buf_add_char(&b, '\n');
	}
	struct evidence_check c = fixture_check(buf_view(&b), f->key);
	return c.first_bad_line;
}
#define BAD_LINE_OF(f, ...) bad_line_of((f), (const int[]){ __VA_ARGS__, -1 })

TEST(the_unchanged_file_is_valid)
{
	AUTO_EVIDENCE struct file f = new_file();
	CHECK_INT(BAD_LINE_OF(&f, 0, 1, 2, 3, 4, 5, 6), 0);
}

TEST_WITHIN(any_changed_byte_is_found_and_its_line_named, 240)
{
	AUTO_EVIDENCE struct file f = new_file();
	uint64_t line = 1;
	for (size_t i = 0; i < f.text.len; i++) {
		char was = f.text.at[i];
		uint64_t here = line;
		if (was == '\n')
			line++;
		const char others[] = { (char)(was ^ 1), (char)(was ^ 0x20), ' ', '\0', '\r' };
		for (size_t k = 0; k < sizeof others; k++) {
			if (others[k] == was)
				continue;
			f.text.at[i] = others[k];
			struct evidence_check c = fixture_check(buf_view(&f.text), f.key);
			CHECK(!c.valid);
			CHECK_INT(c.first_bad_line, (long long)here);
			f.text.at[i] = was;
		}
	}
}

TEST_WITHIN(a_file_cut_off_anywhere_is_found, 120)
{
	AUTO_EVIDENCE struct file f = new_file();
	uint64_t line = 1;
	for (size_t i = 0; i < f.text.len; i++) {
		struct evidence_check c = fixture_check((struct view){ f.text.at, i }, f.key);
		CHECK(!c.valid);
		CHECK_INT(c.first_bad_line, (long long)line);
		if (f.text.at[i] == '\n')
			line++;
	}
}

TEST(lines_removed_doubled_or_swapped_are_named)
{
	AUTO_EVIDENCE struct file f = new_file();
	CHECK_INT(BAD_LINE_OF(&f, 1, 2, 3, 4, 5, 6), 1);
	CHECK_INT(BAD_LINE_OF(&f, 0, 1, 3, 4, 5, 6), 3);
	CHECK_INT(BAD_LINE_OF(&f, 0, 1, 2, 3, 4, 6), 6);
	CHECK_INT(BAD_LINE_OF(&f, 0, 1, 2, 3, 4, 5), 7);
	CHECK_INT(BAD_LINE_OF(&f, 0, 1, 1, 2, 3, 4, 5, 6), 3);
	CHECK_INT(BAD_LINE_OF(&f, 0, 2, 1, 3, 4, 5, 6), 2);
	CHECK_INT(BAD_LINE_OF(&f, 0, 1, 2, 3, 4, 6, 5), 6);
	CHECK_INT(BAD_LINE_OF(&f, 6), 1);
}

TEST(what_follows_the_closing_line_is_named)
{
	AUTO_EVIDENCE struct file f = new_file();
	CHECK_INT(BAD_LINE_OF(&f, 0, 1, 2, 3, 4, 5, 6, 6), 8);
	CHECK_INT(BAD_LINE_OF(&f, 0, 1, 2, 3, 4, 5, 6, 0), 8);
	static const char *const tails[] = { "x", "\n", "\r\n", " ", "{}\n", "{}" };
	for (size_t i = 0; i < COUNT_OF(tails); i++) {
		AUTO_BUF struct buf b = { .ceiling = MIB };
		buf_add(&b, buf_view(&f.text));
		buf_add_text(&b, tails[i]);
		CHECK_INT(fixture_check(buf_view(&b), f.key).first_bad_line, 8);
	}
}

/* The file with `from` replaced by `to` on one line (counted from 0). */
static uint64_t with(const struct file *f, int line, const char *from, const char *to)
{
	AUTO_BUF struct buf b = { .ceiling = 64 * MIB };
	for (int i = 0; i < LINES; i++) {
		struct view v = f->lines[i];
		const char *found = i == line ? memmem(v.at, v.len, from, strlen(from)) : NULL;
		if (i == line)
			REQUIRE(found != NULL);
		if (found != NULL) {
			size_t head = (size_t)(found - v.at);
			buf_add_bytes(&b, v.at, head);
			buf_add_text(&b, to);
			v.at = found + strlen(from);
			v.len -= head + strlen(from);
		}
		buf_add(&b, v);
		buf_add_char(&b, '\n');
	}
	REQUIRE(!b.failed);
	return fixture_check(buf_view(&b), f->key).first_bad_line;
}

TEST(changes_that_json_does_not_see_are_found)
{
	AUTO_EVIDENCE struct file f = new_file();
	for (int i = 0; i < LINES; i++) {
		CHECK_INT(with(&f, i, "{\"n\"", "{ \"n\""), i + 1);
		CHECK_INT(with(&f, i, "{\"n\"", "{\"\\u006e\""), i + 1);
		CHECK_INT(with(&f, i, "}", "}\r"), i + 1);
	}
	for (int i = 0; i < EVENTS; i++) {
		CHECK_INT(with(&f, i, "图纸", "\\u56fe\\u7eb8"), i + 1);
		CHECK_INT(with(&f, i, "\"event\":", "\"event\":\"x\",\"event\":"), i + 1);
		CHECK_INT(with(&f, i, "\"event\":", "\"more\":1,\"event\":"), i + 1);
	}
	CHECK_INT(with(&f, 6, "\"keyid\":\"", "\"keyid\":\"x"), 7);
	CHECK_INT(with(&f, 6, "\"signatures\":", "\"note\":1,\"signatures\":"), 7);
	CHECK_INT(with(&f, 6, "}]}}", "},{\"sig\":\"aA==\"}]}}"), 7);
	CHECK_INT(with(&f, 6, "\"envelope\":", "\"data\":{},\"envelope\":"), 7);
	CHECK_INT(with(&f, 6, "\"n\":7", "\"n\":7.0"), 7);
	CHECK_INT(with(&f, 2, "\"n\":3", "\"n\":-3"), 3);
}

TEST(other_line_ends_everywhere_are_found)
{
	AUTO_EVIDENCE struct file f = new_file();
	AUTO_BUF struct buf b = { .ceiling = MIB };
	for (int i = 0; i < LINES; i++) {
		buf_add(&b, f.lines[i]);
		buf_add_text(&b, "\r\n");
	}
	CHECK_INT(fixture_check(buf_view(&b), f.key).first_bad_line, 1);
}

/* Somebody changes line 3 and mends the chain behind it: only the signature can tell. */
TEST(a_chain_that_was_mended_behind_the_change_does_not_match_the_signature)
{
	AUTO_EVIDENCE struct file f = new_file();
	AUTO_BUF struct buf b = { .ceiling = MIB };
	struct digest head = { { 0 } };
	for (int i = 0; i < LINES; i++) {
		char hex[DIGEST_HEX_LEN + 1];
		AUTO_BUF struct buf line = { .ceiling = MIB };
		buf_add(&line, f.lines[i]);
		char *prev = strstr(line.at, "\"prev\":\"");
		REQUIRE(prev != NULL);
		memcpy(prev + 8, digest_hex(&head, hex), DIGEST_HEX_LEN);
		if (i == 2) {
			char *file = strstr(line.at, "\"file\":2");
			REQUIRE(file != NULL);
			file[7] = '9';
		}
		head = digest_of(line.at, line.len);
		buf_add(&b, buf_view(&line));
		buf_add_char(&b, '\n');
	}
	struct evidence_check c = fixture_check(buf_view(&b), f.key);
	CHECK_INT(c.first_bad_line, EVENTS);
	CHECK(strstr(c.reason, "signed") != NULL);
}

TEST(an_unknown_signer_is_invalid)
{
	AUTO_EVIDENCE struct file f = new_file();
	AUTO(key_free) struct key *other = fixture_key();
	struct evidence_check c = fixture_check(buf_view(&f.text), other);
	CHECK(!c.valid);
	CHECK_INT(c.first_bad_line, LINES);
	CHECK(strstr(c.reason, "not trusted here") != NULL);
	CHECK(!fixture_check(buf_view(&f.text), NULL).valid);
	/* Its own key inside the file is no reason to believe it. */
	AUTO(keyring_free) struct keyring *ring = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(keyring_open(test_path("home"), true, &ring, &e), e);
	REQUIRE_OK(evidence_verify(buf_view(&f.text), ring, NULL, &c, &e), e);
	CHECK(!c.valid);
}

TEST(a_retired_key_of_the_ring_is_still_believed)
{
	AUTO(keyring_free) struct keyring *ring = NULL;
	AUTO_BUF struct buf text = { .ceiling = MIB };
	struct error e = ERROR_NONE;
	struct evidence_check c;
	REQUIRE_OK(keyring_open(test_path("home"), true, &ring, &e), e);
	fixture_write("old.jsonl", 2, keyring_current(ring));
	REQUIRE_OK(keyring_rotate(ring, 0, &e), e);
	fixture_read("old.jsonl", &text);
	REQUIRE_OK(evidence_verify(buf_view(&text), ring, NULL, &c, &e), e);
	CHECK(c.valid);
	REQUIRE_OK(evidence_verify(buf_view(&text), NULL, keyring_current(ring), &c, &e), e);
	CHECK(!c.valid); /* the key that was named is not the one that signed */
}

TEST(files_that_were_never_evidence_are_invalid_and_no_more)
{
	AUTO(key_free) struct key *k = fixture_key();
	static const char *const rows[] = { "", "\n", "x", "x\n", "{}\n", "[]\n", "null\n",
		"{\"n\":1}\n", "{\"n\":1,\"prev\":\"\"}\n", "\xff\xfe\n",
		"{\"n\":99999999999999999999,\"prev\":\"x\"}\n" };
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		CHECK_INT(fixture_check(view_of(rows[i]), k).first_bad_line, 1);
}

TEST_WITHIN(a_huge_line_is_named_and_no_more, 120)
{
	AUTO_EVIDENCE struct file f = new_file();
	AUTO_BUF struct buf b = { .ceiling = 32 * MIB };
	buf_add(&b, f.lines[0]);
	buf_add_char(&b, '\n');
	char *room = buf_extend(&b, 17 * MIB);
	REQUIRE(room != NULL);
	memset(room, '[', 17 * MIB);
	buf_add_char(&b, '\n');
	CHECK_INT(fixture_check(buf_view(&b), f.key).first_bad_line, 2);
	room = strchr(b.at, '\n') + 1;
	memset(room, '[', 17 * MIB);
	room[15 * MIB] = '\n';
	CHECK_INT(fixture_check(buf_view(&b), f.key).first_bad_line, 2);
}
