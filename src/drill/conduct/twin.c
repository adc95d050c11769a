/*
 * Real programs over the planted arena: see twin.h.
 */
#include "drill/conduct/twin.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drill/undo/twin_sweep.h"
#include "sys/command.h"
#include "sys/confine.h"
#include "sys/file.h"

enum { ARGUMENTS_MAX = 24, OUTPUT_BYTES_MAX = 4096, NAME_BYTES_MAX = 255, PROGRAM_PATH_MAX = 64 };
#define PROGRAM_LIMIT_NS (10 * 60 * NS_PER_S)

enum over { OVER_TOP, OVER_PICTURES, OVER_ONCE };

/* The database itself is in memory: sqlite3 wants the path of its file, which the arena's owner may
 * not be able to walk. */

/* "@top" is a name in the arena's root, "@old" and "@new" the two names of a picture. */
struct program {
	const char *name;
	enum over over;
	const char *arguments[10];
};
static const char fill_table[] =
	"CREATE TABLE IF NOT EXISTS reading(id INTEGER PRIMARY KEY, at TEXT, value REAL);"
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)"
	" INSERT INTO reading SELECT i, '2026-01-01', i * 0.25 FROM n;";

static const struct program programs[] = {
	{ "mv", OVER_PICTURES, { "mv", "-n", "-T", "--", "@old", "@new", NULL } },
	{ "mv", OVER_PICTURES, { "mv", "-n", "-T", "--", "@new", "@old", NULL } },
	{ "zip", OVER_TOP, { "zip", "-q", "-r", "-y", TWIN_MADE ".zip", "@top", NULL } },
	{ "tar", OVER_TOP, { "tar", "-c", "-z", "-f", TWIN_MADE ".tgz", "--", "@top", NULL } },
	{ "sqlite3", OVER_ONCE,
		{ "sqlite3", "-batch", ":memory:", fill_table, ".output " TWIN_MADE ".sql", ".dump",
			NULL } },
};

struct twin {
	const struct manifest *manifest;
	struct sense *sense;
	struct twin_outcome *outcome;
	int arena_fd;
	int64_t next_boot_ns, gap_ns;
	bool to_the_end; /* what puts things back is not cut short by a stop */
};

/* Where it is, in the folders of the system alone: nobody's PATH chooses what runs here. */
static bool find_program(const char *name, char out[PROGRAM_PATH_MAX])
{
	static const char *const folders[] = { "/usr/bin", "/bin" };
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		struct stat st;
		(void)snprintf(out, PROGRAM_PATH_MAX, "%s/%s", folders[i], name);
		if (stat(out, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0)
			return true;
	}
	return false;
}

/* Runs it in the arena as the arena's owner, with an environment of its own. */
static enum status run(const struct twin *t, const char *const *arguments,
	struct command_result *out, struct error *e)
{
	char uid[32];
	char gid[32];
	(void)snprintf(uid, sizeof uid, "--reuid=%u", t->manifest->uid);
	(void)snprintf(gid, sizeof gid, "--regid=%u", t->manifest->gid);
	const char *argv[ARGUMENTS_MAX] = { NULL };
	char program[PROGRAM_PATH_MAX];
	char setpriv[PROGRAM_PATH_MAX];
	size_t n = 0;
	if (!find_program(arguments[0], program))
		return error_set(e, E_ABSENT, "the program %s is gone", arguments[0]);
	if (geteuid() == 0) { /* never as root */
		if (!find_program("setpriv", setpriv))
			return error_set(e, E_DENIED,
				"the benign twin needs setpriv (package util-linux) to run "
				"programs as the arena's owner");
		const char *const as_owner[] = { setpriv, uid, gid, "--clear-groups",
			"--no-new-privs", "--inh-caps=-all", "--pdeathsig=KILL", "--" };
		for (size_t i = 0; i < COUNT_OF(as_owner); i++)
			argv[n++] = as_owner[i];
	}
	argv[n++] = program;
	for (size_t i = 1; arguments[i] != NULL && n + 1 < ARGUMENTS_MAX; i++)
		argv[n++] = arguments[i];
	static const char *const environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8",
		"HOME=/nonexistent", NULL };
	AUTO_BUF struct buf output;
	buf_init(&output, OUTPUT_BYTES_MAX);
	/* exec takes char *const[] and changes nothing: the casts are those of POSIX's rationale.
	 */
	struct command command = { .argv = (char *const *)(uintptr_t)argv,
		.envp = (char *const *)(uintptr_t)environment,
		.folder = t->manifest->arena,
		.limit_ns = PROGRAM_LIMIT_NS,
		.tick = t->to_the_end ? NULL : sense_command_tick,
		.context = t->sense };
	return command_run(&command, &output, out, e);
}

