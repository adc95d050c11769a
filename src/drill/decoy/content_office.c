/*
 * Documents in containers: DOCX and XLSX (ECMA-376), ZIP, PDF (ISO 32000-1). Each has real text
 * that its program shows, and a picture that makes it exactly as long as planned.
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>

#include "base/fault.h"
#include "drill/decoy/content.h"

AUTO_TYPE(archive_write_free, struct archive *)
AUTO_TYPE(archive_entry_free, struct archive_entry *)

enum { PARTS_MAX = 9 };

struct part {
	const char *name;
	struct view content;
	bool packed; /* deflated; else stored */
};

/* Never fails: libarchive 3.6 leaks its deflate state where a write fails in the middle of a part.
 * The buffer remembers, and is asked when the archive is closed. */
static la_ssize_t to_buf(struct archive *a, void *context, const void *bytes, size_t n_bytes)
{
	(void)a;
	buf_add_bytes(context, bytes, n_bytes);
	return (la_ssize_t)n_bytes;
}

static enum status archive_failed(struct archive *a, struct error *e)
{
	const char *why = a == NULL ? NULL : archive_error_string(a);
	return error_set(
		e, E_FAILED, "write an archive: %s", why == NULL ? "memory is short" : why);
}

static enum status put_part(struct archive *a, const struct part *p, struct error *e)
{
	int ok = p->packed ? archive_write_zip_set_compression_deflate(a)
			   : archive_write_zip_set_compression_store(a);
	if (ok != ARCHIVE_OK)
		return archive_failed(a, e);
	AUTO(archive_entry_free)
	struct archive_entry *entry = FAULT("content_archive") ? NULL : archive_entry_new();
	if (entry == NULL)
		return archive_failed(NULL, e);
	archive_entry_set_pathname(entry, p->name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)p->content.len);
	archive_entry_set_mtime(entry, 1735689600, 0); /* 2025-01-01, for every part */
	if (archive_write_header(a, entry) != ARCHIVE_OK)
		return archive_failed(a, e);
	if (p->content.len > 0 &&
		archive_write_data(a, p->content.at, p->content.len) != (la_ssize_t)p->content.len)
		return archive_failed(a, e);
	return archive_write_finish_entry(a) == ARCHIVE_OK ? OK : archive_failed(a, e);
}

static enum status open_zip(struct buf *out, struct archive **out_archive, struct error *e)
{
	AUTO(archive_write_free) struct archive *a = archive_write_new();
	if (a == NULL || archive_write_set_format_zip(a) != ARCHIVE_OK ||
		archive_write_set_bytes_per_block(a, 0) != ARCHIVE_OK ||
		archive_write_set_options(a, "zip:compression-level=1") != ARCHIVE_OK ||
		archive_write_open(a, out, NULL, to_buf, NULL) != ARCHIVE_OK)
		return archive_failed(a, e);
	*out_archive = TAKE(a);
	return OK;
}

/* All parts; *out_before_last gets the length before the last one. */
static enum status write_zip(const struct part *parts, size_t n_parts, struct buf *out,
	size_t *out_before_last, struct error *e)
{
	AUTO(archive_write_free) struct archive *a = NULL;
	TRY(open_zip(out, &a, e));
	for (size_t i = 0; i < n_parts; i++) {
		*out_before_last = out->len;
		TRY(put_part(a, &parts[i], e));
	}
	return archive_write_close(a) == ARCHIVE_OK ? OK : archive_failed(a, e);
}

/*
 * The last part becomes a picture of just the length that brings the container to `size`. How much
 * a last part adds beside its content depends on the names alone, so one round with an empty
 * picture tells the length, and the second round is right.
 */
static enum status fit_zip(struct part *parts, size_t n_parts, size_t size, struct dice *d,
	struct output *o, struct error *e)
{
	AUTO_BUF struct buf out;
	AUTO_BUF struct buf picture;
	buf_init(&out, size);
	buf_init(&picture, size);
	size_t before = 0;
	parts[n_parts - 1].content = VIEW("");
	TRY(write_zip(parts, n_parts, &out, &before, e));
	TRY(buf_check(&out, "archive", e));
	if (out.len + PNG_BYTES_MIN > size)
		return error_set(
			e, E_INVALID, "a document of %zu bytes has no room for its parts", size);
	picture_png(&picture, size - out.len, d);
	TRY(buf_check(&picture, "picture", e));
	parts[n_parts - 1].content = buf_view(&picture);
	buf_reset(&out);
	TRY(write_zip(parts, n_parts, &out, &before, e));
	TRY(buf_check(&out, "archive", e));
	output_put(o, out.at, out.len);
	return OK;
}

