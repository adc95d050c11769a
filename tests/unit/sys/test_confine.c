/*
 * All locks together, as a role puts them on.
 */
#include "sys/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "sys/file.h"
#include "sys/sanitizer.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

struct fixture {
	struct confine_request request;
	int keep_fd;
	struct confine_locks locks;
	int folder_fd;
	struct error e;
};

/* Called in a child; its return value is the child's exit status. */
typedef int (*body)(struct fixture *);

static void prepare(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	REQUIRE(mkdir(test_path("arena"), 0700) == 0);
	uid_t uid = 0;
	gid_t gid = 0;
	REQUIRE_OK(confine_pick_uid(99, &uid, &gid, &f->e), f->e);
	test_write_file(test_path("arena/in"), "x", 1);
	if (test_is_root())
		REQUIRE(chown(test_path("arena"), uid, gid) == 0 &&
			chown(test_path("arena/in"), uid, gid) == 0);
	int fd = open(test_path("arena"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	REQUIRE(fd >= 0);
	f->keep_fd = dup(STDOUT_FILENO);
	REQUIRE(f->keep_fd > STDERR_FILENO);
	f->request = (struct confine_request){
		.calls = CONFINE_CALLS_EMULATOR,
		.reach = CONFINE_REACH_FOLDER,
		.folder_fd = fd,
		.uid = uid,
		.gid = gid,
		.max_file_bytes = 1 << 20,
		.keep_fds = &f->keep_fd,
		.n_keep_fds = 1,
	};
}

static int run_raw(struct fixture *f, body run)
{
	int status = 0;
	f->request.parent = f->request.parent != 0 ? f->request.parent : getpid();
	pid_t pid = fork();
	if (pid == 0)
		_exit(run(f));
	REQUIRE(waitpid(pid, &status, 0) == pid);
	return status;
}

static int enter(struct fixture *f)
{
	return confine_enter(&f->request, &f->locks, &f->folder_fd, &f->e) == OK ? 0 : 100;
}

static int check_descriptors(struct fixture *f)
{
	char bytes[1];
	if (enter(f) != 0)
		return 100;
	for (int fd = 3; fd < 1000; fd++)
		if (fd != f->keep_fd && fd != f->folder_fd && fcntl(fd, F_GETFD) >= 0)
			return fd;
	/* 0 to 2 are there and take nothing. */
	for (int fd = 0; fd < (SANITIZED ? 2 : 3); fd++)
		if (fcntl(fd, F_GETFD) < 0 || write(fd, "x", 1) >= 0 || read(fd, bytes, 1) != 0)
			return 101;
	return write(f->keep_fd, "", 0) == 0 ? 0 : 102;
}

TEST(only_the_named_descriptors_are_left)
{
	struct fixture f;
	prepare(&f);
	REQUIRE(dup2(STDERR_FILENO, 500) == 500);
	CHECK_INT(run_raw(&f, check_descriptors), 0);
}

static int work_in_folder(struct fixture *f)
{
	int fd = -1;
	struct stat st;
	if (enter(f) != 0)
		return 100;
	if (file_open_beneath(f->folder_fd, "in", O_RDWR, 0, &fd, &f->e) != OK ||
		pwrite(fd, "y", 1, 0) != 1 || fsync(fd) != 0)
		return 1;
	if (renameat2(f->folder_fd, "in", f->folder_fd, "in.locked", RENAME_NOREPLACE) != 0)
		return 2;
	if (file_open_beneath(
		    f->folder_fd, "note", O_WRONLY | O_CREAT | O_EXCL, 0644, &fd, &f->e) != OK ||
		fstat(fd, &st) != 0 || (st.st_mode & 07777) != 0644)
		return 3;
	if (ftruncate(fd, 4096) != 0 || fallocate(fd, 0, 0, 8192) != 0 || fdatasync(fd) != 0)
		return 4;
	return unlinkat(f->folder_fd, "note", 0) == 0 && fsync(f->folder_fd) == 0 ? 0 : 5;
}

TEST(a_role_can_work_in_its_folder)
{
	struct fixture f;
	prepare(&f);
	CHECK_INT(run_raw(&f, work_in_folder), 0);
	struct stat st;
	CHECK(stat(test_path("arena/in.locked"), &st) == 0 && st.st_size == 1);
}

static int exceed_size(struct fixture *f)
{
	int fd = -1;
	if (enter(f) != 0 || file_open_beneath(f->folder_fd, "in", O_WRONLY, 0, &fd, &f->e) != OK)
		return 100;
	if (pwrite(fd, "x", 1, (1 << 20) - 1) != 1)
		return 1;
	return pwrite(fd, "x", 1, 1 << 20) == 1 ? 2 : 3;
}

TEST(no_file_grows_beyond_the_limit)
{
	struct fixture f;
	prepare(&f);
	int status = run_raw(&f, exceed_size);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
}

static int check_process(struct fixture *f)
{
	struct rlimit core;
	if (enter(f) != 0)
		return 100;
	if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0)
		return 1;
	bool root_start = f->locks.own_uid;
	if (root_start && (getuid() != f->request.uid || getgid() != f->request.gid))
		return 2;
	return f->locks.seccomp && f->locks.no_new_privileges ? 0 : 3;
}

TEST(limits_ids_and_locks_are_as_promised)
{
	struct fixture f;
	prepare(&f);
	CHECK_INT(run_raw(&f, check_process), 0);
}

/* What roles do with libraries: ciphers and hashes, first used behind the locks. */
static int use_openssl(struct fixture *f)
{
	unsigned char key[32] = { 1 };
	unsigned char iv[16] = { 2 };
	unsigned char bytes[64] = { 0 };
	int n = 0;
	if (enter(f) != 0)
		return 100;
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	if (c == NULL || EVP_EncryptInit_ex(c, EVP_aes_256_ctr(), NULL, key, iv) != 1 ||
		EVP_EncryptUpdate(c, bytes, &n, bytes, sizeof bytes) != 1 || n != 64)
		return 1;
	EVP_CIPHER_CTX_free(c);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n_digest = 0;
	if (EVP_Digest(bytes, sizeof bytes, digest, &n_digest, EVP_sha256(), NULL) != 1)
		return 2;
	char text[TIME_TEXT_MAX];
	return strlen(time_text(clock_wall_ns(NULL), text)) > 20 ? 0 : 3;
}

TEST(ciphers_and_clocks_work_behind_the_locks)
{
	struct fixture f;
	prepare(&f);
	CHECK_INT(run_raw(&f, use_openssl), 0);
}

static int enter_status(struct fixture *f)
{
	enum status status = confine_enter(&f->request, &f->locks, &f->folder_fd, &f->e);
	return status == OK ? 0 : 100 + (int)status;
}

TEST(another_parent_than_the_named_one_is_refused)
{
	struct fixture f;
	prepare(&f);
	f.request.parent = 1;
	CHECK_INT(WEXITSTATUS(run_raw(&f, enter_status)), 100 + E_STOPPED);
}

TEST(the_root_of_the_system_is_no_arena)
{
	struct fixture f;
	prepare(&f);
	f.request.folder_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(WEXITSTATUS(run_raw(&f, enter_status)), 100 + E_DENIED);
	f.request.folder_fd = open(test_path("arena/in"), O_RDONLY | O_CLOEXEC);
	CHECK_INT(WEXITSTATUS(run_raw(&f, enter_status)), 100 + E_DENIED);
	f.request.folder_fd = -1;
	CHECK_INT(WEXITSTATUS(run_raw(&f, enter_status)), 100 + E_FAILED);
}

TEST(only_the_witness_may_ask_to_read_everywhere)
{
	struct fixture f;
	prepare(&f);
	f.request.reach = CONFINE_REACH_READ_ALL;
	CHECK_INT(WEXITSTATUS(run_raw(&f, enter_status)), 100 + E_INVALID);
}

/* --- the sender --- */

static void prepare_sender(struct fixture *f, uint16_t *port)
{
	prepare(f);
	f->request.calls = CONFINE_CALLS_SENDER;
	f->request.reach = CONFINE_REACH_NETWORK;
	f->request.folder_fd = -1;
	f->request.max_file_bytes = 0;
	f->request.tcp_ports = port;
	f->request.n_tcp_ports = 1;
}

static int reach_out(struct fixture *f)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
		.sin_port = htons(f->request.tcp_ports[0]) };
	int on = 1;
	if (enter(f) != 0)
		return 100;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
		return 1;
	if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0 && errno != EINPROGRESS)
		return 2;
	if (socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0)
		return 3;
	return f->locks.seccomp ? 0 : 4;
}

