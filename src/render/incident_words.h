/*
 * How times, tiers and the keys of rules are worded; between the files of this folder.
 */
#ifndef RENDER_INCIDENT_WORDS_H
#define RENDER_INCIDENT_WORDS_H

#include "incident/incident.h"
#include "render/terminal.h"

enum { ZONED_TIME_MAX = 48, SPAN_TEXT_MAX = 32 };
/* "2026-11-28 03:10:00 +08:00"; "–" below 0. Returns `out`. */
const char *zoned_time(int64_t wall_ns, int64_t utc_offset_minutes, char out[ZONED_TIME_MAX]);
/* "00:07:41", "3 d 04:10"; without a sign. Returns `out`. */
const char *span_text(int64_t ns, char out[SPAN_TEXT_MAX]);
/* The name in the language of i18n_use, the key itself where nobody named it. */
const char *rule_name(const struct profile_set *s, enum rule_words kind, const char *key);
/* Of the profile, 0 where it is not loaded. */
int64_t zone_of(const struct profile_set *s, const char *profile);
/* "⬣ I 特别重大 (红)", "significant", "no grade": word, numeral and mark, so that no colour is
 * needed. In the pool of `out`. */
void grade_text(const struct profile *p, int grade, struct buf *out);
enum style grade_style(const struct profile *p, int grade);
/* The instrument and its row, as a person would look them up: a name of our own for a row that has
 * no number is left out. */
void clock_clause(const struct clock_row *c, struct buf *out);
/* One profile may hold rows of another's instrument (cn-miit has those of cn-miit-2024-214): run
 * both, and one duty has two clocks. Where incident, instrument, row, parties, due time, state and
 * who has them in hand are the same, the first of them stands for all. */
bool clock_is_repeat(const struct clock_row *rows, size_t k);
/* "cn-miit, cn-miit-2024-214": the profiles of all clocks that row k stands for. */
void clock_profiles(const struct clock_row *rows, size_t n_rows, size_t k, struct buf *out);
/* "#a3f2c1, #0b77de": the last digits of their ids, as `clock acknowledge` takes them. */
void clock_handles(const struct clock_row *rows, size_t n_rows, size_t k, struct buf *out);
/* "open", "handled", "closed" in the language of i18n_use. */
const char *life_words(enum life l);
/* A line of the history: "first notice", "graded", … */
const char *event_words(const char *kind);
/* "issued", "adjusted", "lifted" of a warning's change. */
const char *warning_change_words(const char *change);
/* "Time limit: within three days → today"; "–" stands for what was or is empty. */
void form_change_words(const struct form_change *change, struct buf *out);
/* "first (key 3f2a…, 2026-11-28 10:00:00 +08:00), second (key …)": those who signed that a grade
 * be lowered. Nothing where nobody did. */
void approval_words(const json_t *approvals, int64_t utc_offset_minutes, struct buf *out);
/* What of an event's details says most in few words: the grade that was given (and by which rules
 * where several run), what changed, why. Nothing: `out` stays empty. */
void event_remark(const struct incident *i, const struct incident_event *ev,
	const struct profile_set *profiles, struct buf *out);
/* One of the eight facts as it was answered: what nobody knows is "unknown". */
const char *notice_words(const struct incident *i, const char *key);
/* Whether and by whom a submission was received: "received by X at T, receipt verified". */
void delivery_words(const struct submission_row *r, int64_t zone, struct buf *out);
/* That a line of the history was changed. */
const char *broken_history_words(void);
/* Sentences that stand above a drill's papers and above a redacted copy. */
const char *drill_words(void);
const char *redacted_words(void);
/* "running", "done late", … in the language of i18n_use. */
const char *clock_state_words(enum clock_state s);
/* Names from a form's notice kinds, "ransomware" → 勒索软件. */
const char *kind_name(const char *key);
/* Is it a kind of the notice, or "unknown"? */
bool kind_known(const char *key);
/* "yes", "no", "unknown" in the language of i18n_use; other text as it is. */
const char *answer_words(const char *answer);

#endif
