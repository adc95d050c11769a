/*
 * The `region` list of a scenario file: readable shapes in, combs out. What could run without end
 * or leave a file without a rule is refused.
 */
#include <stdio.h>
#include <string.h>

#include "drill/scenario/scenario_read.h"

struct type_list {
	const char *name;
	const char *types[REGION_TYPES_MAX];
	size_t n;
};

struct type_lists {
	struct type_list list[TYPE_LISTS_MAX];
	size_t n;
};

static const struct span_rule nothing = { .of = 1, .align = 1 };
static const struct span_rule whole_file = { .parts = 1, .of = 1, .align = 1 };

static struct comb plain_comb(void)
{
	return (struct comb){
		.start = nothing, .length = nothing, .stride = nothing, .until = nothing
	};
}

static bool is_nothing(const struct span_rule *s)
{
	return s->bytes == 0 && s->parts == 0;
}

/* a + b of the same file, rounding apart. False where the denominators grow too large. */
static bool span_sum(const struct span_rule *a, const struct span_rule *b, struct span_rule *out)
{
	*out = nothing;
	if (__builtin_add_overflow(a->bytes, b->bytes, &out->bytes))
		return false;
	if (a->parts == 0 || b->parts == 0) {
		out->parts = a->parts + b->parts;
		out->of = a->parts > 0 ? a->of : b->of;
		return true;
	}
	uint64_t parts = (uint64_t)a->parts * b->of + (uint64_t)b->parts * a->of;
	uint64_t of = (uint64_t)a->of * b->of;
	if (a->of == b->of) {
		parts = (uint64_t)a->parts + b->parts;
		of = a->of;
	}
	if (parts > UINT32_MAX || of > UINT32_MAX)
		return false;
	out->parts = (uint32_t)parts;
	out->of = (uint32_t)of;
	return true;
}

/* --- the shapes: each reads its own keys and appends one or two combs ------------------------ */

/* The set of keys that a shape is written as. `path` must live as long as *out. */
static enum status open_shape(struct field f, const char *const *known, char path[FIELD_PATH_MAX],
	struct json_place *out, struct error *e)
{
	json_t *value;
	TRY(field_value(f, &value, e));
	if (!json_is_object(value))
		return field_refuse(f, N_("is not a set of keys"), e);
	*out = (struct json_place){ value, field_path(f, path) };
	return json_only_keys(*out, known, e);
}

/* The keys that more than one shape has. */
static enum status read_tooth(struct json_place at, struct comb *c, struct error *e)
{
	struct range any = { 1, SIZE_MAX_BYTES };
	TRY(field_span(FIELD_NEEDED(at, "change"), &c->length, e));
	if (is_nothing(&c->length))
		return field_refuse(FIELD(at, "change"), N_("changes nothing"), e);
	TRY(field_span(FIELD(at, "from"), &c->start, e));
	TRY(field_span(FIELD(at, "until"), &c->until, e));
	TRY(field_size(FIELD(at, "cap"), any, &c->length.cap, e));
	return field_size(FIELD(at, "align"), any, &c->length.align, e);
}

static enum status read_full(struct field f, struct region *r, struct error *e)
{
	bool yes = false;
	TRY(field_bool(f, &yes, e));
	if (!yes)
		return field_refuse(f, N_("must be true, or left out"), e);
	struct comb c = plain_comb();
	c.length = whole_file;
	c.n_teeth = 1;
	r->combs[r->n_combs++] = c;
	return OK;
}

/* "head: 1 MiB", or with more to say "head: { change: 1 MiB, until: … }". */
static enum status read_end(struct field f, bool from_end, struct region *r, struct error *e)
{
	static const char *const known[] = { "change", "until", "cap", "align", NULL };
	char path[FIELD_PATH_MAX];
	json_t *value;
	struct comb c = plain_comb();
	TRY(field_value(f, &value, e));
	if (json_is_object(value)) {
		struct json_place at = { value, field_path(f, path) };
		TRY(json_only_keys(at, known, e));
		TRY(read_tooth(at, &c, e));
	} else {
		TRY(field_span(f, &c.length, e));
		if (is_nothing(&c.length))
			return field_refuse(f, N_("changes nothing"), e);
	}
	if (from_end)
		c.start = c.length;
	c.from_end = from_end;
	c.n_teeth = 1;
	r->combs[r->n_combs++] = c;
	return OK;
}

