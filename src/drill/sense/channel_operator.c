/*
 * The operator's channel: what a person saw, entered at the terminal or written as a line to a file
 * or FIFO. "alert …", "log …" and "prevented …" say how much it weighs; a line without such a word
 * is an alert.
 */
#include <ctype.h>
#include <stdlib.h>

#include "base/fault.h"
#include "drill/sense/channel_source.h"

struct operator_channel {
	const struct drill_watch *watch;
	bool has_file;
	struct tail tail;
};

struct word {
	const char *text;
	enum drill_detect kind;
};
static const struct word words[] = {
	{ "alert", DETECT_ALERTED },
	{ "log", DETECT_LOGGED },
	{ "prevented", DETECT_PREVENTED },
	{ "告警", DETECT_ALERTED },
	{ "日志", DETECT_LOGGED },
	{ "阻断", DETECT_PREVENTED },
};

struct passing {
	channel_sink sink;
	void *context;
};

static bool pass(struct view line, enum drill_detect kind, void *context)
{
	(void)kind;
	const struct passing *p = context;
	line = view_trim(line);
	if (line.len == 0)
		return false;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		size_t n = strlen(words[i].text);
		if (line.len < n || strncasecmp(line.at, words[i].text, n) != 0)
			continue;
		if (line.len > n && isalnum((unsigned char)line.at[n]))
			continue;
		struct view rest = view_trim((struct view){ line.at + n, line.len - n });
		if (rest.len > 0 && rest.at[0] == ':')
			rest = view_trim((struct view){ rest.at + 1, rest.len - 1 });
		return p->sink(rest.len == 0 ? line : rest, words[i].kind, p->context);
	}
	return p->sink(line, DETECT_ALERTED, p->context);
}

static enum status operator_open(const struct channel_spec *spec, const struct drill_watch *watch,
	void **out_self, struct error *e)
{
	if (spec->path[0] == '\0' && (watch == NULL || watch->operator_alert == NULL))
		return error_set(e, E_INVALID,
			"%s: nobody can enter anything here: name a file (operator:FILE)",
			spec->text);
	AUTO_FREE struct operator_channel *o =
		FAULT("channel_operator_open") ? NULL : calloc(1, sizeof *o);
	if (o == NULL)
		return error_set(e, E_NO_SPACE, "no memory for a channel");
	o->watch = watch;
	o->has_file = spec->path[0] != '\0';
	if (o->has_file) {
		enum status status = tail_open(&o->tail, spec->path, true, e);
		if (status != OK) {
			tail_close(&o->tail);
			return status;
		}
	}
	*out_self = TAKE(o);
	return OK;
}

static enum status operator_poll(void *self, const struct channel_look *look, struct error *e)
{
	struct operator_channel *o = self;
	struct passing passing = { look->sink, look->context };
	struct channel_look own = *look;
	own.sink = pass;
	own.context = &passing;
	if (o->has_file)
		return tail_poll(&o->tail, &own, e);
	const char *text = NULL;
	if (o->watch->operator_alert(&text, o->watch->context) && text != NULL)
		(void)pass(view_of(text), DETECT_NONE, &passing);
	return OK;
}

static bool operator_was_open(const void *self)
{
	const struct operator_channel *o = self;
	return !o->has_file || o->tail.was_open;
}

static uint64_t operator_n_unread(const void *self)
{
	const struct operator_channel *o = self;
	return o->has_file ? tail_n_unread(&o->tail) : 0;
}

static void operator_close(void *self)
{
	struct operator_channel *o = self;
	if (o->has_file)
		tail_close(&o->tail);
	free(o);
}

const struct channel_type channel_type_operator = { "operator", operator_open, operator_poll,
	operator_was_open, operator_n_unread, operator_close };