/* About how much text a container of that size holds, before it is packed. */
static size_t text_bytes(uint64_t size)
{
	size_t n = (size_t)size / 8;
	return n < 2 * KIB ? 2 * KIB : n > 64 * KIB ? 64 * KIB : n;
}

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define PACKAGE "http://schemas.openxmlformats.org/package/2006/"
#define OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/"
#define WORD_TYPE "application/vnd.openxmlformats-officedocument.wordprocessingml."
#define SHEET_TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml."

static const char core_properties[] =
	XML "<cp:coreProperties xmlns:cp=\"" PACKAGE "metadata/core-properties\" "
	    "xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title>" DECOY_MARK
	    "</dc:title><dc:description>" DECOY_MARK_LINE "</dc:description></cp:coreProperties>";

#define TYPES_OPEN                                                                                 \
	XML "<Types xmlns=\"" PACKAGE "content-types\">"                                           \
	    "<Default Extension=\"rels\" ContentType=\"application/"                               \
	    "vnd.openxmlformats-package.relationships+xml\"/>"                                     \
	    "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"                         \
	    "<Default Extension=\"png\" ContentType=\"image/png\"/>"                               \
	    "<Override PartName=\"/docProps/core.xml\" ContentType=\"application/"                 \
	    "vnd.openxmlformats-package.core-properties+xml\"/>"
#define RELATIONS_OPEN XML "<Relationships xmlns=\"" PACKAGE "relationships\">"
#define RELATION(id, type, target)                                                                 \
	"<Relationship Id=\"" id "\" Type=\"" type "\" Target=\"" target "\"/>"
#define RELATIONS_CORE                                                                             \
	RELATION("rId2", PACKAGE "relationships/metadata/core-properties", "docProps/core.xml")

static const char docx_types[] =
	TYPES_OPEN "<Override PartName=\"/word/document.xml\" ContentType=\"" WORD_TYPE
		   "document.main+xml\"/></Types>";
static const char docx_relations[] =
	RELATIONS_OPEN RELATION("rId1", OFFICE "relationships/officeDocument", "word/document.xml")
		RELATIONS_CORE "</Relationships>";
static const char docx_pictures[] = RELATIONS_OPEN RELATION(
	"rId1", OFFICE "relationships/image", "media/image1.png") "</Relationships>";

static void put_paragraph(struct buf *b, struct dice *d)
{
	char text[4 * SENTENCE_BYTES_MAX];
	char *at = text;
	bool zh = dice_below(d, 2) == 0;
	for (int i = 0; i < 3; i++)
		at = zh ? put_sentence_zh(at, d) : put_sentence_en(at, d);
	buf_add_text(b, "<w:p><w:r><w:t xml:space=\"preserve\">");
	buf_add_bytes(b, text, (size_t)(at - text));
	buf_add_text(b, "</w:t></w:r></w:p>");
}

enum status content_docx(
	const struct manifest_file *f, struct dice *d, struct output *o, struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 1 * MIB);
	buf_add_text(&text,
		XML "<w:document xmlns:w=\"http://schemas.openxmlformats.org/"
		    "wordprocessingml/2006/main\"><w:body><w:p><w:r><w:t>" DECOY_MARK_LINE
		    "</w:t></w:r></w:p>");
	size_t n = text_bytes(f->size_bytes);
	while (text.len < n && !text.failed)
		put_paragraph(&text, d);
	buf_add_text(&text, "<w:sectPr/></w:body></w:document>");
	TRY(buf_check(&text, "document", e));
	struct part parts[] = {
		{ "[Content_Types].xml", view_of(docx_types), true },
		{ "_rels/.rels", view_of(docx_relations), true },
		{ "docProps/core.xml", view_of(core_properties), true },
		{ "word/document.xml", buf_view(&text), true },
		{ "word/_rels/document.xml.rels", view_of(docx_pictures), true },
		{ "word/media/image1.png", VIEW(""), false },
	};
	return fit_zip(parts, COUNT_OF(parts), f->size_bytes, d, o, e);
}

