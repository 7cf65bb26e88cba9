/* ban_file.h - the file "bans" of the data directory: who is banned from the whole server, a line a change.
 *
 *	1763740800000 a name
 *
 * Milliseconds since 1970 until when, 0 for no longer; the last line about a name counts. A line is one write, so that
 * a killed process loses none; the main thread syncs what was written, so that a power cut loses half a second at most.
 * At start what still counts is written to a new file that takes the place of the old one.
 */
#ifndef OPS_BAN_FILE_H
#define OPS_BAN_FILE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "engine/auth/bans.h"
#include "engine/shard/shard.h"

struct ban_file {
	int file; /* -1: nothing is kept */
	struct bans bans; /* as they were at start */
	_Atomic bool written; /* and not synced */
	_Atomic bool cut; /* the last line is not whole: the disk was full */
};

/* directory NULL: nothing is kept. Before the sandbox. Returns 0 or -errno, having said why. */
int ban_file_open(struct ban_file *file, const char *directory, uint64_t wall_ms);
void ban_file_close(struct ban_file *file);

/* Gives a core what it knew at start. By the core's thread, before it turns. */
int ban_file_restore(struct ban_file *file, struct shard *shard, uint64_t wall_ms);

/* What each core calls for a change. */
struct ban_keeper ban_file_keeper(struct ban_file *file);

/* Now and then, by the main thread. */
void ban_file_sync(struct ban_file *file);

#endif
