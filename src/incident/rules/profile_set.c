/*
 * The set of profiles: loaded once, immutable, in one pool.
 */
#include <stdlib.h>
#include <string.h>

#include "incident/rules/profile_read.h"

struct profile_set {
	struct profile_loader loader; /* its sources are gone, what they said was copied */
	struct profile *profiles;
	size_t n;
};

static int compare_sources(const void *a, const void *b)
{
	return strcmp(
		((const struct profile_source *)a)->id, ((const struct profile_source *)b)->id);
}

static enum status read_all(struct profile_set *s, const char *home, struct error *e)
{
	struct profile_loader *l = &s->loader;
	if (home != NULL)
		TRY(profile_loader_add_home(l, home, e));
	qsort(l->sources, l->n_sources, sizeof *l->sources, compare_sources);
	TRY(profile_loader_gather(l, e));
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

enum status profile_set_load(const char *home, struct profile_set **out, struct error *e)
{
	AUTO(pool_free) struct pool *pool = pool_new(PROFILE_POOL_BYTES);
	struct profile_set *s = pool == NULL ? NULL : pool_take(pool, 1, sizeof *s);
	if (s == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the profiles");
	enum status status = profile_loader_open(pool, &s->loader, e);
	if (status == OK)
		status = read_all(s, home, e);
	profile_loader_close(&s->loader); /* all that stays was copied into the pool */
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
	const struct rule_word_list *all = s->loader.words[kind];
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->rows[i].key, key) == 0)
			return &all->rows[i];
	return NULL;
}

size_t profile_words(
	const struct profile_set *s, enum rule_words kind, const struct rule_word **out)
{
	*out = s->loader.words[kind]->rows;
	return s->loader.words[kind]->n;
}
