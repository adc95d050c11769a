/*
 * Whose hands a path is in: what is let pass because nobody else can turn it elsewhere, and each
 * way in which somebody could.
 */
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sys/account.h"
#include "sys/file.h"
#include "tests/lib/test.h"

enum { OWNER = 4801, OTHER = 4802 };

static void bind_over(const char *path, const char *name, const char *text)
{
	test_write_file(test_path(name), text, strlen(text));
	if (mount(test_path(name), path, NULL, MS_BIND, NULL) != 0)
		test_skip("this system lets nobody mount, so it cannot have other accounts for a "
			  "while");
}

/* Accounts of this test's own, seen by its process alone. */
static void have_accounts(const char *passwd, const char *group)
{
	if (!test_is_root())
		test_skip("only root can give itself other accounts for a while");
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		test_skip("no mount namespace here");
	bind_over("/etc/passwd", "passwd", passwd);
	bind_over("/etc/group", "group", group);
	bind_over("/etc/nsswitch.conf", "nsswitch", "passwd: files\ngroup: files\n");
}

static const char accounts[] = "root:x:0:0:root:/root:/bin/sh\n"
			       "owner:x:4801:4801::/home/owner:/bin/sh\n"
			       "other:x:4802:4802::/home/other:/bin/sh\n";

/* The test's folder becomes the owner's, and so does the process. */
static void become_owner(void)
{
	REQUIRE(chown(test_folder(), OWNER, OWNER) == 0);
	REQUIRE(setgroups(0, NULL) == 0 && setresgid(OWNER, OWNER, OWNER) == 0);
	REQUIRE(setresuid(OWNER, OWNER, OWNER) == 0);
}

TEST(a_group_is_private_when_nobody_else_is_in_it)
{
	static const struct {
		const char *what, *passwd, *group;
		bool wanted;
	} cases[] = {
		{ "a user private group", "", "owner:x:4801:\n", true },
		{ "the owner listed in it too", "", "owner:x:4801:owner\n", true },
		{ "root listed in it", "", "owner:x:4801:root\n", true },
		{ "somebody else listed in it", "", "owner:x:4801:other\n", false },
		{ "somebody else listed after the owner", "", "owner:x:4801:owner,other\n", false },
		{ "a name listed that has no account", "", "owner:x:4801:ghost\n", false },
		{ "somebody else's primary group too", "third:x:4803:4801::/:/bin/sh\n",
			"owner:x:4801:\n", false },
		{ "a group of another name", "", "staff:x:4801:\n", false },
		{ "no such group", "", "", false },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char passwd[512];
		char group[512];
		(void)snprintf(passwd, sizeof passwd, "%s%s", accounts, cases[i].passwd);
		(void)snprintf(group, sizeof group, "root:x:0:\nother:x:4802:\n%s", cases[i].group);
		have_accounts(passwd, group);
		if (account_group_is_private(OWNER, OWNER) != cases[i].wanted)
			test_fail(__FILE__, __LINE__, "%s", cases[i].what);
		CHECK(!account_group_is_private(OWNER, OTHER));
		CHECK(!account_group_is_private(OWNER, 4899));
	}
}

TEST(folders_that_the_private_group_may_write_in_are_good)
{
	struct error e;
	have_accounts(accounts, "root:x:0:\nowner:x:4801:\nother:x:4802:\n");
	become_owner();
	(void)umask(0002);
	REQUIRE(mkdir(test_path("a"), 0777) == 0 && mkdir(test_path("a/home"), 0777) == 0);
	struct stat st;
	REQUIRE(stat(test_path("a/home"), &st) == 0 && (st.st_mode & 07777) == 0775);
	REQUIRE_OK(file_check_parents(test_path("a/home"), &e), e);
	REQUIRE_OK(file_check_own_folder(test_path("a/home"), &e), e);
	REQUIRE_OK(file_make_folders(test_path("a/home/b/c"), &e), e);
	REQUIRE(chmod(test_path("a"), 0777) == 0);
	CHECK_INT(file_check_parents(test_path("a/home"), &e), E_DENIED);
	CHECK(strstr(e.text, "0777") != NULL);
}

TEST(folders_that_a_shared_group_may_write_in_are_refused)
{
	struct error e;
	have_accounts(accounts, "root:x:0:\nowner:x:4801:other\nteam:x:4900:owner,other\n");
	REQUIRE(mkdir(test_path("team"), 0775) == 0 && chown(test_path("team"), OWNER, 4900) == 0);
	REQUIRE(chmod(test_path("team"), 02775) == 0);
	become_owner();
	REQUIRE(mkdir(test_path("own"), 0700) == 0 && chmod(test_path("own"), 0775) == 0);
	CHECK_INT(file_check_parents(test_path("team/home"), &e), E_DENIED);
	CHECK(strstr(e.text, "2775") != NULL);
	CHECK_INT(
		file_check_own_folder(test_path("own"), &e), E_DENIED); /* other is in the group */
	CHECK_INT(file_make_folders(test_path("own/home"), &e), E_DENIED);
}

