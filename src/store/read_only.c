/*
 * A database that cannot be written is still read: at three in the morning the disk is full, or the
 * kernel has remounted it, and which duty is due when must show all the same.
 *
 * SQLite reads a database with a log through an index in shared memory, the -shm file, and wants to
 * make it. Three ways do without:
 *
 *   the log and its index are there   the index is mapped to read; whoever writes meanwhile is seen
 *   a log, but no index               nobody has it open (an index goes only when the last user
 *                                     does): no locks, and an index of our own in memory
 *   neither, or an empty log alone    nobody has it open: the database alone is all there is
 *
 * None of them makes a file: a log with the mode of a file that may only be read would bar its
 * owner from writing long after.
 */
#include <sys/stat.h>

#include "base/buf.h"
#include "store/internal.h"

struct beside {
	bool log;     /* a -wal */
	bool content; /* and something in it */
	bool index;   /* a -shm */
	bool journal; /* what a crash left before the database first had a log: it must be undone */
};

static void measure(const char *path, const char *ending, bool *out_there, int64_t *out_bytes)
{
	AUTO_BUF struct buf name;
	struct stat st;
	buf_init(&name, 8 * KIB);
	buf_addf(&name, "%s%s", path, ending);
	*out_there = !name.failed && stat(buf_text(&name), &st) == 0;
	*out_bytes = *out_there ? st.st_size : 0;
}

static struct beside look_beside(const char *path)
{
	struct beside b;
	bool there = false;
	int64_t n_bytes = 0;
	measure(path, "-wal", &b.log, &n_bytes);
	b.content = n_bytes > 0;
	measure(path, "-journal", &there, &n_bytes);
	b.journal = n_bytes > 0;
	measure(path, "-shm", &b.index, &n_bytes);
	return b;
}

/* As a URI (sqlite.org/uri.html): what would end the path is escaped. */
static enum status write_uri(const char *path, const char *query, struct buf *out, struct error *e)
{
	buf_add_text(out, path[0] == '/' ? "file://" : "file:");
	for (const char *at = path; *at != '\0'; at++)
		if (*at == '?' || *at == '#' || *at == '%')
			buf_addf(out, "%%%02X", (unsigned)*at);
		else
			buf_add_char(out, *at);
	buf_add_text(out, query);
	return buf_check(out, "path", e);
}

struct way {
	const char *query;
	const char *vfs;
	bool own_index;
};

static enum status connect(struct store *s, const struct way *w, struct error *e)
{
	AUTO_BUF struct buf uri;
	buf_init(&uri, 16 * KIB);
	TRY(write_uri(s->path, w->query, &uri, e));
	(void)sqlite3_close_v2(s->db);
	s->db = NULL;
	const int result = sqlite3_open_v2(buf_text(&uri), &s->db,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_FULLMUTEX |
			SQLITE_OPEN_PRIVATECACHE,
		w->vfs);
	if (result != SQLITE_OK)
		return store_fail(s, result, "open", e);
	TRY(store_harden(s, e));
	if (w->own_index)
		TRY(store_exec(s, "PRAGMA locking_mode = EXCLUSIVE", "set the connection", e));
	return store_exec(s, "PRAGMA cell_size_check = ON; SELECT count(*) FROM sqlite_master",
		"open to read", e);
}

static enum status connect_somehow(struct store *s, struct error *e)
{
	static const struct way shared = { "?mode=ro&readonly_shm=1", NULL, false };
	static const struct way alone = { "?mode=ro", "unix-none", true };
	static const struct way unchanging = { "?mode=ro&immutable=1", NULL, false };
	const struct beside b = look_beside(s->path);
	if (b.log && b.index)
		return connect(s, &shared, e);
	if (b.journal) {
		s->met = s->bar;
		return store_barred(s, e);
	}
	return connect(s, b.content ? &alone : &unchanging, e);
}

enum status store_connect_to_read(
	struct store *s, const struct migration_area *areas, size_t n_areas, struct error *e)
{
	int64_t id = 0, n_objects = 0;
	if (connect_somehow(s, e) != OK)
		return s->met == BAR_NONE ? e->status : store_unreadable(s, e);
	TRY(store_number(s, "PRAGMA application_id", &id, e));
	TRY(store_number(s, "SELECT count(*) FROM sqlite_master", &n_objects, e));
	if (id == 0 && n_objects == 0)
		return store_barred(s, e); /* new, and not set up yet */
	if (id != APPLICATION_ID)
		return error_set(e, E_INVALID,
			"database '%s': made by another program, left as it is", s->path);
	return store_migrate(s, areas, n_areas, e);
}
