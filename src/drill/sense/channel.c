/*
 * Channels: specs, patterns, and what arrived. How each kind reads is in channel_*.c.
 */
#include "drill/sense/channel.h"

#include <assert.h>
#include <ctype.h>
#include <locale.h>
#include <regex.h>
#include <stdio.h>

#include "base/fault.h"
#include "base/i18n.h"
#include "drill/plain.h"
#include "drill/sense/channel_source.h"

enum {
	REGEX_LINE_MAX = 4096,
	PATTERN_COST_MAX = 2000,
	PATTERN_DEPTH_MAX = 20,
	RAW_ALERTS_MAX = 4096,
	LOOK_MS = 30, /* for all channels together; a piece of each is read in any case */
	DRAIN_MS = 3000
};

static const struct channel_type *const types[] = {
	[CHANNEL_FILE] = &channel_type_file,
	[CHANNEL_JOURNAL] = &channel_type_journal,
	[CHANNEL_WEBHOOK] = &channel_type_webhook,
	[CHANNEL_OPERATOR] = &channel_type_operator,
};

struct raw_alert {
	int64_t boot_ns;
	size_t channel;
	enum drill_detect kind;
	char text[CHANNEL_TEXT_MAX + 1];
};

struct channel {
	struct channel_spec spec;
	regex_t regex;
	bool has_regex;
	void *self;	 /* NULL: not open, or broken */
	size_t n_unkept; /* alerts beyond RAW_ALERTS_MAX */
	bool was_open;	 /* there was something to read at least once */
	bool broken;
	uint64_t n_unread;	      /* bytes that nobody looked at in the end */
	char problem[ERROR_TEXT_MAX]; /* why it is broken, or cannot be read now; "" */
};

struct channels {
	struct channel rows[CHANNELS_MAX];
	size_t n_rows;
	const struct clock *clock;
	const struct drill_watch *watch;
	struct raw_alert *raw;
	size_t n_raw, raw_capacity;
};

/* --- specs --- */

/*
 * What a pattern costs when it is compiled: the C library copies what a repetition repeats ("x+" is
 * "xx*", "x{3}" is "xxx"), so nested repetitions multiply. An atom costs 1, a sequence the sum.
 */
struct cost {
	unsigned long sum[PATTERN_DEPTH_MAX + 1];  /* of each open group */
	unsigned long last[PATTERN_DEPTH_MAX + 1]; /* of the atom before; part of the sum */
	size_t depth;
};

static void cost_atom(struct cost *c, unsigned long n)
{
	c->last[c->depth] = n;
	c->sum[c->depth] += n;
}

static void cost_repeat(struct cost *c, unsigned long times)
{
	unsigned long n = c->last[c->depth];
	if (times > PATTERN_COST_MAX)
		times = PATTERN_COST_MAX + 1;
	if (times > 1 && n <= PATTERN_COST_MAX)
		cost_atom(c, n * (times - 1));
	c->last[c->depth] = n * (times == 0 ? 1 : times);
}

/* "[…]": behind its end. A bracket that does not end is left to the compiler. */
static const char *skip_bracket(const char *at)
{
	const char *end = at + 1;
	end += *end == '^';
	end += *end == ']';
	while (*end != '\0' && *end != ']') {
		bool is_class = *end == '[' && (end[1] == ':' || end[1] == '.' || end[1] == '=');
		char kind[3] = { end[1], ']', '\0' };
		const char *close = is_class ? strstr(end + 2, kind) : NULL;
		end = close == NULL ? end + 1 : close + 2;
	}
	return *end == ']' ? end : at;
}

/* "{m,n}": the larger number, and the place of the brace that ends it. */
static const char *read_interval(const char *at, unsigned long *out_times)
{
	unsigned long number = 0;
	const char *end = at + 1;
	for (; *end != '\0' && *end != '}'; end++) {
		number = isdigit((unsigned char)*end) ? number * 10 + (unsigned long)(*end - '0')
						      : 0;
		if (number > PATTERN_COST_MAX)
			number = PATTERN_COST_MAX + 1;
		*out_times = number > *out_times ? number : *out_times;
	}
	return *end == '}' ? end : end - 1;
}

