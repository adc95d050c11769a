/*
 * Grading by hand: unknown facts, pairs that no row names, core data, domains, what-if, and the
 * special rules of single regimes. (Each row at its limits: test_tier_rows.c,
 * test_criteria_rows.c.)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "incident/rules/class_threat.h"
#include "tests/lib/rules_fixture.h"

static struct classification graded(const char *profile, const char *facts)
{
	struct facts f;
	struct classification k;
	facts_clear(&f);
	rules_assign(&f, facts);
	classify(rules_profile(profile), &f, &k);
	return k;
}

static int tier_of(const char *profile, const char *facts)
{
	const struct classification k = graded(profile, facts);
	return rules_tier(&k);
}

static bool unknown(const struct classification *k, const char *key)
{
	return classification_unknown(k, fact_slot(profile_facts(rules_set()), key));
}

/* --- nothing known --- */

TEST(empty_facts_are_tier_four_with_everything_unknown_and_a_review)
{
	static const char *const profiles[] = { "cn-miit", "cn-miit-2024-214", "cn-nmg-2025",
		"cn-jl-2025", "cn-cac-2025", "cn-miit-draft-2023" };
	for (size_t i = 0; i < COUNT_OF(profiles); i++) {
		const struct classification k = graded(profiles[i], "");
		const struct profile *p = k.profile;
		CHECK_INT(rules_tier(&k), 4);
		CHECK_INT(k.n_met, 0);
		CHECK(k.needs_review);
		CHECK((k.review & REVIEW_NOTHING_KNOWN) != 0);
		CHECK((k.review & REVIEW_COULD_RAISE) != 0);
		size_t graver = 0;
		for (size_t c = 0; c < p->n_criteria; c++) {
			graver += p->criteria[c].grade < 3;
			for (size_t word = 0; word < FACT_WORDS; word++)
				CHECK((p->criteria[c].wants[word] & ~k.unknown[word]) == 0);
		}
		CHECK_INT(k.n_could_raise, graver);
	}
}

TEST(empty_facts_give_no_class_where_a_regime_has_no_tiers)
{
	static const char *const profiles[] = { "eu-nis2", "eu-dora", "eu-gdpr", "eu-cra",
		"in-cert", "us-circia" };
	for (size_t i = 0; i < COUNT_OF(profiles); i++) {
		const struct classification k = graded(profiles[i], "");
		CHECK_INT(k.grade, -1);
		CHECK(k.needs_review);
		CHECK(k.n_could_raise > 0);
		CHECK_INT(k.n_met, 0);
	}
}

TEST(a_domain_alone_is_not_yet_something_known)
{
	const struct classification k = graded("cn-miit", "data_domain=industrial");
	CHECK_INT(rules_tier(&k), 4);
	CHECK((k.review & REVIEW_NOTHING_KNOWN) != 0);
}

/* --- unknown never lowers --- */

TEST(one_grave_fact_is_enough_whatever_else_is_unknown)
{
	const struct classification k = graded("cn-miit", "direct_loss_fen=100000000000");
	CHECK_INT(rules_tier(&k), 1);
	CHECK_INT(k.n_could_raise, 0);
	CHECK(!k.needs_review);
	CHECK(rules_met(&k, "1.3"));
	CHECK(unknown(&k, "data_class"));
	CHECK(!unknown(&k, "direct_loss_fen"));
}

TEST(no_harmless_fact_takes_a_grade_away)
{
	const struct fact_catalogue *c = profile_facts(rules_set());
	for (size_t p = 0; p < profile_count(rules_set()); p++) {
		const struct profile *profile = profile_at(rules_set(), p);
		for (size_t i = 0; i < profile->n_criteria; i++) {
			struct facts harmless, f;
			struct classification before, after;
			int slot;
			int64_t low, high;
			if (profile->criteria[i].when == NULL ||
				!condition_band(profile->criteria[i].when, &slot, &low, &high) ||
				low == INT64_MIN)
				continue;
			facts_clear(&f);
			f.at[slot] = low;
			classify(profile, &f, &before);
			/* Every number that becomes known as 0 leaves what is met met. */
			rules_harmless(&harmless);
			for (size_t k = 0; k < c->n_rows; k++)
				if (c->rows[k].kind == FACT_COUNT ||
					c->rows[k].kind == FACT_MONEY ||
					c->rows[k].kind == FACT_MINUTES)
					f.at[k] = (int)k == slot ? low : harmless.at[k];
			classify(profile, &f, &after);
			CHECK(after.grade >= 0 && after.grade <= before.grade);
		}
	}
}

