#include "engine/gate/permit.h"

#include "engine/auth/auth.h"
#include "engine/gate/membership.h"

uint8_t permit(const struct gate *gate, const struct conn *conn, struct span room)
{
	const struct session *session = &gate->sessions[conn->slot];

	return auth_rights(gate->auth, session->identity, session_user(session), room);
}

/* Whether it may stay, without what it may not be told any longer. */
static bool stays(struct gate *gate, struct cursor *cursor)
{
	if (!(cursor->rights & CHAT_RIGHT_read))
		return false;
	return !cursor->presence || (cursor->rights & CHAT_RIGHT_presence) ||
	       cursor_end_presence(&gate->hall, cursor) == 0;
}

void permit_renew(struct gate *gate, struct conn *conn)
{
	uint32_t next;

	for (uint32_t at = gate->hall.owners[conn->slot].cursors; at != 0; at = next) {
		struct cursor *cursor = cursor_at(&gate->hall, at);

		next = cursor->next_owned;
		if (cursor->given)
			continue;
		const uint8_t known = cursor->rights;

		cursor->rights = permit(gate, conn, place_name(directory_at(&gate->directory, cursor->place)));
		/* Who is not in yet is told so by the answer to the join. */
		if (cursor->state == CURSOR_JOINING)
			continue;
		membership_rights(gate, conn, cursor, known);
		if (!stays(gate, cursor))
			membership_lose(gate, conn, cursor);
	}
}

void permit_renew_all(struct gate *gate)
{
	for (uint32_t slot = 0; slot < gate->touched; slot++)
		if (gate->sessions[slot].phase == SESSION_LIVE)
			permit_renew(gate, net_conn(&gate->net, slot));
}
