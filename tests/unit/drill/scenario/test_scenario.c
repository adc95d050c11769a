/*
 * Scenario files: what is read, what is refused and how it is said, where files come from.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/embed.h"
#include "base/fault.h"
#include "drill/scenario/scenario.h"
#include "sys/file.h"
#include "tests/lib/test.h"

extern const struct embedded_file scenario_files[];
extern const unsigned long scenario_files_n;

static const char base_text[] =
	"id: own-shape\n"
	"version: 3\n"
	"kind: pattern\n"
	"name: { en: Own, zh: 自有 }\n"
	"summary: { en: Something, zh: 某物 }\n"
	"source: made up\n"
	"attack: [T1486, T1491.001]\n"
	"order: breadth-first\n"
	"write: in-place\n"
	"io: 64 KiB\n"
	"region:\n"
	"  - label: all\n"
	"    full: true\n"
	"rename: after\n"
	"suffix: .own\n"
	"footer: 12\n"
	"note: { where: root, name: 'READ-<id>.txt', text: { en: Hi, zh: 你好 } }\n"
	"threads: 2\n"
	"rate: 40\n"
	"decoys: 10\n"
	"size_classes: [ 5, { size: 1 MiB, type: mdf } ]\n"
	"max_files: 100\n"
	"max_bytes: 1 GiB\n"
	"max_seconds: 60\n"
	"assumed: [rate]\n";

/* Each test is a process of its own, and so has its own. */
static struct pool *pool_here(void)
{
	static struct pool *pool;
	if (pool == NULL)
		pool = pool_new(8 * MIB);
	REQUIRE(pool != NULL);
	return pool;
}

static struct scenario *fresh(void)
{
	struct scenario *s = pool_take(pool_here(), 1, sizeof *s);
	REQUIRE(s != NULL);
	return s;
}

/* The base text with one line put in the place of the one that begins with `key`. */
static char *with_line(const char *key, const char *line)
{
	static char text[8192];
	char *out = text;
	const char *at = base_text;
	bool replaced = false;
	while (*at != '\0') {
		size_t len = strcspn(at, "\n") + 1;
		if (strncmp(at, key, strlen(key)) == 0) {
			out += sprintf(out, "%s%s", line, line[0] == '\0' ? "" : "\n");
			replaced = true;
		} else {
			memcpy(out, at, len);
			out += len;
		}
		at += len;
	}
	if (!replaced)
		out += sprintf(out, "%s\n", line);
	*out = '\0';
	return text;
}

static enum status parse(const char *text, struct scenario *s, struct error *e)
{
	return scenario_parse(view_of(text), "own.yaml", pool_here(), s, e);
}

TEST(every_field_of_a_file_is_read)
{
	struct error e = ERROR_NONE;
	struct scenario *s = fresh();
	REQUIRE_OK(parse(base_text, s, &e), e);
	CHECK_TEXT(s->id, "own-shape");
	CHECK_INT(s->version, 3);
	CHECK_TEXT(s->name.zh, "自有");
	CHECK_INT(s->n_attack, 2);
	CHECK_TEXT(s->attack[1], "T1491.001");
	CHECK_INT(s->order, ORDER_BREADTH_FIRST);
	CHECK_INT(s->write, WRITE_IN_PLACE);
	CHECK_INT(s->io_bytes, 65536);
	CHECK_INT(s->n_regions, 1);
	CHECK_INT(s->rename, RENAME_AFTER);
	CHECK_TEXT(s->suffix, ".own");
	CHECK_INT(s->suffix_kind, SUFFIX_FIXED);
	CHECK_INT(s->footer_bytes, 12);
	CHECK_INT(s->note_place, NOTE_ROOT);
	CHECK_TEXT(s->note_name, "READ-<id>.txt");
	CHECK_TEXT(s->note_text.zh, "你好");
	CHECK_INT(s->threads, 2);
	CHECK(s->rate_files_per_s == 40);
	CHECK_INT(s->n_size_classes, 2);
	CHECK(s->size_class_types[0] == NULL);
	CHECK_TEXT(s->size_class_types[1], "mdf");
	CHECK_INT(s->size_classes[1], 1 << 20);
	CHECK_INT(s->max_bytes, 1 << 30);
	CHECK_INT(s->n_assumed, 1);
	struct digest wanted = digest_of(base_text, strlen(base_text));
	CHECK(digest_equal(&s->hash, &wanted));
	CHECK(view_is(s->text, base_text));
}

