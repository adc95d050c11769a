/*
 * Results of drills that never took place.
 */
#include "tests/lib/drill_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/i18n.h"
#include "tests/lib/test.h"

/* 2026-11-24T06:23:27.5Z */
#define START_NS (1795501407LL * NS_PER_S + 500 * NS_PER_MS)
#define MINUTE_NS (60 * NS_PER_S)

static const char *const changed_by_others[] = { "/srv/share/mail/inbox.db",
	"/home/desk/notes.md" };
static const char *const techniques[] = { "T1486", "T1083", "T1490" };

static struct drill_step step(const char *id, struct drill_text title, struct drill_text inject,
	const char *role, int64_t due_ns)
{
	return (struct drill_step){ .id = id,
		.title = title,
		.inject = inject,
		.role = role,
		.due_ns = due_ns,
		.after_ns = -1,
		.answer = "",
		.rule = { "", "" },
		.by = "",
		.name = "" };
}

static void add_steps(struct pool *p, struct drill_result *r)
{
	struct drill_step *s = pool_take(p, 5, sizeof *s);
	s[0] = step("recognise", (struct drill_text){ "Recognise the attack", "识别攻击" },
		(struct drill_text){
			"Users report files that no longer open.", "用户反映文件无法打开。" },
		"duty desk", 10 * MINUTE_NS);
	s[1] = step("isolate", (struct drill_text){ "Isolate the host", "隔离主机" },
		(struct drill_text){
			"The share is still being changed.", "共享中的文件仍在被改动。" },
		"operator", 30 * MINUTE_NS);
	s[2] = step("classify", (struct drill_text){ "Classify the incident", "事件分级" },
		(struct drill_text){
			"Management asks how serious it is.", "管理层询问事件的严重程度。" },
		"security officer", 60 * MINUTE_NS);
	s[3] = step("notify-inside", (struct drill_text){ "Notify inside", "内部通报" },
		(struct drill_text){ "Who must know?", "应当通知哪些人?" }, "duty desk",
		15 * MINUTE_NS);
	s[4] = step("notify-authority",
		(struct drill_text){ "Notify the authority", "向主管部门报告" },
		(struct drill_text){ "The form is due.", "上报表单到期。" }, "compliance officer",
		120 * MINUTE_NS);
	r->people_assessed = true;
	r->steps = s;
	r->n_steps = 5;
}

static void answer(struct drill_result *r, size_t i, bool done, int64_t after_ns)
{
	r->steps[i].answered = true;
	r->steps[i].done = done;
	r->steps[i].after_ns = done ? after_ns : -1;
	r->steps[i].answer = done ? "done" : "not done";
	r->steps[i].by = done ? r->steps[i].role : "";
	r->steps[i].by_right_role = done;
}

static void add_curve(struct pool *p, struct drill_result *r, int64_t over_ns)
{
	enum { POINTS = 40 };
	r->curve = pool_take(p, POINTS + 1, sizeof *r->curve);
	r->n_curve = POINTS + 1;
	for (uint32_t i = 0; i <= POINTS; i++)
		r->curve[i] = (struct drill_sample){ over_ns / POINTS * i,
			(uint32_t)((uint64_t)r->n_lost * i / POINTS) };
}

static void add_channel(struct pool *p, struct drill_result *r, uint32_t n_alerts, uint32_t n_false)
{
	r->channels_named = true;
	r->channels = pool_take(p, 1, sizeof *r->channels);
	r->channels[0] = (struct drill_channel){ "log:/var/log/edr/alerts.log", n_alerts, n_false,
		false, false, "", 0 };
	r->n_channels = 1;
}

static void add_alert(struct pool *p, struct drill_result *r, int64_t after_ns, const char *text)
{
	r->alerts = pool_take(p, 1, sizeof *r->alerts);
	r->alerts[0] = (struct drill_alert){ .at_ns = START_NS + after_ns,
		.after_ns = after_ns,
		.channel = "log:/var/log/edr/alerts.log",
		.text = text,
		.kind = r->detect };
	r->n_alerts = 1;
	add_channel(p, r, 1, 0);
	r->detect_ns = r->t0_ns < 0 ? -1 : after_ns;
}

