/*
 * The forms that come with the program, against the tables of their instruments; and a home's own.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "incident/forms/forms.h"
#include "incident/rules/profile.h"
#include "tests/lib/faults.h"

static struct form_set *built_in(void)
{
	struct error e = ERROR_NONE;
	struct form_set *s = NULL;
	REQUIRE_OK(form_set_load(NULL, &s, &e), e);
	return s;
}

static const struct form *form_named(const struct form_set *s, const char *id)
{
	struct error e = ERROR_NONE;
	const struct form *f = NULL;
	REQUIRE_OK(form_find(s, id, &f, &e), e);
	return f;
}

/* --- the ministry's tables, row by row -------------------------------------------------------- */

enum need { YES, OR_UNCLEAR, TIER_II, FIRST, IF_RANSOM, MAY_FOLLOW };
static const struct row {
	const char *form, *key, *label_zh;
	enum form_type type;
	const char *options; /* labels in order; "" none */
	enum need need;
} table[] = {
	{ "miit-incident-report", "reporter.name", "单位全称", FORM_TEXT, "", YES },
	{ "miit-incident-report", "reporter.contact", "联系人", FORM_TEXT, "", YES },
	{ "miit-incident-report", "reporter.phone", "联系方式", FORM_PHONE, "", YES },
	{ "miit-incident-report", "event.occurred_at", "发生时间", FORM_DATETIME, "", YES },
	{ "miit-incident-report", "event.source", "获悉渠道", FORM_CHOICE,
		"自主监测发现|网上公开发布（URL）|第三方报送（报送单位）|其他", YES },
	{ "miit-incident-report", "event.victim", "涉事单位", FORM_TEXT, "", YES },
	{ "miit-incident-report", "event.tier", "事件级别", FORM_CHOICE, "一般|较大|重大|特别重大",
		YES },
	{ "miit-incident-report", "event.system", "涉及系统", FORM_TEXT, "", OR_UNCLEAR },
	{ "miit-incident-report", "event.system_address", "IP/域名/URL", FORM_TEXT, "",
		OR_UNCLEAR },
	{ "miit-incident-report", "event.cause", "事件原因", FORM_TEXT, "", YES },
	{ "miit-incident-report", "event.data_type", "类型", FORM_CHOICES,
		"研发|生产|管理|运维|服务", YES },
	{ "miit-incident-report", "event.data_level", "级别", FORM_CHOICES, "一般|重要|核心", YES },
	{ "miit-incident-report", "event.data_volume", "规模", FORM_AMOUNT, "GB|条", YES },
	{ "miit-incident-report", "event.pi", "个人信息情况", FORM_AMOUNT,
		"GB 个人信息|条个人信息|GB 敏感个人信息|条敏感个人信息|无", YES },
	{ "miit-incident-report", "impact.subject", "影响主体", FORM_TEXT, "", OR_UNCLEAR },
	{ "miit-incident-report", "impact.scope", "影响范围", FORM_TEXT, "", OR_UNCLEAR },
	{ "miit-incident-report", "advice", "事件处置建议", FORM_LIST, "", YES },
	{ "miit-incident-report", "signature", "签字（或盖章）", FORM_SIGNATURE, "", TIER_II },
	{ "miit-summary-report", "cover.unit", "填报单位", FORM_TEXT, "", YES },
	{ "miit-summary-report", "cover.date", "填报日期", FORM_TEXT, "", YES },
	{ "miit-summary-report", "s1", "事件基本情况", FORM_TEXT, "", YES },
	{ "miit-summary-report", "s2", "已采取的处置措施", FORM_TEXT, "", YES },
	{ "miit-summary-report", "s3", "后续提升改进计划", FORM_TEXT, "", YES },
	{ "miit-summary-report", "s4", "工作经验总结", FORM_TEXT, "", YES },
	{ "miit-summary-report", "s5", "其他事项", FORM_TEXT, "", YES },
	{ "miit-summary-report", "annex", "证明材料", FORM_FILES, "", YES },
	{ "miit-early-warning", "level", "预警等级", FORM_CHOICE, "红|橙|黄|蓝", YES },
	{ "miit-early-warning", "start", "起始时间", FORM_TEXT, "", YES },
	{ "miit-early-warning", "scope", "可能的影响范围", FORM_TEXT, "", YES },
	{ "miit-early-warning", "harm", "造成的危害", FORM_TEXT, "", YES },
	{ "miit-early-warning", "notes", "警示事项", FORM_TEXT, "", YES },
	{ "miit-early-warning", "measures", "应采取的防范措施", FORM_TEXT, "", YES },
	{ "miit-early-warning", "deadline", "处置时限要求", FORM_TEXT, "", YES },
	{ "miit-early-warning", "audience", "发布范围", FORM_TEXT, "", YES },
	{ "miit-early-warning", "issuer", "发布机关", FORM_TEXT, "", YES },
	{ "cac-2025-report", "unit", "涉事单位名称及涉事系统或设施基本情况", FORM_TEXT, "", FIRST },
	{ "cac-2025-report", "event",
		"发现或发生的时间、地点、类型、级别、影响和危害、已采取的措施及效果", FORM_TEXT, "",
		FIRST },
	{ "cac-2025-report", "ransom", "要求支付赎金的金额、方式、日期", FORM_TEXT, "", IF_RANSOM },
	{ "cac-2025-report", "trend", "事态发展趋势及可能的进一步影响", FORM_TEXT, "", MAY_FOLLOW },
	{ "cac-2025-report", "cause", "原因初步分析意见", FORM_TEXT, "", MAY_FOLLOW },
	{ "cac-2025-report", "trace", "溯源调查工作线索", FORM_TEXT, "", MAY_FOLLOW },
	{ "cac-2025-report", "plan", "拟进一步采取的应对措施以及请求支援事项", FORM_TEXT, "",
		MAY_FOLLOW },
	{ "cac-2025-report", "scene", "现场保护情况", FORM_TEXT, "", MAY_FOLLOW },
	{ "cac-2025-report", "other", "其他应当报告的情况", FORM_TEXT, "", MAY_FOLLOW },
};

