/* sizes.h - a mix of message sizes: "128", "100*5,1KiB*3,5000" (a weight after the star).
 *
 * Pure but for the caller's random number.
 */
#ifndef LOAD_SIZES_H
#define LOAD_SIZES_H

#include <stdint.h>

#define SIZES_MAX 16

struct sizes {
	uint32_t size[SIZES_MAX];
	uint32_t up_to[SIZES_MAX]; /* running sum of weights */
	uint32_t count;
};

int sizes_parse(struct sizes *sizes, const char *text); /* 0, or the 1-based column that is not understood */
uint32_t sizes_pick(const struct sizes *sizes, uint64_t random);
uint32_t sizes_largest(const struct sizes *sizes);

#endif
