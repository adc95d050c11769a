/*
 * Permission for a drill: see authority.h.
 */
#include "drill/people/authority.h"

#include <string.h>
#include <unistd.h>

#include "drill/plain.h"

static enum status clean(
	const char *text, const char *what, struct pool *p, const char **out, struct error *e)
{
	if (text == NULL || text[0] == '\0')
		return OK;
	if (strlen(text) > AUTHORITY_TEXT_MAX)
		return error_set(
			e, E_INVALID, "%s: longer than %d bytes", what, AUTHORITY_TEXT_MAX);
	*out = plain_line(p, view_of(text), AUTHORITY_TEXT_MAX);
	return OK;
}

static enum status check_window(
	const struct drill_authority *a, int64_t now_ns, double seconds, struct error *e)
{
	char from[TIME_TEXT_MAX];
	char to[TIME_TEXT_MAX];
	bool has_from = a->window_from_ns > 0;
	bool has_to = a->window_to_ns > 0;
	(void)time_text(has_from ? a->window_from_ns : 0, from);
	(void)time_text(has_to ? a->window_to_ns : 0, to);
	if (has_from && has_to && a->window_to_ns <= a->window_from_ns)
		return error_set(
			e, E_INVALID, "the window ends (%s) before it begins (%s)", to, from);
	if (has_from && now_ns < a->window_from_ns)
		return error_set(e, E_DENIED, "the window for this drill opens at %s", from);
	if (has_to && now_ns >= a->window_to_ns)
		return error_set(e, E_DENIED, "the window for this drill closed at %s", to);
	if (has_to && (double)(a->window_to_ns - now_ns) / 1e9 < seconds)
		return error_set(e, E_DENIED,
			"the attack may take %.0f s, and the window closes before that, at %s",
			seconds, to);
	return OK;
}

enum status authority_settle(const struct drill_authority *asked, const char *arena, struct pool *p,
	struct drill_authority *out, struct error *e)
{
	struct drill_authority a = *asked;
	a.window_from_ns = a.window_from_ns > 0 ? a.window_from_ns : -1;
	a.window_to_ns = a.window_to_ns > 0 ? a.window_to_ns : -1;
	a.allowed_by = pool_textf(p, "uid %u", getuid());
	a.scope = pool_textf(p, "decoys in %s", arena);
	a.call = "";
	TRY(clean(asked->allowed_by, "who allowed it", p, &a.allowed_by, e));
	TRY(clean(asked->scope, "the scope", p, &a.scope, e));
	TRY(clean(asked->call, "whom to call", p, &a.call, e));
	if (a.allowed_by == NULL || a.scope == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the authority");
	*out = a;
	return OK;
}

enum status authority_check(const struct drill_authority *asked, const char *arena, int64_t now_ns,
	double seconds, struct pool *p, struct drill_authority *out, struct error *e)
{
	TRY(check_window(asked, now_ns, seconds, e));
	return authority_settle(asked, arena, p, out, e);
}
