/*
 * Profiles: the built-in ones, the user's own, and how what is wrong in a file is said.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "sys/file.h"
#include "tests/lib/faults.h"
#include "tests/lib/rules_fixture.h"

/* --- the built-in ones --- */

TEST(the_built_in_profiles_are_those_that_the_issue_names)
{
	static const char *const ids[] = { "cn-cac-2025", "cn-iiot", "cn-jl-2025", "cn-miit",
		"cn-miit-166-2022", "cn-miit-2024-214", "cn-miit-draft-2023", "cn-nmg-2025",
		"cn-order-790", "cn-pboc-2025", "eu-cra", "eu-dora", "eu-gdpr", "eu-nis2",
		"in-cert", "us-circia" };
	CHECK_INT(profile_count(rules_set()), COUNT_OF(ids));
	for (size_t i = 0; i < COUNT_OF(ids) && i < profile_count(rules_set()); i++) {
		const struct profile *p = profile_at(rules_set(), i);
		CHECK_TEXT(p->id, ids[i]);
		CHECK_TEXT(p->source, "built in");
		CHECK(p->version >= 1);
	}
}

TEST(the_default_profile_says_that_it_is_no_law)
{
	const struct profile *p = rules_profile(PROFILE_DEFAULT);
	CHECK_TEXT(p->label.en, "The programme's rule, not the letter of the law");
	CHECK_TEXT(p->label.zh, "本计划口径，并非法规原文");
	CHECK_TEXT(p->status, "programme");
	CHECK_INT(p->n_grades, 4);
	CHECK_INT(p->default_grade, 3);
}

TEST(the_default_profile_owes_any_breach_to_the_ministry_within_ten_minutes)
{
	const struct profile *p = rules_profile(PROFILE_DEFAULT);
	const struct duty *d = &p->duties[0];
	CHECK_TEXT(d->id, "first_notice");
	CHECK_TEXT(d->owes, "company");
	CHECK_TEXT(d->to, "ministry");
	CHECK_INT(d->worst_grade, -1);
	CHECK_INT(d->kind, CLOCK_WITHIN);
	CHECK_INT(d->amount, 10);
	CHECK_INT(d->from, MOMENT_OCCURRED);
	CHECK_INT(d->from_if_unknown, MOMENT_DISCOVERED);
	CHECK(d->target_minutes > 0 && d->target_minutes < 10);
}

TEST(dates_are_days_where_the_profile_is_at_home)
{
	int64_t first = 0;
	REQUIRE(time_parse(VIEW("2025-11-01T00:00:00+08:00"), &first));
	CHECK(rules_profile("cn-cac-2025")->effective_from_ns == first);
	CHECK(rules_profile("cn-cac-2025")->effective_to_ns == -1);
	CHECK(rules_profile("cn-iiot")->effective_from_ns == -1);
}

static bool has_chinese(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t left = strlen(text);
	while (left > 0) {
		uint32_t rune = 0;
		const size_t n = utf8_character(at, left, &rune);
		if (n == 0)
			return false;
		if (rune >= 0x4e00 && rune <= 0x9fff)
			return true;
		at += n;
		left -= n;
	}
	return false;
}

static void check_both(struct bilingual b, const char *where)
{
	if (b.zh == NULL || !has_chinese(b.zh))
		test_fail(
			__FILE__, __LINE__, "%s: no Chinese: %s", where, b.zh == NULL ? "" : b.zh);
	if (b.en == NULL || b.en[0] == '\0' || has_chinese(b.en))
		test_fail(
			__FILE__, __LINE__, "%s: no English: %s", where, b.en == NULL ? "" : b.en);
}

TEST(every_text_of_every_profile_is_there_in_both_languages)
{
	for (size_t i = 0; i < profile_count(rules_set()); i++) {
		const struct profile *p = profile_at(rules_set(), i);
		check_both(p->name, p->id);
		if (p->label.en[0] != '\0' || p->label.zh[0] != '\0')
			check_both(p->label, p->id);
		for (size_t k = 0; k < p->n_grades; k++)
			check_both(p->grades[k].name, p->id);
		for (size_t k = 0; k < p->n_criteria; k++)
			check_both(p->criteria[k].text, p->criteria[k].row);
		for (size_t k = 0; k < p->n_duties; k++)
			check_both(p->duties[k].text, p->duties[k].id);
	}
}

