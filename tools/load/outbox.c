#include <stdlib.h>

#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "proto/ws/ws_mask.h"
#include "tools/load/client.h"

#define OUT_LEAST 256

static void mark_dirty(struct worker *worker, uint32_t index)
{
	struct client *client = &worker->clients[index];

	if (client->flags & CLIENT_DIRTY)
		return;
	client->flags |= CLIENT_DIRTY;
	worker->dirty[worker->dirty_count++] = index;
}

static uint8_t *extend(struct worker *worker, uint32_t index, size_t size)
{
	struct client *client = &worker->clients[index];
	struct bytes *out = &client->out;

	if (out->size == 0 && client->flying.size == 0)
		worker->busy++;
	if (out->capacity - out->size < size) {
		size_t capacity = out->capacity ? out->capacity : OUT_LEAST;

		while (capacity < out->size + size)
			capacity *= 2;
		CHECK(capacity < INT32_MAX);
		out->bytes = realloc(out->bytes, capacity);
		CHECK(out->bytes);
		out->capacity = (uint32_t)capacity;
	}
	out->size += (uint32_t)size;
	mark_dirty(worker, index);
	return out->bytes + out->size - size;
}

void outbox_raw(struct worker *worker, uint32_t index, const void *bytes, size_t size)
{
	if (size > 0)
		memcpy(extend(worker, index, size), bytes, size);
}

void outbox_frame(struct worker *worker, uint32_t index, enum ws_opcode opcode, const void *bytes, size_t size)
{
	const uint32_t random = (uint32_t)random_next(&worker->random);
	uint8_t head[WS_HEADER_SIZE_MAX], mask[4];

	memcpy(mask, &random, sizeof(mask));
	const size_t head_size = ws_header_write_masked(head, opcode, true, size, mask);
	uint8_t *to = extend(worker, index, head_size + size);

	memcpy(to, head, head_size);
	memcpy(to + head_size, bytes, size);
	ws_mask(to + head_size, size, mask, 0);
}

struct dialect_out outbox_begin(struct worker *worker)
{
	return (struct dialect_out){ .bytes = worker->wire, .capacity = worker->wire_size };
}

void outbox_end(struct worker *worker, uint32_t index, const struct dialect_out *out)
{
	if (out->size == 0)
		return;
	if (client_dialect(worker, index)->stream)
		outbox_raw(worker, index, out->bytes, out->size);
	else
		outbox_frame(worker, index, out->binary ? WS_BINARY : WS_TEXT, out->bytes, out->size);
}

static void send_rest(struct worker *worker, uint32_t index)
{
	const struct client *const client = &worker->clients[index];
	const struct iovec rest = { client->flying.bytes + client->flown, client->flying.size - client->flown };

	ring_send(worker->ring, index, &rest, 1);
}

/* What is late by now is late by us. Behind bytes that the server does not read it waits longer: the server's time. */
static void book_lag(struct worker *worker, struct client *client, uint64_t now)
{
	if (client->messages > 0 && worker->phase == PHASE_HOLD && client->intended_ns >= worker->hold_start &&
	    worker->storm_live == 0)
		hist_add(&worker->mine->lag, now > client->intended_ns ? now - client->intended_ns : 0,
			 client->messages);
	client->messages = 0;
}

/* From here the kernel has the bytes. */
static void launch(struct worker *worker, uint32_t index)
{
	struct client *client = &worker->clients[index];

	COUNT(worker, bytes_sent, client->out.size);
	client->flying = client->out;
	client->out = (struct bytes){ 0 };
	client->flown = 0;
	send_rest(worker, index);
}

void outbox_flush(struct worker *worker)
{
	const uint64_t now = worker->dirty_count > 0 ? clock_mono_ns() : 0;

	for (uint32_t i = 0; i < worker->dirty_count; i++) {
		const uint32_t index = worker->dirty[i];
		struct client *client = &worker->clients[index];

		client->flags &= (uint8_t)~CLIENT_DIRTY;
		book_lag(worker, client, now);
		if (client->out.size > 0 && client->flying.size == 0 && client->phase > CLIENT_CONNECTING &&
		    client->phase < CLIENT_CLOSING)
			launch(worker, index);
	}
	worker->dirty_count = 0;
}

void outbox_sent(struct worker *worker, uint32_t index, int32_t result)
{
	struct client *client = &worker->clients[index];

	client->flown += result > 0 ? (uint32_t)result : 0;
	if (result > 0 && client->flown < client->flying.size && client->phase < CLIENT_CLOSING) {
		send_rest(worker, index);
		return;
	}
	free(client->flying.bytes);
	client->flying = (struct bytes){ 0 };
	if (client->out.size > 0)
		mark_dirty(worker, index);
	else
		worker->busy--;
}

/* With nothing in flight. */
void outbox_free(struct worker *worker, struct client *client)
{
	CHECK(client->flying.size == 0);
	if (client->out.size > 0)
		worker->busy--;
	free(client->out.bytes);
	client->out = (struct bytes){ 0 };
	client->messages = 0;
}
