/*
 * Emptying the outbox: order, several at once, and deaths and full disks between any two steps.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/delivery_fixture.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

#define LONG_NS (30 * NS_PER_S)

static int as_role(int argc, char **argv)
{
	int exit_status = 2;
	(void)role_dispatch(argc, argv, sender_roles, n_sender_roles, &exit_status);
	return exit_status;
}
int (*test_role_main)(int argc, char **argv) = as_role;

static struct flush_report flush_until_empty(struct delivery *d)
{
	struct flush_report report;
	struct error e = ERROR_NONE;
	const struct flush what = { .limit_ns = LONG_NS, .until_empty = true };
	REQUIRE_OK(sender_flush(d->store, d->routes, NULL, &what, d->p, &report, &e), e);
	return report;
}

/* A store of its own: a connection does not go through a fork. */
static enum status flush_in_child(struct delivery *d, const struct flush *what)
{
	AUTO(store_close) struct store *s = NULL;
	struct flush_report report;
	TRY(store_open(test_path("tocsin.db"), &record_migrations, 1, &s, NULL));
	return sender_flush(s, d->routes, NULL, what, d->p, &report, NULL);
}

/* --- order --- */

TEST(what_waits_holds_back_its_subject_and_no_other)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	struct id a1 = delivery_put(&d, "a", "province", 100);
	struct id a2 = delivery_put(&d, "a", "province", 100);
	struct id b1 = delivery_put(&d, "b", "province", 100);
	RECEIVER_WILL(d.receiver, RECEIVER_500);
	struct flush_report r = delivery_flush(&d, LONG_NS);
	CHECK(r.n_delivered == 1 && r.n_waiting == 2 && r.n_refused == 0);
	CHECK(strstr(r.first_trouble, "answered 500: Disk full") != NULL);
	CHECK_INT(delivery_read(&d, &b1).state, OUTBOX_DELIVERED);
	CHECK_INT(delivery_read(&d, &a2).n_tries, 0);
	struct outbox_item item = delivery_read(&d, &a1);
	CHECK(item.n_tries == 1 && item.http_status == 500 && item.next_try_ns > item.tried_ns);
	CHECK(strstr(item.last_error, "Disk full") != NULL);
	r = delivery_flush(&d, LONG_NS);
	CHECK(r.n_delivered == 2 && r.n_waiting == 0);
	CHECK_TEXT(r.first_trouble, "");
	/* As they arrived. */
	CHECK(delivery_read(&d, &a1).received_ns <= delivery_read(&d, &a2).received_ns);
}

TEST(what_is_refused_is_told_and_holds_back_nothing)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	struct id a1 = delivery_put(&d, "a", "province", 100);
	struct id a2 = delivery_put(&d, "a", "province", 100);
	RECEIVER_WILL(d.receiver, RECEIVER_400_PROBLEM);
	struct flush_report r = delivery_flush(&d, LONG_NS);
	CHECK(r.n_delivered == 1 && r.n_refused == 1 && r.n_waiting == 0);
	struct outbox_item item = delivery_read(&d, &a1);
	CHECK_INT(item.state, OUTBOX_REFUSED);
	CHECK_TEXT(item.last_error, "refused (400): Not a member: this company is not enrolled");
	/* Kept without a language: another reader may speak another one. */
	CHECK_TEXT(item.last_phrase,
		"\x1e[\"refused (%d): %s\",400,\"Not a member: this company is not enrolled\"]");
	CHECK_INT(delivery_read(&d, &a2).state, OUTBOX_DELIVERED);
}

TEST(only_what_is_asked_for_is_sent)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	struct flush_report r;
	struct error e = ERROR_NONE;
	struct id a = delivery_put(&d, "a", "province", 100);
	(void)delivery_put(&d, "b", "province", 100);
	struct flush what = { .subject = "b", .limit_ns = LONG_NS };
	REQUIRE_OK(sender_flush(d.store, d.routes, NULL, &what, d.p, &r, &e), e);
	CHECK(r.n_delivered == 1 && r.n_waiting == 0);
	RECEIVER_WILL(d.receiver, RECEIVER_503_RETRY);
	(void)delivery_flush(&d, LONG_NS);
	what = (struct flush){ .due_only = true, .limit_ns = LONG_NS };
	REQUIRE_OK(sender_flush(d.store, d.routes, NULL, &what, d.p, &r, &e), e);
	CHECK(r.n_delivered == 0 && r.n_waiting == 1);
	/* Seven seconds, as the server wished, and up to a tenth more. */
	struct outbox_item item = delivery_read(&d, &a);
	int64_t pause_ns = item.next_try_ns - item.tried_ns;
	CHECK(pause_ns >= 7 * NS_PER_S && pause_ns <= 8 * NS_PER_S);
}

