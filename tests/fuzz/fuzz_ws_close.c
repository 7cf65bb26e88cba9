/* A close frame's payload, judged by a second table of codes; what was read is written again the same, and a reason
 * that is too long is cut between characters. */
#include "proto/utf8/utf8.h"
#include "proto/ws/ws_close.h"
#include "tests/fuzz/fuzz.h"

static struct fuzz_exact exact;

/* RFC 6455, 7.4, and IANA's registry: who may be on the wire. */
static bool may_be_sent(unsigned code)
{
	if (code >= 3000)
		return code < 5000;
	return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

static int judge(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 1;
	if (size == 1 || size > 125 || !may_be_sent((unsigned)bytes[0] * 256 + bytes[1]))
		return -1002;
	return utf8_valid(bytes + 2, size - 2) ? 1 : -1007;
}

/* The input as a reason of any size. */
static void check_reason(const uint8_t *bytes, size_t size)
{
	uint8_t out[WS_CLOSE_PAYLOAD_MAX];
	struct ws_close close;

	if (!utf8_valid(bytes, size))
		return;
	const size_t written = ws_close_write(out, 1000, (const char *)bytes, size);

	check(written >= 2 && written <= WS_CLOSE_PAYLOAD_MAX);
	check(ws_close_parse(&close, out, written) == 1 && close.code == 1000);
	check(written - 2 == (size < 123 ? size : written - 2) && written - 2 <= size);
	check(size <= 123 || written - 2 > 123 - 4);
	check(memcmp(out + 2, bytes, written - 2) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ws_close close = { .code = 7 };
	uint8_t out[WS_CLOSE_PAYLOAD_MAX];

	if (size > 600)
		return 0;
	const uint8_t *const bytes = fuzz_exact(&exact, data, size);
	const int expected = judge(bytes, size);

	check(ws_close_parse(&close, bytes, size) == expected);
	check(expected == 1 || close.code == 7);
	if (expected == 1 && size > 0) {
		check(close.code == (bytes[0] << 8 | bytes[1]));
		check(ws_close_write(out, close.code, (const char *)close.reason.bytes, close.reason.size) == size);
		check(memcmp(out, bytes, size) == 0);
	} else if (expected == 1) {
		check(close.code == WS_CLOSE_NONE && close.reason.size == 0);
	}
	check_reason(bytes, size);
	return 0;
}
