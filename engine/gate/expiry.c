#include "engine/gate/expiry.h"

#include "engine/core/mutant.h"
#include "engine/gate/frame.h"

uint64_t expiry_left_ms(const struct gate *gate, const struct session *session)
{
	if (!session->identity || session->identity->expires_ms == 0)
		return UINT64_MAX;
	return session->identity->expires_ms > gate->wall_ms ? session->identity->expires_ms - gate->wall_ms : 0;
}

uint64_t expiry_wait_ms(const struct gate *gate, const struct session *session)
{
	const uint64_t left = expiry_left_ms(gate, session);

	if (left == UINT64_MAX || session->expiry_told)
		return left;
	return left > EXPIRY_WARNING_MS ? left - EXPIRY_WARNING_MS : 0;
}

bool expiry_tend(struct gate *gate, struct conn *conn)
{
	struct session *session = session_of(gate, conn);
	const uint64_t left = expiry_left_ms(gate, session);

	if (left == 0 && !(PLANTED(85) && session->expiry_told)) { /* who was told may stay */
		session_close(gate, conn, CHAT_CLOSE_expired);
		return false;
	}
	if (session->expiry_told || left > EXPIRY_WARNING_MS)
		return true;
	session->expiry_told = true;
	return frame_notice(gate, conn,
			    &(struct chat_notice){ .kind = CHAT_NOTICE_EXPIRING, .after_ms = (uint32_t)left });
}
