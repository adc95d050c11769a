/*
 * The system calls that remain, by libseccomp: an allow-list for each kind of role, everything else
 * kills the whole process. A foreign ABI, x32 among them, is killed too.
 *
 * A few calls that C libraries make of their own accord are answered with an error instead, so that
 * a lazily loaded configuration does not end a drill: they do nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "sys/locks.h"
#include "sys/sanitizer.h"

AUTO_TYPE(seccomp_release, scmp_filter_ctx)

#define EMULATOR (1U << CONFINE_CALLS_EMULATOR)
#define PLANTER (1U << CONFINE_CALLS_PLANTER)
#define UNDO (1U << CONFINE_CALLS_UNDO)
#define WITNESS (1U << CONFINE_CALLS_WITNESS)
#define WRITERS (EMULATOR | PLANTER | UNDO)
#define ALL (WRITERS | WITNESS)

struct call_row {
	int number;
	unsigned sets;
};

static const struct call_row allowed[] = {
	/* files: by descriptor, or beneath one */
	{ SCMP_SYS(openat2), ALL },
	{ SCMP_SYS(close), ALL },
	{ SCMP_SYS(close_range), ALL },
	{ SCMP_SYS(read), ALL },
	{ SCMP_SYS(readv), ALL },
	{ SCMP_SYS(pread64), ALL },
	{ SCMP_SYS(preadv), ALL },
	{ SCMP_SYS(lseek), ALL },
	{ SCMP_SYS(fstat), ALL },
	{ SCMP_SYS(newfstatat), ALL },
	{ SCMP_SYS(statx), ALL },
	{ SCMP_SYS(fstatfs), ALL },
	{ SCMP_SYS(statfs), ALL },
	{ SCMP_SYS(getdents64), ALL },
	{ SCMP_SYS(fadvise64), ALL },
	{ SCMP_SYS(fgetxattr), WITNESS },
	{ SCMP_SYS(flistxattr), WITNESS },
	{ SCMP_SYS(write), WRITERS },
	{ SCMP_SYS(writev), WRITERS },
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
	{ SCMP_SYS(munmap), ALL },
	{ SCMP_SYS(mremap), ALL },
	{ SCMP_SYS(madvise), ALL },
	{ SCMP_SYS(brk), ALL },
	{ SCMP_SYS(membarrier), ALL },
	/* waiting, threads, time */
	{ SCMP_SYS(poll), ALL },
	{ SCMP_SYS(ppoll), ALL },
	{ SCMP_SYS(futex), ALL },
	{ SCMP_SYS(set_robust_list), ALL },
	{ SCMP_SYS(rseq), ALL },
	{ SCMP_SYS(set_tid_address), ALL },
	{ SCMP_SYS(sched_yield), ALL },
	{ SCMP_SYS(sched_getaffinity), ALL },
	{ SCMP_SYS(getcpu), ALL },
	{ SCMP_SYS(clock_gettime), ALL },
	{ SCMP_SYS(clock_getres), ALL },
	{ SCMP_SYS(clock_nanosleep), ALL },
	{ SCMP_SYS(nanosleep), ALL },
	{ SCMP_SYS(gettimeofday), ALL },
	{ SCMP_SYS(time), ALL },
	{ SCMP_SYS(restart_syscall), ALL },
	{ SCMP_SYS(exit), ALL },
	{ SCMP_SYS(exit_group), ALL },
	/* signals of our own */
	{ SCMP_SYS(rt_sigaction), ALL },
	{ SCMP_SYS(rt_sigprocmask), ALL },
	{ SCMP_SYS(rt_sigreturn), ALL },
	{ SCMP_SYS(rt_sigpending), ALL },
	{ SCMP_SYS(rt_sigtimedwait), ALL },
	{ SCMP_SYS(sigaltstack), ALL },
	/* questions */
	{ SCMP_SYS(getrandom), ALL },
	{ SCMP_SYS(getpid), ALL },
	{ SCMP_SYS(gettid), ALL },
	{ SCMP_SYS(getppid), ALL },
	{ SCMP_SYS(getuid), ALL },
	{ SCMP_SYS(geteuid), ALL },
	{ SCMP_SYS(getgid), ALL },
	{ SCMP_SYS(getegid), ALL },
	{ SCMP_SYS(getrusage), ALL },
	{ SCMP_SYS(getrlimit), ALL },
	{ SCMP_SYS(times), ALL },
	{ SCMP_SYS(sysinfo), ALL },
	{ SCMP_SYS(uname), ALL },
	{ SCMP_SYS(umask), WRITERS },
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
	/* MAP_SHARED_VALIDATE is MAP_SHARED and MAP_PRIVATE at once. */
	const uint64_t known_flags = MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS |
				     MAP_NORESERVE | MAP_STACK | MAP_POPULATE;
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
	/* futimens(3): no path, so a descriptor that is open already. */
	if (rc == 0 && (set & (PLANTER | UNDO)) != 0)
		rc = seccomp_rule_add(
			f, SCMP_ACT_ALLOW, SCMP_SYS(utimensat), 1, SCMP_A1(POINTER_IS_NULL));
	return rc;
}

enum status calls_lock(const struct confine_request *r, struct error *e)
{
	AUTO(seccomp_release) scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
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
