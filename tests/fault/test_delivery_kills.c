/*
 * Random deaths across spool, send and receipt, and the proof afterwards: no acknowledged notice is
 * missing and none is doubled. Acknowledged is two things, and both are counted: by us to the user
 * (the commit of the spool returned), by the server to us (a line of acks.log).
 *
 * A reporter is a forked child that runs the real functions: it puts notices into the outbox in a
 * transaction of its own, tells its parent, flushes, and is killed at a random moment or at a
 * random fault point; or its sender process is, or the server. The role `sender` is this program
 * executed anew, as always.
 *
 * FAULT_KILLS   deaths wanted (60; ./dev fault: 10,000)
 * FAULT_SEED    repeats an earlier run's choices
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "tests/lib/delivery_fixture.h"
#include "tests/lib/faults.h"
#include "tests/lib/pki.h"
#include "tests/lib/test.h"

enum {
	KILLS_DEFAULT = 60,
	KILLS_PER_WORLD = 250,
	N_JOBS = 2,
	N_SUBJECTS = 4,
	FLUSH_MS = 4000,
	PATH_ROOM = 1200
};

static int as_role(int argc, char **argv)
{
	int exit_status = 2;
	(void)role_dispatch(argc, argv, sender_roles, n_sender_roles, &exit_status);
	return exit_status;
}
int (*test_role_main)(int argc, char **argv) = as_role;

enum victim { BY_TIME, BY_FAULT_POINT, SENDER_PROCESS, SERVER, N_VICTIMS };
static const char *const victim_names[] = { "reporters at a random moment",
	"reporters at a random fault point", "senders", "servers" };

struct tally {
	long kills[N_VICTIMS];
	long n_rounds, n_told, n_delivered, n_worlds;
};

/* One home, one server, and what was told to the user. */
struct world {
	char folder[1024];
	struct receiver *receiver;
	struct routes *routes;
	struct dice dice;
	struct id *told;
	size_t n_told;
	long most_points; /* of fault points that a reporter passed so far, at a guess */
	int64_t usual_ns; /* that a reporter takes */
};

static const char *in_world(const struct world *w, const char *name, char out[PATH_ROOM])
{
	(void)snprintf(out, PATH_ROOM, "%s/%s", w->folder, name);
	return out;
}

static struct store *open_store(const struct world *w)
{
	char path[PATH_ROOM];
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(store_open(in_world(w, "tocsin.db", path), &record_migrations, 1, &s, &e), e);
	return s;
}

static void make_world(struct world *w, long number, const char *pki)
{
	char text[8 * 1024];
	char path[PATH_ROOM];
	struct error e = ERROR_NONE;
	(void)snprintf(w->folder, sizeof w->folder, "%s/world-%d-%ld", pki, (int)getpid(), number);
	REQUIRE(mkdir(w->folder, 0700) == 0);
	const struct receiver_options o = { .pki = pki, .folder = w->folder, .no_sync = true };
	w->receiver = receiver_start(&o);
	(void)snprintf(text, sizeof text,
		"routes:\n"
		"  - name: province\n"
		"    for: [ministry]\n"
		"    server_key: %1$s/receipt.pem\n"
		"    ca: %1$s/ca.pem\n"
		"    certificate: %1$s/client.pem\n"
		"    key: %1$s/client.key\n"
		"    ways:\n"
		"      - url: https://127.0.0.1:%2$d\n"
		"      - url: https://localhost:%2$d\n",
		pki, receiver_port(w->receiver));
	test_write_file(in_world(w, "routes.yaml", path), text, strlen(text));
	REQUIRE_OK(routes_open(w->folder, &w->routes, &e), e);
	w->told = NULL;
	w->n_told = 0;
	store_close(open_store(w));
}

static void drop_world(struct world *w)
{
	routes_free(w->routes);
	receiver_free(w->receiver);
	free(w->told);
}

/* --- the reporter --- */

static enum status spool(struct store *s, const char *subject, struct id *out)
{
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	char text[200];
	const int64_t now_ns = clock_wall_ns(NULL);
	struct outbox_item item = { .id = id_new(now_ns),
		.subject = subject,
		.route = "province",
		.queued_ns = now_ns,
		.next_try_ns = now_ns };
	(void)snprintf(text, sizeof text,
		"{\"payloadType\":\"" DELIVERY_TYPE "\",\"payload\":\"%s\"}", item.id.text);
	item.envelope = view_of(text);
	TRY(transaction_begin(s, &t, NULL));
	TRY(outbox_put(s, &item, NULL));
	TRY(transaction_commit(&t, NULL));
	*out = item.id;
	return OK;
}

