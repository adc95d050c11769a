/*
 * What tests of the rules share.
 */
#include "tests/lib/rules_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sys/file.h"

#define NOW_NS (1795000000LL * NS_PER_S) /* 2026-11-18 */

const struct profile_set *rules_set(void)
{
	static struct profile_set *set; /* each test is a process of its own */
	struct error e = ERROR_NONE;
	if (set == NULL)
		REQUIRE_OK(profile_set_load(NULL, &set, &e), e);
	return set;
}

const struct profile *rules_profile(const char *id)
{
	const struct profile *p = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(profile_find(rules_set(), id, &p, &e), e);
	return p;
}

void rules_assign(struct facts *f, const char *assignments)
{
	struct view rest = view_of(assignments);
	while (rest.len > 0) {
		char one[200];
		struct error e = ERROR_NONE;
		const struct view word = view_cut(&rest, ' ');
		if (word.len == 0)
			continue;
		(void)snprintf(one, sizeof one, "%.*s", VIEW_ARGS(word));
		REQUIRE_OK(facts_set(profile_facts(rules_set()), f, one, NOW_NS, &e), e);
	}
}

void rules_harmless(struct facts *f)
{
	const struct fact_catalogue *c = profile_facts(rules_set());
	facts_clear(f);
	for (size_t i = 0; i < c->n_rows; i++)
		if (c->rows[i].kind != FACT_TIME &&
			!(c->rows[i].kind == FACT_CHOICE && c->rows[i].only_if >= 0))
			f->at[i] = 0;
}

int rules_criterion(const struct profile *p, const char *instrument, const char *row)
{
	for (size_t i = 0; i < p->n_criteria; i++)
		if (strcmp(p->criteria[i].row, row) == 0 &&
			(instrument == NULL || strcmp(p->criteria[i].instrument, instrument) == 0))
			return (int)i;
	return -1;
}

static bool holds(const struct classification *k, const uint16_t *list, size_t n, const char *row)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(k->profile->criteria[list[i]].row, row) == 0)
			return true;
	return false;
}

bool rules_met(const struct classification *k, const char *row)
{
	return holds(k, k->met, k->n_met, row);
}

bool rules_could_raise(const struct classification *k, const char *row)
{
	return holds(k, k->could_raise, k->n_could_raise, row);
}

int rules_tier(const struct classification *k)
{
	return k->grade < 0 ? 0 : k->profile->grades[k->grade].tier;
}

/* --- tables --- */

/* Cuts one cell off a line in place; *line is NULL after the last. */
static char *next_cell(char **line)
{
	char *start = *line;
	char *end;
	if (start[0] == '"') {
		start++;
		end = strchr(start, '"');
		REQUIRE(end != NULL);
		*end++ = '\0';
		*line = *end == ',' ? end + 1 : NULL;
		return start;
	}
	end = strchr(start, ',');
	*line = end == NULL ? NULL : end + 1;
	if (end != NULL)
		*end = '\0';
	return start;
}

static size_t cut_line(char *line, char **cells)
{
	size_t n = 0;
	while (line != NULL) {
		REQUIRE(n < TABLE_COLUMNS_MAX);
		cells[n++] = next_cell(&line);
	}
	return n;
}

static void read_table(const char *name, struct table *t)
{
	char path[4096];
	struct error e = ERROR_NONE;
	struct buf text; /* the cells point into it */
	buf_init(&text, 4 * MIB);
	(void)snprintf(
		path, sizeof path, "%s/tests/unit/incident/rules/%s", test_source_folder(), name);
	REQUIRE_OK(file_read_all(AT_FDCWD, path, 4 * MIB, &text, &e), e);
	char *saved = NULL;
	char *line = strtok_r(text.at, "\n", &saved);
	REQUIRE(line != NULL);
	t->n_columns = cut_line(line, t->names);
	while ((line = strtok_r(NULL, "\n", &saved)) != NULL) {
		REQUIRE(t->n_rows < TABLE_ROWS_MAX);
		REQUIRE(cut_line(line, t->cells[t->n_rows]) == t->n_columns);
		t->n_rows++;
	}
	CHECK(t->n_rows > 10);
}

