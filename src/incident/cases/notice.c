/*
 * Reading a first notice. What is typed comes from three places, in this order: the struct (flags
 * or answers), the facts file, the home's settings. Faults of all of them are told together.
 */
#include "incident/cases/notice.h"

#include <stdio.h>
#include <string.h>

#include "incident/cases/settings.h"
#include "incident/rules/rule_read.h"

enum { MORE_BYTES_MAX = 256 * 1024, MORE_TEXT_MAX = 16 * 1024, DRILL_ID_MAX = 100, DEPTH_MAX = 8 };
#define FORM_ID "first-notice"
/* 2000-01-01: no incident of ours began before; such a time is a clock without a battery. */
#define EARLIEST_NS (946684800LL * NS_PER_S)

struct reading {
	const struct desk *desk;
	const struct first_notice *given;
	struct case_settings settings;
	const struct form *form;
	json_t *more;	 /* our own copy, with what was set key by key */
	json_t *near;	 /* keys that are nobody's: what they are near */
	json_t *changes; /* for the form */
	struct field_faults *faults;
	struct error *e;
};

static void fault(const struct reading *r, const char *field, const char *what)
{
	field_fault_add(r->faults, r->desk->pool, field, "%s", what);
}

/* "unknown" is an answer to each. */
static bool says_unknown(const char *text)
{
	static const char *const words[] = { "unknown", "尚不明确", "不明", "未知" };
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

static bool is_utf8(const char *text)
{
	return text_flaw_of(view_of(text), TEXT_SEVERAL_LINES) != TEXT_NOT_UTF8;
}

static enum status set_change(const struct reading *r, const char *key, json_t *value)
{
	return json_object_set_new(r->changes, key, value) != 0 ? case_no_memory(r->e) : OK;
}

/* Scripts have lists of systems and of measures, and numbers for scales and telephones. */
static bool may_be_joined(const char *key)
{
	static const char *const keys[] = { "systems", "scale", "action", "callback" };
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

static json_t *as_text(const char *key, json_t *value)
{
	enum { ITEM_BYTES_MAX = 64 * 1024 };
	AUTO_BUF struct buf text;
	size_t i;
	json_t *item;
	buf_init(&text, ITEM_BYTES_MAX);
	if (!may_be_joined(key))
		return json_incref(value); /* the form says what is wrong with it */
	if (json_is_integer(value))
		buf_addf(&text, "%lld", (long long)json_integer_value(value));
	json_array_foreach(value, i, item)
	{
		AUTO_JSON json_t *word =
			json_is_integer(item) ? as_text(key, item) : json_incref(item);
		if (!json_is_string(word))
			return json_incref(value);
		const char *plain = json_string_value(word);
		const bool ascii = text.len > 0 && (unsigned char)text.at[text.len - 1] < 0x80 &&
				   (unsigned char)plain[0] < 0x80;
		buf_addf(&text, "%s%s", i == 0 ? "" : ascii ? ", " : "、", plain);
	}
	return text.len == 0 || text.failed ? json_incref(value) : json_string(buf_text(&text));
}

/* One of the eight as text: given, or in the file, or in the settings. The key leaves `more`. */
static enum status take_text(
	const struct reading *r, const char *key, const char *given, const char *otherwise)
{
	AUTO_JSON json_t *in_file = json_incref(json_object_get(r->more, key));
	(void)json_object_del(r->more, key); /* it may be absent */
	if (given != NULL && says_unknown(given))
		return OK;
	if (given != NULL && !is_utf8(given)) {
		fault(r, key, text_flaw_words(TEXT_NOT_UTF8));
		return OK;
	}
	if (given != NULL)
		return set_change(r, key, json_string(given));
	if (in_file != NULL && !json_is_null(in_file)) {
		const char *text = json_string_value(in_file);
		return text != NULL && says_unknown(text)
			       ? OK
			       : set_change(r, key, as_text(key, in_file));
	}
	return otherwise == NULL ? OK : set_change(r, key, json_string(otherwise));
}

/* Still going on is one of the eight and a fact: yes, no, or true and false in a file. */
static enum status take_ongoing(const struct reading *r)
{
	json_t *in_file = json_object_get(r->more, "ongoing");
	if (json_is_boolean(in_file) && r->given->ongoing == NULL) {
		TRY(set_change(r, "ongoing", json_string(json_is_true(in_file) ? "yes" : "no")));
	} else {
		TRY(take_text(r, "ongoing", r->given->ongoing, NULL));
	}
	const struct form_field *field = form_field_named(r->form, "ongoing");
	const char *said = json_string_value(json_object_get(r->changes, "ongoing"));
	const struct fact_choice *option =
		said == NULL || field == NULL ? NULL : form_option(field, said);
	if (option == NULL)
		return OK;
	return json_object_set_new(
		       r->more, "ongoing", json_boolean(strcmp(option->key, "yes") == 0)) != 0
		       ? case_no_memory(r->e)
		       : OK;
}

/* What the kind says is a fact too. */
static const struct {
	const char *kind, *fact;
} kind_says[] = { { "ransomware", "ransomware" }, { "leak", "data_leaked_or_stolen" },
	{ "tampering", "data_altered_or_faked" } };

/* The fact that the kind states, NULL none. */
static const char *fact_of_kind(const struct reading *r)
{
	const struct form_field *field = form_field_named(r->form, "kind");
	const char *said = json_string_value(json_object_get(r->changes, "kind"));
	const struct fact_choice *option =
		said == NULL || field == NULL ? NULL : form_option(field, said);
	for (size_t i = 0; option != NULL && i < COUNT_OF(kind_says); i++)
		if (strcmp(kind_says[i].kind, option->key) == 0)
			return kind_says[i].fact;
	return NULL;
}

static enum status take_kind(const struct reading *r)
{
	TRY(take_text(r, "kind", r->given->kind, NULL));
	const char *fact = fact_of_kind(r);
	if (fact == NULL || json_object_get(r->more, fact) != NULL)
		return OK;
	return json_object_set_new(r->more, fact, json_true()) != 0 ? case_no_memory(r->e) : OK;
}

/* Both of them cannot be so, and which one is, only who filed it knows. */
static void check_kind(const struct reading *r, const struct facts *values)
{
	const char *fact = fact_of_kind(r);
	const int slot = fact == NULL ? -1 : fact_slot(profile_facts(r->desk->c->profiles), fact);
	if (slot < 0 || values->at[slot] != 0)
		return;
	field_fault_add(r->faults, r->desk->pool, "kind", _("contradicts %s, which is no"), fact);
	field_fault_add(r->faults, r->desk->pool, fact, _("is no, and contradicts %s"), "kind");
}

static enum status take_eight(const struct reading *r)
{
	const struct first_notice *n = r->given;
	char at[TIME_TEXT_MAX];
	TRY(take_text(r, "company", n->company, r->settings.company));
	TRY(take_kind(r));
	TRY(take_text(r, "what", n->what, NULL));
	TRY(take_text(r, "systems", n->systems, NULL));
	TRY(take_ongoing(r));
	TRY(take_text(r, "scale", n->scale, NULL));
	TRY(take_text(r, "action", n->action, NULL));
	TRY(take_text(r, "callback", n->callback, r->settings.callback));
	if (n->discovered_ns >= 0 && json_object_set_new(r->more, "discovered_at",
					     json_string(time_text(n->discovered_ns, at))) != 0)
		return case_no_memory(r->e);
	return OK;
}

/* --- other keys ------------------------------------------------------------------------------- */

static void look_at_text(const struct reading *r, const char *field, struct view v)
{
	const enum text_flaw flaw = text_flaw_of(v, TEXT_SEVERAL_LINES);
	if (v.len > MORE_TEXT_MAX)
		field_fault_add(r->faults, r->desk->pool, field, _("is longer than %lld bytes"),
			(long long)MORE_TEXT_MAX);
	else if (flaw != TEXT_SOUND)
		fault(r, field, text_flaw_words(flaw));
}

/* Keys that are nobody's are kept as they are, so each text in them is looked at here. */
static enum status look_at(const struct reading *r, const char *field, json_t *value, int depth)
{
	const char *key;
	json_t *item;
	size_t i;
	if (depth > DEPTH_MAX) {
		fault(r, field, _("is nested too deeply"));
		return OK;
	}
	if (json_is_string(value))
		look_at_text(r, field,
			(struct view){ json_string_value(value), json_string_length(value) });
	json_object_foreach(value, key, item)
	{
		const char *at = pool_textf(r->desk->pool, "%s.%s", field, key);
		if (at == NULL)
			return case_no_memory(r->e);
		look_at_text(r, at, view_of(key));
		TRY(look_at(r, at, item, depth + 1));
	}
	json_array_foreach(value, i, item)
	{
		const char *at = pool_textf(r->desk->pool, "%s[%zu]", field, i);
		if (at == NULL)
			return case_no_memory(r->e);
		TRY(look_at(r, at, item, depth + 1));
	}
	return OK;
}

/* The eight and the facts, as one list of names. */
struct known_keys {
	const struct form *form;
	const struct fact_catalogue *facts;
};

static const char *known_key(const void *context, size_t i)
{
	const struct known_keys *k = context;
	return i < k->form->n_fields ? k->form->fields[i].key
				     : k->facts->rows[i - k->form->n_fields].key;
}

/* A key that nobody knows: where it was typed by itself it is a slip; in a file it is welcome, and
 * told where it is near one that is known. */
static enum status look_at_key(const struct reading *r, const char *key)
{
	char near[RULE_NEAR_MAX];
	const struct known_keys known = { r->form, profile_facts(r->desk->c->profiles) };
	const struct rule_names names = { known_key, &known,
		known.form->n_fields + known.facts->n_rows };
	(void)rule_near(key, names, near);
	if (json_object_get(r->given->set, key) != NULL) {
		if (near[0] == '\0')
			fault(r, key, _("is no fact that is known here"));
		else
			field_fault_add(r->faults, r->desk->pool, key,
				_("is no fact that is known here; near it: %s"), near);
		return OK;
	}
	return near[0] == '\0' || json_object_set_new(r->near, key, json_string(near)) == 0
		       ? OK
		       : case_no_memory(r->e);
}

static enum status look_at_others(const struct reading *r)
{
	const struct fact_catalogue *catalogue = profile_facts(r->desk->c->profiles);
	AUTO_BUF struct buf text;
	const char *key;
	json_t *value;
	buf_init(&text, MORE_BYTES_MAX);
	if (json_write(r->more, &text, NULL) != OK) {
		field_fault_add(r->faults, r->desk->pool, "facts", _("is longer than %lld bytes"),
			(long long)MORE_BYTES_MAX);
		return OK;
	}
	json_object_foreach(r->more, key, value)
	{
		if (fact_slot(catalogue, key) < 0) {
			look_at_text(r, key, view_of(key));
			TRY(look_at_key(r, key));
			TRY(look_at(r, key, value, 0));
		}
	}
	return OK;
}

/* --- facts ------------------------------------------------------------------------------------ */

static void check_age(const struct desk *d, const struct facts *values, struct field_faults *faults)
{
	static const char *const keys[] = { "occurred_at", "discovered_at", "judged_at" };
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		const int slot = fact_slot(profile_facts(d->c->profiles), keys[i]);
		if (slot >= 0 && values->at[slot] != FACT_UNKNOWN && values->at[slot] < EARLIEST_NS)
			field_fault_add(
				faults, d->pool, keys[i], "%s", _("lies before the year 2000"));
	}
}

/* What is kept: the facts as the catalogue writes them, and the other keys as they were given. */
static enum status facts_to_keep(const struct desk *d, json_t *given, const struct facts *values,
	json_t **out, struct error *e)
{
	json_t *kept = NULL;
	const char *key;
	json_t *value;
	TRY(facts_to_json(profile_facts(d->c->profiles), values, &kept, e));
	TRY(json_keep(d->pool, kept, e));
	json_object_foreach(given, key, value)
	{
		if (fact_slot(profile_facts(d->c->profiles), key) < 0 && !json_is_null(value) &&
			json_object_set(kept, key, value) != 0)
			return case_no_memory(e);
	}
	*out = kept;
	return OK;
}

static enum status read_facts(struct reading *r, struct notice *out)
{
	const struct desk *d = r->desk;
	const struct facts_input in = { r->more, FACTS_AND_MORE, d->now.latest_ns };
	TRY(facts_read(profile_facts(d->c->profiles), in, d->pool, &out->values, r->faults, r->e));
	check_age(d, &out->values, r->faults);
	check_kind(r, &out->values);
	return facts_to_keep(d, r->more, &out->values, &out->facts, r->e);
}

enum status notice_new_facts(const struct desk *d, json_t *present, json_t *changes, json_t **out,
	struct field_faults *faults, struct error *e)
{
	struct facts values;
	AUTO_JSON json_t *merged = json_copy(present);
	const struct fact_catalogue *catalogue = profile_facts(d->c->profiles);
	if (merged == NULL || json_object_update(merged, changes) != 0)
		return case_no_memory(e);
	/* The changes alone first: a key that nobody knows is a slip of the pen here. */
	struct facts_input in = { changes, FACTS_ONLY, d->now.latest_ns };
	TRY(facts_read(catalogue, in, d->pool, &values, faults, e));
	in = (struct facts_input){ merged, FACTS_AND_MORE, d->now.latest_ns };
	if (faults->n + faults->n_more == 0)
		TRY(facts_read(catalogue, in, d->pool, &values, faults, e));
	check_age(d, &values, faults);
	return facts_to_keep(d, merged, &values, out, e);
}

/* --- the rest --------------------------------------------------------------------------------- */

static enum status add_profile(struct reading *r, const char *id, struct notice *out)
{
	const struct profile *p = NULL;
	struct error why = ERROR_NONE;
	if (profile_find(r->desk->c->profiles, id, &p, &why) != OK) {
		fault(r, "profiles", why.text);
		return OK;
	}
	for (size_t i = 0; i < out->n_profiles; i++)
		if (out->profiles[i] == p)
			return OK;
	if (out->n_profiles == CASE_PROFILES_MAX)
		field_fault_add(r->faults, r->desk->pool, "profiles", _("are more than %d"),
			CASE_PROFILES_MAX);
	else
		out->profiles[out->n_profiles++] = p;
	return OK;
}

/* A profile of the settings that is not there must not stop a notice; it is told. */
static enum status add_settings_profiles(struct reading *r, struct notice *out)
{
	for (size_t i = 0; i < r->settings.n_profiles; i++) {
		const struct profile *p = NULL;
		struct error why = ERROR_NONE;
		if (profile_find(r->desk->c->profiles, r->settings.profiles[i], &p, &why) == OK)
			TRY(add_profile(r, r->settings.profiles[i], out));
		else
			r->settings.trouble =
				pool_textf(r->desk->pool, "incident.yaml: profiles: %s", why.text);
		if (r->settings.trouble == NULL)
			return case_no_memory(r->e);
	}
	return OK;
}

/* A number under a name that no rule knows would be missing when it is needed: it is told at once.
 */
static enum status look_at_phones(struct reading *r)
{
	for (size_t i = 0; i < r->settings.n_phones; i++) {
		const char *role = r->settings.phones[i].role;
		if (profile_word(r->desk->c->profiles, RULE_ROLES, role) != NULL)
			continue;
		r->settings.trouble = pool_textf(
			r->desk->pool, _("incident.yaml: phones.%s: no such role"), role);
		if (r->settings.trouble == NULL)
			return case_no_memory(r->e);
	}
	return OK;
}

static enum status read_profiles(struct reading *r, struct notice *out)
{
	for (size_t i = 0; i < r->given->n_profiles && r->given->profiles != NULL; i++)
		TRY(add_profile(r, r->given->profiles[i], out));
	if (r->given->profiles != NULL && r->given->n_profiles > 0)
		return OK;
	TRY(add_profile(r, PROFILE_DEFAULT, out));
	return add_settings_profiles(r, out);
}

static bool is_tlp(const char *text)
{
	static const char *const words[] = { "RED", "AMBER+STRICT", "AMBER", "GREEN", "CLEAR" };
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(words[i], text) == 0)
			return true;
	return false;
}

