/* user_homes.h - of the users whose home this core is: how many connections and rooms they have over all cores.
 *
 * A record is known by 50 bits of its name's keyed hash, not by the name: two users are one by a chance of one in some
 * 10^15 pairs. It exists while the user has a connection.
 */
#ifndef GATE_USER_HOMES_H
#define GATE_USER_HOMES_H

#include <stdbool.h>

#include "engine/core/heads.h"
#include "engine/core/slab.h"

struct user_record {
	uint64_t cores; /* where the user has connections, a bit each */
	uint64_t tag : 40; /* of the hash, all but the low bits that its list has from the start */
	uint64_t connections : 24;
	uint32_t rooms; /* of each connection, summed */
	uint32_t next;
};

_Static_assert(sizeof(struct user_record) == 24, "one for each user");

struct user_homes {
	struct slab records;
	struct heads heads;
};

/* records_max: as many connections as all cores may have, so that there is always one to be had. */
int user_homes_open(struct user_homes *homes, uint32_t records_max, uint32_t cores);
void user_homes_close(struct user_homes *homes);
uint64_t user_homes_bytes_max(uint32_t sessions_max);

/* The record, or NULL. */
struct user_record *user_homes_find(const struct user_homes *homes, uint64_t hash);

/* What a core tells: so many more or fewer, and whether it has a connection of the user now. Gives the record, which is
 * gone when it has no connection. */
struct user_record *user_homes_add(struct user_homes *homes, uint64_t hash, uint32_t core, int32_t connections,
				   int32_t rooms, bool present);
void user_homes_tidy(struct user_homes *homes, struct user_record *record, uint64_t hash);

#endif
