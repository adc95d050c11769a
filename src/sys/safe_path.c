/*
 * Whether somebody else could exchange a folder under us or write in it; making folders that nobody
 * can; following the links of a path where nobody else made or could move one.
 *
 * What a name means in a folder is as safe as the folder: so each one is looked at before a name is
 * looked up in it, on the descriptor that the look-up uses. Then nothing on the way can be another
 * folder later, unless root or the keeper of the path wills it (docs/decisions/0070).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fault.h"
#include "sys/account.h"
#include "sys/file.h"

enum { LINKS_MAX = 40 }; /* as path_resolution(7) */

/* A path on its way from "/" down. */
struct walk {
	const char *path;
	uid_t keeper;	 /* who, beside root, may own what is on the way */
	bool may_adopt;	 /* root asks: the first other account on the way becomes the keeper */
	bool make;	 /* what is missing, mode 0700 */
	bool follow;	 /* links and dots; otherwise they are refused */
	bool there;	 /* all that was walked so far */
	int fd;		 /* of the last folder that is there */
	struct buf done; /* the names walked so far, "" for "/" */
	struct buf todo;
	size_t at; /* in todo */
	unsigned n_links;
};

static const char *shown(const struct walk *w)
{
	return w->done.len == 0 ? "/" : buf_text(&w->done);
}

/* Beside the mode bits there may be a list that gives single accounts a right; with a list the
 * group's bits are its mask (acl(5)), so without them it gives nobody the right to write. */
static bool has_access_list(int fd)
{
	static const char *const names[] = { "system.posix_acl_access", "system.nfs4_acl" };
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (getxattr(path, names[i], NULL, 0) >= 0)
			return true;
		if (errno != ENODATA && errno != ENOTSUP)
			return true; /* not known is not safe */
	}
	return false;
}

/* `keeper` and root apart. */
static bool others_may_write(int fd, const struct file_identity *who, uid_t keeper)
{
	if ((who->mode & S_IWOTH) != 0)
		return true;
	if ((who->mode & S_IWGRP) == 0)
		return false;
	return !account_group_is_private(who->gid, keeper) || has_access_list(fd);
}

static enum status refuse_writers(const char *folder, uint32_t mode, struct error *e)
{
	return error_set(e, E_DENIED,
		"others than its owner may write in the folder '%s' (mode %04o); take that right "
		"away (chmod go-w) or name another place",
		folder, mode & 07777);
}

static enum status check_owner(struct walk *w, uid_t owner, struct error *e)
{
	if (owner == 0 || owner == w->keeper)
		return OK;
	if (w->may_adopt && w->keeper == 0 && account_exists(owner)) {
		w->keeper = owner;
		return OK;
	}
	if (w->keeper == 0)
		return error_set(e, E_DENIED,
			"the folder '%s' belongs to uid %u, who could exchange what root keeps in "
			"it; as root, name a place that is root's",
			shown(w), owner);
	return error_set(e, E_DENIED, "the folder '%s' belongs to uid %u, who could exchange it",
		shown(w), owner);
}

static enum status check_folder(struct walk *w, struct error *e)
{
	struct file_identity who;
	TRY(file_identify(w->fd, &who, e));
	if (!S_ISDIR(who.mode))
		return error_set(e, E_INVALID, "'%s' is not a folder", shown(w));
	TRY(check_owner(w, who.uid, e));
	/* In a sticky folder of many users nobody exchanges what is another's. */
	if ((who.mode & S_ISVTX) == 0 && others_may_write(w->fd, &who, w->keeper))
		return refuse_writers(shown(w), who.mode, e);
	return OK;
}

static enum status no_memory(const struct walk *w, struct error *e)
{
	return error_sys(e, E_NO_SPACE, ENOMEM, "check '%s'", w->path);
}

static enum status start_at_root(struct walk *w, struct error *e)
{
	if (w->fd >= 0)
		(void)close(w->fd);
	buf_reset(&w->done);
	w->fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return w->fd < 0 ? error_sys(e, E_FAILED, errno, "open '/'") : OK;
}

