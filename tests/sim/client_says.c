/* What a client says: hello, joins, messages and all else that clients do. */
#include "tests/sim/client.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/core/check.h"
#include "tests/sim/modsim.h"
#include "tests/sim/restart.h"
#include "tests/sim/retuner.h"
#include "tests/sim/takers.h"
#include "tests/sim/tokens.h"

#define COMPRESSED 0x40 /* RSV1 */

static const char upgrade_request[] = "GET /ws HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
				      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n";

static void frame(struct sim_client *client, uint8_t opcode, bool fin, const char *text, size_t size)
{
	uint8_t bytes[4096];
	size_t at = 2;

	CHECK(size < 4000);
	bytes[0] = (uint8_t)(opcode | (fin ? 0x80 : 0));
	bytes[1] = 0x80 | (uint8_t)(size < 126 ? size : 126);
	if (size >= 126) {
		bytes[at++] = (uint8_t)(size >> 8);
		bytes[at++] = (uint8_t)size;
	}
	const uint8_t *mask = bytes + at;

	/* A mask decides nothing: it takes nothing of an input. */
	for (int i = 0; i < 4; i++)
		bytes[at++] = (uint8_t)(sim.input.end ? random_below(&sim.random, 256) : sim_below(256));
	for (size_t i = 0; i < size; i++)
		bytes[at++] = (uint8_t)text[i] ^ mask[i & 3];
	sim_up(client->socket, bytes, at);
	sim.stirred = true;
}

static void message(struct sim_client *client, uint8_t first, const char *bytes, size_t size)
{
	if (size > 1 && sim_chance(100)) {
		const size_t cut = 1 + sim_below((uint32_t)size - 1);

		frame(client, first, false, bytes, cut);
		if (sim_chance(300))
			frame(client, 9, true, "p", 1);
		frame(client, 0, true, bytes + cut, size - cut);
		return;
	}
	frame(client, first, true, bytes, size);
}

/* Before the answer to the upgrade nobody knows whether anything may be compressed. */
void client_say(struct sim_client *client, const char *format, ...)
{
	uint8_t packed[3500];
	char text[3000];
	va_list arguments;

	va_start(arguments, format);
	const size_t size = (size_t)vsnprintf(text, sizeof(text), format, arguments);

	va_end(arguments);
	const size_t packed_size = squeeze_write(&client->squeeze, text, size, packed, sizeof(packed));

	if (packed_size > 0)
		message(client, COMPRESSED | 1, (const char *)packed, packed_size);
	else
		message(client, 1, text, size);
}

static void forget_sent(struct sim_client *client)
{
	memset(client->sent, 0, sizeof(client->sent[0]) * (client->next_id < 255 ? client->next_id + 1 : 256));
}

void client_anew(struct sim_client *client)
{
	forget_sent(client);
	memset(client, 0, offsetof(struct sim_client, sent));
}

void client_open(struct sim_client *client, uint32_t index)
{
	char offer[256], field[TOKENS_TEXT], token[TOKENS_TEXT];

	client->socket = sim_connect();
	client->index = index;
	client->upgraded = false;
	client->closing = false;
	client->frozen = false;
	client->live = false;
	if (!client->socket)
		return;
	forget_sent(client);
	sim_note("open", index, 0);
	retuner_opened(index);
	restart_opened(client);
	tokens_opened(client, field, token);
	sim_up(client->socket, upgrade_request, sizeof(upgrade_request) - 1);
	sim_up(client->socket, field, strlen(field));
	squeeze_offer(&client->squeeze, offer);
	sim_up(client->socket, offer, strlen(offer));
	sim_up(client->socket, "\r\n", 2);
	client->hello_id = ++client->next_id;
	client_say(client, "{\"op\":\"hello\",\"id\":%lu,\"name\":\"u%u\"%s}", client->hello_id, index % 5, token);
	for (uint32_t room = 0; room < ORACLE_ROOMS; room++) {
		struct sim_membership *member = &client->rooms[room];

		member->asked = member->joined = member->leaving = false;
	}
}

static void act_join(struct sim_client *client, uint32_t room)
{
	struct sim_membership *member = &client->rooms[room];
	char since[96] = "";

	if (member->asked || member->joined || member->leaving)
		return;
	member->asked = true;
	member->join_id = ++client->next_id;
	member->join_ns = sim.now_ns;
	member->presence = sim_chance(500);
	member->no_echo = sim_chance(300);
	if (member->epoch[0] && sim_chance(900))
		snprintf(since, sizeof(since), ",\"since\":{\"seq\":%lu,\"epoch\":\"%s\"}", member->last,
			 member->epoch);
	else
		member->epoch[0] = 0;
	client_say(client, "{\"op\":\"join\",\"id\":%lu,\"room\":\"r%u\",\"limit\":%u,\"presence\":%s%s%s}",
		   member->join_id, room, sim_below(30), member->presence ? "true" : "false",
		   member->no_echo ? ",\"echo\":false" : "", since);
}