static void start(struct drill_result *r)
{
	*r = (struct drill_result){
		.id = "019ab4f2-6c1e-7a40-9d53-0f2c41d7e8aa",
		.scenario = { .id = "standard",
			.name = { "Standard drill", "标准演练" },
			.summary = { "Encrypts the head of each file in place and renames it.",
				"就地加密每个文件的头部并改名。" },
			.source = { "Splunk SURGe 2022; published analyses of LockBit 2.0",
				"Splunk SURGe，2022 年；关于 LockBit 2.0 的公开分析" },
			.kind = "drill",
			.attack = techniques,
			.n_attack = 3,
			.rate_files_per_s = 40,
			.n_decoys = 2400 },
		.host = "files-01.plant.example",
		.system = "Debian GNU/Linux 12 (bookworm)",
		.kernel = "6.1.0-28-amd64",
		.authority = { .allowed_by = "head of IT security",
			.scope = "decoys on files-01 only",
			.call = "duty desk, extension 4711",
			.window_from_ns = START_NS - 60 * MINUTE_NS,
			.window_to_ns = START_NS + 180 * MINUTE_NS },
		.arena = "/srv/share/tocsin-drill",
		.file_system = "ext4",
		.planned_ns = START_NS - 2 * MINUTE_NS,
		.started_ns = START_NS - MINUTE_NS,
		.t0_ns = START_NS,
		.ended_ns = START_NS + 40 * MINUTE_NS,
		.rate_files_per_s = 40,
		.rate_reached = 39.8,
		.budget = { .n_files = 2690,
			.n_bytes = 412000000,
			.seconds = 90,
			.n_folders = 160,
			.n_decoys = 2407,
			.bytes_planted = 401000000,
			.bytes_changed = 12000000,
			.largest_file_bytes = 17179869184,
			.free_needed_bytes = 824000000,
			.free_kept_bytes = 1073741824 },
		.verdict = DRILL_CONTAINED,
		.attack_end = "blocked",
		.n_planted = 2400,
		.bytes_planted = 401000000,
		.attack_ns = -1,
		.detect_ns = -1,
		.contain_ns = -1,
		.restore = { .command = "",
			.rto_ns = -1,
			.rpo_ns = -1,
			.rto_target_s = 900,
			.rpo_target_s = 86400,
			.nonce = "",
			.output = "" },
		.safety = { .n_sentinels = 16,
			.n_user_files = 256,
			.witness = "whole",
			.stop_latency_ns = 41 * NS_PER_MS,
			.locks = { .landlock_abi = 7,
				.mount_namespace = true,
				.seccomp = true,
				.own_uid = true,
				.no_new_privileges = true } },
		.control_ns = START_NS - 30LL * 86400 * NS_PER_S,
		.previous = { .at_ns = -1 },
		.record = "/var/lib/tocsin/drills/019ab4f2-6c1e-7a40-9d53-0f2c41d7e8aa/"
			  "evidence.jsonl",
		.report = { .html = "/var/lib/tocsin/drills/019ab4f2-6c1e-7a40-9d53-0f2c41d7e8aa/"
				    "report.html" },
	};
	memset(r->scenario_hash.bytes, 0xa1, DIGEST_BYTES);
	memset(r->manifest_hash.bytes, 0x5c, DIGEST_BYTES);
}

static void restored(
	struct drill_result *r, uint32_t n_identical, double rto_ratio, double rpo_ratio)
{
	struct drill_restore *x = &r->restore;
	x->assessed = true;
	x->command = "restic restore latest --target / --include /srv/share/tocsin-drill";
	x->n_sample = 50;
	x->n_identical = n_identical;
	x->integrity = n_identical / 50.0;
	x->rto_ns = (int64_t)(rto_ratio * x->rto_target_s * (double)NS_PER_S);
	x->rpo_assessed = rpo_ratio >= 0;
	x->rpo_ns = rpo_ratio < 0 ? -1 : (int64_t)(rpo_ratio * x->rpo_target_s * (double)NS_PER_S);
	x->nonce = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";
	x->output = "restoring snapshot 4bba3ff5 of [/srv/share]";
	r->n_destroyed = 50;
}

static void lost(struct drill_result *r, uint32_t n_files, int64_t attack_ns)
{
	r->n_changed = r->n_lost = n_files;
	r->bytes_changed = n_files * 4096ULL;
	r->bytes_lost = n_files * 167000ULL;
	r->n_notes = 120;
	r->attack_ns = attack_ns;
}

static void clean(struct pool *p, struct drill_result *r)
{
	r->channels_named = true;
	r->detect = DETECT_PREVENTED;
	r->contain = CONTAIN_BLOCKED;
	r->t0_ns = -1;
	add_alert(p, r, 0, "ransomware behaviour blocked: tocsin-drill");
	restored(r, 50, 0.4, 0.5);
	add_steps(p, r);
	for (size_t i = 0; i < 5; i++)
		answer(r, i, true, (int64_t)(i + 1) * 2 * MINUTE_NS);
}

