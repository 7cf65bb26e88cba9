#include "tools/cli/chat.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "engine/core/clock.h"
#include "proto/json/json_string.h"
#include "tools/cli/element.h"
#include "tools/cli/escape.h"
#include "tools/cli/output.h"

#define ECHO_NS 2000000000ull /* our own last words usually come back within a turn */
#define TYPING_NS 3000000000ull /* the server passes on one in so long */

void chat_fail(struct chat *chat, const char *text)
{
	chat->failures++;
	show_error(&chat->show, text);
}

void chat_say_line(struct chat *chat, struct span line)
{
	struct text members = { 0 };
	char text[96];

	if (line.size == 0)
		return;
	text_puts(&members, ",\"data\":");
	if (!chat->current) {
		chat_fail(chat, "you are in no room: /join ROOM");
	} else if (!options_data_of(&members, line)) {
		snprintf(text, sizeof(text), "line %llu is not UTF-8 and is not sent",
			 (unsigned long long)chat->line_number);
		chat_fail(chat, text);
	} else {
		session_say(&chat->session, chat->current, "send", text_span(&members), members.size - 8);
	}
	text_free(&members);
}

static void on_event(void *owner, struct room *room, struct span event)
{
	struct chat *const chat = owner;

	if (chat->options->mode == MODE_JOIN || chat->options->mode == MODE_READ)
		show_event(&chat->show, room ? room->name : NULL, event, false);
}

static void on_gap(void *owner, struct room *room, struct span reason)
{
	struct chat *const chat = owner;
	const bool epoch = span_equal(reason, SPAN("epoch"));

	if (chat->options->mode == MODE_JOIN || chat->options->mode == MODE_READ)
		show_remark(&chat->show, room->name,
			    epoch ? "gap: the room has begun anew, what was said before is gone; it goes on with"
				  : "gap: more was said meanwhile than is kept; it goes on with");
}

static void on_status(void *owner, const char *line)
{
	show_error(&((struct chat *)owner)->show, line);
}

/* Who is here, as one line. */
static void show_users(struct chat *chat, const struct room *room, struct span ok)
{
	enum { N, USERS };
	static const struct json_name names[] = { { "n" }, { "users" } }, user_names[] = { { "id" }, { "n" } };
	struct json_value value[2], user[2];
	struct text line = { 0 };
	struct span element;
	uint64_t n = 0;
	bool first = true;

	if (json_scan_object_deep(value, names, 2, ok.bytes, ok.size) < 0 || value[USERS].type != JSON_ARRAY)
		return;
	if (value[N].type == JSON_NUMBER)
		json_integer(&n, value[N].token);
	text_number(&line, n);
	text_puts(&line, n == 1 ? " connection in " : " connections in ");
	text_puts(&line, room->name);
	while (element_next(&value[USERS].token, &element)) {
		uint8_t name[512];
		struct span plain;

		if (json_scan_object(user, user_names, 2, element.bytes, element.size) < 0 ||
		    user[0].type != JSON_STRING || json_string(&plain, user[0].token, name, sizeof(name)) < 0)
			continue;
		text_puts(&line, first ? ": " : ", ");
		first = false;
		escape_put(&line, plain, ESCAPE_PEOPLE);
		n = 1;
		if (user[1].type == JSON_NUMBER)
			json_integer(&n, user[1].token);
		if (n > 1) {
			text_puts(&line, " (");
			text_number(&line, n);
			text_puts(&line, ")");
		}
	}
	text_put(&line, span_of("", 1));
	show_remark(&chat->show, NULL, (const char *)line.bytes);
	text_free(&line);
}

/* The events of an answer; gives how many. */
static size_t show_page(struct chat *chat, const struct room *room, struct span ok, bool dated)
{
	static const struct json_name names[] = { { "events" } };
	struct json_value events;
	struct span event;
	size_t count = 0;

	if (json_scan_object_deep(&events, names, 1, ok.bytes, ok.size) < 0 || events.type != JSON_ARRAY)
		return 0;
	chat->show.dated = dated;
	for (; element_next(&events.token, &event); count++)
		show_event(&chat->show, room->name, event, true);
	chat->show.dated = false;
	return count;
}

bool chat_search(struct chat *chat, struct room *room, struct span words, uint64_t limit, uint64_t before)
{
	struct text members = { 0 };
	bool asked;

	text_puts(&members, ",\"query\":");
	text_json(&members, words);
	text_puts(&members, ",\"limit\":");
	text_number(&members, limit);
	text_puts(&members, before > 0 ? ",\"before\":" : "");
	if (before > 0)
		text_number(&members, before);
	text_put(&members, span_of("", 1));
	asked = session_ask(&chat->session, ASK_SEARCH, "search", room, (const char *)members.bytes);
	text_free(&members);
	return asked;
}

