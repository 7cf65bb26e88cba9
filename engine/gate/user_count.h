/* user_count.h - what a core tells a user's home of it, and what the home makes of that.
 *
 * A session is live at once. When the home finds that its user has too many, it is ended: with one core before it is
 * answered, else within a turn or two. Of a user that is in as many rooms as may be every core concerned is told, and
 * refuses joins until there are fewer; joins that were under way on other cores meanwhile may be above the limit.
 */
#ifndef GATE_USER_COUNT_H
#define GATE_USER_COUNT_H

#include "engine/chat/mail.h"

struct gate;
struct conn;

/* Of a user; 0: no limit. */
struct user_limits {
	uint32_t connections_max;
	uint32_t rooms_max; /* in which the connections are, each counted */
};

/* The session is LIVE. False: its user has too many, and it has been ended. */
bool user_count_enter(struct gate *gate, struct conn *conn, uint64_t id);

/* It is about to be LIVE no longer, and out of all rooms. */
void user_count_leave(struct gate *gate, struct conn *conn);

/* The session is in more or fewer rooms, perhaps. Each time it is in more, and for each that is sent to. */
void user_count_rooms(struct gate *gate, struct conn *conn);

/* The mail by which cores and homes tell each other. */
void user_count_mail(struct gate *gate, const struct mail_count *mail);
void user_standing_mail(struct gate *gate, const struct mail_standing *mail);

#endif
