/*
 * Forms of authorities, receipts and whole incidents on paper: every form, filled and not, in both
 * languages. What a page looks like is for eyes; what the PDFs say is in tests/cli/test_papers.py.
 */
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/i18n.h"
#include "render/render.h"
#include "tests/lib/drill_fixture.h"
#include "tests/lib/full_incident.h"
#include "tests/lib/page_check.h"

/* cairo 1.16 loses 768 bytes a subset font, fontconfig 288 bytes a process (both inside the
 * library); the sanitizer asks for such names. Ours are not among them. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libcairo\nleak:libfontconfig\n";
}

static struct error e;

struct forms {
	struct form_set *set;
	struct pool *pool;
};

static void forms_close(struct forms *f)
{
	form_set_free(f->set);
	pool_free(f->pool);
}
#define AUTO_FORMS __attribute__((cleanup(forms_close)))

static void forms_open(struct forms *f)
{
	*f = (struct forms){ .pool = pool_new(256 * MIB) };
	REQUIRE(f->pool != NULL);
	REQUIRE_OK(form_set_load(NULL, &f->set, &e), e);
	REQUIRE(form_count(f->set) >= 12);
}

static const struct form *form_of(const struct forms *f, const char *id)
{
	const struct form *form = NULL;
	REQUIRE_OK(form_find(f->set, id, &form, &e), e);
	return form;
}

static struct document_head head(bool sent)
{
	return (struct document_head){ .number = "2026-0001",
		.profile = { "Emergency plan (2024)", "应急预案（2024）" },
		.stage = { "Written report", "书面报告" },
		.what_changed = sent ? "2" : "",
		.at_ns = INCIDENT_START_NS,
		.utc_offset_minutes = 480,
		.envelope = sent ? "01a21ef7-89ca-798b-b12f-ca382b732e49" : "",
		.sha256 = sent ? "9c6cf0148882eb533832f349a4b51ed3d79d4de2c874dcd802b75e00e433463e"
			       : "",
		.tlp = "AMBER" };
}

static const char *zh_half(const struct buf *html)
{
	const char *zh = strstr(buf_text(html), "<main lang=\"zh-Hans\">");
	REQUIRE(zh != NULL);
	return zh;
}

TEST_WITHIN(every_form_filled_or_not_is_a_whole_page_that_fetches_nothing, 120)
{
	struct forms f AUTO_FORMS;
	forms_open(&f);
	for (size_t i = 0; i < form_count(f.set); i++)
		for (int filling = FILLING_NONE; filling <= FILLING_LONG; filling++) {
			AUTO_BUF struct buf html;
			const struct form *form = form_at(f.set, i);
			struct document_head h = head(filling != FILLING_NONE);
			h.drill = filling == FILLING_WHOLE;
			buf_init(&html, RENDER_CEILING_BYTES);
			REQUIRE_OK(render_form_html(form,
					   filled_form(
						   form, i % 2 == 0, (enum filling)filling, f.pool),
					   &h, &html, &e),
				e);
			check_tags(buf_text(&html));
			check_unique_ids(buf_text(&html));
			check_self_contained(buf_text(&html));
			CHECK((strstr(buf_text(&html), "class=\"watermark\"") != NULL) == h.drill);
		}
}

TEST(the_chinese_half_of_every_form_has_no_english_sentence_left)
{
	struct forms f AUTO_FORMS;
	fixture_use_chinese();
	forms_open(&f);
	for (size_t i = 0; i < form_count(f.set); i++)
		for (int filling = FILLING_NONE; filling <= FILLING_WHOLE; filling++) {
			AUTO_BUF struct buf html;
			const struct form *form = form_at(f.set, i);
			struct document_head h = head(filling != FILLING_NONE);
			h.drill = h.redacted = filling == FILLING_WHOLE;
			buf_init(&html, RENDER_CEILING_BYTES);
			REQUIRE_OK(render_form_html(form,
					   filled_form(form, true, (enum filling)filling, f.pool),
					   &h, &html, &e),
				e);
			const char *english = english_in(zh_half(&html));
			if (english != NULL)
				test_fail(__FILE__, __LINE__, "%s: %.60s", form->id, english);
		}
}

/* Skips where the machine has no font at all for the language. */
static void pdf_of(
	const struct form *form, json_t *filled, const struct document_head *h, struct buf *out)
{
	buf_init(out, RENDER_CEILING_BYTES);
	const enum status status = render_form_pdf(form, filled, h, out, &e);
	if (status == E_ABSENT)
		test_skip(e.text);
	REQUIRE_OK(status, e);
}