TEST(an_item_whose_route_is_gone_waits_and_says_so)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	struct id a = delivery_put(&d, "a", "elsewhere", 100);
	struct flush_report r = delivery_flush(&d, LONG_NS);
	CHECK_INT(r.n_waiting, 1);
	CHECK_TEXT(delivery_read(&d, &a).last_error, "no route 'elsewhere' in routes.yaml");
}

TEST(one_process_and_one_connection_serve_a_whole_flush)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	for (int i = 0; i < 20; i++)
		(void)delivery_put(&d, i % 2 == 0 ? "a" : "b", "province", 100);
	CHECK_INT(delivery_flush(&d, LONG_NS).n_delivered, 20);
	CHECK_INT(receiver_saw(d.receiver)->n_connections, 1);
}

TEST(a_dead_route_does_not_hold_up_the_others)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	char text[1024];
	(void)snprintf(text, sizeof text,
		"routes:\n"
		"  - {name: dead, for: [ministry], server_key: receipt.pem, ca: ca.pem,\n"
		"     ways: [{url: \"https://127.0.0.1:9\"}]}\n"
		"  - {name: province, for: [ministry], server_key: receipt.pem, ca: ca.pem,\n"
		"     certificate: client.pem, key: client.key,\n"
		"     ways: [{url: \"https://127.0.0.1:%d\"}]}\n",
		receiver_port(d.receiver));
	delivery_routes(&d, text);
	size_t n_tried = 0;
	struct id dead[30];
	for (size_t i = 0; i < COUNT_OF(dead); i++) {
		char subject[16];
		(void)snprintf(subject, sizeof subject, "s%zu", i);
		dead[i] = delivery_put(&d, subject, "dead", 100);
	}
	(void)delivery_put(&d, "z", "province", 100);
	struct flush_report r = delivery_flush(&d, LONG_NS);
	CHECK(r.n_delivered == 1 && r.n_waiting == COUNT_OF(dead));
	for (size_t i = 0; i < COUNT_OF(dead); i++)
		n_tried += (size_t)delivery_read(&d, &dead[i]).n_tries;
	CHECK(n_tried >= 1 && n_tried < 5);
}

/* --- until it is empty --- */

TEST(it_goes_on_until_the_server_has_all)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	for (int i = 0; i < 3; i++)
		(void)delivery_put(&d, "a", "province", 100);
	RECEIVER_WILL(d.receiver, RECEIVER_500, RECEIVER_STORED_CUT, RECEIVER_SILENT_CLOSE,
		RECEIVER_WRONG_KEY);
	struct flush_report r = flush_until_empty(&d);
	CHECK(r.n_delivered == 3 && r.n_waiting == 0);
	CHECK_INT(delivery_n_acks(NULL), 3);
}

TEST(it_ends_at_its_limit_and_tells_what_waits)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	struct flush_report r;
	struct error e = ERROR_NONE;
	delivery_route(&d, "      - url: https://127.0.0.1:9\n");
	(void)delivery_put(&d, "a", "province", 100);
	const struct flush what = { .limit_ns = NS_PER_S, .until_empty = true };
	REQUIRE_OK(sender_flush(d.store, d.routes, NULL, &what, d.p, &r, &e), e);
	CHECK(r.n_waiting == 1 && r.n_delivered == 0);
	CHECK(strstr(r.first_trouble, "no connection") != NULL);
}

