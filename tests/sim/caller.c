#include "tests/sim/caller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/auth/api_keys.h"
#include "engine/core/check.h"
#include "engine/core/random.h"
#include "tests/sim/acts.h"
#include "tests/sim/modsim.h"
#include "tests/sim/operator.h"
#include "tests/sim/sim.h"
#include "tests/sim/told.h"

#define ON_THE_WAY_MAX 4
#define NUMBERS_MAX 1024
#define BATCH_MAX 4
#define BODY_MAX (1 << 18)

/* The key is "simulated". */
#define KEYS_TEXT "ops admin sha256:daeb30e06dcf80565ac935eca8ec3e87a2cd7194440c14842b470d3cb7fed353\n"

enum question { PUBLISH, HISTORY, MODERATE, DELETE, DISCONNECT, BATCH, LIST, NOWHERE, QUESTIONS };

/* A request on its way. */
struct asked {
	enum question question;
	uint32_t room;
	uint32_t number; /* of what is published */
	uint32_t count; /* of a batch: numbers from `number` on, each in the room of its number */
	struct act_said act;
};

static struct caller {
	struct sim_socket *socket;
	struct asked asked[ON_THE_WAY_MAX];
	uint32_t waiting;
	bool closing;
	uint32_t next_number;
} callers[CALLERS_MAX];

/* What was published with a key, and where it first was said to be. */
static struct spot {
	char epoch[ORACLE_EPOCH];
	uint64_t seq, judgement;
} places[CALLERS_MAX][NUMBERS_MAX];

static struct random own;
static uint32_t count;
static struct api_keys keys;
static uint32_t answer_ms;

static uint32_t below(uint32_t bound)
{
	return (uint32_t)random_below(&own, bound);
}

void caller_draw(uint64_t seed)
{
	const char *why;

	random_seed(&own, seed ^ 0xca11e6);
	if (count > 0) {
		memset(callers, 0, sizeof(callers));
		memset(places, 0, sizeof(places));
	}
	acts_reset();
	count = sim.input.end ? 0 : below(CALLERS_MAX + 1);
	answer_ms = below(2) ? 10000 : 300 + below(3000);
	CHECK(api_keys_parse(&keys, SPAN(KEYS_TEXT), &why) == 0);
}

bool caller_is_there(void)
{
	return count > 0;
}

void caller_limits(struct shard_limits *limits)
{
	limits->api.keys = &keys;
	limits->api.origins = "same";
	limits->api.body_max = 65536;
	limits->session.answer_ms = answer_ms;
}

/* Messages with even numbers have an idempotency key, the others a cid. */
static bool is_keyed(uint32_t number)
{
	return number % 2 == 0;
}

static uint32_t room_of(uint32_t number)
{
	return number * 7 / 3 % ORACLE_ROOMS;
}

static uint64_t content_of(const struct caller *caller, uint32_t number)
{
	const uint32_t index = (uint32_t)(caller - callers);

	return is_keyed(number) ? 1ull << 62 | (uint64_t)index << 32 | number
				: told_content_of_cid(CALLER_FIRST + index, number);
}

static void ask(struct caller *caller, const struct asked *asked, const char *method, const char *path,
		const char *field, const char *body)
{
	char text[4096];
	const int size =
		snprintf(text, sizeof(text), "%s /api/v1/%s HTTP/1.1\r\nHost: sim\r\nX-API-Key: simulated\r\n%s%s",
			 method, path, field, body ? "Content-Type: application/json\r\n" : "\r\n");

	CHECK(size > 0 && (size_t)size < sizeof(text) && caller->waiting < ON_THE_WAY_MAX);
	caller->asked[caller->waiting++] = *asked;
	sim_up(caller->socket, text, (size_t)size);
	if (sim.trace)
		fprintf(stderr, "  api > %s %s %s\n", method, path, body ? body : "");
	if (!body)
		return;
	const int more = snprintf(text, sizeof(text), "Content-Length: %zu\r\n\r\n%s", strlen(body), body);

	CHECK(more > 0 && (size_t)more < sizeof(text));
	sim_up(caller->socket, text, (size_t)more);
}

