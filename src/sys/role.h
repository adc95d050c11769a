/*
 * Roles: one executable, re-executed. A role is a process with a fresh address space, a channel to
 * its parent on descriptor 3, further descriptors from 4 on, and nothing else: empty environment,
 * /dev/null on 0, 1 and 2 (the conductor reports for it).
 */
#ifndef SYS_ROLE_H
#define SYS_ROLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/view.h"

enum { ROLE_CHANNEL_FD = 3, ROLE_FIRST_FD = 4, ROLE_FDS_MAX = 8 };

/* A row of the role table (src/main/main.c). `run` is called with the channel on ROLE_CHANNEL_FD
 * and n_fds descriptors from ROLE_FIRST_FD on; it confines itself first. Returns the exit status.
 */
struct role {
	const char *name;
	int (*run)(size_t n_fds);
};

struct role_start {
	const char *role;	  /* name in the role table */
	const char *process_name; /* shown by ps and /proc/PID/comm, at most 15 bytes */
	int fds[ROLE_FDS_MAX];	  /* handed over as ROLE_FIRST_FD…; stay open here */
	size_t n_fds;
};

struct role_process {
	pid_t pid;
	int pid_fd;	/* pidfd */
	int channel_fd; /* our end, SOCK_SEQPACKET, close-on-exec, non-blocking on our side */
};
#define ROLE_PROCESS_NONE ((struct role_process){ -1, -1, -1 })

/* Re-executes /proc/self/exe as `argv[0]=process_name --as ROLE N_FDS PARENT_PID`. */
enum status role_spawn(
	const struct role_start *start, struct role_process *out, struct error *e) MUST_CHECK;
/* Entry for main: handles argv[1] "--as"; refuses unless descriptor 3 is a SEQPACKET socket.
 * Returns false where argv is no role call. */
bool role_dispatch(int argc, char **argv, const struct role *table, size_t n_rows, int *out_exit);
/* In a role: the pid that must stay its parent. */
pid_t role_parent(void);
/* Kills (SIGKILL) where it still runs, reaps, closes. Accepts ROLE_PROCESS_NONE. */
void role_end(struct role_process *p);

/* --- packets: one write is one packet; write(2), read(2) and poll(2) are all that is needed --- */

enum { PACKET_BYTES_MAX = 60 * 1024 };

struct packet {
	uint16_t type;
	struct view body; /* borrows from bytes */
	size_t n_bytes;
	unsigned char bytes[PACKET_BYTES_MAX + 8];
};

/* Waits (poll) while the socket is full, at most 10 s. E_ABSENT where the other end is gone. */
enum status packet_send(int fd, uint16_t type, struct view body, struct error *e) MUST_CHECK;
/* timeout_ms: -1 forever, 0 not at all. E_ABSENT: the other end is gone. *out_got is false where
 * the time ran out (and the status OK). A packet of another version or size is E_INVALID. */
enum status packet_receive(
	int fd, int timeout_ms, struct packet *out, bool *out_got, struct error *e) MUST_CHECK;

#endif