static bool is_repetition(char c)
{
	return c == '*' || c == '+' || c == '?' || c == '{';
}

/* Takes one piece of the pattern; returns its last character. */
static const char *cost_piece(struct cost *c, const char *at)
{
	unsigned long times = 2; /* "*" and "?" copy nothing, but nested they double the work too */
	if (*at == '(') {
		c->depth++;
		c->sum[c->depth] = c->last[c->depth] = 0;
	} else if (*at == ')' && c->depth > 0) {
		c->depth--;
		cost_atom(c, c->sum[c->depth + 1] + 1);
	} else if (is_repetition(*at)) {
		at = *at == '{' ? read_interval(at, &times) : at;
		cost_repeat(c, times);
	} else {
		at = *at == '[' ? skip_bracket(at) : at;
		at += *at == '\\' && at[1] != '\0';
		cost_atom(c, 1);
	}
	return at;
}

static enum status check_regex_cost(const char *pattern, const char *spec, struct error *e)
{
	struct cost c = { .depth = 0 };
	bool repeated = false;
	for (const char *at = pattern; *at != '\0'; at++) {
		if (*at == '\\' && at[1] >= '1' && at[1] <= '9')
			return error_set(e, E_INVALID, "%s: back references are not allowed", spec);
		if (*at == '(' && c.depth == PATTERN_DEPTH_MAX)
			return error_set(e, E_INVALID, "%s: groups are nested more than %d deep",
				spec, PATTERN_DEPTH_MAX);
		if (is_repetition(*at) && repeated)
			return error_set(e, E_INVALID, "%s: a repetition of a repetition", spec);
		repeated = is_repetition(*at);
		at = cost_piece(&c, at);
		if (c.sum[c.depth] > PATTERN_COST_MAX)
			return error_set(e, E_INVALID, "%s: repetitions multiply to more than %d",
				spec, PATTERN_COST_MAX);
	}
	return OK;
}

/* A character of several bytes becomes a group, so that what repeats it repeats all of it. */
static enum status add_character(
	struct buf *out, const char **at, const struct channel_spec *spec, struct error *e)
{
	size_t n = plain_character((const unsigned char *)*at, strlen(*at));
	if (n > 1)
		buf_add_char(out, '(');
	buf_add_bytes(out, *at, n == 0 ? 1 : n);
	if (n > 1)
		buf_add_char(out, ')');
	*at += n == 0 ? 0 : n - 1;
	return buf_check(out, spec->text, e);
}

/*
 * Patterns are matched byte by byte: a log may be in any encoding, and a byte that is no UTF-8 must
 * not hide what stands beside it ("." would not match it). It is also several times faster.
 */
static enum status bytewise(const struct channel_spec *spec, struct buf *out, struct error *e)
{
	buf_init(out, 4 * CHANNEL_PATTERN_MAX);
	for (const char *at = spec->pattern; *at != '\0'; at++) {
		const char *end = *at == '[' ? skip_bracket(at) : at;
		for (const char *in = at; in < end; in++)
			if ((unsigned char)*in >= 0x80)
				return error_set(e, E_INVALID,
					"%s: a set in [ ] holds only ASCII characters: write "
					"(a|b) instead of [ab]",
					spec->text);
		bool escapes = *at == '\\' && at[1] != '\0' && (unsigned char)at[1] < 0x80;
		if (end > at || escapes) {
			end += escapes;
			buf_add_bytes(out, at, (size_t)(end - at) + 1);
			at = end;
		} else if (*at != '\\' || at[1] == '\0') {
			TRY(add_character(out, &at, spec, e));
		}
	}
	return buf_check(out, spec->text, e);
}

static enum status compile(const struct channel_spec *spec, regex_t *out, struct error *e)
{
	AUTO_BUF struct buf bytes = { 0 };
	TRY(check_regex_cost(spec->pattern, spec->text, e));
	TRY(bytewise(spec, &bytes, e));
	locale_t plain =
		FAULT("channel_locale") ? (locale_t)0 : newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (plain == (locale_t)0)
		return error_set(e, E_NO_SPACE, "no memory for a pattern");
	locale_t before = uselocale(plain);
	int code = regcomp(out, buf_text(&bytes), REG_EXTENDED | REG_NOSUB);
	(void)uselocale(before);
	freelocale(plain);
	if (code == 0)
		return OK;
	char why[160];
	(void)regerror(code, NULL, why, sizeof why);
	return error_set(e, E_INVALID, "%s: not a regular expression: %s", spec->text, why);
}