static void check_options(const struct row *r, const struct form_field *f)
{
	char joined[600] = "";
	size_t len = 0;
	for (size_t i = 0; i < f->n_options; i++)
		len += (size_t)snprintf(joined + len, sizeof joined - len, "%s%s",
			i == 0 ? "" : "|", f->options[i].label.zh);
	CHECK_TEXT(joined, r->options);
}

static void check_need(const struct row *r, const struct form *form, const struct form_field *f)
{
	CHECK(f->required);
	CHECK_INT(f->may_be_unknown,
		r->need == OR_UNCLEAR || r->need == MAY_FOLLOW || r->need == IF_RANSOM);
	CHECK_INT(f->worst_grade_required, r->need == TIER_II ? 2 : 0);
	CHECK_INT(f->required_if_key != NULL, r->need == IF_RANSOM);
	CHECK_INT(form_stage(form, f->required_from_stage), r->need == MAY_FOLLOW ? 1 : 0);
}

TEST(the_ministrys_and_the_12387_forms_agree_with_their_tables_field_by_field)
{
	AUTO(form_set_free) struct form_set *s = built_in();
	const char *form_id = "";
	size_t place = 0;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		const struct row *r = &table[i];
		const struct form *form = form_named(s, r->form);
		place = strcmp(form_id, r->form) == 0 ? place + 1 : 0;
		form_id = r->form;
		REQUIRE(place < form->n_fields);
		const struct form_field *f = &form->fields[place];
		CHECK_TEXT(f->key, r->key);
		CHECK_INT(f->number, place + 1);
		CHECK_TEXT(f->label.zh, r->label_zh);
		CHECK_INT(f->type, r->type);
		check_options(r, f);
		check_need(r, form, f);
	}
	CHECK_INT(form_named(s, "miit-incident-report")->n_fields, 18);
	CHECK_INT(form_named(s, "miit-summary-report")->n_fields, 8);
	CHECK_INT(form_named(s, "miit-early-warning")->n_fields, 9);
	CHECK_INT(form_named(s, "cac-2025-report")->n_fields, 9);
}

TEST(the_dora_template_has_its_15_10_35_and_16_fields_numbered_as_printed)
{
	AUTO(form_set_free) struct form_set *s = built_in();
	const struct form *form = form_named(s, "eu-dora-report");
	static const int wanted[] = { 15, 10, 35, 16 };
	size_t i = 0;
	for (int part = 1; part <= 4; part++) {
		for (int n = 1; n <= wanted[part - 1]; n++, i++) {
			char number[24];
			REQUIRE(i < form->n_fields);
			(void)snprintf(number, sizeof number, "%d.%d", part, n);
			CHECK_TEXT(form->fields[i].printed_number, number);
			if (part == 3 && form->fields[i].required)
				CHECK_TEXT(form->fields[i].required_from_stage, "intermediate");
			if (part == 4 && form->fields[i].required)
				CHECK_TEXT(form->fields[i].required_from_stage, "final");
		}
	}
	CHECK_INT(i, form->n_fields);
}

