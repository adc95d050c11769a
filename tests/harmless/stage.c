/*
 * Building the stage and starting roles on it.
 */
#include "tests/harmless/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/file.h"
#include "sys/role.h"
#include "tests/lib/test.h"

enum { USER_ID = 65534, ROLE_LIMIT_MS = 20 * 1000 };

static void need(bool good, const char *what)
{
	if (good)
		return;
	test_fail(__FILE__, __LINE__, "%s: %s", what, strerror(errno));
	test_end();
}

void stage_simulate(enum combination combination)
{
	/* mount and umount2 stay, for the stage itself; a role never gets as far. */
	static const int mount_calls[] = { SCMP_SYS(unshare), SCMP_SYS(open_tree),
		SCMP_SYS(move_mount), SCMP_SYS(pivot_root) };
	static const int landlock_calls[] = { 444, 445, 446 };
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int rc = f == NULL ? -ENOMEM : 0;
	if (combination == LANDLOCK_ALONE || combination == NEITHER_LOCK)
		for (size_t i = 0; i < COUNT_OF(mount_calls) && rc == 0; i++)
			rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), mount_calls[i], 0);
	if (combination == MOUNTS_ALONE || combination == NEITHER_LOCK)
		for (size_t i = 0; i < COUNT_OF(landlock_calls) && rc == 0; i++)
			rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), landlock_calls[i], 0);
	if (rc == 0 && combination != BOTH_LOCKS)
		rc = seccomp_load(f);
	seccomp_release(f);
	errno = -rc;
	need(rc == 0, "simulate a kernel");
}

static pid_t start_bystander(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)pause();
	}
	need(pid > 0, "start a bystander");
	return pid;
}

void stage_enter(struct stage *s, bool as_root)
{
	memset(s, 0, sizeof *s);
	s->root = as_root;
	s->victim_fd = -1;
	if (as_root) {
		need(chmod(test_folder(), 0777) == 0, "open the test's folder");
		need(unshare(CLONE_NEWNS) == 0, "leave the mount namespace");
		need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private mounts");
	} else if (test_is_root()) {
		need(chown(test_folder(), USER_ID, USER_ID) == 0, "give the folder away");
		need(setgroups(0, NULL) == 0 && setresgid(USER_ID, USER_ID, USER_ID) == 0 &&
				setresuid(USER_ID, USER_ID, USER_ID) == 0,
			"become a user");
		need(prctl(PR_SET_DUMPABLE, 1) == 0, "become an ordinary process");
	}
	(void)snprintf(s->folder, sizeof s->folder, "%s", test_folder());
	(void)snprintf(s->outside, sizeof s->outside, "%.400s/outside", s->folder);
	(void)snprintf(s->arena, sizeof s->arena, "%.400s/arena", s->folder);
	struct error e;
	REQUIRE_OK(confine_pick_uid(4711, &s->uid, &s->gid, &e), e);
	need(chdir(s->folder) == 0, "enter the test's folder");
	s->bystander = start_bystander();
}

static void make_file(int folder_fd, const char *name)
{
	AUTO_FD int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	need(fd >= 0 && write(fd, "what was there", 14) == 14 && fchmod(fd, 0666) == 0, name);
}

static void make_folder(int folder_fd, const char *name, mode_t mode)
{
	need(mkdirat(folder_fd, name, mode) == 0 && fchmodat(folder_fd, name, mode, 0) == 0, name);
}

static void make_link(const struct stage *s, int arena_fd, const char *name, const char *target)
{
	(void)s;
	need(symlinkat(target, arena_fd, name) == 0, name);
}

static void plant_ways_out(struct stage *s, int arena_fd)
{
	char target[PATH_MAX + 64];
	make_link(s, arena_fd, "link-folder", s->outside);
	make_link(s, arena_fd, "race-link", s->outside);
	(void)snprintf(target, sizeof target, "%s/victim", s->outside);
	make_link(s, arena_fd, "link-file", target);
	need(linkat(AT_FDCWD, target, arena_fd, "hard", 0) == 0, "hard link");
	(void)snprintf(target, sizeof target, "/proc/%d/root%s/victim", (int)getpid(), s->outside);
	make_link(s, arena_fd, "magic-root", target);
	(void)snprintf(target, sizeof target, "/proc/%d/cwd/outside/victim", (int)getpid());
	make_link(s, arena_fd, "magic-cwd", target);
	s->victim_fd = open("outside/victim", O_RDWR | O_CLOEXEC);
	need(s->victim_fd >= 0, "victim");
	(void)snprintf(target, sizeof target, "/proc/%d/fd/%d", (int)getpid(), s->victim_fd);
	make_link(s, arena_fd, "magic-fd", target);
	make_folder(arena_fd, "bind", 0777);
	if (s->root)
		need(mount(s->outside, "arena/bind", NULL, MS_BIND, NULL) == 0, "bind mount");
}

