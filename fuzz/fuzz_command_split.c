/*
 * Command lines as users type them: each word lies within its block, and quoting every word again
 * gives the same words.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sys/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 'word' with each ' written as '\''. */
static void add_quoted(struct buf *b, const char *word)
{
	buf_add_char(b, '\'');
	for (; *word != '\0'; word++)
		if (*word == '\'')
			buf_add_text(b, "'\\''");
		else
			buf_add_char(b, *word);
	buf_add_text(b, "' ");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 8000)
		return 0;
	AUTO_FREE char *line = calloc(1, size + 1);
	AUTO_BUF struct buf quoted;
	buf_init(&quoted, 64 * KIB);
	char **words = NULL;
	char **again = NULL;
	if (line == NULL)
		return 0;
	memcpy(line, data, size);
	if (command_split(line, &words, NULL) != OK || words == NULL)
		return 0;
	for (size_t i = 0; words[i] != NULL; i++)
		add_quoted(&quoted, words[i]);
	if (!quoted.failed) {
		if (command_split(buf_text(&quoted), &again, NULL) != OK)
			abort();
		size_t i = 0;
		for (; words[i] != NULL; i++)
			if (again[i] == NULL || strcmp(words[i], again[i]) != 0)
				abort();
		if (again[i] != NULL)
			abort();
	}
	free(again);
	free(words);
	return 0;
}
