/*
 * The fields of a stored result, in the order in which they are written: what scripts ask for first
 * (stable names, never renamed), then the rest in groups for readers. A field that is added gets a
 * row with the next format (RESULT_FORMAT): what was stored before may lack it.
 */
#include "drill/score/result_fields.h"

#include <stddef.h>

#define ROW_SINCE(format, type, key, kind, member)                                                 \
	{                                                                                          \
		key, FIELD_##kind, offsetof(type, member), 0, NULL, 0, 0, NULL, 0, format          \
	}
#define ROW(type, key, kind, member) ROW_SINCE(1, type, key, kind, member)
#define ROW_ENUM(type, key, member, words, n)                                                      \
	{                                                                                          \
		key, FIELD_ENUM, offsetof(type, member), 0, NULL, 0, 0, words, n, 1                \
	}
#define ROW_LIST_SINCE(format, type, key, member, count, fields, item, most)                       \
	{                                                                                          \
		key, FIELD_LIST, offsetof(type, member), offsetof(type, count), fields,            \
			sizeof(item), most, NULL, 0, format                                        \
	}
#define ROW_LIST(type, key, member, count, fields, item, most)                                     \
	ROW_LIST_SINCE(1, type, key, member, count, fields, item, most)
#define ROW_TEXTS_SINCE(format, type, key, member, count, most)                                    \
	{                                                                                          \
		key, FIELD_TEXTS, offsetof(type, member), offsetof(type, count), NULL, 0, most,    \
			NULL, 0, format                                                            \
	}
#define ROW_TEXTS(type, key, member, count, most) ROW_TEXTS_SINCE(1, type, key, member, count, most)
#define ROW_OBJECT(key, at, fields)                                                                \
	{                                                                                          \
		key, FIELD_OBJECT, at, 0, fields, 0, 0, NULL, 0, 1                                 \
	}
/* null where the text that is its first row is NULL. */
#define ROW_OBJECT_OR_NULL_SINCE(format, key, at, fields)                                          \
	{                                                                                          \
		key, FIELD_OBJECT, at, 0, fields, 0, 1, NULL, 0, format                            \
	}
#define ROW_OBJECT_OR_NULL(key, at, fields) ROW_OBJECT_OR_NULL_SINCE(1, key, at, fields)
#define END                                                                                        \
	{                                                                                          \
		NULL, FIELD_TEXT, 0, 0, NULL, 0, 0, NULL, 0, 1                                     \
	}

#define R(key, kind, member) ROW(struct drill_result, key, kind, member)
#define R_SINCE(format, key, kind, member) ROW_SINCE(format, struct drill_result, key, kind, member)

_Static_assert(sizeof(enum drill_verdict) == sizeof(int), "enums are read and written as int");

static const char *verdict_word(int v)
{
	return drill_verdict_name((enum drill_verdict)v);
}

static const char *detect_word(int v)
{
	return drill_detect_name((enum drill_detect)v);
}

static const char *contain_word(int v)
{
	return drill_contain_name((enum drill_contain)v);
}

static const char *rating_word(int v)
{
	return drill_rating_name((enum drill_rating)v);
}

static const char *part_word(int v)
{
	return drill_part_name((enum drill_part_id)v);
}

static const struct field part_fields[] = {
	ROW(struct drill_part, "assessed", BOOL, assessed),
	ROW(struct drill_part, "weight", NUMBER, weight),
	ROW_SINCE(3, struct drill_part, "weight_assessed", NUMBER, weight_assessed),
	ROW(struct drill_part, "share", NUMBER, share),
	ROW(struct drill_part, "points", NUMBER, points),
	ROW_ENUM(struct drill_part, "rating", rating, rating_word, RATING_U + 1),
	ROW(struct drill_part, "why", BOTH, why),
	END,
};

#define PART(key, id)                                                                              \
	ROW_OBJECT(key, offsetof(struct drill_result, parts) + (id) * sizeof(struct drill_part),   \
		part_fields)

