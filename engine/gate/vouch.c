#include "engine/gate/vouch.h"

#include "engine/core/slab.h"
#include "engine/gate/identify.h"

/* Of a guest: no roles and no rules of their own, as before. */
static struct identity *identity_of(struct span user)
{
	const size_t size = sizeof(struct identity) + user.size;
	struct identity *identity = block_take(size);

	if (!identity)
		return NULL;
	uint8_t *name = (uint8_t *)(identity + 1);

	memcpy(name, user.bytes, user.size);
	*identity = (struct identity){ .size = size, .user = span_of(name, user.size) };
	return identity;
}

/* A token's own end is not put off. */
static bool end_at(struct gate *gate, struct conn *conn, uint64_t expires_ms)
{
	struct session *session = session_of(gate, conn);

	if (!session->identity)
		session->identity = identity_of(session_user(session));
	if (!session->identity) {
		session_close(gate, conn, CHAT_CLOSE_internal);
		return false;
	}
	if (session->identity->expires_ms == 0 || expires_ms < session->identity->expires_ms)
		session->identity->expires_ms = expires_ms;
	return true;
}

bool vouch(struct gate *gate, struct conn *conn, const struct hook_answer *answer)
{
	if (answer->user_size > 0 && !identify_rename(gate, conn, span_of(answer->user, answer->user_size)))
		return false;
	return answer->expires_s == 0 || end_at(gate, conn, answer->expires_s * 1000);
}
