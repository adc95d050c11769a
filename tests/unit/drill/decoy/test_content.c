/*
 * The contents of decoys: the right length, valid for their kind by other programs' judgement where
 * those are installed, never alike, and free of anything that could be somebody's number.
 */
#include "base/fault.h"
#include "drill/decoy/corpus.h"
#include "sys/command.h"
#include "tests/lib/test.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define CONTENT_MOST (16 * MIB)

static enum status collect(
	uint64_t offset, const void *bytes, size_t n, void *context, struct error *e)
{
	struct buf *out = context;
	if (offset != out->len)
		return error_set(e, E_FAILED, "out of order");
	buf_add_bytes(out, bytes, n);
	return buf_check(out, "content", e);
}

static void make(
	enum decoy_kind kind, uint64_t size, const char *name, struct dice *d, struct buf *out)
{
	struct error e = ERROR_NONE;
	struct manifest_file f = { .kind = kind, .size_bytes = size, .name = name };
	buf_reset(out);
	REQUIRE_OK(content_make(&f, d, collect, out, &e), e);
	if (out->len != size)
		test_fail(__FILE__, __LINE__, "kind %d: %zu bytes instead of %llu", (int)kind,
			out->len, (unsigned long long)size);
}

TEST(every_kind_comes_out_exactly_as_long_as_planned)
{
	AUTO_BUF struct buf out;
	struct dice d;
	buf_init(&out, CONTENT_MOST);
	dice_init(&d, 1);
	for (unsigned kind = 0; kind < DECOY_KINDS; kind++) {
		uint64_t least = decoy_min_bytes((enum decoy_kind)kind);
		for (uint64_t more = 0; more < 40; more++)
			make((enum decoy_kind)kind, least + more, "x.bin", &d, &out);
		for (int i = 0; i < 60; i++)
			make((enum decoy_kind)kind, dice_between(&d, least, 300000), "x.bin", &d,
				&out);
		make((enum decoy_kind)kind, 65535 + 94, "x.bin", &d, &out);
		make((enum decoy_kind)kind, 8 * MIB, "x.db", &d, &out);
		make((enum decoy_kind)kind, 2 * MIB + 1, "x.db", &d, &out);
	}
}

TEST(less_than_the_least_size_is_refused)
{
	struct dice d;
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf out;
	buf_init(&out, CONTENT_MOST);
	dice_init(&d, 1);
	for (unsigned kind = 0; kind < DECOY_KINDS; kind++) {
		uint64_t least = decoy_min_bytes((enum decoy_kind)kind);
		struct manifest_file f = {
			.kind = (enum decoy_kind)kind, .size_bytes = least - 1, .name = "x"
		};
		if (least > 0)
			CHECK_INT(content_make(&f, &d, collect, &out, &e), E_INVALID);
	}
}

TEST(no_two_decoys_are_alike)
{
	AUTO_BUF struct buf out;
	struct dice d;
	struct digest seen[200];
	buf_init(&out, CONTENT_MOST);
	dice_init(&d, 2);
	for (unsigned kind = 0; kind < DECOY_KINDS; kind++)
		for (size_t i = 0; i < COUNT_OF(seen); i++) {
			make((enum decoy_kind)kind, 9000, "x", &d, &out);
			seen[i] = digest_of(out.at, out.len);
			for (size_t k = 0; k < i; k++)
				CHECK(!digest_equal(&seen[i], &seen[k]));
		}
}

/* --- identifiers --- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* GB 11643-1999: weights 2^(18-i) mod 11; the last may be X. */
static bool is_identity_number(const char *at)
{
	static const char checks[] = "10X98765432";
	unsigned sum = 0;
	unsigned weight = 1;
	for (int i = 16; i >= 0; i--) {
		if (!is_digit(at[i]))
			return false;
		weight = weight * 2 % 11;
		sum += (unsigned)(at[i] - '0') * weight;
	}
	unsigned month = (unsigned)(at[10] - '0') * 10 + (unsigned)(at[11] - '0');
	unsigned day = (unsigned)(at[12] - '0') * 10 + (unsigned)(at[13] - '0');
	return checks[sum % 11] == (at[17] == 'x' ? 'X' : at[17]) && month >= 1 && month <= 12 &&
	       day >= 1 && day <= 31 && at[0] != '0';
}

