/* What comes in: answers and events, sorted and counted before the owner sees them. */
#include <stdio.h>

#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "proto/json/json_string.h"
#include "tools/cli/element.h"
#include "tools/cli/escape.h"
#include "tools/cli/session.h"

#define MS 1000000ull
#define BACK_TRIES 8 /* at what is dropped as fast as it is asked for */
#define AFTER_MS_MAX 600000 /* a server that wants more is not believed */

/* A string's value where it needs no room: codes, epochs and rooms hold no escapes. */
static struct span word(const struct json_value *value)
{
	struct span text = SPAN("");

	if (value->type != JSON_STRING || json_string(&text, value->token, NULL, 0) < 0)
		return SPAN("");
	return text;
}

static bool word_is(const struct json_value *value, const char *text)
{
	return span_equal(word(value), span_of(text, strlen(text)));
}

static uint64_t number(const struct json_value *value, uint64_t otherwise)
{
	uint64_t found;

	return value->type == JSON_NUMBER && json_integer(&found, value->token) ? found : otherwise;
}

static struct room *room_of(struct session *session, const struct json_value *value)
{
	return value->type == JSON_STRING ? session_room(session, word(value)) : NULL;
}

/* Nothing is late that was to wait until then. */
static void progress(struct session *session, uint64_t at)
{
	if (at > session->progress_ns)
		session->progress_ns = at;
}

static void hello_answered(struct session *session, struct span ok, uint64_t now)
{
	enum { PING, LIMITS, DATA = 0, ROOMS, SENDS };
	static const struct json_name names[] = { { "ping" }, { "limits" } };
	static const struct json_name limit_names[] = { { "data" }, { "rooms" }, { "sends" } };
	struct json_value value[2], limit[3];

	session->phase = SESSION_UP;
	session->up_ns = now;
	progress(session, now);
	session->tokens = 1e9; /* the burst is full; flow cuts it to size */
	session->tokens_ns = now;
	session->paused_ns = 0;
	session->why[0] = 0;
	if (json_scan_object(value, names, 2, ok.bytes, ok.size) < 0 || value[LIMITS].type != JSON_OBJECT ||
	    json_scan_object(limit, limit_names, 3, value[LIMITS].token.bytes, value[LIMITS].token.size) < 0)
		return;
	session->ping_s = number(&value[PING], session->ping_s);
	if (session->ping_s < 1 || session->ping_s > 3600)
		session->ping_s = 25;
	session->data_size_max = number(&limit[DATA], session->data_size_max);
	session->rooms_max = number(&limit[ROOMS], session->rooms_max);
	session->sends = number(&limit[SENDS], session->sends);
}

static void take_event(struct session *session, struct room *room, uint64_t seq, struct span event)
{
	if (seq <= room->seq)
		return;
	room->seq = seq;
	session->ops->on_event(session->owner, room, event);
	room->moved_ns = clock_mono_ns(); /* it may have been long on its way to a screen */
}

static void take_page(struct session *session, struct room *room, struct span events)
{
	static const struct json_name names[] = { { "seq" } };
	struct span event;

	while (room->phase == ROOM_IN && element_next(&events, &event)) {
		struct json_value seq;

		if (json_scan_object(&seq, names, 1, event.bytes, event.size) == 1)
			take_event(session, room, number(&seq, 0), event);
	}
}

static bool epoch_is(const struct room *room, struct span epoch)
{
	return span_equal(span_of(room->epoch, strlen(room->epoch)), epoch);
}

static void epoch_set(struct room *room, struct span epoch)
{
	const size_t size = epoch.size <= ROOM_EPOCH_SIZE_MAX ? epoch.size : ROOM_EPOCH_SIZE_MAX;

	if (!epoch_is(room, epoch))
		room->acked_seq = 0;
	memcpy(room->epoch, epoch.bytes, size);
	room->epoch[size] = 0;
	room->known = true;
}

static void rejoin(struct session *session, struct room *room, uint64_t seq)
{
	room->seq = seq;
	flow_command(session, ASK_NONE, "leave", room, SPAN(""));
	room->phase = ROOM_WANTED;
}

/* The answer to a join that was only to learn where the room is: now resume some way back. */
static void go_back(struct session *session, struct room *room, uint64_t seq, uint64_t first)
{
	const uint64_t oldest = first > 0 ? first - 1 : 0;
	const uint64_t from = seq > room->back ? seq - room->back : 0;

	room->back = 0;
	room->tries = BACK_TRIES;
	rejoin(session, room, from > oldest ? from : oldest);
}

