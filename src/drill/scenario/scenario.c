/*
 * Reads and checks one scenario file. What cannot be bounded is refused here, before anything is
 * planned: missing limits, more decoys than the limits allow, sizes without a rule.
 */
#include <stdio.h>
#include <string.h>

#include "drill/scenario/scenario_read.h"
#include "sys/file.h"

enum { DECOYS_MAX = 100000, SECONDS_MAX = 86400, FILES_MAX = 1000000 };
#define IO_MAX (8 * MIB)
#define DISK_MAX (1024 * GIB)

static const char *const top_keys[] = { "id", "version", "kind", "name", "summary", "source",
	"attack", "order", "write", "io", "skip_below", "type_lists", "region", "rename", "suffix",
	"lower_case", "footer", "probe_file", "note", "threads", "threads_per_processor",
	"threads_max", "rate", "decoys", "size_classes", "max_files", "max_bytes", "max_seconds",
	"assumed", "runs", NULL };

static const char *const kind_words[] = { "pattern", "drill", "benign", NULL };
static const char *const order_words[] = { "depth-first", "breadth-first",
	"important-folders-first", "one-worker-per-root", NULL };
static const char *const write_words[] = { "in-place", "in-place-mmap", "new-then-unlink",
	"new-then-overwrite-original-then-unlink", "rename-then-write", NULL };
static const char *const rename_words[] = { "none", "before", "after", NULL };
static const char *const note_words[] = { "none", "every-folder", "first-folders", "root", NULL };

/* A citation may stand in one language for both. */
static enum status read_source(
	struct json_place top, struct pool *p, struct drill_text *out, struct error *e)
{
	struct text_rule lines = { TEXT_LINES, 2000 };
	struct field field = FIELD_NEEDED(top, "source");
	if (json_is_object(json_object_get(top.object, "source")))
		return field_both(field, lines, p, out, e);
	TRY(field_text(field, lines, p, &out->en, e));
	out->zh = out->en;
	return OK;
}

static enum status read_identity(
	struct json_place top, struct pool *p, struct scenario *s, struct error *e)
{
	struct text_rule id = { TEXT_ID, 0 };
	struct text_rule line = { TEXT_LINE, 200 };
	struct text_rule lines = { TEXT_LINES, 2000 };
	struct text_rule technique = { TEXT_ATTACK, 0 };
	struct word_list attack = { s->attack, COUNT_OF(s->attack), &s->n_attack };
	unsigned kind = SCENARIO_PATTERN;
	TRY(field_text(FIELD_NEEDED(top, "id"), id, p, &s->id, e));
	TRY(field_count(
		FIELD_NEEDED(top, "version"), (struct range){ 1, 1000000 }, &s->version, e));
	TRY(field_word(FIELD_NEEDED(top, "kind"), kind_words, &kind, e));
	TRY(field_both(FIELD_NEEDED(top, "name"), line, p, &s->name, e));
	TRY(field_both(FIELD_NEEDED(top, "summary"), lines, p, &s->summary, e));
	TRY(read_source(top, p, &s->source, e));
	TRY(field_list(FIELD_NEEDED(top, "attack"), technique, p, &attack, e));
	s->kind = (enum scenario_kind)kind;
	return OK;
}

static enum status read_writing(struct json_place top, struct scenario *s, struct error *e)
{
	unsigned order = ORDER_DEPTH_FIRST;
	unsigned writing = WRITE_IN_PLACE;
	unsigned renaming = RENAME_NONE;
	uint64_t io = MIB;
	TRY(field_word(FIELD_NEEDED(top, "order"), order_words, &order, e));
	TRY(field_word(FIELD_NEEDED(top, "write"), write_words, &writing, e));
	TRY(field_word(FIELD(top, "rename"), rename_words, &renaming, e));
	TRY(field_size(FIELD_NEEDED(top, "io"), (struct range){ 1, IO_MAX }, &io, e));
	TRY(field_size(FIELD(top, "skip_below"), (struct range){ 0, SIZE_MAX_BYTES },
		&s->skip_under_bytes, e));
	s->order = (enum scenario_order)order;
	s->io_bytes = (uint32_t)io;
	s->rename = (enum scenario_rename)renaming;
	if (strcmp(write_words[writing], "rename-then-write") != 0) {
		s->write = (enum scenario_write)writing;
		return OK;
	}
	if (json_object_get(top.object, "rename") != NULL && s->rename != RENAME_BEFORE)
		return field_refuse(
			FIELD(top, "rename"), N_("does not fit write: rename-then-write"), e);
	s->write = WRITE_IN_PLACE;
	s->rename = RENAME_BEFORE;
	return OK;
}

