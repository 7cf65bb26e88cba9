/* restart.h - good ends of the server in some worlds: it drains, all are told to come back, and the next one has what
 * the disk has, and in rooms of memory what the one before had, by way of its snapshot.
 */
#ifndef SIM_RESTART_H
#define SIM_RESTART_H

#include "engine/shard/shard.h"

struct sim_client;

/* Draws from a random of its own. None where a fuzzer's bytes decide. */
void restart_draw(uint64_t seed);

/* A server is about to be opened; nobody drains. */
void restart_begin(struct shard_links *links);

/* Another step: now and then the cores are told to drain. */
void restart_act(void);

/* For how many steps they have drained, 0: they do not; and whether they are done. */
uint32_t restart_drains(void);
bool restart_is_due(struct shard *const *shards);

/* The rooms in memory are written to a snapshot; one core of the next server has its own of it; all have. */
void restart_save(struct shard *const *shards);
void restart_load(struct shard *shard, const struct shard_limits *limits);
void restart_judge(struct shard *const *shards);

/* A client connects; is turned away, which is counted over all runs, too; is told to come back in so many milliseconds;
 * is closed with this code; is cut off, having read everything: that is by a crash, or where memory is short. */
void restart_opened(const struct sim_client *client);
void restart_turned_away(const struct sim_client *client);
extern uint64_t restart_turned_away_all;
void restart_told(const struct sim_client *client, const char *text);
void restart_closed(const struct sim_client *client, uint32_t code, const char *reason);
void restart_cut(const struct sim_client *client);

#endif
