/* outside.h - who is asked about connections and joins in some worlds: answers late, in any order, or not at all.
 */
#ifndef SIM_OUTSIDE_H
#define SIM_OUTSIDE_H

#include "engine/shard/shard.h"

/* Draws from a random of its own, so that all other draws stay what they are without it. */
void outside_draw(uint64_t seed);

/* The engine is about to be opened; and is closed, what was asked is of no more use. */
void outside_begin(struct shard_links *links);
void outside_end(void);

/* Now and then answers one question. */
void outside_act(void);

/* Answers all, and with yes. */
void outside_answer(void);

#endif