static int reach_in(struct fixture *f)
{
	char *const argv[] = { NULL };
	if (enter(f) != 0)
		return 100;
	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 ||
		open(test_path("arena/in"), O_RDONLY | O_CLOEXEC) >= 0 ||
		open(test_path("new"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0)
		return 1;
	int fd = -1;
	if (file_open_beneath(AT_FDCWD, "etc", O_RDONLY, 0, &fd, &f->e) == OK)
		return 2;
	if (socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 ||
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0 ||
		socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0 ||
		socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0)
		return 3;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in at = { .sin_family = AF_INET };
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) == 0 || listen(fd, 1) == 0)
		return 4;
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
		MAP_FAILED)
		return 5;
	if (fork() >= 0 || kill(getppid(), 0) == 0 || unlink(test_path("arena/in")) == 0)
		return 6;
	(void)execve("/bin/true", argv, argv); /* this one kills */
	return 7;
}

TEST(the_sender_can_connect_and_set_up_its_sockets)
{
	struct fixture f;
	uint16_t port = 9;
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	REQUIRE(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1) == 0);
	REQUIRE(getsockname(fd, (struct sockaddr *)&at, &n) == 0);
	port = ntohs(at.sin_port);
	prepare_sender(&f, &port);
	CHECK_INT(run_raw(&f, reach_out), 0);
}

