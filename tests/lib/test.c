/*
 * The runner: see test.h. Prints TAP; its exit status is 0 only where every test passed or was
 * skipped and the count is what the build expects.
 */
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_PASSED = 0, EXIT_CHECK_FAILED = 91, EXIT_SKIPPED = 92 };

#define LONG_TEST_S 1.0 /* a test that takes as long is named with its time */

static struct test *tests;
static bool failed;
static char folder[PATH_MAX];
static char skip_path[PATH_MAX + 8];

__attribute__((weak)) int (*test_role_main)(int argc, char **argv);

void test_register(struct test *t)
{
	struct test **at = &tests;
	while (*at != NULL)
		at = &(*at)->next;
	*at = t;
}

void test_fail(const char *file, int line, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)printf("# %s:%d: ", file, line);
	(void)vprintf(format, args);
	(void)printf("\n");
	(void)fflush(stdout);
	va_end(args);
	failed = true;
}

void test_check_text(const char *file, int line, const char *got, const char *wanted)
{
	if (got == NULL || wanted == NULL ? got != wanted : strcmp(got, wanted) != 0)
		test_fail(file, line, "got \"%s\", wanted \"%s\"", got == NULL ? "(null)" : got,
			wanted == NULL ? "(null)" : wanted);
}

void test_check_int(const char *file, int line, const char *what, long long got, long long wanted)
{
	if (got != wanted)
		test_fail(file, line, "%s is %lld, wanted %lld", what, got, wanted);
}

void test_end(void)
{
	exit(failed ? EXIT_CHECK_FAILED : EXIT_PASSED);
}

void test_skip(const char *reason)
{
	FILE *f = fopen(skip_path, "w");
	if (f != NULL) {
		(void)fputs(reason, f);
		(void)fclose(f);
	}
	exit(failed ? EXIT_CHECK_FAILED : EXIT_SKIPPED);
}

const char *test_folder(void)
{
	return folder;
}

/* Kept in a list until the process of the test ends: nothing is lost in a leak checker's eyes. */
const char *test_path(const char *name)
{
	struct path {
		struct path *next;
		char text[];
	};
	static struct path *paths;
	size_t n = strlen(folder) + strlen(name) + 2;
	struct path *p = malloc(sizeof *p + n);
	if (p == NULL)
		abort();
	p->next = paths;
	paths = p;
	(void)snprintf(p->text, n, "%s/%s", folder, name);
	return p->text;
}

const char *test_source_folder(void)
{
	return TEST_SOURCE_FOLDER;
}

bool test_is_root(void)
{
	return geteuid() == 0;
}

void test_write_file(const char *path, const void *bytes, size_t n_bytes)
{
	FILE *f = fopen(path, "w");
	if (f == NULL || fwrite(bytes, 1, n_bytes, f) != n_bytes || fclose(f) != 0)
		test_fail(__FILE__, __LINE__, "write %s: %s", path, strerror(errno));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (kind == FTW_DP)
		(void)rmdir(path);
	else
		(void)unlink(path);
	return 0;
}

/* The folder lies in TMPDIR, or in /var/tmp: a disk file system, which arenas need. */
static void make_folder(void)
{
	const char *base = getenv("TMPDIR");
	(void)snprintf(folder, sizeof folder, "%s/tocsin-test-XXXXXX",
		base == NULL || base[0] == '\0' ? "/var/tmp" : base);
	if (mkdtemp(folder) == NULL) {
		(void)printf("Bail out! cannot make %s: %s\n", folder, strerror(errno));
		exit(1);
	}
	(void)snprintf(skip_path, sizeof skip_path, "%s.skip", folder);
}

/* Waits at most `seconds`, then kills the test's whole process group. */
static int wait_within(pid_t pid, unsigned seconds)
{
	int status = 0;
	struct pollfd p = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	int n = -1;
	if (p.fd >= 0) {
		do
			n = poll(&p, 1, (int)seconds * 1000);
		while (n < 0 && errno == EINTR);
		(void)close(p.fd);
	}
	if (n != 1) {
		(void)printf(n == 0 ? "# over its time limit of %u s\n"
				    : "# cannot wait for it (%u s)\n",
			seconds);
		(void)kill(-pid, SIGKILL);
	}
	(void)waitpid(pid, &status, 0);
	return status;
}

static double seconds_now(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run_child(const struct test *t)
{
	(void)setpgid(0, 0);
	t->run();
	test_end();
}

static bool run_one(const struct test *t, int number)
{
	make_folder();
	(void)fflush(stdout);
	double started = seconds_now();
	pid_t pid = fork();
	if (pid == 0)
		run_child(t);
	(void)setpgid(pid, pid);
	unsigned scale = getenv("TEST_SLOW") != NULL ? 5 : 1;
	int status = wait_within(pid, t->seconds * scale);
	(void)kill(-pid, SIGKILL); /* whatever the test left behind */
	bool skipped = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED;
	bool passed = skipped || (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_PASSED);
	if (WIFSIGNALED(status))
		(void)printf("# ended by signal %d\n", WTERMSIG(status));
	else if (!passed && WEXITSTATUS(status) != EXIT_CHECK_FAILED)
		(void)printf("# ended with exit status %d\n", WEXITSTATUS(status));
	(void)printf("%s %d - %s", passed ? "ok" : "not ok", number, t->name);
	if (skipped) {
		char reason[256] = "";
		FILE *f = fopen(skip_path, "r");
		if (f != NULL) {
			(void)!fgets(reason, sizeof reason, f);
			(void)fclose(f);
		}
		(void)printf(" # SKIP %s", reason);
	}
	(void)printf("\n");
	double took = seconds_now() - started;
	if (took >= LONG_TEST_S)
		(void)printf("# %s took %.1f s\n", t->name, took);
	(void)unlink(skip_path);
	(void)nftw(folder, remove_one, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	return passed;
}

/* usage: test-program [--expect N] [name…] */
int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--as") == 0 && test_role_main != NULL)
		return test_role_main(argc, argv);
	int first_name = 1;
	int expected = -1;
	if (argc > 2 && strcmp(argv[1], "--expect") == 0) {
		expected = (int)strtol(argv[2], NULL, 10);
		first_name = 3;
	}
	int n = 0;
	int n_failed = 0;
	for (struct test *t = tests; t != NULL; t = t->next) {
		bool wanted = first_name >= argc;
		for (int i = first_name; i < argc; i++)
			wanted = wanted || strcmp(argv[i], t->name) == 0;
		if (wanted && !run_one(t, ++n))
			n_failed++;
	}
	(void)printf("1..%d\n", n);
	if (expected >= 0 && first_name >= argc && n != expected) {
		(void)printf("# the source holds %d tests, %d were registered\n", expected, n);
		return 1;
	}
	return n_failed == 0 && n > 0 ? 0 : 1;
}
