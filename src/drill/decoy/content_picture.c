/*
 * Pictures and sound: uncompressed ones (BMP, WAV) and compressed ones (PNG, JPEG), each decodable.
 * The compressed ones carry noise, which is what their coders would make of a detailed photograph.
 */
#include <assert.h>
#include <endian.h>
#include <zlib.h>

#include "base/fault.h"
#include "base/pack.h"
#include "drill/decoy/content.h"

/* The largest whole number whose square is not above x. */
static uint32_t square_root(uint64_t x)
{
	uint64_t low = 0;
	uint64_t high = 1U << 20;
	while (low < high) {
		uint64_t middle = (low + high + 1) / 2;
		if (middle * middle <= x)
			low = middle;
		else
			high = middle - 1;
	}
	return (uint32_t)low;
}

static enum status no_memory(struct error *e)
{
	return error_set(e, E_NO_SPACE, "memory for a picture is short");
}

/* --- BMP: stripes of a few colours with a grain --- */

enum { BMP_HEAD = 54, BMP_GAP = 64, BMP_COLOURS = 12, BMP_BAND_ROWS = 24 };

static void bmp_head(struct output *o, uint32_t width, uint32_t height, uint32_t gap)
{
	char bytes[BMP_HEAD + 1];
	struct buf b = { .at = bytes, .capacity = sizeof bytes, .ceiling = BMP_HEAD };
	buf_add_text(&b, "BM");
	pack_put_u32(&b, (uint32_t)o->size_bytes);
	pack_put_u32(&b, 0);
	pack_put_u32(&b, BMP_HEAD + gap);
	pack_put_u32(&b, 40); /* BITMAPINFOHEADER */
	pack_put_u32(&b, width);
	pack_put_u32(&b, height);
	pack_put_u16(&b, 1);
	pack_put_u16(&b, 24);
	pack_put_u32(&b, 0);
	pack_put_u32(&b, width * height * 3);
	pack_put_u32(&b, 3780); /* 96 dots per inch */
	pack_put_u32(&b, 3780);
	pack_put_u32(&b, 0);
	pack_put_u32(&b, 0);
	assert(!b.failed && b.len == BMP_HEAD);
	output_put(o, bytes, BMP_HEAD);
	output_text(o, DECOY_MARK);
	output_fill(o, '\0', gap - (sizeof DECOY_MARK - 1));
}

/* Blue never looks like a decimal digit, so that no digits stand in a row. */
static void bmp_row(unsigned char *row, uint32_t width, struct dice *d)
{
	unsigned char colours[BMP_COLOURS][3];
	for (size_t i = 0; i < BMP_COLOURS; i++) {
		uint64_t bits = dice_u64(d);
		colours[i][0] = (unsigned char)(0x80 | (bits & 0x70));
		colours[i][1] = (unsigned char)(bits >> 8 & 0xf0);
		colours[i][2] = (unsigned char)(bits >> 16 & 0xf0);
	}
	uint32_t until = 0;
	const unsigned char *colour = colours[0];
	for (uint32_t x = 0; x < width; x++) {
		uint64_t bits = dice_u64(d);
		if (x == until) {
			colour = colours[(bits >> 32) % BMP_COLOURS];
			until = x + 4 + (uint32_t)(bits >> 40) % 60;
		}
		row[3 * x] = (unsigned char)(colour[0] + (bits & 3));
		row[3 * x + 1] = (unsigned char)(colour[1] + (bits >> 2 & 3));
		row[3 * x + 2] = (unsigned char)(colour[2] + (bits >> 4 & 3));
	}
}

