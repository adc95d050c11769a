/*
 * Persons' keys and the approvals that they sign.
 */
#include "incident/cases/persons.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "sys/file.h"

#define APPROVAL_BYTES_MAX ((size_t)MIB)
enum { PEM_BYTES_MAX = 16 * 1024 };
#define ENDING ".pem"

static void close_folder(DIR *d)
{
	(void)closedir(d); /* read only: nothing can be lost */
}
AUTO_TYPE(close_folder, DIR *)

void persons_close(struct persons *o)
{
	for (size_t i = 0; i < o->n_keys; i++)
		key_free(o->keys[i].key);
	o->n_keys = 0;
}

static enum status add_key(struct persons *o, const char *name, const char *path, struct error *e)
{
	struct key *key = NULL;
	if (o->n_keys == PERSON_KEYS_MAX)
		return error_set(e, E_TOO_BIG, "persons: more than %d keys", PERSON_KEYS_MAX);
	TRY(key_read(path, &key, e));
	o->keys[o->n_keys++] = (struct person_key){ name, key };
	return OK;
}

static enum status open_stream(const char *path, DIR **out, struct error *e)
{
	AUTO_FD int fd = -1;
	TRY(file_open_folder(path, &fd, e));
	DIR *folder = fdopendir(fd);
	if (folder == NULL)
		return error_sys(e, E_FAILED, errno, "read the folder %s", path);
	(void)TAKE_FD(fd); /* the stream's now */
	*out = folder;
	return OK;
}

/* All keys of one person's own folder. */
static enum status add_folder(
	struct persons *o, const char *name, const char *path, struct pool *p, struct error *e)
{
	AUTO(close_folder) DIR *folder = NULL;
	struct dirent *entry;
	TRY(open_stream(path, &folder, e));
	while ((entry = readdir(folder)) != NULL) {
		if (!view_ends_with(view_of(entry->d_name), VIEW(ENDING)))
			continue;
		const char *file = pool_textf(p, "%s/%s", path, entry->d_name);
		if (file == NULL)
			return case_no_memory(e);
		TRY(add_key(o, name, file, e));
	}
	return OK;
}

static enum status add_entry(
	struct persons *o, const char *folder, const char *entry, struct pool *p, struct error *e)
{
	struct stat st;
	const char *path = pool_textf(p, "%s/%s", folder, entry);
	struct view name = view_of(entry);
	if (path == NULL)
		return case_no_memory(e);
	if (stat(path, &st) != 0)
		return error_sys(e, E_FAILED, errno, "look at %s", path);
	if (S_ISDIR(st.st_mode)) {
		const char *person = pool_text(p, name);
		return person == NULL ? case_no_memory(e) : add_folder(o, person, path, p, e);
	}
	if (!view_ends_with(name, VIEW(ENDING)))
		return OK;
	name.len -= strlen(ENDING);
	const char *person = pool_text(p, name);
	return person == NULL ? case_no_memory(e) : add_key(o, person, path, e);
}

/* Two names with one key would be one person who counts twice. */
static enum status check_distinct(
	const struct persons *o, const struct keyring *own, struct error *e)
{
	for (size_t i = 0; i < o->n_keys; i++) {
		const char *id = key_id(o->keys[i].key);
		if (own != NULL && keyring_find(own, view_of(id)) != NULL)
			return error_set(e, E_INVALID,
				"persons: %s has this home's own key, which is no person's",
				o->keys[i].name);
		for (size_t k = 0; k < i; k++)
			if (strcmp(key_id(o->keys[k].key), id) == 0 &&
				strcmp(o->keys[k].name, o->keys[i].name) != 0)
				return error_set(e, E_INVALID,
					"persons: %s and %s have the same key", o->keys[k].name,
					o->keys[i].name);
	}
	return OK;
}

