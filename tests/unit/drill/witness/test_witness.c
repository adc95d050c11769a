/*
 * The witness with its real role and real locks: what it sees, what it leaves alone, what it
 * removes.
 */
#include "drill/witness/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/pack.h"
#include "tests/lib/faults.h"
#include "tests/lib/snapshot.h"
#include "tests/lib/test.h"

#define ID "01890a5d-ac96-774b-bcce-b302099a8057"
#define SENTINELS "tocsin-sentinels-" ID
#define EMULATOR_UID 61999

static const struct role roles[] = { { "witness", witness_role } };

static int run_role(int argc, char **argv)
{
	int status = 1;
	(void)role_dispatch(argc, argv, roles, COUNT_OF(roles), &status);
	return status;
}
int (*test_role_main)(int, char **) = run_role;

struct fixture {
	struct pool *pool;
	struct witness *witness;
	const char *sample_folders[1];
	struct witness_request request;
	struct witness_outcome outcome;
	struct witness_left left;
	struct error e;
};

static void prepare(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	f->pool = pool_new(4 * MIB);
	REQUIRE(f->pool != NULL);
	const char *const folders[] = { "home", "home/drills", ("home/drills/" ID), "data",
		"data/arena", "user", "user/letters" };
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		REQUIRE(mkdir(test_path(folders[i]), 0700) == 0);
	test_write_file(test_path("user/a.txt"), "aaaa", 4);
	test_write_file(test_path("user/letters/b.txt"), "bbbb", 4);
	test_write_file(test_path("user/letters/c.txt"), "cccc", 4);
	REQUIRE(symlink("/etc/passwd", test_path("user/link")) == 0);
	REQUIRE(mkfifo(test_path("user/fifo"), 0600) == 0);
	f->sample_folders[0] = test_path("user");
	f->request = (struct witness_request){
		.arena = test_path("data/arena"),
		.home = test_path("home"),
		.id = ID,
		.sample_folders = f->sample_folders,
		.n_sample_folders = 1,
		.sample_files_max = 256,
		.sample_bytes_max = 64 * MIB,
		.emulator_uid = test_is_root() ? EMULATOR_UID : geteuid(),
	};
}

static void begin(struct fixture *f)
{
	prepare(f);
	REQUIRE_OK(witness_start(&f->request, &f->witness, &f->e), f->e);
}

static void look(struct fixture *f, bool user_files)
{
	REQUIRE_OK(witness_look(f->witness, user_files, f->pool, &f->outcome, &f->e), f->e);
}

static enum status sweep(struct fixture *f, const char *id)
{
	return witness_sweep(f->request.home, id, f->pool, &f->left, &f->e);
}

static void finish(struct fixture *f)
{
	witness_end(f->witness);
	pool_free(f->pool);
}

