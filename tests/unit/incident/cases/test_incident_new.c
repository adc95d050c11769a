/*
 * The first notice: what it keeps, what it signs, to whom it goes, and what it refuses.
 */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "tests/lib/incident_fixture.h"

static const char *text_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text == NULL ? "" : text;
}

TEST(a_first_notice_is_kept_whole_and_can_be_read_back)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct first_notice n = fixture_notice(&f);
	n.more = fixture_json(&f,
		"{\"occurred_at\":\"2026-11-24T13:50:00+08:00\",\"data_domain\":\"industrial\","
		"\"direct_loss_fen\":6000000000,\"ticket\":\"SOC-77\",\"threat\":null}");
	const struct incident_receipt r = fixture_new(&f, &n);
	fixture_reopen(&f);
	const struct incident i = fixture_read(&f, r.incident.text);
	CHECK_TEXT(i.id.text, r.incident.text);
	CHECK_TEXT(i.number, "2026-0001");
	CHECK_TEXT(r.number, "2026-0001");
	CHECK_INT(i.life, LIFE_OPEN);
	CHECK(!i.drill);
	CHECK_TEXT(i.tlp, "AMBER");
	CHECK_INT(i.created_ns, f.wall_ns);
	CHECK_TEXT(text_of(i.notice, "company"), "华东制造有限公司");
	CHECK_TEXT(text_of(i.notice, "kind"), "ransomware");
	CHECK_TEXT(text_of(i.notice, "ongoing"), "yes");
	CHECK_TEXT(text_of(i.notice, "discovered_at"), "2026-11-24T13:55:00+08:00");
	CHECK_INT(json_integer_value(json_object_get(i.facts, "direct_loss_fen")), 6000000000);
	CHECK_TEXT(text_of(i.facts, "ticket"), "SOC-77");
	CHECK(json_object_get(i.facts, "threat") == NULL);
	CHECK(json_is_true(json_object_get(i.facts, "ransomware")));
	CHECK(json_is_true(json_object_get(i.facts, "ongoing")));
	REQUIRE(i.n_grades == 1);
	CHECK_TEXT(i.grades[0].profile, "cn-miit");
	CHECK_INT(json_integer_value(json_object_get(i.grades[0].classification, "tier")), 3);
	REQUIRE(i.n_submissions == 1);
	CHECK_TEXT(i.submissions[0].stage, "first_notice");
	CHECK_TEXT(i.submissions[0].form, "first-notice");
	CHECK_TEXT(i.submissions[0].sha256, r.sha256);
	REQUIRE(i.n_events == 1);
	CHECK_TEXT(i.events[0].kind, "notice");
	CHECK_TEXT(i.events[0].by, "tester");
	CHECK_INT(i.first_bad_event, -1);
	const struct clock_row *ten = fixture_clock(&i, "cn-miit", "first_notice");
	CHECK_INT(ten->due_ns, INCIDENT_START_NS - MINUTES_NS(10) + MINUTES_NS(10));
}

TEST(unknown_is_an_answer_to_each_question)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	const struct first_notice nothing = { .discovered_ns = -1 };
	const struct first_notice words = { .discovered_ns = -1,
		.company = "unknown",
		.kind = "unknown",
		.what = "尚不明确",
		.systems = "unknown",
		.ongoing = "unknown",
		.scale = "不明",
		.action = "unknown",
		.callback = "unknown" };
	const struct first_notice *const both[] = { &nothing, &words };
	for (size_t k = 0; k < 2; k++) {
		const struct incident_receipt r = fixture_new(&f, both[k]);
		const struct incident i = fixture_read(&f, r.incident.text);
		const char *key;
		json_t *value;
		json_object_foreach(i.notice, key, value) CHECK(json_is_null(value));
		CHECK_INT(json_object_size(i.notice), 9);
		CHECK_INT(json_object_size(i.facts), 0);
		/* Who files it has discovered it by now: the ten minutes run from here. */
		const struct clock_row *ten = fixture_clock(&i, "cn-miit", "first_notice");
		CHECK_INT(ten->due_ns, INCIDENT_START_NS + MINUTES_NS(10));
		CHECK((ten->flags & DUE_START_ASSUMED) != 0);
	}
}

TEST(everything_may_come_from_the_facts_file_and_flags_go_before_it)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	const struct first_notice n = { .discovered_ns = -1,
		.company = "From a flag",
		.more = fixture_json(&f,
			"{\"company\":\"From the file\",\"kind\":\"数据泄露\",\"what\":\"w\","
			"\"discovered_at\":\"2026-11-24T05:00:00Z\",\"ongoing\":false,"
			"\"callback\":\"unknown\",\"scale\":\"s\"}") };
	const struct incident_receipt r = fixture_new(&f, &n);
	const struct incident i = fixture_read(&f, r.incident.text);
	CHECK_TEXT(text_of(i.notice, "company"), "From a flag");
	CHECK_TEXT(text_of(i.notice, "kind"), "leak");
	CHECK_TEXT(text_of(i.notice, "ongoing"), "no");
	CHECK_TEXT(text_of(i.notice, "scale"), "s");
	CHECK(json_is_null(json_object_get(i.notice, "callback")));
	CHECK_TEXT(text_of(i.notice, "discovered_at"), "2026-11-24T13:00:00+08:00");
	CHECK(json_object_get(i.facts, "company") == NULL);
	CHECK(json_is_true(json_object_get(i.facts, "data_leaked_or_stolen")));
}

