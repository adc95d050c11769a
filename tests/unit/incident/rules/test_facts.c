/*
 * Facts: what is read from JSON and from assignments, what is refused, and how it is said.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/lib/faults.h"
#include "tests/lib/rules_fixture.h"

#define NOW_NS (1795000000LL * NS_PER_S) /* 2026-11-18T10:26:40Z */

static struct pool *pool_here(void)
{
	static struct pool *pool; /* each test is a process of its own */
	if (pool == NULL)
		pool = pool_new(8 * MIB);
	REQUIRE(pool != NULL);
	return pool;
}

static const struct fact_catalogue *catalogue(void)
{
	return profile_facts(rules_set());
}

static int64_t value_of(const struct facts *f, const char *key)
{
	const int slot = fact_slot(catalogue(), key);
	REQUIRE(slot >= 0);
	return f->at[slot];
}

struct reading {
	struct facts facts;
	struct field_faults faults;
};

static struct reading *read_text(const char *text, enum facts_keys keys)
{
	struct error e = ERROR_NONE;
	AUTO_JSON json_t *object = NULL;
	struct reading *r = pool_take(pool_here(), 1, sizeof *r);
	REQUIRE(r != NULL);
	REQUIRE_OK(json_read(view_of(text), 4 * MIB, "facts", &object, &e), e);
	REQUIRE_OK(facts_read(catalogue(), (struct facts_input){ object, keys, NOW_NS },
			   pool_here(), &r->facts, &r->faults, &e),
		e);
	return r;
}

/* Reads one key of that JSON value; the only fault must be the sentence ("" none). */
static int64_t read_one(const char *key, const char *value, const char *sentence)
{
	const char *text = pool_textf(pool_here(), "{\"%s\": %s}", key, value);
	const struct reading *r = read_text(text, FACTS_ONLY);
	if (sentence[0] == '\0') {
		CHECK_INT(r->faults.n, 0);
		for (size_t i = 0; i < r->faults.n; i++)
			CHECK_TEXT(r->faults.at[i].what, "");
	} else {
		CHECK_INT(r->faults.n, 1);
		if (r->faults.n == 1) {
			CHECK_TEXT(r->faults.at[0].field, key);
			CHECK_TEXT(r->faults.at[0].what, sentence);
		}
	}
	const int slot = fact_slot(catalogue(), key);
	return slot < 0 ? FACT_UNKNOWN : r->facts.at[slot];
}

TEST(what_is_absent_or_null_or_the_word_unknown_is_unknown)
{
	const struct reading *r = read_text(
		"{\"direct_loss_fen\": null, \"data_class\": \"unknown\", \"cii\": null,"
		" \"occurred_at\": \"unknown\", \"affected_population_share\": \"unknown\","
		" \"outage_minutes\": \"unknown\"}",
		FACTS_ONLY);
	CHECK_INT(r->faults.n, 0);
	for (size_t i = 0; i < catalogue()->n_rows; i++)
		CHECK(r->facts.at[i] == FACT_UNKNOWN);
}

TEST(each_kind_of_value_is_read_in_its_unit)
{
	const struct reading *r = read_text(
		"{\"direct_loss_fen\": 5000000000, \"data_class\": \"core\", \"cii\": true,"
		" \"ongoing\": \"no\", \"affected_population_share\": 0.3, \"outage_minutes\": 0,"
		" \"occurred_at\": \"2026-11-18T10:00:00+08:00\"}",
		FACTS_ONLY);
	CHECK_INT(r->faults.n, 0);
	CHECK_INT(value_of(&r->facts, "direct_loss_fen"), 5000000000);
	CHECK_INT(value_of(&r->facts, "data_class"), 2);
	CHECK_INT(value_of(&r->facts, "cii"), 1);
	CHECK_INT(value_of(&r->facts, "ongoing"), 0);
	CHECK_INT(value_of(&r->facts, "affected_population_share"), 300000000000);
	CHECK_INT(value_of(&r->facts, "outage_minutes"), 0);
	CHECK_INT(value_of(&r->facts, "occurred_at"), 1794967200LL * NS_PER_S);
}