/* A command with the next cid, or with another's. Gives whose. */
static uint32_t note_sent(struct sim_client *client, uint64_t id, uint64_t *number, uint32_t room, bool speaks)
{
	const bool taken = takers_take(client, room, number);

	client->sent[id % 256] = (struct sim_sent){ id, *number, sim.now_ns, room, speaks, taken, false };
	return taken ? takers_other(client->index) : client->index;
}

static void act_send(struct sim_client *client, uint32_t room)
{
	static const char filler[2001] = { [0 ... 1999] = 'x' };
	const uint64_t id = ++client->next_id;
	uint64_t number = ++client->next_number[room];

	/* Now and then the same cid again. */
	if (number > 1 && sim_chance(100)) {
		client->next_number[room]--;
		number--;
	}
	const uint32_t whose = note_sent(client, id, &number, room, true);

	client_say(client,
		   "{\"op\":\"send\",\"id\":%lu,\"room\":\"r%u\",\"cid\":\"c%u:%lu\",\"data\":{\"t\":\"%.*s\"}}", id,
		   room, whose, number, (int)(sim_chance(100) ? sim_below(2000) : sim_below(60)), filler);
}

/* An edit, a deletion or a reaction, of whatever may be there. */
static void act_change(struct sim_client *client, uint32_t room)
{
	static const char *const ops[] = { "edit", "del", "react" };
	const uint32_t op = sim_below(3);
	const uint64_t id = ++client->next_id;
	uint64_t number = ++client->next_number[room];
	const uint64_t last = client->rooms[room].last;
	char epoch[32] = "";

	/* Half of the time in the log where the member stands. */
	if (client->rooms[room].epoch[0] && sim_chance(500))
		snprintf(epoch, sizeof(epoch), ",\"epoch\":\"%s\"", client->rooms[room].epoch);
	const uint32_t whose = note_sent(client, id, &number, room, false);

	client_say(client, "{\"op\":\"%s\",\"id\":%lu,\"room\":\"r%u\",\"cid\":\"c%u:%lu\",\"target\":%lu%s%s}",
		   ops[op], id, room, whose, number, last > 20 ? last - sim_below(20) : 1 + sim_below(20), epoch,
		   op == 0   ? ",\"data\":7"
		   : op == 2 ? ",\"key\":\"+\",\"on\":true"
			     : "");
}

static void act_leave(struct sim_client *client, uint32_t room)
{
	struct sim_membership *member = &client->rooms[room];

	if (member->leaving || (!member->asked && !member->joined))
		return;
	member->leaving = true;
	member->leave_id = ++client->next_id;
	client_say(client, "{\"op\":\"leave\",\"id\":%lu,\"room\":\"r%u\"}", member->leave_id, room);
}

static void act_mod(struct sim_client *client, uint32_t room)
{
	char act[128];

	/* Its own event must come to it, too: it has no cid to be known by. */
	if (!client->rooms[room].no_echo && modsim_act(act, sizeof(act)))
		client_say(client, "{\"op\":\"mod\",\"id\":%lu,\"room\":\"r%u\",%s}", ++client->next_id, room, act);
}

void client_act(struct sim_client *client)
{
	const uint32_t room = sim_below(ORACLE_ROOMS);
	struct sim_membership *member = &client->rooms[room];

	if (!client->socket || client->closing)
		return;
	tokens_act(client);
	switch (sim_below(20)) {
	case 0:
	case 1:
		act_join(client, room);
		return;
	case 2:
		if (sim_chance(300))
			act_leave(client, room);
		return;
	case 3:
		if (sim_chance(200))
			client->frozen = !client->frozen;
		return;
	case 4:
		if (sim_chance(100))
			client_end(client, sim_chance(500));
		return;
	case 5:
		if (member->joined && !member->leaving)
			act_mod(client, room);
		if (member->joined)
			client_say(client, "{\"op\":\"typing\",\"room\":\"r%u\"}", room);
		return;
	case 6:
		if (member->joined)
			client_say(client,
				   "{\"op\":\"history\",\"id\":%lu,\"room\":\"r%u\",\"before\":%lu,\"limit\":20}",
				   ++client->next_id, room, member->last + 1);
		return;
	case 7:
		if (member->joined)
			client_say(client, "{\"op\":\"presence\",\"id\":%lu,\"room\":\"r%u\"}", ++client->next_id,
				   room);
		return;
	case 8:
		if (member->joined && !member->leaving)
			act_change(client, room);
		return;
	default:
		if (member->joined && !member->leaving)
			act_send(client, room);
	}
}
