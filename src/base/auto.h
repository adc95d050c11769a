/*
 * Ownership by scope: a variable that owns is declared with AUTO… and initialised; giving it away
 * is TAKE. There is no "goto out" in this tree.
 */
#ifndef BASE_AUTO_H
#define BASE_AUTO_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* `unused`: clang warns where a scope only keeps a thing alive.
 * AUTO(store_close) struct store *s = NULL;  needs AUTO_TYPE(store_close, struct store *) once. */
#define AUTO(free_function) __attribute__((cleanup(auto_##free_function), unused))

/* Put beside the declaration of the destructor, in its header. The destructor accepts NULL. */
#define AUTO_TYPE(free_function, pointer_type)                                                     \
	static inline void auto_##free_function(pointer_type *p)                                   \
	{                                                                                          \
		if (*p != NULL)                                                                    \
			free_function(*p);                                                         \
	}

static inline void auto_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* a scope that must know closes by hand and sets -1 */
}
#define AUTO_FD __attribute__((cleanup(auto_fd)))

static inline void auto_free_memory(void *p)
{
	free(*(void **)p);
}
#define AUTO_FREE __attribute__((cleanup(auto_free_memory), unused))

static inline void auto_file(FILE **f)
{
	if (*f != NULL)
		(void)fclose(*f); /* as for auto_fd */
}
#define AUTO_FILE __attribute__((cleanup(auto_file)))

/* Empties the owner and yields what it held. */
#define TAKE(pointer)                                                                              \
	({                                                                                         \
		__typeof__(pointer) taken_ = (pointer);                                            \
		(pointer) = NULL;                                                                  \
		taken_;                                                                            \
	})

static inline int take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}
#define TAKE_FD(fd) take_fd(&(fd))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define KIB (1024UL)
#define MIB (1024UL * 1024UL)
#define GIB (1024UL * 1024UL * 1024UL)

#endif
