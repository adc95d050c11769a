/*
 * The words about the home's keys.
 */
#include "cli/signing.h"

#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "drill/drill.h"
#include "incident/incident.h"

enum { WRITABLE_BY_OTHERS = 022 };

/* Drills that were only planted were not signed. */
static enum status has_signed_drills(struct session *s, bool *out, struct error *e)
{
	const struct drill_context context = { .home = s->home, .store = s->store };
	struct drill_row *rows = NULL;
	size_t n = 0;
	TRY(drill_history(&context, s->pool, &rows, &n, e));
	for (size_t i = 0; i < n; i++)
		*out |= rows[i].verdict != NULL;
	return OK;
}

/* Whether anything in the home was signed by keys that were there before. */
static enum status has_signed(struct session *s, bool *out, struct error *e)
{
	const struct incident_context context = { .home = s->home, .store = s->store, .by = "" };
	struct incident_counts real, drills;
	struct warning_row *warnings = NULL;
	size_t n_warnings = 0;
	*out = false;
	TRY(incident_count(&context, &real, &drills, e));
	TRY(warning_list(&context, true, s->pool, &warnings, &n_warnings, e));
	TRY(has_signed_drills(s, out, e));
	*out |= n_warnings > 0 || real.n_open + real.n_handled + real.n_closed > 0 ||
		drills.n_open + drills.n_handled + drills.n_closed > 0;
	return OK;
}

static void loose_words(const struct keyring_news *news, struct buf *out)
{
	const bool writable = (news->loose_mode & WRITABLE_BY_OTHERS) != 0;
	if (!news->to_sign)
		buf_addf(out,
			_("'%s' has a mode that lets other users of this machine at it (%04o); the "
			  "next command that signs sets that right."),
			news->loose, news->loose_mode);
	else if (!writable)
		buf_addf(out,
			_("'%s' had a mode that lets other users of this machine read it (%04o); "
			  "that "
			  "is set right. Unless the state folder kept them out, whoever has read "
			  "the "
			  "key can sign in this home's name: make a new one when there is time "
			  "(tocsin evidence rotate)."),
			news->loose, news->loose_mode);
	else
		buf_addf(out,
			_("'%s' had a mode that lets other users of this machine read and change "
			  "it (%04o); that is set right. Unless the state folder kept them out, "
			  "somebody may sign in this home's name, and the key may be theirs: "
			  "compare it with what the receivers have (tocsin evidence key), and make "
			  "a new one when there is time (tocsin evidence rotate)."),
			news->loose, news->loose_mode);
}

static void lost_words(const struct session *s, const struct keyring *keys, struct buf *out)
{
	buf_addf(out,
		_("ATTENTION: the signing keys of this home are gone ('%s/keys' was not there), "
		  "although it holds records that they signed. A new key was made: %s. Tell those "
		  "who receive from here, by telephone or in person, that the key is new and why "
		  "(tocsin evidence key prints it); until then they may refuse what it signs, or "
		  "take it for somebody else's. What the old keys signed cannot be checked here "
		  "any more: look for a backup of that folder."),
		s->home, key_id(keyring_current(keys)));
}

static void replaced_words(const struct session *s, const struct keyring *keys, struct buf *out)
{
	buf_addf(out,
		_("ATTENTION: the signing keys of this home are damaged (%s). They now lie in "
		  "'%s/%s', as they were, and a new key was made: %s. Tell those who receive from "
		  "here, by telephone, that the key is new and why (tocsin evidence key prints "
		  "it); "
		  "until then they may refuse what it signs, or take it for somebody else's."),
		keyring_news(keys)->damage, s->home, keyring_news(keys)->set_aside,
		key_id(keyring_current(keys)));
}

static enum status describe(struct session *s, struct signing *g, struct error *e)
{
	AUTO_BUF struct buf text;
	const struct keyring_news *news = keyring_news(g->keys);
	bool signed_before = false;
	buf_init(&text, 16 * KIB);
	g->state = news->made ? "first" : "kept";
	if (news->set_aside[0] != '\0') {
		g->state = "replaced";
		g->set_aside = pool_textf(s->pool, "%s/%s", s->home, news->set_aside);
		replaced_words(s, g->keys, &text);
	} else if (news->made) {
		struct error unknown = ERROR_NONE; /* where nobody can tell, it is said */
		if (has_signed(s, &signed_before, &unknown) != OK || signed_before) {
			g->state = "lost";
			lost_words(s, g->keys, &text);
		}
	} else if (news->loose[0] != '\0') {
		g->state = "exposed";
		loose_words(news, &text);
	}
	TRY(buf_check(&text, "text", e));
	g->note = pool_text(s->pool, buf_view(&text));
	if (g->note == NULL || (news->set_aside[0] != '\0' && g->set_aside == NULL))
		return error_set(e, E_NO_SPACE, "memory is short");
	return OK;
}

enum status signing_open(
	struct session *s, enum signing_need need, struct signing *out, struct error *e)
{
	struct signing g = { .keys = NULL };
	AUTO(keyring_free) struct keyring *keys = NULL;
	TRY(need == SIGNING_USUAL
			? keyring_open(s->home, true, &keys, e)
			: keyring_open_or_replace(s->home, clock_wall_ns(NULL), &keys, e));
	g.keys = keys;
	TRY(describe(s, &g, e));
	if (strcmp(g.state, "exposed") == 0)
		session_say(s, g.note);
	else if (g.note[0] != '\0')
		(void)fprintf(stderr, "%s\n", g.note);
	g.keys = TAKE(keys);
	*out = g;
	return OK;
}

enum status signing_look(struct session *s, struct error *e)
{
	struct signing g = { .keys = NULL };
	TRY(signing_open(s, SIGNING_USUAL, &g, e));
	keyring_free(g.keys);
	return OK;
}

void signing_say_loose(struct session *s, const struct keyring *keys)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 8 * KIB);
	if (keyring_news(keys)->loose[0] == '\0')
		return;
	loose_words(keyring_news(keys), &text);
	session_say(s, buf_text(&text));
}

json_t *signing_json(const struct signing *g)
{
	return json_pack("{s:s,s:s,s:s?,s:s?}", "key", key_id(keyring_current(g->keys)), "state",
		g->state, "set_aside", g->set_aside, "note", g->note[0] == '\0' ? NULL : g->note);
}