TEST(every_word_and_fact_is_there_in_both_languages)
{
	const struct fact_catalogue *c = profile_facts(rules_set());
	for (int kind = RULE_ROLES; kind <= RULE_INSTRUMENTS; kind++) {
		const struct rule_word *words = NULL;
		const size_t n = profile_words(rules_set(), (enum rule_words)kind, &words);
		CHECK(n >= 3);
		for (size_t i = 0; i < n; i++)
			check_both(words[i].name, words[i].key);
	}
	for (size_t i = 0; i < c->n_rows; i++) {
		check_both(c->rows[i].label, c->rows[i].key);
		check_both(c->rows[i].question, c->rows[i].key);
		for (size_t k = 0; k < c->rows[i].n_choices; k++)
			check_both(c->rows[i].choices[k].label, c->rows[i].choices[k].key);
	}
}

TEST(words_are_found_by_their_key)
{
	const struct rule_word *company = profile_word(rules_set(), RULE_ROLES, "company");
	REQUIRE(company != NULL);
	CHECK(company->own);
	CHECK(!profile_word(rules_set(), RULE_ROLES, "ministry")->own);
	CHECK(profile_word(rules_set(), RULE_ROLES, "nobody") == NULL);
	CHECK(profile_word(rules_set(), RULE_STAGES, "summary") != NULL);
	CHECK(profile_word(rules_set(), RULE_MEDIA, "telephone") != NULL);
	CHECK(profile_word(rules_set(), RULE_INSTRUMENTS, "EU-DORA") != NULL);
}

TEST(criteria_stand_gravest_first)
{
	for (size_t i = 0; i < profile_count(rules_set()); i++) {
		const struct profile *p = profile_at(rules_set(), i);
		for (size_t k = 1; k < p->n_criteria; k++)
			CHECK(p->criteria[k - 1].grade <= p->criteria[k].grade);
	}
}

/* --- nothing without a test --- */

static bool table_has(const char *table, const char *profile, const char *column, const char *value)
{
	const struct table *t = rules_table(table);
	for (size_t i = 0; i < t->n_rows; i++)
		if ((profile == NULL || strcmp(table_cell(t, i, "profile"), profile) == 0) &&
			strcmp(table_cell(t, i, column), value) == 0)
			return true;
	return false;
}

TEST(no_criterion_is_without_a_row_in_the_tables_of_the_tests)
{
	for (size_t i = 0; i < profile_count(rules_set()); i++) {
		const struct profile *p = profile_at(rules_set(), i);
		for (size_t k = 0; k < p->n_criteria; k++)
			if (!table_has("tiers.csv", NULL, "row", p->criteria[k].row) &&
				!table_has("criteria.csv", p->id, "row", p->criteria[k].row))
				test_fail(__FILE__, __LINE__, "%s: no test of row %s", p->id,
					p->criteria[k].row);
	}
}

TEST(no_duty_is_without_a_row_in_the_tables_of_the_tests)
{
	for (size_t i = 0; i < profile_count(rules_set()); i++) {
		const struct profile *p = profile_at(rules_set(), i);
		for (size_t k = 0; k < p->n_duties; k++)
			if (!table_has("deadlines.csv", p->id, "duty", p->duties[k].id))
				test_fail(__FILE__, __LINE__, "%s: no test of %s", p->id,
					p->duties[k].id);
	}
}

static void read_source(const char *name, struct buf *out)
{
	char path[4096];
	struct error e = ERROR_NONE;
	buf_init(out, 4 * MIB);
	(void)snprintf(path, sizeof path, "%s/%s", test_source_folder(), name);
	REQUIRE_OK(file_read_all(AT_FDCWD, path, 4 * MIB, out, &e), e);
}

TEST(no_row_of_the_tables_is_without_a_test)
{
	static const struct {
		const char *table, *source, *first;
	} files[] = {
		{ "tiers.csv", "test_tier_rows.c", "instrument" },
		{ "criteria.csv", "test_criteria_rows.c", "profile" },
		{ "deadlines.csv", "test_deadline_rows.c", "instrument" },
	};
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		AUTO_BUF struct buf text;
		char name[100];
		(void)snprintf(name, sizeof name, "tests/unit/incident/rules/%s", files[i].source);
		read_source(name, &text);
		const struct table *t = rules_table(files[i].table);
		for (size_t k = 0; k < t->n_rows; k++) {
			char call[200];
			(void)snprintf(call, sizeof call, "(\"%s\", \"%s\")",
				table_cell(t, k, files[i].first), table_cell(t, k, "row"));
			if (strstr(buf_text(&text), call) == NULL)
				test_fail(__FILE__, __LINE__, "%s: no %s", name, call);
		}
	}
}

/* --- finding --- */