static void show_found(struct chat *chat, const struct room *room, struct span ok)
{
	chat->found = show_page(chat, room, ok, true) > 0;
	chat->searched = true;
	if (!chat->found && chat->options->mode == MODE_JOIN)
		show_remark(&chat->show, room->name, "nothing was found");
}

static const char *const what[] = { "", "hello", "join", "what was said", "history", "who", "the search", "the act" };

static void show_refusal(struct chat *chat, enum ask_kind kind, const struct room *room, const struct answer *answer)
{
	struct text line = { 0 };

	text_puts(&line, room ? room->name : "the server");
	text_puts(&line, ": ");
	text_puts(&line, what[kind]);
	text_puts(&line, " was refused: ");
	escape_put(&line, answer->code, ESCAPE_PEOPLE);
	text_puts(&line, answer->message.size > 0 ? ", " : "");
	escape_put(&line, answer->message, ESCAPE_PEOPLE);
	text_put(&line, span_of("", 1));
	show_error(&chat->show, (const char *)line.bytes);
	chat->failures += kind != ASK_HELLO && kind != ASK_JOIN;
	text_free(&line);
}

/* A room that one cannot be in takes what is said there with it. A person sees where lines go then; a script's have
 * nowhere to go until it names a room, as they were meant for this one. */
static void room_gone(struct chat *chat, struct room *room)
{
	struct room *const other = commands_other(chat, room);
	char text[ROOM_NAME_SIZE_MAX + 64];

	if (!outbox_is_empty(&room->outbox)) {
		snprintf(text, sizeof(text), "%s: not all that was said there is acknowledged", room->name);
		chat_fail(chat, text);
	}
	if (chat->current == room) {
		chat->leaving = false;
		commands_go(chat, chat->input.person ? other : NULL);
	}
	if (!other && !chat->input.person)
		session_give_up(&chat->session, "there is no room left to be in");
}

/* Who has a token, or is a guest, may be called otherwise than they said. */
static void learn_name(struct chat *chat, struct span ok)
{
	static const struct json_name names[] = { { "user" } };
	struct json_value user;
	struct span name;
	uint8_t room[sizeof(chat->self) - 1];

	if (json_scan_object(&user, names, 1, ok.bytes, ok.size) < 0 || user.type != JSON_STRING ||
	    json_string(&name, user.token, room, sizeof(room)) < 0 || name.size >= sizeof(chat->self))
		return;
	memcpy(chat->self, name.bytes, name.size);
	chat->self[name.size] = 0;
}

/* What a script asked, and no answer or one of now has come: its line is taken once more. False: it took too long. */
static bool ask_again(struct chat *chat, uint64_t wait_ns)
{
	const uint64_t now = clock_mono_ns(), timeout_ns = chat->session.timeout_ns;

	if (chat->input.person || chat->options->mode != MODE_JOIN)
		return false;
	if (chat->again_ns == 0)
		chat->again_ns = now;
	if (timeout_ns > 0 && now + wait_ns - chat->again_ns >= timeout_ns)
		return false;
	input_again(&chat->input);
	chat->line_number--;
	chat->hold_ns = now + wait_ns;
	return true;
}

static void on_unanswered(void *owner, enum ask_kind kind, struct room *room)
{
	struct chat *const chat = owner;
	const bool over = chat->session.phase == SESSION_OVER;
	char text[ROOM_NAME_SIZE_MAX + 128];

	if (chat->options->mode == MODE_SEARCH ||
	    (kind != ASK_MOD && !over && room->phase != ROOM_OUT && ask_again(chat, 0)))
		return;
	chat->again_ns = 0;
	snprintf(text, sizeof(text), "%s: %s was not answered%s%s", room->name, what[kind],
		 over ? "" : " before the connection was lost",
		 kind == ASK_MOD ? ": whether it was done is not known" : "");
	chat_fail(chat, text);
}

/* More than the server's code says. */
static const char *why_not_searched(struct span code)
{
	return span_equal(code, SPAN("unsupported"))   ? "nothing can be searched here"
	       : span_equal(code, SPAN("bad_request")) ? "there is no word to search for"
						       : "nothing was searched";
}

