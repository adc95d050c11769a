/*
 * From a kind of decoy to its maker, and the output that all makers write to.
 */
#include "drill/decoy/content.h"

#include <assert.h>

#include "base/fault.h"

static const struct {
	const char *extension;
	uint64_t min_bytes;
	bool low_entropy;
	content_maker *make;
} kinds[DECOY_KINDS] = {
	[DECOY_TXT] = { "txt", 0, true, content_txt },
	[DECOY_CSV] = { "csv", 256, true, content_csv },
	[DECOY_SQL] = { "sql", 1024, true, content_sql },
	[DECOY_LOG] = { "log", 256, true, content_log },
	[DECOY_BMP] = { "bmp", 1024, true, content_bmp },
	[DECOY_WAV] = { "wav", 1024, true, content_wav },
	[DECOY_DOCX] = { "docx", 8192, false, content_docx },
	[DECOY_XLSX] = { "xlsx", 8192, false, content_xlsx },
	[DECOY_PDF] = { "pdf", 4096, false, content_pdf },
	[DECOY_PNG] = { "png", PNG_BYTES_MIN, false, content_png },
	[DECOY_JPG] = { "jpg", 1024, false, content_jpg },
	[DECOY_ZIP] = { "zip", 8192, false, content_zip },
	[DECOY_CAD] = { "dxf", 1024, false, content_cad },
	[DECOY_IMAGE] = { "img", 512, false, content_image },
	[DECOY_DATABASE] = { "db", 8192, false, content_database },
};

const char *decoy_extension(enum decoy_kind kind)
{
	assert((unsigned)kind < DECOY_KINDS);
	return kinds[kind].extension;
}

bool decoy_is_low_entropy(enum decoy_kind kind)
{
	assert((unsigned)kind < DECOY_KINDS);
	return kinds[kind].low_entropy;
}

uint64_t decoy_min_bytes(enum decoy_kind kind)
{
	assert((unsigned)kind < DECOY_KINDS);
	return kinds[kind].min_bytes;
}

uint64_t decoy_disk_bytes(const struct manifest_file *f)
{
	return (f->flags & MANIFEST_SPARSE) != 0 ? sparse_disk_bytes(f->size_bytes)
						 : manifest_n_blocks(f) * BLOCK_BYTES;
}

static void flush(struct output *o)
{
	if (o->status == OK && o->used > 0)
		o->status = o->write(o->at, o->buffer, o->used, o->context, o->e);
	o->at += o->used;
	o->used = 0;
}

uint64_t output_left(const struct output *o)
{
	return o->size_bytes - o->at - o->used;
}

char *output_room(struct output *o)
{
	if (OUTPUT_BYTES - o->used < LINE_BYTES_MAX)
		flush(o);
	return o->buffer + o->used;
}

void output_took(struct output *o, size_t n_bytes)
{
	assert(n_bytes <= OUTPUT_BYTES - o->used);
	uint64_t left = output_left(o);
	o->used += n_bytes > left ? (size_t)left : n_bytes;
}

void output_put(struct output *o, const void *bytes, size_t n_bytes)
{
	const char *from = bytes;
	uint64_t left = output_left(o);
	n_bytes = n_bytes > left ? (size_t)left : n_bytes;
	while (n_bytes > 0) {
		if (o->used == OUTPUT_BYTES)
			flush(o);
		size_t n = OUTPUT_BYTES - o->used;
		n = n > n_bytes ? n_bytes : n;
		memcpy(o->buffer + o->used, from, n);
		o->used += n;
		from += n;
		n_bytes -= n;
	}
}

void output_text(struct output *o, const char *text)
{
	output_put(o, text, strlen(text));
}

void output_fill(struct output *o, char c, uint64_t n_bytes)
{
	uint64_t left = output_left(o);
	n_bytes = n_bytes > left ? left : n_bytes;
	while (n_bytes > 0) {
		if (o->used == OUTPUT_BYTES)
			flush(o);
		size_t n = OUTPUT_BYTES - o->used;
		n = n > n_bytes ? (size_t)n_bytes : n;
		memset(o->buffer + o->used, c, n);
		o->used += n;
		n_bytes -= n;
	}
}

void output_jump(struct output *o, uint64_t offset)
{
	flush(o);
	assert(offset >= o->at && offset <= o->size_bytes);
	o->at = offset;
}

enum status content_make(const struct manifest_file *f, struct dice *d, content_write write,
	void *context, struct error *e)
{
	assert((unsigned)f->kind < DECOY_KINDS);
	if (f->size_bytes < kinds[f->kind].min_bytes)
		return error_set(e, E_INVALID, "a decoy of %llu bytes is too small for its kind",
			(unsigned long long)f->size_bytes);
	struct output o = {
		.write = write, .context = context, .e = e, .size_bytes = f->size_bytes
	};
	AUTO_FREE char *buffer = FAULT("content_output") ? NULL : malloc(OUTPUT_BYTES);
	if (buffer == NULL)
		return error_set(e, E_NO_SPACE, "memory for a decoy's content is short");
	o.buffer = buffer;
	TRY(kinds[f->kind].make(f, d, &o, e));
	flush(&o);
	if (o.status == OK && o.at != f->size_bytes)
		return error_set(e, E_FAILED, "a decoy's content came out %lld bytes off",
			(long long)o.at - (long long)f->size_bytes);
	return o.status;
}