/* --- signing ---------------------------------------------------------------------------------- */

static json_t *payload_of(struct incident_fixture *f, json_t *envelope, const char *type)
{
	AUTO_BUF struct buf payload;
	json_t *value = NULL;
	buf_init(&payload, 8 * MIB);
	REQUIRE_OK(envelope_open(envelope, type, f->keys, NULL, &payload, &f->e), f->e);
	REQUIRE_OK(json_read(buf_view(&payload), 8 * MIB, "payload", &value, &f->e), f->e);
	REQUIRE_OK(json_keep(f->pool, value, &f->e), f->e);
	return value;
}

static struct view envelope_text(struct incident_fixture *f, const struct id *id)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	REQUIRE_OK(STORE_SQL(f->store, "SELECT envelope FROM incident_submission WHERE id = ?", &q,
			   &f->e),
		f->e);
	bind_text(q, 1, id->text);
	REQUIRE_OK(statement_step(q, &row, &f->e), f->e);
	REQUIRE(row);
	const struct view v = column_text(q, 0);
	return (struct view){ pool_text(f->pool, v), v.len };
}

TEST(the_local_receipt_proves_offline_which_envelope_was_put_where)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	const struct first_notice n = fixture_notice(&f);
	const struct incident_receipt r = fixture_new(&f, &n);
	json_t *receipt = payload_of(&f, r.signed_form, INCIDENT_LOCAL_RECEIPT_PAYLOAD);
	CHECK_TEXT(text_of(receipt, "incident"), r.incident.text);
	CHECK_TEXT(text_of(receipt, "number"), "2026-0001");
	json_t *first = json_array_get(json_object_get(receipt, "envelopes"), 0);
	CHECK_TEXT(text_of(first, "id"), r.envelope.text);
	CHECK_TEXT(text_of(first, "sha256"), r.sha256);
	const struct view text = envelope_text(&f, &r.envelope);
	const struct digest d = digest_of(text.at, text.len);
	char hex[DIGEST_HEX_LEN + 1];
	CHECK_TEXT(digest_hex(&d, hex), r.sha256);
	json_t *payload = payload_of(&f, fixture_json(&f, text.at), INCIDENT_PAYLOAD);
	CHECK_TEXT(text_of(payload, "id"), r.envelope.text);
	CHECK_TEXT(text_of(payload, "incident"), r.incident.text);
	CHECK_TEXT(text_of(payload, "stage"), "first_notice");
	CHECK_TEXT(text_of(json_object_get(payload, "notice"), "what"),
		"文件无法打开，屏幕上有勒索信");
	CHECK_TEXT(text_of(json_object_get(payload, "grade"), "profile"), "cn-miit");
	CHECK(json_is_null(json_object_get(payload, "previous")));
	CHECK_TEXT(
		json_string_value(json_array_get(json_object_get(payload, "to"), 0)), "ministry");
}

TEST(no_regime_reads_anothers_grade_or_facts)
{
	static const char *const both[] = { "cn-miit", "cn-iiot" };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct first_notice n = fixture_notice(&f);
	n.profiles = both;
	n.n_profiles = 2;
	n.more = fixture_json(&f,
		"{\"direct_loss_fen\":1,\"dora_clients_affected\":5,\"direct_loss_eur_cents\":7}");
	const struct incident_receipt r = fixture_new(&f, &n);
	const struct incident i = fixture_read(&f, r.incident.text);
	CHECK_INT(i.n_grades, 2);
	for (size_t k = 0; k < i.n_submissions; k++) {
		const struct view text = envelope_text(&f, &i.submissions[k].id);
		json_t *payload = payload_of(&f, fixture_json(&f, text.at), INCIDENT_PAYLOAD);
		json_t *facts = json_object_get(payload, "facts");
		CHECK_TEXT(text_of(payload, "profile"), i.submissions[k].profile);
		CHECK_TEXT(text_of(json_object_get(payload, "grade"), "profile"),
			i.submissions[k].profile);
		CHECK(json_object_get(facts, "dora_clients_affected") == NULL);
		CHECK(json_object_get(facts, "direct_loss_eur_cents") == NULL);
		CHECK(json_object_get(facts, "discovered_at") != NULL);
	}
}

static bool went_to(const struct submission_row *s, const char *role)
{
	for (size_t i = 0; i < s->n_recipients; i++)
		if (strcmp(s->recipients[i].role, role) == 0)
			return true;
	return false;
}