static void on_answer(void *owner, enum ask_kind kind, struct room *room, const struct answer *answer)
{
	struct chat *const chat = owner;

	if (kind >= ASK_HISTORY && answer->retry_ns > 0 && ask_again(chat, answer->retry_ns))
		return;
	if (kind >= ASK_HISTORY)
		chat->again_ns = 0;
	if (!answer->ok.bytes) {
		show_refusal(chat, kind, room, answer);
		chat->refused = chat->refused || kind == ASK_JOIN;
		if (kind == ASK_JOIN)
			room_gone(chat, room);
		else if (kind == ASK_SEARCH && chat->options->mode == MODE_SEARCH)
			session_give_up(&chat->session, why_not_searched(answer->code));
	} else if (kind == ASK_HELLO) {
		learn_name(chat, answer->ok);
	} else if (kind == ASK_SEND && chat->options->json && chat->options->mode == MODE_SEND) {
		show_json(&chat->show, answer->ok);
	} else if (kind == ASK_JOIN && chat->options->mode == MODE_JOIN && chat->input.person) {
		show_users(chat, room, answer->ok);
	} else if (kind == ASK_PRESENCE) {
		show_users(chat, room, answer->ok);
	} else if (kind == ASK_HISTORY) {
		show_page(chat, room, answer->ok, false);
	} else if (kind == ASK_SEARCH) {
		show_found(chat, room, answer->ok);
	} else if (kind == ASK_JOIN && chat->options->mode == MODE_SEARCH) {
		chat_search(chat, room, text_span(&chat->options->query), chat->options->limit, chat->options->before);
	}
}

static void on_removed(void *owner, struct room *room)
{
	room_gone(owner, room);
}

static const struct session_ops ops = { .on_event = on_event,
					.on_gap = on_gap,
					.on_answer = on_answer,
					.on_unanswered = on_unanswered,
					.on_removed = on_removed,
					.on_status = on_status };

/* Nanoseconds until a pipe's next line can be carried out; UINT64_MAX: not by waiting. */
static uint64_t hold_ns(const struct chat *chat)
{
	const uint64_t now = clock_mono_ns(), asked = session_hold_ns(&chat->session);
	const uint64_t again = chat->hold_ns > now ? chat->hold_ns - now : 0;

	return again > asked ? again : asked;
}

/* May a line be taken now? A person's any time, but for a full outbox; a pipe's when it can be carried out. */
static bool may_take(const struct chat *chat)
{
	if (chat->quit || chat->leaving || (chat->current && outbox_is_full(&chat->current->outbox)))
		return false;
	return chat->input.person || ((!chat->current || chat->current->phase == ROOM_IN) && hold_ns(chat) == 0);
}

static void take_lines(struct chat *chat)
{
	struct span line;
	int step;

	while (may_take(chat) && (step = input_line(&chat->input, &line)) != 0) {
		chat->line_number++;
		if (step < 0)
			chat_fail(chat, "a line of more than a megabyte is not sent");
		else if (chat->options->mode == MODE_JOIN)
			commands_line(chat, line);
		else
			chat_say_line(chat, line);
		flow_pump(&chat->session, clock_mono_ns()); /* so that a question comes behind what was said */
	}
}

static void read_input(struct chat *chat)
{
	char text[128];

	input_read(&chat->input);
	if (chat->input.error == 0)
		return;
	snprintf(text, sizeof(text), "standard input: %s", strerror(chat->input.error));
	chat_fail(chat, text);
}

static void tell_typing(struct chat *chat, uint64_t now)
{
	if (chat->input.typing && chat->current && now - chat->typing_ns >= TYPING_NS &&
	    session_ask(&chat->session, ASK_NONE, "typing", chat->current, ""))
		chat->typing_ns = now;
	chat->input.typing = false;
}

/* Nothing that was asked is open; what we said was seen. All rooms were joined once, unless a person leaves. */
static bool is_settled(struct chat *chat, uint64_t now)
{
	const struct session *const session = &chat->session;
	const bool person = chat->input.person;
	bool echoed = true;

	for (size_t i = 0; i < SESSION_ASKS_MAX; i++)
		if (session->asks[i].kind >= (person ? ASK_HISTORY : ASK_HELLO))
			return false;
	for (size_t i = 0; i < SESSION_ROOMS_MAX; i++) {
		const struct room *const room = &session->rooms[i];

		if (room->phase != ROOM_FREE && !room->known && !person)
			return false;
		if (room->phase == ROOM_IN && !room->quiet && room->seq < room->acked_seq)
			echoed = false;
	}
	if (chat->settled_ns == 0)
		chat->settled_ns = now;
	return echoed || now - chat->settled_ns >= ECHO_NS;
}

static bool is_done(struct chat *chat, uint64_t now)
{
	const struct room *const room = &chat->session.rooms[0];

	if (chat->options->mode == MODE_READ)
		return !chat->options->follow && room->phase == ROOM_IN && room->seq >= room->target;
	if (chat->options->mode == MODE_SEARCH)
		return chat->searched;
	if (chat->leaving || (!chat->quit && (!chat->input.ended || input_has_line(&chat->input))))
		return false;
	chat->session.leaving = true;
	return session_unacknowledged(&chat->session) == 0 && is_settled(chat, now);
}