static void middling(struct pool *p, struct drill_result *r)
{
	r->channels_named = true;
	r->detect = DETECT_ALERTED;
	r->contain = CONTAIN_KILLED;
	lost(r, 168, 695 * NS_PER_S);
	add_alert(p, r, 95 * NS_PER_S, "mass rename by tocsin-drill in /srv/share");
	r->contain_ns = 600 * NS_PER_S;
	add_curve(p, r, r->attack_ns);
	restored(r, 50, 1.6, 1);
	add_steps(p, r);
	answer(r, 0, true, 3 * MINUTE_NS);
	answer(r, 1, true, 695 * NS_PER_S);
	answer(r, 2, false, -1);
	answer(r, 3, true, 95 * NS_PER_S + 45 * MINUTE_NS);
	answer(r, 4, true, 110 * MINUTE_NS);
	r->previous = (struct drill_previous){ "019a1111-6c1e-7a40-9d53-0f2c41d7e8aa",
		START_NS - 90LL * 86400 * NS_PER_S, 41.3, 85, 0.62 };
}

static void overrun(struct pool *p, struct drill_result *r)
{
	r->verdict = DRILL_COMPLETED;
	r->channels_named = true;
	r->detect = DETECT_LOGGED;
	lost(r, 2400, 60 * NS_PER_S);
	add_alert(p, r, 25 * MINUTE_NS, "audit: 2400 renames in /srv/share");
	add_curve(p, r, r->attack_ns);
	static const char *const strayed[] = { "/srv/share/备份日志.txt", "/etc/backup.state" };
	restored(r, 30, 3, 2);
	r->restore.n_changed_outside = 3;
	r->restore.changed_outside = strayed;
	r->restore.n_changed_named = COUNT_OF(strayed);
	add_steps(p, r);
	answer(r, 0, true, 30 * MINUTE_NS);
	answer(r, 1, false, -1);
	answer(r, 2, false, -1);
	answer(r, 3, true, 225 * MINUTE_NS);
	answer(r, 4, false, -1);
}

static void blocker(struct pool *p, struct drill_result *r)
{
	clean(p, r);
	restored(r, 0, 1, 0);
	r->restore.exit_status = 1;
	r->restore.rto_ns = r->restore.rpo_ns = -1; /* nothing came back, of no generation */
	r->restore.output = "Fatal: unable to open repository: wrong password";
	answer(r, 3, true, 25 * MINUTE_NS);
	answer(r, 4, true, 60 * MINUTE_NS);
}

static void unassessed(struct pool *p, struct drill_result *r)
{
	r->verdict = DRILL_COMPLETED;
	lost(r, 2400, 60 * NS_PER_S);
	add_curve(p, r, r->attack_ns);
}

static void control(struct drill_result *r)
{
	r->scenario.id = "benign-twin";
	r->scenario.name = (struct drill_text){ "Benign twin", "良性对照" };
	r->scenario.summary =
		(struct drill_text){ "Archives, renames and a database dump by ordinary programs.",
			"由普通程序打包归档、批量改名并导出数据库。" };
	r->scenario.kind = "benign";
	r->scenario.n_attack = 0;
	r->verdict = DRILL_COMPLETED;
	r->t0_ns = r->control_ns = -1;
	r->control = (struct drill_control){ "", 412, 0, 9600 };
	r->safety.stop_latency_ns = -1;
}

/* Two channels: one that heard a false alarm and two lines that nobody watches, one that kept
 * silent. */
static void control_heard(struct pool *p, struct drill_result *r)
{
	control(r);
	r->channels_named = true;
	r->channels = pool_take(p, 2, sizeof *r->channels);
	r->channels[0] = (struct drill_channel){ "file:/var/log/edr/alerts.log:ransom", 3, 1, false,
		false, "", 0 };
	r->channels[1] = (struct drill_channel){ "journal:re:^edrd: .*mass rename", 0, 0, false,
		false, "", 0 };
	r->n_channels = 2;
	r->alerts = pool_take(p, 3, sizeof *r->alerts);
	for (int64_t i = 0; i < 3; i++)
		r->alerts[i] = (struct drill_alert){ START_NS + i * 20 * NS_PER_S,
			i * 20 * NS_PER_S, "file:/var/log/edr/alerts.log:ransom",
			"possible ransomware: zip writes many files in /srv/share",
			i == 0 ? DETECT_ALERTED : DETECT_LOGGED };
	r->n_alerts = 3;
	r->false_alarms = 1;
}

