#include "engine/api/api_call.h"

#include <stdio.h>

#include "engine/core/check.h"
#include "engine/core/slab.h"
#include "engine/gate/keepalive.h"
#include "engine/gate/upgrade.h"
#include "proto/dialect/native.h"
#include "proto/http/http_response.h"

#define HEAD_MAX 1024

static const struct {
	uint16_t status;
	const char *name, *message;
} errors[API_ERROR_COUNT] = {
#define API_ERROR(name, status, message) [API_ERR_##name] = { status, #name, message },
#include "engine/api/tbl/api_errors.h"
#undef API_ERROR
};

static const uint16_t statuses[CHAT_ERROR_COUNT] = {
#define API_STATUS(error, status) [CHAT_ERR_##error] = status,
#include "engine/api/tbl/api_statuses.h"
#undef API_STATUS
};

void api_answer(struct gate *gate, struct conn *conn, const struct api_request *request, int status, const char *fields,
		struct span body)
{
	struct session *session = session_of(gate, conn);
	const bool keep_alive = request->keep_alive && !request->unread && !gate->draining;
	uint8_t head[HEAD_MAX];
	char own[HEAD_MAX / 2];
	const bool named = request->origin_size > 0;
	const int own_size =
		snprintf(own, sizeof(own), "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n%s%.*s%s%s",
			 named ? "Access-Control-Allow-Origin: " : "", (int)request->origin_size, request->origin,
			 named ? "\r\nVary: Origin\r\n" : "", fields ? fields : "");

	CHECK(own_size > 0 && (size_t)own_size < sizeof(own));
	session->phase = SESSION_HEAD;
	gate_count(gate, COUNTER_http_requests);
	gate_count(gate, status < 400 ? COUNTER_api_requests : COUNTER_api_errors);
	const size_t size = http_response_head(head, sizeof(head), status, body.bytes ? "application/json" : NULL,
					       body.size, keep_alive, own);

	CHECK(size > 0);
	if (!upgrade_put(gate, conn, head, size))
		return;
	if (!request->head_only && body.size > 0 && !upgrade_put(gate, conn, body.bytes, body.size))
		return;
	if (keep_alive)
		keepalive_start(gate, conn);
	else if (conn_is_open(conn))
		session_close(gate, conn, request->unread ? CHAT_CLOSE_protocol_error : CHAT_CLOSE_normal);
}

/* Code and message are our own words: there is nothing in them to escape. */
static size_t write_error(char *out, size_t capacity, const char *code, const char *message, uint32_t retry_ms)
{
	char retry[32] = "";

	if (retry_ms != 0)
		snprintf(retry, sizeof(retry), ",\"retry_ms\":%u", retry_ms);
	const int size =
		snprintf(out, capacity, "{\"error\":{\"code\":\"%s\",\"message\":\"%s\"%s}}", code, message, retry);

	CHECK(size > 0 && (size_t)size < capacity);
	return (size_t)size;
}

static const char *retry_after(char fields[32], uint32_t retry_ms)
{
	fields[0] = '\0';
	if (retry_ms != 0)
		snprintf(fields, 32, "Retry-After: %u\r\n", retry_ms / 1000 + (retry_ms % 1000 != 0));
	return fields;
}

size_t api_write_error(uint8_t out[API_ERROR_SIZE_MAX], enum api_error error, const char *why, uint32_t retry_ms)
{
	CHECK(error != API_OK && error < API_ERROR_COUNT);
	return write_error((char *)out, API_ERROR_SIZE_MAX, errors[error].name, why ? why : errors[error].message,
			   retry_ms);
}

void api_answer_error(struct gate *gate, struct conn *conn, const struct api_request *request, enum api_error error,
		      const char *why, uint32_t retry_ms, const char *fields)
{
	uint8_t body[API_ERROR_SIZE_MAX];
	const size_t size = api_write_error(body, error, why, retry_ms);
	char after[32], all[160];

	snprintf(all, sizeof(all), "%s%s", retry_after(after, retry_ms), fields ? fields : "");
	api_answer(gate, conn, request, errors[error].status, all, span_of(body, size));
}

/* Of a room: where it stands, and how many are there. Its name and epoch have nothing to escape. */
static size_t write_about(uint8_t *out, size_t capacity, const struct chat_reply *reply)
{
	const struct chat_page *page = &reply->page;
	const int size = snprintf((char *)out, capacity,
				  "{\"room\":\"%.*s\",\"epoch\":\"%.*s\",\"class\":\"%s\",\"first\":%lu,\"seq\":%lu,"
				  "\"n\":%u,\"users\":%u}",
				  (int)page->room.size, (const char *)page->room.bytes, (int)page->epoch.size,
				  (const char *)page->epoch.bytes, page->class == CHAT_CLASS_DISK ? "disk" : "memory",
				  page->first, page->last, reply->count, reply->user_count);

	CHECK(size > 0 && (size_t)size < capacity);
	return (size_t)size;
}

#define ABOUT_MAX 512

/* The native protocol's answer without what is around it. */
static struct span unwrap(uint8_t *bytes, size_t size)
{
	const struct span around = SPAN("{\"re\":1,\"ok\":");

	CHECK(size > around.size && span_begins(span_of(bytes, size), around));
	return span_of(bytes + around.size, size - around.size - 1);
}

bool api_render(struct api_rendered *rendered, const struct mail_reply *mail)
{
	struct chat_reply reply = mail->reply;

	reply.re = 1;
	rendered->status = 200;
	rendered->block_size = mail->op == MAIL_OP_ABOUT ? ABOUT_MAX : native_reply_bound(&reply);
	if (reply.kind == CHAT_REPLY_ERROR)
		rendered->block_size = API_ERROR_SIZE_MAX;
	rendered->block = block_take(rendered->block_size);
	if (!rendered->block)
		return false;
	if (reply.kind == CHAT_REPLY_ERROR) {
		rendered->status = statuses[reply.error] != 0 ? statuses[reply.error] : 409;
		rendered->body = span_of(rendered->block, write_error((char *)rendered->block, rendered->block_size,
								      chat_error_name(reply.error),
								      chat_error_message(reply.error), reply.retry_ms));
	} else if (mail->op == MAIL_OP_ABOUT) {
		rendered->body = span_of(rendered->block, write_about(rendered->block, rendered->block_size, &reply));
	} else {
		rendered->body = unwrap(rendered->block, native_reply(rendered->block, &reply));
	}
	return true;
}

void api_answer_reply(struct gate *gate, struct conn *conn, const struct api_request *request,
		      const struct mail_reply *mail)
{
	const uint32_t retry_ms = mail->reply.kind == CHAT_REPLY_ERROR ? mail->reply.retry_ms : 0;
	struct api_rendered rendered;
	char after[32];

	if (!api_render(&rendered, mail)) {
		api_answer_error(gate, conn, request, API_ERR_unavailable, NULL, 1000, NULL);
		return;
	}
	api_answer(gate, conn, request, rendered.status, retry_after(after, retry_ms), rendered.body);
	block_give(rendered.block, rendered.block_size);
}
