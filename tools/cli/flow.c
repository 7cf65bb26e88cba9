/* What goes out: hello, joins, what was said, at the pace that the server allows. */
#include <stdio.h>

#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "tools/cli/session.h"

#define FLOW_QUEUE_MAX (256u << 10) /* bytes that wait for the socket; more stays in the outboxes */
#define FULL_NS 1000000000ull          /* so many answers are awaited: a join waits for that */

static void send_command(struct session *session, uint64_t id, struct span rest)
{
	struct text command = { 0 };

	text_puts(&command, "{\"id\":");
	text_number(&command, id);
	text_put(&command, rest);
	link_send(&session->link, text_span(&command));
	text_free(&command);
}

static bool ask_put(struct session *session, enum ask_kind kind, struct room *room, uint64_t id)
{
	for (size_t i = 0; i < SESSION_ASKS_MAX; i++) {
		if (session->asks[i].kind != ASK_NONE)
			continue;
		session->asks[i] = (struct ask){ .kind = kind, .id = id, .room = room, .since_ns = clock_mono_ns() };
		return true;
	}
	return false;
}

bool flow_command(struct session *session, enum ask_kind kind, const char *op, struct room *room, struct span members)
{
	struct text rest = { 0 };
	const uint64_t id = session->next_id++;

	if (kind != ASK_NONE && !ask_put(session, kind, room, id))
		return false;
	text_puts(&rest, ",\"op\":\"");
	text_puts(&rest, op);
	text_puts(&rest, "\"");
	if (room) {
		text_puts(&rest, ",\"room\":\"");
		text_puts(&rest, room->name);
		text_puts(&rest, "\"");
	}
	text_put(&rest, members);
	text_puts(&rest, "}");
	send_command(session, id, text_span(&rest));
	text_free(&rest);
	return true;
}

static void join(struct session *session, struct room *room, uint64_t now)
{
	struct text members = { 0 };

	text_puts(&members, ",\"limit\":");
	text_number(&members, room->back > 0 ? 0 : room->limit);
	if (room->known) {
		text_puts(&members, ",\"since\":{\"seq\":");
		text_number(&members, room->seq);
		text_puts(&members, ",\"epoch\":\"");
		text_puts(&members, room->epoch);
		text_puts(&members, "\"}");
	}
	text_puts(&members, room->quiet ? "" : ",\"presence\":true");
	if (flow_command(session, ASK_JOIN, "join", room, text_span(&members)))
		room->phase = ROOM_JOINING;
	else
		room->wanted_ns = now + FULL_NS;
	text_free(&members);
}

static void join_wanted(struct session *session, uint64_t now)
{
	for (size_t i = 0; i < SESSION_ROOMS_MAX; i++) {
		struct room *const room = &session->rooms[i];

		if (room->phase == ROOM_WANTED && room->wanted_ns <= now)
			join(session, room, now);
	}
}

void flow_hello(struct session *session, uint64_t now)
{
	struct text members = { 0 };

	const char *const said = session->token ? session->token : session->name;

	text_puts(&members, session->token ? ",\"token\":" : ",\"name\":");
	text_json(&members, span_of(said, strlen(said)));
	text_puts(&members, ",\"agent\":\"uproar-cli/" UPROAR_VERSION "\"");
	flow_command(session, ASK_HELLO, "hello", NULL, text_span(&members));
	text_free(&members);
	join_wanted(session, now); /* in the same flight */
}

/* As shipped the server lets twice a second's worth through at once. We keep below: a
 * refusal in the middle of a flight would put what follows it in front. */
static double burst(const struct session *session)
{
	return session->sends > 2 ? (double)session->sends * 1.5 : 1.0;
}

static double rate(const struct session *session)
{
	return (double)session->sends * 0.97;
}

static void refill(struct session *session, uint64_t now)
{
	if (now > session->tokens_ns)
		session->tokens += (double)(now - session->tokens_ns) / 1e9 * rate(session);
	if (session->tokens > burst(session))
		session->tokens = burst(session);
	session->tokens_ns = now;
}

static void refuse_large(struct session *session, struct room *room, struct outbox_entry *entry)
{
	const struct answer answer = { .code = SPAN("too_large"), .message = SPAN("more data than the server takes") };

	outbox_done(&room->outbox, entry);
	session->ops->on_answer(session->owner, ASK_SEND, room, &answer);
}

