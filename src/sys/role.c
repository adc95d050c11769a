/*
 * Re-executing ourselves as a role, and the role's entrance. Between fork and exec only calls that
 * signal-safety(7) lists are made, since the conductor may have threads.
 */
#include "sys/role.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "sys/sanitizer.h"

#if SANITIZED_THREADS
/* What the thread sanitizer does to tell of a race must pass a role's system call filter: it names
 * addresses (looking up their lines would start a program), does not ask whether descriptor 2 is a
 * terminal, and ends the process at once, since a role leaves by _exit. */
__attribute__((visibility("default"))) const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "symbolize=0:color=never:halt_on_error=1";
}
#endif

enum { EXIT_REFUSED = 2, FIRST_SAFE_FD = 64, ENVIRONMENT_MAX = 6, ARGUMENTS = 5 };

/* What the child needs, made before the fork. */
struct launch {
	int fds[ROLE_FDS_MAX + 2]; /* channel, the caller's, and the pipe that tells exec's errno */
	size_t n_fds;
	char *argv[ARGUMENTS + 1];
	char *envp[ENVIRONMENT_MAX + 1];
	pid_t parent;
};

/* Tells the parent which errno it was, on descriptor `tell`. */
_Noreturn static void launch_failed(int tell)
{
	int errno_value = errno;
	ssize_t n = write(tell, &errno_value, sizeof errno_value);
	_exit(n < 0 ? EXIT_REFUSED + 1 : EXIT_REFUSED);
}

/* The numbers may overlap with the ones that they go to: first all out of the way. */
static void place_descriptors(struct launch *l)
{
	int tell = l->fds[l->n_fds - 1];
	for (size_t i = 0; i < l->n_fds; i++) {
		l->fds[i] = fcntl(l->fds[i], F_DUPFD_CLOEXEC, FIRST_SAFE_FD);
		/* EINVAL: the limit on open files lies below that number. */
		if (l->fds[i] < 0 && errno == EINVAL)
			errno = EMFILE;
		if (l->fds[i] < 0)
			launch_failed(tell);
	}
	tell = l->fds[l->n_fds - 1];
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nothing < 0)
		launch_failed(tell);
	for (int fd = 0; fd < ROLE_CHANNEL_FD; fd++) {
		bool keep_for_reports = SANITIZED && fd == STDERR_FILENO;
		if (!keep_for_reports && dup2(nothing, fd) < 0)
			launch_failed(tell);
	}
	for (size_t i = 0; i + 1 < l->n_fds; i++)
		if (dup2(l->fds[i], ROLE_CHANNEL_FD + (int)i) < 0)
			launch_failed(tell);
	int last = ROLE_CHANNEL_FD + (int)l->n_fds - 1;
	if (dup3(tell, last, O_CLOEXEC) < 0)
		launch_failed(tell);
	if (close_range((unsigned)last + 1, ~0U, 0) != 0)
		launch_failed(last);
	l->fds[l->n_fds - 1] = last;
}