TEST(what_could_raise_is_graver_and_undecided_and_names_its_facts)
{
	const struct classification k =
		graded("cn-miit", "direct_loss_fen=5000000000 personal_information_persons=0");
	CHECK_INT(rules_tier(&k), 3);
	CHECK(rules_met(&k, "3.3"));
	CHECK(rules_met(&k, "4.4a"));
	CHECK(!rules_could_raise(&k, "1.3"));
	CHECK(!rules_could_raise(&k, "2.4a"));
	CHECK(rules_could_raise(&k, "1.1"));
	CHECK(rules_could_raise(&k, "2.2b"));
	CHECK(!rules_could_raise(&k, "3.1")); /* as grave as it is already */
	CHECK(!k.needs_review);
}

TEST(the_lowest_tier_is_reviewed_while_anything_could_raise_it)
{
	const struct classification k = graded("cn-miit", "direct_loss_fen=0");
	CHECK_INT(rules_tier(&k), 4);
	CHECK(rules_met(&k, "4.3"));
	CHECK_INT(k.review, REVIEW_COULD_RAISE);
	struct facts f;
	struct classification all;
	rules_harmless(&f);
	classify(rules_profile("cn-miit"), &f, &all);
	CHECK_INT(rules_tier(&all), 4);
	CHECK_INT(all.review, 0);
	CHECK(!all.needs_review);
	CHECK_INT(all.n_could_raise, 0);
}

TEST(an_outage_counts_for_relevant_systems_while_their_importance_is_unknown)
{
	const struct classification k =
		graded("cn-miit", "data_domain=telecom outage_minutes=1440");
	CHECK_INT(rules_tier(&k), 3);
	CHECK(rules_met(&k, "3.2b"));
	CHECK(rules_could_raise(&k, "1.2b"));
	CHECK(unknown(&k, "system_class"));
}

/* --- domains --- */

TEST(criteria_of_a_domain_apply_where_it_is_named_or_unknown)
{
	static const struct {
		const char *domain, *fact, *row;
	} rows[] = { { "industrial", "production_impact=large_scale", "1.2a" },
		{ "telecom", "outage_minutes=1440 system_class=core", "1.2b" },
		{ "radio", "radio_interference_minutes=1440", "1.2c" } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		for (size_t d = 0; d < COUNT_OF(rows); d++) {
			char facts[200];
			(void)snprintf(facts, sizeof facts, "data_domain=%s %s", rows[d].domain,
				rows[i].fact);
			const struct classification k = graded("cn-miit", facts);
			CHECK_INT(rules_tier(&k), i == d ? 1 : 4);
			CHECK_INT(rules_met(&k, rows[i].row), i == d);
		}
		const struct classification k = graded("cn-miit", rows[i].fact);
		CHECK_INT(rules_tier(&k), 1);
		CHECK(rules_met(&k, rows[i].row));
		CHECK(unknown(&k, "data_domain"));
	}
}

TEST(facts_of_another_domain_are_not_asked_for)
{
	const struct classification k = graded("cn-miit", "data_domain=industrial");
	CHECK(unknown(&k, "production_impact"));
	CHECK(!unknown(&k, "outage_minutes"));
	CHECK(!unknown(&k, "radio_interference_minutes"));
	CHECK(!unknown(&k, "system_class"));
}

/* --- pairs of data class and threat --- */

static const char *const classes[] = { "general", "important", "core" };
static const char *const threats[] = { "minor", "relatively_serious", "serious",
	"especially_serious" };

