/*
 * The system calls that remain, by libseccomp: an allow-list for each kind of role, everything else
 * kills the whole process (the sender's is answered with an error). A foreign ABI, x32 among them,
 * is killed too.
 *
 * A few calls that C libraries make of their own accord are answered with an error instead, so that
 * a lazily loaded configuration does not end a drill: they do nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "sys/locks.h"
#include "sys/sanitizer.h"

AUTO_TYPE(seccomp_release, scmp_filter_ctx)

#ifndef MAP_DROPPABLE /* Linux 6.11, mmap(2) */
#define MAP_DROPPABLE 0x08
#endif

#define EMULATOR (1U << CONFINE_CALLS_EMULATOR)
#define PLANTER (1U << CONFINE_CALLS_PLANTER)
#define UNDO (1U << CONFINE_CALLS_UNDO)
#define WITNESS (1U << CONFINE_CALLS_WITNESS)
#define WRITERS (EMULATOR | PLANTER | UNDO)
#define ALL (WRITERS | WITNESS)
#define SENDER (1U << CONFINE_CALLS_SENDER)
#define EVERY (ALL | SENDER)

struct call_row {
	int number;
	unsigned sets;
};

static const struct call_row allowed[] = {
	/* files: by descriptor, or beneath one */
	{ SCMP_SYS(openat2), ALL },
	{ SCMP_SYS(close), EVERY },
	{ SCMP_SYS(close_range), ALL },
	{ SCMP_SYS(read), EVERY },
	{ SCMP_SYS(readv), EVERY },
	{ SCMP_SYS(pread64), ALL },
	{ SCMP_SYS(preadv), ALL },
	{ SCMP_SYS(lseek), EVERY },
	{ SCMP_SYS(fstat), EVERY },
	{ SCMP_SYS(newfstatat), EVERY },
	{ SCMP_SYS(statx), EVERY },
	{ SCMP_SYS(fstatfs), ALL },
	{ SCMP_SYS(statfs), ALL },
	{ SCMP_SYS(getdents64), ALL },
	{ SCMP_SYS(fadvise64), ALL },
	{ SCMP_SYS(fgetxattr), WITNESS },
	{ SCMP_SYS(flistxattr), WITNESS },
	{ SCMP_SYS(write), WRITERS | SENDER },
	{ SCMP_SYS(writev), WRITERS | SENDER },
	{ SCMP_SYS(pwrite64), WRITERS },
	{ SCMP_SYS(pwritev), WRITERS },
	{ SCMP_SYS(ftruncate), WRITERS },
	{ SCMP_SYS(fallocate), WRITERS },
	{ SCMP_SYS(fsync), WRITERS },
	{ SCMP_SYS(fdatasync), WRITERS },
	{ SCMP_SYS(sync_file_range), WRITERS },
	{ SCMP_SYS(syncfs), PLANTER | UNDO },
	{ SCMP_SYS(msync), WRITERS },
	{ SCMP_SYS(renameat), WRITERS },
	{ SCMP_SYS(renameat2), WRITERS },
	{ SCMP_SYS(unlinkat), WRITERS },
	{ SCMP_SYS(mkdirat), PLANTER | UNDO },
	/* memory; mmap and mprotect are below */
	{ SCMP_SYS(munmap), EVERY },
	{ SCMP_SYS(mremap), EVERY },
	{ SCMP_SYS(madvise), EVERY },
	{ SCMP_SYS(brk), EVERY },
	{ SCMP_SYS(membarrier), EVERY },
	/* waiting, threads, time */
	{ SCMP_SYS(poll), EVERY },
	{ SCMP_SYS(ppoll), EVERY },
	{ SCMP_SYS(futex), EVERY },
	{ SCMP_SYS(set_robust_list), EVERY },
	{ SCMP_SYS(rseq), EVERY },
	{ SCMP_SYS(set_tid_address), EVERY },
	{ SCMP_SYS(sched_yield), EVERY },
	{ SCMP_SYS(sched_getaffinity), EVERY },
	{ SCMP_SYS(getcpu), EVERY },
	{ SCMP_SYS(clock_gettime), EVERY },
	{ SCMP_SYS(clock_getres), EVERY },
	{ SCMP_SYS(clock_nanosleep), EVERY },
	{ SCMP_SYS(nanosleep), EVERY },
	{ SCMP_SYS(gettimeofday), EVERY },
	{ SCMP_SYS(time), EVERY },
	{ SCMP_SYS(restart_syscall), EVERY },
	{ SCMP_SYS(exit), EVERY },
	{ SCMP_SYS(exit_group), EVERY },
	/* signals of our own */
	{ SCMP_SYS(rt_sigaction), EVERY },
	{ SCMP_SYS(rt_sigprocmask), EVERY },
	{ SCMP_SYS(rt_sigreturn), EVERY },
	{ SCMP_SYS(rt_sigpending), EVERY },
	{ SCMP_SYS(rt_sigtimedwait), EVERY },
	{ SCMP_SYS(sigaltstack), EVERY },
	/* questions */
	{ SCMP_SYS(getrandom), EVERY },
	{ SCMP_SYS(getpid), EVERY },
	{ SCMP_SYS(gettid), EVERY },
	{ SCMP_SYS(getppid), EVERY },
	{ SCMP_SYS(getuid), EVERY },
	{ SCMP_SYS(geteuid), EVERY },
	{ SCMP_SYS(getgid), EVERY },
	{ SCMP_SYS(getegid), EVERY },
	{ SCMP_SYS(getrusage), EVERY },
	{ SCMP_SYS(getrlimit), EVERY },
	{ SCMP_SYS(times), EVERY },
	{ SCMP_SYS(sysinfo), EVERY },
	{ SCMP_SYS(uname), EVERY },
	{ SCMP_SYS(umask), WRITERS },
	/* the network; socket, setsockopt and ioctl are below */
	{ SCMP_SYS(connect), SENDER },
	{ SCMP_SYS(sendto), SENDER },
	{ SCMP_SYS(sendmsg), SENDER },
	{ SCMP_SYS(sendmmsg), SENDER },
	{ SCMP_SYS(recvfrom), SENDER },
	{ SCMP_SYS(recvmsg), SENDER },
	{ SCMP_SYS(getsockopt), SENDER },
	{ SCMP_SYS(getsockname), SENDER },
	{ SCMP_SYS(getpeername), SENDER },
	{ SCMP_SYS(shutdown), SENDER },
	/* a library's way to wake itself */
	{ SCMP_SYS(pipe2), SENDER },
	{ SCMP_SYS(eventfd2), SENDER },
	{ SCMP_SYS(socketpair), SENDER },
};

