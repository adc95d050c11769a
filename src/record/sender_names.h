/*
 * Names to addresses, in the process that speaks to the network. What /etc/hosts knows is looked up
 * before the locks; what only a name server can tell behind them, where no file can be opened: an
 * answer from the network is never read by a process that could reach anything. Other sources that
 * /etc/nsswitch.conf may name (mDNS, LDAP) are not asked. Private to this folder.
 */
#ifndef RECORD_SENDER_NAMES_H
#define RECORD_SENDER_NAMES_H

#include "base/buf.h"
#include "base/error.h"

struct sender_name {
	const char *host;
	bool is_address;      /* nothing to look up */
	bool is_known;	      /* /etc/hosts had it: `addresses` stays */
	struct buf addresses; /* "192.0.2.7,[2001:db8::7]", in the order of RFC 6724 */
};
void sender_names_start(void);
void sender_name_init(struct sender_name *n, const char *host);
/* False: nobody knows it; *out_why is the resolver's word, in English. */
bool sender_name_ask(struct sender_name *n, const char **out_why);

#endif
