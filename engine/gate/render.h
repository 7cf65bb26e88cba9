/* render.h - a room's event as wire bytes in its hot logs on this core: once, whatever the number of members.
 */
#ifndef GATE_RENDER_H
#define GATE_RENDER_H

#include "engine/gate/gate.h"

void render_event(struct gate *gate, const struct mail_event *mail);

#endif
