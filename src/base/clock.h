/*
 * Time as int64 nanoseconds. Wall time is for people and legal deadlines, boot time (it counts
 * suspend, nobody can step it) for intervals and leases. Both can be injected.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/view.h"

#define NS_PER_US 1000LL
#define NS_PER_MS 1000000LL
#define NS_PER_S 1000000000LL

/* NULL members mean the kernel's clocks. */
struct clock {
	int64_t (*wall_ns)(void *context);
	int64_t (*boot_ns)(void *context);
	void *context;
};

/* `c` may be NULL: the kernel's clocks. */
int64_t clock_wall_ns(const struct clock *c); /* UTC since 1970 */
int64_t clock_boot_ns(const struct clock *c); /* CLOCK_BOOTTIME */
/* Sleeps at least that long, through EINTR; not more than an hour. */
void clock_sleep_ns(int64_t ns);

enum { TIME_TEXT_MAX = 40 };
/* RFC 3339 in UTC with milliseconds: 2026-11-24T06:23:27.123Z. Returns `out`. */
char *time_text(int64_t wall_ns, char out[TIME_TEXT_MAX]);
/* RFC 3339 with any offset, 0 to 9 digits of a second, years 1970 to 2261; nothing may follow. */
bool time_parse(struct view v, int64_t *out_wall_ns) __attribute__((warn_unused_result));

#endif