/* GB 32100-2015: 31 characters, weights 3^i mod 31. */
static bool is_credit_code(const char *at)
{
	static const char letters[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
	unsigned sum = 0;
	unsigned weight = 1;
	for (int i = 0; i < 18; i++) {
		const char *found = at[i] == '\0' ? NULL : strchr(letters, at[i]);
		if (found == NULL)
			return false;
		unsigned value = (unsigned)(found - letters);
		if (i == 17)
			return value == (31 - sum % 31) % 31;
		sum += value * weight;
		weight = weight * 3 % 31;
	}
	return false;
}

static bool passes_luhn(const char *at, size_t n)
{
	unsigned sum = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned x = (unsigned)(at[n - 1 - i] - '0') * (unsigned)(1 + i % 2);
		sum += x > 9 ? x - 9 : x;
	}
	return sum % 10 == 0;
}

static bool is_word(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* What a scanner for personal data would report in these bytes; NULL: nothing. */
static const char *find_identifier(const char *at, size_t n)
{
	for (size_t i = 0; i < n;) {
		if (!is_word(at[i])) {
			i++;
			continue;
		}
		size_t len = 0;
		size_t n_digits = 0;
		while (i + len < n && is_word(at[i + len]))
			len++;
		while (n_digits < len && is_digit(at[i + n_digits]))
			n_digits++;
		if (len == 18 && is_identity_number(at + i))
			return "an identity number";
		if (len == 18 && is_credit_code(at + i))
			return "a social credit code";
		i += len;
	}
	for (size_t i = 0; i < n;) {
		size_t len = 0;
		while (i + len < n && is_digit(at[i + len]))
			len++;
		if (len >= 13 && len <= 19 && passes_luhn(at + i, len))
			return "a card number";
		if (len == 11 && at[i] == '1' && at[i + 1] >= '3')
			return "a telephone number";
		i += len + 1;
	}
	return NULL;
}

TEST(the_finder_of_identifiers_finds_them)
{
	/* Made up by the check rules for this test. */
	static const char identity[] = "nr 110101199001011237 end";
	static const char card[] = "4111111111111111";
	static const char code[] = "(91110000000000000D)";
	char tried[sizeof identity];
	bool found = false;
	for (const char *c = "0123456789X"; *c != '\0'; c++) {
		memcpy(tried, identity, sizeof identity);
		tried[20] = *c;
		found |= find_identifier(tried, sizeof tried - 1) != NULL;
	}
	CHECK(found);
	CHECK_TEXT(find_identifier(card, sizeof card - 1), "a card number");
	CHECK_TEXT(find_identifier("tel 13800000000.", 16), "a telephone number");
	found = false;
	for (const char *c = "0123456789ABCDEFGHJKLMNPQRTUWXY"; *c != '\0'; c++) {
		char other[sizeof code];
		memcpy(other, code, sizeof code);
		other[18] = *c;
		found |= find_identifier(other, sizeof other - 1) != NULL;
	}
	CHECK(found);
	CHECK(find_identifier("2025-03-17,D-000123,14289.67", 28) == NULL);
}

static void check_clean(const struct buf *b, unsigned kind)
{
	const char *found = find_identifier(b->at, b->len);
	if (found != NULL)
		test_fail(__FILE__, __LINE__, "kind %u holds %s", kind, found);
}

/* Parts of the zip containers, unpacked. */
static void check_parts_clean(const struct buf *b, unsigned kind)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	AUTO_BUF struct buf part;
	buf_init(&part, CONTENT_MOST);
	REQUIRE(a != NULL && archive_read_support_format_zip(a) == ARCHIVE_OK);
	REQUIRE(archive_read_open_memory(a, b->at, b->len) == ARCHIVE_OK);
	while (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
		char chunk[4096];
		la_ssize_t n;
		buf_reset(&part);
		while ((n = archive_read_data(a, chunk, sizeof chunk)) > 0)
			buf_add_bytes(&part, chunk, (size_t)n);
		CHECK(n == 0 && !part.failed);
		check_clean(&part, kind);
	}
	(void)archive_read_free(a);
}

TEST_WITHIN(nothing_in_a_decoy_is_a_valid_identifier, 120)
{
	AUTO_BUF struct buf out;
	struct dice d;
	buf_init(&out, CONTENT_MOST);
	dice_init(&d, 3);
	for (unsigned kind = 0; kind < DECOY_KINDS; kind++)
		for (int i = 0; i < 60; i++) {
			make((enum decoy_kind)kind, dice_between(&d, 8192, 200000),
				i % 2 == 0 ? "会议纪要" : "Notes", &d, &out);
			check_clean(&out, kind);
			if (kind == DECOY_DOCX || kind == DECOY_XLSX || kind == DECOY_ZIP)
				check_parts_clean(&out, kind);
		}
}

