/*
 * Numbers as people read them.
 */
#include "render/figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"

#define ABSENT ((struct figure){ "–" })

/* A number and its unit stay on one line: blanks become no-break spaces (U+00A0). */
static struct figure tie(struct figure f)
{
	struct figure tied;
	size_t at = 0;
	for (const char *c = f.text; *c != '\0' && at + 2 < sizeof tied.text; c++) {
		if (*c == ' ')
			tied.text[at++] = '\xc2';
		tied.text[at++] = *c == ' ' ? '\xa0' : *c;
	}
	tied.text[at] = '\0';
	return tied;
}

struct figure figure_count(uint64_t n)
{
	struct figure f;
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
	size_t at = 0;
	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			f.text[at++] = ',';
		f.text[at++] = digits[i];
	}
	f.text[at] = '\0';
	return f;
}

struct figure figure_short(uint64_t n)
{
	static const char units[] = "MGTPE";
	struct figure f;
	if (n < 1000000)
		return figure_count(n);
	double x = (double)n / 1e6;
	size_t unit = 0;
	for (; x >= 999.95 && unit + 2 < sizeof units; unit++)
		x /= 1000;
	(void)snprintf(f.text, sizeof f.text, "%.1f %c", x, units[unit]);
	return tie(f);
}

struct figure figure_score(double x)
{
	struct figure f;
	(void)snprintf(f.text, sizeof f.text, "%.1f", x);
	return f;
}

struct figure figure_percent(double percent)
{
	struct figure f;
	(void)snprintf(f.text, sizeof f.text, _("%.0f %%"), percent);
	return tie(f);
}

struct figure figure_share(double share)
{
	struct figure f;
	double percent = share * 100;
	/* What is not nothing must not read as nothing. */
	if (percent > 0 && percent < 0.05)
		(void)snprintf(f.text, sizeof f.text, "%s", _("< 0.1 %"));
	else if (percent >= 99.95 && percent < 100)
		(void)snprintf(f.text, sizeof f.text, "%s", _("> 99.9 %"));
	else
		(void)snprintf(f.text, sizeof f.text,
			percent == 0 || percent == 100 ? _("%.0f %%") : _("%.1f %%"), percent);
	return tie(f);
}

struct figure figure_duration(int64_t ns)
{
	struct figure f = ABSENT;
	if (ns < 0)
		return f;
	int64_t s = ns / NS_PER_S;
	double exact = (double)ns / (double)NS_PER_S;
	if (ns == 0)
		(void)snprintf(f.text, sizeof f.text, _("%d s"), 0);
	else if (ns < NS_PER_S)
		(void)snprintf(
			f.text, sizeof f.text, _("%d ms"), (int)((ns + NS_PER_MS / 2) / NS_PER_MS));
	else if (s < 10)
		(void)snprintf(f.text, sizeof f.text, _("%.1f s"), exact);
	else if (s < 120)
		(void)snprintf(f.text, sizeof f.text, _("%d s"), (int)s);
	else if (s < 3600)
		(void)snprintf(
			f.text, sizeof f.text, _("%d min %02d s"), (int)(s / 60), (int)(s % 60));
	else if (s < 48 * 3600)
		(void)snprintf(f.text, sizeof f.text, _("%d h %02d min"), (int)(s / 3600),
			(int)(s / 60 % 60));
	else if (s < 100 * 86400)
		(void)snprintf(f.text, sizeof f.text, _("%d days %d h"), (int)(s / 86400),
			(int)(s / 3600 % 24));
	else
		(void)snprintf(f.text, sizeof f.text, _("%d days"), (int)(s / 86400));
	return tie(f);
}

struct figure figure_tick(int64_t ns)
{
	struct figure f;
	int64_t s = ns / NS_PER_S;
	bool is_hours = s > 0 && s % 3600 == 0;
	bool is_minutes = s > 0 && s % 60 == 0 && s < 3600;
	if (ns > 0 && ns < 10 * NS_PER_S && ns % NS_PER_S == 0)
		(void)snprintf(f.text, sizeof f.text, _("%d s"), (int)s);
	else if (is_hours)
		(void)snprintf(f.text, sizeof f.text, _("%d h"), (int)(s / 3600));
	else if (is_minutes)
		(void)snprintf(f.text, sizeof f.text, _("%d min"), (int)(s / 60));
	else
		return figure_duration(ns);
	return tie(f);
}