static struct classification of_pair(const char *profile, const char *class, const char *threat)
{
	char facts[100];
	(void)snprintf(facts, sizeof facts, "data_class=%s threat=%s", class, threat);
	return graded(profile, facts);
}

TEST(each_pair_of_class_and_threat_takes_its_row_or_the_nearest)
{
	static const struct {
		int tier;
		bool named;
	} wanted[3][4] = {
		{ { 4, true }, { 3, true }, { 3, false }, { 3, false } }, /* general */
		{ { 4, true }, { 3, true }, { 2, true }, { 1, true } },	  /* important */
		{ { 4, true }, { 3, false }, { 2, false }, { 1, true } }, /* core */
	};
	for (size_t c = 0; c < 3; c++) {
		for (size_t t = 0; t < 4; t++) {
			const struct classification k =
				of_pair("cn-miit-2024-214", classes[c], threats[t]);
			CHECK_INT(rules_tier(&k), wanted[c][t].tier);
			CHECK_INT((k.review & REVIEW_PAIR_NOT_NAMED) != 0, !wanted[c][t].named);
			if (!wanted[c][t].named)
				CHECK(k.needs_review);
		}
	}
}

TEST(a_named_pair_above_the_lowest_tier_needs_no_review)
{
	CHECK(!of_pair("cn-miit", "important", "serious").needs_review);
	CHECK(!of_pair("cn-miit", "important", "relatively_serious").needs_review);
	CHECK(!of_pair("cn-miit", "general", "relatively_serious").needs_review);
	CHECK(!of_pair("cn-miit", "core", "especially_serious").needs_review);
}

TEST(core_data_is_always_a_candidate_for_tier_one)
{
	for (size_t t = 0; t < 4; t++) {
		const struct classification k = of_pair("cn-miit", "core", threats[t]);
		if (t == 3) { /* it is tier one */
			CHECK_INT(k.candidate, -1);
			continue;
		}
		CHECK_INT(k.candidate, 0);
		CHECK((k.review & REVIEW_CORE_DATA) != 0);
	}
	const struct classification unsure = graded("cn-miit", "data_class=core");
	CHECK_INT(unsure.candidate, 0);
	CHECK(rules_could_raise(&unsure, "1.1"));
	const struct classification other = graded("cn-miit", "data_class=core direct_loss_fen="
							      "10000000000");
	CHECK_INT(rules_tier(&other), 2);
	CHECK_INT(other.candidate, 0);
	CHECK_INT(graded("cn-miit", "data_class=important").candidate, -1);
	CHECK_INT(graded("cn-miit", "").candidate, -1);
}

TEST(a_pair_with_one_side_unknown_has_what_is_certain_of_it)
{
	/* Whatever the class, a relatively serious threat is at least tier III. */
	const struct classification third = graded("cn-miit", "threat=relatively_serious");
	CHECK_INT(rules_tier(&third), 3);
	CHECK(rules_met(&third, "3.1"));
	/* A serious one too, and tier II unless the data are general. */
	const struct classification second = graded("cn-miit", "threat=serious");
	CHECK_INT(rules_tier(&second), 3);
	CHECK(rules_could_raise(&second, "2.1"));
	CHECK(!rules_could_raise(&second, "1.1"));
	CHECK((second.review & REVIEW_PAIR_NOT_NAMED) != 0);
	const struct classification first = graded("cn-miit", "threat=especially_serious");
	CHECK_INT(rules_tier(&first), 3);
	CHECK(rules_could_raise(&first, "1.1"));
	/* Of an unknown threat nothing is certain. */
	const struct classification none = graded("cn-miit", "data_class=important");
	CHECK_INT(rules_tier(&none), 4);
	CHECK_INT(none.n_met, 0);
	CHECK(rules_could_raise(&none, "1.1"));
	CHECK(rules_could_raise(&none, "2.1"));
	CHECK(rules_could_raise(&none, "3.1"));
}

