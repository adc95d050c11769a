/*
 * Receipts of unknown origin, for one envelope and a published key. The corpus holds good ones, all
 * of the same time and server; a receipt that counts and says another thing is a forgery.
 */
#include <stdlib.h>
#include <string.h>

#include "record/internal.h"
#include "record/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* RFC 8410, section 10.1. */
static const char public_pem[] = "-----BEGIN PUBLIC KEY-----\n"
				 "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
				 "-----END PUBLIC KEY-----\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct key *k; /* reading PEM costs more than all the rest */
	const struct id id = { "01890a5d-ac96-774b-bcce-b302099a8057" };
	const struct receipt_subject of = { &id, VIEW("{\"payloadType\":\"a\"}") };
	struct receipt r;
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	if (p == NULL || (k == NULL && key_parse(view_of(public_pem), "key", &k, NULL) != OK))
		abort();
	struct view v = { (const char *)data, size };
	if (receipt_check(v, &k, 1, &of, p, &r, NULL) != OK)
		return 0;
	if (r.received_ns != 1764000000000000000 || strcmp(r.server, "report.example.org") != 0)
		abort();
	return 0;
}