static enum status read_head(struct field f, struct region *r, struct error *e)
{
	return read_end(f, false, r, e);
}

static enum status read_tail(struct field f, struct region *r, struct error *e)
{
	return read_end(f, true, r, e);
}

static enum status read_percent(struct field f, struct region *r, struct error *e)
{
	uint32_t percent = 0;
	TRY(field_count(f, (struct range){ 1, 100 }, &percent, e));
	struct comb c = plain_comb();
	c.length.parts = percent;
	c.length.of = 100;
	c.n_teeth = 1;
	r->combs[r->n_combs++] = c;
	return OK;
}

static enum status read_thirds(struct field f, struct region *r, struct error *e)
{
	static const char *const known[] = { "change", "until", "cap", "align", NULL };
	char path[FIELD_PATH_MAX];
	struct json_place at = { NULL, "" };
	struct comb c = plain_comb();
	TRY(open_shape(f, known, path, &at, e));
	TRY(read_tooth(at, &c, e));
	c.stride.parts = 1;
	c.stride.of = 3;
	c.n_teeth = 3;
	r->combs[r->n_combs++] = c;
	return OK;
}

/* Chunks and steps are told by what lies between two teeth, blocks by where each begins. */
static enum status read_gap(struct json_place at, const char *key, struct comb *c, struct error *e)
{
	struct span_rule gap = nothing;
	TRY(field_span(FIELD_NEEDED(at, key), &gap, e));
	if (!span_sum(&c->length, &gap, &c->stride))
		return field_refuse(FIELD(at, key),
			N_("and the change cannot be added: give both in per cent"), e);
	return OK;
}

static enum status read_chunks(struct field f, struct region *r, struct error *e)
{
	static const char *const known[] = { "count", "change", "gap", "from", "until", "cap",
		"align", NULL };
	char path[FIELD_PATH_MAX];
	struct json_place at = { NULL, "" };
	struct comb c = plain_comb();
	TRY(open_shape(f, known, path, &at, e));
	TRY(read_tooth(at, &c, e));
	TRY(read_gap(at, "gap", &c, e));
	TRY(field_count(FIELD_NEEDED(at, "count"), (struct range){ 1, TEETH_MAX }, &c.n_teeth, e));
	r->combs[r->n_combs++] = c;
	return OK;
}

static enum status read_blocks(struct field f, struct region *r, struct error *e)
{
	static const char *const known[] = { "count", "change", "every", "from", "until", "cap",
		"align", NULL };
	char path[FIELD_PATH_MAX];
	struct json_place at = { NULL, "" };
	struct comb c = plain_comb();
	TRY(open_shape(f, known, path, &at, e));
	TRY(read_tooth(at, &c, e));
	TRY(field_span(FIELD_NEEDED(at, "every"), &c.stride, e));
	if (is_nothing(&c.stride))
		return field_refuse(FIELD(at, "every"), N_("never moves on"), e);
	TRY(field_count(FIELD_NEEDED(at, "count"), (struct range){ 1, TEETH_MAX }, &c.n_teeth, e));
	r->combs[r->n_combs++] = c;
	return OK;
}

static enum status read_step(struct field f, struct region *r, struct error *e)
{
	static const char *const known[] = { "change", "skip", "from", "until", "cap", "align",
		NULL };
	char path[FIELD_PATH_MAX];
	struct json_place at = { NULL, "" };
	struct comb c = plain_comb();
	TRY(open_shape(f, known, path, &at, e));
	TRY(read_tooth(at, &c, e));
	TRY(read_gap(at, "skip", &c, e));
	r->combs[r->n_combs++] = c;
	return OK;
}

/* The first and the last chunk, with count - 2 at even places between them. */
static enum status read_first_last(struct field f, struct region *r, struct error *e)
{
	static const char *const known[] = { "change", "count", "align", NULL };
	char path[FIELD_PATH_MAX];
	struct json_place at = { NULL, "" };
	uint32_t count = 2;
	struct comb first = plain_comb();
	TRY(open_shape(f, known, path, &at, e));
	TRY(read_tooth(at, &first, e));
	TRY(field_count(FIELD(at, "count"), (struct range){ 2, TEETH_MAX }, &count, e));
	struct comb last = first;
	last.start = first.length;
	last.from_end = true;
	last.n_teeth = 1;
	first.n_teeth = count - 1;
	first.stride.parts = 1;
	first.stride.of = count - 1;
	r->combs[r->n_combs++] = first;
	r->combs[r->n_combs++] = last;
	return OK;
}

