#include "tools/cli/session.h"

#include <stdio.h>

#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "engine/core/random.h"
#include "tools/cli/escape.h"

#define SECOND_NS 1000000000ull
#define OPEN_MS 10000  /* one attempt to connect */
#define GREETING_S 10  /* hello is answered at once or not at all */
#define PONG_S 8       /* the protocol's */
#define STEADY_S 10    /* likewise: after so long the attempts begin anew */

/* 22 characters are 132 bits. */
static void producer_draw(char producer[23])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

	for (size_t i = 0; i < 22; i++)
		producer[i] = letters[random_entropy() % 64];
	producer[22] = 0;
}

void session_init(struct session *session, const struct session_ops *ops, void *owner, const struct url *url,
		  const char *name)
{
	const uint64_t now = clock_mono_ns();

	*session = (struct session){ .ops = ops,
				     .owner = owner,
				     .url = url,
				     .name = name,
				     .next_id = 1,
				     .try_ns = now,
				     .lost_ns = now,
				     .progress_ns = now,
				     .ping_s = 25,
				     .data_size_max = 16384,
				     .rooms_max = SESSION_ROOMS_MAX };
	link_init(&session->link);
	producer_draw(session->producer);
}

void session_free(struct session *session)
{
	link_shut(&session->link, 0);
	for (size_t i = 0; i < SESSION_ROOMS_MAX; i++)
		outbox_free(&session->rooms[i].outbox);
}

struct room *session_room(struct session *session, struct span name)
{
	for (size_t i = 0; i < SESSION_ROOMS_MAX; i++) {
		struct room *const room = &session->rooms[i];

		if (room->phase != ROOM_FREE && span_equal(span_of(room->name, strlen(room->name)), name))
			return room;
	}
	return NULL;
}

/* Above every n so far: who leaves a room and comes back must not say other things under old cids. */
static uint64_t next_n(const struct session *session)
{
	uint64_t next = 1;

	for (size_t i = 0; i < SESSION_ROOMS_MAX; i++)
		if (session->rooms[i].outbox.next > next)
			next = session->rooms[i].outbox.next;
	return next;
}

struct room *session_join(struct session *session, const char *name, uint32_t limit, bool quiet)
{
	const uint64_t next = next_n(session);

	CHECK(room_name_is_valid(name));
	CHECK(!session_room(session, span_of(name, strlen(name))));
	for (size_t i = 0; i < SESSION_ROOMS_MAX; i++) {
		struct room *const room = &session->rooms[i];

		if (room->phase != ROOM_FREE)
			continue;
		outbox_free(&room->outbox);
		*room = (struct room){ .phase = ROOM_WANTED, .limit = limit, .quiet = quiet };
		outbox_init(&room->outbox, next);
		memcpy(room->name, name, strlen(name) + 1);
		return room;
	}
	return NULL;
}

void session_leave(struct session *session, struct room *room)
{
	if (session->phase == SESSION_UP && room->phase >= ROOM_JOINING)
		flow_command(session, ASK_NONE, "leave", room, SPAN(""));
	session_forget(session, room);
}

void session_forget(struct session *session, struct room *room)
{
	for (size_t i = 0; i < SESSION_ASKS_MAX; i++)
		if (session->asks[i].room == room)
			session->asks[i].kind = ASK_NONE;
	room->phase = ROOM_FREE;
}

void session_unanswered(struct session *session)
{
	for (size_t i = 0; i < SESSION_ASKS_MAX; i++) {
		const struct ask ask = session->asks[i];

		session->asks[i].kind = ASK_NONE;
		if (ask.kind >= ASK_HISTORY)
			session->ops->on_unanswered(session->owner, ask.kind, ask.room);
	}
}

void session_removed(struct session *session, struct room *room)
{
	session->ops->on_removed(session->owner, room);
	session_forget(session, room);
}

