/*
 * tocsin demo: the story so far on one machine: decoys are planted, backed up with a real tool,
 * lost, restored, scored and put back. It is a drill like any other, with a backup made for it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "cli/cli.h"
#include "cli/cmd_drill.h"
#include "cli/live.h"
#include "cli/report.h"
#include "render/render.h"
#include "sys/command.h"
#include "sys/file.h"

struct demo_args {
	const char *arena;
	const char *out;
	bool keep;
};

/* {repo} and {secret} are replaced here, {arena} by the drill. */
struct backup_tool {
	const char *name;
	const char *prepare; /* NULL: nothing to prepare */
	const char *backup;
	const char *restore;
};

static const struct backup_tool tools[] = {
	{ "restic", "restic -q -r '{repo}' -p '{secret}' init",
		"restic -q -r '{repo}' -p '{secret}' backup {arena}",
		"restic -q -r '{repo}' -p '{secret}' restore latest --target / --include {arena}" },
	{ "borg", "borg init -e none '{repo}'", "borg create '{repo}::decoys' {arena}",
		"borg extract '{repo}::decoys'" },
	{ "rsync", NULL, "rsync -a {arena}/ '{repo}'", "rsync -a '{repo}/' {arena}" },
};

struct demo {
	struct session *session;
	const char *folder; /* of this demo alone, made by it */
	const char *repo;
	const char *secret;
};

static const char *fill(const struct demo *d, const char *line)
{
	AUTO_BUF struct buf out;
	struct view rest = view_of(line);
	buf_init(&out, 64 * KIB);
	while (rest.len > 0) {
		if (view_starts_with(rest, VIEW("{repo}"))) {
			buf_add_text(&out, d->repo);
			rest.at += 6;
			rest.len -= 6;
		} else if (view_starts_with(rest, VIEW("{secret}"))) {
			buf_add_text(&out, d->secret);
			rest.at += 8;
			rest.len -= 8;
		} else {
			buf_add_char(&out, *rest.at);
			rest.at++;
			rest.len--;
		}
	}
	return out.failed ? NULL : pool_text(d->session->pool, buf_view(&out));
}

static enum status run_line(const char *line, struct error *e)
{
	AUTO_FREE char **argv = NULL;
	AUTO_BUF struct buf output;
	struct command_result result;
	buf_init(&output, 16 * KIB);
	TRY(command_split(line, &argv, e));
	const struct command command = { .argv = argv, .limit_ns = 60 * NS_PER_S };
	TRY(command_run(&command, &output, &result, e));
	if (result.exit_status == 0)
		return OK;
	return error_set(e, E_FAILED, "'%s' ended with exit status %d: %.300s", argv[0],
		result.exit_status, buf_text(&output));
}

static bool is_there(const char *program)
{
	char *const argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t) "--help", NULL };
	const struct command command = { .argv = argv, .limit_ns = 20 * NS_PER_S };
	struct command_result result;
	AUTO_BUF struct buf output;
	buf_init(&output, 4 * KIB);
	return command_run(&command, &output, &result, NULL) == OK && result.exit_status == 0;
}

static const struct backup_tool *find_tool(void)
{
	for (size_t i = 0; i < COUNT_OF(tools); i++) {
		if (is_there(tools[i].name))
			return &tools[i];
	}
	return NULL;
}

