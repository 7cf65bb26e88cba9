#include <openssl/sha.h>
#include <stdlib.h>

#include "engine/core/check.h"
#include "proto/ws/ws_close.h"
#include "proto/ws/ws_handshake.h"
#include "tools/load/resume.h"

static const struct ws_limits limits = { .message_size_max = 16 << 20, .expect_mask = false };
static const struct ws_limits limits_deflate = { .message_size_max = 16 << 20,
						 .expect_mask = false,
						 .allow_compressed = true };

static void sha1(const void *bytes, size_t size, uint8_t out[20])
{
	SHA1(bytes, size, out);
}

/* The same for one client each time, so that it need not be kept. */
static void make_nonce(const struct worker *worker, uint32_t index, uint8_t nonce[16])
{
	struct random random;

	random_seed(&random, worker->nonce_key + index);
	for (int i = 0; i < 2; i++) {
		const uint64_t word = random_next(&random);

		memcpy(nonce + i * 8, &word, 8);
	}
}

static struct span path_of(const struct worker *worker, uint32_t index, char *text, size_t size)
{
	const struct client *const client = &worker->clients[index];
	const struct dialect *const dialect = client_dialect(worker, index);
	const struct target *const target = worker->target;
	const char *path = target->path[0] ? target->path : dialect->path;

	if (index >= worker->crowd.members && target->publisher_path[0])
		path = target->publisher_path;

	size_t used = strlen(path);

	CHECK(used + 64 < size);
	memcpy(text, path, used);
	if (dialect->path_room)
		used += dialect_room_name(text + used, client->first_room);
	return span_of(text, used);
}

void intake_request(struct worker *worker, uint32_t index)
{
	const struct span host = span_of(worker->target->host, strlen(worker->target->host));
	uint8_t request[1024], nonce[16];
	char path[256];

	make_nonce(worker, index, nonce);
	const size_t size = ws_handshake_request(
		request, sizeof(request), host, path_of(worker, index, path, sizeof(path)),
		client_dialect(worker, index)->subprotocol, worker->target->compress ? &unpack_offer : NULL, nonce);

	CHECK(size > 0);
	outbox_raw(worker, index, request, size);
}

void intake_free(struct client *client)
{
	free(client->partial.bytes);
	free(client->rest.bytes);
	client->partial = (struct ws_buffer){ 0 };
	client->rest = (struct bytes){ 0 };
}

static void keep_rest(struct client *client, const uint8_t *bytes, size_t size)
{
	struct bytes *rest = &client->rest;

	if (rest->capacity - rest->size < size) {
		rest->capacity = (uint32_t)(rest->size + size + 512);
		rest->bytes = realloc(rest->bytes, rest->capacity);
		CHECK(rest->bytes);
	}
	memcpy(rest->bytes + rest->size, bytes, size);
	rest->size += (uint32_t)size;
}

static void drop_rest(struct client *client)
{
	free(client->rest.bytes);
	client->rest = (struct bytes){ 0 };
}

/* Returns how many of the bytes it took; all of them while the answer is not whole. */
static size_t take_answer(struct worker *worker, uint32_t index, const uint8_t *bytes, size_t size)
{
	struct client *client = &worker->clients[index];
	const size_t before = client->rest.size;
	struct ws_deflate_terms terms = unpack_offer;
	uint8_t nonce[16];

	make_nonce(worker, index, nonce);
	keep_rest(client, bytes, size);

	const int head = ws_handshake_response(client->rest.bytes, client->rest.size, nonce, sha1,
					       worker->target->compress ? &terms : NULL);

	if (head == 0)
		return size;
	drop_rest(client);
	if (head < 0) {
		client_lost(worker, index,
			    head == -1 ? "the answer to the upgrade is none"
				       : "the upgrade was answered with status %d",
			    -head);
		return size;
	}
	client->deflate = worker->target->compress && terms.agreed;
	COUNT(worker, deflate_agreed, client->deflate);
	client_upgraded(worker, index);
	CHECK((size_t)head > before);
	return (size_t)head - before;
}

static void take_ack(struct worker *worker, uint32_t index, uint64_t id)
{
	const uint64_t passed = ((worker->now - worker->run->start_ns) >> 10) - id;

	COUNT(worker, acked, 1);
	if (worker->phase == PHASE_HOLD)
		COUNT(worker, acked_measured, 1);
	if (worker->phase == PHASE_HOLD && id != 0)
		hist_add(&worker->mine->ack, (passed & DIALECT_ID_MAX) << 10, 1);
	traffic_answered(worker, index);
}

static void take_failure(struct worker *worker, uint32_t index, const struct dialect_event *event)
{
	const struct client *const client = &worker->clients[index];
	const int size = event->text.size < 100 ? (int)event->text.size : 100;
	const char *const text = event->text.size > 0 ? (const char *)event->text.bytes : "";

	if (event->id == 0 && client->phase == CLIENT_HELLO) {
		client_lost(worker, index, "hello: %.*s", size, text);
	} else if (event->id == 0 && client->phase == CLIENT_JOINING) {
		client_complain(worker, "join: %.*s", size, text);
		rooms_refused(worker, index, 1);
	} else {
		client_complain(worker, "refused: %.*s", size, text);
		COUNT(worker, refused, 1);
		traffic_answered(worker, index);
	}
}

