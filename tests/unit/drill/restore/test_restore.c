/*
 * The restore test in its parts: the sample, the list, the call, real backup tools on nasty names,
 * what was changed outside, the keyed answer, the age of what came back.
 */
#include "drill/restore/restore.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fault.h"
#include "drill/keep/keep.h"
#include "drill/plain.h"
#include "drill/restore/outside.h"
#include "sys/command.h"
#include "sys/confine.h"
#include "sys/file.h"
#include "tests/lib/test.h"

static const char *textf(const char *format, ...) PRINTF_LIKE(1, 2);
static const char *textf(const char *format, ...)
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

/* One for the whole test. */
static struct pool *pool(void)
{
	static struct pool *p;
	if (p == NULL)
		p = pool_new(512 * MIB);
	REQUIRE(p != NULL);
	return p;
}

/* --- the sample --- */

static struct manifest flat(struct pool *p, uint32_t n_files, uint32_t n_generations)
{
	struct manifest m = {
		.arena = "/arena", .n_files = n_files, .n_generations = n_generations
	};
	m.files = pool_take(p, n_files, sizeof *m.files);
	m.generations = pool_take(p, n_generations, sizeof *m.generations);
	REQUIRE(m.files != NULL && m.generations != NULL);
	for (uint32_t i = 0; i < n_files; i++)
		m.files[i] = (struct manifest_file){ .folder = FOLDER_ROOT,
			.name = textf("file-%u.txt", i),
			.kind = (enum decoy_kind)(i % DECOY_KINDS),
			.generation = i % n_generations,
			.size_bytes = 4096 };
	return m;
}

TEST(the_sample_is_five_per_cent_between_eight_and_fifty)
{
	static const struct {
		uint32_t n_files;
		size_t n;
	} rows[] = { { 1, 1 }, { 7, 7 }, { 8, 8 }, { 100, 8 }, { 160, 8 }, { 180, 9 }, { 1000, 50 },
		{ 5000, 50 } };
	unsigned char nonce[NONCE_BYTES] = { 1 };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct pool *p = pool();
		struct manifest m = flat(p, rows[i].n_files, 1);
		uint32_t *files = NULL;
		size_t n = 0;
		struct error e = ERROR_NONE;
		REQUIRE_OK(restore_sample(&m, nonce, p, &files, &n, &e), e);
		CHECK_INT(n, rows[i].n);
		for (size_t a = 0; a < n; a++)
			for (size_t b = a + 1; b < n; b++)
				CHECK(files[a] != files[b]);
	}
}

TEST(the_sample_covers_generations_and_kinds_and_follows_the_nonce)
{
	struct pool *p = pool();
	struct manifest m = flat(p, 1000, 3);
	unsigned char nonce[NONCE_BYTES] = { 2 };
	uint32_t *one = NULL;
	uint32_t *same = NULL;
	uint32_t *other = NULL;
	size_t n = 0;
	struct error e = ERROR_NONE;
	REQUIRE_OK(restore_sample(&m, nonce, p, &one, &n, &e), e);
	REQUIRE_OK(restore_sample(&m, nonce, p, &same, &n, &e), e);
	nonce[31] = 7;
	REQUIRE_OK(restore_sample(&m, nonce, p, &other, &n, &e), e);
	CHECK(memcmp(one, same, n * sizeof *one) == 0);
	CHECK(memcmp(one, other, n * sizeof *one) != 0);
	unsigned generations = 0;
	unsigned kinds = 0;
	for (size_t i = 0; i < n; i++) {
		generations |= 1U << m.files[one[i]].generation;
		kinds |= 1U << m.files[one[i]].kind;
	}
	CHECK_INT(generations, 7);
	CHECK_INT(kinds, (1U << DECOY_KINDS) - 1);
}