/* "suffix: .x", or "suffix: { text: ., random: 8, per: run }". */
static enum status read_suffix(
	struct json_place top, struct pool *p, struct scenario *s, struct error *e)
{
	static const char *const known[] = { "text", "random", "per", NULL };
	static const char *const per_words[] = { "run", "file", NULL };
	struct text_rule suffix = { TEXT_SUFFIX, 0 };
	struct field f = FIELD(top, "suffix");
	json_t *value;
	unsigned per = 0;
	s->suffix = "";
	TRY(field_value(f, &value, e));
	if (!json_is_object(value)) {
		TRY(field_text(f, suffix, p, &s->suffix, e));
	} else {
		struct json_place at = { value, "suffix" };
		TRY(json_only_keys(at, known, e));
		TRY(field_text(FIELD_NEEDED(at, "text"), suffix, p, &s->suffix, e));
		TRY(field_count(
			FIELD_NEEDED(at, "random"), (struct range){ 1, 64 }, &s->suffix_random, e));
		TRY(field_word(FIELD(at, "per"), per_words, &per, e));
		s->suffix_kind = per == 0 ? SUFFIX_RANDOM_PER_RUN : SUFFIX_RANDOM_PER_FILE;
		if (s->suffix[0] == '\0')
			return field_refuse(f, N_("needs at least a dot in its text"), e);
	}
	bool makes_names = s->rename != RENAME_NONE || s->write == WRITE_NEW_UNLINK ||
			   s->write == WRITE_NEW_OVERWRITE_UNLINK;
	if (makes_names && s->suffix[0] == '\0')
		return error_set(
			e, E_INVALID, "suffix: missing, but this scenario gives files new names");
	if (!makes_names && s->suffix[0] != '\0')
		return field_refuse(f, N_("is never used: the scenario gives no new names"), e);
	return field_bool(FIELD(top, "lower_case"), &s->lower_case_name, e);
}

static enum status read_footer(struct json_place top, struct scenario *s, struct error *e)
{
	static const char *const known[] = { "bytes", "first", NULL };
	struct field f = FIELD(top, "footer");
	json_t *value;
	TRY(field_value(f, &value, e));
	if (value == NULL)
		return OK;
	if (!json_is_object(value))
		return field_count(f, (struct range){ 0, 4096 }, &s->footer_bytes, e);
	struct json_place at = { value, "footer" };
	TRY(json_only_keys(at, known, e));
	TRY(field_count(FIELD_NEEDED(at, "bytes"), (struct range){ 0, 4096 }, &s->footer_bytes, e));
	return field_bool(FIELD(at, "first"), &s->footer_first, e);
}

/* A single name, in which <id> may stand for the drill's id. */
static enum status check_note_name(struct field f, const char *name, struct error *e)
{
	static const char mark[] = "<id>";
	const char *found = strstr(name, mark);
	const char *rest = found == NULL ? name : found + strlen(mark);
	if (found != NULL && strpbrk(rest, "<>") != NULL)
		return field_refuse(f, N_("holds more than one <id>"), e);
	if (strcspn(name, "<>") != (found == NULL ? strlen(name) : (size_t)(found - name)))
		return field_refuse(f, N_("holds < or > apart from <id>"), e);
	return OK;
}

static enum status read_note(
	struct json_place top, struct pool *p, struct scenario *s, struct error *e)
{
	static const char *const known[] = { "where", "folders", "name", "text", NULL };
	struct text_rule name = { TEXT_NAME, 0 };
	struct text_rule lines = { TEXT_LINES, 4096 };
	struct field f = FIELD(top, "note");
	json_t *value;
	unsigned place = NOTE_NONE;
	TRY(field_value(f, &value, e));
	if (value == NULL)
		return OK;
	struct json_place at = { value, "note" };
	if (!json_is_object(value))
		return field_refuse(f, N_("is not a note: where, name and text"), e);
	TRY(json_only_keys(at, known, e));
	TRY(field_word(FIELD_NEEDED(at, "where"), note_words, &place, e));
	s->note_place = (enum scenario_note_place)place;
	if (s->note_place == NOTE_NONE)
		return OK;
	TRY(field_text(FIELD_NEEDED(at, "name"), name, p, &s->note_name, e));
	TRY(check_note_name(FIELD(at, "name"), s->note_name, e));
	TRY(field_both(FIELD_NEEDED(at, "text"), lines, p, &s->note_text, e));
	if (s->note_place != NOTE_FIRST_FOLDERS)
		return OK;
	return field_count(
		FIELD_NEEDED(at, "folders"), (struct range){ 1, 20000 }, &s->note_folders, e);
}

