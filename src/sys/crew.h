/*
 * Threads among which one process divides many equal jobs. They are started once, inside whatever
 * locks the process has on, and wait between two tasks. On one processor, or for few jobs, there
 * are none: the caller does the work.
 */
#ifndef SYS_CREW_H
#define SYS_CREW_H

#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/error.h"

enum { CREW_MAX = 4 };

/* How many workers serve for n jobs on the processors that this process may use. */
size_t crew_size(uint32_t n_jobs);

struct crew;
/* 1 … CREW_MAX workers; 1 means the caller. E_NO_SPACE. Where not all threads can be started the
 * others do the work. */
enum status crew_new(size_t n_workers, struct crew **out, struct error *e) MUST_CHECK;
void crew_free(struct crew *c);
AUTO_TYPE(crew_free, struct crew *)

struct crew_task {
	uint32_t n;
	/* One of 0 … n-1, each once, begun in rising order; in the thread of worker `worker` (0 …
	 * n_workers-1), of which only one job runs at a time. Not OK: no further job is begun. */
	enum status (*job)(size_t worker, uint32_t index, void *context, struct error *e);
	/* In the caller's thread, about twenty times a second (after each job where the caller
	 * works) and once at the end. Not OK: no further job is begun. */
	enum status (*between)(uint32_t n_done, void *context, struct error *e);
	void *context;
};
/* The first status that was not OK, with its sentence; the jobs begun until then are done. */
enum status crew_run(struct crew *c, const struct crew_task *t, struct error *e) MUST_CHECK;

#endif
