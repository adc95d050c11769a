/*
 * Who a role is: a uid of its own where root started it, and no capability that it does not need.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/view.h"
#include "sys/file.h"
#include "sys/locks.h"

/* --- the lock --- */

#define LAST_CAPABILITY 63
#define READ_SEARCH (1U << CAP_DAC_READ_SEARCH)

static enum status set_capabilities(uint32_t low, struct error *e)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct wanted[2] = { { .effective = low, .permitted = low } };
	struct __user_cap_data_struct got[2];
	if (syscall(SYS_capset, &header, wanted) != 0)
		return error_sys(e, E_DENIED, errno, "give up the capabilities");
	header = (struct __user_cap_header_struct){ .version = _LINUX_CAPABILITY_VERSION_3 };
	memset(got, 0xff, sizeof got);
	if (syscall(SYS_capget, &header, got) != 0)
		return error_sys(e, E_DENIED, errno, "read the capabilities");
	if (memcmp(got, wanted, sizeof got) != 0)
		return error_set(e, E_DENIED, "capabilities are left");
	return OK;
}

/* Whatever the process may ever gain. Needs CAP_SETPCAP, which a plain user without a user
 * namespace does not have: there no_new_privs and the empty permitted set do the same. */
static enum status close_capability_sources(struct error *e)
{
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* absent before 4.3 */
	if (prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0) != 0) {
		if (errno == EPERM && geteuid() != 0)
			return OK;
		return error_sys(e, E_DENIED, errno, "drop a capability for good");
	}
	for (unsigned long c = 0; c <= LAST_CAPABILITY; c++)
		if (prctl(PR_CAPBSET_READ, c, 0, 0, 0) == 1 && c != CAP_SETPCAP &&
			prctl(PR_CAPBSET_DROP, c, 0, 0, 0) != 0)
			return error_sys(e, E_DENIED, errno, "drop a capability for good");
	const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
				   SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
				   SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
	if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) != 0)
		return error_sys(e, E_DENIED, errno, "lock the secure bits");
	if (prctl(PR_CAPBSET_DROP, CAP_SETPCAP, 0, 0, 0) != 0)
		return error_sys(e, E_DENIED, errno, "drop a capability for good");
	return OK;
}

static enum status take_ids(uid_t uid, gid_t gid, struct error *e)
{
	if (uid == 0 || gid == 0)
		return error_set(e, E_DENIED, "a role never runs as root");
	if (FAULT("uid_take") || setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
		setresuid(uid, uid, uid) != 0)
		return error_sys(e, E_DENIED, errno, "take the uid %u", uid);
	return OK;
}

static enum status check_ids(uid_t uid, gid_t gid, struct error *e)
{
	uid_t uids[3];
	gid_t gids[3];
	if (getresuid(&uids[0], &uids[1], &uids[2]) != 0 ||
		getresgid(&gids[0], &gids[1], &gids[2]) != 0)
		return error_sys(e, E_DENIED, errno, "read the ids");
	for (size_t i = 0; i < 3; i++)
		if (uids[i] != uid || gids[i] != gid)
			return error_set(e, E_DENIED, "the process has further ids");
	if (setuid(0) == 0 || errno != EPERM) /* EINVAL: not mapped in this user namespace */
		return errno == EINVAL ? OK : error_set(e, E_DENIED, "the way back is open");
	return OK;
}

enum status uid_lock(const struct confine_request *r, bool *out_own_uid, struct error *e)
{
	bool root = geteuid() == 0;
	TRY(close_capability_sources(e));
	if (root)
		TRY(take_ids(r->uid, r->gid, e));
	/* Secure bits kept the capabilities through the change of uid; here they go. */
	uint32_t kept = root && r->reach == CONFINE_REACH_READ_ALL ? READ_SEARCH : 0;
	TRY(set_capabilities(kept, e));
	TRY(check_ids(root ? r->uid : geteuid(), root ? r->gid : getegid(), e));
	*out_own_uid = root;
	return OK;
}

/* --- choosing one --- */