static bool is_there(const char *name)
{
	return faccessat(AT_FDCWD, test_path(name), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

TEST(an_untouched_outside_is_seen_as_untouched)
{
	struct fixture f;
	begin(&f);
	look(&f, true);
	CHECK_INT(f.outcome.n_sentinels, 12);
	CHECK_INT(f.outcome.n_sentinels_changed, 0);
	CHECK_INT(f.outcome.n_user_files, 3);
	CHECK_INT(f.outcome.n_unattributed, 0);
	CHECK_INT(f.outcome.n_attributed, 0);
	CHECK_INT(f.outcome.n_findings, 0);
	look(&f, false);
	CHECK_INT(f.outcome.n_user_files, 0);
	finish(&f);
}

TEST(watching_leaves_no_trace_on_the_users_files)
{
	struct fixture f;
	prepare(&f);
	AUTO(snapshot_free) struct snapshot *before = snapshot_take(test_path("user"));
	REQUIRE_OK(witness_start(&f.request, &f.witness, &f.e), f.e);
	look(&f, true);
	finish(&f);
	AUTO(snapshot_free) struct snapshot *after = snapshot_take(test_path("user"));
	CHECK_INT(snapshot_compare(before, after, SNAPSHOT_COMPARE_ALL), 0);
}

TEST(every_kind_of_change_to_a_sentinel_is_named)
{
	struct fixture f;
	begin(&f);
	const char *csv = test_path("data/" SENTINELS "/customers.csv");
	const char *notes = test_path("data/" SENTINELS "/notes.txt");
	const char *plan = test_path("home/" SENTINELS "/plan.pdf");
	const char *budget = test_path("home/" SENTINELS "/budget.xlsx");
	int fd = open(csv, O_WRONLY | O_CLOEXEC);
	REQUIRE(fd >= 0 && pwrite(fd, "X", 1, 5) == 1);
	(void)close(fd);
	REQUIRE(chmod(notes, 0644) == 0);
	REQUIRE(rename(plan, test_path("home/" SENTINELS "/plan.pdf.locked")) == 0);
	const struct timespec times[2] = { { 1000, 0 }, { 1000, 0 } };
	REQUIRE(utimensat(AT_FDCWD, budget, times, 0) == 0);
	look(&f, false);
	CHECK_INT(f.outcome.n_sentinels_changed, 5);
	CHECK_INT(f.outcome.n_findings, 5);
	const struct {
		const char *path;
		const char *what;
	} wanted[] = { { csv, "content" }, { notes, "mode" }, { budget, "time" }, { plan, "gone" },
		{ test_path("home/" SENTINELS "/plan.pdf.locked"), "new" } };
	for (size_t i = 0; i < f.outcome.n_findings && i < COUNT_OF(wanted); i++) {
		CHECK_TEXT(f.outcome.findings[i].path, wanted[i].path);
		CHECK_TEXT(f.outcome.findings[i].what, wanted[i].what);
		CHECK(f.outcome.findings[i].is_sentinel);
	}
	finish(&f);
	/* What is not as planted stays, with the list that names it. */
	CHECK(is_there("data/" SENTINELS "/customers.csv"));
	CHECK(is_there("home/drills/" ID "/sentinels"));
}

TEST(links_attributes_and_exchanged_sentinels_are_noticed)
{
	struct fixture f;
	begin(&f);
	const char *csv = test_path("data/" SENTINELS "/customers.csv");
	const char *notes = test_path("data/" SENTINELS "/notes.txt");
	REQUIRE(link(csv, test_path("data/arena/link")) == 0);
	bool attributes = setxattr(notes, "user.mark", "1", 1, 0) == 0;
	const char *plan = test_path("data/" SENTINELS "/plan.pdf");
	REQUIRE(unlink(plan) == 0 && symlink("/etc/passwd", plan) == 0);
	look(&f, false);
	REQUIRE(f.outcome.n_findings == (attributes ? 3 : 2));
	CHECK_TEXT(f.outcome.findings[0].what, "links");
	if (attributes)
		CHECK_TEXT(f.outcome.findings[1].what, "attribute");
	CHECK_TEXT(f.outcome.findings[f.outcome.n_findings - 1].what, "name");
	finish(&f);
}

TEST(a_sentinel_folder_that_is_exchanged_or_gone_is_noticed)
{
	struct fixture f;
	begin(&f);
	REQUIRE(rename(test_path("data/" SENTINELS), test_path("data/elsewhere")) == 0);
	look(&f, false);
	CHECK(f.outcome.n_sentinels_changed > 0);
	REQUIRE(rename(test_path("data/elsewhere"), test_path("data/" SENTINELS)) == 0);
	finish(&f);
}

TEST(a_change_of_the_users_own_file_is_unattributed)
{
	struct fixture f;
	begin(&f);
	test_write_file(test_path("user/letters/b.txt"), "BBBB", 4);
	REQUIRE(unlink(test_path("user/letters/c.txt")) == 0);
	look(&f, true);
	CHECK_INT(f.outcome.n_sentinels_changed, 0);
	CHECK_INT(f.outcome.n_unattributed, 2);
	CHECK_INT(f.outcome.n_attributed, 0);
	finish(&f);
}

TEST(a_users_file_that_became_the_emulators_is_attributed)
{
	if (!test_is_root())
		test_skip("only a run that root started has a uid of its own");
	struct fixture f;
	begin(&f);
	REQUIRE(unlink(test_path("user/letters/b.txt")) == 0);
	test_write_file(test_path("user/letters/b.txt"), "x", 1);
	REQUIRE(chown(test_path("user/letters/b.txt"), EMULATOR_UID, EMULATOR_UID) == 0);
	test_write_file(test_path("data/arena/decoy"), "x", 1);
	REQUIRE(chown(test_path("data/arena/decoy"), EMULATOR_UID, EMULATOR_UID) == 0);
	look(&f, true);
	CHECK_INT(f.outcome.n_attributed, 1);
	CHECK_INT(f.outcome.n_unattributed, 0);
	REQUIRE(f.outcome.n_findings == 1);
	CHECK_TEXT(f.outcome.findings[0].path, test_path("user/letters/b.txt"));
	finish(&f);
}

TEST(a_backup_that_keeps_owners_during_the_attack_is_told_and_not_attributed)
{
	if (!test_is_root())
		test_skip("only a run that root started has a uid of its own");
	struct fixture f;
	prepare(&f);
	/* One copy is of an earlier day's generation and is written again. */
	test_write_file(test_path("user/letters/old.bak"), "x", 1);
	REQUIRE(chown(test_path("user/letters/old.bak"), EMULATOR_UID, EMULATOR_UID) == 0);
	REQUIRE_OK(witness_start(&f.request, &f.witness, &f.e), f.e);
	REQUIRE_OK(witness_mark(f.witness, &f.e), f.e);
	test_write_file(test_path("user/letters/copy.bak"), "x", 1);
	REQUIRE(chown(test_path("user/letters/copy.bak"), EMULATOR_UID, EMULATOR_UID) == 0);
	test_write_file(test_path("user/letters/old.bak"), "yy", 2);
	look(&f, true);
	CHECK_INT(f.outcome.n_attributed, 0);
	CHECK_INT(f.outcome.n_unattributed, 2);
	finish(&f);
}

TEST(what_a_backup_left_with_the_emulators_uid_before_the_attack_is_not_held_against_it)
{
	if (!test_is_root())
		test_skip("only a run that root started has a uid of its own");
	struct fixture f;
	prepare(&f);
	test_write_file(test_path("user/letters/old.bak"), "x", 1);
	REQUIRE(chown(test_path("user/letters/old.bak"), EMULATOR_UID, EMULATOR_UID) == 0);
	REQUIRE_OK(witness_start(&f.request, &f.witness, &f.e), f.e);
	test_write_file(test_path("user/letters/copy.bak"), "x", 1);
	REQUIRE(chown(test_path("user/letters/copy.bak"), EMULATOR_UID, EMULATOR_UID) == 0);
	REQUIRE_OK(witness_mark(f.witness, &f.e), f.e);
	look(&f, true);
	CHECK_INT(f.outcome.n_attributed, 0);
	CHECK_INT(f.outcome.n_unattributed, 0);
	test_write_file(test_path("user/letters/copy.bak"), "yy", 2);
	look(&f, true);
	CHECK_INT(f.outcome.n_attributed, 0);
	CHECK_INT(f.outcome.n_unattributed, 1);
	finish(&f);
}

TEST(the_arena_and_the_home_are_no_part_of_the_sample)
{
	struct fixture f;
	prepare(&f);
	f.sample_folders[0] = test_folder();
	test_write_file(test_path("data/arena/decoy"), "x", 1);
	test_write_file(test_path("home/state"), "x", 1);
	REQUIRE_OK(witness_start(&f.request, &f.witness, &f.e), f.e);
	test_write_file(test_path("data/arena/decoy"), "y", 1);
	test_write_file(test_path("home/state"), "y", 1);
	look(&f, true);
	CHECK_INT(f.outcome.n_user_files, 3);
	CHECK_INT(f.outcome.n_unattributed, 0);
	finish(&f);
}

TEST(the_sample_keeps_to_its_bounds)
{
	struct fixture f;
	prepare(&f);
	f.request.sample_files_max = 2;
	REQUIRE_OK(witness_start(&f.request, &f.witness, &f.e), f.e);
	look(&f, true);
	CHECK_INT(f.outcome.n_user_files, 2);
	witness_end(f.witness);
	f.request.sample_files_max = 256;
	f.request.sample_bytes_max = 9;
	REQUIRE_OK(witness_start(&f.request, &f.witness, &f.e), f.e);
	look(&f, true);
	CHECK_INT(f.outcome.n_user_files, 2);
	finish(&f);
}

TEST(a_large_folder_leaves_the_others_their_share)
{
	struct fixture f;
	prepare(&f);
	const char *const folders[] = { test_path("big"), test_path("user") };
	REQUIRE(mkdir(folders[0], 0700) == 0);
	for (int i = 0; i < 21000; i++) {
		char path[4096];
		(void)snprintf(path, sizeof path, "%s/%d", folders[0], i);
		int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		REQUIRE(fd >= 0 && close(fd) == 0);
	}
	f.request.sample_folders = folders;
	f.request.n_sample_folders = COUNT_OF(folders);
	f.request.sample_files_max = 16;
	REQUIRE_OK(witness_start(&f.request, &f.witness, &f.e), f.e);
	test_write_file(test_path("user/a.txt"), "AAAA", 4);
	test_write_file(test_path("user/letters/b.txt"), "BBBB", 4);
	test_write_file(test_path("user/letters/c.txt"), "CCCC", 4);
	look(&f, true);
	CHECK_INT(f.outcome.n_user_files, 8 + 3);
	CHECK_INT(f.outcome.n_unattributed, 3);
	finish(&f);
}

TEST(sentinels_go_when_the_witness_ends)
{
	struct fixture f;
	begin(&f);
	CHECK(is_there("data/" SENTINELS "/notes.txt"));
	CHECK(is_there("home/" SENTINELS "/notes.txt"));
	finish(&f);
	CHECK(!is_there("data/" SENTINELS));
	CHECK(!is_there("home/" SENTINELS));
	CHECK(!is_there("home/drills/" ID "/sentinels"));
}

/* As a run leaves them whose conductor was killed. */
static void plant_and_die(struct fixture *f)
{
	prepare(f);
	pid_t pid = fork();
	if (pid == 0) {
		struct error e;
		_exit(witness_start(&f->request, &f->witness, &e) == OK ? 0 : 1);
	}
	int status = 1;
	REQUIRE(waitpid(pid, &status, 0) == pid && status == 0);
}

TEST(sentinels_of_a_killed_run_are_swept_and_twice_is_fine)
{
	struct fixture f;
	plant_and_die(&f);
	CHECK(is_there("data/" SENTINELS));
	REQUIRE_OK(sweep(&f, ID), f.e);
	CHECK(!is_there("data/" SENTINELS));
	CHECK(!is_there("home/" SENTINELS));
	REQUIRE_OK(sweep(&f, ID), f.e);
	pool_free(f.pool);
}

static void check_left(const struct fixture *f, size_t index, const char *path, const char *why)
{
	char line[9000];
	(void)snprintf(line, sizeof line, "%s: %s", path, why);
	REQUIRE(f->left.n_lines > index);
	CHECK_TEXT(f->left.lines[index], line);
}

TEST(a_sweep_leaves_what_is_not_as_planted_and_names_it)
{
	struct fixture f;
	plant_and_die(&f);
	const char *notes = test_path("data/" SENTINELS "/notes.txt");
	const char *csv = test_path("data/" SENTINELS "/customers.csv");
	const char *plan = test_path("home/" SENTINELS "/plan.pdf");
	test_write_file(notes, "mine now", 8);
	REQUIRE(link(csv, test_path("data/second")) == 0);
	REQUIRE(unlink(plan) == 0 && symlink("/etc/passwd", plan) == 0);
	test_write_file(test_path("home/" SENTINELS "/evil\033[2J\nx"), "x", 1);
	CHECK_INT(sweep(&f, ID), E_PARTLY);
	CHECK_INT(f.left.n, 4);
	REQUIRE(f.left.n_lines == 4);
	const char *kind = "it is a link, a folder, a device, or a file with a second link";
	check_left(&f, 0, csv, kind);
	check_left(&f, 1, notes,
		"a sentinel that somebody changed: its content is not the planted one");
	check_left(&f, 2, plan, kind);
	check_left(&f, 3, test_path("home/" SENTINELS "/evil [2J x"),
		"it lies among the sentinels, and the drill did not make it");
	CHECK(is_there("data/" SENTINELS "/notes.txt"));
	CHECK(!is_there("data/" SENTINELS "/plan.pdf"));
	pool_free(f.pool);
}

TEST(a_sweep_ends_once_what_it_named_is_gone)
{
	struct fixture f;
	plant_and_die(&f);
	test_write_file(test_path("data/" SENTINELS "/notes.txt"), "mine now", 8);
	CHECK_INT(sweep(&f, ID), E_PARTLY);
	CHECK_INT(sweep(&f, ID), E_PARTLY);
	CHECK_INT(f.left.n, 1);
	REQUIRE(unlink(test_path("data/" SENTINELS "/notes.txt")) == 0);
	REQUIRE_OK(sweep(&f, ID), f.e);
	CHECK_INT(f.left.n, 0);
	CHECK(!is_there("data/" SENTINELS));
	CHECK(!is_there("home/drills/" ID "/sentinels"));
	pool_free(f.pool);
}

TEST(sentinels_that_another_user_took_are_left_and_named)
{
	if (!test_is_root())
		test_skip("only root can give a file away");
	struct fixture f;
	plant_and_die(&f);
	const char *notes = test_path("data/" SENTINELS "/notes.txt");
	REQUIRE(chown(notes, EMULATOR_UID, EMULATOR_UID) == 0);
	CHECK_INT(sweep(&f, ID), E_PARTLY);
	check_left(&f, 0, notes, "it belongs to another user now");
	pool_free(f.pool);
}

TEST(what_a_channel_writes_is_no_sample_and_neither_is_what_lies_in_its_folder)
{
	struct fixture f;
	prepare(&f);
	REQUIRE(mkdir(test_path("user/journal"), 0700) == 0);
	test_write_file(test_path("user/journal/today"), "x", 1);
	test_write_file(test_path("user/edr.log"), "x", 1);
	const char *left_out[] = { test_path("user/edr.log"), test_path("user/journal"),
		test_path("user/not-there") };
	f.request.left_out = left_out;
	f.request.n_left_out = COUNT_OF(left_out);
	REQUIRE_OK(witness_start(&f.request, &f.witness, &f.e), f.e);
	test_write_file(test_path("user/journal/today"), "yy", 2);
	test_write_file(test_path("user/edr.log"), "yy", 2);
	look(&f, true);
	CHECK_INT(f.outcome.n_user_files, 3);
	CHECK_INT(f.outcome.n_unattributed, 0);
	finish(&f);
}

TEST(a_forged_list_of_sentinels_removes_nothing)
{
	struct fixture f;
	prepare(&f);
	AUTO_BUF struct buf list;
	buf_init(&list, 4096);
	for (size_t i = 0; i < 2; i++) {
		pack_put_text(&list, view_of(test_path("user")));
		for (size_t k = 0; k < 6; k++)
			pack_put_digest(&list, digest_of("aaaa", 4));
	}
	test_write_file(test_path("home/drills/" ID "/sentinels"), list.at, list.len);
	test_write_file(test_path("user/notes.txt"), "aaaa", 4);
	AUTO(snapshot_free) struct snapshot *before = snapshot_take(test_path("user"));
	CHECK_INT(sweep(&f, ID), E_PARTLY);
	CHECK_INT(sweep(&f, "../../user"), E_INVALID);
	AUTO(snapshot_free) struct snapshot *after = snapshot_take(test_path("user"));
	CHECK_INT(snapshot_compare(before, after, SNAPSHOT_COMPARE_ALL), 0);
	test_write_file(test_path("home/drills/" ID "/sentinels"), list.at, list.len - 1);
	CHECK_INT(sweep(&f, ID), E_INVALID);
	pool_free(f.pool);
}

/* Our only child is the witness. */
static void kill_witness(void)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	FILE *children = fopen(path, "r");
	int pid = 0;
	if (children == NULL || fscanf(children, "%d", &pid) != 1)
		test_skip("this kernel does not list children");
	(void)fclose(children);
	REQUIRE(kill(pid, SIGKILL) == 0);
}

TEST(a_second_witness_goes_by_what_the_first_saw)
{
	struct fixture f;
	begin(&f);
	kill_witness();
	CHECK_INT(witness_look(f.witness, true, f.pool, &f.outcome, &f.e), E_FAILED);
	REQUIRE_OK(witness_look_again(f.witness, f.pool, &f.outcome, &f.e), f.e);
	CHECK_INT(f.outcome.n_sentinels, 12);
	CHECK_INT(f.outcome.n_sentinels_changed, 0);
	CHECK_INT(f.outcome.n_user_files, 0);
	/* There is no third: of a second that was ended too nothing is known. */
	kill_witness();
	CHECK_INT(witness_look(f.witness, false, f.pool, &f.outcome, &f.e), E_FAILED);
	CHECK_INT(witness_look_again(f.witness, f.pool, &f.outcome, &f.e), E_FAILED);
	finish(&f);
}

static bool found(const struct fixture *f, const char *what, const char *name)
{
	for (size_t i = 0; i < f->outcome.n_findings; i++)
		if (strcmp(f->outcome.findings[i].what, what) == 0 &&
			strstr(f->outcome.findings[i].path, name) != NULL)
			return true;
	return false;
}

TEST(a_second_witness_sees_what_changed_while_there_was_none)
{
	struct fixture f;
	begin(&f);
	kill_witness();
	test_write_file(test_path("home/" SENTINELS "/notes.txt"), "encrypted", 9);
	test_write_file(test_path("home/" SENTINELS "/other"), "new", 3);
	REQUIRE(chmod(test_path("home/" SENTINELS "/plan.pdf"), 0640) == 0);
	REQUIRE(unlink(test_path("home/" SENTINELS "/budget.xlsx")) == 0);
	REQUIRE_OK(witness_look_again(f.witness, f.pool, &f.outcome, &f.e), f.e);
	CHECK_INT(f.outcome.n_sentinels_changed, 4);
	CHECK(found(&f, "content", "/notes.txt") && found(&f, "new", "/other") &&
		found(&f, "mode", "/plan.pdf") && found(&f, "gone", "/budget.xlsx"));
	finish(&f);
}

TEST(a_second_witness_misses_a_sentinel_folder_that_went_before_it_began)
{
	struct fixture f;
	begin(&f);
	kill_witness();
	REQUIRE(rename(test_path("data/" SENTINELS), test_path("data/elsewhere")) == 0);
	REQUIRE_OK(witness_look_again(f.witness, f.pool, &f.outcome, &f.e), f.e);
	CHECK_INT(f.outcome.n_sentinels_changed, 6);
	CHECK(found(&f, "gone", "data/" SENTINELS));
	finish(&f);
}

TEST(a_witness_that_was_ended_is_an_error_and_not_a_clean_bill)
{
	struct fixture f;
	begin(&f);
	kill_witness();
	CHECK_INT(witness_look(f.witness, true, f.pool, &f.outcome, &f.e), E_FAILED);
	finish(&f);
}

TEST(a_start_that_fails_anywhere_leaves_no_sentinel)
{
	NEEDS_FAULTS();
	struct fixture f;
	prepare(&f);
	int n_failed = 0;
	for (long nth = 1; nth < 400; nth++) {
		fault_arm("", nth);
		enum status status = witness_start(&f.request, &f.witness, &f.e);
		fault_disarm();
		if (status == OK) {
			witness_end(f.witness);
			break;
		}
		n_failed++;
		CHECK(f.e.text[0] != '\0');
		REQUIRE_OK(sweep(&f, ID), f.e);
		CHECK(!is_there("home/" SENTINELS));
		CHECK(!is_there("data/" SENTINELS));
	}
	CHECK(n_failed > 20 && n_failed < 399);
	pool_free(f.pool);
}
