/*
 * Runs a fuzz target over files without a fuzzer, so that corpora are ordinary tests with every
 * compiler: each file as it is, then cut short, lengthened and with bytes changed by seeded dice.
 * Prints TAP; one forked process a file.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/random.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHANGES = 100, SECONDS = 60, FILE_BYTES_MAX = 4 * 1024 * 1024 };

/* Memory of exactly that size, so that a sanitizer sees any byte too far. */
static void run_copy(const uint8_t *bytes, size_t n)
{
	uint8_t *copy = malloc(n == 0 ? 1 : n);
	if (copy == NULL)
		abort();
	memcpy(copy, bytes, n);
	(void)LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void change(struct dice *d, uint8_t *bytes, size_t n)
{
	static const uint8_t telling[] = { 0, 1, 0x7f, 0x80, 0xff, '"', '\\', '{', '[', '\n', ':',
		'-' };
	size_t n_changes = 1 + dice_below(d, 4);
	for (size_t i = 0; i < n_changes && n > 0; i++) {
		size_t at = dice_below(d, n);
		switch (dice_below(d, 4)) {
		case 0:
			bytes[at] = (uint8_t)(bytes[at] ^ (1U << dice_below(d, 8)));
			break;
		case 1:
			bytes[at] = telling[dice_below(d, sizeof telling)];
			break;
		case 2:
			bytes[at] = (uint8_t)dice_u64(d);
			break;
		default: /* a stretch moved elsewhere */
			memmove(bytes + dice_below(d, at + 1), bytes + at, (n - at) / 2);
			break;
		}
	}
}

static void run_changed(const uint8_t *bytes, size_t n)
{
	struct dice d;
	dice_init(&d, n);
	uint8_t *copy = malloc(n + 16);
	if (copy == NULL)
		abort();
	for (int i = 0; i < CHANGES; i++) {
		memcpy(copy, bytes, n);
		memset(copy + n, (int)dice_below(&d, 256), 16);
		size_t size = n;
		if (i % 4 == 1)
			size = dice_below(&d, n + 1);
		if (i % 4 == 2)
			size = n + dice_below(&d, 17);
		if (i % 4 != 1)
			change(&d, copy, size);
		run_copy(copy, size);
	}
	free(copy);
}

static bool run_file(const char *path)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size > FILE_BYTES_MAX)
		return false;
	size_t n = (size_t)st.st_size;
	uint8_t *bytes = malloc(n == 0 ? 1 : n);
	if (bytes == NULL || read(fd, bytes, n) != (ssize_t)n)
		return false;
	(void)alarm(SECONDS);
	run_copy(bytes, n);
	run_changed(bytes, n);
	free(bytes);
	return true;
}

static bool run_forked(const char *path)
{
	int status = 0;
	(void)fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		exit(run_file(path) ? 0 : 1);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	if (WIFSIGNALED(status))
		(void)printf("# ended by signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* usage: replay FOLDER */
int main(int argc, char **argv)
{
	struct dirent **rows = NULL;
	int n_rows = argc == 2 ? scandir(argv[1], &rows, NULL, alphasort) : -1;
	int n = 0;
	int n_failed = 0;
	for (int i = 0; i < n_rows; i++) {
		char path[4096];
		bool hidden = rows[i]->d_name[0] == '.';
		int len = snprintf(path, sizeof path, "%s/%s", argv[1], rows[i]->d_name);
		if (!hidden && len > 0 && (size_t)len < sizeof path) {
			bool passed = run_forked(path);
			(void)printf(
				"%s %d - %s\n", passed ? "ok" : "not ok", ++n, rows[i]->d_name);
			n_failed += !passed;
		}
		free(rows[i]);
	}
	free(rows);
	(void)printf("1..%d\n", n);
	if (n == 0)
		(void)printf("# no corpus\n");
	return n > 0 && n_failed == 0 ? 0 : 1;
}
