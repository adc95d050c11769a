/*
 * A home with incidents, servers that answer without a network, and persons.
 */
#include "tests/lib/incident_fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"

static int64_t wall_of(void *context)
{
	return ((struct incident_fixture *)context)->wall_ns;
}

static int64_t boot_of(void *context)
{
	return ((struct incident_fixture *)context)->boot_ns;
}

static void open_store(struct incident_fixture *f)
{
	const struct migration_area areas[] = { record_migrations, incident_migrations,
		incident_clock_migrations };
	REQUIRE_OK(store_open(test_path("tocsin.db"), areas, sizeof areas / sizeof areas[0],
			   &f->store, &f->e),
		f->e);
	f->c.store = f->store;
}

void fixture_open(struct incident_fixture *f)
{
	*f = (struct incident_fixture){ .wall_ns = INCIDENT_START_NS, .boot_ns = HOURS_NS(5) };
	f->clock = (struct clock){ wall_of, boot_of, f };
	f->pool = pool_new(512 * MIB);
	REQUIRE(f->pool != NULL);
	open_store(f);
	REQUIRE_OK(keyring_open(test_folder(), true, &f->keys, &f->e), f->e);
	REQUIRE_OK(profile_set_load(NULL, &f->profiles, &f->e), f->e);
	REQUIRE_OK(form_set_load(NULL, &f->forms, &f->e), f->e);
	f->c = (struct incident_context){ .home = test_folder(),
		.store = f->store,
		.clock = &f->clock,
		.boot_id = "11111111-2222-3333-4444-555555555555",
		.keys = f->keys,
		.profiles = f->profiles,
		.forms = f->forms,
		.by = "tester" };
}

void fixture_close(struct incident_fixture *f)
{
	store_close(f->store);
	keyring_free(f->keys);
	profile_set_free(f->profiles);
	form_set_free(f->forms);
	pool_free(f->pool);
}

void fixture_reopen(struct incident_fixture *f)
{
	store_close(f->store);
	f->store = NULL;
	open_store(f);
}

void fixture_pass(struct incident_fixture *f, int64_t ns)
{
	f->wall_ns += ns;
	f->boot_ns += ns;
}

/* --- routes and servers ----------------------------------------------------------------------- */

static void write_text(const char *name, const char *text)
{
	test_write_file(test_path(name), text, strlen(text));
}

/* A key pair as the program itself makes it: the ring of a home of its own. */
static struct keyring *pair_of(const char *name)
{
	struct error e = ERROR_NONE;
	struct keyring *ring = NULL;
	char folder[100];
	(void)snprintf(folder, sizeof folder, "pairs/%s", name);
	(void)mkdir(test_path("pairs"), 0700);
	(void)mkdir(test_path(folder), 0700);
	REQUIRE_OK(keyring_open(test_path(folder), true, &ring, &e), e);
	return ring;
}

static void write_public(const struct keyring *ring, const char *name)
{
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf pem;
	buf_init(&pem, 4096);
	REQUIRE_OK(key_public_pem(keyring_current(ring), &pem, &e), e);
	write_text(name, buf_text(&pem));
}

void fixture_routes(const char *const *lines, size_t n)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 64 * KIB);
	buf_add_text(&text, n == 0 ? "routes: []\n" : "routes:\n");
	for (size_t i = 0; i < n; i++) {
		char pem[100];
		const bool drills = lines[i][0] == '+';
		struct view roles = view_of(lines[i] + (drills ? 1 : 0));
		const struct view name = view_cut(&roles, ':');
		char plain[60];
		(void)snprintf(plain, sizeof plain, "%.*s", VIEW_ARGS(name));
		AUTO(keyring_free) struct keyring *ring = pair_of(plain);
		(void)snprintf(pem, sizeof pem, "%s-server.pem", plain);
		write_public(ring, pem);
		buf_addf(&text, "  - name: %s\n    drills: %s\n    server_key: %s\n    for: [",
			plain, drills ? "true" : "false", pem);
		roles = view_trim(roles);
		for (size_t k = 0; roles.len > 0; k++) {
			const struct view role = view_cut(&roles, ' ');
			buf_addf(&text, "%s%.*s", k == 0 ? "" : ", ", VIEW_ARGS(role));
		}
		buf_addf(&text, "]\n    ways:\n      - url: https://%s.example.org\n", plain);
	}
	write_text("routes.yaml", buf_text(&text));
}

static void answer(struct incident_fixture *f, const struct outbox_item *row, const char *route,
	int64_t received_ns)
{
	AUTO(keyring_free) struct keyring *ring = pair_of(route);
	AUTO_BUF struct buf text;
	struct outbox_item item;
	buf_init(&text, RECEIPT_BYTES_MAX);
	REQUIRE_OK(outbox_read(f->store, &row->id, f->pool, &item, &f->e), f->e);
	const struct receipt_statement what = { .of = { &item.envelope_id, item.envelope },
		.received_ns = received_ns,
		.late_known = f->says_late,
		.late = f->says_late,
		.server = "report.example.org" };
	REQUIRE_OK(receipt_sign(&what, keyring_current(ring), &text, &f->e), f->e);
	const struct outbox_try t = { .at_ns = f->wall_ns,
		.way = "https://report.example.org",
		.http_status = 200,
		.why = "" };
	const struct outbox_proof proof = { buf_view(&text), received_ns, "report.example.org" };
	REQUIRE_OK(outbox_delivered(f->store, &item.id, &t, &proof, &f->e), f->e);
}

