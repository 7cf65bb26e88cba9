#include "engine/gate/expiry.h"

#include "engine/core/mutant.h"
#include "engine/gate/frame.h"

static uint64_t end_ms(const struct session *session)
{
	const uint64_t of_token = session->identity ? session->identity->expires_ms : UINT64_MAX;
	const uint64_t vouched = session->rare && session->rare->vouched_ms ? session->rare->vouched_ms : UINT64_MAX;

	return vouched < of_token ? vouched : of_token;
}

uint64_t expiry_left_ms(const struct gate *gate, const struct session *session)
{
	const uint64_t end = end_ms(session);

	if (end == UINT64_MAX)
		return UINT64_MAX;
	return end > gate->wall_ms ? end - gate->wall_ms : 0;
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