TEST(a_whole_number_is_neither_negative_nor_broken_nor_beyond_belief)
{
	CHECK_INT(read_one("outage_minutes", "5256000", ""), 5256000);
	CHECK(read_one("outage_minutes", "5256001",
		      "must not be above 5256000: more is not believed") == FACT_UNKNOWN);
	CHECK(read_one("outage_minutes", "-1", "must not be negative") == FACT_UNKNOWN);
	CHECK(read_one("outage_minutes", "1.0",
		      "must be a whole number, without a point or an exponent") == FACT_UNKNOWN);
	CHECK(read_one("outage_minutes", "1e3",
		      "must be a whole number, without a point or an exponent") == FACT_UNKNOWN);
	CHECK(read_one("outage_minutes", "\"60\"", "must be a whole number or unknown") ==
		FACT_UNKNOWN);
	CHECK(read_one("outage_minutes", "true", "must be a whole number or unknown") ==
		FACT_UNKNOWN);
	CHECK(read_one("outage_minutes", "[1]", "must be a whole number or unknown") ==
		FACT_UNKNOWN);
	CHECK(read_one("direct_loss_fen", "9223372036854775807",
		      "must not be above 10000000000000000: more is not believed") == FACT_UNKNOWN);
}

TEST(a_choice_that_there_is_not_is_told_with_those_that_there_are)
{
	CHECK_INT(read_one("data_class", "\"general\"", ""), 0);
	(void)read_one(
		"data_class", "\"secret\"", "must be one of general, important, core, or unknown");
	(void)read_one("data_class", "2", "must be one of general, important, core, or unknown");
	(void)read_one(
		"data_class", "\"Core\"", "must be one of general, important, core, or unknown");
}

TEST(yes_and_no_are_true_and_false_or_the_words)
{
	CHECK_INT(read_one("cii", "false", ""), 0);
	CHECK_INT(read_one("cii", "\"yes\"", ""), 1);
	(void)read_one("cii", "1", "must be true, false or unknown");
	(void)read_one("cii", "\"maybe\"", "must be true, false or unknown");
}

TEST(a_share_is_kept_so_finely_that_neither_or_more_nor_more_than_is_missed)
{
	static const struct {
		const char *said;
		int64_t kept;
	} rows[] = { { "0", 0 }, { "1", FACT_SHARE_ONE }, { "0.5", FACT_SHARE_ONE / 2 },
		{ "0.3", 300000000000 }, { "0.7", 700000000000 }, { "0.5000001", 500000100000 },
		{ "0.4999999", 499999900000 }, { "0.499999999999", 499999999999 },
		{ "0.500000000001", 500000000001 } };
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		CHECK_INT(read_one("affected_population_share", rows[i].said, ""), rows[i].kept);
	(void)read_one("affected_population_share", "1.000001",
		"must be a share from 0 to 1, such as 0.5, or unknown");
	(void)read_one("affected_population_share", "-0.1",
		"must be a share from 0 to 1, such as 0.5, or unknown");
	(void)read_one("affected_population_share", "50",
		"must be a share from 0 to 1, such as 0.5, or unknown");
}

TEST(a_time_lies_in_the_past_but_for_the_error_of_a_clock)
{
	CHECK_INT(read_one("discovered_at", "\"2026-11-18T11:06:40Z\"", ""),
		(1795000000LL - 0) * NS_PER_S);
	CHECK_INT(read_one("discovered_at", "\"2026-11-18T11:11:40Z\"", ""),
		(1795000000LL + 300) * NS_PER_S);
	(void)read_one("discovered_at", "\"2026-11-18T11:11:41Z\"", "lies in the future");
	(void)read_one("discovered_at", "\"1999-12-31T23:59:59Z\"", "lies before the year 2000");
	(void)read_one("discovered_at", "\"2026-11-18\"",
		"must be a time such as 2026-11-24T08:30:00+08:00, or unknown");
	(void)read_one("discovered_at", "1795000000",
		"must be a time such as 2026-11-24T08:30:00+08:00, or unknown");
}

