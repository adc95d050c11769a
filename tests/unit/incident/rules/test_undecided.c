/*
 * What is unknown: a class that nobody can tell yet is not "nothing owed", and one word that is
 * missing is asked for.
 */
#include <string.h>

#include "tests/lib/rules_fixture.h"

static struct classification graded(const char *profile, const char *facts)
{
	struct classification k;
	struct facts f;
	facts_clear(&f);
	rules_assign(&f, facts);
	classify(rules_profile(profile), &f, &k);
	return k;
}

static const char *to_confirm(const char *profile, const char *facts)
{
	static char tier[] = "0";
	const struct classification k = graded(profile, facts);
	if (k.to_confirm < 0)
		return "";
	const struct profile_grade *g = &k.profile->grades[k.to_confirm];
	tier[0] = (char)('0' + g->tier);
	return g->class_key == NULL ? tier : g->class_key;
}

TEST(while_nothing_decides_a_regime_the_duties_that_it_may_owe_are_to_be_confirmed)
{
	static const struct {
		const char *profile, *facts, *grade;
	} rows[] = {
		{ "eu-nis2", "ransomware=yes", "significant" },
		{ "eu-nis2", "nis2_provider=dns data_leaked_or_stolen=yes", "significant" },
		{ "eu-nis2", "planned_maintenance=yes", "" },
		{ "eu-nis2", "trade_secrets_exfiltrated=yes", "" }, /* decided: it is */
		{ "eu-gdpr", "", "notifiable" },
		{ "eu-gdpr", "data_leaked_or_stolen=yes", "notifiable" },
		{ "eu-gdpr", "personal_data_breach=no", "" },
		{ "eu-gdpr", "breach_risk=unlikely", "risk_unlikely" }, /* which owes nothing */
		{ "eu-dora", "ransomware=yes", "major" },
		{ "eu-dora", "critical_service_affected=no similar_incidents_6_months=0", "" },
		{ "eu-cra", "", "severe_incident" },
		{ "eu-cra", "cra_functions_affected=no cra_malicious_code=no",
			"exploited_vulnerability" },
		{ "eu-cra",
			"cra_functions_affected=no cra_malicious_code=no "
			"vulnerability_actively_exploited=no",
			"" },
		{ "in-cert", "", "reportable" },
		{ "in-cert", "ransomware=yes", "" }, /* decided: I-5 */
		{ "in-cert", "cert_in_type=none", "" },
		{ "us-circia", "ransomware=yes", "covered" },
		{ "us-circia", "circia_covered_entity=no", "" }, { "cn-cac-2025", "", "3" },
		{ "cn-cac-2025", "ransomware=yes", "3" },
		{ "cn-cac-2025", "direct_loss_fen=0", "" }, /* decided: general */
		{ "cn-miit-166-2022", "", "important_or_core" },
		{ "cn-miit-166-2022", "data_class=general", "" },
		{ "cn-pboc-2025", "", "" }, /* has a rule of its own: at least III */
		{ "cn-miit", "", "" },	    /* its ten minutes know no tier */
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(to_confirm(rows[i].profile, rows[i].facts), rows[i].grade) != 0)
			test_fail(__FILE__, __LINE__, "%s, %s: \"%s\", wanted \"%s\"",
				rows[i].profile, rows[i].facts,
				to_confirm(rows[i].profile, rows[i].facts), rows[i].grade);
}

TEST(core_data_is_a_candidate_for_tier_one_wherever_there_are_tiers)
{
	static const char *const profiles[] = { "cn-miit", "cn-miit-2024-214", "cn-jl-2025",
		"cn-nmg-2025", "cn-miit-draft-2023", "cn-cac-2025", "cn-pboc-2025" };
	for (size_t i = 0; i < COUNT_OF(profiles); i++) {
		const struct classification k = graded(profiles[i],
			"data_class=core direct_loss_fen=5000000000 data_leaked_or_stolen=no");
		if (k.candidate != 0 || (k.review & REVIEW_CORE_DATA) == 0 || !k.needs_review)
			test_fail(__FILE__, __LINE__, "%s: candidate %d", profiles[i], k.candidate);
		CHECK_INT(graded(profiles[i], "data_class=important").candidate, -1);
	}
	/* A regime without tiers has no tier I. */
	CHECK_INT(graded("cn-miit-166-2022", "data_class=core").candidate, -1);
}

TEST(where_one_word_on_what_is_affected_decides_a_person_is_asked)
{
	const struct classification k =
		graded("cn-miit", "data_domain=telecom outage_minutes=1440");
	CHECK_INT(rules_tier(&k), 3);
	CHECK_INT(k.candidate, 0);
	CHECK((k.review & REVIEW_QUALIFIER) != 0);
	CHECK(k.needs_review);
	const struct classification twelve =
		graded("cn-miit", "data_domain=telecom outage_minutes=720");
	CHECK_INT(twelve.candidate, 1);
	const struct classification said =
		graded("cn-miit", "data_domain=telecom outage_minutes=1440 system_class=relevant");
	CHECK_INT(said.candidate, -1);
	CHECK((said.review & REVIEW_QUALIFIER) == 0);
	const struct classification people = graded("cn-cac-2025", "affected_population_share=0.6");
	CHECK_INT(people.candidate, 0);
	/* An unknown class of data beside a known loss hangs on more than a word of this kind. */
	CHECK((graded("cn-miit", "direct_loss_fen=5000000000").review & REVIEW_QUALIFIER) == 0);
}

TEST(data_that_nobody_took_are_no_leak_of_personal_information_however_many_persons)
{
	static const struct {
		const char *facts;
		int tier;
	} rows[] = {
		{ "personal_information_persons=100000000 data_leaked_or_stolen=no", 4 },
		{ "personal_information_persons=100000000 data_leaked_or_stolen=yes", 1 },
		{ "personal_information_persons=100000000", 1 }, /* unknown does not excuse */
		{ "personal_information_persons=10000000 data_leaked_or_stolen=no", 4 },
		{ "personal_information_persons=1000000 data_leaked_or_stolen=no", 4 },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct classification k = graded("cn-cac-2025", rows[i].facts);
		CHECK_INT(rules_tier(&k), rows[i].tier);
	}
}

TEST(a_share_just_under_a_limit_stays_under_it)
{
	const struct classification under = graded("cn-cac-2025",
		"affected_population_share=0.4999999 affected_division_level=provincial");
	CHECK(!rules_met(&under, "1.4"));
	const struct classification at = graded(
		"cn-cac-2025", "affected_population_share=0.5 affected_division_level=provincial");
	CHECK(rules_met(&at, "1.4"));
}

TEST(the_json_of_a_classification_names_the_grade_to_be_confirmed)
{
	struct error e = ERROR_NONE;
	AUTO_JSON json_t *object = NULL;
	const struct classification k = graded("eu-nis2", "");
	REQUIRE_OK(classification_to_json(profile_facts(rules_set()), &k, &object, &e), e);
	json_t *grade = json_object_get(object, "to_be_confirmed");
	CHECK_TEXT(json_string_value(json_object_get(grade, "class")), "significant");
	AUTO_JSON json_t *decided = NULL;
	const struct classification met = graded("eu-nis2", "trade_secrets_exfiltrated=yes");
	REQUIRE_OK(classification_to_json(profile_facts(rules_set()), &met, &decided, &e), e);
	CHECK(json_is_null(json_object_get(decided, "to_be_confirmed")));
}
