#include "engine/gate/upgrade.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>

#include "engine/auth/api_keys.h"
#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/gate/pipelined.h"
#include "engine/gate/api_ops.h"
#include "engine/gate/identify.h"
#include "engine/gate/keepalive.h"
#include "engine/gate/offence.h"
#include "engine/gate/shed.h"
#include "engine/net/sendq.h"
#include "proto/http/http_head.h"
#include "proto/http/http_origin.h"
#include "proto/http/http_response.h"
#include "proto/ws/ws_handshake.h"

#define HEAD_SIZE_MAX 8192
#define WAITS SIZE_MAX
#define RESPONSE_HEAD_MAX 1024

static void sha1(const void *bytes, size_t size, uint8_t out[20])
{
	SHA1(bytes, size, out);
}

bool upgrade_put(struct gate *gate, struct conn *conn, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	while (size > 0) {
		const size_t part = size < 16384 ? size : 16384;

		if (sendq_put(&gate->net, conn, from, part) != 0) {
			conn_abort(&gate->net, conn);
			return false;
		}
		from += part;
		size -= part;
	}
	owner_mark(&gate->hall, conn->slot);
	return true;
}

/* The answer is the last: the connection ends with it. */
static void end(struct gate *gate, struct conn *conn, enum chat_close reason)
{
	if (conn_is_open(conn))
		session_close(gate, conn, reason);
}

static const struct {
	int status;
	enum offence_rule rule;
	const char *fields, *text;
} refusals[REFUSAL_COUNT] = {
#define REFUSAL(name, status, counter, fields, text) [REFUSED_##name] = { status, OFFENCE_http_##name, fields, text },
#include "engine/gate/tbl/refusals.h"
#undef REFUSAL
};

static const enum offence_rule head_rules[HTTP_REFUSED_COUNT] = {
#define HTTP_REFUSAL(name, status, text) [HTTP_REFUSED_##name] = OFFENCE_head_##name,
#include "proto/http/tbl/http_refusals.h"
#undef HTTP_REFUSAL
};

/* The answer is made of our own words alone: nothing that the peer sent stands in it. */
static void answer_refused(struct gate *gate, struct conn *conn, bool head_only, int status, const char *fields,
			   const char *text)
{
	uint8_t head[RESPONSE_HEAD_MAX];
	char body[160];
	const int size = snprintf(body, sizeof(body), "%d: %s\n", status, text);
	const size_t head_size = http_response_head(head, sizeof(head), status, "text/plain; charset=utf-8",
						    (uint64_t)size, false, fields);

	CHECK(size > 0 && (size_t)size < sizeof(body));
	gate_count(gate, COUNTER_refused);
	if (upgrade_put(gate, conn, head, head_size) && (head_only || upgrade_put(gate, conn, body, (size_t)size)))
		end(gate, conn, status == 503 || status == 429 ? CHAT_CLOSE_full : CHAT_CLOSE_protocol_error);
}

/* request NULL: it was not whole. */
static void refuse(struct gate *gate, struct conn *conn, const struct http_head *request, enum refusal why)
{
	const bool head_only = request && http_head_only(request);
	const int status = refusals[why].status;
	char retry[48];

	CHECK(why != REFUSED_NOT && why < REFUSAL_COUNT);
	offence(gate, conn, refusals[why].rule);
	/* Spread, so that those who are sent away together do not come back together. */
	snprintf(retry, sizeof(retry), "Retry-After: %u\r\n", 1 + (unsigned)random_below(&gate->random, 20));
	answer_refused(gate, conn, head_only, status, status == 503 || status == 429 ? retry : refusals[why].fields,
		       refusals[why].text);
}

/* Whatever else is wrong with it, it may have been asked for the head alone. */
static void refuse_head(struct gate *gate, struct conn *conn, struct span bytes, int status, enum http_refusal why)
{
	const bool head_only = span_begins(bytes, SPAN("HEAD ")) || span_begins(bytes, SPAN("\r\nHEAD "));

	CHECK(why != HTTP_REFUSED_NOT && why < HTTP_REFUSED_COUNT);
	offence(gate, conn, head_rules[why]);
	answer_refused(gate, conn, head_only, status, NULL, http_refusal_text(why));
}

