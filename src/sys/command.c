/*
 * One program of the user's, watched until it ends. It gets nothing of ours but /dev/null, one pipe
 * for its output and its environment; what it starts itself stays in its process group.
 */
#include "sys/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/fault.h"

#define TICK_NS (100 * NS_PER_MS)
#define GRACE_NS (5 * NS_PER_S)
/* Where somebody asked to stop, all is over within a second: one tick, this, and one tick more. */
#define EARLY_GRACE_NS (500 * NS_PER_MS)
enum { READ_BYTES = 8192, TELL_FD = 3, READS_PER_TURN = 64 };

enum trouble { TROUBLE_FOLDER = 1, TROUBLE_EXEC = 2, TROUBLE_SETUP = 3 };
struct tale {
	int trouble;
	int errno_value;
};

_Noreturn static void tell_and_exit(int fd, enum trouble trouble)
{
	struct tale tale = { .trouble = (int)trouble, .errno_value = errno };
	ssize_t n = write(fd, &tale, sizeof tale);
	_exit(n < 0 ? 126 : 127);
}

/* The child: only calls of signal-safety(7), and execvpe, which does not allocate for short names.
 */
_Noreturn static void become(const struct command *c, pid_t parent, int output_fd, int tell_fd)
{
	/* The guard ends the whole group; this covers the moment before it stands. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(126);
	for (int s = 1; s < NSIG; s++)
		(void)signal(s, SIG_DFL);
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setpgid(0, 0);
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* Out of the way of 0 to 3 first: any of them may have been closed in our parent. */
	int output = fcntl(output_fd, F_DUPFD_CLOEXEC, TELL_FD + 1);
	int tell = fcntl(tell_fd, F_DUPFD_CLOEXEC, TELL_FD + 1);
	if (nothing < 0 || output < 0 || tell < 0 || dup2(nothing, STDIN_FILENO) < 0 ||
		dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0 ||
		dup3(tell, TELL_FD, O_CLOEXEC) < 0 || close_range(TELL_FD + 1, ~0U, 0) != 0)
		tell_and_exit(tell_fd, TROUBLE_SETUP);
	if (nothing == STDIN_FILENO)
		(void)fcntl(STDIN_FILENO, F_SETFD, 0);
	if (c->folder != NULL && chdir(c->folder) != 0)
		tell_and_exit(TELL_FD, TROUBLE_FOLDER);
	(void)execvpe(c->argv[0], c->argv, c->envp != NULL ? c->envp : environ);
	tell_and_exit(TELL_FD, TROUBLE_EXEC);
}

/* A process in the program's group that outlives us only to end that group: a program of the user's
 * must not go on where the run that started it was killed. In the group, so that the group's number
 * cannot become another's meanwhile. */
_Noreturn static void guard(pid_t group, int alive_fd)
{
	sigset_t all;
	char byte;
	ssize_t n;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)prctl(PR_SET_NAME, "tocsin-guard");
	if (setpgid(0, group) != 0 || dup2(alive_fd, STDIN_FILENO) < 0 ||
		close_range(STDIN_FILENO + 1, ~0U, 0) != 0)
		_exit(1);
	do
		n = read(STDIN_FILENO, &byte, 1);
	while (n < 0 && errno == EINTR);
	(void)kill(0, SIGKILL); /* this process too */
	_exit(0);
}

struct running {
	const struct command *command;
	struct buf *output;
	struct command_result result;
	pid_t pid;
	int pid_fd;
	int output_fd; /* -1: closed at the other end */
	pid_t guard_pid;
	int alive_fd; /* closed by our death: the guard's word */
	int64_t started_ns;
	int64_t ending_since_ns; /* SIGTERM was sent; -1 */
	bool killed;
};

/* execvpe answers EACCES too where only a folder of PATH could not be searched: then the program is
 * just as absent. */