/* --- what is inside --- */

/* Bytes after deflate, of 1000. */
static unsigned long packed_share(const struct buf *b)
{
	uLongf n = compressBound(b->len);
	AUTO_FREE unsigned char *packed = malloc(n);
	REQUIRE(packed != NULL);
	REQUIRE(compress2(packed, &n, (const unsigned char *)b->at, b->len, 6) == Z_OK);
	return n * 1000 / b->len;
}

TEST(low_entropy_kinds_compress_well_and_the_documents_do_not)
{
	AUTO_BUF struct buf out;
	struct dice d;
	buf_init(&out, CONTENT_MOST);
	dice_init(&d, 4);
	for (unsigned kind = 0; kind < DECOY_KINDS; kind++) {
		make((enum decoy_kind)kind, 200000, "x", &d, &out);
		if (decoy_is_low_entropy((enum decoy_kind)kind))
			CHECK(packed_share(&out) < 500);
		else if (kind != DECOY_CAD && kind != DECOY_IMAGE && kind != DECOY_DATABASE)
			CHECK(packed_share(&out) > 850);
	}
}

TEST(a_curious_reader_is_told_what_it_is)
{
	AUTO_BUF struct buf out;
	struct dice d;
	buf_init(&out, CONTENT_MOST);
	dice_init(&d, 5);
	for (unsigned kind = 0; kind < DECOY_KINDS; kind++) {
		if (kind == DECOY_DOCX || kind == DECOY_XLSX || kind == DECOY_ZIP)
			continue; /* inside the container; see the tests by other programs */
		make((enum decoy_kind)kind, 20000, kind == DECOY_DATABASE ? "x.mdf" : "x", &d,
			&out);
		bool small = memmem(out.at, out.len, "drill decoy", 11) != NULL;
		bool large = memmem(out.at, out.len, "Drill decoy", 11) != NULL;
		if (!small && !large)
			test_fail(__FILE__, __LINE__, "kind %u does not say so", kind);
	}
}

TEST(prose_follows_the_language_of_the_name_and_is_whole_utf_8)
{
	AUTO_BUF struct buf out;
	struct dice d;
	buf_init(&out, CONTENT_MOST);
	dice_init(&d, 6);
	for (uint64_t size = 0; size < 900; size++) {
		make(DECOY_TXT, size, "会议要点.txt", &d, &out);
		size_t i = 0;
		while (i < out.len) {
			unsigned char c = (unsigned char)out.at[i];
			size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
			REQUIRE(n <= out.len - i);
			for (size_t k = 1; k < n; k++)
				REQUIRE((out.at[i + k] & 0xc0) == 0x80);
			i += n;
		}
	}
	make(DECOY_TXT, 5000, "Notes.txt", &d, &out);
	size_t above = 0;
	for (size_t i = 100; i < out.len; i++)
		above += (unsigned char)out.at[i] >= 0x80;
	CHECK_INT(above, 0);
}

static uint32_t le32(const struct buf *b, size_t at)
{
	uint32_t x = 0;
	for (size_t i = 4; i > 0; i--)
		x = x << 8 | (unsigned char)b->at[at + i - 1];
	return x;
}

TEST(bitmaps_and_sounds_have_heads_that_fit)
{
	AUTO_BUF struct buf out;
	struct dice d;
	buf_init(&out, CONTENT_MOST);
	dice_init(&d, 7);
	for (uint64_t size = 1024; size < 9000; size += 77) {
		make(DECOY_BMP, size, "x", &d, &out);
		CHECK_INT(le32(&out, 2), size);
		uint32_t width = le32(&out, 18);
		CHECK_INT(le32(&out, 10) + width * 3 * le32(&out, 22), size);
		CHECK_INT(width % 4, 0);
		make(DECOY_WAV, size, "x", &d, &out);
		CHECK(memcmp(out.at, "RIFF", 4) == 0 && memcmp(out.at + 8, "WAVEfmt ", 8) == 0);
		CHECK_INT(le32(&out, 4), size / 2 * 2 - 8);
		CHECK_INT(le32(&out, 72), size / 2 * 2 - 76);
	}
}

