/* hearing.h - what one client was told: read as a client reads it, and held against what another run told it.
 *
 * What depends on nothing but a run (a connection's name, an epoch, times) is made equal first. Answers, events of a
 * room and control frames each have an order of their own; between them the order is the pump's.
 */
#ifndef FUZZ_HEARING_H
#define FUZZ_HEARING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEARING_TOLD_MAX 4096
#define HEARING_BYTES_MAX (1u << 22)
#define HEARING_MESSAGE_MAX (1u << 17) /* inflated */

struct hearing {
	struct told {
		uint64_t stream;     /* which order it is of */
		uint32_t at, size;   /* in bytes[], made equal */
	} told[HEARING_TOLD_MAX];
	uint32_t count;
	uint32_t size;
	bool compresses;             /* it was agreed on */
	bool closed;                 /* by the server; what was on its way may be missing */
	bool left;                   /* somebody may have left a room: what was on its way to it, likewise */
	uint32_t close_code;         /* 0: no close frame; HTTP: the status */
	uint8_t bytes[HEARING_BYTES_MAX];
};

void hearing_clear(struct hearing *hearing);

/* All that came on a connection. What no client could read ends the run. */
void hearing_take(struct hearing *hearing, const uint8_t *bytes, size_t size, bool closed);

/* Ends the run unless both were told the same. To a connection that was closed one of them may have been told more;
 * where rooms were left only how it ended is compared. Sorts both. */
void hearing_compare(struct hearing *whole, struct hearing *cut);

#endif
