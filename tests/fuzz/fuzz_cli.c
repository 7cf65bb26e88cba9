/* What a server says to uproar-cli: hello's answer, joins, pages, events, refusals, notices. The client must stay in
 * order: positions only go on, nothing is shown of a room it is not in, and what it sends is JSON. Input: messages,
 * each a byte of what we do before it, its text, FF. */
#include <stddef.h>

#include "engine/core/clock.h"
#include "engine/core/random.h"
#include "proto/json/json_scan.h"
#include "proto/utf8/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "tools/cli/escape.h"
#include "tools/cli/session.h"

#define ROOMS 3 /* that this client is in at most */

static struct fuzz_exact exact;
static struct session session;
static uint64_t now;

/* The link: a socket that takes all. */
void link_init(struct link *link)
{
	link->fd = -1;
}

int link_open(struct link *link, const struct url *url, int timeout_ms, char *why, size_t why_size)
{
	(void)url, (void)timeout_ms, (void)why, (void)why_size;
	link->fd = 1;
	return 1;
}

void link_send(struct link *link, struct span message)
{
	check(link->fd >= 0);
	check(utf8_valid(message.bytes, message.size) && json_scan(message.bytes, message.size) == 1);
}

int64_t link_flush(struct link *link)
{
	(void)link;
	return 0;
}

int64_t link_receive(struct link *link)
{
	(void)link;
	return 0;
}

int link_next(struct link *link, struct span *message)
{
	(void)link, (void)message;
	return 0;
}

bool link_has_more(const struct link *link)
{
	(void)link;
	return false;
}

void link_shut(struct link *link, int code)
{
	(void)code;
	link->fd = -1;
}

uint64_t clock_mono_ns(void)
{
	return now;
}

uint64_t random_entropy(void)
{
	return now;
}

static void show(struct span text, enum escape_kind kind)
{
	static struct text out;

	text_clear(&out);
	escape_put(&out, text, kind);
	for (size_t i = 0; i < out.size; i++)
		check(out.bytes[i] >= ' ' || (kind == ESCAPE_LINES && out.bytes[i] == '\t'));
	check(kind == ESCAPE_PEOPLE || json_scan_deep(out.bytes, out.size) == 1);
}

static void on_event(void *owner, struct room *room, struct span event)
{
	(void)owner;
	check(!room || room->phase != ROOM_FREE);
	show(event, ESCAPE_JSON);
	show(event, ESCAPE_LINES);
	show(event, ESCAPE_PEOPLE);
}

static void on_gap(void *owner, struct room *room, struct span reason)
{
	(void)owner;
	check(room->phase == ROOM_IN);
	show(reason, ESCAPE_PEOPLE);
}

static void on_answer(void *owner, enum ask_kind kind, struct room *room, const struct answer *answer)
{
	(void)owner;
	check(kind != ASK_NONE && (answer->ok.bytes || answer->code.bytes));
	check(kind == ASK_HELLO || room->phase != ROOM_FREE);
	if (answer->ok.bytes)
		show(answer->ok, ESCAPE_JSON);
	else
		show(answer->message, ESCAPE_PEOPLE);
}

static void on_unanswered(void *owner, enum ask_kind kind, struct room *room)
{
	(void)owner;
	check(kind >= ASK_HISTORY && room->phase != ROOM_FREE);
}

static void on_removed(void *owner, struct room *room)
{
	(void)owner;
	check(room->phase == ROOM_OUT);
}

static void on_status(void *owner, const char *line)
{
	(void)owner;
	check(line[0]);
}

static const struct session_ops ops = { on_event, on_gap, on_answer, on_unanswered, on_removed, on_status };

/* A session is half a megabyte: of what was used, and that alone. */
static void clear(void)
{
	static struct session fresh;
	static const struct url url = { .name = "host", .port = "80", .host = "host", .path = "/ws" };
	const size_t behind = offsetof(struct session, link) + sizeof(session.link);

	now = 1000000000;
	if (!fresh.ops)
		session_init(&fresh, &ops, NULL, &url, "Ann");
	for (size_t i = 0; i < ROOMS; i++)
		outbox_free(&session.rooms[i].outbox);
	memcpy(&session, &fresh, offsetof(struct session, link));
	memcpy((char *)&session + behind, (char *)&fresh + behind, offsetof(struct session, rooms) - behind);
	memset(session.rooms, 0, ROOMS * sizeof(session.rooms[0]));
	memset(session.asks, 0, sizeof(session.asks));
	link_init(&session.link);
}

static void begin(void)
{
	clear();
	check(session_join(&session, "a", 50, false) != NULL);
	struct room *const room = session_join(&session, "b", 200, true);

	check(room != NULL);
	room->back = 300;
	session_turn(&session, now);
	check(session.phase == SESSION_GREETING);
}

static void act(uint32_t what)
{
	static const char *const asks[] = { "history", "presence", "search" };
	struct room *const room = &session.rooms[what >> 3 & 1];

	now += (what >> 4) * 100000000ull;
	switch (what & 7) {
	case 1:
		if (room->phase != ROOM_FREE && !outbox_is_full(&room->outbox))
			session_say(&session, room, "send", SPAN(",\"data\":\"hey\""), 5);
		break;
	case 2:
	case 3:
	case 4:
		session_ask(&session, (enum ask_kind)(ASK_HISTORY + (what & 7) - 2), asks[(what & 7) - 2], room,
			    ",\"limit\":9");
		break;
	case 5:
		if (session.link.fd >= 0)
			session_lost(&session, 1006, now);
		break;
	case 6:
		if (room->phase == ROOM_FREE && !session_room(&session, SPAN("c")))
			session_join(&session, "c", 1, false);
		else if (what & 16)
			session_leave(&session, room);
		break;
	case 7:
		session_ask(&session, ASK_MOD, "mod", room, ",\"act\":\"ban\",\"user\":\"Bob\",\"for\":60");
		break;
	default:
		break;
	}
	session_turn(&session, now);
}

static void check_rooms(void)
{
	for (size_t i = 0; i < ROOMS; i++) {
		const struct room *const room = &session.rooms[i];

		check(room->outbox.next - room->outbox.first <= OUTBOX_MAX);
		check(strlen(room->epoch) <= ROOM_EPOCH_SIZE_MAX);
	}
	check(session.ping_s >= 1 && session.ping_s <= 3600);
	check(session_wait_ms(&session, now) >= 0 && session_wait_ms(&session, now) <= 60000);
	session_unacknowledged(&session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input_of(data, size);

	if (size > 8192)
		return 0;
	begin();
	while (fuzz_left(&input) > 0 && session.phase != SESSION_OVER) {
		act(fuzz_byte(&input));
		const uint8_t *const end = fuzz_left(&input) ? memchr(input.at, 0xff, fuzz_left(&input)) : NULL;
		const struct span text = fuzz_take(&input, end ? (size_t)(end - input.at) : size);

		input.at += end != NULL;
		if (session.link.fd >= 0 && utf8_valid(text.bytes, text.size))
			intake_message(&session, span_of(fuzz_exact(&exact, text.bytes, text.size), text.size), now);
		check_rooms();
	}
	return 0;
}
