/*
 * Parcels to and from files, and what they mean for the outbox.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/i18n.h"
#include "record/internal.h"
#include "record/parcel.h"
#include "record/receipt.h"
#include "sys/file.h"

/* --- writing --- */

static enum status open_parent(
	const char *path, const char **out_name, int *out_fd, struct error *e)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	size_t n = slash == NULL ? 0 : (size_t)(slash - path);
	if (!file_is_single_name(view_of(name)))
		return error_set(e, E_INVALID, "'%s' names no file", path);
	if (n >= sizeof folder)
		return error_set(e, E_TOO_BIG, "a path of more than %d bytes", PATH_MAX);
	(void)snprintf(folder, sizeof folder, "%.*s", (int)n, path);
	*out_name = name;
	return file_open_folder(slash == NULL ? "." : n == 0 ? "/" : folder, out_fd, e);
}

/* vfat and exFAT know no modes, so none is set afterwards; the content is encrypted. */
static enum status fill(int folder_fd, const char *name, struct view content, struct error *e)
{
	AUTO_FD int fd =
		openat(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_sys(e, E_FAILED, errno, "make '%s'", name);
	TRY(file_write_all(fd, content.at, content.len, e));
	if (FAULT("parcel_sync") || fsync(fd) != 0)
		return error_sys(e, E_FAILED, errno, "flush to disk");
	if (close(TAKE_FD(fd)) != 0)
		return error_sys(e, E_FAILED, errno, "write '%s'", name);
	return OK;
}

/* Not every file system of a stick knows RENAME_NOREPLACE. */
static enum status put_in_place(
	int folder_fd, const char *temporary, const char *name, struct error *e)
{
	struct stat st;
	if (FAULT("parcel_rename"))
		return error_sys(e, E_FAILED, EIO, "put '%s' in place", name);
	if (renameat2(folder_fd, temporary, folder_fd, name, RENAME_NOREPLACE) == 0)
		return OK;
	if (errno == EINVAL || errno == ENOSYS) {
		if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			errno = EEXIST;
		else if (renameat(folder_fd, temporary, folder_fd, name) == 0)
			return OK;
	}
	if (errno == EEXIST)
		return error_set(e, E_CONFLICT, "'%s' is there already", name);
	return error_sys(e, E_FAILED, errno, "put '%s' in place", name);
}

static enum status write_new(const char *path, struct view content, struct error *e)
{
	AUTO_FD int folder_fd = -1;
	const char *name = "";
	struct stat st;
	char temporary[80];
	struct id id = id_new(0);
	TRY(open_parent(path, &name, &folder_fd, e));
	if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(e, E_CONFLICT, "'%s' is there already", path);
	(void)snprintf(temporary, sizeof temporary, ".%s.part", id.text);
	enum status status = fill(folder_fd, temporary, content, e);
	if (status == OK)
		status = put_in_place(folder_fd, temporary, name, e);
	if (status != OK) {
		(void)unlinkat(folder_fd, temporary, 0); /* it may not be there at all */
		return status;
	}
	return file_sync_folder(folder_fd, e);
}

static enum status seal_for(
	const struct parcel *what, const char *recipient_path, struct buf *sealed, struct error *e)
{
	AUTO_BUF struct buf recipient = { .ceiling = 0 };
	AUTO_BUF struct buf text = { .ceiling = PARCEL_TEXT_MAX };
	if (recipient_path == NULL)
		return error_set(
			e, E_INVALID, "no recipient: what leaves on a medium is encrypted");
	TRY(certificate_read(recipient_path, &recipient, e));
	TRY(parcel_write(what, &text, e));
	return parcel_seal(buf_view(&text), buf_view(&recipient), sealed, e);
}

enum status parcel_write_file(
	const struct parcel *what, const char *recipient_path, const char *path, struct error *e)
{
	AUTO_BUF struct buf sealed = { .ceiling = PARCEL_BYTES_MAX };
	TRY(seal_for(what, recipient_path, &sealed, e));
	return write_new(path, buf_view(&sealed), e);
}

/* All that parcel_write_file does short of the file. */
static enum status rehearse_file(
	const struct parcel *what, const char *recipient_path, const char *path, struct error *e)
{
	AUTO_BUF struct buf sealed = { .ceiling = PARCEL_BYTES_MAX };
	AUTO_FD int folder_fd = -1;
	const char *name = "";
	struct stat st;
	TRY(seal_for(what, recipient_path, &sealed, e));
	TRY(open_parent(path, &name, &folder_fd, e));
	if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(e, E_CONFLICT, "'%s' is there already", path);
	return faccessat(folder_fd, ".", W_OK, AT_EACCESS) == 0
		       ? OK
		       : error_sys(e, E_FAILED, errno, "make '%s'", name);
}

/* --- exporting --- */

/* The bound on the text leaves room for JSON's own marks and escapes. */
enum { ROW_EXTRA_BYTES = 256 };

struct gathering {
	struct outbox_item *items; /* PARCEL_ROWS_MAX */
	size_t n;
	bool all; /* nothing was left behind */
};

static enum status gather(struct store *s, const struct parcel_order *what, bool again,
	struct pool *p, struct gathering *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	size_t n_bytes = 0;
	TRY(STORE_SQL(s,
		"SELECT " OUTBOX_COLUMNS ", envelope, NULL FROM record_outbox WHERE state = 0"
		" AND kind = 0 AND route = ? AND (? = 0 OR subject = ?)"
		" AND (? = 1 OR exported_ns IS NULL) ORDER BY place",
		&q, e));
	bind_text(q, 1, what->route->name);
	bind_int(q, 2, what->subject != NULL);
	bind_text(q, 3, what->subject == NULL ? "" : what->subject);
	bind_int(q, 4, again);
	for (;;) {
		TRY(statement_step(q, &row, e));
		if (!row)
			break;
		/* Twice: the text of an envelope grows where JSON writes its quotes. */
		size_t n_row = 2 * column_text(q, 19).len + ROW_EXTRA_BYTES;
		out->all = out->n < PARCEL_ROWS_MAX && n_row <= PARCEL_TEXT_MAX - n_bytes;
		if (!out->all)
			return OK;
		TRY(outbox_row(q, p, &out->items[out->n++], e));
		n_bytes += n_row;
	}
	out->all = true;
	return OK;
}
_Static_assert(DELIVERY_ENVELOPE == 0, "the statement above says so");

static enum status note_exported(struct store *s, const struct gathering *g,
	const struct parcel_order *what, struct error *e)
{
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	TRY(transaction_begin(s, &t, e));
	for (size_t i = 0; i < g->n; i++) {
		enum status status =
			outbox_exported(s, &g->items[i].id, what->now_ns, what->path, e);
		if (status != OK && status != E_CONFLICT) /* delivered meanwhile */
			return status;
	}
	return transaction_commit(&t, e);
}

static const char *recipient_of(const struct parcel_order *what)
{
	if (what->recipient_path != NULL)
		return what->recipient_path;
	for (size_t i = 0; i < what->route->n_ways; i++)
		if (what->route->ways[i].recipient != NULL)
			return what->route->ways[i].recipient;
	return NULL;
}

static enum status write_gathered(
	const struct gathering *g, const struct parcel_order *what, struct pool *p, struct error *e)
{
	struct parcel parcel = { .route = what->route->name, .made_ns = what->now_ns };
	parcel.envelopes = pool_take(p, g->n, sizeof *parcel.envelopes);
	if (parcel.envelopes == NULL)
		return outbox_no_memory(e);
	for (size_t i = 0; i < g->n; i++)
		parcel.envelopes[i] =
			(struct parcel_row){ g->items[i].envelope_id, g->items[i].envelope };
	parcel.n_envelopes = g->n;
	return (what->rehearse ? rehearse_file : parcel_write_file)(
		&parcel, recipient_of(what), what->path, e);
}

enum status parcel_export(
	struct store *s, const struct parcel_order *what, size_t *out_n, struct error *e)
{
	AUTO(pool_free) struct pool *p = pool_new(2 * PARCEL_BYTES_MAX);
	struct gathering g = { .n = 0 };
	if (p == NULL)
		return outbox_no_memory(e);
	g.items = pool_take(p, PARCEL_ROWS_MAX, sizeof *g.items);
	if (g.items == NULL)
		return outbox_no_memory(e);
	TRY(gather(s, what, false, p, &g, e));
	if (g.n == 0 && g.all)
		TRY(gather(s, what, true, p, &g, e));
	if (g.n == 0)
		return error_set(
			e, E_ABSENT, "nothing waits for the route '%s'", what->route->name);
	TRY(write_gathered(&g, what, p, e));
	/* A death here exports the same again: harmless, the recipient knows the ids. */
	(void)FAULT("parcel_written");
	TRY(note_exported(s, &g, what, e));
	*out_n = g.n;
	return g.all ? OK
		     : error_set(e, E_PARTLY,
			       "%zu items are in the parcel; more wait for a next one", g.n);
}

/* --- importing --- */

static enum status read_parcel(
	const struct parcel_source *from, struct pool *p, struct parcel *out, struct error *e)
{
	AUTO_BUF struct buf bytes = { .ceiling = PARCEL_BYTES_MAX };
	AUTO_BUF struct buf text = { .ceiling = PARCEL_TEXT_MAX };
	TRY(file_read_all(AT_FDCWD, from->path, PARCEL_BYTES_MAX, &bytes, e));
	struct view plain = view_trim(buf_view(&bytes));
	if (plain.len == 0 || plain.at[0] != '{') {
		AUTO_BUF struct buf certificate = { .ceiling = 0 };
		AUTO_SECRET struct buf key = { .ceiling = 0 };
		if (from->certificate_path == NULL || from->key_path == NULL)
			return error_set(e, E_INVALID,
				"'%s' is encrypted (or no parcel); certificate and key are needed "
				"to open it",
				from->path);
		TRY(certificate_read(from->certificate_path, &certificate, e));
		TRY(private_key_read(from->key_path, &key, e));
		TRY(parcel_open(
			buf_view(&bytes), buf_view(&certificate), buf_view(&key), &text, e));
		plain = buf_view(&text);
	}
	return parcel_read(plain, p, out, e);
}

/* One item that the receipt may be for. */
static enum status prove(struct store *s, const struct routes *routes,
	const struct outbox_item *item, struct view receipt_text, const struct parcel_source *from,
	struct error *e)
{
	struct receipt receipt;
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	const struct route *route = route_named(routes, item->route);
	if (p == NULL)
		return outbox_no_memory(e);
	if (item->kind != DELIVERY_ENVELOPE || route == NULL)
		return error_set(e, E_ABSENT, "no route '%s' here", item->route);
	struct receipt_subject of = { &item->envelope_id, item->envelope };
	TRY(receipt_check(
		receipt_text, route->server_keys, route->n_server_keys, &of, p, &receipt, e));
	if (item->state == OUTBOX_DELIVERED)
		return error_set(e, E_CONFLICT, "outbox: %s is delivered already", item->id.text);
	struct outbox_try t = { .at_ns = from->now_ns, .way = from->path, .why = "" };
	struct outbox_proof proof = { receipt_text, receipt.received_ns, receipt.server };
	return outbox_delivered(s, &item->id, &t, &proof, e);
}

/* E_ABSENT: proves nothing here; the sentence says why. */
static enum status take_receipt(struct store *s, const struct routes *routes,
	const struct parcel_row *row, const struct parcel_source *from, struct parcel_import *n,
	struct error *e)
{
	AUTO(pool_free) struct pool *p = pool_new(8 * OUTBOX_BYTES_MAX);
	struct outbox_item *items = NULL;
	size_t n_items = 0;
	size_t n_proved = 0;
	if (p == NULL)
		return outbox_no_memory(e);
	TRY(outbox_of_envelope(s, &row->id, p, &items, &n_items, e));
	if (n_items == 0)
		return error_set(e, E_ABSENT, "%s: no such envelope in the outbox", row->id.text);
	for (size_t i = 0; i < n_items; i++) {
		enum status status = prove(s, routes, &items[i], row->text, from, e);
		n->n_delivered += status == OK;
		n->n_known += status == E_CONFLICT;
		n_proved += status == OK || status == E_CONFLICT;
		/* Otherwise it may be for another route of the envelope. */
		bool proves_nothing = status == E_DENIED || status == E_INVALID ||
				      status == E_ABSENT || status == E_TOO_BIG;
		if (status != OK && status != E_CONFLICT && !proves_nothing)
			return status;
	}
	if (n_proved > 0)
		return OK;
	(void)error_wrap(e, "%s", row->id.text);
	return E_ABSENT;
}

enum status parcel_import(struct store *s, const struct routes *r, const struct parcel_source *from,
	struct pool *p, struct parcel_import *out, struct error *e)
{
	AUTO(pool_free) struct pool *inside = pool_new(2 * PARCEL_BYTES_MAX);
	struct parcel parcel = { .made_ns = -1 };
	struct parcel_import n = { .first_wrong = "" };
	if (inside == NULL)
		return outbox_no_memory(e);
	TRY(read_parcel(from, inside, &parcel, e));
	if (parcel.n_receipts == 0)
		return error_set(e, E_INVALID, "'%s' holds no receipts", from->path);
	for (size_t i = 0; i < parcel.n_receipts; i++) {
		enum status status = take_receipt(s, r, &parcel.receipts[i], from, &n, e);
		if (status != OK && status != E_ABSENT)
			return status;
		if (status == E_ABSENT && n.n_wrong++ == 0) {
			n.first_wrong = pool_text(p, view_of(e == NULL ? "" : e->text));
			if (n.first_wrong == NULL)
				return outbox_no_memory(e);
		}
	}
	*out = n;
	if (n.n_wrong == 0)
		return OK;
	return error_set(e, E_PARTLY, "%zu of %zu receipts prove nothing here; the first: %s",
		n.n_wrong, parcel.n_receipts, n.first_wrong);
}
