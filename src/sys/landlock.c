/*
 * Landlock by its own system calls (landlock(7), kernel documentation "Landlock: unprivileged
 * access control"). All rights that the kernel knows are handled; the folder's rule grants the few
 * that a role needs. The numbers stand here because the headers that we build with are older than
 * the kernels that we run on.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "sys/locks.h"

/* The same on every architecture (asm-generic/unistd.h). */
enum { CALL_CREATE_RULESET = 444, CALL_ADD_RULE = 445, CALL_RESTRICT_SELF = 446 };
enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1, RULE_NET_PORT = 2, ABI_NETWORK = 4 };

#define FS_EXECUTE (1ULL << 0)
#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_REMOVE_DIR (1ULL << 4)
#define FS_REMOVE_FILE (1ULL << 5)
#define FS_MAKE_DIR (1ULL << 7)
#define FS_MAKE_REG (1ULL << 8)
#define FS_ALL_OF_ABI_1 ((1ULL << 13) - 1)     /* up to MAKE_SYM */
#define FS_REFER (1ULL << 13)		       /* ABI 2 */
#define FS_TRUNCATE (1ULL << 14)	       /* ABI 3 */
#define FS_IOCTL_DEV (1ULL << 15)	       /* ABI 5 */
#define NET_BIND_TCP (1ULL << 0)	       /* ABI 4 */
#define NET_CONNECT_TCP (1ULL << 1)	       /* ABI 4 */
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0) /* ABI 6 */
#define SCOPE_SIGNAL (1ULL << 1)	       /* ABI 6 */

struct ruleset_attributes {
	uint64_t handled_fs;
	uint64_t handled_net; /* ABI 4 */
	uint64_t scoped;      /* ABI 6 */
};

struct path_beneath {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

struct net_port {
	uint64_t allowed;
	uint64_t port;
};

int landlock_offered(void)
{
	long abi = syscall(CALL_CREATE_RULESET, NULL, (size_t)0, CREATE_RULESET_VERSION);
	return abi < 0 ? 0 : (int)abi;
}

static struct ruleset_attributes attributes_for(int abi, size_t *out_size)
{
	struct ruleset_attributes a = {
		.handled_fs = FS_ALL_OF_ABI_1 | FS_REFER | FS_TRUNCATE,
	};
	*out_size = sizeof a.handled_fs;
	if (abi >= ABI_NETWORK) {
		a.handled_net = NET_BIND_TCP | NET_CONNECT_TCP;
		*out_size += sizeof a.handled_net;
	}
	if (abi >= 5)
		a.handled_fs |= FS_IOCTL_DEV;
	if (abi >= 6) {
		a.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
		*out_size += sizeof a.scoped;
	}
	return a;
}

/* Not granted even in the arena: execute, links and special files, and REFER, so that nothing can
 * move between two folders: each rename stays with its parent. */
static uint64_t allowed_for(enum confine_reach reach)
{
	if (reach == CONFINE_REACH_READ_ALL)
		return FS_READ_FILE | FS_READ_DIR;
	return FS_READ_FILE | FS_READ_DIR | FS_WRITE_FILE | FS_TRUNCATE | FS_MAKE_REG |
	       FS_MAKE_DIR | FS_REMOVE_FILE | FS_REMOVE_DIR;
}

static enum status add_folder_rule(
	int ruleset, int folder_fd, enum confine_reach reach, struct error *e)
{
	AUTO_FD int root = -1;
	if (reach == CONFINE_REACH_READ_ALL) {
		root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (root < 0)
			return error_sys(e, E_FAILED, errno, "open '/'");
		folder_fd = root;
	}
	struct path_beneath rule = { .allowed = allowed_for(reach), .parent_fd = folder_fd };
	if (syscall(CALL_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0U) != 0)
		return error_sys(e, E_DENIED, errno, "add a Landlock rule");
	return OK;
}

static enum status add_port_rules(
	int abi, int ruleset, const struct confine_request *r, struct error *e)
{
	for (size_t i = 0; abi >= ABI_NETWORK && i < r->n_tcp_ports; i++) {
		struct net_port rule = { NET_CONNECT_TCP, r->tcp_ports[i] };
		if (syscall(CALL_ADD_RULE, ruleset, RULE_NET_PORT, &rule, 0U) != 0)
			return error_sys(e, E_DENIED, errno, "add a Landlock rule");
	}
	return OK;
}

enum status landlock_lock(int abi, int folder_fd, const struct confine_request *r, struct error *e)
{
	size_t size = 0;
	struct ruleset_attributes a = attributes_for(abi, &size);
	AUTO_FD int ruleset =
		FAULT("landlock_create") ? -1 : (int)syscall(CALL_CREATE_RULESET, &a, size, 0U);
	if (ruleset < 0)
		return error_sys(e, E_DENIED, errno, "make a Landlock rule set");
	if (r->reach == CONFINE_REACH_NETWORK)
		TRY(add_port_rules(abi, ruleset, r, e));
	else
		TRY(add_folder_rule(ruleset, folder_fd, r->reach, e));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return error_sys(e, E_DENIED, errno, "give up new privileges");
	if (FAULT("landlock_restrict") || syscall(CALL_RESTRICT_SELF, ruleset, 0U) != 0)
		return error_sys(e, E_DENIED, errno, "put on Landlock");
	return OK;
}