/* The link's text takes the link's place in what is still to be walked. */
static enum status follow_link(struct walk *w, int link_fd, uid_t owner, struct error *e)
{
	char target[PATH_MAX];
	if (!w->follow)
		return error_set(e, E_DENIED, "'%s' is a symbolic link", shown(w));
	if (owner != 0 && owner != w->keeper)
		return error_set(e, E_DENIED,
			"'%s' is a symbolic link of uid %u, who could turn it elsewhere", shown(w),
			owner);
	if (++w->n_links > LINKS_MAX)
		return error_set(
			e, E_DENIED, "'%s' leads through too many symbolic links", w->path);
	ssize_t n = readlinkat(link_fd, "", target, sizeof target);
	if (n <= 0 || (size_t)n >= sizeof target)
		return error_sys(e, E_FAILED, n < 0 ? errno : ENAMETOOLONG,
			"read the symbolic link '%s'", shown(w));
	AUTO_BUF struct buf todo;
	buf_init(&todo, w->todo.ceiling);
	buf_add_bytes(&todo, target, (size_t)n);
	buf_add_char(&todo, '/');
	buf_add_text(&todo, buf_text(&w->todo) + w->at);
	if (todo.failed)
		return no_memory(w, e);
	struct buf old = w->todo;
	w->todo = todo;
	todo = old;
	w->at = 0;
	w->done.len = (size_t)(strrchr(w->done.at, '/') - w->done.at);
	w->done.at[w->done.len] = '\0';
	return target[0] == '/' ? start_at_root(w, e) : OK;
}

