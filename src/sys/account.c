/*
 * Accounts and groups by the C library's databases (nsswitch.conf(5)), and a process that has one
 * account's rights alone.
 */
#include "sys/account.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "sys/file.h"

static bool is_listed_alone(const struct group *g, uid_t uid)
{
	for (char **name = g->gr_mem; *name != NULL; name++) {
		/* A name without an account may be given out again tomorrow. */
		const struct passwd *who = getpwnam(*name);
		if (who == NULL || (who->pw_uid != uid && who->pw_uid != 0))
			return false;
	}
	return true;
}

static bool is_primary_of_others(gid_t gid, uid_t uid)
{
	bool found = false;
	setpwent();
	for (const struct passwd *who = getpwent(); who != NULL && !found; who = getpwent())
		found = who->pw_gid == gid && who->pw_uid != uid && who->pw_uid != 0;
	endpwent();
	return found;
}

bool account_group_is_private(gid_t gid, uid_t uid)
{
	const struct passwd *owner = getpwuid(uid);
	const struct group *g = getgrgid(gid);
	if (owner == NULL || g == NULL || owner->pw_gid != gid)
		return false;
	return strcmp(owner->pw_name, g->gr_name) == 0 && is_listed_alone(g, uid) &&
	       !is_primary_of_others(gid, uid);
}

bool account_exists(uid_t uid)
{
	return getpwuid(uid) != NULL;
}

struct answer {
	enum status status;
	struct error error;
};

static enum status become(uid_t uid, gid_t gid, struct error *e)
{
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
		setresuid(uid, uid, uid) != 0)
		return error_sys(e, E_DENIED, errno, "take the uid %u", uid);
	if (setuid(0) == 0)
		return error_set(e, E_DENIED, "the way back is open");
	return OK;
}

static enum status read_answer(int fd, pid_t child, struct error *e)
{
	struct answer answer = { .status = E_FAILED };
	size_t got = 0;
	while (got < sizeof answer) {
		ssize_t n = read(fd, (char *)&answer + got, sizeof answer - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (got < sizeof answer)
		return error_set(e, E_FAILED, "the process with another account's rights died");
	if (answer.status != OK && e != NULL)
		*e = answer.error;
	return answer.status;
}

enum status account_do_as(uid_t uid, enum status (*work)(void *context, struct error *e),
	void *context, struct error *e)
{
	if (uid == geteuid())
		return work(context, e);
	const struct passwd *who = getpwuid(uid);
	if (who == NULL)
		return error_set(e, E_DENIED, "uid %u has no account here", uid);
	gid_t gid = who->pw_gid;
	int ends[2];
	if (FAULT("account_pipe") || pipe2(ends, O_CLOEXEC) != 0)
		return error_sys(e, E_FAILED, errno, "make a pipe");
	AUTO_FD int read_fd = ends[0];
	AUTO_FD int write_fd = ends[1];
	pid_t child = fork();
	if (child < 0)
		return error_sys(e, E_FAILED, errno, "start a process");
	if (child == 0) {
		struct answer answer = { .error = ERROR_NONE };
		answer.status = become(uid, gid, &answer.error);
		if (answer.status == OK)
			answer.status = work(context, &answer.error);
		/* Where this fails, the parent finds the answer missing. */
		_exit(file_write_all(write_fd, &answer, sizeof answer, NULL) == OK ? 0 : 1);
	}
	(void)close(write_fd);
	write_fd = -1;
	return read_answer(read_fd, child, e);
}