TEST(a_profile_that_there_is_not_is_told_with_those_near_it)
{
	const struct profile *p = NULL;
	struct error e = ERROR_NONE;
	CHECK_INT(profile_find(rules_set(), "eu-nis", &p, &e), E_ABSENT);
	CHECK_TEXT(e.text, "no profile 'eu-nis'; near it: 'eu-nis2', 'eu-cra'");
	CHECK_INT(profile_find(rules_set(), "cn-mit", &p, &e), E_ABSENT);
	CHECK_TEXT(e.text, "no profile 'cn-mit'; near it: 'cn-miit', 'cn-iiot'");
	CHECK_INT(profile_find(rules_set(), "somewhere-else", &p, &e), E_ABSENT);
	CHECK_TEXT(e.text, "no profile 'somewhere-else'");
	CHECK_INT(profile_find(rules_set(), "", &p, &e), E_ABSENT);
	CHECK(p == NULL);
}

/* --- the user's own --- */

static const char base_text[] =
	"id: own\n"
	"version: 1\n"
	"name: { zh: 自有规则, en: Own rules }\n"
	"status: programme\n"
	"utc_offset_minutes: 480\n"
	"calendar: cn\n"
	"defaults: { instrument: programme, certainty: A }\n"
	"grades: [{ tier: 1, zh: 甲, en: first }, { tier: 2, zh: 乙, en: second }]\n"
	"default_grade: 2\n"
	"criteria:\n"
	"  - { row: '1', grade: 1, metric: loss, when: { fact: direct_loss_fen, at_least: 100 }, "
	"zh: "
	"损失, en: loss }\n"
	"  - { row: '2', grade: 2, metric: loss, when: { fact: direct_loss_fen, below: 100 }, zh: "
	"损失, en: loss }\n"
	"duties:\n"
	"  - { id: tell, stage: first_notice, owes: company, to: ministry, medium: any, clock: { "
	"within: 10, from: discovered }, zh: 报告, en: report }\n";

static const char *home(void)
{
	static bool made; /* each test is a process of its own */
	if (!made) {
		REQUIRE(mkdir(test_path("profiles"), 0700) == 0);
		made = true;
	}
	return test_folder();
}

static void put(const char *name, const char *text)
{
	char path[300];
	(void)home();
	(void)snprintf(path, sizeof path, "profiles/%s", name);
	test_write_file(test_path(path), text, strlen(text));
}

static void load_refused(const char *sentence)
{
	struct error e = ERROR_NONE;
	struct profile_set *s = NULL;
	CHECK_INT(profile_set_load(home(), &s, &e), E_INVALID);
	CHECK_TEXT(e.text, sentence);
	CHECK(s == NULL);
}

/* The base text with `from` replaced by `to`. */
static void refused_with(const char *from, const char *to, const char *sentence)
{
	AUTO_BUF struct buf text;
	const char *found = strstr(base_text, from);
	REQUIRE(found != NULL);
	buf_init(&text, MIB);
	buf_add(&text, (struct view){ base_text, (size_t)(found - base_text) });
	buf_add_text(&text, to);
	buf_add_text(&text, found + strlen(from));
	put("own.yaml", buf_text(&text));
	char wanted[700];
	(void)snprintf(wanted, sizeof wanted, "profiles/own.yaml: %s", sentence);
	load_refused(wanted);
}

TEST(a_profile_of_the_users_own_is_added)
{
	struct error e = ERROR_NONE;
	AUTO(profile_set_free) struct profile_set *s = NULL;
	const struct profile *p = NULL;
	put("own.yaml", base_text);
	REQUIRE_OK(profile_set_load(home(), &s, &e), e);
	CHECK_INT(profile_count(s), profile_count(rules_set()) + 1);
	REQUIRE_OK(profile_find(s, "own", &p, &e), e);
	CHECK_TEXT(p->source, "profiles/own.yaml");
	CHECK_INT(p->n_criteria, 2);
	CHECK_INT(p->n_duties, 1);
	CHECK_TEXT(p->duties[0].row, "tell");
}

TEST(without_a_home_or_without_its_folder_there_are_the_built_in_ones)
{
	struct error e = ERROR_NONE;
	AUTO(profile_set_free) struct profile_set *s = NULL;
	REQUIRE_OK(profile_set_load(test_folder(), &s, &e), e);
	CHECK_INT(profile_count(s), profile_count(rules_set()));
}