static const char xlsx_types[] = TYPES_OPEN
	"<Override PartName=\"/xl/workbook.xml\" ContentType=\"" SHEET_TYPE "sheet.main+xml\"/>"
	"<Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"" SHEET_TYPE
	"worksheet+xml\"/></Types>";
static const char xlsx_relations[] = RELATIONS_OPEN RELATION("rId1",
	OFFICE "relationships/officeDocument", "xl/workbook.xml") RELATIONS_CORE RELATION("rId3",
	PACKAGE "relationships/metadata/thumbnail", "docProps/thumbnail.png") "</Relationships>";
static const char xlsx_book_relations[] = RELATIONS_OPEN RELATION(
	"rId1", OFFICE "relationships/worksheet", "worksheets/sheet1.xml") "</Relationships>";
static const char xlsx_book[] =
	XML "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" "
	    "xmlns:r=\"" OFFICE "relationships\"><sheets><sheet name=\"" DECOY_MARK
	    "\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>";

static void put_row(struct buf *b, unsigned number, struct dice *d)
{
	char text[2 * SENTENCE_BYTES_MAX];
	char *at = put_date(text, d);
	buf_addf(b, "<row r=\"%u\"><c r=\"A%u\" t=\"inlineStr\"><is><t>%.*s</t></is></c>", number,
		number, (int)(at - text), text);
	at = dice_below(d, 2) == 0 ? put_sentence_zh(text, d) : put_sentence_en(text, d);
	buf_addf(b, "<c r=\"B%u\" t=\"inlineStr\"><is><t>%.*s</t></is></c>", number,
		(int)(at - text), text);
	buf_addf(b, "<c r=\"C%u\"><v>%u.%02u</v></c></row>", number, (unsigned)dice_below(d, 90000),
		(unsigned)dice_below(d, 100));
}

enum status content_xlsx(
	const struct manifest_file *f, struct dice *d, struct output *o, struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 1 * MIB);
	buf_add_text(&text, XML
		"<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">"
		"<sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>" DECOY_MARK_LINE
		"</t></is></c></row>");
	size_t n = text_bytes(f->size_bytes);
	for (unsigned row = 2; text.len < n && !text.failed; row++)
		put_row(&text, row, d);
	buf_add_text(&text, "</sheetData></worksheet>");
	TRY(buf_check(&text, "sheet", e));
	struct part parts[] = {
		{ "[Content_Types].xml", view_of(xlsx_types), true },
		{ "_rels/.rels", view_of(xlsx_relations), true },
		{ "docProps/core.xml", view_of(core_properties), true },
		{ "xl/workbook.xml", view_of(xlsx_book), true },
		{ "xl/_rels/workbook.xml.rels", view_of(xlsx_book_relations), true },
		{ "xl/worksheets/sheet1.xml", buf_view(&text), true },
		{ "docProps/thumbnail.png", VIEW(""), false },
	};
	return fit_zip(parts, COUNT_OF(parts), f->size_bytes, d, o, e);
}

enum status content_zip(
	const struct manifest_file *f, struct dice *d, struct output *o, struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 1 * MIB);
	size_t n = text_bytes(f->size_bytes);
	while (text.len < n && !text.failed) {
		char line[SENTENCE_BYTES_MAX + 1];
		char *at = put_sentence_zh(line, d);
		*at++ = '\n';
		buf_add_bytes(&text, line, (size_t)(at - line));
	}
	TRY(buf_check(&text, "text", e));
	struct part parts[] = {
		{ "README.txt", VIEW(DECOY_MARK_LINE "\n"), true },
		{ "records/notes.txt", buf_view(&text), true },
		{ "pictures/scan-001.png", VIEW(""), false },
	};
	return fit_zip(parts, COUNT_OF(parts), f->size_bytes, d, o, e);
}

/* --- PDF --- */

enum { PDF_OBJECTS = 7, PDF_LINES = 24 };

static void pdf_object(struct buf *b, size_t offsets[PDF_OBJECTS], unsigned number)
{
	offsets[number - 1] = b->len;
	buf_addf(b, "%u 0 obj\n", number);
}

