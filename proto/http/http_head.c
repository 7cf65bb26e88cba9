/* Two passes. The first looks at each byte once, ever, for the end and for
 * what may stand nowhere in a head; the second, when the head is whole, takes
 * it apart and may rely on every line's ending with CRLF. The twins with and
 * without SIMD are one source: they differ in how harmless bytes are skipped. */
#include "proto/http/http_head.h"

#include <assert.h>

#include "proto/http/http_host.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

/* Inside this file a negative result is -(enum http_refusal): its status comes last. */
#define REFUSED(name) (-HTTP_REFUSED_##name)

static const struct {
	int status;
	const char *name, *text;
} refusals[HTTP_REFUSED_COUNT] = {
	[HTTP_REFUSED_NOT] = { 200, "not", "" },
#define HTTP_REFUSAL(name, status, text) [HTTP_REFUSED_##name] = { status, #name, text },
#include "proto/http/tbl/http_refusals.h"
#undef HTTP_REFUSAL
};

const char *http_refusal_text(enum http_refusal refusal)
{
	assert(refusal < HTTP_REFUSED_COUNT);
	return refusals[refusal].text;
}

const char *http_refusal_name(enum http_refusal refusal)
{
	assert(refusal < HTTP_REFUSED_COUNT);
	return refusals[refusal].name;
}

typedef size_t skip_fn(const uint8_t *bytes, size_t size);

/* How many bytes from the start are no control characters. */
INLINE size_t skip_text_scalar(const uint8_t *bytes, size_t size)
{
	size_t at = 0;

	while (at < size && bytes[at] >= 0x20 && bytes[at] != 0x7f)
		at++;
	return at;
}

#ifdef __SSE2__
INLINE size_t skip_text(const uint8_t *bytes, size_t size)
{
	const __m128i last_control = _mm_set1_epi8(0x1f);
	const __m128i delete = _mm_set1_epi8(0x7f);
	size_t at = 0;

	for (; size - at >= 16; at += 16) {
		const __m128i block = _mm_loadu_si128((const __m128i *)(bytes + at));
		const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block);
		const int mask = _mm_movemask_epi8(_mm_or_si128(control, _mm_cmpeq_epi8(block, delete)));

		if (mask != 0)
			return at + (size_t)__builtin_ctz((unsigned)mask);
	}
	return at + skip_text_scalar(bytes + at, size - at);
}
#else
#define skip_text skip_text_scalar
#endif

static int refuse_control(uint8_t byte)
{
	return byte == '\r' ? REFUSED(bare_cr) : byte == '\n' ? REFUSED(bare_lf) : REFUSED(control);
}

/* Returns where the head that starts at `start` ends, 0 when not before limit, or a refusal. All bytes before `from`
 * were looked at, but for a CR whose LF was not there yet. */
INLINE int find_end(const uint8_t *bytes, size_t start, size_t from, size_t limit, skip_fn *skip)
{
	for (size_t at = from; at < limit; at++) {
		at += skip(bytes + at, limit - at);
		if (at == limit)
			break;
		if (bytes[at] == '\t')
			continue;
		if (bytes[at] == '\r' && (at + 1 == limit || bytes[at + 1] == '\n'))
			continue;
		if (bytes[at] != '\n' || at == start || bytes[at - 1] != '\r')
			return refuse_control(bytes[at]);
		assert(at >= 2); /* a CRLF at the very start is behind us */
		if (bytes[at - 2] == '\n')
			return (int)at + 1;
	}
	return 0;
}

/* Takes a line off the text, which ends with one, without its CRLF. */
static struct span next_line(struct span *text)
{
	const uint8_t *const feed = memchr(text->bytes, '\n', text->size);

	assert(feed && feed > text->bytes && feed[-1] == '\r');
	const struct span line = span_of(text->bytes, (size_t)(feed - 1 - text->bytes));

	text->bytes += line.size + 2;
	text->size -= line.size + 2;
	return line;
}

/* Takes what stands before the mark, and the mark; SPAN_NONE when there is none. */
static struct span take_until(struct span *text, char mark)
{
	const uint8_t *const at = text->size > 0 ? memchr(text->bytes, mark, text->size) : NULL;

	if (!at)
		return SPAN_NONE;
	const struct span before = span_of(text->bytes, (size_t)(at - text->bytes));

	text->bytes += before.size + 1;
	text->size -= before.size + 1;
	return before;
}

