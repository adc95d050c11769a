/*
 * Incidents: first notice, four-tier classification, legal clocks, staged reports, early warnings.
 * This is all that the rest of the program knows of src/incident. Nothing here prints, reads
 * options, makes HTML or PDF, or opens a socket: notices go into the outbox (record), the sender
 * takes them on.
 */
#ifndef INCIDENT_INCIDENT_H
#define INCIDENT_INCIDENT_H

#include "incident/cases/cases.h"
#include "incident/cases/owed.h"
#include "incident/warnings/warnings.h"

struct migration_area;
/* The incident tables, for store_open; incident_clock_migrations (clocks.h) are the others. */
extern const struct migration_area incident_migrations;

#endif
