/*
 * tocsin drill stop, undo, show.
 */
#include "base/i18n.h"
#include "cli/cmd_drill.h"
#include "cli/live.h"
#include "render/render.h"

enum status cmd_drill_stop(struct session *s, const void *raw, struct error *e)
{
	const struct drill_id_args *args = raw;
	TRY(session_has_home(s, e));
	/* Without the database: a drill is stopped by a file of its own, whatever became of that.
	 */
	const struct drill_context context = drill_context_of(s);
	TRY(drill_stop(&context, args->id, e));
	if (s->json)
		return session_print_json(json_pack("{s:s,s:b}", "id", args->id, "asked", 1), e);
	session_say(s, _("Asked to stop; the drill ends between two files, within a second."));
	return OK;
}

static enum status print_undone(struct session *s, const struct drill_undone *u, struct error *e)
{
	if (s->json) {
		json_t *left = json_array();
		json_t *codes = json_array();
		for (size_t i = 0; i < u->n_left_named; i++) {
			(void)json_array_append_new(left, json_string(u->left[i]));
			(void)json_array_append_new(codes, json_string(u->left_codes[i]));
		}
		return session_print_json(
			json_pack("{s:i,s:i,s:i,s:b,s:o,s:o}", "restored", (int)u->n_restored,
				"removed", (int)u->n_removed, "left", (int)u->n_left, "verified",
				(int)u->verified, "left_named", left, "left_codes", codes),
			e);
	}
	AUTO_BUF struct buf text;
	buf_init(&text, MIB);
	buf_addf(&text, _("Restored and proven by hash: %u decoys. Removed: %u objects. Left: %u."),
		u->n_restored, u->n_removed, u->n_left);
	buf_add_char(&text, '\n');
	for (size_t i = 0; i < u->n_left_named; i++)
		buf_addf(&text, "  %s\n", u->left[i]);
	if (!u->verified)
		buf_addf(&text, "%s\n",
			_("Not every decoy could be proven: nothing doubtful was removed."));
	return session_print(buf_view(&text), e);
}

/* The drill's own folder is enough to undo it. On a disk that the decoys filled, undo is what makes
 * room; a database that is damaged, or somebody else's, must not keep decoys in the way. */
static enum status open_store_or_say(struct session *s, struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 8 * KIB);
	s->reads = true;
	if (session_store(s, e) == OK)
		return OK;
	buf_addf(&text, _("Undo goes on without the database, which cannot be used: %s."), e->text);
	TRY(buf_check(&text, "text", e));
	session_say(s, buf_text(&text));
	store_close(s->store);
	s->store = NULL;
	*e = ERROR_NONE;
	return OK;
}

enum status cmd_drill_undo(struct session *s, const void *raw, struct error *e)
{
	const struct drill_id_args *args = raw;
	struct drill_undone undone;
	struct live live;
	struct drill_watch watch;
	TRY(session_has_home(s, e));
	TRY(open_store_or_say(s, e));
	const struct drill_context context = drill_context_of(s);
	if (args->dry_run) {
		TRY(drill_undo_preview(&context, args->id, s->pool, &undone, e));
		return print_undone(s, &undone, e);
	}
	live_start(&live, s, false, &watch);
	enum status status = drill_undo(&context, args->id, &watch, s->pool, &undone, e);
	live_end(&live);
	if (status != OK && status != E_PARTLY)
		return status;
	TRY(print_undone(s, &undone, e));
	s->told = true; /* what is left has been named */
	return status;
}

static json_t *row_json(const struct drill_row *row)
{
	char at[TIME_TEXT_MAX];
	return json_pack("{s:s,s:s,s:s,s:s,s:o,s:f,s:s?,s:s?,s:o}", "id", row->id, "scenario",
		row->scenario, "state", row->state, "at", time_text(row->at_ns, at), "score",
		row->has_score ? json_real(row->score) : json_null(), "coverage", row->coverage,
		"grade", row->grade, "verdict", row->verdict, "false_alarms",
		row->false_alarms < 0 ? json_null() : json_integer(row->false_alarms));
}

static enum status show_all(struct session *s, const struct drill_context *context, struct error *e)
{
	struct drill_row *rows;
	size_t n;
	TRY(drill_history(context, s->pool, &rows, &n, e));
	if (s->json) {
		json_t *list = json_array();
		for (size_t i = 0; i < n; i++)
			(void)json_array_append_new(list, row_json(&rows[i]));
		return session_print_json(session_answer(s, json_pack("{s:o}", "drills", list)), e);
	}
	AUTO_BUF struct buf text;
	buf_init(&text, RENDER_CEILING_BYTES);
	struct render_terminal t = { (size_t)s->width, s->colour };
	TRY(render_history_terminal(rows, n, t, &text, e));
	return session_print(buf_view(&text), e);
}

enum status cmd_drill_show(struct session *s, const void *raw, struct error *e)
{
	const struct drill_id_args *args = raw;
	struct drill_result result;
	s->reads = true;
	TRY(session_has_home(s, e));
	TRY(session_store(s, e));
	const struct drill_context context = drill_context_of(s);
	if (args->id == NULL)
		return show_all(s, &context, e);
	TRY(drill_show(&context, args->id, s->pool, &result, e));
	if (s->json)
		return session_print_json(session_answer(s, drill_answer_json(&result)), e);
	AUTO_BUF struct buf text;
	buf_init(&text, RENDER_CEILING_BYTES);
	struct render_terminal t = { (size_t)s->width, s->colour };
	TRY(render_scorecard_terminal(&result, t, &text, e));
	return session_print(buf_view(&text), e);
}
