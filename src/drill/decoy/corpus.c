/*
 * The plan of a planting: folders, names, kinds and sizes. What is in the files is content.c's.
 */
#include "drill/decoy/corpus.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/clock.h"
#include "drill/decoy/corpus_names.h"

enum {
	FILES_IN_FOLDER = 12, /* about, until there are FOLDERS_MOST */
	FOLDERS_LEAST = 6,
	FOLDERS_MOST = 400,	 /* fewer than a view of the arena keeps open */
	FOLDERS_MOST_LATER = 40, /* of a further generation: 400 of those must fit a manifest */
	BIG_PER_CENT = 5,
	LOW_ENTROPY_PER_CENT = 57, /* at least half is promised; the last file may be a big one */
	SMALL_MEAN_BYTES = 64 * 1024,
	SMALL_LEAST_BYTES = 2 * 1024,
	SMALL_MOST_BYTES = 480 * 1024,
	BIG_LEAST_BYTES = 512 * 1024,
	DENSE_MOST_BYTES = 8 * 1024 * 1024, /* size classes above it are sparse */
	NAME_TRIES = 40
};

struct planner {
	const struct scenario *s;
	struct dice *d;
	struct pool *p;
	struct manifest *m;
	uint32_t generation;
	uint32_t branch;       /* parent of the departments: FOLDER_ROOT in generation 0 */
	uint32_t first_folder; /* of this generation */
	uint32_t folders_room;
	unsigned char *department; /* of each folder */
	uint32_t *slots;  /* names that are taken, by hash: folder + 1, or -1 - file; 0: free */
	uint32_t n_slots; /* a power of two */
};

static enum status no_memory(struct error *e)
{
	return error_set(
		e, E_NO_SPACE, "the plan of decoys does not fit the memory set aside for it");
}

static uint64_t roll(struct planner *pl, uint64_t bound)
{
	return dice_below(pl->d, bound);
}

/* --- names that are taken --- */

static uint32_t hash_name(uint32_t parent, const char *name)
{
	uint64_t h = 0xcbf29ce484222325ULL ^ parent;
	for (const char *at = name; *at != '\0'; at++)
		h = (h ^ (unsigned char)*at) * 0x100000001b3ULL;
	return (uint32_t)(h ^ (h >> 32));
}

/* The slot that holds the name, or the free one where it would go. */
static uint32_t *find_slot(struct planner *pl, uint32_t parent, const char *name)
{
	uint32_t at = hash_name(parent, name) & (pl->n_slots - 1);
	for (;; at = (at + 1) & (pl->n_slots - 1)) {
		uint32_t x = pl->slots[at];
		if (x == 0)
			return &pl->slots[at];
		bool is_folder = x <= MANIFEST_FOLDERS_MAX;
		uint32_t file = UINT32_MAX - x;
		uint32_t in = is_folder ? pl->m->folders[x - 1].parent : pl->m->files[file].folder;
		const char *of = is_folder ? pl->m->folders[x - 1].name : pl->m->files[file].name;
		if (in == parent && strcmp(of, name) == 0)
			return &pl->slots[at];
	}
}

/* --- folders --- */

static enum status find_or_add_folder(struct planner *pl, uint32_t parent, const char *name,
	unsigned department, uint32_t *out, struct error *e)
{
	uint32_t *slot = find_slot(pl, parent, name);
	if (*slot != 0 && *slot <= MANIFEST_FOLDERS_MAX) {
		*out = *slot - 1;
		return OK;
	}
	if (*slot != 0 || pl->m->n_folders == pl->folders_room)
		return error_set(e, E_CONFLICT, "a folder of the plan has no room: %.100s", name);
	const char *kept = pool_text(pl->p, view_of(name));
	if (kept == NULL)
		return no_memory(e);
	uint32_t index = pl->m->n_folders++;
	pl->m->folders[index] = (struct manifest_folder){ .parent = parent, .name = kept };
	pl->department[index] = (unsigned char)department;
	*slot = index + 1;
	*out = index;
	return OK;
}

