#include "engine/api/api_call.h"

#include <stdio.h>

#include "engine/core/check.h"
#include "proto/chat/limits.h"
#include "proto/http/http_query.h"
#include "proto/json/json_string.h"
#include "proto/utf8/utf8.h"

enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_DELETE, METHODS };

static const char *const method_names[METHODS] = { "GET", "POST", "PUT", "DELETE" };

#define BODY_NONE API_BODY_NONE
#define BODY_TAKEN API_BODY_TAKEN
#define BODY_NEEDED API_BODY_NEEDED

static const struct {
	enum method method;
	const char *path;
	uint8_t scope;
	uint8_t body;
} routes[API_ROUTE_COUNT] = {
#define API_ROUTE(name, method, path, scope, body) [API_ROUTE_##name] = { METHOD_##method, path, scope, BODY_##body },
#include "engine/api/tbl/api_routes.h"
#undef API_ROUTE
};

uint8_t api_route_scope(enum api_route_id route)
{
	return routes[route].scope;
}

struct span api_route_last(enum api_route_id route)
{
	const char *const slash = strrchr(routes[route].path, '/');
	const char *const word = slash ? slash + 1 : routes[route].path;

	return span_of(word, strlen(word));
}

enum api_body api_route_body(enum api_route_id route)
{
	return (enum api_body)routes[route].body;
}

/* A room's name has no letter that is escaped in paths, but clients escape what they like. */
static bool take_part(struct api_call *call, struct span pattern, struct span raw)
{
	struct span text;

	if (!http_unescape(&text, raw, false, call->scratch + call->used, sizeof(call->scratch) - call->used))
		return false;
	if (text.bytes == call->scratch + call->used)
		call->used += text.size;
	if (span_equal(pattern, SPAN("{room}"))) {
		call->room = text;
		return chat_room_valid(text);
	}
	if (span_equal(pattern, SPAN("{user}"))) {
		call->user = text;
		return utf8_valid(text.bytes, text.size) && chat_name_valid(text);
	}
	return json_integer(&call->seq, text) && call->seq > 0;
}

/* Whether the path has the form; the parts are only looked at when it does. */
static bool has_form(struct span path, struct span pattern)
{
	for (;;) {
		const struct span is = http_segment_next(&path), asked = http_segment_next(&pattern);

		if (!is.bytes || !asked.bytes)
			return !is.bytes && !asked.bytes;
		if (asked.size > 0 && asked.bytes[0] == '{' ? is.size == 0 : !span_equal(is, asked))
			return false;
	}
}

static bool take_parts(struct api_call *call, struct span path, struct span pattern)
{
	for (;;) {
		const struct span is = http_segment_next(&path), asked = http_segment_next(&pattern);

		if (!asked.bytes)
			return true;
		if (asked.size > 0 && asked.bytes[0] == '{' && !take_part(call, asked, is))
			return false;
	}
}

static const char *allow_of(uint32_t methods)
{
	static _Thread_local char fields[80];
	size_t at = (size_t)snprintf(fields, sizeof(fields), "Allow:");

	for (int method = 0; method < METHODS; method++)
		if (methods & 1u << method)
			at += (size_t)snprintf(fields + at, sizeof(fields) - at, "%s%s%s", at > 6 ? ", " : " ",
					       method_names[method], method == METHOD_GET ? ", HEAD" : "");
	snprintf(fields + at, sizeof(fields) - at, "\r\n");
	return fields;
}

enum api_error api_route_find(struct api_call *call, const char **allow)
{
	const struct span root = SPAN("/api/v1/");
	struct span path = call->head->path, method = call->head->method;
	uint32_t methods = 0;

	if (!span_begins(path, root))
		return API_ERR_not_found;
	path = span_of(path.bytes + root.size, path.size - root.size);
	if (http_head_only(call->head))
		method = SPAN("GET");
	for (int i = 0; i < API_ROUTE_COUNT; i++) {
		const struct span pattern = span_of(routes[i].path, strlen(routes[i].path));
		const char *const name = method_names[routes[i].method];

		if (!has_form(path, pattern))
			continue;
		methods |= 1u << routes[i].method;
		if (!span_equal(method, span_of(name, strlen(name))))
			continue;
		call->request->route = (uint8_t)i;
		if (take_parts(call, path, pattern))
			return API_OK;
		call->why = "the path names no room, user or seq that there could be";
		return API_ERR_bad_request;
	}
	if (methods == 0)
		return API_ERR_not_found;
	*allow = allow_of(methods);
	return API_ERR_method_not_allowed;
}

bool api_take_text(struct api_call *call, const struct json_value *value, size_t most, struct span *text)
{
	if (value->type != JSON_STRING ||
	    json_string(text, value->token, call->scratch + call->used, sizeof(call->scratch) - call->used) != 1)
		return false;
	if (text->bytes == call->scratch + call->used)
		call->used += text->size;
	return text->size <= most;
}

bool api_take_query(struct api_call *call, const char *wanted, struct span *found)
{
	struct span query = call->head->query, name, value;

	*found = SPAN_NONE;
	while (http_query_next(&query, &name, &value)) {
		if (!span_equal(name, span_of(wanted, strlen(wanted))))
			continue;
		if (found->bytes || !value.bytes ||
		    !http_unescape(found, value, true, call->scratch + call->used, sizeof(call->scratch) - call->used))
			return false;
		if (found->bytes == call->scratch + call->used)
			call->used += found->size;
	}
	return true;
}

bool api_take_number(struct api_call *call, const char *name, uint64_t least, uint64_t most, uint64_t *value)
{
	struct span text;

	if (!api_take_query(call, name, &text))
		return false;
	if (!text.bytes)
		return true;
	return json_integer(value, text) && *value >= least && *value <= most;
}