TEST(the_reporting_measures_name_no_pair_of_general_data)
{
	const struct classification k = graded(
		"cn-cac-2025", "data_class=general threat=serious data_leaked_or_stolen=yes");
	CHECK_INT(rules_tier(&k), 4);
	CHECK((k.review & REVIEW_PAIR_NOT_NAMED) != 0);
	const struct classification minor = graded(
		"cn-cac-2025", "data_class=important threat=minor data_leaked_or_stolen=yes");
	CHECK_INT(rules_tier(&minor), 4);
	CHECK((minor.review & REVIEW_PAIR_NOT_NAMED) == 0);
	const struct classification core =
		graded("cn-cac-2025", "data_class=core threat=relatively_serious");
	CHECK_INT(rules_tier(&core), 3);
	CHECK((core.review & (REVIEW_PAIR_NOT_NAMED | REVIEW_CORE_DATA)) ==
		(REVIEW_PAIR_NOT_NAMED | REVIEW_CORE_DATA));
}

TEST(data_that_nobody_took_or_changed_are_no_data_incident_of_the_measures)
{
	const char *facts = "data_class=core threat=especially_serious data_leaked_or_stolen=no "
			    "data_altered_or_faked=no";
	CHECK_INT(tier_of("cn-cac-2025", facts), 4);
}

TEST(jilin_grades_by_no_pair)
{
	CHECK(rules_profile("cn-jl-2025")->matrix == NULL);
	const struct classification k = of_pair("cn-jl-2025", "core", "especially_serious");
	CHECK_INT(rules_tier(&k), 4);
}

/* --- two regimes on one incident --- */

TEST(regimes_grade_side_by_side_and_never_by_each_other)
{
	/* 60 million yuan: III for the ministry, II for the cyberspace administration. */
	const char *loss = "direct_loss_fen=6000000000";
	CHECK_INT(tier_of("cn-miit", loss), 3);
	CHECK_INT(tier_of("cn-cac-2025", loss), 2);
	/* Six hours: under the ministry's line, tier I on critical infrastructure. */
	const char *outage =
		"data_domain=telecom outage_minutes=360 cii=yes cii_total_outage_minutes=360";
	CHECK_INT(tier_of("cn-miit", outage), 4);
	CHECK_INT(tier_of("cn-cac-2025", outage), 1);
}

TEST(half_of_a_province_is_also_half_of_some_prefecture)
{
	const struct classification k = graded(
		"cn-cac-2025", "affected_population_share=0.5 affected_division_level=provincial");
	CHECK_INT(rules_tier(&k), 1);
	CHECK(rules_met(&k, "1.4") && rules_met(&k, "2.4") && rules_met(&k, "3.4"));
	const struct classification county =
		graded("cn-cac-2025", "affected_population_share=1 affected_division_level=county");
	CHECK_INT(rules_tier(&county), 4);
	const struct classification somewhere =
		graded("cn-cac-2025", "affected_population_share=1");
	CHECK_INT(rules_tier(&somewhere), 4);
	CHECK(rules_could_raise(&somewhere, "1.4"));
}

TEST(illegal_content_on_another_page_has_limits_of_its_own)
{
	static const struct {
		int minutes, tier;
	} rows[] = { { 119, 4 }, { 120, 3 }, { 719, 3 }, { 720, 2 }, { 1439, 2 }, { 1440, 1 } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char facts[100];
		(void)snprintf(facts, sizeof facts,
			"illegal_content_homepage_minutes=0 illegal_content_other_page_minutes=%d",
			rows[i].minutes);
		CHECK_INT(tier_of("cn-cac-2025", facts), rows[i].tier);
	}
}

TEST(a_row_for_all_the_rest_is_met_where_nothing_graver_is)
{
	const struct classification rest = graded("cn-cac-2025", "direct_loss_fen=1");
	CHECK(rules_met(&rest, "4.1"));
	CHECK_INT(rules_tier(&rest), 4);
	const struct classification grave = graded("cn-cac-2025", "direct_loss_fen=500000000");
	CHECK(!rules_met(&grave, "4.1"));
	CHECK_INT(rules_tier(&grave), 3);
	const struct classification nothing = graded("cn-cac-2025", "");
	CHECK(!rules_met(&nothing, "4.1"));
}

