/*
 * Facts for the interchange formats.
 */
#include "render/exchange.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"

static const char *notice_text(const struct incident *i, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(i->notice, key));
	return text == NULL || text[0] == '\0' ? otherwise : text;
}

static int64_t notice_time(const struct incident *i, const char *key)
{
	int64_t ns = -1;
	const char *text = json_string_value(json_object_get(i->notice, key));
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

void exchange_from(const struct incident *i, const struct export_options *o, struct exchange *out)
{
	static const char *const numerals[] = { "", "I", "II", "III", "IV" };
	char title[4 * NAME_MAX_BYTES];
	*out = (struct exchange){ .redacted = o->redacted, .drill = i->drill };
	out->company = o->redacted ? "redacted" : notice_text(i, "company", "unknown");
	out->kind = notice_text(i, "kind", "unknown");
	out->what = o->redacted ? "" : notice_text(i, "what", "");
	out->tlp = o->tlp == NULL ? i->tlp : o->tlp;
	out->tier_number = default_tier(i);
	if (out->tier_number < 0 || out->tier_number > 4)
		out->tier_number = 0;
	out->tier = numerals[out->tier_number];
	out->discovered_ns = notice_time(i, "discovered_at");
	out->modified_ns = last_change(i);
	(void)snprintf(title, sizeof title, "%s%s: %s%s%.600s", i->drill ? "DRILL " : "", i->number,
		out->kind, out->what[0] == '\0' ? "" : ", ", out->what);
	copy_text(out->title_text, sizeof out->title_text, title);
	out->title = out->title_text;
}

char *exchange_uuid(const struct id *incident, const char *word, char out[ID_TEXT_LEN + 1])
{
	const struct digest d = digest_hmac(incident->text, ID_TEXT_LEN, word, strlen(word));
	unsigned char hash[16];
	memcpy(hash, d.bytes, sizeof hash);
	hash[6] = (unsigned char)((hash[6] & 0x0FU) | 0x80U); /* version 8 */
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

char *exchange_clock_text(const struct clock_row *c, char out[CLOCK_TEXT_MAX])
{
	(void)snprintf(out, CLOCK_TEXT_MAX, "%.60s -> %.60s: %.60s (%.60s, %.60s %.60s)", c->owes,
		c->to, c->stage, c->profile, c->instrument, c->row);
	return out;
}

int64_t exchange_fact(const struct incident *i, const char *key)
{
	const json_t *value = json_object_get(i->facts, key);
	return json_is_integer(value) ? (int64_t)json_integer_value(value) : -1;
}
