/* takers.h - in some worlds clients say things under the cids that another one is about to use: a cid is its author's,
 * so nothing comes of it to that one.
 *
 * The others come in pairs, of two users each, so that it is known who has sent what.
 */
#ifndef SIM_TAKERS_H
#define SIM_TAKERS_H

#include <stdbool.h>
#include <stdint.h>

struct sim_client;

/* Draws from a random of its own. None where a fuzzer's bytes decide. */
void takers_draw(uint64_t seed);

/* Whose cids a client takes. */
uint32_t takers_other(uint32_t client);

/* The client is given an event of the room: by its cid it knows how far the other one is. */
void takers_heard(const struct sim_client *client, uint32_t room, const char *event);

/* Whether it takes one now: *number of the other's in that room. */
bool takers_take(const struct sim_client *client, uint32_t room, uint64_t *number);

#endif
