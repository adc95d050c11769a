/*
 * One field of a rule file at a time: found, checked, copied.
 */
#include "incident/rules/rule_read.h"

#include <stdio.h>
#include <string.h>

#include "base/near.h"
#include "base/utf8.h"

char *rule_path(char out[RULE_PATH_MAX], const char *at, const char *key)
{
	(void)snprintf(out, RULE_PATH_MAX, "%s%s%s", at, at[0] == '\0' ? "" : ".", key);
	return out;
}

char *rule_item(char out[RULE_PATH_MAX], const char *at, size_t i)
{
	(void)snprintf(out, RULE_PATH_MAX, "%s[%zu]", at, i);
	return out;
}

enum status rule_no_memory(struct error *e)
{
	return error_set(e, E_TOO_BIG, "the rules need more memory than they may have");
}

static enum status refuse(struct json_place in, const char *key, const char *why, struct error *e)
{
	char path[RULE_PATH_MAX];
	return error_set(e, E_INVALID, "%s: %s", rule_path(path, in.at, key), why);
}

static enum status keep(struct pool *p, const char *text, const char **out, struct error *e)
{
	*out = pool_text(p, view_of(text));
	return *out == NULL ? rule_no_memory(e) : OK;
}

static bool is_key(const char *text)
{
	static const char inner[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	const size_t len = strlen(text);
	return len >= 1 && len <= RULE_KEY_MAX && strspn(text, inner) == len && text[0] != '_' &&
	       text[0] != '-';
}

enum status rule_key(struct json_place in, const char *key, enum json_need need, struct pool *p,
	const char **out, struct error *e)
{
	const char *text = NULL;
	TRY(json_get_text(in, key, need, &text, e));
	if (text == NULL)
		return OK;
	if (!is_key(text))
		return refuse(in, key, _("not a key: 1 to 64 of a-z, 0-9, _ and -"), e);
	return keep(p, text, out, e);
}

enum status rule_line(struct json_place in, const char *key, enum json_need need, struct pool *p,
	const char **out, struct error *e)
{
	const char *text = NULL;
	TRY(json_get_text(in, key, need, &text, e));
	if (text == NULL)
		return OK;
	const enum text_flaw flaw = text_flaw_of(view_of(text), TEXT_ONE_LINE);
	if (flaw != TEXT_SOUND)
		return refuse(in, key, text_flaw_words(flaw), e);
	if (view_trim(view_of(text)).len == 0)
		return refuse(in, key, _("empty"), e);
	if (strlen(text) > RULE_LINE_MAX)
		return refuse(in, key, _("longer than 600 bytes"), e);
	return keep(p, text, out, e);
}

enum status rule_both_here(
	struct json_place in, struct pool *p, struct bilingual *out, struct error *e)
{
	struct bilingual both = { NULL, NULL };
	TRY(rule_line(in, "zh", JSON_REQUIRED, p, &both.zh, e));
	TRY(rule_line(in, "en", JSON_REQUIRED, p, &both.en, e));
	*out = both;
	return OK;
}

enum status rule_both(struct json_place in, const char *key, enum json_need need, struct pool *p,
	struct bilingual *out, struct error *e)
{
	static const char *const known[] = { "zh", "en", NULL };
	char path[RULE_PATH_MAX];
	json_t *value = NULL;
	TRY(json_get_object(in, key, need, &value, e));
	if (value == NULL)
		return OK;
	struct json_place at = { value, rule_path(path, in.at, key) };
	TRY(json_only_keys(at, known, e));
	return rule_both_here(at, p, out, e);
}

enum status rule_choice(struct json_place in, const char *key, enum json_need need,
	const char *const *words, int *out, struct error *e)
{
	char path[RULE_PATH_MAX];
	AUTO_BUF struct buf all;
	const char *text = NULL;
	buf_init(&all, 1024);
	TRY(json_get_text(in, key, need, &text, e));
	if (text == NULL)
		return OK;
	for (int i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], text) == 0) {
			*out = i;
			return OK;
		}
		buf_addf(&all, "%s%s", i == 0 ? "" : ", ", words[i]);
	}
	return error_set(
		e, E_INVALID, "%s: must be one of %s", rule_path(path, in.at, key), buf_text(&all));
}

enum status rule_int(struct json_place in, const char *key, enum json_need need, int64_t low,
	int64_t high, int64_t *out, struct error *e)
{
	char path[RULE_PATH_MAX];
	int64_t value = low;
	json_t *found = NULL;
	if (json_is_object(in.object))
		found = json_object_get(in.object, key);
	TRY(json_get_int(in, key, need, &value, e));
	if (found == NULL || json_is_null(found))
		return OK;
	if (value < low || value > high)
		return error_set(e, E_INVALID, "%s: must be from %lld to %lld",
			rule_path(path, in.at, key), (long long)low, (long long)high);
	*out = value;
	return OK;
}

enum status rule_list(struct json_place in, const char *key, enum json_need need, size_t most,
	json_t **out, struct error *e)
{
	char path[RULE_PATH_MAX];
	json_t *list = NULL;
	TRY(json_get_array(in, key, need, &list, e));
	if (list == NULL)
		return OK;
	if (json_array_size(list) == 0 || json_array_size(list) > most)
		return error_set(e, E_INVALID, "%s: must hold 1 to %zu items",
			rule_path(path, in.at, key), most);
	*out = list;
	return OK;
}

const char *rule_near(const char *word, struct rule_names all, char out[RULE_NEAR_MAX])
{
	enum { FAR = 4, MOST = 3 };
	size_t len = 0;
	size_t found = 0;
	out[0] = '\0';
	for (unsigned away = 0; away < FAR; away++) {
		for (size_t i = 0; i < all.n && found < MOST; i++) {
			const char *name = all.name_at(all.context, i);
			const bool begins =
				word[0] != '\0' && view_starts_with(view_of(name), view_of(word));
			/* Half of a short name changed is another name. */
			const unsigned distance = begins ? 1 : near_distance(word, name);
			if (distance != away || (!begins && 2 * distance > strlen(name)))
				continue;
			const int n = snprintf(out + len, RULE_NEAR_MAX - len, "%s'%s'",
				found == 0 ? "" : ", ", name);
			if (n < 0 || (size_t)n >= RULE_NEAR_MAX - len) {
				out[len] = '\0';
				return out;
			}
			len += (size_t)n;
			found++;
		}
	}
	return out;
}