struct names {
	char old_name[4096], new_name[4096];
	const char *top;
};

static enum status call(
	struct twin *t, const struct program *program, const struct names *names, struct error *e)
{
	const char *arguments[COUNT_OF(program->arguments)] = { NULL };
	for (size_t i = 0; program->arguments[i] != NULL; i++) {
		const char *argument = program->arguments[i];
		if (strcmp(argument, "@top") == 0)
			argument = names->top;
		else if (strcmp(argument, "@old") == 0)
			argument = names->old_name;
		else if (strcmp(argument, "@new") == 0)
			argument = names->new_name;
		arguments[i] = argument;
	}
	struct command_result result = { 0 };
	TRY(run(t, arguments, &result, e));
	if (result.exit_status == 0)
		t->outcome->n_programs++;
	else if (!result.ended_early)
		t->outcome->n_failed++;
	return OK;
}

/* False where a name would be too long: such a picture keeps its name. */
static bool picture_names(const struct manifest *m, uint32_t file, struct names *out)
{
	AUTO_BUF struct buf path;
	buf_init(&path, sizeof out->old_name - 16);
	const char *name = m->files[file].name;
	struct error unused;
	if (strlen(name) + strlen(TWIN_RENAMED) > NAME_BYTES_MAX ||
		manifest_path(m, file, &path, &unused) != OK)
		return false;
	size_t n_folder = path.len - strlen(name);
	(void)snprintf(out->old_name, sizeof out->old_name, "./%s", buf_text(&path));
	int n = snprintf(out->new_name, sizeof out->new_name, "./%.*s" TWIN_RENAMED "%s",
		(int)n_folder, buf_text(&path), name);
	return n > 0 && (size_t)n < sizeof out->new_name;
}

static bool stopped(struct twin *t)
{
	bool now = sense_look(t->sense);
	t->outcome->stopped = t->outcome->stopped || now;
	return now;
}

static void keep_pace(struct twin *t)
{
	if (t->gap_ns == 0)
		return;
	int64_t now_ns = clock_boot_ns(t->sense->clock);
	if (t->next_boot_ns > now_ns && t->next_boot_ns - now_ns <= NS_PER_S)
		clock_sleep_ns(t->next_boot_ns - now_ns);
	t->next_boot_ns = (t->next_boot_ns > now_ns ? t->next_boot_ns : now_ns) + t->gap_ns;
}

static void progress(const struct twin *t)
{
	sense_progress(t->sense, DRILL_STAGE_ATTACK, t->outcome->n_files, 0);
}

static enum status over_pictures(
	struct twin *t, const struct program *program, bool back, struct error *e)
{
	t->to_the_end = back;
	for (uint32_t i = 0; i < t->manifest->n_files; i++) {
		struct names names = { .top = NULL };
		/* The way back is gone to its end also where somebody asks to stop. */
		if (!back && stopped(t))
			return OK;
		if (!twin_is_picture(&t->manifest->files[i]) ||
			!picture_names(t->manifest, i, &names))
			continue;
		AUTO_FD int fd = -1;
		struct error unused;
		if (back && file_open_beneath(
				    t->arena_fd, names.new_name, O_PATH, 0, &fd, &unused) != OK)
			continue;
		keep_pace(t);
		TRY(call(t, program, &names, e));
		t->outcome->n_files++;
		progress(t);
	}
	return OK;
}

