/*
 * gettext's catalogues, read by ourselves: in the C.UTF-8 locale the library's own functions answer
 * nothing but English (glibc 2.41, of Debian 13), and a small machine has no other. GNU gettext
 * manual, "The Format of GNU MO Files": two tables of length and offset, the sentences sorted, each
 * text with a zero behind it.
 */
#include "base/i18n.h"

#include <limits.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DOMAIN "tocsin"
#define MAGIC 0x950412deU
#define CATALOGUE_BYTES_MAX (16L << 20)

struct sentence {
	uint32_t n_bytes;
	uint32_t at;
};

/* Set by i18n_start before there are threads; afterwards only the language changes. */
static struct {
	char *bytes; /* NULL: none was found */
	uint32_t n;
	uint32_t from, to; /* where the tables begin */
	enum language language;
} catalogue;

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

static struct sentence sentence_at(uint32_t table, uint32_t i)
{
	struct sentence s;
	memcpy(&s, catalogue.bytes + table + i * sizeof s, sizeof s);
	return s;
}

static bool table_is_sound(uint32_t table, size_t size_bytes)
{
	if (table > size_bytes || catalogue.n > (size_bytes - table) / sizeof(struct sentence))
		return false;
	for (uint32_t i = 0; i < catalogue.n; i++) {
		struct sentence s = sentence_at(table, i);
		if (s.at >= size_bytes || s.n_bytes >= size_bytes - s.at ||
			catalogue.bytes[s.at + s.n_bytes] != '\0')
			return false;
	}
	return true;
}

/* One that is not whole is none. */
static bool read_catalogue(const char *path)
{
	FILE *f = fopen(path, "rbe");
	if (f == NULL)
		return false;
	uint32_t head[5] = { 0 };
	long size = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
	if (size >= (long)sizeof head && size <= CATALOGUE_BYTES_MAX && fseek(f, 0, SEEK_SET) == 0)
		catalogue.bytes = malloc((size_t)size);
	bool whole = catalogue.bytes != NULL &&
		     fread(catalogue.bytes, 1, (size_t)size, f) == (size_t)size;
	(void)fclose(f); /* only read */
	if (whole) {
		memcpy(head, catalogue.bytes, sizeof head);
		catalogue.n = head[2];
		catalogue.from = head[3];
		catalogue.to = head[4];
		whole = head[0] == MAGIC && head[1] >> 16 == 0 &&
			table_is_sound(catalogue.from, (size_t)size) &&
			table_is_sound(catalogue.to, (size_t)size);
	}
	if (!whole) {
		free(catalogue.bytes);
		catalogue.bytes = NULL;
	}
	return whole;
}

static void find_catalogue(void)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	if (n <= 0)
		return;
	exe[n] = '\0';
	char *slash = strrchr(exe, '/');
	if (slash == NULL)
		return;
	*slash = '\0';
	/* A build folder, its folder of tests, an installation. */
	static const char *const beside[] = { "po", "../po", "../share/locale" };
	for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
		char path[PATH_MAX];
		int len = snprintf(
			path, sizeof path, "%s/%s/zh_CN/LC_MESSAGES/" DOMAIN ".mo", exe, beside[i]);
		if (len > 0 && (size_t)len < sizeof path && read_catalogue(path))
			return;
	}
}

void i18n_start(const char *wanted)
{
	if (wanted == NULL || wanted[0] == '\0')
		wanted = from_environment();
	if (setlocale(LC_ALL, "C.UTF-8") == NULL)
		(void)setlocale(LC_ALL, "");
	(void)setlocale(LC_NUMERIC, "C"); /* JSON and SVG want a point, whatever the country */
	free(catalogue.bytes);
	catalogue.bytes = NULL;
	find_catalogue();
	i18n_use(strncmp(wanted, "zh", 2) == 0 ? LANGUAGE_ZH : LANGUAGE_EN);
}

void i18n_use(enum language language)
{
	catalogue.language = language;
}

enum language i18n_language(void)
{
	return catalogue.language;
}

const char *i18n_text(const char *sentence)
{
	/* The empty sentence's translation is the catalogue's header. */
	if (catalogue.bytes == NULL || catalogue.language != LANGUAGE_ZH || sentence[0] == '\0')
		return sentence;
	uint32_t low = 0;
	uint32_t high = catalogue.n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order =
			strcmp(sentence, catalogue.bytes + sentence_at(catalogue.from, middle).at);
		if (order == 0)
			return catalogue.bytes + sentence_at(catalogue.to, middle).at;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return sentence;
}
