/* users.h - a core's users by name, each with the list of their sessions here.
 *
 * A user is a name, of however many connections on however many cores. Each core knows its own sessions of a user; the
 * user's home core, by the name's hash, counts over all cores (gate/user_homes.h).
 *
 * The index has no memory of its own for a user: a table of lists (core/heads.h), and two links in each session that is
 * LIVE. Those of one user stand side by side, and the first of them links back to the last: who looks for a user passes
 * all sessions of another one in a step.
 *
 *	head --> a1 --> a2 --> a3 --> b1 --> c1 --> c2 --> 0      back: a1 to a3, a2 to a1, a3 to a2; b1 to itself
 */
#ifndef GATE_USERS_H
#define GATE_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/core/heads.h"
#include "proto/base/span.h"

struct gate;
struct conn;

struct users {
	struct heads heads; /* of users: the first session of each, index + 1 */
	uint32_t count; /* sessions in it */
	uint64_t hash_key;
};

/* hash_key is the same on all cores. Returns 0 or -ENOMEM. */
int users_open(struct users *users, uint32_t sessions_max, uint64_t hash_key);
void users_close(struct users *users);
uint64_t users_bytes_max(uint32_t sessions_max);

/* Who a name is, on every core the same; and the core that counts for all. */
uint64_t user_hash(const struct gate *gate, struct span user);
uint32_t user_home(const struct gate *gate, uint64_t hash);

/* The session is LIVE as session->user: returns whether it is the user's first here. And is so no longer: whether it
 * was the last. */
bool users_enter(struct gate *gate, struct conn *conn);
bool users_leave(struct gate *gate, struct conn *conn);

/* The user's first session on this core, and the one after; NULL: there is none. To end sessions on the way, ask for
 * the next before the one before it is ended. */
struct conn *users_first(struct gate *gate, struct span user);
struct conn *users_next(struct gate *gate, const struct conn *conn);

/* The first session of the user whose name has this hash. */
struct conn *users_by_hash(struct gate *gate, uint64_t hash);

#endif
