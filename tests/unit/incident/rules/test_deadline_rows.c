/*
 * Each row of the table of deadlines (deadlines.csv), in every profile that has it: who owes what
 * to whom, by which clock, from which grade, and under which facts.
 */
#include "tests/lib/rules_fixture.h"

TEST(miit_214_2024_risk_report_is_owed_as_its_row_says)
{
	rules_check_deadline("MIIT-214-2024", "risk_report");
}

TEST(miit_214_2024_risk_report_up_is_owed_as_its_row_says)
{
	rules_check_deadline("MIIT-214-2024", "risk_report_up");
}

TEST(miit_214_2024_incident_first_report_is_owed_as_its_row_says)
{
	rules_check_deadline("MIIT-214-2024", "incident_first_report");
}

TEST(miit_214_2024_incident_phone_is_owed_as_its_row_says)
{
	rules_check_deadline("MIIT-214-2024", "incident_phone");
}

TEST(miit_214_2024_incident_written_is_owed_as_its_row_says)
{
	rules_check_deadline("MIIT-214-2024", "incident_written");
}

TEST(miit_214_2024_summary_is_owed_as_its_row_says)
{
	rules_check_deadline("MIIT-214-2024", "summary");
}

TEST(miit_214_2024_summary_up_is_owed_as_its_row_says)
{
	rules_check_deadline("MIIT-214-2024", "summary_up");
}

TEST(programme_first_notice_is_owed_as_its_row_says)
{
	rules_check_deadline("programme", "first_notice");
}

TEST(programme_written_report_is_owed_as_its_row_says)
{
	rules_check_deadline("programme", "written_report");
}

TEST(miit_166_2022_incident_first_report_is_owed_as_its_row_says)
{
	rules_check_deadline("MIIT-166-2022", "incident_first_report");
}

TEST(miit_166_2022_28_is_owed_as_its_row_says)
{
	rules_check_deadline("MIIT-166-2022", "28");
}

TEST(miit_166_2022_annual_incident_report_is_owed_as_its_row_says)
{
	rules_check_deadline("MIIT-166-2022", "annual_incident_report");
}

TEST(miit_draft_2023_12_incident_phone_is_owed_as_its_row_says)
{
	rules_check_deadline("MIIT-draft-2023-12", "incident_phone");
}

TEST(miit_draft_2023_12_incident_written_is_owed_as_its_row_says)
{
	rules_check_deadline("MIIT-draft-2023-12", "incident_written");
}

TEST(miit_draft_2023_12_incident_first_report_is_owed_as_its_row_says)
{
	rules_check_deadline("MIIT-draft-2023-12", "incident_first_report");
}

TEST(inner_mongolia_2025_incident_phone_city_is_owed_as_its_row_says)
{
	rules_check_deadline("Inner-Mongolia-2025", "incident_phone_city");
}

TEST(inner_mongolia_2025_incident_written_city_is_owed_as_its_row_says)
{
	rules_check_deadline("Inner-Mongolia-2025", "incident_written_city");
}

TEST(inner_mongolia_2025_incident_phone_is_owed_as_its_row_says)
{
	rules_check_deadline("Inner-Mongolia-2025", "incident_phone");
}

TEST(inner_mongolia_2025_incident_written_is_owed_as_its_row_says)
{
	rules_check_deadline("Inner-Mongolia-2025", "incident_written");
}

TEST(inner_mongolia_2025_summary_is_owed_as_its_row_says)
{
	rules_check_deadline("Inner-Mongolia-2025", "summary");
}

TEST(inner_mongolia_2025_summary_city_is_owed_as_its_row_says)
{
	rules_check_deadline("Inner-Mongolia-2025", "summary_city");
}

TEST(inner_mongolia_2025_summary_up_is_owed_as_its_row_says)
{
	rules_check_deadline("Inner-Mongolia-2025", "summary_up");
}

TEST(inner_mongolia_2025_annual_up_is_owed_as_its_row_says)
{
	rules_check_deadline("Inner-Mongolia-2025", "annual_up");
}

TEST(jilin_2025_incident_phone_is_owed_as_its_row_says)
{
	rules_check_deadline("Jilin-2025", "incident_phone");
}

TEST(jilin_2025_incident_written_is_owed_as_its_row_says)
{
	rules_check_deadline("Jilin-2025", "incident_written");
}

TEST(jilin_2025_leading_group_phone_is_owed_as_its_row_says)
{
	rules_check_deadline("Jilin-2025", "leading_group_phone");
}

TEST(jilin_2025_leading_group_written_is_owed_as_its_row_says)
{
	rules_check_deadline("Jilin-2025", "leading_group_written");
}

