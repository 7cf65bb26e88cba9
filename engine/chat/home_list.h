/* home_list.h - the rooms that a home core has in memory, one after the other, a few at a time.
 */
#ifndef CHAT_HOME_LIST_H
#define CHAT_HOME_LIST_H

#include "engine/chat/home.h"

struct home_listed {
	struct span name;
	uint64_t last; /* the newest seq */
	uint32_t connections, users;
	enum chat_class class;
};

/* False: no more for now; the room it was told of does not count as told. */
typedef bool home_list_fn(void *context, const struct home_listed *room);

/* Tells of each room from `from` on (0: the first), and looks at `most` places at most. Gives where to go on, 0: there
 * are no more. A room keeps its place while it is there: each that stays is told once, whatever comes and goes. */
uint32_t home_list(const struct home *home, uint32_t from, uint32_t most, home_list_fn *tell, void *context);

#endif