enum status content_bmp(
	const struct manifest_file *f, struct dice *d, struct output *o, struct error *e)
{
	uint64_t room = f->size_bytes - BMP_HEAD - BMP_GAP;
	if (f->size_bytes > UINT32_MAX)
		return error_set(e, E_INVALID, "a picture of that size does not exist");
	uint32_t width = square_root(room / 3) & ~3U; /* rows are whole words */
	size_t stride = 3UL * width;
	uint32_t height = (uint32_t)(room / stride);
	bmp_head(o, width, height, (uint32_t)(f->size_bytes - BMP_HEAD - stride * height));
	AUTO_FREE unsigned char *rows = FAULT("content_bmp") ? NULL : malloc(2 * stride);
	if (rows == NULL)
		return no_memory(e);
	size_t slant = 3 * (size_t)dice_below(d, 4);
	size_t shift = 0;
	for (uint32_t y = 0; y < height; y++) {
		if (y % BMP_BAND_ROWS == 0) {
			bmp_row(rows, width, d);
			memcpy(rows + stride, rows, stride);
		}
		output_put(o, rows + shift, stride);
		shift = (shift + slant) % stride;
	}
	return OK;
}

/* --- WAV: two tones in turn, 16 bits, one channel --- */

enum { WAV_RATE = 16000, WAV_HEAD = 76, WAV_TURN = 3000, SINE_STEPS = 1024 };

/* Bhaskara's approximation of a half wave, in sixty-fourths so that the sound stays simple. */
static void make_sine(int16_t out[SINE_STEPS])
{
	const int32_t half = SINE_STEPS / 2;
	for (int32_t i = 0; i < half; i++) {
		int64_t x = (int64_t)i * (half - i);
		int64_t y = 8000 * 16 * x / (5LL * half * half - 4 * x);
		int16_t step = (int16_t)(y / 64 * 64);
		out[i] = step;
		out[half + i] = (int16_t)-step;
	}
}

static void wav_head(struct output *o, uint32_t n_data)
{
	char bytes[WAV_HEAD + 1];
	struct buf b = { .at = bytes, .capacity = sizeof bytes, .ceiling = WAV_HEAD };
	buf_add_text(&b, "RIFF");
	pack_put_u32(&b, WAV_HEAD - 8 + n_data);
	buf_add_text(&b, "WAVEfmt ");
	pack_put_u32(&b, 16);
	pack_put_u16(&b, 1); /* PCM */
	pack_put_u16(&b, 1);
	pack_put_u32(&b, WAV_RATE);
	pack_put_u32(&b, 2 * WAV_RATE);
	pack_put_u16(&b, 2);
	pack_put_u16(&b, 16);
	buf_add_text(&b, "LIST");
	pack_put_u32(&b, 24);
	buf_add_text(&b, "INFOICMT");
	pack_put_u32(&b, 12);
	buf_add_bytes(&b, DECOY_MARK, 12); /* with its NUL, even */
	buf_add_text(&b, "data");
	pack_put_u32(&b, n_data);
	assert(!b.failed && b.len == WAV_HEAD);
	output_put(o, bytes, WAV_HEAD);
}

enum status content_wav(
	const struct manifest_file *f, struct dice *d, struct output *o, struct error *e)
{
	static_assert(sizeof DECOY_MARK == 12, "the comment chunk is written for this length");
	if (f->size_bytes > UINT32_MAX)
		return error_set(e, E_INVALID, "a sound of that size does not exist");
	int16_t sine[SINE_STEPS];
	make_sine(sine);
	uint32_t n_samples = (uint32_t)(f->size_bytes - WAV_HEAD) / 2;
	wav_head(o, 2 * n_samples);
	uint32_t phase = 0;
	uint32_t step = 0;
	uint32_t until = 0;
	for (uint32_t i = 0; i < n_samples;) {
		unsigned char *at = (unsigned char *)output_room(o);
		size_t n = 0;
		for (; n < LINE_BYTES_MAX && i < n_samples; n += 2, i++) {
			if (i == until) {
				step = (uint32_t)dice_between(d, 8U << 16, 60U << 16);
				until = i + WAV_TURN + (uint32_t)dice_below(d, WAV_TURN);
			}
			phase += step;
			uint16_t sample = (uint16_t)sine[phase >> 16 & (SINE_STEPS - 1)];
			at[n] = (unsigned char)(sample & 0xff);
			at[n + 1] = (unsigned char)(sample >> 8);
		}
		output_took(o, n);
	}
	output_fill(o, '\0', output_left(o)); /* an odd byte, outside the RIFF chunk */
	return OK;
}

