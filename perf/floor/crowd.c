#include "perf/floor/crowd.h"

#include <assert.h>
#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "proto/ws/ws_close.h"
#include "proto/ws/ws_handshake.h"
#include "proto/ws/ws_header.h"
#include "proto/ws/ws_mask.h"

#define MESSAGE_SIZE_MAX (1024 * 1024)
#define RUN_SIZE_MAX (128 * 1024)       /* so large, a room's messages are sent before the turn ends */
#define OWED_MAX (64 * 1024 * 1024)     /* who is owed more is dropped, and counted */
#define RESPONSE_MAX 512

/* Zeroed, and of no cost until touched. */
static void *reserve(size_t count, size_t size)
{
	void *memory =
		mmap(NULL, count * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		floor_fail("mmap", errno);
	return memory;
}

/* Doubles what is full. */
static void *grown(void *array, uint32_t count, uint32_t *size, size_t item)
{
	if (count < *size)
		return array;
	*size = *size ? *size * 2 : 4;
	array = realloc(array, *size * item);
	assert(array);
	return array;
}

void crowd_open(struct crowd *crowd, const struct floor_options *options, uint32_t slots)
{
	uint32_t table_size = 16;

	while (table_size < slots * 2)
		table_size *= 2;
	crowd->options = *options;
	crowd->slots = slots;
	crowd->turn = 1;
	crowd->conns = reserve(slots, sizeof(crowd->conns[0]));
	crowd->rooms = reserve(slots + 1, sizeof(crowd->rooms[0]));
	crowd->dirty = reserve(slots + 1, sizeof(crowd->dirty[0]));
	crowd->ending = reserve(slots, sizeof(crowd->ending[0]));
	crowd->table = reserve(table_size, sizeof(crowd->table[0]));
	crowd->table_mask = table_size - 1;
}

void crowd_accepted(struct crowd *crowd, uint32_t slot)
{
	struct crowd_conn *conn = &crowd->conns[slot];

	assert(slot < crowd->slots && conn->state == CONN_FREE);
	*conn = (struct crowd_conn){ .state = CONN_HEAD, .generation = conn->generation, .room = ROOM_NONE };
	crowd->stats.accepted++;
}

/* Rooms stay once they were named, as many as there are slots; then nobody else is let in. */
static uint32_t room_of_path(struct crowd *crowd, struct span path)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < path.size; i++)
		hash = (hash ^ path.bytes[i]) * 16777619u;
	for (uint32_t at = hash & crowd->table_mask;; at = (at + 1) & crowd->table_mask) {
		const uint32_t number = crowd->table[at];
		struct crowd_room *room = &crowd->rooms[number];

		if (number > 0 && span_equal(path, span_of(room->path, room->path_size)))
			return number;
		if (number > 0)
			continue;
		if (crowd->room_count == crowd->slots)
			return ROOM_NONE;
		crowd->table[at] = ++crowd->room_count;
		room = &crowd->rooms[crowd->room_count];
		room->path = malloc(path.size);
		assert(room->path);
		memcpy(room->path, path.bytes, path.size);
		room->path_size = (uint32_t)path.size;
		return crowd->room_count;
	}
}

static void join(struct crowd *crowd, uint32_t slot, struct span path)
{
	struct crowd_conn *conn = &crowd->conns[slot];
	bool member = true;

	switch (crowd->options.mode) {
	case FLOOR_BROADCAST:
		conn->room = 0;
		member = !span_equal(path, SPAN("/pub"));
		break;
	case FLOOR_ROOMS:
		conn->room = room_of_path(crowd, path);
		break;
	case FLOOR_ECHO:
		conn->room = slot;
		break;
	case FLOOR_ACCEPT:
		break;
	}
	conn->place = UINT32_MAX;
	if (conn->room == ROOM_NONE || !member)
		return;
	struct crowd_room *room = &crowd->rooms[conn->room];

	room->members = grown(room->members, room->count, &room->size, sizeof(room->members[0]));
	conn->place = room->count;
	room->members[room->count++] = slot;
}

static void leave(struct crowd *crowd, uint32_t slot)
{
	struct crowd_conn *conn = &crowd->conns[slot];

	if (conn->room != ROOM_NONE && conn->place != UINT32_MAX) {
		struct crowd_room *room = &crowd->rooms[conn->room];
		const uint32_t last = room->members[--room->count];

		room->members[conn->place] = last;
		crowd->conns[last].place = conn->place;
	}
	conn->room = ROOM_NONE;
	conn->place = UINT32_MAX;
}