static enum status parse_pattern(struct view text, struct channel_spec *out, struct error *e)
{
	out->is_regex = view_starts_with(text, VIEW("re:"));
	if (out->is_regex) {
		text.at += 3;
		text.len -= 3;
	}
	if (text.len == 0)
		return error_set(e, E_INVALID, "%s: the pattern is empty", out->text);
	if (text.len > CHANNEL_PATTERN_MAX)
		return error_set(e, E_INVALID, "%s: a pattern has at most %d bytes", out->text,
			CHANNEL_PATTERN_MAX);
	memcpy(out->pattern, text.at, text.len);
	out->pattern[text.len] = '\0';
	if (!out->is_regex)
		return OK;
	regex_t regex;
	TRY(compile(out, &regex, e));
	regfree(&regex);
	return OK;
}

static enum status set_path(struct view path, struct channel_spec *out, struct error *e)
{
	if (path.len < 2 || path.at[0] != '/')
		return error_set(e, E_INVALID, "%s: the path must begin with /", out->text);
	memcpy(out->path, path.at, path.len); /* a part of the spec: it fits */
	out->path[path.len] = '\0';
	return OK;
}

static enum status parse_file(struct view rest, struct channel_spec *out, struct error *e)
{
	bool has_pattern = memchr(rest.at, ':', rest.len) != NULL;
	if (!has_pattern)
		return error_set(e, E_INVALID, "%s: expected file:PATH:PATTERN", out->text);
	TRY(set_path(view_cut(&rest, ':'), out, e));
	return parse_pattern(rest, out, e);
}

static enum status parse_journal(struct view rest, struct channel_spec *out, struct error *e)
{
	if (rest.len == 0)
		return error_set(e, E_INVALID,
			"%s: expected journal:PATTERN or journal:DIR:PATTERN", out->text);
	if (rest.at[0] != '/')
		return parse_pattern(rest, out, e);
	if (memchr(rest.at, ':', rest.len) == NULL)
		return error_set(e, E_INVALID, "%s: a pattern must follow the folder", out->text);
	TRY(set_path(view_cut(&rest, ':'), out, e));
	return parse_pattern(rest, out, e);
}

static enum status parse_webhook(struct view rest, struct channel_spec *out, struct error *e)
{
	bool has_pattern = rest.len > 0 && memchr(rest.at, ':', rest.len) != NULL;
	unsigned long long port = 0;
	if (!view_to_u64(view_cut(&rest, ':'), &port) || port > UINT16_MAX)
		return error_set(
			e, E_INVALID, "%s: the port is a number from 0 to 65535", out->text);
	out->port = (uint16_t)port;
	return has_pattern ? parse_pattern(rest, out, e) : OK;
}

static enum status parse_kind(struct view options, struct channel_spec *out, struct error *e)
{
	static const struct {
		const char *word;
		enum drill_detect kind;
	} words[] = {
		{ "kind=logged", DETECT_LOGGED },
		{ "kind=alerted", DETECT_ALERTED },
		{ "kind=prevented", DETECT_PREVENTED },
	};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (view_is(options, words[i].word)) {
			out->detect = words[i].kind;
			return OK;
		}
	return error_set(e, E_INVALID, "%s: expected kind=logged, kind=alerted or kind=prevented",
		out->text);
}

static enum status parse_rest(
	struct view rest, bool has_rest, struct channel_spec *out, struct error *e)
{
	switch (out->kind) {
	case CHANNEL_FILE:
		return parse_file(rest, out, e);
	case CHANNEL_JOURNAL:
		return parse_journal(rest, out, e);
	case CHANNEL_WEBHOOK:
		return parse_webhook(rest, out, e);
	case CHANNEL_OPERATOR:
		return has_rest ? set_path(rest, out, e) : OK;
	}
	return error_set(e, E_INVALID, "%s: no such channel", out->text);
}

