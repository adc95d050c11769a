/*
 * Standard Webhooks: the vectors of the specification's own libraries, and secrets that will not
 * do.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "record/webhook.h"
#include "tests/lib/test.h"

#define HEAD "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek\nwebhook-timestamp: 1614265330\n"
#define HMAC "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define ED25519                                                                                    \
	"v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8" \
	"Ag=="
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define SEED "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="

static enum status sign(const char *secrets, struct buf *out)
{
	const struct webhook_message m = { "msg_p5jXN8AQM9LWM0D4loKWxJek",
		1614265330 * NS_PER_S + 999, VIEW("{\"test\": 2432232314}") };
	return webhook_headers(&m, view_of(secrets), out, NULL);
}

TEST(a_symmetric_secret_signs_as_the_specification_does)
{
	AUTO_BUF struct buf out = { .ceiling = KIB };
	REQUIRE(sign(SECRET, &out) == OK);
	CHECK_TEXT(buf_text(&out), HEAD "webhook-signature: " HMAC "\n");
}

TEST(an_asymmetric_key_signs_as_the_specification_does)
{
	AUTO_BUF struct buf out = { .ceiling = KIB };
	REQUIRE(sign(SEED "\n", &out) == OK);
	CHECK_TEXT(buf_text(&out), HEAD "webhook-signature: " ED25519 "\n");
}

TEST(while_a_secret_is_changed_both_sign)
{
	AUTO_BUF struct buf out = { .ceiling = KIB };
	REQUIRE(sign("# until March\n" SECRET "\n\n  " SEED "\n", &out) == OK);
	CHECK_TEXT(buf_text(&out), HEAD "webhook-signature: " HMAC " " ED25519 "\n");
}

TEST(a_secret_of_another_form_is_refused)
{
	static const char *const wrong[] = { "", "\n# nothing\n",
		"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"whsec_c2hvcnQ=", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
		"whsk_c2hvcnQ=", "whpk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=",
		SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n" SECRET
		       "\n" SECRET "\n" SECRET };
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		AUTO_BUF struct buf out = { .ceiling = 4 * KIB };
		CHECK_INT(sign(wrong[i], &out), E_INVALID);
	}
}

TEST(a_file_of_secrets_is_private_and_its_faults_name_the_line_and_no_secret)
{
	struct error e = ERROR_NONE;
	const char *path = test_path("a.whsec");
	test_write_file(path, SECRET "\n", sizeof SECRET);
	REQUIRE(chmod(path, 0640) == 0);
	CHECK_INT(webhook_secrets_check(path, &e), E_DENIED);
	REQUIRE(chmod(path, 0600) == 0);
	REQUIRE_OK(webhook_secrets_check(path, &e), e);
	static const char two[] = SECRET "\nwhsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS\n";
	test_write_file(path, two, sizeof two - 1);
	CHECK_INT(webhook_secrets_check(path, &e), E_INVALID);
	CHECK(strstr(e.text, "secret 2") != NULL && strstr(e.text, "MfKQ") == NULL);
	CHECK_INT(webhook_secrets_check(test_path("none"), &e), E_ABSENT);
}