/* What libraries try on their own. */
static const struct {
	int number;
	int errno_value;
} answered[] = {
	{ SCMP_SYS(clone3),
		ENOSYS }, /* its flags lie in memory, out of a filter's sight; clone serves */
	{ SCMP_SYS(open), EACCES },
	{ SCMP_SYS(openat), EACCES },
	{ SCMP_SYS(access), EACCES },
	{ SCMP_SYS(faccessat), EACCES },
	{ SCMP_SYS(faccessat2), EACCES },
	{ SCMP_SYS(readlink), EACCES },
	{ SCMP_SYS(readlinkat), EACCES },
};

/* The kernel takes an int argument from the lower half of a register and the psABI leaves the upper
 * half open, so ints are compared there; pointers whole. */
#define INT_BITS UINT64_C(0xffffffff)
#define INT_IS(x) SCMP_CMP_MASKED_EQ, INT_BITS, (uint64_t)(x)&INT_BITS
#define INT_WITHIN(bits) SCMP_CMP_MASKED_EQ, INT_BITS & ~(uint64_t)(bits), 0
#define POINTER_IS_NULL SCMP_CMP_MASKED_EQ, UINT64_MAX, 0

static int add_memory_rules(scmp_filter_ctx f)
{
	/* MAP_SHARED_VALIDATE is MAP_SHARED and MAP_PRIVATE at once. Droppable memory is where
	 * glibc 2.41 and later keep the state of getrandom(3). */
	const uint64_t known_flags = MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS |
				     MAP_NORESERVE | MAP_STACK | MAP_POPULATE | MAP_DROPPABLE;
	int rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
		SCMP_A2(INT_WITHIN(PROT_READ | PROT_WRITE)), SCMP_A3(INT_WITHIN(known_flags)));
	if (rc != 0)
		return rc;
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
		SCMP_A2(INT_WITHIN(PROT_READ | PROT_WRITE)));
}

static int add_thread_rules(scmp_filter_ctx f)
{
	const uint64_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
	const uint64_t never = CLONE_PTRACE | CLONE_VFORK | CLONE_PARENT | CLONE_NEWNS |
			       CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
			       CLONE_NEWPID | CLONE_NEWNET | CLONE_IO | CLONE_UNTRACED;
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
		SCMP_A0(SCMP_CMP_MASKED_EQ, thread | never, thread));
}

static int add_argument_rules(scmp_filter_ctx f)
{
	static const int fcntl_commands[] = { F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC };
	for (size_t i = 0; i < COUNT_OF(fcntl_commands); i++) {
		int rc = seccomp_rule_add(
			f, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, SCMP_A1(INT_IS(fcntl_commands[i])));
		if (rc != 0)
			return rc;
	}
	/* Reading our own limits, as getrlimit(3) does. */
	int rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, SCMP_A0(INT_IS(0)),
		SCMP_A2(POINTER_IS_NULL));
	if (rc != 0)
		return rc;
	/* abort(3) and pthread_kill(3): our own threads. */
	rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(INT_IS(getpid())));
	if (rc != 0)
		return rc;
	return seccomp_rule_add(
		f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(INT_IS(PR_SET_NAME)));
}