TEST(names_that_no_list_can_hold_and_large_or_sparse_files_are_left_out)
{
	struct pool *p = pool();
	struct manifest m = flat(p, 20, 1);
	struct manifest_folder folder = { FOLDER_ROOT, "a\nb", 0 };
	m.folders = &folder;
	m.n_folders = 1;
	m.files[0].name = "new\nline";
	m.files[1].folder = 0;
	m.files[2].size_bytes = 64 * MIB + 1;
	m.files[3].flags = MANIFEST_SPARSE;
	m.files[4].size_bytes = 64 * MIB;
	for (unsigned char seed = 0; seed < 50; seed++) {
		unsigned char nonce[NONCE_BYTES] = { seed };
		uint32_t *files = NULL;
		size_t n = 0;
		struct error e = ERROR_NONE;
		REQUIRE_OK(restore_sample(&m, nonce, p, &files, &n, &e), e);
		CHECK_INT(n, 8);
		for (size_t i = 0; i < n; i++)
			CHECK(files[i] > 3);
	}
}

/* --- the age of what came back --- */

#define DAY_NS (86400 * NS_PER_S)

#define T0_NS (10 * DAY_NS + 3600 * NS_PER_S)

/* Generations planted so many hours before T0, and of each two decoys of which so many came back.
 * Returns the index of the one that the RPO is the age of; -1: of none; -2: not assessed. */
static int newest_back(size_t n, const int *hours_before, const int *n_back)
{
	struct manifest m = flat(pool(), (uint32_t)(2 * n), (uint32_t)n);
	uint32_t files[20];
	bool back[20];
	REQUIRE(n <= 10);
	for (size_t g = 0; g < n; g++)
		m.generations[g].planted_ns = T0_NS - (int64_t)hours_before[g] * 3600 * NS_PER_S;
	for (uint32_t i = 0; i < 2 * n; i++) {
		files[i] = i; /* of generation i % n */
		back[i] = (int)(i / n) < n_back[i % n];
	}
	struct restore_point p;
	if (!restore_rpo(&m, files, back, 2 * n, T0_NS, &p)) {
		CHECK(p.generation == 0 && p.age_ns == -1);
		return -2;
	}
	if (p.generation == 0) {
		CHECK_INT(p.age_ns, -1);
		return -1;
	}
	CHECK_INT(p.age_ns, (int64_t)hours_before[p.generation - 1] * 3600 * NS_PER_S);
	CHECK_INT(p.planted_ns, T0_NS - p.age_ns);
	return (int)p.generation - 1;
}
#define NEWEST_BACK(hours, n_back) newest_back(COUNT_OF(hours), hours, n_back)

TEST(the_recovery_point_needs_generations_of_different_days)
{
	static const int all[] = { 2, 2, 2 };
	static const int one[] = { 30 };
	static const int same_day[] = { 9, 8, 1 };
	static const int nearly[] = { 30, 29, 11 };
	static const int just[] = { 31, 29, 11 };
	CHECK_INT(newest_back(1, one, all), -2);
	CHECK_INT(NEWEST_BACK(same_day, all), -2);
	CHECK_INT(NEWEST_BACK(nearly, all), -2);
	CHECK_INT(NEWEST_BACK(just, all), 2);
}

TEST(the_recovery_point_is_the_newest_generation_that_came_back)
{
	static const int daily[] = { 73, 49, 25, 1 };
	static const int all[] = { 2, 2, 2, 2 };
	static const int all_but_last[] = { 2, 2, 2, 0 };
	static const int second[] = { 0, 2, 0, 0 };
	static const int first[] = { 2, 0, 0, 0 };
	static const int none[] = { 0, 0, 0, 0 };
	static const int half[] = { 2, 2, 1, 1 }; /* half of it is not the generation */
	CHECK_INT(NEWEST_BACK(daily, all), 3);
	CHECK_INT(NEWEST_BACK(daily, all_but_last), 2);
	CHECK_INT(NEWEST_BACK(daily, second), 1);
	CHECK_INT(NEWEST_BACK(daily, first), 0);
	CHECK_INT(NEWEST_BACK(daily, none), -1);
	CHECK_INT(NEWEST_BACK(daily, half), 1);
}

