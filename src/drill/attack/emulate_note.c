/*
 * Notes and probe files: the only things that the emulator makes besides new versions of decoys.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "drill/attack/emulate.h"
#include "sys/file.h"

const char probe_name[] = "~drill-probe.tmp";

/* "<id>" stands for the run's random part, or for eight hex digits of its own. */
enum status note_name(const struct scenario *s, const unsigned char escrow[ESCROW_KEY_BYTES],
	char out[256], struct error *e)
{
	const char *pattern = s->note_name == NULL ? "" : s->note_name;
	const char *place = strstr(pattern, "<id>");
	char id[17];
	struct digest d = digest_hmac(escrow, ESCROW_KEY_BYTES, "tocsin note", 11);
	(void)hex_text(d.bytes, 4, id);
	int n = place == NULL ? snprintf(out, 256, "%s", pattern)
			      : snprintf(out, 256, "%.*s%s%s", (int)(place - pattern), pattern, id,
					place + 4);
	if (n < 0 || n > 255 || !file_is_single_name((struct view){ out, (size_t)n }))
		return error_set(e, E_INVALID, "the note's name is no plain file name");
	return OK;
}

static void add_cut(struct buf *out, const char *text)
{
	size_t room = NOTE_BYTES_MAX - out->len;
	size_t len = text == NULL ? 0 : strlen(text);
	if (len > room) {
		len = room;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	buf_add_bytes(out, text, len);
}

enum status note_text(const struct scenario *s, const char *id, struct view call, struct buf *out,
	struct error *e)
{
	if (call.len > 512)
		return error_set(e, E_TOO_BIG, "whom to call: longer than 512 bytes");
	buf_addf(out,
		"DRILL - this is a rehearsal, nothing of yours is lost. 演练，不是真实攻击。\n"
		"Drill %s\nMarker %s\n",
		id, DRILL_MARKER);
	if (call.len > 0)
		buf_addf(out, "Questions, or to stop it / 咨询或停止: %.*s\n\n", VIEW_ARGS(call));
	else
		buf_add_text(out, "Questions, or to stop it: your security desk. "
				  "咨询或停止：请联系安全值班室。\n\n");
	add_cut(out, s->note_text.en);
	add_cut(out, "\n");
	add_cut(out, s->note_text.zh);
	return buf_check(out, "note", e);
}

/* O_EXCL: a file that is there already, whosever it is, is left alone. */
static enum file_result make_file(int folder_fd, const char *name, struct view content)
{
	struct error e = ERROR_NONE;
	AUTO_FD int fd = -1;
	if (file_open_beneath(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, &e) != OK)
		return result_of(&e);
	return content.len == 0 ? FILE_CHANGED : write_at(fd, 0, content.at, content.len, NULL);
}

enum file_result emulate_note(struct worker *w, const struct task *t)
{
	struct emulation *em = w->emulation;
	struct error e = ERROR_NONE;
	int folder_fd = -1;
	if (worker_folder(w, t->step.index, &folder_fd, &e) != OK)
		return result_of(&e);
	if (t->step.kind == STEP_NOTE)
		return make_file(folder_fd, em->note_name, buf_view(&em->note));
	enum file_result result = make_file(folder_fd, probe_name, VIEW_NONE);
	if (result == FILE_CHANGED && unlinkat(folder_fd, probe_name, 0) != 0)
		return FILE_FAILED;
	return result;
}
