#include "proto/ws/ws_extension.h"

#include <assert.h>

#include "proto/http/http_out.h"

#define BAD_REQUEST 400
#define NO_ANSWER (-1)

#define BITS_SIZE_MAX 2 /* "15" */

/* The parameters of 7.1, as bits of what an extension names. */
enum parameter {
	SERVER_NO_CONTEXT = 1,
	CLIENT_NO_CONTEXT = 2,
	SERVER_BITS = 4,
	CLIENT_BITS = 8,
};

/* Which of them stand with a value, which without. */
static const struct parameter_rule {
	const char *name;
	enum parameter parameter;
	bool value_may_miss;
	bool value_may_be;
} rules[] = {
	{ "server_no_context_takeover", SERVER_NO_CONTEXT, true, false },
	{ "client_no_context_takeover", CLIENT_NO_CONTEXT, true, false },
	{ "server_max_window_bits", SERVER_BITS, false, true },
	{ "client_max_window_bits", CLIENT_BITS, true, true },
};

/* One extension of a list. */
struct extension {
	bool ours; /* permessage-deflate */
	bool bad; /* to be declined */
	unsigned int named; /* of enum parameter */
	uint8_t server_bits;
	uint8_t client_bits; /* 0: named without a value */
};

/* The value of a parameter. Longer ones are read, but none of them is a number of bits. */
struct value {
	size_t size;
	uint8_t bytes[BITS_SIZE_MAX];
};

static void pass(struct span *text, size_t size)
{
	assert(size <= text->size);
	text->bytes += size;
	text->size -= size;
}

/* White space may stand between any two words (RFC 2616, 2.1: "implied *LWS", which 9.1 refers to). */
static void pass_space(struct span *text)
{
	while (text->size > 0 && (text->bytes[0] == ' ' || text->bytes[0] == '\t'))
		pass(text, 1);
}

static bool take_mark(struct span *text, char mark)
{
	pass_space(text);
	if (text->size == 0 || text->bytes[0] != mark)
		return false;
	pass(text, 1);
	return true;
}

/* SPAN_NONE when there is none. */
static struct span take_token(struct span *text)
{
	size_t size = 0;

	pass_space(text);
	while (size < text->size && http_is_token_char(text->bytes[size]))
		size++;
	const struct span token = size > 0 ? span_of(text->bytes, size) : SPAN_NONE;

	pass(text, size);
	return token;
}

static void add_to_value(struct value *value, uint8_t byte)
{
	if (value->size < sizeof(value->bytes))
		value->bytes[value->size] = byte;
	value->size++;
}

/* Behind the opening quote. What is in it has to be a token once it is unescaped (9.1). */
static bool take_quoted(struct span *text, struct value *value)
{
	while (text->size > 0) {
		uint8_t byte = text->bytes[0];

		pass(text, 1);
		if (byte == '"')
			return value->size > 0;
		if (byte == '\\') {
			if (text->size == 0)
				return false;
			byte = text->bytes[0];
			pass(text, 1);
		}
		if (!http_is_token_char(byte))
			return false;
		add_to_value(value, byte);
	}
	return false;
}

static bool take_value(struct span *text, struct value *value)
{
	*value = (struct value){ 0 };
	if (take_mark(text, '"'))
		return take_quoted(text, value);
	const struct span token = take_token(text);

	for (size_t i = 0; i < token.size; i++)
		add_to_value(value, token.bytes[i]);
	return token.size > 0;
}

/* 8 to 15 without a leading zero (7.1.2); 0 is none of these. */
static uint8_t bits_of(const struct value *value)
{
	if (value->size == 1 && (value->bytes[0] == '8' || value->bytes[0] == '9'))
		return (uint8_t)(value->bytes[0] - '0');
	if (value->size == 2 && value->bytes[0] == '1' && value->bytes[1] >= '0' && value->bytes[1] <= '5')
		return (uint8_t)(10 + value->bytes[1] - '0');
	return 0;
}

static const struct parameter_rule *rule_of(struct span name)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (span_equal(name, span_of(rules[i].name, strlen(rules[i].name))))
			return &rules[i];
	return NULL;
}

static void read_parameter(struct extension *extension, struct span name, const struct value *value)
{
	const struct parameter_rule *const rule = rule_of(name);
	const uint8_t bits = value ? bits_of(value) : 0;

	if (!rule || extension->named & rule->parameter || (value && bits == 0) ||
	    !(value ? rule->value_may_be : rule->value_may_miss)) {
		extension->bad = true;
		return;
	}
	extension->named |= rule->parameter;
	if (rule->parameter == SERVER_BITS)
		extension->server_bits = bits;
	if (rule->parameter == CLIENT_BITS)
		extension->client_bits = bits;
}

/* Takes the next extension off a list. Returns 1, 0 at its end, -1 when it breaks the grammar. */
static int take_extension(struct span *list, struct extension *extension)
{
	*extension = (struct extension){ 0 };
	while (take_mark(list, ','))
		;
	if (list->size == 0)
		return 0;
	const struct span token = take_token(list);

	if (!token.bytes)
		return -1;
	extension->ours = span_equal(token, SPAN("permessage-deflate"));
	while (take_mark(list, ';')) {
		const struct span name = take_token(list);
		const bool has_value = take_mark(list, '=');
		struct value value;

		if (!name.bytes || (has_value && !take_value(list, &value)))
			return -1;
		read_parameter(extension, name, has_value ? &value : NULL);
	}
	return take_mark(list, ',') || list->size == 0 ? 1 : -1;
}

