/*
 * Conditions: three-valued truth, and what the compiler of conditions refuses.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "incident/rules/condition.h"
#include "tests/lib/rules_fixture.h"

static struct pool *pool_here(void)
{
	static struct pool *pool; /* each test is a process of its own */
	if (pool == NULL)
		pool = pool_new(8 * MIB);
	REQUIRE(pool != NULL);
	return pool;
}

static enum status compile(const char *text, const struct condition **out, struct error *e)
{
	AUTO_JSON json_t *value = NULL;
	REQUIRE_OK(yaml_read(view_of(text), MIB, "condition", &value, e), *e);
	return condition_compile(profile_facts(rules_set()), value, "when", pool_here(), out, e);
}

static enum truth truth(const char *text, const char *facts)
{
	struct error e = ERROR_NONE;
	struct facts f;
	const struct condition *c = NULL;
	facts_clear(&f);
	rules_assign(&f, facts);
	REQUIRE_OK(compile(text, &c, &e), e);
	return condition_truth(c, &f);
}

static void refused(const char *text, const char *sentence)
{
	struct error e = ERROR_NONE;
	const struct condition *c = NULL;
	CHECK_INT(compile(text, &c, &e), E_INVALID);
	CHECK_TEXT(e.text, sentence);
}

TEST(a_comparison_is_unknown_while_its_fact_is)
{
	CHECK_INT(truth("{ fact: outage_minutes, at_least: 480 }", ""), TRUTH_UNKNOWN);
	CHECK_INT(truth("{ fact: outage_minutes, below: 480 }", ""), TRUTH_UNKNOWN);
	CHECK_INT(truth("{ fact: data_class, is: core }", ""), TRUTH_UNKNOWN);
	CHECK_INT(truth("{ fact: data_class, in: [core, general] }", ""), TRUTH_UNKNOWN);
}

TEST(each_comparison_decides_at_its_limit)
{
	static const struct {
		const char *op;
		enum truth below, at, above;
	} rows[] = { { "at_least", TRUTH_NO, TRUTH_YES, TRUTH_YES },
		{ "above", TRUTH_NO, TRUTH_NO, TRUTH_YES },
		{ "at_most", TRUTH_YES, TRUTH_YES, TRUTH_NO },
		{ "below", TRUTH_YES, TRUTH_NO, TRUTH_NO },
		{ "is", TRUTH_NO, TRUTH_YES, TRUTH_NO } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[100];
		(void)snprintf(text, sizeof text, "{ fact: outage_minutes, %s: 480 }", rows[i].op);
		CHECK_INT(truth(text, "outage_minutes=479"), rows[i].below);
		CHECK_INT(truth(text, "outage_minutes=480"), rows[i].at);
		CHECK_INT(truth(text, "outage_minutes=481"), rows[i].above);
	}
}

TEST(two_ends_make_a_band)
{
	const char *band = "{ fact: outage_minutes, at_least: 480, below: 720 }";
	CHECK_INT(truth(band, "outage_minutes=479"), TRUTH_NO);
	CHECK_INT(truth(band, "outage_minutes=480"), TRUTH_YES);
	CHECK_INT(truth(band, "outage_minutes=719"), TRUTH_YES);
	CHECK_INT(truth(band, "outage_minutes=720"), TRUTH_NO);
}

TEST(an_ordered_choice_compares_by_its_order)
{
	const char *least = "{ fact: data_class, at_least: important }";
	CHECK_INT(truth(least, "data_class=general"), TRUTH_NO);
	CHECK_INT(truth(least, "data_class=important"), TRUTH_YES);
	CHECK_INT(truth(least, "data_class=core"), TRUTH_YES);
	const char *set = "{ fact: data_class, in: [general, core] }";
	CHECK_INT(truth(set, "data_class=general"), TRUTH_YES);
	CHECK_INT(truth(set, "data_class=important"), TRUTH_NO);
	CHECK_INT(truth(set, "data_class=core"), TRUTH_YES);
}

TEST(shares_and_yes_or_no_compare_in_their_own_terms)
{
	CHECK_INT(truth("{ fact: affected_population_share, at_least: 0.3 }",
			  "affected_population_share=0.3"),
		TRUTH_YES);
	CHECK_INT(truth("{ fact: affected_population_share, above: 0.05 }",
			  "affected_population_share=0.05"),
		TRUTH_NO);
	CHECK_INT(truth("{ fact: affected_population_share, above: 0.05 }",
			  "affected_population_share=0.0500001"),
		TRUTH_YES);
	CHECK_INT(truth("{ fact: cii, is: true }", "cii=yes"), TRUTH_YES);
	CHECK_INT(truth("{ fact: cii, is: false }", "cii=yes"), TRUTH_NO);
}

