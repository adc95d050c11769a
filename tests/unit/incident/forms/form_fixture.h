/*
 * A form with one field of each type, for tests; and JSON from literals.
 */
#ifndef TESTS_FORM_FIXTURE_H
#define TESTS_FORM_FIXTURE_H

#include <string.h>

#include "incident/forms/forms.h"
#include "tests/lib/test.h"

#define FORM_NOW_NS 1795500000000000000 /* 2026-11-24T06:00:00Z */

static inline json_t *json_of(const char *text)
{
	struct error e = ERROR_NONE;
	json_t *value = NULL;
	REQUIRE_OK(json_read(view_of(text), 4 * MIB, "test", &value, &e), e);
	return value;
}

static inline const struct form *every_type(struct pool *p)
{
	static const char text[] =
		"id: every-type\nversion: 2\ntitle: { en: All, zh: 全 }\ninstrument: none\n"
		"certainty: D\nlanguage: zh\nutc_offset_minutes: 480\n"
		"stages: [written, follow_up, summary]\nfields:\n"
		"  - { key: name, label: { en: Name, zh: 名称 }, type: text, one_line: true,\n"
		"      required: true, from: company, most_bytes: 60 }\n"
		"  - { key: story, label: { en: Story, zh: 经过 }, type: text,\n"
		"      from: [ { key: kind, label: { en: Kind, zh: 类型 } }, { key: what },\n"
		"        { key: loss_fen, label: { en: Loss, zh: 损失（元） }, divide: 100 },\n"
		"        { key: seen_at, label: { en: Seen, zh: 发现 } },\n"
		"        { key: cii, label: { en: CII, zh: 关基 } } ] }\n"
		"  - { key: cause, label: { en: Cause, zh: 原因 }, type: text, required: true,\n"
		"      required_from_stage: follow_up, may_be_unknown: true, may_be_estimate: true "
		"}\n"
		"  - { key: source, label: { en: Source, zh: 渠道 }, type: choice, from: how, "
		"options: [\n"
		"      { key: own, label: { en: Own, zh: 自主 } },\n"
		"      { key: third, label: { en: Third party, zh: 第三方 } } ] }\n"
		"  - { key: levels, label: { en: Levels, zh: 级别 }, type: choices, from: level, "
		"options: [\n"
		"      { key: general, label: { en: General, zh: 一般 } },\n"
		"      { key: core, label: { en: Core, zh: 核心 } } ] }\n"
		"  - { key: at, label: { en: At, zh: 时间 }, type: datetime, from: seen_at,\n"
		"      may_be_estimate: true, required: true, may_be_unknown: true }\n"
		"  - { key: until, label: { en: Until, zh: 预计 }, type: datetime, may_be_future: "
		"true }\n"
		"  - { key: phone, label: { en: Phone, zh: 电话 }, type: phone, from: number }\n"
		"  - { key: volume, label: { en: Volume, zh: 规模 }, type: amount, "
		"may_be_estimate: true,\n"
		"      from: [ { key: n_records, unit: records } ], options: [\n"
		"      { key: gb, label: { en: GB, zh: GB } },\n"
		"      { key: records, label: { en: records, zh: 条 } },\n"
		"      { key: none, label: { en: None, zh: 无 } } ] }\n"
		"  - { key: steps, label: { en: Steps, zh: 措施 }, type: list, from: action }\n"
		"  - { key: sign, label: { en: Signature, zh: 签字 }, type: signature, required: "
		"true,\n"
		"      required_from_tier: 2 }\n"
		"  - { key: files, label: { en: Files, zh: 附件 }, type: files, required: true,\n"
		"      required_from_stage: summary }\n"
		"  - { key: ransom, label: { en: Ransom, zh: 赎金 }, type: text, required: true,\n"
		"      required_if: { key: kind, is: ransomware }, may_be_unknown: true }\n";
	struct error e = ERROR_NONE;
	struct form *f = pool_take(p, 1, sizeof *f);
	REQUIRE(f != NULL);
	REQUIRE_OK(form_read(view_of(text), "every-type.yaml", p, f, &e), e);
	return f;
}

/* The sentence for a field, "" where there is none. */
static inline const char *fault_of(const struct field_faults *all, const char *field)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->at[i].field, field) == 0)
			return all->at[i].what;
	return "";
}

static inline void check_fault(const struct field_faults *all, const char *field, const char *said)
{
	const char *what = fault_of(all, field);
	if (what[0] == '\0' || strstr(what, said) == NULL)
		test_fail(__FILE__, __LINE__, "%s: \"%s\" does not say \"%s\"", field, what, said);
}

#endif