/* What we would go back to was dropped meanwhile, by which nothing is missed yet: begin twice as far behind it. */
static void go_less_back(struct session *session, struct room *room, uint64_t seq, uint64_t first)
{
	const uint64_t from = first > room->seq + 1 ? first - 1 + 2 * (first - room->seq - 1) : first;

	room->tries--;
	rejoin(session, room, from < seq ? from : seq);
}

static void join_done(struct session *session, struct room *room, const struct answer *answer)
{
	enum { SEQ, EPOCH, FIRST, REASON, EVENTS, COUNT };
	static const struct json_name names[] = { { "seq" }, { "epoch" }, { "first" }, { "reason" }, { "events" } };
	struct json_value value[COUNT];
	bool resumed = room->known;

	if (json_scan_object_deep(value, names, COUNT, answer->ok.bytes, answer->ok.size) < 0)
		return;
	room->phase = ROOM_IN;
	room->refused_ns = 0;
	epoch_set(room, word(&value[EPOCH]));
	if (room->back > 0) {
		go_back(session, room, number(&value[SEQ], 0), number(&value[FIRST], 0));
		return;
	}
	if (room->tries > 0 && word_is(&value[REASON], "gap")) {
		go_less_back(session, room, number(&value[SEQ], 0), number(&value[FIRST], 0));
		return;
	}
	room->tries = 0;
	if (resumed && value[REASON].type == JSON_STRING) { /* which says that it is not recovered */
		resumed = false;
		session->ops->on_gap(session->owner, room, word(&value[REASON]));
	}
	if (!resumed)
		room->seq = 0;
	room->target = number(&value[SEQ], 0);
	if (value[EVENTS].type == JSON_ARRAY)
		take_page(session, room, value[EVENTS].token);
	if (!resumed)
		room->seq = room->target;
	session->ops->on_answer(session->owner, ASK_JOIN, room, answer);
}

struct refusal {
	struct span code;
	struct span message;
	bool again; /* the same command may succeed later */
	uint64_t retry_ms; /* as the server says */
	uint64_t retry_ns; /* of which so much is believed */
};

static bool code_is(const struct refusal *refusal, const char *code)
{
	return span_equal(refusal->code, span_of(code, strlen(code)));
}

static struct refusal refusal_of(const struct json_value *err)
{
	enum { CODE, MESSAGE, RETRY, COUNT };
	static const struct json_name names[] = { { "code" }, { "msg" }, { "retry_ms" } };
	struct refusal refusal = { .code = SPAN(""), .message = SPAN("") };
	struct json_value value[COUNT];

	if (err->type != JSON_OBJECT || json_scan_object(value, names, COUNT, err->token.bytes, err->token.size) < 0)
		return refusal;
	refusal.code = word(&value[CODE]);
	refusal.message = word(&value[MESSAGE]);
	refusal.again = value[RETRY].type == JSON_NUMBER || code_is(&refusal, "internal");
	refusal.retry_ms = number(&value[RETRY], 1000);
	refusal.retry_ns = (refusal.retry_ms < AFTER_MS_MAX ? refusal.retry_ms : AFTER_MS_MAX) * MS;
	return refusal;
}

/* What we did has a number in the room. */
static void note_acknowledged(struct room *room, const struct answer *answer)
{
	enum { SEQ, EPOCH, COUNT };
	static const struct json_name names[] = { { "seq" }, { "epoch" } };
	struct json_value value[COUNT];

	if (json_scan_object(value, names, COUNT, answer->ok.bytes, answer->ok.size) == 1 &&
	    epoch_is(room, word(&value[EPOCH])) && number(&value[SEQ], 0) > room->acked_seq)
		room->acked_seq = number(&value[SEQ], 0);
}

static void send_done(struct session *session, struct room *room, struct outbox_entry *entry,
		      const struct answer *answer, uint64_t now)
{
	outbox_done(&room->outbox, entry);
	flow_taken(session);
	session->refused[0] = 0;
	room->held = room->held && !outbox_is_empty(&room->outbox);
	progress(session, now);
	note_acknowledged(room, answer);
	session->ops->on_answer(session->owner, ASK_SEND, room, answer);
}

/* Of this room alone, and of who we are: muted, say. The others go on. */
static bool is_of_room(const struct refusal *refusal)
{
	return code_is(refusal, "slow_mode") || code_is(refusal, "muted") || code_is(refusal, "banned");
}

