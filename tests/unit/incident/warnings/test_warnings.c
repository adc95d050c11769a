/*
 * Early warnings: who may issue which, what stays of each version, drills apart.
 */
#include <string.h>

#include "tests/lib/incident_fixture.h"

#define FIELDS(level)                                                                              \
	"{\"level\":\"" level "\",\"start\":\"即日起\",\"scope\":\"全省装备制造业\","    \
	"\"harm\":\"生产停摆\",\"notes\":\"钓鱼邮件\",\"measures\":\"打补丁\","         \
	"\"deadline\":\"72 小时\",\"audience\":\"省内企业\",\"issuer\":\"某省工信厅\"}"

static enum status issue(struct incident_fixture *f, const char *fields, const char *role,
	bool drill, struct warning_row *out)
{
	const struct warning_order order = { fixture_json(f, fields), role, drill };
	f->faults = (struct field_faults){ .n = 0 };
	f->e = ERROR_NONE;
	return warning_issue(&f->c, &order, f->pool, out, &f->faults, &f->e);
}

static enum status adjust(struct incident_fixture *f, const char *id, const char *changes,
	const char *reason, struct warning_row *out)
{
	const struct warning_change change = { fixture_json(f, changes), reason };
	f->faults = (struct field_faults){ .n = 0 };
	f->e = ERROR_NONE;
	return warning_adjust(&f->c, id, &change, f->pool, out, &f->faults, &f->e);
}

TEST(red_and_orange_are_the_ministrys_yellow_and_blue_the_local_regulators)
{
	static const struct {
		const char *fields, *role;
		enum status status;
	} rows[] = {
		{ FIELDS("red"), "ministry", OK },
		{ FIELDS("橙"), "ministry", OK },
		{ FIELDS("yellow"), "local_regulator", OK },
		{ FIELDS("Blue"), "local_regulator", OK },
		{ FIELDS("yellow"), "ministry", E_DENIED },
		{ FIELDS("blue"), "ministry", E_DENIED },
		{ FIELDS("red"), "local_regulator", E_DENIED },
		{ FIELDS("orange"), "local_regulator", E_DENIED },
		{ FIELDS("blue"), "company", E_DENIED },
		{ FIELDS("blue"), "", E_DENIED },
	};
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	int64_t n = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct warning_row w;
		CHECK_INT(issue(&f, rows[i].fields, rows[i].role, false, &w), rows[i].status);
		n += rows[i].status == OK ? 1 : 0;
		CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_warning"), n);
		CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_warning_version"), n);
	}
}

TEST(a_warning_that_lacks_something_is_refused_with_every_field)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct warning_row w;
	CHECK_INT(issue(&f, "{\"level\":\"green\",\"scope\":\"x\"}", "ministry", false, &w),
		E_INVALID);
	CHECK(fixture_fault(&f, "level")[0] != '\0');
	CHECK(fixture_fault(&f, "issuer")[0] != '\0');
	CHECK(fixture_fault(&f, "deadline")[0] != '\0');
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_warning"), 0);
}

TEST(what_was_given_beside_a_fault_is_not_called_missing)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct warning_row row;
	fixture_open(&f);
	const struct warning_order order = { fixture_json(&f, "{\"level\":\"yellow\",\"scope\":7}"),
		"local_regulator", false };
	CHECK_INT(warning_issue(&f.c, &order, f.pool, &row, &f.faults, &f.e), E_INVALID);
	CHECK(strstr(fixture_fault(&f, "scope"), "is not text") != NULL);
	CHECK_TEXT(fixture_fault(&f, "level"), "");
	CHECK(fixture_fault(&f, "harm")[0] != '\0');
}