TEST(a_signal_ends_it_in_the_middle_of_a_try)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	struct id a = delivery_put(&d, "a", "province", 100);
	bool *stop =
		mmap(NULL, sizeof *stop, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(stop != MAP_FAILED);
	RECEIVER_WILL(d.receiver, RECEIVER_STALL);
	pid_t pid = fork();
	if (pid == 0) {
		const struct flush what = { .limit_ns = LONG_NS, .stop = stop };
		_exit(flush_in_child(&d, &what) == E_INTERRUPTED ? 0 : 1);
	}
	while (receiver_saw(d.receiver)->n_requests == 0)
		clock_sleep_ns(5 * NS_PER_MS);
	*stop = true;
	int status = -1;
	REQUIRE(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
	CHECK_INT(delivery_read(&d, &a).n_tries, 0);
	CHECK_INT(delivery_flush(&d, LONG_NS).n_delivered, 1);
}

/* --- several at once --- */

TEST(flushes_at_once_send_each_item_once)
{
	enum { N = 24, N_FLUSHES = 3 };
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	pid_t pids[N_FLUSHES];
	for (int i = 0; i < N; i++) {
		char subject[8];
		(void)snprintf(subject, sizeof subject, "s%d", i % 8);
		(void)delivery_put(&d, subject, "province", 100);
	}
	const struct flush what = { .limit_ns = LONG_NS, .until_empty = true };
	for (int i = 0; i < N_FLUSHES; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(flush_in_child(&d, &what) == OK ? 0 : 1);
	}
	for (int i = 0; i < N_FLUSHES; i++) {
		int status = -1;
		REQUIRE(waitpid(pids[i], &status, 0) == pids[i]);
		CHECK_INT(status, 0);
	}
	struct outbox_counts n;
	struct error e = ERROR_NONE;
	REQUIRE_OK(outbox_count(d.store, &(struct outbox_filter){ .limit = 0 }, &n, &e), e);
	CHECK(n.n_delivered == N && n.n_queued == 0);
	CHECK_INT(delivery_n_acks(NULL), N);
	CHECK_INT(receiver_saw(d.receiver)->n_requests, N);
}

/* --- deaths --- */

static void check_all_arrived_once(struct delivery *d, size_t n)
{
	struct outbox_counts counts;
	struct error e = ERROR_NONE;
	struct outbox_item *rows;
	size_t n_rows = 0;
	CHECK_INT(flush_until_empty(d).n_waiting, 0);
	REQUIRE_OK(outbox_count(d->store, &(struct outbox_filter){ .limit = 0 }, &counts, &e), e);
	CHECK_INT(counts.n_delivered, n);
	CHECK_INT(delivery_n_acks(NULL), n);
	REQUIRE_OK(outbox_list(d->store, &(struct outbox_filter){ .limit = 0 }, d->p, &rows,
			   &n_rows, &e),
		e);
	for (size_t i = 0; i < n_rows; i++)
		CHECK_INT(delivery_n_acks(&rows[i].envelope_id), 1);
}

TEST(a_death_between_any_two_steps_loses_and_doubles_nothing)
{
	NEEDS_FAULTS();
	static const char *const points[] = { "flush_taken", "sender_before_post",
		"sender_after_post", "flush_before_store", "flush_after_store", "store_step",
		"store_exec", "store_commit", "sender_link", "role_fork", "packet_send",
		"packet_receive", "guarded_read", "sender_take" };
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	size_t n_put = 0;
	int n_killed = 0;
	for (size_t i = 0; i < COUNT_OF(points); i++)
		for (long nth = 1; nth <= 2; nth++) {
			(void)delivery_put(&d, "a", "province", 100);
			(void)delivery_put(&d, "b", "province", 100);
			n_put += 2;
			pid_t pid = fork();
			if (pid == 0) {
				const struct flush what = { .limit_ns = LONG_NS };
				fault_arm_kill(points[i], nth);
				_exit(flush_in_child(&d, &what) == OK ? 0 : 1);
			}
			int status = -1;
			REQUIRE(waitpid(pid, &status, 0) == pid);
			n_killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
			CHECK(WIFSIGNALED(status) || status == 0);
		}
	CHECK(n_killed >= 26);
	check_all_arrived_once(&d, n_put);
}

/* The only child of this process that is no receiver. */
static pid_t find_sender(pid_t receiver)
{
	char path[64];
	AUTO_FREE char *text = NULL;
	size_t room = 0;
	(void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	AUTO_FILE FILE *f = fopen(path, "re");
	if (f == NULL || getline(&text, &room, f) <= 0)
		return -1;
	for (char *at = text; *at != '\0';) {
		long pid = strtol(at, &at, 10);
		at += strspn(at, " \n");
		if (pid > 0 && pid != receiver)
			return (pid_t)pid;
	}
	return -1;
}

TEST(where_the_process_that_speaks_to_the_network_dies_the_item_waits)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	struct id a = delivery_put(&d, "a", "province", 100);
	RECEIVER_WILL(d.receiver, RECEIVER_STALL);
	pid_t watcher = fork();
	if (watcher == 0) {
		/* It sees the request arrive, and ends the sender of its parent. */
		while (receiver_saw(d.receiver)->n_requests == 0)
			clock_sleep_ns(2 * NS_PER_MS);
		char path[64];
		AUTO_FREE char *text = NULL;
		size_t room = 0;
		(void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)getppid(),
			(int)getppid());
		AUTO_FILE FILE *f = fopen(path, "re");
		if (f == NULL || getline(&text, &room, f) <= 0)
			_exit(1);
		for (char *at = text; *at != '\0';) {
			long pid = strtol(at, &at, 10);
			at += strspn(at, " \n");
			if (pid != getpid() && pid != receiver_pid(d.receiver))
				(void)kill((pid_t)pid, SIGKILL);
		}
		_exit(0);
	}
	struct flush_report r = delivery_flush(&d, LONG_NS);
	CHECK(r.n_delivered == 0 && r.n_waiting == 1);
	CHECK(strstr(r.first_trouble, "the sending process ended") != NULL);
	CHECK_INT(delivery_flush(&d, LONG_NS).n_delivered, 1);
	CHECK_INT(delivery_n_acks(&a), 1);
	CHECK_INT(find_sender(receiver_pid(d.receiver)), watcher);
}

