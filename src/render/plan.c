/*
 * The plan of a drill on a terminal: what can happen at most, before anything happens.
 */
#include <stdio.h>

#include "base/i18n.h"
#include "render/figures.h"
#include "render/terminal.h"
#include "render/wording.h"

static void put(const struct screen *s, const char *label, const char *value)
{
	struct line l = line_start(s);
	line_put_within(&l, STYLE_MUTED, label, 27);
	line_to(&l, 28);
	line_put(&l, STYLE_PLAIN, value);
	line_end(&l);
}

static void put_budget(const struct screen *s, const struct drill_plan *plan)
{
	const struct drill_budget *b = &plan->budget;
	double within = b->seconds > 9e9 ? 9e9 : b->seconds;
	screen_line(s, STYLE_STRONG, _("Budget: at most"));
	put(s, _("files in the arena"), figure_count(b->n_files).text);
	put(s, _("bytes on disk"), figure_bytes(b->n_bytes).text);
	put(s, _("bytes changed"), figure_bytes(b->bytes_changed).text);
	put(s, _("time of the attack"), figure_duration((int64_t)(within * (double)NS_PER_S)).text);
	put(s, _("folders"), figure_count(b->n_folders).text);
	put(s, _("decoys"), figure_count(b->n_decoys).text);
	put(s, _("largest file"), figure_bytes(b->largest_file_bytes).text);
	put(s, _("files per second"), figure_rate(plan->rate_files_per_s).text);
}

static void put_space(const struct screen *s, const struct drill_plan *plan)
{
	const struct drill_budget *b = &plan->budget;
	bool enough = plan->free_bytes >= b->free_needed_bytes &&
		      plan->free_bytes - b->free_needed_bytes >= b->free_kept_bytes;
	struct line l;
	screen_line(s, STYLE_STRONG, _("Free space"));
	put(s, _("needed"), figure_bytes(b->free_needed_bytes).text);
	put(s, _("always kept"), figure_bytes(b->free_kept_bytes).text);
	l = line_start(s);
	line_put_within(&l, STYLE_MUTED, _("there now"), 27);
	line_to(&l, 28);
	line_put(&l, enough ? STYLE_GOOD : STYLE_POOR, figure_bytes(plan->free_bytes).text);
	line_end(&l);
}

/* A lock that is not in force says why. */
static void put_lock(const struct screen *s, bool in_force, const char *name, const char *why_not)
{
	struct line l = line_start(s);
	line_put(&l, in_force ? STYLE_GOOD : STYLE_MUTED, in_force ? "✓ " : "– ");
	line_put(&l, in_force ? STYLE_PLAIN : STYLE_MUTED, word_lock(name));
	line_end(&l);
	if (in_force)
		return;
	char text[CONFINE_REASON_MAX + 64];
	(void)snprintf(text, sizeof text, _("off: %s"), why_not);
	screen_paragraph(s, STYLE_FAIR, "  ", 2, text);
}

static void put_locks(const struct screen *s, const struct drill_plan *plan)
{
	const struct confine_locks *locks = &plan->locks;
	char landlock[32];
	(void)snprintf(landlock, sizeof landlock, "landlock:%d", locks->landlock_abi);
	screen_line(s, STYLE_STRONG, _("Locks that this kernel gives"));
	put_lock(s, locks->landlock_abi > 0, landlock, plan->why_not.landlock);
	put_lock(s, locks->mount_namespace, "mount-namespace", plan->why_not.mount_namespace);
	put_lock(s, locks->seccomp, "seccomp", ""); /* always on, or there is no plan */
	put_lock(s, locks->own_uid, "uid",
		_("only a drill that root starts can have one; no new privileges stands in"));
	put_lock(s, locks->no_new_privileges, "no-new-privileges", "");
}

enum status render_plan_terminal(
	const struct drill_plan *plan, struct render_terminal t, struct buf *out, struct error *e)
{
	struct screen s = screen_on(out, t, true);
	screen_rule(&s, RULE_TOP);
	struct line l = line_start(&s);
	line_put(&l, STYLE_STRONG, text_in_language(plan->scenario.name));
	line_putf(&l, STYLE_MUTED, " (%.60s)", plan->scenario.id == NULL ? "" : plan->scenario.id);
	line_end(&l);
	screen_paragraph(&s, STYLE_MUTED, "", 0, text_in_language(plan->scenario.summary));
	if (plan->scenario.assumed)
		screen_paragraph(&s, STYLE_FAIR, "", 0,
			_("Parts of this pattern rest on unsure sources; the scenario file marks "
			  "them."));
	screen_rule(&s, RULE_MIDDLE);
	put_budget(&s, plan);
	screen_rule(&s, RULE_MIDDLE);
	put(&s, _("Arena"), plan->arena);
	put(&s, _("File system"), plan->file_system);
	if (plan->blocked_by != NULL) {
		AUTO_BUF struct buf text;
		buf_init(&text, 4 * KIB);
		buf_addf(&text,
			_("This folder holds drill %s, which is not undone yet: until it is, no "
			  "drill can run there (tocsin drill undo %s)."),
			plan->blocked_by, plan->blocked_by);
		screen_paragraph(&s, STYLE_FAIR, "", 0, buf_text(&text));
	}
	put_space(&s, plan);
	screen_rule(&s, RULE_MIDDLE);
	put_locks(&s, plan);
	screen_rule(&s, RULE_MIDDLE);
	put(&s, _("Marker"), plan->marker);
	put(&s, _("Process name"), plan->process_name);
	screen_rule(&s, RULE_BOTTOM);
	return buf_check(out, "plan", e);
}
