/* shed.h - what a core does when the process is near the end of its memory, before the system does worse.
 *
 *	80 %   whoever comes to chat gets 503 with Retry-After; memory that is free here goes back to the system
 *	90 %   those are ended, with 4508, who hold most of it: who take what is sent too slowly, the slowest first
 */
#ifndef GATE_SHED_H
#define GATE_SHED_H

#include "engine/gate/gate.h"

#define SHED_REFUSE 800 /* thousandths of what may be used */
#define SHED_END 900

/* Every half second or so. */
void shed_tick(struct gate *gate);

static inline bool shed_refuses(const struct gate *gate)
{
	return gate->memory_permille >= SHED_REFUSE;
}

#endif