/* The clock stood in the future when the first was planted, or was set back in between. */
TEST(a_wrong_date_of_one_generation_does_not_spoil_the_others)
{
	static const int all[] = { 2, 2, 2 };
	static const int last_missing[] = { 2, 2, 0 };
	static const int future[] = { -9000, 25, 1 };
	static const int set_back[] = { 1, 49, 25 };
	CHECK_INT(NEWEST_BACK(future, all), 2);
	CHECK_INT(NEWEST_BACK(future, last_missing), 1);
	CHECK_INT(NEWEST_BACK(set_back, all), 0);
	static const int first_missing[] = { 0, 2, 2 };
	CHECK_INT(NEWEST_BACK(set_back, first_missing), 2);
	static const int only_future[] = { -9000, -50, 1 };
	CHECK_INT(NEWEST_BACK(only_future, all), -2);
}

/* --- the call --- */

static enum status call(
	const char *line, const char **output, struct command_result *result, struct error *e)
{
	struct restore_command c = { .line = line,
		.arena = "/an arena",
		.list = "/the/list",
		.id = "ID",
		.limit_ns = 20 * NS_PER_S };
	return restore_call(&c, pool(), output, result, e);
}

TEST(placeholders_are_filled_in_each_argument_and_nothing_is_a_shell)
{
	const char *output = NULL;
	struct command_result result;
	struct error e = ERROR_NONE;
	REQUIRE_OK(call("printf '%s|' {arena} x{id}y{id} {list} '{now}' '$HOME' \"a;b\"", &output,
			   &result, &e),
		e);
	CHECK_TEXT(output, "/an arena|xIDyID|/the/list|{now}|$HOME|a;b|");
	CHECK_INT(result.exit_status, 0);
	CHECK_INT(call("echo $HOME", &output, &result, &e), E_INVALID);
	CHECK_INT(restore_check("a | b", &e), E_INVALID);
	CHECK_INT(restore_check("", &e), E_INVALID);
	CHECK_INT(restore_check("   ", &e), E_INVALID);
	REQUIRE_OK(restore_check("true --to {arena}", &e), e);
	CHECK_INT(restore_check("no-such-tool-at-all {arena}", &e), E_INVALID);
	CHECK_TEXT(e.text, "there is no program 'no-such-tool-at-all' to run");
	CHECK_INT(restore_check("/etc/passwd", &e), E_INVALID);
	REQUIRE_OK(restore_check("/bin/true", &e), e);
}

TEST(a_word_in_braces_that_nothing_replaces_is_refused_with_those_that_are_known)
{
	static const char *const refused[] = { "true /backup/{arean}", "true {ID}", "true {a_b-9}",
		"true x{list}{lists}", "true '{folder}/x'" };
	static const char *const taken[] = { "true {arena} {list} {id}", "true {hostname}-{now}",
		"true repo::{reverse-fqdn}", "sh -c 'echo ${HOME} ${x}'", "true {}", "true {3}",
		"true {a,b}", "sh -c '{ true; }'", "true '{{.Name}}'", "true '{{json}}'",
		"true {now", "true now}", "true {", "true {now:%Y-%m-%d}" };
	struct error e = ERROR_NONE;
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		CHECK_INT(restore_check(refused[i], &e), E_INVALID);
	for (size_t i = 0; i < COUNT_OF(taken); i++)
		REQUIRE_OK(restore_check(taken[i], &e), e);
	CHECK_INT(restore_check("true --to /backup{arean}/", &e), E_INVALID);
	CHECK_TEXT(e.text, "nothing replaces {arean}; known are {arena}, {list} and {id}, and what "
			   "borg replaces itself ({now}, {hostname} and so on)");
}