/* --- PNG: 8 bits of grey, deflate's stored blocks --- */

enum {
	PNG_FIXED = 8 + 25 + 12 + 8 + 12 + 6 + 12, /* signature, IHDR, tEXt, IDAT, zlib, IEND */
	STORED_MOST = 65535,
	STORED_HEAD = 5
};

static void put_be32(struct buf *b, uint32_t x)
{
	unsigned char bytes[4] = { (unsigned char)(x >> 24), (unsigned char)(x >> 16),
		(unsigned char)(x >> 8), (unsigned char)x };
	buf_add_bytes(b, bytes, sizeof bytes);
}

/* Closes the chunk whose type stands at `start`. */
static void png_close(struct buf *b, size_t start)
{
	if (b->failed)
		return;
	put_be32(b, (uint32_t)crc32(
			    0, (const unsigned char *)b->at + start, (unsigned)(b->len - start)));
}

static void png_pixels(unsigned char *at, size_t width, size_t height, struct dice *d)
{
	dice_bytes(d, at, (width + 1) * height);
	for (size_t y = 0; y < height; y++)
		at[y * (width + 1)] = 0; /* filter: none */
}

static void png_data(struct buf *out, size_t width, size_t height, struct dice *d)
{
	size_t n = (width + 1) * height;
	size_t n_blocks = (n + STORED_MOST - 1) / STORED_MOST;
	put_be32(out, (uint32_t)(6 + n + n_blocks * STORED_HEAD));
	size_t start = out->len;
	buf_add_text(out, "IDAT\x78\x01");
	AUTO_FREE unsigned char *pixels = FAULT("content_png") ? NULL : malloc(n);
	if (pixels == NULL) {
		out->failed = true;
		return;
	}
	png_pixels(pixels, width, height, d);
	for (size_t at = 0; at < n; at += STORED_MOST) {
		size_t len = n - at < STORED_MOST ? n - at : STORED_MOST;
		buf_add_char(out, at + len == n);
		pack_put_u16(out, (uint16_t)len);
		pack_put_u16(out, (uint16_t)~len);
		buf_add_bytes(out, pixels + at, len);
	}
	put_be32(out, (uint32_t)adler32(adler32(0, NULL, 0), pixels, (unsigned)n));
	png_close(out, start);
}

void picture_png(struct buf *out, size_t n_bytes, struct dice *d)
{
	assert(n_bytes >= PNG_BYTES_MIN && n_bytes <= 64 * MIB);
	size_t room = n_bytes - PNG_FIXED - (sizeof DECOY_MARK - 1);
	room -= (room / STORED_MOST + 1) * STORED_HEAD;
	size_t width = square_root(room) - 1;
	size_t height = room / (width + 1);
	size_t n_pixels = (width + 1) * height;
	size_t n_blocks = (n_pixels + STORED_MOST - 1) / STORED_MOST;
	size_t comment = n_bytes - PNG_FIXED - n_pixels - n_blocks * STORED_HEAD;
	buf_add_text(out, "\x89PNG\r\n\x1a\n");
	put_be32(out, 13);
	size_t start = out->len;
	buf_add_text(out, "IHDR");
	put_be32(out, (uint32_t)width);
	put_be32(out, (uint32_t)height);
	buf_add_bytes(out, "\x08\0\0\0\0", 5);
	png_close(out, start);
	put_be32(out, (uint32_t)(8 + comment));
	start = out->len;
	buf_add_bytes(out, "tEXtComment", 12); /* with the NUL that ends the keyword */
	buf_add_text(out, DECOY_MARK);
	char *fill = buf_extend(out, comment - (sizeof DECOY_MARK - 1));
	if (fill != NULL)
		memset(fill, '.', comment - (sizeof DECOY_MARK - 1));
	png_close(out, start);
	png_data(out, width, height, d);
	put_be32(out, 0);
	start = out->len;
	buf_add_text(out, "IEND");
	png_close(out, start);
}

enum status content_png(
	const struct manifest_file *f, struct dice *d, struct output *o, struct error *e)
{
	AUTO_BUF struct buf b;
	buf_init(&b, f->size_bytes);
	picture_png(&b, f->size_bytes, d);
	TRY(buf_check(&b, "picture", e));
	output_put(o, b.at, b.len);
	return OK;
}