TEST(what_is_off_is_refused_with_its_place_and_its_value)
{
	static const struct {
		const char *key, *line, *wanted;
	} cases[] = {
		{ "wobble", "wobble: 1", "own.yaml: wobble: unknown" },
		{ "id:", "id: Own Shape", "own.yaml: id: \"Own Shape\" is not 2 to 40 of a-z" },
		{ "kind:", "kind: shell", "own.yaml: kind: \"shell\" is none of pattern, drill" },
		{ "attack:", "attack: [T14]",
			"own.yaml: attack: [\"T14\"] is not the id of an ATT&CK" },
		{ "io:", "io: 0", "own.yaml: io: 0 is not between 1 and 8388608" },
		{ "io:", "io: 9 MiB", "own.yaml: io: \"9 MiB\" is not between 1 and 8388608" },
		{ "io:", "io: 5 XiB", "own.yaml: io: \"5 XiB\" is not a size" },
		{ "io:", "io: -4", "own.yaml: io: -4 is not a size" },
		{ "write:", "write: shred", "own.yaml: write: \"shred\" is none of in-place" },
		{ "footer:", "footer: 4097", "own.yaml: footer: 4097 is not between 0 and 4096" },
		{ "threads:", "threads: 65", "own.yaml: threads: 65 is not between 1 and 64" },
		{ "threads:", "threads: many",
			"own.yaml: threads: \"many\" is not a whole number" },
		{ "threads:", "threads: 2\nthreads_per_processor: 2",
			"own.yaml: threads_per_processor: 2 belongs to threads: per-processor "
			"alone" },
		{ "threads:", "threads: per-processor\nthreads_per_processor: 9",
			"own.yaml: threads_per_processor: 9 is not between 1 and 8" },
		{ "rate:", "rate: fast", "own.yaml: rate: \"fast\" is neither files per second" },
		{ "rate:", "rate: 0", "own.yaml: rate: 0 is neither files per second" },
		{ "suffix:", "suffix: ../x", "own.yaml: suffix: \"../x\" is not a suffix" },
		{ "suffix:", "", "own.yaml: suffix: missing, but this scenario gives files new" },
		{ "rename:", "", "own.yaml: suffix: \".own\" is never used" },
		{ "note:", "note: { where: root, name: '../x', text: { en: a, zh: b } }",
			"own.yaml: note.name: \"../x\" is not a single file name" },
		{ "note:", "note: { where: root, name: '<id><id>', text: { en: a, zh: b } }",
			"own.yaml: note.name: \"<id><id>\" holds more than one <id>" },
		{ "note:", "note: { where: root, name: 'a<x>', text: { en: a, zh: b } }",
			"own.yaml: note.name: \"a<x>\" holds < or > apart from <id>" },
		{ "note:", "note: { where: root, name: x, text: { en: a } }",
			"own.yaml: note.text.zh: missing" },
		{ "note:", "note: { where: first-folders, name: x, text: { en: a, zh: b } }",
			"own.yaml: note.folders: missing" },
		{ "size_classes:", "size_classes: [0]",
			"own.yaml: size_classes[0].size: 0 is not between 1 and" },
		{ "size_classes:", "size_classes: [ { size: 17 TiB } ]",
			"own.yaml: size_classes[0].size: \"17 TiB\" is not between" },
		{ "size_classes:", "size_classes: [ { size: 1, type: 'a/b' } ]",
			"own.yaml: size_classes[0].type: \"a/b\" is not a file type" },
		{ "assumed:", "assumed: [luck]", "own.yaml: assumed[0]: 'luck' is no key" },
		{ "source:", "source: \"a\\u0007b\"", "own.yaml: source: \"a" },
		{ "runs", "runs: [zip]",
			"own.yaml: runs: [\"zip\"] belongs to kind: benign alone" },
	};
	struct error e = ERROR_NONE;
	struct scenario *s = fresh();
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CHECK_INT(parse(with_line(cases[i].key, cases[i].line), s, &e), E_INVALID);
		if (strstr(e.text, cases[i].wanted) != e.text)
			test_fail(__FILE__, __LINE__, "case %zu: %s", i, e.text);
	}
}

TEST(a_scenario_without_hard_limits_is_refused)
{
	static const char *const limits[] = {
		"max_files:", "max_bytes:", "max_seconds:", "decoys:", "rate:", "threads:"
	};
	struct error e = ERROR_NONE;
	struct scenario *s = fresh();
	for (size_t i = 0; i < COUNT_OF(limits); i++) {
		CHECK_INT(parse(with_line(limits[i], ""), s, &e), E_INVALID);
		CHECK(strstr(e.text, ": missing") != NULL);
	}
}

