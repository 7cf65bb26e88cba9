/* retuner.h - reloads while the world turns: other limits, and where there is a policy other rules. Once every core has
 * taken one it must hold, for those who were there before as well; and nobody is ended for it.
 */
#ifndef SIM_RETUNER_H
#define SIM_RETUNER_H

#include "engine/shard/shard.h"

#define RETUNER_CLIENTS 16

/* Draws from a random of its own. Behind modsim_draw(). */
void retuner_draw(uint64_t seed);

/* The limits that a core is to be opened with: its own, or as they were last changed. */
void retuner_limits(struct shard_limits *limits);

void retuner_begin(struct shard_links *links);

/* Now and then reloads. */
void retuner_act(void);

/* What is under way comes to its end. */
void retuner_tend(void);

/* Whether a reload is on its way to some core. */
bool retuner_is_out(void);

/* A client's connection is new; a message of it that it sent at said_ns was taken; it has come into a room, and is in
 * so many, having asked at said_ns. */
void retuner_opened(uint32_t client);
void retuner_spoke(uint32_t client, uint64_t said_ns);
void retuner_joined(uint32_t client, uint32_t room, uint32_t rooms, uint64_t said_ns);

#endif