/* --- what if --- */

TEST(what_if_changes_one_fact_and_nothing_else)
{
	struct facts f;
	struct classification before, after;
	facts_clear(&f);
	rules_assign(&f, "direct_loss_fen=4999999999");
	classify(rules_profile("cn-miit"), &f, &before);
	struct facts changed = f;
	rules_assign(&changed, "direct_loss_fen=5000000000");
	classify(rules_profile("cn-miit"), &changed, &after);
	CHECK_INT(rules_tier(&before), 4);
	CHECK_INT(rules_tier(&after), 3);
	/* and back to unknown */
	rules_assign(&changed, "direct_loss_fen=unknown");
	classify(rules_profile("cn-miit"), &changed, &after);
	CHECK_INT(rules_tier(&after), 4);
	CHECK_INT(after.n_met, 0);
}

/* --- special rules of single regimes --- */

TEST(pboc_takes_a_tier_that_cannot_be_fixed_for_relatively_serious)
{
	const struct classification k = graded("cn-pboc-2025", "");
	CHECK_INT(rules_tier(&k), 3);
	CHECK((k.review & REVIEW_UNFIXED) != 0);
	CHECK(k.needs_review);
	/* Where all is known and nothing met, it is fixed: general. */
	struct facts f;
	struct classification fixed;
	rules_harmless(&f);
	classify(rules_profile("cn-pboc-2025"), &f, &fixed);
	CHECK_INT(rules_tier(&fixed), 4);
	CHECK(!fixed.needs_review);
}

TEST(pboc_takes_ransomware_with_harm_for_relatively_serious)
{
	struct facts f;
	struct classification k;
	rules_harmless(&f);
	rules_assign(&f, "ransomware=yes harm_caused=yes");
	classify(rules_profile("cn-pboc-2025"), &f, &k);
	CHECK_INT(rules_tier(&k), 3);
	CHECK(rules_met(&k, "3-ransomware"));
	rules_assign(&f, "harm_caused=no");
	classify(rules_profile("cn-pboc-2025"), &f, &k);
	CHECK_INT(rules_tier(&k), 4);
}

TEST(pboc_grades_by_the_highest_of_data_and_persons)
{
	struct facts f;
	struct classification k;
	rules_harmless(&f);
	rules_assign(&f, "data_leaked_or_stolen=yes data_class=important affected_people=100000 "
			 "credit_property_records=500");
	classify(rules_profile("cn-pboc-2025"), &f, &k);
	CHECK_INT(rules_tier(&k), 2);
	CHECK(rules_met(&k, "2-important") && rules_met(&k, "3-service") &&
		rules_met(&k, "3-credit"));
	CHECK_TEXT(k.profile->criteria[k.met[0]].row, "2-important");
	rules_assign(&f, "data_class=core");
	classify(rules_profile("cn-pboc-2025"), &f, &k);
	CHECK_INT(rules_tier(&k), 1);
}

TEST(dora_is_major_by_two_thresholds_or_by_a_malicious_access)
{
	static const char *const thresholds[] = { "dora_clients_affected=100001",
		"reputational_impact=yes", "critical_downtime_minutes=121",
		"member_states_affected=2", "data_losses_impact=yes",
		"economic_impact_eur_cents=10000001" };
	for (size_t a = 0; a < COUNT_OF(thresholds); a++) {
		for (size_t b = 0; b < COUNT_OF(thresholds); b++) {
			struct facts f;
			struct classification k;
			rules_harmless(&f);
			rules_assign(&f, "critical_service_affected=yes");
			rules_assign(&f, thresholds[a]);
			rules_assign(&f, thresholds[b]);
			classify(rules_profile("eu-dora"), &f, &k);
			CHECK_INT(k.grade, a == b ? -1 : 0);
			/* Nothing is major without a critical service. */
			rules_assign(&f, "critical_service_affected=no");
			classify(rules_profile("eu-dora"), &f, &k);
			CHECK_INT(k.grade, -1);
		}
	}
	const struct classification access =
		graded("eu-dora", "critical_service_affected=yes malicious_access_data_loss=yes");
	CHECK_TEXT(access.profile->grades[access.grade].class_key, "major");
}

