/*
 * Disk images and database files: the two kinds that may be sparse. A sparse one holds a head, some
 * runs of data spread over it and its last bytes; between them it has holes.
 */
#include <assert.h>

#include "base/pack.h"
#include "drill/decoy/content.h"

enum { PAGE_BYTES = 8192, RUN_BYTES = 16384, HEAD_BYTES = 65536, RUNS = 48, SECTOR_BYTES = 512 };

/* What one page holds: half of it text, so that a change of it shows in its entropy. */
static void put_page(unsigned char page[PAGE_BYTES], uint64_t number, struct dice *d)
{
	memset(page, 0, PAGE_BYTES);
	char *at = (char *)page;
	const char *end = at + PAGE_BYTES / 2;
	at = put_view(at, VIEW("PAGE"));
	at = put_digits(at, (unsigned)(number % 100000000), 8);
	*at++ = ' ';
	while (end - at >= SENTENCE_BYTES_MAX)
		at = put_sentence_en(at, d);
	dice_bytes(d, page + PAGE_BYTES / 2, 64);
}

static void put_pages(struct output *o, uint64_t n_bytes, struct dice *d)
{
	unsigned char page[PAGE_BYTES];
	uint64_t end = output_left(o) - n_bytes;
	while (output_left(o) > end && o->status == OK) {
		uint64_t left = output_left(o) - end;
		put_page(page, (o->at + o->used) / PAGE_BYTES, d);
		output_put(o, page, left < PAGE_BYTES ? (size_t)left : PAGE_BYTES);
	}
}

static uint64_t last_run_start(uint64_t size_bytes)
{
	return (size_bytes - RUN_BYTES) / BLOCK_BYTES * BLOCK_BYTES;
}

/* One run in each of RUNS equal parts of what lies between the head and the last bytes. */
static void put_runs(struct output *o, struct dice *d)
{
	uint64_t last = last_run_start(o->size_bytes);
	uint64_t part = (last - HEAD_BYTES) / RUNS / BLOCK_BYTES;
	assert(part > RUN_BYTES / BLOCK_BYTES);
	for (uint64_t i = 0; i < RUNS; i++) {
		uint64_t in_part = dice_below(d, part - RUN_BYTES / BLOCK_BYTES);
		output_jump(o, HEAD_BYTES + (i * part + in_part) * BLOCK_BYTES);
		put_pages(o, RUN_BYTES, d);
	}
	output_jump(o, last);
	put_pages(o, output_left(o), d);
}

uint64_t sparse_disk_bytes(uint64_t size_bytes)
{
	uint64_t last = (size_bytes - last_run_start(size_bytes) + BLOCK_BYTES - 1) / BLOCK_BYTES;
	return HEAD_BYTES + (uint64_t)RUNS * RUN_BYTES + last * BLOCK_BYTES;
}

static void put_rest(const struct manifest_file *f, struct output *o, struct dice *d)
{
	if ((f->flags & MANIFEST_SPARSE) == 0) {
		put_pages(o, output_left(o), d);
		return;
	}
	put_pages(o, HEAD_BYTES - (o->at + o->used), d);
	put_runs(o, d);
}

static enum status check_sparse(const struct manifest_file *f, struct error *e)
{
	if ((f->flags & MANIFEST_SPARSE) != 0 && f->size_bytes < 4 * MIB)
		return error_set(e, E_INVALID, "a sparse decoy is at least 4 MiB long");
	return OK;
}

