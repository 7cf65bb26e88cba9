/* data.h - the data directory: held by one process at a time, it keeps the rooms' logs from one run to the next.
 */
#ifndef OPS_DATA_H
#define OPS_DATA_H

#include <pthread.h>

#include "engine/chat/home.h"
#include "engine/store/snapshot.h"

struct data {
	const char *path;        /* NULL: nothing is kept */
	int lock;
	struct snapshot loaded;
	struct snapshot_writer *writer;
	pthread_mutex_t mutex;   /* of the writer */
	int error;               /* the first of the writer */
	uint64_t saved;
};

/* Makes and holds the directory and loads what it has. path "": nothing is kept. Returns 0 or the exit
 * status, having said why. */
int data_open(struct data *data, const char *path);

/* Gives a core the rooms it is home of. Called by each core's thread before it turns. */
void data_restore(struct data *data, struct home *home, uint32_t core, uint32_t cores, uint64_t hash_key);

/* All cores have theirs: what was loaded must not be used a second time. */
void data_forget(struct data *data);

/* Writes a core's rooms. Called by each core's thread after it has turned. */
void data_save(struct data *data, struct home *home);

/* All cores have written. Returns 0, or -1 having said why. */
int data_finish(struct data *data);
void data_close(struct data *data);

#endif
