/* metrics.h - every figure as Prometheus reads it, made from the tables that the figures are counted by.
 *
 * It grows with the number of cores, not with connections or rooms: nothing is walked through.
 */
#ifndef OPS_METRICS_H
#define OPS_METRICS_H

#include "engine/ops/figures.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Writes the text to out[0..size). Returns its size; 0: it has no room. metrics_bound() is always enough: what is not
 * written to costs nothing. */
size_t metrics_text(const struct figures *figures, char *out, size_t size);
size_t metrics_bound(uint32_t cores);

/* docs/operate/metrics.md, from the text itself. */
void metrics_doc(void);

#endif
