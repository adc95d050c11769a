/*
 * Exports of incidents as the caller of the functions sees them: names that stay, nothing handed
 * out in part, none and many. What the formats hold is tested through the program against schemas
 * (tests/cli/test_exports.py), what a redacted copy must not hold there too (test_redaction.py).
 */
#include "render/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "render/render.h"
#include "tests/lib/full_incident.h"

static struct error e;

struct scene {
	struct incident_fixture *f;
	struct incident i;
	struct export_options o;
};

static void scene_of(struct incident_fixture *f, struct scene *out)
{
	fixture_open(f);
	*out = (struct scene){ .f = f };
	full_incident(f, false, &out->i);
	out->o = (struct export_options){ .profiles = f->profiles, .now_ns = f->wall_ns };
}

static enum status csv(const struct incident *i, const struct export_options *o, struct buf *out,
	struct error *err)
{
	return render_incidents_csv(&i, 1, o, out, err);
}

static enum status xlsx(const struct incident *i, const struct export_options *o, struct buf *out,
	struct error *err)
{
	return render_incidents_xlsx(&i, 1, o, out, err);
}

static enum status icalendar(const struct incident *i, const struct export_options *o,
	struct buf *out, struct error *err)
{
	return render_icalendar(&i, 1, o, out, err);
}

static enum status json(const struct incident *i, const struct export_options *o, struct buf *out,
	struct error *err)
{
	AUTO_JSON json_t *object = NULL;
	TRY(render_incident_json(i, o, &object, err));
	TRY(json_write(object, out, err));
	return OK;
}

static const struct format {
	const char *name;
	enum status (*write)(const struct incident *i, const struct export_options *o,
		struct buf *out, struct error *err);
} formats[] = { { "stix", render_stix }, { "misp", render_misp }, { "ocsf", render_ocsf },
	{ "json", json }, { "csv", csv }, { "icalendar", icalendar }, { "syslog", render_syslog },
	{ "xlsx", xlsx } };

static void write_one(const struct format *format, const struct scene *s, struct buf *out)
{
	buf_init(out, 8 * MIB);
	REQUIRE_OK(format->write(&s->i, &s->o, out, &e), e);
}

static bool is_version_4(const char *id)
{
	return strlen(id) == 36 && strspn(id, "0123456789abcdef-") == 36 && id[8] == '-' &&
	       id[14] == '4' && strchr("89ab", id[19]) != NULL && id[23] == '-';
}

/* --- names ------------------------------------------------------------------------------------ */

TEST(a_thing_has_the_same_name_in_each_export_and_another_in_a_redacted_one)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct scene s;
	struct exchange whole, again, redacted;
	char a[ID_TEXT_LEN + 1], b[ID_TEXT_LEN + 1], c[ID_TEXT_LEN + 1], other[ID_TEXT_LEN + 1];
	scene_of(&f, &s);
	REQUIRE_OK(exchange_from(&s.i, &s.o, &whole, &e), e);
	s.o.now_ns += HOURS_NS(1);
	REQUIRE_OK(exchange_from(&s.i, &s.o, &again, &e), e);
	s.o.redacted = true;
	REQUIRE_OK(exchange_from(&s.i, &s.o, &redacted, &e), e);
	CHECK_TEXT(exchange_uuid(&whole, "incident", a), exchange_uuid(&again, "incident", b));
	CHECK(strcmp(a, exchange_uuid(&redacted, "incident", c)) != 0);
	CHECK(strcmp(a, exchange_uuid(&whole, "impact", other)) != 0);
	CHECK(is_version_4(a) && is_version_4(c) && is_version_4(other));
	CHECK(strcmp(a, s.i.id.text) != 0);
	CHECK_TEXT(exchange_company_uuid(&whole, a), exchange_company_uuid(&again, b));
	CHECK(strcmp(a, exchange_company_uuid(&redacted, c)) != 0);
	CHECK(is_version_4(a) && is_version_4(c));
}

