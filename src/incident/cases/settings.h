/*
 * <home>/incident.yaml: what need not be said again in every first notice.
 *
 *   company: 华东制造有限公司
 *   callback: 张三 13800138000
 *   profiles: [cn-cac-2025, eu-nis2]     # beside the default one
 *   tlp: AMBER
 *
 * Between the files of this room only.
 */
#ifndef INCIDENT_SETTINGS_H
#define INCIDENT_SETTINGS_H

#include "incident/cases/case.h"

struct case_settings {
	const char *company, *callback, *tlp; /* NULL: not said */
	const char *profiles[CASE_PROFILES_MAX];
	size_t n_profiles;
	const char *trouble; /* why the file was left aside; "" */
};
/* Fails only where memory is short. */
enum status case_settings_read(
	const char *home, struct pool *p, struct case_settings *out, struct error *e) MUST_CHECK;

#endif