TEST(the_tool_gets_root_as_its_folder_and_three_variables)
{
	const char *output = NULL;
	struct command_result result;
	struct error e = ERROR_NONE;
	CHECK_INT(setenv("TOCSIN_ARENA", "stale", 1), 0);
	CHECK_INT(setenv("RESTIC_PASSWORD", "kept", 1), 0);
	REQUIRE_OK(call("sh -c 'pwd; echo "
			"\"$TOCSIN_ARENA,$TOCSIN_LIST,$TOCSIN_DRILL,$RESTIC_PASSWORD\"'",
			   &output, &result, &e),
		e);
	CHECK_TEXT(output, "/\n/an arena,/the/list,ID,kept");
}

TEST(hostile_output_is_cut_to_its_tail_and_made_fit_to_show)
{
	const char *output = NULL;
	struct command_result result;
	struct error e = ERROR_NONE;
	REQUIRE_OK(call("sh -c 'yes \"$(printf \"\\033]0;x\\007\\377\")\" | head -c 3000000; echo; "
			"echo last'",
			   &output, &result, &e),
		e);
	CHECK(strlen(output) <= RESTORE_OUTPUT_MAX);
	for (const char *at = output; *at != '\0'; at++)
		CHECK((unsigned char)*at >= 0x20 || *at == '\n');
	REQUIRE_OK(call("sh -c 'echo first; echo last; exit 3'", &output, &result, &e), e);
	CHECK_TEXT(output, "first\nlast");
	CHECK_INT(result.exit_status, 3);
}

TEST(a_tool_that_hangs_is_ended_and_one_that_is_absent_is_told)
{
	const char *output = NULL;
	struct command_result result;
	struct error e = ERROR_NONE;
	struct restore_command c = { .line = "sleep 60",
		.arena = "/a",
		.list = "/l",
		.id = "ID",
		.limit_ns = 200 * NS_PER_MS };
	REQUIRE_OK(restore_call(&c, pool(), &output, &result, &e), e);
	CHECK(result.timed_out);
	CHECK(result.took_ns < 15 * NS_PER_S);
	CHECK_INT(call("no-such-backup-tool-here", &output, &result, &e), E_ABSENT);
}

/* --- what lies outside --- */

static uint32_t changes_by(const char *line, const char *skip)
{
	const char *folder = test_path("outside");
	struct error e = ERROR_NONE;
	AUTO(outside_free) struct outside *before = NULL;
	AUTO(outside_free) struct outside *after = NULL;
	const char *output = NULL;
	struct command_result result;
	struct outside_request r = { &folder, 1, &skip, skip == NULL ? 0 : 1 };
	REQUIRE_OK(outside_look(&r, &before, &e), e);
	REQUIRE_OK(call(line, &output, &result, &e), e);
	CHECK_INT(result.exit_status, 0);
	REQUIRE_OK(outside_look(&r, &after, &e), e);
	const char *paths[2] = { "", "" };
	uint32_t n = outside_changes(before, after, paths, COUNT_OF(paths));
	for (size_t i = 0; i < COUNT_OF(paths); i++)
		CHECK(i < n ? strncmp(paths[i], folder, strlen(folder)) == 0 : paths[i][0] == '\0');
	return n;
}

TEST(changes_outside_are_counted_but_not_where_they_are_allowed)
{
	const char *folder = test_path("outside");
	CHECK_INT(mkdir(folder, 0700), 0);
	CHECK_INT(mkdir(textf("%s/cache", folder), 0700), 0);
	test_write_file(textf("%s/a", folder), "a", 1);
	test_write_file(textf("%s/b", folder), "b", 1);
	CHECK_INT(symlink("/etc", textf("%s/link", folder)), 0);
	CHECK_INT(changes_by("true", NULL), 0);
	CHECK_INT(changes_by(textf("sh -c 'echo x >> %s/a'", folder), NULL), 1);
	CHECK_INT(changes_by(textf("chmod 600 %s/a %s/b", folder, folder), NULL), 2);
	CHECK_INT(changes_by(textf("rm %s/b", folder), NULL), 1);
	CHECK_INT(changes_by(textf("sh -c 'mkdir %s/new && touch %s/new/x'", folder, folder), NULL),
		2);
	CHECK_INT(changes_by(textf("touch %s/cache/x", folder), textf("%s/cache/", folder)), 0);
	CHECK_INT(changes_by(textf("touch %s/cachet", folder), textf("%s/cache", folder)), 1);
}

