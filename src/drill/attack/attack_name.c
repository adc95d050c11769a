/*
 * The name that the attack gives a decoy: a function of scenario, key and file alone, so that undo
 * and the destroy step find it without asking anybody.
 */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "drill/attack/attack.h"

/* One byte less than a file system takes: the working name has one more. */
enum { NAME_BYTES_MAX = 254, RANDOM_PART_MAX = 64 };

/* `n` letters and digits; DIGEST_BYTES of them per hash. The slight bias of the remainder is of no
 * account: nothing here is secret. */
static void random_part(const unsigned char escrow[ESCROW_KEY_BYTES], bool per_file, uint32_t file,
	size_t n, char *out)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	char message[64];
	struct digest d = { { 0 } };
	for (size_t i = 0; i < n; i++) {
		if (i % DIGEST_BYTES == 0) {
			int len = snprintf(message, sizeof message, "tocsin suffix %zu %s %lu",
				i / DIGEST_BYTES, per_file ? "file" : "run",
				per_file ? (unsigned long)file : 0UL);
			d = digest_hmac(escrow, ESCROW_KEY_BYTES, message, (size_t)len);
		}
		out[i] = letters[d.bytes[i % DIGEST_BYTES] % (sizeof letters - 1)];
	}
	out[n] = '\0';
}

/* The suffix with its dot: the fixed text, then the random part where there is one. */
static enum status make_suffix(const struct scenario *s, const unsigned char *escrow, uint32_t file,
	char out[NAME_BYTES_MAX + 1], struct error *e)
{
	char random[RANDOM_PART_MAX + 1] = "";
	const char *text = s->suffix == NULL ? "" : s->suffix;
	if (s->suffix_kind != SUFFIX_FIXED) {
		if (s->suffix_random == 0 || s->suffix_random > RANDOM_PART_MAX)
			return error_set(e, E_INVALID, "a random suffix of %lu characters",
				(unsigned long)s->suffix_random);
		random_part(escrow, s->suffix_kind == SUFFIX_RANDOM_PER_FILE, file,
			s->suffix_random, random);
		if (text[0] == '\0')
			text = ".";
	}
	if (strlen(text) + strlen(random) > NAME_BYTES_MAX / 2)
		return error_set(e, E_INVALID, "a suffix of %zu bytes is too long",
			strlen(text) + strlen(random));
	(void)snprintf(out, NAME_BYTES_MAX + 1, "%s%s", text, random);
	return OK;
}

/* The most bytes of `name`, not over `most`, that end between two UTF-8 characters. */
static size_t cut_between_characters(const char *name, size_t len, size_t most)
{
	if (len <= most)
		return len;
	while (most > 0 && ((unsigned char)name[most] & 0xc0) == 0x80)
		most--;
	return most;
}

enum status attack_new_name(const struct scenario *s, const unsigned char escrow[ESCROW_KEY_BYTES],
	uint32_t file, const char *old_name, char out[256], struct error *e)
{
	char suffix[NAME_BYTES_MAX + 1];
	char mark[16] = "";
	size_t len = strlen(old_name);
	TRY(make_suffix(s, escrow, file, suffix, e));
	if (len == 0 || len > NAME_BYTES_MAX + 1 || strchr(old_name, '/') != NULL ||
		strchr(suffix, '/') != NULL)
		return error_set(e, E_INVALID, "a decoy's name must be one path component");
	/* A name that must be cut gets the file's number, so that two long names stay two. */
	if (len + strlen(suffix) > NAME_BYTES_MAX)
		(void)snprintf(mark, sizeof mark, "~%lu", (unsigned long)file);
	size_t keep = cut_between_characters(
		old_name, len, NAME_BYTES_MAX - strlen(suffix) - strlen(mark));
	char name[NAME_BYTES_MAX + 1];
	(void)snprintf(name, sizeof name, "%.*s%s%s", (int)keep, old_name, mark, suffix);
	for (char *c = name; s->lower_case_name && *c != '\0'; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	}
	if (strcmp(name, old_name) == 0)
		return error_set(e, E_INVALID, "the scenario gives '%s' no other name", old_name);
	memcpy(out, name, sizeof name);
	return OK;
}
