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

/* Chinese carries no blanks: a line may break between any two characters, but a closing mark stays
 * with what it closes, and an opening one with what it opens. */
static bool may_break(ucs4_t before, ucs4_t after)
{
	static const ucs4_t opening[] = { 0x2018, 0x201c, 0x3008, 0x300a, 0x300c, 0x3010, 0xff08 };
	static const ucs4_t closing[] = { 0x2014, 0x2019, 0x201d, 0x2026, 0x3001, 0x3002, 0x3009,
		0x300b, 0x300d, 0x3011, 0xff01, 0xff09, 0xff0c, 0xff1a, 0xff1b, 0xff1f };
	if (before < 0x2e80 && after < 0x2e80)
		return false;
	for (size_t i = 0; i < COUNT_OF(opening); i++)
		if (before == opening[i])
			return false;
	for (size_t i = 0; i < COUNT_OF(closing); i++)
		if (after == closing[i])
			return false;
	return true;
}

/* The piece at `s` that must stay on one line: its end, and its width in columns. NULL where the
 * text is no UTF-8. */
static const uint8_t *piece_end(const uint8_t *s, int *out_width)
{
	const uint8_t *end = s;
	ucs4_t c = 0;
	ucs4_t next = 0;
	*out_width = 0;
	do {
		int step = u8_strmbtouc(&c, end);
		if (step <= 0)
			return NULL;
		*out_width += uc_width(c, "UTF-8");
		end += step;
		if (*end != 0 && u8_strmbtouc(&next, end) <= 0)
			return NULL;
	} while (*end != 0 && *end != ' ' && *end != '\n' && !may_break(c, next));
	return end;
}

/* A blank is written with the piece that follows it, so that no line ends in one. */
static void add_wrapped(struct buf *out, const char *text, int indent)
{
	int at = indent;
	int blank = 0;
	const uint8_t *s = (const uint8_t *)text;
	while (*s != 0) {
		int width = 0;
		const uint8_t *end = piece_end(s, &width);
		if (end == NULL)
			return;
		if (at + blank + width > WIDTH && at > indent) {
			buf_addf(out, "\n%*s", indent, "");
			at = indent;
			blank = 0;
		}
		buf_addf(out, "%*s", blank, "");
		buf_add_bytes(out, s, (size_t)(end - s));
		at += blank + width;
		blank = 0;
		s = end;
		if (*s == '\n') {
			buf_addf(out, "\n%*s", indent, "");
			at = indent;
			s++;
		} else if (*s == ' ') {
			blank = 1;
			s++;
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