TEST(a_scenario_that_cannot_fit_its_own_limits_is_refused)
{
	struct error e = ERROR_NONE;
	struct scenario *s = fresh();
	CHECK_INT(parse(with_line("max_files:", "max_files: 11"), s, &e), E_INVALID);
	CHECK_TEXT(e.text, "own.yaml: max_files: 11 is less than decoys and size_classes together");
	CHECK_INT(parse(with_line("rate:", "rate: 0.1"), s, &e), E_INVALID);
	CHECK_TEXT(e.text, "own.yaml: max_seconds: 60 is too short for the decoys at this rate");
	CHECK_INT(parse(with_line("rate:", "rate: unlimited"), s, &e), OK);
	CHECK(s->rate_files_per_s == 0);
}

/* A region list in the place of the base text's. */
static enum status parse_region(const char *yaml, struct scenario *s, struct error *e)
{
	static char text[16384];
	const char *from = strstr(base_text, "region:\n");
	const char *to = strstr(base_text, "rename:");
	int n = snprintf(
		text, sizeof text, "%.*s%s\n%s", (int)(from - base_text), base_text, yaml, to);
	REQUIRE(n > 0 && (size_t)n < sizeof text);
	return parse(text, s, e);
}

TEST(regions_that_make_no_sense_are_refused)
{
	static const struct {
		const char *yaml, *wanted;
	} cases[] = {
		{ "region: []", "own.yaml: region: [] is not a list of 1 to 32" },
		{ "region: [ 3 ]", "own.yaml: region[0]: not a region" },
		{ "region: [ { label: a } ]", "own.yaml: region[0]: says neither what is changed" },
		{ "region: [ { full: true } ]", "own.yaml: region[0].label: missing" },
		{ "region: [ { label: a, full: false } ]",
			"own.yaml: region[0].full: false must be true" },
		{ "region: [ { label: a, full: true, skip: true } ]",
			"own.yaml: region[0]: leave and skip cannot stand beside" },
		{ "region: [ { label: a, full: true, when: { size_below: 5 } } ]",
			"own.yaml: region: no region says what happens to a file of 5 bytes" },
		{ "region: [ { label: a, full: true, when: { types: [txt] } } ]",
			"own.yaml: region: no region says what happens to a file of 0 bytes" },
		{ "region: [ { label: a, full: true, when: { size_from: 5, size_below: 5 } } ]",
			"own.yaml: region[0].when.size_below: 5 is not above size_from" },
		{ "region: [ { label: a, full: true, when: { types: office } } ]",
			"own.yaml: region[0].when.types: \"office\" is no list under type_lists" },
		{ "region: [ { label: a, step: { change: 0, skip: 4 } } ]",
			"own.yaml: region[0].step.change: 0 changes nothing" },
		{ "region: [ { label: a, step: { change: 4 } } ]",
			"own.yaml: region[0].step.skip: missing" },
		{ "region: [ { label: a, step: 5 } ]",
			"own.yaml: region[0].step: 5 is not a set of keys" },
		{ "region: [ { label: a, blocks: { count: 2, change: 1, every: 0 } } ]",
			"own.yaml: region[0].blocks.every: 0 never moves on" },
		{ "region: [ { label: a, blocks: { count: 65537, change: 1, every: 1 } } ]",
			"own.yaml: region[0].blocks.count: 65537 is not between 1 and 65536" },
		{ "region: [ { label: a, head: 101 % } ]",
			"own.yaml: region[0].head: \"101 %\" is neither a size nor a share" },
		{ "region: [ { label: a, head: 4/3 } ]",
			"own.yaml: region[0].head: \"4/3\" is neither a size nor a share" },
		{ "region: [ { label: a, head: 17 TiB } ]",
			"own.yaml: region[0].head: \"17 TiB\" is larger than 16 TiB" },
		{ "region: [ { label: a, percent: 0 } ]",
			"own.yaml: region[0].percent: 0 is not between 1 and 100" },
		{ "region: [ { label: a, full: true }, { label: a, full: true } ]",
			"own.yaml: region[1].label: 'a' was used before" },
		{ "region: [ { label: a, full: true, wipe: true } ]",
			"own.yaml: region[0].wipe: unknown" },
		{ "region: [ { label: a, full: true, head: 1, tail: 1, first_last: { change: 1 } } "
		  "]",
			"own.yaml: region[0].tail: 1 is one shape too many" },
	};
	struct error e = ERROR_NONE;
	struct scenario *s = fresh();
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CHECK_INT(parse_region(cases[i].yaml, s, &e), E_INVALID);
		if (strstr(e.text, cases[i].wanted) != e.text)
			test_fail(__FILE__, __LINE__, "case %zu: %s", i, e.text);
	}
}