TEST(the_example_of_the_page_on_profiles_can_be_used_as_it_stands)
{
	AUTO_BUF struct buf page;
	struct error e = ERROR_NONE;
	AUTO(profile_set_free) struct profile_set *s = NULL;
	const struct profile *p = NULL;
	read_source("docs/profiles.md", &page);
	char *start = strstr(page.at, "```yaml\nid: acme-group");
	REQUIRE(start != NULL);
	start += strlen("```yaml\n");
	char *end = strstr(start, "```");
	REQUIRE(end != NULL);
	*end = '\0';
	put("acme-group.yaml", start);
	REQUIRE_OK(profile_set_load(home(), &s, &e), e);
	REQUIRE_OK(profile_find(s, "acme-group", &p, &e), e);
	const int slot = fact_slot(profile_facts(s), "acme_plants_stopped");
	REQUIRE(slot >= 0);
	CHECK_TEXT(profile_facts(s)->rows[slot].profile, "acme-group");
	CHECK(profile_word(s, RULE_ROLES, "group_office") != NULL);

	struct facts f;
	struct classification k;
	facts_clear(&f);
	f.at[slot] = 1;
	classify(p, &f, &k);
	CHECK_TEXT(p->grades[k.grade].class_key, "notice");
	f.at[slot] = 2;
	classify(p, &f, &k);
	CHECK_TEXT(p->grades[k.grade].class_key, "alarm");
}

TEST(the_page_on_profiles_names_every_built_in_one)
{
	AUTO_BUF struct buf page;
	read_source("docs/profiles.md", &page);
	for (size_t i = 0; i < profile_count(rules_set()); i++) {
		char name[80];
		(void)snprintf(name, sizeof name, "`%s`", profile_at(rules_set(), i)->id);
		if (strstr(buf_text(&page), name) == NULL)
			test_fail(__FILE__, __LINE__, "%s is not on the page", name);
	}
}

static char *with_id(const char *id, int version)
{
	static char text[sizeof base_text + 100];
	const char *rest = strstr(base_text, "name:");
	REQUIRE(rest != NULL);
	(void)snprintf(text, sizeof text, "id: %s\nversion: %d\n%s", id, version, rest);
	return text;
}

TEST(a_higher_version_goes_before_the_built_in_one_and_others_are_refused)
{
	struct error e = ERROR_NONE;
	AUTO(profile_set_free) struct profile_set *s = NULL;
	const struct profile *p = NULL;
	put("eu-gdpr.yaml", with_id("eu-gdpr", 1));
	load_refused("profiles/eu-gdpr.yaml: version: 1 does not go before the 1 that is built in");
	put("eu-gdpr.yaml", with_id("eu-gdpr", 2));
	REQUIRE_OK(profile_set_load(home(), &s, &e), e);
	CHECK_INT(profile_count(s), profile_count(rules_set()));
	REQUIRE_OK(profile_find(s, "eu-gdpr", &p, &e), e);
	CHECK_INT(p->version, 2);
	CHECK_TEXT(p->source, "profiles/eu-gdpr.yaml");
}

TEST(what_builds_on_a_replaced_profile_builds_on_the_new_one)
{
	struct error e = ERROR_NONE;
	AUTO(profile_set_free) struct profile_set *s = NULL;
	/* cn-miit takes all rows of it, Jilin and Inner Mongolia switch some off by name. */
	put("cn-miit-2024-214.yaml", with_id("cn-miit-2024-214", 2));
	CHECK_INT(profile_set_load(home(), &s, &e), E_INVALID);
	CHECK_TEXT(e.text, "cn-jl-2025.yaml: criteria_from.off[0]: names no row of that profile");
}

TEST(a_province_can_switch_criteria_off)
{
	struct error e = ERROR_NONE;
	AUTO(profile_set_free) struct profile_set *s = NULL;
	const struct profile *p = NULL;
	put("cn-xx.yaml",
		"id: cn-xx\nversion: 1\nname: { zh: 某省, en: A province }\nstatus: in-force\n"
		"utc_offset_minutes: 480\ncalendar: cn\n"
		"grades: [{ tier: 1, zh: 甲, en: a }, { tier: 2, zh: 乙, en: b }, { tier: 3, zh: "
		"丙, "
		"en: c }, { tier: 4, zh: 丁, en: d }]\n"
		"default_grade: 4\n"
		"instruments: [{ key: XX-2026, zh: 某省预案, en: Plan of a province }]\n"
		"criteria_from: { profile: cn-miit-2024-214, instrument: XX-2026, certainty: C, "
		"off: "
		"['1.3', '2.3', '3.3', '4.3'] }\n"
		"duties_from: { profile: cn-miit-2024-214, only: [summary] }\n");
	REQUIRE_OK(profile_set_load(home(), &s, &e), e);
	REQUIRE_OK(profile_find(s, "cn-xx", &p, &e), e);
	CHECK_INT(rules_criterion(p, NULL, "1.3"), -1);
	CHECK(rules_criterion(p, "XX-2026", "1.4a") >= 0);
	CHECK_INT(p->n_criteria, rules_profile("cn-miit-2024-214")->n_criteria - 4);
	CHECK_INT(p->n_duties, 1);
	CHECK_TEXT(p->duties[0].instrument, "MIIT-214-2024");
	struct facts f;
	struct classification k;
	facts_clear(&f);
	rules_assign(&f, "direct_loss_fen=100000000000 data_class=core threat=especially_serious");
	classify(p, &f, &k);
	CHECK_INT(rules_tier(&k), 1);
	CHECK(rules_met(&k, "1.1"));
	CHECK((k.review & REVIEW_RULE_UNSURE) != 0);
	rules_assign(&f, "data_class=important threat=serious");
	classify(p, &f, &k);
	CHECK_INT(rules_tier(&k), 2);
}

