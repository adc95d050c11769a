/*
 * routes.yaml, key by key. Every fault names its place: "routes.yaml: routes[1].ways[0].url: …".
 */
#include "record/route_read.h"

#include <errno.h>
#include <string.h>

#include "record/internal.h"

enum { NAME_MAX_BYTES = 64 };

struct reading {
	const char *home;
	struct pool *p;
	struct error *e;
};

static enum status no_memory(struct reading *r)
{
	return error_sys(r->e, E_NO_SPACE, ENOMEM, "read the routes");
}

static enum status copy(struct reading *r, const char *text, const char **out)
{
	*out = pool_text(r->p, view_of(text));
	return *out == NULL ? no_memory(r) : OK;
}

/* Lower-case letters, digits, '-', '_' and '.', as the keys of rules are. */
static bool is_name(const char *text)
{
	size_t n = strlen(text);
	if (n == 0 || n > NAME_MAX_BYTES || text[0] == '-' || text[0] == '.')
		return false;
	return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == n;
}

/* A path, made absolute. Absent leaves *out as it is: the route's own for all ways. */
static enum status get_path(
	struct reading *r, struct json_place place, const char *key, const char **out)
{
	const char *text = NULL;
	TRY(json_get_text(place, key, JSON_OPTIONAL, &text, r->e));
	if (text == NULL)
		return OK;
	if (text[0] == '\0')
		return error_set(r->e, E_INVALID, "%s.%s: empty", place.at, key);
	*out = text[0] == '/' ? pool_textf(r->p, "%s", text)
			      : pool_textf(r->p, "%s/%s", r->home, text);
	return *out == NULL ? no_memory(r) : OK;
}

static enum status get_tls_files(struct reading *r, struct json_place place, struct way *w)
{
	TRY(get_path(r, place, "ca", &w->ca));
	TRY(get_path(r, place, "certificate", &w->certificate));
	TRY(get_path(r, place, "key", &w->key));
	if ((w->certificate == NULL) != (w->key == NULL))
		return error_set(
			r->e, E_INVALID, "%s: 'certificate' and 'key' go together", place.at);
	return OK;
}

/* --- a way --- */

static enum status read_folder_way(struct reading *r, struct json_place place, struct way *w)
{
	static const char *const known[] = { "folder", "recipient", NULL };
	TRY(json_only_keys(place, known, r->e));
	*w = (struct way){ .kind = WAY_FOLDER };
	TRY(get_path(r, place, "folder", &w->folder));
	TRY(get_path(r, place, "recipient", &w->recipient));
	if (w->recipient == NULL)
		return error_set(r->e, E_INVALID,
			"%s.recipient: missing; what leaves on a medium is encrypted to somebody",
			place.at);
	return OK;
}

static enum status read_url_way(struct reading *r, struct json_place place, const char *url,
	enum delivery_kind kind, struct way *w)
{
	static const char *const known[] = { "url", "ca", "certificate", "key", "proxy", "secret",
		NULL };
	const char *proxy = NULL;
	const char *at = pool_textf(r->p, "%s.url", place.at);
	const char *proxy_at = pool_textf(r->p, "%s.proxy", place.at);
	if (at == NULL || proxy_at == NULL)
		return no_memory(r);
	TRY(json_only_keys(place, known, r->e));
	TRY(way_url_read(url, kind, at, r->p, w, r->e));
	TRY(get_tls_files(r, place, w));
	TRY(json_get_text(place, "proxy", JSON_OPTIONAL, &proxy, r->e));
	if (proxy != NULL && kind == DELIVERY_SYSLOG)
		return error_set(r->e, E_INVALID, "%s: only for https", proxy_at);
	if (proxy != NULL)
		TRY(way_proxy_read(proxy, proxy_at, r->p, w, r->e));
	TRY(get_path(r, place, "secret", &w->secret));
	if ((w->secret != NULL) != (kind == DELIVERY_WEBHOOK))
		return error_set(r->e, E_INVALID,
			kind == DELIVERY_WEBHOOK ? N_("%s.secret: missing")
						 : N_("%s.secret: only for webhooks"),
			place.at);
	return OK;
}