static void read_marks(struct reading *r, struct notice *out)
{
	char room[FLAW_TEXT_MAX];
	const char *tlp = r->given->tlp != NULL ? r->given->tlp : r->settings.tlp;
	out->tlp = tlp == NULL ? "AMBER" : tlp;
	out->drill_id = r->given->drill_id == NULL ? "" : r->given->drill_id;
	if (r->given->tlp != NULL && !is_tlp(r->given->tlp))
		fault(r, "tlp", _("is none of RED, AMBER+STRICT, AMBER, GREEN, CLEAR"));
	else if (!is_tlp(out->tlp))
		out->tlp = "AMBER"; /* the settings' word is told as trouble */
	const char *flaw = out->drill_id[0] == '\0' ? NULL
						    : case_text_flaw(out->drill_id, DRILL_ID_MAX,
							      TEXT_ONE_LINE, room);
	if (flaw != NULL)
		fault(r, "drill", flaw);
	if (r->given->tlp == NULL && r->settings.tlp != NULL && !is_tlp(r->settings.tlp))
		r->settings.trouble = _("incident.yaml: tlp: is none of RED, AMBER+STRICT, AMBER, "
					"GREEN, CLEAR");
}

/* The eight, with null for what is unknown, out of the filled form. */
static enum status plain_notice(const struct reading *r, json_t *filled, json_t **out)
{
	json_t *fields = json_object_get(filled, "fields");
	json_t *notice = json_object();
	TRY(json_keep(r->desk->pool, notice, r->e));
	for (size_t i = 0; i < r->form->n_fields; i++) {
		const char *key = r->form->fields[i].key;
		json_t *value = json_object_get(json_object_get(fields, key), "value");
		if (json_object_set(notice, key, value == NULL ? json_null() : value) != 0)
			return case_no_memory(r->e);
	}
	*out = notice;
	return OK;
}

