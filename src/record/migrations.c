/*
 * The tables of this folder. Rows are only ever added.
 */
#include "record/finding.h"

static const struct migration rows[] = {
	{ 1, "findings",
		"CREATE TABLE record_finding ("
		" id TEXT NOT NULL PRIMARY KEY, source TEXT NOT NULL, rule TEXT NOT NULL,"
		" rule_author TEXT NOT NULL, subject TEXT NOT NULL, severity INTEGER NOT NULL,"
		" technique TEXT, evidence TEXT NOT NULL, remediation TEXT NOT NULL,"
		" at_ns BIGINT NOT NULL);"
		"CREATE INDEX record_finding_at ON record_finding (at_ns);"
		"CREATE INDEX record_finding_source ON record_finding (source, at_ns);" },
	{ 2, "outbox",
		"CREATE TABLE record_outbox ("
		" place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, subject TEXT NOT NULL,"
		" route TEXT NOT NULL, envelope TEXT NOT NULL, state INTEGER NOT NULL,"
		" queued_ns BIGINT NOT NULL, next_try_ns BIGINT NOT NULL, n_tries INTEGER NOT NULL,"
		" last_error TEXT, receipt TEXT);"
		"CREATE INDEX record_outbox_due ON record_outbox (state, subject, place);" },
	{ 3, "outbox: one envelope on several routes, leases, receipts, removable media",
		"ALTER TABLE record_outbox ADD COLUMN envelope_id TEXT;"
		"ALTER TABLE record_outbox ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;"
		"ALTER TABLE record_outbox ADD COLUMN drill INTEGER NOT NULL DEFAULT 0;"
		"ALTER TABLE record_outbox ADD COLUMN holder TEXT;"
		"ALTER TABLE record_outbox ADD COLUMN held_until_boot_ns BIGINT NOT NULL DEFAULT 0;"
		"ALTER TABLE record_outbox ADD COLUMN way TEXT;"
		"ALTER TABLE record_outbox ADD COLUMN http_status INTEGER NOT NULL DEFAULT 0;"
		"ALTER TABLE record_outbox ADD COLUMN tried_ns BIGINT;"
		"ALTER TABLE record_outbox ADD COLUMN exported_ns BIGINT;"
		"ALTER TABLE record_outbox ADD COLUMN ended_ns BIGINT;"
		"ALTER TABLE record_outbox ADD COLUMN received_ns BIGINT;"
		"ALTER TABLE record_outbox ADD COLUMN server TEXT;"
		"UPDATE record_outbox SET envelope_id = id;"
		"CREATE UNIQUE INDEX record_outbox_once ON record_outbox (envelope_id, route);"
		"DROP INDEX record_outbox_due;"
		"CREATE INDEX record_outbox_head ON record_outbox (state, route, subject, place);"
		"CREATE INDEX record_outbox_subject ON record_outbox (subject, place);" },
};

const struct migration_area record_migrations = { "record", rows, COUNT_OF(rows) };