TEST(a_folder_that_is_not_there_or_a_link_is_not_looked_at)
{
	const char *const folders[] = { test_path("none"), test_path("link") };
	CHECK_INT(symlink("/etc", test_path("link")), 0);
	struct outside_request r = { folders, 2, NULL, 0 };
	AUTO(outside_free) struct outside *s = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(outside_look(&r, &s, &e), e);
	CHECK_INT(outside_changes(s, s, NULL, 0), 0);
}

TEST(every_failing_allocation_of_a_snapshot_is_an_error)
{
#ifdef TOCSIN_FAULTS
	const char *folder = test_path("outside");
	CHECK_INT(mkdir(folder, 0700), 0);
	test_write_file(textf("%s/a", folder), "a", 1);
	struct outside_request r = { &folder, 1, NULL, 0 };
	bool done = false;
	for (long nth = 1; nth < 20 && !done; nth++) {
		AUTO(outside_free) struct outside *s = NULL;
		struct error e = ERROR_NONE;
		fault_arm("", nth);
		enum status status = outside_look(&r, &s, &e);
		fault_disarm();
		done = status == OK;
		CHECK(done || status == E_NO_SPACE);
	}
	CHECK(done);
#else
	test_skip("built without fault points");
#endif
}

/* --- real tools --- */

static const char *const nasty[] = { "plain.txt", "with blank.csv", "-n", "--delete",
	"'quote\".txt", "star*?.txt", "[a-z].txt", "{arena}.txt", "back\\slash.txt",
	"年度 报告（最终）.docx", "#hash;|&.log", "$HOME.txt", "tab\there.txt", "~tilde.txt",
	"!bang.txt", "%p.txt" };

struct planted {
	struct manifest m;
	struct manifest_folder folder;
	struct manifest_file files[COUNT_OF(nasty)];
	char content[COUNT_OF(nasty)][200];
	uint32_t sample[COUNT_OF(nasty)];
	const char *arena;
	int arena_fd, keep_fd;
};

static void plant(struct planted *o)
{
	struct error e = ERROR_NONE;
	struct stat st;
	memset(o, 0, sizeof *o);
	o->arena = test_path("arena");
	CHECK_INT(mkdir(o->arena, 0700), 0);
	CHECK_INT(mkdir(textf("%s/部门 -- 1", o->arena), 0700), 0);
	CHECK_INT(mkdir(test_path("keep"), 0700), 0);
	REQUIRE(stat(o->arena, &st) == 0);
	o->folder = (struct manifest_folder){ FOLDER_ROOT, "部门 -- 1", 0 };
	o->m = (struct manifest){ .arena = o->arena,
		.device = st.st_dev,
		.folders = &o->folder,
		.n_folders = 1,
		.files = o->files,
		.n_files = COUNT_OF(nasty) };
	for (uint32_t i = 0; i < COUNT_OF(nasty); i++) {
		(void)snprintf(
			o->content[i], sizeof o->content[i], "content of %u, %s", i, nasty[i]);
		size_t n = strlen(o->content[i]);
		test_write_file(textf("%s/部门 -- 1/%s", o->arena, nasty[i]), o->content[i], n);
		o->files[i] = (struct manifest_file){ .folder = 0,
			.name = nasty[i],
			.size_bytes = n,
			.whole = digest_of(o->content[i], n) };
		o->sample[i] = i;
	}
	REQUIRE_OK(file_open_folder(o->arena, &o->arena_fd, &e), e);
	REQUIRE_OK(file_open_folder(test_path("keep"), &o->keep_fd, &e), e);
	REQUIRE_OK(restore_write_list(o->keep_fd, &o->m, o->sample, COUNT_OF(nasty), &e), e);
}

