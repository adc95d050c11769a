/*
 * Probes that aim at other processes, the kernel's further doors, and the locks themselves.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harmless/probe.h"

static int answer(long result)
{
	return result < 0 ? errno : 0;
}

/* --- further processes --- */

static int child_of(long pid)
{
	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return errno;
	(void)waitpid((pid_t)pid, NULL, 0);
	return 0;
}

static int call_fork(const struct probe_place *p)
{
	(void)p;
	return child_of(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
}

#ifdef SYS_fork
static int old_fork(const struct probe_place *p)
{
	(void)p;
	return child_of(syscall(SYS_fork));
}

static int call_vfork(const struct probe_place *p)
{
	(void)p;
	pid_t pid = vfork();
	if (pid == 0)
		_exit(0);
	return pid < 0 ? errno : 0;
}
#endif

static int call_clone3(const struct probe_place *p)
{
	(void)p;
	uint64_t arguments[8] = { 0, 0, 0, 0, SIGCHLD, 0, 0, 0 };
	return child_of(syscall(SYS_clone3, arguments, sizeof arguments));
}

static int clone_sharing(const struct probe_place *p)
{
	(void)p;
	return child_of(
		syscall(SYS_clone, CLONE_FILES | CLONE_FS | SIGCHLD, NULL, NULL, NULL, NULL));
}

static int call_exec(const struct probe_place *p)
{
	(void)p;
	char name[] = "true";
	char *argv[] = { name, NULL };
	char *envp[] = { NULL };
	return answer(execve("/bin/true", argv, envp));
}

static int call_execveat(const struct probe_place *p)
{
	(void)p;
	char name[] = "true";
	char *argv[] = { name, NULL };
	char *envp[] = { NULL };
	return answer(syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, envp, 0));
}

/* --- other processes --- */

static int call_kill(const struct probe_place *p)
{
	return answer(kill(p->order->bystander, 0));
}

static int kill_everybody_in_the_group(const struct probe_place *p)
{
	(void)p;
	return answer(kill(0, 0));
}

static int call_tgkill(const struct probe_place *p)
{
	return answer(syscall(SYS_tgkill, p->order->bystander, p->order->bystander, 0));
}

static int call_tkill(const struct probe_place *p)
{
	return answer(syscall(SYS_tkill, p->order->bystander, 0));
}

static int call_pidfd(const struct probe_place *p)
{
	return answer(syscall(SYS_pidfd_open, p->order->bystander, 0));
}

static int call_sigqueue(const struct probe_place *p)
{
	siginfo_t info;
	memset(&info, 0, sizeof info);
	info.si_code = SI_QUEUE;
	return answer(syscall(SYS_rt_sigqueueinfo, p->order->bystander, 0, &info));
}

static int call_ptrace(const struct probe_place *p)
{
	long result = ptrace(PTRACE_SEIZE, p->order->bystander, 0, 0);
	if (result == 0)
		(void)ptrace(PTRACE_DETACH, p->order->bystander, 0, 0);
	return answer(result);
}

static int call_vm_write(const struct probe_place *p)
{
	static char byte;
	struct iovec here = { &byte, 0 };
	struct iovec there = { &byte, 0 };
	return answer(process_vm_writev(p->order->bystander, &here, 1, &there, 1, 0));
}

static int set_limit(const struct probe_place *p)
{
	struct rlimit limit = { 64, 64 };
	return answer(prlimit(p->order->bystander, RLIMIT_NOFILE, &limit, NULL));
}

static int read_limit(const struct probe_place *p)
{
	struct rlimit limit;
	return answer(prlimit(p->order->bystander, RLIMIT_NOFILE, NULL, &limit));
}

static int raise_own_limit(const struct probe_place *p)
{
	(void)p;
	struct rlimit limit = { 64, 64 };
	return answer(prlimit(0, RLIMIT_NOFILE, &limit, NULL));
}

static int set_priority(const struct probe_place *p)
{
	return answer(setpriority(PRIO_PROCESS, (id_t)p->order->bystander, 19));
}

static int set_affinity(const struct probe_place *p)
{
	cpu_set_t all;
	memset(&all, 0xff, sizeof all);
	return answer(sched_setaffinity(p->order->bystander, sizeof all, &all));
}

static int write_memory_file(const struct probe_place *p)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/%d/mem", (int)p->order->bystander);
	uint64_t how[3] = { O_RDWR, 0, 0 };
	return answer(syscall(SYS_openat2, AT_FDCWD, path, how, sizeof how));
}

static int write_oom_score(const struct probe_place *p)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)p->order->bystander);
	uint64_t how[3] = { O_WRONLY, 0, 0 };
	return answer(syscall(SYS_openat2, AT_FDCWD, path, how, sizeof how));
}