TEST(types_and_sizes_choose_the_first_region_that_fits)
{
	struct error e = ERROR_NONE;
	struct scenario *s = fresh();
	REQUIRE_OK(parse_region("skip_below: 4\ntype_lists: { db: [mdf, ndf] }\n"
				"region:\n"
				"  - { label: db, when: { types: db, size_from: 10 }, head: 1 }\n"
				"  - { label: zip, when: { types: [zip] }, skip: true }\n"
				"  - { label: rest, leave: true }\n",
			   s, &e),
		e);
	CHECK(scenario_region(s, 3, VIEW("mdf")) == NULL);
	CHECK_TEXT(scenario_region(s, 10, VIEW("ndf"))->label, "db");
	CHECK_TEXT(scenario_region(s, 9, VIEW("mdf"))->label, "rest");
	CHECK(scenario_region(s, 100, VIEW("zip")) == NULL);
	const struct region *rest = scenario_region(s, 100, VIEW(""));
	REQUIRE(rest != NULL);
	CHECK_TEXT(rest->label, "rest");
	CHECK_INT(region_bytes(rest, 100), 0);
}

TEST(a_benign_twin_says_what_runs_and_nothing_of_an_emulator)
{
	static const char text[] = "id: twin\nversion: 1\nkind: benign\nname: { en: a, zh: b }\n"
				   "summary: { en: a, zh: b }\nsource: own\nattack: []\n"
				   "runs: [zip, mv]\nrate: 40\ndecoys: 10\nmax_files: 100\n"
				   "max_bytes: 1 GiB\nmax_seconds: 60\n%s";
	char full[1024];
	struct error e = ERROR_NONE;
	struct scenario *s = fresh();
	(void)snprintf(full, sizeof full, text, "");
	REQUIRE_OK(parse(full, s, &e), e);
	CHECK_INT(s->kind, SCENARIO_BENIGN);
	CHECK_INT(s->n_regions, 0);
	(void)snprintf(full, sizeof full, text, "write: in-place\n");
	CHECK_INT(parse(full, s, &e), E_INVALID);
	CHECK_TEXT(e.text, "own.yaml: write: does not belong into kind: benign");
}

/* --- the library --- */

static const char *home_with(const char *name, const char *text)
{
	char path[300];
	(void)mkdir(test_path("scenarios"), 0700);
	(void)snprintf(path, sizeof path, "scenarios/%s", name);
	test_write_file(test_path(path), text, strlen(text));
	return test_folder();
}

TEST(all_that_is_built_in_is_read_without_a_home)
{
	struct error e = ERROR_NONE;
	const char **ids;
	size_t n = 0;
	struct scenario *s = fresh();
	REQUIRE_OK(scenario_ids(NULL, pool_here(), &ids, &n, &e), e);
	CHECK_INT(n, scenario_files_n);
	CHECK_INT(n, 24);
	for (size_t i = 0; i < n; i++) {
		REQUIRE_OK(scenario_find(NULL, ids[i], pool_here(), s, &e), e);
		CHECK_TEXT(s->id, ids[i]);
		CHECK(i == 0 || strcmp(ids[i - 1], ids[i]) < 0);
	}
}

TEST(a_users_own_file_goes_before_the_built_in_one)
{
	struct error e = ERROR_NONE;
	struct scenario *s = fresh();
	const char *home = home_with("own-shape.yaml", base_text);
	REQUIRE_OK(scenario_find(home, "own-shape", pool_here(), s, &e), e);
	CHECK_INT(s->version, 3);
	(void)home_with("quick.yaml", with_line("id:", "id: quick"));
	REQUIRE_OK(scenario_find(home, "quick", pool_here(), s, &e), e);
	CHECK_INT(s->version, 3);
	const char **ids;
	size_t n = 0;
	REQUIRE_OK(scenario_ids(home, pool_here(), &ids, &n, &e), e);
	CHECK_INT(n, 25);
	REQUIRE_OK(scenario_find(home, "standard", pool_here(), s, &e), e);
	CHECK_INT(s->n_decoys, 2400);
}

TEST(a_file_under_another_name_than_its_id_is_refused)
{
	struct error e = ERROR_NONE;
	struct scenario *s = fresh();
	const char *home = home_with("other.yaml", base_text);
	CHECK_INT(scenario_find(home, "other", pool_here(), s, &e), E_INVALID);
	CHECK_TEXT(e.text, "scenarios/other.yaml: id: 'own-shape' is not the name of the file");
}

