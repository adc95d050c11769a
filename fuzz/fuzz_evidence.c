/*
 * Evidence files of unknown origin. The corpus holds valid ones; whatever differs from them in a
 * byte must not be valid, which the check below asks of every input that is.
 */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "record/internal.h"
#include "record/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* RFC 8410, section 10.1. */
static const char public_pem[] = "-----BEGIN PUBLIC KEY-----\n"
				 "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
				 "-----END PUBLIC KEY-----\n";

/* The digests of the only files that were ever signed with that key for this corpus. */
static const char *const valid[] = {
	"47edaf3c3509ce659f76ce4a3d9ec0ce11459eca8a576bb0c0efb20d3bdd1921",
	"ab8417edc74ff254ce27fb2abd46e7373748b0bb8145b6ddc1f394cc9a933fd7",
	"40c3155d9a616edce01fc8be750472cb3abcbab6b8edc7913105fc8901aa9471",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error e = ERROR_NONE;
	struct evidence_check c;
	static struct key *k; /* reading PEM costs more than all the rest */
	if (k == NULL && key_parse(view_of(public_pem), "key", &k, &e) != OK)
		abort();
	if (evidence_verify((struct view){ (const char *)data, size }, NULL, k, &c, &e) != OK)
		return 0;
	if (!c.valid) {
		if (c.first_bad_line == 0 || c.reason[0] == '\0' ||
			c.first_bad_line > c.n_lines + 1)
			abort();
		return 0;
	}
	struct digest d = digest_of(data, size);
	char hex[DIGEST_HEX_LEN + 1];
	digest_hex(&d, hex);
	for (size_t i = 0; i < sizeof valid / sizeof valid[0]; i++)
		if (strcmp(hex, valid[i]) == 0)
			return 0;
	abort(); /* a forgery */
}