/* What each regime calls its first stage, its form for it and whom it goes to. */
TEST(a_first_notice_answers_what_each_regime_wants_first_and_goes_to_whoever_it_is_owed)
{
	static const struct {
		const char *profile, *more, *stage, *form, *role;
	} rows[] = {
		{ "cn-miit", "{}", "first_notice", "first-notice", "ministry" },
		{ "cn-miit-2024-214", "{\"direct_loss_fen\":100000000000}", "first_notice",
			"miit-incident-report", "local_regulator" },
		{ "cn-cac-2025", "{\"cii\":true,\"cii_total_outage_minutes\":400}", "first_report",
			"cac-2025-report", "protection_and_police" },
		{ "cn-cac-2025", "{\"cii\":false,\"direct_loss_fen\":10000000000}", "first_report",
			"cac-2025-report", "provincial_cac" },
		{ "cn-pboc-2025", "{\"direct_loss_fen\":100000000000}", "brief", "first-notice",
			"pboc" },
		{ "cn-order-790", "{}", "first_notice", "first-notice", "competent_department" },
		{ "cn-iiot", "{}", "first_notice", "first-notice", "local_regulator" },
		{ "eu-nis2",
			"{\"nis2_provider\":\"dns\",\"data_compromised\":true,"
			"\"suspected_malicious\":true}",
			"early_warning", "eu-nis2-report", "csirt" },
		{ "eu-gdpr", "{\"personal_data_breach\":true,\"gdpr_role\":\"controller\"}",
			"notification", "eu-gdpr-notification", "supervisory_authority" },
		{ "eu-gdpr", "{\"personal_data_breach\":true,\"gdpr_role\":\"processor\"}",
			"controller_notice", "eu-gdpr-notification", "controller" },
		{ "in-cert", "{}", "report", "in-cert-report", "cert_in" },
	};
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	for (size_t k = 0; k < COUNT_OF(rows); k++) {
		struct first_notice n = fixture_notice(&f);
		n.profiles = &rows[k].profile;
		n.n_profiles = 1;
		n.more = fixture_json(&f, rows[k].more);
		const struct incident_receipt r = fixture_new(&f, &n);
		const struct incident i = fixture_read(&f, r.incident.text);
		REQUIRE(i.n_submissions == 1);
		CHECK_TEXT(i.submissions[0].stage, rows[k].stage);
		CHECK_TEXT(i.submissions[0].form, rows[k].form);
		if (!went_to(&i.submissions[0], rows[k].role))
			test_fail(
				__FILE__, __LINE__, "%s: not to %s", rows[k].profile, rows[k].role);
		const struct clock_row *first = owed_first(
			f.profiles, i.clocks, i.n_clocks, rows[k].profile, OWED_BY_NOTICE);
		REQUIRE(first != NULL);
		CHECK_TEXT(first->stage, rows[k].stage);
	}
}

TEST(one_first_notice_reaches_every_regime_of_the_incident_and_its_receipts_answer_each)
{
	static const char *const three[] = { "cn-miit", "cn-cac-2025", "eu-gdpr" };
	static const char *const lines[] = { "capital: ministry local_regulator",
		"cac: provincial_cac protection_and_police", "dpa: supervisory_authority" };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	fixture_routes(lines, 3);
	struct first_notice n = fixture_notice(&f);
	n.profiles = three;
	n.n_profiles = 3;
	n.more = fixture_json(&f,
		"{\"cii\":false,\"operator_kind\":\"other\",\"direct_loss_fen\":10000000000,"
		"\"personal_data_breach\":true,\"gdpr_role\":\"controller\"}");
	const struct incident_receipt r = fixture_new(&f, &n);
	CHECK_INT(fixture_deliver(&f, "capital", f.wall_ns), 1);
	CHECK_INT(fixture_deliver(&f, "cac", f.wall_ns), 1);
	CHECK_INT(fixture_deliver(&f, "dpa", f.wall_ns), 1);
	const struct incident i = fixture_read(&f, r.incident.text);
	CHECK_INT(i.n_submissions, 3);
	CHECK_INT(fixture_clock(&i, "cn-cac-2025", "first_report_other")->state, CLOCK_DONE);
	CHECK_INT(fixture_clock(&i, "eu-gdpr", "authority")->state, CLOCK_DONE);
	/* What has a form and a limit of its own later is not answered by it. */
	CHECK_INT(fixture_clock(&i, "cn-miit", "annual_incident_report")->state, CLOCK_RUNNING);
	CHECK_INT(fixture_clock(&i, "cn-miit", "user_notice")->state, CLOCK_RUNNING);
	CHECK(owed_first(f.profiles, i.clocks, i.n_clocks, NULL, OWED_BY_NOTICE) == NULL ||
		strcmp(owed_first(f.profiles, i.clocks, i.n_clocks, NULL, OWED_BY_NOTICE)->stage,
			"written") == 0);
}

