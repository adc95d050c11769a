/*
 * One list for a stored result: its rows drive both the writer (result.c) and the reader
 * (result_read.c), so that neither can forget a field. Private to src/drill.
 */
#ifndef DRILL_RESULT_FIELDS_H
#define DRILL_RESULT_FIELDS_H

#include "drill/drill.h"

enum field_kind {
	FIELD_TEXT,	    /* const char *, "" where NULL */
	FIELD_TEXT_OR_NULL, /* const char *, null where NULL */
	FIELD_U32,
	FIELD_U64,    /* up to INT64_MAX, which is all that JSON's whole numbers hold here */
	FIELD_INT,    /* int */
	FIELD_NUMBER, /* double, 0 or more */
	FIELD_BOOL,
	FIELD_TIME,	/* int64_t wall, RFC 3339, null for -1 */
	FIELD_DURATION, /* int64_t ns as a whole number, null for -1 */
	FIELD_SIGNED,	/* int64_t ns that may be negative */
	FIELD_DIGEST,	/* struct digest, hex */
	FIELD_BOTH,	/* struct drill_text, { "en", "zh" } */
	FIELD_ENUM,	/* an enum, by its word */
	FIELD_TEXTS,	/* const char *const * and its count */
	FIELD_OBJECT,	/* fields of the same struct, grouped for readers */
	FIELD_LIST	/* an array of structs and its count */
};

struct field {
	const char *key; /* NULL ends a list */
	enum field_kind kind;
	size_t at;	 /* offset in the struct; FIELD_OBJECT: added to the offsets of its rows */
	size_t count_at; /* FIELD_TEXTS, FIELD_LIST: offset of a size_t */
	const struct field *fields; /* FIELD_OBJECT, FIELD_LIST */
	size_t item_bytes;	    /* FIELD_LIST */
	size_t most; /* FIELD_LIST, FIELD_TEXTS: ceiling of the count; FIELD_OBJECT: 1 may be null
		      */
	const char *(*word)(int value); /* FIELD_ENUM */
	int n_words;
	int since; /* the first format of a stored result that surely has it */
};

extern const struct field drill_result_fields[];

enum { RESULT_TEXT_MAX = 64 * 1024 };

#endif
