/*
 * The journal channel: entries of the system's journal, or of journal files in a folder, read
 * through libsystemd. A pattern sees "identifier: message".
 */
#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-journal.h>

#include "base/fault.h"
#include "drill/sense/channel_source.h"
#include "sys/mapped.h"

enum { ENTRIES_A_LOOK_MAX = 4096 };

struct journal_channel {
	sd_journal *journal;
	char name[CHANNEL_SPEC_MAX + 1];
};

static void journal_channel_close(void *self)
{
	struct journal_channel *j = self;
	sd_journal_close(j->journal); /* accepts NULL */
	free(j);
}
AUTO_TYPE(journal_channel_close, struct journal_channel *)

static enum status to_the_end(struct journal_channel *j, struct error *e)
{
	/* Without a call of previous after seek_tail, the next entry is not defined. */
	int code = sd_journal_seek_tail(j->journal);
	if (code >= 0)
		code = sd_journal_previous(j->journal);
	if (code == 0)
		code = sd_journal_seek_head(j->journal);
	if (code < 0)
		return error_sys(e, E_INVALID, -code, "go to the end of %s", j->name);
	return OK;
}

static enum status open_journal(const struct channel_spec *spec, void **out_self, struct error *e)
{
	AUTO(journal_channel_close)
	struct journal_channel *j = FAULT("channel_journal_open") ? NULL : calloc(1, sizeof *j);
	if (j == NULL)
		return error_set(e, E_NO_SPACE, "no memory for a channel");
	bool of_system = spec->path[0] == '\0';
	(void)snprintf(
		j->name, sizeof j->name, "%s", of_system ? "the system's journal" : spec->path);
	int code = of_system ? sd_journal_open(&j->journal, SD_JOURNAL_LOCAL_ONLY)
			     : sd_journal_open_directory(&j->journal, spec->path, 0);
	if (code < 0)
		return error_sys(e, E_INVALID, -code, "open %s", j->name);
	if (of_system && sd_journal_has_persistent_files(j->journal) == 0 &&
		sd_journal_has_runtime_files(j->journal) == 0)
		return error_set(
			e, E_INVALID, "the system's journal has no files that this user may read");
	(void)sd_journal_set_data_threshold(
		j->journal, LINE_BYTES_MAX); /* its default is the same */
	/* New files are noticed by inotify, which this call starts; without it only growth is. */
	(void)sd_journal_get_fd(j->journal);
	TRY(to_the_end(j, e));
	*out_self = TAKE(j);
	return OK;
}

/* The library reads by mapping. Whoever may write the files may also cut them while it reads, and
 * that would end the program. */
static enum status journal_channel_open(const struct channel_spec *spec,
	const struct drill_watch *watch, void **out_self, struct error *e)
{
	(void)watch;
	struct mapped_reading guard;
	mapped_reading_begin(&guard);
	enum status status = open_journal(spec, out_self, e);
	mapped_reading_end(&guard);
	return status;
}

static struct view field(sd_journal *journal, const char *name)
{
	const void *data = NULL;
	size_t n = 0;
	size_t n_name = strlen(name) + 1;
	if (sd_journal_get_data(journal, name, &data, &n) < 0 || n < n_name)
		return VIEW_NONE;
	return (struct view){ (const char *)data + n_name, n - n_name };
}

/* One entry, as "identifier: message". */
static void give_entry(const struct journal_channel *j, const struct channel_look *look)
{
	AUTO_BUF struct buf line;
	buf_init(&line, 2UL * LINE_BYTES_MAX);
	struct view identifier = field(j->journal, "SYSLOG_IDENTIFIER");
	if (identifier.len > 0 && identifier.len < 256) {
		buf_add(&line, identifier);
		buf_add_text(&line, ": ");
	}
	/* The view of a field ends with the next call for one. */
	struct view message = field(j->journal, "MESSAGE");
	if (message.len > LINE_BYTES_MAX)
		message.len = LINE_BYTES_MAX;
	buf_add(&line, message);
	if (line.len > 0)
		(void)look->sink(buf_view(&line), DETECT_NONE, look->context);
}

static enum status read_entries(
	struct journal_channel *j, const struct channel_look *look, struct error *e)
{
	int code = sd_journal_process(j->journal);
	if (code < 0)
		return error_sys(e, E_FAILED, -code, "read %s", j->name);
	for (int i = 0; i < ENTRIES_A_LOOK_MAX; i++) {
		code = sd_journal_next(j->journal);
		if (code < 0)
			return error_sys(e, E_FAILED, -code, "read %s", j->name);
		if (code == 0)
			return OK;
		give_entry(j, look);
		if (channel_look_over(look))
			return OK;
	}
	return OK;
}

static enum status journal_channel_poll(
	void *self, const struct channel_look *look, struct error *e)
{
	struct mapped_reading guard;
	mapped_reading_begin(&guard);
	enum status status = read_entries(self, look, e);
	mapped_reading_end(&guard);
	return status;
}

const struct channel_type channel_type_journal = { "journal", journal_channel_open,
	journal_channel_poll, NULL, NULL, journal_channel_close };
