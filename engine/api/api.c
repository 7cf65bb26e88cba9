#include "engine/api/api.h"

#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/core/mutant.h"
#include "engine/core/slab.h"
#include "engine/gate/pipelined.h"
#include "engine/api/api_batch.h"
#include "engine/api/api_call.h"
#include "engine/api/api_list.h"
#include "engine/gate/inbound.h"
#include "engine/gate/keepalive.h"
#include "engine/gate/offence.h"
#include "engine/gate/shed.h"
#include "engine/gate/upgrade.h"
#include "proto/chat/limits.h"
#include "proto/http/http_origin.h"
#include "proto/utf8/utf8.h"

#define BUSY_RETRY_MS 500

/* The phase is HEAD again; what the request had goes. */
static void end_request(struct gate *gate, struct session *session)
{
	struct api_request *request = session->api;

	if (!request)
		return;
	api_list_forget(request);
	api_batch_forget(request);
	if (request->whole_size != 0)
		gate->api->bodies_bytes -= request->whole_size;
	else
		gate->api->waiting--;
	block_give(request, sizeof(*request));
	session->api = NULL;
}

/* A browser says whose page asks, and hides the answer from it unless that is named. */
static bool judge_origin(const struct gate *gate, const struct http_head *head, struct api_request *request)
{
	const char *const origins = gate->api->limits.origins ? gate->api->limits.origins : "same";
	const struct span origin = http_head_field(head, "origin");

	if (!origin.bytes)
		return true;
	if (http_head_field_count(head, "origin") > 1 || origin.size > API_ORIGIN_MAX ||
	    !http_origin_is_allowed(span_of(origins, strlen(origins)), origin, head->host))
		return false;
	/* With `*` also what is no origin may come, and is not said again. */
	if (http_origin_is_valid(origin)) {
		memcpy(request->origin, origin.bytes, origin.size);
		request->origin_size = (uint8_t)origin.size;
	}
	return true;
}

/* What a page's browser asks before it lets the page ask (Fetch, 4.8). */
static bool is_preflight(const struct http_head *head)
{
	return span_equal(head->method, SPAN("OPTIONS")) && http_head_field_count(head, "origin") == 1 &&
	       http_head_field_count(head, "access-control-request-method") == 1;
}

static enum api_error judge_key(struct api_call *call)
{
	struct gate *gate = call->gate;
	struct api_request *request = call->request;
	const struct api_limits *limits = &gate->api->limits;
	const uint8_t scope = api_route_scope((enum api_route_id)request->route);

	if (scope == 0)
		return API_OK;
	const struct api_key *key = api_keys_asked(limits->keys, call->head);

	if (!key) {
		offence(gate, call->conn, OFFENCE_api_key);
		return API_ERR_unauthorized;
	}
	request->scopes = key->scopes;
	request->key_index = (uint8_t)(key - limits->keys->keys);
	request->key[0] = CHAT_NAME_MARK_KEY;
	memcpy(request->key + 1, key->name, key->name_size);
	request->key_size = key->name_size + 1;
	if ((key->scopes & scope) == 0)
		return API_ERR_forbidden;
	call->retry_ms =
		quota_take(&gate->api->quotas[request->key_index], limits->per_s, limits->burst, gate->now_ms);
	if (call->retry_ms == 0)
		return API_OK;
	offence(gate, call->conn, OFFENCE_api_rate);
	return API_ERR_rate_limited;
}

void api_charge(struct api_call *call, uint32_t commands)
{
	if (call->gate->api->limits.per_s != 0)
		quota_charge(&call->gate->api->quotas[call->request->key_index], commands);
}

/* application/json, whatever its parameters. */
static bool is_json(struct span type)
{
	const uint8_t *const mark = type.size > 0 ? memchr(type.bytes, ';', type.size) : NULL;

	if (mark)
		type.size = (size_t)(mark - type.bytes);
	return http_text_is(http_trim(type), "application/json");
}

/* Of the body as the head announces it. */
static enum api_error judge_body(struct api_call *call)
{
	const struct http_head *head = call->head;
	const enum api_body takes = api_route_body((enum api_route_id)call->request->route);

	if (takes == API_BODY_NONE && head->has_body) {
		call->why = "this route takes no body";
		return API_ERR_bad_request;
	}
	if (takes == API_BODY_NEEDED && http_head_field_count(head, "content-length") == 0)
		return API_ERR_length_required;
	if (head->has_body && !is_json(http_head_field(head, "content-type")))
		return API_ERR_unsupported_media_type;
	if (head->content_length <= call->gate->api->limits.body_max)
		return API_OK;
	offence(call->gate, call->conn, OFFENCE_api_body);
	return API_ERR_too_large;
}