static size_t queued(struct incident_fixture *f, const char *route, struct outbox_item **out)
{
	const struct outbox_filter filter = { .route = route, .states = 1U << OUTBOX_QUEUED };
	size_t n = 0;
	REQUIRE_OK(outbox_list(f->store, &filter, f->pool, out, &n, &f->e), f->e);
	return n;
}

size_t fixture_answer(struct incident_fixture *f, const char *route, int64_t received_ns)
{
	struct outbox_item *rows = NULL;
	const size_t n = queued(f, route, &rows);
	for (size_t i = 0; i < n; i++)
		answer(f, &rows[i], route, received_ns);
	return n;
}

size_t fixture_deliver(struct incident_fixture *f, const char *route, int64_t received_ns)
{
	const size_t n = fixture_answer(f, route, received_ns);
	size_t n_taken = 0;
	REQUIRE_OK(incident_take_receipts(&f->c, &n_taken, &f->e), f->e);
	return n;
}

size_t fixture_refuse(struct incident_fixture *f, const char *route, const char *why)
{
	struct outbox_item *rows = NULL;
	const size_t n = queued(f, route, &rows);
	size_t n_taken = 0;
	for (size_t i = 0; i < n; i++) {
		const struct outbox_try t = {
			.at_ns = f->wall_ns, .way = "https://x", .http_status = 403, .why = why
		};
		REQUIRE_OK(outbox_refused(f->store, &rows[i].id, &t, &f->e), f->e);
	}
	REQUIRE_OK(incident_take_receipts(&f->c, &n_taken, &f->e), f->e);
	return n;
}

/* --- incidents -------------------------------------------------------------------------------- */

json_t *fixture_json(struct incident_fixture *f, const char *text)
{
	json_t *value = NULL;
	REQUIRE_OK(json_read(view_of(text), 8 * MIB, "test", &value, &f->e), f->e);
	REQUIRE_OK(json_keep(f->pool, value, &f->e), f->e);
	return value;
}

struct first_notice fixture_notice(struct incident_fixture *f)
{
	return (struct first_notice){ .company = "华东制造有限公司",
		.discovered_ns = f->wall_ns - MINUTES_NS(5),
		.kind = "ransomware",
		.what = "文件无法打开，屏幕上有勒索信",
		.systems = "MES 生产执行系统",
		.ongoing = "yes",
		.scale = "约 300 台主机",
		.action = "已断网",
		.callback = "张三 13800138000" };
}

struct incident_receipt fixture_new(struct incident_fixture *f, const struct first_notice *n)
{
	struct incident_receipt receipt = { .sha256 = NULL };
	f->faults = (struct field_faults){ .n = 0 };
	REQUIRE_OK(incident_new(&f->c, n, f->pool, &receipt, &f->faults, &f->e), f->e);
	return receipt;
}

struct incident fixture_read(struct incident_fixture *f, const char *id)
{
	struct incident i = { .number = NULL };
	REQUIRE_OK(incident_read(&f->c, id, f->pool, &i, &f->e), f->e);
	return i;
}

const char *fixture_fault(const struct incident_fixture *f, const char *field)
{
	for (size_t i = 0; i < f->faults.n; i++)
		if (strcmp(f->faults.at[i].field, field) == 0)
			return f->faults.at[i].what;
	return "";
}

int64_t fixture_count(struct incident_fixture *f, const char *sql)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	REQUIRE_OK(store_prepare(f->store, sql, &q, &f->e), f->e);
	REQUIRE_OK(statement_step(q, &row, &f->e), f->e);
	REQUIRE(row);
	return column_int(q, 0);
}

const struct clock_row *fixture_clock(
	const struct incident *i, const char *profile, const char *duty)
{
	for (size_t k = 0; k < i->n_clocks; k++)
		if (strcmp(i->clocks[k].profile, profile) == 0 &&
			strcmp(i->clocks[k].duty, duty) == 0)
			return &i->clocks[k];
	test_fail(__FILE__, __LINE__, "no clock %s %s", profile, duty);
	test_end();
}

/* --- persons ---------------------------------------------------------------------------------- */

struct key *fixture_person(const char *name)
{
	struct error e = ERROR_NONE;
	struct key *key = NULL;
	char path[200];
	AUTO(keyring_free) struct keyring *ring = pair_of(name);
	(void)mkdir(test_path("persons"), 0700);
	(void)snprintf(path, sizeof path, "persons/%s.pem", name);
	write_public(ring, path);
	(void)snprintf(
		path, sizeof path, "pairs/%s/keys/%s.pem", name, key_id(keyring_current(ring)));
	REQUIRE_OK(key_read(test_path(path), &key, &e), e);
	return key;
}

const char *fixture_approve(struct incident_fixture *f, const char *id, const struct regrade *what,
	const struct key *key, const char *file)
{
	AUTO_BUF struct buf statement;
	AUTO_BUF struct buf text;
	AUTO_JSON json_t *envelope = NULL;
	buf_init(&statement, MIB);
	buf_init(&text, MIB);
	REQUIRE_OK(regrade_statement(&f->c, id, what, &statement, &f->e), f->e);
	buf_add_char(&statement, '\n'); /* as a file that a program printed has it */
	REQUIRE_OK(envelope_sign(
			   INCIDENT_APPROVAL_PAYLOAD, buf_view(&statement), key, &envelope, &f->e),
		f->e);
	REQUIRE_OK(json_write(envelope, &text, &f->e), f->e);
	write_text(file, buf_text(&text));
	return test_path(file);
}