/* How long a turn may wait for something to come. */
static int wait_ms_of(const struct chat *chat)
{
	const int wait_ms = session_wait_ms(&chat->session, clock_mono_ns());
	const uint64_t hold = chat->input.person ? 0 : hold_ns(chat);

	if (chat->session.link.at < chat->session.link.end)
		return 0; /* messages came with the handshake */
	if (input_has_line(&chat->input) && may_take(chat))
		return 0;
	if (hold > 0 && hold < (uint64_t)wait_ms * 1000000)
		return (int)((hold + 999999) / 1000000);
	return chat->settled_ns > 0 && wait_ms > 100 ? 100 : wait_ms;
}

static void turn(struct chat *chat)
{
	struct pollfd wait[2] = { { .fd = -1, .events = POLLIN }, { .fd = -1, .events = POLLIN } };
	const int wait_ms = wait_ms_of(chat);

	if (!chat->input.ended && !input_has_line(&chat->input) && may_take(chat))
		wait[0].fd = STDIN_FILENO;
	wait[1].fd = chat->session.link.fd;
	if (chat->session.link.out.size > 0)
		wait[1].events |= POLLOUT;
	poll(wait, 2, wait_ms);
	if (wait[1].fd >= 0 && (wait[1].revents & ~POLLOUT || wait_ms == 0))
		session_receive(&chat->session, clock_mono_ns());
	if (wait[0].revents != 0)
		read_input(chat);
	if (chat->leaving && chat->current && outbox_is_empty(&chat->current->outbox))
		commands_leave(chat);
	take_lines(chat);
	tell_typing(chat, clock_mono_ns());
}

static void begin(struct chat *chat, const struct options *options)
{
	const bool quiet = options->mode != MODE_JOIN;
	const bool terminal = isatty(STDOUT_FILENO);

	*chat = (struct chat){ .options = options };
	chat->show = (struct show){ .json = options->json,
				    .terminal = terminal,
				    .several = options->room_count > 1,
				    .self = chat->self,
				    .input = &chat->input };
	session_init(&chat->session, &ops, chat, &options->url, options->name);
	snprintf(chat->self, sizeof(chat->self), "%s", options->name);
	chat->session.token = options->token;
	chat->session.timeout_ns = options->timeout_s * 1000000000ull;
	for (size_t i = 0; i < options->room_count; i++) {
		const uint64_t wanted = options->mode == MODE_SEARCH ? 0 : options->limit;
		const uint64_t limit = wanted <= 200 ? wanted : 200;
		struct room *const room = session_join(&chat->session, options->rooms[i], (uint32_t)limit, quiet);

		room->back = options->limit > 200 && !options->since ? options->limit : 0;
		room->known = options->since;
		room->seq = options->since_seq;
		memcpy(room->epoch, options->since_epoch, sizeof(room->epoch));
	}
	chat->current = &chat->session.rooms[0];
	if (options->mode == MODE_JOIN && terminal && isatty(STDIN_FILENO))
		input_open(&chat->input, true);
	else
		input_open(&chat->input, false);
	chat->session.patient = chat->input.person || options->follow;
	chat->session.whole = options->mode == MODE_READ;
	chat->input.ended = options->mode == MODE_READ || options->mode == MODE_SEARCH || options->data.size > 0;
	if (options->data.size > 0) {
		struct text members = { 0 };

		text_puts(&members, ",\"data\":");
		text_put(&members, text_span(&options->data));
		session_say(&chat->session, chat->current, "send", text_span(&members), options->data.size);
		text_free(&members);
	}
}

static int status_of(const struct chat *chat, bool done)
{
	const struct session *const session = &chat->session;
	const bool all = session_unacknowledged(session) == 0 && (chat->failures == 0 || chat->input.person);

	if (!done && session->up_ns == 0)
		return EXIT_NO_SERVER;
	if (chat->options->mode == MODE_SEARCH)
		return !done ? EXIT_NO_SERVER : chat->found ? EXIT_DONE : EXIT_NOTHING;
	if (!all || (!done && chat->options->mode == MODE_SEND))
		return EXIT_NOT_ALL;
	return done && (!chat->refused || chat->input.person) ? EXIT_DONE : EXIT_NO_SERVER;
}

int chat_run(struct chat *chat, const struct options *options)
{
	bool done = false;
	int status;

	begin(chat, options);
	while (!done && chat->session.phase != SESSION_OVER && output_error() == 0) { /* which main tells */
		session_turn(&chat->session, clock_mono_ns());
		if (chat->session.phase != SESSION_OVER)
			turn(chat);
		done = chat->session.phase != SESSION_OVER && is_done(chat, clock_mono_ns());
	}
	status = status_of(chat, done);
	if (chat->session.phase == SESSION_OVER)
		show_error(&chat->show, chat->session.why);
	input_shut(&chat->input);
	session_end(&chat->session);
	session_free(&chat->session);
	return status;
}