static const struct field parts_fields[] = {
	PART("detect", PART_DETECT),
	PART("damage", PART_DAMAGE),
	PART("contain", PART_CONTAIN),
	PART("recover", PART_RECOVER),
	PART("people", PART_PEOPLE),
	END,
};

static const struct field scenario_fields[] = {
	R("id", TEXT, scenario.id),
	R("name", BOTH, scenario.name),
	R("summary", BOTH, scenario.summary),
	R("source", BOTH, scenario.source),
	R("kind", TEXT, scenario.kind),
	ROW_TEXTS(struct drill_result, "attack", scenario.attack, scenario.n_attack, 64),
	R("rate_files_per_s", NUMBER, scenario.rate_files_per_s),
	R("decoys", U32, scenario.n_decoys),
	R("assumed", BOOL, scenario.assumed),
	R("hash", DIGEST, scenario_hash),
	END,
};

static const struct field host_fields[] = {
	R("name", TEXT, host),
	R("system", TEXT, system),
	R("kernel", TEXT, kernel),
	END,
};

static const struct field authority_fields[] = {
	R("allowed_by", TEXT, authority.allowed_by),
	R("scope", TEXT, authority.scope),
	R("call", TEXT, authority.call),
	R("window_from", TIME, authority.window_from_ns),
	R("window_to", TIME, authority.window_to_ns),
	END,
};

static const struct field arena_fields[] = {
	R("path", TEXT, arena),
	R("file_system", TEXT, file_system),
	R("manifest_hash", DIGEST, manifest_hash),
	END,
};

static const struct field times_fields[] = {
	R("planned", TIME, planned_ns),
	R("started", TIME, started_ns),
	R("first_change", TIME, t0_ns),
	R("ended", TIME, ended_ns),
	END,
};

static const struct field budget_fields[] = {
	R("files", U64, budget.n_files),
	R("bytes", U64, budget.n_bytes),
	R("seconds", NUMBER, budget.seconds),
	R("folders", U64, budget.n_folders),
	R("decoys", U64, budget.n_decoys),
	R("bytes_planted", U64, budget.bytes_planted),
	R("bytes_changed", U64, budget.bytes_changed),
	R("largest_file_bytes", U64, budget.largest_file_bytes),
	R("free_needed_bytes", U64, budget.free_needed_bytes),
	R("free_kept_bytes", U64, budget.free_kept_bytes),
	END,
};

static const struct field sample_fields[] = {
	ROW(struct drill_sample, "after_ns", SIGNED, after_ns),
	ROW(struct drill_sample, "files", U32, n_files),
	END,
};

static const struct field alert_fields[] = {
	ROW(struct drill_alert, "at", TIME, at_ns),
	ROW(struct drill_alert, "after_ns", SIGNED, after_ns),
	ROW(struct drill_alert, "channel", TEXT, channel),
	ROW(struct drill_alert, "text", TEXT, text),
	ROW_ENUM(struct drill_alert, "kind", kind, detect_word, DETECT_PREVENTED + 1),
	END,
};

static const struct field channel_fields[] = {
	ROW(struct drill_channel, "channel", TEXT, spec),
	ROW(struct drill_channel, "alerts", U32, n_alerts),
	ROW(struct drill_channel, "false_alarms", U32, n_false),
	ROW(struct drill_channel, "broken", BOOL, broken),
	ROW_SINCE(2, struct drill_channel, "never_opened", BOOL, never_opened),
	ROW_SINCE(2, struct drill_channel, "problem", TEXT, problem),
	ROW_SINCE(2, struct drill_channel, "unread_bytes", U64, n_unread),
	END,
};