static enum status fill_form(const struct reading *r, struct notice *out)
{
	const struct desk *d = r->desk;
	json_t *discovered = json_object_get(out->facts, "discovered_at");
	out->filled = json_object();
	TRY(json_keep(d->pool, out->filled, r->e));
	TRY(form_merge(
		r->form, out->filled, r->changes, d->now.latest_ns, d->pool, r->faults, r->e));
	/* The time went through the facts; a fault of it was told there. */
	AUTO_JSON json_t *known = json_object();
	if (known == NULL ||
		(discovered != NULL && json_object_set(known, "discovered_at", discovered) != 0))
		return case_no_memory(r->e);
	TRY(form_prefill(r->form, known, NULL, out->filled, d->now.wall_ns, r->e));
	return plain_notice(r, out->filled, &out->notice);
}

static enum status copy_more(struct reading *r)
{
	r->more = r->given->more == NULL ? json_object() : json_deep_copy(r->given->more);
	TRY(json_keep(r->desk->pool, r->more, r->e));
	if (!json_is_object(r->more)) {
		fault(r, "facts", _("is not an object"));
		r->more = json_object();
		TRY(json_keep(r->desk->pool, r->more, r->e));
	}
	if (r->given->set != NULL && json_object_update(r->more, r->given->set) != 0)
		return case_no_memory(r->e);
	r->near = json_object();
	TRY(json_keep(r->desk->pool, r->near, r->e));
	r->changes = json_object();
	return json_keep(r->desk->pool, r->changes, r->e);
}

enum status notice_read(const struct desk *d, const struct first_notice *n, struct notice *out,
	struct field_faults *faults, struct error *e)
{
	struct reading r = { .desk = d, .given = n, .faults = faults, .e = e };
	struct notice notice = { .trouble = "" };
	TRY(form_find(d->c->forms, FORM_ID, &r.form, e));
	TRY(case_settings_read(d->c->home, d->pool, &r.settings, e));
	TRY(copy_more(&r));
	TRY(take_eight(&r));
	TRY(look_at_others(&r));
	TRY(read_facts(&r, &notice));
	TRY(fill_form(&r, &notice));
	TRY(read_profiles(&r, &notice));
	read_marks(&r, &notice);
	TRY(look_at_phones(&r));
	notice.trouble = r.settings.trouble;
	notice.near = r.near;
	*out = notice;
	return OK;
}
