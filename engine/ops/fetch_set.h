/* fetch_set.h - a key set that was fetched, on its way from the thread that fetches to the one that judges it.
 *
 *	nothing --fetch_set_put()--> put --fetch_set_judge()--> adopted or refused --fetch_set_end()--> nothing
 *
 * Both ends are the fetching thread's; what is between them is the other's. One way for one set at a time.
 */
#ifndef OPS_FETCH_SET_H
#define OPS_FETCH_SET_H

#include <stdatomic.h>

#include "proto/base/span.h"

/* All zero: nothing yet. */
struct fetch_set {
	uint8_t *held, *put; /* the one adopted last, and the one under way; NULL: none */
	size_t held_size, put_size;
	_Atomic int state;
};

/* Whether it is the one that was adopted last. */
bool fetch_set_is_held(const struct fetch_set *set, struct span text);

/* Puts a copy. False: no memory. */
bool fetch_set_put(struct fetch_set *set, struct span text);

/* On the judging thread: what was put, else an absent span; borrowed until fetch_set_judge(), which has to follow. */
struct span fetch_set_take(const struct fetch_set *set);
void fetch_set_judge(struct fetch_set *set, bool adopted);

/* Returns 1: it was adopted, and is held; -1: it was refused, and is forgotten; 0: nothing was judged. */
int fetch_set_end(struct fetch_set *set);

#endif