static uint32_t be32(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

TEST(pngs_have_right_checks_and_unpack_to_their_pixels)
{
	AUTO_BUF struct buf out;
	struct dice d;
	buf_init(&out, CONTENT_MOST);
	dice_init(&d, 8);
	static const uint64_t sizes[] = { 256, 257, 4096, 65535, 65700, 66000, 131200, 400001 };
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		make(DECOY_PNG, sizes[i], "x", &d, &out);
		const unsigned char *at = (const unsigned char *)out.at + 8;
		const unsigned char *end = (const unsigned char *)out.at + out.len;
		uLongf n_pixels = 0;
		while (end - at >= 12) {
			uint32_t n = be32(at);
			REQUIRE(n <= (size_t)(end - at) - 12);
			CHECK(crc32(0, at + 4, n + 4) == be32(at + 8 + n));
			if (memcmp(at + 4, "IHDR", 4) == 0)
				n_pixels = (be32(at + 8) + 1UL) * be32(at + 12);
			if (memcmp(at + 4, "IDAT", 4) == 0) {
				uLongf got = n_pixels;
				AUTO_FREE unsigned char *pixels = malloc(n_pixels);
				CHECK(uncompress(pixels, &got, at + 8, n) == Z_OK);
				CHECK_INT(got, n_pixels);
			}
			at += n + 12;
		}
		CHECK(at == end);
	}
}

/* A decoder of just the stream that T.81 describes: counts blocks, checks every code. */
struct scan {
	const unsigned char *at, *end;
	unsigned held, n_held;
	bool bad;
};
static unsigned scan_bit(struct scan *s)
{
	if (s->n_held == 0) {
		if (s->at >= s->end ||
			(s->at[0] == 0xff && (s->end - s->at < 2 || s->at[1] != 0))) {
			s->bad = true;
			return 0;
		}
		s->held = s->at[0];
		s->at += s->held == 0xff ? 2 : 1;
		s->n_held = 8;
	}
	return s->held >> --s->n_held & 1;
}
static unsigned scan_symbol(struct scan *s, const unsigned char *table)
{
	unsigned code = 0;
	unsigned first = 0;
	unsigned index = 0;
	for (unsigned len = 1; len <= 16 && !s->bad; len++) {
		code = code << 1 | scan_bit(s);
		unsigned n = table[len - 1];
		if (code - first < n)
			return table[16 + index + code - first];
		index += n;
		first = (first + n) << 1;
	}
	s->bad = true;
	return 0;
}
static int scan_value(struct scan *s, unsigned n)
{
	int value = 0;
	for (unsigned i = 0; i < n; i++)
		value = value << 1 | (int)scan_bit(s);
	return n > 0 && value < 1 << (n - 1) ? value - (1 << n) + 1 : value;
}
static void scan_block(struct scan *s, const unsigned char *dc, const unsigned char *ac, int *level)
{
	*level += scan_value(s, scan_symbol(s, dc));
	for (unsigned k = 1; k < 64 && !s->bad; k++) {
		unsigned symbol = scan_symbol(s, ac);
		if (symbol == 0)
			return;
		k += symbol >> 4;
		s->bad |= k > 63;
		(void)scan_value(s, symbol & 15);
	}
}

static void check_jpg(const struct buf *b)
{
	const unsigned char *at = (const unsigned char *)b->at;
	const unsigned char *end = at + b->len;
	const unsigned char *tables[2] = { NULL, NULL };
	size_t n_blocks = 0;
	REQUIRE(at[0] == 0xff && at[1] == 0xd8);
	at += 2;
	for (;;) {
		REQUIRE(end - at > 4 && at[0] == 0xff);
		size_t len = (size_t)at[2] << 8 | at[3];
		REQUIRE(len + 2 <= (size_t)(end - at));
		if (at[1] == 0xc0)
			n_blocks = ((size_t)at[5] << 8 | at[6]) / 8 *
				   (((size_t)at[7] << 8 | at[8]) / 8);
		if (at[1] == 0xc4)
			tables[at[4] >> 4] = at + 5;
		bool is_scan = at[1] == 0xda;
		at += len + 2;
		if (is_scan)
			break;
	}
	REQUIRE(tables[0] != NULL && tables[1] != NULL && n_blocks > 0);
	struct scan s = { .at = at, .end = end };
	int level = 0;
	for (size_t i = 0; i < n_blocks && !s.bad; i++) {
		scan_block(&s, tables[0], tables[1], &level);
		CHECK(level >= -128 && level <= 127);
	}
	CHECK(!s.bad);
	while (end - s.at > 2 && s.at[0] == 0xff && s.at[1] == 0xff)
		s.at++;
	CHECK(end - s.at == 2 && s.at[0] == 0xff && s.at[1] == 0xd9);
}