enum status persons_open(
	const struct incident_context *c, struct pool *p, struct persons *out, struct error *e)
{
	AUTO(close_folder) DIR *folder = NULL;
	struct error why = ERROR_NONE;
	struct dirent *entry;
	const char *path = pool_textf(p, "%s/persons", c->home);
	out->n_keys = 0;
	if (path == NULL)
		return case_no_memory(e);
	const enum status status = open_stream(path, &folder, &why);
	if (status == E_ABSENT)
		return OK;
	if (status != OK) {
		*e = why;
		return status;
	}
	while ((entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			TRY(add_entry(out, path, entry->d_name, p, e));
	return check_distinct(out, c->keys, e);
}

/* --- approvals -------------------------------------------------------------------------------- */

struct counting {
	const struct desk *desk;
	const struct persons *persons;
	struct view statement;
	json_t *list;
	const char *signers[PERSON_KEYS_MAX];
	size_t n_signers;
};

static bool signed_already(const struct counting *w, const char *name)
{
	for (size_t i = 0; i < w->n_signers; i++)
		if (strcmp(w->signers[i], name) == 0)
			return true;
	return false;
}

/* With the public key: who checks it later need not have this home. */
static enum status keep_approval(
	struct counting *w, const struct person_key *k, json_t *envelope, struct error *e)
{
	char at[TIME_TEXT_MAX];
	AUTO_BUF struct buf pem;
	buf_init(&pem, PEM_BYTES_MAX);
	TRY(key_public_pem(k->key, &pem, e));
	return json_array_append_new(w->list,
		       json_pack("{s:s, s:s, s:s, s:s, s:O}", "person", k->name, "key",
			       key_id(k->key), "public_key", buf_text(&pem), "at",
			       time_text(w->desk->now.wall_ns, at), "envelope", envelope)) != 0
		       ? case_no_memory(e)
		       : OK;
}

/* Every person's key is tried on every file: a file may carry several signatures. */
static enum status count_signers(
	struct counting *w, json_t *envelope, const char *path, struct error *e)
{
	bool by_anybody = false;
	for (size_t i = 0; i < w->persons->n_keys; i++) {
		const struct person_key *k = &w->persons->keys[i];
		struct error why = ERROR_NONE;
		AUTO_BUF struct buf payload;
		buf_init(&payload, APPROVAL_BYTES_MAX);
		const enum status status = envelope_open(
			envelope, INCIDENT_APPROVAL_PAYLOAD, NULL, k->key, &payload, &why);
		if (status == E_INVALID)
			return error_set(e, E_INVALID, "%s: %s", path, why.text);
		if (status != OK)
			continue;
		by_anybody = true;
		if (!view_equal(view_trim(buf_view(&payload)), view_trim(w->statement)))
			return error_set(e, E_DENIED,
				"%s: %s signed another statement than this one", path, k->name);
		if (signed_already(w, k->name))
			continue;
		w->signers[w->n_signers++] = k->name;
		TRY(keep_approval(w, k, envelope, e));
	}
	return by_anybody
		       ? OK
		       : error_set(e, E_DENIED, "%s: signed by nobody in the home's persons", path);
}

static enum status read_approval(struct counting *w, const char *path, struct error *e)
{
	AUTO_BUF struct buf text;
	AUTO_JSON json_t *envelope = NULL;
	buf_init(&text, APPROVAL_BYTES_MAX + 1);
	TRY(file_read_all(AT_FDCWD, path, APPROVAL_BYTES_MAX, &text, e));
	TRY(json_read(buf_view(&text), APPROVAL_BYTES_MAX, path, &envelope, e));
	return count_signers(w, envelope, path, e);
}

enum status approvals_check(const struct desk *d, const struct persons *persons,
	const struct approval_files *files, struct view statement, json_t **out, struct error *e)
{
	struct counting w = {
		.desk = d, .persons = persons, .statement = statement, .list = json_array()
	};
	TRY(json_keep(d->pool, w.list, e));
	if (files->n > APPROVALS_MAX)
		return error_set(e, E_INVALID, "more than %d approvals", APPROVALS_MAX);
	for (size_t i = 0; i < files->n; i++)
		TRY(read_approval(&w, files->paths[i], e));
	if (w.n_signers < APPROVALS_NEEDED)
		return error_set(e, E_DENIED,
			"a lower grade needs approvals by two different persons; there are %zu",
			w.n_signers);
	*out = w.list;
	return OK;
}