struct shape_row {
	const char *key;
	enum status (*read)(struct field f, struct region *r, struct error *e);
	size_t n_combs;
};
/* Only `step` is without an own end; a key stands once, so a region never has two of it. */
static const struct shape_row shapes[] = {
	{ "full", read_full, 1 },
	{ "head", read_head, 1 },
	{ "percent", read_percent, 1 },
	{ "thirds", read_thirds, 1 },
	{ "chunks", read_chunks, 1 },
	{ "blocks", read_blocks, 1 },
	{ "step", read_step, 1 },
	{ "first_last", read_first_last, 2 },
	{ "tail", read_tail, 1 },
};

/* --- one region ----------------------------------------------------------------------------------
 */

static const struct type_list *find_list(const struct type_lists *lists, const char *name)
{
	for (size_t i = 0; i < lists->n; i++) {
		if (strcmp(lists->list[i].name, name) == 0)
			return &lists->list[i];
	}
	return NULL;
}

static enum status read_when(struct field f, const struct type_lists *lists, struct pool *p,
	struct region *out, struct error *e)
{
	static const char *const known[] = { "size_from", "size_below", "types", NULL };
	static const struct text_rule type_rule = { TEXT_TYPE, 0 };
	struct range any = { 0, SIZE_MAX_BYTES };
	char path[FIELD_PATH_MAX];
	json_t *value;
	TRY(field_value(f, &value, e));
	if (value == NULL)
		return OK;
	struct json_place at = { value, field_path(f, path) };
	if (!json_is_object(value))
		return field_refuse(f, N_("is not a set of conditions"), e);
	TRY(json_only_keys(at, known, e));
	TRY(field_size(FIELD(at, "size_from"), any, &out->size_from, e));
	TRY(field_size(FIELD(at, "size_below"), any, &out->size_below, e));
	if (out->size_from >= out->size_below)
		return field_refuse(FIELD(at, "size_below"), N_("is not above size_from"), e);

	json_t *types;
	TRY(field_value(FIELD(at, "types"), &types, e));
	if (!json_is_string(types)) {
		struct word_list words = { out->types, REGION_TYPES_MAX, &out->n_types };
		TRY(field_list(FIELD(at, "types"), type_rule, p, &words, e));
		if (types != NULL && out->n_types == 0)
			return field_refuse(FIELD(at, "types"), N_("names no type"), e);
		return OK;
	}
	const struct type_list *named = find_list(lists, json_string_value(types));
	if (named == NULL)
		return field_refuse(FIELD(at, "types"), N_("is no list under type_lists"), e);
	memcpy(out->types, named->types, sizeof named->types);
	out->n_types = named->n;
	return OK;
}

static enum status read_shapes(struct json_place at, struct region *out, struct error *e)
{
	bool leave = false;
	size_t n_shapes = 0;
	for (size_t i = 0; i < COUNT_OF(shapes); i++) {
		struct field f = FIELD(at, shapes[i].key);
		json_t *value;
		TRY(field_value(f, &value, e));
		if (value == NULL)
			continue;
		if (shapes[i].n_combs > REGION_COMBS_MAX - out->n_combs)
			return field_refuse(f, N_("is one shape too many for a region"), e);
		TRY(shapes[i].read(f, out, e));
		n_shapes++;
	}
	TRY(field_bool(FIELD(at, "leave"), &leave, e));
	TRY(field_bool(FIELD(at, "skip"), &out->skip, e));
	n_shapes += (leave ? 1U : 0U) + (out->skip ? 1U : 0U);
	if (n_shapes == 0)
		return error_set(e, E_INVALID,
			"%s: says neither what is changed (full, head, percent, thirds, chunks, "
			"blocks, "
			"step, first_last, tail) nor leave or skip",
			at.at);
	if ((leave || out->skip) && n_shapes > 1)
		return error_set(e, E_INVALID,
			"%s: leave and skip cannot stand beside anything else", at.at);
	return OK;
}

