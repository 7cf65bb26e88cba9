/* quantity.h - a number with its unit, as people write it: 20, 64K, 90s.
 */
#ifndef CORE_QUANTITY_H
#define CORE_QUANTITY_H

#include "proto/base/span.h"

enum quantity {
	QUANTITY_COUNT, /* no unit */
	QUANTITY_BYTES, /* none, or K M G T: 1024 each time */
	QUANTITY_TIME,  /* ms s m h d; a 0 needs none */
};

/* Reads the whole text: digits, then the unit. number: counts; bytes; milliseconds. False: it is not written
 * so, or does not fit; number may be written. */
bool quantity_read(enum quantity kind, struct span text, uint64_t *number);

#endif
