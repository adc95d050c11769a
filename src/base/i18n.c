/*
 * gettext with the language chosen by us, so that Chinese also appears on machines where no
 * Chinese locale was generated: the C.UTF-8 locale with LANGUAGE set is enough for glibc.
 */
#include "base/i18n.h"

#include <libintl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DOMAIN "tocsin"

/* glibc's counter: raising it makes gettext look at LANGUAGE again (libintl manual, "Triggering").
 */
extern int _nl_msg_cat_cntr;

static const char *from_environment(void)
{
	static const char *const names[] = { "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *value = getenv(names[i]);
		if (value != NULL && value[0] != '\0')
			return value;
	}
	return "en";
}

static bool find_catalogues(char *folder, size_t size)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	if (n <= 0)
		return false;
	exe[n] = '\0';
	char *slash = strrchr(exe, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	static const char *const beside[] = { "po", "../share/locale" };
	for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
		char probe[PATH_MAX];
		int len = snprintf(probe, sizeof probe, "%s/%s/zh_CN/LC_MESSAGES/" DOMAIN ".mo",
			exe, beside[i]);
		struct stat st;
		if (len <= 0 || (size_t)len >= sizeof probe || stat(probe, &st) != 0)
			continue;
		len = snprintf(folder, size, "%s/%s", exe, beside[i]);
		return len > 0 && (size_t)len < size;
	}
	return false;
}

void i18n_start(const char *wanted)
{
	char folder[PATH_MAX];
	if (wanted == NULL || wanted[0] == '\0')
		wanted = from_environment();
	if (setlocale(LC_ALL, "C.UTF-8") == NULL)
		(void)setlocale(LC_ALL, "");
	(void)setlocale(LC_NUMERIC, "C"); /* JSON and SVG want a point, whatever the country */
	if (find_catalogues(folder, sizeof folder))
		(void)bindtextdomain(DOMAIN, folder);
	(void)bind_textdomain_codeset(DOMAIN, "UTF-8");
	(void)textdomain(DOMAIN);
	i18n_use(strncmp(wanted, "zh", 2) == 0 ? LANGUAGE_ZH : LANGUAGE_EN);
}

void i18n_use(enum language language)
{
	(void)setenv("LANGUAGE", language == LANGUAGE_ZH ? "zh_CN" : "en", 1);
	_nl_msg_cat_cntr++;
}

enum language i18n_language(void)
{
	const char *value = getenv("LANGUAGE");
	return value != NULL && strncmp(value, "zh", 2) == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
}

const char *i18n_text(const char *sentence)
{
	/* gettext("") would answer with the catalogue's header. */
	return sentence[0] == '\0' ? sentence : gettext(sentence);
}
