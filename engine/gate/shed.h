/* shed.h - what a core does when the process is near the end of its memory, before the system does worse.
 *
 *	80 %   whoever comes to chat gets 503 with Retry-After; memory that is free here goes back to the system
 *	90 %   nothing long is made for whom an answer waits already (unavailable). Those are ended, with 4508, who take
 *	       nothing, the slowest first; what waited for them is free at once, but for a send that is under way
 */
#ifndef GATE_SHED_H
#define GATE_SHED_H

#include "engine/gate/gate.h"
#include "engine/net/sendq.h"

#define SHED_REFUSE 800 /* thousandths of what may be used */
#define SHED_END 900

/* Every half second or so. */
void shed_tick(struct gate *gate);

static inline bool shed_refuses(const struct gate *gate)
{
	return gate->memory_permille >= SHED_REFUSE;
}

/* Whether what is answered at length is not to be made for it now: it has not taken what it asked for before. */
static inline bool shed_withholds(const struct gate *gate, const struct conn *conn)
{
	return gate->memory_permille >= SHED_END && sendq_is_long(conn);
}

#endif