/* --- refusals --- */

TEST(the_head_of_a_profile_is_checked)
{
	refused_with("id: own", "id: other", "id: 'other' is not the name of the file");
	refused_with("id: own", "id: Own!", "id: not a key: 1 to 64 of a-z, 0-9, _ and -");
	refused_with("version: 1", "version: 0", "version: must be from 1 to 2147483647");
	refused_with("version: 1", "version: x", "version: not a whole number");
	refused_with("status: programme", "status: law",
		"status: must be one of programme, in-force, proposed, draft, superseded");
	refused_with("calendar: cn\n", "", "calendar: missing");
	refused_with("utc_offset_minutes: 480", "utc_offset_minutes: 900",
		"utc_offset_minutes: must be from -720 to 840");
	refused_with("calendar: cn", "calendar: cn\nefective_from: 2025-01-01",
		"efective_from: unknown key");
	refused_with("calendar: cn", "calendar: cn\neffective_from: 1 Nov 2025",
		"effective_from: not a date such as 2024-11-01");
	refused_with("calendar: cn", "calendar: cn\neffective_from: 2025-02-30",
		"effective_from: not a date such as 2024-11-01");
	refused_with("calendar: cn",
		"calendar: cn\neffective_from: 2025-01-01\neffective_to: 2025-01-01",
		"effective_to: not after effective_from");
	refused_with("name: { zh: 自有规则, en: Own rules }", "name: { zh: 自有规则 }",
		"name.en: missing");
	refused_with("name: { zh: 自有规则, en: Own rules }", "name: { zh: '', en: Own rules }",
		"name.zh: empty");
	refused_with("name: { zh: 自有规则, en: Own rules }", "name: Own", "name: not an object");
}

TEST(grades_are_checked_for_gaps_and_doubles)
{
	static const char grades[] =
		"grades: [{ tier: 1, zh: 甲, en: first }, { tier: 2, zh: 乙, en: second }]";
	refused_with(grades, "grades: [{ tier: 1, zh: 甲, en: a }, { tier: 3, zh: 乙, en: b }]",
		"grades[1]: tier 2 is missing before tier 3");
	refused_with(grades, "grades: [{ tier: 2, zh: 甲, en: a }]",
		"grades[0]: tier 1 is missing before tier 2");
	refused_with(grades, "grades: [{ tier: 1, zh: 甲, en: a }, { class: x, zh: 乙, en: b }]",
		"grades[1]: tiers and classes in one profile");
	refused_with(grades, "grades: [{ class: x, zh: 甲, en: a }, { class: x, zh: 乙, en: b }]",
		"grades[1]: 'x' is there twice");
	refused_with(grades, "grades: [{ zh: 甲, en: a }]", "grades[0]: either a tier or a class");
	refused_with(grades, "grades: [{ tier: 1, class: x, zh: 甲, en: a }]",
		"grades[0]: either a tier or a class");
	refused_with(grades, "grades: []", "grades: must hold 1 to 8 items");
	refused_with(grades, "grades: [{ tier: 1, zh: 甲, en: a, colour: green }]",
		"grades[0].colour: must be one of red, orange, yellow, blue");
	refused_with("default_grade: 2", "default_grade: 3",
		"default_grade: none of the profile's grades");
	refused_with("default_grade: 2\ncriteria:\n",
		"default_grade: 2\ncriteria:\n"
		"  - { row: '3', grade: 3, metric: loss, when: { fact: cii, is: true }, zh: 损失, "
		"en: "
		"loss }\n",
		"criteria[0].grade: none of the profile's grades");
	refused_with("grade: 1, metric", "grade: 2, metric", "grades[0]: no criterion leads to it");
}

