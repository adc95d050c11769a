/*
 * See conduct_fixture.h.
 */
#include "tests/lib/conduct_fixture.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "record/record.h"
#include "sys/file.h"

static const char tiny[] =
	"id: tiny\nversion: 1\nkind: pattern\n"
	"name: { en: Tiny, zh: 微型 }\nsummary: { en: A test., zh: 测试。 }\n"
	"source: a test\nattack: [T1486]\norder: depth-first\nwrite: in-place\nio: 64 KiB\n"
	"region:\n  - label: full\n    full: true\n"
	"rename: after\nsuffix: .locked\nfooter: 92\n"
	"note:\n  where: every-folder\n  name: README.txt\n"
	"  text: { en: This is a test., zh: 这是测试。 }\n"
	"threads: 1\nrate: unlimited\ndecoys: 24\n"
	"max_files: 2000\nmax_bytes: 1 GiB\nmax_seconds: 60\n";
static const char tiny_benign[] =
	"id: tiny-benign\nversion: 1\nkind: benign\n"
	"name: { en: Tiny, zh: 微型 }\nsummary: { en: A test., zh: 测试。 }\n"
	"source: a test\nattack: []\nruns: [mv, zip, tar, sqlite3]\nrate: unlimited\ndecoys: 24\n"
	"max_files: 2000\nmax_bytes: 1 GiB\nmax_seconds: 60\n";

static int enter(int argc, char **argv)
{
	int status = 1;
	(void)role_dispatch(argc, argv, drill_roles, n_drill_roles, &status);
	return status;
}
int (*test_role_main)(int argc, char **argv) = enter;

const char *fixture_text(const char *format, ...)
{
	struct text {
		struct text *next;
		char *at;
	};
	static struct text *texts; /* kept until the process of the test ends */
	struct text *text = malloc(sizeof *text);
	va_list args;
	va_start(args, format);
	if (text == NULL || vasprintf(&text->at, format, args) < 0)
		abort();
	va_end(args);
	text->next = texts;
	texts = text;
	return text->at;
}

static void progress(const struct drill_progress *now, void *context)
{
	struct conduct_fixture *f = context;
	f->stage = now->stage;
	f->seen[now->stage] = true;
	f->n_done = now->n_done;
	if (now->id != NULL)
		(void)snprintf(f->id, sizeof f->id, "%s", now->id);
	if (f->on_progress != NULL)
		f->on_progress(f, now);
}

static void say(const char *sentence, void *context)
{
	struct conduct_fixture *f = context;
	size_t n = strlen(f->said);
	(void)snprintf(f->said + n, sizeof f->said - n, "%s\n", sentence);
}

static bool stop_wanted(void *context)
{
	const struct conduct_fixture *f = context;
	return f->stop;
}

void conduct_fixture_reopen(struct conduct_fixture *f)
{
	store_close(f->context.store);
	f->context.store = NULL;
	const struct migration_area areas[] = { record_migrations, drill_migrations };
	REQUIRE_OK(
		store_open(test_path("home/tocsin.db"), areas, 2, &f->context.store, &f->e), f->e);
}

struct conduct_fixture *conduct_fixture_new(void)
{
	static struct conduct_fixture *f; /* one for each test, until its process ends */
	f = calloc(1, sizeof *f);
	REQUIRE(f != NULL);
	f->context.home = test_path("home");
	f->pool = pool_new(512 * MIB);
	REQUIRE(f->pool != NULL);
	REQUIRE_OK(file_make_folders(test_path("home/scenarios"), &f->e), f->e);
	REQUIRE_OK(file_make_folders(test_path("data"), &f->e), f->e);
	REQUIRE_OK(file_make_folders(test_path("user"), &f->e), f->e);
	test_write_file(test_path("home/scenarios/tiny.yaml"), tiny, sizeof tiny - 1);
	test_write_file(
		test_path("home/scenarios/tiny-benign.yaml"), tiny_benign, sizeof tiny_benign - 1);
	CHECK_INT(setenv("HOME", test_path("user"), 1), 0);
	conduct_fixture_reopen(f);
	f->request = (struct drill_request){ .scenario = "tiny",
		.arena = test_path("data/arena"),
		.n_decoys = -1,
		.rate_files_per_s = -1,
		.has_seed = true,
		.seed = 7,
		.authority = { .allowed_by = "the test",
			.call = "nobody",
			.window_from_ns = -1,
			.window_to_ns = -1 } };
	f->watch = (struct drill_watch){
		.progress = progress, .say = say, .stop_wanted = stop_wanted, .context = f
	};
	return f;
}

enum status conduct_fixture_run(struct conduct_fixture *f)
{
	f->e = ERROR_NONE;
	f->said[0] = '\0';
	return drill_run(&f->context, &f->request, &f->watch, f->pool, &f->result, &f->e);
}

bool conduct_fixture_exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

void conduct_fixture_undo(struct conduct_fixture *f, const char *id)
{
	struct drill_undone undone = { 0 };
	enum status status = drill_undo(&f->context, id, NULL, f->pool, &undone, &f->e);
	if (status != OK) {
		test_fail(__FILE__, __LINE__, "undo: %s: %s", status_name(status), f->e.text);
		for (size_t i = 0; i < undone.n_left_named; i++)
			(void)printf("# left: %s\n", undone.left[i]);
	}
	CHECK(undone.verified);
	CHECK_INT(undone.n_left, 0);
	CHECK(!conduct_fixture_exists(f->request.arena));
}

const char *conduct_fixture_newest(struct conduct_fixture *f)
{
	struct drill_row *rows = NULL;
	size_t n = 0;
	REQUIRE_OK(drill_history(&f->context, f->pool, &rows, &n, &f->e), f->e);
	if (n == 0)
		return "";
	(void)snprintf(f->id, sizeof f->id, "%s", rows[0].id);
	return rows[0].state;
}

const char *conduct_fixture_evidence(struct conduct_fixture *f, const char *id)
{
	static struct buf text; /* until the next call */
	buf_done(&text);
	buf_init(&text, 16 * MIB);
	REQUIRE_OK(file_read_all(AT_FDCWD,
			   fixture_text("%s/drills/%s/evidence.jsonl", f->context.home, id),
			   16 * MIB, &text, &f->e),
		f->e);
	return buf_text(&text);
}

void conduct_fixture_verify(struct conduct_fixture *f, const char *id)
{
	AUTO(keyring_free) struct keyring *ring = NULL;
	struct evidence_check check = { 0 };
	REQUIRE_OK(keyring_open(f->context.home, false, &ring, &f->e), f->e);
	REQUIRE_OK(evidence_verify(
			   view_of(conduct_fixture_evidence(f, id)), ring, NULL, &check, &f->e),
		f->e);
	if (!check.valid)
		test_fail(__FILE__, __LINE__, "evidence: %s", check.reason);
	CHECK_TEXT(check.subject, id);
}
