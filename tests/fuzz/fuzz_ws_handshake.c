/* The client's side: an answer is taken whole or not at all, and the same however it came. */
#include "proto/ws/ws_handshake.h"
#include "tests/fuzz/fuzz.h"

static struct fuzz_exact exact;

static const uint8_t nonce[16] = "the sample nonce";

/* The digest of the RFC's example, so that a corpus can hold answers that fit. */
static void sha1(const void *bytes, size_t size, uint8_t out[20])
{
	(void)bytes;
	(void)size;
	memcpy(out, "\xb3\x7a\x4f\x2c\xc0\x62\x4f\x16\x90\xf6\x46\x06\xcf\x38\x59\x45\xb2\xbe\xc4\xea", 20);
}

static int parse(const uint8_t *data, size_t size)
{
	return ws_handshake_response(fuzz_exact(&exact, data, size), size, nonce, sha1, NULL);
}

/* A request that we write is one that we take, and so is our answer to it. Of the input: path, then host. */
static void check_both_sides(const uint8_t *data, size_t size)
{
	static struct http_head head;
	struct ws_handshake handshake;
	uint8_t request[2048], answer[512], path[64] = "/", host[64] = "h";
	struct fuzz_input input = fuzz_input_of(data, size);
	const size_t path_size = 1 + fuzz_byte(&input) % 60, host_size = 1 + fuzz_byte(&input) % 60;
	const struct ws_deflate_terms offer = { .agreed = true, .server_bits = 15, .client_bits = 15 };
	const char *const subprotocol = size & 1 ? "uproar.v1" : NULL;

	for (size_t i = 1; i < path_size; i++)
		path[i] = "abcdefghijklmnopqrstuvwxyz/-_.09"[fuzz_byte(&input) % 32];
	for (size_t i = 1; i < host_size; i++)
		host[i] = "abcdefghijklmnopqrstuvwxyz0123-9"[fuzz_byte(&input) % 32];
	const size_t written =
		ws_handshake_request(request, sizeof(request), span_of(host, host_size), span_of(path, path_size),
				     subprotocol, size & 2 ? &offer : NULL, nonce);

	check(written > 0 && http_head_parse(&head, request, written, 0) == (int)written);
	check(span_equal(head.target, span_of(path, path_size)) && ws_handshake_check(&head, &handshake) == 101);
	check(ws_handshake_offers(&head, "uproar.v1") == (subprotocol != NULL));
	const size_t answered = ws_handshake_write(answer, sizeof(answer), &handshake, subprotocol, sha1);

	check(answered > 0 && ws_handshake_response(answer, answered, nonce, sha1, NULL) == (int)answered);
	check(span_equal(ws_handshake_chosen(answer, answered), subprotocol ? SPAN("uproar.v1") : SPAN_NONE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 20000)
		return 0;
	check_both_sides(data, size);
	const int whole = parse(data, size);
	const size_t step = 1 + size / 8;

	if (whole > (int)size || whole < -999 || (whole < -1 && whole > -100) || whole == -101)
		abort();
	if (whole > 0) {
		const struct span chosen = ws_handshake_chosen(data, (size_t)whole);

		if (chosen.bytes &&
		    (!http_is_token(chosen) || chosen.bytes < data || chosen.bytes + chosen.size > data + whole))
			abort();
	}
	for (size_t cut = size > 0 ? data[size - 1] % step : 0; cut < size; cut += step) {
		const int early = parse(data, cut);

		if (early != 0 && early != whole)
			abort();
	}
	return 0;
}