TEST(a_server_that_dies_and_comes_back_knows_what_it_acknowledged)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	for (int i = 0; i < 6; i++) {
		(void)delivery_put(&d, "a", "province", 100);
		if (i % 2 == 0)
			RECEIVER_WILL(d.receiver, RECEIVER_STORED_CUT);
		(void)delivery_flush(&d, LONG_NS);
		receiver_restart(d.receiver);
	}
	check_all_arrived_once(&d, 6);
}

/* --- disks --- */

TEST(a_store_that_fails_at_any_step_keeps_the_item_and_says_so)
{
	NEEDS_FAULTS();
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	static const char *const points[] = { "store_step", "store_exec", "store_commit",
		"store_prepare" };
	size_t n_put = 0;
	int n_failed = 0;
	for (size_t i = 0; i < COUNT_OF(points); i++)
		for (long nth = 1; nth < 20; nth++) {
			struct flush_report r;
			struct error e = ERROR_NONE;
			const struct flush what = { .limit_ns = LONG_NS };
			(void)delivery_put(&d, "a", "province", 100);
			n_put++;
			fault_arm(points[i], nth);
			enum status status =
				sender_flush(d.store, d.routes, NULL, &what, d.p, &r, &e);
			fault_disarm();
			if (status == OK)
				break;
			n_failed++;
			CHECK_INT(status, E_NO_SPACE);
			CHECK(e.text[0] != '\0');
		}
	CHECK(n_failed >= 8);
	check_all_arrived_once(&d, n_put);
}

TEST(a_full_disk_at_the_receipt_is_told_and_mended)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	AUTO(store_close) struct store *small = NULL;
	struct flush_report r;
	struct error e = ERROR_NONE;
	delivery_route(&d, NULL);
	REQUIRE(mkdir(test_path("small"), 0700) == 0);
	if (!test_is_root() ||
		mount("small", test_path("small"), "tmpfs", 0, "size=1m,mode=0700") != 0)
		test_skip("a small disk takes root");
	REQUIRE_OK(store_open(test_path("small/a.db"), &record_migrations, 1, &small, &e), e);
	struct store *large = d.store;
	d.store = small;
	struct id a = delivery_put(&d, "a", "province", 100);
	/* All that is left is filled, but for what the lease takes. */
	int fd = open(test_path("small/filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	REQUIRE(fd >= 0);
	static char block[4096];
	while (write(fd, block, sizeof block) > 0)
		continue;
	const struct flush what = { .limit_ns = LONG_NS };
	int n_told = 0;
	for (int round = 1; round < 16; round++) {
		enum status status = sender_flush(d.store, d.routes, NULL, &what, d.p, &r, &e);
		if (status == OK && r.n_delivered == 1)
			break;
		n_told += status == E_NO_SPACE;
		CHECK_INT(delivery_read(&d, &a).state, OUTBOX_QUEUED);
		/* More each time: it fails at the lease first, then at the receipt. */
		struct stat st;
		REQUIRE(fstat(fd, &st) == 0);
		REQUIRE(ftruncate(fd, st.st_size - round * (off_t)sizeof block) == 0);
	}
	CHECK(n_told > 0);
	CHECK_INT(delivery_read(&d, &a).state, OUTBOX_DELIVERED);
	CHECK_INT(delivery_n_acks(&a), 1);
	(void)close(fd);
	d.store = large;
	store_close(small);
	small = NULL;
	REQUIRE(umount(test_path("small")) == 0);
}