TEST(rows_are_checked_for_doubles_and_gaps)
{
	refused_with("row: '2'", "row: '1'", "criteria[1].row: '1' of programme is there twice");
	refused_with("at_least: 100 }", "at_least: 101 }",
		"criteria: row 2 stops at 99 of direct_loss_fen, and no graver row begins there: a "
		"gap");
	refused_with("  - { id: tell",
		"  - { id: tell, stage: first_notice, owes: company, to: ministry, medium: any, "
		"clock: "
		"{ within: 9, from: discovered }, zh: 报告, en: report }\n  - { id: tell",
		"duties[1].id: 'tell' is there twice");
}

TEST(a_criterion_is_checked)
{
	refused_with("fact: direct_loss_fen, at_least", "fact: direct_loss, at_least",
		"criteria[0].when.fact: no fact 'direct_loss'; near it: 'direct_loss_fen', '"
		"direct_loss_eur_cents'");
	refused_with("zh: 损失, en: loss", "zh: 损失, en: loss, note: x",
		"criteria[0].note: unknown key");
	refused_with("when: { fact: direct_loss_fen, at_least: 100 }, ", "",
		"criteria[0]: one of when, pair and otherwise");
	refused_with("when: { fact: direct_loss_fen, at_least: 100 }",
		"when: { fact: direct_loss_fen, at_least: 100 }, otherwise: true",
		"criteria[0]: one of when, pair and otherwise");
	refused_with("when: { fact: direct_loss_fen, at_least: 100 }", "otherwise: maybe",
		"criteria[0].otherwise: can only be true");
	refused_with("when: { fact: direct_loss_fen, at_least: 100 }",
		"pair: { class: [core], threat: serious }",
		"criteria[0].pair: the profile says nothing of pairs");
	refused_with("defaults: { instrument: programme, certainty: A }\n", "",
		"criteria[0]: needs an instrument and a certainty, here or under defaults");
	refused_with(
		"certainty: A", "certainty: E", "defaults.certainty: must be one of A, B, C, D");
	refused_with("instrument: programme", "instrument: MIIT-214",
		"defaults.instrument: 'MIIT-214' has no name; near it: 'MIIT-214-2024'");
}

TEST(pairs_are_checked)
{
	refused_with("criteria:\n", "pairs: { class: data_domain, threat: threat }\ncriteria:\n",
		"pairs.class: must name a fact with at most 8 ordered choices");
	refused_with("criteria:\n", "pairs: { class: data_class }\ncriteria:\n",
		"pairs.threat: missing");
	refused_with("criteria:\n",
		"pairs: { class: data_class, threat: threat, candidate: secret }\ncriteria:\n",
		"pairs.candidate: no choice of the class's fact");
	refused_with("criteria:\n",
		"pairs: { class: data_class, threat: threat }\ncriteria:\n"
		"  - { row: p, grade: 1, metric: pair, pair: { class: [secret], threat: serious }, "
		"zh: "
		"对, en: pair }\n",
		"criteria[0].pair.class[0]: no choice of that fact");
	refused_with("criteria:\n",
		"pairs: { class: data_class, threat: threat }\ncriteria:\n"
		"  - { row: p, grade: 1, metric: pair, pair: { class: [core], threat: odd }, zh: "
		"对, en: "
		"pair }\n",
		"criteria[0].pair.threat: no choice of that fact");
}

