/*
 * Whether the thread sanitizer sees into a locked role: two threads of a role race on purpose, and
 * the role's end must tell of it. Without this a clean run of ./dev tsan would prove nothing.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/confine.h"
#include "sys/role.h"
#include "sys/sanitizer.h"
#include "tests/lib/test.h"

enum { N_THREADS = 2, N_ROUNDS = 1000, LOCKED = 7, RACED = 66, SIGNALLED = 1000 };

static int counted;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *count_together(void *context)
{
	(void)context;
	for (int i = 0; i < N_ROUNDS; i++) {
		(void)pthread_mutex_lock(&lock);
		counted++;
		(void)pthread_mutex_unlock(&lock);
	}
	return NULL;
}

static void *count_apart(void *context)
{
	(void)context;
	for (int i = 0; i < N_ROUNDS; i++)
		counted++;
	return NULL;
}

/* The locks of the emulator, with the folder that the parent handed over; then the threads. */
static int count(void *(*run)(void *))
{
	const int kept[] = { ROLE_CHANNEL_FD };
	struct stat st;
	if (fstat(ROLE_FIRST_FD, &st) != 0)
		return 1;
	const struct confine_request r = { .calls = CONFINE_CALLS_EMULATOR,
		.reach = CONFINE_REACH_FOLDER,
		.folder_fd = ROLE_FIRST_FD,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.max_file_bytes = 64 * MIB, /* the report may go to a file */
		.parent = role_parent(),
		.keep_fds = kept,
		.n_keep_fds = COUNT_OF(kept) };
	struct confine_locks locks;
	struct error e = ERROR_NONE;
	int folder_fd = -1;
	if (confine_enter(&r, &locks, &folder_fd, &e) != OK)
		return 2;
	pthread_t threads[N_THREADS];
	for (size_t i = 0; i < N_THREADS; i++)
		if (pthread_create(&threads[i], NULL, run, NULL) != 0)
			return 3;
	for (size_t i = 0; i < N_THREADS; i++)
		if (pthread_join(threads[i], NULL) != 0)
			return 4;
	return LOCKED;
}

static int together_role(size_t n_fds)
{
	return n_fds == 1 ? count(count_together) : 1;
}

static int apart_role(size_t n_fds)
{
	return n_fds == 1 ? count(count_apart) : 1;
}

static const struct role roles[] = { { "together", together_role }, { "apart", apart_role } };

static int run_role(int argc, char **argv)
{
	int status = 1;
	(void)role_dispatch(argc, argv, roles, COUNT_OF(roles), &status);
	return status;
}
int (*test_role_main)(int, char **) = run_role;

/* The exit status, or SIGNALLED and the signal. */
static int end_of(const char *role)
{
	struct error e = ERROR_NONE;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	REQUIRE_OK(confine_pick_uid(1, &uid, &gid, &e), e);
	REQUIRE(mkdir(test_path(role), 0700) == 0);
	AUTO_FD int folder = open(test_path(role), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	REQUIRE(folder >= 0 && (geteuid() != 0 || fchown(folder, uid, gid) == 0));
	const struct role_start start = {
		.role = role, .process_name = role, .fds = { folder }, .n_fds = 1
	};
	struct role_process p = ROLE_PROCESS_NONE;
	REQUIRE_OK(role_spawn(&start, &p, &e), e);
	int status = 0;
	REQUIRE(waitpid(p.pid, &status, 0) == p.pid);
	p.pid = -1;
	role_end(&p);
	return WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(threads_that_take_turns_end_as_they_should)
{
	CHECK_INT(end_of("together"), LOCKED);
}

TEST(a_race_in_a_locked_role_is_told_by_its_end)
{
	if (!SANITIZED_THREADS)
		test_skip("needs the thread sanitizer: ./dev tsan");
	int end = end_of("apart");
	if (end != SIGNALLED + SIGABRT) /* where the environment says abort_on_error */
		CHECK_INT(end, RACED);
}
