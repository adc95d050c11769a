/*
 * Reading the journal for undo. It is a file that others may have written: counts, indices and
 * names are checked here once, so that nothing behind this page meets an unchecked one.
 */
#include "drill/undo/undo_plan.h"

#include <stdlib.h>
#include <string.h>

#include "sys/file.h"

PACK_CODE(undo_remove, UNDO_REMOVE_FIELDS)

struct reading {
	const struct manifest *manifest;
	uint32_t *by_name; /* the manifest's files, sorted by folder and name */
	struct pool *pool;
	struct undo_plan *plan;
	size_t notes_capacity;
};

static enum status unfit(struct error *e, const struct journal_record *r)
{
	return error_set(e, E_INVALID, "the journal's record %llu does not fit the manifest",
		(unsigned long long)r->sequence);
}

static enum status no_memory(struct error *e)
{
	return error_set(e, E_NO_SPACE, "memory is short for the journal");
}

/* --- planted names --- */

static int compare_names(const struct manifest_file *a, uint32_t folder, const char *name)
{
	if (a->folder != folder)
		return a->folder < folder ? -1 : 1;
	return strcmp(a->name, name);
}

static int by_name(const void *a, const void *b, void *context)
{
	const struct manifest *m = context;
	const struct manifest_file *y = &m->files[*(const uint32_t *)b];
	return compare_names(&m->files[*(const uint32_t *)a], y->folder, y->name);
}

static enum status index_names(struct reading *g, struct error *e)
{
	const struct manifest *m = g->manifest;
	union {
		const void *in;
		void *out;
	} context = { m }; /* qsort_r hands it on, nobody writes to it */
	g->by_name = pool_take(g->pool, m->n_files, sizeof *g->by_name);
	if (g->by_name == NULL)
		return no_memory(e);
	for (uint32_t i = 0; i < m->n_files; i++)
		g->by_name[i] = i;
	qsort_r(g->by_name, m->n_files, sizeof *g->by_name, by_name, context.out);
	return OK;
}

/* The run makes and renames to names that were free, so what stands at a planted name is never what
 * it made there. (Inodes would not tell: those of unlinked originals are used again.) */
