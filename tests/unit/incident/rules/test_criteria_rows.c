/*
 * Each criterion of the profiles that grade by other than the two national tables, by criteria.csv:
 * what meets it, what does not, what leaves it undecided, limits included.
 */
#include "tests/lib/rules_fixture.h"

TEST(pboc_2025_reporting_row_1_service_decides_at_its_limits)
{
	rules_check_criterion("cn-pboc-2025", "1-service");
}

TEST(pboc_2025_reporting_row_2_service_decides_at_its_limits)
{
	rules_check_criterion("cn-pboc-2025", "2-service");
}

TEST(pboc_2025_reporting_row_3_service_decides_at_its_limits)
{
	rules_check_criterion("cn-pboc-2025", "3-service");
}

TEST(pboc_2025_reporting_row_1_sensitive_decides_at_its_limits)
{
	rules_check_criterion("cn-pboc-2025", "1-sensitive");
}

TEST(pboc_2025_reporting_row_2_sensitive_decides_at_its_limits)
{
	rules_check_criterion("cn-pboc-2025", "2-sensitive");
}

TEST(pboc_2025_reporting_row_1_personal_decides_at_its_limits)
{
	rules_check_criterion("cn-pboc-2025", "1-personal");
}

TEST(pboc_2025_reporting_row_2_personal_decides_at_its_limits)
{
	rules_check_criterion("cn-pboc-2025", "2-personal");
}

TEST(pboc_2025_reporting_row_3_personal_decides_at_its_limits)
{
	rules_check_criterion("cn-pboc-2025", "3-personal");
}

TEST(pboc_2025_reporting_row_3_credit_decides_at_its_limits)
{
	rules_check_criterion("cn-pboc-2025", "3-credit");
}

TEST(pboc_2025_reporting_row_1_core_decides_at_its_limits)
{
	rules_check_criterion("cn-pboc-2025", "1-core");
}

TEST(pboc_2025_reporting_row_2_important_decides_at_its_limits)
{
	rules_check_criterion("cn-pboc-2025", "2-important");
}

TEST(pboc_2025_reporting_row_3_ransomware_decides_at_its_limits)
{
	rules_check_criterion("cn-pboc-2025", "3-ransomware");
}

TEST(state_council_790_row_10_decides_at_its_limits)
{
	rules_check_criterion("cn-order-790", "10");
}

TEST(miit_166_2022_row_28_decides_at_its_limits)
{
	rules_check_criterion("cn-miit-166-2022", "28");
}

TEST(miit_draft_2023_12_row_1_outage_decides_at_its_limits)
{
	rules_check_criterion("cn-miit-draft-2023", "1-outage");
}

TEST(miit_draft_2023_12_row_2_outage_decides_at_its_limits)
{
	rules_check_criterion("cn-miit-draft-2023", "2-outage");
}

TEST(miit_draft_2023_12_row_3_outage_decides_at_its_limits)
{
	rules_check_criterion("cn-miit-draft-2023", "3-outage");
}

TEST(miit_draft_2023_12_row_1_loss_decides_at_its_limits)
{
	rules_check_criterion("cn-miit-draft-2023", "1-loss");
}

TEST(miit_draft_2023_12_row_2_loss_decides_at_its_limits)
{
	rules_check_criterion("cn-miit-draft-2023", "2-loss");
}

TEST(miit_draft_2023_12_row_3_loss_decides_at_its_limits)
{
	rules_check_criterion("cn-miit-draft-2023", "3-loss");
}

TEST(miit_draft_2023_12_row_1_persons_decides_at_its_limits)
{
	rules_check_criterion("cn-miit-draft-2023", "1-persons");
}

TEST(miit_draft_2023_12_row_2_persons_decides_at_its_limits)
{
	rules_check_criterion("cn-miit-draft-2023", "2-persons");
}

TEST(miit_draft_2023_12_row_3_persons_decides_at_its_limits)
{
	rules_check_criterion("cn-miit-draft-2023", "3-persons");
}

TEST(miit_draft_2023_12_row_1_sensitive_decides_at_its_limits)
{
	rules_check_criterion("cn-miit-draft-2023", "1-sensitive");
}

TEST(eu_nis2_row_2024_2690_3_1_a_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 3(1)(a)");
}

TEST(eu_nis2_row_2024_2690_3_1_b_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 3(1)(b)");
}

TEST(eu_nis2_row_2024_2690_3_1_c_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 3(1)(c)");
}

TEST(eu_nis2_row_2024_2690_3_1_d_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 3(1)(d)");
}

TEST(eu_nis2_row_2024_2690_3_1_e_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 3(1)(e)");
}

TEST(eu_nis2_row_2024_2690_4_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 4");
}

TEST(eu_nis2_row_2024_2690_5_a_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 5(a)");
}

TEST(eu_nis2_row_2024_2690_5_b_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 5(b)");
}

TEST(eu_nis2_row_2024_2690_5_c_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 5(c)");
}

TEST(eu_nis2_row_2024_2690_6_a_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 6(a)");
}

TEST(eu_nis2_row_2024_2690_6_b_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 6(b)");
}

TEST(eu_nis2_row_2024_2690_6_c_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 6(c)");
}

TEST(eu_nis2_row_2024_2690_7_a_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 7(a)");
}

TEST(eu_nis2_row_2024_2690_7_b_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 7(b)");
}

TEST(eu_nis2_row_2024_2690_7_c_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 7(c)");
}

TEST(eu_nis2_row_2024_2690_7_d_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 7(d)");
}

TEST(eu_nis2_row_2024_2690_9_a_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 9(a)");
}

TEST(eu_nis2_row_2024_2690_9_b_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 9(b)");
}

