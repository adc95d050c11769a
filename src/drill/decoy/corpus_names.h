/*
 * Words for the names of decoys: departments, subjects, documents. Generic roles and things only:
 * no firm, no person, no place. Private to corpus*.c.
 */
#ifndef DRILL_CORPUS_NAMES_H
#define DRILL_CORPUS_NAMES_H

#include <stdint.h>

#include "base/random.h"
#include "base/view.h"
#include "drill/decoy/manifest.h"

enum { NAME_SUBJECTS = 8, NAME_BYTES_MAX = 160 };

enum name_language { NAME_ZH, NAME_EN };

struct name_department {
	enum name_language language;
	const char *name;
	const char *subjects[NAME_SUBJECTS];
	uint32_t kinds; /* bit per enum decoy_kind that is at home here beside the usual ones */
};
extern const struct name_department name_departments[];
extern const size_t n_name_departments;

/* Level of a folder below the department: subject, year, project, period. */
enum name_level { NAME_LEVEL_SUBJECT, NAME_LEVEL_YEAR, NAME_LEVEL_PROJECT, NAME_LEVEL_PERIOD };

/* Both write a NUL-terminated single name without characters that need quoting anywhere. */
void name_folder(const struct name_department *in, enum name_level level, struct dice *d,
	char out[NAME_BYTES_MAX]);
void name_file(const struct name_department *in, enum decoy_kind kind, const char *extension,
	struct dice *d, char out[NAME_BYTES_MAX]);

#endif