/* --- JPEG: baseline, grey, one small Huffman table for both classes (ITU-T T.81) --- */

enum {
	JPG_BLOCK_BYTES = 20, /* about, in the scan */
	JPG_SLACK = 128,      /* for 0xFF bytes, which are followed by a stuffed zero */
	JPG_AC_MOST = 48,     /* coefficients of a block: 45 bytes with the longest codes */
	JPG_EOB_BITS = 3,
	JPG_DC_BITS = 3 + 7 + 1,
	JPG_AC_BITS = 3 + 4,
	JPG_COMMENT_MOST = 65533
};

/* The caller makes sure that there is room: JPG_SLACK covers what stuffing adds to one block. */
struct bits {
	unsigned char *at;
	uint64_t held;
	unsigned n_held;
};

/* Whole bytes go out; at most seven bits stay. */
static void flush_bytes(struct bits *b)
{
	while (b->n_held >= 8) {
		b->n_held -= 8;
		unsigned char byte = (unsigned char)(b->held >> b->n_held);
		*b->at++ = byte;
		if (byte == 0xff)
			*b->at++ = 0;
	}
}

/* At most 16 bits at a time. Four bytes go out at once where none of them is 0xFF, as mostly. */
static void put_bits(struct bits *b, unsigned value, unsigned n)
{
	b->held = b->held << n | value;
	b->n_held += n;
	if (b->n_held < 32)
		return;
	uint32_t word = (uint32_t)(b->held >> (b->n_held - 32));
	bool has_ff = ((~word - 0x01010101U) & word & 0x80808080U) != 0;
	if (has_ff) {
		flush_bytes(b);
		return;
	}
	word = htobe32(word);
	memcpy(b->at, &word, sizeof word);
	b->at += sizeof word;
	b->n_held -= 32;
}

/* Symbols 0 to 6 have codes of three bits, symbol 7 has 1110: see the table in jpg_tables. */
static void put_symbol(struct bits *b, unsigned symbol)
{
	assert(symbol <= 7);
	if (symbol < 7)
		put_bits(b, symbol, 3);
	else
		put_bits(b, 14, 4);
}

static void put_difference(struct bits *b, int difference)
{
	unsigned magnitude = (unsigned)(difference < 0 ? -difference : difference);
	unsigned n = magnitude == 0 ? 0 : 32 - (unsigned)__builtin_clz(magnitude);
	put_symbol(b, n);
	unsigned value = (unsigned)(difference < 0 ? difference - 1 : difference);
	if (n > 0)
		put_bits(b, value & ((1U << n) - 1), n);
}

static void jpg_segment(struct buf *b, unsigned char marker, size_t n_bytes)
{
	buf_add_char(b, '\xff');
	buf_add_char(b, (char)marker);
	buf_add_char(b, (char)((n_bytes + 2) >> 8));
	buf_add_char(b, (char)((n_bytes + 2) & 0xff));
}

static void jpg_tables(struct buf *b, uint32_t width, uint32_t height)
{
	buf_add_bytes(b, "\xff\xd8", 2);
	jpg_segment(b, 0xe0, 14);
	buf_add_bytes(b, "JFIF\0\1\1\0\0\1\0\1\0\0", 14);
	jpg_segment(b, 0xfe, sizeof DECOY_MARK - 1);
	buf_add_text(b, DECOY_MARK);
	jpg_segment(b, 0xdb, 65);
	buf_add_char(b, '\0');
	for (int i = 0; i < 64; i++)
		buf_add_char(b, i == 0 ? 8 : 3);
	jpg_segment(b, 0xc0, 9);
	unsigned char frame[9] = { 8, (unsigned char)(height >> 8), (unsigned char)height,
		(unsigned char)(width >> 8), (unsigned char)width, 1, 1, 0x11, 0 };
	buf_add_bytes(b, frame, sizeof frame);
	for (int class = 0; class < 2; class ++) {
		jpg_segment(b, 0xc4, 1 + 16 + 8);
		buf_add_char(b, (char)(class << 4));
		buf_add_bytes(b, "\0\0\7\1\0\0\0\0\0\0\0\0\0\0\0\0\0\1\2\3\4\5\6\7", 16 + 8);
	}
}