TEST(a_label_that_is_none_is_refused_by_every_format_and_nothing_is_written)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct scene s;
	static const char *const wrong[] = { "", "amber", "WHITE", "AMBER ", "TLP:RED" };
	scene_of(&f, &s);
	for (size_t k = 0; k < COUNT_OF(wrong); k++)
		for (size_t n = 0; n < COUNT_OF(formats); n++) {
			AUTO_BUF struct buf out;
			buf_init(&out, 8 * MIB);
			s.o.tlp = wrong[k];
			CHECK_INT(formats[n].write(&s.i, &s.o, &out, &e), E_INVALID);
			CHECK(strstr(e.text, "AMBER+STRICT") != NULL);
		}
}

/* No character of it is divided. */
static bool is_whole(const char *text)
{
	uint32_t rune;
	for (size_t n, left = strlen(text); left > 0; text += n, left -= n)
		if ((n = utf8_character((const unsigned char *)text, left, &rune)) == 0)
			return false;
	return true;
}

TEST(a_title_is_cut_between_characters)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct scene s;
	scene_of(&f, &s);
	for (size_t pad = 0; pad < 3; pad++) {
		struct exchange x;
		AUTO_BUF struct buf text;
		buf_init(&text, 64 * KIB);
		buf_addf(&text, "{\"kind\":\"ransomware\",\"what\":\"%.*s", (int)pad, "abc");
		for (int k = 0; k < 500; k++)
			buf_add_text(&text, "服");
		buf_add_text(&text, "\"}");
		s.i.notice = fixture_json(&f, buf_text(&text));
		REQUIRE_OK(exchange_from(&s.i, &s.o, &x, &e), e);
		CHECK(strlen(x.title) < TITLE_BYTES_MAX && strlen(x.title) > TITLE_BYTES_MAX - 4);
		CHECK(is_whole(x.title));
	}
}

/* --- redaction -------------------------------------------------------------------------------- */

TEST(what_belongs_to_a_profile_of_ones_own_is_shown_in_the_whole_copy_alone)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct scene s;
	struct exchange x;
	scene_of(&f, &s);
	REQUIRE_OK(exchange_from(&s.i, &s.o, &x, &e), e);
	CHECK(exchange_shows(&x, "cn-miit") && exchange_shows(&x, "our-own"));
	s.o.redacted = true;
	REQUIRE_OK(exchange_from(&s.i, &s.o, &x, &e), e);
	CHECK(exchange_shows(&x, "cn-miit") && !exchange_shows(&x, "our-own"));
	s.o.profiles = NULL; /* nobody can say whose it is */
	REQUIRE_OK(exchange_from(&s.i, &s.o, &x, &e), e);
	CHECK(!exchange_shows(&x, "cn-miit"));
}

/* --- none, many ------------------------------------------------------------------------------- */

static size_t count_of(const struct buf *text, const char *word)
{
	size_t n = 0;
	for (const char *at = buf_text(text); (at = strstr(at, word)) != NULL; at++)
		n++;
	return n;
}

TEST(no_incident_at_all_gives_a_table_with_its_heading_and_a_calendar_that_is_one)
{
	AUTO_FIXTURE struct incident_fixture f;
	AUTO_BUF struct buf table, book, calendar;
	fixture_open(&f);
	const struct export_options o = { .profiles = f.profiles, .now_ns = f.wall_ns };
	buf_init(&table, MIB);
	buf_init(&book, MIB);
	buf_init(&calendar, MIB);
	REQUIRE_OK(render_incidents_csv(NULL, 0, &o, &table, &e), e);
	REQUIRE_OK(render_incidents_xlsx(NULL, 0, &o, &book, &e), e);
	REQUIRE_OK(render_icalendar(NULL, 0, &o, &calendar, &e), e);
	CHECK_INT(count_of(&table, "\r\n"), 1);
	CHECK(book.len > 1000 && memcmp(book.at, "PK\3\4", 4) == 0);
	CHECK_INT(count_of(&calendar, "BEGIN:VEVENT"), 0);
	CHECK_INT(count_of(&calendar, "BEGIN:VTIMEZONE"), 1);
}

