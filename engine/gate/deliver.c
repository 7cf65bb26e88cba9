#include "engine/gate/deliver.h"

#include "engine/chat/cursor.h"
#include "engine/core/check.h"
#include "engine/core/mutant.h"
#include "engine/gate/api_ops.h"
#include "engine/gate/frame.h"
#include "engine/gate/latency.h"
#include "engine/gate/membership.h"
#include "engine/gate/offence.h"
#include "engine/gate/shed.h"

#define WITHHELD_RETRY_MS 500

/* The connection that asked, if it is still the same and open. */
static struct conn *asker(struct gate *gate, const struct mail_origin *origin)
{
	struct conn *conn = net_conn(&gate->net, origin->slot);

	CHECK(origin->core == gate->core && origin->slot < gate->net.conns_max);
	if (conn->generation != origin->generation || !conn_is_open(conn))
		return NULL;
	return session_of(gate, conn)->phase == SESSION_LIVE ? conn : NULL;
}

static uint64_t given_seq(const struct mail_reply *mail)
{
	const struct chat_reply *reply = &mail->reply;
	const struct chat_page *page = &reply->page;

	if (reply->resume != CHAT_RESUME_OK || !page->more)
		return page->last;
	if (page->event_count == 0)
		return mail->after;
	return page->events[page->event_count - 1].seq;
}

/* The member left before this answer. Both are answered, in their order; conn is NULL where it left the server. */
static void deliver_orphan(struct gate *gate, struct conn *conn, struct cursor *cursor, const struct mail_reply *mail)
{
	const bool joined = mail->reply.kind == CHAT_REPLY_JOIN;
	const struct chat_reply left = { .kind = CHAT_REPLY_EMPTY, .re = cursor->leave_id };

	cursor->rights = mail->reply.rights; /* what the home knows: others may have come since */
	if (joined)
		membership_end(gate, cursor, mail->user, 0);
	else
		cursor_close(&gate->hall, cursor);
	if (!conn || !frame_reply(gate, conn, &mail->reply) || left.re == 0)
		return;
	if (joined)
		frame_reply(gate, conn, &left);
	else
		frame_error(gate, conn, left.re, CHAT_ERR_not_joined, 0);
}

static void deliver_join(struct gate *gate, struct conn *conn, const struct mail_reply *mail)
{
	struct cursor *cursor = cursor_at(&gate->hall, mail->origin.cursor);
	const bool joined = mail->reply.kind == CHAT_REPLY_JOIN;

	/* A cursor that waits for its join is not reused before the answer. */
	CHECK(cursor->stamp == mail->origin.stamp);
	CHECK(cursor->state == CURSOR_JOINING || cursor->state == CURSOR_ORPHAN);
	if (conn && !joined && mail->reply.error == CHAT_ERR_limit)
		offence(gate, conn, OFFENCE_join_limit);
	if (cursor->state == CURSOR_ORPHAN) {
		deliver_orphan(gate, conn, cursor, mail);
		return;
	}
	if (!joined) {
		cursor_close(&gate->hall, cursor);
		if (conn)
			frame_reply(gate, conn, &mail->reply);
		return;
	}
	CHECK(conn);
	/* Other rules came while it was asked. */
	membership_rights(gate, conn, cursor, mail->reply.rights);
	if ((cursor->rights & CHAT_RIGHT_read) == 0) {
		membership_end(gate, cursor, mail->user, 0);
		frame_error(gate, conn, mail->reply.re, CHAT_ERR_forbidden, 0);
		return;
	}
	struct chat_reply reply = mail->reply;

	reply.rights = cursor->rights;
	if (!(cursor->rights & CHAT_RIGHT_presence))
		cursor->presence = reply.with_users = false;
	const struct codec_terms *terms = &session_of(gate, conn)->terms;
	const bool compressed = codec_shares(terms) || PLANTED(46); /* compressed for one who did not agree */

	if (cursor_attach(&gate->hall, cursor, compressed, given_seq(mail), mail->reply.page.last) != 0) {
		membership_end(gate, cursor, mail->user, 0);
		frame_error(gate, conn, mail->reply.re, CHAT_ERR_limit, 1000);
		return;
	}
	frame_reply(gate, conn, &reply);
}

