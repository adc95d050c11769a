/*
 * Where decoys may lie: suggestions for a person, and the place that is kept in drill.yaml.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "drill/conduct/settings.h"
#include "sys/file.h"

#define MOUNTS_BYTES_MAX (16 * MIB)

struct search {
	const struct drill_context *c;
	struct pool *p;
	struct drill_place *out;
	size_t n;
	dev_t devices[DRILL_PLACES_MAX];
};

/* A second folder of a file system is no second suggestion. */
static bool is_new_device(struct search *s, const char *folder)
{
	struct stat st;
	if (stat(folder, &st) != 0)
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (s->devices[i] == st.st_dev)
			return false;
	s->devices[s->n] = st.st_dev;
	return true;
}

static void suggest(struct search *s, const char *folder)
{
	struct error unfit = ERROR_NONE; /* such a place is not suggested, whatever the reason */
	if (s->n >= DRILL_PLACES_MAX || !is_new_device(s, folder))
		return;
	const char *path = pool_textf(
		s->p, "%s%stocsin-drill", folder, folder[strlen(folder) - 1] == '/' ? "" : "/");
	if (path != NULL && drill_place_look(s->c, path, s->p, &s->out[s->n], &unfit) == OK)
		s->n++;
}

/* What the system itself lives on is no place for decoys. */
static bool is_for_people(const char *point)
{
	static const char *const system[] = { "/boot", "/efi", "/usr", "/var", "/run", "/proc",
		"/sys", "/dev", "/snap", "/nix", "/etc", "/tmp" };
	for (size_t i = 0; i < COUNT_OF(system); i++) {
		size_t len = strlen(system[i]);
		if (strncmp(point, system[i], len) == 0 &&
			(point[len] == '/' || point[len] == '\0'))
			return false;
	}
	return strcmp(point, "/") != 0 && strchr(point, '\\') == NULL;
}

/* mountinfo (proc(5)): the fifth field is the mount point, and behind " - " stands the kind. */
static void suggest_mounts(struct search *s)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 0);
	if (file_read_all(AT_FDCWD, "/proc/self/mountinfo", MOUNTS_BYTES_MAX, &text, NULL) != OK)
		return;
	struct view rest = buf_view(&text);
	while (rest.len > 0) {
		struct view line = view_cut(&rest, '\n');
		struct view point = VIEW_NONE;
		for (int i = 0; i < 5; i++)
			point = view_cut(&line, ' ');
		const char *folder = pool_text(s->p, point);
		struct stat st;
		if (folder != NULL && is_for_people(folder) && stat(folder, &st) == 0 &&
			S_ISDIR(st.st_mode))
			suggest(s, folder);
	}
}

enum status drill_places(const struct drill_context *c, struct pool *p,
	struct drill_place out[DRILL_PLACES_MAX], size_t *out_n, struct error *e)
{
	struct search s = { .c = c, .p = p, .out = out };
	const char *first = NULL;
	TRY(drill_place_default(p, &first, e));
	const char *folder =
		pool_text(p, (struct view){ first, (size_t)(strrchr(first, '/') - first) });
	if (folder == NULL)
		return error_set(e, E_NO_SPACE, "no memory for a path");
	suggest(&s, folder[0] == '\0' ? "/" : folder);
	suggest_mounts(&s);
	*out_n = s.n;
	return OK;
}

/* --- kept --- */

static enum status read_text(int home_fd, struct buf *out, struct error *e)
{
	enum status status = file_read_all(home_fd, SETTINGS_FILE, SETTINGS_BYTES_MAX, out, e);
	if (status != E_ABSENT)
		return status;
	*e = ERROR_NONE;
	buf_add_text(out,
		"# What all drills of this state folder have in common: see docs/settings.md.\n");
	return buf_check(out, SETTINGS_FILE, e);
}

static enum status add_line(struct buf *text, const char *path, struct error *e)
{
	AUTO_JSON json_t *word = json_string(path);
	AUTO_BUF struct buf quoted;
	buf_init(&quoted, 2 * SETTINGS_BYTES_MAX);
	if (word == NULL)
		return error_set(e, E_INVALID, "'%s' is not UTF-8 text", path);
	AUTO_JSON json_t *list = json_pack("[O]", word);
	if (list == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the settings");
	TRY(json_write(list, &quoted, e)); /* ["…"]: a quoted word of JSON is one of YAML */
	if (text->len > 0 && text->at[text->len - 1] != '\n')
		buf_add_char(text, '\n');
	buf_addf(text, "arena: %.*s\n", (int)quoted.len - 2, quoted.at + 1);
	return buf_check(text, SETTINGS_FILE, e);
}

enum status drill_place_keep(const struct drill_context *c, const char *path, struct error *e)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	AUTO_FD int home_fd = -1;
	AUTO_BUF struct buf text;
	AUTO_JSON json_t *value = NULL;
	const char *set = NULL;
	buf_init(&text, SETTINGS_BYTES_MAX);
	if (p == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the settings");
	TRY(drill_place_set(c, p, &set, e));
	if (set != NULL)
		return error_set(
			e, E_CONFLICT, "%s: arena: '%s' stands there already", SETTINGS_FILE, set);
	TRY(file_open_folder(c->home, &home_fd, e));
	TRY(read_text(home_fd, &text, e));
	text.ceiling = SETTINGS_BYTES_MAX;
	TRY(add_line(&text, path, e));
	/* A file in YAML's flow form, for one, takes no further line. */
	if (yaml_read(buf_view(&text), SETTINGS_BYTES_MAX, SETTINGS_FILE, &value, e) != OK)
		return error_wrap(e, "no line can be added to '%s/%s'", c->home, SETTINGS_FILE);
	return file_replace(home_fd, SETTINGS_FILE, buf_view(&text), 0600, e);
}
