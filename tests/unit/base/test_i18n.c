/*
 * Translation: a catalogue beside the program, the language chosen by us, English where there is
 * none. The catalogue is made here, and this test program is copied beside it and started anew.
 */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/i18n.h"
#include "base/pack.h"
#include "tests/lib/test.h"

TEST(a_sentence_without_a_translation_stays_itself)
{
	CHECK_TEXT(_("the arena is gone"), "the arena is gone");
	CHECK_TEXT(i18n_text(""), "");
	i18n_start("zh");
	CHECK_TEXT(_("a sentence in no catalogue"), "a sentence in no catalogue");
	CHECK_TEXT(i18n_text(""), "");
}

TEST(the_language_is_chosen_by_argument_then_by_environment)
{
	static const struct {
		const char *wanted;
		const char *environment;
		enum language language;
	} rows[] = {
		{ "zh", "en", LANGUAGE_ZH },
		{ "zh_CN.UTF-8", NULL, LANGUAGE_ZH },
		{ "en", "zh_CN", LANGUAGE_EN },
		{ NULL, "zh_CN.UTF-8", LANGUAGE_ZH },
		{ NULL, "C", LANGUAGE_EN },
		{ NULL, NULL, LANGUAGE_EN },
		{ "", "zh", LANGUAGE_ZH },
		{ "fr", "zh", LANGUAGE_EN },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		static const char *const names[] = { "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG" };
		for (size_t k = 0; k < COUNT_OF(names); k++)
			(void)unsetenv(names[k]);
		if (rows[i].environment != NULL)
			(void)setenv("LANG", rows[i].environment, 1);
		i18n_start(rows[i].wanted);
		CHECK_INT(i18n_language(), rows[i].language);
	}
}

TEST(numbers_keep_their_point_in_every_language)
{
	char text[32];
	(void)setenv("LC_NUMERIC", "de_DE.UTF-8", 1);
	i18n_start("zh");
	(void)snprintf(text, sizeof text, "%.1f", 1.5);
	CHECK_TEXT(text, "1.5");
}

/* GNU gettext manual, "The Format of GNU MO Files": two sorted strings and their translations. */
static void write_catalogue(const char *path)
{
	static const char *const texts[][2] = {
		{ "", "Content-Type: text/plain; charset=UTF-8\n" },
		{ "the drill is over", "演练结束" },
	};
	AUTO_BUF struct buf b = { .ceiling = 1000 };
	const uint32_t head[] = { 0x950412de, 0, 2, 28, 44, 0, 0 };
	for (size_t i = 0; i < COUNT_OF(head); i++)
		pack_put_u32(&b, head[i]);
	uint32_t at = 60;
	for (size_t side = 0; side < 2; side++)
		for (size_t i = 0; i < 2; i++) {
			uint32_t n = (uint32_t)strlen(texts[i][side]);
			pack_put_u32(&b, n);
			pack_put_u32(&b, at);
			at += n + 1;
		}
	for (size_t side = 0; side < 2; side++)
		for (size_t i = 0; i < 2; i++)
			buf_add_bytes(&b, texts[i][side], strlen(texts[i][side]) + 1);
	REQUIRE(!b.failed);
	test_write_file(path, b.at, b.len);
}

static void copy_program(const char *to)
{
	AUTO_FD int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	AUTO_FD int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	REQUIRE(in >= 0 && out >= 0);
	while (sendfile(out, in, NULL, 1 << 20) > 0)
		continue;
}

static int say_it(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	i18n_start("zh");
	bool zh = strcmp(_("the drill is over"), "演练结束") == 0;
	i18n_use(LANGUAGE_EN);
	bool en = strcmp(_("the drill is over"), "the drill is over") == 0;
	i18n_use(LANGUAGE_ZH);
	bool again = strcmp(_("the drill is over"), "演练结束") == 0;
	return zh && en && again ? 0 : 1;
}

int (*test_role_main)(int argc, char **argv) = say_it;

/* The exit status of the program that run_beside made, as waitpid tells it. */
static int start_copy(void)
{
	const char *copy = test_path("bin/tocsin");
	pid_t pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		(void)execl(copy, copy, "--as", "probe", (char *)NULL);
		_exit(99);
	}
	int status = 0;
	REQUIRE(waitpid(pid, &status, 0) == pid);
	return status;
}

static int run_beside(const char *folders)
{
	char path[4096];
	char copy[4096];
	struct view rest = view_of(folders);
	(void)snprintf(path, sizeof path, "%s", test_folder());
	while (rest.len > 0) {
		struct view name = view_cut(&rest, '/');
		size_t n = strlen(path);
		(void)snprintf(path + n, sizeof path - n, "/%.*s", VIEW_ARGS(name));
		(void)mkdir(path, 0700);
	}
	size_t n = strlen(path);
	(void)snprintf(path + n, sizeof path - n, "/tocsin.mo");
	write_catalogue(path);
	(void)mkdir(test_path("bin"), 0700);
	(void)snprintf(copy, sizeof copy, "%s/bin/tocsin", test_folder());
	copy_program(copy);
	return start_copy();
}

/* The test program itself is the one whose folder holds the broken file. */
TEST(a_catalogue_that_is_not_whole_is_none)
{
	const char *path = test_path("bin/po/zh_CN/LC_MESSAGES/tocsin.mo");
	struct stat st;
	CHECK_INT(run_beside("bin/po/zh_CN/LC_MESSAGES"), 0);
	REQUIRE(stat(path, &st) == 0);
	for (off_t size = st.st_size - 1; size >= 0; size--) {
		REQUIRE(truncate(path, size) == 0);
		CHECK_INT(start_copy(), 256);
	}
}

TEST(an_installed_program_finds_its_catalogue_and_switches_languages)
{
	CHECK_INT(run_beside("share/locale/zh_CN/LC_MESSAGES"), 0);
}

TEST(a_built_program_finds_its_catalogue_too)
{
	CHECK_INT(run_beside("bin/po/zh_CN/LC_MESSAGES"), 0);
}