static void say_for_now(struct session *session, const struct room *room, const char *what,
			const struct refusal *refusal)
{
	struct text line = { 0 };
	char wait[64];

	text_puts(&line, room->name);
	text_puts(&line, what);
	text_puts(&line, "refused for now: ");
	escape_put(&line, refusal->code, ESCAPE_PEOPLE);
	snprintf(wait, sizeof(wait), "; said again in %.1f s", (double)refusal->retry_ns / 1e9);
	text_put(&line, span_of(wait, strlen(wait) + 1));
	session->ops->on_status(session->owner, (const char *)line.bytes);
	text_free(&line);
}

/* Says so once, until all that was held is said. */
static void hold(struct session *session, struct room *room, const struct refusal *refusal, uint64_t now)
{
	room->paused_ns = now + refusal->retry_ns;
	progress(session, room->paused_ns);
	if (!room->held)
		say_for_now(session, room, ": ", refusal);
	room->held = true;
}

static void note_refused(struct session *session, const struct refusal *refusal)
{
	struct text code = { 0 };

	escape_put(&code, refusal->code, ESCAPE_PEOPLE);
	snprintf(session->refused, sizeof(session->refused), "%.*s", (int)code.size, (const char *)code.bytes);
	text_free(&code);
}

/* Whether a join is to be said again: said once, and not longer than one waits for a connection. */
static bool is_joined_again(struct session *session, struct room *room, const struct refusal *refusal, uint64_t now)
{
	const uint64_t since_ns = room->refused_ns > 0 ? room->refused_ns : now;
	const uint64_t timeout_ns = session->patient ? 0 : session->timeout_ns;

	if (!refusal->again || code_is(refusal, "banned") ||
	    (timeout_ns > 0 && (now - since_ns) / MS + refusal->retry_ms >= timeout_ns / MS))
		return false;
	if (room->refused_ns == 0)
		say_for_now(session, room, ": join was ", refusal);
	room->refused_ns = since_ns;
	room->phase = ROOM_WANTED;
	room->wanted_ns = now + refusal->retry_ns;
	return true;
}

static void send_refused(struct session *session, struct room *room, struct outbox_entry *entry,
			 const struct refusal *refusal, uint64_t now)
{
	const struct answer answer = { .code = refusal->code, .message = refusal->message };
	const bool too_long = session->timeout_ns > 0 && refusal->retry_ms > session->timeout_ns / MS;
	const bool out = room->phase == ROOM_OUT;

	if (refusal->again && is_of_room(refusal) && !too_long && !out) {
		entry->id = 0;
		hold(session, room, refusal, now);
	} else if (refusal->again && !is_of_room(refusal)) {
		entry->id = 0;
		note_refused(session, refusal);
		flow_refused(session);
		session->paused_ns = now + refusal->retry_ns;
	} else if (code_is(refusal, "not_joined") && !out) {
		entry->id = 0;
		room->phase = ROOM_WANTED;
	} else {
		outbox_done(&room->outbox, entry);
		progress(session, now);
		session->ops->on_answer(session->owner, ASK_SEND, room, &answer);
	}
}

static void refused(struct session *session, const struct ask *ask, const struct refusal *refusal, uint64_t now)
{
	const uint64_t retry_ns = refusal->again && !code_is(refusal, "internal") ? refusal->retry_ns : 0;
	const struct answer answer = { .code = refusal->code, .message = refusal->message, .retry_ns = retry_ns };

	if (ask->kind == ASK_JOIN && is_joined_again(session, ask->room, refusal, now))
		return;
	session->ops->on_answer(session->owner, ask->kind, ask->room, &answer);
	if (ask->kind == ASK_JOIN)
		session_forget(session, ask->room);
	if (ask->kind == ASK_HELLO) /* a close follows, which says whether to come back; nothing else counts */
		memset(session->asks, 0, sizeof(session->asks));
}

static void answered(struct session *session, const struct ask *ask, const struct answer *answer, uint64_t now)
{
	if (ask->kind == ASK_HELLO)
		hello_answered(session, answer->ok, now);
	if (ask->kind == ASK_MOD)
		note_acknowledged(ask->room, answer);
	if (ask->kind == ASK_JOIN)
		join_done(session, ask->room, answer);
	else
		session->ops->on_answer(session->owner, ask->kind, ask->room, answer);
}

/* What we asked in a room that we are put out of is answered after that. */
static void end_removal(struct session *session, struct room *room)
{
	if (room->phase != ROOM_OUT || session->phase == SESSION_OVER)
		return;
	for (size_t i = 0; i < SESSION_ASKS_MAX; i++)
		if (session->asks[i].kind != ASK_NONE && session->asks[i].room == room)
			return;
	session_removed(session, room);
}