/* New ones mostly; now and then one of before, whether it was answered or not. */
static void ask_publish(struct caller *caller)
{
	const bool again = caller->next_number > 1 && below(3) == 0;
	const uint32_t back = again ? 1 + below(caller->next_number < 12 ? caller->next_number : 12) : 0;
	const uint32_t number = again ? caller->next_number - back : caller->next_number++;
	const struct asked asked = { .question = PUBLISH, .room = room_of(number), .number = number };
	const uint32_t index = (uint32_t)(caller - callers);
	char field[64] = "", cid[32] = "", body[256];

	if (is_keyed(number))
		snprintf(field, sizeof(field), "Idempotency-Key: %u/%u\r\n", index, number);
	else
		snprintf(cid, sizeof(cid), ",\"cid\":\"c%u:%u\"", CALLER_FIRST + index, number);
	snprintf(body, sizeof(body), "{\"room\":\"r%u\"%s,\"data\":{\"t\":\"k%u.%u\"}}", asked.room, cid, index,
		 number);
	ask(caller, &asked, "POST", "publish", field, body);
}

static void ask_batch(struct caller *caller)
{
	struct asked asked = { .question = BATCH, .count = 1 + below(BATCH_MAX) };
	char body[1024] = "{\"commands\":[";

	caller->next_number |= 1; /* there are no keys in a batch */
	asked.number = caller->next_number;
	for (uint32_t i = 0; i < asked.count; i++) {
		const uint32_t number = asked.number + 2 * i;
		const size_t at = strlen(body);

		snprintf(body + at, sizeof(body) - at,
			 "%s{\"op\":\"publish\",\"room\":\"r%u\",\"cid\":\"c%u:%u\",\"data\":%u}", i ? "," : "",
			 room_of(number), CALLER_FIRST + (uint32_t)(caller - callers), number, number);
	}
	caller->next_number += 2 * asked.count;
	memcpy(body + strlen(body), "]}", 3);
	ask(caller, &asked, "POST", "batch", "", body);
}

/* What it imposes on a room's last two users it gives an end. */
static void ask_act(struct caller *caller)
{
	struct asked asked = { .question = MODERATE, .room = below(ORACLE_ROOMS) };
	struct act_said *act = &asked.act;
	const bool of_user = (act->act = (enum act)below(ACTS)) <= ACT_UNMUTE;
	char path[64], body[128] = "{}";

	act->room = asked.room;
	act->user = below(MODSIM_USERS);
	act->every_s = act->act == ACT_SLOW ? below(4) : 0;
	act->said_ns = sim.now_ns;
	const bool ends = (act->act == ACT_BAN || act->act == ACT_MUTE) && (act->user >= 3 || below(2));

	if (of_user)
		snprintf(body, sizeof(body), "{\"user\":\"u%u\",\"for\":%u}", act->user, ends ? 1 + below(5) : 0);
	else if (act->act == ACT_SLOW)
		snprintf(body, sizeof(body), "{\"every\":%u}", act->every_s);
	snprintf(path, sizeof(path), "rooms/r%u/%s", asked.room, act_names[act->act]);
	acts_said(act);
	ask(caller, &asked, "POST", path, "", body);
}

static void ask_any(struct caller *caller)
{
	static const char *const lists[] = { "presence", "members", "history?limit=7&before=9" };
	struct asked asked = { .question = (enum question)below(QUESTIONS), .room = below(ORACLE_ROOMS) };
	char path[64];

	switch (asked.question) {
	case HISTORY:
		snprintf(path, sizeof(path), "rooms/r%u/history?limit=%u", asked.room, 1 + below(20));
		ask(caller, &asked, "GET", path, "", NULL);
		return;
	case DELETE:
		snprintf(path, sizeof(path), "rooms/r%u/messages/%u", asked.room, 1 + below(60));
		ask(caller, &asked, "DELETE", path, "", NULL);
		return;
	case DISCONNECT:
		asked.act = (struct act_said){ .user = below(MODSIM_USERS), .said_ns = sim.now_ns };
		snprintf(path, sizeof(path), "users/u%u/disconnect", asked.act.user);
		ask(caller, &asked, "POST", path, "", below(2) ? "{}" : NULL);
		return;
	case BATCH:
		ask_batch(caller);
		return;
	case LIST:
		snprintf(path, sizeof(path), "rooms/r%u/%s", asked.room, lists[below(3)]);
		ask(caller, &asked, "GET", below(3) ? path : "rooms", "", NULL);
		return;
	case NOWHERE:
		ask(caller, &asked, "GET", "nowhere", "", NULL);
		return;
	case MODERATE:
		ask_act(caller);
		return;
	default:
		ask_publish(caller);
	}
}

static void end(struct caller *caller)
{
	for (uint32_t i = 0; i < caller->waiting; i++)
		if (caller->asked[i].question == MODERATE)
			acts_ended(&caller->asked[i].act, ACT_UNKNOWN, NULL, 0);
	caller->waiting = 0;
	caller->closing = true;
	caller->socket->client_ended = true;
}

