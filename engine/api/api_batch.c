#include "engine/api/api_batch.h"

#include "engine/core/check.h"
#include "engine/core/slab.h"
#include "engine/gate/pipelined.h"
#include "proto/json/json_walk.h"
#include "proto/json/json_string.h"

#define SCRATCH_EACH 1024 /* what one command may take of a call's scratch, at most */

/* The answer to one: a block, until all are there. */
struct part {
	uint8_t *bytes;
	size_t size;
};

struct api_batch {
	uint32_t count;
	struct part parts[API_BATCH_MAX];
};

void api_batch_forget(struct api_request *request)
{
	struct api_batch *batch = request->batch;

	if (!batch)
		return;
	for (uint32_t i = 0; i < batch->count; i++)
		if (batch->parts[i].bytes)
			block_give(batch->parts[i].bytes, batch->parts[i].size);
	block_give(batch, sizeof(*batch));
	request->batch = NULL;
}

/* Without memory for it the answer says null, which is none. */
static void keep(struct part *part, struct span body)
{
	CHECK(!part->bytes);
	part->bytes = block_take(body.size);
	if (!part->bytes)
		return;
	part->size = body.size;
	memcpy(part->bytes, body.bytes, body.size);
}

static struct span text_of(const struct part *part)
{
	return part->bytes ? span_of(part->bytes, part->size) : SPAN("null");
}

/* All answers are there. */
static void answer(struct gate *gate, struct conn *conn, const struct api_request *request)
{
	const struct api_batch *batch = request->batch;
	const struct span head = SPAN("{\"results\":["), tail = SPAN("]}");
	size_t size = head.size + tail.size, at = head.size;

	for (uint32_t i = 0; i < batch->count; i++)
		size += text_of(&batch->parts[i]).size + 1;
	uint8_t *body = block_take(size);

	if (!body) {
		api_answer_error(gate, conn, request, API_ERR_timeout, NULL, 1000, NULL);
		return;
	}
	memcpy(body, head.bytes, head.size);
	for (uint32_t i = 0; i < batch->count; i++) {
		const struct span text = text_of(&batch->parts[i]);

		memcpy(body + at, text.bytes, text.size);
		at += text.size;
		body[at++] = ',';
	}
	at -= batch->count > 0;
	memcpy(body + at, tail.bytes, tail.size);
	api_answer(gate, conn, request, 200, NULL, span_of(body, at + tail.size));
	block_give(body, size);
}

void api_batch_reply(struct gate *gate, struct conn *conn, struct api_request *request, const struct mail_reply *mail)
{
	struct api_batch *batch = request->batch;
	const uint64_t index = mail->reply.re - 1;
	struct api_rendered rendered;
	struct api_request kept;

	CHECK(index < batch->count);
	if (api_render(&rendered, mail)) {
		keep(&batch->parts[index], rendered.body);
		block_give(rendered.block, rendered.block_size);
	}
	if (--request->awaited > 0)
		return;
	api_end_wait(gate, conn, &kept);
	answer(gate, conn, &kept);
	api_batch_forget(&kept);
	pipelined_read(gate, conn);
}

enum batch_key { BATCH_OP, BATCH_ROOM, BATCH_SEQ, BATCH_KEYS };

static const struct json_name batch_names[BATCH_KEYS] = { { "op" }, { "room" }, { "seq" } };

static bool may(const struct api_call *call, enum api_route_id route)
{
	return (call->request->scopes & api_route_scope(route)) != 0;
}

/* publish, delete, or an act of moderation. */
static enum api_error run_one(struct api_call *call, struct span object, uint32_t index)
{
	struct json_value values[BATCH_KEYS];
	struct span op, room;
	uint64_t seq;

	if (json_scan_object(values, batch_names, BATCH_KEYS, object.bytes, object.size) != 1 ||
	    !api_take_text(call, &values[BATCH_OP], 16, &op))
		return api_refuse(call, "a command is an object whose op is publish, delete or an act of moderation");
	if (span_equal(op, SPAN("publish")))
		return may(call, API_ROUTE_publish) ? api_publish(call, object, index) : API_ERR_forbidden;
	if (!api_take_room(call, &values[BATCH_ROOM], &room))
		return API_ERR_bad_request;
	if (!span_equal(op, SPAN("delete")))
		return api_mod(call, room, op, object, index);
	if (values[BATCH_SEQ].type != JSON_NUMBER || !json_integer(&seq, values[BATCH_SEQ].token) || seq == 0)
		return api_refuse(call, "seq: of the message that is to be deleted");
	return may(call, API_ROUTE_delete) ? api_delete(call, room, seq, index) : API_ERR_forbidden;
}

static void run_all(struct api_call *call, const struct json_value *list)
{
	struct api_batch *batch = call->request->batch;
	struct json_walk walk = json_walk_begin(list);
	uint8_t text[API_ERROR_SIZE_MAX];
	struct json_value value;
	struct span key;

	while (json_walk_next(&walk, &key, &value)) {
		call->used = 0;
		call->why = NULL;
		const uint32_t index = batch->count++;
		const enum api_error error = run_one(call, value.token, index);

		if (error != API_OK)
			keep(&batch->parts[index], span_of(text, api_write_error(text, error, call->why, 0)));
	}
}

static uint32_t count_of(const struct json_value *list)
{
	struct json_walk walk = json_walk_begin(list);
	struct json_value value;
	struct span key;
	uint32_t count = 0;

	while (count <= API_BATCH_MAX && json_walk_next(&walk, &key, &value))
		count++;
	return count;
}

enum api_error api_run_batch(struct api_call *call)
{
	static const struct json_name name = { "commands" };
	struct api_request *request = call->request;
	struct json_value commands;

	if (json_scan_object(&commands, &name, 1, call->body.bytes, call->body.size) != 1 ||
	    commands.type != JSON_ARRAY)
		return api_refuse(call, "the body is an object with an array of commands");
	const uint32_t count = count_of(&commands);

	if (count > API_BATCH_MAX)
		return api_refuse(call, "a batch has 256 commands at most");
	request->batch = block_take(sizeof(*request->batch));
	if (!request->batch)
		return API_ERR_unavailable;
	memset(request->batch, 0, sizeof(*request->batch));
	api_charge(call, count);
	run_all(call, &commands);
	if (request->awaited > 0)
		return API_OK;
	call->answered = true;
	answer(call->gate, call->conn, request);
	api_batch_forget(request);
	return API_OK;
}
