/*
 * The surroundings of one call.
 */
#include "cli/session.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "cli/entry.h"
#include "drill/drill.h"
#include "incident/incident.h"
#include "record/record.h"
#include "sys/file.h"

enum { OPEN_FILES_WANTED = 1024 };

static volatile sig_atomic_t interrupted; /* the signal flag */
static bool stop;			  /* the same, for whoever looks through a pointer */

static void note_signal(int number)
{
	(void)number;
	/* A second Ctrl-C ends the program at once: undo copes with that as with a power cut. */
	if (interrupted != 0) {
		entry_restore_terminal();
		_exit(130);
	}
	interrupted = 1;
	stop = true;
}

void session_settle_process(void)
{
	struct rlimit files;
	/* A write beyond a limit on sizes then fails, which is told, and does not kill. */
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)umask(umask(0) & (S_IRWXG | S_IRWXO));
	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= OPEN_FILES_WANTED)
		return;
	files.rlim_cur = files.rlim_max < OPEN_FILES_WANTED ? files.rlim_max : OPEN_FILES_WANTED;
	(void)setrlimit(RLIMIT_NOFILE, &files); /* where it stays low, what runs short says so */
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

const bool *session_stop(void)
{
	return &stop;
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
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
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
	const char *kind = getenv("TERM");
	bool plain = kind == NULL || kind[0] == '\0' || strcmp(kind, "dumb") == 0;
	s->error_moves = !plain && isatty(STDERR_FILENO) == 1;
	s->colour = !json && !plain && isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL;
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

/* Without a step over a home or a database that is not there yet. */
static enum status rehearse_store(struct session *s, const char *path,
	const struct migration_area *areas, size_t n_areas, struct error *e)
{
	struct stat st;
	struct error absent = ERROR_NONE;
	if (session_has_home(s, &absent) == E_ABSENT)
		return store_open_in_memory(areas, n_areas, &s->store, e);
	if (absent.status != OK) {
		*e = absent;
		return absent.status;
	}
	TRY(file_check_own_folder(s->home, e));
	if (lstat(path, &st) != 0 && errno == ENOENT)
		return store_open_in_memory(areas, n_areas, &s->store, e);
	TRY(store_open(path, areas, n_areas, &s->store, e));
	TRY(store_check_writable(s->store, e));
	return store_rehearse(s->store, e);
}

static enum status say_loose(struct session *s, const char *path, struct error *e)
{
	enum { WRITABLE_BY_OTHERS = 022 };
	AUTO_BUF struct buf text;
	bool mended = false;
	const unsigned mode = store_loose_mode(s->store, &mended);
	buf_init(&text, 8 * KIB);
	if (mode == 0)
		return OK;
	if (!mended)
		buf_addf(&text,
			_("'%s' has a mode that lets other users of this machine at it (%04o), "
			  "which "
			  "cannot be changed on a read-only file system."),
			path, mode);
	else if ((mode & WRITABLE_BY_OTHERS) == 0)
		buf_addf(&text,
			_("'%s' had a mode that lets other users of this machine read it (%04o); "
			  "that "
			  "is set right. Unless the state folder kept them out, they may know what "
			  "is "
			  "in it."),
			path, mode);
	else
		buf_addf(&text,
			_("'%s' had a mode that lets other users of this machine read and change "
			  "it "
			  "(%04o); that is set right. Unless the state folder kept them out, they "
			  "may "
			  "have changed what is in it: compare it with what the receivers have."),
			path, mode);
	TRY(buf_check(&text, "text", e));
	session_say(s, buf_text(&text));
	return OK;
}

static enum status say_read_only(struct session *s, struct error *e)
{
	AUTO_BUF struct buf text;
	const char *why = store_read_only(s->store);
	buf_init(&text, 8 * KIB);
	if (why == NULL)
		return OK;
	buf_addf(&text, _("This is what is on disk; nothing new can be recorded: %s."), why);
	TRY(buf_check(&text, "text", e));
	session_say(s, buf_text(&text));
	return OK;
}

static enum status has_database(const char *path, bool *out, struct error *e)
{
	struct stat st;
	*out = lstat(path, &st) == 0;
	if (!*out && errno != ENOENT)
		return error_sys(e, E_DENIED, errno, "look at database '%s'", path);
	return OK;
}

enum status session_store(struct session *s, struct error *e)
{
	if (s->store != NULL)
		return OK;
	const struct migration_area areas[] = { record_migrations, drill_migrations,
		incident_migrations, incident_clock_migrations };
	enum status status = settle_home(s, e);
	if (status == OK && s->rehearsal) {
		const char *place = pool_textf(s->pool, "%s/tocsin.db", s->home);
		if (place == NULL)
			return error_set(e, E_NO_SPACE, "memory is short");
		status = rehearse_store(s, place, areas, COUNT_OF(areas), e);
		return status == OK ? OK : error_wrap(e, "state folder");
	}
	if (status == OK)
		status = file_make_folders(s->home, e);
	if (status != OK)
		return error_wrap(e, "state folder");
	const char *path = pool_textf(s->pool, "%s/tocsin.db", s->home);
	if (path == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	if (s->reads) {
		bool there = false;
		TRY(has_database(path, &there, e));
		if (!there) /* who only looks makes nothing */
			return store_open_in_memory(areas, COUNT_OF(areas), &s->store, e);
	}
	TRY(store_open(path, areas, COUNT_OF(areas), &s->store, e));
	TRY(say_loose(s, path, e));
	return s->reads ? say_read_only(s, e) : store_check_writable(s->store, e);
}

json_t *session_answer(const struct session *s, json_t *object)
{
	struct error why = ERROR_NONE;
	if (object != NULL && s->store != NULL && store_check_writable(s->store, &why) != OK)
		(void)json_object_set_new(object, "read_only",
			json_pack("{s:s,s:s}", "status", status_name(why.status), "message",
				why.text));
	return object;
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

/* A signal that comes just before the wait must end it too: it is let through by ppoll alone. */
static bool wait_for_input(const sigset_t *outside)
{
	struct pollfd wait = { .fd = STDIN_FILENO, .events = POLLIN };
	while (interrupted == 0) {
		int n = ppoll(&wait, 1, NULL, outside);
		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
	}
	return false;
}

bool session_read_line(char *out, size_t room)
{
	sigset_t ours;
	sigset_t outside;
	size_t n = 0;
	char c = '\0';
	(void)sigemptyset(&ours);
	(void)sigaddset(&ours, SIGINT);
	(void)sigaddset(&ours, SIGTERM);
	(void)sigaddset(&ours, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &ours, &outside);
	while (wait_for_input(&outside) && read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		if (n + 1 < room)
			out[n++] = c;
	out[n] = '\0';
	(void)sigprocmask(SIG_SETMASK, &outside, NULL);
	return n > 0 || c == '\n';
}

bool session_is_yes(const char *answer)
{
	struct view v = view_trim(view_of(answer));
	return view_is(v, "yes") || view_is(v, "y") || view_is(v, "是");
}

enum status session_ask(const char *question, char *out, size_t room, struct error *e)
{
	(void)fprintf(stderr, "%s ", question);
	(void)fflush(stderr);
	bool answered = session_read_line(out, room);
	if (interrupted == 0 && answered)
		return OK;
	(void)fputc('\n', stderr);
	if (interrupted != 0)
		return error_set(e, E_INTERRUPTED, "interrupted before it began: nothing was done");
	return error_set(e, E_STOPPED, "not started: nothing was done");
}

enum status session_confirm(const char *question, struct error *e)
{
	char answer[64] = "";
	TRY(session_ask(question, answer, sizeof answer, e));
	return session_is_yes(answer) ? OK
				      : error_set(e, E_STOPPED, "not started: nothing was done");
}
