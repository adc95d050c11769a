/*
 * The single locks that confine_enter puts on, in the order of confine.c. Private to this folder:
 * nobody else can put on one of them without the others.
 */
#ifndef SYS_LOCKS_H
#define SYS_LOCKS_H

#include "sys/confine.h"

enum { LANDLOCK_ABI_NEEDED = 3 };

/* --- landlock.c --- */

/* The ABI that this kernel offers; 0 where there is none. */
int landlock_offered(void);
/* Restricts the calling thread to what is beneath `folder_fd`, to reading, or to the request's
 * ports. `abi` as offered. */
enum status landlock_lock(
	int abi, int folder_fd, const struct confine_request *r, struct error *e) MUST_CHECK;

/* --- mountns.c --- */

struct mountns {
	bool in_force;
	int folder_fd; /* with REACH_FOLDER and in force: the folder in the new tree */
	char why_not[CONFINE_REASON_MAX]; /* where not in force */
};
/* Tried in a child process first: a kernel that has half of it is told apart from one that fails
 * half-way. An error means that it began and could not be ended: the process must exit. */
enum status mountns_lock(
	int folder_fd, enum confine_reach reach, struct mountns *out, struct error *e) MUST_CHECK;

/* --- uid.c --- */

/* Takes uid and gid where the process is root, gives up every capability (REACH_READ_ALL as root
 * keeps CAP_DAC_READ_SEARCH), and proves it. *out_own_uid: another uid than before. */
enum status uid_lock(
	const struct confine_request *r, bool *out_own_uid, struct error *e) MUST_CHECK;

/* --- calls.c --- */

enum status calls_lock(const struct confine_request *r, struct error *e) MUST_CHECK;

#endif
