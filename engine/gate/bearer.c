#include "engine/gate/bearer.h"

#include "engine/auth/auth.h"
#include "proto/http/http_cookie.h"
#include "proto/http/http_query.h"

static enum bearer verdict(size_t count)
{
	return count == 0 ? BEARER_NONE : count == 1 ? BEARER_TOKEN : BEARER_AMBIGUOUS;
}

/* Another scheme may be a proxy's. */
static enum bearer of_header(const struct http_head *request, struct span *token)
{
	const struct span value = http_head_field(request, "authorization");

	if (!value.bytes || value.size < 7 || !http_text_is(span_of(value.bytes, 6), "bearer") || value.bytes[6] != ' ')
		return BEARER_NONE;
	*token = http_trim(span_of(value.bytes + 7, value.size - 7));
	return verdict(http_head_field_count(request, "authorization"));
}

static enum bearer of_subprotocol(const struct http_head *request, struct span *token)
{
	const struct span prefix = SPAN(BEARER_SUBPROTOCOL);
	size_t count = 0;

	for (uint32_t i = 0; i < request->field_count; i++) {
		struct span list = request->fields[i].value, word;

		if (!http_text_is(request->fields[i].name, "sec-websocket-protocol"))
			continue;
		while ((word = http_list_next(&list, NULL)).bytes) {
			if (!span_begins(word, prefix))
				continue;
			*token = span_of(word.bytes + prefix.size, word.size - prefix.size);
			count++;
		}
	}
	return verdict(count);
}

static enum bearer of_url(const struct http_head *request, struct span *token)
{
	struct span query = request->query, name, value;
	size_t count = 0;

	while (query.bytes && http_query_next(&query, &name, &value)) {
		if (!span_equal(name, SPAN("token")))
			continue;
		*token = value.bytes ? value : SPAN("");
		count++;
	}
	return verdict(count);
}

/* A browser sends it whoever's page it is that connects; so the page must be known. The origin that is there was
 * judged already. */
static enum bearer of_cookie(const struct gate *gate, const struct http_head *request, struct span *token)
{
	const char *name = gate->limits.token_cookie;

	if (!name || !*name)
		return BEARER_NONE;
	const enum bearer found = verdict(http_cookie_find(request, span_of(name, strlen(name)), token));

	return found == BEARER_TOKEN && http_head_field_count(request, "origin") != 1 ? BEARER_ORIGIN : found;
}

enum bearer bearer_find(const struct gate *gate, const struct http_head *request, struct span *token)
{
	enum bearer found = BEARER_NONE;

	*token = SPAN_NONE;
	if (auth_expects_tokens(gate->auth))
		found = of_header(request, token);
	if (found == BEARER_NONE)
		found = of_subprotocol(request, token);
	if (found == BEARER_NONE && gate->limits.token_in_url)
		found = of_url(request, token);
	if (found == BEARER_NONE && auth_expects_tokens(gate->auth))
		found = of_cookie(gate, request, token);
	return found;
}