/* A browser says whose page it is that connects, and sends its user's cookies along whoever that is. What is no
 * browser says nothing, and has no cookies of anybody. */
static bool may_come(const struct gate *gate, const struct http_head *request)
{
	const char *const origins = gate->limits.origins ? gate->limits.origins : "same";

	if (http_head_field_count(request, "origin") == 0)
		return true;
	return http_head_field_count(request, "origin") == 1 &&
	       http_origin_is_allowed(span_of(origins, strlen(origins)), http_head_field(request, "origin"),
				      request->host);
}

static void upgrade(struct gate *gate, struct conn *conn, const struct http_head *request)
{
	struct session *session = session_of(gate, conn);
	struct ws_handshake handshake;
	uint8_t head[RESPONSE_HEAD_MAX];
	const int status = ws_handshake_check(request, &handshake);

	if (status != 101) {
		refuse(gate, conn, request, status == 426 ? REFUSED_ws_version : REFUSED_handshake);
		return;
	}
	if (!may_come(gate, request)) {
		LOG(LOG_DEBUG, "origin_denied", LOG_SPAN("origin", http_head_field(request, "origin")));
		refuse(gate, conn, request, REFUSED_origin);
		return;
	}
	const enum refusal why = identify_request(gate, conn, request);

	if (why != REFUSED_NOT) {
		refuse(gate, conn, request, why);
		return;
	}
	if (codec_agree(&gate->codec, conn->slot, request, &session->terms, &handshake.deflate) < 0) {
		refuse(gate, conn, request, REFUSED_extensions);
		return;
	}
	const size_t size = ws_handshake_write(head, sizeof(head), &handshake,
					       ws_handshake_offers(request, "uproar.v1") ? "uproar.v1" : NULL, sha1);

	if (!upgrade_put(gate, conn, head, size))
		return;
	gate_count(gate, COUNTER_upgrades);
	session->websocket = true;
	session->phase = gate->limits.echo ? SESSION_ECHO : SESSION_HELLO;
	keepalive_start(gate, conn);
}

static bool accepts_gzip(const struct http_head *request)
{
	const struct span value = http_head_field(request, "accept-encoding");

	return value.bytes && http_token_list_has(value, "gzip");
}

static size_t answer_head(uint8_t *head, const struct http_answer *answer, bool keep_alive)
{
	char fields[RESPONSE_HEAD_MAX / 2];
	const int size =
		snprintf(fields, sizeof(fields), "%s%s%s%s%s", answer->fields ? answer->fields : "",
			 answer->gzip ? "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n" : "",
			 answer->etag ? "ETag: " : "", answer->etag ? answer->etag : "", answer->etag ? "\r\n" : "");

	CHECK(size >= 0 && (size_t)size < sizeof(fields));
	return http_response_head(head, RESPONSE_HEAD_MAX, answer->status, answer->content_type, answer->body_size,
				  keep_alive, fields);
}

/* That of /metrics is long where there are many cores. Whoever left answers unread is told nothing further, and while
 * memory is short nothing long. */
static bool put_answer(struct gate *gate, struct conn *conn, const struct http_head *request, struct span head,
		       struct span body)
{
	const bool withheld = body.size > gate->ration.limits.light && shed_withholds(gate, conn);
	const bool first = sendq_is_empty(conn);
	const int error = withheld ? -ENOBUFS : sendq_put_answer(&gate->net, conn, head, body);

	if (error == -ENOBUFS && (first || withheld))
		refuse(gate, conn, request, REFUSED_answer);
	else if (error != 0)
		conn_abort(&gate->net, conn);
	else
		owner_mark(&gate->hall, conn->slot);
	return error == 0;
}

