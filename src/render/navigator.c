/*
 * ATT&CK Navigator layer, format 4.5 (mitre-attack/attack-navigator, layers/spec/v4.5): one entry
 * for each technique that the scenario rehearses, scored by what detection and containment did
 * about it.
 *
 * The layer is English: it is read by tools and compared between hosts.
 */
#include <stdio.h>

#include "render/figures.h"
#include "render/render.h"

struct layer {
	bool failed; /* memory was short somewhere */
};

static void set(struct layer *l, json_t *object, const char *key, json_t *value)
{
	if (value == NULL || json_object_set_new(object, key, value) != 0)
		l->failed = true;
}

static void append(struct layer *l, json_t *list, json_t *value)
{
	if (value == NULL || json_array_append_new(list, value) != 0)
		l->failed = true;
}

enum { OUTCOME_UNKNOWN = -1 };

/* 100: prevented; 75: alerted and contained; 50: one of the two; 25: logged; 0: nothing was done,
 * which can only be said where somebody listened and the attack had its time. */
static int outcome_score(const struct drill_result *r)
{
	bool contained = r->verdict == DRILL_CONTAINED;
	bool heard = drill_could_hear(r);
	if (heard && r->detect == DETECT_PREVENTED)
		return 100;
	if (contained && r->t0_ns < 0) /* before the first byte */
		return 100;
	bool alerted = heard && r->detect == DETECT_ALERTED;
	if (alerted && contained)
		return 75;
	if (alerted || contained)
		return 50;
	if (heard && r->detect == DETECT_LOGGED)
		return 25;
	return heard && !drill_attack_was_stopped(r) ? 0 : OUTCOME_UNKNOWN;
}

static const char *colour_of(int score)
{
	return score == OUTCOME_UNKNOWN ? "#c8ccd2"
	       : score >= 75		? "#8ec843"
	       : score >= 50		? "#ffe766"
	       : score >= 25		? "#ffaf66"
					: "#ff6666";
}

static json_t *pair(struct layer *l, const char *name, const char *value)
{
	json_t *object = json_object();
	if (object == NULL)
		return NULL;
	set(l, object, "name", json_string(name));
	set(l, object, "value", json_string(value));
	return object;
}

static json_t *technique(struct layer *l, const struct drill_result *r, const char *id)
{
	json_t *object = json_object();
	if (object == NULL)
		return NULL;
	char comment[256];
	int score = outcome_score(r);
	bool voided = r->verdict == DRILL_VOIDED;
	(void)snprintf(comment, sizeof comment,
		"drill: %s; detect: %s; contain: %s; lost %u of %u decoys",
		drill_verdict_name(r->verdict),
		drill_could_hear(r) ? drill_detect_name(r->detect) : "not assessed",
		drill_contain_name(r->contain), r->n_lost, r->n_planted);
	set(l, object, "techniqueID", json_string(id));
	if (!voided && score != OUTCOME_UNKNOWN)
		set(l, object, "score", json_integer(score));
	if (!voided)
		set(l, object, "color", json_string(colour_of(score)));
	set(l, object, "comment", json_string(comment));
	set(l, object, "enabled", json_boolean(!voided));
	set(l, object, "metadata", json_array());
	set(l, object, "links", json_array());
	set(l, object, "showSubtechniques", json_false());
	return object;
}

static json_t *versions(struct layer *l)
{
	json_t *object = json_object();
	if (object == NULL)
		return NULL;
	set(l, object, "attack", json_string("14"));
	set(l, object, "navigator", json_string("4.9.1"));
	set(l, object, "layer", json_string("4.5"));
	return object;
}

static json_t *gradient(struct layer *l)
{
	json_t *object = json_object();
	json_t *colours = json_array();
	if (object == NULL || colours == NULL) {
		json_decref(object);
		json_decref(colours);
		return NULL;
	}
	append(l, colours, json_string("#ff6666"));
	append(l, colours, json_string("#ffe766"));
	append(l, colours, json_string("#8ec843"));
	set(l, object, "colors", colours);
	set(l, object, "minValue", json_integer(0));
	set(l, object, "maxValue", json_integer(100));
	return object;
}

static json_t *legend(struct layer *l)
{
	static const struct {
		const char *label;
		int score;
	} rows[] = { { "prevented, or alerted and contained", 75 }, { "alerted or contained", 50 },
		{ "logged", 25 }, { "nothing", 0 }, { "not assessed", OUTCOME_UNKNOWN } };
	json_t *list = json_array();
	for (size_t i = 0; list != NULL && i < COUNT_OF(rows); i++) {
		json_t *item = json_object();
		if (item != NULL) {
			set(l, item, "label", json_string(rows[i].label));
			set(l, item, "color", json_string(colour_of(rows[i].score)));
		}
		append(l, list, item);
	}
	return list;
}

/* ATT&CK ids only (T1486, T1491.001): anything else would make the layer unreadable. */
static bool is_technique(const char *id)
{
	size_t n = strlen(id);
	if ((n != 5 && n != 9) || id[0] != 'T')
		return false;
	for (size_t i = 1; i < n; i++)
		if (i == 5 ? id[i] != '.' : id[i] < '0' || id[i] > '9')
			return false;
	return true;
}

static json_t *text_value(const char *text)
{
	json_t *value = json_string(text == NULL ? "" : text);
	return value == NULL ? json_string("?") : value; /* not UTF-8 */
}

static json_t *make_layer(struct layer *l, const struct drill_result *r)
{
	json_t *object = json_object();
	json_t *techniques = json_array();
	json_t *metadata = json_array();
	char time[TIME_TEXT_MAX];
	if (object == NULL || techniques == NULL || metadata == NULL) {
		json_decref(object);
		json_decref(techniques);
		json_decref(metadata);
		return NULL;
	}
	set(l, object, "name", json_string("Tocsin ransomware drill"));
	set(l, object, "versions", versions(l));
	set(l, object, "domain", json_string("enterprise-attack"));
	set(l, object, "description",
		json_string("What detection and containment did about the techniques that a drill "
			    "rehearsed on one host. Only planted decoys were touched."));
	set(l, object, "techniques", techniques);
	for (size_t i = 0; i < r->scenario.n_attack; i++)
		if (r->scenario.attack[i] != NULL && is_technique(r->scenario.attack[i]))
			append(l, techniques, technique(l, r, r->scenario.attack[i]));
	set(l, object, "gradient", gradient(l));
	set(l, object, "legendItems", legend(l));
	set(l, object, "metadata", metadata);
	append(l, metadata, pair(l, "drill", r->id == NULL ? "" : r->id));
	append(l, metadata, pair(l, "scenario", r->scenario.id == NULL ? "" : r->scenario.id));
	append(l, metadata, pair(l, "ended", time_text(r->ended_ns, time)));
	json_t *host = pair(l, "host", "");
	append(l, metadata, host);
	if (host != NULL)
		set(l, host, "value", text_value(r->host));
	set(l, object, "hideDisabled", json_false());
	set(l, object, "sorting", json_integer(3));
	return object;
}

enum status render_navigator(const struct drill_result *r, struct buf *out, struct error *e)
{
	struct layer l = { false };
	if (drill_is_control(r))
		return error_set(
			e, E_ABSENT, "no Navigator layer: a control run rehearses no technique");
	AUTO_JSON json_t *object = make_layer(&l, r);
	if (object == NULL || l.failed)
		return error_set(e, E_NO_SPACE, "memory for the Navigator layer is short");
	TRY(json_write(object, out, e));
	buf_add_char(out, '\n');
	return buf_check(out, "Navigator layer", e);
}