/* Tells each id that is on disk, then sends. */
static int report(const struct world *w, int tell_fd, unsigned subject)
{
	char path[PATH_ROOM];
	char name[16];
	struct flush_report r;
	AUTO(store_close) struct store *s = NULL;
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	const struct flush what = { .limit_ns = FLUSH_MS * NS_PER_MS };
	if (p == NULL ||
		store_open(in_world(w, "tocsin.db", path), &record_migrations, 1, &s, NULL) != OK)
		return 1;
	for (unsigned i = 0; i < 2; i++) {
		struct id id;
		(void)snprintf(name, sizeof name, "s%u", (subject + i) % N_SUBJECTS);
		if (spool(s, name, &id) != OK ||
			write(tell_fd, id.text, ID_TEXT_LEN) != ID_TEXT_LEN)
			return 1;
	}
	return sender_flush(s, w->routes, NULL, &what, p, &r, NULL) == OK ? 0 : 1;
}

static void remember(struct world *w, const char *id)
{
	struct id *more = reallocarray(w->told, w->n_told + 1, sizeof *more);
	REQUIRE(more != NULL);
	w->told = more;
	(void)snprintf(more[w->n_told++].text, sizeof more->text, "%.*s", ID_TEXT_LEN, id);
}

/* --- deaths --- */

static pid_t child_of(pid_t pid)
{
	char path[64];
	char text[64] = "";
	(void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
	AUTO_FILE FILE *f = fopen(path, "re");
	if (f == NULL || fgets(text, sizeof text, f) == NULL)
		return -1;
	return (pid_t)strtol(text, NULL, 10);
}

/* True where a process died of it. A child that is reaped by nobody but us keeps its number. */
static bool strike(struct world *w, enum victim victim, pid_t reporter)
{
	pid_t sender;
	switch (victim) {
	case BY_TIME:
		return kill(reporter, SIGKILL) == 0;
	case SENDER_PROCESS:
		sender = child_of(reporter);
		return sender > 0 && kill(sender, SIGKILL) == 0;
	case SERVER:
		receiver_restart(w->receiver);
		return true;
	case BY_FAULT_POINT:
	case N_VICTIMS:
		break;
	}
	return false;
}

/* Waits for the child, and strikes at the moment (boot time; -1 never). */
static int wait_and_strike(
	struct world *w, pid_t pid, enum victim victim, int64_t at_ns, bool *out_struck)
{
	int status = 0;
	*out_struck = false;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (at_ns >= 0 && clock_boot_ns(NULL) >= at_ns) {
			*out_struck = strike(w, victim, pid);
			at_ns = -1;
		}
		clock_sleep_ns(100 * NS_PER_US);
	}
	return status;
}

static void read_told(struct world *w, int fd)
{
	char id[ID_TEXT_LEN];
	while (read(fd, id, sizeof id) == (ssize_t)sizeof id)
		remember(w, id);
}

/* Half of them anywhere, half at the steps that matter, which come seldom among all points. */
struct moment {
	const char *point;
	long nth;
};

static struct moment choose_moment(struct world *w)
{
	static const struct {
		const char *point;
		long most;
	} steps[] = {
		{ "store_exec", 12 },
		{ "store_step", 30 },
		{ "store_commit", 8 },
		{ "flush_taken", 3 },
		{ "sender_before_post", 3 },
		{ "sender_after_post", 3 },
		{ "flush_before_store", 3 },
		{ "flush_after_store", 3 },
	};
	if (dice_below(&w->dice, 2) == 0)
		return (struct moment){ "",
			1 + (long)dice_below(&w->dice, (uint64_t)w->most_points) };
	size_t i = dice_below(&w->dice, COUNT_OF(steps));
	return (struct moment){ steps[i].point,
		1 + (long)dice_below(&w->dice, (uint64_t)steps[i].most) };
}

/* Keeps the guess at how many points a reporter passes between what was passed and what was not. */
static void learn_points(struct world *w, struct moment m, bool died)
{
	if (m.point[0] != '\0')
		return;
	if (!died && m.nth < w->most_points)
		w->most_points -= (w->most_points - m.nth) / 4;
	else if (died && m.nth * 10 > w->most_points * 9)
		w->most_points += w->most_points / 8;
}

