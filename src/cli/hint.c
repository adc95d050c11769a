/*
 * Commands for copying.
 */
#include "cli/hint.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *hint_quoted(struct pool *p, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "@%+=:,./_-";
	bool is_plain = text[0] != '\0';
	for (const char *at = text; *at != '\0'; at++)
		is_plain &= (*at & 0x80) != 0 || strchr(plain, *at) != NULL;
	if (is_plain)
		return text;
	AUTO_BUF struct buf out;
	buf_init(&out, 64 * KIB);
	buf_add_char(&out, '\'');
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '\'')
			buf_add_text(&out, "'\\'");
		buf_add_char(&out, *at);
	}
	buf_add_char(&out, '\'');
	return out.failed ? NULL : pool_text(p, buf_view(&out));
}

static bool is_same_file(const char *path, const struct stat *ours)
{
	struct stat st;
	return stat(path, &st) == 0 && st.st_dev == ours->st_dev && st.st_ino == ours->st_ino;
}

/* Whether a shell that is asked for "tocsin" starts this program. */
static bool is_on_path(struct pool *p, const struct stat *ours)
{
	struct view rest = view_of(getenv("PATH"));
	while (rest.len > 0) {
		struct view folder = view_cut(&rest, ':');
		const char *path = pool_textf(p, "%.*s/tocsin", VIEW_ARGS(folder));
		struct stat st;
		if (path != NULL && stat(path, &st) == 0)
			return is_same_file(path, ours); /* the first one is taken */
	}
	return false;
}

static const char *program(struct pool *p)
{
	char exe[PATH_MAX];
	struct stat ours;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	if (n <= 0 || stat("/proc/self/exe", &ours) != 0 || is_on_path(p, &ours))
		return "tocsin";
	exe[n] = '\0';
	const char *path = pool_text(p, view_of(exe));
	return path == NULL ? NULL : hint_quoted(p, path);
}

const char *hint_command(const struct session *s, const char *verbs, const char *word)
{
	const char *by_itself = session_default_home(s->pool);
	bool said = by_itself == NULL || strcmp(by_itself, s->home) != 0;
	const char *home = said ? hint_quoted(s->pool, s->home) : "";
	const char *quoted = hint_quoted(s->pool, word);
	const char *name = program(s->pool);
	if (home == NULL || quoted == NULL || name == NULL)
		return "";
	const char *line = pool_textf(
		s->pool, "%s %s %s%s%s", name, verbs, quoted, said ? " --home " : "", home);
	return line == NULL ? "" : line;
}
