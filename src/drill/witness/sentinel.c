/*
 * Planting and removing sentinels. The list is on disk before the first of them, and it cannot name
 * anything but fixed names in a folder that carries the run's id: a forged one removes nothing.
 */
#include "drill/witness/sentinel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/i18n.h"
#include "base/id.h"
#include "base/pack.h"
#include "base/random.h"
#include "drill/plain.h"
#include "drill/witness/witness.h"
#include "sys/file.h"

#define SENTINEL_BYTES_MAX (64 * KIB)
#define LIST_BYTES_MAX (64 * KIB)
#define LINE_BYTES_MAX (16 * KIB)
#define LIST_NAME "sentinels"
#define FOLDER_PREFIX "tocsin-sentinels-"

#define SENTINEL_PLACE_FIELDS(F)                                                                   \
	F(text, folder)                                                                            \
	F(digest, a) F(digest, b) F(digest, c) F(digest, d) F(digest, e) F(digest, f)
PACK_STRUCT(sentinel_place, SENTINEL_PLACE_FIELDS)
PACK_CODE(sentinel_place, SENTINEL_PLACE_FIELDS)

/* Types that ransomware looks for; the last in Chinese, as many names in an arena are. */
static const char *const names[SENTINEL_FILES] = { "budget.xlsx", "contract.docx", "customers.csv",
	"notes.txt", "plan.pdf", "生产计划.txt" };

const char *sentinel_name(size_t file)
{
	return file < SENTINEL_FILES ? names[file] : NULL;
}

/* --- planting --- */

/* Plain text, so that a change of any kind would show in the entropy too. */
static enum status make_content(const char *id, struct buf *out, struct error *e)
{
	uint64_t seed;
	random_bytes(&seed, sizeof seed);
	struct dice d;
	dice_init(&d, seed);
	buf_reset(out);
	buf_addf(out, "TOCSIN SENTINEL of drill %s: it must never change.\n", id);
	uint64_t n_lines = dice_between(&d, 20, 400);
	for (uint64_t i = 0; i < n_lines; i++)
		buf_addf(out, "%06llu,%06llu,item %llu\n",
			(unsigned long long)dice_below(&d, 1000000),
			(unsigned long long)dice_below(&d, 1000000), (unsigned long long)i);
	return buf_check(out, "sentinel", e);
}

static enum status plant_file(int folder_fd, const char *name, struct view content, struct error *e)
{
	AUTO_FD int fd = -1;
	TRY(file_open_beneath(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, e));
	TRY(file_write_all(fd, content.at, content.len, e));
	if (FAULT("sentinel_sync") || fsync(fd) != 0)
		return error_sys(e, E_FAILED, errno, "flush a sentinel to disk");
	return OK;
}

/* `folder` holds a '/'. O_PATH: a folder may be one to make names in and not to list. */
static bool open_parent(const char *folder, int *out_fd)
{
	char parent[4096];
	size_t n = (size_t)(strrchr(folder, '/') - folder);
	(void)snprintf(parent, sizeof parent, "%.*s/", (int)n, folder);
	*out_fd = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *out_fd >= 0;
}

static enum status plant_folder(const char *folder, const struct buf contents[SENTINEL_FILES],
	bool *out_there, struct error *e)
{
	AUTO_FD int parent_fd = -1;
	AUTO_FD int fd = -1;
	struct file_identity who;
	const char *name = strrchr(folder, '/') + 1;
	*out_there = false;
	if (!open_parent(folder, &parent_fd) || mkdirat(parent_fd, name, 0700) != 0) {
		if (errno == EACCES || errno == EPERM || errno == EROFS)
			return OK;
		return error_sys(e, E_FAILED, errno, "make the folder '%s'", folder);
	}
	TRY(file_open_beneath(parent_fd, name, O_RDONLY | O_DIRECTORY, 0, &fd, e));
	TRY(file_identify(fd, &who, e));
	if (who.uid != geteuid())
		return error_set(
			e, E_DENIED, "the folder '%s' was exchanged by uid %u", folder, who.uid);
	for (size_t i = 0; i < SENTINEL_FILES; i++)
		TRY(plant_file(fd, names[i], buf_view(&contents[i]), e));
	*out_there = true;
	return OK;
}