TEST(jpegs_decode_to_their_last_block)
{
	AUTO_BUF struct buf out;
	struct dice d;
	buf_init(&out, CONTENT_MOST);
	dice_init(&d, 9);
	for (uint64_t size = 1024; size < 1200; size++) {
		make(DECOY_JPG, size, "x", &d, &out);
		check_jpg(&out);
	}
	make(DECOY_JPG, 3000001, "x", &d, &out);
	check_jpg(&out);
}

/* --- by other programs --- */

static const char *const check_script =
	"import sys,zipfile,wave,sqlite3,csv,xml.dom.minidom as x\n"
	"for p in sys.argv[1:]:\n"
	"  e=p.rsplit('.',1)[1]\n"
	"  if e in('docx','xlsx','zip'):\n"
	"    z=zipfile.ZipFile(p); assert z.testzip() is None\n"
	"    t=b''.join(z.read(n) for n in z.namelist()); assert b'rill decoy' in t\n"
	"    [x.parseString(z.read(n)) for n in z.namelist() if n.endswith(('.xml','.rels'))]\n"
	"  if e=='wav': w=wave.open(p); assert len(w.readframes(10**9))==2*w.getnframes()\n"
	"  if e=='db':\n"
	"    c=sqlite3.connect('file:'+p+'?mode=ro',uri=True)\n"
	"    assert c.execute('pragma integrity_check').fetchone()==('ok',)\n"
	"    assert c.execute('select count(*) from drill_decoy').fetchone()==(0,)\n"
	"  if e=='sql': c=sqlite3.connect(':memory:'); c.executescript(open(p).read()); "
	"assert c.execute('select count(*) from stock_move').fetchone()[0]>10\n"
	"  if e=='csv': r=[l for l in csv.reader(open(p,encoding='utf-8')) if l]; "
	"assert all(len(l)==7 for l in r) and len(r)>10\n"
	"  if e in('txt','log','dxf'): open(p,encoding='utf-8').read()\n";

static void run_checker(char *const argv[], const char *name)
{
	AUTO_BUF struct buf output;
	struct command_result result;
	struct error e = ERROR_NONE;
	buf_init(&output, 64 * KIB);
	struct command c = { .argv = argv, .limit_ns = 60 * 1000000000LL };
	enum status status = command_run(&c, &output, &result, &e);
	if (status == E_ABSENT)
		test_skip(name);
	REQUIRE_OK(status, e);
	if (result.exit_status != 0)
		test_fail(__FILE__, __LINE__, "%s: %s", name, buf_text(&output));
}

static void make_file(enum decoy_kind kind, uint64_t size, struct dice *d, char path[4096])
{
	AUTO_BUF struct buf out;
	buf_init(&out, CONTENT_MOST);
	char name[64];
	(void)snprintf(name, sizeof name, "decoy-%llu.%s", (unsigned long long)size,
		decoy_extension(kind));
	make(kind, size, name, d, &out);
	(void)snprintf(path, 4096, "%s", test_path(name));
	test_write_file(path, out.at, out.len);
}

TEST(python_reads_what_it_has_readers_for)
{
	static const enum decoy_kind kinds[] = { DECOY_DOCX, DECOY_XLSX, DECOY_ZIP, DECOY_WAV,
		DECOY_DATABASE, DECOY_SQL, DECOY_CSV, DECOY_TXT, DECOY_LOG, DECOY_CAD };
	static const uint64_t sizes[] = { 8192, 16001, 65536, 1500007 };
	enum { FILES = COUNT_OF(kinds) * COUNT_OF(sizes) };
	static char paths[FILES][512];
	char python[] = "python3";
	char option[] = "-c";
	char script[4096];
	char *argv[FILES + 4] = { python, option, script };
	struct dice d;
	dice_init(&d, 10);
	(void)snprintf(script, sizeof script, "%s", check_script);
	for (size_t i = 0; i < FILES; i++) {
		char path[4096];
		make_file(kinds[i / COUNT_OF(sizes)], sizes[i % COUNT_OF(sizes)], &d, path);
		int n = snprintf(paths[i], sizeof paths[i], "%s", path);
		REQUIRE(n > 0 && (size_t)n < sizeof paths[i]);
		argv[3 + i] = paths[i];
	}
	run_checker(argv, "python3 is not installed");
}

