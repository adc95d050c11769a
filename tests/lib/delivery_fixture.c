/*
 * See delivery_fixture.h.
 */
#include "tests/lib/delivery_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/pki.h"
#include "tests/lib/test.h"

struct delivery delivery_new(const struct receiver_options *o)
{
	struct delivery d = { NULL, NULL, pool_new(64 * MIB), NULL };
	struct receiver_options options = o == NULL ? (struct receiver_options){ .port = 0 } : *o;
	struct error e = ERROR_NONE;
	REQUIRE(d.p != NULL);
	pki_make(test_folder());
	options.pki = options.folder = test_folder();
	d.receiver = receiver_start(&options);
	REQUIRE_OK(store_open(test_path("tocsin.db"), &record_migrations, 1, &d.store, &e), e);
	return d;
}

void delivery_done(struct delivery *d)
{
	store_close(d->store);
	routes_free(d->routes);
	pool_free(d->p);
	receiver_free(d->receiver);
}

void delivery_routes(struct delivery *d, const char *text)
{
	struct error e = ERROR_NONE;
	routes_free(d->routes);
	d->routes = NULL;
	test_write_file(test_path("routes.yaml"), text, strlen(text));
	REQUIRE_OK(routes_open(test_folder(), &d->routes, &e), e);
}

void delivery_route(struct delivery *d, const char *ways)
{
	static const char head[] = "routes:\n"
				   "  - name: province\n"
				   "    for: [local_regulator, ministry]\n"
				   "    server_key: receipt.pem\n"
				   "    ca: ca.pem\n"
				   "    certificate: client.pem\n"
				   "    key: client.key\n"
				   "    ways:\n";
	AUTO_BUF struct buf text = { .ceiling = 64 * KIB };
	buf_add_text(&text, head);
	if (ways == NULL)
		ways = "      - url: https://127.0.0.1:%d\n";
	for (const char *at = ways; *at != '\0'; at++) {
		if (at[0] != '%' || at[1] != 'd') {
			buf_add_char(&text, *at);
			continue;
		}
		buf_addf(&text, "%d", receiver_port(d->receiver));
		at++;
	}
	REQUIRE(!text.failed);
	delivery_routes(d, buf_text(&text));
}

struct id delivery_put(struct delivery *d, const char *subject, const char *route, size_t n_bytes)
{
	AUTO_BUF struct buf text = { .ceiling = OUTBOX_BYTES_MAX };
	struct error e = ERROR_NONE;
	struct outbox_item item = {
		.id = id_new(clock_wall_ns(NULL)),
		.subject = subject,
		.route = route,
		.queued_ns = clock_wall_ns(NULL),
	};
	buf_addf(&text, "{\"payloadType\":\"" DELIVERY_TYPE "\",\"payload\":\"%s", item.id.text);
	while (text.len < n_bytes)
		buf_add_text(&text, "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYw");
	buf_add_text(&text, "\"}");
	item.envelope = buf_view(&text);
	item.next_try_ns = item.queued_ns;
	REQUIRE_OK(outbox_put(d->store, &item, &e), e);
	return item.id;
}

struct outbox_item delivery_read(struct delivery *d, const struct id *id)
{
	struct outbox_item item;
	struct error e = ERROR_NONE;
	REQUIRE_OK(outbox_read(d->store, id, d->p, &item, &e), e);
	return item;
}

struct flush_report delivery_flush(struct delivery *d, int64_t limit_ns)
{
	struct flush_report report;
	struct error e = ERROR_NONE;
	const struct flush what = { .limit_ns = limit_ns };
	REQUIRE_OK(sender_flush(d->store, d->routes, NULL, &what, d->p, &report, &e), e);
	return report;
}

size_t delivery_n_acks(const struct id *id)
{
	size_t n = 0;
	char *line = NULL;
	size_t room = 0;
	FILE *f = fopen(test_path("acks.log"), "re");
	REQUIRE(f != NULL);
	while (getline(&line, &room, f) > 0)
		n += id == NULL || strncmp(line, id->text, ID_TEXT_LEN) == 0;
	free(line);
	(void)fclose(f);
	return n;
}