static enum api_error judge_load(struct api_call *call, size_t whole)
{
	const struct gate *gate = call->gate;

	if (!shed_refuses(gate) && !post_is_full(&gate->post) && gate->api->waiting < API_WAITING_MAX &&
	    gate->api->bodies_bytes + whole <= API_BODIES_MAX)
		return API_OK;
	call->retry_ms = BUSY_RETRY_MS;
	return API_ERR_unavailable;
}

static void answer_error(struct api_call *call, enum api_error error, const char *allow)
{
	const char *fields = error == API_ERR_unauthorized ? "WWW-Authenticate: Bearer\r\n" : allow;

	api_answer_error(call->gate, call->conn, call->request, error, call->why, call->retry_ms, fields);
}

/* The request is whole. */
static void run(struct api_call *call)
{
	struct gate *gate = call->gate;
	struct session *session = session_of(gate, call->conn);
	enum api_error error = API_OK;

	call->request->serial = ++gate->api->serial;
	if (call->body.bytes && !utf8_valid(call->body.bytes, call->body.size)) {
		call->why = "the body is no UTF-8";
		error = API_ERR_bad_request;
	}
	if (error == API_OK && call->body.size > 0 &&
	    json_scan_object(NULL, NULL, 0, call->body.bytes, call->body.size) != 1) {
		call->why = "the body is no JSON object";
		error = API_ERR_bad_request;
	}
	if (error == API_OK)
		error = api_run(call);
	if (error != API_OK) {
		CHECK(call->request->awaited == 0 && !call->request->list && !call->request->batch);
		answer_error(call, error, NULL);
		return;
	}
	if (call->answered)
		return;
	CHECK(call->request->awaited > 0);
	session->api = block_take(sizeof(*session->api));
	if (!session->api) {
		api_list_forget(call->request);
		api_batch_forget(call->request);
		conn_abort(&gate->net, call->conn);
		return;
	}
	*session->api = *call->request;
	session->api->whole_size = 0;
	gate->api->waiting++;
	session->phase = SESSION_API;
	keepalive_start(gate, call->conn);
}

/* The body is on its way. */
static void gather(struct api_call *call, const uint8_t *bytes, size_t size, size_t head_size, size_t whole)
{
	struct gate *gate = call->gate;
	struct session *session = session_of(gate, call->conn);
	struct ws_buffer *buffer = &session->buffer;
	const bool there = bytes == buffer->bytes;

	session->api = block_take(sizeof(*session->api));
	if (!session->api || session_keep(session, whole) != 0) {
		if (session->api)
			block_give(session->api, sizeof(*session->api));
		session->api = NULL;
		conn_abort(&gate->net, call->conn);
		return;
	}
	*session->api = *call->request;
	session->api->head_size = head_size;
	session->api->whole_size = whole;
	gate->api->bodies_bytes += whole;
	if (!there)
		memcpy(buffer->bytes, bytes, size);
	buffer->size = size;
	keepalive_start(gate, call->conn);
	/* An older one could not tell it from the answer (RFC 9110, 10.1.1). */
	if (conn_is_open(call->conn) && call->head->minor > 0 &&
	    http_text_is(http_head_field(call->head, "expect"), "100-continue"))
		upgrade_put(gate, call->conn, "HTTP/1.1 100 Continue\r\n\r\n", 25);
}

static void refuse_coding(struct gate *gate, struct conn *conn, const struct http_head *head)
{
	const struct api_request request = { .unread = true, .head_only = http_head_only(head) };

	offence(gate, conn, OFFENCE_head_coding);
	api_answer_error(gate, conn, &request, API_ERR_length_required, NULL, 0, NULL);
}

