/*
 * Verifying a record: read, check, tell; exit 1 where it is not valid.
 */
#include "cli/verify.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/i18n.h"
#include "cli/session.h"
#include "cli/signing.h"
#include "record/record.h"
#include "sys/file.h"

const struct option verify_options[1] = {
	{ "key", OPTION_TEXT, offsetof(struct verify_args, key), N_("FILE"),
		N_("Trust this key (PEM, public or private) instead of the home's keys."), NULL },
};
const struct operand verify_operands[1] = {
	{ N_("FILE"), offsetof(struct verify_args, file), true,
		N_("The record (evidence.jsonl).") },
};

static const char what_a_record_is[] =
	N_("A record is the file evidence.jsonl that a drill writes into its folder of the state "
	   "folder: JSON lines, each with its number n and the hash prev of the one before.");

static enum status print_json(const struct evidence_check *check, struct error *e)
{
	json_t *o = json_pack("{s:b}", "valid", check->valid);
	if (o != NULL && !check->valid) {
		(void)json_object_set_new(
			o, "first_bad_line", json_integer((json_int_t)check->first_bad_line));
		(void)json_object_set_new(o, "reason", json_string(check->reason));
	}
	if (o != NULL && check->valid) {
		(void)json_object_set_new(o, "lines", json_integer((json_int_t)check->n_lines));
		(void)json_object_set_new(o, "key", json_string(check->key_id));
		(void)json_object_set_new(o, "subject", json_string(check->subject));
	}
	return session_print_json(o, e);
}

static enum status print_text(const struct evidence_check *check, struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 8 * KIB);
	if (check->valid) {
		buf_addf(&text, _("valid: %llu lines, signed by key %s"),
			(unsigned long long)check->n_lines, check->key_id);
		buf_addf(&text, "\n%s\n",
			_("This proves that nothing was changed after signing, not that what was "
			  "written is "
			  "true."));
	} else {
		buf_addf(&text, _("not valid: line %llu: %s"),
			(unsigned long long)check->first_bad_line, check->reason);
		buf_add_char(&text, '\n');
		/* Most often another file was named. */
		if (check->first_bad_line <= 1)
			buf_addf(&text, "%s\n", _(what_a_record_is));
	}
	return session_print(buf_view(&text), e);
}

/* A home that is not there yet knows no key: then no signer is known. */
static enum status keys_of_home(struct session *s, struct keyring **out, struct error *e)
{
	enum status status = session_has_home(s, e);
	if (status == OK)
		return keyring_open(s->home, false, out, e);
	if (status != E_ABSENT)
		return status;
	*e = ERROR_NONE;
	return OK;
}

enum status verify_file(struct session *s, const struct verify_args *args, struct error *e)
{
	AUTO(keyring_free) struct keyring *ring = NULL;
	AUTO(key_free) struct key *key = NULL;
	AUTO_BUF struct buf bytes;
	struct evidence_check check;
	buf_init(&bytes, EVIDENCE_BYTES_MAX);
	enum status status = file_read_all(AT_FDCWD, args->file, EVIDENCE_BYTES_MAX, &bytes, e);
	if (status == E_INVALID)
		return error_set(e, E_INVALID,
			"'%s' is not a file: a record is the file evidence.jsonl that a drill "
			"writes",
			args->file);
	TRY(status);
	if (args->key != NULL)
		TRY(key_read(args->key, &key, e));
	else
		TRY(keys_of_home(s, &ring, e));
	if (ring != NULL)
		signing_say_loose(s, ring);
	TRY(evidence_verify(buf_view(&bytes), ring, key, &check, e));
	TRY(s->json ? print_json(&check, e) : print_text(&check, e));
	s->told = true;
	return check.valid ? OK : E_FAILED;
}