void fixture_result(enum fixture_run run, struct pool *p, struct drill_result *out)
{
	start(out);
	switch (run) {
	case FIXTURE_CLEAN:
		clean(p, out);
		break;
	case FIXTURE_MIDDLING:
		middling(p, out);
		break;
	case FIXTURE_OVERRUN:
		overrun(p, out);
		break;
	case FIXTURE_BLOCKER:
		blocker(p, out);
		break;
	case FIXTURE_UNASSESSED:
		unassessed(p, out);
		break;
	case FIXTURE_VOID:
		middling(p, out);
		out->verdict = DRILL_VOIDED;
		out->safety.n_sentinels_changed = 1;
		out->safety.void_code = "sentinel-changed";
		out->safety.void_reason =
			"A sentinel outside the arena was changed during the drill.";
		out->void_path = "/srv/share/.tocsin-sentinel-019ab4f2/预算 2026.xlsx";
		out->void_what = "content";
		out->safety.n_unattributed = 3;
		out->unattributed = changed_by_others;
		out->n_unattributed = COUNT_OF(changed_by_others);
		break;
	case FIXTURE_STOPPED:
		lost(out, 96, 3 * NS_PER_S);
		add_curve(p, out, out->attack_ns);
		out->verdict = DRILL_STOPPED;
		out->stopped = (struct drill_stopped){ "user", "attack" };
		break;
	case FIXTURE_CONTROL:
		control_heard(p, out);
		break;
	case FIXTURE_CONTROL_SILENT:
		control(out);
		add_channel(p, out, 0, 0);
		break;
	case FIXTURE_CONTROL_DEAF:
		control(out);
		break;
	case FIXTURE_RUNS:
		break;
	}
}

static const char *any_text(struct dice *d, struct pool *p)
{
	static const char *const texts[] = { "", "plain", "警钟 演练", "<b>&\"'</b>",
		"line\nline\ttab", "e\xcc\x81\xf0\x9f\x94\x94",
		"a/very/long/path/that/goes/on/and/on/and/on/for/ever.docx" };
	return pool_text(p, view_of(texts[dice_below(d, COUNT_OF(texts))]));
}

static int64_t any_ns(struct dice *d)
{
	switch (dice_below(d, 4)) {
	case 0:
		return -1;
	case 1:
		return 0;
	case 2:
		return (int64_t)dice_below(d, 10000 * (uint64_t)NS_PER_S);
	default:
		return (int64_t)(dice_u64(d) % (9000000000ULL * (uint64_t)NS_PER_S));
	}
}

static double any_share(struct dice *d)
{
	return (double)dice_below(d, 1000001) / 1000000;
}

static uint32_t any_count(struct dice *d)
{
	return dice_below(d, 8) == 0 ? UINT32_MAX : (uint32_t)dice_below(d, 5000);
}

static bool any_bool(struct dice *d)
{
	return dice_below(d, 2) == 1;
}

static struct drill_text any_both(struct dice *d, struct pool *p)
{
	return (struct drill_text){ any_text(d, p), any_text(d, p) };
}

static void random_lists(struct dice *d, struct pool *p, struct drill_result *r)
{
	static const char *const ids[] = { "recognise", "isolate", "classify", "notify-inside",
		"notify-authority", "restore" };
	r->n_curve = dice_below(d, 20);
	r->curve = pool_take(p, r->n_curve, sizeof *r->curve);
	for (size_t i = 0; i < r->n_curve; i++)
		r->curve[i] = (struct drill_sample){ any_ns(d), any_count(d) };
	r->n_alerts = dice_below(d, 4);
	r->alerts = pool_take(p, r->n_alerts, sizeof *r->alerts);
	for (size_t i = 0; i < r->n_alerts; i++)
		r->alerts[i] = (struct drill_alert){ any_ns(d), -any_ns(d), any_text(d, p),
			any_text(d, p), (enum drill_detect)dice_below(d, 4) };
	r->n_channels = dice_below(d, 4);
	r->channels = pool_take(p, r->n_channels, sizeof *r->channels);
	for (size_t i = 0; i < r->n_channels; i++)
		r->channels[i] = (struct drill_channel){ any_text(d, p), any_count(d), any_count(d),
			any_bool(d), any_bool(d), any_text(d, p), any_count(d) };
	r->n_steps = dice_below(d, COUNT_OF(ids) + 1);
	r->steps = pool_take(p, r->n_steps, sizeof *r->steps);
	for (size_t i = 0; i < r->n_steps; i++)
		r->steps[i] = (struct drill_step){ ids[i], any_both(d, p), any_both(d, p),
			any_text(d, p), any_ns(d), any_both(d, p), any_ns(d), any_text(d, p),
			any_text(d, p), any_text(d, p), any_bool(d), any_bool(d), any_bool(d) };
	r->people_terminal = any_bool(d);
	r->people_file = any_text(d, p);
	r->people_problem = any_bool(d) ? NULL : any_text(d, p);
}

