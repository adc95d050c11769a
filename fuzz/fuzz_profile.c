/*
 * Profiles: whatever the bytes are, the reader ends in a sentence or in a profile by which anything
 * can be graded: nothing known, everything zero, everything at its greatest.
 */
#include <stdlib.h>
#include <string.h>

#include "incident/rules/classify.h"
#include "incident/rules/profile_read.h"

enum { BASE_BYTES = 16 * 1024 * 1024, INPUT_BYTES = 8 * 1024 * 1024 };

/* Once: the built-in files are the same for every input. */
static const struct profile_loader *base(void)
{
	static struct profile_loader loader;
	static bool opened;
	struct error e = ERROR_NONE;
	if (!opened) {
		struct pool *p = pool_new(BASE_BYTES);
		if (p == NULL || profile_loader_open(p, &loader, &e) != OK)
			abort();
		opened = true;
	}
	return &loader;
}

static void grade(const struct profile *p, const struct facts *f)
{
	struct classification k;
	classify(p, f, &k);
	if (k.grade < -1 || k.grade >= (int)p->n_grades || k.n_met > p->n_criteria ||
		k.n_could_raise > p->n_criteria)
		abort();
	for (size_t i = 0; i < k.n_met; i++)
		if (k.met[i] >= p->n_criteria || p->criteria[k.met[i]].grade < k.grade)
			abort();
	for (size_t i = 0; i < k.n_could_raise; i++)
		if (k.grade >= 0 && p->criteria[k.could_raise[i]].grade >= k.grade)
			abort();
}

static void walk(const struct profile_loader *l, const struct profile *p)
{
	struct facts f;
	facts_clear(&f);
	grade(p, &f);
	for (size_t i = 0; i < l->catalogue.n_rows; i++)
		f.at[i] = 0;
	grade(p, &f);
	for (size_t i = 0; i < l->catalogue.n_rows; i++) {
		f.at[i] = l->catalogue.rows[i].most;
		grade(p, &f);
	}
	for (size_t i = 0; i < p->n_duties; i++)
		if (strlen(p->duties[i].id) == 0 || p->duties[i].worst_grade >= (int)p->n_grades)
			abort();
}

static enum status read_input(
	struct profile_loader *l, struct view text, struct profile *out, struct error *e)
{
	TRY(profile_loader_add_text(l, text, "own.yaml", e));
	TRY(profile_loader_gather(l, e));
	return profile_read(l, profile_source_find(l, "own"), out, e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error e = ERROR_NONE;
	struct profile_loader l;
	struct profile p;
	AUTO(pool_free) struct pool *pool = pool_new(INPUT_BYTES);
	if (pool == NULL || profile_loader_fork(base(), pool, &l, &e) != OK)
		return 0;
	const enum status status =
		read_input(&l, (struct view){ (const char *)data, size }, &p, &e);
	if (status == OK)
		walk(&l, &p);
	else if (e.text[0] == '\0')
		abort();
	profile_loader_close(&l);
	return 0;
}