TEST(the_first_notice_asks_eight_things_and_requires_none)
{
	AUTO(form_set_free) struct form_set *s = built_in();
	const struct form *form = form_named(s, "first-notice");
	int most = 0;
	for (size_t i = 0; i < form->n_fields; i++) {
		CHECK(!form->fields[i].required);
		CHECK(form->fields[i].may_be_unknown);
		most = form->fields[i].number > most ? form->fields[i].number : most;
	}
	CHECK_INT(most, 8);
}

/* What the notice offers beside the facts (docs/forms.md). */
static bool is_notice_key(const char *key)
{
	static const char *const keys[] = { "company", "kind", "what", "systems", "scale", "action",
		"callback", "callback_person", "callback_number", "grade", "number", "today",
		"ongoing", "ransomware" };
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

/* "reported." and a field of another built-in form. */
static bool is_reported_key(const struct form_set *s, const struct form *form, const char *key)
{
	static const char before[] = "reported.";
	if (strncmp(key, before, sizeof before - 1) != 0)
		return false;
	for (size_t i = 0; i < form_count(s); i++)
		if (form_at(s, i) != form &&
			form_field_named(form_at(s, i), key + sizeof before - 1) != NULL)
			return true;
	return false;
}

TEST(each_source_of_a_built_in_form_is_a_fact_a_part_of_the_notice_or_another_reports_field)
{
	AUTO(form_set_free) struct form_set *s = built_in();
	AUTO(profile_set_free) struct profile_set *profiles = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(profile_set_load(NULL, &profiles, &e), e);
	const struct fact_catalogue *facts = profile_facts(profiles);
	for (size_t i = 0; i < form_count(s); i++) {
		const struct form *form = form_at(s, i);
		for (size_t k = 0; k < form->n_fields; k++) {
			const struct form_field *f = &form->fields[k];
			for (size_t n = 0; n < f->n_sources; n++)
				if (!is_notice_key(f->sources[n].key) &&
					!is_reported_key(s, form, f->sources[n].key) &&
					fact_slot(facts, f->sources[n].key) < 0)
					test_fail(__FILE__, __LINE__, "%s: %s is from nothing: %s",
						form->id, f->key, f->sources[n].key);
			if (f->required_if_key != NULL && !is_notice_key(f->required_if_key) &&
				fact_slot(facts, f->required_if_key) < 0)
				test_fail(__FILE__, __LINE__, "%s: %s depends on nothing", form->id,
					f->key);
		}
	}
}

static bool takes_stage(const struct form_set *s, const char *id, const char *stage)
{
	struct error e = ERROR_NONE;
	const struct form *f = NULL;
	return form_find(s, id, &f, &e) == OK && form_stage(f, stage) >= 0;
}

TEST(each_form_that_a_profile_names_is_there)
{
	AUTO(form_set_free) struct form_set *s = built_in();
	AUTO(profile_set_free) struct profile_set *profiles = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(profile_set_load(NULL, &profiles, &e), e);
	CHECK(profile_count(profiles) > 0);
	for (size_t i = 0; i < profile_count(profiles); i++) {
		const struct profile *profile = profile_at(profiles, i);
		for (size_t k = 0; k < profile->n_forms; k++) {
			const struct form *f = NULL;
			if (form_find(s, profile->forms[k], &f, &e) != OK)
				test_fail(__FILE__, __LINE__, "%s: no form %s", profile->id,
					profile->forms[k]);
		}
	}
}

TEST(whatever_an_organisation_owes_in_writing_has_a_form)
{
	AUTO(form_set_free) struct form_set *s = built_in();
	AUTO(profile_set_free) struct profile_set *profiles = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(profile_set_load(NULL, &profiles, &e), e);
	for (size_t i = 0; i < profile_count(profiles); i++) {
		const struct profile *profile = profile_at(profiles, i);
		for (size_t k = 0; k < profile->n_duties; k++) {
			const struct duty *d = &profile->duties[k];
			const struct rule_word *owes = profile_word(profiles, RULE_ROLES, d->owes);
			bool takes = strcmp(d->stage, "first_notice") == 0 ||
				     strcmp(d->medium, "telephone") == 0 ||
				     takes_stage(s, "general-report", d->stage);
			for (size_t n = 0; n < profile->n_forms; n++)
				takes = takes || takes_stage(s, profile->forms[n], d->stage);
			if (owes != NULL && owes->own && !takes)
				test_fail(__FILE__, __LINE__, "%s: no form is handed in as %s",
					profile->id, d->stage);
		}
	}
}

/* --- a home's own ----------------------------------------------------------------------------- */

static void put_form(const char *name, const char *id, int version, const char *title)
{
	char text[600];
	(void)mkdir(test_path("forms"), 0700);
	const int n = snprintf(text, sizeof text,
		"id: %s\nversion: %d\ntitle: { en: %s, zh: 表 }\ninstrument: own\ncertainty: D\n"
		"language: zh\nstages: [written]\nfields:\n"
		"  - { key: a, label: { en: A, zh: 甲 }, type: text }\n",
		id, version, title);
	char path[64];
	(void)snprintf(path, sizeof path, "forms/%s", name);
	test_write_file(test_path(path), text, (size_t)n);
}

TEST(a_home_adds_forms_and_replaces_by_a_higher_version_alone)
{
	struct error e = ERROR_NONE;
	AUTO(form_set_free) struct form_set *s = NULL;
	put_form("our-own.yaml", "our-own", 1, "Own");
	put_form("miit-early-warning.yaml", "miit-early-warning", 1000, "Newer");
	put_form("cac-2025-report.yaml", "cac-2025-report", 1, "Older");
	test_write_file(test_path("forms/notes.txt"), "no form", 7);
	REQUIRE_OK(form_set_load(test_folder(), &s, &e), e);
	CHECK_TEXT(form_named(s, "our-own")->title.en, "Own");
	CHECK_TEXT(form_named(s, "our-own")->source, "forms/our-own.yaml");
	CHECK_TEXT(form_named(s, "miit-early-warning")->title.en, "Newer");
	CHECK_TEXT(form_named(s, "cac-2025-report")->source, "built in");
	for (size_t i = 1; i < form_count(s); i++)
		CHECK(strcmp(form_at(s, i - 1)->id, form_at(s, i)->id) < 0);
}

TEST(a_home_without_forms_has_the_built_in_ones)
{
	struct error e = ERROR_NONE;
	AUTO(form_set_free) struct form_set *s = NULL;
	AUTO(form_set_free) struct form_set *none = NULL;
	REQUIRE_OK(form_set_load(test_folder(), &s, &e), e);
	REQUIRE_OK(form_set_load(test_path("not-there"), &none, &e), e);
	CHECK_INT(form_count(s), form_count(none));
	CHECK(form_count(s) >= 11);
}

TEST(a_damaged_form_of_the_home_is_named)
{
	struct error e = ERROR_NONE;
	AUTO(form_set_free) struct form_set *s = NULL;
	put_form("wrong-name.yaml", "right-name", 1, "Own");
	CHECK_INT(form_set_load(test_folder(), &s, &e), E_INVALID);
	CHECK(strstr(e.text, "wrong-name.yaml: id: 'right-name' is not the name of the file") !=
		NULL);
	CHECK(s == NULL);
}

TEST(a_form_that_there_is_not_is_told_with_those_that_there_are)
{
	struct error e = ERROR_NONE;
	AUTO(form_set_free) struct form_set *s = built_in();
	const struct form *f = NULL;
	CHECK_INT(form_find(s, "nothing", &f, &e), E_ABSENT);
	CHECK(strstr(e.text, "miit-incident-report") != NULL);
}

TEST(a_failure_at_any_step_of_loading_leaves_nothing)
{
	NEEDS_FAULTS();
	long n = 1;
	for (; n < 1000; n++) {
		struct error e = ERROR_NONE;
		struct form_set *s = NULL;
		fault_arm("", n);
		const enum status status = form_set_load(NULL, &s, &e);
		fault_disarm();
		if (status == OK) {
			form_set_free(s);
			break;
		}
		CHECK(s == NULL);
		CHECK(e.text[0] != '\0');
	}
	CHECK(n > 3 && n < 1000);
}
