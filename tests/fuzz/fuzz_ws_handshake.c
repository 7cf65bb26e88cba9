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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 20000)
		return 0;
	const int whole = parse(data, size);
	const size_t step = 1 + size / 24;

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