TEST(links_pipes_and_large_files_are_not_read)
{
	struct error e = ERROR_NONE;
	struct scenario *s = fresh();
	const char *home = home_with("real.yaml", base_text);
	test_write_file(test_path("outside.yaml"), base_text, strlen(base_text));
	REQUIRE(symlink("../outside.yaml", test_path("scenarios/own-shape.yaml")) == 0);
	CHECK(scenario_find(home, "own-shape", pool_here(), s, &e) != OK);
	REQUIRE(unlink(test_path("scenarios/own-shape.yaml")) == 0);
	REQUIRE(link(test_path("outside.yaml"), test_path("scenarios/own-shape.yaml")) == 0);
	CHECK_INT(scenario_find(home, "own-shape", pool_here(), s, &e), E_INVALID);
	CHECK_TEXT(e.text, "scenarios/own-shape.yaml: has more than one name");
	REQUIRE(mkfifo(test_path("scenarios/pipe.yaml"), 0600) == 0);
	CHECK_INT(scenario_find(home, "pipe", pool_here(), s, &e), E_INVALID);
	CHECK_TEXT(e.text, "scenarios/pipe.yaml: not a regular file");
	size_t n = 130 * KIB;
	char *large = malloc(n);
	REQUIRE(large != NULL);
	memset(large, '#', n);
	test_write_file(test_path("scenarios/large.yaml"), large, n);
	free(large);
	CHECK_INT(scenario_find(home, "large", pool_here(), s, &e), E_TOO_BIG);
}

TEST(an_unknown_id_names_those_near_it)
{
	struct error e = ERROR_NONE;
	struct scenario *s = fresh();
	CHECK_INT(scenario_find(NULL, "standart", pool_here(), s, &e), E_ABSENT);
	CHECK_TEXT(e.text, "no scenario 'standart'; near it: 'standard'");
	CHECK_INT(scenario_find(NULL, "first", pool_here(), s, &e), E_ABSENT);
	CHECK_TEXT(e.text, "no scenario 'first'; near it: 'first-and-last', 'first-mib'");
	CHECK_INT(scenario_find(NULL, "nothing-like-it", pool_here(), s, &e), E_ABSENT);
	CHECK_TEXT(e.text, "no scenario 'nothing-like-it'; 'drill list' names all of them");
	CHECK_INT(scenario_find(NULL, "../../x", pool_here(), s, &e), E_INVALID);
}

TEST(memory_that_runs_out_is_an_error_and_not_a_crash)
{
	struct error e = ERROR_NONE;
	struct scenario *s = fresh();
	for (size_t ceiling = 0; ceiling < 120 * KIB; ceiling += 997) {
		AUTO(pool_free) struct pool *small = pool_new(ceiling);
		enum status status = scenario_parse(view_of(base_text), "x", small, s, &e);
		CHECK(status == OK || status == E_TOO_BIG);
	}
#ifdef TOCSIN_FAULTS
	enum status status = E_FAILED;
	for (long n = 1; n < 50 && status != OK; n++) {
		AUTO(pool_free) struct pool *own = pool_new(MIB);
		fault_arm("pool_take", n);
		status = scenario_parse(view_of(base_text), "x", own, s, &e);
		fault_disarm();
		CHECK(status == OK || status == E_TOO_BIG);
	}
	CHECK_INT(status, OK);
#endif
}

/* --- the page that users read --- */

TEST(the_example_in_the_documentation_is_a_scenario_and_the_table_is_complete)
{
	char path[4096];
	struct error e = ERROR_NONE;
	struct scenario *s = fresh();
	AUTO_BUF struct buf page;
	buf_init(&page, 0);
	(void)snprintf(path, sizeof path, "%s/docs/scenarios.md", test_source_folder());
	REQUIRE_OK(file_read_all(AT_FDCWD, path, MIB, &page, &e), e);
	const char *from = strstr(buf_text(&page), "```yaml\n");
	const char *to = from == NULL ? NULL : strstr(from + 8, "```");
	REQUIRE(to != NULL);
	struct view example = { from + 8, (size_t)(to - from - 8) };
	REQUIRE_OK(scenario_parse(example, "example", pool_here(), s, &e), e);
	for (unsigned long i = 0; i < scenario_files_n; i++) {
		char row[64];
		const char *name = scenario_files[i].name;
		(void)snprintf(row, sizeof row, "| `%.*s` |", (int)(strlen(name) - 5), name);
		if (strstr(buf_text(&page), row) == NULL)
			test_fail(__FILE__, __LINE__, "%s is not in the table", name);
	}
}