TEST(an_access_list_in_a_folder_of_the_private_group_is_refused)
{
	struct error e;
	have_accounts(accounts, "root:x:0:\nowner:x:4801:\nother:x:4802:\n");
	become_owner();
	REQUIRE(mkdir(test_path("a"), 0700) == 0 && chmod(test_path("a"), 0775) == 0);
	REQUIRE_OK(file_check_own_folder(test_path("a"), &e), e);
	/* acl(5) in the kernel's form: version 2; user::rwx, user:other:rwx, group::r-x, mask::rwx,
	 * other::r-x. */
	static const struct {
		uint32_t version;
		struct {
			uint16_t tag, rights;
			uint32_t id;
		} entries[5];
	} list = { 2, { { 0x01, 7, UINT32_MAX }, { 0x02, 7, OTHER }, { 0x04, 5, UINT32_MAX },
			      { 0x10, 7, UINT32_MAX }, { 0x20, 5, UINT32_MAX } } };
	if (setxattr(test_path("a"), "system.posix_acl_access", &list, sizeof list, 0) != 0)
		test_skip("no access lists on this file system");
	CHECK_INT(file_check_own_folder(test_path("a"), &e), E_DENIED);
	CHECK_INT(file_check_parents(test_path("a/b"), &e), E_DENIED);
}

static const char *resolved(const char *path, enum status wanted, struct error *e)
{
	static struct buf out;
	buf_done(&out);
	buf_init(&out, 8192);
	*e = ERROR_NONE;
	CHECK_INT(file_resolve(path, &out, e), wanted);
	return buf_text(&out);
}

TEST(links_of_ones_own_in_good_folders_are_followed)
{
	struct error e;
	REQUIRE(mkdir(test_path("a"), 0700) == 0 && mkdir(test_path("a/b"), 0700) == 0);
	REQUIRE(symlink("a/b", test_path("short")) == 0);
	REQUIRE(symlink(test_path("short"), test_path("a/long")) == 0);
	CHECK_TEXT(resolved(test_path("short"), OK, &e), test_path("a/b"));
	CHECK_TEXT(resolved(test_path("a/long/x/y"), OK, &e), test_path("a/b/x/y"));
	CHECK_TEXT(resolved(test_path("short/../b//./c/"), OK, &e), test_path("a/b/c"));
	REQUIRE(symlink("nowhere/yet", test_path("ahead")) == 0);
	CHECK_TEXT(resolved(test_path("ahead/x"), OK, &e), test_path("nowhere/yet/x"));
	CHECK_TEXT(resolved("/", OK, &e), "/");
	CHECK_TEXT(resolved("/..//.", OK, &e), "/");
}

TEST(a_path_that_leads_nowhere_is_refused_with_its_name)
{
	struct error e;
	AUTO_BUF struct buf longest;
	REQUIRE(symlink("b", test_path("a")) == 0 && symlink("a", test_path("b")) == 0);
	(void)resolved(test_path("a/x"), E_DENIED, &e);
	CHECK(strstr(e.text, "too many symbolic links") != NULL);
	(void)resolved("relative", E_INVALID, &e);
	(void)resolved("", E_INVALID, &e);
	(void)resolved(test_path("nothing/../x"), E_INVALID, &e);
	CHECK(strstr(e.text, "nothing/../x") != NULL);
	test_write_file(test_path("file"), "", 0);
	(void)resolved(test_path("file/x"), E_INVALID, &e);
	CHECK(strstr(e.text, "is not a folder") != NULL);
	buf_init(&longest, 16384);
	for (int i = 0; i < 300; i++)
		buf_add_text(&longest, "/0123456789");
	(void)resolved(buf_text(&longest), OK, &e);
	for (int i = 0; i < 300; i++)
		buf_add_text(&longest, "/0123456789");
	(void)resolved(buf_text(&longest), E_INVALID, &e);
	buf_reset(&longest);
	buf_add_char(&longest, '/');
	for (int i = 0; i < 300; i++)
		buf_add_char(&longest, 'x');
	(void)resolved(buf_text(&longest), E_INVALID, &e);
}