static void finish(struct crowd *crowd, uint32_t slot)
{
	struct crowd_conn *conn = &crowd->conns[slot];

	leave(crowd, slot);
	conn->state = CONN_FINISHING;
	if (conn->owed == 0)
		crowd_end(crowd, slot);
}

void crowd_end(struct crowd *crowd, uint32_t slot)
{
	struct crowd_conn *conn = &crowd->conns[slot];

	if (conn->state == CONN_ENDING || conn->state == CONN_CLOSING || conn->state == CONN_FREE)
		return;
	leave(crowd, slot);
	conn->state = CONN_ENDING;
	crowd->ending[crowd->ending_count++] = slot;
}

void crowd_gone(struct crowd *crowd, uint32_t slot)
{
	struct crowd_conn *conn = &crowd->conns[slot];

	assert(conn->state == CONN_CLOSING);
	if (conn->first.block)
		arena_drop(&crowd->arena, conn->first.block);
	for (uint32_t i = 0; i < conn->more_count; i++)
		arena_drop(&crowd->arena, conn->more[i].block);
	free(conn->more);
	free(conn->held);
	*conn = (struct crowd_conn){ .state = CONN_FREE, .generation = conn->generation + 1 };
}

/* Owes it these bytes of a block, which is held from here. What lies behind the last ones is one piece with them. */
static void owe(struct crowd *crowd, uint32_t slot, const struct arena_run *run)
{
	struct crowd_conn *conn = &crowd->conns[slot];
	struct arena_run *last = conn->more_count > 0 ? &conn->more[conn->more_count - 1] : &conn->first;

	if (conn->owed > OWED_MAX) {
		crowd->stats.dropped++;
		crowd_end(crowd, slot);
		return;
	}
	conn->owed += run->size;
	if (last->block == run->block && last->bytes + last->size == run->bytes) {
		last->size += run->size;
	} else {
		run->block->refs++;
		if (last->block) {
			conn->more = grown(conn->more, conn->more_count, &conn->more_size, sizeof(conn->more[0]));
			conn->more[conn->more_count++] = *run;
		} else {
			conn->first = *run;
		}
	}
	if (conn->flying == 0 && !conn->watched) {
		crowd->stats.sends++;
		crowd->send(crowd, slot);
	}
}

void crowd_sent(struct crowd *crowd, uint32_t slot, uint32_t taken, bool send_rest)
{
	struct crowd_conn *conn = &crowd->conns[slot];

	assert(taken <= conn->flying);
	conn->flying = 0;
	conn->owed -= taken;
	conn->first.bytes += taken;
	conn->first.size -= taken;
	if (conn->first.size == 0 && conn->first.block) {
		arena_drop(&crowd->arena, conn->first.block);
		conn->first = conn->more_count > 0 ? conn->more[0] : (struct arena_run){ 0 };
		if (conn->more_count > 0)
			memmove(conn->more, conn->more + 1, --conn->more_count * sizeof(conn->more[0]));
	}
	if (conn->state == CONN_ENDING || conn->state == CONN_CLOSING)
		return;
	if (conn->owed > 0 && send_rest) {
		crowd->stats.sends++;
		crowd->send(crowd, slot);
	} else if (conn->owed == 0 && conn->state == CONN_FINISHING) {
		crowd_end(crowd, slot);
	}
}

/* Bytes to one alone. */
static void answer(struct crowd *crowd, uint32_t slot, const uint8_t *bytes, size_t size)
{
	struct arena_run run = { 0 };

	memcpy(arena_extend(&crowd->arena, &run, (uint32_t)size), bytes, size);
	owe(crowd, slot, &run);
	arena_drop(&crowd->arena, run.block);
}

static void answer_control(struct crowd *crowd, uint32_t slot, enum ws_opcode opcode, const uint8_t *payload,
			   size_t size)
{
	uint8_t frame[WS_HEADER_SIZE_MAX + WS_CLOSE_PAYLOAD_MAX];
	const size_t head = ws_header_write(frame, opcode, true, size);

	memcpy(frame + head, payload, size);
	answer(crowd, slot, frame, head + size);
}