static uint8_t lesser(uint8_t a, uint8_t b)
{
	return a < b ? a : b;
}

/* What we say to an offer; not agreed: declined. */
static struct ws_deflate_terms terms_of(const struct extension *offer, const struct ws_deflate_policy *policy)
{
	const uint8_t server_max = offer->named & SERVER_BITS ? offer->server_bits : WS_DEFLATE_BITS_MAX;
	const uint8_t client_max = offer->client_bits > 0 ? offer->client_bits : WS_DEFLATE_BITS_MAX;

	if (!policy->on || !offer->ours || offer->bad || server_max < WS_DEFLATE_BITS_MIN)
		return (struct ws_deflate_terms){ 0 };
	return (struct ws_deflate_terms){
		.agreed = true,
		.server_takeover = policy->server_takeover && !(offer->named & SERVER_NO_CONTEXT),
		.client_takeover = policy->client_takeover && !(offer->named & CLIENT_NO_CONTEXT),
		.server_bits_named = offer->named & SERVER_BITS,
		.server_bits = lesser(policy->server_bits, server_max),
		.client_bits =
			offer->named & CLIENT_BITS ? lesser(policy->client_bits, client_max) : WS_DEFLATE_BITS_MAX,
	};
}

static bool is_policy(const struct ws_deflate_policy *policy)
{
	return !policy->on ||
	       (policy->server_bits >= WS_DEFLATE_BITS_MIN && policy->server_bits <= WS_DEFLATE_BITS_MAX &&
		policy->client_bits >= WS_DEFLATE_BITS_MIN && policy->client_bits <= WS_DEFLATE_BITS_MAX);
}

int ws_extension_accept(struct ws_deflate_terms *terms, const struct http_head *request,
			const struct ws_deflate_policy *policy)
{
	struct ws_deflate_terms found = { 0 };
	size_t fields = 0, extensions = 0;

	assert(is_policy(policy));
	*terms = found;
	for (uint32_t i = 0; i < request->field_count; i++) {
		struct span list = request->fields[i].value;
		struct extension extension;
		int result;

		if (!http_text_is(request->fields[i].name, "sec-websocket-extensions"))
			continue;
		fields++;
		while ((result = take_extension(&list, &extension)) > 0) {
			extensions++;
			if (!found.agreed)
				found = terms_of(&extension, policy);
		}
		if (result < 0)
			return -BAD_REQUEST;
	}
	/* "1#extension": a list of nothing is none. */
	if (fields > 0 && extensions == 0)
		return -BAD_REQUEST;
	*terms = found;
	return found.agreed ? 1 : 0;
}

static void put_bits(struct http_out *out, const char *name, uint8_t bits)
{
	http_out_text(out, name);
	http_out_number(out, bits);
}

size_t ws_extension_write(uint8_t out[WS_EXTENSION_SIZE_MAX], const struct ws_deflate_terms *terms)
{
	struct http_out text = { .bytes = out, .capacity = WS_EXTENSION_SIZE_MAX };

	assert(terms->agreed);
	http_out_text(&text, "permessage-deflate");
	if (!terms->server_takeover)
		http_out_text(&text, "; server_no_context_takeover");
	if (!terms->client_takeover)
		http_out_text(&text, "; client_no_context_takeover");
	if (terms->server_bits_named || terms->server_bits < WS_DEFLATE_BITS_MAX)
		put_bits(&text, "; server_max_window_bits=", terms->server_bits);
	if (terms->client_bits < WS_DEFLATE_BITS_MAX)
		put_bits(&text, "; client_max_window_bits=", terms->client_bits);
	assert(text.size <= WS_EXTENSION_SIZE_MAX);
	return http_out_finish(&text);
}

int ws_extension_check(struct ws_deflate_terms *terms, struct span value, const struct ws_deflate_terms *offer)
{
	struct extension answer, second;

	assert(offer->agreed);
	if (take_extension(&value, &answer) <= 0 || take_extension(&value, &second) != 0)
		return NO_ANSWER;
	if (!answer.ours || answer.bad)
		return NO_ANSWER;

	const bool server_bits = answer.named & SERVER_BITS, client_bits = answer.named & CLIENT_BITS;
	const bool server_asked = offer->server_bits_named || offer->server_bits < WS_DEFLATE_BITS_MAX;

	/* 7.1.1.1 and 7.1.2.1: what was asked of the server it has to say. */
	if (!offer->server_takeover && !(answer.named & SERVER_NO_CONTEXT))
		return NO_ANSWER;
	if (server_asked && (!server_bits || answer.server_bits > offer->server_bits))
		return NO_ANSWER;
	/* 7.1.2.2: it may limit a client that said it can be limited, by a number. */
	if (client_bits && (offer->client_bits == WS_DEFLATE_BITS_MAX || answer.client_bits == 0 ||
			    answer.client_bits > offer->client_bits))
		return NO_ANSWER;
	*terms = (struct ws_deflate_terms){
		.agreed = true,
		.server_takeover = !(answer.named & SERVER_NO_CONTEXT),
		.client_takeover = offer->client_takeover && !(answer.named & CLIENT_NO_CONTEXT),
		.server_bits_named = server_bits,
		.server_bits = server_bits ? answer.server_bits : WS_DEFLATE_BITS_MAX,
		.client_bits = client_bits ? answer.client_bits : offer->client_bits,
	};
	return 1;
}
