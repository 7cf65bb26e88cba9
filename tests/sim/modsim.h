/* modsim.h - who moderates whom in the simulation, and what a member may not be told after that.
 *
 * In half of the worlds everybody may manage every room. Whoever is removed is in no room any more, so that all that
 * comes of it is found (tests/sim/client.c); of who may not speak nothing may come with a later seq until that ends.
 * In the other half all are members, whom the callers of the API moderate (tests/sim/acts.h).
 */
#ifndef SIM_MODSIM_H
#define SIM_MODSIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODSIM_USERS 5 /* of client.c: "u0" to "u4" */

struct auth;

/* What one member knows of a room: until when (ts) who may not speak, and the act that removed it. */
struct modsim {
	uint64_t banned[MODSIM_USERS], muted[MODSIM_USERS];
	bool locked;
	uint64_t joined_seq; /* what came before it was in removes nobody */
	uint64_t removed_seq;
};

void modsim_draw(uint64_t seed);
void modsim_end(void);

/* The policy of this world, or NULL: all are members. */
struct auth *modsim_auth(void);

/* The same under other rules, from now on. */
struct auth *modsim_rule(const char *rights);

/* Writes an act on somebody, without a room; false: there is nothing to be done now. */
bool modsim_act(char *text, size_t size);

/* A member of that user is told an event of the room that has this seq: judges it. */
void modsim_event(struct modsim *known, uint32_t room, uint32_t user, uint64_t seq, const char *event);

/* What was between is not known. joined_seq: where the room stood when the member came. */
void modsim_forget(struct modsim *known, uint64_t joined_seq);

/* Alike for all who are told the same. */
uint64_t modsim_content(const char *event);

#endif