static void take_reply(struct worker *worker, uint32_t index, const struct dialect_event *event)
{
	struct dialect_out out = outbox_begin(worker);

	memcpy(out.bytes, event->reply, event->reply_size);
	out.size = event->reply_size;
	out.binary = event->reply_binary;
	outbox_end(worker, index, &out);
}

/* raw: the frame that held nothing but this message, or SPAN_NONE. */
static void take_delivery(struct worker *worker, uint32_t index, const struct dialect_event *event, struct span message,
			  struct span raw)
{
	const struct dialect *const dialect = client_dialect(worker, index);
	struct client *client = &worker->clients[index];
	const uint64_t position = worker->resume ? resume_position(message) : 0;
	struct payload payload;

	if (index >= worker->crowd.members)
		return; /* a publisher's own, from a server that gives it back */
	if (!payload_read(&payload, event->data.bytes, event->data.size)) {
		worker->corrupted++;
		return;
	}
	if (event->room != payload.room &&
	    (event->room != DIALECT_ROOM_UNKNOWN || (dialect->has_rooms && !dialect->path_room))) {
		worker->foreign++;
		return;
	}
	if (worker->keep_frames && raw.size > 0) {
		const uint32_t slot = frames_slot(raw.bytes, raw.size);

		struct frame *const kept = frames_keep(&worker->frames, slot, raw.bytes, raw.size, &payload, position);

		if (kept) {
			kept->packed = worker->unpack.packed;
			kept->inflated = worker->unpack.inflated;
		}
		frames_at(&worker->frames, client->frame)->next = (uint16_t)slot;
		client->frame = (uint16_t)slot;
	}
	rooms_deliver(worker, index, &payload, position);
}

static void take_event(struct worker *worker, uint32_t index, const struct dialect_event *event, struct span message,
		       struct span raw)
{
	switch (event->kind) {
	case DIALECT_NOTHING:
		break;
	case DIALECT_READY:
		client_ready(worker, index);
		break;
	case DIALECT_JOINED:
		if (worker->resume && index < worker->crowd.members)
			resume_joined(worker, index, event->room, message);
		else
			rooms_joined(worker, index, event->room);
		break;
	case DIALECT_MESSAGE:
		take_delivery(worker, index, event, message, raw);
		break;
	case DIALECT_ACK:
		take_ack(worker, index, event->id);
		break;
	case DIALECT_REPLY:
		take_reply(worker, index, event);
		break;
	case DIALECT_GAP:
		rooms_gap(worker, index, event->room, event->left_out);
		break;
	case DIALECT_FAILED:
		take_failure(worker, index, event);
		break;
	}
}

static bool is_talking(const struct client *client)
{
	return client->phase >= CLIENT_HELLO && client->phase <= CLIENT_LIVE;
}

/* Gives how many bytes were whole; what is left is to be kept. */
static size_t take_whole(struct worker *worker, uint32_t index, const uint8_t *bytes, size_t size, struct span raw)
{
	struct client *client = &worker->clients[index];
	const struct dialect *const dialect = client_dialect(worker, index);
	size_t at = 0;

	while (at < size && is_talking(client)) {
		struct dialect_event event;
		const ptrdiff_t took = dialect->decode(&client->state, &event, bytes + at, size - at);

		if (took < 0) {
			client_lost(worker, index, "this is not %s: %.*s", dialect->name,
				    size - at < 60 ? (int)(size - at) : 60, (const char *)bytes + at);
			return size;
		}
		if (took == 0)
			break;
		take_event(worker, index, &event, span_of(bytes + at, (size_t)took),
			   (size_t)took == size ? raw : SPAN_NONE);
		at += (size_t)took;
	}
	return at;
}

void intake_message(struct worker *worker, uint32_t index, const uint8_t *bytes, size_t size)
{
	take_whole(worker, index, bytes, size, SPAN_NONE);
}

/* A dialect whose messages do not end where a read (or a WebSocket message) ends. */
static void take_spanning(struct worker *worker, uint32_t index, const uint8_t *bytes, size_t size)
{
	struct client *client = &worker->clients[index];
	struct bytes whole = client->rest;

	if (whole.size == 0) {
		const size_t took = take_whole(worker, index, bytes, size, SPAN_NONE);

		if (took < size)
			keep_rest(client, bytes + took, size - took);
		return;
	}
	keep_rest(client, bytes, size);
	whole = client->rest;
	client->rest = (struct bytes){ 0 };

	const size_t took = take_whole(worker, index, whole.bytes, whole.size, SPAN_NONE);

	if (took < whole.size)
		keep_rest(client, whole.bytes + took, whole.size - took);
	free(whole.bytes);
}

