/*
 * A struct view borrows bytes that somebody else owns: never NUL-terminated, never freed.
 */
#ifndef BASE_VIEW_H
#define BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct view {
	const char *at;
	size_t len; /* bytes */
};

#define VIEW(literal) ((struct view){ "" literal "", sizeof(literal) - 1 })
#define VIEW_NONE ((struct view){ NULL, 0 })
/* For "%.*s". */
#define VIEW_ARGS(v) (int)(v).len, (v).at

static inline struct view view_of(const char *text)
{
	return (struct view){ text, text == NULL ? 0 : strlen(text) };
}

static inline bool view_equal(struct view a, struct view b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool view_is(struct view a, const char *text)
{
	return view_equal(a, view_of(text));
}

bool view_starts_with(struct view v, struct view prefix);
bool view_ends_with(struct view v, struct view suffix);
/* Cuts *rest at the first `separator`; returns what stood before it (all, where there is none). */
struct view view_cut(struct view *rest, char separator);
/* Without blanks, tabs, CR and LF at both ends. */
struct view view_trim(struct view v);
/* True and *out where the whole view is a decimal number that fits; nothing is skipped. */
bool view_to_u64(struct view v, unsigned long long *out) __attribute__((warn_unused_result));

#endif
