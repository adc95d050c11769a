/*
 * One exchange with the other side, by libcurl, behind the locks. Private to this folder.
 */
#ifndef RECORD_SENDER_EXCHANGE_H
#define RECORD_SENDER_EXCHANGE_H

#include "record/curl_api.h"
#include "record/sender_names.h"
#include "record/sender_wire.h"

struct outcome;
/* For the callback at the begin of a handshake. */
struct started {
	struct exchange *x;
	struct outcome *out;
};

/* What the process was told and what it keeps between posts. */
struct exchange {
	struct curl_api curl;
	CURL *easy;
	struct sender_open open; /* its texts borrow from `head` */
	struct packet *head;
	struct buf secrets; /* authorities, certificate, key, one after the other */
	struct sender_name name;
	bool is_connected; /* syslog: the connection of the first post stays */
	int channel_fd;	   /* for stages */
	struct started started;
};

struct outcome {
	enum sent_end end;
	enum sent_stage stage;
	long http_status;
	long verify; /* X509_V_ERR_…, 0 none */
	char detail[SENDER_DETAIL_MAX];
	char content_type[128];
	char retry_after[64];
	struct buf body;
};

void exchange_http(
	struct exchange *x, const struct sender_post *post, struct view body, struct outcome *out);
/* Frames of RFC 6587 3.4.1 and RFC 5425 4.3 (octet counting): "<length> <message>". */
void exchange_syslog(
	struct exchange *x, const struct sender_post *post, struct view body, struct outcome *out);

/* --- shared by the two --- */

/* Tells the parent, for its sentence where time runs out. */
void exchange_stage(struct exchange *x, struct outcome *out, enum sent_stage stage);
/* Asks for the name's addresses and sets address, proxy, TLS and limits of time. False: `out` is
 * the end. */
bool exchange_aim(struct exchange *x, const struct sender_post *post, const char *scheme,
	struct curl_slist **out_resolve, struct outcome *out);
void exchange_fail(struct exchange *x, CURLcode code, const char *message, struct outcome *out);

#endif
