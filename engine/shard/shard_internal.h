/* shard_internal.h - what the files of a shard share; nobody else includes it.
 *
 *	shard.c        what a core is made of: opening and closing
 *	shard_turn.c   one turn, and what it runs of the ring and of time
 *	shard_mail.c   what came from other cores and from the store
 *	shard_links.c  what all cores have together
 *	shard_sums.c   how much memory a core may take
 */
#ifndef SHARD_SHARD_INTERNAL_H
#define SHARD_SHARD_INTERNAL_H

#include "engine/api/api.h"
#include "engine/gate/gate.h"
#include "engine/shard/shard.h"

#ifndef SHARD_EVENTS_MAX /* few for a fuzzer */
#define SHARD_EVENTS_MAX 4096 /* completions run in one turn */
#endif

struct shard {
	struct gate gate;
	struct api api;
	struct ring *ring;
	struct shard_links *links;
	struct xring *in[CORES_MAX]; /* from each core */
	struct ring_event *events;
	struct counters counters;
	struct board board;
	int listener;
	uint64_t tick_ms;
	uint64_t grace_ms; /* until when no deadline is judged; 0: there is no such time */
	uint64_t accept_ms; /* when to try accepting again; 0: no need */
	struct throttle_entry accept_told; /* of lines about that */
	uint32_t in_next; /* whose mail comes first in the next turn */
	bool mail_left; /* the last turn stopped with mail unread */
	bool stopped;
};

/* Takes mail from all cores, this one included, until there is none or enough (then mail_left); what the store has
 * answered. */
void shard_run_mails(struct shard *shard);
void shard_run_stored(struct shard *shard);

/* There is some of either: no time to sleep. */
bool shard_mail_waits(struct shard *shard);

#endif
