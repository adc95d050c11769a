/*
 * Parcels of unknown origin: the JSON inside (begins with '{'), or what is sealed to a published
 * key, so that the corpus can hold good ones.
 */
#include <stdlib.h>

#include "record/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char certificate_pem[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBhjCCASugAwIBAgIUQOVHwIzr/SGKCKHpruiixm8HwkgwCgYIKoZIzj0EAwIw\n"
	"DzENMAsGA1UEAwwEZnV6ejAgFw0yNjExMjcyMDU4MDJaGA8yMTI2MTEwMzIwNTgw\n"
	"MlowDzENMAsGA1UEAwwEZnV6ejBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOp0\n"
	"ZB3jQNlxiMZk4Kl58GH44UAy9VYaklTwBqpqVci9WqI2YDlpsN2PD/GSmgk+V+Cg\n"
	"tu50YcjZtJBJpucqjn2jYzBhMB0GA1UdDgQWBBR7i7PuuuKAOTFSPbncE1OcP8RK\n"
	"BDAfBgNVHSMEGDAWgBR7i7PuuuKAOTFSPbncE1OcP8RKBDAPBgNVHRMBAf8EBTAD\n"
	"AQH/MA4GA1UdDwEB/wQEAwIDCDAKBggqhkjOPQQDAgNJADBGAiEAyaAnDM2aNaW/\n"
	"jQ8NX+rEwh+tQ0t6AfA7wZGe7Qg3dQ0CIQD89MYOXYpObxO3JM6qREXR5T1QGmhi\n"
	"kKjinVU4C1THOg==\n"
	"-----END CERTIFICATE-----\n";

static const char key_pem[] = "-----BEGIN PRIVATE KEY-----\n"
			      "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKXYiYaTnhptJ2jwi\n"
			      "1Vew+Noj9KH8rfC9A/ntsfiNq3OhRANCAATqdGQd40DZcYjGZOCpefBh+OFAMvVW\n"
			      "GpJU8AaqalXIvVqiNmA5abDdjw/xkpoJPlfgoLbudGHI2bSQSabnKo59\n"
			      "-----END PRIVATE KEY-----\n";

static void check_text(struct view v)
{
	AUTO(pool_free) struct pool *p = pool_new(16 * MIB);
	AUTO_BUF struct buf again = { .ceiling = PARCEL_TEXT_MAX };
	struct error e = ERROR_NONE;
	struct parcel first;
	struct parcel second;
	if (p == NULL || parcel_read(v, p, &first, &e) != OK)
		return;
	/* What was read is what would be written. */
	if (parcel_write(&first, &again, &e) != OK ||
		parcel_read(buf_view(&again), p, &second, &e) != OK ||
		second.n_envelopes != first.n_envelopes || second.n_receipts != first.n_receipts)
		abort();
	for (size_t i = 0; i < first.n_envelopes; i++)
		if (!view_equal(first.envelopes[i].text, second.envelopes[i].text))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view v = { (const char *)data, size };
	AUTO_BUF struct buf text = { .ceiling = PARCEL_TEXT_MAX };
	if (size > 0 && data[0] == '{') {
		check_text(v);
		return 0;
	}
	if (parcel_open(v, view_of(certificate_pem), view_of(key_pem), &text, NULL) == OK)
		check_text(buf_view(&text));
	else if (text.len != 0)
		abort();
	return 0;
}
