/*
 * UUIDv7.
 */
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "tests/lib/test.h"

TEST(an_id_carries_its_time_version_and_variant)
{
	/* The millisecond of RFC 9562, appendix A.6. */
	struct id id = id_new(0x017F22E279B0LL * NS_PER_MS + 999999);
	CHECK(strncmp(id.text, "017f22e2-79b0-7", 15) == 0);
	CHECK(strchr("89ab", id.text[19]) != NULL);
	CHECK_INT(strlen(id.text), ID_TEXT_LEN);
}

TEST(ids_differ_and_sort_by_time)
{
	struct id before = id_new(NS_PER_MS);
	for (int64_t i = 2; i < 1000; i++) {
		struct id a = id_new(i * NS_PER_MS);
		struct id b = id_new(i * NS_PER_MS);
		CHECK(strcmp(a.text, b.text) != 0);
		CHECK(strcmp(before.text, a.text) < 0);
		before = b;
	}
}

TEST(only_the_canonical_form_is_read)
{
	struct id id = { "unchanged" };
	struct id good = id_new(clock_wall_ns(NULL));
	struct id out;
	REQUIRE(id_parse(view_of(good.text), &out));
	CHECK_TEXT(out.text, good.text);
	static const char *const rows[] = { "", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398ff", "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
		"017f22e2-79b0-4cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-78c4-dc0c0c07398f",
		"017f22e2x79b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
		"{17f22e2-79b0-7cc3-98c4-dc0c0c07398}", "../../../../../../../../etc/passwd__" };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CHECK(!id_parse(view_of(rows[i]), &id));
	CHECK_TEXT(id.text, "unchanged");
}
