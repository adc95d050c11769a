/*
 * Whether a sanitizer is compiled in: it needs a few things of its own (its report on descriptor 2,
 * its options in the environment) that no release has. Private to this folder.
 */
#ifndef SYS_SANITIZER_H
#define SYS_SANITIZER_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
	__has_feature(undefined_behavior_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifndef SANITIZED
#define SANITIZED 0
#endif

#if defined(__SANITIZE_THREAD__)
#define SANITIZED_THREADS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SANITIZED_THREADS 1
#endif
#endif

#ifndef SANITIZED_THREADS
#define SANITIZED_THREADS 0
#endif

#endif
