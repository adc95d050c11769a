/*
 * A small TAP runner: one forked process a test, a private folder for each, a time limit, and the
 * number of tests checked against what the build counted in the source.
 *
 *   TEST(a_sentence_about_behaviour)
 *   {
 *           CHECK(x == 3);                    goes on after a failure
 *           REQUIRE(open_it(&x, &e) == OK);   ends the test
 *           CHECK_TEXT(e.text, "…");
 *   }
 */
#ifndef TESTS_LIB_TEST_H
#define TESTS_LIB_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct test {
	const char *name;
	const char *file;
	void (*run)(void);
	unsigned seconds; /* time limit */
	struct test *next;
};

void test_register(struct test *t);

#define TEST_WITHIN(test_name, limit_s)                                                            \
	static void test_name(void);                                                               \
	static struct test test_row_##test_name = { #test_name, __FILE__, test_name, limit_s,      \
		NULL };                                                                            \
	__attribute__((constructor)) static void test_enrol_##test_name(void)                      \
	{                                                                                          \
		test_register(&test_row_##test_name);                                              \
	}                                                                                          \
	static void test_name(void)
#define TEST(test_name) TEST_WITHIN(test_name, 60)

void test_fail(const char *file, int line, const char *format, ...) PRINTF_LIKE(3, 4);
/* Ends the test as skipped; the reason is printed and counted. */
_Noreturn void test_skip(const char *reason);
_Noreturn void test_end(void);
/* An existing empty folder of this test alone (0700), removed afterwards. Absolute path. */
const char *test_folder(void);
/* test_folder()/name, in memory that the test need not free. */
const char *test_path(const char *name);
/* The folder of the sources (for fixtures). */
const char *test_source_folder(void);
bool test_is_root(void);
void test_write_file(const char *path, const void *bytes, size_t n_bytes);

#define CHECK(condition) ((condition) ? (void)0 : test_fail(__FILE__, __LINE__, "%s", #condition))
#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			test_fail(__FILE__, __LINE__, "%s", #condition);                           \
			test_end();                                                                \
		}                                                                                  \
	} while (0)
/* A call that must be OK; shows the error's sentence otherwise. */
#define REQUIRE_OK(call, e)                                                                        \
	do {                                                                                       \
		enum status status_ = (call);                                                      \
		if (status_ != OK) {                                                               \
			test_fail(__FILE__, __LINE__, "%s: %s: %s", #call, status_name(status_),   \
				(e).text);                                                         \
			test_end();                                                                \
		}                                                                                  \
	} while (0)
void test_check_text(const char *file, int line, const char *got, const char *wanted);
void test_check_int(const char *file, int line, const char *what, long long got, long long wanted);
#define CHECK_TEXT(got, wanted) test_check_text(__FILE__, __LINE__, (got), (wanted))
#define CHECK_INT(got, wanted)                                                                     \
	test_check_int(__FILE__, __LINE__, #got, (long long)(got), (long long)(wanted))

/* Re-executed roles enter the test program too: a test that spawns roles defines this (weak
 * default: NULL). Called by main before anything else when argv[1] is "--as". Returns the exit
 * status. */
extern int (*test_role_main)(int argc, char **argv);

#endif
