/*
 * Decoys that are plain text: prose, tables, database dumps, logs, drawings in ASCII DXF.
 */
#include <stdio.h>

#include "drill/decoy/content.h"

/* A record: written to `at`, at most LINE_BYTES_MAX bytes. Returns its end. */
typedef char *put_record(char *at, unsigned long number, struct dice *d);

/* Whole records while they fit, then empty lines, which every reader of such files skips. */
static void put_records(struct output *o, put_record *put, uint64_t tail_bytes, struct dice *d)
{
	for (unsigned long n = 1;; n++) {
		char *start = output_room(o);
		size_t len = (size_t)(put(start, n, d) - start);
		if (len + tail_bytes > output_left(o) || o->status != OK)
			break;
		output_took(o, len);
	}
	uint64_t left = output_left(o);
	output_fill(o, '\n', left > tail_bytes ? left - tail_bytes : 0);
}

static char *paragraph_zh(char *at, unsigned long number, struct dice *d)
{
	if (number % 8 == 1) {
		at = put_view(at, VIEW("\n（"));
		at = put_digits(at, (unsigned)(number / 8) % 1000, 3);
		at = put_view(at, VIEW("）"));
		at = put_date(at, d);
		*at++ = '\n';
	}
	at = put_sentence_zh(at, d);
	at = put_sentence_zh(at, d);
	*at++ = '\n';
	return at;
}

static char *paragraph_en(char *at, unsigned long number, struct dice *d)
{
	if (number % 8 == 1) {
		at = put_view(at, VIEW("\nSection "));
		at = put_digits(at, (unsigned)(number / 8) % 1000, 3);
		at = put_view(at, VIEW(", "));
		at = put_date(at, d);
		*at++ = '\n';
	}
	at = put_sentence_en(at, d);
	at = put_sentence_en(at, d);
	*at++ = '\n';
	return at;
}

/* The language follows the name: a Chinese title holds bytes above ASCII. */
static bool is_chinese(const struct manifest_file *f)
{
	for (const char *at = f->name; *at != '\0'; at++)
		if ((unsigned char)*at >= 0x80)
			return true;
	return false;
}

enum status content_txt(
	const struct manifest_file *f, struct dice *d, struct output *o, struct error *e)
{
	(void)e;
	/* No half letters: a file too short for the line gets the short mark, or none. */
	const char *mark = f->size_bytes > sizeof DECOY_MARK_LINE ? DECOY_MARK_LINE "\n"
			   : f->size_bytes > sizeof DECOY_MARK	  ? DECOY_MARK "\n"
								  : "";
	output_text(o, mark);
	put_records(o, is_chinese(f) ? paragraph_zh : paragraph_en, 0, d);
	return OK;
}

static const struct view departments[16] = { { "production", 10 }, { "财务部", 9 },
	{ "quality", 7 }, { "设备科", 9 }, { "stores", 6 }, { "采购部", 9 }, { "design", 6 },
	{ "质量部", 9 }, { "safety", 6 }, { "信息中心", 12 }, { "planning", 8 }, { "维修班", 9 },
	{ "packing", 7 }, { "技术中心", 12 }, { "sales", 5 }, { "销售部", 9 } };
static const struct view materials[16] = { { "轴承", 6 }, { "bearing", 7 }, { "密封圈", 9 },
	{ "seal ring", 9 }, { "电缆", 6 }, { "cable", 5 }, { "法兰", 6 }, { "flange", 6 },
	{ "滤芯", 6 }, { "filter", 6 }, { "润滑油", 9 }, { "lubricant", 9 }, { "阀门", 6 },
	{ "valve", 5 }, { "传感器", 9 }, { "sensor", 6 } };

static char *put_amount(char *at, uint64_t bits)
{
	at = put_digits(at, (unsigned)(bits % 90000) + 10000, 5);
	*at++ = '.';
	return put_digits(at, (unsigned)(bits >> 32) % 100, 2);
}

static char *row_csv(char *at, unsigned long number, struct dice *d)
{
	at = put_date(at, d);
	uint64_t bits = dice_u64(d);
	at = put_view(at, VIEW(",D-"));
	at = put_digits(at, (unsigned)(number % 1000000), 6);
	*at++ = ',';
	at = put_view(at, departments[take_bits(&bits, 16)]);
	*at++ = ',';
	at = put_view(at, materials[take_bits(&bits, 16)]);
	*at++ = ',';
	at = put_digits(at, take_bits(&bits, 9000) + 1, 4);
	*at++ = ',';
	at = put_amount(at, dice_u64(d));
	*at++ = ',';
	at = put_view(at, take_bits(&bits, 2) == 0 ? VIEW("已核对") : VIEW("open"));
	*at++ = '\n';
	return at;
}

enum status content_csv(
	const struct manifest_file *f, struct dice *d, struct output *o, struct error *e)
{
	(void)f;
	(void)e;
	output_text(o, "日期,单号,部门,物料,数量,金额,状态 (" DECOY_MARK " 演练诱饵)\n");
	put_records(o, row_csv, 0, d);
	return OK;
}