static void refuse(struct crowd *crowd, uint32_t slot, uint16_t code)
{
	uint8_t payload[WS_CLOSE_PAYLOAD_MAX];

	answer_control(crowd, slot, WS_CLOSE, payload, ws_close_write(payload, code, "", 0));
	finish(crowd, slot);
}

/* The room's messages without those of one member. */
static void owe_others(struct crowd *crowd, const struct crowd_room *room, uint32_t slot)
{
	struct arena_run rest = { 0 };
	uint32_t at = 0;

	for (uint32_t i = 0; i < room->frames; i++) {
		struct ws_header header;
		const int head = ws_header_parse(&header, room->run.bytes + at, room->run.size - at);
		const uint32_t size = (uint32_t)head + (uint32_t)header.payload_size;

		assert(head > 0);
		if (room->senders[i] != slot) {
			memcpy(arena_extend(&crowd->arena, &rest, size), room->run.bytes + at, size);
			crowd->stats.deliveries++;
		}
		at += size;
	}
	if (rest.size == 0)
		return;
	owe(crowd, slot, &rest);
	arena_drop(&crowd->arena, rest.block);
}

static bool leaves_out(const struct crowd *crowd)
{
	return crowd->options.mode == FLOOR_BROADCAST ||
	       (crowd->options.mode == FLOOR_ROOMS && !crowd->options.echo_sender);
}

/* From the last member on: one that has to go is replaced by one that was served. */
static void flush_room(struct crowd *crowd, struct crowd_room *room)
{
	const bool leave_out = leaves_out(crowd);

	for (uint32_t i = room->count; i-- > 0;) {
		const uint32_t slot = room->members[i];

		if (leave_out && crowd->conns[slot].published == crowd->turn) {
			owe_others(crowd, room, slot);
			continue;
		}
		crowd->stats.deliveries += room->frames;
		owe(crowd, slot, &room->run);
	}
	arena_drop(&crowd->arena, room->run.block);
	room->run = (struct arena_run){ 0 };
	room->frames = 0;
}

static void publish(struct crowd *crowd, uint32_t slot, const struct ws_header *header, uint8_t *payload)
{
	struct crowd_conn *conn = &crowd->conns[slot];
	uint8_t head[WS_HEADER_SIZE_MAX];
	const uint32_t size = (uint32_t)header->payload_size;

	crowd->stats.messages++;
	if (conn->room == ROOM_NONE)
		return;
	struct crowd_room *room = &crowd->rooms[conn->room];

	if (room->run.size > RUN_SIZE_MAX)
		flush_room(crowd, room);
	if (!room->dirty)
		crowd->dirty[crowd->dirty_count++] = conn->room;
	room->dirty = true;
	const uint32_t head_size = (uint32_t)ws_header_write(head, header->opcode, true, size);
	uint8_t *to = arena_extend(&crowd->arena, &room->run, head_size + size);

	memcpy(to, head, head_size);
	memcpy(to + head_size, payload, size);
	ws_mask(to + head_size, size, header->mask, 0);
	if (leaves_out(crowd)) {
		room->senders = grown(room->senders, room->frames, &room->frames_size, sizeof(room->senders[0]));
		room->senders[room->frames] = slot;
		conn->published = crowd->turn;
	}
	room->frames++;
}

static void frame(struct crowd *crowd, uint32_t slot, const struct ws_header *header, uint8_t *payload)
{
	const size_t size = (size_t)header->payload_size;

	switch (header->opcode) {
	case WS_TEXT:
	case WS_BINARY:
		if (header->fin)
			publish(crowd, slot, header, payload);
		else
			refuse(crowd, slot, 1003);
		return;
	case WS_CONTINUATION:
		refuse(crowd, slot, 1003);
		return;
	case WS_PING:
		ws_mask(payload, size, header->mask, 0);
		answer_control(crowd, slot, WS_PONG, payload, size);
		return;
	case WS_PONG:
		return;
	case WS_CLOSE:
		ws_mask(payload, size, header->mask, 0);
		answer_control(crowd, slot, WS_CLOSE, payload, size < 2 ? 0 : 2);
		finish(crowd, slot);
		return;
	}
}

static void sha1(const void *bytes, size_t size, uint8_t out[20])
{
	SHA1(bytes, size, out);
}