TEST(the_sender_opens_no_file_listens_nowhere_and_starts_nothing)
{
	struct fixture f;
	uint16_t port = 9;
	prepare_sender(&f, &port);
	int status = run_raw(&f, reach_in);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	if (WIFEXITED(status))
		test_fail(__FILE__, __LINE__, "exit status %d", WEXITSTATUS(status));
}

TEST(only_the_sender_may_ask_for_the_network)
{
	struct fixture f;
	uint16_t port = 9;
	prepare_sender(&f, &port);
	f.request.calls = CONFINE_CALLS_EMULATOR;
	CHECK_INT(WEXITSTATUS(run_raw(&f, enter_status)), 100 + E_INVALID);
	f.request.calls = CONFINE_CALLS_SENDER;
	f.request.reach = CONFINE_REACH_READ_ALL;
	CHECK_INT(WEXITSTATUS(run_raw(&f, enter_status)), 100 + E_INVALID);
}

static void *wait_forever(void *context)
{
	(void)context;
	for (;;)
		(void)pause();
	return NULL;
}

static int enter_with_thread(struct fixture *f)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, wait_forever, NULL) != 0)
		return 99;
	return enter_status(f);
}

TEST(a_process_with_threads_is_refused)
{
	struct fixture f;
	prepare(&f);
	CHECK_INT(WEXITSTATUS(run_raw(&f, enter_with_thread)), 100 + E_DENIED);
}