static void one_round(struct world *w, struct tally *t)
{
	enum victim victim = (enum victim)dice_below(&w->dice, N_VICTIMS);
	unsigned subject = (unsigned)dice_below(&w->dice, N_SUBJECTS);
	struct moment moment = choose_moment(w);
	int64_t delay_ns = (int64_t)dice_below(&w->dice, (uint64_t)(w->usual_ns * 5 / 4));
	int tell[2];
	bool struck = false;
	REQUIRE(pipe2(tell, O_CLOEXEC) == 0);
	int64_t before_ns = clock_boot_ns(NULL);
	pid_t pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (victim == BY_FAULT_POINT)
			fault_arm_kill(moment.point, moment.nth);
		_exit(report(w, tell[1], subject));
	}
	(void)close(tell[1]);
	int status = wait_and_strike(
		w, pid, victim, victim == BY_FAULT_POINT ? -1 : before_ns + delay_ns, &struck);
	bool died = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	bool counts = victim == BY_TIME || victim == BY_FAULT_POINT ? died : struck;
	if (!died && !struck)
		w->usual_ns += (clock_boot_ns(NULL) - before_ns - w->usual_ns) / 8;
	if (victim == BY_FAULT_POINT)
		learn_points(w, moment, died);
	if (!died)
		CHECK(WIFEXITED(status));
	read_told(w, tell[0]);
	(void)close(tell[0]);
	t->kills[victim] += counts;
	t->n_rounds++;
}

/* --- the proof --- */

struct ack {
	char id[ID_TEXT_LEN + 1];
	char *receipt;
};

static struct ack *read_acks(const struct world *w, size_t *out_n)
{
	char path[PATH_ROOM];
	char *line = NULL;
	size_t room = 0;
	ssize_t n = 0;
	struct ack *acks = NULL;
	*out_n = 0;
	AUTO_FILE FILE *f = fopen(in_world(w, "acks.log", path), "re");
	REQUIRE(f != NULL);
	while ((n = getline(&line, &room, f)) > 0) {
		REQUIRE(n > ID_TEXT_LEN + 66 && line[n - 1] == '\n');
		acks = reallocarray(acks, *out_n + 1, sizeof *acks);
		REQUIRE(acks != NULL);
		struct ack *a = &acks[(*out_n)++];
		(void)snprintf(a->id, sizeof a->id, "%.*s", ID_TEXT_LEN, line);
		a->receipt = strndup(line + ID_TEXT_LEN + 66, (size_t)n - ID_TEXT_LEN - 67);
	}
	free(line);
	return acks;
}

static size_t find_ack(const struct ack *acks, size_t n, const char *id, size_t *out_count)
{
	size_t found = n;
	*out_count = 0;
	for (size_t i = 0; i < n; i++)
		if (strcmp(acks[i].id, id) == 0) {
			found = found == n ? i : found;
			(*out_count)++;
		}
	return found;
}

/* Each item has exactly one line, whose receipt is the one in the outbox; and within a subject the
 * server heard of them in the order in which they were put. */
static void check_items(struct store *s, const struct ack *acks, size_t n_acks,
	const struct outbox_item *rows, size_t n_rows)
{
	size_t last[N_SUBJECTS] = { 0 };
	AUTO(pool_free) struct pool *p = pool_new(64 * MIB);
	struct error e = ERROR_NONE;
	REQUIRE(p != NULL);
	for (size_t i = 0; i < n_rows; i++) {
		struct outbox_item item;
		size_t n = 0;
		REQUIRE_OK(outbox_read(s, &rows[i].id, p, &item, &e), e);
		size_t at = find_ack(acks, n_acks, item.envelope_id.text, &n);
		CHECK_INT(item.state, OUTBOX_DELIVERED);
		CHECK_INT(n, 1);
		if (n != 1)
			continue;
		CHECK(view_is(item.receipt, acks[at].receipt));
		size_t subject = (size_t)(item.subject[1] - '0') % N_SUBJECTS;
		CHECK(at + 1 > last[subject]);
		last[subject] = at + 1;
	}
}

