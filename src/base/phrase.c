/*
 * Keeping and wording sentences. A kept format comes from a database, which anybody may have
 * changed: it is never given to printf, and its holes are filled by hand.
 */
#include "base/phrase.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "base/i18n.h"

#define MARK '\x1e'
enum { DEPTH_MAX = 24, ARGUMENTS_MAX = 9 };
#define PHRASE_BYTES_MAX (256 * KIB)

/* --- keeping ---------------------------------------------------------------------------------- */

json_t *phrase_to_json(const char *kept)
{
	json_t *value = NULL;
	if (kept[0] == MARK &&
		json_read(view_of(kept + 1), PHRASE_BYTES_MAX, "phrase", &value, NULL) == OK)
		return value;
	value = json_string(kept[0] == MARK ? kept + 1 : kept);
	return value == NULL ? json_string("?") : value;
}

/* The hole at `at`, behind its '%': how long it is, and which letter ends it. */
static size_t hole_length(const char *at, char *out_kind)
{
	const size_t n = strspn(at, "0123456789$lz");
	*out_kind = at[n];
	return at[n] == '\0' ? n : n + 1;
}

static json_t *argument_of(char kind, const char *hole, va_list *args)
{
	if (kind == 's') {
		const char *text = va_arg(*args, const char *);
		return phrase_to_json(text == NULL ? "" : text);
	}
	assert(kind == 'd' || kind == 'u');
	if (hole[0] == 'z')
		return json_integer((json_int_t)va_arg(*args, size_t));
	if (hole[0] == 'l')
		return json_integer((json_int_t)va_arg(*args, long long));
	return json_integer(va_arg(*args, int));
}

static bool add_arguments(json_t *list, const char *format, va_list *args)
{
	const char *at = format;
	char kind = '\0';
	while ((at = strchr(at, '%')) != NULL) {
		at++;
		const size_t n = hole_length(at, &kind);
		if (kind != '%' && json_array_append_new(list, argument_of(kind, at, args)) != 0)
			return false;
		at += n;
	}
	return true;
}

const char *phrase_of(struct pool *p, const char *format, ...)
{
	AUTO_JSON json_t *list = json_array();
	AUTO_BUF struct buf text = { .ceiling = PHRASE_BYTES_MAX };
	va_list args;
	bool sound = list != NULL && json_array_append_new(list, json_string(format)) == 0;
	va_start(args, format);
	sound = sound && add_arguments(list, format, &args);
	va_end(args);
	buf_add_char(&text, MARK);
	if (!sound || json_write(list, &text, NULL) != OK || text.failed)
		return NULL;
	return pool_text(p, buf_view(&text));
}

const char *phrase_sentence(struct pool *p, const char *english)
{
	AUTO_JSON json_t *list = NULL;
	AUTO_BUF struct buf text = { .ceiling = PHRASE_BYTES_MAX };
	if (english[0] == '\0' || strchr(english, '%') != NULL)
		return pool_text(p, view_of(english));
	list = json_pack("[s]", english);
	buf_add_char(&text, MARK);
	if (list == NULL || json_write(list, &text, NULL) != OK || text.failed)
		return pool_text(p, view_of("?"));
	return pool_text(p, buf_view(&text));
}

/* --- wording ---------------------------------------------------------------------------------- */

static void add_words(json_t *value, int depth, struct buf *out);

static void add_argument(json_t *list, size_t place, int depth, struct buf *out)
{
	json_t *value = json_array_get(list, place);
	if (json_is_integer(value))
		buf_addf(out, "%lld", (long long)json_integer_value(value));
	else
		add_words(value, depth + 1, out);
}

static void fill_holes(const char *format, json_t *list, int depth, struct buf *out)
{
	size_t next = 1;
	char kind = '\0';
	for (const char *at = format; *at != '\0';) {
		if (*at != '%') {
			buf_add_char(out, *at++);
			continue;
		}
		const char *hole = ++at;
		at += hole_length(hole, &kind);
		if (kind == '%')
			buf_add_char(out, '%');
		else if (hole[0] >= '1' && hole[0] <= '9' && hole[1] == '$')
			add_argument(list, (size_t)(hole[0] - '0'), depth, out);
		else
			add_argument(list, next++, depth, out);
	}
}

static void add_words(json_t *value, int depth, struct buf *out)
{
	const char *format = json_string_value(json_array_get(value, 0));
	if (json_is_string(value))
		buf_add_text(out, json_string_value(value));
	else if (format != NULL && format[0] != '\0' && depth < DEPTH_MAX &&
		 json_array_size(value) <= ARGUMENTS_MAX + 1)
		fill_holes(i18n_text(format), value, depth, out);
	else
		buf_add_char(out, '?');
}

const char *phrase_words(struct pool *p, const char *kept)
{
	AUTO_JSON json_t *value = NULL;
	AUTO_BUF struct buf text = { .ceiling = PHRASE_BYTES_MAX };
	if (kept[0] != MARK)
		return kept;
	value = phrase_to_json(kept);
	if (value == NULL)
		return NULL;
	add_words(value, 0, &text);
	return text.failed ? NULL : pool_text(p, buf_view(&text));
}

json_t *phrase_json_words(json_t *value)
{
	AUTO_BUF struct buf text = { .ceiling = PHRASE_BYTES_MAX };
	if (!json_is_array(value))
		return json_incref(value);
	add_words(value, 0, &text);
	return text.failed ? NULL : json_string(buf_text(&text));
}
