/*
 * Files that the build puts into the program (tools/embed.py): scenarios, styles.
 */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#include <stddef.h>

struct embedded_file {
	const char *name;  /* base name */
	const char *bytes; /* a NUL follows the last */
	size_t n_bytes;
};

#endif
