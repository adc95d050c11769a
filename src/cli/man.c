/*
 * Manual pages (man(7)) from the command rows.
 */
#include <string.h>

#include "base/i18n.h"
#include "cli/help.h"

/* Text that roff must not read as its own: backslashes, and a dot or quote that begins a line. */
static void add_roff(struct buf *out, const char *text)
{
	bool line_start = true;
	for (const char *at = text; *at != '\0'; at++) {
		if (line_start && (*at == '.' || *at == '\''))
			buf_add_text(out, "\\&");
		if (*at == '\\')
			buf_add_text(out, "\\e");
		else if (*at == '-')
			buf_add_text(out, "\\-");
		else
			buf_add_char(out, *at);
		line_start = *at == '\n';
	}
}

/* Letters of ASCII alone: other scripts have no capitals to speak of. */
static void add_capitals(struct buf *out, const char *text)
{
	for (const char *at = text; *at != '\0'; at++)
		buf_add_char(out, *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at);
}

static void add_section(struct buf *out, const char *title)
{
	buf_add_text(out, ".SH ");
	add_capitals(out, title);
	buf_add_char(out, '\n');
}

static void add_man_options(struct buf *out, const struct option *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, ".TP\n\\fB\\-\\-");
		add_roff(out, rows[i].name);
		buf_add_text(out, "\\fR");
		if (rows[i].value != NULL) {
			buf_add_text(out, " \\fI");
			add_roff(out, _(rows[i].value));
			buf_add_text(out, "\\fR");
		}
		buf_add_char(out, '\n');
		add_roff(out, _(rows[i].help));
		buf_add_char(out, '\n');
	}
}

static void add_man_command(struct buf *out, const struct cli_command *c)
{
	add_section(out, _("name"));
	buf_addf(out, "tocsin\\-%s%s%s \\- ", c->noun, c->verb == NULL ? "" : "\\-",
		c->verb == NULL ? "" : c->verb);
	add_roff(out, _(c->summary));
	buf_add_char(out, '\n');
	add_section(out, _("synopsis"));
	buf_addf(out, "\\fBtocsin %s%s%s\\fR", c->noun, c->verb == NULL ? "" : " ",
		c->verb == NULL ? "" : c->verb);
	for (size_t i = 0; i < c->n_operands; i++)
		buf_addf(out, c->operands[i].required ? " \\fI%s\\fR" : " [\\fI%s\\fR]",
			_(c->operands[i].name));
	buf_addf(out, " [\\fI%s\\fR]\n", _("options"));
	if (c->description != NULL) {
		add_section(out, _("description"));
		add_roff(out, _(c->description));
		buf_add_char(out, '\n');
	}
	add_section(out, _("options"));
	for (size_t i = 0; i < c->n_operands; i++) {
		buf_addf(out, ".TP\n\\fI%s\\fR\n", _(c->operands[i].name));
		add_roff(out, _(c->operands[i].help));
		buf_add_char(out, '\n');
	}
	add_man_options(out, c->options, c->n_options);
	add_man_options(out, common_options, n_common_options);
}

static void add_man_exit(struct buf *out)
{
	static const struct {
		int code;
		const char *meaning;
	} rows[] = {
		{ 0, N_("Done.") },
		{ 1, N_("Failed.") },
		{ 2, N_("The command line is off.") },
		{ 3, N_("Done in part; what is left is named.") },
		{ 4, N_("Not allowed.") },
		{ 5, N_("Not found, or a conflict.") },
		{ 6, N_("Invalid input; nothing was done.") },
		{ 7, N_("Accepted here, not yet delivered.") },
		{ 8, N_("Delivered, but after its deadline.") },
		{ 9, N_("Stopped on request or by its lease.") },
		{ 10, N_("Voided by the safety check.") },
		{ 130, N_("Interrupted.") },
	};
	add_section(out, _("exit status"));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		buf_addf(out, ".TP\n%d\n", rows[i].code);
		add_roff(out, _(rows[i].meaning));
		buf_add_char(out, '\n');
	}
}

/* "TOCSIN-DRILL-RUN", as man(7) wants titles. */
static void add_man_title(const struct cli_command *c, struct buf *out)
{
	const char *const words[] = { "tocsin", c == NULL ? NULL : c->noun,
		c == NULL ? NULL : c->verb };
	buf_add_text(out, "'\\\" -*- coding: UTF-8 -*-\n.TH ");
	for (size_t i = 0; i < COUNT_OF(words) && words[i] != NULL; i++) {
		buf_add_text(out, i == 0 ? "" : "\\-");
		add_capitals(out, words[i]);
	}
	buf_addf(out, " 1 \"\" \"tocsin %s\" \"%s\"\n", TOCSIN_VERSION, _("Tocsin manual"));
	buf_add_text(out, ".ad l\n"); /* blanks that fill a line look odd in Chinese */
}

void man_page(const struct command_table *t, const struct cli_command *c, struct buf *out)
{
	add_man_title(c, out);
	if (c != NULL) {
		add_man_command(out, c);
		add_man_exit(out);
		return;
	}
	add_section(out, _("name"));
	buf_add_text(out, "tocsin \\- ");
	add_roff(out, _("rehearse ransomware, watch for it, report the breach in time"));
	buf_add_char(out, '\n');
	add_section(out, _("synopsis"));
	buf_addf(out, "\\fBtocsin\\fR \\fI%s\\fR \\fI%s\\fR [\\fI%s\\fR]\n", _("noun"), _("verb"),
		_("options"));
	add_section(out, _("commands"));
	for (size_t i = 0; i < t->n_nouns; i++) {
		for (size_t j = 0; j < t->nouns[i].n_commands; j++) {
			const struct cli_command *row = t->nouns[i].commands[j];
			buf_addf(out, ".TP\n\\fB%s%s%s\\fR\n", row->noun,
				row->verb == NULL ? "" : " ", row->verb == NULL ? "" : row->verb);
			add_roff(out, _(row->summary));
			buf_add_char(out, '\n');
		}
	}
	add_section(out, _("options"));
	add_man_options(out, common_options, n_common_options);
	add_man_exit(out);
}
