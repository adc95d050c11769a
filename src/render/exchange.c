/*
 * Facts for the interchange formats.
 */
#include "render/exchange.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "render/incident_words.h"

const struct tlp *tlp_find(const char *label)
{
	static const struct tlp rows[] = {
		{ "CLEAR", "clear", "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
			"#ffffff" },
		{ "GREEN", "green", "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
			"#33FF00" },
		{ "AMBER", "amber", "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
			"#FFC000" },
		{ "AMBER+STRICT", "amber+strict",
			"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "#FFC000" },
		{ "RED", "red", "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
			"#FF2B2B" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].label, label) == 0)
			return &rows[i];
	return NULL;
}

bool render_tlp_known(const char *label)
{
	return tlp_find(label) != NULL;
}

static const char *notice_text(const struct incident *i, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(i->notice, key));
	return text == NULL || text[0] == '\0' ? otherwise : text;
}

static int64_t time_of(json_t *object, const char *key)
{
	int64_t ns = -1;
	const char *text = json_string_value(json_object_get(object, key));
	return text != NULL && time_parse(view_of(text), &ns) ? ns : -1;
}

static int default_tier(const struct incident *i)
{
	for (size_t k = 0; k < i->n_grades; k++) {
		if (strcmp(i->grades[k].profile, PROFILE_DEFAULT) != 0)
			continue;
		const json_t *tier = json_object_get(i->grades[k].classification, "tier");
		return json_is_integer(tier) ? (int)json_integer_value(tier) : 0;
	}
	return 0;
}

static int64_t last_change(const struct incident *i)
{
	int64_t last_ns = i->created_ns;
	for (size_t k = 0; k < i->n_events; k++)
		if (i->events[k].at_ns > last_ns)
			last_ns = i->events[k].at_ns;
	return last_ns;
}

/* Cut at the border of a character. */
static void copy_text(char *out, size_t size, const char *text)
{
	size_t n = strlen(text);
	if (n >= size) {
		n = size - 1;
		while (n > 0 && ((unsigned char)text[n] & 0xC0U) == 0x80U)
			n--;
	}
	memcpy(out, text, n);
	out[n] = '\0';
}

static enum status set_title(const struct incident *i, struct exchange *x, struct error *e)
{
	AUTO_BUF struct buf title;
	buf_init(&title, 64 * KIB);
	buf_addf(&title, "%s%s: %s", x->drill ? "DRILL " : "", i->number, x->kind);
	if (x->what[0] != '\0')
		buf_addf(&title, ", %s", x->what);
	TRY(buf_check(&title, "the title of an incident", e));
	copy_text(x->title_text, sizeof x->title_text, buf_text(&title));
	x->title = x->title_text;
	return OK;
}

static const char *answer_of(const struct incident *i)
{
	const char *text = notice_text(i, "ongoing", "unknown");
	return strcmp(text, "yes") == 0 || strcmp(text, "no") == 0 ? text : "unknown";
}

enum status exchange_from(const struct incident *i, const struct export_options *o,
	struct exchange *out, struct error *e)
{
	static const char *const numerals[] = { "", "I", "II", "III", "IV" };
	const char *label = o->tlp == NULL ? i->tlp : o->tlp;
	const struct tlp *tlp = tlp_find(label);
	if (tlp == NULL)
		return error_set(e, E_INVALID,
			"TLP: '%.40s' is none of RED, AMBER+STRICT, AMBER, GREEN, CLEAR", label);
	const int tier = default_tier(i);
	*out = (struct exchange){ .incident = i,
		.options = o,
		.tlp = tlp,
		.company = o->redacted ? "redacted" : notice_text(i, "company", "unknown"),
		.kind = notice_text(i, "kind", "unknown"),
		.what = o->redacted ? "" : notice_text(i, "what", ""),
		.ongoing = answer_of(i),
		.tier = numerals[tier < 0 || tier > 4 ? 0 : tier],
		.occurred_ns = time_of(i->facts, "occurred_at"),
		.discovered_ns = time_of(i->notice, "discovered_at"),
		.modified_ns = last_change(i),
		.redacted = o->redacted,
		.drill = i->drill };
	if (o->redacted && !kind_known(out->kind))
		out->kind = "other";
	return set_title(i, out, e);
}

bool exchange_shows(const struct exchange *x, const char *profile)
{
	const struct profile *p = NULL;
	struct error absent = ERROR_NONE;
	if (!x->redacted)
		return true;
	return x->options->profiles != NULL &&
	       profile_find(x->options->profiles, profile, &p, &absent) == OK &&
	       strcmp(p->source, "built in") == 0;
}

/* --- names ------------------------------------------------------------------------------------ */

static char *uuid_of(const char *key, const char *word, char out[ID_TEXT_LEN + 1])
{
	const struct digest d = digest_hmac(key, strlen(key), word, strlen(word));
	unsigned char hash[16];
	memcpy(hash, d.bytes, sizeof hash);
	hash[6] = (unsigned char)((hash[6] & 0x0FU) | 0x40U); /* version 4 */
	hash[8] = (unsigned char)((hash[8] & 0x3FU) | 0x80U); /* variant of RFC 9562 */
	char *at = out;
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = "0123456789abcdef"[hash[i] >> 4];
		*at++ = "0123456789abcdef"[hash[i] & 0x0FU];
	}
	*at = '\0';
	return out;
}

char *exchange_uuid(const struct exchange *x, const char *word, char out[ID_TEXT_LEN + 1])
{
	char key[ID_TEXT_LEN + 16];
	(void)snprintf(
		key, sizeof key, "%s%s", x->incident->id.text, x->redacted ? "/redacted" : "");
	return uuid_of(key, word, out);
}

char *exchange_company_uuid(const struct exchange *x, char out[ID_TEXT_LEN + 1])
{
	return uuid_of("tocsin/company", x->company, out);
}

void exchange_clock_text(const struct clock_row *c, struct buf *out)
{
	buf_addf(out, "%s -> %s: %s (%s, %s %s)", c->owes, c->to, c->stage, c->profile,
		c->instrument, c->row);
}

int64_t exchange_fact(const struct incident *i, const char *key)
{
	const json_t *value = json_object_get(i->facts, key);
	return json_is_integer(value) ? (int64_t)json_integer_value(value) : -1;
}

int exchange_answer(const struct incident *i, const char *key)
{
	const json_t *value = json_object_get(i->facts, key);
	return json_is_boolean(value) ? json_is_true(value) : -1;
}

/* --- JSON ------------------------------------------------------------------------------------- */

void exchange_put(struct json_maker *m, json_t *object, const char *key, json_t *value)
{
	if (value == NULL || json_object_set_new(object, key, value) != 0)
		m->failed = true;
}

void exchange_push(struct json_maker *m, json_t *list, json_t *value)
{
	if (value == NULL || json_array_append_new(list, value) != 0)
		m->failed = true;
}

enum status exchange_finish(const struct json_maker *m, const json_t *value, struct buf *out,
	const char *what, struct error *e)
{
	if (m->failed || value == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(json_write(value, out, e));
	buf_add_char(out, '\n');
	return buf_check(out, what, e);
}