/*
 * The scan, at most `budget` bytes; returns its end. Each block gets its share of what is left
 * beyond JPG_SLACK, counted with the longest codes. A block is at most 45 bytes long, which
 * stuffing could double at worst, and once the slack is touched blocks are a few bits long: so the
 * budget is never passed (content_jpg asserts it).
 */
static unsigned char *jpg_scan(unsigned char *start, size_t n_blocks, size_t budget, struct dice *d)
{
	struct bits bits = { .at = start };
	const unsigned char *end = start + budget;
	int before = 0;
	for (size_t i = 0; i < n_blocks; i++) {
		size_t left = (size_t)(end - bits.at) - bits.n_held / 8;
		size_t share = left > JPG_SLACK ? (left - JPG_SLACK) * 8 / (n_blocks - i) : 0;
		size_t n_ac = share > JPG_DC_BITS + JPG_EOB_BITS
				      ? (share - JPG_DC_BITS - JPG_EOB_BITS) / JPG_AC_BITS
				      : 0;
		n_ac = n_ac > JPG_AC_MOST ? JPG_AC_MOST : n_ac;
		uint64_t random = dice_u64(d);
		int level = n_ac == 0 ? before : (int)(random % 121) - 60;
		put_difference(&bits, level - before);
		before = level;
		for (size_t k = 0; k < n_ac; k++) {
			if (k % 8 == 0)
				random = dice_u64(d);
			unsigned n = 2 + (unsigned)(random & 1) + (unsigned)(random >> 1 & 1);
			put_symbol(&bits, n); /* no zeros before it, n bits */
			put_bits(&bits, (unsigned)(random >> 2) & ((1U << n) - 1), n);
			random >>= 8;
		}
		put_symbol(&bits, 0);
	}
	unsigned fill = (8 - bits.n_held % 8) % 8;
	put_bits(&bits, (1U << fill) - 1, fill);
	flush_bytes(&bits);
	return bits.at;
}

enum status content_jpg(
	const struct manifest_file *f, struct dice *d, struct output *o, struct error *e)
{
	size_t size = f->size_bytes;
	if (size > 64 * MIB)
		return error_set(e, E_INVALID, "a picture of that size does not exist");
	size_t n_blocks = (size - 512) / JPG_BLOCK_BYTES; /* the head is shorter than 512 */
	uint32_t across = square_root(n_blocks);
	uint32_t down = (uint32_t)n_blocks / across;
	AUTO_BUF struct buf head;
	buf_init(&head, size);
	jpg_tables(&head, 8 * across, 8 * down);
	TRY(buf_check(&head, "picture", e));
	static const char start[] = "\xff\xda\0\x08\1\1\0\0\x3f\0";
	size_t fixed = head.len + sizeof start - 1 + 2;
	AUTO_FREE unsigned char *scan = FAULT("content_jpg") ? NULL : malloc(size);
	if (scan == NULL)
		return no_memory(e);
	size_t n_scan = (size_t)(jpg_scan(scan, (size_t)across * down, size - fixed, d) - scan);
	assert(n_scan <= size - fixed);
	size_t rest = size - fixed - n_scan;
	output_put(o, head.at, head.len);
	while (rest >= 4) {
		size_t n = rest - 4 > JPG_COMMENT_MOST ? JPG_COMMENT_MOST : rest - 4;
		const unsigned char comment[4] = { 0xff, 0xfe, (unsigned char)((n + 2) >> 8),
			(unsigned char)(n + 2) };
		output_put(o, comment, sizeof comment);
		output_fill(o, '.', n);
		rest -= n + 4;
	}
	output_put(o, start, sizeof start - 1);
	output_put(o, scan, n_scan);
	output_fill(o, '\xff', rest); /* fill bytes before a marker (T.81, B.1.1.2) */
	output_put(o, "\xff\xd9", 2);
	return OK;
}