TEST(the_day_on_which_a_ransom_is_to_be_paid_may_lie_ahead)
{
	const char *ahead = "{\"ransom_demanded\": true, \"ransom_date\": "
			    "\"2026-12-01T00:00:00Z\"}";
	const char *too_far = "{\"ransom_demanded\": true, \"ransom_date\": "
			      "\"2028-12-01T00:00:00Z\"}";
	CHECK_INT(read_text(ahead, FACTS_ONLY)->faults.n, 0);
	const struct reading *r = read_text(too_far, FACTS_ONLY);
	REQUIRE(r->faults.n == 1);
	CHECK_TEXT(r->faults.at[0].what, "lies too far in the future");
}

static void expect_contradiction(const char *text, const char *field, const char *what)
{
	const struct reading *r = read_text(text, FACTS_ONLY);
	CHECK_INT(r->faults.n, 1);
	REQUIRE(r->faults.n > 0);
	CHECK_TEXT(r->faults.at[0].field, field);
	CHECK_TEXT(r->faults.at[0].what, what);
}

TEST(facts_that_contradict_each_other_are_refused)
{
	expect_contradiction("{\"occurred_at\": \"2026-11-18T10:00:01Z\", \"discovered_at\": "
			     "\"2026-11-18T10:00:00Z\"}",
		"occurred_at", "is later than discovered_at");
	expect_contradiction("{\"discovered_at\": \"2026-11-18T10:00:01Z\", \"judged_at\": "
			     "\"2026-11-18T10:00:00Z\"}",
		"discovered_at", "is later than judged_at");
	expect_contradiction("{\"sensitive_pi_persons\": 11, \"personal_information_persons\": 10}",
		"sensitive_pi_persons", "is more than personal_information_persons");
	expect_contradiction("{\"cii\": false, \"cii_total_outage_minutes\": 1}",
		"cii_total_outage_minutes", "is given, although cii is no");
	expect_contradiction("{\"ransom_demanded\": false, \"ransom_method\": \"cryptocurrency\"}",
		"ransom_method", "is given, although ransom_demanded is no");
	expect_contradiction("{\"ransom_demanded\": false, \"ransom_date\": "
			     "\"2026-11-18T10:00:00Z\"}",
		"ransom_date", "is given, although ransom_demanded is no");
}

TEST(facts_that_agree_are_not_contradictions)
{
	const struct reading *r =
		read_text("{\"occurred_at\": \"2026-11-18T10:00:00Z\", \"discovered_at\": "
			  "\"2026-11-18T10:00:00Z\", \"sensitive_pi_persons\": 10,"
			  " \"personal_information_persons\": 10, \"cii\": false,"
			  " \"cii_total_outage_minutes\": 0, \"ransom_demanded\": false,"
			  " \"ransom_amount_fen\": 0, \"ransom_paid\": false}",
			FACTS_ONLY);
	CHECK_INT(r->faults.n, 0);
}

TEST(every_fault_is_named_and_what_was_good_is_kept)
{
	const struct reading *r =
		read_text("{\"direct_loss_fen\": -1, \"data_class\": \"x\", \"outage_minutes\": 60,"
			  " \"thread\": \"serious\", \"zzzzzzzzzz\": 1}",
			FACTS_ONLY);
	CHECK_INT(r->faults.n, 4);
	CHECK_INT(value_of(&r->facts, "outage_minutes"), 60);
	CHECK(value_of(&r->facts, "direct_loss_fen") == FACT_UNKNOWN);
	CHECK_TEXT(r->faults.at[2].field, "thread");
	CHECK_TEXT(r->faults.at[2].what, "is no fact that is known here; near it: 'threat'");
	CHECK_TEXT(r->faults.at[3].what, "is no fact that is known here");
}

