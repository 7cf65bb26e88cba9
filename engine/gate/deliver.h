/* deliver.h - answers and pages from rooms' homes, to the one member who asked.
 */
#ifndef GATE_DELIVER_H
#define GATE_DELIVER_H

#include "engine/chat/cursor.h"
#include "engine/gate/gate.h"

void deliver_reply(struct gate *gate, const struct mail_reply *mail);
void deliver_page(struct gate *gate, const struct mail_page *mail);

/* One that skips is told what it missed and goes on live. False: the connection could not take that, and is gone with
 * all its cursors. */
bool deliver_latest(struct gate *gate, struct conn *conn, struct cursor *cursor);

#endif
