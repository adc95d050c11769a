/*
 * Surroundings of the incident commands.
 */
#include "cli/incident_session.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/i18n.h"
#include "base/utf8.h"
#include "sys/file.h"

#define FACTS_BYTES_MAX ((size_t)4 * MIB)
enum { FAULT_LINE_MAX = 2048 };

/* What a home adds must not keep a notice from going out. */
static enum status load_profiles(
	struct session *s, const char *home, struct profile_set **out, struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, FAULT_LINE_MAX);
	if (profile_set_load(home, out, e) == OK)
		return OK;
	if (home == NULL)
		return e->status;
	buf_addf(&text, _("The home's own profiles are left out: %s"), e->text);
	session_say(s, buf_text(&text));
	return profile_set_load(NULL, out, e);
}

static enum status load_forms(
	struct session *s, const char *home, struct form_set **out, struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, FAULT_LINE_MAX);
	if (form_set_load(home, out, e) == OK)
		return OK;
	if (home == NULL)
		return e->status;
	buf_addf(&text, _("The home's own forms are left out: %s"), e->text);
	session_say(s, buf_text(&text));
	return form_set_load(NULL, out, e);
}

/* Nor must a calendar: its dates are then estimated. */
static void look_at_calendars(struct session *s, const struct profile_set *profiles)
{
	AUTO_BUF struct buf text;
	const char *last = "";
	buf_init(&text, FAULT_LINE_MAX);
	for (size_t i = 0; i < profile_count(profiles); i++) {
		AUTO(calendar_free) struct calendar *c = NULL;
		const char *name = profile_at(profiles, i)->calendar;
		struct error absent = ERROR_NONE;
		if (strcmp(name, last) == 0 || calendar_load(s->home, name, &c, &absent) != OK)
			continue;
		last = name;
		buf_reset(&text);
		buf_addf(&text, _("The home's own calendar is left out: %s"), calendar_trouble(c));
		if (calendar_trouble(c)[0] != '\0')
			session_say(s, buf_text(&text));
	}
}

/* Most homes have none of their own, and need not wait for it. */
static bool has_calendars(const struct session *s)
{
	struct stat st;
	const char *place = pool_textf(s->pool, "%s/calendars", s->home);
	return place != NULL && stat(place, &st) == 0;
}

enum status incident_profiles(struct session *s, struct profile_set **out, struct error *e)
{
	struct error absent = ERROR_NONE;
	const bool has_home = session_has_home(s, &absent) == OK;
	return load_profiles(s, has_home ? s->home : NULL, out, e);
}

enum status incident_forms(struct session *s, struct form_set **out, struct error *e)
{
	struct error absent = ERROR_NONE;
	const bool has_home = session_has_home(s, &absent) == OK;
	return load_forms(s, has_home ? s->home : NULL, out, e);
}

void incident_rehearse(struct session *s, bool dry_run)
{
	s->rehearsal = dry_run;
}

void incident_say_rehearsed(const struct session *s)
{
	if (s->rehearsal)
		session_say(s, _("Dry run: all of it was checked; nothing was stored or sent."));
}

json_t *incident_answer(const struct session *s, json_t *object)
{
	if (object != NULL && s->rehearsal)
		(void)json_object_set_new(object, "dry_run", json_true());
	return object;
}

enum status incident_session_open_unsigned(
	struct session *s, struct incident_session *out, struct error *e)
{
	*out = (struct incident_session){ .profiles = NULL };
	TRY(session_store(s, e));
	TRY(load_profiles(s, s->home, &out->profiles, e));
	TRY(load_forms(s, s->home, &out->forms, e));
	if (has_calendars(s))
		look_at_calendars(s, out->profiles);
	out->context = (struct incident_context){ .home = s->home,
		.store = s->store,
		.profiles = out->profiles,
		.forms = out->forms,
		.by = "",
		.rehearsal = s->rehearsal };
	return OK;
}

static enum status rehearse_keys(struct session *s, struct signing *out, struct error *e)
{
	AUTO(keyring_free) struct keyring *keys = NULL;
	TRY(keyring_open(s->home, false, &keys, e));
	if (keyring_current(keys) == NULL)
		return keyring_in_memory(&out->keys, e);
	signing_say_loose(s, keys);
	out->keys = TAKE(keys);
	return OK;
}

enum status incident_session_sign(
	struct session *s, struct incident_session *is, enum signing_need need, struct error *e)
{
	if (s->rehearsal)
		TRY(rehearse_keys(s, &is->signing, e));
	else
		TRY(signing_open(s, need, &is->signing, e));
	is->context.keys = is->signing.keys;
	is->context.keys_note = is->signing.note;
	return OK;
}

enum status incident_session_open(struct session *s, struct incident_session *out, struct error *e)
{
	TRY(incident_session_open_unsigned(s, out, e));
	return s->reads ? OK : incident_session_sign(s, out, SIGNING_USUAL, e);
}

void incident_session_close(struct incident_session *is)
{
	form_set_free(is->forms);
	profile_set_free(is->profiles);
	keyring_free(is->signing.keys);
	*is = (struct incident_session){ .profiles = NULL };
}