TEST(known_is_never_unknown)
{
	CHECK_INT(truth("{ fact: cii, known: true }", ""), TRUTH_NO);
	CHECK_INT(truth("{ fact: cii, known: true }", "cii=no"), TRUTH_YES);
	CHECK_INT(truth("{ fact: cii, known: false }", ""), TRUTH_YES);
	CHECK_INT(truth("{ fact: cii, known: false }", "cii=no"), TRUTH_NO);
	CHECK_INT(truth("{ fact: occurred_at, known: true }", "occurred_at=2026-01-01T00:00:00Z"),
		TRUTH_YES);
}

/* The three facts stand for a: no, unknown, yes. */
static const char *const states[] = { "no", "unknown", "yes" };

TEST(all_any_and_not_follow_kleenes_tables)
{
	for (int a = TRUTH_NO; a <= TRUTH_YES; a++) {
		char facts[100];
		(void)snprintf(facts, sizeof facts, "cii=%s", states[a]);
		CHECK_INT(truth("{ not: { fact: cii, is: true } }", facts), TRUTH_YES - a);
		for (int b = TRUTH_NO; b <= TRUTH_YES; b++) {
			(void)snprintf(
				facts, sizeof facts, "cii=%s ransomware=%s", states[a], states[b]);
			const int least = a < b ? a : b;
			const int most = a < b ? b : a;
			CHECK_INT(truth("{ all: [{ fact: cii, is: true }, { fact: ransomware, is: "
					"true }] }",
					  facts),
				least);
			CHECK_INT(truth("{ any: [{ fact: cii, is: true }, { fact: ransomware, is: "
					"true }] }",
					  facts),
				most);
		}
	}
}

TEST(a_count_is_decided_as_soon_as_it_can_be)
{
	static const char text[] =
		"{ count: { at_least: 2, of: [{ fact: cii, is: true }, { fact: ransomware, is: "
		"true }, { fact: product_flaw, is: true }] } }";
	for (int a = TRUTH_NO; a <= TRUTH_YES; a++) {
		for (int b = TRUTH_NO; b <= TRUTH_YES; b++) {
			for (int c = TRUTH_NO; c <= TRUTH_YES; c++) {
				char facts[100];
				const int n_yes =
					(a == TRUTH_YES) + (b == TRUTH_YES) + (c == TRUTH_YES);
				const int n_no =
					(a == TRUTH_NO) + (b == TRUTH_NO) + (c == TRUTH_NO);
				(void)snprintf(facts, sizeof facts,
					"cii=%s ransomware=%s product_flaw=%s", states[a],
					states[b], states[c]);
				CHECK_INT(truth(text, facts), n_yes >= 2  ? TRUTH_YES
							      : n_no >= 2 ? TRUTH_NO
									  : TRUTH_UNKNOWN);
			}
		}
	}
}

TEST(conditions_nest)
{
	const char *text = "{ not: { any: [{ all: [{ fact: cii, is: true }, { not: { fact: "
			   "ransomware, is: true } }] }, { fact: data_class, is: core }] } }";
	CHECK_INT(truth(text, "cii=yes ransomware=yes data_class=general"), TRUTH_YES);
	CHECK_INT(truth(text, "cii=yes ransomware=no data_class=general"), TRUTH_NO);
	CHECK_INT(truth(text, "cii=yes data_class=general"), TRUTH_UNKNOWN);
	CHECK_INT(truth(text, "data_class=core"), TRUTH_NO);
}

TEST(what_a_condition_looks_at_is_told)
{
	struct error e = ERROR_NONE;
	const struct condition *c = NULL;
	uint64_t bits[FACT_WORDS] = { 0 };
	const struct fact_catalogue *all = profile_facts(rules_set());
	REQUIRE_OK(compile("{ all: [{ fact: cii, known: true }, { fact: cra_malicious_code, is: "
			   "true }] }",
			   &c, &e),
		e);
	condition_wants(c, bits);
	for (size_t i = 0; i < all->n_rows; i++) {
		const bool wanted = strcmp(all->rows[i].key, "cii") == 0 ||
				    strcmp(all->rows[i].key, "cra_malicious_code") == 0;
		CHECK_INT(bits[i / 64] >> (i % 64) & 1, wanted);
	}
}

