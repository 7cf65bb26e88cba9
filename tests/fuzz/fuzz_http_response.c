/* The head of an answer: right for every status and size, whole or not at all in any room, and its end where it says;
 * and whether a host is one does not depend on how it is cut off. Input: status, room, length, flags, a media type. */
#include "proto/http/http_host.h"
#include "proto/http/http_response.h"
#include "proto/http/http_text.h"
#include "tests/fuzz/fuzz.h"

static struct fuzz_exact exact;

static const int statuses[] = {
#define HTTP_STATUS(code, text) code,
#include "proto/http/tbl/statuses.h"
#undef HTTP_STATUS
};

/* A media type is ours, not a client's: of the input only what such a word can hold. */
static const char *word_of(struct span text, char out[128])
{
	size_t size = 0;

	for (size_t i = 0; i < text.size && size < 100; i++)
		if (http_is_token_char(text.bytes[i]))
			out[size++] = (char)text.bytes[i];
	out[size] = 0;
	return out;
}

static void check_head(const uint8_t *out, size_t size, int status, bool has_length)
{
	const struct span head = span_of(out, size);
	char line[64];

	check(size > 15 && memcmp(out, "HTTP/1.1 ", 9) == 0);
	check((out[9] - '0') * 100 + (out[10] - '0') * 10 + out[11] - '0' == status);
	check(memcmp(out + size - 4, "\r\n\r\n", 4) == 0);
	check(memmem(head.bytes, head.size, "\r\n\r\n", 4) == out + size - 4);
	memcpy(line, "Content-Length: ", 16);
	check((memmem(head.bytes, head.size, line, 16) != NULL) == has_length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t room[4096];
	struct fuzz_input input = fuzz_input_of(data, size);
	char type[128];

	if (size > 600)
		return 0;
	const int status = statuses[fuzz_below(&input, sizeof(statuses) / sizeof(statuses[0]))];
	const uint32_t capacity = fuzz_below(&input, 700), flags = fuzz_byte(&input);
	const uint64_t length = (uint64_t)fuzz_below(&input, 1u << 31) << (flags >> 2 & 31);
	const struct span text = fuzz_take(&input, size);
	const char *const extra = flags & 2 ? "X-One: 1\r\nRetry-After: 2\r\n" : NULL;
	const char *const media = flags & 128 ? NULL : word_of(text, type);
	const size_t whole = http_response_head(room, sizeof(room), status, media, length, flags & 1, extra);

	check(whole > 0 && http_status_text(status) != NULL);
	check_head(room, whole, status, status >= 200 && status != 204 && status != 304);
	uint8_t *const small = fuzz_exact(&exact, room + 1024, capacity);
	const size_t again = http_response_head(small, capacity, status, media, length, flags & 1, extra);

	check(again == (whole <= capacity ? whole : 0));
	check(again == 0 || memcmp(small, room, whole) == 0);
	check(http_status_text((int)capacity + 600) == NULL);
	if (http_host_is_valid(span_of(fuzz_exact(&exact, text.bytes, text.size), text.size)))
		for (size_t i = 0; i < text.size; i++)
			check(text.bytes[i] > ' ' && text.bytes[i] < 0x7f && text.bytes[i] != '/' &&
			      text.bytes[i] != '@' && text.bytes[i] != '%');
	return 0;
}
