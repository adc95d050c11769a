/*
 * Control runs: their sentences, and their part of the report.
 */
#include "render/control.h"

#include "base/i18n.h"
#include "render/figures.h"
#include "render/report.h"
#include "render/wording.h"

/* Rule 5 of docs/scoring.md. */
enum { ALARM_POINTS = 2, ALARM_POINTS_MOST = 10 };

uint64_t control_alerts(const struct drill_result *r)
{
	uint64_t n = 0;
	for (size_t i = 0; i < r->n_channels; i++)
		n += r->channels[i].n_alerts;
	return n;
}

enum tone control_tone(const struct drill_result *r)
{
	if (!drill_control_measured(r) || r->verdict == DRILL_VOIDED)
		return TONE_MUTED;
	return r->false_alarms > 0 ? TONE_POOR : TONE_GOOD;
}

void sentence_control(const struct drill_result *r, struct buf *out)
{
	const char *space = i18n_language() == LANGUAGE_ZH ? "" : " ";
	if (drill_control_measured(r))
		buf_addf(out, _("Control run: alerts %s, false alarms %s."),
			figure_count(control_alerts(r)).text, figure_count(r->false_alarms).text);
	else
		buf_add_text(out, _("Control run: nothing was measured."));
	buf_add_text(out, space);
	buf_addf(out, _("Nothing was attacked: ordinary programs handled %s files."),
		figure_count(r->control.n_files).text);
}

static void meaning_of_silence(const struct drill_result *r, struct buf *out)
{
	if (control_alerts(r) > 0) {
		buf_add_text(out, _("What the channels heard was only logged: nobody would have "
				    "been called."));
		buf_add_text(out, i18n_language() == LANGUAGE_ZH ? "" : " ");
	}
	buf_add_text(out, _("No channel took ordinary work for an attack: the next drill on this "
			    "host loses no points for false alarms, and its Detect part can reach "
			    "the best rating, P."));
}

static void meaning_of_alarms(const struct drill_result *r, struct buf *out)
{
	uint64_t points = (uint64_t)r->false_alarms * ALARM_POINTS;
	points = points > ALARM_POINTS_MOST ? ALARM_POINTS_MOST : points;
	buf_addf(out,
		_("Ordinary work was taken for an attack. This costs every further drill on this "
		  "host %s points (two for each false alarm, ten at most), and its Detect part is "
		  "rated M at best, until a control run stays silent."),
		figure_count(points).text);
}

void sentence_control_meaning(const struct drill_result *r, struct buf *out)
{
	if (r->verdict == DRILL_VOIDED)
		buf_add_text(out, _("The run is void and does not count: the next drill goes by "
				    "the control run before this one."));
	else if (!r->channels_named)
		buf_add_text(out, _("No channel was named, so this run could not hear a single "
				    "alarm. It says nothing about false alarms, and changes "
				    "nothing for the Detect part of the next drill."));
	else if (!drill_control_measured(r))
		buf_add_text(out, _("Every channel broke during the run, so its silence says "
				    "nothing about false alarms. Repair the channels and repeat "
				    "it; nothing changes for the Detect part of the next drill."));
	else if (r->verdict == DRILL_STOPPED)
		buf_add_text(out, _("The run was stopped before its end and does not count: the "
				    "next drill goes by the last control run that was complete."));
	else if (r->false_alarms > 0)
		meaning_of_alarms(r, out);
	else
		meaning_of_silence(r, out);
}

const char *control_command(void)
{
	return "tocsin drill run benign-twin --channel 'file:/var/log/edr.log:ransom'";
}

const char *sentence_control_limit(size_t i)
{
	static const char *const limits[] = {
		N_("It covers the programs that it starts (mv, zip, tar, a database dump) at the "
		   "rate of the scenario, not everything that people and programs do here."),
		N_("Silence shows that ordinary work raises no alarm, not that an attack would "
		   "raise one: only a drill with an attack shows that."),
		N_("The signature proves that the record was not changed later. It does not prove "
		   "that what was recorded is true: whoever administers the host could have fed "
		   "it."),
	};
	return i < COUNT_OF(limits) ? _(limits[i]) : NULL;
}

/* --- the report --- */

static const char *count(struct document *d, uint64_t n)
{
	return doc_text(d, figure_count(n).text);
}

static void tile(struct rows *t, const char *label, struct cell value, const char *note)
{
	rows_cell(t, CELL(label));
	rows_cell(t, value);
	rows_cell(t, CELL(note));
}

static const char *channels_note(struct document *d, const struct drill_result *r)
{
	uint64_t n_broken = 0;
	for (size_t i = 0; i < r->n_channels; i++)
		n_broken += r->channels[i].broken;
	if (!r->channels_named)
		return _("no channel was named");
	return n_broken == 0
		       ? _("listened to the whole run")
		       : doc_textf(d, _("broken during the run: %s"), figure_count(n_broken).text);
}

