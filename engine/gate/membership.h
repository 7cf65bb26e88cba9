/* membership.h - a session's commands about rooms, as mail to the rooms' homes, and the cursors that go with them.
 */
#ifndef GATE_MEMBERSHIP_H
#define GATE_MEMBERSHIP_H

#include "engine/chat/cursor.h"
#include "engine/gate/gate.h"

/* Runs a command that names a room. */
void membership_command(struct gate *gate, struct conn *conn, const struct chat_command *command);

/* Asks the room's home for what comes after the cursor's seq. */
void membership_fetch(struct gate *gate, struct conn *conn, struct cursor *cursor);

/* Ends a membership that the home knows of: tells it, then closes the cursor. id: of a leave to be answered. */
void membership_end(struct gate *gate, struct cursor *cursor, struct span user, uint64_t id);

/* Tells the home that the cursor's owner may moderate, or no longer may: known is what it takes for their rights. */
void membership_rights(struct gate *gate, struct conn *conn, struct cursor *cursor, uint8_t known);

/* Out of a room whose messages may not be read any longer; or never in it, where the join is not answered yet. */
void membership_lose(struct gate *gate, struct conn *conn, struct cursor *cursor);

/* Leaves all rooms. */
void membership_end_all(struct gate *gate, struct conn *conn);

#endif