/* TCP and UDP over IPv4 and IPv6. Options of a socket that the libraries set, and not the hundreds
 * that reach into netfilter and the like. */
static int add_socket_rules(scmp_filter_ctx f)
{
	static const int families[] = { AF_INET, AF_INET6 };
	static const int levels[] = { SOL_SOCKET, IPPROTO_TCP, IPPROTO_IP, IPPROTO_IPV6 };
	static const int questions[] = { FIONREAD, FIONBIO };
	static const int kinds[] = { SOCK_STREAM, SOCK_DGRAM };
	const uint64_t whole = INT_BITS & ~(uint64_t)(SOCK_CLOEXEC | SOCK_NONBLOCK);
	int rc = 0;
	for (size_t i = 0; i < COUNT_OF(families) * COUNT_OF(kinds) && rc == 0; i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
			SCMP_A0(INT_IS(families[i / COUNT_OF(kinds)])),
			SCMP_A1(SCMP_CMP_MASKED_EQ, whole, (uint64_t)kinds[i % COUNT_OF(kinds)]));
	for (size_t i = 0; i < COUNT_OF(levels) && rc == 0; i++)
		rc = seccomp_rule_add(
			f, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 1, SCMP_A1(INT_IS(levels[i])));
	for (size_t i = 0; i < COUNT_OF(questions) && rc == 0; i++)
		rc = seccomp_rule_add(
			f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(INT_IS(questions[i])));
	if (rc == 0) /* not to block */
		rc = seccomp_rule_add(
			f, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, SCMP_A1(INT_IS(F_SETFL)));
	/* These are no library's attempt: they end the process. */
	static const int never[] = { SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace),
		SCMP_SYS(process_vm_writev) };
	for (size_t i = 0; i < COUNT_OF(never) && rc == 0; i++)
		rc = seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, never[i], 0);
	return rc;
}

/* The witness writes to its channel and to nothing else, whatever it has open. */
static int add_channel_rules(scmp_filter_ctx f, const struct confine_request *r)
{
	for (size_t i = 0; i <= r->n_keep_fds; i++) {
		if (i == r->n_keep_fds && !SANITIZED)
			break;
		int fd = i < r->n_keep_fds ? r->keep_fds[i] : STDERR_FILENO;
		int rc = seccomp_rule_add(
			f, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(INT_IS(fd)));
		if (rc == 0)
			rc = seccomp_rule_add(
				f, SCMP_ACT_ALLOW, SCMP_SYS(writev), 1, SCMP_A0(INT_IS(fd)));
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int add_rules(scmp_filter_ctx f, const struct confine_request *r)
{
	unsigned set = 1U << r->calls;
	int rc = 0;
	for (size_t i = 0; i < COUNT_OF(allowed) && rc == 0; i++)
		if ((allowed[i].sets & set) != 0)
			rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i].number, 0);
	for (size_t i = 0; i < COUNT_OF(answered) && rc == 0; i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ERRNO((uint16_t)answered[i].errno_value),
			answered[i].number, 0);
	if (rc == 0)
		rc = add_memory_rules(f);
	if (rc == 0)
		rc = add_argument_rules(f);
	if (rc == 0 && (set & WRITERS) != 0)
		rc = add_thread_rules(f);
	if (rc == 0 && (set & WITNESS) != 0)
		rc = add_channel_rules(f, r);
	if (rc == 0 && (set & SENDER) != 0)
		rc = add_socket_rules(f);
	/* futimens(3): no path, so a descriptor that is open already. */
	if (rc == 0 && (set & (PLANTER | UNDO)) != 0)
		rc = seccomp_rule_add(
			f, SCMP_ACT_ALLOW, SCMP_SYS(utimensat), 1, SCMP_A1(POINTER_IS_NULL));
	return rc;
}

enum status calls_lock(const struct confine_request *r, struct error *e)
{
	AUTO(seccomp_release)
	scmp_filter_ctx f = seccomp_init(
		r->calls == CONFINE_CALLS_SENDER ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
	if (FAULT("calls_init") || f == NULL)
		return error_set(e, E_DENIED, "this kernel has no system call filter");
	int rc = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (rc == 0)
		rc = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
	if (rc == 0)
		rc = add_rules(f, r);
	if (rc == 0)
		rc = FAULT("calls_load") ? -EFAULT : seccomp_load(f);
	if (rc != 0)
		return error_sys(e, E_DENIED, -rc, "put on the system call filter");
	return OK;
}
