/* slow.h - when each user last spoke in a room where one may not do so again at once.
 *
 * A table by the hash of the name, that users do not get out of by leaving; who may speak again is forgotten.
 */
#ifndef CHAT_SLOW_H
#define CHAT_SLOW_H

#include <stddef.h>
#include <stdint.h>

#define SLOW_USERS_MAX 65536 /* of a room, about: with more at once some are let through */

struct slow_entry {
	uint64_t hash;
	uint64_t spoke_ms; /* 0: nobody's */
};

struct slow {
	struct slow_entry *entries; /* a block of `capacity`, a power of two */
	uint32_t capacity;
};

/* How long until that user may speak again; 0: now. Monotonic time. */
uint64_t slow_wait_ms(const struct slow *slow, uint64_t hash, uint64_t every_ms, uint64_t now_ms);

/* The user speaks now. Without memory for it that is forgotten. */
void slow_note(struct slow *slow, uint64_t hash, uint64_t every_ms, uint64_t now_ms);

size_t slow_bytes(const struct slow *slow);
void slow_forget(struct slow *slow);

#endif