/* Of a query also what RFC 3986 has escaped but browsers do not: [ ] { } | \ ^ ` . */
static bool is_target(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.bytes[i] <= ' ' || text.bytes[i] >= 0x7f || memchr("#\"<>", text.bytes[i], 4))
			return false;
	return text.size > 0;
}

static bool is_hex(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

/* RFC 3986, 3.3. What ways have is compared, never decoded: no spelling of one leads past another reader. */
static bool is_path(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		const uint8_t byte = text.bytes[i];

		if (memchr("[]{}|\\^`", byte, 8))
			return false;
		if (byte == '%' && (text.size - i < 3 || !is_hex(text.bytes[i + 1]) || !is_hex(text.bytes[i + 2])))
			return false;
	}
	return true;
}

bool http_target_is_valid(struct span target)
{
	struct span rest = target;
	const struct span before = take_until(&rest, '?');

	return is_target(target) && target.bytes[0] == '/' && is_path(before.bytes ? before : target);
}

/* "http://example.org/way?x": takes scheme and authority off, which is then the host. */
static bool take_authority(struct http_head *head, struct span *target)
{
	struct span rest = *target;
	const struct span scheme = take_until(&rest, ':');
	size_t size = 2;

	/* Of a handshake too: RFC 6455, 4.1. */
	if (!http_text_is(scheme, "http") && !http_text_is(scheme, "https"))
		return false;
	if (rest.size < 2 || rest.bytes[0] != '/' || rest.bytes[1] != '/')
		return false;
	while (size < rest.size && rest.bytes[size] != '/' && rest.bytes[size] != '?')
		size++;
	head->host = span_of(rest.bytes + 2, size - 2);
	*target = span_of(rest.bytes + size, rest.size - size);
	return http_host_is_valid(head->host);
}

/* RFC 9112, 3.2: one of four forms. */
static bool read_target(struct http_head *head)
{
	struct span rest = head->target;

	if (!is_target(head->target))
		return false;
	if (span_equal(head->method, SPAN("CONNECT"))) {
		head->path = SPAN("");
		head->host = head->target;
		return http_host_is_valid(head->host);
	}
	if (span_equal(head->target, SPAN("*"))) {
		head->path = head->target;
		return span_equal(head->method, SPAN("OPTIONS"));
	}
	if (rest.bytes[0] != '/' && !take_authority(head, &rest))
		return false;

	const struct span before = take_until(&rest, '?');

	head->path = before.bytes ? before : rest;
	head->query = before.bytes ? rest : SPAN_NONE;
	if (head->path.size == 0)
		head->path = SPAN("/");
	return is_path(head->path);
}

static int read_version(struct http_head *head, struct span text)
{
	if (text.size != 8 || memcmp(text.bytes, "HTTP/", 5) != 0 || text.bytes[6] != '.')
		return REFUSED(version);
	if (text.bytes[5] < '0' || text.bytes[5] > '9' || text.bytes[7] < '0' || text.bytes[7] > '9')
		return REFUSED(version);
	if (text.bytes[5] != '1' || text.bytes[7] > '1')
		return REFUSED(version_unknown);
	head->minor = text.bytes[7] - '0';
	return 1;
}

static int read_request_line(struct http_head *head, struct span line)
{
	struct span rest = line;

	head->method = take_until(&rest, ' ');
	head->target = take_until(&rest, ' ');
	if (!http_is_token(head->method))
		return REFUSED(method);
	if (head->target.size > HTTP_TARGET_SIZE_MAX)
		return REFUSED(target_long);

	const int result = read_version(head, rest);

	if (result < 0)
		return result;
	return read_target(head) ? 1 : REFUSED(target);
}

static int read_fields(struct http_head *head, struct span text)
{
	while (text.size > 2) {
		struct span line = next_line(&text);
		/* A line that begins with a space (obs-fold) or has one before its colon has no token here. */
		const struct span name = take_until(&line, ':');

		if (!http_is_token(name))
			return REFUSED(field_name);
		if (head->field_count == HTTP_FIELDS_MAX)
			return REFUSED(fields_many);
		head->fields[head->field_count++] = (struct http_field){ name, http_trim(line) };
	}
	return 1;
}

static bool read_length(struct http_head *head, struct span value)
{
	uint64_t length = 0;

	for (size_t i = 0; i < value.size; i++) {
		const uint64_t digit = (uint64_t)value.bytes[i] - '0';

		if (value.bytes[i] < '0' || digit > 9 || length > (UINT64_MAX - digit) / 10)
			return false;
		length = length * 10 + digit;
	}
	head->content_length = length;
	head->has_body = length > 0;
	return value.size > 0;
}