static void take_removal(struct session *session, struct room *room, struct span text)
{
	session->ops->on_event(session->owner, room, text);
	room->phase = ROOM_OUT;
	end_removal(session, room);
}

/* Of a command that the server could not read, so that it does not say which. */
static void unread_refused(struct session *session, const struct refusal *refusal)
{
	struct text line = { 0 };

	text_puts(&line, "the server refused a command that it could not read: ");
	escape_put(&line, refusal->code, ESCAPE_PEOPLE);
	text_puts(&line, ", ");
	escape_put(&line, refusal->message, ESCAPE_PEOPLE);
	text_put(&line, span_of("", 1));
	session->ops->on_status(session->owner, (const char *)line.bytes);
	text_free(&line);
}

static void take_answer(struct session *session, uint64_t id, const struct json_value *ok, const struct json_value *err,
			uint64_t now)
{
	const bool good = ok->type == JSON_OBJECT;
	const struct answer answer = { .ok = good ? ok->token : SPAN_NONE };
	const struct refusal refusal = refusal_of(err);

	if (id == 0 && !good)
		unread_refused(session, &refusal);
	for (size_t i = 0; i < SESSION_ASKS_MAX; i++) {
		const struct ask ask = session->asks[i];

		if (ask.kind == ASK_NONE || ask.id != id)
			continue;
		session->asks[i].kind = ASK_NONE;
		session->answered_ns = now;
		if (good)
			answered(session, &ask, &answer, now);
		else
			refused(session, &ask, &refusal, now);
		if (ask.room)
			end_removal(session, ask.room);
		return;
	}
	for (size_t i = 0; i < SESSION_ROOMS_MAX && id > 0; i++) {
		struct room *const room = &session->rooms[i];
		struct outbox_entry *const entry = room->phase == ROOM_FREE ? NULL : outbox_sent(&room->outbox, id);

		if (!entry)
			continue;
		if (good)
			send_done(session, room, entry, &answer, now);
		else
			send_refused(session, room, entry, &refusal, now);
		return;
	}
}

static void take_notice(struct session *session, struct room *room, const struct json_value *code,
			const struct json_value *next, const struct json_value *after_ms, struct span text,
			uint64_t now)
{
	if (word_is(code, "reconnect")) {
		const uint64_t wait = number(after_ms, 0);

		session->leave_ns = now + (wait < AFTER_MS_MAX ? wait : AFTER_MS_MAX) * MS + 1;
	} else if (word_is(code, "lagged") && room && number(next, 0) > room->seq + 1) {
		room->seq = number(next, 0) - 1;
		room->moved_ns = now;
	}
	session->ops->on_event(session->owner, room, text);
}

void intake_message(struct session *session, struct span text, uint64_t now)
{
	enum { RE, OK, ERR, EV, ROOM, SEQ, CODE, NEXT, AFTER_MS, COUNT };
	static const struct json_name names[] = { { "re" },  { "ok" },   { "err" },  { "ev" },      { "room" },
						  { "seq" }, { "code" }, { "next" }, { "after_ms" } };
	struct json_value value[COUNT];
	struct room *room;

	if (json_scan_object_deep(value, names, COUNT, text.bytes, text.size) < 0) {
		if (!session->unread)
			session->ops->on_status(session->owner, "the server said what cannot be read; it is left out");
		session->unread = true;
		return; /* nothing that a server of this protocol says */
	}
	if (value[RE].type == JSON_NUMBER) {
		take_answer(session, number(&value[RE], 0), &value[OK], &value[ERR], now);
		return;
	}
	room = room_of(session, &value[ROOM]);
	if (word_is(&value[EV], "ping"))
		link_send(&session->link, SPAN("{\"op\":\"pong\"}"));
	else if (word_is(&value[EV], "notice"))
		take_notice(session, room, &value[CODE], &value[NEXT], &value[AFTER_MS], text, now);
	else if (word_is(&value[EV], "expiring"))
		session->ops->on_event(session->owner, NULL, text);
	else if (!room || room->phase != ROOM_IN || value[EV].type != JSON_STRING)
		return;
	else if (word_is(&value[EV], "removed"))
		take_removal(session, room, text);
	else if (word_is(&value[EV], "read") || value[SEQ].type != JSON_NUMBER)
		session->ops->on_event(session->owner, room, text);
	else
		take_event(session, room, number(&value[SEQ], 0), text);
}