static void prove(struct world *w, struct tally *t)
{
	struct flush_report r;
	struct outbox_item *rows = NULL;
	size_t n_rows = 0;
	size_t n_acks = 0;
	struct error e = ERROR_NONE;
	const struct flush what = { .limit_ns = 60 * NS_PER_S, .until_empty = true };
	AUTO(store_close) struct store *s = open_store(w);
	AUTO(pool_free) struct pool *p = pool_new(64 * MIB);
	REQUIRE(p != NULL);
	REQUIRE_OK(sender_flush(s, w->routes, NULL, &what, p, &r, &e), e);
	CHECK_INT(r.n_waiting, 0);
	REQUIRE_OK(outbox_list(s, &(struct outbox_filter){ .limit = 0 }, p, &rows, &n_rows, &e), e);
	struct ack *acks = read_acks(w, &n_acks);
	/* As many lines as items, and each item has one: no line is of anything else. */
	CHECK_INT(n_acks, n_rows);
	check_items(s, acks, n_acks, rows, n_rows);
	for (size_t i = 0; i < w->n_told; i++) {
		size_t n = 0;
		(void)find_ack(acks, n_acks, w->told[i].text, &n);
		CHECK_INT(n, 1);
	}
	t->n_told += (long)w->n_told;
	t->n_delivered += (long)n_rows;
	for (size_t i = 0; i < n_acks; i++)
		free(acks[i].receipt);
	free(acks);
}

/* --- the run --- */

static long number_of(const char *name, long otherwise)
{
	const char *text = getenv(name);
	long n = text == NULL ? 0 : strtol(text, NULL, 10);
	return n > 0 ? n : otherwise;
}

static long sum(const struct tally *t)
{
	long n = 0;
	for (int i = 0; i < N_VICTIMS; i++)
		n += t->kills[i];
	return n;
}

static void run_job(long n_kills, uint64_t seed, const char *pki, struct tally *t)
{
	struct world w = { .most_points = 400, .usual_ns = 60 * NS_PER_MS };
	dice_init(&w.dice, seed);
	while (sum(t) < n_kills) {
		make_world(&w, t->n_worlds++, pki);
		long until = sum(t) + KILLS_PER_WORLD;
		while (sum(t) < n_kills && sum(t) < until)
			one_round(&w, t);
		prove(&w, t);
		drop_world(&w);
	}
}

static void add(struct tally *all, const struct tally *t)
{
	for (int i = 0; i < N_VICTIMS; i++)
		all->kills[i] += t->kills[i];
	all->n_rounds += t->n_rounds;
	all->n_told += t->n_told;
	all->n_delivered += t->n_delivered;
	all->n_worlds += t->n_worlds;
}

TEST_WITHIN(deaths_across_spool_send_and_receipt_lose_and_double_nothing, 3600)
{
	NEEDS_FAULTS();
	long n_kills = number_of("FAULT_KILLS", KILLS_DEFAULT);
	uint64_t seed =
		(uint64_t)number_of("FAULT_SEED", 1 + (long)(clock_wall_ns(NULL) % 1000000));
	struct tally all = { .n_rounds = 0 };
	int results[N_JOBS][2];
	int64_t before_ns = clock_boot_ns(NULL);
	pki_make(test_folder());
	(void)printf("# FAULT_SEED=%llu\n", (unsigned long long)seed);
	(void)fflush(stdout);
	for (int i = 0; i < N_JOBS; i++) {
		REQUIRE(pipe2(results[i], O_CLOEXEC) == 0);
		pid_t pid = fork();
		REQUIRE(pid >= 0);
		if (pid == 0) {
			struct tally t = { .n_rounds = 0 };
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			run_job((n_kills + N_JOBS - 1) / N_JOBS, seed + (uint64_t)i * 7919,
				test_folder(), &t);
			(void)!write(results[i][1], &t, sizeof t);
			test_end(); /* with what its checks found */
		}
		(void)close(results[i][1]);
	}
	for (int i = 0; i < N_JOBS; i++) {
		struct tally t;
		int status = -1;
		CHECK(read(results[i][0], &t, sizeof t) == (ssize_t)sizeof t);
		CHECK(wait(&status) > 0 && status == 0);
		add(&all, &t);
	}
	(void)printf("# %ld deaths in %ld rounds", sum(&all), all.n_rounds);
	for (int i = 0; i < N_VICTIMS; i++)
		(void)printf(", %ld %s", all.kills[i], victim_names[i]);
	(void)printf(
		"\n# %ld notices told to the user, %ld in the outboxes of %ld homes: each with the "
		"server once, in order, and its receipt here; %lld s\n",
		all.n_told, all.n_delivered, all.n_worlds,
		(long long)((clock_boot_ns(NULL) - before_ns) / NS_PER_S));
	CHECK(sum(&all) >= n_kills);
	CHECK(all.n_delivered >= all.n_told && all.n_told > 0);
}
