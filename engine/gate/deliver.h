/* deliver.h - answers and pages from rooms' homes, to the one member who asked.
 */
#ifndef GATE_DELIVER_H
#define GATE_DELIVER_H

#include "engine/gate/gate.h"

void deliver_reply(struct gate *gate, const struct mail_reply *mail);
void deliver_page(struct gate *gate, const struct mail_page *mail);

#endif
