/*
 * What the network, or a sender process that the network took over, may say: the packet of an
 * answer ('a'), problem details ('p'), Retry-After ('r').
 */
#include <stdlib.h>
#include <string.h>

#include "base/phrase.h"
#include "record/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_packet(struct view v)
{
	struct unpack u;
	struct sender_answer m;
	unpack_init(&u, v);
	if (!sender_answer_read(&u, &m) || !pack_end(&u))
		return;
	if (m.detail.len + m.content_type.len + m.retry_after.len > v.len)
		abort();
}

/* Nothing that moves a cursor or turns text is left, and it is bounded. */
static void read_problem(struct view v)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	const struct sender_reply reply = { .content_type = "application/problem+json", .body = v };
	if (p == NULL)
		abort();
	const char *kept = answer_problem(&reply, p);
	if (kept == NULL)
		return;
	const char *text = phrase_words(p, kept);
	if (text == NULL)
		abort();
	if (strlen(text) > 400 || text[0] == '\0')
		abort();
	for (const char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			abort();
	if (strstr(text, "\xe2\x80\xae") != NULL || strstr(text, "\xc2\x9b") != NULL)
		abort();
}

static void read_wish(struct view v)
{
	char text[64];
	if (v.len >= sizeof text)
		return;
	memcpy(text, v.at, v.len);
	text[v.len] = '\0';
	int64_t ns = answer_retry_after(text, 784111777LL * NS_PER_S);
	if (ns < -1 || ns > OUTBOX_PAUSE_MAX_NS)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct view rest = { (const char *)data + 1, size - 1 };
	if (data[0] == 'a')
		read_packet(rest);
	else if (data[0] == 'p')
		read_problem(rest);
	else if (data[0] == 'r')
		read_wish(rest);
	return 0;
}
