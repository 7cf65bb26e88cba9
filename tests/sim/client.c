#include "tests/sim/client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/check.h"
#include "tests/sim/disk.h"
#include "tests/sim/acts.h"
#include "tests/sim/manners.h"
#include "tests/sim/operator.h"
#include "tests/sim/restart.h"
#include "tests/sim/retuner.h"
#include "tests/sim/takers.h"
#include "tests/sim/tokens.h"
#include "tests/sim/told.h"

#define COMPRESSED 0x40 /* RSV1 */

/* Who asked for no echo may miss its own events and no others. */
static void skipped_are_own(const struct sim_client *client, uint32_t room, uint64_t before)
{
	const struct sim_membership *member = &client->rooms[room];

	for (uint64_t seq = member->last + 1; seq < before; seq++) {
		const uint64_t content = oracle_content(room, member->epoch, seq);

		if (content != 0 && told_sender(content) != client->index)
			sim_fail("client %u room %u: seq %lu is another's and was not given", client->index, room, seq);
	}
}

/* One logged event, live or of the page a join was answered with: it must be the very next. */
static void on_logged(struct sim_client *client, const char *event)
{
	const uint32_t room = told_room(event);
	struct sim_membership *member = &client->rooms[room];
	const uint64_t seq = told_number(event, "\"seq\":");

	if (!member->joined)
		sim_fail("client %u got an event of room %u that it is not in: %s", client->index, room, event);
	if (seq <= member->last || (seq != member->last + 1 && !member->no_echo))
		sim_fail("client %u room %u: seq %lu after %lu", client->index, room, seq, member->last);
	skipped_are_own(client, room, seq);
	member->last = seq;
	tokens_heard(client, event);
	takers_heard(client, room, event);
	modsim_event(&member->moderated, room, client->index % 5, seq, event);
	client->received++;
	if (member->removed_next != 0 && (member->removed_next != seq || member->moderated.removed_seq != seq))
		sim_fail("client %u room %u: lagged although all is kept: %s", client->index, room, event);
	const uint64_t content = told_content(event);

	if (content != 0)
		oracle_event(room, member->epoch, seq, content);
}

static uint32_t rooms_in(const struct sim_client *client)
{
	uint32_t count = 0;

	for (uint32_t room = 0; room < ORACLE_ROOMS; room++)
		count += client->rooms[room].joined && !client->rooms[room].leaving;
	return count;
}

static void on_join_ok(struct sim_client *client, uint32_t room, char *text)
{
	struct sim_membership *member = &client->rooms[room];
	const uint64_t seq = told_number(text, "\"seq\":");
	const bool recovered = strstr(text, "\"recovered\":true") != NULL;
	const bool more = strstr(text, "\"more\":true") != NULL;
	char *event = strstr(text, "{\"ev\":\"");
	char epoch[ORACLE_EPOCH];

	told_epoch(text, epoch);
	if (recovered && strcmp(epoch, member->epoch) != 0)
		sim_fail("recovered in another epoch");
	modsim_forget(&member->moderated, seq);
	if (!recovered)
		member->last = event ? told_number(event, "\"seq\":") - 1 : seq;
	memcpy(member->epoch, epoch, sizeof(epoch));
	member->joined = true;
	member->asked = false;
	retuner_joined(client->index, room, rooms_in(client), member->join_ns);
	member->acked_number = 0;
	member->removed_next = 0;
	while (event) {
		char *next = strstr(event + 1, "{\"ev\":\"");

		if (next)
			next[-1] = 0;
		on_logged(client, event);
		event = next;
	}
	if (!(recovered && more) && member->last != seq)
		sim_fail("client %u room %u: the join's page ends at %lu, not %lu", client->index, room, member->last,
			 seq);
}

/* What one connection sends to a room is there in the order it was sent in. */
static void in_order(struct sim_client *client, uint32_t room, uint64_t number, uint64_t seq)
{
	struct sim_membership *member = &client->rooms[room];

	if (member->acked_number != 0 && number != member->acked_number &&
	    (number > member->acked_number) != (seq > member->acked_seq))
		sim_fail("client %u room %u: number %lu is seq %lu, number %lu is seq %lu", client->index, room,
			 member->acked_number, member->acked_seq, number, seq);
	member->acked_number = number;
	member->acked_seq = seq;
}

