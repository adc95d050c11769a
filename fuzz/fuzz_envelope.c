/*
 * Envelopes of unknown origin: opened with a published key whose private half is published too, so
 * that the corpus can hold good signatures.
 */
#include <stdlib.h>

#include "record/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* RFC 8410, section 10.1. */
static const char public_pem[] = "-----BEGIN PUBLIC KEY-----\n"
				 "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
				 "-----END PUBLIC KEY-----\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error e = ERROR_NONE;
	struct view v = { (const char *)data, size };
	static struct key *k; /* reading PEM costs more than all the rest */
	AUTO(key_free) struct key *other = NULL;
	AUTO_JSON json_t *envelope = NULL;
	AUTO_BUF struct buf payload = { .ceiling = ENVELOPE_BYTES_MAX };
	if (k == NULL && key_parse(view_of(public_pem), "key", &k, &e) != OK)
		abort();
	if (size > 0 && data[0] == '-') {
		if (key_parse(v, "input", &other, &e) == OK && key_id(other)[0] == '\0')
			abort();
		return 0;
	}
	if (json_read(v, MIB, "input", &envelope, &e) != OK)
		return 0;
	enum status status = envelope_open(envelope, NULL, NULL, k, &payload, &e);
	if (status != OK && payload.len != 0)
		abort();
	return 0;
}
