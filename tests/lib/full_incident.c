/*
 * An incident with everything in it, and forms with something in every field.
 */
#include "tests/lib/full_incident.h"

#include <stdio.h>

#define THE_REPORT                                                                                            \
	"{\"event.occurred_at\":\"2026-11-24T13:50:00+08:00\",\"event.source\":"                              \
	"{\"choice\":\"third_party\",\"text\":\"华北网络安全公司\"},\"event.cause\":"                 \
	"\"钓鱼邮件，利用弱口令横向移动\",\"event.data_type\":[\"production\",\"management\"]," \
	"\"event.data_level\":[\"important\"],\"event.data_volume\":\"12 GB\",\"event.pi\":"                  \
	"\"无\",\"event.system_address\":{\"unknown_reason\":\"内网\"},\"impact.subject\":"                \
	"{\"unknown_reason\":\"正在核实\"},\"impact.scope\":\"华东地区，机械行业\","             \
	"\"advice\":[\"已断网\",\"已保留现场\",\"请求技术支援\"],\"signature\":{\"name\":"      \
	"\"王敏\","                                                                                         \
	"\"role\":\"安全负责人\",\"seal\":true}}"

static void submit(struct incident_fixture *f, const struct stage_submission *what)
{
	struct submission_row row;
	f->faults = (struct field_faults){ .n = 0 };
	REQUIRE_OK(incident_submit(&f->c, "latest", what, f->pool, &row, &f->faults, &f->e), f->e);
}

static void report(struct incident_fixture *f)
{
	const struct stage_submission written = { .stage = "written",
		.what_changed = "填写了事件原因",
		.changes = fixture_json(f, THE_REPORT) };
	submit(f, &written);
	(void)fixture_deliver(f, "province", f->wall_ns + NS_PER_S);
	fixture_pass(f, MINUTES_NS(20));
	const struct stage_submission follow_up = { .stage = "follow_up",
		.what_changed = "The way in is known: a phishing mail",
		.changes =
			fixture_json(f, "{\"event.cause\":\"A phishing mail of 20 November\"}") };
	submit(f, &follow_up);
	const struct stage_submission draft = { .stage = "summary",
		.draft = true,
		.changes = fixture_json(f, "{\"s2\":\"Restored from backups\"}") };
	submit(f, &draft);
}

static void hold_clocks(struct incident_fixture *f, const struct incident *i)
{
	size_t n = 0;
	for (size_t k = 0; k < i->n_clocks && n < 2; k++) {
		const struct clock_row *c = &i->clocks[k];
		if (c->state != CLOCK_RUNNING)
			continue;
		if (n++ == 0)
			REQUIRE_OK(clocks_acknowledge(f->store, c->id.text, "值班员 李强",
					   f->wall_ns, f->wall_ns + HOURS_NS(1), &f->e),
				f->e);
		else
			REQUIRE_OK(clocks_silence(f->store, c->id.text, "duty officer",
					   "in a meeting with the ministry", f->wall_ns,
					   f->wall_ns + HOURS_NS(1), &f->e),
				f->e);
	}
}

static void regrade(struct incident_fixture *f)
{
	struct regrade_result result;
	const struct regrade facts = { .new_facts = fixture_json(
					       f, "{\"outage_minutes\":90,\"harm_caused\":true}"),
		.grade = -1,
		.reason = "",
		.person = "" };
	REQUIRE_OK(incident_regrade(&f->c, "latest", &facts, f->pool, &result, &f->faults, &f->e),
		f->e);
	const struct regrade raised = {
		.grade = 0, .reason = "上级要求按特别重大处置", .person = "陈立"
	};
	REQUIRE_OK(incident_regrade(&f->c, "latest", &raised, f->pool, &result, &f->faults, &f->e),
		f->e);
}

void full_incident(struct incident_fixture *f, bool drill, struct incident *out)
{
	static const char *const routes[2][2] = { { "capital: ministry",
							  "province: local_regulator" },
		{ "+capital: ministry", "+province: local_regulator" } };
	static const char *const profiles[] = { "cn-miit", "cn-miit-2024-214", "cn-cac-2025",
		"eu-nis2", "eu-gdpr" };
	fixture_routes(routes[drill], 2);
	struct first_notice n = fixture_notice(f);
	n.profiles = profiles;
	n.n_profiles = sizeof profiles / sizeof profiles[0];
	n.drill = drill;
	n.drill_id = drill ? "spring-2026" : "";
	n.more = fixture_json(f,
		"{\"data_domain\":\"industrial\",\"data_class\":\"important\",\"threat\":"
		"\"serious\","
		"\"occurred_at\":\"2026-11-24T13:50:00+08:00\",\"direct_loss_fen\":6000000000,"
		"\"personal_information_persons\":1200000,\"pi_records\":4000000}");
	(void)fixture_new(f, &n);
	fixture_pass(f, MINUTES_NS(1));
	(void)fixture_deliver(f, "capital", f->wall_ns);
	regrade(f);
	struct call_result called;
	const struct incident_call call = { .to = "local_regulator",
		.person = "值班室 刘工",
		.number = "010-68200000",
		.at_ns = -1,
		.said = "已电话报告，对方要求三十分钟内书面报告" };
	REQUIRE_OK(
		incident_call(&f->c, "latest", &call, f->pool, &called, &f->faults, &f->e), f->e);
	*out = fixture_read(f, "latest");
	hold_clocks(f, out);
	report(f);
	REQUIRE_OK(incident_moment(&f->c, "latest", MOMENT_HANDLING_ENDED, f->wall_ns,
			   "生产线已恢复", &f->e),
		f->e);
	fixture_pass(f, MINUTES_NS(1));
	*out = fixture_read(f, "latest");
}