static bool is_in_path(const char *name)
{
	struct view rest = view_of(getenv("PATH"));
	if (strchr(name, '/') != NULL)
		return true;
	while (rest.len > 0) {
		struct view folder = view_cut(&rest, ':');
		char path[4096];
		struct stat st;
		(void)snprintf(path, sizeof path, "%.*s/%s", VIEW_ARGS(folder), name);
		if (stat(path, &st) == 0)
			return true;
	}
	return false;
}

static enum status hear_the_tale(int fd, const struct command *c, struct error *e)
{
	struct tale tale;
	ssize_t n;
	do
		n = read(fd, &tale, sizeof tale);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return OK;
	if (n != sizeof tale)
		return error_set(e, E_FAILED, "start '%s'", c->argv[0]);
	if (tale.trouble == TROUBLE_FOLDER)
		return error_sys(e, E_FAILED, tale.errno_value, "enter the folder '%s'", c->folder);
	bool absent = tale.trouble == TROUBLE_EXEC &&
		      (tale.errno_value == ENOENT || tale.errno_value == ENOTDIR ||
			      (tale.errno_value == EACCES && !is_in_path(c->argv[0])));
	return error_sys(
		e, absent ? E_ABSENT : E_FAILED, tale.errno_value, "start '%s'", c->argv[0]);
}

static enum status start_guard(struct running *r, struct error *e)
{
	int alive[2];
	if (pipe2(alive, O_CLOEXEC) != 0)
		return error_sys(e, E_FAILED, errno, "make a pipe");
	AUTO_FD int alive_read = alive[0];
	r->alive_fd = alive[1];
	r->guard_pid = FAULT("command_guard") ? -1 : fork();
	if (r->guard_pid == 0)
		guard(r->pid, alive_read);
	if (r->guard_pid < 0)
		return error_sys(e, E_FAILED, errno, "start '%s'", r->command->argv[0]);
	/* Both sides, as for the program. */
	(void)setpgid(r->guard_pid, r->pid);
	return OK;
}

