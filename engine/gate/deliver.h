/* deliver.h - answers and pages from rooms' homes, to the one member who asked.
 */
#ifndef GATE_DELIVER_H
#define GATE_DELIVER_H

#include "engine/chat/cursor.h"
#include "engine/gate/gate.h"

void deliver_reply(struct gate *gate, const struct mail_reply *mail);
void deliver_page(struct gate *gate, const struct mail_page *mail);

/* Says that what lies between is not given; nothing where nothing does. False: the connection could not take it. */
bool deliver_lagged(struct gate *gate, struct conn *conn, struct span room, uint64_t after, uint64_t next);

/* One that skips is told what it missed and goes on live. False: the connection could not take that, and is gone with
 * all its cursors. */
bool deliver_latest(struct gate *gate, struct conn *conn, struct cursor *cursor);

#endif
