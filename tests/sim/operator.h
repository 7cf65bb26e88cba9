/* operator.h - who ends users' connections and bans names while the world turns; and what must be true of users then.
 */
#ifndef SIM_OPERATOR_H
#define SIM_OPERATOR_H

#include "engine/shard/shard.h"

/* Draws from a random of its own, so that all other draws stay what they are without it. */
void operator_draw(uint64_t seed);

/* The same for every core. */
struct user_limits operator_limits(void);

/* The engine is about to be opened, and has been: it keeps who is banned, and gives it to the new one. */
void operator_begin(struct shard_links *links);
void operator_start(struct shard **shards);

/* Now and then does something. */
void operator_act(void);

/* All connections of that user that were there by then are to be gone; and when that was said last. */
void operator_ended(uint32_t user, uint64_t then_ns);
uint64_t operator_ended_ns(uint32_t user);

/* All is at rest: on every core only those are in who may be. operator_ask() has each core look, in its next turn. */
void operator_ask(void);
void operator_judge(void);

#endif