/* Everything before the picture's bytes, which are `n_picture` long. */
static void pdf_head(struct buf *b, size_t offsets[PDF_OBJECTS], size_t n_picture, unsigned width,
	const struct buf *page)
{
	buf_add_text(b, "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n");
	pdf_object(b, offsets, 1);
	buf_add_text(b, "<< /Type /Catalog /Pages 2 0 R >>\nendobj\n");
	pdf_object(b, offsets, 2);
	buf_add_text(b, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n");
	pdf_object(b, offsets, 3);
	buf_add_text(b,
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R\n"
		"/Resources << /Font << /F1 4 0 R >> /XObject << /Im1 7 0 R >> >> >>\nendobj\n");
	pdf_object(b, offsets, 4);
	buf_add_text(b, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>\nendobj\n");
	pdf_object(b, offsets, 5);
	buf_addf(b, "<< /Length %zu >>\nstream\n", page->len);
	buf_add(b, buf_view(page));
	buf_add_text(b, "\nendstream\nendobj\n");
	pdf_object(b, offsets, 6);
	buf_add_text(b, "<< /Title (" DECOY_MARK ") /Subject (Made for an emergency drill; safe to "
			"ignore) >>\nendobj\n");
	pdf_object(b, offsets, 7);
	buf_addf(b,
		"<< /Type /XObject /Subtype /Image /Width %u /Height %zu /ColorSpace /DeviceGray\n"
		"/BitsPerComponent 8 /Length %zu >>\nstream\n",
		width, n_picture / width, n_picture);
}

static void pdf_tail(struct buf *b, const size_t offsets[PDF_OBJECTS], size_t at_table)
{
	buf_addf(b, "xref\n0 %d\n0000000000 65535 f \n", PDF_OBJECTS + 1);
	for (size_t i = 0; i < PDF_OBJECTS; i++)
		buf_addf(b, "%010zu 00000 n \n", offsets[i]);
	buf_addf(b, "trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%zu\n%%%%EOF\n",
		PDF_OBJECTS + 1, at_table);
}

static void pdf_page(struct buf *b, struct dice *d)
{
	buf_add_text(b,
		"q 480 0 0 180 56 40 cm /Im1 Do Q\nBT /F1 10 Tf 56 790 Td 15 TL\n(" DECOY_MARK
		") Tj T*\n");
	for (int i = 0; i < PDF_LINES; i++) {
		char line[SENTENCE_BYTES_MAX];
		char *end = put_sentence_en(line, d);
		buf_addf(b, "(%.*s) Tj T*\n", (int)(end - line), line);
	}
	buf_add_text(b, "ET");
}

enum status content_pdf(
	const struct manifest_file *f, struct dice *d, struct output *o, struct error *e)
{
	static const char close[] = "\nendstream\nendobj\n";
	size_t size = f->size_bytes;
	if (size > 64 * MIB)
		return error_set(e, E_INVALID, "a document of that size is not planned");
	size_t offsets[PDF_OBJECTS];
	AUTO_BUF struct buf page;
	AUTO_BUF struct buf head;
	AUTO_BUF struct buf tail;
	buf_init(&page, 64 * KIB);
	buf_init(&head, 64 * KIB);
	buf_init(&tail, 4 * KIB);
	pdf_page(&page, d);
	/* The picture's length stands in the head and moves the table; both settle in a few rounds.
	 */
	const unsigned width = size < 64 * KIB ? 64 : 256;
	size_t n = size / 2;
	for (int round = 0; round < 8; round++) {
		buf_reset(&head);
		buf_reset(&tail);
		pdf_head(&head, offsets, n, width, &page);
		pdf_tail(&tail, offsets, head.len + n + sizeof close - 1);
		TRY(buf_check(&head, "document", e));
		TRY(buf_check(&tail, "document", e));
		size_t fixed = head.len + sizeof close - 1 + tail.len;
		if (fixed + width > size)
			return error_set(e, E_INVALID,
				"a document of %zu bytes has no room for its parts", size);
		if (fixed + n == size)
			break;
		n = size - fixed;
	}
	output_put(o, head.at, head.len);
	while (output_left(o) > sizeof close - 1 + tail.len && o->status == OK) {
		size_t left = (size_t)output_left(o) - (sizeof close - 1) - tail.len;
		size_t room = left < LINE_BYTES_MAX ? left : LINE_BYTES_MAX;
		dice_bytes(d, output_room(o), room);
		output_took(o, room);
	}
	output_text(o, close);
	output_put(o, tail.at, tail.len);
	return OK;
}