static void destroy(const struct planted *o)
{
	for (uint32_t i = 0; i < COUNT_OF(nasty); i++)
		CHECK_INT(unlink(textf("%s/部门 -- 1/%s", o->arena, nasty[i])), 0);
}

static void run_tool(const struct planted *o, const char *line)
{
	struct restore_command c = { .line = line,
		.arena = o->arena,
		.list = test_path("keep/" KEEP_LIST),
		.id = "ID",
		.limit_ns = 50 * NS_PER_S };
	const char *output = "";
	struct command_result result = { 0 };
	struct error e = ERROR_NONE;
	enum status status = restore_call(&c, pool(), &output, &result, &e);
	if (status == E_ABSENT)
		test_skip(textf("not installed: %s", e.text));
	REQUIRE_OK(status, e);
	if (result.exit_status != 0)
		test_fail(__FILE__, __LINE__, "%s: exit %d: %s", line, result.exit_status, output);
}

static uint32_t n_back(const struct planted *o)
{
	unsigned char nonce[NONCE_BYTES] = { 9 };
	uint32_t n = 0;
	for (uint32_t i = 0; i < COUNT_OF(nasty); i++) {
		struct digest answer;
		bool same = false;
		struct error e = ERROR_NONE;
		if (challenge_as_caller(o->arena_fd, &o->m, i, nonce, &same, &answer, &e) != OK ||
			!same)
			continue;
		struct digest wanted =
			digest_hmac(nonce, sizeof nonce, o->content[i], strlen(o->content[i]));
		CHECK(digest_equal(&answer, &wanted));
		n++;
	}
	return n;
}

static void restore_with(const char *const *prepare, size_t n_prepare, const char *restore)
{
	static struct planted o;
	plant(&o);
	for (size_t i = 0; i < n_prepare; i++)
		run_tool(&o, prepare[i]);
	destroy(&o);
	CHECK_INT(n_back(&o), 0);
	run_tool(&o, restore);
	CHECK_INT(n_back(&o), COUNT_OF(nasty));
}

static void set_tool_environment(void)
{
	CHECK_INT(setenv("RESTIC_PASSWORD", "drill", 1), 0);
	CHECK_INT(setenv("BORG_PASSPHRASE", "drill", 1), 0);
	CHECK_INT(setenv("BORG_BASE_DIR", test_path("borg"), 1), 0);
	CHECK_INT(setenv("BORG_RELOCATED_REPO_ACCESS_IS_OK", "yes", 1), 0);
	CHECK_INT(setenv("HOME", test_folder(), 1), 0);
}

TEST(restic_brings_back_a_folder_with_nasty_names)
{
	set_tool_environment();
	const char *repository = test_path("repo");
	const char *const prepare[] = { textf("restic --no-cache -q -r %s init", repository),
		textf("restic --no-cache -q -r %s backup {arena}", repository) };
	restore_with(prepare, 2,
		textf("restic --no-cache -q -r %s restore latest --target / --include {arena}",
			repository));
}

TEST(borg_brings_back_a_folder_with_nasty_names)
{
	set_tool_environment();
	const char *repository = test_path("repo");
	const char *const prepare[] = { textf("borg init -e repokey %s", repository),
		textf("borg create %s::one {arena}", repository) };
	restore_with(prepare, 2, textf("borg extract %s::one", repository));
}

TEST(rsync_brings_back_a_list_of_nasty_names)
{
	const char *copy = test_path("copy");
	CHECK_INT(mkdir(copy, 0700), 0);
	const char *const prepare[] = { textf("rsync -aR {arena}/ %s/", copy) };
	restore_with(
		prepare, 1, textf("rsync -a --no-implied-dirs --files-from={list} %s/ /", copy));
}

