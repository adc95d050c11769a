/*
 * What an answer means. The text of it is anybody's: it is cut and cleaned before a person sees it.
 * Private to this folder.
 */
#ifndef RECORD_ANSWER_H
#define RECORD_ANSWER_H

#include "record/sender.h"
#include "record/sender_link.h"

/* For an envelope: 200 and 409 with a receipt that verifies deliver; 422, and other 4xx with
 * problem details (RFC 9457) but 408, 425 and 429, refuse; all else is tried again, since a proxy,
 * a captive portal or a server that is being set up may have said it. For a webhook: 2xx delivers,
 * 410 refuses. For syslog: handed over is delivered. E_NO_SPACE only. */
enum status answer_judge(const struct route *r, const struct outbox_item *item,
	const struct sender_reply *reply, struct pool *p, struct try_result *out,
	struct error *e) MUST_CHECK;

/* "<title>: <detail>" of problem details, cleaned and cut; NULL where the body is none. */
const char *answer_problem(const struct sender_reply *reply, struct pool *p);
/* Retry-After (RFC 9110 10.2.3): seconds, or a date in one of its three forms. -1: none or
 * unreadable; never more than OUTBOX_PAUSE_MAX_NS. */
int64_t answer_retry_after(const char *text, int64_t wall_ns);

#endif