TEST_WITHIN(every_form_filled_or_not_is_a_pdf_with_its_fonts_inside, 240)
{
	struct forms f AUTO_FORMS;
	fixture_use_chinese();
	forms_open(&f);
	for (size_t i = 0; i < form_count(f.set); i++)
		for (int filling = FILLING_NONE; filling <= FILLING_LONG; filling++) {
			AUTO_BUF struct buf pdf;
			const struct form *form = form_at(f.set, i);
			const struct document_head h = head(filling != FILLING_NONE);
			i18n_use((i + (size_t)filling) % 2 == 0 ? LANGUAGE_ZH : LANGUAGE_EN);
			pdf_of(form, filled_form(form, true, (enum filling)filling, f.pool), &h,
				&pdf);
			CHECK(pdf.len > 10000 && memcmp(pdf.at, "%PDF-1.", 7) == 0);
			CHECK(memmem(pdf.at, pdf.len, "/FontFile", 9) != NULL);
		}
}

TEST(the_same_form_gives_the_same_file)
{
	struct forms f AUTO_FORMS;
	AUTO_BUF struct buf one, two;
	forms_open(&f);
	const struct form *form = form_of(&f, "miit-incident-report");
	const struct document_head h = head(true);
	json_t *filled = filled_form(form, false, FILLING_WHOLE, f.pool);
	pdf_of(form, filled, &h, &one);
	pdf_of(form, filled, &h, &two);
	CHECK(view_equal(buf_view(&one), buf_view(&two)));
}

static void html_of(
	const struct form *form, json_t *filled, const struct document_head *h, struct buf *out)
{
	buf_init(out, RENDER_CEILING_BYTES);
	REQUIRE_OK(render_form_html(form, filled, h, out, &e), e);
}

TEST(a_form_to_be_filled_in_has_room_to_write_boxes_to_tick_and_a_place_to_sign)
{
	struct forms f AUTO_FORMS;
	AUTO_BUF struct buf html;
	forms_open(&f);
	const struct form *form = form_of(&f, "miit-incident-report");
	const struct document_head h = head(false);
	html_of(form, filled_form(form, false, FILLING_NONE, f.pool), &h, &html);
	CHECK(strstr(buf_text(&html), "□ General\n□ Relatively serious\n□ Serious\n□ Especially") !=
		NULL);
	CHECK(strstr(buf_text(&html), "________ GB　________ records") != NULL);
	CHECK(strstr(buf_text(&html), "(UTC+08:00)") != NULL);
	CHECK(strstr(buf_text(&html), "As in the business licence.") != NULL);
	CHECK(strstr(buf_text(&html), "Signature: ____") != NULL);
	CHECK(strstr(buf_text(&html), "1. Reporting unit, full name *") != NULL);
	CHECK(strstr(buf_text(&html), "Not handed in") != NULL);
	CHECK(strstr(buf_text(&html), "SHA-256") == NULL);
	const struct form *summary = form_of(&f, "miit-summary-report");
	AUTO_BUF struct buf other;
	html_of(summary, filled_form(summary, false, FILLING_NONE, f.pool), &h, &other);
	CHECK(strstr(buf_text(&other), "class=\"sign\"") != NULL);
	CHECK(strstr(buf_text(&other), "Reporting unit (seal)") != NULL);
}

TEST(what_was_handed_in_shows_what_was_chosen_and_leaves_no_room_to_add_to_it)
{
	struct forms f AUTO_FORMS;
	AUTO_BUF struct buf html, empty;
	forms_open(&f);
	const struct form *form = form_of(&f, "miit-incident-report");
	const struct document_head h = head(true);
	html_of(form, filled_form(form, false, FILLING_WHOLE, f.pool), &h, &html);
	CHECK(strstr(buf_text(&html), "□ General\n□ Relatively serious\n■ Serious\n□ Especially") !=
		NULL);
	CHECK(strstr(buf_text(&html), "120000 GB; 120000 records") != NULL);
	CHECK(strstr(buf_text(&html), "2026-11-24 14:23 (UTC+08:00) (estimated)") != NULL);
	CHECK(strstr(buf_text(&html), "not yet clear: logs are being read") != NULL);
	CHECK(strstr(buf_text(&html), "Wang Min (security officer), sealed") != NULL);
	CHECK(strstr(buf_text(&html), "What changed since the report before") != NULL);
	CHECK(strstr(buf_text(&html), "Envelope: 01a21ef7") != NULL);
	CHECK(strstr(buf_text(&html), "____") == NULL);
	CHECK(strstr(buf_text(&html), "As in the business licence.") == NULL);
	html_of(form, filled_form(form, false, FILLING_NONE, f.pool), &h, &empty);
	CHECK(strstr(buf_text(&empty), "□") == NULL && strstr(buf_text(&empty), "____") == NULL);
}