static const struct field attack_fields[] = {
	ROW_ENUM(struct drill_result, "detect", detect, detect_word, DETECT_PREVENTED + 1),
	ROW_ENUM(struct drill_result, "contain", contain, contain_word, CONTAIN_NETWORK + 1),
	R_SINCE(3, "end", TEXT, attack_end),
	R("channels_named", BOOL, channels_named),
	ROW_LIST_SINCE(2, struct drill_result, "channels", channels, n_channels, channel_fields,
		struct drill_channel, 256),
	R("rate_asked", NUMBER, rate_files_per_s),
	R("rate_reached", NUMBER, rate_reached),
	R("bytes_planted", U64, bytes_planted),
	R("bytes_changed", U64, bytes_changed),
	R("bytes_lost", U64, bytes_lost),
	R("notes", U32, n_notes),
	R("quarantined", U32, n_quarantined),
	R("attack_ns", DURATION, attack_ns),
	R("detect_ns", DURATION, detect_ns),
	R("contain_ns", DURATION, contain_ns),
	ROW_LIST(struct drill_result, "alerts", alerts, n_alerts, alert_fields, struct drill_alert,
		10000),
	ROW_LIST(struct drill_result, "curve", curve, n_curve, sample_fields, struct drill_sample,
		100000),
	END,
};

static const struct field counterfactual_fields[] = {
	R("lost_at_lockbit", U64, lost_at_lockbit),
	R("lost_at_headline", U64, lost_at_headline),
	END,
};

static const struct field restore_fields[] = {
	R("assessed", BOOL, restore.assessed),
	R("command", TEXT, restore.command),
	R("exit_status", INT, restore.exit_status),
	R("timed_out", BOOL, restore.timed_out),
	R("sample", U32, restore.n_sample),
	R("identical", U32, restore.n_identical),
	R("integrity", NUMBER, restore.integrity),
	R("rto_ns", DURATION, restore.rto_ns),
	R("rpo_assessed", BOOL, restore.rpo_assessed),
	R("rpo_ns", DURATION, restore.rpo_ns),
	R("rto_target_s", NUMBER, restore.rto_target_s),
	R("rpo_target_s", NUMBER, restore.rpo_target_s),
	R("changed_outside", U32, restore.n_changed_outside),
	ROW_TEXTS_SINCE(4, struct drill_result, "changed_outside_paths", restore.changed_outside,
		restore.n_changed_named, DRILL_CHANGED_NAMED_MAX),
	R("nonce", TEXT, restore.nonce),
	R("output", TEXT, restore.output),
	END,
};

static const struct field step_fields[] = {
	ROW(struct drill_step, "id", TEXT, id),
	ROW(struct drill_step, "title", BOTH, title),
	ROW(struct drill_step, "inject", BOTH, inject),
	ROW(struct drill_step, "role", TEXT, role),
	ROW(struct drill_step, "due_ns", DURATION, due_ns),
	ROW_SINCE(2, struct drill_step, "rule", BOTH, rule),
	ROW(struct drill_step, "answered", BOOL, answered),
	ROW(struct drill_step, "done", BOOL, done),
	ROW(struct drill_step, "after_ns", DURATION, after_ns),
	ROW(struct drill_step, "answer", TEXT, answer),
	ROW_SINCE(2, struct drill_step, "by", TEXT, by),
	ROW_SINCE(2, struct drill_step, "by_right_role", BOOL, by_right_role),
	ROW_SINCE(2, struct drill_step, "name", TEXT, name),
	END,
};

static const struct field people_fields[] = {
	R("assessed", BOOL, people_assessed),
	R_SINCE(2, "terminal", BOOL, people_terminal),
	R_SINCE(2, "file", TEXT_OR_NULL, people_file),
	R_SINCE(2, "problem", TEXT_OR_NULL, people_problem),
	ROW_LIST(struct drill_result, "steps", steps, n_steps, step_fields, struct drill_step, 256),
	END,
};

static const struct field lock_fields[] = {
	R("landlock_abi", INT, safety.locks.landlock_abi),
	R("mount_namespace", BOOL, safety.locks.mount_namespace),
	R("seccomp", BOOL, safety.locks.seccomp),
	R("own_uid", BOOL, safety.locks.own_uid),
	R("no_new_privileges", BOOL, safety.locks.no_new_privileges),
	END,
};

/* Null where it was not stopped. */
static const struct field stopped_fields[] = {
	R("by", TEXT_OR_NULL, stopped.by),
	R("during", TEXT, stopped.during),
	END,
};