/* What was asked for in one flight comes one by one: behind an answer that is not taken yet no long one is put. */
static void deliver_answer(struct gate *gate, struct conn *conn, const struct mail_reply *mail)
{
	if (shed_withholds(gate, conn) && mail_is_answered_at_length(mail->op) && mail->reply.kind != CHAT_REPLY_ERROR)
		frame_error(gate, conn, mail->reply.re, CHAT_ERR_unavailable, WITHHELD_RETRY_MS);
	else
		frame_reply(gate, conn, &mail->reply);
}

void deliver_reply(struct gate *gate, const struct mail_reply *mail)
{
	if (mail->reply.kind == CHAT_REPLY_ERROR)
		gate_count_error(gate, mail->reply.error);
	if (mail->reply.kind == CHAT_REPLY_ACK)
		latency_acked(gate, mail->origin.heard_us);
	if (mail->origin.outside) {
		gate->api_ops->on_reply(gate, mail);
		return;
	}
	struct conn *conn = asker(gate, &mail->origin);

	if (conn && mail->reply.kind == CHAT_REPLY_ERROR && mail->reply.error == CHAT_ERR_rate_limited)
		offence(gate, conn, OFFENCE_room_limited);
	if (mail->op == CHAT_OP_join)
		deliver_join(gate, conn, mail);
	else if (conn && (mail->reply.re != 0 || mail->reply.kind == CHAT_REPLY_ERROR))
		deliver_answer(gate, conn, mail);
}

bool deliver_lagged(struct gate *gate, struct conn *conn, struct span room, uint64_t after, uint64_t next)
{
	const struct chat_notice notice = { .kind = CHAT_NOTICE_LAGGED, .room = room, .after = after, .next = next };

	if (next <= after + 1 || PLANTED(27)) /* what is missing is not said */
		return true;
	gate_count(gate, COUNTER_lagged);
	return frame_notice(gate, conn, &notice);
}

/* The member has everything up to seq, where the room stands, or was told what not. */
static bool join_live(struct gate *gate, struct conn *conn, struct cursor *cursor, struct span room, uint64_t seq)
{
	const bool fell = cursor->fell;

	cursor->fell = false;
	cursor_join_live(&gate->hall, cursor, seq);
	return !fell || !cursor->presence ||
	       frame_notice(gate, conn, &(struct chat_notice){ .kind = CHAT_NOTICE_SLOW, .room = room });
}

bool deliver_latest(struct gate *gate, struct conn *conn, struct cursor *cursor)
{
	const struct hot_log *hot = hot_log_at(&gate->hall, cursor->hot);
	const struct span room = place_name(directory_at(&gate->directory, cursor->place));

	CHECK(cursor->state == CURSOR_CATCHUP && cursor->skips);
	return deliver_lagged(gate, conn, room, cursor->seq, hot->seq + 1) &&
	       join_live(gate, conn, cursor, room, hot->seq);
}

void deliver_page(struct gate *gate, const struct mail_page *mail)
{
	struct conn *conn = asker(gate, &mail->origin);
	const struct chat_page *page = &mail->page;

	if (!conn)
		return;
	session_of(gate, conn)->fetching = false;
	owner_mark(&gate->hall, conn->slot);

	struct cursor *cursor = cursor_still(&gate->hall, conn->slot, mail->origin.cursor, mail->origin.stamp);

	if (!cursor)
		return; /* it has left the room */
	CHECK(cursor->state == CURSOR_FETCHING && cursor->seq == mail->after);
	if (!deliver_lagged(gate, conn, page->room, cursor->seq, page->first))
		return;
	for (uint32_t i = 0; i < page->event_count; i++)
		if (!frame_event(gate, conn, &page->events[i]))
			return;
	if (page->more) {
		cursor->seq = page->events[page->event_count - 1].seq;
		cursor_catch_up(&gate->hall, cursor);
		return;
	}
	join_live(gate, conn, cursor, page->room, page->last);
}
