/*
 * Bad days of a disk, for one test: a small file system that can be filled or made read-only, and a
 * user who may not write everywhere. Works as root, and otherwise where a user may make namespaces;
 * elsewhere the test is skipped and says so.
 */
#ifndef TESTS_LIB_SMALL_DISK_H
#define TESTS_LIB_SMALL_DISK_H

#include <stddef.h>

/* Mounts a tmpfs of that size at test_path(name), in a mount namespace of this test's own. */
void small_disk(const char *name, size_t n_bytes);
/* Writes test_path(name)/filler until nothing fits; _free removes it. */
void small_disk_fill(const char *name);
void small_disk_free(const char *name);
void small_disk_read_only(const char *name);
void small_disk_writable(const char *name);
/* From here on the test is an ordinary user, whom all of test_folder() belongs to: root becomes
 * nobody (65534). */
void small_disk_drop_root(void);

#endif
