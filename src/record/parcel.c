/*
 * What a parcel holds, as JSON.
 */
#include "record/parcel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/json.h"

enum { VERSION = 1 };

static enum status no_memory(struct error *e)
{
	return error_sys(e, E_NO_SPACE, ENOMEM, "write or read a parcel");
}

static enum status add_rows(json_t *parcel, const char *list_key, const char *text_key,
	const struct parcel_row *rows, size_t n, struct error *e)
{
	json_t *list = FAULT("parcel_rows") ? NULL : json_array();
	if (list == NULL || json_object_set_new(parcel, list_key, list) != 0)
		return no_memory(e);
	for (size_t i = 0; i < n; i++) {
		json_t *row = json_pack("{s:s, s:s%}", "id", rows[i].id.text, text_key,
			rows[i].text.at, rows[i].text.len);
		if (json_array_append_new(list, row) != 0)
			return no_memory(e);
	}
	return OK;
}

enum status parcel_write(const struct parcel *what, struct buf *out, struct error *e)
{
	char at[TIME_TEXT_MAX];
	AUTO_JSON json_t *value =
		FAULT("parcel_write")
			? NULL
			: json_pack("{s:i, s:s, s:s}", "tocsin_parcel", VERSION, "made_at",
				  time_text(what->made_ns, at), "route", what->route);
	if (value == NULL)
		return no_memory(e);
	if (what->n_envelopes > 0)
		TRY(add_rows(
			value, "envelopes", "envelope", what->envelopes, what->n_envelopes, e));
	if (what->n_receipts > 0)
		TRY(add_rows(value, "receipts", "receipt", what->receipts, what->n_receipts, e));
	return json_write(value, out, e);
}

static enum status read_row(struct json_place place, const char *text_key, struct pool *p,
	struct parcel_row *out, struct error *e)
{
	const char *id = NULL;
	const char *text = NULL;
	const char *const known[] = { "id", text_key, NULL };
	TRY(json_only_keys(place, known, e));
	TRY(json_get_text(place, "id", JSON_REQUIRED, &id, e));
	TRY(json_get_text(place, text_key, JSON_REQUIRED, &text, e));
	if (!id_parse(view_of(id), &out->id))
		return error_set(e, E_INVALID, "%s.id: not the id of an envelope", place.at);
	const char *kept = pool_text(p, view_of(text));
	if (kept == NULL)
		return no_memory(e);
	out->text = view_of(kept);
	return OK;
}

struct rows_key {
	const char *list, *text;
};

static enum status read_rows(struct json_place top, struct rows_key key, struct pool *p,
	struct parcel_row **out, size_t *out_n, struct error *e)
{
	json_t *list = NULL;
	TRY(json_get_array(top, key.list, JSON_OPTIONAL, &list, e));
	size_t n = json_array_size(list);
	if (n > PARCEL_ROWS_MAX)
		return error_set(e, E_TOO_BIG, "parcel.%s: %zu of them, %d are allowed", key.list,
			n, PARCEL_ROWS_MAX);
	struct parcel_row *rows = pool_take(p, n == 0 ? 1 : n, sizeof *rows);
	if (rows == NULL)
		return no_memory(e);
	for (size_t i = 0; i < n; i++) {
		char at[48];
		(void)snprintf(at, sizeof at, "parcel.%s[%zu]", key.list, i);
		struct json_place place = { json_array_get(list, i), at };
		TRY(read_row(place, key.text, p, &rows[i], e));
	}
	*out = rows;
	*out_n = n;
	return OK;
}

enum status parcel_read(struct view text, struct pool *p, struct parcel *out, struct error *e)
{
	static const char *const known[] = { "tocsin_parcel", "made_at", "route", "envelopes",
		"receipts", NULL };
	AUTO_JSON json_t *value = NULL;
	struct parcel found = { .made_ns = -1 };
	int64_t version = 0;
	const char *at = NULL;
	const char *route = NULL;
	TRY(json_read(text, PARCEL_TEXT_MAX, "parcel", &value, e));
	struct json_place top = { value, "parcel" };
	TRY(json_get_int(top, "tocsin_parcel", JSON_REQUIRED, &version, e));
	if (version != VERSION)
		return error_set(e, E_INVALID, "a parcel of version %lld; this program knows %d",
			(long long)version, VERSION);
	TRY(json_only_keys(top, known, e));
	TRY(json_get_text(top, "made_at", JSON_REQUIRED, &at, e));
	TRY(json_get_text(top, "route", JSON_REQUIRED, &route, e));
	if (!time_parse(view_of(at), &found.made_ns))
		return error_set(e, E_INVALID, "parcel.made_at: not a time (%.40s)", at);
	found.route = pool_text(p, view_of(route));
	if (found.route == NULL)
		return no_memory(e);
	TRY(read_rows(top, (struct rows_key){ "envelopes", "envelope" }, p, &found.envelopes,
		&found.n_envelopes, e));
	TRY(read_rows(top, (struct rows_key){ "receipts", "receipt" }, p, &found.receipts,
		&found.n_receipts, e));
	*out = found;
	return OK;
}

char *parcel_name(int64_t now_ns, const struct id *id, char out[PARCEL_NAME_MAX])
{
	time_t seconds = (time_t)(now_ns / NS_PER_S);
	struct tm t;
	size_t n = strlen(id->text);
	(void)gmtime_r(&seconds, &t);
	(void)snprintf(out, PARCEL_NAME_MAX, "%04u%02u%02uT%02u%02u%02uZ-%s.tocsin",
		(unsigned)(t.tm_year + 1900) % 10000U, (unsigned)(t.tm_mon + 1) % 100U,
		(unsigned)t.tm_mday % 100U, (unsigned)t.tm_hour % 100U, (unsigned)t.tm_min % 100U,
		(unsigned)t.tm_sec % 100U, n < 8 ? id->text : id->text + n - 8);
	return out;
}
