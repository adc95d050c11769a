/*
 * A token pace without bursts: file n is due at start + n / rate. What a stall of up to one batch
 * cost is caught up at once; after a longer one the files follow each other a tenth faster until
 * the line is reached again, so that neither the mean rate nor its smoothness suffers.
 */
#include "drill/attack/emulate.h"

static const double CATCH_UP = 0.9; /* of the usual distance */

void pace_start(struct pace *p, double rate_per_s, int64_t now_ns)
{
	*p = (struct pace){ .rate_per_s = rate_per_s, .start_ns = now_ns, .last_ns = now_ns };
}

int64_t pace_next(struct pace *p, int64_t now_ns)
{
	if (p->rate_per_s <= 0)
		return now_ns;
	double distance_ns = (double)NS_PER_S / p->rate_per_s;
	int64_t due_ns = p->start_ns + (int64_t)((double)p->n * distance_ns);
	p->n++;
	if (due_ns < now_ns - BATCH_MS * NS_PER_MS) {
		due_ns = p->last_ns + (int64_t)(CATCH_UP * distance_ns);
	}
	if (due_ns < now_ns)
		due_ns = now_ns;
	p->last_ns = due_ns;
	return due_ns;
}