TEST(what_makes_no_sense_is_refused_at_its_place)
{
	refused("{ fact: data_klass, is: core }", "when.fact: no fact 'data_klass'; near it: "
						  "'data_class'");
	refused("{ fact: qqqqqqqqqq, is: core }", "when.fact: no fact 'qqqqqqqqqq'");
	refused("{ fact: data_class, is: secret }", "when.is: no choice of the fact 'data_class'");
	refused("{ fact: data_class, is: 2 }", "when.is: no choice of the fact 'data_class'");
	refused("{ fact: data_domain, at_least: telecom }",
		"when.at_least: 'data_domain' has no order");
	refused("{ fact: cii, at_least: true }", "when.at_least: 'cii' has no order");
	refused("{ fact: cii, is: 1 }", "when.is: neither true nor false");
	refused("{ fact: outage_minutes, at_least: -1 }",
		"when.at_least: not a whole number, 0 or more");
	refused("{ fact: outage_minutes, at_least: 1.5 }",
		"when.at_least: not a whole number, 0 or more");
	refused("{ fact: outage_minutes, at_least: 5256001 }",
		"when.at_least: above 5256000, the most that 'outage_minutes' can be");
	refused("{ fact: affected_population_share, at_least: 50 }",
		"when.at_least: not a share from 0 to 1");
	refused("{ fact: occurred_at, at_least: 1 }",
		"when.at_least: a time can only be known or unknown");
	refused("{ fact: outage_minutes }",
		"when: compares with nothing: at_least, above, at_most, below, is, in or known");
	refused("{ fact: outage_minutes, at_least: 1, above: 2 }",
		"when.above: this end is given twice");
	refused("{ fact: outage_minutes, at_least: 9, below: 9 }", "when: no value can lie in it");
	refused("{ fact: outage_minutes, below: 0 }", "when: no value can lie in it");
	refused("{ fact: outage_minutes, above: 5256000 }", "when: no value can lie in it");
	refused("{ fact: outage_minutes, is: 1, below: 9 }", "when: is, in and known stand alone");
	refused("{ fact: outage_minutes, in: [1] }",
		"when.in: must be a list of choices of a fact that has them");
	refused("{ fact: data_class, in: [] }",
		"when.in: must be a list of choices of a fact that has them");
	refused("{ fact: data_class, in: [core, core] }", "when.in[1]: there twice");
	refused("{ fact: data_class, in: [core, secret] }",
		"when.in[1]: no choice of the fact 'data_class'");
	refused("{ fact: cii, known: maybe }", "when.known: neither true nor false");
	refused("{ fact: cii, is: true, but: 1 }", "when.but: unknown key");
}

TEST(what_is_no_condition_is_refused)
{
	refused("{}", "when: not a condition");
	refused("[]", "when: not a condition");
	refused("true", "when: not a condition");
	refused("{ some: [] }", "when.some: must be fact, all, any, not or count");
	refused("{ all: [], any: [] }", "when: more than one of all, any, not, count");
	refused("{ all: [] }", "when.all: must be a list of conditions");
	refused("{ any: { fact: cii, is: true } }", "when.any: must be a list of conditions");
	refused("{ all: [{ fact: cii, is: true }, 3] }", "when.all[1]: not a condition");
	refused("{ not: [] }", "when.not: not a condition");
	refused("{ count: 2 }", "when.count: must have at_least and of");
	refused("{ count: { at_least: 2, of: [{ fact: cii, is: true }] } }",
		"when.count.at_least: must be from 1 to 1");
	refused("{ count: { at_least: 0, of: [{ fact: cii, is: true }] } }",
		"when.count.at_least: must be from 1 to 1");
	refused("{ count: { of: [{ fact: cii, is: true }] } }", "when.count.at_least: missing");
	refused("{ all: [{ any: [{ fact: cii, is: 3 }] }] }",
		"when.all[0].any[0].is: neither true nor false");
}

TEST(depth_and_length_have_ceilings)
{
	AUTO_BUF struct buf text;
	struct error e = ERROR_NONE;
	const struct condition *c = NULL;
	buf_init(&text, MIB);
	for (int i = 0; i < CONDITION_DEPTH_MAX; i++)
		buf_add_text(&text, "{ not: ");
	buf_add_text(&text, "{ fact: cii, is: true }");
	for (int i = 0; i < CONDITION_DEPTH_MAX; i++)
		buf_add_text(&text, " }");
	CHECK_INT(compile(buf_text(&text), &c, &e), OK);
	const char *deeper = pool_textf(pool_here(), "{ not: %s }", buf_text(&text));
	CHECK_INT(compile(deeper, &c, &e), E_INVALID);
	CHECK(strstr(e.text, "conditions within conditions too deep") != NULL);

	buf_reset(&text);
	buf_add_text(&text, "{ any: [{ fact: cii, is: true }");
	for (int i = 1; i < CONDITION_STEPS_MAX - 1; i++)
		buf_add_text(&text, ", { fact: cii, is: true }");
	const char *fits = pool_textf(pool_here(), "%s] }", buf_text(&text));
	const char *over =
		pool_textf(pool_here(), "%s, { fact: cii, is: true }] }", buf_text(&text));
	CHECK_INT(compile(fits, &c, &e), OK);
	CHECK_INT(compile(over, &c, &e), E_INVALID);
	CHECK_TEXT(e.text, "when.any: more than 64 steps in one condition");
}