/* Returns the size of a whole head, 0 when more is needed. */
static uint32_t head(struct crowd *crowd, uint32_t slot, const uint8_t *bytes, uint32_t size)
{
	struct http_head request;
	struct ws_handshake handshake;
	uint8_t response[RESPONSE_MAX];
	const int used = http_head_parse(&request, bytes, size, 0);

	if (used == 0)
		return 0;
	if (used < 0 || ws_handshake_check(&request, &handshake) != 101) {
		static const char refusal[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";

		answer(crowd, slot, (const uint8_t *)refusal, sizeof(refusal) - 1);
		finish(crowd, slot);
		return size;
	}
	crowd->conns[slot].state = CONN_OPEN;
	crowd->stats.upgraded++;
	answer(crowd, slot, response, ws_handshake_write(response, sizeof(response), &handshake, NULL, sha1));
	join(crowd, slot, request.path);
	return (uint32_t)used;
}

/* Returns the size of a whole frame, 0 when more is needed. */
static uint32_t one(struct crowd *crowd, uint32_t slot, uint8_t *bytes, uint32_t size)
{
	struct ws_header header;
	const int used = ws_header_parse(&header, bytes, size);

	if (used == 0)
		return 0;
	if (used < 0 || !header.masked || header.compressed || header.payload_size > MESSAGE_SIZE_MAX) {
		refuse(crowd, slot, used < 0 ? (uint16_t)-used : header.payload_size > MESSAGE_SIZE_MAX ? 1009 : 1002);
		return size;
	}
	if (size - (uint32_t)used < header.payload_size)
		return 0;
	frame(crowd, slot, &header, bytes + used);
	return (uint32_t)used + (uint32_t)header.payload_size;
}

/* Returns how many bytes are done with. */
static uint32_t feed(struct crowd *crowd, uint32_t slot, uint8_t *bytes, uint32_t size)
{
	const struct crowd_conn *conn = &crowd->conns[slot];
	uint32_t at = 0, used = 1;

	while (at < size && used > 0) {
		if (conn->state == CONN_HEAD)
			used = head(crowd, slot, bytes + at, size - at);
		else if (conn->state == CONN_OPEN)
			used = one(crowd, slot, bytes + at, size - at);
		else
			return size;
		at += used;
	}
	return at;
}

static void hold(struct crowd_conn *conn, const uint8_t *bytes, uint32_t size)
{
	if (size == 0)
		return;
	if (conn->held_used + size > conn->held_size) {
		while (conn->held_used + size > conn->held_size)
			conn->held_size = conn->held_size ? conn->held_size * 2 : 1024;
		conn->held = realloc(conn->held, conn->held_size);
		assert(conn->held);
	}
	memcpy(conn->held + conn->held_used, bytes, size);
	conn->held_used += size;
}

void crowd_bytes(struct crowd *crowd, uint32_t slot, uint8_t *bytes, uint32_t size)
{
	struct crowd_conn *conn = &crowd->conns[slot];

	if (conn->held_used == 0) {
		const uint32_t used = feed(crowd, slot, bytes, size);

		hold(conn, bytes + used, size - used);
		return;
	}
	hold(conn, bytes, size);
	const uint32_t used = feed(crowd, slot, conn->held, conn->held_used);

	conn->held_used -= used;
	memmove(conn->held, conn->held + used, conn->held_used);
	if (conn->held_used > 0)
		return;
	free(conn->held);
	conn->held = NULL;
	conn->held_size = 0;
}

void crowd_flush(struct crowd *crowd)
{
	for (uint32_t i = 0; i < crowd->dirty_count; i++) {
		struct crowd_room *room = &crowd->rooms[crowd->dirty[i]];

		room->dirty = false;
		if (room->frames > 0)
			flush_room(crowd, room);
	}
	crowd->dirty_count = 0;
	while (crowd->ending_count > 0) {
		const uint32_t slot = crowd->ending[--crowd->ending_count];

		crowd->conns[slot].state = CONN_CLOSING;
		crowd->end(crowd, slot);
	}
	crowd->turn++;
	arena_turn(&crowd->arena);
}

void crowd_report(const struct crowd *crowd)
{
	const struct crowd_stats *stats = &crowd->stats;
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	const double user = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
	const double system = (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;

	printf("cpu_s %.3f user_s %.3f system_s %.3f accepted %lu upgraded %lu messages %lu deliveries %lu sends %lu "
	       "dropped %lu\n",
	       user + system, user, system, stats->accepted, stats->upgraded, stats->messages, stats->deliveries,
	       stats->sends, stats->dropped);
}
