/*
 * A page of zeros in place of one that is gone.
 */
#include "sys/mapped.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* What cannot be mended ends the program as it would have: the fault comes again, unhandled. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
	(void)context;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t at = (uintptr_t)info->si_addr & ~(uintptr_t)(page - 1);
	void *put = MAP_FAILED;
	if (info->si_code == BUS_ADRERR && at != 0)
		put = mmap((void *)at, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			0);
	if (put == MAP_FAILED)
		(void)signal(number, SIG_DFL);
}

void mapped_reading_begin(struct mapped_reading *r)
{
	struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };
	(void)sigaction(SIGBUS, &action, &r->before);
}

void mapped_reading_end(struct mapped_reading *r)
{
	(void)sigaction(SIGBUS, &r->before, NULL);
}