/* A boot sector without code, and one partition over the rest. */
enum status content_image(
	const struct manifest_file *f, struct dice *d, struct output *o, struct error *e)
{
	TRY(check_sparse(f, e));
	char sector[SECTOR_BYTES + 1];
	struct buf b = { .at = sector, .capacity = sizeof sector, .ceiling = SECTOR_BYTES };
	memset(buf_extend(&b, 446), 0, 446);
	memcpy(sector + 64, DECOY_MARK, sizeof DECOY_MARK);
	uint64_t n_sectors = f->size_bytes / SECTOR_BYTES;
	buf_add_bytes(&b, "\x80\0\2\0\x83\xfe\xff\xff", 8); /* active, Linux */
	pack_put_u32(&b, 1);
	pack_put_u32(&b, n_sectors - 1 > UINT32_MAX ? UINT32_MAX : (uint32_t)(n_sectors - 1));
	memset(buf_extend(&b, 48), 0, 48);
	pack_put_u16(&b, 0xaa55);
	assert(!b.failed && b.len == SECTOR_BYTES);
	output_put(o, sector, SECTOR_BYTES);
	put_rest(f, o, d);
	return OK;
}

static void be(unsigned char *at, uint32_t value, size_t n_bytes)
{
	for (size_t i = n_bytes; i > 0; i--, value >>= 8)
		at[i - 1] = (unsigned char)value;
}

/*
 * The first two pages of an SQLite database (its file format document, sections 1.3 and 1.6): one
 * table, named after what this is, and empty. What follows is space set aside, which the format
 * allows: the header counts two pages.
 */
enum { SQLITE_PAGE = 4096, SQLITE_HEAD = 100 };

static void put_sqlite(struct output *o)
{
	static const char sql[] = "CREATE TABLE drill_decoy (note TEXT)";
	unsigned char page[2 * SQLITE_PAGE] = { 0 };
	memcpy(page, "SQLite format 3", 16);
	be(page + 16, SQLITE_PAGE, 2);
	page[18] = page[19] = 1;
	page[21] = 64;
	page[22] = page[23] = 32;
	be(page + 24, 1, 4); /* change counter, equal to the one at 92: the page count holds */
	be(page + 28, 2, 4);
	be(page + 40, 1, 4); /* schema cookie */
	be(page + 44, 4, 4); /* schema format */
	be(page + 56, 1, 4); /* UTF-8 */
	be(page + 92, 1, 4);
	be(page + 96, 3040001, 4);
	/* The row of sqlite_schema: type, name, tbl_name, rootpage, sql. */
	unsigned char cell[128];
	size_t n = 2;
	const unsigned char header[6] = { 6, 13 + 2 * 5, 13 + 2 * 11, 13 + 2 * 11, 1,
		13 + 2 * (sizeof sql - 1) };
	memcpy(cell + n, header, sizeof header);
	n += sizeof header;
	memcpy(cell + n, "tabledrill_decoydrill_decoy\2", 28);
	n += 28;
	memcpy(cell + n, sql, sizeof sql - 1);
	n += sizeof sql - 1;
	cell[0] = (unsigned char)(n - 2);
	cell[1] = 1; /* rowid */
	size_t at = SQLITE_PAGE - n;
	memcpy(page + at, cell, n);
	unsigned char *leaf = page + SQLITE_HEAD;
	leaf[0] = 13; /* leaf of a table */
	be(leaf + 3, 1, 2);
	be(leaf + 5, (uint32_t)at, 2);
	be(leaf + 8, (uint32_t)at, 2);
	page[SQLITE_PAGE] = 13;
	be(page + SQLITE_PAGE + 5, SQLITE_PAGE, 2);
	output_put(o, page, sizeof page);
}

static bool is_sqlite(const struct manifest_file *f)
{
	char type[16];
	struct view v = manifest_type(f, type);
	return view_is(v, "db") || view_is(v, "sqlite") || view_is(v, "sqlite3");
}

enum status content_database(
	const struct manifest_file *f, struct dice *d, struct output *o, struct error *e)
{
	TRY(check_sparse(f, e));
	if (is_sqlite(f))
		put_sqlite(o);
	else
		output_text(o, "TOCSIN " DECOY_MARK_LINE " paged file, 8192 bytes a page\n");
	put_rest(f, o, d);
	return OK;
}