/* A long answer costs a turn what as many bytes that are read do. */
static bool is_to_wait(const struct ration *ration, struct span body)
{
	return body.size > ration->limits.light && !ration->served && ration_is_crowded(ration);
}

/* False: it is to be asked again in its turn, and nothing was done. */
static bool plain(struct gate *gate, struct conn *conn, const struct http_head *request, bool may_wait)
{
	uint8_t head[RESPONSE_HEAD_MAX];
	struct http_answer answer = { .status = 404 };
	const struct http_question question = {
		.method = request->method,
		.path = request->path,
		.if_none_match = http_head_field(request, "if-none-match"),
		.accepts_gzip = accepts_gzip(request),
		.draining = gate->draining,
	};

	gate->source->answer(gate->source->context, &question, &answer);
	const struct span body = http_head_only(request) ? SPAN_NONE : span_of(answer.body, answer.body_size);

	if (may_wait && is_to_wait(&gate->ration, body))
		return false;
	gate_count(gate, COUNTER_http_requests);
	ration_charge(&gate->ration, RATION_MESSAGE + body.size);
	const bool keep_alive = request->keep_alive && !gate->draining;
	const size_t size = answer_head(head, &answer, keep_alive);

	if (!put_answer(gate, conn, request, span_of(head, size), body))
		return true;
	if (keep_alive)
		keepalive_start(gate, conn);
	else
		end(gate, conn, CHAT_CLOSE_normal);
	return true;
}

