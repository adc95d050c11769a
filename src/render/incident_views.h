/*
 * Incidents for people and other tools. Part of render.h, which is what other folders include.
 */
#ifndef RENDER_INCIDENT_VIEWS_H
#define RENDER_INCIDENT_VIEWS_H

#include "base/buf.h"
#include "incident/incident.h"

struct render_terminal;

/* --- terminal --------------------------------------------------------------------------------- */

/* Without `all` the nearest of what could still raise it, and how many more there are. */
enum status render_classification_terminal(const struct fact_catalogue *c,
	const struct classification *k, bool all, struct render_terminal t, struct buf *out,
	struct error *e) MUST_CHECK;
struct clock_table {
	const struct clock_row *rows;
	size_t n_rows;
	const struct legal_now *now;
	const struct profile_set *profiles; /* names of roles and stages, zones */
};
enum status render_clocks_terminal(const struct clock_table *c, struct render_terminal t,
	struct buf *out, struct error *e) MUST_CHECK;
/* The whole incident: what, tier, clocks, who received what with proof, history. */
enum status render_incident_terminal(const struct incident *i, const struct profile_set *profiles,
	struct render_terminal t, struct buf *out, struct error *e) MUST_CHECK;
enum status render_incidents_terminal(const struct incident_row *rows, size_t n_rows,
	struct render_terminal t, struct buf *out, struct error *e) MUST_CHECK;
/* What stands on the screen after a first notice: number, tier, what is due next and when. */
enum status render_notice_terminal(const struct incident *i, const struct incident_receipt *r,
	const struct profile_set *profiles, struct render_terminal t, struct buf *out,
	struct error *e) MUST_CHECK;
enum status render_difference_terminal(const struct form_change *changes, size_t n_changes,
	struct render_terminal t, struct buf *out, struct error *e) MUST_CHECK;
enum status render_form_terminal(const struct form *f, json_t *filled, struct render_terminal t,
	struct buf *out, struct error *e) MUST_CHECK;
/* A table of them, newest version each. */
enum status render_warnings_terminal(const struct warning_row *rows, size_t n_rows,
	struct render_terminal t, struct buf *out, struct error *e) MUST_CHECK;
/* One version of an early warning among all that there are of it. */
struct warning_view {
	const struct form *form;
	const struct warning_row *versions; /* the first first */
	size_t n_versions;
	size_t shown;	 /* index of the one that is meant */
	const char *tlp; /* label above and below each page; NULL none */
	bool draft;	 /* nothing of it was kept: paper says so and leaves room to sign */
};
/* Field by field with labels, what this version changed, and the list of all versions. */
enum status render_warning_terminal(const struct warning_view *w, struct render_terminal t,
	struct buf *out, struct error *e) MUST_CHECK;

/* --- documents -------------------------------------------------------------------------------- */

/* What stands above and below a form on paper. */
struct document_head {
	const char *number;		 /* of the incident or warning */
	struct bilingual profile, stage; /* names; NULL or "" none */
	const char *what_changed;	 /* "" first */
	int64_t at_ns;
	int64_t utc_offset_minutes; /* times are shown in this zone, which is named */
	const char *envelope;	    /* id; "" not handed in: then there is room to write */
	const char *sha256;
	const char *tlp;		   /* label above and below each page; NULL none */
	bool drill;			   /* DRILL / 演练 across every page */
	const struct warning_row *warning; /* the version of an early warning; NULL: no warning */
	json_t *before; /* filled form that this one follows: what differs stands in a row of its
			   own; NULL: none */
	/* Choices, times and amounts alone; E_DENIED for a form of somebody's own, whose very
	 * labels may tell. */
	bool redacted;
};
/* A form as the authority's table, filled in or to be filled in: PDF of record (A4, embedded
 * Chinese font, selectable text). E_ABSENT with a sentence where no font is there. */