/* One chain department / subject / year / project / period, cut at a random depth. */
static enum status add_chain(struct planner *pl, uint32_t wanted, struct error *e)
{
	static const unsigned char depths[10] = { 1, 2, 2, 2, 3, 3, 3, 4, 4, 5 };
	unsigned department = (unsigned)roll(pl, n_name_departments);
	unsigned depth = depths[roll(pl, COUNT_OF(depths))];
	if (pl->branch != FOLDER_ROOT && depth > 4)
		depth = 4;
	const struct name_department *in = &name_departments[department];
	uint32_t at = pl->branch;
	TRY(find_or_add_folder(pl, at, in->name, department, &at, e));
	for (unsigned level = 1; level < depth && pl->m->n_folders < wanted; level++) {
		char name[NAME_BYTES_MAX];
		name_folder(in, (enum name_level)(level - 1), pl->d, name);
		TRY(find_or_add_folder(pl, at, name, department, &at, e));
	}
	return OK;
}

static enum status add_branch(struct planner *pl, int64_t wall_ns, struct error *e)
{
	time_t at = (time_t)(wall_ns / NS_PER_S);
	struct tm day;
	if (gmtime_r(&at, &day) == NULL)
		return error_set(e, E_INVALID, "the time of planting is out of range");
	for (unsigned n = 1; n <= MANIFEST_GENERATIONS_MAX; n++) {
		char name[NAME_BYTES_MAX];
		size_t len = strftime(name, sizeof name, "归档_%Y-%m-%d", &day);
		if (n > 1)
			(void)snprintf(name + len, sizeof name - len, "_%u", n);
		if (*find_slot(pl, FOLDER_ROOT, name) == 0)
			return find_or_add_folder(pl, FOLDER_ROOT, name, 0, &pl->branch, e);
	}
	return error_set(e, E_CONFLICT, "this day has too many generations");
}

static enum status add_folders(struct planner *pl, uint32_t n_decoys, struct error *e)
{
	uint32_t most = pl->branch == FOLDER_ROOT ? FOLDERS_MOST : FOLDERS_MOST_LATER;
	uint32_t n = n_decoys / FILES_IN_FOLDER;
	n = n < FOLDERS_LEAST ? FOLDERS_LEAST : n > most ? most : n;
	uint32_t wanted = pl->m->n_folders + n;
	if (wanted > pl->folders_room)
		return error_set(
			e, E_TOO_BIG, "the arena has as many folders as a manifest can hold");
	/* Names meet by chance, so that more chains than folders are needed; a bound keeps it
	 * finite. */
	for (uint32_t i = 0; i < n * 8 && pl->m->n_folders < wanted; i++)
		TRY(add_chain(pl, wanted, e));
	return OK;
}

/* --- files --- */

static bool at_home(const struct name_department *in, enum decoy_kind kind)
{
	const uint32_t guests = 1U << DECOY_BMP | 1U << DECOY_PNG | 1U << DECOY_JPG |
				1U << DECOY_WAV | 1U << DECOY_CAD | 1U << DECOY_DATABASE;
	uint32_t bit = 1U << kind;
	return (guests & bit) == 0 || (in->kinds & bit) != 0;
}

static uint32_t choose_folder(struct planner *pl, enum decoy_kind kind)
{
	uint32_t n = pl->m->n_folders - pl->first_folder;
	uint32_t folder = 0;
	for (int tries = 0; tries < 8; tries++) {
		folder = pl->first_folder + (uint32_t)roll(pl, n);
		if (folder != pl->branch &&
			at_home(&name_departments[pl->department[folder]], kind))
			break;
	}
	return folder;
}