/* --- the network and other doors --- */

static int socket_inet(const struct probe_place *p)
{
	(void)p;
	return answer(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int socket_unix(const struct probe_place *p)
{
	(void)p;
	return answer(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int socket_pair(const struct probe_place *p)
{
	(void)p;
	int fds[2];
	return answer(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
}

static int receive_descriptor(const struct probe_place *p)
{
	(void)p;
	char byte;
	struct iovec piece = { &byte, 1 };
	struct msghdr m = { .msg_iov = &piece, .msg_iovlen = 1 };
	long result = recvmsg(3, &m, MSG_DONTWAIT);
	return result < 0 && errno == EAGAIN ? 0 : answer(result);
}

static int shared_memory(const struct probe_place *p)
{
	(void)p;
	int id = shmget(IPC_PRIVATE, 4096, 0600);
	if (id < 0)
		return errno;
	(void)shmctl(id, IPC_RMID, NULL);
	return 0;
}

static int call_io_uring(const struct probe_place *p)
{
	(void)p;
	uint64_t parameters[32] = { 0 };
	return answer(syscall(SYS_io_uring_setup, 4, parameters));
}

static int call_bpf(const struct probe_place *p)
{
	(void)p;
	uint64_t attributes[16] = { 0 };
	return answer(syscall(SYS_bpf, 0, attributes, sizeof attributes));
}

static int call_perf(const struct probe_place *p)
{
	(void)p;
	uint64_t attributes[16] = { 0 };
	return answer(syscall(SYS_perf_event_open, attributes, 0, -1, -1, 0));
}

static int call_userfaultfd(const struct probe_place *p)
{
	(void)p;
	return answer(syscall(SYS_userfaultfd, 0));
}

static int call_keyctl(const struct probe_place *p)
{
	(void)p;
	return answer(syscall(SYS_keyctl, 0, -3, 0, 0, 0));
}

static int handle_open(const struct probe_place *p)
{
	struct {
		unsigned bytes;
		int type;
		unsigned char handle[128];
	} handle = { .bytes = 128 };
	int mount_id = 0;
	return answer(
		syscall(SYS_name_to_handle_at, AT_FDCWD, p->order->outside, &handle, &mount_id, 0));
}

static int map_executable(const struct probe_place *p)
{
	(void)p;
	void *at = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at == MAP_FAILED ? errno : 0;
}

static int protect_executable(const struct probe_place *p)
{
	(void)p;
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return errno;
	return answer(mprotect(at, 4096, PROT_READ | PROT_EXEC));
}

static int map_growing(const struct probe_place *p)
{
	(void)p;
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
	return at == MAP_FAILED ? errno : 0;
}

static int call_ioctl(const struct probe_place *p)
{
	(void)p;
	int n = 0;
	return answer(syscall(SYS_ioctl, 3, 0x541B /* FIONREAD */, &n));
}

static int set_owner_of_signals(const struct probe_place *p)
{
	return answer(fcntl(3, F_SETOWN, p->order->bystander));
}

static int take_lease(const struct probe_place *p)
{
	(void)p;
	return answer(fcntl(3, F_SETFL, O_NONBLOCK));
}

/* --- the locks themselves --- */

static int call_mount(const struct probe_place *p)
{
	return answer(mount(p->order->outside, p->order->arena, NULL, MS_BIND, NULL));
}

static int call_umount(const struct probe_place *p)
{
	char path[STAGE_PATH_MAX + 8];
	(void)snprintf(path, sizeof path, "%s/bind", p->order->arena);
	return answer(umount2(path, MNT_DETACH));
}

static int call_unshare(const struct probe_place *p)
{
	(void)p;
	return answer(unshare(CLONE_NEWNS));
}

static int call_unshare_user(const struct probe_place *p)
{
	(void)p;
	return answer(unshare(CLONE_NEWUSER));
}

static int call_open_tree(const struct probe_place *p)
{
	return answer(open_tree(AT_FDCWD, p->order->outside, OPEN_TREE_CLOEXEC));
}

static int call_chroot(const struct probe_place *p)
{
	return answer(chroot(p->order->arena));
}

static int call_chdir(const struct probe_place *p)
{
	return answer(chdir(p->order->outside));
}

static int become_root(const struct probe_place *p)
{
	(void)p;
	return answer(setresuid(0, 0, 0));
}

static int take_capabilities(const struct probe_place *p)
{
	(void)p;
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { .effective = 1, .permitted = 1 } };
	return answer(syscall(SYS_capset, &header, data));
}

static int outlive_parent(const struct probe_place *p)
{
	(void)p;
	return answer(prctl(PR_SET_PDEATHSIG, 0));
}

static int become_dumpable(const struct probe_place *p)
{
	(void)p;
	return answer(prctl(PR_SET_DUMPABLE, 1));
}

static int further_filter(const struct probe_place *p)
{
	(void)p;
	return answer(syscall(
		SYS_seccomp, 2 /* SECCOMP_GET_ACTION_AVAIL */, 0, &(uint32_t){ 0x7fff0000U }));
}

static int change_personality(const struct probe_place *p)
{
	(void)p;
	return answer(syscall(SYS_personality, 0xffffffffU));
}

static int new_session(const struct probe_place *p)
{
	(void)p;
	return answer(syscall(SYS_setsid));
}

#if defined(__x86_64__) && !defined(__ILP32__)
static int x32_call(const struct probe_place *p)
{
	(void)p;
	return answer(syscall(0x40000000L + SYS_getpid));
}

static int i386_call(const struct probe_place *p)
{
	(void)p;
	long result = 20; /* getpid of the 32-bit ABI */
	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	return result < 0 ? (int)-result : 0;
}
#endif

const struct probe_row process_probes[] = {
	{ "fork", call_fork, 0 },
#ifdef SYS_fork
	{ "fork by its old call", old_fork, 0 },
	{ "vfork", call_vfork, 0 },
#endif
	{ "clone3", call_clone3, PROBE_MAYBE | PROBE_ANSWERED },
	{ "clone that shares files", clone_sharing, 0 },
	{ "exec", call_exec, PROBE_EXECS },
	{ "execveat", call_execveat, PROBE_EXECS },
	{ "kill", call_kill, 0 },
	{ "kill a group", kill_everybody_in_the_group, 0 },
	{ "tgkill", call_tgkill, 0 },
	{ "tkill", call_tkill, 0 },
	{ "pidfd", call_pidfd, 0 },
	{ "queue a signal", call_sigqueue, 0 },
	{ "ptrace", call_ptrace, PROBE_MAYBE },
	{ "write another process's memory", call_vm_write, 0 },
	{ "set another process's limit", set_limit, 0 },
	{ "read another process's limit", read_limit, 0 },
	{ "set an own limit", raise_own_limit, 0 },
	{ "set another process's priority", set_priority, 0 },
	{ "set another process's processors", set_affinity, 0 },
	{ "open another process's memory", write_memory_file, PROBE_MAYBE | PROBE_ANSWERED },
	{ "open another process's memory score", write_oom_score, PROBE_ANSWERED },
	{ "socket, internet", socket_inet, 0 },
	{ "socket, local", socket_unix, 0 },
	{ "pair of sockets", socket_pair, 0 },
	{ "receive a descriptor", receive_descriptor, 0 },
	{ "shared memory", shared_memory, 0 },
	{ "io_uring", call_io_uring, PROBE_MAYBE },
	{ "bpf", call_bpf, PROBE_MAYBE },
	{ "performance events", call_perf, PROBE_MAYBE },
	{ "userfaultfd", call_userfaultfd, PROBE_MAYBE },
	{ "keys", call_keyctl, PROBE_MAYBE },
	{ "file handle", handle_open, PROBE_MAYBE },
	{ "map executable memory", map_executable, 0 },
	{ "make memory executable", protect_executable, 0 },
	{ "map a growing stack", map_growing, 0 },
	{ "ioctl on the channel", call_ioctl, 0 },
	{ "send a descriptor's signals elsewhere", set_owner_of_signals, 0 },
	{ "change a descriptor's flags", take_lease, 0 },
	{ "mount", call_mount, PROBE_ROOT },
	{ "unmount", call_umount, PROBE_ROOT },
	{ "unshare mounts", call_unshare, PROBE_ROOT },
	{ "unshare users", call_unshare_user, PROBE_MAYBE },
	{ "open a tree", call_open_tree, PROBE_MAYBE },
	{ "change the root", call_chroot, PROBE_ROOT },
	{ "change the folder", call_chdir, 0 },
	{ "become root", become_root, PROBE_ROOT },
	{ "take a capability", take_capabilities, PROBE_ROOT },
	{ "outlive the parent", outlive_parent, 0 },
	{ "become dumpable", become_dumpable, 0 },
	{ "ask for a further filter", further_filter, 0 },
	{ "change the personality", change_personality, 0 },
	{ "begin a session", new_session, PROBE_MAYBE },
#if defined(__x86_64__) && !defined(__ILP32__)
	{ "x32 call", x32_call, PROBE_MAYBE },
	{ "32-bit call", i386_call, PROBE_MAYBE },
#endif
};
const size_t n_process_probes = sizeof process_probes / sizeof process_probes[0];