static void reset_signals(void)
{
	for (int s = 1; s < NSIG; s++)
		(void)signal(s, SIG_DFL); /* SIGKILL, SIGSTOP and glibc's own refuse: right so */
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void launch(struct launch *l)
{
	reset_signals();
	(void)setsid(); /* Ctrl-C is for the conductor, which then stops its roles in order */
	place_descriptors(l);
	int tell = l->fds[l->n_fds - 1];
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		launch_failed(tell);
	if (getppid() != l->parent) {
		errno = ESRCH;
		launch_failed(tell);
	}
	(void)execve("/proc/self/exe", l->argv, l->envp);
	launch_failed(tell);
}

/* The environment is empty but for what test builds hand on. */
static void choose_environment(struct launch *l)
{
	static const char *const handed_on[] = {
#ifdef TOCSIN_FAULTS
		"TOCSIN_FAULT",
#endif
#if SANITIZED
		"ASAN_OPTIONS",
		"UBSAN_OPTIONS",
		"TSAN_OPTIONS",
		"LSAN_OPTIONS",
#endif
		NULL
	};
	size_t n = 0;
	for (size_t i = 0; handed_on[i] != NULL && n < ENVIRONMENT_MAX; i++) {
		char *value = getenv(handed_on[i]);
		if (value != NULL)
			l->envp[n++] = value - strlen(handed_on[i]) - 1;
	}
	l->envp[n] = NULL;
}

/* Blocks until exec went well (the pipe closes) or the child told why not. */
static enum status wait_for_exec(int pipe_fd, const char *role, struct error *e)
{
	int errno_value = 0;
	ssize_t n;
	do
		n = read(pipe_fd, &errno_value, sizeof errno_value);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return OK;
	return error_sys(e, E_FAILED, n == sizeof errno_value ? errno_value : EIO,
		"start the process '%s'", role);
}

static enum status start_child(
	struct launch *l, const char *role, struct role_process *p, struct error *e)
{
	int tell[2];
	if (pipe2(tell, O_CLOEXEC) != 0)
		return error_sys(e, E_FAILED, errno, "make a pipe");
	AUTO_FD int listen_fd = tell[0];
	AUTO_FD int tell_fd = tell[1];
	l->fds[l->n_fds++] = tell_fd;
	p->pid = FAULT("role_fork") ? -1 : fork();
	if (p->pid == 0)
		launch(l);
	if (p->pid < 0)
		return error_sys(e, E_FAILED, errno, "start the process '%s'", role);
	(void)close(TAKE_FD(tell_fd));
	p->pid_fd = pidfd_open(p->pid, 0);
	if (p->pid_fd < 0)
		return error_sys(e, E_FAILED, errno, "watch the process '%s'", role);
	return wait_for_exec(listen_fd, role, e);
}

enum status role_spawn(const struct role_start *start, struct role_process *out, struct error *e)
{
	if (start->n_fds > ROLE_FDS_MAX)
		return error_set(e, E_INVALID, "too many descriptors for a role");
	int pair[2];
	if (FAULT("role_channel") ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return error_sys(e, E_FAILED, errno, "make a channel");
	AUTO_FD int theirs = pair[1];
	struct role_process p = { .pid = -1, .pid_fd = -1, .channel_fd = pair[0] };
	char n_text[16];
	char parent_text[16];
	struct launch l = { .fds = { theirs }, .n_fds = 1, .parent = getpid() };
	for (size_t i = 0; i < start->n_fds; i++)
		l.fds[l.n_fds++] = start->fds[i];
	(void)snprintf(n_text, sizeof n_text, "%zu", start->n_fds);
	(void)snprintf(parent_text, sizeof parent_text, "%d", (int)l.parent);
	AUTO_FREE char *process_name = strdup(start->process_name);
	AUTO_FREE char *role = strdup(start->role);
	enum status status = OK;
	if (process_name == NULL || role == NULL)
		status = error_sys(e, E_NO_SPACE, ENOMEM, "start the process '%s'", start->role);
	else if (fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0)
		status = error_sys(e, E_FAILED, errno, "set up a channel");
	char as[] = "--as";
	char *argv[ARGUMENTS + 1] = { process_name, as, role, n_text, parent_text, NULL };
	memcpy(l.argv, argv, sizeof argv);
	choose_environment(&l);
	if (status == OK)
		status = start_child(&l, start->role, &p, e);
	if (status != OK) {
		role_end(&p);
		return status;
	}
	*out = p;
	return OK;
}

void role_end(struct role_process *p)
{
	if (p->channel_fd >= 0)
		(void)close(TAKE_FD(p->channel_fd));
	if (p->pid_fd >= 0) {
		/* ESRCH and ECHILD: it ended, or the caller reaped it. A pidfd never means another.
		 */
		(void)pidfd_send_signal(p->pid_fd, SIGKILL, NULL, 0);
		siginfo_t info;
		while (waitid(P_PIDFD, (id_t)p->pid_fd, &info, WEXITED) != 0 && errno == EINTR)
			continue;
		(void)close(TAKE_FD(p->pid_fd));
	} else if (p->pid > 0) {
		/* No pidfd could be had: the child is not reaped yet, so the number is still its
		 * own. */
		(void)kill(p->pid, SIGKILL);
		while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	p->pid = -1;
}

/* --- in the role --- */

/* Set once at the entrance, before any thread: the one thing a role must know of its past. */
static pid_t *parent_slot(void)
{
	static pid_t parent = -1;
	return &parent;
}

pid_t role_parent(void)
{
	return *parent_slot();
}

static bool is_channel(int fd, pid_t parent)
{
	int type = 0;
	int domain = 0;
	socklen_t n = sizeof type;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) != 0 || type != SOCK_SEQPACKET)
		return false;
	n = sizeof domain;
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) != 0 || domain != AF_UNIX)
		return false;
	struct ucred made_by;
	n = sizeof made_by;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &made_by, &n) == 0 && made_by.pid == parent;
}

static bool read_call(int argc, char **argv, size_t *out_n_fds, pid_t *out_parent)
{
	unsigned long long n_fds = 0;
	unsigned long long parent = 0;
	if (argc != ARGUMENTS || !view_to_u64(view_of(argv[3]), &n_fds) || n_fds > ROLE_FDS_MAX ||
		!view_to_u64(view_of(argv[4]), &parent) || parent < 1 || parent > INT32_MAX)
		return false;
	*out_n_fds = (size_t)n_fds;
	*out_parent = (pid_t)parent;
	if (getppid() != *out_parent || !is_channel(ROLE_CHANNEL_FD, *out_parent))
		return false;
	for (size_t i = 0; i < n_fds; i++)
		if (fcntl(ROLE_FIRST_FD + (int)i, F_GETFD) < 0)
			return false;
	return true;
}

bool role_dispatch(int argc, char **argv, const struct role *table, size_t n_rows, int *out_exit)
{
	if (argc < 2 || strcmp(argv[1], "--as") != 0)
		return false;
	*out_exit = EXIT_REFUSED;
	size_t n_fds = 0;
	pid_t parent = -1;
	if (!read_call(argc, argv, &n_fds, &parent))
		return true;
	for (size_t i = 0; i < n_rows; i++) {
		if (strcmp(table[i].name, argv[2]) != 0)
			continue;
		*parent_slot() = parent;
		/* exec gave us the name of the link that was executed. */
		(void)prctl(PR_SET_NAME, argv[0]);
		(void)signal(SIGPIPE, SIG_IGN);
		fault_from_environment();
		*out_exit = table[i].run(n_fds);
#if SANITIZED
		/* The leak checker would start a process, which the locks forbid. */
		_exit(*out_exit);
#endif
		return true;
	}
	return true;
}
