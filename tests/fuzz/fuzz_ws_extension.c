/* What is agreed must keep the policy and the offer, the grammar must be judged alike under every policy, and several
 * fields must be what one is that has their lists one behind the other.
 * Input: the policy, then the values of fields, each up to a line feed. */
#include "proto/http/http_out.h"
#include "proto/ws/ws_extension.h"
#include "tests/fuzz/fuzz.h"

#define SIZE_MAX_OF_ALL 4000

static struct fuzz_exact exact;
static struct http_head apart, joined;
static uint8_t list[SIZE_MAX_OF_ALL * 3];

static void check_terms(const struct ws_deflate_terms *terms, const struct ws_deflate_policy *policy)
{
	if (!terms->agreed) {
		check(!terms->server_takeover && !terms->client_takeover && !terms->server_bits_named);
		check(terms->server_bits == 0 && terms->client_bits == 0);
		return;
	}
	check(policy->on);
	check(terms->server_bits >= WS_DEFLATE_BITS_MIN && terms->server_bits <= policy->server_bits);
	check(terms->client_bits >= 8 && terms->client_bits <= WS_DEFLATE_BITS_MAX);
	check(terms->client_bits <= policy->client_bits || terms->client_bits == WS_DEFLATE_BITS_MAX);
	check(policy->server_takeover || !terms->server_takeover);
	check(policy->client_takeover || !terms->client_takeover);
}

/* A client that offered just this takes the answer, and comes to the same. */
static void check_answer(const struct ws_deflate_terms *terms)
{
	const struct ws_deflate_terms offer = {
		.agreed = true,
		.server_takeover = true,
		.client_takeover = true,
		.server_bits_named = terms->server_bits_named,
		.server_bits = 15,
		.client_bits = terms->client_bits < 15 ? 14 : 15,
	};
	struct ws_deflate_terms theirs;
	uint8_t text[WS_EXTENSION_SIZE_MAX];
	const size_t size = ws_extension_write(text, terms);

	check(size > 0 && size <= WS_EXTENSION_SIZE_MAX);
	check(ws_extension_check(&theirs, span_of(text, size), &offer) == 1);
	check(theirs.server_takeover == terms->server_takeover && theirs.client_takeover == terms->client_takeover);
	check(theirs.server_bits == terms->server_bits && theirs.client_bits == terms->client_bits);
}

static void check_offer(struct span value)
{
	static const struct ws_deflate_terms offers[] = {
		{ .agreed = true, .server_bits = 15, .client_bits = 15 },
		{ .agreed = true,
		  .server_takeover = true,
		  .client_takeover = true,
		  .server_bits = 12,
		  .client_bits = 10 },
	};

	for (size_t i = 0; i < 2; i++) {
		struct ws_deflate_terms terms;
		const int result = ws_extension_check(&terms, value, &offers[i]);

		check(result == 1 || result == -1);
		if (result < 0)
			continue;
		check(terms.agreed && terms.server_bits >= 8 && terms.server_bits <= offers[i].server_bits);
		check(terms.client_bits >= 8 && terms.client_bits <= offers[i].client_bits);
		check(offers[i].server_takeover || !terms.server_takeover);
		check(offers[i].client_takeover || !terms.client_takeover);
	}
}

static void add(struct http_head *head, struct span value)
{
	head->fields[head->field_count++] =
		(struct http_field){ .name = SPAN("Sec-WebSocket-Extensions"), .value = http_trim(value) };
}

static void read_fields(const uint8_t *bytes, size_t size)
{
	struct http_out out = { .bytes = list, .capacity = sizeof(list) };

	apart.field_count = joined.field_count = 0;
	for (size_t at = 0; at <= size && apart.field_count < HTTP_FIELDS_MAX;) {
		const uint8_t *const end = at < size ? memchr(bytes + at, '\n', size - at) : NULL;
		const size_t part = end ? (size_t)(end - bytes) - at : size - at;

		add(&apart, span_of(bytes + at, part));
		http_out_text(&out, at > 0 ? ", " : "");
		http_out_bytes(&out, bytes + at, part);
		at += part + 1;
	}
	add(&joined, span_of(list, out.size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ws_deflate_policy off;
	struct fuzz_input input = fuzz_input_of(data, size);
	const struct ws_deflate_policy policy = {
		.on = true,
		.server_takeover = fuzz_below(&input, 2),
		.client_takeover = fuzz_below(&input, 2),
		.server_bits = (uint8_t)(9 + fuzz_below(&input, 7)),
		.client_bits = (uint8_t)(9 + fuzz_below(&input, 7)),
	};
	const struct span text = fuzz_take(&input, SIZE_MAX_OF_ALL);
	struct ws_deflate_terms terms, none, same;

	read_fields(fuzz_exact(&exact, text.bytes, text.size), text.size);
	const int result = ws_extension_accept(&terms, &apart, &policy);

	check(result == 1 || result == 0 || result == -400);
	check(terms.agreed == (result == 1));
	check_terms(&terms, &policy);
	check(ws_extension_accept(&none, &apart, &off) == (result < 0 ? -400 : 0) && !none.agreed);
	check(ws_extension_accept(&same, &joined, &policy) == result);
	check(same.agreed == terms.agreed && same.server_bits == terms.server_bits &&
	      same.client_bits == terms.client_bits && same.server_takeover == terms.server_takeover);
	if (result == 1)
		check_answer(&terms);
	for (uint32_t i = 0; i < apart.field_count; i++)
		check_offer(apart.fields[i].value);
	return 0;
}
