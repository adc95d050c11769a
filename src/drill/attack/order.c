/*
 * The order in which a scenario would meet files and folders, played through on the manifest:
 * nothing is ever listed or searched on disk.
 */
#include <string.h>

#include "base/random.h"
#include "drill/attack/emulate.h"

struct tree {
	const struct scenario *scenario;
	const struct manifest *manifest;
	/* Children of folder i: entries [first[i], first[i + 1]); the arena is index n_folders. */
	uint32_t *files, *first_file;
	uint32_t *folders, *first_folder;
	struct step *steps;
	size_t n_steps;
	uint32_t n_visited;
};

static uint32_t slot_of(const struct manifest *m, uint32_t folder)
{
	return folder == FOLDER_ROOT ? m->n_folders : folder;
}

static uint32_t folder_of(const struct manifest *m, uint32_t slot)
{
	return slot == m->n_folders ? FOLDER_ROOT : slot;
}

static uint32_t parent_of_file(const struct manifest *m, uint32_t i)
{
	return slot_of(m, m->files[i].folder);
}

static uint32_t parent_of_folder(const struct manifest *m, uint32_t i)
{
	return slot_of(m, m->folders[i].parent);
}

static void shuffle(struct dice *d, uint32_t *items, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)dice_below(d, i);
		uint32_t kept = items[i - 1];
		items[i - 1] = items[j];
		items[j] = kept;
	}
}

/* Sorts 0 … n-1 by parent, each parent's children in an order of the seed's: what a directory's
 * hash order would be. */
static bool group_by_parent(const struct manifest *m, uint32_t n, struct dice *d,
	uint32_t (*parent)(const struct manifest *m, uint32_t i), struct pool *p, uint32_t **out)
{
	size_t n_slots = (size_t)m->n_folders + 2;
	uint32_t *first = pool_take(p, n_slots, sizeof *first);
	uint32_t *items = pool_take(p, (size_t)n + 1, sizeof *items);
	uint32_t *filled = pool_take(p, n_slots, sizeof *filled);
	if (first == NULL || items == NULL || filled == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++)
		first[parent(m, i) + 1]++;
	for (size_t i = 1; i < n_slots; i++)
		first[i] += first[i - 1];
	for (uint32_t i = 0; i < n; i++) {
		uint32_t slot = parent(m, i);
		items[first[slot] + filled[slot]++] = i;
	}
	for (size_t i = 0; i + 1 < n_slots; i++)
		shuffle(d, items + first[i], first[i + 1] - first[i]);
	out[0] = items;
	out[1] = first;
	return true;
}

static void add_step(struct tree *t, enum step_kind kind, uint32_t index)
{
	t->steps[t->n_steps++] = (struct step){ kind, index };
}

static bool has_note(const struct tree *t, uint32_t slot)
{
	switch (t->scenario->note_place) {
	case NOTE_NONE:
		return false;
	case NOTE_EVERY_FOLDER:
		return true;
	case NOTE_FIRST_FOLDERS:
		return t->n_visited < t->scenario->note_folders;
	case NOTE_ROOT:
		return slot == t->manifest->n_folders;
	}
	return false;
}

/* Entering a folder: the probe, the note, then its files. */
static void visit(struct tree *t, uint32_t slot)
{
	uint32_t folder = folder_of(t->manifest, slot);
	if (t->scenario->probe_file)
		add_step(t, STEP_PROBE, folder);
	if (has_note(t, slot))
		add_step(t, STEP_NOTE, folder);
	t->n_visited++;
	for (uint32_t i = t->first_file[slot]; i < t->first_file[slot + 1]; i++)
		add_step(t, STEP_FILE, t->files[i]);
}

/* Folders from `slot` down, parents first. `list` is both the result and the work list. */
static size_t list_depth_first(const struct tree *t, uint32_t slot, uint32_t *stack, uint32_t *list)
{
	size_t n_stack = 0, n = 0;
	stack[n_stack++] = slot;
	while (n_stack > 0) {
		uint32_t at = stack[--n_stack];
		list[n++] = at;
		for (uint32_t i = t->first_folder[at + 1]; i > t->first_folder[at]; i--)
			stack[n_stack++] = t->folders[i - 1];
	}
	return n;
}

static size_t list_breadth_first(const struct tree *t, uint32_t slot, uint32_t *list)
{
	size_t n = 0;
	list[n++] = slot;
	for (size_t done = 0; done < n; done++)
		for (uint32_t i = t->first_folder[list[done]]; i < t->first_folder[list[done] + 1];
			i++)
			list[n++] = t->folders[i];
	return n;
}

