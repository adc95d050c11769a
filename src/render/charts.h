/*
 * The report's charts. Each returns NULL where memory is short or there is nothing to draw; texts
 * and shapes belong to the pool.
 */
#ifndef RENDER_CHARTS_H
#define RENDER_CHARTS_H

#include "drill/drill.h"
#include "render/drawing.h"

const struct drawing *chart_loss(const struct drill_result *r, struct pool *p);
const struct drawing *chart_parts(const struct drill_result *r, struct pool *p);
/* The same for a page as narrow as a telephone. */
const struct drawing *chart_parts_narrow(const struct drill_result *r, struct pool *p);
const struct drawing *chart_budget(const struct drill_result *r, struct pool *p);
const struct drawing *chart_previous(const struct drill_result *r, struct pool *p);
const struct drawing *chart_counterfactual(const struct drill_result *r, struct pool *p);

#endif
