/*
 * Reading files that a library maps into memory, while somebody else may cut them. Where a page of
 * a mapping has no file behind it any more, the kernel sends SIGBUS, which ends the program;
 * between begin and end such a page becomes one of zeros, and the library finds a file that is
 * damaged. One thread only, and not for a program that has a handler of its own for SIGBUS
 * meanwhile.
 */
#ifndef SYS_MAPPED_H
#define SYS_MAPPED_H

#include <signal.h>

struct mapped_reading {
	struct sigaction before;
};
void mapped_reading_begin(struct mapped_reading *r);
void mapped_reading_end(struct mapped_reading *r);

#endif