void session_give_up(struct session *session, const char *why)
{
	if (why != session->why)
		snprintf(session->why, sizeof(session->why), "%s", why);
	link_shut(&session->link, 0);
	session->phase = SESSION_OVER;
	session_unanswered(session);
}

/* Codes after which something must be mended first; 4408 cannot be, as we had said hello. */
static bool is_final(int code)
{
	static const uint16_t final[] = {
		1000, 1002, 1003, 1007, 1008, 1009, 4400, 4401, 4403, 4409, 4410, 4412, 4413, 4429,
	};

	for (size_t i = 0; i < sizeof(final) / sizeof(final[0]); i++)
		if (final[i] == code)
			return true;
	return false;
}

/* When the next attempt is made, as the protocol draws it. */
static void schedule(struct session *session, int code, uint64_t now)
{
	const bool at_once = code == 4503 && session->attempts == 0;
	uint64_t most_ms;

	session->attempts++;
	most_ms = code == 4414 || code == 4513 || session->attempts > 4 ? 20000 : 1000ull << session->attempts;
	session->try_ns = at_once ? now : now + (500 + random_entropy() % (most_ms - 500 + 1)) * 1000000;
	if (session->leave_ns > session->try_ns)
		session->try_ns = session->leave_ns;
	session->leave_ns = 0;
}

void session_lost(struct session *session, int code, uint64_t now)
{
	const bool greeting = session->phase == SESSION_GREETING;
	struct text line = { 0 };
	char wait[64];

	text_puts(&line, code == 1006           ? greeting ? "hello was not answered" : "the connection was lost"
			 : session->link.fd < 0 ? "the server asked us to come back"
						: "the server closed the connection: ");
	if (code != 1006 && session->link.fd >= 0) {
		text_number(&line, (uint64_t)code);
		text_puts(&line, " ");
		escape_put(&line, span_of(session->link.close_reason, strlen(session->link.close_reason)),
			   ESCAPE_PEOPLE);
	}
	link_shut(&session->link, 0);
	if (greeting)
		snprintf(session->why, sizeof(session->why), "%.*s", (int)line.size, (const char *)line.bytes);
	if (session->phase == SESSION_UP)
		session->lost_ns = now;
	if (session->phase == SESSION_UP && now - session->up_ns >= STEADY_S * SECOND_NS)
		session->attempts = 0;
	session->phase = SESSION_WAITING;
	session_unanswered(session);
	for (size_t i = 0; i < SESSION_ROOMS_MAX; i++) {
		if (session->rooms[i].phase == ROOM_OUT)
			session_removed(session, &session->rooms[i]);
		else if (session->rooms[i].phase != ROOM_FREE)
			session->rooms[i].phase = ROOM_WANTED;
		outbox_rewind(&session->rooms[i].outbox);
	}
	if (session->phase == SESSION_OVER) { /* with the last of the rooms */
		text_free(&line);
		return;
	}
	schedule(session, code, now);
	snprintf(wait, sizeof(wait), "; the next attempt is in %.1f s", (double)(session->try_ns - now) / 1e9);
	text_puts(&line, is_final(code) ? "" : wait);
	text_put(&line, span_of("", 1));
	if (is_final(code))
		session_give_up(session, (const char *)line.bytes);
	else
		session->ops->on_status(session->owner, (const char *)line.bytes);
	text_free(&line);
}

static void attempt(struct session *session)
{
	char why[200] = "", line[300];
	uint64_t left_ms = OPEN_MS;
	int done;

	if (session->timeout_ns > 0 && session->timeout_ns / 1000000 < left_ms)
		left_ms = session->timeout_ns / 1000000;
	done = link_open(&session->link, session->url, (int)left_ms, why, sizeof(why));

	if (done == 1) {
		session->phase = SESSION_GREETING;
		flow_hello(session, clock_mono_ns());
		return;
	}
	if (done == -LINK_NEVER && session->up_ns == 0) {
		snprintf(line, sizeof(line), "cannot connect: %s", why);
		session_give_up(session, line);
		return;
	}
	schedule(session, 1006, clock_mono_ns());
	snprintf(session->why, sizeof(session->why), "cannot connect: %s", why);
	snprintf(line, sizeof(line), "cannot connect: %s; the next attempt is in %.1f s", why,
		 (double)(session->try_ns - clock_mono_ns()) / 1e9);
	session->ops->on_status(session->owner, line);
}

