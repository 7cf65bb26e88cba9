/* removal.h - ends memberships on this core when the room's log says that somebody was kicked or banned.
 *
 * Whoever it is gets what came before in the room, the event itself and a notice, and nothing that comes after.
 */
#ifndef GATE_REMOVAL_H
#define GATE_REMOVAL_H

#include "engine/gate/gate.h"

/* An event of kind mod that was just rendered. */
void removal_event(struct gate *gate, const struct mail_event *mail);

#endif
