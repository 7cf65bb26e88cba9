/* post.h - a core's way of sending mail to every core, itself included.
 *
 * A mail that finds its ring full waits in a list of its own and goes on, in
 * order, with the next flush. How much waits, here or handed over and not read yet, is bounded by who asks
 * post_is_full(): the gate before it takes a command, the home before it makes a page of a few bytes.
 */
#ifndef CHAT_POST_H
#define CHAT_POST_H

#include "engine/chat/mail.h"
#include "engine/core/counters.h"
#include "engine/core/ring.h"
#include "engine/core/xring.h"

#define CORES_MAX 64

struct post {
	struct xring *out[CORES_MAX];  /* to core i; keeps */
	struct waiting *first[CORES_MAX], *last[CORES_MAX];
	struct bell *bells[CORES_MAX];
	const int *ring_bells;         /* ring_bell() of each core; keeps: known when all are open */
	uint64_t to_flush;             /* cores that got mail this turn */
	uint64_t waiting_bytes, waiting_bytes_max;
	uint64_t handed[CORES_MAX];    /* bytes of what waited and was handed over, ever */
	uint64_t unread_bytes;         /* of those, what nobody has read, as of the last flush */
	uint32_t core, cores;
	struct waiting *begun;
	size_t begun_size;
	struct counters *counters;
};

/* Gives memory for a mail of `size` bytes to a core; never NULL (out of memory ends
 * the process: what waits is bounded, so this is not a peer's doing). Exactly one post_end() follows. */
void *post_begin(struct post *post, uint32_t core, size_t size);
void post_end(struct post *post, uint32_t core);

/* Whether commands should be refused until other cores have caught up; and already those that are answered at length:
 * who asks for many pages does not keep others from speaking. */
bool post_is_full(const struct post *post);
bool post_is_busy(const struct post *post);

/* Once a turn: moves what waits, and wakes the cores that sleep. */
void post_flush(struct post *post, struct ring *ring);

/* The oldest mail of a ring, or NULL; it stays valid until dropped. */
struct mail *post_peek(struct xring *in);
void post_drop(struct xring *in);

/* Gives back all that waits. */
void post_close(struct post *post);

#endif