static enum status read_way(
	struct reading *r, json_t *value, const char *at, enum delivery_kind kind, struct way *w)
{
	struct json_place place = { value, at };
	const char *url = NULL;
	const char *folder = NULL;
	TRY(json_get_text(place, "url", JSON_OPTIONAL, &url, r->e));
	TRY(json_get_text(place, "folder", JSON_OPTIONAL, &folder, r->e));
	if ((url == NULL) == (folder == NULL))
		return error_set(
			r->e, E_INVALID, "%s: a way has either 'url' or 'folder'", place.at);
	if (url != NULL)
		return read_url_way(r, place, url, kind, w);
	if (kind != DELIVERY_ENVELOPE)
		return error_set(r->e, E_INVALID, "%s.folder: only for envelopes", place.at);
	return read_folder_way(r, place, w);
}

/* --- a route --- */

static enum status read_kind(struct reading *r, struct json_place place, enum delivery_kind *out)
{
	const char *text = "envelopes";
	TRY(json_get_text(place, "kind", JSON_OPTIONAL, &text, r->e));
	if (strcmp(text, "envelopes") == 0)
		*out = DELIVERY_ENVELOPE;
	else if (strcmp(text, "webhook") == 0)
		*out = DELIVERY_WEBHOOK;
	else if (strcmp(text, "syslog") == 0)
		*out = DELIVERY_SYSLOG;
	else
		return error_set(r->e, E_INVALID,
			"%s.kind: '%.*s' is none of envelopes, webhook, syslog", place.at,
			text_cut(text, 40), text);
	return OK;
}

static enum status read_roles(struct reading *r, struct json_place place, struct route *out)
{
	json_t *list = NULL;
	TRY(json_get_array(place, "for",
		out->kind == DELIVERY_ENVELOPE ? JSON_REQUIRED : JSON_OPTIONAL, &list, r->e));
	size_t n = json_array_size(list);
	if (n > ROLES_MAX || (n == 0 && out->kind == DELIVERY_ENVELOPE))
		return error_set(
			r->e, E_INVALID, "%s.for: 1 to %d roles are wanted", place.at, ROLES_MAX);
	const char **roles = pool_take(r->p, n == 0 ? 1 : n, sizeof *roles);
	if (roles == NULL)
		return no_memory(r);
	for (size_t i = 0; i < n; i++) {
		const char *role = json_string_value(json_array_get(list, i));
		if (role == NULL || !is_name(role))
			return error_set(r->e, E_INVALID,
				"%s.for[%zu]: not a role's key, such as local_regulator", place.at,
				i);
		TRY(copy(r, role, &roles[i]));
	}
	out->roles = roles;
	out->n_roles = n;
	return OK;
}

static enum status add_key_path(
	struct reading *r, struct json_place place, const json_t *value, struct route *out)
{
	const char *text = json_string_value(value);
	if (text == NULL || text[0] == '\0')
		return error_set(r->e, E_INVALID, "%s.server_key: not a path", place.at);
	const char *path = text[0] == '/' ? pool_textf(r->p, "%s", text)
					  : pool_textf(r->p, "%s/%s", r->home, text);
	if (path == NULL)
		return no_memory(r);
	out->key_paths[out->n_key_paths++] = path;
	return OK;
}

