/*
 * The locks that a role puts on itself before it touches anything: after confine_enter only one
 * folder can be reached (or, for the sender, no file), by two independent means where the kernel
 * has both (Landlock, ABI 3 or later, and a private mount namespace in which that folder is the
 * only mount), by one of them always; with neither, E_DENIED and a sentence that says why. Beside
 * them, always: a uid of its own (root start) or no new privileges (user start), no capabilities, a
 * system call allow-list, only the named descriptors, RLIMIT_FSIZE and no core, PDEATHSIG with the
 * parent checked again.
 *
 * There is no argument that leaves a lock out.
 */
#ifndef SYS_CONFINE_H
#define SYS_CONFINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/* Which system calls remain. Every set lacks: exec, fork (clone only with CLONE_THREAD, clone3
 * answers ENOSYS), socket and its kin, ioctl, ptrace, io_uring, mount and its kin, chmod/chown/
 * utimes/setxattr by path, link and symlink, PROT_EXEC, foreign ABIs. */
enum confine_calls {
	CONFINE_CALLS_EMULATOR, /* openat2, read/write, mmap of files, renameat2, unlinkat, fsync */
	CONFINE_CALLS_PLANTER,	/* as emulator, and mkdirat, fallocate, futimens on own descriptors
				 */
	CONFINE_CALLS_UNDO,	/* as planter: it restores and removes */
	CONFINE_CALLS_WITNESS,	/* reads only: openat2, read, stat, getdents64 */
	CONFINE_CALLS_SENDER /* no file can be opened at all; sockets of the Internet. What is not
				allowed is answered with an error and does not kill: the TLS
				library of a system that nobody here has seen must still deliver */
};

enum confine_reach {
	CONFINE_REACH_FOLDER,	/* read and write beneath the folder, nothing else anywhere */
	CONFINE_REACH_READ_ALL, /* the witness: read anywhere, write nowhere */
	CONFINE_REACH_NETWORK	/* the sender: no file; TCP to the named ports where Landlock can
				   tell them (version 4), names asked of the system's servers */
};

struct confine_request {
	enum confine_calls calls;
	enum confine_reach reach;
	int folder_fd; /* the arena's root, O_DIRECTORY (or O_PATH); -1 with other reaches */
	uid_t uid;     /* taken where the role starts as root; ignored otherwise */
	gid_t gid;
	uint64_t max_file_bytes;	 /* RLIMIT_FSIZE */
	struct confine_reasons *why_not; /* filled where not NULL */
	pid_t parent;			 /* who must be the parent, before and after */
	const int *keep_fds;		 /* every other descriptor (also 0, 1, 2) is closed */
	size_t n_keep_fds;
	const uint16_t *tcp_ports; /* with NETWORK */
	size_t n_tcp_ports;
};

struct confine_locks {
	int landlock_abi; /* 0: not in force */
	bool mount_namespace;
	bool seccomp;
	bool own_uid; /* false: as the user who started it, with no new privileges */
	bool no_new_privileges;
};

enum { CONFINE_REASON_MAX = 256 };

/* Why a lock against the outside is not in force, for a person; "" where it is. */
struct confine_reasons {
	char landlock[CONFINE_REASON_MAX];
	char mount_namespace[CONFINE_REASON_MAX];
};

/* Puts the locks on the calling, still single-threaded process. *out_folder_fd is the only good
 * descriptor of the folder afterwards (the one of the request is closed): it belongs to the new
 * mount tree. -1 with READ_ALL. On failure the process must exit: some locks may be on. */
enum status confine_enter(const struct confine_request *request, struct confine_locks *out_locks,
	int *out_folder_fd, struct error *e) MUST_CHECK;

/* What confine_enter would give here, found by trying it on `folder_fd` in a child process that
 * then exits. Also refuses where confine_enter would. */
enum status confine_probe(int folder_fd, uid_t uid, gid_t gid, struct confine_locks *out,
	struct confine_reasons *out_why_not, struct error *e) MUST_CHECK;

/* "landlock:7", "mount-namespace", "seccomp", "uid", "no-new-privileges": calls `each` for each
 * lock in force. Stable names (design.md, section 9). */
void confine_lock_names(const struct confine_locks *locks,
	void (*each)(const char *name, void *context), void *context);

/* A uid and gid that no account, no container and no running process uses, out of a range that no
 * distribution hands out (docs/decisions/0065-uids-of-drills.md); where not root: the caller's own.
 * `seed` spreads the choice. */
enum status confine_pick_uid(
	uint64_t seed, uid_t *out_uid, gid_t *out_gid, struct error *e) MUST_CHECK;
/* Whether confine_pick_uid as root could have chosen it. For the conductor, not for roles. */
bool confine_is_drill_uid(uid_t uid);

#endif