TEST(many_incidents_are_as_many_rows_and_the_strictest_label_is_on_the_sheet)
{
	enum { MANY = 100 };
	static const struct incident *all[MANY];
	AUTO_FIXTURE struct incident_fixture f;
	struct scene s;
	AUTO_BUF struct buf table, book, calendar, one;
	scene_of(&f, &s);
	for (size_t k = 0; k < MANY; k++)
		all[k] = &s.i;
	buf_init(&table, 64 * MIB);
	buf_init(&book, 64 * MIB);
	buf_init(&calendar, 64 * MIB);
	REQUIRE_OK(render_incidents_csv(all, MANY, &s.o, &table, &e), e);
	REQUIRE_OK(render_incidents_xlsx(all, MANY, &s.o, &book, &e), e);
	REQUIRE_OK(render_icalendar(all, MANY, &s.o, &calendar, &e), e);
	CHECK_INT(count_of(&table, s.i.id.text), MANY);
	write_one(&formats[5], &s, &one);
	CHECK(count_of(&one, "BEGIN:VEVENT") > 5);
	CHECK_INT(count_of(&calendar, "BEGIN:VEVENT"), count_of(&one, "BEGIN:VEVENT") * MANY);
}

TEST(the_same_incident_gives_the_same_bytes)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct scene s;
	scene_of(&f, &s);
	for (size_t n = 0; n < COUNT_OF(formats); n++) {
		AUTO_BUF struct buf one, two;
		write_one(&formats[n], &s, &one);
		write_one(&formats[n], &s, &two);
		if (!view_equal(buf_view(&one), buf_view(&two)))
			test_fail(__FILE__, __LINE__, "%s", formats[n].name);
	}
}

/* --- bad days --------------------------------------------------------------------------------- */

TEST(a_ceiling_is_told_by_every_format)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct scene s;
	scene_of(&f, &s);
	for (size_t n = 0; n < COUNT_OF(formats); n++) {
		AUTO_BUF struct buf whole, small;
		write_one(&formats[n], &s, &whole);
		buf_init(&small, whole.len - 1);
		const enum status status = formats[n].write(&s.i, &s.o, &small, &e);
		if (status != E_TOO_BIG)
			test_fail(__FILE__, __LINE__, "%s: %s", formats[n].name, e.text);
	}
}

static long calls_left; /* 0: never fails */

static void *failing_malloc(size_t n)
{
	return calls_left > 0 && --calls_left == 0 ? NULL : malloc(n);
}

/* The nth piece of JSON has no memory; the writer of JSON calls that too big. True where that was
 * never reached. */
static bool try_without(
	const struct format *format, const struct scene *s, long nth, const struct buf *whole)
{
	AUTO_BUF struct buf out;
	buf_init(&out, 8 * MIB);
	calls_left = nth;
	const enum status status = format->write(&s->i, &s->o, &out, &e);
	const bool fired = calls_left == 0;
	calls_left = 0;
	if (status == OK && !view_equal(buf_view(&out), buf_view(whole)))
		test_fail(__FILE__, __LINE__, "%s: a part is missing without the %ldth piece",
			format->name, nth);
	else if (status != OK && status != E_NO_SPACE && status != E_TOO_BIG)
		test_fail(__FILE__, __LINE__, "%s: %s", format->name, e.text);
	return !fired;
}

TEST_WITHIN(where_memory_is_short_for_any_part_nothing_is_handed_out, 120)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct scene s;
	scene_of(&f, &s);
	/* The parts of one kind are made by the same lines: two of each are enough. */
	s.i.n_clocks = 2;
	s.i.n_grades = 2;
	s.i.n_grade_history = 2;
	json_set_alloc_funcs(failing_malloc, free);
	for (size_t n = 0; n < 4; n++)
		for (int redacted = 0; redacted < 2; redacted++) {
			AUTO_BUF struct buf whole;
			long nth = 1;
			s.o.redacted = redacted == 1;
			write_one(&formats[n], &s, &whole);
			while (nth < 20000 && !try_without(&formats[n], &s, nth, &whole))
				nth++;
			CHECK(nth > 50 && nth < 20000);
		}
	json_set_alloc_funcs(malloc, free);
}