static enum status add_file(
	struct planner *pl, struct manifest_file f, const char *extension, struct error *e)
{
	f.folder = choose_folder(pl, f.kind);
	f.generation = pl->generation;
	f.mode = 0600;
	if (decoy_is_low_entropy(f.kind))
		f.flags |= MANIFEST_LOW_ENTROPY;
	const struct name_department *in = &name_departments[pl->department[f.folder]];
	char name[NAME_BYTES_MAX];
	uint32_t *slot = NULL;
	for (int tries = 0; tries < NAME_TRIES; tries++) {
		name_file(in, f.kind, extension, pl->d, name);
		slot = find_slot(pl, f.folder, name);
		if (*slot == 0)
			break;
		/* A crowded folder: a running number, as people do. */
		char plain[NAME_BYTES_MAX];
		memcpy(plain, name, sizeof plain);
		char *dot = strrchr(plain, '.');
		if (dot != NULL)
			*dot = '\0';
		int n = snprintf(name, sizeof name, "%.100s (%u).%.15s", plain,
			2 + (unsigned)roll(pl, 9998), extension);
		slot = find_slot(pl, f.folder, name);
		if (n > 0 && (size_t)n < sizeof name && *slot == 0)
			break;
	}
	if (*slot != 0)
		return error_set(e, E_CONFLICT, "the plan finds no free name for a decoy");
	f.name = pool_text(pl->p, view_of(name));
	if (f.name == NULL)
		return no_memory(e);
	*slot = UINT32_MAX - pl->m->n_files;
	pl->m->files[pl->m->n_files++] = f;
	return OK;
}

/* Many small ones, few of some hundred KiB: mean about SMALL_MEAN_BYTES before it is set exactly.
 */
static uint64_t draw_small(struct planner *pl)
{
	static const struct {
		unsigned below; /* of 100 */
		uint64_t low_kib, high_kib;
	} ranges[] = { { 40, 2, 24 }, { 70, 24, 64 }, { 90, 64, 160 }, { 100, 160, 320 } };
	unsigned x = (unsigned)roll(pl, 100);
	size_t i = 0;
	while (x >= ranges[i].below)
		i++;
	return dice_between(pl->d, ranges[i].low_kib * KIB, ranges[i].high_kib * KIB - 1);
}

/* Even over the four octaves from half a MiB to 8 MiB. */
static uint64_t draw_big(struct planner *pl)
{
	uint64_t low = (uint64_t)BIG_LEAST_BYTES << roll(pl, 4);
	return dice_between(pl->d, low, 2 * low);
}

static enum decoy_kind draw_kind(struct planner *pl, bool low_entropy, uint64_t size_bytes)
{
	static const enum decoy_kind low[] = { DECOY_TXT, DECOY_TXT, DECOY_TXT, DECOY_CSV,
		DECOY_CSV, DECOY_CSV, DECOY_LOG, DECOY_LOG, DECOY_SQL, DECOY_BMP, DECOY_BMP,
		DECOY_WAV };
	static const enum decoy_kind high[] = { DECOY_DOCX, DECOY_DOCX, DECOY_DOCX, DECOY_DOCX,
		DECOY_XLSX, DECOY_XLSX, DECOY_XLSX, DECOY_PDF, DECOY_PDF, DECOY_PDF, DECOY_PDF,
		DECOY_JPG, DECOY_JPG, DECOY_JPG, DECOY_PNG, DECOY_PNG, DECOY_ZIP, DECOY_CAD };
	const enum decoy_kind *from = low_entropy ? low : high;
	size_t n = low_entropy ? COUNT_OF(low) : COUNT_OF(high);
	enum decoy_kind kind;
	do
		kind = from[roll(pl, n)];
	while (decoy_min_bytes(kind) > size_bytes); /* txt and jpg are always small enough */
	return kind;
}