static const struct field safety_fields[] = {
	R("sentinels", U32, safety.n_sentinels),
	R("sentinels_changed", U32, safety.n_sentinels_changed),
	R("user_files", U32, safety.n_user_files),
	R("unattributed", U32, safety.n_unattributed),
	R("attributed", U32, safety.n_attributed),
	R("stop_latency_ns", DURATION, safety.stop_latency_ns),
	R("memory_kill", BOOL, safety.memory_kill),
	R_SINCE(3, "witness", TEXT, safety.witness),
	R_SINCE(2, "void_code", TEXT_OR_NULL, safety.void_code),
	R("void_reason", TEXT_OR_NULL, safety.void_reason),
	R_SINCE(2, "void_path", TEXT, void_path),
	R_SINCE(2, "void_what", TEXT, void_what),
	ROW_TEXTS_SINCE(
		2, struct drill_result, "unattributed_paths", unattributed, n_unattributed, 200),
	ROW_OBJECT("locks", 0, lock_fields),
	END,
};

static const struct field improvement_fields[] = {
	ROW_SINCE(2, struct drill_improvement, "code", TEXT, code),
	ROW(struct drill_improvement, "action", BOTH, action),
	ROW(struct drill_improvement, "owner", TEXT, owner),
	ROW(struct drill_improvement, "due", TIME, due_ns),
	ROW(struct drill_improvement, "status", TEXT, status),
	ROW_ENUM(struct drill_improvement, "part", part, part_word, PARTS),
	END,
};

/* Null in an attack. */
static const struct field control_fields[] = {
	R("missing", TEXT_OR_NULL, control.missing),
	R("programs", U32, control.n_programs),
	R("failed", U32, control.n_failed),
	R("files", U32, control.n_files),
	END,
};

static const struct field previous_fields[] = {
	R("id", TEXT_OR_NULL, previous.id),
	R("at", TIME, previous.at_ns),
	R("score", NUMBER, previous.score),
	R("coverage", NUMBER, previous.coverage),
	R("files_lost_share", NUMBER, previous.files_lost_share),
	END,
};

/* "score", "stop_latency_ms" and "outside_changes" are written beside these (result.c): the first
 * is null where the run is void or a control run, the others are sums of what stands here. */
const struct field drill_result_fields[] = {
	R("id", TEXT, id),
	R("score", NUMBER, score),
	R("coverage", NUMBER, coverage),
	R("grade", TEXT_OR_NULL, grade),
	ROW_ENUM(struct drill_result, "verdict", verdict, verdict_word, DRILL_VOIDED + 1),
	ROW_OBJECT_OR_NULL_SINCE(2, "stopped", 0, stopped_fields),
	ROW_OBJECT("parts", 0, parts_fields),
	R("files_planted", U32, n_planted),
	R("files_changed", U32, n_changed),
	R("files_lost", U32, n_lost),
	R("files_destroyed_for_restore", U32, n_destroyed),
	R("record", TEXT_OR_NULL, record),
	R("capped", BOOL, capped),
	R("to_next_grade", NUMBER, to_next_grade),
	R("false_alarms", U32, false_alarms),
	R_SINCE(2, "control_at", TIME, control_ns),
	R_SINCE(2, "early_alerts", U32, early_alerts),
	ROW_OBJECT("scenario", 0, scenario_fields),
	ROW_OBJECT("host", 0, host_fields),
	ROW_OBJECT("authority", 0, authority_fields),
	ROW_OBJECT("arena", 0, arena_fields),
	ROW_OBJECT("times", 0, times_fields),
	ROW_OBJECT("budget", 0, budget_fields),
	ROW_OBJECT("attack", 0, attack_fields),
	ROW_OBJECT_OR_NULL_SINCE(2, "control", 0, control_fields),
	ROW_OBJECT("counterfactual_estimate", 0, counterfactual_fields),
	ROW_OBJECT("restore", 0, restore_fields),
	ROW_OBJECT("people", 0, people_fields),
	ROW_OBJECT("safety", 0, safety_fields),
	ROW_LIST(struct drill_result, "improvements", improvements, n_improvements,
		improvement_fields, struct drill_improvement, 256),
	ROW_OBJECT_OR_NULL("previous", 0, previous_fields),
	END,
};