static char *row_sql(char *at, unsigned long number, struct dice *d)
{
	at = put_view(
		at, VIEW("INSERT INTO stock_move (id,moved_on,department,item,amount) VALUES ("));
	at = put_digits(at, (unsigned)(number % 100000000), 8);
	at = put_view(at, VIEW(",'"));
	at = put_date(at, d);
	at = put_view(at, VIEW("','"));
	uint64_t bits = dice_u64(d);
	at = put_view(at, departments[take_bits(&bits, 16)]);
	at = put_view(at, VIEW("','"));
	at = put_view(at, materials[take_bits(&bits, 16)]);
	at = put_view(at, VIEW("',"));
	at = put_amount(at, dice_u64(d));
	return put_view(at, VIEW(");\n"));
}

enum status content_sql(
	const struct manifest_file *f, struct dice *d, struct output *o, struct error *e)
{
	(void)f;
	(void)e;
	output_text(o,
		"-- " DECOY_MARK_LINE "\n"
		"CREATE TABLE IF NOT EXISTS stock_move (id INTEGER PRIMARY KEY, moved_on DATE,\n"
		"  department VARCHAR(40), item VARCHAR(40), amount DECIMAL(12,2));\nBEGIN;\n");
	put_records(o, row_sql, 8, d);
	output_text(o, "COMMIT;\n");
	return OK;
}

static char *row_log(char *at, unsigned long number, struct dice *d)
{
	static const struct view levels[4] = { { " INFO  ", 7 }, { " INFO  ", 7 }, { " DEBUG ", 7 },
		{ " WARN  ", 7 } };
	static const struct view parts[8] = { { "collector", 9 }, { "scheduler", 9 },
		{ "interface", 9 }, { "gateway", 7 }, { "archive", 7 }, { "reporting", 9 },
		{ "historian", 9 }, { "printing", 8 } };
	static const struct view events[8] = { { " job finished in ", 17 },
		{ " read register block ", 21 }, { " queue length ", 14 }, { " retry after ", 13 },
		{ " wrote batch ", 13 }, { " session renewed ", 17 }, { " cache hit ", 11 },
		{ " poll cycle ", 12 } };
	at = put_date(at, d);
	uint64_t bits = dice_u64(d);
	*at++ = 'T';
	at = put_digits(at, take_bits(&bits, 24), 2);
	*at++ = ':';
	at = put_digits(at, (unsigned)number / 60 % 60, 2);
	*at++ = ':';
	at = put_digits(at, (unsigned)number % 60, 2);
	unsigned words = take_bits(&bits, 4 * 8 * 8);
	at = put_view(at, levels[words % 4]);
	at = put_view(at, parts[words / 4 % 8]);
	at = put_view(at, events[words / 32]);
	at = put_digits(at, take_bits(&bits, 10000), 4);
	/* Addresses for documentation (RFC 5737). */
	at = put_view(at, VIEW(" from 192.0.2."));
	at = put_digits(at, take_bits(&bits, 155) + 100, 3);
	*at++ = '\n';
	return at;
}

enum status content_log(
	const struct manifest_file *f, struct dice *d, struct output *o, struct error *e)
{
	(void)f;
	(void)e;
	output_text(o, "# " DECOY_MARK_LINE "\n");
	put_records(o, row_log, 0, d);
	return OK;
}

/* Group codes of the DXF reference: 0 entity, 8 layer, 10/20/30 start, 11/21/31 end. */
static char *entity_cad(char *at, unsigned long number, struct dice *d)
{
	static const char *const codes[6] = { "10", "20", "30", "11", "21", "31" };
	at = put_view(at, VIEW("0\nLINE\n8\nLAYER"));
	at = put_digits(at, (unsigned)number % 16, 2);
	*at++ = '\n';
	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		uint64_t bits = dice_u64(d);
		at = put_view(at, view_of(codes[i]));
		*at++ = '\n';
		at = put_digits(at, (unsigned)(bits % 10000), 4);
		*at++ = '.';
		at = put_digits(at, (unsigned)(bits >> 40) % 1000000, 6);
		*at++ = '\n';
	}
	return at;
}

enum status content_cad(
	const struct manifest_file *f, struct dice *d, struct output *o, struct error *e)
{
	(void)f;
	(void)e;
	static const char tail[] = "0\nENDSEC\n0\nEOF\n";
	output_text(o, "999\n" DECOY_MARK_LINE "\n0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1009\n"
		       "0\nENDSEC\n0\nSECTION\n2\nENTITIES\n");
	for (unsigned long n = 1;; n++) {
		char *start = output_room(o);
		size_t len = (size_t)(entity_cad(start, n, d) - start);
		/* What is left in the end must hold a comment: "999", a text, two line ends. */
		if (len + sizeof tail - 1 + 5 > output_left(o) || o->status != OK)
			break;
		output_took(o, len);
	}
	uint64_t comment = output_left(o) - (sizeof tail - 1);
	output_text(o, "999\n");
	output_fill(o, '-', comment - 5);
	output_text(o, "\n");
	output_text(o, tail);
	return OK;
}