/* What an answer about a room gives is no more than the room's class allows. */
static void keeps_to_class(const struct sim_client *client, const char *text)
{
	const char *event = strstr(text, "{\"ev\":\"");
	uint32_t count = 0;

	if (!strstr(text, "\"room\":\"r"))
		return;
	const struct room_class *class = simmanners(told_room(text));

	if (!class->presence && strstr(text, "\"users\":"))
		sim_fail("client %u: who is in a room without presence: %s", client->index, text);
	for (; event; event = strstr(event + 1, "{\"ev\":\""))
		count++;
	if (class->page_max != 0 && count > class->page_max && !strstr(text, "\"recovered\":true"))
		sim_fail("client %u: %u events in a page of %u", client->index, count, class->page_max);
}

static void on_acked(struct sim_client *client, struct sim_sent *sent, const char *text)
{
	const uint64_t seq = told_number(text, "\"seq\":");
	char epoch[ORACLE_EPOCH];

	told_epoch(text, epoch);
	if ((strstr(text, "\"class\":\"disk\"") != NULL) != simdisk_room(sent->room))
		sim_fail("client %u: acknowledged as of another class: %s", client->index, text);
	sent->id = 0;
	if (sent->taken) {
		const uint64_t content = told_content_of_cid(takers_other(client->index), sent->number);

		oracle_ack(sent->room, epoch, seq, told_content_taken(content));
	} else {
		in_order(client, sent->room, sent->number, seq);
		oracle_ack(sent->room, epoch, seq, told_content_of_cid(client->index, sent->number));
	}
	if (!strstr(text, "\"dup\":true"))
		tokens_heard(client, text);
	if (!sent->speaks || strstr(text, "\"dup\":true"))
		return;
	retuner_spoke(client->index, sent->said_ns);
	acts_spoke(sent->room, epoch, seq, client->index, sent->said_ns, client->rooms[sent->room].join_ns);
}

static void on_ok(struct sim_client *client, uint64_t re, char *text)
{
	keeps_to_class(client, text);
	if (re == client->hello_id) {
		client->live = true;
		client->live_ns = sim.now_ns;
		tokens_let_in(client, text);
	}
	for (uint32_t room = 0; room < ORACLE_ROOMS; room++) {
		struct sim_membership *member = &client->rooms[room];

		if (member->asked && member->join_id == re) {
			on_join_ok(client, room, text);
			return;
		}
		if (member->leaving && member->leave_id == re) {
			if (member->asked)
				sim_fail("client %u: left room %u before its join was answered", client->index, room);
			member->leaving = member->joined = member->asked = false;
			return;
		}
	}
	if (client->sent[re % 256].id == re)
		on_acked(client, &client->sent[re % 256], text);
}

static void on_err(struct sim_client *client, uint64_t re, const char *text)
{
	if (re == client->hello_id && strstr(text, "\"unauthorized\""))
		tokens_turned_away(client, text);
	for (uint32_t room = 0; room < ORACLE_ROOMS; room++) {
		struct sim_membership *member = &client->rooms[room];

		if (member->asked && member->join_id == re) {
			member->asked = false;
			acts_refused(room, client->index % 5, text, member->join_ns);
		}
		if (member->leaving && member->leave_id == re) {
			if (member->asked)
				sim_fail("client %u: not out of room %u, not yet in", client->index, room);
			member->leaving = false;
		}
	}
	if (client->sent[re % 256].id == re) {
		client->sent[re % 256].answered = true;
		acts_refused(client->sent[re % 256].room, client->index % 5, text, client->sent[re % 256].said_ns);
	}
	if (strstr(text, "bad_request") || strstr(text, "internal"))
		sim_fail("client %u: %s", client->index, text);
}

