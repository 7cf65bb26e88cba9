/* hold.h - commands of a connection that wait until somebody outside has decided about the first: in order, bounded.
 */
#ifndef GATE_HOLD_H
#define GATE_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/span.h"

#define HOLD_COUNT_MAX 64 /* commands behind the first, */
#define HOLD_BYTES_MAX (64 * 1024) /* and their bytes */

struct held;

struct hold {
	uint64_t number; /* of the question that the first waits for; 0: it runs */
	struct held *first, *last;
	uint32_t count; /* behind the first */
	size_t bytes; /* of them */
	bool running; /* the first is being run: it stays until that is over */
	bool over; /* ... and the connection ended by it */
};

/* Gives a hold with this as its first, which may be of any size; NULL: no memory. */
struct hold *hold_open(struct span text, uint64_t number);

/* Behind the others. False: it has as many as there may be, or there is no memory. */
bool hold_put(struct hold *hold, struct span text);

/* The first's text; borrowed until it is dropped. Absent: there is none. */
struct span hold_first(const struct hold *hold);
void hold_drop(struct hold *hold);

void hold_close(struct hold *hold);

#endif
