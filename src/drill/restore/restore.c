/*
 * Sample, command and time of a restore: see restore.h.
 */
#include "drill/restore/restore.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/random.h"
#include "drill/keep/keep.h"
#include "drill/plain.h"
#include "sys/command.h"
#include "sys/file.h"

extern char **environ;

enum { OUTPUT_BYTES_MAX = 256 * 1024, LIST_BYTES_MAX = 1024 * 1024 };
#define SAMPLED_BYTES_MAX (64 * MIB)
/* Backups are made daily: with less between two plantings one backup may hold both. */
#define GENERATIONS_APART_NS (20 * 3600 * NS_PER_S)

/* --- sample --- */

static bool path_has_newline(const struct manifest *m, uint32_t file)
{
	if (strchr(m->files[file].name, '\n') != NULL)
		return true;
	uint32_t folder = m->files[file].folder;
	while (folder != FOLDER_ROOT) {
		if (strchr(m->folders[folder].name, '\n') != NULL)
			return true;
		folder = m->folders[folder].parent;
	}
	return false;
}

/* A disk image of gigabytes of holes would make the restore's time that of reading holes. */
static bool is_sampled(const struct manifest_file *f)
{
	return (f->flags & MANIFEST_SPARSE) == 0 && f->size_bytes <= SAMPLED_BYTES_MAX;
}

static void shuffle(uint32_t *files, size_t n, struct dice *d)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = (size_t)dice_below(d, i);
		uint32_t file = files[i - 1];
		files[i - 1] = files[k];
		files[k] = file;
	}
}

/* Moves the first file from `taken` on that `fits` to the end of the taken ones. */
static size_t take_one(uint32_t *files, size_t n, size_t taken,
	bool (*fits)(const struct manifest_file *f, uint32_t wanted), const struct manifest *m,
	uint32_t wanted)
{
	for (size_t i = 0; i < taken; i++)
		if (fits(&m->files[files[i]], wanted))
			return taken;
	for (size_t i = taken; i < n; i++)
		if (fits(&m->files[files[i]], wanted)) {
			uint32_t file = files[i];
			files[i] = files[taken];
			files[taken] = file;
			return taken + 1;
		}
	return taken;
}

static bool of_generation(const struct manifest_file *f, uint32_t wanted)
{
	return f->generation == wanted;
}

static bool of_kind(const struct manifest_file *f, uint32_t wanted)
{
	return (uint32_t)f->kind == wanted;
}