/* Where people keep what matters to them, by the names that such folders usually have. */
static bool is_important_name(const char *name)
{
	static const char *const words[] = { "desktop", "document", "finance", "contract",
		"account", "customer", "design", "桌面", "文档", "财务", "合同", "客户", "设计",
		"图纸", "重要" };
	char lower[256];
	size_t n = 0;
	for (; name[n] != '\0' && n + 1 < sizeof lower; n++)
		lower[n] = (char)(name[n] >= 'A' && name[n] <= 'Z' ? name[n] - 'A' + 'a' : name[n]);
	lower[n] = '\0';
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strstr(lower, words[i]) != NULL)
			return true;
	return false;
}

/* A folder is important where its name or one above it says so. Parents stand before children in a
 * manifest, so one pass does. */
static void mark_important(const struct manifest *m, bool *important)
{
	for (uint32_t i = 0; i < m->n_folders; i++) {
		uint32_t parent = m->folders[i].parent;
		important[i] = is_important_name(m->folders[i].name) ||
			       (parent != FOLDER_ROOT && important[parent]);
	}
}

static void visit_all(struct tree *t, const uint32_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		visit(t, list[i]);
}

static void visit_important(struct tree *t, const uint32_t *list, size_t n, const bool *important)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < n; i++)
			if (important[list[i]] == (pass == 0))
				visit(t, list[i]);
}

/* One walker for each top folder, as if each were a drive: their steps alternate. */
static enum status visit_per_root(struct tree *t, uint32_t *list, struct pool *p, struct error *e)
{
	uint32_t root = t->manifest->n_folders;
	uint32_t n_roots = t->first_folder[root + 1] - t->first_folder[root];
	uint32_t *stack = pool_take(p, (size_t)t->manifest->n_folders + 1, sizeof *stack);
	size_t *at = pool_take(p, (size_t)n_roots + 1, sizeof *at);
	size_t *end = pool_take(p, (size_t)n_roots + 1, sizeof *end);
	struct step *mixed =
		pool_take(p, (size_t)t->manifest->n_files + 2 * (size_t)t->manifest->n_folders + 2,
			sizeof *mixed);
	if (stack == NULL || at == NULL || end == NULL || mixed == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	for (uint32_t r = 0; r <= n_roots; r++) {
		at[r] = t->n_steps;
		if (r == n_roots) {
			visit(t, root);
		} else {
			uint32_t top = t->folders[t->first_folder[root] + r];
			visit_all(t, list, list_depth_first(t, top, stack, list));
		}
		end[r] = t->n_steps;
	}
	for (size_t n = 0; n < t->n_steps;)
		for (uint32_t r = 0; r <= n_roots; r++)
			if (at[r] < end[r])
				mixed[n++] = t->steps[at[r]++];
	t->steps = mixed;
	return OK;
}

static enum status visit_in_order(struct tree *t, struct pool *p, struct error *e)
{
	const struct manifest *m = t->manifest;
	uint32_t *list = pool_take(p, (size_t)m->n_folders + 1, sizeof *list);
	uint32_t *stack = pool_take(p, (size_t)m->n_folders + 1, sizeof *stack);
	bool *important = pool_take(p, (size_t)m->n_folders + 1, sizeof *important);
	if (list == NULL || stack == NULL || important == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	switch (t->scenario->order) {
	case ORDER_DEPTH_FIRST:
		visit_all(t, list, list_depth_first(t, m->n_folders, stack, list));
		return OK;
	case ORDER_BREADTH_FIRST:
		visit_all(t, list, list_breadth_first(t, m->n_folders, list));
		return OK;
	case ORDER_IMPORTANT_FIRST:
		mark_important(m, important);
		visit_important(t, list, list_depth_first(t, m->n_folders, stack, list), important);
		return OK;
	case ORDER_PER_ROOT:
		return visit_per_root(t, list, p, e);
	}
	return OK;
}

enum status order_make(const struct scenario *s, const struct manifest *m, uint64_t seed,
	struct pool *p, struct step **out, size_t *out_n, struct error *e)
{
	struct tree t = { .scenario = s, .manifest = m };
	struct dice d;
	uint32_t *grouped[2];
	dice_init(&d, seed);
	if (!group_by_parent(m, m->n_files, &d, parent_of_file, p, grouped))
		return error_set(e, E_NO_SPACE, "memory is short");
	t.files = grouped[0];
	t.first_file = grouped[1];
	if (!group_by_parent(m, m->n_folders, &d, parent_of_folder, p, grouped))
		return error_set(e, E_NO_SPACE, "memory is short");
	t.folders = grouped[0];
	t.first_folder = grouped[1];
	t.steps = pool_take(p, (size_t)m->n_files + 2 * (size_t)m->n_folders + 2, sizeof *t.steps);
	if (t.steps == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(visit_in_order(&t, p, e));
	*out = t.steps;
	*out_n = t.n_steps;
	return OK;
}