const struct table *rules_table(const char *name)
{
	static struct {
		const char *name;
		struct table *table;
	} known[4];
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		if (known[i].name == NULL) {
			known[i].table = calloc(1, sizeof *known[i].table);
			REQUIRE(known[i].table != NULL);
			read_table(name, known[i].table);
			known[i].name = name;
		}
		if (strcmp(known[i].name, name) == 0)
			return known[i].table;
	}
	test_fail(__FILE__, __LINE__, "more tables than are kept");
	test_end();
}

const char *table_cell(const struct table *t, size_t row, const char *column)
{
	for (size_t i = 0; i < t->n_columns; i++)
		if (strcmp(t->names[i], column) == 0)
			return t->cells[row][i];
	test_fail(__FILE__, __LINE__, "no column %s", column);
	test_end();
}

/* --- tiers --- */

/* How a metric of the table is a fact, and what else its row asks for. */
static const struct tier_metric {
	const char *metric;
	const char *fact;
	const char *instrument; /* NULL: any */
	const char *also;
	int64_t factor; /* table's unit to ours: hours, yuan */
	bool open;	/* stays met above its upper limit */
} tier_metrics[] = {
	{ "outage_hours", "outage_minutes", NULL, "data_domain=telecom", 60, true },
	{ "radio_interference_hours", "radio_interference_minutes", NULL, "data_domain=radio", 60,
		false },
	{ "direct_loss", "direct_loss_fen", NULL, "", 100, false },
	{ "personal_information_persons", "personal_information_persons", NULL, "", 1, false },
	{ "sensitive_pi_persons", "sensitive_pi_persons", NULL, "", 1, false },
	{ "site_unavailable_hours", "site_unavailable_minutes", NULL, "", 60, false },
	{ "cii_total_outage_minutes", "cii_total_outage_minutes", NULL, "cii=yes", 1, false },
	{ "cii_main_function_outage_minutes", "cii_main_function_outage_minutes", NULL, "cii=yes",
		1, false },
	{ "affected_population_share", "affected_population_share", NULL, "", FACT_SHARE_ONE,
		false },
	{ "affected_people", "affected_people", NULL, "", 1, false },
	{ "illegal_content_homepage_minutes", "illegal_content_homepage_minutes", NULL, "", 1,
		false },
	{ "illegal_content_shares", "illegal_content_shares", NULL, "", 1, false },
	{ "illegal_content_views", "illegal_content_views", NULL, "", 1, false },
};

/* What a row names beside its figure. */
static const struct tier_also {
	const char *instrument, *row, *also;
	int weaker; /* tier just below its limit, 0: the next */
} tier_alsos[] = {
	{ "MIIT-214-2024", "1.2b", "system_class=important", 0 },
	{ "MIIT-214-2024", "2.2b", "system_class=important", 0 },
	{ "MIIT-214-2024", "3.2b", "system_class=relevant", 0 },
	{ "CAC-2025-reporting", "1.1", "site_class=provincial_portal", 0 },
	{ "CAC-2025-reporting", "2.1", "site_class=prefecture_portal", 0 },
	{ "CAC-2025-reporting", "3.1", "site_class=provincial_news", 0 },
	/* Half of a province less a person is still 30 % of some prefecture. */
	{ "CAC-2025-reporting", "1.4", "affected_division_level=provincial", 3 },
	{ "CAC-2025-reporting", "2.4", "affected_division_level=prefecture", 0 },
	{ "CAC-2025-reporting", "3.4", "affected_division_level=prefecture", 0 },
	{ "CAC-2025-reporting", "1.7", "data_leaked_or_stolen=yes", 0 },
	{ "CAC-2025-reporting", "2.7", "data_leaked_or_stolen=yes", 0 },
	{ "CAC-2025-reporting", "3.7", "data_leaked_or_stolen=yes", 0 },
};