static enum status add_decoys(struct planner *pl, uint32_t n_decoys, struct error *e)
{
	uint32_t n_big = (n_decoys * BIG_PER_CENT + 50) / 100;
	uint32_t n_small = n_decoys - n_big;
	AUTO_FREE uint64_t *sizes = calloc(n_decoys, sizeof *sizes);
	if (sizes == NULL)
		return no_memory(e);
	uint64_t drawn = 0;
	for (uint32_t i = 0; i < n_small; i++)
		drawn += sizes[n_big + i] = draw_small(pl);
	for (uint32_t i = 0; i < n_big; i++)
		sizes[i] = draw_big(pl);
	uint64_t low_bytes = 0;
	uint64_t all_bytes = 0;
	for (uint32_t i = 0; i < n_decoys; i++) {
		uint64_t size = sizes[i];
		if (i >= n_big) {
			size = size * n_small / (drawn / SMALL_MEAN_BYTES + 1);
			size = size < SMALL_LEAST_BYTES	 ? SMALL_LEAST_BYTES
			       : size > SMALL_MOST_BYTES ? SMALL_MOST_BYTES
							 : size;
		}
		all_bytes += size;
		/* A high-entropy decoy only where the share stays above the mark with it: so it
		 * never falls below, whatever comes last. */
		bool low = low_bytes * 100 < all_bytes * LOW_ENTROPY_PER_CENT;
		struct manifest_file f = { .kind = draw_kind(pl, low, size), .size_bytes = size };
		low_bytes += low ? size : 0;
		TRY(add_file(pl, f, decoy_extension(f.kind), e));
	}
	return OK;
}

/* --- size classes --- */

static enum decoy_kind kind_of_type(const char *type, uint64_t size_bytes)
{
	static const struct {
		const char *type;
		enum decoy_kind kind;
	} others[] = { { "mdf", DECOY_DATABASE }, { "ndf", DECOY_DATABASE },
		{ "ldf", DECOY_DATABASE }, { "edb", DECOY_DATABASE }, { "mdb", DECOY_DATABASE },
		{ "accdb", DECOY_DATABASE }, { "sqlite", DECOY_DATABASE },
		{ "sqlite3", DECOY_DATABASE }, { "dbf", DECOY_DATABASE }, { "ibd", DECOY_DATABASE },
		{ "frm", DECOY_DATABASE }, { "myd", DECOY_DATABASE }, { "ora", DECOY_DATABASE },
		{ "jpeg", DECOY_JPG }, { "zipx", DECOY_ZIP } };
	enum decoy_kind kind = DECOY_IMAGE;
	for (size_t i = 0; i < DECOY_KINDS; i++)
		if (strcmp(type, decoy_extension((enum decoy_kind)i)) == 0)
			kind = (enum decoy_kind)i;
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (strcmp(type, others[i].type) == 0)
			kind = others[i].kind;
	/* A sparse file can only be of a kind that may have holes. */
	if (size_bytes > DENSE_MOST_BYTES && kind != DECOY_DATABASE)
		kind = DECOY_IMAGE;
	return decoy_min_bytes(kind) > size_bytes ? DECOY_TXT : kind;
}

static bool has_rule(const struct scenario *s, const char *type)
{
	for (size_t i = 0; i < s->n_regions; i++)
		for (size_t k = 0; k < s->regions[i].n_types; k++)
			if (strcmp(s->regions[i].types[k], type) == 0)
				return true;
	return false;
}

/* A type for which the scenario has no rule of its own, so that the rules by size decide. */
static const char *plain_type(const struct scenario *s, uint64_t size_bytes)
{
	static const char *const small[] = { "txt", "csv", "log", "wav", "dat" };
	static const char *const large[] = { "img", "dat", "bin", "raw" };
	bool sparse = size_bytes > DENSE_MOST_BYTES;
	const char *const *from = sparse ? large : small;
	size_t n = sparse ? COUNT_OF(large) : COUNT_OF(small);
	for (size_t i = 0; i < n; i++)
		if (!has_rule(s, from[i]))
			return from[i];
	return "bak";
}

static enum status add_size_classes(struct planner *pl, struct error *e)
{
	for (size_t i = 0; i < pl->s->n_size_classes; i++) {
		uint64_t size = pl->s->size_classes[i];
		const char *type = pl->s->size_class_types[i];
		if (type == NULL)
			type = plain_type(pl->s, size);
		struct manifest_file f = { .kind = kind_of_type(type, size),
			.flags = MANIFEST_SIZE_CLASS,
			.size_bytes = size };
		if (size > DENSE_MOST_BYTES)
			f.flags |= MANIFEST_SPARSE;
		TRY(add_file(pl, f, type, e));
	}
	return OK;
}

/* --- all of it --- */

