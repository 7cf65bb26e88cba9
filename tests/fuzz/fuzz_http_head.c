/* A head must be read alike with and without SIMD and however it grew, and what
 * is let through must keep the rules, checked here in the slow and obvious way. Input: a byte that the steps are
 * drawn from, then the head. */
#include "proto/http/http_head.h"
#include "proto/ws/ws_handshake.h"
#include "tests/fuzz/fuzz.h"

static struct fuzz_exact exact;

static void check_within(struct span span, const uint8_t *bytes, size_t size)
{
	check(span.bytes >= bytes && span.bytes + span.size <= bytes + size);
	for (size_t i = 0; i < span.size; i++)
		check((span.bytes[i] >= 0x20 || span.bytes[i] == '\t') && span.bytes[i] != 0x7f);
}

static void sha1(const void *bytes, size_t size, uint8_t out[20])
{
	for (size_t i = 0; i < 20; i++)
		out[i] = ((const uint8_t *)bytes)[i % size];
}

static void check_fields(const struct http_head *head, const uint8_t *bytes, size_t size)
{
	size_t hosts = 0, lengths = 0;

	check(head->field_count <= HTTP_FIELDS_MAX);
	for (uint32_t i = 0; i < head->field_count; i++) {
		const struct http_field *field = &head->fields[i];

		check_within(field->name, bytes, size);
		check_within(field->value, bytes, size);
		check(http_is_token(field->name));
		check(field->name.bytes[field->name.size] == ':');
		check(field->name.bytes[-1] == '\n' && field->name.bytes[-2] == '\r');
		check(!http_text_is(field->name, "transfer-encoding"));
		hosts += http_text_is(field->name, "host");
		lengths += http_text_is(field->name, "content-length");
	}
	check(hosts + (head->minor == 0) >= 1 && hosts <= 1 && lengths <= 1);
	check(lengths == 1 || !head->has_body);
}

static void check_head(const struct http_head *head, const uint8_t *bytes, size_t size)
{
	uint8_t out[512];
	struct ws_handshake handshake;

	check(size <= HTTP_HEAD_SIZE_MAX && memcmp(bytes + size - 4, "\r\n\r\n", 4) == 0);
	check_within(head->method, bytes, size);
	check_within(head->target, bytes, size);
	check(http_is_token(head->method));
	check(head->target.size > 0 && head->target.size <= HTTP_TARGET_SIZE_MAX);
	check(head->minor == 0 || head->minor == 1);
	check(head->path.bytes && (head->path.size > 0 || span_equal(head->method, SPAN("CONNECT"))));
	check(head->minor == 0 || head->host.size > 0);
	check_fields(head, bytes, size);

	const int status = ws_handshake_check(head, &handshake);

	check(status == 101 || status == 400 || status == 426);
	if (status == 101) {
		check(!head->has_body && head->minor == 1);
		check(ws_handshake_write(out, sizeof(out), &handshake, "uproar.v1", sha1) > 0);
	}
	ws_handshake_offers(head, "uproar.v1");
	http_head_has_token(head, "accept-encoding", "gzip");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_head head, other;
	size_t scanned = 0;
	int result = 0;

	if (size < 1 || size > 20000)
		return 0;
	const size_t step = 1 + data[0] % 64 + size / 24;
	const uint8_t *const bytes = data + 1;
	const int whole = http_head_parse(&head, bytes, --size, 0);

	check(http_head_parse_scalar(&other, bytes, size, 0) == whole);
	if (whole > 0)
		check_head(&head, bytes, (size_t)whole);
	while (result == 0 && scanned < size) {
		const size_t now = size - scanned < step ? size : scanned + step;

		result = http_head_parse(&other, fuzz_exact(&exact, bytes, now), now, scanned);
		scanned = now;
	}
	check(result == whole);
	return 0;
}