/* Rows without a figure: what meets them, and what gives the next weaker tier (CAC: tier 4). */
static const struct tier_words {
	const char *instrument, *row, *met, *weaker;
} tier_words[] = {
	{ "MIIT-214-2024", "1.1", "data_class=core threat=especially_serious",
		"data_class=important threat=serious" },
	{ "MIIT-214-2024", "1.1", "data_class=important threat=especially_serious",
		"data_class=important threat=serious" },
	{ "MIIT-214-2024", "2.1", "data_class=important threat=serious",
		"data_class=important threat=relatively_serious" },
	{ "MIIT-214-2024", "3.1", "data_class=important threat=relatively_serious",
		"data_class=important threat=minor" },
	{ "MIIT-214-2024", "3.1", "data_class=general threat=relatively_serious",
		"data_class=general threat=minor" },
	{ "MIIT-214-2024", "4.1", "data_class=general threat=minor", "" },
	{ "MIIT-214-2024", "4.1", "data_class=important threat=minor", "" },
	{ "MIIT-214-2024", "4.1", "data_class=core threat=minor", "" },
	{ "MIIT-214-2024", "1.2a", "data_domain=industrial production_impact=large_scale",
		"data_domain=industrial production_impact=relatively_large" },
	{ "MIIT-214-2024", "2.2a", "data_domain=industrial production_impact=relatively_large",
		"data_domain=industrial production_impact=part" },
	{ "MIIT-214-2024", "3.2a", "data_domain=industrial production_impact=part",
		"data_domain=industrial production_impact=minor" },
	{ "MIIT-214-2024", "4.2a", "data_domain=industrial production_impact=minor", "" },
	{ "MIIT-214-2024", "1.5", "other_harm=especially_serious", "other_harm=serious" },
	{ "MIIT-214-2024", "2.5", "other_harm=serious", "other_harm=relatively_serious" },
	{ "MIIT-214-2024", "3.5", "other_harm=relatively_serious", "other_harm=general" },
	{ "MIIT-214-2024", "4.5", "other_harm=general", "" },
	{ "CAC-2025-reporting", "1.6",
		"data_class=core threat=especially_serious data_leaked_or_stolen=yes",
		"data_class=core threat=serious data_altered_or_faked=yes" },
	{ "CAC-2025-reporting", "1.6",
		"data_class=important threat=especially_serious data_altered_or_faked=yes",
		"data_class=important threat=serious data_altered_or_faked=yes" },
	{ "CAC-2025-reporting", "2.6", "data_class=core threat=serious data_altered_or_faked=yes",
		"data_class=important threat=relatively_serious data_leaked_or_stolen=yes" },
	{ "CAC-2025-reporting", "2.6",
		"data_class=important threat=serious data_leaked_or_stolen=yes",
		"data_class=important threat=relatively_serious data_leaked_or_stolen=yes" },
	{ "CAC-2025-reporting", "3.6",
		"data_class=important threat=relatively_serious data_leaked_or_stolen=yes",
		"data_class=important threat=minor data_leaked_or_stolen=yes" },
	{ "CAC-2025-reporting", "4.1", "direct_loss_fen=499999999", "" },
};

/* One profile that grades by the table, under its own name of the instrument. */
static const struct tier_profile {
	const char *table; /* instrument in the table */
	const char *profile;
	const char *instrument; /* in the profile */
	const char *certainty;	/* NULL: as in the table */
	const char *left_out;	/* ends of rows that are switched off */
} tier_profiles[] = {
	{ "MIIT-214-2024", "cn-miit-2024-214", "MIIT-214-2024", NULL, "" },
	{ "MIIT-214-2024", "cn-miit", "MIIT-214-2024", NULL, "" },
	{ "MIIT-214-2024", "cn-nmg-2025", "Inner-Mongolia-2025", "A", "" },
	{ "MIIT-214-2024", "cn-jl-2025", "Jilin-2025", "A", ".1 .2b .2c" },
	{ "CAC-2025-reporting", "cn-cac-2025", "CAC-2025-reporting", NULL, "" },
};

static size_t find_tier(const struct table *t, const char *instrument, const char *row)
{
	for (size_t i = 0; i < t->n_rows; i++)
		if (strcmp(table_cell(t, i, "instrument"), instrument) == 0 &&
			strcmp(table_cell(t, i, "row"), row) == 0)
			return i;
	test_fail(__FILE__, __LINE__, "no row %s of %s", row, instrument);
	test_end();
}

