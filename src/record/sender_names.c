/*
 * See sender_names.h. The order of the sources is set by __nss_configure_lookup(3), which the GNU C
 * library has for this.
 */
#include "record/sender_names.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <nss.h>
#include <resolv.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/view.h"

enum { ADDRESSES_MAX = 8, ADDRESSES_BYTES_MAX = 1024, ASK_SECONDS = 2, ASK_TIMES = 2 };

/* Reads resolv.conf and gai.conf while files can be read. A server that is silent is given up soon:
 * there are other ways. */
void sender_names_start(void)
{
	(void)res_init(); /* without a file: the server on this machine */
	_res.retrans = ASK_SECONDS;
	_res.retry = ASK_TIMES;
	/* Before glibc 2.34 a library of its own, which cannot be loaded behind the locks. */
	(void)dlopen("libnss_dns.so.2", RTLD_NOW | RTLD_GLOBAL);
}

static void add_address(struct buf *out, const struct addrinfo *a)
{
	char text[INET6_ADDRSTRLEN];
	const void *at =
		a->ai_family == AF_INET6
			? (const void *)&((struct sockaddr_in6 *)(void *)a->ai_addr)->sin6_addr
			: (const void *)&((struct sockaddr_in *)(void *)a->ai_addr)->sin_addr;
	if (inet_ntop(a->ai_family, at, text, sizeof text) == NULL)
		return;
	if (out->len > 0)
		buf_add_char(out, ',');
	buf_addf(out, a->ai_family == AF_INET6 ? "[%s]" : "%s", text);
}

static bool look_up(struct sender_name *n, const char **out_why)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	size_t n_found = 0;
	int rc = getaddrinfo(n->host, NULL, &hints, &list);
	buf_reset(&n->addresses);
	if (rc != 0) {
		*out_why = gai_strerror(rc);
		return false;
	}
	for (const struct addrinfo *a = list; a != NULL && n_found < ADDRESSES_MAX; a = a->ai_next)
		if (a->ai_family == AF_INET || a->ai_family == AF_INET6) {
			add_address(&n->addresses, a);
			n_found++;
		}
	freeaddrinfo(list);
	*out_why = "no address";
	return n->addresses.len > 0 && !n->addresses.failed;
}

void sender_name_init(struct sender_name *n, const char *host)
{
	struct in6_addr address;
	const char *why;
	*n = (struct sender_name){ .host = host, .addresses = { .ceiling = ADDRESSES_BYTES_MAX } };
	n->is_address =
		inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
	if (n->is_address)
		return;
	(void)__nss_configure_lookup("hosts", "files");
	n->is_known = look_up(n, &why);
	(void)__nss_configure_lookup("hosts", "dns");
}

bool sender_name_ask(struct sender_name *n, const char **out_why)
{
	return n->is_address || n->is_known || look_up(n, out_why);
}