static struct digest *place_digest(struct sentinel_place *p, size_t file)
{
	struct digest *const all[SENTINEL_FILES] = { &p->a, &p->b, &p->c, &p->d, &p->e, &p->f };
	return all[file];
}

static enum status open_keep(const char *home, const char *id, int *out, struct error *e)
{
	struct id checked;
	if (!id_parse(view_of(id), &checked))
		return error_set(e, E_INVALID, "'%.60s' is not an id", id);
	char path[4096];
	(void)snprintf(path, sizeof path, "%.3900s/drills/%s", home, checked.text);
	return file_open_folder(path, out, e);
}

static enum status write_list(
	const char *home, const char *id, const struct sentinels *s, struct error *e)
{
	AUTO_FD int keep_fd = -1;
	TRY(open_keep(home, id, &keep_fd, e));
	AUTO_BUF struct buf list;
	buf_init(&list, LIST_BYTES_MAX);
	for (size_t place = 0; place < SENTINEL_PLACES; place++) {
		struct sentinel_place p = { .folder = view_of(s->folders[place]) };
		for (size_t i = 0; i < SENTINEL_FILES; i++)
			*place_digest(&p, i) = s->content[place][i];
		sentinel_place_write(&list, &p);
	}
	TRY(buf_check(&list, "list of sentinels", e));
	return file_replace(keep_fd, LIST_NAME, buf_view(&list), 0600, e);
}

/* The folder above, without the arena's own name; "/" where there is nothing else. */
static size_t parent_len(const char *arena)
{
	size_t n = strlen(arena);
	while (n > 1 && arena[n - 1] == '/')
		n--;
	while (n > 1 && arena[n - 1] != '/')
		n--;
	while (n > 1 && arena[n - 1] == '/')
		n--;
	return n;
}

static enum status plant_all(struct sentinels *s,
	struct buf contents[SENTINEL_PLACES][SENTINEL_FILES], const char *home, const char *id,
	struct error *e)
{
	for (size_t place = 0; place < SENTINEL_PLACES; place++)
		for (size_t i = 0; i < SENTINEL_FILES; i++) {
			struct buf *b = &contents[place][i];
			buf_init(b, SENTINEL_BYTES_MAX);
			TRY(make_content(id, b, e));
			s->content[place][i] = digest_of(b->at, b->len);
		}
	TRY(write_list(home, id, s, e));
	for (size_t place = 0; place < SENTINEL_PLACES; place++) {
		bool there = false;
		TRY(plant_folder(s->folders[place], contents[place], &there, e));
		if (there)
			s->n_files += SENTINEL_FILES;
		else if (place == 1)
			return error_set(e, E_DENIED, "no sentinels can be planted in '%s'", home);
		else
			s->folders[place][0] = '\0';
	}
	return OK;
}

enum status sentinels_plant(
	const char *arena, const char *home, const char *id, struct sentinels *out, struct error *e)
{
	memset(out, 0, sizeof *out);
	if (arena[0] != '/' || home[0] != '/' || strlen(arena) > 3800 || strlen(home) > 3800)
		return error_set(e, E_INVALID, "arena and home must be absolute paths");
	(void)snprintf(out->folders[0], sizeof out->folders[0], "%.*s/%s%s", (int)parent_len(arena),
		arena, FOLDER_PREFIX, id);
	(void)snprintf(out->folders[1], sizeof out->folders[1], "%s/%s%s", home, FOLDER_PREFIX, id);
	if (strcmp(out->folders[0], out->folders[1]) == 0)
		(void)snprintf(out->folders[1], sizeof out->folders[1], "%s/drills/%s/%s%s", home,
			id, FOLDER_PREFIX, id);
	struct buf contents[SENTINEL_PLACES][SENTINEL_FILES];
	memset(contents, 0, sizeof contents);
	enum status status = plant_all(out, contents, home, id, e);
	for (size_t place = 0; place < SENTINEL_PLACES; place++)
		for (size_t i = 0; i < SENTINEL_FILES; i++)
			buf_done(&contents[place][i]);
	return status;
}