/* The tier under the facts, over all else harmless (known) or over nothing else known. */
static void expect_tier(const struct tier_profile *q, const char *row, const struct facts *f,
	int tier, int met, const char *what)
{
	struct classification k;
	classify(rules_profile(q->profile), f, &k);
	if (rules_tier(&k) != tier)
		test_fail(__FILE__, __LINE__, "%s %s, %s: tier %d, wanted %d", q->profile, row,
			what, rules_tier(&k), tier);
	if (met >= 0 && rules_met(&k, row) != (met == 1))
		test_fail(__FILE__, __LINE__, "%s %s, %s: %s", q->profile, row, what,
			met == 1 ? "not met" : "met");
}

static void check_names(const struct tier_profile *q, const struct table *t, size_t i)
{
	const struct profile *p = rules_profile(q->profile);
	const char *row = table_cell(t, i, "row");
	const int at = rules_criterion(p, q->instrument, row);
	REQUIRE(at >= 0);
	const struct criterion *c = &p->criteria[at];
	const struct profile_grade *g = &p->grades[c->grade];
	const char *certainty = q->certainty == NULL ? table_cell(t, i, "certainty") : q->certainty;
	CHECK_INT(c->certainty, certainty[0]);
	CHECK_INT(g->tier, atoi(table_cell(t, i, "tier")));
	CHECK_TEXT(g->name.zh, table_cell(t, i, "tier_zh"));
	CHECK_TEXT(g->name.en, table_cell(t, i, "tier_en"));
	CHECK_TEXT(g->colour == NULL ? "" : g->colour, table_cell(t, i, "colour"));
	CHECK_TEXT(g->response_level == NULL ? "" : g->response_level,
		table_cell(t, i, "response_level"));
}

struct tier_case {
	const struct tier_profile *q;
	const char *row, *also, *fact_also;
	int slot;
	int tier;
};

/* Over harmless facts and over unknown ones, which must come to the same. */
static void expect_value(const struct tier_case *c, int64_t value, int tier, int met)
{
	char what[100];
	for (int known = 0; known < 2; known++) {
		struct facts f;
		if (known == 1)
			rules_harmless(&f);
		else
			facts_clear(&f);
		/* A figure must not contradict the one that it is part of. */
		if (known == 1 && strcmp(c->row + 1, ".4b") == 0)
			f.at[fact_slot(profile_facts(rules_set()),
				"personal_information_persons")] = FACT_UNKNOWN;
		rules_assign(&f, c->also);
		rules_assign(&f, c->fact_also);
		f.at[c->slot] = value;
		(void)snprintf(what, sizeof what, "%lld, the rest %s", (long long)value,
			known == 1 ? "harmless" : "unknown");
		expect_tier(c->q, c->row, &f, tier, met, what);
	}
}

static int64_t limit(const char *text, int64_t factor)
{
	return text[0] == '\0' ? -1 : (int64_t)(strtod(text, NULL) * (double)factor + 0.5);
}

static const struct tier_also *also_of(const char *instrument, const char *row)
{
	static const struct tier_also nothing = { NULL, NULL, "", 0 };
	for (size_t i = 0; i < COUNT_OF(tier_alsos); i++)
		if (strcmp(tier_alsos[i].instrument, instrument) == 0 &&
			strcmp(tier_alsos[i].row, row) == 0)
			return &tier_alsos[i];
	return &nothing;
}

static void check_figure(
	const struct tier_profile *q, const struct table *t, size_t i, const struct tier_metric *m)
{
	const int64_t low = limit(table_cell(t, i, "low_inclusive"), m->factor);
	const int64_t high = limit(table_cell(t, i, "high_exclusive"), m->factor);
	const int tier = atoi(table_cell(t, i, "tier"));
	const struct tier_also *also = also_of(q->table, table_cell(t, i, "row"));
	const struct tier_case c = { q, table_cell(t, i, "row"), m->also, also->also,
		fact_slot(profile_facts(rules_set()), m->fact), tier };
	REQUIRE(c.slot >= 0 && (low >= 0 || high >= 0));
	if (low >= 0) {
		expect_value(&c, low - 1, also->weaker > 0 ? also->weaker : tier + 1, 0);
		expect_value(&c, low, tier, 1);
		expect_value(&c, low + 1, tier, 1);
	}
	if (high >= 0) {
		/* "relevant" systems stay in their tier however long they are out. */
		const bool stays = m->open && strstr(c.fact_also, "relevant") != NULL;
		expect_value(&c, high - 1, tier, 1);
		expect_value(&c, high, stays ? tier : tier - 1, m->open && tier < 4 ? 1 : 0);
		expect_value(&c, high + 1, stays ? tier : tier - 1, m->open && tier < 4 ? 1 : 0);
	}
}

