/* data.h - the data directory: held by one process at a time, it keeps the rooms' logs from one run to the next.
 */
#ifndef OPS_DATA_H
#define OPS_DATA_H

#include <pthread.h>

#include "engine/chat/home.h"
#include "engine/store/snapshot.h"

struct data {
	const char *path; /* NULL: nothing is kept */
	int lock;
	struct snapshot loaded;
	struct snapshot_writer *writer;
	pthread_mutex_t mutex; /* of the writer */
	int error; /* the first of the writer */
	uint64_t saved;
};

/* Makes and holds the directory and loads what it has. path "": nothing is kept. Returns 0 or the exit
 * status, having said why. */
int data_open(struct data *data, const char *path);

struct data_core {
	uint32_t index, count; /* this core, of so many */
	uint64_t hash_key;
};

/* Gives a core the rooms it is home of: of the events that are not too old the newest that its limits hold.
 * Called by each core's thread before it turns. wall_ms: now, for the events' ages. Returns 0, or -errno having
 * said why: then some room would go on from a position that it has already given to another message. */
int data_restore(const struct data *data, struct home *home, const struct data_core *core,
		 const struct home_limits *limits, uint64_t now_ms, uint64_t wall_ms);

/* All cores have theirs: what was loaded must not be used a second time. Before anybody is served. Returns 0,
 * or the exit status, having said why. */
int data_forget(struct data *data);

/* Writes a core's rooms. Called by each core's thread after it has turned. */
void data_save(struct data *data, struct home *home);

/* All cores have written. Returns 0, or -1 having said why. */
int data_finish(struct data *data);
void data_close(struct data *data);

#endif