/* proc(5): what belongs to a process that may not be traced is root's. */
TEST(a_role_is_not_open_to_other_programs_of_its_user)
{
	if (test_is_root())
		test_skip("a uid of its own says that already");
	struct fixture f;
	struct stat st;
	int alive[2];
	char byte;
	prepare(&f);
	REQUIRE(pipe2(alive, O_CLOEXEC) == 0);
	f.request.parent = getpid();
	pid_t role = fork();
	if (role == 0) {
		f.keep_fd = alive[1];
		if (enter(&f) != 0 || write(alive[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			clock_sleep_ns(NS_PER_S);
	}
	(void)close(alive[1]);
	REQUIRE(read(alive[0], &byte, 1) == 1);
	char path[32];
	(void)snprintf(path, sizeof path, "/proc/%d/mem", (int)role);
	REQUIRE(stat(path, &st) == 0);
	CHECK_INT(st.st_uid, 0);
	REQUIRE(kill(role, SIGKILL) == 0 && waitpid(role, NULL, 0) == role);
}

TEST(a_role_dies_when_its_parent_does)
{
	struct fixture f;
	int alive[2];
	prepare(&f);
	REQUIRE(pipe2(alive, O_CLOEXEC) == 0);
	pid_t parent = fork();
	if (parent == 0) {
		pid_t role = fork();
		f.request.parent = getppid();
		if (role == 0) {
			f.keep_fd = alive[1];
			if (enter(&f) != 0 || write(alive[1], "x", 1) != 1)
				_exit(1);
			for (;;)
				clock_sleep_ns(NS_PER_S);
		}
		(void)close(alive[1]);
		for (;;)
			(void)pause();
	}
	(void)close(alive[1]);
	char byte;
	REQUIRE(read(alive[0], &byte, 1) == 1);
	REQUIRE(kill(parent, SIGKILL) == 0);
	CHECK_INT(read(alive[0], &byte, 1), 0); /* the last writer is gone */
}

TEST(the_probe_tells_what_will_be_in_force_and_changes_nothing_here)
{
	struct fixture f;
	prepare(&f);
	struct confine_locks locks;
	struct confine_reasons why_not;
	REQUIRE_OK(confine_probe(f.request.folder_fd, f.request.uid, f.request.gid, &locks,
			   &why_not, &f.e),
		f.e);
	CHECK(locks.seccomp && locks.no_new_privileges);
	CHECK(locks.landlock_abi >= 3 || locks.mount_namespace);
	CHECK_INT(locks.own_uid, test_is_root());
	CHECK_INT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

TEST(locks_that_fail_anywhere_refuse_with_a_sentence)
{
	NEEDS_FAULTS();
	struct fixture f;
	prepare(&f);
	int n_failed = 0;
	for (long nth = 1; nth < 200; nth++) {
		struct confine_locks locks;
		struct confine_reasons why_not;
		fault_arm("", nth);
		enum status status = confine_probe(
			f.request.folder_fd, f.request.uid, f.request.gid, &locks, &why_not, &f.e);
		fault_disarm();
		if (status == OK && locks.landlock_abi >= 3 && locks.mount_namespace)
			break;
		n_failed += status != OK;
		if (status != OK)
			CHECK(f.e.text[0] != '\0');
		else
			CHECK(locks.landlock_abi >= 3 || locks.mount_namespace);
		/* What is off says why, what is on says nothing. */
		if (status != OK)
			continue;
		CHECK((locks.landlock_abi == 0) == (why_not.landlock[0] != '\0'));
		CHECK(locks.mount_namespace == (why_not.mount_namespace[0] == '\0'));
	}
	CHECK(n_failed >= 5);
}

static void collect(const char *name, void *context)
{
	buf_add_text(context, name);
	buf_add_char(context, ' ');
}

TEST(locks_have_stable_names)
{
	AUTO_BUF struct buf b;
	buf_init(&b, 200);
	const struct confine_locks all = { 7, true, true, true, true };
	confine_lock_names(&all, collect, &b);
	CHECK_TEXT(buf_text(&b), "landlock:7 mount-namespace seccomp uid no-new-privileges ");
	buf_reset(&b);
	const struct confine_locks none = { 0, false, true, false, true };
	confine_lock_names(&none, collect, &b);
	CHECK_TEXT(buf_text(&b), "seccomp no-new-privileges ");
}
