/*
 * Where profiles come from: those built into the program and the user's own, which add to them or
 * go before one of the same id by a higher version. Facts, roles and other words are gathered from
 * all of them first, then each profile is read.
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

struct profile_set {
	struct profile_loader loader;
	struct profile *profiles;
	size_t n;
};

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
		struct view name;
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
		struct view name;
		const char *path = pool_textf(l->pool, FOLDER "/%s", names[i]);
		if (path == NULL)
			return rule_no_memory(e);
		buf_init(&text, RULE_FILE_MAX);
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
	static const char *const known[] = { "key", "zh", "en", "own", NULL };
	/* An instrument's key is the name that people quote: "MIIT-214-2024". */
	if (kind == RULE_INSTRUMENTS)
		TRY(rule_line(in, "key", JSON_REQUIRED, l->pool, &out->key, e));
	else
		TRY(rule_key(in, "key", JSON_REQUIRED, l->pool, &out->key, e));
	TRY(json_only_keys(in, known, e));
	TRY(json_get_bool(in, "own", JSON_OPTIONAL, &out->own, e));
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
		struct rule_word word = { NULL, { NULL, NULL }, false };
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

static enum status gather(struct profile_loader *l, struct error *e)
{
	struct catalogue_builder *b = pool_take(l->pool, 1, sizeof *b);
	if (b == NULL)
		return rule_no_memory(e);
	b->pool = l->pool;
	for (unsigned long i = 0; i < catalogue_files_n; i++)
		TRY(read_catalogue_file(l, &catalogue_files[i], b, e));
	for (size_t i = 0; i < l->n_sources; i++) {
		const struct profile_source *s = &l->sources[i];
		json_t *facts = json_object_get(s->root, "facts");
		enum status status = OK;
		if (facts != NULL)
			status = catalogue_add(b, facts, s->id, "facts", e);
		if (status == OK)
			status = add_all_words(l, s->root, e);
		if (status != OK)
			return error_wrap(e, "%s", s->what);
	}
	l->catalogue = (struct fact_catalogue){ b->rows, b->n };
	return OK;
}

/* --- the set --- */

static int compare_sources(const void *a, const void *b)
{
	return strcmp(
		((const struct profile_source *)a)->id, ((const struct profile_source *)b)->id);
}

static enum status load(struct profile_set *s, const char *home, struct error *e)
{
	struct profile_loader *l = &s->loader;
	l->sources = pool_take(l->pool, PROFILES_MAX, sizeof *l->sources);
	if (l->sources == NULL)
		return rule_no_memory(e);
	for (int kind = 0; kind < RULE_WORD_KINDS; kind++) {
		l->words[kind] = pool_take(l->pool, 1, sizeof *l->words[kind]);
		if (l->words[kind] == NULL)
			return rule_no_memory(e);
	}
	TRY(add_built_in(l, e));
	if (home != NULL)
		TRY(add_own(l, home, e));
	qsort(l->sources, l->n_sources, sizeof *l->sources, compare_sources);
	TRY(gather(l, e));
	s->profiles = pool_take(l->pool, l->n_sources, sizeof *s->profiles);
	if (s->profiles == NULL)
		return rule_no_memory(e);
	for (size_t i = 0; i < l->n_sources; i++) {
		if (profile_read(l, &l->sources[i], &s->profiles[i], e) != OK)
			return error_wrap(e, "%s", l->sources[i].what);
		s->n++;
	}
	return OK;
}

static void drop_sources(struct profile_loader *l)
{
	for (size_t i = 0; i < l->n_sources; i++)
		json_decref(l->sources[i].root);
	l->n_sources = 0;
}

enum status profile_set_load(const char *home, struct profile_set **out, struct error *e)
{
	AUTO(pool_free) struct pool *pool = pool_new(PROFILE_POOL_BYTES);
	struct profile_set *s = pool == NULL ? NULL : pool_take(pool, 1, sizeof *s);
	if (s == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the profiles");
	s->loader.pool = pool;
	const enum status status = load(s, home, e);
	drop_sources(&s->loader); /* all that stays was copied into the pool */
	if (status != OK)
		return status;
	(void)TAKE(pool); /* the set lies in it */
	*out = s;
	return OK;
}

void profile_set_free(struct profile_set *s)
{
	if (s != NULL)
		pool_free(s->loader.pool);
}

const struct fact_catalogue *profile_facts(const struct profile_set *s)
{
	return &s->loader.catalogue;
}

size_t profile_count(const struct profile_set *s)
{
	return s->n;
}

const struct profile *profile_at(const struct profile_set *s, size_t i)
{
	return &s->profiles[i];
}

static const char *id_at(const void *context, size_t i)
{
	return ((const struct profile_set *)context)->profiles[i].id;
}

enum status profile_find(
	const struct profile_set *s, const char *id, const struct profile **out, struct error *e)
{
	char near[RULE_NEAR_MAX];
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->profiles[i].id, id) == 0) {
			*out = &s->profiles[i];
			return OK;
		}
	}
	if (rule_near(id, (struct rule_names){ id_at, s, s->n }, near)[0] != '\0')
		return error_set(e, E_ABSENT, "no profile '%s'; near it: %s", id, near);
	return error_set(e, E_ABSENT, "no profile '%s'", id);
}

const struct rule_word *profile_word(
	const struct profile_set *s, enum rule_words kind, const char *key)
{
	return find_word(s->loader.words[kind], key);
}

size_t profile_words(
	const struct profile_set *s, enum rule_words kind, const struct rule_word **out)
{
	*out = s->loader.words[kind]->rows;
	return s->loader.words[kind]->n;
}
