/* shape.h - how many connections there should be at a time: ramp shapes.
 *
 * Pure. A ramp is a list of stages; each goes from where the one before ended (0 at first) to its target.
 */
#ifndef LOAD_SHAPE_H
#define LOAD_SHAPE_H

#include <stdint.h>

#define SHAPE_STAGES_MAX 32

enum shape_kind { SHAPE_LINEAR, SHAPE_EXPONENTIAL, SHAPE_STEPPED, SHAPE_BURST };

struct shape_stage {
	enum shape_kind kind;
	uint32_t target;      /* connections at its end */
	uint64_t duration_ns; /* BURST: all at its beginning; STEPPED: in `steps` equal jumps */
	uint32_t steps;
};

struct shape {
	struct shape_stage stages[SHAPE_STAGES_MAX];
	uint32_t count;
};

uint32_t shape_at(const struct shape *shape, uint64_t elapsed_ns);
uint64_t shape_duration(const struct shape *shape);
uint32_t shape_peak(const struct shape *shape);

/* Reads "30s:1000,30s:2000,2m:2000" (k6's stages: linear), with a kind before a stage where it is another:
 * "exp 10s:5000", "step/5 10s:5000", "burst 0s:10000". Returns 0, or the 1-based column that is not understood. */
int shape_parse(struct shape *shape, const char *text);

#endif