TEST(dora_with_one_threshold_could_become_major)
{
	const struct classification k =
		graded("eu-dora", "critical_service_affected=yes reputational_impact=yes");
	CHECK_INT(k.grade, -1);
	CHECK(rules_could_raise(&k, "2024/1772 8(1)(b)"));
	CHECK(unknown(&k, "member_states_affected"));
	CHECK((k.review & REVIEW_COULD_RAISE) != 0);
}

TEST(nis2_goes_by_the_kind_of_provider)
{
	static const struct {
		const char *facts;
		const char *significant; /* kinds for which it is */
	} rows[] = {
		{ "service_unavailable_minutes=1", "tld data_centre" },
		{ "service_unavailable_minutes=21", "tld data_centre trust_service" },
		{ "service_unavailable_minutes=31", "tld data_centre trust_service dns cloud cdn "
						    "managed_service managed_security_service" },
		{ "limited_minutes=61", "data_centre" },
		{ "eu_users_unavailable=1000001", "marketplace search_engine social_platform" },
		{ "eu_users_limited=200001", "trust_service" },
		{ "eu_users_limited=1000001",
			"trust_service marketplace search_engine social_platform" },
		{ "eu_users_limited=1000001 limited_minutes=61",
			"trust_service marketplace search_engine social_platform cloud cdn "
			"managed_service managed_security_service data_centre" },
		{ "physical_access_compromised=yes", "data_centre trust_service" },
		{ "severe_disruption_or_loss=yes", "other" },
		{ "trade_secrets_exfiltrated=yes", "dns tld cloud data_centre cdn managed_service "
						   "managed_security_service marketplace "
						   "search_engine social_platform trust_service "
						   "other" },
	};
	const struct fact_catalogue *c = profile_facts(rules_set());
	const struct fact_row *kinds = &c->rows[fact_slot(c, "nis2_provider")];
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		for (size_t k = 0; k < kinds->n_choices; k++) {
			struct facts f;
			struct classification out;
			char padded[300], kind[80];
			rules_harmless(&f);
			(void)snprintf(
				kind, sizeof kind, "nis2_provider=%s", kinds->choices[k].key);
			rules_assign(&f, kind);
			rules_assign(&f, rows[i].facts);
			classify(rules_profile("eu-nis2"), &f, &out);
			(void)snprintf(padded, sizeof padded, " %s ", rows[i].significant);
			(void)snprintf(kind, sizeof kind, " %s ", kinds->choices[k].key);
			if ((out.grade == 0) != (strstr(padded, kind) != NULL))
				test_fail(__FILE__, __LINE__, "%s for %s: grade %d", rows[i].facts,
					kinds->choices[k].key, out.grade);
		}
	}
}

TEST(nis2_leaves_it_open_while_the_kind_of_provider_is_unknown)
{
	const struct classification k = graded("eu-nis2", "service_unavailable_minutes=600");
	CHECK_INT(k.grade, -1);
	CHECK(rules_could_raise(&k, "2024/2690 7(a)"));
	CHECK(unknown(&k, "nis2_provider"));
	CHECK(k.needs_review);
}

TEST(planned_maintenance_is_never_significant_under_nis2)
{
	const struct classification k = graded("eu-nis2",
		"planned_maintenance=yes nis2_provider=cloud service_unavailable_minutes=600 "
		"trade_secrets_exfiltrated=yes");
	CHECK_INT(k.grade, -1);
	CHECK_INT(k.n_could_raise, 0);
}

TEST(an_unknown_risk_does_not_excuse_from_notifying_personal_data)
{
	const struct classification k = graded("eu-gdpr", "personal_data_breach=yes");
	CHECK_TEXT(k.profile->grades[k.grade].class_key, "notifiable");
	CHECK(rules_could_raise(&k, "34(1)"));
	const struct classification none =
		graded("eu-gdpr", "personal_data_breach=yes breach_risk=unlikely");
	CHECK_TEXT(none.profile->grades[none.grade].class_key, "risk_unlikely");
}

