/*
 * The question for the arena's place.
 */
#include "cli/arena.h"

#include <string.h>

#include "base/i18n.h"
#include "cli/cmd_drill.h"
#include "render/render.h"

enum { TRIES = 5, ANSWER_BYTES_MAX = 4096 };

static enum status print_places(
	const struct session *s, const struct drill_place *places, size_t n, struct error *e)
{
	AUTO_BUF struct buf text;
	struct render_terminal t = { (size_t)s->width, false };
	buf_init(&text, RENDER_CEILING_BYTES);
	TRY(render_places_terminal(places, n, t, &text, e));
	(void)fputs(buf_text(&text), stderr);
	return OK;
}

/* The number of a suggestion, nothing for the first, or a path. NULL: none of these. */
static const char *place_meant(
	struct session *s, const char *answer, const struct drill_place *places, size_t n)
{
	unsigned long long number = 1;
	struct view v = view_trim(view_of(answer));
	if (v.len == 0 || view_to_u64(v, &number))
		return number >= 1 && number <= n ? places[number - 1].path : NULL;
	const char *path = pool_text(s->pool, v);
	return path == NULL ? NULL : session_from_root(s->pool, path);
}

/* Asked again where the answer will not do, with the reason. */
static enum status ask_place(struct session *s, const struct drill_place *places, size_t n,
	const char **out, struct error *e)
{
	const struct drill_context context = drill_context_of(s);
	const char *question = n > 0 ? _("A number, or another folder (Enter: 1):")
				     : _("Which folder? It is made new:");
	for (int i = 0; i < TRIES; i++) {
		char answer[ANSWER_BYTES_MAX] = "";
		struct drill_place place;
		struct error why_not = ERROR_NONE;
		TRY(session_ask(question, answer, sizeof answer, e));
		const char *meant = place_meant(s, answer, places, n);
		if (meant == NULL)
			(void)fprintf(stderr, "%s\n",
				_("That is neither a number of the list nor a folder."));
		else if (drill_place_look(&context, meant, s->pool, &place, &why_not) != OK)
			(void)fprintf(stderr, "%s\n", why_not.text);
		else {
			*out = place.path;
			return OK;
		}
	}
	return error_set(e, E_INVALID, "no place was named in which decoys can lie");
}

static enum status offer_to_keep(struct session *s, const char *path, struct error *e)
{
	const struct drill_context context = drill_context_of(s);
	AUTO_BUF struct buf question;
	buf_init(&question, 16 * KIB);
	buf_addf(&question, _("Keep '%s' for all later drills, in %s/drill.yaml? Type 'yes':"),
		path, s->home);
	char answer[64] = "";
	TRY(session_ask(buf_text(&question), answer, sizeof answer, e));
	if (!session_is_yes(answer))
		return OK;
	if (drill_place_keep(&context, path, e) == OK)
		return OK;
	/* The drill can run all the same. */
	(void)fprintf(stderr, "%s\n", e->text);
	*e = ERROR_NONE;
	return OK;
}

static enum status ask(struct session *s, const char **out, struct error *e)
{
	const struct drill_context context = drill_context_of(s);
	struct drill_place places[DRILL_PLACES_MAX];
	size_t n = 0;
	TRY(drill_places(&context, s->pool, places, &n, e));
	TRY(print_places(s, places, n, e));
	TRY(ask_place(s, places, n, out, e));
	return offer_to_keep(s, *out, e);
}

static enum status take_default(const struct session *s, const char **out, struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 16 * KIB);
	TRY(drill_place_default(s->pool, out, e));
	buf_addf(&text,
		_("The decoys go to the default place, %s: your backup must reach it. For another "
		  "one: --arena DIR, or the line 'arena: DIR' in %s/drill.yaml."),
		*out, s->home);
	session_say(s, buf_text(&text));
	return OK;
}

enum status arena_settle(struct session *s, const struct drill_args *args, enum arena_ask how,
	const char **out, struct error *e)
{
	const struct drill_context context = drill_context_of(s);
	const char *set = NULL;
	TRY(drill_arena_of_args(s, args, out, e));
	if (*out != NULL)
		return OK;
	TRY(drill_place_set(&context, s->pool, &set, e));
	if (set != NULL)
		return OK;
	if (how == ARENA_ASK && s->input_is_terminal && s->error_is_terminal)
		return ask(s, out, e);
	return take_default(s, out, e);
}