TEST(other_keys_of_a_first_notice_are_somebody_elses)
{
	const struct reading *r =
		read_text("{\"company\": \"A\", \"what\": \"servers locked\", \"cii\": true}",
			FACTS_AND_MORE);
	CHECK_INT(r->faults.n, 0);
	CHECK_INT(value_of(&r->facts, "cii"), 1);
}

TEST(only_an_object_is_facts)
{
	struct error e = ERROR_NONE;
	struct reading *r = pool_take(pool_here(), 1, sizeof *r);
	AUTO_JSON json_t *list = json_array();
	REQUIRE(r != NULL);
	CHECK_INT(facts_read(catalogue(), (struct facts_input){ list, FACTS_ONLY, NOW_NS },
			  pool_here(), &r->facts, &r->faults, &e),
		E_INVALID);
	CHECK_TEXT(e.text, "facts are an object: {\"key\": value, …}");
	CHECK_INT(facts_read(catalogue(), (struct facts_input){ NULL, FACTS_ONLY, NOW_NS },
			  pool_here(), &r->facts, &r->faults, &e),
		E_INVALID);
}

TEST(a_key_that_would_play_with_a_terminal_is_shown_harmless_and_short)
{
	struct field_faults *faults = pool_take(pool_here(), 1, sizeof *faults);
	REQUIRE(faults != NULL);
	field_fault_add(faults, pool_here(), "a\x1b[31mred", "%s", "is odd");
	CHECK_TEXT(faults->at[0].field, "a?[31mred");
	char *name = pool_take(pool_here(), 1000, 1);
	REQUIRE(name != NULL);
	for (size_t i = 0; i + 3 < 1000; i += 3)
		memcpy(name + i, "事", 3);
	field_fault_add(faults, pool_here(), name, "%s", "is long");
	CHECK_INT(strlen(faults->at[1].field), 78 + 3);
	CHECK(strncmp(faults->at[1].field, "事事事", 9) == 0);
}

TEST(a_megabyte_as_a_key_or_as_a_value_is_a_fault_and_no_more)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 4 * MIB);
	buf_add_text(&text, "{\"");
	char *long_key = buf_extend(&text, MIB);
	REQUIRE(long_key != NULL);
	memset(long_key, 'k', MIB);
	buf_add_text(&text, "\": 1, \"data_class\": \"");
	char *long_value = buf_extend(&text, MIB);
	REQUIRE(long_value != NULL);
	memset(long_value, 'v', MIB);
	buf_add_text(&text, "\"}");
	const struct reading *r = read_text(buf_text(&text), FACTS_ONLY);
	CHECK_INT(r->faults.n, 2);
}

TEST(faults_beyond_the_ceiling_are_counted)
{
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf text;
	buf_init(&text, MIB);
	buf_add_text(&text, "{\"qqqqqqqqqq0\": 1");
	for (int i = 1; i < FIELD_FAULTS_MAX + 7; i++)
		buf_addf(&text, ", \"qqqqqqqqqq%d\": 1", i);
	buf_add_char(&text, '}');
	const struct reading *r = read_text(buf_text(&text), FACTS_ONLY);
	CHECK_INT(r->faults.n, FIELD_FAULTS_MAX);
	CHECK_INT(r->faults.n_more, 7);
	CHECK_INT(field_faults_error(&r->faults, &e), E_INVALID);
	CHECK(strstr(e.text, "qqqqqqqqqq0: is no fact that is known here; qqqqqqqqqq1: ") ==
		e.text);
	const char *end = strstr(e.text, "; and ");
	REQUIRE(end != NULL);
	/* As many as are told and as many as are said to be left come to all. */
	size_t told = 0;
	for (const char *at = e.text; (at = strstr(at, "is no fact")) != NULL; at++)
		told++;
	CHECK_INT(told + strtoul(end + strlen("; and "), NULL, 10), FIELD_FAULTS_MAX + 7);
}

