/*
 * The journal's reader, and the readers of its records: the chain would keep the fuzzer away from
 * the latter, so they are also given the input itself.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "drill/attack/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct counted {
	uint64_t n;
	uint64_t last;
};

static enum status count(const struct journal_record *r, void *context, struct error *e)
{
	struct counted *c = context;
	(void)e;
	if (r->sequence != ++c->n || r->kind < JOURNAL_START || r->kind > JOURNAL_REMOVE)
		abort();
	c->last = r->sequence;
	return OK;
}

/* What a reader takes, its writer must give back. */
#define ROUND_TRIP(noun)                                                                           \
	do {                                                                                       \
		struct noun m;                                                                     \
		struct unpack u;                                                                   \
		AUTO_BUF struct buf again;                                                         \
		buf_init(&again, MIB);                                                             \
		unpack_init(&u, body);                                                             \
		if (!noun##_read(&u, &m) || !pack_end(&u))                                         \
			break;                                                                     \
		noun##_write(&again, &m);                                                          \
		if (again.len != body.len || memcmp(again.at, body.at, body.len) != 0)             \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error e = ERROR_NONE;
	struct counted c = { 0, 0 };
	bool torn = false;
	struct view body = { (const char *)data, size };
	(void)!journal_read(body, count, &c, &torn, &e);
	if (size == 0)
		return 0;
	ROUND_TRIP(journal_start);
	ROUND_TRIP(journal_intent);
	ROUND_TRIP(journal_note);
	ROUND_TRIP(journal_done);
	ROUND_TRIP(journal_destroy);
	ROUND_TRIP(journal_phase_record);
	return 0;
}