TEST(every_version_is_kept_and_signed)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct warning_row w;
	REQUIRE_OK(issue(&f, FIELDS("blue"), "local_regulator", false, &w), f.e);
	CHECK_TEXT(w.number, "W2026-0001");
	CHECK_TEXT(w.level, "blue");
	fixture_pass(&f, HOURS_NS(1));
	REQUIRE_OK(adjust(&f, "W2026-0001", "{\"level\":\"yellow\"}", "  事态扩大 ", &w), f.e);
	CHECK_TEXT(w.level, "yellow");
	CHECK_TEXT(w.reason, "事态扩大");
	CHECK_INT(w.n_version, 2);
	CHECK_INT(w.issued_ns, INCIDENT_START_NS);
	CHECK_INT(w.changed_ns, f.wall_ns);
	REQUIRE_OK(warning_lift(&f.c, "latest", "风险消除", f.pool, &w, &f.e), f.e);
	CHECK_INT(w.state, WARNING_LIFTED);
	CHECK_INT(w.n_version, 3);
	struct warning_row *rows = NULL;
	size_t n = 0;
	REQUIRE_OK(warning_history(&f.c, "latest", f.pool, &rows, &n, &f.e), f.e);
	REQUIRE(n == 3);
	static const char *const levels[] = { "blue", "yellow", "yellow" };
	for (size_t i = 0; i < 3; i++) {
		AUTO_BUF struct buf payload;
		buf_init(&payload, MIB);
		CHECK_TEXT(rows[i].level, levels[i]);
		CHECK_INT(rows[i].state, i == 2 ? WARNING_LIFTED : WARNING_IN_FORCE);
		REQUIRE_OK(envelope_open(rows[i].signed_form, WARNING_PAYLOAD, f.keys, NULL,
				   &payload, &f.e),
			f.e);
		json_t *signed_form = fixture_json(&f, buf_text(&payload));
		CHECK_TEXT(json_string_value(json_object_get(signed_form, "level")), levels[i]);
		CHECK_INT(json_integer_value(json_object_get(signed_form, "version")), i + 1);
	}
}

TEST(what_is_lifted_stays_lifted)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct warning_row w;
	REQUIRE_OK(issue(&f, FIELDS("blue"), "local_regulator", false, &w), f.e);
	CHECK_INT(warning_lift(&f.c, w.id.text, "", f.pool, &w, &f.e), E_INVALID);
	CHECK_INT(adjust(&f, "latest", "{}", NULL, &w), E_INVALID);
	CHECK_INT(adjust(&f, "latest", "{\"level\":\"red\"}", "x", &w), E_DENIED);
	REQUIRE_OK(warning_lift(&f.c, "latest", "over", f.pool, &w, &f.e), f.e);
	CHECK_INT(warning_lift(&f.c, "latest", "over", f.pool, &w, &f.e), E_CONFLICT);
	CHECK_INT(adjust(&f, "latest", "{\"scope\":\"x\"}", "x", &w), E_CONFLICT);
	CHECK_INT(warning_lift(&f.c, "W2026-0009", "over", f.pool, &w, &f.e), E_ABSENT);
	struct warning_row *rows = NULL;
	size_t n = 9;
	REQUIRE_OK(warning_list(&f.c, false, f.pool, &rows, &n, &f.e), f.e);
	CHECK_INT(n, 0);
	REQUIRE_OK(warning_list(&f.c, true, f.pool, &rows, &n, &f.e), f.e);
	CHECK_INT(n, 1);
	CHECK_INT(rows[0].n_version, 2);
}

TEST(a_drills_warning_has_another_payload_and_stands_behind_the_real_ones)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct warning_row w;
	struct warning_row *rows = NULL;
	size_t n = 0;
	REQUIRE_OK(issue(&f, FIELDS("blue"), "local_regulator", false, &w), f.e);
	fixture_pass(&f, NS_PER_S);
	REQUIRE_OK(issue(&f, FIELDS("blue"), "local_regulator", true, &w), f.e);
	CHECK_TEXT(w.number, "DW2026-0001");
	CHECK_TEXT(json_string_value(json_object_get(w.signed_form, "payloadType")),
		WARNING_DRILL_PAYLOAD);
	REQUIRE_OK(warning_list(&f.c, false, f.pool, &rows, &n, &f.e), f.e);
	REQUIRE(n == 2);
	CHECK(!rows[0].drill && rows[1].drill);
}
