/*
 * Reads <home>/drill.yaml: see settings.h.
 */
#include "drill/conduct/settings.h"

#include "sys/file.h"

/* Comments and empty lines alone: what is left where somebody switched every line off. */
static bool says_nothing(struct view text)
{
	while (text.len > 0) {
		struct view line = view_trim(view_cut(&text, '\n'));
		if (line.len > 0 && line.at[0] != '#')
			return false;
	}
	return true;
}

static enum status read_keys(
	json_t *value, struct pool *p, struct drill_settings *s, struct error *e)
{
	static const char *const known[] = { "arena", PEOPLE_SETTING_KEYS, NULL };
	const struct json_place at = { value, "" };
	const char *arena = NULL;
	TRY(json_only_keys(at, known, e));
	TRY(json_get_text(at, "arena", JSON_OPTIONAL, &arena, e));
	if (arena != NULL && arena[0] != '/')
		return error_set(e, E_INVALID, "arena: '%s' does not begin with /", arena);
	if (arena != NULL) {
		s->arena = pool_text(p, view_of(arena));
		if (s->arena == NULL)
			return error_set(e, E_NO_SPACE, "no memory for a path");
	}
	return people_settings_read(at, p, &s->people, e);
}

enum status settings_read(
	const char *home, struct pool *p, struct drill_settings *out, struct error *e)
{
	struct drill_settings s = { .arena = NULL };
	people_settings_init(&s.people);
	AUTO_FD int home_fd = -1;
	AUTO_BUF struct buf text;
	AUTO_JSON json_t *value = NULL;
	buf_init(&text, SETTINGS_BYTES_MAX);
	const char *what = pool_textf(p, "%s/%s", home, SETTINGS_FILE);
	if (what == NULL)
		return error_set(e, E_NO_SPACE, "no memory for a path");
	enum status status = file_open_folder(home, &home_fd, e);
	if (status == OK)
		status = file_read_all(home_fd, SETTINGS_FILE, SETTINGS_BYTES_MAX, &text, e);
	if (status != OK && status != E_ABSENT)
		return error_wrap(e, "state folder '%s'", home);
	if (status == OK && !says_nothing(buf_view(&text))) {
		TRY(yaml_read(buf_view(&text), SETTINGS_BYTES_MAX, what, &value, e));
		if (read_keys(value, p, &s, e) != OK)
			return error_wrap(e, "%s", what);
	}
	*out = s;
	return OK;
}

enum status settings_of_people(const struct drill_context *c, const char *people_file,
	struct pool *p, struct people_settings *out, bool *out_complete, struct error *e)
{
	struct drill_settings s;
	bool complete = true;
	TRY(settings_read(c->home, p, &s, e));
	if (people_file != NULL)
		TRY(people_check_file(
			people_file, clock_wall_ns(c->clock), p, &s.people, &complete, e));
	*out = s.people;
	*out_complete = complete;
	return OK;
}