enum status channel_spec_parse(const char *text, struct channel_spec *out, struct error *e)
{
	struct view rest = view_of(text);
	if (rest.len == 0)
		return error_set(e, E_INVALID, "the channel is empty");
	if (rest.len > CHANNEL_SPEC_MAX)
		return error_set(e, E_INVALID, "a channel has at most %d bytes", CHANNEL_SPEC_MAX);
	struct channel_spec spec = { .detect = DETECT_ALERTED };
	memcpy(spec.text, text, rest.len);
	for (size_t i = 0; i < rest.len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return error_set(e, E_INVALID, "a channel holds no control characters");
	bool has_rest = memchr(rest.at, ':', rest.len) != NULL;
	struct view head = view_cut(&rest, ':');
	bool has_options = memchr(head.at, ',', head.len) != NULL;
	struct view name = view_cut(&head, ',');
	size_t kind = 0;
	while (kind < COUNT_OF(types) && !view_is(name, types[kind]->name))
		kind++;
	if (kind == COUNT_OF(types))
		return error_set(e, E_INVALID,
			"%s: a channel begins with file:, journal:, webhook: or operator", text);
	spec.kind = (enum channel_kind)kind;
	if (has_options)
		TRY(parse_kind(head, &spec, e));
	TRY(parse_rest(rest, has_rest, &spec, e));
	*out = spec;
	return OK;
}

/* --- what arrives --- */

/* A line of many kilobytes would hold up the conductor, and with it the emulator's lease. A NUL,
 * which
 * "." does not match, must not hide what stands behind it. */
static bool matches_regex(const struct channel *row, struct view line)
{
	char copy[REGEX_LINE_MAX];
	size_t n = line.len < REGEX_LINE_MAX ? line.len : REGEX_LINE_MAX;
	for (size_t i = 0; i < n; i++)
		copy[i] = line.at[i] == '\0' ? ' ' : line.at[i];
	regmatch_t range = { .rm_so = 0, .rm_eo = (regoff_t)n };
	return regexec(&row->regex, n == 0 ? "" : copy, 0, &range, REG_STARTEND) == 0;
}

static bool matches(const struct channel *row, struct view line)
{
	if (row->spec.pattern[0] == '\0')
		return true;
	if (row->has_regex)
		return matches_regex(row, line);
	return line.len > 0 &&
	       memmem(line.at, line.len, row->spec.pattern, strlen(row->spec.pattern)) != NULL;
}

struct arrival {
	struct channels *channels;
	size_t row;
};

static void keep_alert(struct channels *c, size_t row, enum drill_detect kind, struct view line)
{
	if (c->n_raw == RAW_ALERTS_MAX) {
		c->rows[row].n_unkept++;
		return;
	}
	if (c->n_raw == c->raw_capacity) {
		size_t capacity = c->raw_capacity == 0 ? 64 : c->raw_capacity * 2;
		struct raw_alert *grown =
			FAULT("channel_grow") ? NULL : realloc(c->raw, capacity * sizeof *grown);
		if (grown == NULL) {
			c->rows[row].n_unkept++;
			return;
		}
		c->raw = grown;
		c->raw_capacity = capacity;
	}
	AUTO_BUF struct buf text;
	buf_init(&text, CHANNEL_TEXT_MAX + 1);
	plain_add(&text, view_trim(line), CHANNEL_TEXT_MAX, false);
	struct raw_alert *alert = &c->raw[c->n_raw++];
	*alert = (struct raw_alert){
		.boot_ns = clock_boot_ns(c->clock), .channel = row, .kind = kind
	};
	(void)snprintf(alert->text, sizeof alert->text, "%s", buf_text(&text));
}

/* A body of several lines (a webhook's) is one alert: of its first line that matches. */
static bool take(struct view text, enum drill_detect kind, void *context)
{
	const struct arrival *a = context;
	struct channel *row = &a->channels->rows[a->row];
	if (kind != DETECT_NONE) {
		keep_alert(a->channels, a->row, kind, text);
		return true;
	}
	do {
		struct view line = view_cut(&text, '\n');
		if (matches(row, line)) {
			keep_alert(a->channels, a->row, row->spec.detect, line);
			return true;
		}
	} while (text.len > 0);
	return false;
}

static void say(const struct channels *c, const char *format, const char *text)
{
	AUTO_BUF struct buf sentence;
	buf_init(&sentence, 4 * KIB);
	buf_addf(&sentence, format, text);
	if (c->watch != NULL && c->watch->say != NULL)
		c->watch->say(buf_text(&sentence), c->watch->context);
}

/* What passes (a permission, something else under the log's name) is said once and tried again at
 * each look; what does not is left out. */
static void note_failure(struct channels *c, struct channel *row, const struct error *e)
{
	bool is_new = strcmp(row->problem, e->text) != 0;
	(void)snprintf(row->problem, sizeof row->problem, "%s", e->text);
	if (e->status == E_DENIED) {
		if (is_new)
			say(c, _("A channel cannot be read now and is tried again: %s"), e->text);
		return;
	}
	types[row->spec.kind]->close(TAKE(row->self));
	row->broken = true;
	say(c, _("A channel broke and is left out from now on: %s"), e->text);
}

static void poll_row(struct channels *c, size_t i, int64_t until_boot_ns)
{
	struct channel *row = &c->rows[i];
	const struct channel_type *type = types[row->spec.kind];
	struct error e = ERROR_NONE;
	struct arrival arrival = { c, i };
	struct channel_look look = { take, &arrival, c->clock, until_boot_ns };
	enum status status = type->poll(row->self, &look, &e);
	row->was_open = type->was_open == NULL || type->was_open(row->self);
	row->n_unread = type->n_unread == NULL ? 0 : type->n_unread(row->self);
	if (status != OK)
		note_failure(c, row, &e);
	else if (row->problem[0] != '\0') {
		row->problem[0] = '\0';
		say(c, _("A channel can be read again: %s"), row->spec.text);
	}
}

void channels_poll(struct channels *c)
{
	int64_t until_boot_ns = clock_boot_ns(c->clock) + LOOK_MS * NS_PER_MS;
	for (size_t i = 0; i < c->n_rows; i++)
		if (c->rows[i].self != NULL)
			poll_row(c, i, until_boot_ns);
}

void channels_drain(struct channels *c)
{
	int64_t until_boot_ns = clock_boot_ns(c->clock) + DRAIN_MS * NS_PER_MS;
	bool more = true;
	while (more && clock_boot_ns(c->clock) < until_boot_ns) {
		channels_poll(c);
		more = false;
		for (size_t i = 0; i < c->n_rows; i++)
			more = more || (c->rows[i].self != NULL && c->rows[i].n_unread > 0);
	}
	/* What ends without a newline counts when nothing followed it for a look. */
	channels_poll(c);
	channels_poll(c);
}

static enum status open_rows(struct channels *c, const struct channels_request *r, struct error *e)
{
	for (size_t i = 0; i < r->n_specs; i++) {
		struct channel *row = &c->rows[i];
		TRY(channel_spec_parse(r->specs[i], &row->spec, e));
		if (row->spec.is_regex) {
			TRY(compile(&row->spec, &row->regex, e));
			row->has_regex = true;
		}
		c->n_rows = i + 1;
		const struct channel_type *type = types[row->spec.kind];
		TRY(type->open(&row->spec, r->watch, &row->self, e));
		row->was_open = type->was_open == NULL || type->was_open(row->self);
	}
	return OK;
}

enum status channels_open(const struct channels_request *r, struct channels **out, struct error *e)
{
	if (r->n_specs > CHANNELS_MAX)
		return error_set(e, E_INVALID, "at most %d channels can be named", CHANNELS_MAX);
	AUTO(channels_close)
	struct channels *c = FAULT("channels_open") ? NULL : calloc(1, sizeof *c);
	if (c == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the channels");
	c->clock = r->clock;
	c->watch = r->watch;
	TRY(open_rows(c, r, e));
	*out = TAKE(c);
	return OK;
}

void channels_close(struct channels *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n_rows; i++) {
		if (c->rows[i].self != NULL)
			types[c->rows[i].spec.kind]->close(c->rows[i].self);
		if (c->rows[i].has_regex)
			regfree(&c->rows[i].regex);
	}
	free(c->raw);
	free(c);
}

/* --- what is told --- */

const char *channels_first(const struct channels *c)
{
	return c->n_raw == 0 ? NULL : c->raw[0].text;
}

bool channels_noticed(const struct channels *c, int64_t since_boot_ns)
{
	return c->n_raw > 0 && c->raw[c->n_raw - 1].boot_ns >= since_boot_ns;
}

/* Whether an earlier line of the same burst stands for this one; T0 parts bursts. */
static bool in_burst(
	const struct channels *c, size_t at, const int64_t last[][4], int64_t origin_boot_ns)
{
	const struct raw_alert *now = &c->raw[at];
	int64_t before = last[now->channel][now->kind];
	return before >= 0 && now->boot_ns - before < NS_PER_S &&
	       (before < origin_boot_ns) == (now->boot_ns < origin_boot_ns);
}

/* What was not kept has no time: it came late, when there was no more room. */
static enum status start_tallies(
	const struct channels *c, struct pool *p, struct channel_alerts *out, struct error *e)
{
	out->tallies = pool_take(p, c->n_rows, sizeof *out->tallies);
	out->n_tallies = c->n_rows;
	if (out->tallies == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the channels' alerts");
	for (size_t i = 0; i < c->n_rows; i++) {
		const struct channel *row = &c->rows[i];
		struct channel_tally *tally = &out->tallies[i];
		*tally = (struct channel_tally){ .spec = pool_text(p, view_of(row->spec.text)),
			.n_all = row->n_unkept,
			.n_calls = row->spec.detect > DETECT_LOGGED ? row->n_unkept : 0,
			.never_opened = !row->was_open,
			.broken = row->broken,
			.problem = plain_line(p, view_of(row->problem), ERROR_TEXT_MAX),
			.n_unread = row->n_unread };
		if (tally->spec == NULL || tally->problem == NULL)
			return error_set(e, E_NO_SPACE, "no memory for the channels' alerts");
		out->n_all += row->n_unkept;
	}
	return OK;
}

static void count(struct channel_tally *tally, const struct raw_alert *raw, int64_t origin_boot_ns)
{
	bool calls = raw->kind > DETECT_LOGGED;
	tally->n_all++;
	tally->n_calls += calls;
	tally->n_early += calls && raw->boot_ns < origin_boot_ns;
}

enum status channels_alerts(const struct channels *c, int64_t origin_boot_ns,
	int64_t origin_wall_ns, struct pool *p, struct channel_alerts *out, struct error *e)
{
	size_t room = c->n_raw < CHANNEL_ALERTS_MAX ? c->n_raw : CHANNEL_ALERTS_MAX;
	struct channel_alerts heard = { .alerts = pool_take(
						p, room == 0 ? 1 : room, sizeof *heard.alerts) };
	if (heard.alerts == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the alerts");
	TRY(start_tallies(c, p, &heard, e));
	int64_t last[CHANNELS_MAX][4];
	for (size_t i = 0; i < CHANNELS_MAX; i++)
		for (size_t k = 0; k < 4; k++)
			last[i][k] = -1;
	for (size_t i = 0; i < c->n_raw; i++) {
		const struct raw_alert *raw = &c->raw[i];
		bool again = in_burst(c, i, last, origin_boot_ns);
		last[raw->channel][raw->kind] = raw->boot_ns;
		if (again)
			continue;
		struct channel_tally *tally = &heard.tallies[raw->channel];
		count(tally, raw, origin_boot_ns);
		heard.n_all++;
		if (heard.n == room)
			continue;
		const char *text = pool_text(p, view_of(raw->text));
		if (text == NULL)
			return error_set(e, E_NO_SPACE, "no memory for the alerts");
		int64_t after_ns = raw->boot_ns - origin_boot_ns;
		heard.alerts[heard.n++] = (struct drill_alert){ .at_ns = origin_wall_ns + after_ns,
			.after_ns = after_ns,
			.channel = tally->spec,
			.text = text,
			.kind = raw->kind };
	}
	*out = heard;
	return OK;
}