/* --- removing --- */

/* One sweep: what it leaves is counted, and named where somebody wants to know. */
struct sweep {
	struct pool *pool;
	struct witness_left *left; /* NULL: nobody asks */
	bool is_all;		   /* nothing was left so far */
};

/* What somebody else called a file is no text for a terminal as it is. */
static void leave(struct sweep *s, const char *folder, const char *name, const char *why)
{
	s->is_all = false;
	if (s->left == NULL)
		return;
	s->left->n++;
	if (s->left->lines == NULL)
		s->left->lines = pool_take(s->pool, WITNESS_LEFT_MAX, sizeof *s->left->lines);
	if (s->left->lines == NULL || s->left->n_lines == WITNESS_LEFT_MAX)
		return;
	AUTO_BUF struct buf line;
	AUTO_BUF struct buf shown;
	buf_init(&line, LINE_BYTES_MAX);
	buf_init(&shown, LINE_BYTES_MAX);
	buf_addf(&line, name[0] == '\0' ? "%s%s: %s" : "%s/%s: %s", folder, name, why);
	plain_add(&shown, buf_view(&line), LINE_BYTES_MAX - 1, false);
	const char *kept = pool_text(s->pool, buf_view(&shown));
	if (!shown.failed && kept != NULL)
		s->left->lines[s->left->n_lines++] = kept;
}

/* NULL where it is a file that we may have planted. */
static const char *why_foreign(const struct file_identity *who)
{
	if (!S_ISREG(who->mode) || who->n_links != 1)
		return _("it is a link, a folder, a device, or a file with a second link");
	if (who->uid != geteuid())
		return _("it belongs to another user now");
	return NULL;
}

static bool has_content(int fd, const struct file_identity *who, const struct digest *content)
{
	if (who->size_bytes > SENTINEL_BYTES_MAX)
		return false;
	char bytes[4096];
	AUTO(digester_free) struct digester *d = digester_new();
	if (d == NULL)
		return false;
	ssize_t n = read(fd, bytes, sizeof bytes);
	for (; n > 0; n = read(fd, bytes, sizeof bytes))
		digester_add(d, bytes, (size_t)n);
	struct digest got = digester_result(d);
	/* A sentinel that was being written when the run was killed is a beginning of one. */
	return n == 0 && (digest_equal(&got, content) || who->size_bytes == 0);
}

/* NULL where it is gone afterwards, else why it is not. */
static const char *remove_planted(int folder_fd, const char *name, const struct digest *content)
{
	AUTO_FD int fd = -1;
	struct file_identity who;
	struct error e = ERROR_NONE;
	enum status status = file_open_beneath(folder_fd, name, O_RDONLY | O_NONBLOCK, 0, &fd, &e);
	if (status == E_ABSENT)
		return NULL;
	if (status != OK && (e.errno_value == ELOOP || e.errno_value == EXDEV))
		return _("it is a link, a folder, a device, or a file with a second link");
	if (status != OK)
		return i18n_text(strerror(e.errno_value));
	if (file_identify(fd, &who, &e) != OK)
		return i18n_text(strerror(e.errno_value));
	const char *why = why_foreign(&who);
	if (why != NULL)
		return why;
	if (!has_content(fd, &who, content))
		return _("a sentinel that somebody changed: its content is not the planted one");
	return unlinkat(folder_fd, name, 0) == 0 ? NULL : i18n_text(strerror(errno));
}