/* --- forms ------------------------------------------------------------------------------------ */

enum { LONG_LINES = 200, LIST_ITEMS = 60 };

static const char *sentence(bool chinese)
{
	return chinese ? "生产执行系统（MES）的数据库服务器被勒索软件加密，三条生产线停产"
		       : "The database server of the manufacturing execution system was encrypted "
			 "by "
			 "ransomware, and three production lines stand still";
}

static json_t *long_text(bool chinese)
{
	AUTO_BUF struct buf text;
	buf_init(&text, MIB);
	for (int i = 1; i <= LONG_LINES; i++)
		buf_addf(&text, "%s〔%d〕%s", sentence(chinese), i, i < LONG_LINES ? "\n" : "");
	return json_string(buf_text(&text));
}

static json_t *list(bool chinese, int n)
{
	json_t *items = json_array();
	for (int i = 1; i <= n; i++)
		REQUIRE(json_array_append_new(
				items, json_sprintf("%s〔%d〕", sentence(chinese), i)) == 0);
	return items;
}

static json_t *every_other_option(const struct form_field *f)
{
	json_t *keys = json_array();
	for (size_t i = 0; i < f->n_options; i += 2)
		REQUIRE(json_array_append_new(keys, json_string(f->options[i].key)) == 0);
	return keys;
}

static json_t *amounts(const struct form_field *f)
{
	json_t *values = json_array();
	for (size_t i = 0; i < f->n_options && i < 2; i++)
		REQUIRE(json_array_append_new(values, json_pack("{s:i,s:s}", "number", 120000,
							      "unit", f->options[i].key)) == 0);
	return values;
}

static json_t *value_of(const struct form_field *f, bool chinese, bool is_long)
{
	switch (f->type) {
	case FORM_TEXT:
		if (is_long && !f->one_line)
			return long_text(chinese);
		return json_string(!f->one_line ? sentence(chinese)
				   : chinese	? "华东精密制造有限公司"
						: "East China Precision Manufacturing Co., Ltd.");
	case FORM_CHOICE:
		return json_string(f->options[f->n_options / 2].key);
	case FORM_CHOICES:
		return every_other_option(f);
	case FORM_DATETIME:
		return json_string("2026-11-24T14:23:00+08:00");
	case FORM_PHONE:
		return json_string("138 0013 8000");
	case FORM_AMOUNT:
		return amounts(f);
	case FORM_LIST:
		return list(chinese, is_long ? LIST_ITEMS : 3);
	case FORM_SIGNATURE:
		return json_pack("{s:s,s:s,s:b}", "name", chinese ? "王敏" : "Wang Min", "role",
			chinese ? "安全负责人" : "security officer", "seal", 1);
	case FORM_FILES:
		return json_pack("[{s:s,s:s,s:i}]", "name", "server.log", "sha256",
			"9c6cf0148882eb533832f349a4b51ed3d79d4de2c874dcd802b75e00e433463e", "bytes",
			1234);
	}
	return NULL;
}

json_t *filled_form(const struct form *form, bool chinese, enum filling filling, struct pool *p)
{
	struct error e = ERROR_NONE;
	json_t *fields = json_object();
	size_t n_may = 0;
	for (size_t i = 0; i < form->n_fields && filling != FILLING_NONE; i++) {
		const struct form_field *f = &form->fields[i];
		const bool unknown = f->may_be_unknown && n_may++ % 3 == 0;
		json_t *one = unknown ? json_pack("{s:s}", "unknown_reason",
						chinese ? "日志正在分析" : "logs are being read")
				      : json_pack("{s:o,s:b}", "value",
						value_of(f, chinese, filling == FILLING_LONG),
						"estimate", f->type == FORM_DATETIME);
		REQUIRE(json_object_set_new(fields, f->key, one) == 0);
	}
	json_t *filled = json_pack("{s:s,s:I,s:o}", "form", form->id, "version",
		(json_int_t)form->version, "fields", fields);
	REQUIRE_OK(json_keep(p, filled, &e), e);
	return filled;
}