TEST(a_regimes_own_form_goes_out_filled_with_what_is_known_and_open_where_nothing_is)
{
	static const char *const only[] = { "cn-cac-2025" };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct first_notice n = fixture_notice(&f);
	n.profiles = only;
	n.n_profiles = 1;
	n.more = fixture_json(&f, "{\"cii\":false,\"direct_loss_fen\":10000000000}");
	const struct incident_receipt r = fixture_new(&f, &n);
	const struct view text = envelope_text(&f, &r.envelope);
	json_t *payload = payload_of(&f, fixture_json(&f, text.at), INCIDENT_PAYLOAD);
	json_t *form = json_object_get(payload, "form");
	CHECK_TEXT(text_of(form, "form"), "cac-2025-report");
	CHECK(json_object_size(json_object_get(form, "fields")) > 0);
	CHECK_TEXT(text_of(json_object_get(payload, "notice"), "company"), "华东制造有限公司");
	AUTO_BUF struct buf whole;
	buf_init(&whole, MIB);
	REQUIRE_OK(json_write(form, &whole, &f.e), f.e);
	CHECK(strstr(buf_text(&whole), "华东制造有限公司") != NULL);
}

TEST(where_only_people_without_an_inbox_are_owed_something_it_is_kept_here_alone)
{
	static const char *const only[] = { "cn-miit-166-2022" };
	static const char *const lines[] = { "all: local_regulator users" };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	fixture_routes(lines, 1);
	struct first_notice n = fixture_notice(&f);
	n.profiles = only;
	n.n_profiles = 1;
	n.more = fixture_json(&f, "{\"data_class\":\"general\",\"user_rights_harmed\":true}");
	const struct incident_receipt r = fixture_new(&f, &n);
	const struct incident i = fixture_read(&f, r.incident.text);
	REQUIRE(i.n_submissions == 1);
	CHECK_INT(i.submissions[0].n_recipients, 0);
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM record_outbox"), 0);
	CHECK(owed_first(f.profiles, i.clocks, i.n_clocks, NULL, OWED_BY_NOTICE) == NULL);
	REQUIRE(owed_first(f.profiles, i.clocks, i.n_clocks, NULL, OWED_IN_PUBLIC) != NULL);
}

/* --- routes ----------------------------------------------------------------------------------- */

TEST(each_recipient_has_its_route_and_one_route_takes_the_envelope_once)
{
	static const char *const lines[] = { "province: local_regulator", "capital: ministry" };
	static const char *const one[] = { "province: local_regulator ministry" };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct first_notice n = fixture_notice(&f);
	n.more = fixture_json(&f, "{\"data_class\":\"important\"}");
	fixture_routes(lines, 2);
	const struct incident_receipt r = fixture_new(&f, &n);
	struct outbox_item *items = NULL;
	size_t n_items = 0;
	REQUIRE_OK(outbox_of_envelope(f.store, &r.envelope, f.pool, &items, &n_items, &f.e), f.e);
	CHECK_INT(n_items, 2);
	CHECK_TEXT(items[0].subject, r.incident.text);
	fixture_routes(one, 1);
	const struct incident_receipt again = fixture_new(&f, &n);
	REQUIRE_OK(
		outbox_of_envelope(f.store, &again.envelope, f.pool, &items, &n_items, &f.e), f.e);
	CHECK_INT(n_items, 1);
	const struct incident i = fixture_read(&f, again.incident.text);
	CHECK_INT(i.submissions[0].n_recipients, 2);
}

TEST(a_home_without_routes_keeps_the_notice_until_there_is_one)
{
	static const char *const lines[] = { "capital: ministry" };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct first_notice n = fixture_notice(&f);
	n.more = fixture_json(&f, "{\"data_class\":\"general\"}");
	const struct incident_receipt r = fixture_new(&f, &n);
	size_t n_routed = 0;
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM record_outbox"), 0);
	struct incident i = fixture_read(&f, r.incident.text);
	REQUIRE(i.submissions[0].n_recipients == 1);
	CHECK_TEXT(i.submissions[0].recipients[0].role, "ministry");
	CHECK_TEXT(i.submissions[0].recipients[0].route, "");
	REQUIRE_OK(incident_route(&f.c, &n_routed, &f.e), f.e);
	CHECK_INT(n_routed, 0);
	fixture_routes(lines, 1);
	REQUIRE_OK(incident_route(&f.c, &n_routed, &f.e), f.e);
	CHECK_INT(n_routed, 1);
	REQUIRE_OK(incident_route(&f.c, &n_routed, &f.e), f.e);
	CHECK_INT(n_routed, 0);
	i = fixture_read(&f, r.incident.text);
	CHECK_TEXT(i.submissions[0].recipients[0].route, "capital");
	CHECK_INT(fixture_deliver(&f, "capital", f.wall_ns), 1);
}

TEST(a_damaged_routes_file_or_settings_file_does_not_stop_a_notice)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	test_write_file(test_path("routes.yaml"), "routes: [", 9);
	test_write_file(test_path("incident.yaml"), "colour: red\n", 12);
	const struct first_notice n = fixture_notice(&f);
	const struct incident_receipt r = fixture_new(&f, &n);
	CHECK(strstr(r.warning, "incident.yaml") != NULL);
	CHECK(strstr(r.warning, "routes") != NULL);
	const struct incident i = fixture_read(&f, r.incident.text);
	CHECK(strstr(text_of(i.events[0].detail, "left_aside"), "incident.yaml") != NULL);
}