enum status incident_profile_of(struct session *s, const struct incident_session *is,
	const char *id, const char *named, const char **out, struct error *e)
{
	struct incident i;
	*out = named == NULL ? PROFILE_DEFAULT : named;
	if (named != NULL)
		return OK;
	TRY(incident_read(&is->context, id, s->pool, &i, e));
	for (size_t k = 0; k < i.n_grades; k++)
		if (strcmp(i.grades[k].profile, PROFILE_DEFAULT) == 0)
			return OK;
	if (i.n_grades > 0)
		*out = i.grades[0].profile;
	return OK;
}

static bool owes_stage(const struct incident_session *is, const struct incident *i,
	const char *profile, const char *stage)
{
	for (size_t k = 0; k < i->n_clocks; k++) {
		const struct clock_row *c = &i->clocks[k];
		const struct rule_word *role = profile_word(is->profiles, RULE_ROLES, c->owes);
		if (c->state <= CLOCK_OVERDUE && role != NULL && role->own &&
			strcmp(c->profile, profile) == 0 && strcmp(c->stage, stage) == 0)
			return true;
	}
	return false;
}
_Static_assert(CLOCK_WAITING < CLOCK_OVERDUE && CLOCK_RUNNING < CLOCK_OVERDUE &&
		       CLOCK_DONE > CLOCK_OVERDUE,
	"up to overdue a clock is open");

enum status incident_profile_owing(struct session *s, const struct incident_session *is,
	const char *id, const char *stage, const char **out, struct error *e)
{
	AUTO_BUF struct buf names;
	struct incident i;
	size_t n = 0;
	buf_init(&names, 4 * KIB);
	TRY(incident_read(&is->context, id, s->pool, &i, e));
	for (size_t k = 0; k < i.n_grades; k++) {
		const char *profile = i.grades[k].profile;
		if (i.n_grades > 1 && !owes_stage(is, &i, profile, stage))
			continue;
		buf_addf(&names, "%s%s", n == 0 ? "" : ", ", profile);
		*out = profile;
		n++;
	}
	if (n == 1)
		return OK;
	if (n > 1)
		return error_set(e, E_INVALID,
			"more than one regime of the incident has an open duty of the stage "
			"'%.60s' (%s): say with --profile which one the report is for",
			stage, buf_text(&names));
	return error_set(e, E_INVALID,
		"no regime of the incident has an open duty of the stage '%.60s': say with "
		"--profile which one the report is for",
		stage);
}

/* --- input ------------------------------------------------------------------------------------ */

static enum status read_input(struct buf *out, struct error *e)
{
	char chunk[8 * 1024];
	size_t n;
	while (!out->failed && !session_interrupted() &&
		(n = fread(chunk, 1, sizeof chunk, stdin)) > 0)
		buf_add_bytes(out, chunk, n);
	if (session_interrupted())
		return error_set(e, E_INTERRUPTED, "interrupted; nothing was stored");
	if (ferror(stdin) != 0)
		return error_set(e, E_FAILED, "cannot read standard input");
	return OK;
}

static bool is_utf8(struct view v)
{
	while (v.len > 0) {
		const size_t n = utf8_character((const unsigned char *)v.at, v.len, NULL);
		if (n == 0)
			return false;
		v.at += n;
		v.len -= n;
	}
	return true;
}

/* Editors on Windows put a mark before the text. */
static struct view past_mark(struct view v)
{
	const struct view mark = VIEW("\xef\xbb\xbf");
	return view_starts_with(v, mark) ? (struct view){ v.at + mark.len, v.len - mark.len } : v;
}

/* Text from a Windows machine ends its lines with two characters; the first is no fault of whoever
 * files a notice. */
static enum status one_line_end(json_t *value, struct error *e)
{
	const char *key;
	json_t *item;
	size_t i;
	json_object_foreach(value, key, item) TRY(one_line_end(item, e));
	json_array_foreach(value, i, item) TRY(one_line_end(item, e));
	if (!json_is_string(value) || strstr(json_string_value(value), "\r\n") == NULL)
		return OK;
	AUTO_BUF struct buf text;
	const struct view given = { json_string_value(value), json_string_length(value) };
	buf_init(&text, FACTS_BYTES_MAX);
	for (i = 0; i < given.len; i++)
		if (given.at[i] != '\r' || i + 1 == given.len || given.at[i + 1] != '\n')
			buf_add_char(&text, given.at[i]);
	TRY(buf_check(&text, "text", e));
	return json_string_setn(value, buf_text(&text), text.len) == 0
		       ? OK
		       : error_set(e, E_NO_SPACE, "memory is short");
}

