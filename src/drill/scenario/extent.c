/*
 * Which bytes of a file a region changes. Every comb is worked out for the file's size once; the
 * walk then finds the next changed byte by arithmetic, so that it needs no memory and a sum over
 * millions of equal teeth needs no walk.
 */
#include <assert.h>

#include "drill/scenario/scenario.h"

static uint64_t add_up(uint64_t a, uint64_t b)
{
	uint64_t sum;
	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t product;
	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t span_value(const struct span_rule *r, uint64_t size_bytes)
{
	uint64_t value = r->bytes;
	if (r->parts > 0) {
		assert(r->of > 0);
		unsigned __int128 share = (unsigned __int128)size_bytes * r->parts / r->of;
		value = add_up(value, share > UINT64_MAX ? UINT64_MAX : (uint64_t)share);
	}
	if (r->cap > 0)
		value = lesser(value, r->cap);
	return r->align > 1 ? value - value % r->align : value;
}

static struct comb_teeth comb_for(const struct comb *c, uint64_t size_bytes)
{
	struct comb_teeth t = { .length = span_value(&c->length, size_bytes),
		.stride = span_value(&c->stride, size_bytes) };
	uint64_t start = span_value(&c->start, size_bytes);
	uint64_t end = size_bytes;
	if (c->until.bytes > 0 || c->until.parts > 0)
		end = lesser(end, span_value(&c->until, size_bytes));
	t.first = !c->from_end ? start : size_bytes - lesser(start, size_bytes);
	if (t.length == 0 || t.first >= end)
		return (struct comb_teeth){ 0 };

	/* Without a stride there is nowhere for a second tooth to stand. */
	uint32_t n_teeth = t.stride == 0 ? 1 : c->n_teeth;
	if (n_teeth > 0)
		end = lesser(end, add_up(add_up(t.first, times(n_teeth - 1, t.stride)), t.length));
	t.end = end;
	if (n_teeth == 1 || t.stride <= t.length) {
		t.length = t.end - t.first;
		t.stride = 0;
	}
	return t;
}

/* The first stretch of the comb at or behind `at`; false where none is left. */
static bool comb_next(const struct comb_teeth *c, uint64_t at, struct extent *out)
{
	if (at >= c->end)
		return false;
	uint64_t start = c->first;
	uint64_t stop = c->end;
	if (c->stride > 0) {
		uint64_t tooth = at <= c->first ? 0 : (at - c->first) / c->stride;
		if (at > c->first && at - c->first - tooth * c->stride >= c->length)
			tooth++;
		start = add_up(c->first, times(tooth, c->stride));
		stop = lesser(c->end, add_up(start, c->length));
	}
	if (start < at)
		start = at;
	if (start >= c->end)
		return false;
	*out = (struct extent){ start, stop - start };
	return true;
}

static bool type_fits(const struct region *r, struct view type)
{
	for (size_t i = 0; i < r->n_types; i++) {
		if (view_is(type, r->types[i]))
			return true;
	}
	return r->n_types == 0;
}

const struct region *scenario_region(
	const struct scenario *s, uint64_t size_bytes, struct view type)
{
	if (size_bytes < s->skip_under_bytes)
		return NULL;
	for (size_t i = 0; i < s->n_regions; i++) {
		const struct region *r = &s->regions[i];
		if (size_bytes >= r->size_from && size_bytes < r->size_below && type_fits(r, type))
			return r->skip ? NULL : r;
	}
	return NULL;
}

void extent_walk_start(struct extent_walk *w, const struct region *region, uint64_t size_bytes)
{
	*w = (struct extent_walk){ .size_bytes = size_bytes };
	if (region == NULL || region->skip)
		return;
	assert(region->n_combs <= REGION_COMBS_MAX);
	for (size_t i = 0; i < region->n_combs; i++) {
		struct comb_teeth c = comb_for(&region->combs[i], size_bytes);
		if (c.end > c.first)
			w->combs[w->n_combs++] = c;
	}
}

/* The first changed stretch of any comb but `without` (n_combs: of all). */
static bool first_of(const struct extent_walk *w, size_t without, struct extent *out)
{
	bool found = false;
	for (size_t i = 0; i < w->n_combs; i++) {
		struct extent x;
		if (i == without || !comb_next(&w->combs[i], w->done_to, &x))
			continue;
		if (!found || x.offset < out->offset)
			*out = x;
		found = true;
	}
	return found;
}

bool extent_walk_next(struct extent_walk *w, struct extent *out)
{
	struct extent x = { 0, 0 };
	if (!first_of(w, w->n_combs, &x))
		return false;
	uint64_t stop = x.offset + x.len;
	bool grew = true;
	while (grew) {
		grew = false;
		for (size_t i = 0; i < w->n_combs; i++) {
			struct extent more;
			if (comb_next(&w->combs[i], stop, &more) && more.offset == stop) {
				stop += more.len;
				grew = true;
			}
		}
	}
	assert(stop > x.offset && stop <= w->size_bytes);
	w->done_to = stop;
	*out = (struct extent){ x.offset, stop - x.offset };
	return true;
}

/* The comb with the most teeth; n_combs where all are single. */
static size_t finest_comb(const struct extent_walk *w)
{
	size_t finest = w->n_combs;
	uint64_t most = 0;
	for (size_t i = 0; i < w->n_combs; i++) {
		const struct comb_teeth *c = &w->combs[i];
		uint64_t teeth = c->stride == 0 ? 0 : (c->end - c->first) / c->stride + 1;
		if (teeth > most) {
			most = teeth;
			finest = i;
		}
	}
	return finest;
}

/* How many whole teeth of comb `fine` come next, before any other comb has a say. */
static uint64_t whole_teeth_ahead(const struct extent_walk *w, size_t fine)
{
	const struct comb_teeth *c = &w->combs[fine];
	struct extent tooth;
	struct extent other;
	if (!comb_next(c, w->done_to, &tooth) || tooth.len != c->length)
		return 0;
	/* A tooth that touches another comb's stretch merges with it: it must end before. */
	uint64_t limit = c->end;
	if (first_of(w, fine, &other)) {
		if (other.offset == 0)
			return 0;
		limit = lesser(limit, other.offset - 1);
	}
	if (limit < tooth.offset || limit - tooth.offset < c->length)
		return 0;
	return (limit - tooth.offset - c->length) / c->stride + 1;
}

struct region_sum region_sum_of(const struct region *region, uint64_t size_bytes, uint32_t io_bytes)
{
	struct region_sum sum = { 0 };
	uint64_t io = io_bytes == 0 ? 1 : io_bytes;
	struct extent_walk w;
	extent_walk_start(&w, region, size_bytes);
	size_t fine = finest_comb(&w);
	struct extent x = { 0 };
	for (;;) {
		uint64_t n = fine == w.n_combs ? 0 : whole_teeth_ahead(&w, fine);
		if (n > 0) {
			const struct comb_teeth *c = &w.combs[fine];
			(void)comb_next(c, w.done_to, &x); /* whole_teeth_ahead saw it */
			sum.n_bytes += n * c->length;
			sum.n_extents += n;
			sum.n_calls += n * ((c->length - 1) / io + 1);
			w.done_to = x.offset + (n - 1) * c->stride + c->length;
			sum.end = w.done_to;
			continue;
		}
		if (!extent_walk_next(&w, &x))
			return sum;
		sum.n_bytes += x.len;
		sum.n_extents++;
		sum.n_calls += (x.len - 1) / io + 1;
		sum.end = w.done_to;
	}
}

uint64_t region_bytes(const struct region *region, uint64_t size_bytes)
{
	return region_sum_of(region, size_bytes, 1).n_bytes;
}

uint64_t region_calls(const struct region *region, uint64_t size_bytes, uint32_t io_bytes)
{
	return region_sum_of(region, size_bytes, io_bytes).n_calls;
}
