/*
 * Each lock alone, read back from the kernel: what it forbids, what it leaves, and that it is
 * refused where it would be empty.
 */
#include "sys/locks.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/digest.h"
#include "sys/file.h"
#include "sys/sanitizer.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

enum { ROLE_UID = 61777 };

#if SANITIZED
/* These tests lock their own process, and the leak checker needs what is locked away. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}
#endif

static int folder_of(const char *name)
{
	REQUIRE(mkdir(test_path(name), 0700) == 0);
	int fd = open(test_path(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	REQUIRE(fd >= 0);
	return fd;
}

static long open_any(const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned)flags | O_CLOEXEC };
	return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

/* --- Landlock --- */

static const struct confine_request folder_request = { .reach = CONFINE_REACH_FOLDER };
static const struct confine_request read_request = { .reach = CONFINE_REACH_READ_ALL };

static void need_landlock(void)
{
	if (landlock_offered() < LANDLOCK_ABI_NEEDED)
		test_skip("this kernel has no Landlock, or an old one");
}

TEST(landlock_leaves_the_folder_and_nothing_else)
{
	need_landlock();
	struct error e;
	test_write_file(test_path("outside"), "x", 1);
	int fd = folder_of("arena");
	test_write_file(test_path("arena/in"), "x", 1);
	REQUIRE_OK(landlock_lock(landlock_offered(), fd, &folder_request, &e), e);
	CHECK(openat(fd, "in", O_RDWR | O_TRUNC | O_CLOEXEC) >= 0);
	CHECK(openat(fd, "new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) >= 0);
	CHECK(renameat(fd, "new", fd, "newer") == 0 && unlinkat(fd, "newer", 0) == 0);
	CHECK(mkdirat(fd, "a", 0700) == 0 && mkdirat(fd, "b", 0700) == 0);
	CHECK(renameat(fd, "in", fd, "a/in") != 0); /* a rename stays in its folder */
	CHECK(symlinkat("x", fd, "link") != 0);
	CHECK(open(test_path("outside"), O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
	CHECK(open(test_path("outside"), O_WRONLY | O_CLOEXEC) < 0);
	CHECK(truncate(test_path("outside"), 0) != 0);
	CHECK(unlink(test_path("outside")) != 0);
}

TEST(landlock_of_the_witness_reads_everywhere_and_writes_nowhere)
{
	need_landlock();
	struct error e;
	test_write_file(test_path("f"), "x", 1);
	REQUIRE_OK(landlock_lock(landlock_offered(), -1, &read_request, &e), e);
	CHECK(open(test_path("f"), O_RDONLY | O_CLOEXEC) >= 0);
	CHECK(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
	CHECK(open(test_path("f"), O_WRONLY | O_CLOEXEC) < 0);
	CHECK(open(test_path("g"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0);
	CHECK(unlink(test_path("f")) != 0);
}

TEST(landlock_serves_every_version_that_the_kernel_still_speaks)
{
	need_landlock();
	int fd = folder_of("arena");
	for (int abi = LANDLOCK_ABI_NEEDED; abi <= landlock_offered(); abi++) {
		int status = 1;
		pid_t pid = fork();
		if (pid == 0) {
			struct error e;
			bool good = landlock_lock(abi, fd, &folder_request, &e) == OK &&
				    open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0;
			_exit(good ? 0 : 1);
		}
		REQUIRE(waitpid(pid, &status, 0) == pid);
		CHECK_INT(status, 0);
	}
}

/* A listening socket of this test; the port that it got. */
static uint16_t listen_somewhere(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	REQUIRE(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1) == 0);
	REQUIRE(getsockname(fd, (struct sockaddr *)&at, &n) == 0);
	return ntohs(at.sin_port);
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
		.sin_port = htons(port) };
	AUTO_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? 0 : errno;
}

TEST(landlock_of_the_sender_leaves_no_file_and_the_named_ports)
{
	need_landlock();
	struct error e;
	const uint16_t ports[] = { listen_somewhere(), 53 };
	uint16_t other = listen_somewhere();
	const struct confine_request request = {
		.reach = CONFINE_REACH_NETWORK, .tcp_ports = ports, .n_tcp_ports = 2
	};
	REQUIRE_OK(landlock_lock(landlock_offered(), -1, &request, &e), e);
	CHECK(open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
	CHECK(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0);
	CHECK_INT(connect_to(ports[0]), 0);
	if (landlock_offered() < 4)
		test_skip("this kernel's Landlock does not know ports");
	CHECK_INT(connect_to(other), EACCES);
}

/* --- mounts --- */

TEST(the_mount_namespace_holds_the_folder_alone)
{
	struct error e;
	struct mountns m;
	int fd = folder_of("arena");
	test_write_file(test_path("arena/in"), "x", 1);
	struct stat before;
	struct stat after;
	REQUIRE(fstat(fd, &before) == 0);
	REQUIRE_OK(mountns_lock(fd, CONFINE_REACH_FOLDER, &m, &e), e);
	if (!m.in_force)
		test_skip(m.why_not);
	REQUIRE(fstat(m.folder_fd, &after) == 0);
	CHECK(before.st_ino == after.st_ino && before.st_dev == after.st_dev);
	CHECK(openat(m.folder_fd, "in", O_RDWR | O_CLOEXEC) >= 0);
	CHECK(openat(m.folder_fd, "../outside", O_RDONLY | O_CLOEXEC) < 0);
	CHECK(stat("/", &after) == 0 && after.st_ino == before.st_ino);
	CHECK(stat("/../..", &after) == 0 && after.st_ino == before.st_ino);
	CHECK(open("/proc/self/status", O_RDONLY | O_CLOEXEC) < 0 && errno == ENOENT);
	CHECK(open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == ENOENT);
	CHECK(openat(AT_FDCWD, "in", O_RDONLY | O_CLOEXEC) >= 0); /* the working folder moved too */
}

TEST(the_new_mount_takes_no_program_device_or_link)
{
	struct error e;
	struct mountns m;
	int fd = folder_of("arena");
	test_write_file(test_path("arena/in"), "#!/bin/true\n", 12);
	REQUIRE(chmod(test_path("arena/in"), 0755) == 0 && symlinkat("in", fd, "link") == 0);
	REQUIRE_OK(mountns_lock(fd, CONFINE_REACH_FOLDER, &m, &e), e);
	if (!m.in_force)
		test_skip(m.why_not);
	char *none[] = { NULL };
	CHECK(execve("/in", none, none) != 0 && errno == EACCES);
	CHECK(open("/link", O_RDONLY | O_CLOEXEC) < 0);
}

TEST(for_the_witness_every_mount_is_read_only)
{
	struct error e;
	struct mountns m;
	test_write_file(test_path("f"), "x", 1);
	REQUIRE_OK(mountns_lock(-1, CONFINE_REACH_READ_ALL, &m, &e), e);
	if (!m.in_force)
		test_skip(m.why_not);
	CHECK(open(test_path("f"), O_RDONLY | O_CLOEXEC) >= 0);
	CHECK(open(test_path("f"), O_WRONLY | O_CLOEXEC) < 0 && errno == EROFS);
	CHECK(chmod(test_path("f"), 0644) != 0 && errno == EROFS);
	CHECK(open("/dev/shm/tocsin-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0);
}

TEST(a_mount_lock_that_cannot_be_had_says_why_and_changes_nothing)
{
	NEEDS_FAULTS();
	static const char *const points[] = { "pivot_root", "mountns_fork" };
	int fd = folder_of("arena");
	for (size_t i = 0; i < COUNT_OF(points); i++) {
		struct error e;
		struct mountns m;
		struct stat before;
		struct stat after;
		REQUIRE(stat("/proc/self/ns/mnt", &before) == 0);
		fault_arm(points[i], 1);
		REQUIRE_OK(mountns_lock(fd, CONFINE_REACH_FOLDER, &m, &e), e);
		fault_disarm();
		CHECK(!m.in_force);
		CHECK(m.why_not[0] != '\0');
		REQUIRE(stat("/proc/self/ns/mnt", &after) == 0);
		CHECK(before.st_ino == after.st_ino);
	}
}

/* --- uid and capabilities --- */

static uint64_t status_number(const char *name)
{
	AUTO_BUF struct buf b = { .ceiling = 0 };
	REQUIRE(file_read_all(AT_FDCWD, "/proc/self/status", 65536, &b, NULL) == OK);
	struct view rest = buf_view(&b);
	while (rest.len > 0) {
		struct view line = view_cut(&rest, '\n');
		if (!view_is(view_cut(&line, ':'), name))
			continue;
		unsigned char bytes[8];
		uint64_t sum = 0;
		REQUIRE(hex_parse(view_trim(line), bytes, sizeof bytes));
		for (size_t i = 0; i < sizeof bytes; i++)
			sum = sum << 8 | bytes[i];
		return sum;
	}
	return UINT64_MAX;
}

TEST(a_role_of_root_gets_its_uid_and_no_capability)
{
	if (!test_is_root())
		test_skip("only root takes another uid");
	struct error e;
	bool own_uid = false;
	const struct confine_request r = { .uid = ROLE_UID, .gid = ROLE_UID };
	REQUIRE_OK(uid_lock(&r, &own_uid, &e), e);
	CHECK(own_uid);
	CHECK_INT(getuid(), ROLE_UID);
	CHECK_INT(getgid(), ROLE_UID);
	CHECK_INT(getgroups(0, NULL), 0);
	static const char *const sets[] = { "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb" };
	for (size_t i = 0; i < COUNT_OF(sets); i++)
		CHECK_INT(status_number(sets[i]), 0);
	CHECK(setuid(0) != 0);
	CHECK(setgid(0) != 0);
}

TEST(the_witness_of_root_keeps_the_right_to_read_and_no_other)
{
	if (!test_is_root())
		test_skip("only root takes another uid");
	struct error e;
	bool own_uid = false;
	test_write_file(test_path("f"), "x", 1);
	REQUIRE(chmod(test_path("f"), 0400) == 0);
	const struct confine_request r = {
		.uid = ROLE_UID, .gid = ROLE_UID, .reach = CONFINE_REACH_READ_ALL
	};
	REQUIRE_OK(uid_lock(&r, &own_uid, &e), e);
	CHECK_INT(status_number("CapEff"), 4);
	CHECK_INT(status_number("CapPrm"), 4);
	CHECK_INT(status_number("CapBnd"), 0);
	CHECK(open(test_path("f"), O_RDONLY | O_CLOEXEC) >= 0);
	CHECK(open(test_path("f"), O_WRONLY | O_CLOEXEC) < 0);
	CHECK(chmod(test_path("f"), 0666) != 0);
}

TEST(a_role_of_a_user_stays_that_user_without_capabilities)
{
	struct error e;
	bool own_uid = true;
	if (test_is_root())
		REQUIRE(setresgid(ROLE_UID, ROLE_UID, ROLE_UID) == 0 &&
			setresuid(ROLE_UID, ROLE_UID, ROLE_UID) == 0);
	uid_t uid = getuid();
	const struct confine_request r = { .uid = 0, .gid = 0 };
	REQUIRE_OK(uid_lock(&r, &own_uid, &e), e);
	CHECK(!own_uid);
	CHECK_INT(getuid(), uid);
	CHECK_INT(status_number("CapEff"), 0);
	CHECK_INT(status_number("CapPrm"), 0);
}

TEST(no_role_is_root)
{
	if (!test_is_root())
		test_skip("only root takes another uid");
	struct error e;
	bool own_uid = false;
	const struct confine_request r = { .uid = 0, .gid = 0 };
	CHECK_INT(uid_lock(&r, &own_uid, &e), E_DENIED);
}

TEST(a_uid_is_chosen_that_nobody_has)
{
	struct error e;
	uid_t uid = 0;
	gid_t gid = 0;
	for (uint64_t seed = 0; seed < 50; seed++) {
		REQUIRE_OK(confine_pick_uid(seed * 977, &uid, &gid, &e), e);
		if (test_is_root())
			CHECK(confine_is_drill_uid(uid) && gid == uid);
		else
			CHECK(uid == getuid() && gid == getgid());
	}
}

TEST(the_uids_of_drills_are_nobody_elses)
{
	CHECK(!confine_is_drill_uid(0));
	CHECK(!confine_is_drill_uid(1000));
	CHECK(!confine_is_drill_uid(61183) && !confine_is_drill_uid(65520)); /* nobody is next */
	CHECK(!confine_is_drill_uid(524288) && !confine_is_drill_uid(1879048191)); /* containers */
	CHECK(!confine_is_drill_uid(2147352576U)); /* foreign images, systemd.io/UIDS-GIDS */
	CHECK(!confine_is_drill_uid((uid_t)-1));
	/* Where every uid is mapped, DynamicUser's are left alone: an arena stands for days. */
	AUTO_BUF struct buf map = { .ceiling = 0 };
	struct error e;
	REQUIRE_OK(file_read_all(AT_FDCWD, "/proc/self/uid_map", 4096, &map, &e), e);
	bool all = strstr(buf_text(&map), "4294967295") != NULL;
	CHECK(confine_is_drill_uid(all ? 0x7e000000 : 61184));
	CHECK(confine_is_drill_uid(all ? 61184 : 0x7e000000) == false);
}

TEST(a_uid_with_a_process_is_passed_over)
{
	if (!test_is_root())
		test_skip("only root takes another uid");
	struct error e;
	uid_t first = 0;
	uid_t second = 0;
	gid_t gid = 0;
	int ends[2];
	REQUIRE_OK(confine_pick_uid(5, &first, &gid, &e), e);
	REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (setresuid(first, first, first) != 0 || write(ends[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	char byte;
	REQUIRE(read(ends[0], &byte, 1) == 1);
	REQUIRE_OK(confine_pick_uid(5, &second, &gid, &e), e);
	CHECK(first != second);
	(void)kill(pid, SIGKILL);
}

/* --- calls --- */

struct call_case {
	const char *name;
	void (*run)(void);
	unsigned killed; /* by enum confine_calls, a bit each */
};

enum { IN_EMULATOR = 1, IN_PLANTER = 2, IN_UNDO = 4, IN_WITNESS = 8, IN_ALL = 15 };

static void read_limit(void)
{
	struct rlimit limit;
	_exit(getrlimit(RLIMIT_NOFILE, &limit));
}

static void read_others_limit(void)
{
	struct rlimit limit;
	(void)prlimit(getppid(), RLIMIT_NOFILE, NULL, &limit);
}

static void set_limit(void)
{
	struct rlimit limit = { 10, 10 };
	(void)prlimit(0, RLIMIT_NOFILE, &limit, NULL);
}

static void duplicate(void)
{
	_exit(fcntl(0, F_DUPFD_CLOEXEC, 10) >= 0 && fcntl(0, F_GETFL) >= 0 ? 0 : 1);
}

static void set_flags(void)
{
	(void)fcntl(0, F_SETFL, O_NONBLOCK);
}

static void *add_one(void *context)
{
	++*(int *)context;
	return NULL;
}

static void start_thread(void)
{
	int n = 1;
	pthread_t thread;
	if (pthread_create(&thread, NULL, add_one, &n) != 0 || pthread_join(thread, NULL) != 0)
		_exit(3);
	_exit(n == 2 ? 0 : 4);
}

static void allocate(void)
{
	for (size_t size = 1; size < (1U << 26); size *= 4) {
		char *at = malloc(size);
		if (at == NULL)
			_exit(1);
		memset(at, 1, size);
		at = realloc(at, size * 2);
		free(at);
	}
	_exit(0);
}

/* A kernel before 6.11 does not know the flag, which is no death. */
static void map_droppable(void)
{
	enum { DROPPABLE = 0x08 };
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, DROPPABLE | MAP_ANONYMOUS, -1, 0);
	_exit(at != MAP_FAILED || errno == EINVAL ? 0 : 1);
}

static void map_executable(void)
{
	(void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void map_huge(void)
{
	(void)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
}

static void signal_own_thread(void)
{
	_exit((int)syscall(SYS_tgkill, getpid(), gettid(), 0));
}

static void signal_other(void)
{
	(void)syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static void name_thread(void)
{
	_exit(prctl(PR_SET_NAME, "x"));
}

static void become_dumpable(void)
{
	(void)prctl(PR_SET_DUMPABLE, 1);
}

static void stamp_by_path(void)
{
	(void)syscall(SYS_utimensat, AT_FDCWD, "/nowhere", NULL, 0);
}

static void stamp_descriptor(void)
{
	_exit(syscall(SYS_utimensat, 99, NULL, NULL, 0) == -1 && errno == EBADF ? 0 : 1);
}

static void make_folder(void)
{
	_exit(mkdirat(99, "x", 0700) == -1 && errno == EBADF ? 0 : 1);
}

static void write_elsewhere(void)
{
	_exit(write(99, "x", 1) == -1 && errno == EBADF ? 0 : 1);
}

static void write_to_channel(void)
{
	_exit(write(98, "x", 1) == -1 && errno == EBADF ? 0 : 1);
}

static void rename_something(void)
{
	_exit(renameat2(99, "a", 99, "b", 0) == -1 && errno == EBADF ? 0 : 1);
}

static void open_by_library(void)
{
	_exit(open("/etc/passwd", O_RDONLY | O_CLOEXEC) == -1 && errno == EACCES ? 0 : 1);
}

static void clone3_by_library(void)
{
	_exit(syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS ? 0 : 1);
}

static const struct call_case call_cases[] = {
	{ "read an own limit", read_limit, 0 },
	{ "read another's limit", read_others_limit, IN_ALL },
	{ "set an own limit", set_limit, IN_ALL },
	{ "duplicate a descriptor", duplicate, 0 },
	{ "set a descriptor's flags", set_flags, IN_ALL },
	{ "start a thread", start_thread, IN_WITNESS },
	{ "allocate", allocate, 0 },
	{ "map droppable", map_droppable, 0 },
	{ "map executable memory", map_executable, IN_ALL },
	{ "map huge pages", map_huge, IN_ALL },
	{ "signal an own thread", signal_own_thread, 0 },
	{ "signal another process", signal_other, IN_ALL },
	{ "name a thread", name_thread, 0 },
	{ "become dumpable", become_dumpable, IN_ALL },
	{ "stamp by path", stamp_by_path, IN_ALL },
	{ "stamp a descriptor", stamp_descriptor, IN_EMULATOR | IN_WITNESS },
	{ "make a folder", make_folder, IN_EMULATOR | IN_WITNESS },
	{ "write elsewhere", write_elsewhere, IN_WITNESS },
	{ "write to the channel", write_to_channel, 0 },
	{ "rename", rename_something, IN_WITNESS },
	{ "a library opens a file", open_by_library, 0 },
	{ "a library tries clone3", clone3_by_library, 0 },
};

static int run_call(const struct call_case *c, enum confine_calls calls)
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		const int kept[] = { 98 };
		const struct confine_request r = {
			.calls = calls, .keep_fds = kept, .n_keep_fds = 1
		};
		struct error e;
		if (calls_lock(&r, &e) != OK)
			_exit(70);
		c->run();
		_exit(71); /* it came back, and did not say how */
	}
	REQUIRE(waitpid(pid, &status, 0) == pid);
	return status;
}

TEST(the_calls_of_each_role_are_the_listed_ones)
{
	for (unsigned calls = CONFINE_CALLS_EMULATOR; calls <= CONFINE_CALLS_WITNESS; calls++)
		for (size_t i = 0; i < COUNT_OF(call_cases); i++) {
			const struct call_case *c = &call_cases[i];
			int status = run_call(c, (enum confine_calls)calls);
			bool killed = (c->killed >> calls & 1) != 0;
			bool as_wanted = killed ? WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS
						: status == 0;
			if (!as_wanted)
				test_fail(__FILE__, __LINE__, "%s in set %u: wait status %#x",
					c->name, calls, (unsigned)status);
		}
}

TEST(a_filter_that_cannot_be_made_is_told)
{
	NEEDS_FAULTS();
	static const char *const points[] = { "calls_init", "calls_load" };
	for (size_t i = 0; i < COUNT_OF(points); i++) {
		struct error e;
		const struct confine_request r = { .calls = CONFINE_CALLS_EMULATOR };
		fault_arm(points[i], 1);
		CHECK_INT(calls_lock(&r, &e), E_DENIED);
		fault_disarm();
	}
	CHECK(open_any("/etc/passwd", O_RDONLY) >= 0);
}