enum status read_json_object(const char *path, const char *what, json_t **out, struct error *e)
{
	AUTO_BUF struct buf text;
	AUTO_JSON json_t *value = NULL;
	buf_init(&text, FACTS_BYTES_MAX);
	if (strcmp(path, "-") == 0)
		TRY(read_input(&text, e));
	else
		TRY(file_read_all(AT_FDCWD, path, FACTS_BYTES_MAX, &text, e));
	TRY(buf_check(&text, what, e));
	const struct view plain = past_mark(buf_view(&text));
	if (!is_utf8(plain))
		return error_set(e, E_INVALID, "%s: %s", path, text_flaw_words(TEXT_NOT_UTF8));
	TRY(json_read(plain, FACTS_BYTES_MAX, path, &value, e));
	if (!json_is_object(value))
		return error_set(e, E_INVALID, "%s: is not a JSON object", path);
	TRY(one_line_end(value, e));
	*out = TAKE(value);
	return OK;
}

/* JSON where it is JSON, else the text itself: 14 is a number, leak is a word. */
static json_t *value_of(const char *text)
{
	struct error ignored = ERROR_NONE;
	AUTO_BUF struct buf wrapped;
	AUTO_JSON json_t *array = NULL;
	buf_init(&wrapped, FACTS_BYTES_MAX);
	buf_addf(&wrapped, "[%s]", text);
	if (!wrapped.failed &&
		json_read(buf_view(&wrapped), FACTS_BYTES_MAX, "value", &array, &ignored) == OK &&
		json_array_size(array) == 1)
		return json_incref(json_array_get(array, 0));
	return json_string(text);
}

/* No field of a form is a bare number or true: 13800138000 and 1.10 are text as they were typed. */
static json_t *form_value_of(const char *text)
{
	json_t *value = value_of(text);
	if (!json_is_number(value) && !json_is_boolean(value))
		return value;
	json_decref(value);
	return json_string(text);
}

static enum status assign(const struct text_list *pairs, json_t *(*read)(const char *text),
	json_t *object, struct error *e)
{
	for (size_t i = 0; i < pairs->n; i++) {
		struct view rest = view_of(pairs->at[i]);
		if (memchr(rest.at, '=', rest.len) == NULL || rest.at[0] == '=')
			return error_set(
				e, E_USAGE, "'%.100s' is not of the form key=value", pairs->at[i]);
		const struct view key = view_cut(&rest, '=');
		json_t *value = read(rest.at);
		if (value == NULL)
			return error_set(e, E_INVALID, "'%.100s' is not UTF-8 text", pairs->at[i]);
		if (json_object_setn_new(object, key.at, key.len, value) != 0)
			return error_set(e, E_INVALID, "'%.100s' is not UTF-8 text", pairs->at[i]);
	}
	return OK;
}

enum status read_assignments(const struct text_list *pairs, json_t *object, struct error *e)
{
	return assign(pairs, value_of, object, e);
}

enum status read_form_values(const struct text_list *pairs, json_t *object, struct error *e)
{
	return assign(pairs, form_value_of, object, e);
}

/* --- faults ----------------------------------------------------------------------------------- */

static enum status faults_json(const struct field_faults *faults, struct error *e)
{
	json_t *list = json_array();
	for (size_t i = 0; i < faults->n; i++)
		(void)json_array_append_new(
			list, json_pack("{s:s,s:s}", "field", faults->at[i].field, "what",
				      faults->at[i].what));
	return session_print_json(
		json_pack("{s:{s:s,s:s},s:o,s:I}", "error", "status", status_name(E_INVALID),
			"message", _("the input was refused and nothing was stored"), "faults",
			list, "more", (json_int_t)faults->n_more),
		e);
}

enum status tell_faults(
	struct session *s, const struct field_faults *faults, enum status status, struct error *e)
{
	if (faults->n == 0 && faults->n_more == 0)
		return status;
	(void)fprintf(stderr, "tocsin: %s\n", _("the input was refused and nothing was stored:"));
	for (size_t i = 0; i < faults->n; i++)
		(void)fprintf(stderr, _("  %s: %s\n"), faults->at[i].field, faults->at[i].what);
	if (faults->n_more > 0)
		(void)fprintf(stderr, _("  and %zu more\n"), faults->n_more);
	if (s->json)
		TRY(faults_json(faults, e));
	s->told = true;
	return E_INVALID;
}

/* --- delivery --------------------------------------------------------------------------------- */

enum status incident_deliver(struct session *s, struct incident_session *is, const char *subject,
	int64_t limit_ns, struct flush_report *out, struct error *e)
{
	AUTO(routes_free) struct routes *routes = NULL;
	size_t n = 0;
	*out = (struct flush_report){ .first_trouble = "" };
	TRY(incident_route(&is->context, &n, e)); /* a route may have come since */
	if (limit_ns <= 0)
		return OK;
	TRY(routes_open(s->home, &routes, e));
	const struct flush what = { .subject = subject,
		.due_only = false,
		.limit_ns = limit_ns,
		.until_empty = true,
		.stop = session_stop() };
	struct error sent = ERROR_NONE; /* what came before a Ctrl-C counts all the same */
	const enum status status = sender_flush(s->store, routes, NULL, &what, s->pool, out, &sent);
	TRY(incident_take_receipts(&is->context, &n, e));
	*e = sent;
	return status;
}
