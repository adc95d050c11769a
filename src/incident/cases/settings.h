/*
 * <home>/incident.yaml: what need not be said again in every first notice.
 *
 *   company: 华东制造有限公司
 *   callback: 张三 13800138000
 *   profiles: [cn-cac-2025, eu-nis2]     # beside the default one
 *   tlp: AMBER
 *   phones: { ministry: 010-1234 5678 }  # by role: whom to telephone, and where
 *
 * Between the files of this room only.
 */
#ifndef INCIDENT_SETTINGS_H
#define INCIDENT_SETTINGS_H

#include "incident/cases/case.h"

enum { PHONES_MAX = 64 };
struct case_phone {
	const char *role, *number;
};
struct case_settings {
	const char *company, *callback, *tlp; /* NULL: not said */
	const char *profiles[CASE_PROFILES_MAX];
	size_t n_profiles;
	struct case_phone phones[PHONES_MAX];
	size_t n_phones;
	const char *trouble; /* why the file was left aside; "" */
};
/* Fails only where memory is short. */
enum status case_settings_read(
	const char *home, struct pool *p, struct case_settings *out, struct error *e) MUST_CHECK;

#endif
