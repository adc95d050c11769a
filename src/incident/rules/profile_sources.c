/*
 * Where profiles come from: those built into the program and the user's own, which add to them or
 * go before one of the same id by a higher version. Facts, roles and other words are gathered from
 * all of them before any profile is read.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embed.h"
#include "incident/rules/profile_read.h"
#include "sys/file.h"

extern const struct embedded_file catalogue_files[];
extern const unsigned long catalogue_files_n;
extern const struct embedded_file profile_files[];
extern const unsigned long profile_files_n;

#define ENDING ".yaml"
#define FOLDER "profiles"
static const char *const word_kinds[RULE_WORD_KINDS] = { "roles", "stages", "media",
	"instruments" };

/* --- sources --- */

/* "cn-miit.yaml" → "cn-miit"; false for any other name. */
static bool id_of_name(const char *name, struct view *out)
{
	struct view v = view_of(name);
	if (!view_ends_with(v, VIEW(ENDING)))
		return false;
	v.len -= strlen(ENDING);
	*out = v;
	return v.len > 0;
}

static enum status read_identity(
	struct profile_loader *l, struct profile_source *s, struct view name, struct error *e)
{
	struct json_place root = { s->root, "" };
	s->id = "";
	if (!json_is_object(s->root))
		return error_set(e, E_INVALID, "not a profile: a set of keys was expected");
	TRY(rule_key(root, "id", JSON_REQUIRED, l->pool, &s->id, e));
	if (!view_is(name, s->id))
		return error_set(e, E_INVALID, "id: '%s' is not the name of the file", s->id);
	return rule_int(root, "version", JSON_REQUIRED, 1, INT32_MAX, &s->version, e);
}

/* Puts the source into the list, in the place of a built-in one of the same id. */
static enum status take_source(struct profile_loader *l, struct profile_source *s, struct error *e)
{
	for (size_t i = 0; i < l->n_sources; i++) {
		struct profile_source *old = &l->sources[i];
		if (strcmp(old->id, s->id) != 0)
			continue;
		if (s->version <= old->version)
			return error_set(e, E_INVALID,
				"version: %lld does not go before the %lld that is built in",
				(long long)s->version, (long long)old->version);
		json_decref(old->root);
		*old = *s;
		return OK;
	}
	if (l->n_sources == PROFILES_MAX)
		return error_set(e, E_TOO_BIG, "more than %d profiles", (int)PROFILES_MAX);
	l->sources[l->n_sources++] = *s;
	return OK;
}

static enum status add_source(struct profile_loader *l, struct view text, const char *what,
	struct view name, bool own, struct error *e)
{
	AUTO_JSON json_t *root = NULL;
	TRY(yaml_read(text, RULE_FILE_MAX, what, &root, e));
	struct profile_source s = { .root = root, .own = own };
	s.what = pool_text(l->pool, view_of(what));
	s.source = own ? s.what : "built in";
	if (s.what == NULL)
		return rule_no_memory(e);
	enum status status = read_identity(l, &s, name, e);
	if (status == OK)
		status = take_source(l, &s, e);
	if (status != OK)
		return error_wrap(e, "%s", what);
	(void)TAKE(root); /* the list's now */
	return OK;
}

static enum status add_built_in(struct profile_loader *l, struct error *e)
{
	for (unsigned long i = 0; i < profile_files_n; i++) {
		const struct embedded_file *f = &profile_files[i];
		struct view name = VIEW_NONE;
		if (id_of_name(f->name, &name))
			TRY(add_source(
				l, (struct view){ f->bytes, f->n_bytes }, f->name, name, false, e));
	}
	return OK;
}

