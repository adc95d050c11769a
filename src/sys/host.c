/*
 * Reading the host's state from /proc and /sys. What is not there is "not known", never an error.
 */
#include "sys/host.h"

#include <ctype.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "sys/file.h"

enum { PROC_BYTES_MAX = 256 * 1024, LINKS_MAX = 64 };

static bool read_text(const char *path, struct buf *b)
{
	return file_read_all(AT_FDCWD, path, PROC_BYTES_MAX, b, NULL) == OK;
}

/* "12.34" to thousandths without a locale's say in the decimal sign. */
static double read_percentage(struct view v)
{
	unsigned long long whole = 0;
	unsigned long long part = 0;
	struct view before = view_cut(&v, '.');
	if (!view_to_u64(before, &whole))
		return 0;
	double scale = 1;
	for (size_t i = 0; i < v.len; i++)
		scale *= 10;
	if (v.len > 9 || !view_to_u64(v, &part))
		return (double)whole;
	return (double)whole + (double)part / scale;
}

/* "full avg10=0.00 avg60=…": the value behind avg10= of the line that starts with `kind`. */
static bool pressure_of(const char *path, const char *kind, double *out)
{
	AUTO_BUF struct buf b = { .ceiling = 0 };
	if (!read_text(path, &b))
		return false;
	struct view rest = buf_view(&b);
	while (rest.len > 0) {
		struct view line = view_cut(&rest, '\n');
		if (!view_is(view_cut(&line, ' '), kind))
			continue;
		struct view field = view_cut(&line, ' ');
		if (!view_is(view_cut(&field, '='), "avg10"))
			return false;
		*out = read_percentage(field);
		return true;
	}
	return false;
}

void host_pressure_read(struct host_pressure *out)
{
	*out = (struct host_pressure){ .known = false };
	out->known = pressure_of("/proc/pressure/io", "full", &out->io_full_avg10);
	(void)pressure_of("/proc/pressure/memory", "full", &out->memory_full_avg10);
}

/* "name value" lines, as vmstat and memory.events have them. */
static uint64_t count_named(const char *path, const char *name)
{
	AUTO_BUF struct buf b = { .ceiling = 0 };
	if (!read_text(path, &b))
		return 0;
	struct view rest = buf_view(&b);
	while (rest.len > 0) {
		struct view line = view_cut(&rest, '\n');
		unsigned long long n = 0;
		if (view_is(view_cut(&line, ' '), name) && view_to_u64(line, &n))
			return n;
	}
	return 0;
}

uint64_t host_oom_kills(void)
{
	uint64_t n = count_named("/proc/vmstat", "oom_kill");
	AUTO_BUF struct buf b = { .ceiling = 0 };
	if (!read_text("/proc/self/cgroup", &b))
		return n;
	struct view rest = buf_view(&b);
	while (rest.len > 0) {
		struct view line = view_cut(&rest, '\n');
		if (!view_starts_with(line, VIEW("0::/")) || line.len > 2048)
			continue;
		line.at += 3;
		line.len -= 3;
		static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
		for (size_t i = 0; i < COUNT_OF(roots); i++) {
			char path[4096];
			(void)snprintf(path, sizeof path, "%s%.*s/memory.events", roots[i],
				VIEW_ARGS(line));
			n += count_named(path, "oom_kill");
		}
	}
	return n;
}

/* --- network --- */

static unsigned count_links_up(void)
{
	struct ifaddrs *all = NULL;
	if (getifaddrs(&all) != 0)
		return 0;
	const char *seen[LINKS_MAX];
	unsigned n = 0;
	for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
		bool up = (i->ifa_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
		if (!up || (i->ifa_flags & IFF_LOOPBACK) != 0 || n == LINKS_MAX)
			continue;
		bool again = false;
		for (unsigned k = 0; k < n; k++)
			again = again || strcmp(seen[k], i->ifa_name) == 0;
		if (!again)
			seen[n++] = i->ifa_name;
	}
	freeifaddrs(all);
	return n;
}

static struct view next_word(struct view *line)
{
	while (line->len > 0 && isspace((unsigned char)line->at[0])) {
		line->at++;
		line->len--;
	}
	size_t n = 0;
	while (n < line->len && !isspace((unsigned char)line->at[n]))
		n++;
	struct view word = { line->at, n };
	line->at += n;
	line->len -= n;
	return word;
}

