/*
 * Strict YAML by libyaml, read into JSON values so that one set of getters serves both. What would
 * surprise a reader is refused: anchors, aliases, tags, merge keys, duplicate keys, second
 * documents.
 */
#include <string.h>
#include <yaml.h>

#include "base/i18n.h"
#include "base/json.h"

struct reader {
	yaml_parser_t parser;
	const char *what;
	struct error *e;
};

static enum status complain(struct reader *r, const yaml_event_t *event, const char *why)
{
	return error_set(
		r->e, E_INVALID, "%s: line %zu: %s", r->what, event->start_mark.line + 1, _(why));
}

static enum status next_event(struct reader *r, yaml_event_t *event)
{
	if (yaml_parser_parse(&r->parser, event))
		return OK;
	return error_set(r->e, r->parser.error == YAML_MEMORY_ERROR ? E_NO_SPACE : E_INVALID,
		"%s: line %zu: %s", r->what, r->parser.problem_mark.line + 1,
		r->parser.problem == NULL ? _("not YAML") : r->parser.problem);
}

static bool all_digits(const char *text)
{
	return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

/* True where the text is a number; *out is NULL where memory is short. A leading zero makes text of
 * it, as in 0755 or 007.5: such things are names, and YAML 1.1 would read the first as octal. */
static bool plain_number(const char *text, json_t **out)
{
	const char *digits = text[0] == '-' ? text + 1 : text;
	size_t n_whole = strspn(digits, "0123456789");
	char *end = NULL;
	if (n_whole == 0 || n_whole > 18 || (digits[0] == '0' && n_whole > 1))
		return false;
	if (digits[n_whole] == '\0') {
		*out = json_integer(strtoll(text, &end, 10));
		return true;
	}
	if (digits[n_whole] != '.' || strlen(text) > 30 || !all_digits(digits + n_whole + 1))
		return false;
	*out = json_real(strtod(text, &end));
	return true;
}

static json_t *scalar(const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && strlen(text) == len) {
		if (len == 0 || strcmp(text, "null") == 0 || strcmp(text, "~") == 0)
			return json_null();
		if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
			return json_boolean(text[0] == 't');
		json_t *number = NULL;
		if (plain_number(text, &number))
			return number;
	}
	return memchr(text, '\0', len) != NULL ? NULL : json_stringn(text, len);
}

static bool has_anchor_or_tag(const yaml_event_t *event)
{
	switch ((int)event->type) { /* a foreign enum: the rest is the default */
	case YAML_SCALAR_EVENT:
		return event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.anchor != NULL ||
		       event->data.sequence_start.tag != NULL;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.anchor != NULL ||
		       event->data.mapping_start.tag != NULL;
	default:
		return false;
	}
}

static enum status read_value(struct reader *r, yaml_event_t *event, int depth, json_t **out);

static enum status read_sequence(struct reader *r, int depth, json_t **out)
{
	AUTO_JSON json_t *list = json_array();
	for (;;) {
		yaml_event_t event;
		TRY(next_event(r, &event));
		if (event.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&event);
			*out = TAKE(list);
			return OK;
		}
		json_t *item = NULL;
		enum status status = read_value(r, &event, depth + 1, &item);
		yaml_event_delete(&event);
		TRY(status);
		if (json_array_append_new(list, item) != 0)
			return error_set(r->e, E_NO_SPACE, "%s: out of memory", r->what);
	}
}

static enum status read_pair(struct reader *r, yaml_event_t *key, int depth, json_t *map)
{
	if (key->type != YAML_SCALAR_EVENT || has_anchor_or_tag(key))
		return complain(r, key, N_("a key must be plain text"));
	const char *name = (const char *)key->data.scalar.value;
	if (strlen(name) != key->data.scalar.length || strcmp(name, "<<") == 0)
		return complain(r, key, N_("this key is not allowed"));
	if (json_object_get(map, name) != NULL)
		return complain(r, key, N_("duplicate key"));
	yaml_event_t event;
	TRY(next_event(r, &event));
	json_t *value = NULL;
	enum status status = read_value(r, &event, depth + 1, &value);
	yaml_event_delete(&event);
	TRY(status);
	if (json_object_set_new(map, name, value) != 0)
		return complain(r, key, N_("this key is not UTF-8"));
	return OK;
}

static enum status read_mapping(struct reader *r, int depth, json_t **out)
{
	AUTO_JSON json_t *map = json_object();
	for (;;) {
		yaml_event_t event;
		TRY(next_event(r, &event));
		if (event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			*out = TAKE(map);
			return OK;
		}
		enum status status = read_pair(r, &event, depth, map);
		yaml_event_delete(&event);
		TRY(status);
	}
}

static enum status read_value(struct reader *r, yaml_event_t *event, int depth, json_t **out)
{
	bool opens =
		event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT;
	if (opens && depth >= JSON_DEPTH_MAX)
		return complain(r, event, N_("nested too deeply"));
	if (has_anchor_or_tag(event))
		return complain(r, event, N_("anchors and tags are not allowed"));
	switch ((int)event->type) { /* a foreign enum: the rest is the default */
	case YAML_SCALAR_EVENT:
		*out = scalar(event);
		return *out != NULL ? OK
				    : complain(r, event, N_("text is not UTF-8 or holds a NUL"));
	case YAML_SEQUENCE_START_EVENT:
		return read_sequence(r, depth, out);
	case YAML_MAPPING_START_EVENT:
		return read_mapping(r, depth, out);
	case YAML_ALIAS_EVENT:
		return complain(r, event, N_("aliases are not allowed"));
	default:
		return complain(r, event, N_("unexpected end"));
	}
}

static enum status expect(struct reader *r, yaml_event_type_t wanted, const char *why)
{
	yaml_event_t event;
	TRY(next_event(r, &event));
	enum status status = event.type == wanted ? OK : complain(r, &event, why);
	yaml_event_delete(&event);
	return status;
}

static enum status read_document(struct reader *r, json_t **out)
{
	TRY(expect(r, YAML_STREAM_START_EVENT, N_("not YAML")));
	TRY(expect(r, YAML_DOCUMENT_START_EVENT, N_("the document is empty")));
	yaml_event_t event;
	TRY(next_event(r, &event));
	AUTO_JSON json_t *value = NULL;
	enum status status = read_value(r, &event, 0, &value);
	yaml_event_delete(&event);
	TRY(status);
	TRY(expect(r, YAML_DOCUMENT_END_EVENT, N_("not YAML")));
	TRY(expect(r, YAML_STREAM_END_EVENT, N_("a second document is not allowed")));
	*out = TAKE(value);
	return OK;
}

enum status yaml_read(
	struct view text, size_t ceiling_bytes, const char *what, json_t **out, struct error *e)
{
	if (text.len > ceiling_bytes)
		return error_set(e, E_TOO_BIG, "%s: larger than %zu bytes", what, ceiling_bytes);
	struct reader r = { .what = what, .e = e };
	if (!yaml_parser_initialize(&r.parser))
		return error_set(e, E_NO_SPACE, "%s: out of memory", what);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&r.parser, (const unsigned char *)(text.len == 0 ? "" : text.at), text.len);
	enum status status = read_document(&r, out);
	yaml_parser_delete(&r.parser);
	return status;
}