TEST(no_link_is_followed_that_somebody_else_made_or_could_turn)
{
	struct error e;
	REQUIRE(mkdir(test_path("good"), 0700) == 0 && mkdir(test_path("wide"), 0700) == 0);
	REQUIRE(symlink(test_path("good"), test_path("wide/link")) == 0);
	REQUIRE(symlink("wide/link", test_path("through")) == 0);
	CHECK_TEXT(resolved(test_path("through/x"), OK, &e), test_path("good/x"));
	REQUIRE(chmod(test_path("wide"), 0777) == 0);
	(void)resolved(test_path("wide/link/x"), E_DENIED, &e);
	CHECK(strstr(e.text, "wide") != NULL);
	(void)resolved(test_path("through/x"), E_DENIED, &e);
	/* Up and out of it again no name is looked up in it. */
	CHECK_TEXT(resolved(test_path("wide/../good"), OK, &e), test_path("good"));
	if (!test_is_root())
		return;
	REQUIRE(chmod(test_path("wide"), 01777) == 0);
	CHECK_TEXT(resolved(test_path("wide/link/x"), OK, &e), test_path("good/x"));
	REQUIRE(lchown(test_path("wide/link"), OTHER, OTHER) == 0);
	(void)resolved(test_path("wide/link/x"), E_DENIED, &e);
	CHECK(strstr(e.text, "symbolic link of uid 4802") != NULL);
	REQUIRE(chown(test_path("good"), OTHER, OTHER) == 0);
	(void)resolved(test_path("good/x"), E_DENIED, &e);
	CHECK(strstr(e.text, "belongs to uid 4802") != NULL);
}

/* --- what root leaves with somebody --- */

static enum status kept(const char *path, uid_t *out_keeper, struct error *e)
{
	AUTO_BUF struct buf out;
	buf_init(&out, 8192);
	return file_resolve_kept(path, &out, out_keeper, e);
}

TEST(the_keeper_of_a_path_is_the_one_account_whose_folders_it_leads_through)
{
	struct error e;
	uid_t keeper = 99;
	REQUIRE(mkdir(test_path("a"), 0755) == 0 && mkdir(test_path("a/b"), 0755) == 0);
	REQUIRE_OK(kept(test_path("a/b/new"), &keeper, &e), e);
	CHECK_INT(keeper, geteuid());
	if (!test_is_root())
		return;
	have_accounts(accounts, "root:x:0:\nowner:x:4801:\nother:x:4802:\n");
	REQUIRE(chown(test_path("a"), 4899, 4899) == 0);
	CHECK_INT(kept(test_path("a/b/new"), &keeper, &e), E_DENIED); /* nobody's account */
	REQUIRE(chown(test_path("a"), OWNER, OWNER) == 0);
	REQUIRE_OK(kept(test_path("a/b/new"), &keeper, &e), e);
	CHECK_INT(keeper, OWNER);
	REQUIRE_OK(kept(test_path("a"), &keeper, &e), e);
	CHECK_INT(keeper, OWNER);
	REQUIRE(chown(test_path("a/b"), OTHER, OTHER) == 0);
	CHECK_INT(kept(test_path("a/b/new"), &keeper, &e), E_DENIED);
	CHECK_INT(kept(test_path("a/b"), &keeper, &e), E_DENIED);
	CHECK(strstr(e.text, "4802") != NULL);
	REQUIRE(chown(test_path("a/b"), OWNER, OWNER) == 0 && chmod(test_path("a/b"), 0757) == 0);
	CHECK_INT(kept(test_path("a/b/new"), &keeper, &e), E_DENIED);
}

static enum status write_there(void *context, struct error *e)
{
	const char *path = context;
	TRY(file_make_folders(path, e));
	AUTO_FD int fd = -1;
	TRY(file_open_folder(path, &fd, e));
	return file_replace(fd, "report", VIEW("text"), 0600, e);
}

TEST(what_root_leaves_with_an_account_is_written_with_its_rights_alone)
{
	struct error e = ERROR_NONE;
	struct stat st;
	have_accounts(accounts, "root:x:0:\nowner:x:4801:\nother:x:4802:\n");
	REQUIRE(chmod(test_folder(), 0755) == 0);
	REQUIRE(mkdir(test_path("a"), 0700) == 0 && chown(test_path("a"), OWNER, OWNER) == 0);
	char *out = strdup(test_path("a/out"));
	REQUIRE_OK(account_do_as(OWNER, write_there, out, &e), e);
	REQUIRE(stat(test_path("a/out/report"), &st) == 0);
	CHECK(st.st_uid == OWNER && st.st_gid == OWNER);
	/* The account turns its folder into a way to root's: it gets no further than itself. */
	REQUIRE(mkdir(test_path("roots"), 0755) == 0);
	REQUIRE(unlink(test_path("a/out/report")) == 0 && rmdir(out) == 0);
	REQUIRE(symlink(test_path("roots"), out) == 0);
	CHECK_INT(account_do_as(OWNER, write_there, out, &e), E_DENIED);
	CHECK(strstr(e.text, "symbolic link") != NULL);
	char *roots = strdup(test_path("roots"));
	CHECK_INT(account_do_as(OWNER, write_there, roots, &e), E_DENIED);
	CHECK_INT(stat(test_path("roots/report"), &st), -1);
	CHECK_INT(account_do_as(4899, write_there, roots, &e), E_DENIED);
	CHECK(strstr(e.text, "4899") != NULL);
	free(out);
	free(roots);
}
