#include "engine/gate/identify.h"

#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/core/mutant.h"
#include "engine/core/slab.h"
#include "engine/gate/bearer.h"
#include "engine/gate/expiry.h"
#include "engine/gate/frame.h"
#include "engine/gate/hook.h"
#include "engine/gate/keepalive.h"
#include "engine/gate/permit.h"
#include "proto/chat/limits.h"

_Static_assert(AUTH_REFUSAL_COUNT < sizeof((struct counters){ 0 }.auth) / sizeof(uint64_t), "a cell each");

void identify_count(struct gate *gate, enum auth_refusal why, bool by_token)
{
	cell_add(&gate->counters->auth[why == AUTH_OK && !by_token ? AUTH_REFUSAL_COUNT : why], 1);
}

/* The peer learns no more than that: what exactly is wrong with a token is for the log of who runs the server. */
static void turn_away(struct gate *gate, struct conn *conn, const struct chat_command *hello, enum auth_refusal why)
{
	const bool wrong = why == AUTH_name && !hello->token.bytes;

	LOG(LOG_DEBUG, "unauthorized", LOG_U64("connection", conn->slot), LOG_TEXT("reason", auth_refusal_text(why)));
	if (why == AUTH_memory) {
		session_close(gate, conn, CHAT_CLOSE_internal);
		return;
	}
	frame_error(gate, conn, hello->id, wrong ? CHAT_ERR_bad_request : CHAT_ERR_unauthorized, 0);
	session_close(gate, conn, CHAT_CLOSE_unauthorized);
}

static enum auth_refusal by_token(struct gate *gate, struct session *session, struct span token)
{
	struct identity *identity;
	const enum auth_refusal why = auth_token(gate->auth, &gate->verified, token, gate->wall_ms, &identity);

	if (why != AUTH_OK)
		return why;
	CHECK(identity->user.size <= CHAT_NAME_SIZE_MAX);
	if (session->identity)
		block_give(session->identity, session->identity->size);
	session->identity = identity;
	return AUTH_OK;
}

/* name may be what the session has. */
static enum auth_refusal call(struct session *session, struct span name)
{
	uint8_t *user = block_take(name.size);

	if (!user)
		return AUTH_memory;
	memcpy(user, name.bytes, name.size);
	if (session->user)
		block_give(session->user, session->user_size);
	session->user = user;
	session->user_size = (uint8_t)name.size;
	return AUTH_OK;
}

/* Whose token it is will be said by who is asked about the connection: until then a name stands in. */
static enum auth_refusal by_others(const struct chat_command *hello, uint8_t name[CHAT_NAME_SIZE_MAX], size_t *size)
{
	const struct span said = hello->name.bytes ? hello->name : SPAN("guest");

	if (!chat_name_valid(said) || said.bytes[0] == CHAT_NAME_MARK_KEY)
		return AUTH_name;
	CHECK(said.size <= CHAT_NAME_SIZE_MAX);
	memcpy(name, said.bytes, said.size);
	*size = said.size;
	return AUTH_OK;
}

bool identify(struct gate *gate, struct conn *conn, const struct chat_command *hello)
{
	struct session *session = session_of(gate, conn);
	uint8_t name[CHAT_NAME_SIZE_MAX];
	size_t size = 0;
	enum auth_refusal why;

	CHECK(session->phase == SESSION_HELLO);
	if (session->user)
		return true;
	/* Somebody who has a token is not to become a guest by it. */
	if (hello->token.bytes && hook_takes_token(gate))
		why = by_others(hello, name, &size);
	else if (hello->token.bytes)
		why = by_token(gate, session, hello->token);
	else if (session->identity) /* which came with the handshake, a moment ago */
		why = session->identity->expires_ms > gate->wall_ms ? AUTH_OK : AUTH_expired;
	else
		why = auth_guest(gate->auth, hello->name, random_next(&gate->random), name, &size);
	if (why == AUTH_OK)
		why = call(session, session->identity ? session->identity->user : span_of(name, size));
	identify_count(gate, why, session->identity != NULL);
	if (why == AUTH_OK)
		return true;
	turn_away(gate, conn, hello, why);
	return false;
}

bool identify_holds(struct gate *gate, struct conn *conn, const struct chat_command *hello)
{
	if (expiry_left_ms(gate, session_of(gate, conn)) > 0)
		return true;
	identify_count(gate, AUTH_expired, true);
	turn_away(gate, conn, hello, AUTH_expired);
	return false;
}

bool identify_rename(struct gate *gate, struct conn *conn, struct span name)
{
	struct session *session = session_of(gate, conn);

	if (span_equal(name, session_user(session)) || call(session, name) == AUTH_OK)
		return true;
	session_close(gate, conn, CHAT_CLOSE_internal);
	return false;
}

enum refusal identify_request(struct gate *gate, struct conn *conn, const struct http_head *request)
{
	struct span token;
	enum auth_refusal why = AUTH_malformed;

	switch (bearer_find(gate, request, &token)) {
	case BEARER_NONE:
		return REFUSED_NOT;
	case BEARER_ORIGIN:
		return REFUSED_origin;
	case BEARER_AMBIGUOUS:
		break;
	case BEARER_TOKEN:
		why = by_token(gate, session_of(gate, conn), token);
		break;
	}
	if (why == AUTH_OK)
		return REFUSED_NOT;
	identify_count(gate, why, true);
	LOG(LOG_DEBUG, "unauthorized", LOG_U64("connection", conn->slot), LOG_TEXT("reason", auth_refusal_text(why)));
	return why == AUTH_memory ? REFUSED_memory : REFUSED_token;
}

/* AUTH_name: of somebody else. A guest stays one: who somebody is does not change while they are in rooms. */
static enum auth_refusal judge_refresh(struct gate *gate, const struct session *session, struct span token,
				       struct identity **identity)
{
	if (!session->identity)
		return AUTH_no_token;
	const enum auth_refusal why = auth_token(gate->auth, &gate->verified, token, gate->wall_ms, identity);

	identify_count(gate, why, true);
	if (why != AUTH_OK || span_equal((*identity)->user, session->identity->user))
		return why;
	block_give(*identity, (*identity)->size);
	return AUTH_name;
}

void identify_refresh(struct gate *gate, struct conn *conn, const struct chat_command *refresh)
{
	struct session *session = session_of(gate, conn);
	struct identity *identity;
	const enum auth_refusal why = judge_refresh(gate, session, refresh->token, &identity);

	if (why != AUTH_OK) {
		frame_error(gate, conn, refresh->id, why == AUTH_name ? CHAT_ERR_forbidden : CHAT_ERR_unauthorized, 0);
		return;
	}
	if (PLANTED(86)) /* it ends when the one before does */
		identity->expires_ms = session->identity->expires_ms;
	const uint64_t left_ms = expiry_left_ms(gate, session);

	block_give(session->identity, session->identity->size);
	session->identity = identity;
	/* An end that stays is told once: who refreshes when told would do so without end. */
	if (expiry_left_ms(gate, session) != left_ms && !PLANTED(87)) /* the end of another one is not told */
		session->expiry_told = false;
	keepalive_expiry(gate, conn);
	if (refresh->id != 0)
		frame_reply(gate, conn, &(struct chat_reply){ .kind = CHAT_REPLY_EMPTY, .re = refresh->id });
	if (conn_is_open(conn))
		permit_renew(gate, conn);
}