static void close_folder(DIR *d)
{
	(void)closedir(d); /* read only: nothing can be lost */
}
AUTO_TYPE(close_folder, DIR *)

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names in <home>/profiles, sorted; none where there is no such folder. */
static enum status own_names(
	const char *home, struct pool *p, const char **names, size_t *n, struct error *e)
{
	AUTO_FD int home_fd = -1;
	AUTO_FD int fd = -1;
	enum status status = file_open_folder(home, &home_fd, e);
	if (status == OK)
		status = file_open_beneath(home_fd, FOLDER, O_RDONLY | O_DIRECTORY, 0, &fd, e);
	if (status != OK)
		return status == E_ABSENT ? OK : status;
	AUTO(close_folder) DIR *folder = fdopendir(fd);
	if (folder == NULL)
		return error_sys(e, E_FAILED, errno, "read the folder %s", FOLDER);
	(void)TAKE_FD(fd); /* the stream's now */
	struct dirent *entry;
	while ((entry = readdir(folder)) != NULL) {
		struct view id;
		if (view_ends_with(view_of(entry->d_name), VIEW(".yml")))
			return error_set(e, E_INVALID, "%s/%s: the name must end with %s", FOLDER,
				entry->d_name, ENDING);
		if (entry->d_name[0] == '.' || !id_of_name(entry->d_name, &id))
			continue;
		if (*n == PROFILES_MAX)
			return error_set(e, E_TOO_BIG, "%s: more than %d profiles", FOLDER,
				(int)PROFILES_MAX);
		names[*n] = pool_text(p, view_of(entry->d_name));
		if (names[(*n)++] == NULL)
			return rule_no_memory(e);
	}
	qsort(names, *n, sizeof *names, compare_text);
	return OK;
}

static enum status add_own(struct profile_loader *l, const char *home, struct error *e)
{
	AUTO_FD int home_fd = -1;
	const char **names = pool_take(l->pool, PROFILES_MAX, sizeof *names);
	size_t n = 0;
	if (names == NULL)
		return rule_no_memory(e);
	TRY(own_names(home, l->pool, names, &n, e));
	if (n == 0)
		return OK;
	TRY(file_open_folder(home, &home_fd, e));
	for (size_t i = 0; i < n; i++) {
		AUTO_BUF struct buf text;
		struct view name = VIEW_NONE;
		const char *path = pool_textf(l->pool, FOLDER "/%s", names[i]);
		buf_init(&text, RULE_FILE_MAX);
		if (path == NULL)
			return rule_no_memory(e);
		TRY(file_read_all(home_fd, path, RULE_FILE_MAX, &text, e));
		(void)id_of_name(names[i], &name); /* own_names kept only such */
		TRY(add_source(l, buf_view(&text), path, name, true, e));
	}
	return OK;
}

/* --- words --- */

static const struct rule_word *find_word(const struct rule_word_list *all, const char *key)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->rows[i].key, key) == 0)
			return &all->rows[i];
	return NULL;
}

static enum status read_word(struct profile_loader *l, enum rule_words kind, struct json_place in,
	struct rule_word *out, struct error *e)
{
	static const char *const of_roles[] = { "key", "zh", "en", "own", "in_public", NULL };
	static const char *const of_others[] = { "key", "zh", "en", NULL };
	/* An instrument's key is the name that people quote: "MIIT-214-2024". */
	if (kind == RULE_INSTRUMENTS)
		TRY(rule_line(in, "key", JSON_REQUIRED, l->pool, &out->key, e));
	else
		TRY(rule_key(in, "key", JSON_REQUIRED, l->pool, &out->key, e));
	TRY(json_only_keys(in, kind == RULE_ROLES ? of_roles : of_others, e));
	TRY(json_get_bool(in, "own", JSON_OPTIONAL, &out->own, e));
	TRY(json_get_bool(in, "in_public", JSON_OPTIONAL, &out->in_public, e));
	return rule_both_here(in, l->pool, &out->name, e);
}

static enum status add_words(
	struct profile_loader *l, enum rule_words kind, struct json_place root, struct error *e)
{
	char item[RULE_PATH_MAX];
	struct rule_word_list *all = l->words[kind];
	json_t *list = NULL;
	TRY(rule_list(root, word_kinds[kind], JSON_OPTIONAL, RULE_WORDS_MAX, &list, e));
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct json_place in = { json_array_get(list, i),
			rule_item(item, word_kinds[kind], i) };
		struct rule_word word = { .key = NULL };
		TRY(read_word(l, kind, in, &word, e));
		if (find_word(all, word.key) != NULL)
			return error_set(e, E_INVALID, "%s: '%s' is there already", item, word.key);
		if (all->n == RULE_WORDS_MAX)
			return error_set(
				e, E_TOO_BIG, "%s: more than %d in all", item, (int)RULE_WORDS_MAX);
		all->rows[all->n++] = word;
	}
	return OK;
}

