/* input_curve.h - the part of a results.json that is curves: over time, and over quantiles.
 */
#ifndef REPORT_INPUT_CURVE_H
#define REPORT_INPUT_CURVE_H

#include "tools/report/input.h"

/* From run->root into its series, percentiles and phases. */
bool input_curves_read(struct run *run, char why[INPUT_WHY_SIZE]);

void input_curves_free(struct run *run);

#endif
