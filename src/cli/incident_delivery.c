/*
 * Words and exit codes of delivery.
 */
#include "cli/incident_delivery.h"

#include <string.h>

#include "base/i18n.h"

static void look_at_submission(const struct submission_row *row, struct delivery *d)
{
	d->nobody = d->nobody && row->n_recipients == 0;
	for (size_t i = 0; i < row->n_recipients; i++) {
		const struct recipient_row *r = &row->recipients[i];
		d->delivered = d->delivered && r->state == OUTBOX_DELIVERED;
		d->refused = d->refused || r->state == OUTBOX_REFUSED;
		if (r->route[0] == '\0')
			d->unrouted = r->role;
	}
}

struct delivery delivery_of_submission(const struct submission_row *row)
{
	struct delivery d = { .nobody = true, .delivered = true };
	look_at_submission(row, &d);
	d.delivered = d.delivered && !d.nobody;
	return d;
}

struct delivery delivery_of_notice(const struct incident *i)
{
	struct delivery d = { .nobody = true, .delivered = true };
	for (size_t k = 0; k < i->n_submissions; k++)
		look_at_submission(&i->submissions[k], &d);
	d.delivered = d.delivered && !d.nobody;
	for (size_t k = 0; k < i->n_clocks; k++)
		if (strcmp(i->clocks[k].stage, "first_notice") == 0 &&
			(i->clocks[k].state == CLOCK_DONE_LATE ||
				i->clocks[k].state == CLOCK_OVERDUE))
			d.late = true;
	return d;
}

static enum status no_route(const struct incident_session *is, const struct incident *i,
	const char *role, struct error *e)
{
	const struct rule_word *word = profile_word(is->profiles, RULE_ROLES, role);
	const char *name = word == NULL ? role : bilingual_pick(word->name);
	if (i->drill)
		return error_set(e, E_QUEUED,
			"safe here, but no route for drills leads to: %s; it goes out once "
			"routes.yaml has one (tocsin outbox flush)",
			name);
	return error_set(e, E_QUEUED,
		"safe here, but no route leads to: %s; telephone now, and log it with tocsin "
		"incident call; it goes out once routes.yaml has one (tocsin outbox flush)",
		name);
}

enum status delivery_outcome(struct session *s, const struct incident_session *is,
	const struct incident *i, struct delivery d, struct error *e)
{
	if (d.nobody)
		session_say(s, _("These rules name nobody to send this to: it is kept here. What "
				 "they ask for stands in clock list."));
	if (d.nobody || (d.delivered && !d.late))
		return OK;
	s->told = s->json;
	if (d.delivered)
		return error_set(e, E_LATE, "delivered, but after its deadline");
	if (d.late && (d.refused || d.unrouted != NULL))
		session_say(s, _("Its deadline is past."));
	if (d.refused)
		return error_set(e, E_QUEUED,
			"safe here, but refused by the receiver, to whom it will not be sent "
			"again: telephone now, and log it with tocsin incident call");
	if (d.unrouted != NULL)
		return no_route(is, i, d.unrouted, e);
	return d.late ? error_set(e, E_QUEUED,
				"not yet delivered, and its deadline is past: telephone now; it "
				"stays queued (tocsin outbox flush)")
		      : error_set(e, E_QUEUED,
				"signed and safe here, not yet delivered; it stays queued (tocsin "
				"outbox flush)");
}
