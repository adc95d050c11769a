/*
 * The tables of clocks. Rows are only ever added here.
 */
#include "incident/clocks/clocks.h"

#include "base/auto.h"

static const struct migration rows[] = {
	{ 1, "clocks, who has them, notes of the time",
		"CREATE TABLE incident_clock ("
		" id TEXT NOT NULL PRIMARY KEY, company TEXT NOT NULL, incident TEXT NOT NULL,"
		" profile TEXT NOT NULL, duty TEXT NOT NULL, n_period BIGINT NOT NULL,"
		" stage TEXT NOT NULL, owes TEXT NOT NULL, owed_to TEXT NOT NULL,"
		" medium TEXT NOT NULL, instrument TEXT NOT NULL, instrument_row TEXT NOT NULL,"
		" certainty TEXT NOT NULL, text_en TEXT NOT NULL, text_zh TEXT NOT NULL,"
		" opened_ns BIGINT NOT NULL, started_ns BIGINT NOT NULL, due_ns BIGINT NOT NULL,"
		" target_ns BIGINT NOT NULL, flags INTEGER NOT NULL, state INTEGER NOT NULL,"
		" early INTEGER NOT NULL, every_minutes BIGINT NOT NULL,"
		" done_ns BIGINT NOT NULL, done_by TEXT NOT NULL, drill INTEGER NOT NULL,"
		" UNIQUE (incident, profile, duty, n_period));"
		"CREATE INDEX incident_clock_open ON incident_clock (state, due_ns);"
		"CREATE TABLE incident_clock_acknowledgement ("
		" clock TEXT NOT NULL, at_ns BIGINT NOT NULL, who TEXT NOT NULL,"
		" until_ns BIGINT NOT NULL);"
		"CREATE INDEX incident_clock_acknowledgement_of"
		" ON incident_clock_acknowledgement (clock, at_ns);"
		"CREATE TABLE incident_clock_silence ("
		" clock TEXT NOT NULL, at_ns BIGINT NOT NULL, who TEXT NOT NULL,"
		" reason TEXT NOT NULL, until_ns BIGINT NOT NULL);"
		"CREATE INDEX incident_clock_silence_of ON incident_clock_silence (clock, at_ns);"
		"CREATE TABLE incident_clock_note ("
		" place INTEGER PRIMARY KEY, boot_id TEXT NOT NULL, wall_ns BIGINT NOT NULL,"
		" boot_ns BIGINT NOT NULL, carried_ns BIGINT NOT NULL);"
		"CREATE TABLE incident_clock_step ("
		" seen_ns BIGINT NOT NULL, by_ns BIGINT NOT NULL, boot_id TEXT NOT NULL);"
		"CREATE INDEX incident_clock_step_boot ON incident_clock_step (boot_id);" },
};

const struct migration_area incident_clock_migrations = { "incident_clock", rows, COUNT_OF(rows) };
