/*
 * Reading incident.yaml.
 */
#include "incident/cases/settings.h"

#include <fcntl.h>
#include <string.h>

#include "sys/file.h"

enum { SETTINGS_BYTES_MAX = 64 * 1024, VALUE_BYTES_MAX = 600 };
#define FILE_NAME "incident.yaml"

/* Whoever writes a telephone number without blanks writes what YAML takes for a number. */
static enum status take_text(
	struct json_place top, const char *key, struct pool *p, const char **out, struct error *e)
{
	const char *text = NULL;
	const json_t *number = json_object_get(top.object, key);
	if (json_is_integer(number)) {
		*out = pool_textf(p, "%lld", (long long)json_integer_value(number));
		return *out == NULL ? case_no_memory(e) : OK;
	}
	TRY(json_get_text(top, key, JSON_OPTIONAL, &text, e));
	if (text == NULL)
		return OK;
	TRY(case_check_text(text, VALUE_BYTES_MAX, TEXT_ONE_LINE, key, e));
	*out = pool_text(p, view_of(text));
	return *out == NULL ? case_no_memory(e) : OK;
}

static enum status take_profiles(
	struct json_place top, struct pool *p, struct case_settings *s, struct error *e)
{
	json_t *list = NULL;
	TRY(json_get_array(top, "profiles", JSON_OPTIONAL, &list, e));
	if (json_array_size(list) > CASE_PROFILES_MAX)
		return error_set(e, E_INVALID, "profiles: more than %d", CASE_PROFILES_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *id = json_string_value(json_array_get(list, i));
		if (id == NULL)
			return error_set(e, E_INVALID, "profiles[%zu]: not text", i);
		s->profiles[i] = pool_text(p, view_of(id));
		if (s->profiles[i] == NULL)
			return case_no_memory(e);
		s->n_profiles++;
	}
	return OK;
}

static enum status take_phones(
	struct json_place top, struct pool *p, struct case_settings *s, struct error *e)
{
	json_t *all = json_object_get(top.object, "phones");
	const char *role;
	json_t *unused;
	if (all == NULL)
		return OK;
	if (!json_is_object(all))
		return error_set(e, E_INVALID, "phones: expected a number for each role");
	if (json_object_size(all) > PHONES_MAX)
		return error_set(e, E_INVALID, "phones: more than %d", PHONES_MAX);
	json_object_foreach(all, role, unused)
	{
		struct case_phone *phone = &s->phones[s->n_phones];
		phone->role = pool_text(p, view_of(role));
		TRY(take_text((struct json_place){ all, "phones" }, role, p, &phone->number, e));
		if (phone->role == NULL)
			return case_no_memory(e);
		s->n_phones += phone->number != NULL;
	}
	return OK;
}

static enum status take_all(json_t *value, struct pool *p, struct case_settings *s, struct error *e)
{
	static const char *const known[] = { "company", "callback", "profiles", "tlp", "phones",
		NULL };
	const struct json_place top = { value, "" };
	if (!json_is_object(value))
		return error_set(e, E_INVALID, "expected company, callback, profiles, tlp, phones");
	TRY(json_only_keys(top, known, e));
	TRY(take_text(top, "company", p, &s->company, e));
	TRY(take_text(top, "callback", p, &s->callback, e));
	TRY(take_text(top, "tlp", p, &s->tlp, e));
	TRY(take_phones(top, p, s, e));
	return take_profiles(top, p, s, e);
}

/* Every fault names the file once. */
static enum status parse(struct view text, struct pool *p, struct case_settings *s, struct error *e)
{
	AUTO_JSON json_t *value = NULL;
	TRY(yaml_read(text, SETTINGS_BYTES_MAX, FILE_NAME, &value, e));
	return take_all(value, p, s, e) == OK ? OK : error_wrap(e, FILE_NAME);
}

static enum status read_file(
	const char *home, struct pool *p, struct case_settings *s, struct error *e)
{
	AUTO_FD int folder = -1;
	AUTO_BUF struct buf text;
	buf_init(&text, SETTINGS_BYTES_MAX + 1);
	TRY(file_open_folder(home, &folder, e));
	TRY(file_read_all(folder, FILE_NAME, SETTINGS_BYTES_MAX, &text, e));
	return parse(buf_view(&text), p, s, e);
}

enum status case_settings_read(
	const char *home, struct pool *p, struct case_settings *out, struct error *e)
{
	struct error why = ERROR_NONE;
	struct case_settings s = { .trouble = "" };
	const enum status status = home == NULL ? E_ABSENT : read_file(home, p, &s, &why);
	*out = (struct case_settings){ .trouble = "" };
	if (status == E_NO_SPACE) {
		*e = why;
		return status;
	}
	if (status == OK)
		*out = s;
	else if (status != E_ABSENT)
		out->trouble = pool_text(p, view_of(why.text));
	return out->trouble == NULL ? case_no_memory(e) : OK;
}

const char *incident_phone(const struct incident_context *c, const char *role, struct pool *p)
{
	struct case_settings s;
	struct error short_of_memory = ERROR_NONE;
	if (case_settings_read(c->home, p, &s, &short_of_memory) != OK)
		return NULL;
	for (size_t i = 0; i < s.n_phones; i++)
		if (strcmp(s.phones[i].role, role) == 0)
			return s.phones[i].number;
	return NULL;
}
