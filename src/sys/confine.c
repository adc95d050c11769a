/*
 * The locks in their order, each where it must stand:
 *
 *   descriptors   first, since one that is open passes every lock that looks at opening
 *   limits        before anything that could be written
 *   mounts        needs the capabilities that the next step gives up
 *   uid           from here on nothing can be taken back
 *   death signal  after the uid: a change of credentials clears it (prctl(2))
 *   Landlock      after the mounts, which it would forbid
 *   calls         last, since it forbids all of the above
 */
#include "sys/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/i18n.h"
#include "sys/file.h"
#include "sys/locks.h"
#include "sys/sanitizer.h"

enum { KEEP_MAX = 64, THREADS_MAX = 256 };

static enum status check_single_threaded(struct error *e)
{
	struct stat st;
	if (stat("/proc/self/task", &st) != 0)
		return error_sys(e, E_DENIED, errno, "look at /proc/self/task");
	if (st.st_nlink != 3) /* ".", its name above, and one thread */
		return error_set(e, E_DENIED, "the locks must be put on before any thread starts");
	return OK;
}

static enum status check_parent(pid_t parent, struct error *e)
{
	if (getppid() != parent)
		return error_set(e, E_STOPPED, "the process that started this one is gone");
	return OK;
}

static enum status check_request(const struct confine_request *r, struct error *e)
{
	if (r->n_keep_fds > KEEP_MAX)
		return error_set(e, E_INVALID, "too many descriptors to keep");
	if (r->reach == CONFINE_REACH_READ_ALL)
		return r->calls == CONFINE_CALLS_WITNESS
			       ? OK
			       : error_set(e, E_INVALID, "only the witness reads everywhere");
	if ((r->reach == CONFINE_REACH_NETWORK) != (r->calls == CONFINE_CALLS_SENDER))
		return error_set(
			e, E_INVALID, "only the sender, and nothing else of it, has sockets");
	if (r->reach == CONFINE_REACH_NETWORK)
		return OK;
	struct file_identity folder;
	struct stat root;
	TRY(file_identify(r->folder_fd, &folder, e));
	if (!S_ISDIR(folder.mode))
		return error_set(e, E_DENIED, "the arena is not a folder");
	if (stat("/", &root) != 0)
		return error_sys(e, E_DENIED, errno, "look at '/'");
	if (folder.device == root.st_dev && folder.inode == root.st_ino)
		return error_set(e, E_DENIED, "the root of the system cannot be an arena");
	return OK;
}

static int compare_fds(const void *a, const void *b)
{
	int x = *(const int *)a;
	int y = *(const int *)b;
	return (x > y) - (x < y);
}

/* Closes everything but the sorted `fds`. */
static enum status close_others(const int *fds, size_t n_fds, struct error *e)
{
	unsigned first = 0;
	for (size_t i = 0; i <= n_fds; i++) {
		unsigned next = i < n_fds ? (unsigned)fds[i] : ~0U;
		if (i == n_fds || next > first) {
			unsigned last = i < n_fds ? next - 1 : ~0U;
			if (close_range(first, last, 0) != 0)
				return error_sys(e, E_DENIED, errno, "close the other descriptors");
		}
		first = next + 1;
	}
	return OK;
}

/* 0, 1 and 2 become an empty sealed file in memory, so that no decoy that is opened later gets
 * these numbers and then a library's complaint. Nobody can write there. */
static enum status fill_standard_fds(struct error *e)
{
	int sealed = -1;
	TRY(file_memory("nothing", VIEW_NONE, &sealed, e));
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		bool keep_for_reports = SANITIZED && fd == STDERR_FILENO;
		if (fd != sealed && !keep_for_reports && dup2(sealed, fd) < 0)
			return error_sys(e, E_DENIED, errno, "replace the standard descriptors");
	}
	if (sealed > STDERR_FILENO)
		(void)close(sealed);
	return OK;
}

static enum status restrict_descriptors(const struct confine_request *r, struct error *e)
{
	int kept[KEEP_MAX + 2];
	size_t n = 0;
	for (size_t i = 0; i < r->n_keep_fds; i++)
		if (r->keep_fds[i] > STDERR_FILENO)
			kept[n++] = r->keep_fds[i];
	if (r->reach == CONFINE_REACH_FOLDER)
		kept[n++] = r->folder_fd;
	if (SANITIZED)
		kept[n++] = STDERR_FILENO;
	qsort(kept, n, sizeof kept[0], compare_fds);
	TRY(close_others(kept, n, e));
	return fill_standard_fds(e);
}