TEST(what_the_home_says_need_not_be_said_again)
{
	static const char text[] = "company: 华东制造\ncallback: 李四 010-62770000\n"
				   "profiles: [cn-cac-2025, not-there]\ntlp: RED\n";
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	test_write_file(test_path("incident.yaml"), text, sizeof text - 1);
	const struct first_notice n = { .discovered_ns = -1, .what = "x" };
	const struct incident_receipt r = fixture_new(&f, &n);
	const struct incident i = fixture_read(&f, r.incident.text);
	CHECK_TEXT(text_of(i.notice, "company"), "华东制造");
	CHECK_TEXT(text_of(i.notice, "callback"), "李四 010-62770000");
	CHECK_TEXT(i.tlp, "RED");
	CHECK_INT(i.n_grades, 2);
	CHECK(strstr(r.warning, "not-there") != NULL);
	const struct first_notice said = {
		.discovered_ns = -1, .company = "other", .tlp = "GREEN"
	};
	const struct incident_receipt s = fixture_new(&f, &said);
	const struct incident k = fixture_read(&f, s.incident.text);
	CHECK_TEXT(text_of(k.notice, "company"), "other");
	CHECK_TEXT(k.tlp, "GREEN");
}

TEST(the_home_knows_whom_to_telephone)
{
	static const char text[] =
		"callback: 13800138000\n"
		"phones: { ministry: 010 1234, local_regulator: 051287654321, users: 110, "
		"minstry: x }\n";
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	CHECK(incident_phone(&f.c, "ministry", f.pool) == NULL); /* no file */
	test_write_file(test_path("incident.yaml"), text, sizeof text - 1);
	CHECK_TEXT(incident_phone(&f.c, "ministry", f.pool), "010 1234");
	CHECK_TEXT(incident_phone(&f.c, "local_regulator", f.pool), "051287654321");
	CHECK_TEXT(incident_phone(&f.c, "users", f.pool), "110");
	CHECK(incident_phone(&f.c, "provincial_cac", f.pool) == NULL);
	const struct first_notice n = { .discovered_ns = -1, .what = "x" };
	const struct incident_receipt r = fixture_new(&f, &n);
	CHECK_TEXT(r.warning, "incident.yaml: phones.minstry: no such role");
	CHECK_TEXT(text_of(fixture_read(&f, r.incident.text).notice, "callback"), "13800138000");
}

/* --- numbers ---------------------------------------------------------------------------------- */

TEST(numbers_count_by_year_and_drills_by_themselves)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct first_notice n = fixture_notice(&f);
	CHECK_TEXT(fixture_new(&f, &n).number, "2026-0001");
	CHECK_TEXT(fixture_new(&f, &n).number, "2026-0002");
	n.drill = true;
	CHECK_TEXT(fixture_new(&f, &n).number, "D2026-0001");
	n.drill = false;
	CHECK_TEXT(fixture_new(&f, &n).number, "2026-0003");
	/* The year is that of UTC+8: 2026-12-31T16:00Z is 2027 there. */
	fixture_pass(&f, DAYS_NS(37) + HOURS_NS(10) - NS_PER_S);
	CHECK_TEXT(fixture_new(&f, &n).number, "2026-0004");
	fixture_pass(&f, NS_PER_S);
	CHECK_TEXT(fixture_new(&f, &n).number, "2027-0001");
	CHECK_TEXT(fixture_read(&f, "2026-0002").number, "2026-0002");
	CHECK_TEXT(fixture_read(&f, "latest").number, "2027-0001");
}

TEST(what_there_is_not_is_told)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct incident i;
	CHECK_INT(incident_read(&f.c, "latest", f.pool, &i, &f.e), E_ABSENT);
	CHECK(strstr(f.e.text, "no incident yet") != NULL);
	CHECK_INT(incident_read(&f.c, "2026-0009", f.pool, &i, &f.e), E_ABSENT);
	CHECK(strstr(f.e.text, "2026-0009") != NULL);
}

/* --- bad input -------------------------------------------------------------------------------- */

static void check_refused(struct incident_fixture *f, const struct first_notice *n,
	const char *field, const char *said)
{
	struct incident_receipt r;
	f->faults = (struct field_faults){ .n = 0 };
	f->e = ERROR_NONE;
	CHECK_INT(incident_new(&f->c, n, f->pool, &r, &f->faults, &f->e), E_INVALID);
	const char *what = fixture_fault(f, field);
	if (what[0] == '\0' || strstr(what, said) == NULL)
		test_fail(__FILE__, __LINE__, "%s: \"%s\" does not say \"%s\" (%s)", field, what,
			said, f->e.text);
	CHECK_INT(fixture_count(f, "SELECT COUNT(*) FROM incident_case"), 0);
	CHECK_INT(fixture_count(f, "SELECT COUNT(*) FROM incident_number"), 0);
	CHECK_INT(fixture_count(f, "SELECT COUNT(*) FROM incident_event"), 0);
}