static void on_notice(struct sim_client *client, const char *text)
{
	if (strstr(text, "\"code\":\"lagged\"")) {
		struct sim_membership *member = &client->rooms[told_room(text)];

		skipped_are_own(client, told_room(text), told_number(text, "\"after\":") + 1);
		if (told_number(text, "\"after\":") != member->last && !member->no_echo)
			sim_fail("lagged after %lu, but had %lu", told_number(text, "\"after\":"), member->last);
		if (told_number(text, "\"next\":") <= member->last + 1)
			sim_fail("lagged for nothing: %s", text);
		if (sim.world.roomy && simmanners(told_room(text))->slow != SLOW_LATEST)
			member->removed_next = told_number(text, "\"next\":");
		member->last = told_number(text, "\"next\":") - 1;
		modsim_forget(&member->moderated, member->moderated.joined_seq);
		client->lagged++;
	} else if (strstr(text, "\"code\":\"slow\"")) {
		client->slow++;
	} else if (strstr(text, "\"code\":\"reconnect\"")) {
		restart_told(client, text);
	}
}

/* Right behind the event that says so. From now on nothing of the room may come. */
static void on_removed(struct sim_client *client, const char *text)
{
	struct sim_membership *member = &client->rooms[told_room(text)];

	if (!member->joined || (!strstr(text, "\"act\":\"rights\"") && member->last != member->moderated.removed_seq))
		sim_fail("client %u: removed at %lu, having %lu: %s", client->index, member->moderated.removed_seq,
			 member->last, text);
	member->joined = false;
}

static void on_text(struct sim_client *client, char *text)
{
	sim_note("text", client->index, strlen(text));
	if (sim.trace)
		fprintf(stderr, "  %u < %.200s\n", client->index, text);
	if (strncmp(text, "{\"re\":", 6) == 0) {
		const uint64_t re = strtoull(text + 6, NULL, 10);

		if (tokens_answered(client, re, text))
			return;
		if (strstr(text, "\"err\":"))
			on_err(client, re, text);
		else
			on_ok(client, re, text);
	} else if (strncmp(text, "{\"ev\":\"ping\"", 12) == 0) {
		client_say(client, "{\"op\":\"pong\"}");
	} else if (strncmp(text, "{\"ev\":\"notice\"", 14) == 0) {
		on_notice(client, text);
	} else if (strncmp(text, "{\"ev\":\"expiring\"", 16) == 0) {
		tokens_ending(client, text);
	} else if (strncmp(text, "{\"ev\":\"removed\"", 15) == 0) {
		on_removed(client, text);
	} else if (told_is_logged(text)) {
		on_logged(client, text);
	} else if (strncmp(text, "{\"ev\":\"", 7) == 0) {
		const struct sim_membership *member = &client->rooms[told_room(text)];

		if (!member->joined || !member->presence || !simmanners(told_room(text))->presence)
			sim_fail("client %u: %s without having asked for it", client->index, text);
	} else {
		sim_fail("client %u cannot read: %s", client->index, text);
	}
}

static void on_close(struct sim_client *client, const char *payload)
{
	const uint32_t code = (uint32_t)(uint8_t)payload[0] << 8 | (uint8_t)payload[1];

	client->closing = true;
	/* It never breaks a rule. */
	if ((code >= 1002 && code <= 1009) || code == 4400)
		sim_fail("client %u was closed: %s", client->index, payload + 2);
	tokens_closed(client, code);
	restart_closed(client, code, payload + 2);
	if (strcmp(payload + 2, "slow") != 0)
		return;
	client->ended++;
	if (!simmanners_end_the_slow() && !sim.pressed)
		sim_fail("client %u was ended as slow where all are caught up", client->index);
}

static void drop(struct sim_socket *socket, size_t size)
{
	memmove(socket->down, socket->down + size, socket->down_size - size);
	socket->down_size -= size;
	socket->taken -= size;
}

static bool read_head(struct sim_client *client)
{
	struct sim_socket *socket = client->socket;
	const uint8_t *end = socket->down ? memmem(socket->down, socket->down_size, "\r\n\r\n", 4) : NULL;

	if (!end)
		return false;
	if (memcmp(socket->down, "HTTP/1.1 101 ", 13) != 0) {
		/* Without a token that holds; full; or time jumped while the request was on its way. */
		if (memcmp(socket->down, "HTTP/1.1 401 ", 13) == 0)
			tokens_turned_away(client, "401");
		else if (memmem(socket->down, socket->down_size, "about to end", 12))
			restart_turned_away(client);
		else if (memcmp(socket->down, "HTTP/1.1 503 ", 13) != 0 &&
			 memcmp(socket->down, "HTTP/1.1 408 ", 13) != 0 &&
			 memcmp(socket->down, "HTTP/1.1 429 ", 13) != 0)
			sim_fail("refused: %.40s", (const char *)socket->down);
		client->closing = true;
		drop(socket, socket->down_size);
		return false;
	}
	client->upgraded = true;
	squeeze_agree(&client->squeeze, (const char *)socket->down, (size_t)(end + 4 - socket->down));
	drop(socket, (size_t)(end + 4 - socket->down));
	return true;
}

