/*
 * Words and exit codes of delivery.
 */
#include "cli/incident_delivery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"

/* --- what became of it ------------------------------------------------------------------------ */

static const struct recipient_row *recipient(const struct submission_row *row, const char *role)
{
	for (size_t i = 0; i < row->n_recipients; i++)
		if (strcmp(row->recipients[i].role, role) == 0)
			return &row->recipients[i];
	return NULL;
}

static void look_at_clocks(
	const struct incident *i, const struct submission_row *row, struct delivery *d)
{
	for (size_t k = 0; k < i->n_clocks; k++) {
		const struct clock_row *c = &i->clocks[k];
		const struct recipient_row *to = recipient(row, c->to);
		if (to == NULL || strcmp(c->profile, row->profile) != 0 ||
			strcmp(c->stage, row->stage) != 0 || strcmp(c->medium, "telephone") == 0)
			continue;
		const bool open = c->state == CLOCK_RUNNING || c->state == CLOCK_OVERDUE;
		if (c->state == CLOCK_OVERDUE ||
			(c->state == CLOCK_DONE_LATE && strcmp(c->done_by, row->id.text) == 0))
			d->late = true;
		if (!open || to->state == OUTBOX_DELIVERED)
			continue;
		if (d->due == NULL || owed_sooner(c, d->due))
			d->due = c;
		if (to->route[0] == '\0' &&
			(d->unrouted_due == NULL || owed_sooner(c, d->unrouted_due))) {
			d->unrouted_due = c;
			d->unrouted = to->role;
		}
	}
}

static void look_at_submission(
	const struct incident *i, const struct submission_row *row, struct delivery *d)
{
	d->nobody = d->nobody && row->n_recipients == 0;
	for (size_t k = 0; k < row->n_recipients; k++) {
		const struct recipient_row *r = &row->recipients[k];
		d->delivered = d->delivered && r->state == OUTBOX_DELIVERED;
		d->refused = d->refused || r->state == OUTBOX_REFUSED;
		d->late = d->late || (r->flags & RECEIPT_SAYS_LATE) != 0;
		if (r->route[0] != '\0')
			continue;
		d->n_unrouted++;
		if (d->unrouted == NULL)
			d->unrouted = r->role;
	}
	look_at_clocks(i, row, d);
}

struct delivery delivery_of_submission(const struct incident *i, const struct submission_row *row)
{
	struct delivery d = { .nobody = true, .delivered = true };
	look_at_submission(i, row, &d);
	d.delivered = d.delivered && !d.nobody;
	return d;
}

struct delivery delivery_of_notice(const struct incident_session *is, const struct incident *i)
{
	struct delivery d = { .nobody = true, .delivered = true };
	for (size_t k = 0; k < i->n_submissions; k++)
		look_at_submission(i, &i->submissions[k], &d);
	d.by_telephone = owed_first(is->profiles, i->clocks, i->n_clocks, NULL, OWED_BY_TELEPHONE);
	d.to_confirm = owed_first(is->profiles, i->clocks, i->n_clocks, NULL, OWED_TO_CONFIRM);
	if (d.nobody)
		d.in_public =
			owed_first(is->profiles, i->clocks, i->n_clocks, NULL, OWED_IN_PUBLIC);
	const struct clock_row *const left[] = { d.by_telephone, d.in_public };
	for (size_t k = 0; k < COUNT_OF(left); k++) {
		if (left[k] == NULL)
			continue;
		d.late = d.late || left[k]->state == CLOCK_OVERDUE;
		if (d.unrouted == NULL)
			d.unrouted = left[k]->to;
	}
	d.delivered = d.delivered && !d.nobody && d.by_telephone == NULL;
	return d;
}

/* --- words ------------------------------------------------------------------------------------ */

