/* resume.h - who was cut comes back and asks for what came meanwhile: the native protocol's way, by epoch and seq.
 *
 * With other servers a client that comes back joins anew, and is not owed what came in between.
 */
#ifndef LOAD_RESUME_H
#define LOAD_RESUME_H

#include "tools/load/client.h"

struct resume {
	uint64_t *position;   /* by membership: the last seq */
	uint64_t *away;       /* by membership, a bit: was in the room, and its tracks go on */
	char (*epoch)[20];    /* by room */
};

/* Does nothing unless somebody will be cut and the dialect can resume. False: no memory. */
bool resume_open(struct worker *worker);

/* The seq in a message of the native protocol, 0 when there is none. */
uint64_t resume_position(struct span message);

/* It has left a room with the wish to go on later. */
void resume_leave(struct worker *worker, uint64_t membership);
bool resume_is_away(const struct worker *worker, uint64_t membership);

/* Writes a join that says where it was; false when it was not away. */
bool resume_ask(const struct worker *worker, uint64_t membership, uint32_t room, struct dialect_out *out);

/* The answer to a join, of either kind. */
void resume_joined(struct worker *worker, uint32_t index, uint32_t room, struct span answer);

#endif