static void check_words(const struct tier_profile *q, const struct table *t, size_t i)
{
	const char *row = table_cell(t, i, "row");
	const int tier = atoi(table_cell(t, i, "tier"));
	size_t n = 0;
	for (size_t w = 0; w < COUNT_OF(tier_words); w++) {
		struct facts f;
		if (strcmp(tier_words[w].instrument, q->table) != 0 ||
			strcmp(tier_words[w].row, row) != 0)
			continue;
		n++;
		rules_harmless(&f);
		rules_assign(&f, tier_words[w].met);
		expect_tier(q, row, &f, tier, 1, tier_words[w].met);
		facts_clear(&f);
		rules_assign(&f, tier_words[w].met);
		expect_tier(q, row, &f, tier, 1, tier_words[w].met);
		if (tier_words[w].weaker[0] == '\0')
			continue;
		rules_harmless(&f);
		rules_assign(&f, tier_words[w].weaker);
		expect_tier(q, row, &f, tier + 1, 0, tier_words[w].weaker);
	}
	CHECK(n > 0);
}

static const struct tier_metric *metric_of(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(tier_metrics); i++)
		if (strcmp(tier_metrics[i].metric, name) == 0)
			return &tier_metrics[i];
	return NULL;
}

void rules_check_tier(const char *instrument, const char *row)
{
	const struct table *t = rules_table("tiers.csv");
	const size_t i = find_tier(t, instrument, row);
	const struct tier_metric *m = metric_of(table_cell(t, i, "metric"));
	size_t n = 0;
	for (size_t k = 0; k < COUNT_OF(tier_profiles); k++) {
		const struct tier_profile *q = &tier_profiles[k];
		if (strcmp(q->table, instrument) != 0)
			continue;
		n++;
		if (strstr(q->left_out, row + 1) != NULL) {
			CHECK(rules_criterion(rules_profile(q->profile), NULL, row) == -1);
			continue;
		}
		check_names(q, t, i);
		if (m != NULL)
			check_figure(q, t, i, m);
		else
			check_words(q, t, i);
	}
	CHECK(n > 0);
}

/* --- criteria --- */

static const char *truth_in(const struct classification *k, int index)
{
	for (size_t i = 0; i < k->n_met; i++)
		if (k->met[i] == index)
			return "met";
	for (size_t i = 0; i < k->n_could_raise; i++)
		if (k->could_raise[i] == index)
			return "unknown";
	return "not";
}

void rules_check_criterion(const char *profile, const char *row)
{
	const struct table *t = rules_table("criteria.csv");
	const struct profile *p = rules_profile(profile);
	size_t n_met = 0;
	size_t n_not = 0;
	for (size_t i = 0; i < t->n_rows; i++) {
		struct facts f;
		struct classification k;
		if (strcmp(table_cell(t, i, "profile"), profile) != 0 ||
			strcmp(table_cell(t, i, "row"), row) != 0)
			continue;
		const int at = rules_criterion(p, table_cell(t, i, "instrument"), row);
		const char *expected = table_cell(t, i, "expected");
		REQUIRE(at >= 0);
		facts_clear(&f);
		rules_assign(&f, table_cell(t, i, "facts"));
		classify(p, &f, &k);
		if (strcmp(truth_in(&k, at), expected) != 0)
			test_fail(__FILE__, __LINE__, "%s %s: %s: %s, wanted %s", profile, row,
				table_cell(t, i, "facts"), truth_in(&k, at), expected);
		if (strcmp(expected, "met") == 0) {
			n_met++;
			CHECK(k.grade >= 0 && k.grade <= p->criteria[at].grade);
		}
		n_not += strcmp(expected, "not") == 0;
	}
	CHECK(n_met > 0);
	CHECK(n_not > 0);
}

/* --- deadlines --- */

static const char *const kind_names[] = { "within", "immediately", "earliest", "every", "days",
	"working_days", "months", "year_end", "on_request" };
static const char *const moment_names[] = { "occurred", "discovered", "judged", "receipt",
	"handling_ended", "requested", "paid", "remedy", "new_facts", "submitted" };

