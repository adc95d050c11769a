/*
 * Findings in and out of the store.
 */
#include <string.h>

#include "record/record.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

static struct store *new_store(void)
{
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(store_open(test_path("a.db"), &record_migrations, 1, &s, &e), e);
	return s;
}

static struct finding finding(const char *source, int64_t at_ns)
{
	return (struct finding){ .id = id_new(at_ns),
		.source = source,
		.rule = "drill.not-contained",
		.rule_author = "tocsin",
		.subject = "host 警钟",
		.severity = FINDING_HIGH,
		.technique = "T1486",
		.evidence = "2,400 of 2,400 decoys were changed",
		.remediation = "turn on containment",
		.at_ns = at_ns };
}

TEST(findings_come_newest_first_and_whole)
{
	AUTO(store_close) struct store *s = new_store();
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct error e = ERROR_NONE;
	for (int i = 1; i <= 40; i++) {
		struct finding f = finding(i % 2 == 0 ? "drill" : "guard", i);
		if (i == 40)
			f.technique = NULL;
		REQUIRE_OK(finding_add(s, &f, &e), e);
	}
	struct finding *rows = NULL;
	size_t n = 0;
	REQUIRE_OK(finding_list(s, NULL, 100, p, &rows, &n, &e), e);
	REQUIRE(n == 40);
	for (size_t i = 0; i < n; i++)
		CHECK_INT(rows[i].at_ns, (long long)(40 - i));
	CHECK(rows[0].technique == NULL);
	CHECK_TEXT(rows[1].technique, "T1486");
	CHECK_TEXT(rows[1].subject, "host 警钟");
	CHECK_TEXT(rows[1].rule_author, "tocsin");
	CHECK_INT(rows[1].severity, FINDING_HIGH);
	REQUIRE_OK(finding_list(s, "drill", 3, p, &rows, &n, &e), e);
	CHECK_INT(n, 3);
	CHECK_INT(rows[2].at_ns, 36);
	REQUIRE_OK(finding_list(s, "examine", 3, p, &rows, &n, &e), e);
	CHECK_INT(n, 0);
	REQUIRE_OK(finding_list(s, NULL, -1, p, &rows, &n, &e), e);
	CHECK_INT(n, 0);
}

TEST(the_same_finding_twice_is_a_conflict)
{
	AUTO(store_close) struct store *s = new_store();
	struct error e = ERROR_NONE;
	struct finding f = finding("drill", 1);
	REQUIRE_OK(finding_add(s, &f, &e), e);
	CHECK_INT(finding_add(s, &f, &e), E_CONFLICT);
}

TEST(every_severity_has_a_name)
{
	CHECK_TEXT(finding_severity_name(FINDING_INFO), "info");
	CHECK_TEXT(finding_severity_name(FINDING_CRITICAL), "critical");
}

TEST(a_small_pool_is_an_error_and_no_more)
{
	AUTO(store_close) struct store *s = new_store();
	struct error e = ERROR_NONE;
	struct finding f = finding("drill", 1);
	REQUIRE_OK(finding_add(s, &f, &e), e);
	size_t ceiling = 16;
	for (;; ceiling += 16) {
		AUTO(pool_free) struct pool *p = pool_new(ceiling);
		struct finding *rows = NULL;
		size_t n = 0;
		REQUIRE(ceiling < 16 * KIB);
		if (finding_list(s, NULL, 10, p, &rows, &n, &e) == OK)
			break;
		CHECK(rows == NULL && n == 0);
	}
	CHECK(ceiling > 256);
}

TEST(whatever_fails_while_listing_is_told)
{
	NEEDS_FAULTS();
	AUTO(store_close) struct store *s = new_store();
	int n = 1;
	struct error e = ERROR_NONE;
	struct finding f = finding("drill", 1);
	REQUIRE_OK(finding_add(s, &f, &e), e);
	for (;; n++) {
		AUTO(pool_free) struct pool *p = pool_new(MIB);
		struct finding *rows = NULL;
		size_t n_rows = 0;
		REQUIRE(n < 50);
		fault_arm("", n);
		enum status status = finding_list(s, NULL, 10, p, &rows, &n_rows, &e);
		fault_disarm();
		if (status == OK)
			break;
		CHECK(rows == NULL);
	}
	CHECK(n > 2);
}