TEST(no_faults_are_no_error)
{
	struct error e = ERROR_NONE;
	struct field_faults none = { .n = 0 };
	CHECK_INT(field_faults_error(&none, &e), OK);
}

TEST(an_assignment_takes_json_or_a_bare_word)
{
	struct error e = ERROR_NONE;
	struct facts f;
	facts_clear(&f);
	REQUIRE_OK(facts_set(catalogue(), &f, "data_class=core", NOW_NS, &e), e);
	REQUIRE_OK(facts_set(catalogue(), &f, "data_domain=\"radio\"", NOW_NS, &e), e);
	REQUIRE_OK(facts_set(catalogue(), &f, "outage_minutes=480", NOW_NS, &e), e);
	REQUIRE_OK(facts_set(catalogue(), &f, "cii=yes", NOW_NS, &e), e);
	REQUIRE_OK(facts_set(catalogue(), &f, "affected_population_share=0.5", NOW_NS, &e), e);
	REQUIRE_OK(facts_set(catalogue(), &f, "occurred_at=2026-11-18T10:00:00Z", NOW_NS, &e), e);
	CHECK_INT(value_of(&f, "data_class"), 2);
	CHECK_INT(value_of(&f, "data_domain"), 2);
	CHECK_INT(value_of(&f, "outage_minutes"), 480);
	CHECK_INT(value_of(&f, "cii"), 1);
	CHECK_INT(value_of(&f, "affected_population_share"), 500000000000);
	REQUIRE_OK(facts_set(catalogue(), &f, "data_class=unknown", NOW_NS, &e), e);
	REQUIRE_OK(facts_set(catalogue(), &f, "outage_minutes=null", NOW_NS, &e), e);
	CHECK(value_of(&f, "data_class") == FACT_UNKNOWN);
	CHECK(value_of(&f, "outage_minutes") == FACT_UNKNOWN);
}

static void expect_refused(struct facts *f, const char *assignment, const char *sentence)
{
	struct error e = ERROR_NONE;
	const struct facts before = *f;
	CHECK_INT(facts_set(catalogue(), f, assignment, NOW_NS, &e), E_INVALID);
	CHECK_TEXT(e.text, sentence);
	CHECK(memcmp(&before, f, sizeof before) == 0);
}

TEST(an_assignment_that_is_refused_changes_nothing)
{
	struct facts f;
	facts_clear(&f);
	rules_assign(&f, "personal_information_persons=10");
	expect_refused(&f, "data_class", "a fact is set as key=value");
	expect_refused(&f, "=core", "a fact is set as key=value");
	expect_refused(&f, "", "a fact is set as key=value");
	expect_refused(&f, "dataclass=core", "no fact 'dataclass'; near it: 'data_class'");
	expect_refused(&f, "qqqqqqqq=1", "no fact 'qqqqqqqq'");
	expect_refused(&f, "data_class=secret",
		"data_class: must be one of general, important, core, or unknown");
	expect_refused(&f, "outage_minutes=", "outage_minutes: must be a whole number or unknown");
	expect_refused(&f, "sensitive_pi_persons=11",
		"sensitive_pi_persons: is more than personal_information_persons");
	expect_refused(&f, "data_class=\x1b[2J", "a fact is set as key=value");
}

TEST(known_facts_are_written_as_they_are_read)
{
	const char *text = "{\"occurred_at\":\"2026-11-18T10:00:00.000Z\",\"ongoing\":true,"
			   "\"data_class\":\"core\",\"direct_loss_fen\":1,"
			   "\"affected_population_share\":0.25}";
	struct error e = ERROR_NONE;
	AUTO_JSON json_t *object = NULL;
	AUTO_BUF struct buf out;
	buf_init(&out, MIB);
	const struct reading *r = read_text(text, FACTS_ONLY);
	REQUIRE_OK(facts_to_json(catalogue(), &r->facts, &object, &e), e);
	REQUIRE_OK(json_write(object, &out, &e), e);
	CHECK_TEXT(buf_text(&out), text);
}