TEST(numbers_are_those_that_the_instrument_prints)
{
	struct forms f AUTO_FORMS;
	AUTO_BUF struct buf html;
	forms_open(&f);
	const struct form *form = form_of(&f, "eu-dora-report");
	const struct document_head h = head(false);
	html_of(form, filled_form(form, false, FILLING_NONE, f.pool), &h, &html);
	CHECK(strstr(buf_text(&html), ">2.10. ") != NULL);
	CHECK(strstr(buf_text(&html), ">4.1. ") != NULL);
}

TEST(a_form_of_ones_own_has_no_redacted_copy_and_a_label_that_is_none_is_refused)
{
	struct forms f AUTO_FORMS;
	AUTO_BUF struct buf out;
	forms_open(&f);
	struct form own = *form_of(&f, "general-report");
	struct document_head h = head(true);
	json_t *filled = filled_form(&own, false, FILLING_WHOLE, f.pool);
	own.source = "/home/forms/general-report.yaml";
	h.redacted = true;
	buf_init(&out, RENDER_CEILING_BYTES);
	CHECK_INT(render_form_html(&own, filled, &h, &out, &e), E_DENIED);
	CHECK_INT(render_form_pdf(&own, filled, &h, &out, &e), E_DENIED);
	CHECK_INT(render_form_text(&own, filled, &h, &out, &e), E_DENIED);
	h.redacted = false;
	h.tlp = "PURPLE";
	CHECK_INT(render_form_html(&own, filled, &h, &out, &e), E_INVALID);
	CHECK(strstr(e.text, "PURPLE") != NULL);
	CHECK_INT(out.len, 0);
}

TEST(a_redacted_form_keeps_choices_times_and_amounts_and_nothing_in_words)
{
	struct forms f AUTO_FORMS;
	AUTO_BUF struct buf html, text;
	forms_open(&f);
	const struct form *form = form_of(&f, "miit-incident-report");
	struct document_head h = head(true);
	h.redacted = true;
	h.what_changed = "SECRET";
	json_t *filled = filled_form(form, false, FILLING_WHOLE, f.pool);
	json_t *source = json_object_get(json_object_get(filled, "fields"), "event.source");
	REQUIRE(json_object_set_new(source, "value",
			json_pack("{s:s,s:s}", "choice", "third_party", "text", "SECRET")) == 0);
	html_of(form, filled, &h, &html);
	CHECK(strstr(buf_text(&html), "■ Serious") != NULL);
	CHECK(strstr(buf_text(&html), "■ Reported by a third party (unit)") != NULL);
	CHECK(strstr(buf_text(&html), "120000 GB") != NULL);
	CHECK(strstr(buf_text(&html), "(left out)") != NULL);
	static const char *const words[] = { "SECRET", "East China", "Wang Min", "8000",
		"database server", "logs are being read", "class=\"sign\"" };
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strstr(buf_text(&html), words[i]) != NULL)
			test_fail(__FILE__, __LINE__, "the redacted form holds '%s'", words[i]);
	buf_init(&text, RENDER_CEILING_BYTES);
	REQUIRE_OK(render_form_text(form, filled, &h, &text, &e), e);
	for (size_t i = 0; i < COUNT_OF(words); i++)
		CHECK(strstr(buf_text(&text), words[i]) == NULL);
}

TEST(hostile_text_in_a_field_stays_text)
{
	static const char evil[] =
		"</td><script>alert(1)</script>\"'><img src=x onerror=y>\xe2\x80\xae";
	struct forms f AUTO_FORMS;
	AUTO_BUF struct buf html;
	forms_open(&f);
	const struct form *form = form_of(&f, "miit-incident-report");
	struct document_head h = head(true);
	h.number = h.what_changed = h.envelope = h.sha256 = evil;
	h.profile = h.stage = (struct bilingual){ evil, evil };
	json_t *filled = filled_form(form, false, FILLING_NONE, f.pool);
	for (size_t i = 0; i < form->n_fields; i++)
		REQUIRE(json_object_set_new(json_object_get(filled, "fields"), form->fields[i].key,
				json_pack("{s:s}", "value", evil)) == 0);
	html_of(form, filled, &h, &html);
	check_tags(buf_text(&html));
	CHECK(strstr(buf_text(&html), "<script") == NULL &&
		strstr(buf_text(&html), "<img") == NULL);
	CHECK(strstr(buf_text(&html), "\xe2\x80\xae") == NULL);
}

/* --- incidents and receipts ------------------------------------------------------------------- */

static struct export_options options(const struct incident_fixture *f)
{
	return (struct export_options){ .profiles = f->profiles, .now_ns = f->wall_ns };
}