/* --- the answer of a file that the role cannot read --- */

TEST(a_file_that_is_not_the_planted_one_does_not_count)
{
	static struct planted o;
	plant(&o);
	struct error e = ERROR_NONE;
	unsigned char nonce[NONCE_BYTES] = { 0 };
	struct digest answer;
	bool same = true;
	const char *at = textf("%s/部门 -- 1/plain.txt", o.arena);
	AUTO_FREE char *wrong = strdup(o.content[0]);
	REQUIRE(wrong != NULL);
	wrong[3] ^= 1;
	test_write_file(at, wrong, strlen(wrong));
	REQUIRE_OK(challenge_as_caller(o.arena_fd, &o.m, 0, nonce, &same, &answer, &e), e);
	CHECK(!same);
	test_write_file(at, "short", 5);
	REQUIRE_OK(challenge_as_caller(o.arena_fd, &o.m, 0, nonce, &same, &answer, &e), e);
	CHECK(!same);
	test_write_file(at, o.content[0], strlen(o.content[0]));
	CHECK_INT(link(at, test_path("second-name")), 0);
	REQUIRE_OK(challenge_as_caller(o.arena_fd, &o.m, 0, nonce, &same, &answer, &e), e);
	CHECK(!same); /* a second name may be anybody's */
	CHECK_INT(unlink(at), 0);
	CHECK_INT(symlink(test_path("second-name"), at), 0);
	CHECK(challenge_as_caller(o.arena_fd, &o.m, 0, nonce, &same, &answer, &e) != OK);
	CHECK_INT(unlink(at), 0);
	CHECK_INT(mkfifo(at, 0600), 0);
	REQUIRE_OK(challenge_as_caller(o.arena_fd, &o.m, 0, nonce, &same, &answer, &e), e);
	CHECK(!same);
	CHECK_INT(unlink(at), 0);
	CHECK_INT(challenge_as_caller(o.arena_fd, &o.m, 0, nonce, &same, &answer, &e), E_ABSENT);
}

static uint32_t take_back(const struct planted *o)
{
	const struct take_back t = { .manifest = &o->m };
	return restore_take_back(o->arena_fd, &t);
}

TEST(only_planted_content_in_the_drills_own_arena_is_taken_back)
{
	if (!test_is_root())
		test_skip("only root can give files away");
	static struct planted o;
	struct stat st;
	plant(&o);
	REQUIRE(stat(o.arena, &st) == 0);
	struct error e;
	uid_t own = 0;
	gid_t unused = 0;
	REQUIRE_OK(confine_pick_uid(300, &own, &unused, &e), e);
	const struct {
		uid_t uid, arena_uid;
		ino_t inode_off;
		uint32_t n;
	} rows[] = {
		{ 1000, 1000, 0, 0 }, /* a uid that an account may have */
		{ 0, 0, 0, 0 }, { 61183, 61183, 0, 0 }, { 65520, 65520, 0, 0 },
		{ own, own + 1, 0, 0 }, { own, 1000, 0, 0 }, { own, own, 1, 0 },
		{ own, 0, 1, 0 },		    /* another folder stands there */
		{ own, 0, 0, COUNT_OF(nasty) - 1 }, /* a restore made the arena root's */
		{ own, own, 0, 0 },		    /* they are his already */
	};
	const char *changed = textf("%s/部门 -- 1/%s", o.arena, nasty[1]);
	test_write_file(changed, "another text", 12);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CHECK_INT(chown(o.arena, rows[i].arena_uid, 0), 0);
		o.m.uid = o.m.gid = rows[i].uid;
		o.m.arena_inode = st.st_ino + rows[i].inode_off;
		CHECK_INT(take_back(&o), rows[i].n);
	}
	struct stat left;
	REQUIRE(stat(changed, &left) == 0);
	CHECK_INT(left.st_uid, 0);
}

