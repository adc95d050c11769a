/*
 * The surroundings of one call.
 */
#include "cli/session.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "drill/drill.h"
#include "record/record.h"
#include "sys/file.h"

static volatile sig_atomic_t interrupted; /* the signal flag */

static void note_signal(int number)
{
	(void)number;
	/* A second Ctrl-C ends the program at once: undo copes with that as with a power cut. */
	if (interrupted != 0)
		_exit(130);
	interrupted = 1;
}

void session_catch_signals(void)
{
	struct sigaction action = { .sa_handler = note_signal };
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

bool session_interrupted(void)
{
	return interrupted != 0;
}

const char *session_default_home(struct pool *p)
{
	const char *named = getenv("TOCSIN_HOME");
	if (named != NULL && named[0] != '\0')
		return named;
	if (geteuid() == 0)
		return "/var/lib/tocsin";
	const char *state = getenv("XDG_STATE_HOME");
	if (state != NULL && state[0] == '/')
		return pool_textf(p, "%s/tocsin", state);
	const char *user = getenv("HOME");
	if (user != NULL && user[0] == '/')
		return pool_textf(p, "%s/.local/state/tocsin", user);
	return NULL;
}

const char *session_from_root(struct pool *p, const char *path)
{
	char here[PATH_MAX] = "";
	if (path[0] == '/')
		return pool_text(p, view_of(path));
	return getcwd(here, sizeof here) == NULL ? NULL : pool_textf(p, "%s/%s", here, path);
}

static int terminal_width(void)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	unsigned long long n;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return view_to_u64(view_of(columns), &n) && n > 0 && n < 1000 ? (int)n : 80;
}

enum status session_open(struct session *s, const char *home, bool json, struct error *e)
{
	*s = (struct session){ .json = json, .width = terminal_width() };
	s->pool = pool_new(256 * MIB);
	if (s->pool == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	if (home == NULL)
		home = session_default_home(s->pool);
	if (home == NULL || home[0] == '\0')
		return error_set(
			e, E_USAGE, "no state folder: name one with --home or TOCSIN_HOME");
	s->home = session_from_root(s->pool, home);
	if (s->home == NULL)
		return error_sys(e, E_FAILED, errno, "find the current folder");
	s->colour = !json && isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL;
	s->error_is_terminal = isatty(STDERR_FILENO) == 1;
	s->input_is_terminal = isatty(STDIN_FILENO) == 1;
	return OK;
}

void session_close(struct session *s)
{
	store_close(s->store);
	pool_free(s->pool);
	*s = (struct session){ 0 };
}

/* Once a call: what was resolved and found good is used from then on. */
static enum status settle_home(struct session *s, struct error *e)
{
	AUTO_BUF struct buf path;
	buf_init(&path, PATH_MAX);
	if (s->home_is_settled)
		return OK;
	TRY(file_resolve(s->home, &path, e));
	const char *home = pool_text(s->pool, buf_view(&path));
	if (home == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	s->home = home;
	s->home_is_settled = true;
	return OK;
}

enum status session_has_home(struct session *s, struct error *e)
{
	struct stat st;
	enum status status = settle_home(s, e);
	if (status == OK && lstat(s->home, &st) == 0)
		status = S_ISDIR(st.st_mode)
				 ? OK
				 : error_set(e, E_INVALID, "the state folder '%s' is not a folder",
					   s->home);
	else if (status == OK && errno == ENOENT)
		return error_set(e, E_ABSENT, "there is no state folder '%s' yet", s->home);
	else if (status == OK)
		return error_sys(e, E_DENIED, errno, "look at the state folder '%s'", s->home);
	return status;
}

enum status session_store(struct session *s, struct error *e)
{
	if (s->store != NULL)
		return OK;
	const struct migration_area areas[] = { record_migrations, drill_migrations };
	enum status status = settle_home(s, e);
	if (status == OK)
		status = file_make_folders(s->home, e);
	if (status != OK)
		return error_wrap(e, "state folder");
	const char *path = pool_textf(s->pool, "%s/tocsin.db", s->home);
	if (path == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	if (store_open(path, areas, COUNT_OF(areas), &s->store, e) != OK)
		return error_wrap(e, "open the state folder '%s'", s->home);
	return OK;
}

enum status session_print(struct view text, struct error *e)
{
	if (fwrite(text.len == 0 ? "" : text.at, 1, text.len, stdout) == text.len &&
		fflush(stdout) == 0)
		return OK;
	return error_sys(e, E_FAILED, errno, "write to standard output");
}

enum status session_print_json(json_t *value, struct error *e)
{
	AUTO_JSON json_t *owned = value;
	AUTO_BUF struct buf text;
	buf_init(&text, 256 * MIB);
	if (owned == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(json_write(owned, &text, e));
	buf_add_char(&text, '\n');
	TRY(buf_check(&text, "JSON", e));
	return session_print(buf_view(&text), e);
}

void session_say(const struct session *s, const char *sentence)
{
	if (!s->quiet)
		(void)fprintf(stderr, "%s\n", sentence);
}

bool session_confirm(const char *question)
{
	char answer[16] = "";
	(void)fprintf(stderr, "%s ", question);
	(void)fflush(stderr);
	if (fgets(answer, sizeof answer, stdin) == NULL)
		return false;
	struct view v = view_trim(view_of(answer));
	return view_is(v, "yes") || view_is(v, "y") || view_is(v, "是");
}
