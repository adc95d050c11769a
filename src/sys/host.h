/*
 * How the host is doing, so that a drill never harms it: pressure (PSI), memory kills, network.
 */
#ifndef SYS_HOST_H
#define SYS_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct host_pressure {
	bool known;	      /* false: no /proc/pressure */
	double io_full_avg10; /* per cent of time, "full" lines */
	double memory_full_avg10;
};
void host_pressure_read(struct host_pressure *out);

/* Out-of-memory kills so far: host-wide (/proc/vmstat oom_kill) plus our cgroup's memory.events. */
uint64_t host_oom_kills(void);

struct host_network {
	unsigned n_links_up;	/* without loopback */
	bool has_default_route; /* IPv4 or IPv6 */
};
void host_network_read(struct host_network *out);

struct host_name {
	char name[65];
	char kernel[65];
	char system[128];    /* PRETTY_NAME of os-release */
	char machine_id[33]; /* "" where unknown */
};
void host_name_read(struct host_name *out);

#endif
