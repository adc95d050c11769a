/*
 * A recording layer for power cuts: one file, served through /dev/fuse, on which a loop device and
 * a file system stand. Every write and every flush that the file system sends to its "disk" goes to
 * the backing file and, in order, to a log. replay.py makes the disk of any moment from it.
 *
 * Single-threaded on purpose: the log's order is the order in which the disk got its requests.
 * Speaks the kernel's protocol itself (linux/fuse.h), so that no library is needed. Tests only;
 * needs root.
 *
 * usage: recorder FOLDER BACKING LOG      (FOLDER/disk is the file; ends when FOLDER is unmounted)
 *
 * The log: 'W', u64 offset, u32 length, the bytes; or 'F'. Little-endian.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE_MAX = 128 * 1024, REQUEST_MAX = WRITE_MAX + 4096, DISK_NODE = 2, VALID_S = 3600 };

struct recorder {
	int fuse_fd;
	int disk_fd;
	FILE *log;
	unsigned long long size_bytes;
	unsigned char *request;
	unsigned char *bytes;
};

static void answer(
	struct recorder *r, unsigned long long unique, int error, const void *body, size_t n_bytes)
{
	struct fuse_out_header head = {
		.len = (unsigned)(sizeof head + n_bytes), .error = -error, .unique = unique
	};
	union {
		const void *in;
		void *out;
	} at = { body };
	struct iovec pieces[2] = { { &head, sizeof head }, { at.out, n_bytes } };
	/* ENOENT: the caller was interrupted meanwhile. */
	if (writev(r->fuse_fd, pieces, n_bytes == 0 ? 1 : 2) < 0 && errno != ENOENT)
		perror("recorder: answer");
}

static struct fuse_attr attributes(const struct recorder *r, unsigned long long node)
{
	bool disk = node == DISK_NODE;
	return (struct fuse_attr){ .ino = node,
		.size = disk ? r->size_bytes : 0,
		.blocks = disk ? r->size_bytes / 512 : 0,
		.mode = disk ? S_IFREG | 0600 : S_IFDIR | 0700,
		.nlink = disk ? 1 : 2,
		.blksize = 4096 };
}

static void serve_init(struct recorder *r, const struct fuse_in_header *h, const void *body)
{
	const struct fuse_init_in *in = body;
	struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = in->max_readahead,
		/* No write-back cache: what the loop device wrote is here before it goes on. */
		.flags = FUSE_BIG_WRITES,
		.max_background = 16,
		.congestion_threshold = 12,
		.max_write = WRITE_MAX,
		.time_gran = 1 };
	answer(r, h->unique, 0, &out, sizeof out);
}

static void serve_lookup(struct recorder *r, const struct fuse_in_header *h, const char *name)
{
	if (strcmp(name, "disk") != 0) {
		answer(r, h->unique, ENOENT, NULL, 0);
		return;
	}
	struct fuse_entry_out out = { .nodeid = DISK_NODE,
		.generation = 1,
		.entry_valid = VALID_S,
		.attr_valid = VALID_S,
		.attr = attributes(r, DISK_NODE) };
	answer(r, h->unique, 0, &out, sizeof out);
}

static void serve_attributes(struct recorder *r, const struct fuse_in_header *h)
{
	struct fuse_attr_out out = { .attr_valid = VALID_S, .attr = attributes(r, h->nodeid) };
	answer(r, h->unique, 0, &out, sizeof out);
}

static void serve_read(struct recorder *r, const struct fuse_in_header *h, const void *body)
{
	const struct fuse_read_in *in = body;
	size_t n = in->size < WRITE_MAX ? in->size : WRITE_MAX;
	ssize_t got = pread(r->disk_fd, r->bytes, n, (off_t)in->offset);
	answer(r, h->unique, got < 0 ? errno : 0, r->bytes, got < 0 ? 0 : (size_t)got);
}

static void serve_write(struct recorder *r, const struct fuse_in_header *h, const void *body)
{
	const struct fuse_write_in *in = body;
	const unsigned char *bytes = (const unsigned char *)body + sizeof *in;
	struct fuse_write_out out = { .size = in->size };
	if (pwrite(r->disk_fd, bytes, in->size, (off_t)in->offset) != (ssize_t)in->size) {
		answer(r, h->unique, EIO, NULL, 0);
		return;
	}
	unsigned long long offset = in->offset;
	unsigned length = in->size;
	bool logged = fputc('W', r->log) != EOF && fwrite(&offset, 8, 1, r->log) == 1 &&
		      fwrite(&length, 4, 1, r->log) == 1 && fwrite(bytes, length, 1, r->log) == 1;
	if (!logged)
		abort(); /* a log with a gap would prove nothing */
	answer(r, h->unique, 0, &out, sizeof out);
}

static void serve_flush(struct recorder *r, const struct fuse_in_header *h)
{
	if (fputc('F', r->log) == EOF || fflush(r->log) != 0)
		abort();
	answer(r, h->unique, 0, NULL, 0);
}

static void serve(struct recorder *r, size_t n_bytes)
{
	const struct fuse_in_header *h = (const void *)r->request;
	const unsigned char *body = r->request + sizeof *h;
	if (n_bytes < sizeof *h)
		return;
	switch (h->opcode) {
	case FUSE_INIT:
		serve_init(r, h, body);
		return;
	case FUSE_LOOKUP:
		serve_lookup(r, h, (const char *)body);
		return;
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		serve_attributes(r, h);
		return;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		answer(r, h->unique, 0, &(struct fuse_open_out){ .fh = 1 },
			sizeof(struct fuse_open_out));
		return;
	case FUSE_READ:
		serve_read(r, h, body);
		return;
	case FUSE_WRITE:
		serve_write(r, h, body);
		return;
	case FUSE_FSYNC:
		serve_flush(r, h);
		return;
	case FUSE_READDIR:
	case FUSE_FLUSH:
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_DESTROY:
		answer(r, h->unique, 0, NULL, 0);
		return;
	case FUSE_STATFS:
		answer(r, h->unique, 0, &(struct fuse_statfs_out){ .st = { .bsize = 4096 } },
			sizeof(struct fuse_statfs_out));
		return;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	default:
		answer(r, h->unique, ENOSYS, NULL, 0);
	}
}

static int start(struct recorder *r, char **argv)
{
	char options[128];
	struct stat st;
	r->disk_fd = open(argv[2], O_RDWR | O_CLOEXEC);
	r->log = fopen(argv[3], "wbe");
	r->fuse_fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	r->request = malloc(REQUEST_MAX);
	r->bytes = malloc(WRITE_MAX);
	if (r->disk_fd < 0 || r->log == NULL || r->fuse_fd < 0 || r->request == NULL ||
		r->bytes == NULL || fstat(r->disk_fd, &st) != 0)
		return -1;
	r->size_bytes = (unsigned long long)st.st_size;
	(void)snprintf(
		options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", r->fuse_fd);
	return mount("recorder", argv[1], "fuse", MS_NOSUID | MS_NODEV, options);
}

int main(int argc, char **argv)
{
	struct recorder r = { .fuse_fd = -1 };
	if (argc != 4) {
		(void)fprintf(stderr, "usage: recorder FOLDER BACKING LOG\n");
		return 2;
	}
	if (start(&r, argv) != 0) {
		perror("recorder");
		return 1;
	}
	for (;;) {
		ssize_t n = read(r.fuse_fd, r.request, REQUEST_MAX);
		if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT))
			continue;
		if (n < 0)
			break; /* ENODEV: unmounted */
		serve(&r, (size_t)n);
	}
	return errno == ENODEV && fclose(r.log) == 0 ? 0 : 1;
}
