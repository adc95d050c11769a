/*
 * Accounts and groups, as far as it depends on them who may write in a folder; and doing something
 * with the rights of another account. For the conductor and the tops, never for roles.
 */
#ifndef SYS_ACCOUNT_H
#define SYS_ACCOUNT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* Whether nobody but `uid` and root is in the group: it is the account's primary group and carries
 * its name (user private groups, as "usergroups" of pam_umask(8) tells them), nobody else has it as
 * primary group, and nobody else is listed in it. Group programs and newgrp(1) with a password are
 * beyond this look (docs/decisions/0070). */
bool account_group_is_private(gid_t gid, uid_t uid);

bool account_exists(uid_t uid);

/* Does `work` with the rights of `uid` (its primary group, no other), in a process of its own; in
 * this process where `uid` is who we are. What `work` changes in memory is lost with that process;
 * its status and error come back. E_DENIED where `uid` has no account. */
enum status account_do_as(uid_t uid, enum status (*work)(void *context, struct error *e),
	void *context, struct error *e) MUST_CHECK;

#endif
