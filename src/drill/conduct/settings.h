/*
 * <home>/drill.yaml: what this installation sets for all its drills.
 *
 *   arena: /srv/tocsin-drill              # where a drill plants when nobody names a place
 *   authority_deadline_minutes: 240       # and further keys of people_settings_read
 */
#ifndef DRILL_SETTINGS_H
#define DRILL_SETTINGS_H

#include "drill/people/people.h"

#define SETTINGS_FILE "drill.yaml"
#define SETTINGS_BYTES_MAX (64 * KIB)

struct drill_settings {
	const char *arena; /* NULL: not set */
	struct people_settings people;
};
/* The defaults where there is no such file, or nothing but comments in it. E_INVALID names file and
 * place. */
enum status settings_read(
	const char *home, struct pool *p, struct drill_settings *out, struct error *e) MUST_CHECK;
/* Of a run: drill.yaml, and over it what the controller's file (NULL: none) sets. That file is
 * refused here where it is missing or wrong; *out_complete: it says that nothing follows. */
enum status settings_of_people(const struct drill_context *c, const char *people_file,
	struct pool *p, struct people_settings *out, bool *out_complete,
	struct error *e) MUST_CHECK;

#endif
