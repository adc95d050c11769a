/*
 * What every kind of work on a decoy needs: opening it as it was planted, the folder's descriptor,
 * whole reads and writes, the footer, and what an errno means for the drill.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "drill/attack/emulate.h"
#include "sys/file.h"

enum { COPY_BYTES = 256 * 1024 }; /* a call where a new file's content is not changed */

bool scenario_makes_new_files(const struct scenario *s)
{
	return s->write == WRITE_NEW_UNLINK || s->write == WRITE_NEW_OVERWRITE_UNLINK;
}

bool scenario_renames(const struct scenario *s)
{
	return scenario_makes_new_files(s) || s->rename != RENAME_NONE;
}

enum status worker_init(struct worker *w, struct emulation *em, struct error *e)
{
	size_t n_bytes = em->scenario->io_bytes;
	size_t least = scenario_makes_new_files(em->scenario) ? COPY_BYTES : FOOTER_BYTES_MAX;
	if (n_bytes < least)
		n_bytes = least;
	*w = (struct worker){ .emulation = em, .n_bytes = n_bytes, .folder_fd = -1 };
	TRY(keystream_new(&w->keystream, e));
	w->bytes = FAULT("worker_init") ? NULL : malloc(n_bytes);
	if (w->bytes == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	return OK;
}

void worker_done(struct worker *w)
{
	keystream_free(w->keystream);
	free(w->bytes);
	if (w->folder_fd >= 0)
		(void)close(w->folder_fd); /* opened for reading */
	*w = (struct worker){ .folder_fd = -1 };
}

static int64_t thread_cpu_ns(void)
{
	struct timespec t = { 0, 0 };
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

struct stopwatch stopwatch_start(void)
{
	return (struct stopwatch){ clock_boot_ns(NULL), thread_cpu_ns() };
}

void stopwatch_add(const struct stopwatch *since, struct task *t)
{
	t->took_ns += clock_boot_ns(NULL) - since->boot_ns;
	t->cpu_ns += thread_cpu_ns() - since->cpu_ns;
}

void emulation_mark_t0(struct emulation *em)
{
	long long none = -1;
	if (atomic_load_explicit(&em->t0_boot_ns, memory_order_relaxed) >= 0 ||
		!atomic_compare_exchange_strong(&em->t0_boot_ns, &none, clock_boot_ns(NULL)))
		return;
	AUTO_BUF struct buf body;
	buf_init(&body, 64);
	struct emulate_result m = { atomic_load(&em->t0_boot_ns) };
	emulate_result_write(&body, &m);
	if (packet_send(ROLE_CHANNEL_FD, WIRE_RESULT, buf_view(&body), NULL) != OK)
		emulation_end(em, EMULATE_CHANNEL_LOST);
}

static enum file_result result_of_errno(int errno_value)
{
	switch (errno_value) {
	case ENOENT:
		return FILE_MISSING;
	case EPERM:
	case EACCES:
	case EBUSY:
	case ETXTBSY:
		return FILE_REFUSED;
	case EROFS:
		return FILE_READ_ONLY;
	case ENOSPC:
	case EDQUOT:
		return FILE_NO_SPACE;
	case ELOOP:
	case EXDEV:
	case ENOTDIR:
		return FILE_FOREIGN;
	default:
		return FILE_FAILED;
	}
}

enum file_result result_of(const struct error *e)
{
	if (e->errno_value != 0)
		return result_of_errno(e->errno_value);
	switch (e->status) {
	case E_ABSENT:
		return FILE_MISSING;
	case E_DENIED:
	case E_CONFLICT:
	case E_INVALID:
		return FILE_FOREIGN;
	case OK:
	case E_FAILED:
	case E_USAGE:
	case E_PARTLY:
	case E_TOO_BIG:
	case E_NO_SPACE:
	case E_STOPPED:
	case E_VOIDED:
	case E_INTERRUPTED:
	case E_QUEUED:
	case E_LATE:
		break;
	}
	return FILE_FAILED;
}

bool worker_open_file(struct worker *w, const struct task *t, int flags, int *out_fd,
	enum file_result *out_result)
{
	struct emulation *em = w->emulation;
	struct error e = ERROR_NONE;
	struct stat st;
	AUTO_FD int fd = -1;
	const struct manifest_file *f = &em->manifest->files[t->step.index];
	const struct arena_file which = { t->step.index, NULL, flags };
	int folder_fd = -1;
	enum status status = worker_folder(w, f->folder, &folder_fd, &e);
	if (status == OK)
		status = arena_open_in(&em->view, folder_fd, &which, &fd, &e);
	*out_result = FILE_FAILED;
	if (status != OK) {
		*out_result = result_of(&e);
		return false;
	}
	if (fstat(fd, &st) != 0)
		return false;
	/* Another size than planted: somebody works with it. What he wrote is not ours to change.
	 */
	if ((uint64_t)st.st_size != f->size_bytes) {
		*out_result = FILE_FOREIGN;
		return false;
	}
	*out_fd = TAKE_FD(fd);
	return true;
}

enum status worker_folder(struct worker *w, uint32_t folder, int *out_fd, struct error *e)
{
	struct emulation *em = w->emulation;
	if (w->folder_fd >= 0 && w->folder == folder) {
		*out_fd = w->folder_fd;
		return OK;
	}
	int shared_fd = -1;
	AUTO_FD int fd = -1;
	(void)pthread_mutex_lock(&em->arena_lock);
	enum status status = arena_folder(&em->view, folder, &shared_fd, e);
	/* The view may close its descriptor for another thread's folder: this one is the worker's.
	 */
	if (status == OK)
		status = file_open_beneath(shared_fd, ".", O_RDONLY | O_DIRECTORY, 0, &fd, e);
	(void)pthread_mutex_unlock(&em->arena_lock);
	TRY(status);
	if (w->folder_fd >= 0)
		(void)close(w->folder_fd); /* opened for reading */
	w->folder = folder;
	w->folder_fd = TAKE_FD(fd);
	*out_fd = w->folder_fd;
	return OK;
}

bool name_leads_to(int folder_fd, const char *name, int fd)
{
	struct statx x;
	struct stat st;
	if (fstat(fd, &st) != 0 ||
		statx(folder_fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_INO, &x) != 0)
		return false;
	return x.stx_ino == st.st_ino && makedev(x.stx_dev_major, x.stx_dev_minor) == st.st_dev;
}

enum file_result write_at(
	int fd, uint64_t offset, const void *bytes, size_t n_bytes, bool *out_touched)
{
	const unsigned char *at = bytes;
	while (n_bytes > 0) {
		ssize_t n = FAULT("emulate_write") ? (errno = EIO, -1)
						   : pwrite(fd, at, n_bytes, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return result_of_errno(errno);
		if (out_touched != NULL)
			*out_touched = true;
		at += n;
		offset += (uint64_t)n;
		n_bytes -= (size_t)n;
	}
	return FILE_CHANGED;
}

enum file_result read_at(int fd, uint64_t offset, void *bytes, size_t n_bytes)
{
	unsigned char *at = bytes;
	while (n_bytes > 0) {
		ssize_t n = pread(fd, at, n_bytes, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return result_of_errno(errno);
		if (n == 0)
			return FILE_FOREIGN; /* shorter than a moment ago: not only ours any more */
		at += n;
		offset += (uint64_t)n;
		n_bytes -= (size_t)n;
	}
	return FILE_CHANGED;
}

enum file_result write_footer(struct worker *w, uint64_t size_bytes, int fd, bool *out_touched)
{
	size_t n = w->emulation->scenario->footer_bytes;
	if (n == 0)
		return FILE_CHANGED;
	memset(w->bytes, 0, n);
	keystream_apply(w->keystream, size_bytes, w->bytes, n);
	return write_at(fd, size_bytes, w->bytes, n, out_touched);
}