TEST(unzip_tests_the_containers)
{
	static const enum decoy_kind kinds[] = { DECOY_DOCX, DECOY_XLSX, DECOY_ZIP };
	struct dice d;
	dice_init(&d, 11);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		char path[4096];
		char unzip[] = "unzip";
		char option[] = "-tq";
		make_file(kinds[i], 70001, &d, path);
		char *argv[] = { unzip, option, path, NULL };
		run_checker(argv, "unzip is not installed");
	}
}

TEST(pdftotext_reads_the_documents)
{
	static const uint64_t sizes[] = { 4096, 10000, 65536, 99999, 100500, 999999, 3000000 };
	struct dice d;
	dice_init(&d, 12);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		char path[4096];
		char program[] = "sh";
		char option[] = "-c";
		char script[] = "command -v pdftotext >/dev/null || exit 0; "
				"test -z \"$(pdfinfo \"$0\" 2>&1 >/dev/null)\" && "
				"pdftotext \"$0\" - | grep -q 'drill decoy'";
		make_file(DECOY_PDF, sizes[i], &d, path);
		char *argv[] = { program, option, script, path, NULL };
		run_checker(argv, "sh is not installed");
	}
}

/* --- sparse --- */

struct seen {
	uint64_t end, n_bytes, n_writes;
	bool bad;
};
static enum status look(
	uint64_t offset, const void *bytes, size_t n, void *context, struct error *e)
{
	(void)bytes;
	(void)e;
	struct seen *s = context;
	s->bad |= offset < s->end || offset % BLOCK_BYTES != 0;
	s->end = offset + n;
	s->n_bytes += n;
	s->n_writes++;
	return OK;
}

TEST(sparse_decoys_write_whole_blocks_in_order_and_little)
{
	static const uint64_t sizes[] = { 4 * MIB, 8 * MIB + 1, 100 * MIB, 2 * GIB - 1,
		12 * GIB + 1, 64 * GIB };
	struct dice d;
	dice_init(&d, 13);
	for (size_t i = 0; i < COUNT_OF(sizes); i++)
		for (int kind = 0; kind < 2; kind++) {
			struct manifest_file f = { .kind = kind == 0 ? DECOY_IMAGE : DECOY_DATABASE,
				.flags = MANIFEST_SPARSE,
				.size_bytes = sizes[i],
				.name = "x.db" };
			struct seen s = { 0 };
			struct error e = ERROR_NONE;
			REQUIRE_OK(content_make(&f, &d, look, &s, &e), e);
			CHECK(!s.bad);
			CHECK_INT(s.end, sizes[i]);
			CHECK(s.n_bytes <= decoy_disk_bytes(&f));
			CHECK(s.n_bytes < 1 * MIB);
		}
}

static enum status refuse(
	uint64_t offset, const void *bytes, size_t n, void *context, struct error *e)
{
	(void)offset;
	(void)bytes;
	(void)n;
	(void)context;
	return error_set(e, E_NO_SPACE, "no room");
}

TEST(a_failed_write_comes_back_as_it_was_said)
{
	struct dice d;
	dice_init(&d, 14);
	for (unsigned kind = 0; kind < DECOY_KINDS; kind++) {
		struct manifest_file f = {
			.kind = (enum decoy_kind)kind, .size_bytes = 2 * MIB, .name = "x"
		};
		struct error e = ERROR_NONE;
		CHECK_INT(content_make(&f, &d, refuse, NULL, &e), E_NO_SPACE);
		CHECK_TEXT(e.text, "no room");
	}
}

#ifdef TOCSIN_FAULTS
TEST(memory_may_fail_at_any_point)
{
	for (unsigned kind = 0; kind < DECOY_KINDS; kind++) {
		bool went_well = false;
		for (long nth = 1; nth < 1000 && !went_well; nth++) {
			AUTO_BUF struct buf out;
			struct dice d;
			struct error e = ERROR_NONE;
			buf_init(&out, CONTENT_MOST);
			REQUIRE(buf_extend(&out, 1 * MIB) != NULL);
			buf_reset(&out);
			dice_init(&d, 1);
			struct manifest_file f = {
				.kind = (enum decoy_kind)kind, .size_bytes = 30000, .name = "x"
			};
			fault_arm("", nth);
			enum status status = content_make(&f, &d, collect, &out, &e);
			fault_disarm();
			went_well = status == OK;
			CHECK(status == OK || e.text[0] != '\0');
		}
		CHECK(went_well);
	}
}
#endif