TEST(every_fact_has_a_name_a_question_and_a_bound)
{
	const struct fact_catalogue *c = catalogue();
	CHECK(c->n_rows >= 100);
	for (size_t i = 0; i < c->n_rows; i++) {
		const struct fact_row *row = &c->rows[i];
		CHECK(row->label.zh[0] != '\0' && row->label.en[0] != '\0');
		CHECK(row->question.zh[0] != '\0' && row->question.en[0] != '\0');
		CHECK_TEXT(row->profile, "");
		CHECK(row->kind == FACT_TIME || row->most >= 1);
		CHECK((row->kind == FACT_CHOICE) == (row->n_choices > 0));
		CHECK_INT(fact_slot(c, row->key), i);
		const size_t end = strlen(row->question.en);
		CHECK_TEXT(row->question.en + end - 1, "?");
		CHECK_TEXT(row->question.zh + strlen(row->question.zh) - strlen("？"), "？");
	}
	CHECK_INT(fact_slot(c, ""), -1);
	CHECK_INT(fact_slot(c, "nothing"), -1);
}

TEST(the_facts_that_the_issue_names_are_there)
{
	static const char *const keys[] = { "data_domain", "data_class", "threat",
		"direct_loss_fen", "personal_information_persons", "sensitive_pi_persons",
		"outage_minutes", "radio_interference_minutes", "production_impact", "cii",
		"cii_total_outage_minutes", "cii_main_function_outage_minutes", "site_class",
		"site_unavailable_minutes", "affected_people", "affected_population_share",
		"affected_division_level", "system_class", "ransom_demanded", "ransom_amount_fen",
		"ransom_method", "ransom_date", "occurred_at", "discovered_at", "judged_at" };
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		CHECK(fact_slot(catalogue(), keys[i]) >= 0);
}

TEST(the_ten_categories_of_gb_t_20986_are_choices)
{
	static const char *const keys[] = { "malicious_program", "network_attack", "data_security",
		"information_content", "equipment_fault", "violation", "hidden_danger",
		"abnormal_behaviour", "force_majeure", "other" };
	const int at = fact_slot(catalogue(), "event_category");
	REQUIRE(at >= 0);
	const struct fact_row *row = &catalogue()->rows[at];
	CHECK_INT(row->n_choices, COUNT_OF(keys));
	for (size_t i = 0; i < COUNT_OF(keys) && i < row->n_choices; i++)
		CHECK_TEXT(row->choices[i].key, keys[i]);
}

TEST(reading_survives_the_nth_allocation_that_fails)
{
	NEEDS_FAULTS();
	AUTO_JSON json_t *object =
		json_pack("{sIss}", "outage_minutes", (json_int_t)-1, "what", "x");
	struct reading *r = pool_take(pool_here(), 1, sizeof *r);
	REQUIRE(object != NULL && r != NULL);
	(void)catalogue();
	for (long nth = 1; nth < 6; nth++) {
		struct error e = ERROR_NONE;
		AUTO(pool_free) struct pool *p = pool_new(64 * 1024);
		REQUIRE(p != NULL);
		r->faults = (struct field_faults){ .n = 0 };
		fault_arm("pool_take", nth);
		CHECK_INT(
			facts_read(catalogue(), (struct facts_input){ object, FACTS_ONLY, NOW_NS },
				p, &r->facts, &r->faults, &e),
			OK);
		fault_disarm();
		/* A fault that found no memory is still counted: the input is never taken for good.
		 */
		CHECK_INT(r->faults.n + r->faults.n_more, 2);
		CHECK_INT(field_faults_error(&r->faults, &e), E_INVALID);
	}
}