static enum status go_up(struct walk *w, struct error *e)
{
	if (!w->there)
		return error_set(e, E_INVALID, "'%s' goes up from what is not there", w->path);
	int parent = openat(w->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return error_sys(e, E_DENIED, errno, "look at the folder above '%s'", shown(w));
	(void)close(w->fd);
	w->fd = parent;
	if (w->done.len > 0) {
		w->done.len = (size_t)(strrchr(w->done.at, '/') - w->done.at);
		w->done.at[w->done.len] = '\0';
	}
	return OK;
}

static int open_child(const struct walk *w, const char *name)
{
	return openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* What is made is looked at like what was there: another user may have been faster in a folder
 * such as /tmp. */
static enum status make_child(const struct walk *w, const char *name, int *out, struct error *e)
{
	if (FAULT("file_make_folder") || (mkdirat(w->fd, name, 0700) != 0 && errno != EEXIST))
		return error_sys(e,
			errno == EACCES || errno == EPERM || errno == EROFS ? E_DENIED : E_FAILED,
			errno, "make the folder '%s'", shown(w));
	*out = open_child(w, name);
	return OK;
}

/* w->fd is exchanged for its child, unless that is not there or is a link. */
static enum status descend(struct walk *w, const char *name, struct error *e)
{
	if (w->there)
		TRY(check_folder(w, e));
	buf_add_char(&w->done, '/');
	buf_add_text(&w->done, name);
	if (w->done.failed)
		return no_memory(w, e);
	if (!w->there)
		return OK;
	AUTO_FD int child = open_child(w, name);
	if (child < 0 && errno == ENOENT && w->make)
		TRY(make_child(w, name, &child, e));
	w->there = child >= 0;
	if (child < 0 && errno == ENOENT && !w->make)
		return OK;
	if (child < 0)
		return error_sys(e, E_DENIED, errno, "look at the folder '%s'", shown(w));
	struct file_identity who;
	TRY(file_identify(child, &who, e));
	if (S_ISLNK(who.mode))
		return follow_link(w, child, who.uid, e);
	(void)close(w->fd);
	w->fd = TAKE_FD(child);
	return OK;
}

static enum status next_name(struct walk *w, char name[NAME_MAX + 1], struct error *e)
{
	const char *rest = buf_text(&w->todo) + w->at;
	size_t skipped = strspn(rest, "/");
	size_t len = strcspn(rest + skipped, "/");
	if (len > NAME_MAX)
		return error_sys(e, E_INVALID, ENAMETOOLONG, "'%s'", w->path);
	memcpy(name, rest + skipped, len);
	name[len] = '\0';
	w->at += skipped + len;
	return OK;
}

static enum status walk_down(struct walk *w, struct error *e)
{
	char name[NAME_MAX + 1] = "";
	if (w->path[0] != '/')
		return error_set(e, E_INVALID, "'%s' is not an absolute path", w->path);
	if (strlen(w->path) >= PATH_MAX)
		return error_sys(e, E_INVALID, ENAMETOOLONG, "'%.60s…'", w->path);
	buf_init(&w->done, PATH_MAX);
	buf_init(&w->todo, 2UL * PATH_MAX);
	buf_add_text(&w->todo, w->path);
	w->there = true;
	w->fd = -1;
	TRY(start_at_root(w, e));
	for (;;) {
		TRY(next_name(w, name, e));
		bool dots = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
		if (name[0] == '\0')
			return OK;
		if (dots && !w->follow)
			return error_set(e, E_DENIED, "'%s' holds '%s'", w->path, name);
		if (strcmp(name, "..") == 0)
			TRY(go_up(w, e));
		else if (!dots)
			TRY(descend(w, name, e));
	}
}

static void walk_done(struct walk *w)
{
	if (w->fd >= 0)
		(void)close(w->fd);
	buf_done(&w->done);
	buf_done(&w->todo);
}
#define AUTO_WALK __attribute__((cleanup(walk_done)))

enum status file_check_parents(const char *path, struct error *e)
{
	AUTO_WALK struct walk w = { .path = path, .keeper = geteuid(), .fd = -1 };
	TRY(walk_down(&w, e));
	return w.there ? check_folder(&w, e) : OK;
}

/* In a sticky folder of many users nobody exchanges what is ours, but anybody adds names: that is
 * good enough above a folder that we write in, not for that folder itself. */
static enum status check_own(struct walk *w, struct error *e)
{
	struct file_identity who;
	TRY(check_folder(w, e));
	TRY(file_identify(w->fd, &who, e));
	if (others_may_write(w->fd, &who, w->keeper))
		return refuse_writers(shown(w), who.mode, e);
	return OK;
}

enum status file_check_own_folder(const char *path, struct error *e)
{
	AUTO_WALK struct walk w = { .path = path, .keeper = geteuid(), .fd = -1 };
	TRY(walk_down(&w, e));
	if (w.there)
		TRY(check_own(&w, e));
	/* On the descriptor, so that there is no race. */
	if (faccessat(w.fd, ".", W_OK | X_OK, AT_EACCESS) == 0)
		return OK;
	return w.there ? error_sys(e, E_DENIED, errno, "write in the folder '%s'", path)
		       : error_sys(e, E_DENIED, errno, "make the folder '%s'", path);
}

enum status file_make_folders(const char *path, struct error *e)
{
	AUTO_WALK struct walk w = { .path = path, .keeper = geteuid(), .make = true, .fd = -1 };
	TRY(walk_down(&w, e));
	return check_own(&w, e);
}

static enum status resolve(struct walk *w, struct buf *out, struct error *e)
{
	w->follow = true;
	TRY(walk_down(w, e));
	buf_reset(out);
	buf_add_text(out, shown(w));
	return buf_check(out, "path", e);
}

enum status file_resolve(const char *path, struct buf *out, struct error *e)
{
	AUTO_WALK struct walk w = { .path = path, .keeper = geteuid(), .fd = -1 };
	return resolve(&w, out, e);
}

enum status file_resolve_kept(const char *path, struct buf *out, uid_t *out_keeper, struct error *e)
{
	AUTO_WALK struct walk w = {
		.path = path, .keeper = geteuid(), .may_adopt = geteuid() == 0, .fd = -1
	};
	TRY(resolve(&w, out, e));
	/* The folder itself counts too: nothing was looked up in it. */
	if (w.there)
		TRY(check_folder(&w, e));
	*out_keeper = w.keeper;
	return OK;
}