static uid_t owner(const char *path)
{
	struct stat st;
	REQUIRE(lstat(path, &st) == 0);
	return st.st_uid;
}

static uint64_t inode(const char *path)
{
	struct stat st;
	REQUIRE(stat(path, &st) == 0);
	return st.st_ino;
}

/* chown -R root over an arena that was attacked: the manifest's own inodes tell what was planted.
 */
TEST(what_was_planted_and_made_roots_is_taken_back_and_nothing_else_in_the_arena)
{
	if (!test_is_root())
		test_skip("only root can give files away");
	static struct planted o;
	struct error e;
	uid_t own = 0;
	gid_t unused = 0;
	plant(&o);
	REQUIRE_OK(confine_pick_uid(300, &own, &unused, &e), e);
	o.m.uid = o.m.gid = own;
	o.m.arena_inode = inode(o.arena);
	const char *folder = textf("%s/部门 -- 1", o.arena);
	const char *changed = textf("%s/%s", folder, nasty[0]);
	const char *linked = textf("%s/%s", folder, nasty[1]);
	const char *given = textf("%s/%s", folder, nasty[2]);
	const char *exchanged = textf("%s/%s", folder, nasty[3]);
	const char *stranger = textf("%s/mine.txt", folder);
	for (uint32_t i = 0; i < COUNT_OF(nasty); i++)
		o.files[i].inode = inode(textf("%s/%s", folder, nasty[i]));
	test_write_file(changed, "changed", 7);
	test_write_file(linked, "changed", 7);
	test_write_file(given, "changed", 7);
	REQUIRE(link(linked, test_path("second")) == 0);
	REQUIRE(chown(given, 1000, 1000) == 0);
	test_write_file(stranger, "mine", 4);
	REQUIRE(unlink(exchanged) == 0);
	test_write_file(exchanged, "not the planted one", 19);
	o.files[3].inode = inode(stranger) + 100000; /* what it had may be anybody's by now */
	/* A folder of another inode is a stranger's. */
	o.folder.inode = inode(folder) + 1;
	restore_take_back_folders(o.arena_fd, &o.m);
	CHECK_INT(owner(o.arena), own);
	CHECK_INT(owner(folder), 0);
	o.folder.inode = inode(folder);
	CHECK_INT(take_back(&o), COUNT_OF(nasty) - 3);
	CHECK_INT(owner(folder), own);
	CHECK_INT(owner(changed), own);
	CHECK_INT(owner(linked), 0);
	CHECK_INT(owner(given), 1000);
	CHECK_INT(owner(exchanged), 0);
	CHECK_INT(owner(stranger), 0);
}

/* --- text --- */

TEST(foreign_text_becomes_plain_and_is_cut_between_characters)
{
	static const struct {
		const char *in;
		size_t n_max;
		bool lines;
		const char *out;
	} rows[] = {
		{ "plain", 10, false, "plain" },
		{ "plain", 3, false, "pla" },
		{ "警钟", 5, false, "警" },
		{ "警钟", 6, false, "警钟" },
		{ "a\nb\tc", 9, true, "a\nb c" },
		{ "a\nb", 9, false, "a b" },
		{ "\xc0\xaf", 9, false, "??" },
		{ "\xed\xa0\x80", 9, false, "???" },
		{ "\xf4\x90\x80\x80", 9, false, "????" },
		{ "\xe8\xad", 9, false, "??" },
		{ "x\xc2\x9bm", 9, false, "x m" },
		{ "\x7f", 9, false, " " },
		{ "\xf0\x9f\x94\x94", 4, false, "\xf0\x9f\x94\x94" },
		{ "\xf0\x9f\x94\x94", 3, false, "" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF struct buf out;
		buf_init(&out, 64);
		plain_add(&out, view_of(rows[i].in), rows[i].n_max, rows[i].lines);
		CHECK_TEXT(buf_text(&out), rows[i].out);
	}
}