static void add_control_tiles(struct document *d, const struct drill_result *r)
{
	uint64_t n_outside = (uint64_t)r->safety.n_sentinels_changed + r->safety.n_attributed;
	int64_t took_ns = r->ended_ns >= r->started_ns ? r->ended_ns - r->started_ns : -1;
	struct rows t = rows_begin(d, BLOCK_TILES, 3);
	tile(&t, _("Alerts"),
		r->channels_named ? CELL_STRONG(count(d, control_alerts(r)))
				  : (struct cell){ .text = _("not measured"), .tone = TONE_MUTED },
		_("of all channels, logged lines too"));
	tile(&t, _("Channels"), CELL_STRONG(count(d, r->n_channels)), channels_note(d, r));
	tile(&t, _("Files handled"), CELL_STRONG(count(d, r->control.n_files)),
		_("by ordinary programs"));
	tile(&t, _("Programs"), CELL_STRONG(count(d, r->control.n_programs)),
		r->control.n_failed > 0 ? doc_textf(d, _("ended well, %s failed"),
						  figure_count(r->control.n_failed).text)
					: _("ended well, none failed"));
	tile(&t, _("Changed outside"),
		CELL_TONE(count(d, n_outside), n_outside > 0 ? TONE_POOR : TONE_GOOD),
		_("files outside the arena"));
	tile(&t, _("Duration"), CELL_STRONG(doc_text(d, figure_duration(took_ns).text)),
		_("from start to end"));
	rows_add(&t);
}

void add_control_face(struct document *d, const struct drill_result *r)
{
	bool measured = drill_control_measured(r) && r->verdict != DRILL_VOIDED;
	AUTO_BUF struct buf meaning;
	buf_init(&meaning, 8 * KIB);
	sentence_control_meaning(r, &meaning);
	if (meaning.failed)
		d->failed = true;
	add_score(d, (struct score_face){ .score = measured ? count(d, r->false_alarms) : "–",
			     .of = r->false_alarms == 1 ? _("false alarm") : _("false alarms"),
			     .tone = control_tone(r),
			     .note = doc_text(d, buf_text(&meaning)) });
	add_control_tiles(d, r);
}

static struct cell channel_state(const struct drill_channel *c)
{
	if (c->broken)
		return CELL_TONE(_("broke during the run"), TONE_POOR);
	if (!channel_could_hear(c))
		return CELL_TONE(
			c->never_opened ? _("never opened") : _("could not be read"), TONE_POOR);
	if (c->n_false > 0)
		return CELL_TONE(_("had false alarms"), TONE_POOR);
	return CELL_TONE(c->n_alerts > 0 ? _("only logged") : _("silent"), TONE_GOOD);
}

static void add_channel_table(struct document *d, const struct drill_result *r)
{
	static const double widths[] = { 0.46, 0.14, 0.16, 0.24 };
	struct rows t = rows_begin(d, BLOCK_TABLE, 4);
	t.widths = widths;
	t.caption = _("Channels");
	rows_cell(&t, CELL(_("Channel")));
	rows_cell(&t, CELL(_("Alerts")));
	rows_cell(&t, CELL(_("False alarms")));
	rows_cell(&t, CELL(_("State")));
	for (size_t i = 0; i < r->n_channels; i++) {
		const struct drill_channel *c = &r->channels[i];
		rows_cell(&t, CELL_CODE(c->spec));
		rows_cell(&t, CELL(count(d, c->n_alerts)));
		rows_cell(&t, CELL_STRONG(count(d, c->n_false)));
		rows_cell(&t, channel_state(c));
	}
	rows_add(&t);
}

void section_control(struct document *d, const struct drill_result *r)
{
	add_heading(d, "channels", _("What the channels heard"));
	if (r->n_channels > 0)
		add_channel_table(d, r);
	else
		add_text(d, _("No channel was named: nothing could be heard. Name the places where "
			      "your tools report (--channel) and repeat the control run, for "
			      "example:"));
	if (!r->channels_named) {
		add_code(d, control_command());
		add_note(d, _("A log or alert file, the system's journal, a webhook or a person at "
			      "the terminal can be a channel. All kinds are named by:"));
		add_code(d, "tocsin drill run --help");
	}
	if (r->n_alerts > 0)
		add_alerts(d, r);
	if (r->control.missing != NULL && r->control.missing[0] != '\0')
		add_note(d, doc_textf(d,
				    _("Left out, because not installed on this host: %s. The "
				      "control run is that much weaker."),
				    r->control.missing));
}
