/*
 * One try, with the process for a way kept from one item to the next. Private to this folder.
 */
#ifndef RECORD_SENDER_TRY_H
#define RECORD_SENDER_TRY_H

#include "record/sender.h"
#include "record/sender_link.h"

struct trier {
	const struct clock *clock;
	const bool *stop;
	const struct way *way; /* that `link` serves */
	struct sender_link *link;
};
void trier_done(struct trier *t);
#define AUTO_TRIER __attribute__((cleanup(trier_done)))
/* As sender_try; also E_INTERRUPTED. */
enum status trier_try(struct trier *t, const struct route *r, const struct outbox_item *item,
	int64_t limit_ns, struct pool *p, struct try_result *out, struct error *e) MUST_CHECK;

#endif