const char *delivery_time(const struct profile_set *profiles, const char *profile, int64_t wall_ns,
	char out[TIME_TEXT_MAX])
{
	const struct profile *p = NULL;
	struct error gone = ERROR_NONE;
	char utc[TIME_TEXT_MAX];
	const char *id = profile == NULL ? PROFILE_DEFAULT : profile;
	const long long zone =
		profile_find(profiles, id, &p, &gone) == OK ? p->utc_offset_minutes % (24 * 60) : 0;
	(void)time_text(wall_ns + zone * 60 * NS_PER_S, utc);
	(void)snprintf(out, TIME_TEXT_MAX, "%.10s %.8s %c%02lld:%02lld", utc, utc + 11,
		zone < 0 ? '-' : '+', llabs(zone) / 60 % 24, llabs(zone) % 60);
	return out;
}

static const char *name_of(const struct incident_session *is, enum rule_words kind, const char *key)
{
	const struct rule_word *word = profile_word(is->profiles, kind, key);
	return word == NULL ? key : bilingual_pick(word->name);
}

/* A role whom a person has to telephone, with the number where the home knows it. */
static const char *whom(struct session *s, const struct incident_session *is, const char *role)
{
	const char *name = name_of(is, RULE_ROLES, role);
	const char *phone = incident_phone(&is->context, role, s->pool);
	const char *both =
		phone == NULL ? NULL : pool_textf(s->pool, _("%s, telephone %s"), name, phone);
	return both == NULL ? name : both;
}

/* "due 2026-11-28 03:10:00 +08:00", or that it is owed at once. */
static const char *when_due(
	struct session *s, const struct incident_session *is, const struct clock_row *c)
{
	char at[TIME_TEXT_MAX];
	const char *text;
	if (c->due_ns >= 0)
		text = pool_textf(s->pool, _("due %s"),
			delivery_time(is->profiles, c->profile, c->due_ns, at));
	else if (c->target_ns >= 0)
		text = pool_textf(s->pool, _("owed at once, own target %s"),
			delivery_time(is->profiles, c->profile, c->target_ns, at));
	else
		text = _("owed at once");
	return text == NULL ? "" : text;
}

static enum status no_route(struct session *s, const struct incident_session *is,
	const struct incident *i, struct delivery d, struct error *e)
{
	const char *name = name_of(is, RULE_ROLES, d.unrouted);
	const char *phone = whom(s, is, d.unrouted);
	const char *who = phone;
	if (d.unrouted_due != NULL)
		who = pool_textf(s->pool, _("%s (%s)"), phone, when_due(s, is, d.unrouted_due));
	if (who == NULL)
		who = phone;
	if (d.n_unrouted > 1)
		session_say(s,
			_("More than one receiver has no route: tocsin outbox list names them."));
	if (i->drill)
		return error_set(e, E_QUEUED,
			"safe here, but no route for drills leads to: %s; it goes out once "
			"routes.yaml has one (tocsin outbox flush)",
			name);
	return error_set(e, E_QUEUED,
		"safe here, but no route leads to: %s; telephone now, and log it with tocsin "
		"incident call %s --to %s; it goes out once routes.yaml has one (tocsin outbox "
		"flush)",
		who, i->number, d.unrouted);
}

/* What a person has to tell, since no envelope can. */
static enum status tell_it(struct session *s, const struct incident_session *is,
	const struct incident *i, const struct clock_row *c, struct error *e)
{
	const char *stage = name_of(is, RULE_STAGES, c->stage);
	const char *role = whom(s, is, c->to);
	if (strcmp(c->medium, "telephone") == 0)
		return error_set(e, E_QUEUED,
			"telephone now: %s, to %s (%s); then log it: tocsin incident call %s --to "
			"%s --stage %s",
			stage, role, when_due(s, is, c), i->number, c->to, c->stage);
	return error_set(e, E_QUEUED,
		"safe here; these rules name no inbox to send it to, but this is owed: %s, to %s "
		"(%s); tell them, then log it: tocsin incident call %s --to %s --stage %s",
		stage, role, when_due(s, is, c), i->number, c->to, c->stage);
}