TEST(measures_of_2022_ask_for_important_or_core_data_alone)
{
	const struct classification k = graded("cn-miit-166-2022", "data_class=important");
	CHECK_TEXT(k.profile->grades[k.grade].class_key, "important_or_core");
	const struct classification general = graded("cn-miit-166-2022", "data_class=general");
	CHECK_TEXT(general.profile->grades[general.grade].class_key, "general");
	CHECK(!general.needs_review);
}

TEST(any_incident_counts_for_the_industrial_internet)
{
	const struct classification k = graded("cn-iiot", "");
	CHECK_TEXT(k.profile->grades[k.grade].class_key, "general_or_above");
	CHECK(!k.needs_review);
}

/* --- sureness and force --- */

TEST(a_grade_that_rests_on_secondary_sources_wants_a_person)
{
	CHECK((graded("in-cert", "cert_in_type=data_leak").review & REVIEW_RULE_UNSURE) != 0);
	CHECK((graded("cn-miit", "direct_loss_fen=100000000000").review & REVIEW_RULE_UNSURE) == 0);
}

TEST(a_draft_and_a_proposal_are_not_in_force)
{
	CHECK((graded("us-circia", "circia_safety_impact=yes").review & REVIEW_NOT_IN_FORCE) != 0);
	CHECK((graded("cn-miit-draft-2023", "direct_loss_fen=100000000000").review &
		      REVIEW_NOT_IN_FORCE) != 0);
	CHECK((graded("cn-miit", "direct_loss_fen=100000000000").review & REVIEW_NOT_IN_FORCE) ==
		0);
}

TEST(rules_hold_from_the_day_on_which_they_come_into_force)
{
	const char *before = "direct_loss_fen=10000000000 discovered_at=2025-10-31T23:59:59+08:00";
	const char *from = "direct_loss_fen=10000000000 discovered_at=2025-11-01T00:00:00+08:00";
	CHECK((graded("cn-cac-2025", before).review & REVIEW_NOT_IN_FORCE) != 0);
	CHECK((graded("cn-cac-2025", from).review & REVIEW_NOT_IN_FORCE) == 0);
	/* The discovery decides, since duties arise from it; the occurrence where it is unknown. */
	CHECK((graded("cn-cac-2025",
		       "direct_loss_fen=10000000000 occurred_at=2025-10-01T00:00:00+08:00 "
		       "discovered_at=2025-11-02T00:00:00+08:00")
			      .review &
		      REVIEW_NOT_IN_FORCE) == 0);
	CHECK((graded("cn-cac-2025", "occurred_at=2025-10-01T00:00:00+08:00").review &
		      REVIEW_NOT_IN_FORCE) != 0);
}

/* --- as JSON --- */

static json_t *as_json(const char *profile, const char *facts)
{
	struct error e = ERROR_NONE;
	json_t *object = NULL;
	const struct classification k = graded(profile, facts);
	REQUIRE_OK(classification_to_json(profile_facts(rules_set()), &k, &object, &e), e);
	return object;
}

