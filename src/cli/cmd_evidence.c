/*
 * tocsin evidence: offline check of signed records, and the home's keys.
 */
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "cli/approvals.h"
#include "cli/cli.h"
#include "cli/proof.h"
#include "cli/session.h"
#include "cli/signing.h"
#include "cli/verify.h"
#include "record/record.h"

static enum status run_verify(struct session *s, const void *raw, struct error *e)
{
	return verify_file(s, raw, e);
}

struct rotate_args {
	bool dry_run;
};
static const struct option rotate_options[] = {
	{ "dry-run", OPTION_FLAG, offsetof(struct rotate_args, dry_run), NULL,
		N_("Look at the keys and say what would be done; change nothing."), NULL },
};

/* That the keys can be read and there is one to rotate: a new one is not made for it. */
static enum status rehearse_rotate(struct session *s, struct error *e)
{
	AUTO(keyring_free) struct keyring *ring = NULL;
	AUTO_BUF struct buf text;
	buf_init(&text, 4096);
	TRY(session_has_home(s, e));
	TRY(keyring_open(s->home, false, &ring, e));
	if (keyring_current(ring) == NULL)
		return error_set(e, E_ABSENT, "no key to rotate");
	const char *now = key_id(keyring_current(ring));
	if (s->json)
		return session_print_json(
			json_pack("{s:n,s:s,s:b}", "key", "previous", now, "dry_run", 1), e);
	buf_addf(&text, _("A new key would be made, signed by %s, which would stay trusted."), now);
	buf_add_char(&text, '\n');
	return session_print(buf_view(&text), e);
}

static enum status run_rotate(struct session *s, const void *raw, struct error *e)
{
	const struct rotate_args *a = raw;
	if (a->dry_run)
		return rehearse_rotate(s, e);
	struct signing g = { .keys = NULL };
	TRY(session_store(s, e));
	TRY(signing_open(s, SIGNING_USUAL, &g, e));
	AUTO(keyring_free) struct keyring *ring = g.keys;
	AUTO_FREE char *old = strdup(key_id(keyring_current(ring)));
	TRY(keyring_rotate(ring, clock_wall_ns(NULL), e));
	const char *now = key_id(keyring_current(ring));
	if (s->json)
		return session_print_json(json_pack("{s:s,s:s?}", "key", now, "previous", old), e);
	AUTO_BUF struct buf text;
	buf_init(&text, 4096);
	buf_addf(&text, _("The new key is %s; the old one signed it and stays trusted."), now);
	buf_add_char(&text, '\n');
	return session_print(buf_view(&text), e);
}

static enum status run_key(struct session *s, const void *args, struct error *e)
{
	(void)args;
	struct signing g = { .keys = NULL };
	AUTO_BUF struct buf pem;
	buf_init(&pem, 64 * KIB);
	s->reads = true; /* a key that is there is in files of its own */
	TRY(session_store(s, e));
	TRY(signing_open(s, SIGNING_USUAL, &g, e));
	AUTO(keyring_free) struct keyring *ring = g.keys;
	TRY(key_public_pem(keyring_current(ring), &pem, e));
	if (s->json)
		return session_print_json(
			json_pack("{s:s,s:s}", "key", key_id(keyring_current(ring)), "public_key",
				buf_text(&pem)),
			e);
	return session_print(buf_view(&pem), e);
}

static const struct cli_command evidence_verify_command = { "evidence", "verify",
	N_("Check a signed record: unchanged, complete, by a known key."),
	N_("Only the keys of this home, or the key that --key names, are trusted. The check proves "
	   "that "
	   "nothing was changed after signing; it does not prove that what was written is true."),
	verify_options, 1, verify_operands, 1, sizeof(struct verify_args), NULL, run_verify, NULL };
static const struct cli_command evidence_rotate = { "evidence", "rotate",
	N_("Make a new signing key; the old one signs it."), NULL, rotate_options,
	COUNT_OF(rotate_options), NULL, 0, sizeof(struct rotate_args), NULL, run_rotate, NULL };
static const struct cli_command evidence_key = { "evidence", "key",
	N_("Print the public key that this home signs with."), NULL, NULL, 0, NULL, 0, 0, NULL,
	run_key, NULL };

static const struct cli_command *const commands[] = { &evidence_verify_command,
	&evidence_approvals_command, &evidence_receipt_command, &evidence_key, &evidence_rotate };
const struct noun cli_noun_evidence = { "evidence", N_("Signed records"), commands,
	COUNT_OF(commands) };