TEST(eu_nis2_row_2024_2690_9_c_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 9(c)");
}

TEST(eu_nis2_row_2024_2690_9_d_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 9(d)");
}

TEST(eu_nis2_row_2024_2690_10_a_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 10(a)");
}

TEST(eu_nis2_row_2024_2690_10_b_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 10(b)");
}

TEST(eu_nis2_row_2024_2690_10_c_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 10(c)");
}

TEST(eu_nis2_row_2024_2690_10_d_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 10(d)");
}

TEST(eu_nis2_row_2024_2690_8_a_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 8(a)");
}

TEST(eu_nis2_row_2024_2690_8_b_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 8(b)");
}

TEST(eu_nis2_row_2024_2690_8_c_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 8(c)");
}

TEST(eu_nis2_row_2024_2690_8_d_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 8(d)");
}

TEST(eu_nis2_row_2024_2690_11_a_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 11(a)");
}

TEST(eu_nis2_row_2024_2690_11_b_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 11(b)");
}

TEST(eu_nis2_row_2024_2690_11_c_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 11(c)");
}

TEST(eu_nis2_row_2024_2690_11_d_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 11(d)");
}

TEST(eu_nis2_row_2024_2690_12_a_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 12(a)");
}

TEST(eu_nis2_row_2024_2690_12_b_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 12(b)");
}

TEST(eu_nis2_row_2024_2690_12_c_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 12(c)");
}

TEST(eu_nis2_row_2024_2690_12_d_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 12(d)");
}

TEST(eu_nis2_row_2024_2690_13_a_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 13(a)");
}

TEST(eu_nis2_row_2024_2690_13_b_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 13(b)");
}

TEST(eu_nis2_row_2024_2690_13_c_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 13(c)");
}

TEST(eu_nis2_row_2024_2690_13_d_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 13(d)");
}

TEST(eu_nis2_row_2024_2690_14_a_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 14(a)");
}

TEST(eu_nis2_row_2024_2690_14_b_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 14(b)");
}

TEST(eu_nis2_row_2024_2690_14_c_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 14(c)");
}

TEST(eu_nis2_row_2024_2690_14_d_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 14(d)");
}

TEST(eu_nis2_row_2024_2690_14_e_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "2024/2690 14(e)");
}

TEST(eu_nis2_row_23_3_a_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "23(3)(a)");
}

TEST(eu_nis2_row_23_3_b_decides_at_its_limits)
{
	rules_check_criterion("eu-nis2", "23(3)(b)");
}

TEST(eu_dora_row_2024_1772_8_1_a_decides_at_its_limits)
{
	rules_check_criterion("eu-dora", "2024/1772 8(1)(a)");
}

TEST(eu_dora_row_2024_1772_8_1_b_decides_at_its_limits)
{
	rules_check_criterion("eu-dora", "2024/1772 8(1)(b)");
}

TEST(eu_dora_row_2024_1772_8_2_decides_at_its_limits)
{
	rules_check_criterion("eu-dora", "2024/1772 8(2)");
}

TEST(eu_gdpr_row_34_1_decides_at_its_limits)
{
	rules_check_criterion("eu-gdpr", "34(1)");
}

TEST(eu_gdpr_row_33_1_decides_at_its_limits)
{
	rules_check_criterion("eu-gdpr", "33(1)");
}

TEST(eu_gdpr_row_33_5_decides_at_its_limits)
{
	rules_check_criterion("eu-gdpr", "33(5)");
}

TEST(eu_cra_row_14_5_a_decides_at_its_limits)
{
	rules_check_criterion("eu-cra", "14(5)(a)");
}

TEST(eu_cra_row_14_5_b_decides_at_its_limits)
{
	rules_check_criterion("eu-cra", "14(5)(b)");
}

TEST(eu_cra_row_14_1_decides_at_its_limits)
{
	rules_check_criterion("eu-cra", "14(1)");
}

TEST(us_circia_row_substantial_1_decides_at_its_limits)
{
	rules_check_criterion("us-circia", "substantial-1");
}

TEST(us_circia_row_substantial_2_decides_at_its_limits)
{
	rules_check_criterion("us-circia", "substantial-2");
}

TEST(us_circia_row_substantial_3_decides_at_its_limits)
{
	rules_check_criterion("us-circia", "substantial-3");
}

TEST(us_circia_row_substantial_4_decides_at_its_limits)
{
	rules_check_criterion("us-circia", "substantial-4");
}

TEST(in_cert_in_row_i_1_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-1");
}

TEST(in_cert_in_row_i_2_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-2");
}

TEST(in_cert_in_row_i_3_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-3");
}

TEST(in_cert_in_row_i_4_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-4");
}

TEST(in_cert_in_row_i_5_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-5");
}

TEST(in_cert_in_row_i_6_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-6");
}

TEST(in_cert_in_row_i_7_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-7");
}

TEST(in_cert_in_row_i_8_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-8");
}

TEST(in_cert_in_row_i_9_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-9");
}

TEST(in_cert_in_row_i_10_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-10");
}

TEST(in_cert_in_row_i_11_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-11");
}

TEST(in_cert_in_row_i_12_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-12");
}

TEST(in_cert_in_row_i_13_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-13");
}

TEST(in_cert_in_row_i_14_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-14");
}

TEST(in_cert_in_row_i_15_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-15");
}

TEST(in_cert_in_row_i_16_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-16");
}

TEST(in_cert_in_row_i_17_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-17");
}

TEST(in_cert_in_row_i_18_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-18");
}

TEST(in_cert_in_row_i_19_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-19");
}

TEST(in_cert_in_row_i_20_decides_at_its_limits)
{
	rules_check_criterion("in-cert", "I-20");
}
