/*
 * Which locks there will be, found out by putting them on in a child that then ends. A table of
 * kernel versions would be guessing.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "sys/confine.h"
#include "sys/file.h"

enum { PROBE_FILE_BYTES = 4096 };

struct probe_answer {
	struct error error;
	struct confine_locks locks;
	struct confine_reasons why_not;
};

static enum status confine_child(
	const struct confine_request *r, struct confine_locks *locks, struct error *e)
{
	int folder_fd = -1;
	TRY(confine_enter(r, locks, &folder_fd, e));
	/* The role must be able to work in the folder that it is left with. */
	int again = -1;
	TRY(file_open_beneath(folder_fd, ".", O_RDONLY | O_DIRECTORY, 0, &again, e));
	return OK;
}

_Noreturn static void answer(struct confine_request *r, int answer_fd)
{
	struct probe_answer a = { .error = ERROR_NONE };
	/* This process ends here, and *r with it. */
	/* cppcheck-suppress autoVariables */
	r->why_not = &a.why_not;
	(void)confine_child(r, &a.locks, &a.error);
	ssize_t n = write(answer_fd, &a, sizeof a);
	_exit(n == (ssize_t)sizeof a ? 0 : 1);
}

static enum status read_answer(int fd, pid_t pid, struct probe_answer *a, struct error *e)
{
	ssize_t n;
	do
		n = read(fd, a, sizeof *a);
	while (n < 0 && errno == EINTR);
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (n == (ssize_t)sizeof *a)
		return OK;
	return error_set(e, E_FAILED, "the process that tried the locks ended by signal %d",
		WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

enum status confine_probe(int folder_fd, uid_t uid, gid_t gid, struct confine_locks *out,
	struct confine_reasons *out_why_not, struct error *e)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_sys(e, E_FAILED, errno, "make a pipe");
	AUTO_FD int read_end = ends[0];
	AUTO_FD int write_end = ends[1];
	struct confine_request r = {
		.calls = CONFINE_CALLS_EMULATOR,
		.reach = CONFINE_REACH_FOLDER,
		.folder_fd = folder_fd,
		.uid = uid,
		.gid = gid,
		.max_file_bytes = PROBE_FILE_BYTES,
		.parent = getpid(),
		.keep_fds = &ends[1],
		.n_keep_fds = 1,
	};
	pid_t pid = FAULT("probe_fork") ? -1 : fork();
	if (pid == 0)
		answer(&r, write_end);
	if (pid < 0)
		return error_sys(e, E_FAILED, errno, "start a process to try the locks");
	(void)close(TAKE_FD(write_end));
	struct probe_answer a;
	TRY(read_answer(read_end, pid, &a, e));
	if (a.error.status != OK) {
		if (e != NULL)
			*e = a.error;
		return a.error.status;
	}
	*out = a.locks;
	*out_why_not = a.why_not;
	return OK;
}