TEST(a_duty_and_its_clock_are_checked)
{
	refused_with("owes: company", "owes: companies",
		"duties[0].owes: 'companies' has no name; near it: 'company'");
	refused_with("stage: first_notice", "stage: qqqqqqqq",
		"duties[0].stage: 'qqqqqqqq' has no name");
	refused_with("medium: any", "medium: pigeon", "duties[0].medium: 'pigeon' has no name");
	refused_with("within: 10, from", "from",
		"duties[0].clock: exactly one of within, immediately, every, days, working_days, "
		"months, year_end and on_request");
	refused_with("within: 10, from", "within: 10, days: 1, from",
		"duties[0].clock: exactly one of within, immediately, every, days, working_days, "
		"months, year_end and on_request");
	refused_with("within: 10", "within: 0", "duties[0].clock.within: must be from 1 to 527040");
	refused_with("within: 10, from: discovered", "within: 10", "duties[0].clock.from: missing");
	refused_with("from: discovered", "from: dawn",
		"duties[0].clock.from: must be one of occurred, discovered, judged, receipt, "
		"handling_ended, requested, paid, remedy, new_facts, submitted");
	refused_with("from: discovered", "from: submitted",
		"duties[0].clock.after: names the stage of a clock that runs from submitted, and "
		"only "
		"of such a clock");
	refused_with("from: discovered", "from: discovered, after: written",
		"duties[0].clock.after: names the stage of a clock that runs from submitted, and "
		"only "
		"of such a clock");
	refused_with("within: 10", "immediately: true", "duties[0].clock.target: missing");
	refused_with("from: discovered", "from: discovered, target: 11",
		"duties[0].clock.target: later than the limit that it is for");
	refused_with("within: 10", "year_end: 2-30",
		"duties[0].clock.year_end: not a day of any year such as 12-31");
	refused_with("within: 10", "year_end: 02-29",
		"duties[0].clock.year_end: not a day of any year such as 12-31");
	refused_with("within: 10", "days: 2, at_most: 3, at_most_from: judged",
		"duties[0].clock.at_most: belongs to within");
	refused_with("medium: any", "medium: any, from_grade: 9",
		"duties[0].from_grade: none of the profile's grades");
}