/* Sends and hears nothing for too long, on a connection that seems to be there. */
static void keep_alive(struct session *session, uint64_t now)
{
	const uint64_t heard = session->link.heard_ns;

	if (session->pinged_ns > 0 && heard > session->pinged_ns)
		session->pinged_ns = 0;
	if (session->pinged_ns > 0 && now - session->pinged_ns >= PONG_S * SECOND_NS) {
		session_lost(session, 1006, now);
	} else if (session->phase == SESSION_GREETING && now > heard && now - heard >= GREETING_S * SECOND_NS) {
		session_lost(session, 1006, now);
	} else if (session->pinged_ns == 0 && now > heard && now - heard >= (session->ping_s + PONG_S) * SECOND_NS) {
		session->pinged_ns = now;
		flow_command(session, ASK_NONE, "ping", NULL, SPAN(""));
	}
}

static bool is_late(const struct session *session, uint64_t since, uint64_t now)
{
	return session->timeout_ns > 0 && now > since && now - since >= session->timeout_ns;
}

/* Since it was asked for, or since the answer before it: a long one holds up those behind it. Who is patient waits for
 * ever; when they leave not for acts and questions. */
static bool is_answer_late(const struct session *session, uint64_t now)
{
	const enum ask_kind first = session->patient ? ASK_HISTORY : ASK_HELLO;

	for (size_t i = 0; i < SESSION_ASKS_MAX && (!session->patient || session->leaving); i++) {
		const struct ask *const ask = &session->asks[i];

		if (ask->kind >= first && is_late(session, ask->since_ns, now) &&
		    is_late(session, session->answered_ns, now))
			return true;
	}
	return false;
}

/* A room whose first page was not all, and of which nothing has come for too long. */
static bool is_rest_late(const struct session *session, uint64_t now)
{
	for (size_t i = 0; i < SESSION_ROOMS_MAX && session->whole && !session->patient; i++) {
		const struct room *const room = &session->rooms[i];

		if (room->phase == ROOM_IN && room->seq < room->target && is_late(session, room->moved_ns, now) &&
		    is_late(session, session->answered_ns, now))
			return true;
	}
	return false;
}

/* What on a connection that is there has not come for too long; NULL: nothing. */
static const char *what_is_late(const struct session *session, uint64_t now)
{
	if (session_unacknowledged(session) > 0 && is_late(session, session->progress_ns, now))
		return "no acknowledgement for too long";
	if (is_answer_late(session, now))
		return "no answer for too long";
	return is_rest_late(session, now) ? "the rest of the room does not come" : NULL;
}

/* Who reads a room to its end is told where they are in it. */
static void give_up_midway(struct session *session, const char *why)
{
	struct text line = { 0 };

	text_puts(&line, why);
	for (size_t i = 0; i < SESSION_ROOMS_MAX && session->whole; i++) {
		const struct room *const room = &session->rooms[i];

		if (room->phase == ROOM_FREE || room->seq >= room->target)
			continue;
		text_puts(&line, "; go on with --since ");
		escape_put(&line, span_of(room->epoch, strlen(room->epoch)), ESCAPE_PEOPLE);
		text_puts(&line, ":");
		text_number(&line, room->seq);
		break;
	}
	text_put(&line, span_of("", 1));
	session_give_up(session, (const char *)line.bytes);
	text_free(&line);
}

