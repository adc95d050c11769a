/*
 * Help on the terminal.
 */
#include "cli/help.h"

#include <string.h>
#include <unistr.h>
#include <uniwidth.h>

#include "base/i18n.h"

enum { COLUMN = 28, WIDTH = 96 };

static int columns_of(const char *text)
{
	return u8_strwidth((const uint8_t *)text, "UTF-8");
}

/* Breaks at blanks, and between Chinese characters, which carry none. */
static void add_wrapped(struct buf *out, const char *text, int indent)
{
	int at = indent;
	const uint8_t *s = (const uint8_t *)text;
	while (*s != 0) {
		const uint8_t *end = s;
		int width = 0;
		ucs4_t c = 0;
		do {
			int step = u8_strmbtouc(&c, end);
			if (step <= 0)
				return;
			width += uc_width(c, "UTF-8");
			end += step;
		} while (*end != 0 && *end != ' ' && *end != '\n' && c < 0x2e80);
		if (at + width > WIDTH && at > indent) {
			buf_addf(out, "\n%*s", indent, "");
			at = indent;
		}
		buf_add_bytes(out, s, (size_t)(end - s));
		at += width;
		s = end;
		if (*s == '\n') {
			buf_addf(out, "\n%*s", indent, "");
			at = indent;
			s++;
		} else if (*s == ' ') {
			s++;
			if (at + 1 < WIDTH)
				buf_add_char(out, ' ');
			at++;
		}
	}
}

static void add_row(struct buf *out, const char *left, const char *right)
{
	int pad = COLUMN - columns_of(left);
	buf_addf(out, "  %s", left);
	if (pad < 2)
		buf_addf(out, "\n%*s", COLUMN + 2, "");
	else
		buf_addf(out, "%*s", pad, "");
	add_wrapped(out, right, COLUMN + 2);
	buf_add_char(out, '\n');
}

static void add_options(struct buf *out, const struct option *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char left[96];
		if (rows[i].value == NULL)
			(void)snprintf(left, sizeof left, "--%s", rows[i].name);
		else
			(void)snprintf(
				left, sizeof left, "--%s %s", rows[i].name, _(rows[i].value));
		add_row(out, left, _(rows[i].help));
	}
}

void help_all(const struct command_table *t, struct buf *out)
{
	buf_addf(out, "%s\n\n%s\n  tocsin <%s> <%s> [%s]\n",
		_("tocsin — rehearse ransomware, watch for it, report the breach in time"),
		_("Usage:"), _("noun"), _("verb"), _("options"));
	for (size_t i = 0; i < t->n_nouns; i++) {
		const struct noun *n = &t->nouns[i];
		buf_addf(out, "\n%s\n", _(n->summary));
		for (size_t j = 0; j < n->n_commands; j++) {
			char left[96];
			(void)snprintf(left, sizeof left, "%s%s%s", n->name,
				n->commands[j]->verb == NULL ? "" : " ",
				n->commands[j]->verb == NULL ? "" : n->commands[j]->verb);
			add_row(out, left, _(n->commands[j]->summary));
		}
	}
	buf_addf(out, "\n%s\n", _("Options of every command:"));
	add_options(out, common_options, n_common_options);
}

void help_noun(const struct noun *n, struct buf *out)
{
	buf_addf(out, "tocsin %s — %s\n\n", n->name, _(n->summary));
	for (size_t i = 0; i < n->n_commands; i++)
		add_row(out, n->commands[i]->verb == NULL ? n->name : n->commands[i]->verb,
			_(n->commands[i]->summary));
}

static void add_usage(const struct cli_command *c, struct buf *out)
{
	buf_addf(out, "tocsin %s%s%s", c->noun, c->verb == NULL ? "" : " ",
		c->verb == NULL ? "" : c->verb);
	for (size_t i = 0; i < c->n_operands; i++)
		buf_addf(out, c->operands[i].required ? " %s" : " [%s]", _(c->operands[i].name));
	buf_addf(out, " [%s]", _("options"));
}

void help_command(const struct cli_command *c, struct buf *out)
{
	add_usage(c, out);
	buf_add_text(out, "\n\n");
	add_wrapped(out, _(c->summary), 0);
	buf_add_char(out, '\n');
	if (c->description != NULL) {
		buf_add_char(out, '\n');
		add_wrapped(out, _(c->description), 0);
		buf_add_char(out, '\n');
	}
	if (c->n_operands > 0)
		buf_add_char(out, '\n');
	for (size_t i = 0; i < c->n_operands; i++)
		add_row(out, _(c->operands[i].name), _(c->operands[i].help));
	if (c->n_options > 0) {
		buf_addf(out, "\n%s\n", _("Options:"));
		add_options(out, c->options, c->n_options);
	}
	buf_addf(out, "\n%s\n", _("Options of every command:"));
	add_options(out, common_options, n_common_options);
}