TEST(a_classification_with_tiers_is_told_in_json)
{
	AUTO_JSON json_t *object =
		as_json("cn-miit", "direct_loss_fen=10000000000 data_class=core");
	CHECK_TEXT(json_string_value(json_object_get(object, "profile")), "cn-miit");
	CHECK_INT(json_integer_value(json_object_get(object, "tier")), 2);
	CHECK(json_is_null(json_object_get(object, "class")));
	CHECK_TEXT(json_string_value(json_object_get(object, "tier_zh")), "重大");
	CHECK_TEXT(json_string_value(json_object_get(object, "tier_en")), "serious");
	CHECK_TEXT(json_string_value(json_object_get(object, "colour")), "orange");
	CHECK_TEXT(json_string_value(json_object_get(object, "response_level")), "II");
	CHECK_TEXT(json_string_value(json_object_get(object, "label_en")),
		"The programme's rule, not the letter of the law");
	CHECK(json_is_true(json_object_get(object, "needs_review")));
	const json_t *met = json_array_get(json_object_get(object, "met"), 0);
	CHECK_TEXT(json_string_value(json_object_get(met, "criterion")), "direct_loss");
	CHECK_TEXT(json_string_value(json_object_get(met, "instrument")), "MIIT-214-2024");
	CHECK_TEXT(json_string_value(json_object_get(met, "row")), "2.3");
	CHECK_TEXT(json_string_value(json_object_get(met, "certainty")), "B");
	const json_t *could = json_array_get(json_object_get(object, "could_raise"), 0);
	CHECK_TEXT(json_string_value(json_object_get(could, "row")), "1.1");
	CHECK_TEXT(json_string_value(json_array_get(json_object_get(could, "needs"), 0)), "threat");
	CHECK_INT(json_array_size(json_object_get(could, "needs")), 1);
	CHECK_INT(json_integer_value(json_object_get(json_object_get(object, "candidate"), "tier")),
		1);
	const json_t *review = json_array_get(json_object_get(object, "review"), 0);
	CHECK_TEXT(json_string_value(json_object_get(review, "reason")), "core-data");
	CHECK_TEXT(json_string_value(json_object_get(review, "sentence")),
		review_sentence(REVIEW_CORE_DATA));
	CHECK(json_array_size(json_object_get(object, "unknown")) > 5);
}

TEST(a_classification_without_tiers_has_a_class_and_no_tier)
{
	AUTO_JSON json_t *object = as_json("eu-nis2", "trade_secrets_exfiltrated=yes");
	CHECK(json_is_null(json_object_get(object, "tier")));
	CHECK(json_is_null(json_object_get(object, "tier_zh")));
	CHECK(json_is_null(json_object_get(object, "colour")));
	CHECK_TEXT(json_string_value(json_object_get(object, "class")), "significant");
	CHECK_TEXT(json_string_value(json_object_get(object, "class_zh")), "重大事件");
	CHECK(json_is_null(json_object_get(object, "candidate")));
	AUTO_JSON json_t *none = as_json("eu-nis2", "");
	CHECK(json_is_null(json_object_get(none, "class")));
	CHECK(json_is_null(json_object_get(none, "tier")));
	CHECK_INT(json_array_size(json_object_get(none, "met")), 0);
}

TEST(every_reason_for_a_review_has_a_sentence)
{
	for (unsigned bit = 1; bit <= REVIEW_LAST; bit <<= 1)
		CHECK(review_sentence((enum review_reason)bit)[0] != '\0');
	CHECK_TEXT(review_sentence((enum review_reason)(REVIEW_LAST << 1)), "");
}

static long calls_left; /* 0: never fails */

static void *failing_malloc(size_t n)
{
	return calls_left > 0 && --calls_left == 0 ? NULL : malloc(n);
}

TEST(memory_that_runs_out_while_a_classification_is_told_is_told)
{
	const struct classification k =
		graded("cn-miit", "direct_loss_fen=10000000000 data_class=core");
	const struct fact_catalogue *c = profile_facts(rules_set());
	json_set_alloc_funcs(failing_malloc, free);
	for (long n = 1;; n++) {
		struct error e = ERROR_NONE;
		json_t *object = NULL;
		REQUIRE(n < 5000);
		calls_left = n;
		const enum status status = classification_to_json(c, &k, &object, &e);
		const bool fired = calls_left == 0;
		calls_left = 0;
		CHECK((status == OK) == (object != NULL));
		if (!fired) {
			CHECK_INT(status, OK);
			json_decref(object);
			break;
		}
		/* Nothing may be missing from what is handed out. */
		if (status == OK)
			CHECK_INT(json_array_size(json_object_get(object, "could_raise")),
				k.n_could_raise);
		else
			CHECK_INT(status, E_NO_SPACE);
		json_decref(object);
	}
	json_set_alloc_funcs(malloc, free);
}