static enum status add_all_words(struct profile_loader *l, json_t *root, struct error *e)
{
	for (int kind = 0; kind < RULE_WORD_KINDS; kind++)
		TRY(add_words(l, (enum rule_words)kind, (struct json_place){ root, "" }, e));
	return OK;
}

/* --- the catalogue of facts --- */

static enum status read_catalogue_file(struct profile_loader *l, const struct embedded_file *f,
	struct catalogue_builder *b, struct error *e)
{
	static const char *const known[] = { "facts", "roles", "stages", "media", "instruments",
		NULL };
	AUTO_JSON json_t *root = NULL;
	TRY(yaml_read((struct view){ f->bytes, f->n_bytes }, RULE_FILE_MAX, f->name, &root, e));
	struct json_place top = { root, "" };
	json_t *facts = json_object_get(root, "facts");
	enum status status = json_only_keys(top, known, e);
	if (status == OK && facts != NULL)
		status = catalogue_add(b, facts, "", "facts", e);
	if (status == OK)
		status = add_all_words(l, root, e);
	return status == OK ? OK : error_wrap(e, "%s", f->name);
}

static enum status add_catalogue(struct profile_loader *l, struct error *e)
{
	for (unsigned long i = 0; i < catalogue_files_n; i++)
		TRY(read_catalogue_file(l, &catalogue_files[i], l->builder, e));
	return OK;
}

enum status profile_loader_gather(struct profile_loader *l, struct error *e)
{
	for (size_t i = 0; i < l->n_sources; i++) {
		const struct profile_source *s = &l->sources[i];
		json_t *facts = json_object_get(s->root, "facts");
		enum status status = OK;
		if (facts != NULL)
			status = catalogue_add(l->builder, facts, s->id, "facts", e);
		if (status == OK)
			status = add_all_words(l, s->root, e);
		if (status != OK)
			return error_wrap(e, "%s", s->what);
	}
	l->catalogue = (struct fact_catalogue){ l->builder->rows, l->builder->n };
	return OK;
}

/* --- the loader --- */

static enum status take_room(struct profile_loader *l, struct error *e)
{
	l->sources = pool_take(l->pool, PROFILES_MAX, sizeof *l->sources);
	l->builder = pool_take(l->pool, 1, sizeof *l->builder);
	if (l->sources == NULL || l->builder == NULL)
		return rule_no_memory(e);
	for (int kind = 0; kind < RULE_WORD_KINDS; kind++) {
		l->words[kind] = pool_take(l->pool, 1, sizeof *l->words[kind]);
		if (l->words[kind] == NULL)
			return rule_no_memory(e);
	}
	return OK;
}

enum status profile_loader_open(struct pool *pool, struct profile_loader *out, struct error *e)
{
	*out = (struct profile_loader){ .pool = pool };
	TRY(take_room(out, e));
	out->builder->pool = pool;
	TRY(add_catalogue(out, e));
	return add_built_in(out, e);
}

enum status profile_loader_fork(const struct profile_loader *from, struct pool *pool,
	struct profile_loader *out, struct error *e)
{
	*out = (struct profile_loader){ .pool = pool };
	TRY(take_room(out, e));
	*out->builder = *from->builder;
	out->builder->pool = pool;
	for (int kind = 0; kind < RULE_WORD_KINDS; kind++)
		*out->words[kind] = *from->words[kind];
	for (size_t i = 0; i < from->n_sources; i++) {
		out->sources[i] = from->sources[i];
		(void)json_incref(out->sources[i].root);
	}
	out->n_sources = from->n_sources;
	return OK;
}

enum status profile_loader_add_home(struct profile_loader *l, const char *home, struct error *e)
{
	return add_own(l, home, e);
}

enum status profile_loader_add_text(
	struct profile_loader *l, struct view text, const char *name, struct error *e)
{
	struct view id = VIEW_NONE;
	(void)id_of_name(name, &id);
	return add_source(l, text, name, id, true, e);
}

void profile_loader_close(struct profile_loader *l)
{
	for (size_t i = 0; i < l->n_sources; i++)
		json_decref(l->sources[i].root);
	l->n_sources = 0;
}
