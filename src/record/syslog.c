/*
 * RFC 5424, section 6: HEADER, STRUCTURED-DATA, MSG.
 */
#include "record/syslog.h"

#include <string.h>

#include "base/clock.h"

/* RFC 5424 6: the bounds of the fields. */
enum { HOST_MAX = 255, APP_MAX = 48, PROCESS_MAX = 128, MESSAGE_MAX = 32, NAME_MAX_CHARS = 32 };

/* PRINTUSASCII, at least one character. */
static void add_field(struct buf *out, const char *text, size_t most)
{
	buf_add_char(out, ' ');
	if (text == NULL || text[0] == '\0') {
		buf_add_char(out, '-');
		return;
	}
	for (size_t i = 0; i < most && text[i] != '\0'; i++)
		buf_add_char(out, text[i] > ' ' && text[i] < 0x7f ? text[i] : '_');
}

/* SD-NAME: printable, without '=', ']' and '"'. */
static bool is_name(const char *text)
{
	size_t n = strlen(text);
	if (n == 0 || n > NAME_MAX_CHARS)
		return false;
	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f || strchr("=]\"", text[i]) != NULL)
			return false;
	return true;
}

/* A control character is a blank: a line stays a line, whoever reads it. */
static void add_text(struct buf *out, const char *text, const char *escaped)
{
	for (; *text != '\0'; text++) {
		if (strchr(escaped, *text) != NULL)
			buf_add_char(out, '\\');
		bool is_control = (unsigned char)*text < ' ' || *text == 0x7f;
		buf_add_char(out, is_control ? ' ' : *text);
	}
}

static enum status add_data(const struct syslog_message *m, struct buf *out, struct error *e)
{
	if (m->data_id == NULL) {
		buf_add_text(out, " -");
		return OK;
	}
	if (!is_name(m->data_id) || m->n_parameters > SYSLOG_PARAMETERS_MAX)
		return error_set(
			e, E_INVALID, "syslog: '%.64s' names no structured data", m->data_id);
	buf_addf(out, " [%s", m->data_id);
	for (size_t i = 0; i < m->n_parameters; i++) {
		if (!is_name(m->parameters[i].name))
			return error_set(e, E_INVALID, "syslog: '%.64s' names no structured data",
				m->parameters[i].name);
		buf_addf(out, " %s=\"", m->parameters[i].name);
		add_text(out, m->parameters[i].value, "\"\\]");
		buf_add_char(out, '"');
	}
	buf_add_char(out, ']');
	return OK;
}

enum status syslog_line(const struct syslog_message *m, struct buf *out, struct error *e)
{
	char at[TIME_TEXT_MAX];
	AUTO_BUF struct buf line = { .ceiling = SYSLOG_LINE_MAX };
	if (m->facility < 0 || m->facility > 23 || m->severity > SYSLOG_DEBUG)
		return error_set(e, E_INVALID, "syslog: facility %d or severity %d is out of range",
			m->facility, (int)m->severity);
	buf_addf(&line, "<%d>1 %s", m->facility * 8 + (int)m->severity, time_text(m->at_ns, at));
	add_field(&line, m->host, HOST_MAX);
	add_field(&line, m->app, APP_MAX);
	add_field(&line, m->process_id, PROCESS_MAX);
	add_field(&line, m->message_id, MESSAGE_MAX);
	TRY(add_data(m, &line, e));
	if (m->text != NULL) {
		buf_add_text(&line, " \xef\xbb\xbf"); /* the BOM says that it is UTF-8 (6.4) */
		add_text(&line, m->text, "");
	}
	TRY(buf_check(&line, "syslog", e));
	buf_add(out, buf_view(&line));
	return buf_check(out, "syslog", e);
}