static bool words_match(struct view line, const char *const *wanted, size_t n_wanted)
{
	for (size_t i = 0; i < n_wanted; i++) {
		struct view word = next_word(&line);
		if (wanted[i] != NULL && !view_is(word, wanted[i]))
			return false;
	}
	return true;
}

static unsigned long hex_flags(struct view line, size_t at)
{
	struct view word = VIEW_NONE;
	for (size_t i = 0; i <= at; i++)
		word = next_word(&line);
	unsigned long flags = 0;
	for (size_t i = 0; i < word.len && i < 8; i++) {
		char c = word.at[i];
		bool digit = c >= '0' && c <= '9';
		unsigned value = digit ? (unsigned)(c - '0')
				       : ((unsigned)tolower((unsigned char)c) - 'a' + 10) & 15U;
		flags = flags << 4 | value;
	}
	return flags;
}

struct route_table {
	const char *path;
	const char *const *wanted; /* NULL: any */
	size_t n_wanted;
	size_t flags_at;
};

static bool has_route(const struct route_table *t)
{
	enum { FLAG_UP = 0x1, FLAG_REJECT = 0x200 };
	AUTO_BUF struct buf b = { .ceiling = 0 };
	if (!read_text(t->path, &b))
		return false;
	struct view rest = buf_view(&b);
	while (rest.len > 0) {
		struct view line = view_cut(&rest, '\n');
		if (!words_match(line, t->wanted, t->n_wanted))
			continue;
		unsigned long flags = hex_flags(line, t->flags_at);
		if ((flags & FLAG_UP) != 0 && (flags & FLAG_REJECT) == 0 &&
			!view_ends_with(view_trim(line), VIEW("lo")))
			return true;
	}
	return false;
}

void host_network_read(struct host_network *out)
{
	/* proc(5): interface, destination, gateway, flags, …, mask; and for IPv6 destination, its
	 * prefix length, source, its length, next hop, metric, references, use, flags, interface.
	 */
	static const char *const ipv4[] = { NULL, "00000000", NULL, NULL, NULL, NULL, NULL,
		"00000000" };
	static const char *const ipv6[] = { "00000000000000000000000000000000", "00" };
	static const struct route_table tables[] = {
		{ "/proc/net/route", ipv4, COUNT_OF(ipv4), 3 },
		{ "/proc/net/ipv6_route", ipv6, COUNT_OF(ipv6), 8 },
	};
	out->n_links_up = count_links_up();
	out->has_default_route = has_route(&tables[0]) || has_route(&tables[1]);
}

/* --- names --- */

static void copy_clean(struct view v, char *out, size_t size_bytes)
{
	size_t n = 0;
	for (size_t i = 0; i < v.len && n + 1 < size_bytes; i++)
		if ((unsigned char)v.at[i] >= ' ' && v.at[i] != 0x7f)
			out[n++] = v.at[i];
	out[n] = '\0';
}

static bool system_name(const char *path, char *out, size_t size_bytes)
{
	AUTO_BUF struct buf b = { .ceiling = 0 };
	if (!read_text(path, &b))
		return false;
	struct view rest = buf_view(&b);
	while (rest.len > 0) {
		struct view line = view_cut(&rest, '\n');
		if (!view_is(view_cut(&line, '='), "PRETTY_NAME"))
			continue;
		line = view_trim(line);
		if (line.len >= 2 && (line.at[0] == '"' || line.at[0] == '\'')) {
			line.at++;
			line.len -= 2;
		}
		copy_clean(line, out, size_bytes);
		return true;
	}
	return false;
}

void host_name_read(struct host_name *out)
{
	*out = (struct host_name){ .name = "" };
	struct utsname u;
	if (uname(&u) == 0) {
		copy_clean(view_of(u.nodename), out->name, sizeof out->name);
		copy_clean(view_of(u.release), out->kernel, sizeof out->kernel);
	}
	if (!system_name("/etc/os-release", out->system, sizeof out->system) &&
		!system_name("/usr/lib/os-release", out->system, sizeof out->system))
		copy_clean(VIEW("Linux"), out->system, sizeof out->system);
	AUTO_BUF struct buf b = { .ceiling = 0 };
	if (read_text("/etc/machine-id", &b))
		copy_clean(view_trim(buf_view(&b)), out->machine_id, sizeof out->machine_id);
}