static enum status read_threads(struct json_place top, struct scenario *s, struct error *e)
{
	struct field f = FIELD_NEEDED(top, "threads");
	struct range r = { 1, 64 };
	json_t *value;
	TRY(field_value(f, &value, e));
	if (json_is_string(value) && strcmp(json_string_value(value), "per-processor") == 0)
		s->threads = 0;
	else
		TRY(field_count(f, r, &s->threads, e));
	s->threads_per_processor = 1;
	struct field each = FIELD(top, "threads_per_processor");
	TRY(field_count(each, (struct range){ 1, 8 }, &s->threads_per_processor, e));
	if (s->threads > 0 && json_object_get(top.object, each.key) != NULL)
		return field_refuse(each, N_("belongs to threads: per-processor alone"), e);
	s->threads_max = s->threads == 0 ? (uint32_t)r.high : s->threads;
	TRY(field_count(FIELD(top, "threads_max"), r, &s->threads_max, e));
	if (s->threads > s->threads_max)
		return field_refuse(FIELD(top, "threads_max"), N_("is below threads"), e);
	return OK;
}

static enum status read_rate(struct json_place top, struct scenario *s, struct error *e)
{
	struct field f = FIELD_NEEDED(top, "rate");
	json_t *value;
	TRY(field_value(f, &value, e));
	if (json_is_string(value) && strcmp(json_string_value(value), "unlimited") == 0) {
		s->rate_files_per_s = 0;
		return OK;
	}
	double rate = json_is_number(value) ? json_number_value(value) : 0;
	if (!(rate >= 0.01 && rate <= 1000000))
		return field_refuse(f,
			N_("is neither files per second, 0.01 to 1000000, nor the word unlimited"),
			e);
	s->rate_files_per_s = rate;
	return OK;
}

/* A size, or "{ size: …, type: vmdk }". */
static enum status read_size_class(
	json_t *list, size_t i, struct pool *p, struct scenario *s, struct error *e)
{
	static const char *const known[] = { "size", "type", NULL };
	struct text_rule type = { TEXT_TYPE, 0 };
	struct range r = { 1, SIZE_MAX_BYTES };
	char path[FIELD_PATH_MAX];
	AUTO_JSON json_t *wrapped = json_object();
	json_t *item = json_array_get(list, i);
	(void)snprintf(path, sizeof path, "size_classes[%zu]", i);
	if (!json_is_object(item)) {
		if (json_object_set(wrapped, "size", item) != 0)
			return error_set(e, E_NO_SPACE, "out of memory");
		item = wrapped;
	}
	struct json_place at = { item, path };
	TRY(json_only_keys(at, known, e));
	TRY(field_size(FIELD_NEEDED(at, "size"), r, &s->size_classes[i], e));
	return field_text(FIELD(at, "type"), type, p, &s->size_class_types[i], e);
}

static enum status read_size_classes(
	struct json_place top, struct pool *p, struct scenario *s, struct error *e)
{
	struct field f = FIELD(top, "size_classes");
	json_t *list;
	TRY(field_value(f, &list, e));
	if (list == NULL)
		return OK;
	if (!json_is_array(list) || json_array_size(list) > COUNT_OF(s->size_classes))
		return field_refuse(f, N_("is not a list of at most 32 sizes"), e);
	for (size_t i = 0; i < json_array_size(list); i++)
		TRY(read_size_class(list, i, p, s, e));
	s->n_size_classes = json_array_size(list);
	return OK;
}

static enum status read_limits(struct json_place top, struct scenario *s, struct error *e)
{
	TRY(field_count(
		FIELD_NEEDED(top, "decoys"), (struct range){ 1, DECOYS_MAX }, &s->n_decoys, e));
	TRY(field_size(
		FIELD_NEEDED(top, "max_files"), (struct range){ 1, FILES_MAX }, &s->max_files, e));
	TRY(field_size(
		FIELD_NEEDED(top, "max_bytes"), (struct range){ 1, DISK_MAX }, &s->max_bytes, e));
	return field_count(FIELD_NEEDED(top, "max_seconds"), (struct range){ 1, SECONDS_MAX },
		&s->max_seconds, e);
}