struct figure figure_bytes(uint64_t n)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	struct figure f;
	double x = (double)n;
	size_t unit = 0;
	while (x >= 1023.95 && unit + 1 < sizeof units / sizeof units[0]) {
		x /= 1024;
		unit++;
	}
	(void)snprintf(f.text, sizeof f.text, unit == 0 || x >= 100 ? "%.0f %s" : "%.1f %s", x,
		units[unit]);
	return tie(f);
}

struct figure figure_rate(double files_per_s)
{
	struct figure f;
	if (!(files_per_s > 0))
		(void)snprintf(f.text, sizeof f.text, "%s", _("unlimited"));
	else
		(void)snprintf(f.text, sizeof f.text,
			files_per_s < 100 && files_per_s != floor(files_per_s) ? _("%.1f files/s")
									       : _("%.0f files/s"),
			files_per_s);
	return tie(f);
}

static struct figure local_time(int64_t wall_ns)
{
	struct figure f = ABSENT;
	struct tm local;
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	if (wall_ns < 0 || localtime_r(&seconds, &local) == NULL)
		return f;
	long offset_min = local.tm_gmtoff / 60;
	long size = offset_min < 0 ? -offset_min : offset_min;
	(void)snprintf(f.text, sizeof f.text, "%04d-%02d-%02d %02d:%02d:%02d %c%02ld:%02ld",
		local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min,
		local.tm_sec, offset_min < 0 ? '-' : '+', size / 60, size % 60);
	return f;
}

struct figure figure_time(int64_t wall_ns)
{
	return tie(local_time(wall_ns));
}

/* The first part, of a known length in any year that a wall time can name. */
static struct figure cut(struct figure f, size_t at)
{
	if (strlen(f.text) > at)
		f.text[at] = '\0';
	return f;
}

struct figure figure_moment(int64_t wall_ns)
{
	return tie(cut(local_time(wall_ns), sizeof "2026-11-24 14:23:27" - 1));
}

struct figure figure_date(int64_t wall_ns)
{
	return cut(local_time(wall_ns), sizeof "2026-11-24" - 1);
}

struct figure figure_offset(int64_t wall_ns)
{
	struct figure f = local_time(wall_ns);
	char *blank = strrchr(f.text, ' ');
	if (blank != NULL)
		memmove(f.text, blank + 1, strlen(blank + 1) + 1);
	return f;
}

static struct figure word(const char *text)
{
	struct figure f;
	(void)snprintf(f.text, sizeof f.text, "%s", text);
	return f;
}

struct figure figure_points(const struct drill_part *p)
{
	struct figure f;
	(void)snprintf(f.text, sizeof f.text, "%.1f / %.0f", p->points, p->weight_assessed);
	return f;
}

struct figure figure_alert(const struct drill_result *r)
{
	if (!drill_could_hear(r))
		return word(_("not assessed"));
	if (r->detect == DETECT_NONE)
		return ABSENT;
	if (r->detect_ns > 0)
		return figure_duration(r->detect_ns);
	return r->detect_ns == 0 || r->t0_ns < 0 ? word(_("at once")) : ABSENT;
}

struct figure figure_contained(const struct drill_result *r)
{
	if (r->contain == CONTAIN_NONE)
		return ABSENT;
	if (r->t0_ns < 0) /* no byte was changed; n_changed counts whole decoys */
		return word(_("at once"));
	return figure_duration(r->contain_ns);
}

const char *text_in_language(struct drill_text text)
{
	const char *en = text.en == NULL ? "" : text.en;
	bool zh = i18n_language() == LANGUAGE_ZH && text.zh != NULL && text.zh[0] != '\0';
	return zh ? text.zh : en;
}