static enum status restrict_resources(const struct confine_request *r, struct error *e)
{
	struct rlimit none = { 0, 0 };
	struct rlimit file = { r->max_file_bytes, r->max_file_bytes };
	if (setrlimit(RLIMIT_CORE, &none) != 0 || setrlimit(RLIMIT_FSIZE, &file) != 0)
		return error_sys(e, E_DENIED, errno, "limit the process");
	/* Counted by uid, so only where the uid is the role's alone. */
	struct rlimit threads = { THREADS_MAX, THREADS_MAX };
	if (geteuid() == 0 && setrlimit(RLIMIT_NPROC, &threads) != 0)
		return error_sys(e, E_DENIED, errno, "limit the threads");
	/* What is made gets the mode that was asked for; the arena's 0700 keeps others out. */
	(void)umask(0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return error_sys(e, E_DENIED, errno, "give up new privileges");
	return OK;
}

/* Both are reset by the kernel when credentials change, so they stand behind the last change. */
static enum status tie_to_parent(pid_t parent, struct error *e)
{
	int signal_number = 0;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
		prctl(PR_GET_PDEATHSIG, &signal_number) != 0 || signal_number != SIGKILL)
		return error_sys(e, E_DENIED, errno, "end with the parent");
	return check_parent(parent, e);
}

static void explain_landlock(int abi, char out[CONFINE_REASON_MAX])
{
	if (abi == 0)
		(void)snprintf(out, CONFINE_REASON_MAX, "%s",
			_("this kernel has none, or it is not switched on at boot"));
	else if (abi < LANDLOCK_ABI_NEEDED)
		(void)snprintf(out, CONFINE_REASON_MAX,
			_("this kernel has version %d, and version %d (Linux 6.2) is needed"), abi,
			LANDLOCK_ABI_NEEDED);
	else
		out[0] = '\0';
}

/* No call that opens a file is left to the sender, so no file is in reach on any kernel; Landlock
 * says so a second time where there is one, and names the ports. */
static enum status lock_to_network(
	const struct confine_request *r, struct confine_locks *locks, struct error *e)
{
	int abi = landlock_offered();
	TRY(uid_lock(r, &locks->own_uid, e));
	TRY(tie_to_parent(r->parent, e));
	if (abi >= LANDLOCK_ABI_NEEDED) {
		TRY(landlock_lock(abi, -1, r, e));
		locks->landlock_abi = abi;
	}
	return OK;
}

/* Landlock covers the thread that calls it; there is only this one. */
static enum status lock_outside(const struct confine_request *r, struct confine_locks *locks,
	int *out_folder_fd, struct error *e)
{
	struct mountns mounts;
	if (r->reach == CONFINE_REACH_NETWORK)
		return lock_to_network(r, locks, e);
	TRY(mountns_lock(r->folder_fd, r->reach, &mounts, e));
	int abi = landlock_offered();
	struct confine_reasons why_not = { .landlock = "" };
	explain_landlock(abi, why_not.landlock);
	memcpy(why_not.mount_namespace, mounts.why_not, sizeof mounts.why_not);
	if (!mounts.in_force && abi < LANDLOCK_ABI_NEEDED)
		return error_set(e, E_DENIED,
			"nothing here can lock the outside away, so no drill can run. Landlock: "
			"%s. "
			"Mount namespace: %s",
			why_not.landlock, why_not.mount_namespace);
	if (r->why_not != NULL)
		*r->why_not = why_not;
	AUTO_FD int folder_fd = r->reach == CONFINE_REACH_FOLDER ? r->folder_fd : -1;
	if (mounts.in_force && r->reach == CONFINE_REACH_FOLDER) {
		(void)close(folder_fd); /* it belongs to the tree that is gone */
		folder_fd = mounts.folder_fd;
	}
	locks->mount_namespace = mounts.in_force;
	TRY(uid_lock(r, &locks->own_uid, e));
	TRY(tie_to_parent(r->parent, e));
	if (abi >= LANDLOCK_ABI_NEEDED) {
		TRY(landlock_lock(abi, folder_fd, r, e));
		locks->landlock_abi = abi;
	}
	*out_folder_fd = TAKE_FD(folder_fd);
	return OK;
}

enum status confine_enter(const struct confine_request *r, struct confine_locks *out_locks,
	int *out_folder_fd, struct error *e)
{
	struct confine_locks locks = { .landlock_abi = 0 };
	int folder_fd = -1;
	TRY(check_request(r, e));
	TRY(check_single_threaded(e));
	TRY(check_parent(r->parent, e));
	TRY(restrict_descriptors(r, e));
	TRY(restrict_resources(r, e));
	TRY(lock_outside(r, &locks, &folder_fd, e));
	locks.no_new_privileges = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	if (!locks.no_new_privileges)
		return error_set(e, E_DENIED, "new privileges could still be had");
	TRY(check_parent(r->parent, e));
	TRY(calls_lock(r, e));
	locks.seccomp = true;
	*out_locks = locks;
	*out_folder_fd = folder_fd;
	return OK;
}

void confine_lock_names(const struct confine_locks *locks,
	void (*each)(const char *name, void *context), void *context)
{
	char landlock[24];
	(void)snprintf(landlock, sizeof landlock, "landlock:%d", locks->landlock_abi);
	if (locks->landlock_abi > 0)
		each(landlock, context);
	if (locks->mount_namespace)
		each("mount-namespace", context);
	if (locks->seccomp)
		each("seccomp", context);
	if (locks->own_uid)
		each("uid", context);
	if (locks->no_new_privileges)
		each("no-new-privileges", context);
}