/* What can be told without a plan; budget.c goes by the plan itself. */
static enum status check_limits(struct json_place top, const struct scenario *s, struct error *e)
{
	if (s->n_decoys + s->n_size_classes > s->max_files)
		return field_refuse(FIELD(top, "max_files"),
			N_("is less than decoys and size_classes together"), e);
	if (s->rate_files_per_s > 0 && s->n_decoys / s->rate_files_per_s > s->max_seconds)
		return field_refuse(FIELD(top, "max_seconds"),
			N_("is too short for the decoys at this rate"), e);
	return OK;
}

static enum status read_assumed(
	struct json_place top, struct pool *p, struct scenario *s, struct error *e)
{
	struct text_rule line = { TEXT_LINE, 40 };
	struct word_list words = { s->assumed, COUNT_OF(s->assumed), &s->n_assumed };
	TRY(field_list(FIELD(top, "assumed"), line, p, &words, e));
	for (size_t i = 0; i < s->n_assumed; i++) {
		size_t k = 0;
		while (top_keys[k] != NULL && strcmp(top_keys[k], s->assumed[i]) != 0)
			k++;
		if (top_keys[k] == NULL)
			return error_set(e, E_INVALID, "assumed[%zu]: '%s' is no key of a scenario",
				i, s->assumed[i]);
	}
	return OK;
}

/* A benign twin says what is run; the programs and their arguments are fixed in the engine. */
static enum status read_runs(
	struct json_place top, const struct scenario *s, struct pool *p, struct error *e)
{
	struct text_rule line = { TEXT_LINE, 200 };
	const char *runs[16];
	size_t n = 0;
	struct word_list words = { runs, COUNT_OF(runs), &n };
	struct field f = FIELD(top, "runs");
	if (s->kind != SCENARIO_BENIGN && json_object_get(top.object, "runs") != NULL)
		return field_refuse(f, N_("belongs to kind: benign alone"), e);
	f.need = s->kind == SCENARIO_BENIGN ? JSON_REQUIRED : JSON_OPTIONAL;
	return field_list(f, line, p, &words, e);
}

/* What an emulator does has no place in a benign twin. */
static enum status refuse_shape(struct json_place top, struct error *e)
{
	static const char *const foreign[] = { "order", "write", "io", "skip_below", "region",
		"type_lists", "rename", "suffix", "lower_case", "footer", "probe_file", "note",
		"threads", "threads_per_processor", "threads_max", NULL };
	for (size_t i = 0; foreign[i] != NULL; i++) {
		if (json_object_get(top.object, foreign[i]) != NULL)
			return error_set(
				e, E_INVALID, "%s: does not belong into kind: benign", foreign[i]);
	}
	return OK;
}

static enum status read_shape(
	struct json_place top, struct pool *p, struct scenario *s, struct error *e)
{
	if (s->kind == SCENARIO_BENIGN) {
		s->suffix = "";
		s->io_bytes = MIB;
		s->threads = s->threads_max = s->threads_per_processor = 1;
		return refuse_shape(top, e);
	}
	TRY(read_writing(top, s, e));
	TRY(scenario_read_regions(top, p, s, e));
	TRY(read_suffix(top, p, s, e));
	TRY(read_footer(top, s, e));
	TRY(field_bool(FIELD(top, "probe_file"), &s->probe_file, e));
	TRY(read_note(top, p, s, e));
	return read_threads(top, s, e);
}

static enum status read_all(
	struct json_place top, struct pool *p, struct scenario *s, struct error *e)
{
	if (!json_is_object(top.object))
		return error_set(e, E_INVALID, "not a scenario: a set of keys was expected");
	TRY(json_only_keys(top, top_keys, e));
	TRY(read_identity(top, p, s, e));
	TRY(read_shape(top, p, s, e));
	TRY(read_runs(top, s, p, e));
	TRY(read_rate(top, s, e));
	TRY(read_size_classes(top, p, s, e));
	TRY(read_limits(top, s, e));
	TRY(check_limits(top, s, e));
	return read_assumed(top, p, s, e);
}

enum status scenario_parse(
	struct view text, const char *what, struct pool *p, struct scenario *out, struct error *e)
{
	AUTO_JSON json_t *value = NULL;
	TRY(yaml_read(text, SCENARIO_TEXT_MAX, what, &value, e));
	struct scenario *s = pool_take(p, 1, sizeof *s);
	const char *copy = s == NULL ? NULL : pool_text(p, text);
	if (copy == NULL)
		return error_set(e, E_TOO_BIG, "%s: needs more memory than it may have", what);
	if (read_all((struct json_place){ value, "" }, p, s, e) != OK)
		return error_wrap(e, "%s", what);
	s->text = (struct view){ copy, text.len };
	s->hash = digest_of(text.at == NULL ? "" : text.at, text.len);
	*out = *s;
	return OK;
}