void stage_build(struct stage *s)
{
	make_folder(AT_FDCWD, "outside", 0777);
	AUTO_FD int outside_fd = open("outside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make_file(outside_fd, "victim");
	make_file(outside_fd, "other");
	make_folder(outside_fd, "empty", 0777);
	(void)setxattr(
		"outside/victim", "user.mark", "1", 1, 0); /* not every file system has them */
	make_folder(AT_FDCWD, "arena", 0700);
	AUTO_FD int arena_fd = open("arena", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make_file(arena_fd, "decoy");
	make_folder(arena_fd, "race", 0777);
	AUTO_FD int race_fd = openat(arena_fd, "race", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make_file(race_fd, "victim");
	plant_ways_out(s, arena_fd);
	if (s->root)
		need(fchown(arena_fd, s->uid, s->gid) == 0 &&
				fchownat(arena_fd, "decoy", s->uid, s->gid, 0) == 0,
			"give the arena away");
}

void stage_clear(struct stage *s)
{
	if (s->victim_fd >= 0)
		(void)close(TAKE_FD(s->victim_fd));
	if (s->root)
		while (umount2("arena/bind", MNT_DETACH) == 0 || umount2("arena", MNT_DETACH) == 0)
			continue;
	static const char *const names[] = { "outside/victim", "outside/other",
		"outside/victim.locked", "outside/made", "arena/decoy", "arena/hard",
		"arena/link-file", "arena/link-folder", "arena/magic-root", "arena/magic-cwd",
		"arena/magic-fd", "arena/race/victim", "arena/race-link/victim", "arena/race",
		"arena/race-link", "arena/taken", "arena/linked" };
	static const char *const folders[] = { "outside/empty", "outside/made", "outside",
		"arena/race", "arena/race-link", "arena/bind", "arena" };
	/* Most are there; what is left over shows when the stage is built again. */
	for (size_t i = 0; i < COUNT_OF(names); i++)
		(void)unlink(names[i]);
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		(void)rmdir(folders[i]);
}

void stage_swap(struct stage *s, bool on)
{
	if (!on) {
		(void)kill(s->swapper, SIGKILL);
		(void)waitpid(s->swapper, NULL, 0);
		return;
	}
	s->swapper = fork();
	if (s->swapper == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			if (renameat2(AT_FDCWD, "arena/race", AT_FDCWD, "arena/race-link",
				    RENAME_EXCHANGE) != 0)
				_exit(1);
	}
	need(s->swapper > 0, "start the swapper");
}

/* --- trials --- */

static void take_packet(const struct packet *packet, struct trial *t)
{
	const struct view body = packet->body;
	if (packet->type == PROBE_REFUSED && body.len == sizeof t->error) {
		memcpy(&t->error, body.at, body.len);
		t->refused = true;
	} else if (packet->type == PROBE_READY && body.len == sizeof t->locks) {
		memcpy(&t->locks, body.at, body.len);
	} else if (packet->type == PROBE_RESULT && body.len == sizeof t->result) {
		memcpy(&t->result, body.at, body.len);
		t->answered = true;
	}
}

static void listen_until_end(struct role_process *process, struct trial *t)
{
	struct error e = ERROR_NONE;
	struct packet *packet = malloc(sizeof *packet);
	need(packet != NULL, "memory");
	enum status status = OK;
	bool in_time = true;
	while (status == OK && in_time) {
		status = packet_receive(process->channel_fd, ROLE_LIMIT_MS, packet, &in_time, &e);
		if (status == OK && in_time)
			take_packet(packet, t);
	}
	free(packet);
	if (status == OK)
		test_fail(__FILE__, __LINE__, "the role did not end");
	else
		need(waitpid(process->pid, &t->wait_status, 0) == process->pid, "wait");
	role_end(process);
}

struct trial stage_try(const struct stage *s, struct probe_order order)
{
	struct trial t;
	struct error e;
	memset(&t, 0, sizeof t);
	order.bystander = s->bystander;
	order.uid = s->uid;
	order.gid = s->gid;
	memcpy(order.outside, s->outside, sizeof order.outside);
	memcpy(order.arena, s->arena, sizeof order.arena);
	AUTO_FD int order_fd = -1;
	REQUIRE_OK(file_memory("order", (struct view){ (const char *)&order, sizeof order },
			   &order_fd, &e),
		e);
	AUTO_FD int arena_fd = open("arena", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD int file_fd = open("outside/victim", O_RDWR | O_CLOEXEC);
	AUTO_FD int folder_fd = open("outside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	need(arena_fd >= 0 && file_fd >= 0 && folder_fd >= 0, "open the stage");
	const struct role_start start = {
		.role = "probe",
		.process_name = "probe",
		.fds = { order_fd, arena_fd, file_fd, folder_fd },
		.n_fds = 4,
	};
	struct role_process process = ROLE_PROCESS_NONE;
	REQUIRE_OK(role_spawn(&start, &process, &e), e);
	listen_until_end(&process, &t);
	return t;
}