static enum status read_server_keys(struct reading *r, struct json_place place, struct route *out)
{
	json_t *value = json_object_get(place.object, "server_key");
	if ((value != NULL) != (out->kind == DELIVERY_ENVELOPE))
		return error_set(r->e, E_INVALID,
			value == NULL ? N_("%s.server_key: missing; without it no receipt counts")
				      : N_("%s.server_key: only for envelopes"),
			place.at);
	if (value == NULL)
		return OK;
	if (!json_is_array(value))
		return add_key_path(r, place, value, out);
	if (json_array_size(value) == 0 || json_array_size(value) > SERVER_KEYS_MAX)
		return error_set(r->e, E_INVALID, "%s.server_key: 1 to %d keys are wanted",
			place.at, SERVER_KEYS_MAX);
	for (size_t i = 0; i < json_array_size(value); i++)
		TRY(add_key_path(r, place, json_array_get(value, i), out));
	return OK;
}

static enum status read_ways(struct reading *r, struct json_place place, struct route *out)
{
	json_t *list = NULL;
	struct way defaults = { .kind = WAY_HTTPS };
	TRY(get_tls_files(r, place, &defaults));
	TRY(json_get_array(place, "ways", JSON_REQUIRED, &list, r->e));
	size_t n = json_array_size(list);
	if (n == 0 || n > WAYS_MAX)
		return error_set(
			r->e, E_INVALID, "%s.ways: 1 to %d ways are wanted", place.at, WAYS_MAX);
	for (size_t i = 0; i < n; i++) {
		const char *at = pool_textf(r->p, "%s.ways[%zu]", place.at, i);
		if (at == NULL)
			return no_memory(r);
		out->ways[i] = defaults;
		TRY(read_way(r, json_array_get(list, i), at, out->kind, &out->ways[i]));
	}
	out->n_ways = n;
	return OK;
}

static enum status read_route(struct reading *r, struct json_place place, struct route *out)
{
	static const char *const known[] = { "name", "kind", "for", "drills", "server_key", "ca",
		"certificate", "key", "ways", NULL };
	const char *name = NULL;
	TRY(json_only_keys(place, known, r->e));
	TRY(json_get_text(place, "name", JSON_REQUIRED, &name, r->e));
	if (!is_name(name))
		return error_set(r->e, E_INVALID,
			"%s.name: lower-case letters, digits, '-', '_' and '.' make a name, "
			"'%.*s' is none",
			place.at, text_cut(name, 80), name);
	TRY(copy(r, name, &out->name));
	TRY(read_kind(r, place, &out->kind));
	TRY(json_get_bool(place, "drills", JSON_OPTIONAL, &out->drills, r->e));
	TRY(read_roles(r, place, out));
	TRY(read_server_keys(r, place, out));
	return read_ways(r, place, out);
}

static enum status read_list(json_t *value, json_t **out, struct error *e)
{
	static const char *const known[] = { "routes", NULL };
	const struct json_place top = { value, "" };
	TRY(json_only_keys(top, known, e));
	return json_get_array(top, "routes", JSON_REQUIRED, out, e);
}

enum status routes_read(struct view text, const char *home, struct pool *p,
	struct route out[ROUTES_MAX], size_t *out_n, struct error *e)
{
	AUTO_JSON json_t *value = NULL;
	json_t *list = NULL;
	struct reading r = { home, p, e };
	TRY(yaml_read(text, ROUTES_BYTES_MAX, "routes.yaml", &value, e));
	if (read_list(value, &list, e) != OK)
		return error_wrap(e, "routes.yaml");
	if (json_array_size(list) > ROUTES_MAX)
		return error_set(e, E_INVALID, "routes.yaml: %zu routes, %d are allowed",
			json_array_size(list), ROUTES_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *at = pool_textf(p, "routes.yaml: routes[%zu]", i);
		if (at == NULL)
			return no_memory(&r);
		struct json_place place = { json_array_get(list, i), at };
		out[i] = (struct route){ .kind = DELIVERY_ENVELOPE };
		TRY(read_route(&r, place, &out[i]));
		for (size_t k = 0; k < i; k++)
			if (strcmp(out[k].name, out[i].name) == 0)
				return error_set(
					e, E_INVALID, "%s.name: '%s' comes twice", at, out[i].name);
	}
	*out_n = json_array_size(list);
	return OK;
}
