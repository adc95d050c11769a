/*
 * Numbers as people read them, in the language of i18n_use. "–" for what did not happen.
 */
#ifndef RENDER_FIGURES_H
#define RENDER_FIGURES_H

#include <stdint.h>

#include "drill/drill.h"

struct figure {
	char text[64];
};

struct figure figure_count(uint64_t n); /* 26,752 */
/* As figure_count, 4.3 M from a million on: for charts. */
struct figure figure_short(uint64_t n);
struct figure figure_score(double x);	      /* 62.8 */
struct figure figure_percent(double percent); /* 80 % */
struct figure figure_share(double share);     /* 7.0 % of 0 … 1 */
/* At a round place of an axis: 2 s, 5 min, 1 h. */
struct figure figure_tick(int64_t ns);
struct figure figure_duration(int64_t ns); /* 41 ms, 95 s, 11 min 35 s, 3 h 45 min, 2 days 4 h */
struct figure figure_bytes(uint64_t n);	   /* 382 MiB */
struct figure figure_rate(double files_per_s); /* 40 files/s; unlimited */
/* Local time with its offset: 2026-11-24 14:23:27 +08:00. */
struct figure figure_time(int64_t wall_ns);
struct figure figure_moment(int64_t wall_ns); /* 2026-11-24 14:23:27 */
struct figure figure_date(int64_t wall_ns);   /* 2026-11-24 */
struct figure figure_offset(int64_t wall_ns); /* +08:00 */

/* First alert after T0, and alert to contained: "at once" where it came before any byte changed. */
/* Points of a part that was assessed, of what could be reached: "12.3 / 25". */
struct figure figure_points(const struct drill_part *p);
struct figure figure_alert(const struct drill_result *r);
struct figure figure_contained(const struct drill_result *r);

/* The text in the language of i18n_use, English where there is no Chinese; never NULL. */
const char *text_in_language(struct drill_text text);

#endif
