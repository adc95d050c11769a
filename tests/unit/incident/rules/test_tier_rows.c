/*
 * Each row of the two national tables of tiers (tiers.csv: the plan of 2024 and the reporting
 * measures of 2025), at its limits, in every profile that grades by it.
 */
#include "tests/lib/rules_fixture.h"

TEST(miit_214_2024_row_1_1_data_class_and_threat_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "1.1");
}

TEST(miit_214_2024_row_1_2a_production_impact_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "1.2a");
}

TEST(miit_214_2024_row_1_2b_outage_hours_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "1.2b");
}

TEST(miit_214_2024_row_1_2c_radio_interference_hours_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "1.2c");
}

TEST(miit_214_2024_row_1_3_direct_loss_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "1.3");
}

TEST(miit_214_2024_row_1_4a_personal_information_persons_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "1.4a");
}

TEST(miit_214_2024_row_1_4b_sensitive_pi_persons_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "1.4b");
}

TEST(miit_214_2024_row_1_5_other_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "1.5");
}

TEST(miit_214_2024_row_2_1_data_class_and_threat_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "2.1");
}

TEST(miit_214_2024_row_2_2a_production_impact_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "2.2a");
}

TEST(miit_214_2024_row_2_2b_outage_hours_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "2.2b");
}

TEST(miit_214_2024_row_2_2c_radio_interference_hours_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "2.2c");
}

TEST(miit_214_2024_row_2_3_direct_loss_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "2.3");
}

TEST(miit_214_2024_row_2_4a_personal_information_persons_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "2.4a");
}

TEST(miit_214_2024_row_2_4b_sensitive_pi_persons_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "2.4b");
}

TEST(miit_214_2024_row_2_5_other_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "2.5");
}

TEST(miit_214_2024_row_3_1_data_class_and_threat_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "3.1");
}

TEST(miit_214_2024_row_3_2a_production_impact_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "3.2a");
}

TEST(miit_214_2024_row_3_2b_outage_hours_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "3.2b");
}

TEST(miit_214_2024_row_3_2c_radio_interference_hours_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "3.2c");
}

TEST(miit_214_2024_row_3_3_direct_loss_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "3.3");
}

TEST(miit_214_2024_row_3_4a_personal_information_persons_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "3.4a");
}

TEST(miit_214_2024_row_3_4b_sensitive_pi_persons_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "3.4b");
}

TEST(miit_214_2024_row_3_5_other_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "3.5");
}

TEST(miit_214_2024_row_4_1_data_class_and_threat_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "4.1");
}

TEST(miit_214_2024_row_4_2a_production_impact_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "4.2a");
}

TEST(miit_214_2024_row_4_2b_outage_hours_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "4.2b");
}

TEST(miit_214_2024_row_4_2c_radio_interference_hours_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "4.2c");
}

TEST(miit_214_2024_row_4_3_direct_loss_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "4.3");
}

TEST(miit_214_2024_row_4_4a_personal_information_persons_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "4.4a");
}

TEST(miit_214_2024_row_4_4b_sensitive_pi_persons_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "4.4b");
}

TEST(miit_214_2024_row_4_5_other_gives_its_tier_at_its_limits)
{
	rules_check_tier("MIIT-214-2024", "4.5");
}

TEST(cac_2025_reporting_row_1_1_site_unavailable_hours_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "1.1");
}

TEST(cac_2025_reporting_row_2_1_site_unavailable_hours_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "2.1");
}

TEST(cac_2025_reporting_row_3_1_site_unavailable_hours_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "3.1");
}

TEST(cac_2025_reporting_row_1_2_cii_total_outage_minutes_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "1.2");
}

TEST(cac_2025_reporting_row_2_2_cii_total_outage_minutes_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "2.2");
}

TEST(cac_2025_reporting_row_3_2_cii_total_outage_minutes_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "3.2");
}

TEST(cac_2025_reporting_row_1_3_cii_main_function_outage_minutes_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "1.3");
}

TEST(cac_2025_reporting_row_2_3_cii_main_function_outage_minutes_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "2.3");
}

TEST(cac_2025_reporting_row_3_3_cii_main_function_outage_minutes_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "3.3");
}

TEST(cac_2025_reporting_row_1_4_affected_population_share_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "1.4");
}

TEST(cac_2025_reporting_row_2_4_affected_population_share_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "2.4");
}

TEST(cac_2025_reporting_row_3_4_affected_population_share_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "3.4");
}

TEST(cac_2025_reporting_row_1_5_affected_people_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "1.5");
}

TEST(cac_2025_reporting_row_2_5_affected_people_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "2.5");
}

TEST(cac_2025_reporting_row_3_5_affected_people_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "3.5");
}

TEST(cac_2025_reporting_row_1_6_data_class_and_threat_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "1.6");
}

TEST(cac_2025_reporting_row_2_6_data_class_and_threat_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "2.6");
}

TEST(cac_2025_reporting_row_3_6_data_class_and_threat_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "3.6");
}

TEST(cac_2025_reporting_row_1_7_personal_information_persons_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "1.7");
}

TEST(cac_2025_reporting_row_2_7_personal_information_persons_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "2.7");
}

TEST(cac_2025_reporting_row_3_7_personal_information_persons_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "3.7");
}

TEST(cac_2025_reporting_row_1_8_illegal_content_homepage_minutes_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "1.8");
}

TEST(cac_2025_reporting_row_2_8_illegal_content_homepage_minutes_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "2.8");
}

TEST(cac_2025_reporting_row_3_8_illegal_content_homepage_minutes_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "3.8");
}

TEST(cac_2025_reporting_row_1_9_illegal_content_shares_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "1.9");
}

TEST(cac_2025_reporting_row_2_9_illegal_content_shares_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "2.9");
}

TEST(cac_2025_reporting_row_3_9_illegal_content_shares_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "3.9");
}

TEST(cac_2025_reporting_row_1_10_illegal_content_views_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "1.10");
}

TEST(cac_2025_reporting_row_2_10_illegal_content_views_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "2.10");
}

TEST(cac_2025_reporting_row_3_10_illegal_content_views_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "3.10");
}

TEST(cac_2025_reporting_row_1_11_direct_loss_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "1.11");
}

TEST(cac_2025_reporting_row_2_11_direct_loss_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "2.11");
}

TEST(cac_2025_reporting_row_3_11_direct_loss_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "3.11");
}

TEST(cac_2025_reporting_row_4_1_other_gives_its_tier_at_its_limits)
{
	rules_check_tier("CAC-2025-reporting", "4.1");
}