static enum status read_region(struct json_place at, const struct type_lists *lists, struct pool *p,
	struct region *out, struct error *e)
{
	static const char *const known[] = { "label", "when", "assumed", "leave", "skip", "full",
		"head", "percent", "thirds", "chunks", "blocks", "step", "first_last", "tail",
		NULL };
	static const struct text_rule label_rule = { TEXT_LABEL, 0 };
	out->size_below = UINT64_MAX;
	TRY(json_only_keys(at, known, e));
	TRY(field_text(FIELD_NEEDED(at, "label"), label_rule, p, &out->label, e));
	TRY(field_bool(FIELD(at, "assumed"), &out->assumed, e));
	TRY(read_when(FIELD(at, "when"), lists, p, out, e));
	return read_shapes(at, out, e);
}

/* --- the list ------------------------------------------------------------------------------------
 */

static enum status read_type_lists(
	struct field f, struct pool *p, struct type_lists *out, struct error *e)
{
	static const struct text_rule type_rule = { TEXT_TYPE, 0 };
	char path[FIELD_PATH_MAX];
	json_t *value;
	json_t *item;
	const char *name;
	TRY(field_value(f, &value, e));
	if (value == NULL)
		return OK;
	if (!json_is_object(value) || json_object_size(value) > TYPE_LISTS_MAX)
		return field_refuse(f, N_("is not a set of at most 16 named lists"), e);
	struct json_place at = { value, field_path(f, path) };
	json_object_foreach(value, name, item)
	{
		struct type_list *list = &out->list[out->n++];
		struct word_list words = { list->types, REGION_TYPES_MAX, &list->n };
		list->name = pool_text(p, view_of(name));
		if (list->name == NULL)
			return error_set(
				e, E_TOO_BIG, "the scenario needs more memory than it may have");
		TRY(field_list(FIELD_NEEDED(at, name), type_rule, p, &words, e));
		if (list->n == 0)
			return field_refuse(FIELD(at, name), N_("names no type"), e);
	}
	return OK;
}

/* Every size must end in a region that holds for all types; what stays alone is said so. */
static enum status check_cover(const struct scenario *s, struct error *e)
{
	uint64_t covered = s->skip_under_bytes;
	bool grew = true;
	while (grew && covered < UINT64_MAX) {
		grew = false;
		for (size_t i = 0; i < s->n_regions; i++) {
			const struct region *r = &s->regions[i];
			if (r->n_types > 0 || r->size_from > covered || r->size_below <= covered)
				continue;
			covered = r->size_below;
			grew = true;
		}
	}
	if (covered == UINT64_MAX)
		return OK;
	return error_set(e, E_INVALID,
		"region: no region says what happens to a file of %llu bytes of any type",
		(unsigned long long)covered);
}

static enum status check_labels(const struct scenario *s, struct error *e)
{
	for (size_t i = 0; i < s->n_regions; i++) {
		for (size_t k = 0; k < i; k++) {
			if (strcmp(s->regions[i].label, s->regions[k].label) == 0)
				return error_set(e, E_INVALID,
					"region[%zu].label: '%s' was used before", i,
					s->regions[i].label);
		}
	}
	return OK;
}

enum status scenario_read_regions(
	struct json_place top, struct pool *p, struct scenario *out, struct error *e)
{
	struct type_lists *lists = pool_take(p, 1, sizeof *lists);
	json_t *list;
	json_t *item;
	size_t i;
	if (lists == NULL)
		return error_set(e, E_TOO_BIG, "the scenario needs more memory than it may have");
	TRY(read_type_lists(FIELD(top, "type_lists"), p, lists, e));
	TRY(field_value(FIELD_NEEDED(top, "region"), &list, e));
	if (!json_is_array(list) || json_array_size(list) == 0 ||
		json_array_size(list) > SCENARIO_REGIONS_MAX)
		return field_refuse(
			FIELD(top, "region"), N_("is not a list of 1 to 32 regions"), e);
	json_array_foreach(list, i, item)
	{
		char path[FIELD_PATH_MAX];
		(void)snprintf(path, sizeof path, "region[%zu]", i);
		struct json_place at = { item, path };
		if (!json_is_object(item))
			return error_set(e, E_INVALID, "%s: not a region", path);
		TRY(read_region(at, lists, p, &out->regions[i], e));
	}
	out->n_regions = json_array_size(list);
	TRY(check_labels(out, e));
	return check_cover(out, e);
}