/* Before its pipe is closed: what the program left in the background lives on. */
static void end_guard(struct running *r)
{
	if (r->guard_pid > 0) {
		(void)kill(r->guard_pid, SIGKILL);
		while (waitpid(r->guard_pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	auto_fd(&r->alive_fd);
}

static enum status start(struct running *r, struct error *e)
{
	int output[2];
	int tell[2];
	if (pipe2(output, O_CLOEXEC) != 0)
		return error_sys(e, E_FAILED, errno, "make a pipe");
	AUTO_FD int output_read = output[0];
	AUTO_FD int output_write = output[1];
	if (pipe2(tell, O_CLOEXEC) != 0)
		return error_sys(e, E_FAILED, errno, "make a pipe");
	AUTO_FD int tell_read = tell[0];
	AUTO_FD int tell_write = tell[1];
	r->started_ns = clock_boot_ns(NULL);
	pid_t parent = getpid();
	r->pid = FAULT("command_fork") ? -1 : fork();
	if (r->pid == 0)
		become(r->command, parent, output_write, tell_write);
	if (r->pid < 0)
		return error_sys(e, E_FAILED, errno, "start '%s'", r->command->argv[0]);
	(void)setpgid(r->pid, r->pid); /* both sides, so that the group is there for either */
	TRY(start_guard(r, e));
	(void)close(TAKE_FD(tell_write));
	(void)close(TAKE_FD(output_write));
	enum status status = hear_the_tale(tell_read, r->command, e);
	if (status == OK && (r->pid_fd = pidfd_open(r->pid, 0)) < 0)
		status = error_sys(e, E_FAILED, errno, "watch '%s'", r->command->argv[0]);
	if (status == OK && fcntl(output_read, F_SETFL, O_NONBLOCK) != 0)
		status = error_sys(e, E_FAILED, errno, "set up a pipe");
	if (status == OK)
		r->output_fd = TAKE_FD(output_read);
	return status;
}

/* Takes what is there, for a bounded time; beyond the ceiling it is read and dropped. */
static void drain(struct running *r)
{
	char bytes[READ_BYTES];
	for (int i = 0; i < READS_PER_TURN && r->output_fd >= 0; i++) {
		ssize_t n = read(r->output_fd, bytes, sizeof bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			(void)close(TAKE_FD(r->output_fd));
			return;
		}
		size_t room = r->output->ceiling - r->output->len;
		buf_add_bytes(r->output, bytes, (size_t)n < room ? (size_t)n : room);
		r->output->failed = false; /* short memory cuts it as a ceiling does */
	}
}

static void end_group(struct running *r, int64_t now_ns)
{
	if (r->ending_since_ns < 0) {
		r->ending_since_ns = now_ns;
		(void)kill(-r->pid, SIGTERM);
	} else if (!r->killed && now_ns - r->ending_since_ns >=
					 (r->result.ended_early ? EARLY_GRACE_NS : GRACE_NS)) {
		r->killed = true;
		(void)kill(-r->pid, SIGKILL);
	}
}

/* Once about every TICK_NS. */
static void look_after(struct running *r, int64_t now_ns)
{
	const struct command *c = r->command;
	if (r->ending_since_ns < 0) {
		if (c->limit_ns > 0 && now_ns - r->started_ns >= c->limit_ns)
			r->result.timed_out = true;
		else if (c->tick != NULL && c->tick(c->context))
			r->result.ended_early = true;
	}
	if (r->result.timed_out || r->result.ended_early)
		end_group(r, now_ns);
}

static int64_t next_look_ns(const struct running *r, int64_t next_tick_ns)
{
	int64_t limit_ns = r->command->limit_ns;
	if (r->ending_since_ns < 0 && limit_ns > 0 && r->started_ns + limit_ns < next_tick_ns)
		return r->started_ns + limit_ns;
	return next_tick_ns;
}

static void wait_for_end(struct running *r)
{
	int64_t next_tick_ns = r->started_ns + TICK_NS;
	for (;;) {
		int64_t now_ns = clock_boot_ns(NULL);
		if (now_ns >= next_look_ns(r, next_tick_ns)) {
			look_after(r, now_ns);
			next_tick_ns = now_ns + TICK_NS;
		}
		int64_t left_ns = next_look_ns(r, next_tick_ns) - clock_boot_ns(NULL);
		struct pollfd fds[2] = { { .fd = r->pid_fd, .events = POLLIN },
			{ .fd = r->output_fd, .events = POLLIN } };
		int timeout_ms = left_ns <= 0 ? 0 : (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS);
		if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR)
			return;
		drain(r);
		if ((fds[0].revents & POLLIN) != 0)
			return;
	}
}

/* The leader has ended but is not reaped, so its number still names its group. */
static enum status reap(struct running *r, struct error *e)
{
	if (r->ending_since_ns >= 0)
		(void)kill(-r->pid, SIGKILL);
	int status = 0;
	pid_t got;
	do
		got = waitpid(r->pid, &status, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return error_sys(e, E_FAILED, errno, "learn how '%s' ended", r->command->argv[0]);
	r->result.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	r->result.took_ns = clock_boot_ns(NULL) - r->started_ns;
	return OK;
}

enum status command_run(
	const struct command *c, struct buf *output, struct command_result *out, struct error *e)
{
	if (c->argv == NULL || c->argv[0] == NULL || c->argv[0][0] == '\0')
		return error_set(e, E_INVALID, "the command names no program");
	struct running r = {
		.command = c,
		.output = output,
		.pid = -1,
		.pid_fd = -1,
		.output_fd = -1,
		.alive_fd = -1,
		.ending_since_ns = -1,
	};
	enum status status = start(&r, e);
	if (status == OK) {
		wait_for_end(&r);
		drain(&r);
		status = reap(&r, e);
	} else if (r.pid > 0) {
		(void)kill(r.pid, SIGKILL);
		(void)waitpid(r.pid, NULL, 0);
	}
	end_guard(&r);
	auto_fd(&r.pid_fd);
	auto_fd(&r.output_fd);
	if (status == OK)
		*out = r.result;
	return status;
}