static void take_over(struct planner *pl, const struct manifest *so_far)
{
	struct manifest *m = pl->m;
	memcpy(m->id, so_far->id, sizeof m->id);
	m->device = so_far->device;
	m->arena_inode = so_far->arena_inode;
	m->uid = so_far->uid;
	m->gid = so_far->gid;
	m->arena = so_far->arena;
	memcpy(m->generations, so_far->generations, so_far->n_generations * sizeof *m->generations);
	for (uint32_t i = 0; i < so_far->n_folders; i++) {
		m->folders[i] = so_far->folders[i];
		*find_slot(pl, m->folders[i].parent, m->folders[i].name) = i + 1;
	}
	m->n_folders = so_far->n_folders;
	for (uint32_t i = 0; i < so_far->n_files; i++) {
		m->files[i] = so_far->files[i];
		*find_slot(pl, m->files[i].folder, m->files[i].name) = UINT32_MAX - i;
	}
	m->n_files = so_far->n_files;
}

static enum status prepare(
	struct planner *pl, uint32_t n_new, const struct manifest *so_far, struct error *e)
{
	uint32_t n_old_files = so_far == NULL ? 0 : so_far->n_files;
	uint32_t n_old_folders = so_far == NULL ? 0 : so_far->n_folders;
	if (n_new > MANIFEST_FILES_MAX - n_old_files || pl->generation >= MANIFEST_GENERATIONS_MAX)
		return error_set(e, E_TOO_BIG,
			"a planting holds at most %d decoys in %d generations", MANIFEST_FILES_MAX,
			MANIFEST_GENERATIONS_MAX);
	uint32_t room = n_old_folders + FOLDERS_MOST + 1;
	pl->folders_room = room > MANIFEST_FOLDERS_MAX ? MANIFEST_FOLDERS_MAX : room;
	pl->n_slots = 64;
	while (pl->n_slots < 2 * (room + n_old_files + n_new))
		pl->n_slots *= 2;
	struct manifest *m = pl->m;
	m->generations = pool_take(pl->p, pl->generation + 1U, sizeof *m->generations);
	m->folders = pool_take(pl->p, room, sizeof *m->folders);
	m->files = pool_take(pl->p, n_old_files + n_new, sizeof *m->files);
	pl->department = pool_take(pl->p, room, 1);
	pl->slots = pool_take(pl->p, pl->n_slots, sizeof *pl->slots);
	if (m->generations == NULL || m->folders == NULL || m->files == NULL ||
		pl->department == NULL || pl->slots == NULL)
		return no_memory(e);
	if (so_far != NULL)
		take_over(pl, so_far);
	pl->first_folder = m->n_folders;
	return OK;
}

enum status corpus_plan(const struct corpus_request *r, struct dice *d, struct pool *p,
	struct manifest *out, struct error *e)
{
	const struct manifest *so_far = r->so_far;
	uint32_t n_decoys = r->n_decoys;
	if (n_decoys == 0 || r->generation != (so_far == NULL ? 0 : so_far->n_generations))
		return error_set(
			e, E_INVALID, "a planting adds one generation of at least one decoy");
	struct manifest m = { .arena = "/" };
	struct planner pl = { .s = r->scenario,
		.d = d,
		.p = p,
		.m = &m,
		.generation = r->generation,
		.branch = FOLDER_ROOT };
	size_t n_classes = r->generation == 0 ? r->scenario->n_size_classes : 0;
	if (n_decoys > MANIFEST_FILES_MAX)
		n_decoys = MANIFEST_FILES_MAX + 1; /* refused below, without overflow */
	TRY(prepare(&pl, n_decoys + (uint32_t)n_classes, so_far, e));
	if (r->generation > 0)
		TRY(add_branch(&pl, r->wall_ns, e));
	uint32_t n_before = m.n_files;
	TRY(add_folders(&pl, n_decoys, e));
	TRY(add_decoys(&pl, n_decoys, e));
	if (r->generation == 0)
		TRY(add_size_classes(&pl, e));
	m.generations[r->generation] =
		(struct manifest_generation){ r->wall_ns, m.n_files - n_before };
	m.n_generations = r->generation + 1;
	*out = m;
	return OK;
}