static enum status remove_made(struct twin *t, struct error *e)
{
	t->to_the_end = true;
	for (size_t i = 0; i < TWIN_N_MADE; i++) {
		AUTO_FD int fd = -1;
		struct error unused;
		if (file_open_beneath(t->arena_fd, twin_made[i], O_PATH, 0, &fd, &unused) != OK)
			continue;
		const char *const arguments[] = { "rm", "-f", "--", twin_made[i], NULL };
		struct command_result result;
		TRY(run(t, arguments, &result, e));
	}
	return OK;
}

/* Top entries of the arena, one after the other, each archive removed before the next is made. */
static enum status over_tops(struct twin *t, const struct program *program, struct error *e)
{
	const struct manifest *m = t->manifest;
	for (uint32_t i = 0; i < m->n_folders + m->n_files; i++) {
		bool is_folder = i < m->n_folders;
		uint32_t parent =
			is_folder ? m->folders[i].parent : m->files[i - m->n_folders].folder;
		if (parent != FOLDER_ROOT)
			continue;
		if (stopped(t))
			return OK;
		t->to_the_end = false;
		char top[512];
		(void)snprintf(top, sizeof top, "./%s",
			is_folder ? m->folders[i].name : m->files[i - m->n_folders].name);
		struct names names = { .top = top };
		TRY(call(t, program, &names, e));
		TRY(remove_made(t, e));
		progress(t);
	}
	t->outcome->n_files += m->n_files;
	return OK;
}

static enum status run_row(struct twin *t, size_t at, struct error *e)
{
	const struct program *program = &programs[at];
	static const struct names none;
	switch (program->over) {
	case OVER_PICTURES:
		return over_pictures(t, program, at == 1, e);
	case OVER_TOP:
		return over_tops(t, program, e);
	case OVER_ONCE:
		t->to_the_end = false;
		TRY(call(t, program, &none, e));
		t->outcome->n_files += 2;
		return remove_made(t, e);
	}
	return OK;
}

/* Each name once. */
static void note_missing(struct buf *missing, const char *name)
{
	if (missing->len > 0 && strstr(buf_text(missing), name) != NULL)
		return;
	if (missing->len > 0)
		buf_add_text(missing, ", ");
	buf_add_text(missing, name);
}

/* A manifest may name anybody: programs run only as the caller himself or, of root, as a uid that
 * drills alone use. */
static enum status check_owner(const struct manifest *m, struct error *e)
{
	uid_t own = geteuid();
	if (own == 0 ? confine_is_drill_uid(m->uid) && confine_is_drill_uid(m->gid) : m->uid == own)
		return OK;
	return error_set(e, E_DENIED,
		"the decoys belong to user %u: only who planted them can work on them",
		(unsigned)m->uid);
}

enum status twin_run(
	const struct twin_request *r, struct pool *p, struct twin_outcome *out, struct error *e)
{
	struct twin_outcome outcome = { .missing = "" };
	AUTO_FD int arena_fd = -1;
	TRY(check_owner(r->manifest, e));
	TRY(file_open_folder(r->manifest->arena, &arena_fd, e));
	struct twin t = { .manifest = r->manifest,
		.sense = r->sense,
		.outcome = &outcome,
		.arena_fd = arena_fd,
		.gap_ns = r->rate_files_per_s > 0 ? (int64_t)(1e9 / r->rate_files_per_s) : 0 };
	AUTO_BUF struct buf missing;
	buf_init(&missing, 256);
	enum status status = OK;
	for (size_t i = 0; i < COUNT_OF(programs) && status == OK; i++) {
		char unused[PROGRAM_PATH_MAX];
		if (!find_program(programs[i].name, unused))
			note_missing(&missing, programs[i].name);
		else if (!stopped(&t) || i == 1)
			status = run_row(&t, i, e);
	}
	if (status != OK)
		return status;
	TRY(remove_made(&t, e));
	outcome.missing = pool_text(p, buf_view(&missing));
	if (outcome.missing == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the twin's result");
	*out = outcome;
	return OK;
}
