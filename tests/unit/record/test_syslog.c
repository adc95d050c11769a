/*
 * Lines of syslog: the examples of RFC 5424, section 6.5, and what must not break a line.
 */
#include <string.h>

#include "base/clock.h"
#include "record/syslog.h"
#include "tests/lib/test.h"

#define BOM "\xef\xbb\xbf"

static struct syslog_message example(void)
{
	struct syslog_message m = { .facility = 4,
		.severity = SYSLOG_CRITICAL,
		.host = "mymachine.example.com",
		.app = "su",
		.message_id = "ID47",
		.text = "'su root' failed for lonvick on /dev/pts/8" };
	REQUIRE(time_parse(VIEW("2003-10-11T22:14:15.003Z"), &m.at_ns));
	return m;
}

static void check_line(const struct syslog_message *m, const char *wanted)
{
	AUTO_BUF struct buf out = { .ceiling = 2 * SYSLOG_LINE_MAX };
	struct error e = ERROR_NONE;
	REQUIRE_OK(syslog_line(m, &out, &e), e);
	CHECK_TEXT(buf_text(&out), wanted);
}

TEST(the_examples_of_the_rfc_come_out_as_they_stand_there)
{
	static const struct syslog_parameter parameters[] = { { "iut", "3" },
		{ "eventSource", "Application" }, { "eventID", "1011" } };
	struct syslog_message m = example();
	check_line(&m, "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - " BOM
		       "'su root' failed for lonvick on /dev/pts/8");
	m.facility = 20;
	m.severity = SYSLOG_NOTICE;
	m.app = "evntslog";
	m.data_id = "exampleSDID@32473";
	m.parameters = parameters;
	m.n_parameters = 3;
	m.text = "An application event log entry...";
	check_line(&m, "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
		       "[exampleSDID@32473 iut=\"3\" eventSource=\"Application\" "
		       "eventID=\"1011\"] " BOM "An application event log entry...");
	m.text = NULL;
	check_line(&m, "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
		       "[exampleSDID@32473 iut=\"3\" eventSource=\"Application\" "
		       "eventID=\"1011\"]");
}

TEST(nothing_that_is_put_in_can_end_a_field_or_a_line)
{
	static const struct syslog_parameter hostile[] = { { "what",
		"a\"] [x y=\"\\\n<34>1 forged" } };
	struct syslog_message m = example();
	m.host = "a b\n中";
	m.app = "";
	m.message_id = "0123456789012345678901234567890123456789";
	m.data_id = "tocsin@32473";
	m.parameters = hostile;
	m.n_parameters = 1;
	m.text = "警报\r\n<34>1 forged";
	check_line(&m, "<34>1 2003-10-11T22:14:15.003Z a_b____ - - "
		       "01234567890123456789012345678901 [tocsin@32473 "
		       "what=\"a\\\"\\] [x y=\\\"\\\\ <34>1 forged\"] " BOM "警报  <34>1 forged");
}

TEST(what_cannot_be_a_line_is_refused)
{
	static const struct syslog_parameter bad[] = { { "a=b", "" } };
	static char long_text[SYSLOG_LINE_MAX];
	AUTO_BUF struct buf out = { .ceiling = 2 * SYSLOG_LINE_MAX };
	struct syslog_message m = example();
	m.facility = 24;
	CHECK_INT(syslog_line(&m, &out, NULL), E_INVALID);
	m = example();
	m.data_id = "has a blank";
	CHECK_INT(syslog_line(&m, &out, NULL), E_INVALID);
	m.data_id = "a@1";
	m.parameters = bad;
	m.n_parameters = 1;
	CHECK_INT(syslog_line(&m, &out, NULL), E_INVALID);
	m = example();
	memset(long_text, 'x', sizeof long_text - 1);
	m.text = long_text;
	CHECK_INT(syslog_line(&m, &out, NULL), E_TOO_BIG);
	CHECK_INT(out.len, 0);
}