static const struct duty *duty_of(const struct profile *p, const char *id)
{
	for (size_t i = 0; i < p->n_duties; i++)
		if (strcmp(p->duties[i].id, id) == 0)
			return &p->duties[i];
	test_fail(__FILE__, __LINE__, "%s has no duty %s", p->id, id);
	test_end();
}

static void check_amount(const struct duty *d, const char *amount, const char *cap)
{
	char text[40] = "";
	char second[40] = "";
	if (d->kind == CLOCK_YEAR_END)
		(void)snprintf(text, sizeof text, "%02d-%02d", d->month, d->day);
	else if (d->kind != CLOCK_IMMEDIATELY && d->kind != CLOCK_ON_REQUEST)
		(void)snprintf(text, sizeof text, "%lld", (long long)d->amount);
	CHECK_TEXT(text, amount);
	if (d->kind == CLOCK_EARLIEST)
		(void)snprintf(second, sizeof second, "%s %lld", moment_names[d->cap_from],
			(long long)d->cap_minutes);
	CHECK_TEXT(second, cap);
	/* "Immediately" has no due time: it needs a target of its own. */
	CHECK(d->kind != CLOCK_IMMEDIATELY || d->target_minutes > 0);
}

static void check_grade(const struct profile *p, const struct duty *d, const char *grade)
{
	char text[40] = "";
	if (d->worst_grade >= 0 && p->grades[d->worst_grade].tier > 0)
		(void)snprintf(text, sizeof text, "%d", p->grades[d->worst_grade].tier);
	else if (d->worst_grade >= 0)
		(void)snprintf(text, sizeof text, "%s", p->grades[d->worst_grade].class_key);
	CHECK_TEXT(text, grade);
}

static void check_when(const struct duty *d, const char *yes, const char *no)
{
	struct facts f;
	facts_clear(&f);
	rules_assign(&f, yes);
	CHECK(d->when == NULL || condition_truth(d->when, &f) != TRUTH_NO);
	if (no[0] == '\0') {
		CHECK(d->when == NULL);
		return;
	}
	REQUIRE(d->when != NULL);
	facts_clear(&f);
	rules_assign(&f, no);
	CHECK(condition_truth(d->when, &f) == TRUTH_NO);
}

void rules_check_deadline(const char *instrument, const char *row)
{
	const struct table *t = rules_table("deadlines.csv");
	size_t n = 0;
	for (size_t i = 0; i < t->n_rows; i++) {
		if (strcmp(table_cell(t, i, "instrument"), instrument) != 0 ||
			strcmp(table_cell(t, i, "row"), row) != 0)
			continue;
		const struct profile *p = rules_profile(table_cell(t, i, "profile"));
		const struct duty *d = duty_of(p, table_cell(t, i, "duty"));
		n++;
		CHECK_TEXT(d->instrument, instrument);
		CHECK_TEXT(d->row, row);
		CHECK_INT(d->certainty, table_cell(t, i, "certainty")[0]);
		CHECK_TEXT(kind_names[d->kind], table_cell(t, i, "kind"));
		CHECK_TEXT(moment_names[d->from], table_cell(t, i, "from"));
		CHECK_TEXT(d->from_if_unknown == d->from ? "" : moment_names[d->from_if_unknown],
			table_cell(t, i, "if_unknown"));
		CHECK_TEXT(d->after_latest ? "latest" : "", table_cell(t, i, "which"));
		CHECK_TEXT(d->received_by, table_cell(t, i, "received_by")[0] == '\0'
						   ? d->owes
						   : table_cell(t, i, "received_by"));
		CHECK_TEXT(d->after == NULL ? "" : d->after, table_cell(t, i, "after"));
		CHECK_TEXT(d->owes, table_cell(t, i, "owes"));
		CHECK_TEXT(d->to, table_cell(t, i, "to"));
		CHECK_TEXT(d->medium, table_cell(t, i, "medium"));
		check_amount(d, table_cell(t, i, "amount"), table_cell(t, i, "cap"));
		check_grade(p, d, table_cell(t, i, "grade"));
		check_when(d, table_cell(t, i, "holds"), table_cell(t, i, "holds_not"));
	}
	CHECK(n > 0);
}