enum status restore_sample(const struct manifest *m, const unsigned char nonce[NONCE_BYTES],
	struct pool *p, uint32_t **out_files, size_t *out_n, struct error *e)
{
	uint32_t *files = pool_take(p, m->n_files == 0 ? 1 : m->n_files, sizeof *files);
	if (files == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the sample");
	size_t n = 0;
	for (uint32_t i = 0; i < m->n_files; i++)
		if (!path_has_newline(m, i) && is_sampled(&m->files[i]))
			files[n++] = i;
	uint64_t seed = 0;
	struct digest mixed = digest_of(nonce, NONCE_BYTES);
	memcpy(&seed, mixed.bytes, sizeof seed);
	struct dice d;
	dice_init(&d, seed);
	shuffle(files, n, &d);
	size_t wanted = n / 20;
	wanted = wanted > RESTORE_SAMPLE_MAX ? RESTORE_SAMPLE_MAX : wanted;
	wanted = wanted < RESTORE_SAMPLE_MIN ? RESTORE_SAMPLE_MIN : wanted;
	wanted = wanted > n ? n : wanted;
	size_t taken = 0;
	for (uint32_t g = m->n_generations; g > 0 && taken < wanted; g--)
		taken = take_one(files, n, taken, of_generation, m, g - 1);
	for (uint32_t kind = 0; kind < DECOY_KINDS && taken < wanted; kind++)
		taken = take_one(files, n, taken, of_kind, m, kind);
	*out_files = files;
	*out_n = wanted;
	return OK;
}

enum status restore_write_list(int keep_fd, const struct manifest *m, const uint32_t *files,
	size_t n_files, struct error *e)
{
	AUTO_BUF struct buf list;
	buf_init(&list, LIST_BYTES_MAX);
	for (size_t i = 0; i < n_files; i++) {
		AUTO_BUF struct buf path;
		buf_init(&path, 8 * KIB);
		TRY(manifest_path(m, files[i], &path, e));
		buf_addf(&list, "%s/", m->arena);
		buf_add(&list, buf_view(&path));
		buf_add_char(&list, '\n');
	}
	TRY(buf_check(&list, "the list of files to restore", e));
	return file_replace(keep_fd, KEEP_LIST, buf_view(&list), 0600, e);
}

/* --- command --- */

static bool is_program(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
}

/* As execvp(3) would look for it. */
static bool is_found(const char *name)
{
	char path[PATH_MAX];
	const char *folders = getenv("PATH");
	if (strchr(name, '/') != NULL)
		return is_program(name);
	struct view rest = view_of(folders == NULL ? "/bin:/usr/bin" : folders);
	while (rest.len > 0) {
		struct view folder = view_cut(&rest, ':');
		int n = snprintf(path, sizeof path, "%.*s/%s", VIEW_ARGS(folder), name);
		if (n > 0 && (size_t)n < sizeof path && is_program(path))
			return true;
	}
	return false;
}

/* --- the words in braces --- */

enum { WORD_MAX = 32 };

/* Borg replaces these itself (borg help placeholders). */
static bool is_borgs(struct view word)
{
	static const char *const words[] = { "hostname", "fqdn", "reverse-fqdn", "now", "utcnow",
		"user", "pid", "borgversion", "borgmajor", "borgminor", "borgpatch" };
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (view_is(word, words[i]))
			return true;
	return false;
}

static bool is_ours(struct view word)
{
	return view_is(word, "arena") || view_is(word, "list") || view_is(word, "id");
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The word of "{word}" at the start of `rest`, empty where nothing of the kind begins there. A
 * letter, then letters, digits, - and _: what shells, regular expressions and templates mean by
 * braces ("{}", "{3}", "{a,b}", "{ x; }", "{{.Name}}") is none. */
static struct view word_in_braces(struct view rest)
{
	size_t n = 1;
	if (rest.len < 3 || rest.at[0] != '{' || !is_letter(rest.at[1]))
		return VIEW_NONE;
	while (n < rest.len && (is_letter(rest.at[n]) || (rest.at[n] >= '0' && rest.at[n] <= '9') ||
				       rest.at[n] == '-' || rest.at[n] == '_'))
		n++;
	return n < rest.len && rest.at[n] == '}' ? (struct view){ rest.at + 1, n - 1 } : VIEW_NONE;
}

/* A word that nobody replaces would reach the tool as it stands: a restore of "/backup/{arean}"
 * fails after the attack, and says little about the backup. "${word}" is a shell's variable,
 * "{{word}}" some template's. */
static enum status check_words_of(const char *argument, struct error *e)
{
	struct view whole = view_of(argument);
	for (size_t i = 0; i < whole.len; i++) {
		struct view word = word_in_braces((struct view){ whole.at + i, whole.len - i });
		bool is_others = i > 0 && (whole.at[i - 1] == '$' || whole.at[i - 1] == '{');
		if (word.len == 0 || is_others || is_ours(word) || is_borgs(word))
			continue;
		return error_set(e, E_INVALID,
			"nothing replaces {%.*s}; known are {arena}, {list} and {id}, and what "
			"borg replaces itself ({now}, {hostname} and so on)",
			(int)(word.len < WORD_MAX ? word.len : WORD_MAX), word.at);
	}
	return OK;
}

enum status restore_check(const char *line, struct error *e)
{
	AUTO_FREE char **argv = NULL;
	TRY(command_split(line, &argv, e));
	if (argv[0] == NULL)
		return error_set(e, E_INVALID, "the command is empty");
	for (size_t i = 0; argv[i] != NULL; i++)
		TRY(check_words_of(argv[i], e));
	/* Better told now than after the attack. */
	if (!is_found(argv[0]))
		return error_set(e, E_INVALID, "there is no program '%s' to run", argv[0]);
	return OK;
}

/* The argument with its placeholders replaced. Other braces stay: borg has its own. */
static const char *fill(struct pool *p, const char *argument, const struct restore_command *c)
{
	const struct {
		struct view name;
		const char *value;
	} places[] = {
		{ VIEW("{arena}"), c->arena },
		{ VIEW("{list}"), c->list },
		{ VIEW("{id}"), c->id },
	};
	AUTO_BUF struct buf filled;
	buf_init(&filled, 64 * KIB);
	for (struct view rest = view_of(argument); rest.len > 0;) {
		size_t skip = 0;
		for (size_t i = 0; i < COUNT_OF(places) && skip == 0; i++)
			if (view_starts_with(rest, places[i].name)) {
				buf_add_text(&filled, places[i].value);
				skip = places[i].name.len;
			}
		if (skip == 0) {
			buf_add_char(&filled, rest.at[0]);
			skip = 1;
		}
		rest.at += skip;
		rest.len -= skip;
	}
	return filled.failed ? NULL : pool_text(p, buf_view(&filled));
}

static size_t count(char *const *list)
{
	size_t n = 0;
	while (list[n] != NULL)
		n++;
	return n;
}

static enum status fill_all(
	const struct restore_command *c, struct pool *p, char ***out_argv, struct error *e)
{
	AUTO_FREE char **split = NULL;
	TRY(command_split(c->line, &split, e));
	size_t n = count(split);
	if (n == 0)
		return error_set(e, E_INVALID, "the command is empty");
	char **argv = pool_take(p, n + 1, sizeof *argv);
	if (argv == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the command");
	for (size_t i = 0; i < n; i++) {
		const char *argument = fill(p, split[i], c);
		if (argument == NULL)
			return error_set(e, E_NO_SPACE, "no memory for the command");
		argv[i] = pool_text(p, view_of(argument));
		if (argv[i] == NULL)
			return error_set(e, E_NO_SPACE, "no memory for the command");
	}
	*out_argv = argv;
	return OK;
}

static enum status make_environment(
	const struct restore_command *c, struct pool *p, char ***out_envp, struct error *e)
{
	size_t n = environ == NULL ? 0 : count(environ);
	char **envp = pool_take(p, n + 4, sizeof *envp);
	if (envp == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the command's environment");
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		if (!view_starts_with(view_of(environ[i]), VIEW("TOCSIN_")))
			envp[k++] = environ[i];
	envp[k++] = pool_textf(p, "TOCSIN_ARENA=%s", c->arena);
	envp[k++] = pool_textf(p, "TOCSIN_LIST=%s", c->list);
	envp[k++] = pool_textf(p, "TOCSIN_DRILL=%s", c->id);
	for (size_t i = k - 3; i < k; i++)
		if (envp[i] == NULL)
			return error_set(e, E_NO_SPACE, "no memory for the command's environment");
	*out_envp = envp;
	return OK;
}

enum status restore_call(const struct restore_command *c, struct pool *p, const char **output,
	struct command_result *out, struct error *e)
{
	char **argv = NULL;
	char **envp = NULL;
	TRY(fill_all(c, p, &argv, e));
	TRY(make_environment(c, p, &envp, e));
	AUTO_BUF struct buf printed;
	buf_init(&printed, OUTPUT_BYTES_MAX);
	struct command command = { .argv = argv,
		.envp = envp,
		.folder = "/",
		.limit_ns = c->limit_ns,
		.tick = c->tick,
		.context = c->context };
	TRY(command_run(&command, &printed, out, e));
	struct view tail = buf_view(&printed);
	if (tail.len > RESTORE_OUTPUT_MAX) {
		tail.at += tail.len - RESTORE_OUTPUT_MAX;
		tail.len = RESTORE_OUTPUT_MAX;
	}
	AUTO_BUF struct buf clean;
	buf_init(&clean, RESTORE_OUTPUT_MAX + 1);
	plain_add(&clean, view_trim(tail), RESTORE_OUTPUT_MAX, true);
	*output = pool_text(p, buf_view(&clean));
	return *output == NULL ? error_set(e, E_NO_SPACE, "no memory for the output") : OK;
}

/* --- age --- */

/* A generation whose date lies behind T0 was planted under a clock that was wrong, then or now. */
static bool is_dated(const struct manifest *m, uint32_t generation, int64_t t0_wall_ns)
{
	return m->generations[generation].planted_ns <= t0_wall_ns;
}

/* Two generations lie far enough apart, whichever they are. */
static bool has_several_dates(const struct manifest *m, int64_t t0_wall_ns)
{
	int64_t first_ns = INT64_MAX;
	int64_t last_ns = INT64_MIN;
	for (uint32_t g = 0; g < m->n_generations; g++) {
		int64_t planted_ns = m->generations[g].planted_ns;
		if (!is_dated(m, g, t0_wall_ns))
			continue;
		first_ns = planted_ns < first_ns ? planted_ns : first_ns;
		last_ns = planted_ns > last_ns ? planted_ns : last_ns;
	}
	return last_ns >= first_ns &&
	       (uint64_t)last_ns - (uint64_t)first_ns >= GENERATIONS_APART_NS;
}

/* Of its sampled decoys each came back as it was planted. */
static bool came_back_whole(const struct manifest *m, const uint32_t *files, const bool *came_back,
	size_t n_files, uint32_t generation)
{
	size_t n_back = 0;
	for (size_t i = 0; i < n_files; i++) {
		if (m->files[files[i]].generation != generation)
			continue;
		if (!came_back[i])
			return false;
		n_back++;
	}
	return n_back > 0;
}

bool restore_rpo(const struct manifest *m, const uint32_t *files, const bool *came_back,
	size_t n_files, int64_t t0_wall_ns, struct restore_point *out)
{
	*out = (struct restore_point){ .age_ns = -1 };
	if (!has_several_dates(m, t0_wall_ns))
		return false;
	for (uint32_t g = 0; g < m->n_generations; g++) {
		int64_t planted_ns = m->generations[g].planted_ns;
		if (!is_dated(m, g, t0_wall_ns) ||
			!came_back_whole(m, files, came_back, n_files, g) ||
			(out->age_ns >= 0 && planted_ns < out->planted_ns))
			continue;
		*out = (struct restore_point){ .generation = g + 1,
			.planted_ns = planted_ns,
			.age_ns = t0_wall_ns - planted_ns };
	}
	return true;
}