static bool is_known_method(struct span method)
{
	static const char *const known[] = { "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_equal(method, span_of(known[i], strlen(known[i]))))
			return true;
	return false;
}

/* What the first request is answered with, whatever it is; REFUSED_NOT: as it deserves. */
static enum refusal unwelcome(const struct session *session, const struct conn *conn)
{
	if (conn->verdict == ADDRESS_CROWDED)
		return REFUSED_crowded;
	return conn->verdict == ADDRESS_HASTY ? REFUSED_hasty : (enum refusal)session->refusal;
}

static bool may_scrape(const struct gate *gate, const struct http_head *request)
{
	const struct api_keys *keys = gate->limits.metrics_keys;
	const struct api_key *key = keys ? api_keys_asked(keys, request) : NULL;

	return !keys || (key && (key->scopes & (API_SCOPE_metrics | API_SCOPE_admin)) != 0);
}

/* False: as plain(). */
static bool run_request(struct gate *gate, struct conn *conn, const struct http_head *request, bool may_wait)
{
	struct session *session = session_of(gate, conn);
	const bool get = span_equal(request->method, SPAN("GET"));
	enum refusal why = unwelcome(session, conn);

	session->answered = true;
	if (why == REFUSED_NOT && !get && !http_head_only(request))
		why = is_known_method(request->method) ? REFUSED_method : REFUSED_method_unknown;
	else if (why == REFUSED_NOT && request->has_body)
		why = REFUSED_body;
	else if (why == REFUSED_NOT && shed_refuses(gate) && span_equal(request->path, SPAN("/ws")))
		why = REFUSED_memory; /* metrics and health are still told */
	else if (why == REFUSED_NOT && span_equal(request->path, SPAN("/metrics")) && !may_scrape(gate, request))
		why = REFUSED_metrics;
	if (why != REFUSED_NOT)
		refuse(gate, conn, request, why);
	else if (span_equal(request->path, SPAN("/ws")))
		upgrade(gate, conn, request);
	else
		return plain(gate, conn, request, may_wait);
	return true;
}

/* Parses what there is. Returns the size of the request; 0: more is needed or all is over; WAITS, where it may: it is
 * to be asked again. */
static size_t one_request(struct gate *gate, struct conn *conn, const uint8_t *bytes, size_t size, size_t scanned,
			  bool may_wait)
{
	struct http_head request;
	const int result = http_head_parse(&request, bytes, size, scanned);

	if (result != 0)
		conn_settle(&gate->net, conn);
	if (result < 0 && request.refusal == HTTP_REFUSED_coding && span_begins(request.path, SPAN("/api/")))
		return gate->api_ops->on_request(gate, conn, &request, bytes, 0, size);
	if (result < 0) {
		refuse_head(gate, conn, span_of(bytes, size), -result, (enum http_refusal)request.refusal);
		return 0;
	}
	if (result > 0 && span_begins(request.path, SPAN("/api/")) &&
	    unwelcome(session_of(gate, conn), conn) == REFUSED_NOT)
		return gate->api_ops->on_request(gate, conn, &request, bytes, (size_t)result, size);
	if (result > 0 && !run_request(gate, conn, &request, may_wait))
		return WAITS;
	return (size_t)result;
}

/* Adds to a head that came in pieces. Returns how many of the new bytes belonged to it, or WAITS, as one_request():
 * then none of them was added. */
static size_t continue_head(struct gate *gate, struct conn *conn, const uint8_t *bytes, size_t size, bool may_wait)
{
	struct session *session = session_of(gate, conn);
	struct ws_buffer *buffer = &session->buffer;
	const size_t scanned = buffer->size;
	const size_t part = size < HEAD_SIZE_MAX + 1 - scanned ? size : HEAD_SIZE_MAX + 1 - scanned;

	if (scanned + part > buffer->capacity && session_keep(session, scanned + part) != 0) {
		conn_abort(&gate->net, conn);
		return size;
	}
	memcpy(buffer->bytes + scanned, bytes, part);
	buffer->size = scanned + part;
	const size_t used = one_request(gate, conn, buffer->bytes, buffer->size, scanned, may_wait);

	if (used == 0)
		return part;
	if (used == WAITS) {
		buffer->size = scanned;
		return WAITS;
	}
	CHECK(used > scanned);
	/* A body that is not whole stays there behind its head. */
	if (session->phase != SESSION_NONE && !(session->phase == SESSION_HEAD && session->api))
		session_unkeep(session);
	return used - scanned;
}

/* Its share of the turn is spent, and no body is under way. */
static bool is_spent(const struct gate *gate, const struct session *session)
{
	return !session->api && ration_is_spent(&gate->ration);
}

size_t upgrade_bytes(struct gate *gate, struct conn *conn, uint8_t *bytes, size_t size, bool rationed)
{
	struct session *session = session_of(gate, conn);
	size_t at = 0;

	while (at < size && session->phase == SESSION_HEAD) {
		if (rationed && at > 0 && is_spent(gate, session))
			return at;
		if (session->api) {
			at += gate->api_ops->on_body(gate, conn, bytes + at, size - at);
			continue;
		}
		const bool begun = session->buffer.size > 0;
		const size_t used = begun ? continue_head(gate, conn, bytes + at, size - at, rationed)
					  : one_request(gate, conn, bytes + at, size - at, 0, rationed);

		if (used == WAITS)
			return at;
		if (used == 0 && !begun && session->phase == SESSION_HEAD)
			at += continue_head(gate, conn, bytes + at, size - at, false);
		at += used;
	}
	if (session->phase == SESSION_API)
		pipelined_keep(gate, conn, bytes + at, size - at);
	return session->phase == SESSION_HEAD || session->phase == SESSION_API ? size : at;
}

void upgrade_timeout(struct gate *gate, struct conn *conn)
{
	const struct session *session = session_of(gate, conn);

	if (session_waits(session)) { /* it is not the client who is late */
		keepalive_start(gate, conn);
		return;
	}
	if (session->api) {
		gate->api_ops->on_late(gate, conn);
		return;
	}
	if (session->buffer.size > 0) {
		refuse(gate, conn, NULL, REFUSED_late);
		return;
	}
	/* A browser opens connections in advance, and keeps them between requests: no word to those who said none. That
	 * the server ends is no fault of theirs. */
	if (!session->answered && !gate->draining)
		offence(gate, conn, OFFENCE_silent);
	conn_abort(&gate->net, conn);
}
