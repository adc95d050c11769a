/*
 * Looking at borrowed bytes: cutting, trimming, comparing, numbers. Nothing here allocates.
 */
#include "base/view.h"

bool view_starts_with(struct view v, struct view prefix)
{
	return v.len >= prefix.len && (prefix.len == 0 || memcmp(v.at, prefix.at, prefix.len) == 0);
}

bool view_ends_with(struct view v, struct view suffix)
{
	return v.len >= suffix.len &&
	       (suffix.len == 0 || memcmp(v.at + (v.len - suffix.len), suffix.at, suffix.len) == 0);
}

struct view view_cut(struct view *rest, char separator)
{
	struct view head = *rest;
	const char *found = rest->len == 0 ? NULL : memchr(rest->at, separator, rest->len);
	if (found == NULL) {
		*rest = (struct view){ rest->at == NULL ? NULL : rest->at + rest->len, 0 };
		return head;
	}
	head.len = (size_t)(found - rest->at);
	rest->at = found + 1;
	rest->len -= head.len + 1;
	return head;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct view view_trim(struct view v)
{
	while (v.len > 0 && is_blank(v.at[0])) {
		v.at++;
		v.len--;
	}
	while (v.len > 0 && is_blank(v.at[v.len - 1]))
		v.len--;
	return v;
}

bool view_to_u64(struct view v, unsigned long long *out)
{
	unsigned long long sum = 0;
	if (v.len == 0 || v.len > 20)
		return false;
	for (size_t i = 0; i < v.len; i++) {
		if (v.at[i] < '0' || v.at[i] > '9')
			return false;
		if (__builtin_mul_overflow(sum, 10ULL, &sum) ||
			__builtin_add_overflow(sum, (unsigned long long)(v.at[i] - '0'), &sum))
			return false;
	}
	*out = sum;
	return true;
}
