/*
 * The three verbs, and what they do with long text.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "tests/lib/test.h"

TEST(a_wrap_names_what_was_being_done_and_keeps_the_status)
{
	struct error e = ERROR_NONE;
	CHECK_INT(error_set(&e, E_ABSENT, "no scenario '%s'", "x"), E_ABSENT);
	CHECK_INT(error_wrap(&e, "plan the drill"), E_ABSENT);
	CHECK_TEXT(e.text, "plan the drill: no scenario 'x'");
}

TEST(a_full_disk_is_told_apart_whatever_the_caller_meant)
{
	struct error e = ERROR_NONE;
	CHECK_INT(error_sys(&e, E_FAILED, ENOSPC, "write '%s'", "a"), E_NO_SPACE);
	CHECK_TEXT(e.text, "write 'a': No space left on device");
	CHECK_INT(e.errno_value, ENOSPC);
}

TEST(long_text_is_cut_between_characters)
{
	struct error e = ERROR_NONE;
	char zh[2000] = "";
	for (size_t i = 0; i + 3 < sizeof zh; i += 3)
		memcpy(zh + i, "警", 4);
	(void)error_set(&e, E_FAILED, "%s", zh);
	CHECK(strlen(e.text) % 3 == 0);
	CHECK(strlen(e.text) > ERROR_TEXT_MAX - 8);
}

TEST(an_absent_error_is_allowed)
{
	CHECK_INT(error_set(NULL, E_DENIED, "x"), E_DENIED);
	CHECK_INT(error_wrap(NULL, "x"), E_FAILED);
}

TEST(a_wrap_around_long_text_is_cut_between_characters)
{
	/* Whatever the length of what stands before, the cut falls between characters. */
	for (size_t shift = 0; shift < 3; shift++) {
		struct error e = ERROR_NONE;
		char zh[2000] = "abc";
		for (size_t i = shift; i + 3 < sizeof zh; i += 3)
			memcpy(zh + i, "警", 4);
		(void)error_set(&e, E_FAILED, "%s", zh);
		(void)error_wrap(&e, "x");
		CHECK_INT((strlen(e.text) - 3 - shift) % 3, 0);
		(void)error_sys(&e, E_FAILED, EIO, "%s", zh);
		const char *colon = strstr(e.text, ": ");
		REQUIRE(colon != NULL);
		CHECK_INT(((size_t)(colon - e.text) - shift) % 3, 0);
	}
}

TEST(every_status_has_a_stable_name)
{
	static const char *const names[] = { "ok", "failed", "usage", "partly", "not-allowed",
		"not-found", "conflict", "invalid", "too-big", "no-space", "stopped", "voided",
		"interrupted", "queued", "late" };
	for (int i = OK; i <= E_LATE; i++)
		CHECK_TEXT(status_name((enum status)i), names[i]);
}