static void check_dossier(bool drill)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct incident i;
	AUTO_BUF struct buf html, pdf;
	fixture_use_chinese();
	fixture_open(&f);
	full_incident(&f, drill, &i);
	const struct export_options o = options(&f);
	buf_init(&html, RENDER_CEILING_BYTES);
	REQUIRE_OK(render_incident_html(&i, &o, &html, &e), e);
	check_tags(buf_text(&html));
	check_unique_ids(buf_text(&html));
	check_self_contained(buf_text(&html));
	CHECK(strstr(buf_text(&html), "The way in is known: a phishing mail") != NULL);
	CHECK(strstr(buf_text(&html), "陈立 · 上级要求按特别重大处置") != NULL);
	CHECK(strstr(buf_text(&html), "report.example.org") != NULL);
	CHECK((strstr(buf_text(&html), "class=\"watermark\"") != NULL) == drill);
	buf_init(&pdf, RENDER_CEILING_BYTES);
	const enum status status = render_incident_pdf(&i, &o, &pdf, &e);
	if (status == E_ABSENT)
		test_skip(e.text);
	REQUIRE_OK(status, e);
	CHECK(pdf.len > 10000);
}

TEST_WITHIN(an_incident_with_everything_in_it_is_a_whole_page_and_a_pdf, 60)
{
	check_dossier(false);
}

TEST_WITHIN(a_drills_incident_is_marked_as_one_on_the_page, 60)
{
	check_dossier(true);
}

TEST(the_chinese_half_of_an_incident_has_no_english_sentence_left)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct incident i;
	AUTO_BUF struct buf html;
	fixture_use_chinese();
	fixture_open(&f);
	full_incident(&f, true, &i);
	struct export_options o = options(&f);
	o.redacted = true; /* what somebody wrote may be English */
	buf_init(&html, RENDER_CEILING_BYTES);
	REQUIRE_OK(render_incident_html(&i, &o, &html, &e), e);
	const char *at = zh_half(&html);
	for (; (at = english_in(at)) != NULL; at += strcspn(at, " "))
		if (strncmp(at, "outbox list", 11) != 0) /* a command to type */
			test_fail(__FILE__, __LINE__, "%.60s", at);
}

TEST(a_history_that_was_changed_is_told_on_paper)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct incident i;
	AUTO_BUF struct buf html;
	fixture_open(&f);
	full_incident(&f, false, &i);
	const struct export_options o = options(&f);
	i.first_bad_event = 2;
	buf_init(&html, RENDER_CEILING_BYTES);
	REQUIRE_OK(render_incident_html(&i, &o, &html, &e), e);
	CHECK(strstr(buf_text(&html), "The history does not fit together") != NULL);
}

TEST(the_receipt_names_what_was_put_where)
{
	AUTO_FIXTURE struct incident_fixture f;
	AUTO_BUF struct buf pdf;
	fixture_open(&f);
	const struct first_notice n = fixture_notice(&f);
	const struct incident_receipt receipt = fixture_new(&f, &n);
	const struct incident i = fixture_read(&f, "latest");
	buf_init(&pdf, RENDER_CEILING_BYTES);
	const enum status status = render_receipt_pdf(&i, &receipt, &pdf, &e);
	if (status == E_ABSENT)
		test_skip(e.text);
	REQUIRE_OK(status, e);
	CHECK(pdf.len > 10000 && memcmp(pdf.at, "%PDF-1.", 7) == 0);
}

/* --- bad days --------------------------------------------------------------------------------- */

TEST_WITHIN(a_ceiling_or_short_memory_is_told_at_every_point, 120)
{
	struct forms f AUTO_FORMS;
	AUTO_BUF struct buf small;
	forms_open(&f);
	const struct form *form = form_of(&f, "miit-incident-report");
	const struct document_head h = head(true);
	json_t *filled = filled_form(form, false, FILLING_WHOLE, f.pool);
	buf_init(&small, 5000);
	CHECK_INT(render_form_html(form, filled, &h, &small, &e), E_TOO_BIG);
	buf_reset(&small);
	const enum status status = render_form_pdf(form, filled, &h, &small, &e);
	CHECK(status == E_TOO_BIG || status == E_ABSENT);
	buf_reset(&small);
	small.ceiling = 100;
	CHECK_INT(render_form_text(form, filled, &h, &small, &e), E_TOO_BIG);
#ifdef TOCSIN_FAULTS
	bool went_well = false;
	for (long nth = 1; !went_well && nth < 400; nth++) {
		AUTO_BUF struct buf html;
		buf_init(&html, RENDER_CEILING_BYTES);
		fault_arm("pool_take", nth);
		const enum status ended = render_form_html(form, filled, &h, &html, &e);
		fault_disarm();
		went_well = ended == OK;
		CHECK(ended == OK || ended == E_TOO_BIG || ended == E_NO_SPACE);
	}
	CHECK(went_well);
#endif
}
