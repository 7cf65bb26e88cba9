/* The client's side: an answer is taken whole or not at all, and the same however it came. */
#include <stdlib.h>
#include <string.h>

#include "proto/ws/ws_handshake.h"

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
	uint8_t *const exact = malloc(size ? size : 1);

	memcpy(exact, data, size);
	const int result = ws_handshake_response(exact, size, nonce, sha1, NULL);
	free(exact);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int whole = parse(data, size);

	if (whole > (int)size || whole < -999 || (whole < -1 && whole > -100) || whole == -101)
		abort();
	if (whole > 0) {
		const struct span chosen = ws_handshake_chosen(data, (size_t)whole);

		if (chosen.bytes &&
		    (!http_is_token(chosen) || chosen.bytes < data || chosen.bytes + chosen.size > data + whole))
			abort();
	}
	for (size_t cut = 0; cut < size && cut < 600; cut++) {
		const int early = parse(data, cut);

		if (early != 0 && early != whole)
			abort();
	}
	return 0;
}
