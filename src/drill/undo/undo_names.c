/*
 * The names in a journal against those that the run gives: a function of scenario, key and file
 * alone (attack_name.c), so a journal has no choice. One that somebody bent could otherwise call
 * any file that lies in the arena a decoy's new file, and removal would take it.
 */
#include <string.h>

#include "drill/attack/attack.h"
#include "drill/attack/emulate.h"
#include "drill/undo/undo_wire.h"

static bool is_name(const char *found, const char *wanted)
{
	return found == NULL || strcmp(found, wanted) == 0;
}

static enum status check_decoy(
	const struct undo_plan *plan, const struct undo_request *r, uint32_t file, struct error *e)
{
	char wanted[256] = "";
	char working[256] = "";
	const struct undo_decoy *d = &plan->decoys[file];
	const char *planted = r->manifest->files[file].name;
	if (d->new_name == NULL && d->working_name == NULL)
		return OK;
	bool known = attack_new_name(r->scenario, r->escrow, file, planted, wanted, e) == OK &&
		     (d->working_name == NULL || journal_working_name(wanted, working));
	if (known && is_name(d->new_name, wanted) && is_name(d->working_name, working))
		return OK;
	return error_set(e, E_INVALID, "the journal gives decoy %u a name that the run does not",
		(unsigned)file);
}

enum status undo_check_names(
	const struct undo_plan *plan, const struct undo_request *r, struct error *e)
{
	char note[256] = "";
	bool ran = r->scenario != NULL && r->escrow != NULL;
	for (uint32_t i = 0; ran && i < r->manifest->n_files; i++)
		TRY(check_decoy(plan, r, i, e));
	bool notes = ran && note_name(r->scenario, r->escrow, note, e) == OK;
	for (size_t i = 0; i < plan->n_notes; i++)
		if (!notes || (strcmp(plan->notes[i].name, note) != 0 &&
				      strcmp(plan->notes[i].name, probe_name) != 0))
			return error_set(e, E_INVALID,
				"the journal speaks of a note that the run does not leave");
	return OK;
}