/* RFC 9112, 6: where the request ends must not be open to two readings. */
static int judge_body(struct http_head *head)
{
	const size_t lengths = http_head_field_count(head, "content-length");

	if (http_head_field_count(head, "transfer-encoding") > 0) {
		if (lengths > 0)
			return REFUSED(length_and_coding);
		return head->minor == 0 ? REFUSED(coding_in_1_0) : REFUSED(coding);
	}
	if (lengths > 1)
		return REFUSED(length_twice);
	if (lengths == 1 && !read_length(head, http_head_field(head, "content-length")))
		return REFUSED(length);
	/* Bytes behind a handshake are frames; as a body they would be read twice. */
	if (head->has_body && span_equal(head->method, SPAN("GET")) && http_head_field_count(head, "upgrade") > 0)
		return REFUSED(upgrade_body);
	return 1;
}

static bool is_same_host(struct span a, struct span b)
{
	return a.size == b.size && http_text_equal(a.bytes, (const char *)b.bytes, a.size);
}

/* RFC 9112, 3.2.2 lets the target win where the two differ; a proxy before us may have gone by the other. */
static int judge_host(struct http_head *head)
{
	const size_t hosts = http_head_field_count(head, "host");
	const struct span host = http_head_field(head, "host");

	if (hosts > 1)
		return REFUSED(host_twice);
	if (hosts == 0)
		return head->minor > 0 ? REFUSED(host_missing) : 1;
	if (!http_host_is_valid(host))
		return REFUSED(host);
	if (head->host.bytes && !is_same_host(head->host, host))
		return REFUSED(host_differs);
	head->host = host;
	return 1;
}

static int read_head(struct http_head *head, struct span text)
{
	head->path = head->query = head->host = SPAN_NONE;
	head->has_body = false;
	head->content_length = 0;
	head->field_count = 0;

	int result = read_request_line(head, next_line(&text));

	if (result > 0)
		result = read_fields(head, text);
	if (result > 0)
		result = judge_host(head);
	if (result > 0)
		result = judge_body(head);
	if (result < 0)
		return result;
	head->keep_alive = !http_head_has_token(head, "connection", "close") &&
			   (head->minor > 0 || http_head_has_token(head, "connection", "keep-alive"));
	return 1;
}

INLINE int parse(struct http_head *head, const uint8_t *bytes, size_t size, size_t scanned, skip_fn *skip)
{
	const size_t limit = size < HTTP_HEAD_SIZE_MAX ? size : HTTP_HEAD_SIZE_MAX;
	/* RFC 9112, 2.2: some clients send an empty line too many behind the request before. */
	const size_t start = size >= 2 && bytes[0] == '\r' && bytes[1] == '\n' ? 2 : 0;
	/* Three back: an end may have begun there. */
	const size_t from = scanned > start + 3 ? scanned - 3 : start;
	const int end = find_end(bytes, start, from, limit, skip);

	int result = end;

	if (end > 0)
		result = read_head(head, span_of(bytes + start, (size_t)end - start));
	else if (end == 0 && size >= HTTP_HEAD_SIZE_MAX)
		result = memchr(bytes + start, '\n', limit - start) ? REFUSED(head_long) : REFUSED(target_long);
	head->refusal = result < 0 ? (uint8_t)-result : HTTP_REFUSED_NOT;
	if (result < 0)
		return -refusals[head->refusal].status;
	return end;
}

int http_head_parse(struct http_head *head, const uint8_t *bytes, size_t size, size_t scanned)
{
	return parse(head, bytes, size, scanned, skip_text);
}

int http_head_parse_scalar(struct http_head *head, const uint8_t *bytes, size_t size, size_t scanned)
{
	return parse(head, bytes, size, scanned, skip_text_scalar);
}

struct span http_head_field(const struct http_head *head, const char *name)
{
	for (uint32_t i = 0; i < head->field_count; i++)
		if (http_text_is(head->fields[i].name, name))
			return head->fields[i].value;
	return SPAN_NONE;
}

size_t http_head_field_count(const struct http_head *head, const char *name)
{
	size_t count = 0;

	for (uint32_t i = 0; i < head->field_count; i++)
		count += http_text_is(head->fields[i].name, name);
	return count;
}

bool http_head_has_token(const struct http_head *head, const char *name, const char *token)
{
	for (uint32_t i = 0; i < head->field_count; i++)
		if (http_text_is(head->fields[i].name, name) && http_token_list_has(head->fields[i].value, token))
			return true;
	return false;
}