TEST(each_bad_field_is_named_and_nothing_is_stored)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	static const char *const nobody[] = { "cn-nobody" };
	struct first_notice n = { .discovered_ns = -1 };
	char *big = pool_take(f.pool, 1, MIB + 1);
	REQUIRE(big != NULL);
	memset(big, 'a', MIB);
	const struct {
		const char **field;
		const char *name, *value, *said;
	} texts[] = {
		{ &n.company, "company", "\xbb\xaa\xb6\xab", "is not UTF-8" }, /* GBK */
		{ &n.company, "company", "good, then \xff", "is not UTF-8" },
		{ &n.company, "company", "two\nlines", "more than one line" },
		{ &n.company, "company", big, "longer than 300 bytes" },
		{ &n.what, "what", "\x1b[2J", "control characters" },
		{ &n.what, "what", "\xe2\x80\xae", "direction" },
		{ &n.what, "what", "\xef\xbf\xbd", "replacement" },
		{ &n.what, "what", big, "longer than 600 bytes" },
		{ &n.systems, "systems", big, "longer than 2000 bytes" },
		{ &n.kind, "kind", "gossip", "is none of: ransomware" },
		{ &n.ongoing, "ongoing", "perhaps", "is none of: yes, no" },
		{ &n.scale, "scale", big, "longer than 1000 bytes" },
		{ &n.action, "action", big, "longer than 2000 bytes" },
		{ &n.callback, "callback", big, "longer than 300 bytes" },
		{ &n.tlp, "tlp", "PINK", "is none of RED" },
		{ &n.drill_id, "drill", "a\x01", "control" },
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		*texts[i].field = texts[i].value;
		check_refused(&f, &n, texts[i].name, texts[i].said);
		*texts[i].field = NULL;
	}
	n.discovered_ns = 946684799 * NS_PER_S; /* a clock without a battery */
	check_refused(&f, &n, "discovered_at", "before the year 2000");
	n.discovered_ns = -1;
	n.more = fixture_json(&f, "{\"own\":[[[[[[[[[1]]]]]]]]]}");
	check_refused(&f, &n, "own[0][0][0][0][0][0][0][0][0]", "nested too deeply");
	n.more = NULL;
	n.profiles = nobody;
	n.n_profiles = 1;
	check_refused(&f, &n, "profiles", "cn-nobody");
}

TEST(a_key_that_is_typed_by_itself_and_unknown_is_refused_and_one_in_a_file_is_told)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct first_notice n = { .discovered_ns = -1 };
	n.set = fixture_json(&f, "{\"data_clas\":\"core\"}");
	check_refused(&f, &n, "data_clas", "near it: 'data_class'");
	n.set = fixture_json(&f, "{\"quite_another\":1}");
	check_refused(&f, &n, "quite_another", "is no fact");
	n.set = fixture_json(&f, "{\"company\":\"A\",\"data_class\":\"core\"}");
	n.more = fixture_json(&f,
		"{\"thread\":\"serious\",\"compny\":\"B\",\"soc_ticket\":\"SOC-7\","
		"\"data_class\":\"general\"}");
	const struct incident_receipt r = fixture_new(&f, &n);
	CHECK_INT(json_object_size(r.near), 2);
	CHECK(strstr(text_of(r.near, "thread"), "'threat'") != NULL);
	CHECK(strstr(text_of(r.near, "compny"), "'company'") != NULL);
	const struct incident i = fixture_read(&f, r.incident.text);
	CHECK_TEXT(text_of(i.notice, "company"), "A");
	CHECK_TEXT(text_of(i.facts, "data_class"), "core");
	CHECK_TEXT(text_of(i.facts, "soc_ticket"), "SOC-7");
}

TEST(a_kind_and_a_fact_that_contradict_each_other_are_refused_and_both_named)
{
	static const char *const rows[][2] = {
		{ "{\"kind\":\"ransomware\",\"ransomware\":false}", "ransomware" },
		{ "{\"kind\":\"leak\",\"data_leaked_or_stolen\":false}", "data_leaked_or_stolen" },
		{ "{\"kind\":\"数据篡改\",\"data_altered_or_faked\":false}",
			"data_altered_or_faked" },
	};
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct first_notice n = { .discovered_ns = -1 };
	for (size_t k = 0; k < COUNT_OF(rows); k++) {
		n.more = fixture_json(&f, rows[k][0]);
		check_refused(&f, &n, "kind", rows[k][1]);
		check_refused(&f, &n, rows[k][1], "kind");
	}
	n.more = fixture_json(&f, "{\"kind\":\"leak\",\"ransomware\":false}");
	(void)fixture_new(&f, &n);
}

