/*
 * One RFC 5424 message for a log collector: facility 13 (log audit), severity 2 (critical) for a
 * real incident and 5 (notice) for a drill. Structured data under the example enterprise number
 * that RFC 5612 reserves, as no number is registered for this program.
 */
#include <string.h>

#include "base/clock.h"
#include "render/exchange.h"

enum { FACILITY_AUDIT = 13, SEVERITY_CRITICAL = 2, SEVERITY_NOTICE = 5 };

/* PARAM-VALUE of RFC 5424 6.3.3. */
static void add_value(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, " %s=\"", name);
	for (const char *at = value; *at != '\0'; at++) {
		if (*at == '"' || *at == '\\' || *at == ']')
			buf_add_char(out, '\\');
		if ((unsigned char)*at >= 0x20)
			buf_add_char(out, *at);
	}
	buf_add_char(out, '"');
}

enum status render_syslog(
	const struct incident *i, const struct export_options *o, struct buf *out, struct error *e)
{
	struct exchange x;
	char time[TIME_TEXT_MAX];
	TRY(exchange_from(i, o, &x, e));
	buf_addf(out, "<%d>1 %s - tocsin - incident [incident@32473",
		FACILITY_AUDIT * 8 + (x.drill ? SEVERITY_NOTICE : SEVERITY_CRITICAL),
		time_text(x.modified_ns, time));
	add_value(out, "id", i->id.text);
	add_value(out, "number", i->number);
	add_value(out, "kind", x.kind);
	add_value(out, "state", life_name(i->life));
	add_value(out, "tier", x.tier);
	add_value(out, "tlp", x.tlp->label);
	add_value(out, "drill", x.drill ? "true" : "false");
	if (!x.redacted)
		add_value(out, "company", x.company);
	buf_add_text(out, "] \xEF\xBB\xBF"); /* the mark that says UTF-8 */
	for (const char *at = x.title; *at != '\0'; at++)
		buf_add_char(out, (unsigned char)*at < 0x20 ? ' ' : *at);
	return buf_check(out, "syslog", e);
}
