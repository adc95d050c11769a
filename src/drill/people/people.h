/*
 * The people's part of a drill: six steps with an inject and a due time each, answered at the
 * terminal, by a controller's file, or not at all (then not assessed). docs/people.md is the page
 * for its users; its examples are tested against people_parse.
 */
#ifndef DRILL_PEOPLE_H
#define DRILL_PEOPLE_H

#include "base/json.h"
#include "drill/drill.h"

enum {
	PEOPLE_STEPS = 6,
	PEOPLE_ROLES = 6,
	PEOPLE_ANSWER_MAX = 500, /* bytes of an answer */
	PEOPLE_LINE_MAX = 160,	 /* bytes of a name, and of the rule's text */
	PEOPLE_FILE_BYTES_MAX = 64 * 1024
};

/* Answers whose time is still to come are waited for by this much: watches differ. */
#define PEOPLE_AHEAD_WAIT_NS (60 * NS_PER_S)

/* --- what an organisation sets --------------------------------------------------------------- */

struct people_settings {
	int64_t authority_due_ns; /* after T0 */
	struct drill_text authority_rule;
	const char *roles[PEOPLE_STEPS]; /* stable word; NULL: as the step itself says */
};
/* The programme's rule: the authority is told within ten minutes of the occurrence. */
void people_settings_init(struct people_settings *s);
/* The keys that people_settings_read takes, in <home>/drill.yaml and in a controller's file. */
#define PEOPLE_SETTING_KEYS "authority_deadline_minutes", "authority_rule", "roles"
/* Changes what the object names, leaves the rest. E_INVALID names the place. */
enum status people_settings_read(struct json_place place, struct pool *p, struct people_settings *s,
	struct error *e) MUST_CHECK;

/* The functions that steps are asked of: the stable word in English, and the Chinese one. Numbered
 * from 1 at the terminal. */
extern const struct drill_text people_roles[PEOPLE_ROLES];
/* The stable word of a role written in either language; NULL where there is none. */
const char *people_role(struct view text);
/* `by`: a stable word. */
bool people_role_fits(const struct drill_step *step, const char *by);

/* The steps' ids in the order of people_settings.roles; the order in which they are due is another.
 */
const char *people_step_id(size_t i);
/* The steps as they stand before anybody answered, in the order in which they are due. */
void people_steps(const struct people_settings *s, struct drill_step out[PEOPLE_STEPS]);

/* --- the controller's file ------------------------------------------------------------------- */

/* When a file is read. */
struct people_moment {
	int64_t t0_wall_ns; /* -1: the attack has not begun; then no step can be done */
	int64_t now_wall_ns;
};

struct people_sheet {
	struct people_settings settings;
	struct drill_step steps[PEOPLE_STEPS];
	bool complete; /* nothing more follows */
	/* A step that is said to be done later than now is not answered; here stands when it would
	 * be, after T0. -1: none such. */
	int64_t ahead_ns[PEOPLE_STEPS];
};
/* The form alone. `settings`: what holds where the text sets nothing, and whatever it says once the
 * attack began. E_INVALID names the place; a
 * step done in a file that is read before the attack began, or before T0, is one. */
enum status people_parse(struct view text, const struct people_moment *moment,
	const struct people_settings *settings, struct pool *p, struct people_sheet *out,
	struct error *e) MUST_CHECK;
/* Before a run: reads the file and refuses it where it is wrong, E_ABSENT where it is not there.
 * Its settings are put over those of *s; *out_complete as in a sheet. */
enum status people_check_file(const char *file, int64_t now_wall_ns, struct pool *p,
	struct people_settings *s, bool *out_complete, struct error *e) MUST_CHECK;

/* --- a run ----------------------------------------------------------------------------------- */

struct people {
	struct drill_step steps[PEOPLE_STEPS];
	struct people_settings settings;
	bool terminal;	  /* somebody may still answer there */
	const char *file; /* NULL: none */
	bool waits;	  /* more is to come in the file, as far as was read */
	struct pool *pool;
	bool at_terminal[PEOPLE_STEPS]; /* answered there, and timed */
	int64_t ahead_ns[PEOPLE_STEPS]; /* as in a sheet, of the newest reading */
	bool told_ahead[PEOPLE_STEPS];
	const char *problem; /* why the file was not read the last time; NULL where it was */
};

struct people_origin {
	int64_t boot_ns, wall_ns; /* T0 on both clocks */
};

/* `settings` hold from here on, whatever the file says later. */
void people_init(struct people *o, const struct people_settings *settings, const char *file,
	bool terminal, struct pool *p);
/* Asks for the first open step at the terminal; call about ten times a second after T0. */
void people_tick(struct people *o, const struct people_origin *t0, int64_t now_boot_ns,
	const struct drill_watch *watch);
/* Reads the controller's file, and says (once a step) which answers lie ahead of now. After that
 * o->waits where it is not complete, or where an answer's time comes within a minute. A file that
 * cannot be read changes nothing but o->problem. */
enum status people_read_file(struct people *o, const struct people_origin *t0, int64_t now_boot_ns,
	const struct drill_watch *watch, struct error *e) MUST_CHECK;
/* True while a step could still be answered in time. */
bool people_open(const struct people *o, const struct people_origin *t0, int64_t now_boot_ns);
bool people_assessed(const struct people *o);
size_t people_n_answered(const struct people *o);

#endif
