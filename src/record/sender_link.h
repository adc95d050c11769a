/*
 * The parent's end of the role `sender`: a process for one way, and posts through it. Private to
 * this folder.
 */
#ifndef RECORD_SENDER_LINK_H
#define RECORD_SENDER_LINK_H

#include "record/route.h"
#include "record/sender_wire.h"

struct sender_link;

/* Hard limits; a caller's own may be shorter. */
#define SENDER_CONNECT_NS (10 * NS_PER_S) /* name, connection and handshake together */
#define SENDER_FIRST_BYTE_NS (20 * NS_PER_S)
#define SENDER_WHOLE_NS (60 * NS_PER_S)

struct sender_request {
	struct view headers; /* lines, each with '\n' */
	struct view body;
	int64_t limit_ns; /* boot time from now, for this way alone */
	const bool *stop; /* NULL; set by a signal */
};
struct sender_reply {
	enum sent_end end;
	enum sent_stage stage;
	int http_status;
	int64_t verify;		  /* X509_V_ERR_… */
	const char *detail;	  /* of a library, in English; "" none */
	const char *content_type; /* "" none */
	const char *retry_after;  /* "" none */
	struct view body;
	bool has_certificate; /* we have one to show */
	bool can_serve_again; /* the process is good for a next post */
};

/* Reads the way's files anew and starts the process. `path` is the target behind the host. The
 * status tells that the way cannot be taken (E_DENIED, E_ABSENT, E_INVALID of its files); the
 * sentence is for the user. */
enum status sender_link_open(const struct way *w, const char *path, struct sender_link **out,
	struct error *e) MUST_CHECK;
void sender_link_close(struct sender_link *l);
AUTO_TYPE(sender_link_close, struct sender_link *)
/* OK with any end. E_INTERRUPTED: *stop was set. */
enum status sender_link_post(struct sender_link *l, const struct sender_request *r, struct pool *p,
	struct sender_reply *out, struct error *e) MUST_CHECK;

#endif
