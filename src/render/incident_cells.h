/*
 * What stands in a cell of a form on paper; between the files of this folder.
 */
#ifndef RENDER_INCIDENT_CELLS_H
#define RENDER_INCIDENT_CELLS_H

#include "incident/incident.h"
#include "render/document.h"

enum form_copy {
	COPY_RECORD,  /* what was handed in: what is empty stays so */
	COPY_DRAFT,   /* room to write, boxes to tick */
	COPY_REDACTED /* without anything that somebody wrote in words */
};
/* The value of one field. In the document's pool. */
struct cell form_cell(struct document *d, const struct form *f, const struct form_field *field,
	json_t *value, enum form_copy copy);
/* What may be shown of a value in a redacted copy: choices, times, amounts; otherwise "(left out)".
 * In the pool. */
const char *form_redacted_text(const struct form_field *field, json_t *value, struct pool *p);
/* Is the option chosen in a field ({"value", …} or the plain value, one or a list)? */
bool form_option_chosen(json_t *value, const struct fact_choice *option);
/* "2.10" as the instrument prints it, else the place on the form. */
const char *form_number(const struct form_field *field, struct pool *p);

#endif