static void take_close(struct worker *worker, uint32_t index, const struct ws_message *message)
{
	struct ws_close close;

	if (ws_close_parse(&close, message->bytes, message->size) == 1)
		client_lost(worker, index, "the server closed: %u %.*s", close.code, (int)close.reason.size,
			    close.reason.size > 0 ? (const char *)close.reason.bytes : "");
	else
		client_lost(worker, index, "the server closed without a meaning");
}

static void count_compressed(struct worker *worker, uint32_t packed, uint32_t inflated)
{
	if (packed == 0)
		return;
	worker->compressed++;
	worker->compressed_bytes += packed;
	worker->inflated_bytes += inflated;
}

static void take_message(struct worker *worker, uint32_t index, struct ws_message *message, struct span raw)
{
	const int result = unpack_message(&worker->unpack, message);

	if (result < 0) {
		client_lost(worker, index, "the server compressed what nobody can read (%d)", -result);
		return;
	}
	count_compressed(worker, worker->unpack.packed, worker->unpack.inflated);
	if (client_dialect(worker, index)->spans)
		take_spanning(worker, index, message->bytes, message->size);
	else
		take_whole(worker, index, message->bytes, message->size, raw);
}

static void take_step(struct worker *worker, uint32_t index, int step, struct ws_message *message, struct span raw)
{
	struct client *client = &worker->clients[index];

	if (step < 0) {
		client_lost(worker, index, "the server broke WebSocket's rules (%d)", -step);
		return;
	}
	switch ((enum ws_step)step) {
	case WS_STEP_MESSAGE:
		take_message(worker, index, message, raw);
		break;
	case WS_STEP_PING:
		outbox_frame(worker, index, WS_PONG, message->bytes, message->size);
		break;
	case WS_STEP_CLOSE:
		take_close(worker, index, message);
		break;
	case WS_STEP_GROW:
		client->partial.bytes = realloc(client->partial.bytes, message->want);
		CHECK(client->partial.bytes);
		client->partial.capacity = message->want;
		break;
	case WS_STEP_MORE:
	case WS_STEP_PONG:
		break;
	}
}

/* The whole of a frame with a short header, 0 when it is another or not all there. */
static size_t frame_size(const uint8_t *bytes, size_t size)
{
	size_t whole;

	if (size < 4)
		return 0;
	if (bytes[1] < 126)
		whole = 2u + bytes[1];
	else if (bytes[1] == 126)
		whole = 4u + (bytes[2] << 8 | bytes[3]);
	else
		return 0;
	return whole <= size ? whole : 0;
}

/* The short way: of a thousand receivers of one message all but the first come here. Gives the frame's size or 0. */
static size_t take_known(struct worker *worker, uint32_t index, const uint8_t *bytes, size_t size)
{
	struct client *client = &worker->clients[index];
	struct frame *last = frames_at(&worker->frames, client->frame);
	uint32_t slot = last->next;
	const struct frame *frame = frames_at(&worker->frames, slot);

	if (bytes[0] & 0x40 && !client->deflate)
		return 0; /* to be refused, though others were sent the same */
	if (!frame_begins(frame, bytes, size)) {
		const size_t whole = frame_size(bytes, size);

		if (whole == 0)
			return 0;
		slot = frames_slot(bytes, whole);
		frame = frames_at(&worker->frames, slot);
		if (frame->size != whole || !frame_begins(frame, bytes, size))
			return 0;
		last->next = (uint16_t)slot;
	}
	client->frame = (uint16_t)slot;
	count_compressed(worker, frame->packed, frame->inflated);
	rooms_deliver(worker, index, &frame->payload, frame->position);
	return frame->size;
}

static void take_frames(struct worker *worker, uint32_t index, uint8_t *bytes, size_t size)
{
	struct client *client = &worker->clients[index];

	while (size > 0 && is_talking(client)) {
		const bool idle = ws_assembly_idle(&client->assembly);
		const size_t known = idle && worker->keep_frames && client->rest.size == 0
					     ? take_known(worker, index, bytes, size)
					     : 0;
		size_t used = known;

		if (known == 0) {
			struct ws_message message;
			const int step =
				ws_assembly_feed(&client->assembly, client->deflate ? &limits_deflate : &limits, bytes,
						 size, &used, &client->partial, &message);

			take_step(worker, index, step, &message, idle ? span_of(bytes, used) : SPAN_NONE);
		}
		bytes += used;
		size -= used;
	}
	if (client->partial.bytes && ws_assembly_idle(&client->assembly)) {
		free(client->partial.bytes);
		client->partial = (struct ws_buffer){ 0 };
	}
}

void intake(struct worker *worker, uint32_t index, uint8_t *bytes, size_t size)
{
	struct client *client = &worker->clients[index];

	if (client->phase == CLIENT_UPGRADING) {
		const size_t took = take_answer(worker, index, bytes, size);

		bytes += took;
		size -= took;
	}
	if (size == 0 || !is_talking(client))
		return;
	if (client_dialect(worker, index)->stream)
		take_spanning(worker, index, bytes, size);
	else
		take_frames(worker, index, bytes, size);
}