/* An authority gets nothing before it is clear that it is owed something, while there is time. */
static enum status confirm_first(struct session *s, const struct incident_session *is,
	const struct incident *i, const struct clock_row *c, struct error *e)
{
	return error_set(e, E_QUEUED,
		"safe here, not sent: whether this is owed is not decided yet: %s, to %s (%s); "
		"decide it by facts (tocsin incident regrade %s --set …), or send it: tocsin "
		"incident report %s --profile %s --stage %s",
		name_of(is, RULE_STAGES, c->stage), name_of(is, RULE_ROLES, c->to),
		when_due(s, is, c), i->number, i->number, c->profile, c->stage);
}

/* Beside what did go out. */
static void say_to_confirm(struct session *s, const struct incident_session *is,
	const struct incident *i, const struct clock_row *c)
{
	struct error said = ERROR_NONE;
	if (c == NULL)
		return;
	(void)confirm_first(s, is, i, c, &said);
	session_say(s, said.text);
}

/* Nothing else sends it meanwhile, unless the timer of docs/delivery.md is on. */
static enum status still_queued(struct session *s, const struct incident_session *is,
	const struct incident *i, struct delivery d, struct error *e)
{
	if (d.due == NULL)
		return error_set(e, E_QUEUED,
			"signed and safe here, not delivered yet: leave tocsin outbox flush --wait "
			"24h running until it is through");
	const char *role = name_of(is, RULE_ROLES, d.due->to);
	if (i->drill)
		return error_set(e, E_QUEUED,
			"signed and safe here, not delivered yet; %s to %s: leave tocsin outbox "
			"flush --wait 24h running until it is through",
			when_due(s, is, d.due), role);
	role = whom(s, is, d.due->to);
	if (d.late)
		return error_set(e, E_QUEUED,
			"not delivered, and its deadline is past (%s): telephone now: %s; log it "
			"with tocsin incident call %s --to %s, and leave tocsin outbox flush "
			"--wait 24h running",
			when_due(s, is, d.due), role, i->number, d.due->to);
	return error_set(e, E_QUEUED,
		"signed and safe here, not delivered yet; %s: leave tocsin outbox flush --wait 24h "
		"running; if it is not through by then, telephone %s and log it with tocsin "
		"incident call %s --to %s",
		when_due(s, is, d.due), role, i->number, d.due->to);
}

/* Is what a person has to tell the most urgent of what did not go out? */
static bool is_told_first(struct delivery d, const struct clock_row *left)
{
	return left != NULL &&
	       (d.nobody || (d.unrouted != NULL && strcmp(d.unrouted, left->to) == 0));
}

enum status delivery_outcome(struct session *s, const struct incident_session *is,
	const struct incident *i, struct delivery d, struct error *e)
{
	const struct clock_row *left = d.by_telephone != NULL ? d.by_telephone : d.in_public;
	if (d.to_confirm != NULL && d.nobody && left == NULL) {
		s->told = s->json;
		return confirm_first(s, is, i, d.to_confirm, e);
	}
	say_to_confirm(s, is, i, d.to_confirm);
	if (d.nobody && left == NULL)
		session_say(s, _("These rules name nobody to send this to: it is kept here. What "
				 "they ask for stands in clock list."));
	if ((d.nobody && left == NULL) || (d.delivered && !d.late))
		return OK;
	s->told = s->json;
	if (d.delivered)
		return error_set(e, E_LATE, "delivered, but after its deadline");
	if (d.late && (d.refused || d.unrouted != NULL))
		session_say(s, _("A deadline is already past."));
	if (d.refused)
		return error_set(e, E_QUEUED,
			"safe here, but refused by the receiver, to whom it will not be sent "
			"again: telephone now, and log it with tocsin incident call");
	if (is_told_first(d, left))
		return tell_it(s, is, i, left, e);
	if (d.unrouted != NULL)
		return no_route(s, is, i, d, e);
	return still_queued(s, is, i, d, e);
}
