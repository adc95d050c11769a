/*
 * Where decoys may lie: what is suggested, what is kept, and what a person's own settings lose by
 * it (nothing).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drill/drill.h"
#include "sys/file.h"
#include "tests/lib/test.h"

struct bench {
	struct drill_context context;
	struct pool *pool;
	struct error e;
};

static void set_up(struct bench *b)
{
	*b = (struct bench){ .context = { .home = test_path("home") }, .pool = pool_new(64 * MIB) };
	REQUIRE(b->pool != NULL);
	REQUIRE(mkdir(b->context.home, 0700) == 0);
}

static void tear_down(struct bench *b)
{
	pool_free(b->pool);
}
#define AUTO_BENCH __attribute__((cleanup(tear_down)))

static const char *settings(struct bench *b)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 64 * KIB);
	REQUIRE_OK(file_read_all(AT_FDCWD, test_path("home/drill.yaml"), 64 * KIB, &text, &b->e),
		b->e);
	return pool_text(b->pool, buf_view(&text));
}

TEST(a_place_is_looked_at_as_a_plan_would)
{
	AUTO_BENCH struct bench b = { 0 };
	struct drill_place place;
	struct stat st;
	set_up(&b);
	REQUIRE_OK(drill_place_look(&b.context, test_path("drill"), b.pool, &place, &b.e), b.e);
	CHECK_TEXT(place.path, test_path("drill"));
	CHECK(place.file_system[0] != '\0' && place.free_bytes > 0 && !place.planted);
	CHECK(lstat(test_path("drill"), &st) != 0);
	CHECK_INT(drill_place_look(&b.context, test_path("home/drill"), b.pool, &place, &b.e),
		E_DENIED);
	CHECK_INT(drill_place_look(&b.context, test_path("no/drill"), b.pool, &place, &b.e),
		E_ABSENT);
	REQUIRE(mkdir(test_path("full"), 0700) == 0);
	test_write_file(test_path("full/mine"), "x", 1);
	CHECK_INT(
		drill_place_look(&b.context, test_path("full"), b.pool, &place, &b.e), E_CONFLICT);
	CHECK_INT(drill_place_look(&b.context, "/proc/drill", b.pool, &place, &b.e), E_DENIED);
}

TEST(a_place_where_nothing_can_be_made_is_refused_before_a_drill)
{
	if (test_is_root())
		test_skip("root may make folders anywhere");
	AUTO_BENCH struct bench b = { 0 };
	struct drill_place place;
	set_up(&b);
	REQUIRE(mkdir(test_path("closed"), 0500) == 0);
	CHECK_INT(drill_place_look(&b.context, test_path("closed/drill"), b.pool, &place, &b.e),
		E_DENIED);
	CHECK(strstr(b.e.text, "closed/drill") != NULL);
}

TEST(each_suggestion_would_do_and_lies_on_a_file_system_of_its_own)
{
	AUTO_BENCH struct bench b = { 0 };
	struct drill_place places[DRILL_PLACES_MAX];
	struct drill_place again;
	size_t n = 99;
	dev_t devices[DRILL_PLACES_MAX];
	set_up(&b);
	REQUIRE(setenv("HOME", test_folder(), 1) == 0);
	REQUIRE_OK(drill_places(&b.context, b.pool, places, &n, &b.e), b.e);
	REQUIRE(n <= DRILL_PLACES_MAX);
	if (!test_is_root()) {
		REQUIRE(n >= 1);
		CHECK_TEXT(places[0].path, test_path("tocsin-drill"));
	}
	for (size_t i = 0; i < n; i++) {
		REQUIRE_OK(drill_place_look(&b.context, places[i].path, b.pool, &again, &b.e), b.e);
		char folder[4096];
		struct stat st;
		(void)snprintf(folder, sizeof folder, "%.*s",
			(int)(strrchr(places[i].path, '/') - places[i].path), places[i].path);
		REQUIRE(stat(folder[0] == '\0' ? "/" : folder, &st) == 0);
		devices[i] = st.st_dev;
		for (size_t k = 0; k < i; k++)
			CHECK(devices[k] != st.st_dev);
		CHECK(strncmp(places[i].path, "/boot", 5) != 0);
	}
}

TEST(a_place_that_is_kept_is_the_one_that_is_set)
{
	static const char *const paths[] = { "/srv/drill", "/srv/it's \"here\"", "/srv/演练 区",
		"/srv/back\\slash", "/srv/#no comment: at all" };
	AUTO_BENCH struct bench b = { 0 };
	const char *set = "x";
	struct stat st;
	set_up(&b);
	REQUIRE_OK(drill_place_set(&b.context, b.pool, &set, &b.e), b.e);
	CHECK(set == NULL);
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		REQUIRE_OK(drill_place_keep(&b.context, paths[i], &b.e), b.e);
		REQUIRE_OK(drill_place_set(&b.context, b.pool, &set, &b.e), b.e);
		CHECK_TEXT(set, paths[i]);
		REQUIRE(stat(test_path("home/drill.yaml"), &st) == 0);
		CHECK_INT(st.st_mode & 07777, 0600);
		CHECK_INT(drill_place_keep(&b.context, "/other", &b.e), E_CONFLICT);
		REQUIRE(unlink(test_path("home/drill.yaml")) == 0);
	}
}

TEST(keeping_a_place_leaves_every_other_line_as_it_was)
{
	static const char mine[] = "# my notes\n\n# last line without an end";
	AUTO_BENCH struct bench b = { 0 };
	set_up(&b);
	test_write_file(test_path("home/drill.yaml"), mine, strlen(mine));
	REQUIRE_OK(drill_place_keep(&b.context, "/srv/drill", &b.e), b.e);
	const char *text = settings(&b);
	CHECK(strncmp(text, mine, strlen(mine)) == 0);
	CHECK_TEXT(text + strlen(mine), "\narena: \"/srv/drill\"\n");
}

TEST(settings_that_take_no_line_are_left_alone)
{
	static const char flow[] = "{}\n";
	AUTO_BENCH struct bench b = { 0 };
	set_up(&b);
	test_write_file(test_path("home/drill.yaml"), flow, strlen(flow));
	CHECK_INT(drill_place_keep(&b.context, "/srv/drill", &b.e), E_INVALID);
	CHECK(strstr(b.e.text, "drill.yaml") != NULL);
	CHECK_TEXT(settings(&b), flow);
	CHECK_INT(drill_place_keep(&b.context, "/srv/\xff", &b.e), E_INVALID);
	CHECK_TEXT(settings(&b), flow);
}