TEST(facts_and_words_of_a_profile_are_checked)
{
	static const char fact[] =
		"facts: [{ key: %s, kind: %s, label: { zh: 事, en: a }, question: "
		"{ zh: 事？, en: 'a?' }%s }]\ncriteria:\n";
	static const struct {
		const char *key, *kind, *more, *sentence;
	} rows[] = {
		{ "cii", "yes_no", "", "facts[0].key: the fact 'cii' is there already" },
		{ "own_x", "count", "", "facts[0].unit: missing" },
		{ "own_x", "count", ", unit: x", "facts[0].most: missing" },
		{ "own_x", "thing", "",
			"facts[0].kind: must be one of choice, count, money, minutes, share, "
			"yes_no, "
			"time" },
		{ "own_x", "choice", "", "facts[0].choices: missing" },
		{ "own_x", "choice", ", choices: [{ key: unknown, zh: 不, en: n }]",
			"facts[0].choices[0]: 'unknown' is no choice: it says that nobody knows" },
		{ "own_x", "choice",
			", choices: [{ key: a, zh: 不, en: n }, { key: a, zh: 不, en: n }]",
			"facts[0].choices[1]: 'a' is there twice" },
		{ "own_x", "yes_no", ", ordered: true",
			"facts[0]: choices, ordered and qualifier belong to kind: choice" },
		{ "own_x", "yes_no", ", most: 3",
			"facts[0].most: does not belong to a fact of this kind" },
		{ "own_x", "time", ", not_above: discoverd_at",
			"facts[0].not_above: no fact 'discoverd_at'; near it: 'discovered_at'" },
		{ "own_x", "time", ", not_above: cii",
			"facts[0].not_above: both facts must be numbers or times of one kind" },
		{ "own_x", "time", ", only_if: threat",
			"facts[0].only_if: 'threat' is no yes/no fact" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[600];
		(void)snprintf(text, sizeof text, fact, rows[i].key, rows[i].kind, rows[i].more);
		refused_with("criteria:\n", text, rows[i].sentence);
	}
	refused_with("criteria:\n", "roles: [{ key: company, zh: 企业, en: c }]\ncriteria:\n",
		"roles[0]: 'company' is there already");
	refused_with("criteria:\n", "stages: [{ key: own, zh: 段 }]\ncriteria:\n",
		"stages[0].en: missing");
	refused_with("criteria:\n",
		"media: [{ key: own, zh: 物, en: m, in_public: true }]\ncriteria:\n",
		"media[0].in_public: unknown key");
}

TEST(who_has_no_inbox_is_told_in_public)
{
	static const char *const none[] = { "users", "affected_parties", "data_subject" };
	for (size_t i = 0; i < COUNT_OF(none); i++)
		CHECK(profile_word(rules_set(), RULE_ROLES, none[i])->in_public);
	CHECK(!profile_word(rules_set(), RULE_ROLES, "ministry")->in_public);
	CHECK(!profile_word(rules_set(), RULE_STAGES, "data_subjects")->in_public);
}

TEST(taking_rows_from_another_profile_is_checked)
{
	refused_with("criteria:\n", "criteria_from: { profile: nobody }\ncriteria:\n",
		"criteria_from.profile: no profile 'nobody'");
	refused_with("criteria:\n", "criteria_from: { profile: cn-miit }\ncriteria:\n",
		"criteria_from.profile: 'cn-miit' takes its rows from another profile itself");
	refused_with("criteria:\n",
		"criteria_from: { profile: cn-miit-2024-214, off: ['9.9'] }\ncriteria:\n",
		"criteria_from.off[0]: names no row of that profile");
	refused_with("criteria:\n",
		"criteria_from: { profile: cn-miit-2024-214, but: ['9.9'] }\ncriteria:\n",
		"criteria_from.but: unknown key");
	/* Its grades must be ours too. */
	refused_with("criteria:\n", "criteria_from: { profile: eu-gdpr }\ncriteria:\n",
		"eu-gdpr.yaml: criteria[0].grade: none of the profile's grades");
}

TEST(what_is_no_yaml_is_told_by_its_line)
{
	put("own.yaml", "id: own\nversion: [1\nname: x\n");
	struct error e = ERROR_NONE;
	struct profile_set *s = NULL;
	CHECK_INT(profile_set_load(home(), &s, &e), E_INVALID);
	CHECK(strncmp(e.text, "profiles/own.yaml: line ", 24) == 0);
	put("own.yaml", "[]\n");
	load_refused("profiles/own.yaml: not a profile: a set of keys was expected");
	put("own.yaml", "");
	CHECK_INT(profile_set_load(home(), &s, &e), E_INVALID);
}

TEST(a_file_of_another_ending_is_not_passed_over_in_silence)
{
	put("own.yml", base_text);
	load_refused("profiles/own.yml: the name must end with .yaml");
}

TEST(other_files_of_the_folder_are_left_alone)
{
	struct error e = ERROR_NONE;
	AUTO(profile_set_free) struct profile_set *s = NULL;
	put("README.txt", "notes");
	put(".own.yaml.swp", "junk");
	put("own.yaml~", "junk");
	REQUIRE_OK(profile_set_load(home(), &s, &e), e);
	CHECK_INT(profile_count(s), profile_count(rules_set()));
}

TEST(a_pipe_or_a_giant_in_the_folder_does_not_hold_the_program)
{
	struct error e = ERROR_NONE;
	struct profile_set *s = NULL;
	(void)home();
	REQUIRE(mkfifo(test_path("profiles/own.yaml"), 0600) == 0);
	CHECK(profile_set_load(home(), &s, &e) != OK);
	CHECK(strstr(e.text, "profiles/own.yaml") != NULL);
	REQUIRE(remove(test_path("profiles/own.yaml")) == 0);
	const size_t n = 600 * 1024;
	char *big = malloc(n);
	REQUIRE(big != NULL);
	memset(big, '#', n);
	test_write_file(test_path("profiles/own.yaml"), big, n);
	free(big);
	CHECK_INT(profile_set_load(home(), &s, &e), E_TOO_BIG);
}

TEST(loading_survives_every_allocation_that_fails)
{
	NEEDS_FAULTS();
	static const char *const points[] = { "pool_new", "pool_take", "buf_grow" };
	put("own.yaml", base_text);
	for (size_t i = 0; i < COUNT_OF(points); i++) {
		enum status status = E_FAILED;
		for (long nth = 1; nth < 200 && status != OK; nth++) {
			struct error e = ERROR_NONE;
			struct profile_set *s = NULL;
			fault_arm(points[i], nth);
			status = profile_set_load(home(), &s, &e);
			fault_disarm();
			CHECK((status == OK) == (s != NULL));
			CHECK(status == OK || e.text[0] != '\0');
			profile_set_free(s);
		}
		CHECK_INT(status, OK);
	}
}

static long calls_left; /* 0: never fails */

static void *failing_malloc(size_t n)
{
	return calls_left > 0 && --calls_left == 0 ? NULL : malloc(n);
}

/* Tens of thousands of allocations: one in a prime number of them, so that each run meets others.
 */
TEST_WITHIN(loading_survives_a_parser_that_finds_no_memory, 120)
{
	enum { STEP = 997, RUNS_MAX = 400 };
	bool fired = true;
	put("own.yaml", base_text);
	json_set_alloc_funcs(failing_malloc, free);
	for (long n = 0; n < RUNS_MAX && fired; n++) {
		struct error e = ERROR_NONE;
		struct profile_set *s = NULL;
		calls_left = 1 + n * STEP;
		const enum status status = profile_set_load(home(), &s, &e);
		fired = calls_left == 0;
		calls_left = 0;
		CHECK((status == OK) == (s != NULL));
		CHECK(status == OK ? !fired || profile_count(s) == 17 : e.text[0] != '\0');
		profile_set_free(s);
	}
	CHECK(!fired);
	json_set_alloc_funcs(malloc, free);
}
