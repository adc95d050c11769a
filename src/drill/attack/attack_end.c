/*
 * How an attack ended. Only what another process did to a healthy emulator is containment: SIGKILL,
 * SIGTERM or a stop signal, with no memory kill counted meanwhile. A limit, a forbidden system call
 * or any other fault is ours and voids the run.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/i18n.h"
#include "drill/attack/emulate.h"
#include "sys/file.h"

#define KERNEL_TEXT_MAX (64 * KIB)

void role_ending_look(const struct role_process *role, struct role_ending *out)
{
	siginfo_t info = { 0 };
	*out = (struct role_ending){ 0 };
	/* WNOWAIT: reaping is role_end's. */
	if (waitid(P_PIDFD, (id_t)role->pid_fd, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) !=
			0 ||
		info.si_pid == 0)
		return;
	switch (info.si_code) {
	case CLD_EXITED:
		out->has_ended = true;
		out->exit_status = info.si_status;
		break;
	case CLD_KILLED:
	case CLD_DUMPED:
		out->has_ended = true;
		out->was_killed = true;
		out->signal = info.si_status;
		break;
	case CLD_STOPPED:
		out->is_stopped = true;
		out->signal = info.si_status;
		break;
	default:
		break;
	}
}

/* --- held by another process --- */

/* Also a process that is being traced to a stop ("t"): see proc(5). */
static bool is_stopped_now(pid_t pid)
{
	char path[64];
	AUTO_BUF struct buf text;
	buf_init(&text, 0);
	(void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	if (file_read_all(AT_FDCWD, path, KERNEL_TEXT_MAX, &text, NULL) != OK)
		return false;
	const char *name_end = strrchr(buf_text(&text), ')'); /* the name may hold anything */
	return name_end != NULL && name_end[1] == ' ' && (name_end[2] == 'T' || name_end[2] == 't');
}

static bool says(const char *folder, struct view group, const char *file, const char *wanted)
{
	char path[PATH_MAX];
	AUTO_BUF struct buf text;
	buf_init(&text, 0);
	int n = snprintf(path, sizeof path, "%s%.*s/%s", folder, VIEW_ARGS(group), file);
	if (n < 0 || (size_t)n >= sizeof path ||
		file_read_all(AT_FDCWD, path, KERNEL_TEXT_MAX, &text, NULL) != OK)
		return false;
	return strstr(buf_text(&text), wanted) != NULL;
}

/* One line of /proc/PID/cgroup: number, controllers, group (cgroups(7)). */
static bool is_frozen_group(struct view line)
{
	struct view number = view_cut(&line, ':');
	struct view controllers = view_cut(&line, ':');
	if (controllers.len == 0 && view_is(number, "0"))
		return says("/sys/fs/cgroup", line, "cgroup.events", "frozen 1") ||
		       says("/sys/fs/cgroup/unified", line, "cgroup.events", "frozen 1");
	return view_is(controllers, "freezer") &&
	       says("/sys/fs/cgroup/freezer", line, "freezer.state", "FROZEN");
}

bool role_is_held(pid_t pid)
{
	char path[64];
	AUTO_BUF struct buf text;
	buf_init(&text, 0);
	if (pid <= 0)
		return false;
	if (is_stopped_now(pid))
		return true;
	(void)snprintf(path, sizeof path, "/proc/%ld/cgroup", (long)pid);
	if (file_read_all(AT_FDCWD, path, KERNEL_TEXT_MAX, &text, NULL) != OK)
		return false;
	struct view rest = buf_view(&text);
	while (rest.len > 0)
		if (is_frozen_group(view_cut(&rest, '\n')))
			return true;
	return false;
}

/* --- what an end means --- */

enum attack_end attack_end_of_death(const struct role_ending *ending, bool memory_kill_counted)
{
	if (!ending->was_killed)
		return ATTACK_FAILED;
	switch (ending->signal) {
	case SIGKILL:
		return memory_kill_counted ? ATTACK_MEMORY_KILL : ATTACK_KILLED;
	case SIGTERM:
		return ATTACK_KILLED;
	case SIGXFSZ:
	case SIGXCPU:
		return ATTACK_LIMIT;
	default:
		return ATTACK_CRASHED;
	}
}

/* Where the run came to its end although most of it could not be done, it was stopped by whoever
 * holds the decoys. */
static bool was_blocked(const struct attack_outcome *out)
{
	uint32_t resisted = out->n_missing + out->n_refused + out->n_foreign;
	return resisted > 0 && resisted >= out->n_changed - out->n_unfinished;
}

enum attack_end attack_end_of_reason(const struct attack *a)
{
	/* A commit of our own that took as long as the lease: the disk is what stopped the run. */
	static const int64_t slow_commit_ns = 700 * NS_PER_MS;
	switch (a->reason) {
	case EMULATE_COMPLETED:
		return was_blocked(a->out) ? ATTACK_BLOCKED : ATTACK_COMPLETED;
	case EMULATE_STOPPED:
		return a->asked_boot_ns >= 0 ? a->asked_as : ATTACK_FAILED;
	case EMULATE_LEASE_OVER:
		return a->slowest_commit_ns > slow_commit_ns ? ATTACK_PRESSURE : ATTACK_LEASE_LOST;
	case EMULATE_READ_ONLY:
		return ATTACK_READ_ONLY;
	case EMULATE_NO_SPACE:
	case EMULATE_OVER_BUDGET:
		return ATTACK_BUDGET;
	case EMULATE_BLOCKED:
		return ATTACK_BLOCKED;
	case EMULATE_GOES_ON:
	case EMULATE_CHANNEL_LOST:
	case EMULATE_FAULTY:
		break;
	}
	return ATTACK_FAILED;
}

const char *attack_end_sentence(enum attack_end end)
{
	switch (end) {
	case ATTACK_COMPLETED:
		return "";
	case ATTACK_STOP_ASKED:
		return _("stopped on request");
	case ATTACK_LEASE_LOST:
		return _("the emulator's lease was not renewed in time");
	case ATTACK_BUDGET:
		return _("the budget was used up, or the disk is full");
	case ATTACK_PRESSURE:
		return _("the disk took too long to write the journal");
	case ATTACK_KILLED:
		return _("another process ended the emulator");
	case ATTACK_FROZEN:
		return _("another process stopped the emulator without ending it");
	case ATTACK_READ_ONLY:
		return _("the arena was made read-only");
	case ATTACK_BLOCKED:
		return _("the decoys were refused, exchanged or gone");
	case ATTACK_CRASHED:
		return _("the emulator crashed or made a forbidden system call");
	case ATTACK_MEMORY_KILL:
		return _("the kernel ended the emulator for want of memory");
	case ATTACK_LIMIT:
		return _("the emulator reached one of its resource limits");
	case ATTACK_FAILED:
		return _("the emulator failed");
	}
	return "";
}