static size_t on_request(struct gate *gate, struct conn *conn, const struct http_head *head, const uint8_t *bytes,
			 size_t head_size, size_t size)
{
	struct api_request request = {
		.keep_alive = head->keep_alive,
		.head_only = http_head_only(head),
		.unread = head->has_body,
	};
	struct api_call call = { .gate = gate, .conn = conn, .head = head, .request = &request };
	const char *allow = NULL;

	if (head_size == 0) {
		refuse_coding(gate, conn, head);
		return 0;
	}
	enum api_error error = judge_origin(gate, head, &request) ? API_OK : API_ERR_origin;

	if (error == API_OK && is_preflight(head)) {
		api_answer(gate, conn, &request, 204,
			   "Access-Control-Allow-Methods: GET, POST, PUT, DELETE\r\n"
			   "Access-Control-Allow-Headers: Authorization, X-API-Key, Content-Type, Idempotency-Key\r\n"
			   "Access-Control-Max-Age: 600\r\n",
			   SPAN_NONE);
		return head_size;
	}
	if (error == API_OK)
		error = api_route_find(&call, &allow);
	if (error == API_OK)
		error = judge_key(&call);
	if (error == API_OK)
		error = judge_body(&call);
	if (error == API_OK)
		error = judge_load(&call, head_size + head->content_length);
	if (error != API_OK) {
		/* What comes next may be the body that was not announced. */
		request.unread = request.unread || error == API_ERR_length_required;
		answer_error(&call, error, allow);
		return head_size;
	}
	const size_t whole = head_size + head->content_length;

	request.unread = false;
	if (size < whole) {
		gather(&call, bytes, size, head_size, whole);
		return size;
	}
	if (head->has_body || api_route_body((enum api_route_id)request.route) != API_BODY_NONE)
		call.body = span_of(bytes + head_size, head->content_length);
	run(&call);
	return whole;
}

/* All of it is in the buffer: the head is read again, its judgement stands. */
static void gathered(struct gate *gate, struct conn *conn)
{
	struct session *session = session_of(gate, conn);
	struct ws_buffer buffer = session->buffer;
	struct api_request request = *session->api;
	const char *allow = NULL;
	struct http_head head;
	struct api_call call = { .gate = gate, .conn = conn, .head = &head, .request = &request };

	CHECK(http_head_parse(&head, buffer.bytes, request.head_size, 0) == (int)request.head_size);
	CHECK(api_route_find(&call, &allow) == API_OK);
	call.body = span_of(buffer.bytes + request.head_size, buffer.size - request.head_size);
	end_request(gate, session);
	session->buffer = (struct ws_buffer){ 0 };
	run(&call);
	block_give(buffer.bytes, buffer.capacity);
}

static size_t on_body(struct gate *gate, struct conn *conn, const uint8_t *bytes, size_t size)
{
	struct session *session = session_of(gate, conn);
	struct ws_buffer *buffer = &session->buffer;
	const size_t left = session->api->whole_size - buffer->size;
	const size_t part = size < left ? size : left;

	CHECK(session->phase == SESSION_HEAD && session->api->whole_size <= buffer->capacity);
	memcpy(buffer->bytes + buffer->size, bytes, part);
	buffer->size += part;
	if (part == left)
		gathered(gate, conn);
	return part;
}

static void on_late(struct gate *gate, struct conn *conn)
{
	struct session *session = session_of(gate, conn);
	const bool waiting = session->phase == SESSION_API;
	struct api_request request = *session->api;

	end_request(gate, session); /* with all that was gathered */
	request.keep_alive = PLANTED(81); /* what came too late leaves its connection open */
	request.unread = !waiting;
	if (!waiting)
		offence(gate, conn, OFFENCE_http_late);
	api_answer_error(gate, conn, &request, waiting ? API_ERR_timeout : API_ERR_late, NULL, waiting ? 1000 : 0,
			 NULL);
}

struct api_request *api_waiting(struct gate *gate, const struct mail_origin *origin, struct conn **asker)
{
	struct conn *conn = net_conn(&gate->net, origin->slot);
	struct session *session = session_of(gate, conn);

	CHECK(origin->core == gate->core && origin->slot < gate->net.conns_max);
	*asker = conn;
	if (conn->generation != origin->generation || !conn_is_open(conn) || session->phase != SESSION_API ||
	    (session->api->serial != origin->stamp && !PLANTED(81)))
		return NULL; /* whoever asked is gone, or was told that it took too long */
	CHECK(session->api->awaited > 0);
	return session->api;
}

void api_end_wait(struct gate *gate, struct conn *conn, struct api_request *kept)
{
	struct session *session = session_of(gate, conn);

	*kept = *session->api;
	session->api->list = NULL;
	session->api->batch = NULL;
	end_request(gate, session);
}

static void on_reply(struct gate *gate, const struct mail_reply *mail)
{
	struct conn *conn;
	struct api_request *request = api_waiting(gate, &mail->origin, &conn), kept;

	if (!request)
		return;
	if (request->batch) {
		api_batch_reply(gate, conn, request, mail);
		return;
	}
	CHECK(request->awaited == 1);
	api_end_wait(gate, conn, &kept);
	api_answer_reply(gate, conn, &kept, mail);
	pipelined_read(gate, conn);
}

const struct api_ops api_ops = {
	.on_request = on_request,
	.on_body = on_body,
	.on_reply = on_reply,
	.on_late = on_late,
	.on_closed = end_request,
};