static enum status make_folder(struct demo *d, struct error *e)
{
	struct pool *p = d->session->pool;
	char *folder = pool_textf(p, "%s/demo-XXXXXX", d->session->home);
	if (folder == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	if (strchr(folder, '\'') != NULL)
		return error_set(
			e, E_INVALID, "the demo needs a state folder without ' in its name");
	if (mkdtemp(folder) == NULL)
		return error_sys(e, E_FAILED, errno, "make the folder '%s'", folder);
	d->folder = folder;
	d->repo = pool_textf(p, "%s/backup", folder);
	d->secret = pool_textf(p, "%s/secret", folder);
	if (d->repo == NULL || d->secret == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	AUTO_FD int fd = -1;
	TRY(file_open_folder(folder, &fd, e));
	return file_replace(fd, "secret", VIEW("demo\n"), 0600, e);
}

/* The folder was made by this call under a name that nothing else has, and holds the demo's backup.
 */
static void remove_folder(const struct demo *d)
{
	char *const argv[] = { (char *)(uintptr_t) "rm", (char *)(uintptr_t) "-rf",
		(char *)(uintptr_t) "--", (char *)(uintptr_t)d->folder, NULL };
	const struct command command = { .argv = argv, .limit_ns = 60 * NS_PER_S };
	struct command_result result;
	AUTO_BUF struct buf output;
	buf_init(&output, 4 * KIB);
	(void)!command_run(&command, &output, &result, NULL); /* a left-over backup does no harm */
}

static enum status prepare(struct demo *d, struct drill_request *request, struct error *e)
{
	const struct backup_tool *tool = find_tool();
	if (tool == NULL) {
		session_say(d->session, _("No backup tool found (restic, borg or rsync): recovery "
					  "will not be assessed."));
		return OK;
	}
	AUTO_BUF struct buf sentence;
	buf_init(&sentence, 4 * KIB);
	buf_addf(&sentence, _("Backup and restore are done by %s."), tool->name);
	session_say(d->session, buf_text(&sentence));
	/* Caches and settings of these tools go into the demo's own folder, not into the user's. */
	(void)setenv("BORG_BASE_DIR", d->folder, 1);
	(void)setenv("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes", 1);
	(void)setenv("RESTIC_CACHE_DIR", d->folder, 1);
	request->restore_writes = &d->folder;
	request->n_restore_writes = 1;
	if (tool->prepare != NULL)
		TRY(run_line(fill(d, tool->prepare), e));
	request->backup = fill(d, tool->backup);
	request->restore = fill(d, tool->restore);
	if (request->backup == NULL || request->restore == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	return OK;
}

static enum status undo(
	struct session *s, const char *id, struct drill_undone *out, struct error *e)
{
	const struct drill_context context = drill_context_of(s);
	struct live live;
	struct drill_watch watch;
	live_start(&live, s, false, &watch);
	/* The Ctrl-C that ended the attack must not end what it asks for; a second one ends all. */
	watch.stop_wanted = NULL;
	enum status status = drill_undo(&context, id, &watch, s->pool, out, e);
	live_end(&live);
	return status;
}

static enum status tell(struct session *s, const struct drill_result *r,
	const struct drill_undone *u, struct error *e)
{
	if (s->json) {
		json_t *o = drill_answer_json(r);
		(void)json_object_set_new(o, "undo",
			json_pack("{s:i,s:i,s:b}", "restored", (int)u->n_restored, "removed",
				(int)u->n_removed, "verified", (int)u->verified));
		return session_print_json(o, e);
	}
	AUTO_BUF struct buf text;
	struct render_terminal t = { (size_t)s->width, s->colour };
	buf_init(&text, RENDER_CEILING_BYTES);
	TRY(render_scorecard_terminal(r, t, &text, e));
	if (u->n_left > 0 || (r->undone && !u->verified))
		buf_addf(&text,
			_("\nUndone in part: %u decoys put back, %u objects removed, %u left. Not "
			  "every decoy could be proven.\n"),
			u->n_restored, u->n_removed, u->n_left);
	else if (r->undone && u->n_restored > 0)
		buf_addf(&text,
			_("\nUndone: every decoy proven by hash (%u had to be put back), %u "
			  "objects "
			  "removed.\n"),
			u->n_restored, u->n_removed);
	else if (r->undone)
		buf_addf(&text,
			_("\nUndone: every decoy proven by hash (the backup had brought them all "
			  "back), %u objects removed.\n"),
			u->n_removed);
	return session_print(buf_view(&text), e);
}

static enum status run_demo_in(struct demo *d, const struct demo_args *args, struct error *e)
{
	struct session *s = d->session;
	struct drill_request request;
	struct drill_args defaults = drill_args_defaults;
	struct drill_result result;
	struct drill_undone undone = { 0 };
	bool astray = false;
	defaults.scenario = "quick";
	defaults.arena = args->arena;
	defaults.out = args->out;
	defaults.allowed_by = _("whoever started this demo");
	drill_request_from(&defaults, &request);
	const struct drill_context context = drill_context_of(s);
	struct drill_plan plan;
	TRY(report_settle(s, &request, e));
	TRY(drill_plan(&context, &request, s->pool, &plan, e)); /* before a backup is prepared */
	TRY(report_outside(&request, plan.arena, e));
	request.arena = plan.arena;
	request.id = plan.id;
	if (geteuid() != 0)
		session_say(s, _("Not started by root: the drill has no user id of its own. The "
				 "locks that are in force stand on the scorecard."));
	TRY(prepare(d, &request, e));
	session_say(s, _("Nothing watches this machine yet in the demo, so the attack on the "
			 "decoys will go "
			 "through: that is the point of a rehearsal."));
	TRY(drill_run_and_report(s, &request, &result, &astray, e));
	if (astray)
		request.out_folder = NULL;
	enum status status = OK;
	if (!args->keep) {
		status = undo(s, result.id, &undone, e);
		if (status != OK && status != E_PARTLY)
			return error_wrap(e, "put back what drill %s left", result.id);
		/* The reports say how things are once the demo has ended. */
		result.undone = undone.is_over;
		if (result.report.html != NULL &&
			report_write(s, report_folder(s, &request, &result), &result, e) != OK) {
			report_is_missing(s, &result, e);
			astray = true;
		}
	}
	TRY(tell(s, &result, &undone, e));
	report_notify_finished(s, &result);
	s->told = true;
	if (result.verdict == DRILL_VOIDED)
		return E_VOIDED;
	if (result.stopped.by != NULL)
		return E_STOPPED;
	return astray ? E_PARTLY : status;
}

static enum status run_demo(struct session *s, const void *raw, struct error *e)
{
	struct demo d = { .session = s };
	TRY(session_store(s, e));
	TRY(make_folder(&d, e));
	enum status status = run_demo_in(&d, raw, e);
	remove_folder(&d);
	return status;
}

static const struct option demo_options[] = {
	{ "arena", OPTION_TEXT, offsetof(struct demo_args, arena), N_("DIR"),
		N_("The folder to plant in: absent or empty."), NULL },
	{ "out", OPTION_TEXT, offsetof(struct demo_args, out), N_("DIR"),
		N_("Where the reports go; otherwise the drill's folder in the home."), NULL },
	{ "keep", OPTION_FLAG, offsetof(struct demo_args, keep), NULL,
		N_("Leave the decoys as the attack left them; 'drill undo' removes them later."),
		NULL },
};

static const struct cli_command demo = { "demo", NULL,
	N_("The whole story on one machine, in about a minute."),
	N_("Plants decoys, backs them up with restic, borg or rsync, runs the scenario 'quick' on "
	   "them, "
	   "restores a sample from the backup, scores, writes the report, and removes everything "
	   "again."),
	demo_options, COUNT_OF(demo_options), NULL, 0, sizeof(struct demo_args), NULL, run_demo,
	NULL };
static const struct cli_command *const commands[] = { &demo };
const struct noun cli_noun_demo = { "demo", N_("Demonstration"), commands, COUNT_OF(commands) };
