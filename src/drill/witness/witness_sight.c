/*
 * One file seen: who it is, its bytes and attributes as hashes.
 */
#include "drill/witness/witness_sight.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/fault.h"

enum { READ_BYTES = 4096, NAMES_BYTES_MAX = 4096, VALUE_BYTES_MAX = 4096 };

const char *sight_change_name(unsigned change)
{
	static const char *const names[SIGHT_CHANGES] = {
		[SIGHT_GONE] = "gone",
		[SIGHT_NEW] = "new",
		[SIGHT_NAME] = "name",
		[SIGHT_CONTENT] = "content",
		[SIGHT_MODE] = "mode",
		[SIGHT_OWNER] = "owner",
		[SIGHT_ATTRIBUTE] = "attribute",
		[SIGHT_LINKS] = "links",
		[SIGHT_TIME] = "time",
	};
	return change < SIGHT_CHANGES ? names[change] : NULL;
}

/* What does not fit is seen by its length and by the change time. */
static void add_attributes(int fd, struct digester *d)
{
	char names[NAMES_BYTES_MAX];
	char value[VALUE_BYTES_MAX];
	ssize_t n = flistxattr(fd, names, sizeof names);
	if (n < 0)
		n = 0;
	for (size_t at = 0; at < (size_t)n;) {
		size_t len = strnlen(names + at, (size_t)n - at);
		ssize_t n_value = fgetxattr(fd, names + at, value, sizeof value);
		digester_add(d, names + at, len + 1);
		digester_add(d, &n_value, sizeof n_value);
		if (n_value > 0)
			digester_add(d, value, (size_t)n_value);
		at += len + 1;
	}
}

enum status sight_take(int fd, struct sight *out, struct error *e)
{
	struct sight s;
	memset(&s, 0, sizeof s);
	TRY(file_identify(fd, &s.who, e));
	AUTO(digester_free) struct digester *d = digester_new();
	add_attributes(fd, d);
	s.attributes = digester_result(d);
	char bytes[READ_BYTES];
	uint64_t left = s.who.size_bytes;
	while (left > 0) {
		size_t want = left < sizeof bytes ? (size_t)left : sizeof bytes;
		ssize_t n = FAULT("sight_read") ? -1 : read(fd, bytes, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(e, E_FAILED, errno, "read");
		if (n == 0)
			break;
		digester_add(d, bytes, (size_t)n);
		left -= (uint64_t)n;
	}
	s.content = digester_result(d);
	*out = s;
	return OK;
}

enum sight_change sight_compare(const struct sight *a, const struct sight *b)
{
	if (a->who.size_bytes != b->who.size_bytes || !digest_equal(&a->content, &b->content))
		return SIGHT_CONTENT;
	if (a->who.inode != b->who.inode || a->who.device != b->who.device)
		return SIGHT_NAME; /* equal bytes, but another file bears the name */
	if (a->who.mode != b->who.mode)
		return SIGHT_MODE;
	if (a->who.uid != b->who.uid || a->who.gid != b->who.gid)
		return SIGHT_OWNER;
	if (!digest_equal(&a->attributes, &b->attributes))
		return SIGHT_ATTRIBUTE;
	if (a->who.n_links != b->who.n_links)
		return SIGHT_LINKS;
	if (a->who.modified_ns != b->who.modified_ns || a->who.changed_ns != b->who.changed_ns)
		return SIGHT_TIME;
	return SIGHT_SAME;
}