void caller_act(void)
{
	struct caller *caller = &callers[count > 0 ? below(count) : 0];

	if (count == 0 || below(12) != 0)
		return;
	if (!caller->socket) {
		caller->socket = sim_connect();
		caller->closing = false;
		return;
	}
	if (caller->closing || caller->socket->server_closed || caller->next_number >= NUMBERS_MAX - 2 * BATCH_MAX)
		return;
	if (below(60) == 0) {
		caller->socket->client_reset = below(2);
		end(caller);
		return;
	}
	if (caller->waiting == ON_THE_WAY_MAX)
		return;
	/* One act in six requests, and mostly messages otherwise. */
	if (below(6) == 0)
		ask_act(caller);
	else if (below(2) == 0)
		ask_publish(caller);
	else
		ask_any(caller);
}

/* What was published is where it was. */
static void is_there(struct caller *caller, uint32_t number, const char *text)
{
	struct spot *place = &places[caller - callers][number];
	const uint64_t seq = told_number(text, "\"seq\":");
	char epoch[ORACLE_EPOCH];

	if (told_room(text) != room_of(number))
		sim_fail("number %u of room %u is answered with %s", number, room_of(number), text);
	told_epoch(text, epoch);
	oracle_ack(room_of(number), epoch, seq, content_of(caller, number));
	if (sim.world.roomy && strcmp(place->epoch, epoch) == 0 && place->seq != seq)
		sim_fail("number %u was at %lu, and is at %s", number, place->seq, text);
	memcpy(place->epoch, epoch, sizeof(epoch));
	place->seq = seq;
}

static void judge_history(const struct asked *asked, char *text)
{
	char epoch[ORACLE_EPOCH];
	char *event = strstr(text, "{\"ev\":\"");
	uint64_t last = 0;

	if (told_room(text) != asked->room)
		sim_fail("the history of room %u is answered with %s", asked->room, text);
	told_epoch(text, epoch);
	while (event) {
		char *next = strstr(event + 1, "{\"ev\":\"");

		if (next)
			next[-1] = 0;
		const uint64_t seq = told_number(event, "\"seq\":"), content = told_content(event);

		if (seq <= last || told_room(event) != asked->room)
			sim_fail("a page of room %u has %s behind %lu", asked->room, event, last);
		last = seq;
		if (content != 0)
			oracle_event(asked->room, epoch, seq, content);
		event = next;
	}
}

static void judge_batch(struct caller *caller, const struct asked *asked, const char *text)
{
	const char *at = strstr(text, "{\"results\":[");
	char one[512];

	if (!at)
		sim_fail("a batch is answered with %s", text);
	at += 12;
	for (uint32_t i = 0; i < asked->count; i++) {
		const char *const begin = at;
		int depth = 0;

		do
			depth += (*at == '{') - (*at == '}');
		while (*at && *at++ && depth > 0);
		if (at - begin < 2 || (size_t)(at - begin) >= sizeof(one) || (*at != ',' && *at != ']'))
			sim_fail("a batch of %u is answered with %s", asked->count, text);
		memcpy(one, begin, (size_t)(at - begin));
		one[at - begin] = 0;
		if (strncmp(one, "{\"error\"", 8) != 0)
			is_there(caller, asked->number + 2 * i, one);
		at++;
	}
	if (at[-1] != ']')
		sim_fail("a batch of %u is answered with %s", asked->count, text);
}

static void judge_act(const struct asked *asked, int status, const char *text)
{
	char epoch[ORACLE_EPOCH] = "";

	if (status == 200 && told_room(text) != asked->room)
		sim_fail("%s in room %u is answered with %s", act_names[asked->act.act], asked->room, text);
	if (status == 200)
		told_epoch(text, epoch);
	acts_ended(&asked->act,
		   status == 200                 ? ACT_DONE
		   : status == 409               ? ACT_IDLE
		   : strstr(text, "\"timeout\"") ? ACT_UNKNOWN
						 : ACT_FAILED,
		   epoch, told_number(text, "\"seq\":"));
}

/* Which refusals there may be of what; that it is not now may be said of all. */
static void judge_status(const struct asked *asked, int status, const char *text)
{
	static const char *const refusals[QUESTIONS] = {
		[PUBLISH] = "409", [HISTORY] = "404", [MODERATE] = "409", [DELETE] = "404 409",
		[DISCONNECT] = "", [BATCH] = "",      [LIST] = "404",     [NOWHERE] = "404",
	};
	char digits[8];

	snprintf(digits, sizeof(digits), "%d", status);
	if (status == 429 || status == 503 || status == 408)
		return;
	if (status == 200 ? asked->question == NOWHERE : !strstr(refusals[asked->question], digits))
		sim_fail("question %d about room %u is answered with %d %s", asked->question, asked->room, status,
			 text);
}

