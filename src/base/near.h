/*
 * Which names are near one that nobody knows, for "near it: …" in a refusal.
 */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

enum { NEAR_NAME_MAX = 64 };

/* Levenshtein's distance; NEAR_NAME_MAX where one of them is longer than that. */
unsigned near_distance(const char *a, const char *b);

#endif