TEST(jilin_2025_summary_is_owed_as_its_row_says)
{
	rules_check_deadline("Jilin-2025", "summary");
}

TEST(jilin_2025_summary_up_is_owed_as_its_row_says)
{
	rules_check_deadline("Jilin-2025", "summary_up");
}

TEST(cac_2025_reporting_first_report_cii_is_owed_as_its_row_says)
{
	rules_check_deadline("CAC-2025-reporting", "first_report_cii");
}

TEST(cac_2025_reporting_relay_cii_is_owed_as_its_row_says)
{
	rules_check_deadline("CAC-2025-reporting", "relay_cii");
}

TEST(cac_2025_reporting_first_report_central_is_owed_as_its_row_says)
{
	rules_check_deadline("CAC-2025-reporting", "first_report_central");
}

TEST(cac_2025_reporting_relay_central_is_owed_as_its_row_says)
{
	rules_check_deadline("CAC-2025-reporting", "relay_central");
}

TEST(cac_2025_reporting_first_report_other_is_owed_as_its_row_says)
{
	rules_check_deadline("CAC-2025-reporting", "first_report_other");
}

TEST(cac_2025_reporting_relay_province_is_owed_as_its_row_says)
{
	rules_check_deadline("CAC-2025-reporting", "relay_province");
}

TEST(cac_2025_reporting_summary_is_owed_as_its_row_says)
{
	rules_check_deadline("CAC-2025-reporting", "summary");
}

TEST(state_council_790_product_flaw_is_owed_as_its_row_says)
{
	rules_check_deadline("State-Council-790", "product_flaw");
}

TEST(state_council_790_incident_is_owed_as_its_row_says)
{
	rules_check_deadline("State-Council-790", "incident");
}

TEST(iiot_security_grading_incident_is_owed_as_its_row_says)
{
	rules_check_deadline("IIoT-security-grading", "incident");
}

TEST(pboc_2025_reporting_brief_is_owed_as_its_row_says)
{
	rules_check_deadline("PBOC-2025-reporting", "brief");
}

TEST(pboc_2025_reporting_report_is_owed_as_its_row_says)
{
	rules_check_deadline("PBOC-2025-reporting", "report");
}

TEST(pboc_2025_reporting_progress_is_owed_as_its_row_says)
{
	rules_check_deadline("PBOC-2025-reporting", "progress");
}

TEST(pboc_2025_reporting_summary_is_owed_as_its_row_says)
{
	rules_check_deadline("PBOC-2025-reporting", "summary");
}

TEST(eu_nis2_early_warning_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-NIS2", "early_warning");
}

TEST(eu_nis2_notification_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-NIS2", "notification");
}

TEST(eu_nis2_intermediate_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-NIS2", "intermediate");
}

TEST(eu_nis2_final_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-NIS2", "final");
}

TEST(eu_dora_initial_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-DORA", "initial");
}

TEST(eu_dora_intermediate_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-DORA", "intermediate");
}

TEST(eu_dora_final_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-DORA", "final");
}

TEST(eu_gdpr_authority_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-GDPR", "authority");
}

TEST(eu_gdpr_controller_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-GDPR", "controller");
}

TEST(eu_gdpr_data_subject_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-GDPR", "data_subject");
}

TEST(eu_cra_vuln_early_warning_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-CRA", "vuln_early_warning");
}

TEST(eu_cra_vuln_notification_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-CRA", "vuln_notification");
}

TEST(eu_cra_vuln_final_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-CRA", "vuln_final");
}

TEST(eu_cra_incident_early_warning_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-CRA", "incident_early_warning");
}

TEST(eu_cra_incident_notification_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-CRA", "incident_notification");
}

TEST(eu_cra_incident_final_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-CRA", "incident_final");
}

TEST(eu_cra_14_8_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-CRA", "14(8)");
}

TEST(us_circia_covered_incident_is_owed_as_its_row_says)
{
	rules_check_deadline("US-CIRCIA", "covered_incident");
}

TEST(us_circia_ransom_payment_is_owed_as_its_row_says)
{
	rules_check_deadline("US-CIRCIA", "ransom_payment");
}

TEST(us_circia_supplemental_is_owed_as_its_row_says)
{
	rules_check_deadline("US-CIRCIA", "supplemental");
}

TEST(in_cert_in_incident_is_owed_as_its_row_says)
{
	rules_check_deadline("IN-CERT-In", "incident");
}

TEST(miit_214_2024_central_group_report_is_owed_as_its_row_says)
{
	rules_check_deadline("MIIT-214-2024", "central_group_report");
}

TEST(eu_nis2_23_5_is_owed_as_its_row_says)
{
	rules_check_deadline("EU-NIS2", "23(5)");
}