static void answered(struct caller *caller, int status, char *text)
{
	const struct asked asked = caller->asked[0];

	sim_note("answer", (uint64_t)asked.question, (uint64_t)status);
	if (sim.trace)
		fprintf(stderr, "  api < %d %.200s\n", status, text);
	if (caller->waiting == 0) {
		if (status != 408 && status != 503 && status != 429)
			sim_fail("%d %s answers nothing", status, text);
		return;
	}
	memmove(caller->asked, caller->asked + 1, --caller->waiting * sizeof(asked));
	judge_status(&asked, status, text);
	if (asked.question == MODERATE)
		judge_act(&asked, status, text);
	if (status != 200)
		return;
	if (asked.question == DISCONNECT)
		operator_ended(asked.act.user, asked.act.said_ns);
	if (asked.question == PUBLISH)
		is_there(caller, asked.number, text);
	else if (asked.question == HISTORY)
		judge_history(&asked, text);
	else if (asked.question == BATCH)
		judge_batch(caller, &asked, text);
	else if (asked.question == DISCONNECT && strcmp(text, "{}") != 0)
		sim_fail("a disconnect is answered with %s", text);
	else if (asked.question == LIST && !strstr(text, "\"users\":") && !strstr(text, "\"events\":") &&
		 !strstr(text, "\"rooms\":") && !strstr(text, "\"members\":"))
		sim_fail("a list is answered with %s", text);
}

static bool read_one(struct caller *caller)
{
	static char body[BODY_MAX];
	struct sim_socket *socket = caller->socket;
	const uint8_t *end_of_head = socket->down ? memmem(socket->down, socket->down_size, "\r\n\r\n", 4) : NULL;
	char head[1024];

	if (!end_of_head)
		return false;
	const size_t head_size = (size_t)(end_of_head + 4 - socket->down);

	CHECK(head_size < sizeof(head));
	memcpy(head, socket->down, head_size);
	head[head_size] = 0;
	const size_t size = told_number(head, "Content-Length: ");

	if (strncmp(head, "HTTP/1.1 ", 9) != 0 || size >= BODY_MAX)
		sim_fail("no answer: %s", head);
	if (socket->down_size < head_size + size)
		return false;
	memcpy(body, socket->down + head_size, size);
	body[size] = 0;
	memmove(socket->down, socket->down + head_size + size, socket->down_size - head_size - size);
	socket->down_size -= head_size + size;
	socket->taken = socket->down_size;
	answered(caller, (int)strtol(head + 9, NULL, 10), body);
	return true;
}

static void forget(struct caller *caller)
{
	sim_socket_free(caller->socket);
	caller->socket = NULL;
}

void caller_read(void)
{
	struct caller *caller = &callers[count > 0 ? below(count) : 0];
	struct sim_socket *socket = caller->socket;

	if (!socket)
		return;
	socket->taken = socket->down_size;
	while (!caller->closing && read_one(caller))
		;
	if (!socket->server_closed && !socket->client_ended)
		return;
	if (!caller->closing)
		end(caller);
	if (!socket->accepted || socket->server_closed)
		forget(caller);
}

void caller_judge(void)
{
	for (uint32_t i = 0; i < count; i++)
		if (callers[i].socket && callers[i].socket->accepted && !callers[i].closing && callers[i].waiting > 0 &&
		    !callers[i].socket->server_closed)
			sim_fail("caller %u: %u requests have no answer", i, callers[i].waiting);
}

void caller_leave(void)
{
	for (uint32_t i = 0; i < count; i++)
		if (callers[i].socket && !callers[i].closing)
			end(&callers[i]);
}

void caller_crash(void)
{
	for (uint32_t i = 0; i < count; i++) {
		if (callers[i].socket)
			forget(&callers[i]);
		callers[i].waiting = 0;
	}
	acts_crash();
}

void caller_on_disk(uint64_t content, uint64_t judgement)
{
	struct spot *place = &places[content >> 32 & 1][content % NUMBERS_MAX];

	if (place->judgement == judgement)
		sim_fail("on disk is twice what was published with the key %lu/%lu", content >> 32 & 1,
			 content & 0xffffffff);
	place->judgement = judgement;
}