static void random_paths(struct dice *d, struct pool *p, struct drill_result *r)
{
	r->n_unattributed = dice_below(d, 4);
	const char **paths = pool_take(p, r->n_unattributed, sizeof *paths);
	for (size_t i = 0; i < r->n_unattributed; i++)
		paths[i] = any_text(d, p);
	r->unattributed = paths;
	r->restore.n_changed_named = dice_below(d, 4);
	paths = pool_take(p, r->restore.n_changed_named, sizeof *paths);
	for (size_t i = 0; i < r->restore.n_changed_named; i++)
		paths[i] = any_text(d, p);
	r->restore.changed_outside = paths;
}

void fixture_random(struct dice *d, struct pool *p, struct drill_result *out)
{
	start(out);
	out->host = any_text(d, p);
	out->arena = any_text(d, p);
	out->planned_ns = any_ns(d);
	out->ended_ns = any_ns(d);
	out->t0_ns = any_ns(d);
	out->verdict = (enum drill_verdict)dice_below(d, 4);
	out->detect = (enum drill_detect)dice_below(d, 4);
	out->contain = (enum drill_contain)dice_below(d, 7);
	out->channels_named = any_bool(d);
	out->n_planted = any_count(d);
	out->n_changed = any_count(d);
	out->n_lost = any_count(d);
	out->n_destroyed = any_count(d);
	out->bytes_changed = dice_u64(d) >> 1;
	out->attack_ns = any_ns(d);
	out->detect_ns = any_ns(d);
	out->contain_ns = any_ns(d);
	out->rate_reached = any_share(d) * 1e6;
	out->false_alarms = any_count(d);
	out->control_ns = any_ns(d);
	out->early_alerts = any_count(d);
	if (dice_below(d, 8) == 0) {
		out->scenario.kind = "benign";
		out->control = (struct drill_control){ any_text(d, p), any_count(d), any_count(d),
			any_count(d) };
	}
	out->people_assessed = any_bool(d);
	random_lists(d, p, out);
	out->restore = (struct drill_restore){ any_bool(d), any_text(d, p), (int)dice_below(d, 256),
		any_bool(d), any_count(d), any_count(d), any_share(d), any_ns(d), any_bool(d),
		any_ns(d), any_share(d) * 1e5, any_share(d) * 1e5, any_count(d), any_text(d, p),
		any_text(d, p), NULL, 0 };
	out->safety.n_sentinels_changed = any_count(d);
	out->safety.n_attributed = any_count(d);
	out->safety.stop_latency_ns = any_ns(d);
	out->safety.void_code = any_bool(d) ? any_text(d, p) : NULL;
	out->safety.void_reason = any_bool(d) ? any_text(d, p) : NULL;
	if (any_bool(d))
		out->stopped = (struct drill_stopped){ any_text(d, p), any_text(d, p) };
	out->void_path = any_text(d, p);
	out->void_what = any_text(d, p);
	random_paths(d, p, out);
	out->undone = any_bool(d);
	dice_bytes(d, &out->scenario_hash, sizeof out->scenario_hash);
}

void fixture_plan(struct pool *p, struct drill_plan *out)
{
	struct drill_result r;
	fixture_result(FIXTURE_CLEAN, p, &r);
	*out = (struct drill_plan){ .scenario = r.scenario,
		.budget = r.budget,
		.arena = r.arena,
		.file_system = r.file_system,
		.free_bytes = 98000000000,
		.locks = r.safety.locks,
		.marker = "TOCSIN-DRILL-019ab4f2",
		.process_name = "tocsin-drill",
		.authority = r.authority,
		.rate_files_per_s = 40 };
}

void fixture_use_chinese(void)
{
	i18n_start("zh");
	if (strcmp(i18n_text("Safety"), "Safety") == 0)
		test_skip("the Chinese catalogue was not built");
}
