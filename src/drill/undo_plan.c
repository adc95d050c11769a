/*
 * Reading the journal for undo. It is a file that others may have written: counts, indices and
 * names are checked here once, so that nothing behind this page meets an unchecked one.
 */
#include "drill/undo_plan.h"

#include "sys/file.h"

PACK_CODE(undo_remove, UNDO_REMOVE_FIELDS)

struct reading {
	const struct manifest *manifest;
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
	if (m.new_name.len == 0 || view_is(m.new_name, g->manifest->files[m.file].name))
		return makes_new_file ? unfit(e, r) : OK;
	return take_name(g, m.new_name, &d->new_name, e);
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
	TRY(journal_read(journal, take_record, &g, &torn, e));
	*out = plan;
	return OK;
}