static bool is_planted_name(const char *name)
{
	for (size_t i = 0; i < SENTINEL_FILES; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* What lies beside the sentinels keeps their folder. */
static void leave_strangers(struct sweep *s, int folder_fd, const char *folder)
{
	AUTO_FD int fd = -1;
	if (file_open_beneath(folder_fd, ".", O_RDONLY | O_DIRECTORY, 0, &fd, NULL) != OK)
		return;
	DIR *d = fdopendir(fd);
	if (d == NULL)
		return;
	fd = -1;
	const struct dirent *entry;
	for (size_t n = 0; n < WITNESS_LEFT_MAX && (entry = readdir(d)) != NULL; n++)
		if (file_is_single_name(view_of(entry->d_name)) && !is_planted_name(entry->d_name))
			leave(s, folder, entry->d_name,
				_("it lies among the sentinels, and the drill did not make it"));
	(void)closedir(d); /* read only */
}

static void sweep_folder(
	struct sweep *s, struct sentinel_place *p, int parent_fd, const char *folder)
{
	AUTO_FD int fd = -1;
	struct error e = ERROR_NONE;
	const char *name = strrchr(folder, '/') + 1;
	enum status status = file_open_beneath(parent_fd, name, O_RDONLY | O_DIRECTORY, 0, &fd, &e);
	if (status == E_ABSENT)
		return;
	if (status != OK) {
		leave(s, folder, "",
			e.errno_value == ENOTDIR || e.errno_value == ELOOP
				? _("another object has this name")
				: i18n_text(strerror(e.errno_value)));
		return;
	}
	for (size_t i = 0; i < SENTINEL_FILES; i++) {
		const char *why = remove_planted(fd, names[i], place_digest(p, i));
		if (why != NULL)
			leave(s, folder, names[i], why);
	}
	/* Only an empty folder goes. */
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0)
		return;
	if (errno != ENOTEMPTY && errno != EEXIST)
		leave(s, folder, "", i18n_text(strerror(errno)));
	else
		leave_strangers(s, fd, folder);
}

static void sweep_place(struct sweep *s, struct sentinel_place *p, const char *id)
{
	char wanted[128];
	char folder[4096];
	if (p->folder.len == 0)
		return;
	(void)snprintf(wanted, sizeof wanted, "/%s%s", FOLDER_PREFIX, id);
	(void)snprintf(folder, sizeof folder, "%.*s", VIEW_ARGS(p->folder));
	if (!view_ends_with(p->folder, view_of(wanted)) || p->folder.len >= sizeof folder ||
		memchr(p->folder.at, '\0', p->folder.len) != NULL) {
		leave(s, folder, "",
			_("the list of sentinels names a folder that is none of theirs"));
		return;
	}
	AUTO_FD int parent_fd = -1;
	if (open_parent(folder, &parent_fd))
		sweep_folder(s, p, parent_fd, folder);
	else if (errno != ENOENT)
		leave(s, folder, "", i18n_text(strerror(errno)));
}

enum status sentinels_sweep(const char *home, const char *id, struct pool *p,
	struct witness_left *left, struct error *e)
{
	AUTO_FD int keep_fd = -1;
	TRY(open_keep(home, id, &keep_fd, e));
	AUTO_BUF struct buf list;
	buf_init(&list, LIST_BYTES_MAX);
	enum status status = file_read_all(keep_fd, LIST_NAME, LIST_BYTES_MAX, &list, e);
	if (status == E_ABSENT)
		return OK;
	TRY(status);
	struct unpack u;
	unpack_init(&u, buf_view(&list));
	struct sweep s = { .pool = p, .left = left, .is_all = true };
	for (size_t i = 0; i < SENTINEL_PLACES; i++) {
		struct sentinel_place place;
		if (!sentinel_place_read(&u, &place))
			return error_set(e, E_INVALID, "the list of sentinels is damaged");
		sweep_place(&s, &place, id);
	}
	if (!pack_end(&u))
		return error_set(e, E_INVALID, "the list of sentinels is damaged");
	if (!s.is_all)
		return error_set(
			e, E_PARTLY, "sentinels that are not as planted were left where they are");
	if (unlinkat(keep_fd, LIST_NAME, 0) != 0)
		return error_sys(e, E_FAILED, errno, "remove the list of sentinels");
	return OK;
}