TEST(lists_and_numbers_of_a_script_are_taken_as_their_text)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	const struct first_notice n = { .discovered_ns = -1,
		.more = fixture_json(&f,
			"{\"systems\":[\"MES\",\"ERP\",7],\"action\":[\"断网\",\"停机\"],"
			"\"scale\":5000,\"callback\":13800000000}") };
	const struct incident_receipt r = fixture_new(&f, &n);
	const struct incident i = fixture_read(&f, r.incident.text);
	CHECK_TEXT(text_of(i.notice, "systems"), "MES, ERP, 7");
	CHECK_TEXT(text_of(i.notice, "action"), "断网、停机");
	CHECK_TEXT(text_of(i.notice, "scale"), "5000");
	CHECK_TEXT(text_of(i.notice, "callback"), "13800000000");
}

TEST(each_bad_fact_is_named_and_nothing_is_stored)
{
	static const struct {
		const char *more, *field, *said;
	} rows[] = {
		{ "[]", "facts", "is not an object" },
		{ "{\"company\":7}", "company", "is not text" },
		{ "{\"kind\":[\"leak\"]}", "kind", "is not text" },
		{ "{\"ongoing\":3}", "ongoing", "is not text" },
		{ "{\"systems\":{\"a\":1}}", "systems", "is not text" },
		{ "{\"action\":[[\"a\"]]}", "action", "is not text" },
		{ "{\"scale\":0.5}", "scale", "is not text" },
		{ "{\"discovered_at\":\"2027-01-01T00:00:00Z\"}", "discovered_at", "" },
		{ "{\"discovered_at\":\"1999-12-31T23:59:59Z\"}", "discovered_at",
			"before the year" },
		{ "{\"discovered_at\":\"noon\"}", "discovered_at", "" },
		{ "{\"occurred_at\":\"2026-11-24T05:58:00Z\",\"discovered_at\":\"2026-11-24T05:57:"
		  "00Z\"}",
			"occurred_at", "" },
		{ "{\"direct_loss_fen\":-1}", "direct_loss_fen", "" },
		{ "{\"direct_loss_fen\":9000000000000000000}", "direct_loss_fen", "" },
		{ "{\"direct_loss_fen\":\"much\"}", "direct_loss_fen", "" },
		{ "{\"personal_information_persons\":1,\"sensitive_pi_persons\":2}",
			"sensitive_pi_persons", "" },
		{ "{\"data_class\":\"secret\"}", "data_class", "" },
		{ "{\"note\":\"a\\u0000b\"}", "", "" },
		{ "{\"note\":\"a\\u0007b\"}", "note", "control" },
		{ "{\"note\":{\"deep\":[\"ok\",\"\\u202e\"]}}", "note.deep[1]", "direction" },
		{ "{\"no\\u0007te\":1}", "no?te", "control" },
	};
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].field[0] == '\0')
			continue; /* a NUL never gets past the reader of JSON */
		const struct first_notice n = { .discovered_ns = -1,
			.more = fixture_json(&f, rows[i].more) };
		check_refused(&f, &n, rows[i].field, rows[i].said);
	}
	const struct first_notice later = { .discovered_ns = f.wall_ns + HOURS_NS(1) };
	check_refused(&f, &later, "discovered_at", "");
}

TEST(a_megabyte_in_other_keys_is_refused)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	AUTO_BUF struct buf text;
	buf_init(&text, 2 * MIB);
	buf_add_text(&text, "{\"log\":\"");
	for (size_t i = 0; i < MIB; i++)
		buf_add_char(&text, 'x');
	buf_add_text(&text, "\"}");
	const struct first_notice n = { .discovered_ns = -1,
		.more = fixture_json(&f, buf_text(&text)) };
	check_refused(&f, &n, "facts", "longer than");
	buf_reset(&text);
	buf_add_text(&text, "{\"log\":\"");
	for (size_t i = 0; i < 20000; i++)
		buf_add_char(&text, 'x');
	buf_add_text(&text, "\"}");
	const struct first_notice m = { .discovered_ns = -1,
		.more = fixture_json(&f, buf_text(&text)) };
	check_refused(&f, &m, "log", "longer than");
}

TEST(all_faults_are_told_at_once)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	const struct first_notice n = { .discovered_ns = f.wall_ns + DAYS_NS(1),
		.company = "\xff",
		.kind = "gossip",
		.tlp = "PINK",
		.more = fixture_json(&f, "{\"direct_loss_fen\":-1,\"data_class\":\"x\"}") };
	check_refused(&f, &n, "company", "UTF-8");
	CHECK_INT(f.faults.n, 6);
	CHECK(strstr(f.e.text, "company") != NULL);
}

/* --- drills ----------------------------------------------------------------------------------- */