static bool is_planted_name(const struct reading *g, uint32_t folder, const char *name)
{
	uint32_t low = 0;
	uint32_t high = g->manifest->n_files;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare_names(&g->manifest->files[g->by_name[middle]], folder, name);
		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* --- records --- */

static enum status take_name(struct reading *g, struct view name, const char **out, struct error *e)
{
	*out = pool_text(g->pool, name);
	return *out == NULL ? no_memory(e) : OK;
}

static enum status take_start(
	struct reading *g, const struct journal_record *r, struct unpack *u, struct error *e)
{
	struct journal_start m;
	if (!journal_start_read(u, &m) || !pack_end(u) || r->sequence != 1)
		return unfit(e, r);
	g->plan->started = true;
	g->plan->manifest = m.manifest;
	g->plan->uid = m.uid;
	return OK;
}

static enum status take_intent(
	struct reading *g, const struct journal_record *r, struct unpack *u, struct error *e)
{
	struct journal_intent m;
	if (!journal_intent_read(u, &m) || !pack_end(u) || m.file >= g->manifest->n_files ||
		m.write > WRITE_NEW_OVERWRITE_UNLINK || m.rename > RENAME_AFTER)
		return unfit(e, r);
	struct undo_decoy *d = &g->plan->decoys[m.file];
	bool makes_new_file = m.write == WRITE_NEW_UNLINK || m.write == WRITE_NEW_OVERWRITE_UNLINK;
	if (m.new_name.len == 0 ? makes_new_file : !file_is_single_name(m.new_name))
		return unfit(e, r);
	/* One run gives a decoy one name; a journal that gives it two is none of ours. */
	if (d->intended && (d->makes_new_file != makes_new_file ||
				   !view_equal(view_of(d->new_name), m.new_name)))
		return unfit(e, r);
	if (d->intended)
		return OK;
	d->intended = true;
	d->makes_new_file = makes_new_file;
	d->overwrites = m.write == WRITE_NEW_OVERWRITE_UNLINK;
	if (m.new_name.len == 0)
		return OK;
	TRY(take_name(g, m.new_name, &d->new_name, e));
	uint32_t folder = g->manifest->files[m.file].folder;
	char working[256];
	if (makes_new_file && m.rename == RENAME_AFTER &&
		journal_working_name(d->new_name, working) && !is_planted_name(g, folder, working))
		TRY(take_name(g, view_of(working), &d->working_name, e));
	if (is_planted_name(g, folder, d->new_name))
		d->new_name = NULL;
	return OK;
}

static enum status grow_notes(struct reading *g, struct error *e)
{
	size_t capacity = g->notes_capacity == 0 ? 64 : g->notes_capacity * 2;
	struct undo_note *notes = pool_take(g->pool, capacity, sizeof *notes);
	if (notes == NULL)
		return no_memory(e);
	if (g->plan->n_notes > 0)
		memcpy(notes, g->plan->notes, g->plan->n_notes * sizeof *notes);
	g->plan->notes = notes;
	g->notes_capacity = capacity;
	return OK;
}

static enum status take_note(
	struct reading *g, const struct journal_record *r, struct unpack *u, struct error *e)
{
	struct journal_note m;
	if (!journal_note_read(u, &m) || !pack_end(u) || !file_is_single_name(m.name) ||
		(m.folder != FOLDER_ROOT && m.folder >= g->manifest->n_folders))
		return unfit(e, r);
	if (g->plan->n_notes == UNDO_NOTES_MAX)
		return error_set(
			e, E_TOO_BIG, "the journal names more than %d notes", UNDO_NOTES_MAX);
	if (g->plan->n_notes == g->notes_capacity)
		TRY(grow_notes(g, e));
	struct undo_note *note = &g->plan->notes[g->plan->n_notes];
	note->folder = m.folder;
	note->content = m.content;
	TRY(take_name(g, m.name, &note->name, e));
	if (!is_planted_name(g, m.folder, note->name))
		g->plan->n_notes++;
	return OK;
}

static enum status take_destroy(
	struct reading *g, const struct journal_record *r, struct unpack *u, struct error *e)
{
	struct journal_destroy m;
	if (!journal_destroy_read(u, &m) || !pack_end(u) || m.file >= g->manifest->n_files)
		return unfit(e, r);
	g->plan->decoys[m.file].destroyed = true;
	return OK;
}

static enum status take_phase(
	struct reading *g, const struct journal_record *r, struct unpack *u, struct error *e)
{
	struct journal_phase_record m;
	if (!journal_phase_record_read(u, &m) || !pack_end(u))
		return unfit(e, r);
	g->plan->undone = m.phase == PHASE_UNDONE;
	return OK;
}

static enum status take_remove(
	struct reading *g, const struct journal_record *r, struct unpack *u, struct error *e)
{
	if (!undo_remove_read(u, &g->plan->found) || !pack_end(u))
		return unfit(e, r);
	g->plan->removing = true;
	return OK;
}

static enum status take_record(const struct journal_record *r, void *context, struct error *e)
{
	struct reading *g = context;
	struct unpack u;
	unpack_init(&u, r->body);
	switch (r->kind) {
	case JOURNAL_START:
		return take_start(g, r, &u, e);
	case JOURNAL_INTENT:
		return take_intent(g, r, &u, e);
	case JOURNAL_NOTE:
		return take_note(g, r, &u, e);
	case JOURNAL_DONE:
		return OK; /* it only tells how far the run came; the decoys themselves tell better
			    */
	case JOURNAL_DESTROY:
		return take_destroy(g, r, &u, e);
	case JOURNAL_PHASE:
		return take_phase(g, r, &u, e);
	case JOURNAL_REMOVE:
		return take_remove(g, r, &u, e);
	}
	return unfit(e, r);
}

enum status undo_plan_read(struct view journal, const struct manifest *m, struct pool *p,
	struct undo_plan *out, struct error *e)
{
	struct undo_plan plan = { .started = false };
	struct reading g = { .manifest = m, .pool = p, .plan = &plan };
	bool torn = false;
	plan.decoys = pool_take(p, m->n_files, sizeof *plan.decoys);
	if (plan.decoys == NULL && m->n_files > 0)
		return no_memory(e);
	TRY(index_names(&g, e));
	TRY(journal_read(journal, take_record, &g, &torn, e));
	*out = plan;
	return OK;
}