enum status render_form_pdf(const struct form *f, json_t *filled, const struct document_head *h,
	struct buf *out, struct error *e) MUST_CHECK;
/* The same, self-contained HTML in both languages, with print style. */
enum status render_form_html(const struct form *f, json_t *filled, const struct document_head *h,
	struct buf *out, struct error *e) MUST_CHECK;
/* An early warning as the ministry's table: version, state, what was changed and why. */
enum status render_warning_pdf(
	const struct warning_view *w, struct buf *out, struct error *e) MUST_CHECK;
enum status render_warning_html(
	const struct warning_view *w, struct buf *out, struct error *e) MUST_CHECK;
/* The local receipt of a first notice: what was put where, its hash and how to prove it. */
enum status render_receipt_pdf(const struct incident *i, const struct incident_receipt *r,
	struct buf *out, struct error *e) MUST_CHECK;
/* A ready copy for 12387 (form cac-2025-report), to be read out or typed in: plain text. */
enum status render_form_text(const struct form *f, json_t *filled, const struct document_head *h,
	struct buf *out, struct error *e) MUST_CHECK;

/* --- JSON ------------------------------------------------------------------------------------- */

/* RFC 3339, or null below 0. */
json_t *render_time_json(int64_t wall_ns);
/* One object of `clock list`. NULL where memory is short. */
json_t *render_clock_json(const struct clock_row *c, const struct profile_set *profiles);

/* --- interchange ------------------------------------------------------------------------------ */

/* Is it a label of the Traffic Light Protocol 2.0? */
bool render_tlp_known(const char *label);
struct export_options {
	const char *tlp; /* marking put on it; NULL: the incident's own */
	bool redacted;	 /* without company, persons, numbers, addresses, free text */
	const struct profile_set *profiles;
	int64_t now_ns;
};
/* All of them: E_INVALID where `tlp` is no label. What belongs to a profile of somebody's own is
 * left out where redacted.
 *
 * STIX 2.1 bundle with the OASIS incident extension suite. */
enum status render_stix(const struct incident *i, const struct export_options *o, struct buf *out,
	struct error *e) MUST_CHECK;
/* MISP core format event. */
enum status render_misp(const struct incident *i, const struct export_options *o, struct buf *out,
	struct error *e) MUST_CHECK;
/* OCSF 1.8.0 Incident Finding (class 2005). */
enum status render_ocsf(const struct incident *i, const struct export_options *o, struct buf *out,
	struct error *e) MUST_CHECK;
/* One row an incident; cells that a spreadsheet would calculate are defused. UTF-8 with BOM. */
enum status render_incidents_csv(const struct incident *const *all, size_t n,
	const struct export_options *o, struct buf *out, struct error *e) MUST_CHECK;
enum status render_incidents_xlsx(const struct incident *const *all, size_t n,
	const struct export_options *o, struct buf *out, struct error *e) MUST_CHECK;
/* Due times as iCalendar (RFC 5545), UTC, one VEVENT a clock with an alarm. */
enum status render_icalendar(const struct incident *const *all, size_t n,
	const struct export_options *o, struct buf *out, struct error *e) MUST_CHECK;
/* RFC 5424 message, without framing. */
enum status render_syslog(const struct incident *i, const struct export_options *o, struct buf *out,
	struct error *e) MUST_CHECK;
/* The whole incident with its history, clocks and receipts: HTML in both languages, PDF in that of
 * i18n_use. */
enum status render_incident_html(const struct incident *i, const struct export_options *o,
	struct buf *out, struct error *e) MUST_CHECK;
enum status render_incident_pdf(const struct incident *i, const struct export_options *o,
	struct buf *out, struct error *e) MUST_CHECK;
/* The JSON object of the incident itself, for `incident status --json` and webhooks. */
enum status render_incident_json(const struct incident *i, const struct export_options *o,
	json_t **out, struct error *e) MUST_CHECK;

#endif