TEST(a_drill_has_a_payload_of_its_own_and_never_a_real_route)
{
	static const char *const lines[] = { "capital: ministry local_regulator" };
	static const char *const with_range[] = { "capital: ministry", "+range: ministry" };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	fixture_routes(lines, 1);
	struct first_notice n = fixture_notice(&f);
	n.drill = true;
	n.drill_id = "spring-2026";
	struct incident_receipt r = fixture_new(&f, &n);
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM record_outbox"), 0);
	fixture_routes(with_range, 2);
	r = fixture_new(&f, &n);
	struct outbox_item *items = NULL;
	size_t n_items = 0;
	REQUIRE_OK(outbox_of_envelope(f.store, &r.envelope, f.pool, &items, &n_items, &f.e), f.e);
	REQUIRE(n_items == 1);
	CHECK_TEXT(items[0].route, "range");
	CHECK(items[0].drill);
	json_t *payload =
		payload_of(&f, fixture_json(&f, items[0].envelope.at), INCIDENT_DRILL_PAYLOAD);
	CHECK(json_is_true(json_object_get(payload, "drill")));
	CHECK_TEXT(text_of(payload, "drill_id"), "spring-2026");
	const struct incident i = fixture_read(&f, r.incident.text);
	CHECK(i.drill && i.submissions[0].drill && i.clocks[0].drill);
}

TEST(drills_are_apart_in_lists_and_counts)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct first_notice n = fixture_notice(&f);
	struct incident_row *rows = NULL;
	struct incident_counts real, drills;
	size_t n_rows = 0;
	(void)fixture_new(&f, &n);
	n.drill = true;
	fixture_pass(&f, NS_PER_S);
	(void)fixture_new(&f, &n);
	n.drill = false;
	fixture_pass(&f, NS_PER_S);
	(void)fixture_new(&f, &n);
	REQUIRE_OK(incident_list(&f.c, false, f.pool, &rows, &n_rows, &f.e), f.e);
	REQUIRE(n_rows == 3);
	CHECK_TEXT(rows[0].number, "2026-0002");
	CHECK_TEXT(rows[1].number, "2026-0001");
	CHECK_TEXT(rows[2].number, "D2026-0001");
	CHECK(!rows[0].drill && !rows[1].drill && rows[2].drill);
	CHECK_TEXT(rows[0].company, "华东制造有限公司");
	CHECK_INT(rows[0].tier, 4);
	CHECK(rows[0].n_open_clocks > 0 && rows[0].next_due_ns > 0);
	REQUIRE_OK(incident_count(&f.c, &real, &drills, &f.e), f.e);
	CHECK_INT(real.n_open, 2);
	CHECK_INT(drills.n_open, 1);
	CHECK_INT(real.n_closed + real.n_handled, 0);
}

TEST(companies_do_not_see_each_other)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	const struct first_notice n = fixture_notice(&f);
	struct incident i;
	f.c.company = "91310000000000001A";
	const struct incident_receipt a = fixture_new(&f, &n);
	f.c.company = "91310000000000002B";
	CHECK_TEXT(fixture_new(&f, &n).number, "2026-0001");
	CHECK_INT(incident_read(&f.c, a.incident.text, f.pool, &i, &f.e), E_ABSENT);
	struct incident_row *rows = NULL;
	size_t n_rows = 0;
	REQUIRE_OK(incident_list(&f.c, true, f.pool, &rows, &n_rows, &f.e), f.e);
	CHECK_INT(n_rows, 1);
}

TEST(a_notice_is_checked_as_it_would_be_filed_and_nothing_is_kept)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct checked_notice checked;
	struct first_notice n = fixture_notice(&f);
	struct incident_context without = f.c;
	without.home = NULL;
	without.store = NULL;
	without.keys = NULL;
	REQUIRE_OK(incident_check(&without, &n, f.pool, &checked, &f.faults, &f.e), f.e);
	CHECK(json_is_true(json_object_get(checked.facts, "ransomware")));
	REQUIRE(checked.n_profiles == 1);
	CHECK_TEXT(checked.profiles[0], PROFILE_DEFAULT);
	n.kind = "earthquake";
	n.tlp = "PINK";
	CHECK_INT(incident_check(&without, &n, f.pool, &checked, &f.faults, &f.e), E_INVALID);
	CHECK(fixture_fault(&f, "kind")[0] != '\0');
	CHECK(fixture_fault(&f, "tlp")[0] != '\0');
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_case"), 0);
}

TEST(what_no_route_serves_is_listed_until_one_does)
{
	static const char *const lines[] = { "capital: ministry" };
	static const char *const all[] = { "capital: ministry", "province: local_regulator" };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	fixture_routes(lines, 1);
	struct unrouted_row *rows = NULL;
	size_t n = 0;
	struct first_notice notice = fixture_notice(&f);
	notice.more = fixture_json(&f, "{\"data_class\":\"important\"}");
	const struct incident_receipt receipt = fixture_new(&f, &notice);
	REQUIRE_OK(incident_unrouted(&f.c, f.pool, &rows, &n, &f.e), f.e);
	REQUIRE(n == 1);
	CHECK_TEXT(rows[0].role, "local_regulator");
	CHECK_TEXT(rows[0].number, receipt.number);
	CHECK(!rows[0].drill);
	fixture_routes(all, 2);
	REQUIRE_OK(incident_route(&f.c, &n, &f.e), f.e);
	REQUIRE_OK(incident_unrouted(&f.c, f.pool, &rows, &n, &f.e), f.e);
	CHECK_INT(n, 0);
}
