/*
 * What the makers of a decoy's bytes share: an output that counts, and sentences. Private to
 * content*.c.
 *
 * No maker writes eleven decimal digits in a row, so that nothing in a decoy can be taken for the
 * number of a person, a firm, a card or a telephone.
 */
#ifndef DRILL_CONTENT_H
#define DRILL_CONTENT_H

#include "base/auto.h"
#include "base/buf.h"
#include "drill/decoy/corpus.h"

enum { OUTPUT_BYTES = 256 * 1024, LINE_BYTES_MAX = 1024 };

typedef enum status (*content_write)(
	uint64_t offset, const void *bytes, size_t n, void *context, struct error *e);

/* Collects small pieces; whatever is put behind the file's end is cut off. A failed write sticks.
 */
struct output {
	content_write write;
	void *context;
	struct error *e;
	enum status status;
	uint64_t size_bytes; /* of the whole decoy */
	uint64_t at;	     /* offset of buffer[0] */
	size_t used;
	char *buffer; /* OUTPUT_BYTES */
};
/* Room for LINE_BYTES_MAX bytes at least; follow with output_took. */
char *output_room(struct output *o);
void output_took(struct output *o, size_t n_bytes);
void output_put(struct output *o, const void *bytes, size_t n_bytes);
void output_text(struct output *o, const char *text);
void output_fill(struct output *o, char c, uint64_t n_bytes);
/* Writes what is collected; the next bytes go to `offset`, which is not before. */
void output_jump(struct output *o, uint64_t offset);
/* Bytes of the decoy that were not put yet. */
uint64_t output_left(const struct output *o);

/* A number below n (at most 2^16) from 16 bits of *bits, which are used up. */
static inline unsigned take_bits(uint64_t *bits, unsigned n)
{
	unsigned x = (unsigned)(((*bits & 0xffff) * n) >> 16);
	*bits >>= 16;
	return x;
}
static inline char *put_view(char *at, struct view v)
{
	memcpy(at, v.at, v.len);
	return at + v.len;
}
/* Exactly `width` digits, at most 9. */
static inline char *put_digits(char *at, unsigned value, unsigned width)
{
	for (unsigned i = width; i > 0; i--, value /= 10)
		at[i - 1] = (char)('0' + value % 10);
	return at + width;
}
char *put_date(char *at, struct dice *d); /* 2025-03-17 */
/* One sentence, no line end. They never write more than SENTENCE_BYTES_MAX. */
enum { SENTENCE_BYTES_MAX = 400 };
char *put_sentence_zh(char *at, struct dice *d);
char *put_sentence_en(char *at, struct dice *d);

/* The words that tell a curious reader what this is. */
#define DECOY_MARK "drill decoy"
#define DECOY_MARK_LINE "Drill decoy. 应急演练诱饵文件，内容均为虚构，可安全忽略。"

typedef enum status content_maker(
	const struct manifest_file *f, struct dice *d, struct output *o, struct error *e);
content_maker content_txt, content_csv, content_sql, content_log, content_cad;
content_maker content_bmp, content_wav, content_png, content_jpg;
content_maker content_docx, content_xlsx, content_zip, content_pdf;
content_maker content_image, content_database;

/* A PNG picture of exactly n_bytes, at least PNG_BYTES_MIN. */
enum { PNG_BYTES_MIN = 256 };
void picture_png(struct buf *out, size_t n_bytes, struct dice *d);

/* Bytes that a sparse image or database has on disk. */
uint64_t sparse_disk_bytes(uint64_t size_bytes);

#endif