/* With the reason that the server gave for what it did not take. */
static void give_up_for(struct session *session, const char *late)
{
	const char *const reason = session->refused[0] ? "; refused for now: " : "";

	snprintf(session->why, sizeof(session->why), "%s%s%s", late, reason, session->refused);
	give_up_midway(session, session->why);
}

static void give_up_if_late(struct session *session, uint64_t now)
{
	if (session->phase == SESSION_OVER)
		return;
	if (session->phase == SESSION_UP) {
		const char *const late = what_is_late(session, now);

		if (late && !link_has_more(&session->link)) /* we may not have come to it: a screen may be slow */
			give_up_for(session, late);
	} else if (!(session->patient && session->up_ns > 0) && is_late(session, session->lost_ns, now)) {
		give_up_midway(session, session->why[0] ? session->why : "no connection for too long");
	}
}

void session_turn(struct session *session, uint64_t now)
{
	if (session->phase == SESSION_WAITING && now >= session->try_ns)
		attempt(session);
	now = clock_mono_ns();
	if (session->phase == SESSION_OVER)
		return;
	if (session->phase >= SESSION_GREETING) {
		keep_alive(session, now);
		if (session->leave_ns > 0 && now >= session->leave_ns) {
			link_shut(&session->link, 1000);
			session_lost(session, 4503, clock_mono_ns());
		}
	}
	if (session->phase >= SESSION_GREETING) {
		flow_pump(session, now);
		if (link_flush(&session->link) < 0)
			session_lost(session, 1006, now);
	}
	give_up_if_late(session, now);
}

/* Takes all messages there are. A message may end the session, or the connection. */
static void take_messages(struct session *session, uint64_t now)
{
	while (session->link.fd >= 0) {
		struct span message;
		const int step = link_next(&session->link, &message);

		if (step == 0)
			return;
		if (step > 0)
			intake_message(session, message, now);
		else
			session_lost(session, session->link.close_code, now);
	}
}

void session_receive(struct session *session, uint64_t now)
{
	take_messages(session, now); /* those that came with the handshake */
	if (session->link.fd >= 0 && link_receive(&session->link) < 0)
		session_lost(session, session->link.close_code, now);
	take_messages(session, now);
}

static uint64_t until(uint64_t at, uint64_t now)
{
	return at > now ? at - now : 0;
}

int session_wait_ms(const struct session *session, uint64_t now)
{
	uint64_t wait = 60 * SECOND_NS;
	uint64_t next[4] = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };

	if (session->phase == SESSION_OVER)
		return 0;
	if (session->phase == SESSION_WAITING) {
		next[0] = until(session->try_ns, now);
	} else {
		if (session->phase == SESSION_UP) /* until then nothing more is sent */
			next[0] = flow_wait_ns(session, now);
		next[1] = SECOND_NS; /* pings and timeouts are not measured finer */
		if (session->leave_ns > 0)
			next[2] = until(session->leave_ns, now);
	}
	if (session->timeout_ns > 0 && !(session->patient && session->up_ns > 0))
		next[3] = until(session->lost_ns + session->timeout_ns, now);
	for (size_t i = 0; i < 3 + (session->phase == SESSION_WAITING); i++)
		if (next[i] < wait)
			wait = next[i];
	return (int)((wait + 999999) / 1000000);
}

size_t session_unacknowledged(const struct session *session)
{
	size_t count = 0;

	for (size_t i = 0; i < SESSION_ROOMS_MAX; i++) {
		const struct outbox *const outbox = &session->rooms[i].outbox;

		for (uint64_t n = outbox->first; session->rooms[i].phase != ROOM_FREE && n < outbox->next; n++)
			count += !outbox->entries[n % OUTBOX_MAX].done;
	}
	return count;
}

void session_end(struct session *session)
{
	link_shut(&session->link, session->phase == SESSION_OVER ? 0 : 1000);
	session->phase = SESSION_OVER;
}