static bool read_frame(struct sim_client *client)
{
	struct sim_socket *socket = client->socket;
	static char text[1 << 20], plain[1 << 20];
	size_t header = 2;

	if (socket->down_size < 2)
		return false;
	uint64_t size = socket->down[1];

	if (size == 126)
		header = 4;
	else if (size == 127)
		header = 10;
	if (socket->down_size < header)
		return false;
	for (size_t i = 2, first = 1; i < header; i++, first = 0)
		size = (first ? 0 : size << 8) | socket->down[i];
	if (socket->down[1] & 0x80 || size >= sizeof(text))
		sim_fail("client %u: not a server's frame", client->index);
	if (socket->down_size < header + size)
		return false;
	memcpy(text, socket->down + header, size);
	text[size] = 0;
	const uint8_t first = socket->down[0];

	drop(socket, header + size);
	if (first == (COMPRESSED | 0x81)) {
		squeeze_read(&client->squeeze, (const uint8_t *)text, size, plain, sizeof(plain));
		on_text(client, plain);
	} else if (first == 0x81)
		on_text(client, text);
	else if (first == 0x88)
		on_close(client, text);
	else if (first != 0x8a)
		sim_fail("client %u: frame begins with %02x", client->index, first);
	return !client->closing;
}

/* Whoever has read everything was told why it ends. */
static void judge_cut(const struct sim_client *client)
{
	const struct sim_socket *socket = client->socket;

	if (socket->server_closed && !socket->client_ended && !socket->cut && client->upgraded && !client->closing &&
	    socket->down_size == 0)
		restart_cut(client);
}

void client_read(struct sim_client *client)
{
	struct sim_socket *socket = client->socket;

	if (!socket || client->frozen)
		return;
	sim.stirred |= socket->taken < socket->down_size;
	socket->taken = socket->down_size;
	if (!client->closing && (client->upgraded || read_head(client)))
		while (socket->down_size > 0 && sim_chance(900) && read_frame(client))
			;
	if (client->closing)
		client_end(client, false);
	if (socket->server_closed || socket->client_ended) {
		judge_cut(client);
		if (!socket->accepted || socket->server_closed)
			client_free(client);
	}
}

void client_hear_out(struct sim_client *client)
{
	struct sim_socket *socket = client->socket;

	if (!socket || client->frozen || client->closing)
		return;
	socket->taken = socket->down_size;
	if (client->upgraded || read_head(client))
		while (socket->down_size > 0 && read_frame(client))
			;
	judge_cut(client);
}

void client_judge(const struct sim_client *client)
{
	if (!client->socket || !client->upgraded || client->closing || client->socket->server_closed)
		return;
	tokens_judge(client);
	if (client->live && client->live_ns < operator_ended_ns(client->index % MODSIM_USERS))
		sim_fail("client %u is there, whose user's connections were all ended", client->index);
	for (uint32_t room = 0; room < ORACLE_ROOMS; room++)
		if (client->rooms[room].asked || client->rooms[room].leaving)
			sim_fail("client %u: coming to (%lu) or leaving (%lu) room %u was not answered", client->index,
				 client->rooms[room].asked ? client->rooms[room].join_id : 0,
				 client->rooms[room].leaving ? client->rooms[room].leave_id : 0, room);
	for (uint32_t i = 0; i < 256; i++)
		if (client->sent[i].id != 0 && !client->sent[i].answered)
			sim_fail("client %u: command %lu was not answered", client->index, client->sent[i].id);
}

void client_end(struct sim_client *client, bool reset)
{
	if (!client->socket)
		return;
	sim_note("end", client->index, reset);
	client->closing = true;
	client->socket->client_ended = true;
	client->socket->client_reset = reset;
}

void client_free(struct sim_client *client)
{
	if (client->socket)
		sim_socket_free(client->socket);
	squeeze_end(&client->squeeze);
	client->socket = NULL;
}