enum { N_UIDS = 4336, UID_TRIES = 512 };
/* Above what systemd, shadow and the container managers hand out (systemd.io/UIDS-GIDS: containers
 * up to 1879048191, foreign images from 2147352576), below 2^31, where some programs still end.
 * An arena stands for days: a uid of systemd's DynamicUser range could be a service's by then. */
#define UID_FIRST_HIGH 0x7e000000U
/* That range, all the same, where a user namespace maps no higher ones. */
#define UID_FIRST_LOW 61184U

static bool is_mapped(const char *path, uint64_t id)
{
	AUTO_BUF struct buf b = { .ceiling = 0 };
	if (file_read_all(AT_FDCWD, path, 64 * KIB, &b, NULL) != OK)
		return true; /* a kernel without user namespaces maps everybody */
	struct view rest = buf_view(&b);
	while (rest.len > 0) {
		struct view line = view_cut(&rest, '\n');
		unsigned long long numbers[3] = { 0, 0, 0 };
		for (size_t i = 0; i < COUNT_OF(numbers); i++) {
			line = view_trim(line);
			if (!view_to_u64(view_cut(&line, ' '), &numbers[i]))
				break;
		}
		if (id >= numbers[0] && id - numbers[0] < numbers[2])
			return true;
	}
	return false;
}

static uid_t first_uid(void)
{
	return is_mapped("/proc/self/uid_map", UID_FIRST_HIGH + N_UIDS - 1) &&
			       is_mapped("/proc/self/gid_map", UID_FIRST_HIGH + N_UIDS - 1)
		       ? UID_FIRST_HIGH
		       : UID_FIRST_LOW;
}

bool confine_is_drill_uid(uid_t uid)
{
	uid_t first = first_uid();
	return uid >= first && uid - first < N_UIDS;
}

/* Whether subuid(5) or subgid(5) hands `id` to somebody's containers. */
static bool is_subordinate(const char *path, uint64_t id)
{
	AUTO_BUF struct buf b = { .ceiling = 0 };
	if (file_read_all(AT_FDCWD, path, MIB, &b, NULL) != OK)
		return false;
	struct view rest = buf_view(&b);
	while (rest.len > 0) {
		struct view line = view_trim(view_cut(&rest, '\n'));
		unsigned long long first = 0;
		unsigned long long n = 0;
		(void)view_cut(&line, ':'); /* the account */
		if (view_to_u64(view_cut(&line, ':'), &first) && view_to_u64(line, &n) &&
			id >= first && id - first < n)
			return true;
	}
	return false;
}

static bool has_account(uid_t id)
{
	return getpwuid(id) != NULL || getgrgid(id) != NULL;
}

/* Marks the uids of the range that own a process. */
static void mark_running(uid_t first, bool taken[N_UIDS])
{
	DIR *d = opendir("/proc");
	if (d == NULL)
		return;
	for (const struct dirent *entry = readdir(d); entry != NULL; entry = readdir(d)) {
		struct stat st;
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
			fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			st.st_uid >= first && st.st_uid - first < N_UIDS)
			taken[st.st_uid - first] = true;
	}
	(void)closedir(d);
}

enum status confine_pick_uid(uint64_t seed, uid_t *out_uid, gid_t *out_gid, struct error *e)
{
	if (geteuid() != 0) {
		*out_uid = geteuid();
		*out_gid = getegid();
		return OK;
	}
	const uid_t first = first_uid();
	AUTO_FREE bool *taken = calloc(N_UIDS, sizeof *taken);
	if (taken == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "choose a uid");
	mark_running(first, taken);
	for (uint64_t i = 0; i < UID_TRIES; i++) {
		uint32_t at = (uint32_t)((seed % N_UIDS + i) % N_UIDS);
		uid_t uid = first + at;
		if (taken[at] || has_account(uid) || !is_mapped("/proc/self/uid_map", uid) ||
			!is_mapped("/proc/self/gid_map", uid) ||
			is_subordinate("/etc/subuid", uid) || is_subordinate("/etc/subgid", uid))
			continue;
		*out_uid = uid;
		*out_gid = uid;
		return OK;
	}
	return error_set(e, E_DENIED,
		"no free uid between %u and %u: a drill started by root needs one of its own",
		first, first + N_UIDS - 1);
}