static size_t under_way(const struct session *session)
{
	size_t count = 0;

	for (size_t i = 0; i < SESSION_ROOMS_MAX; i++) {
		const struct outbox *const outbox = &session->rooms[i].outbox;

		for (uint64_t n = outbox->first; session->rooms[i].phase != ROOM_FREE && n < outbox->next; n++)
			count += !outbox->entries[n % OUTBOX_MAX].done && outbox->entries[n % OUTBOX_MAX].id != 0;
	}
	return count;
}

void flow_refused(struct session *session)
{
	session->tokens = 1.0;
	session->window = 1;
	session->taken = 0;
}

/* A flight that is refused whole costs no more refusals than were taken since the last one: a server counts them
 * against each other, and closes where the refused are far more. */
void flow_taken(struct session *session)
{
	if (session->window == 0 || ++session->taken <= session->window)
		return;
	session->taken = 0;
	session->window = session->window < OUTBOX_MAX ? session->window + 1 : 0;
}

static bool may_send(const struct session *session)
{
	if (session->sends > 0 && session->tokens < 1.0)
		return false;
	return session->window == 0 || under_way(session) < session->window;
}

static void say_waiting(struct session *session, struct room *room)
{
	struct outbox_entry *entry;

	while ((entry = outbox_unsent(&room->outbox)) != NULL && session->link.out.size < FLOW_QUEUE_MAX) {
		if (entry->data_size > session->data_size_max) {
			refuse_large(session, room, entry);
			continue;
		}
		if (!may_send(session))
			return;
		session->tokens -= session->sends > 0 ? 1.0 : 0.0;
		entry->id = session->next_id++;
		send_command(session, entry->id, text_span(&entry->command));
	}
}

void flow_pump(struct session *session, uint64_t now)
{
	if (session->phase != SESSION_UP)
		return;
	refill(session, now);
	join_wanted(session, now);
	for (size_t i = 0; i < SESSION_ROOMS_MAX && session->paused_ns <= now; i++)
		if (session->rooms[i].phase == ROOM_IN && session->rooms[i].paused_ns <= now)
			say_waiting(session, &session->rooms[i]);
}

uint64_t flow_wait_ns(const struct session *session, uint64_t now)
{
	uint64_t wait = UINT64_MAX;

	for (size_t i = 0; i < SESSION_ROOMS_MAX; i++) {
		struct room *const room = (struct room *)&session->rooms[i];
		uint64_t own = UINT64_MAX;

		if (room->phase == ROOM_WANTED)
			own = room->wanted_ns > now ? room->wanted_ns - now : 0;
		else if (room->phase != ROOM_IN || !outbox_unsent(&room->outbox))
			continue;
		else if (room->paused_ns > now || session->paused_ns > now)
			own = (room->paused_ns > session->paused_ns ? room->paused_ns : session->paused_ns) - now;
		else if (session->sends > 0 && session->tokens < 1.0)
			own = (uint64_t)((1.0 - session->tokens) / rate(session) * 1e9) + 1;
		if (own < wait)
			wait = own;
	}
	return wait;
}

void session_say(struct session *session, struct room *room, const char *op, struct span members, size_t data_size)
{
	if (session_unacknowledged(session) == 0)
		session->progress_ns = clock_mono_ns();
	outbox_put(&room->outbox, op, room->name, session->producer, members, data_size);
}

bool session_ask(struct session *session, enum ask_kind kind, const char *op, struct room *room, const char *members)
{
	if (session->phase != SESSION_UP || room->phase != ROOM_IN)
		return false;
	if (!flow_command(session, kind, op, room, span_of(members, strlen(members))))
		return false;
	session->tokens -= kind == ASK_MOD && session->sends > 0 ? 1.0 : 0.0;
	return true;
}

uint64_t session_hold_ns(const struct session *session)
{
	for (size_t i = 0; i < SESSION_ASKS_MAX; i++)
		if (session->asks[i].kind >= ASK_HISTORY)
			return UINT64_MAX;
	return session->tokens < 0 && session->sends > 0 ? (uint64_t)(-session->tokens / rate(session) * 1e9) + 1 : 0;
}
