#include "tests/fuzz/hearing.h"

#include <stdio.h>
#include <zlib.h>

#include "proto/json/json_scan.h"
#include "proto/utf8/utf8.h"
#include "proto/ws/ws_close.h"
#include "proto/ws/ws_header.h"
#include "tests/fuzz/fuzz.h"

enum { STREAM_HTTP, STREAM_NOTICES, STREAM_PONGS, STREAM_ANSWERS = 1 << 8 };

#define ROOM_BIT (1ull << 63)

void hearing_clear(struct hearing *hearing)
{
	hearing->count = 0;
	hearing->size = 0;
	hearing->closed = false;
	hearing->close_code = 0;
}

static uint64_t hash(struct span text)
{
	uint64_t sum = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < text.size; i++)
		sum = (sum ^ text.bytes[i]) * 0x100000001b3ull;
	return sum;
}

/* The size of the key that stands there, of those whose value is a run's own, or 0. */
static size_t own_key(const uint8_t *bytes, size_t size)
{
	static const struct span keys[] = { SPAN("\"conn\":\""), SPAN("\"epoch\":\""), SPAN("\"time\":"),
					    SPAN("\"ts\":") };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].size <= size && bytes[1] == keys[i].bytes[1] &&
		    memcmp(bytes, keys[i].bytes, keys[i].size) == 0)
			return keys[i].size;
	return 0;
}

/* Letters and digits behind such a key become one sign. */
static size_t blank_own(uint8_t *bytes, size_t size)
{
	size_t at = 0;

	for (const uint8_t *quote; at < size && (quote = memchr(bytes + at, '"', size - at)) != NULL;) {
		at = (size_t)(quote - bytes);
		const size_t key = own_key(bytes + at, size - at);
		size_t end = at += key > 0 ? key : 1;

		while (key > 0 && end < size &&
		       (bytes[end] == '-' || (bytes[end] >= '0' && bytes[end] <= '9') ||
			(bytes[end] >= 'a' && bytes[end] <= 'z')))
			end++;
		if (end == at)
			continue;
		bytes[at++] = '#';
		memmove(bytes + at, bytes + end, size - end);
		size -= end - at;
	}
	return size;
}

static struct told *tell(struct hearing *hearing, uint64_t stream, struct span bytes)
{
	check(hearing->count < HEARING_TOLD_MAX && bytes.size <= HEARING_BYTES_MAX - hearing->size);
	struct told *const told = &hearing->told[hearing->count++];
	size_t size = bytes.size;

	*told = (struct told){ .stream = stream, .at = hearing->size };
	if (size > 0)
		memcpy(hearing->bytes + told->at, bytes.bytes, size);
	if (stream != STREAM_HTTP)
		size = blank_own(hearing->bytes + told->at, size);
	told->size = (uint32_t)size;
	hearing->size += (uint32_t)size;
	return told;
}

static void take_text(struct hearing *hearing, struct span text)
{
	enum { RE, EV, ROOM, COUNT };
	static const struct json_name names[] = { { "re" }, { "ev" }, { "room" } };
	struct json_value values[COUNT];

	check(utf8_valid(text.bytes, text.size));
	check(json_scan_object(values, names, COUNT, text.bytes, text.size) == 1);
	check((values[RE].type == JSON_NUMBER) != (values[EV].type == JSON_STRING));
	if (values[RE].type == JSON_NUMBER) {
		/* Some are given at once and some come from the room's home: each is an order of its own. */
		struct told *const told = tell(hearing, STREAM_ANSWERS, text);
		const struct span equal = span_of(hearing->bytes + told->at, told->size);

		told->stream = (STREAM_ANSWERS | hash(equal) << 9) & ~ROOM_BIT;
	} else if (values[ROOM].type == JSON_STRING && !span_equal(values[EV].token, SPAN("\"notice\""))) {
		tell(hearing, ROOM_BIT | hash(values[ROOM].token), text);
	} else {
		tell(hearing, STREAM_NOTICES, text);
	}
}

static void take_close(struct hearing *hearing, struct span payload)
{
	struct ws_close close;

	check(hearing->close_code == 0);
	/* Without a code where the client's had none (RFC 6455, 5.5.1). */
	check(ws_close_parse(&close, payload.bytes, payload.size) == 1);
	hearing->close_code = close.code;
}

/* Messages stand alone: every one begins with an empty window. */
static struct span inflated(struct span payload)
{
	static uint8_t out[HEARING_MESSAGE_MAX];
	static z_stream stream;

	if (!stream.state)
		check(inflateInit2(&stream, -15) == Z_OK);
	check(inflateReset(&stream) == Z_OK);
	stream.next_in = (uint8_t *)payload.bytes;
	stream.avail_in = (unsigned)payload.size;
	stream.next_out = out;
	stream.avail_out = sizeof(out);
	check(inflate(&stream, Z_SYNC_FLUSH) == Z_OK && stream.avail_in == 0);
	stream.next_in = (uint8_t *)"\0\0\xff\xff";
	stream.avail_in = 4;
	check(inflate(&stream, Z_SYNC_FLUSH) == Z_OK && stream.avail_in == 0 && stream.avail_out > 0);
	return span_of(out, sizeof(out) - stream.avail_out);
}

static void take_frames(struct hearing *hearing, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		struct ws_header header;
		const int head = ws_header_parse(&header, bytes, size);

		check(head >= 0 && hearing->close_code == 0); /* nothing is said behind a close */
		if (head == 0 || header.payload_size > size - (size_t)head) {
			check(hearing->closed); /* cut off in the middle */
			return;
		}
		const struct span payload = span_of(bytes + head, header.payload_size);

		check(header.fin && !header.masked);
		check(!header.compressed || (header.opcode == WS_TEXT && hearing->compresses));
		if (header.opcode == WS_TEXT)
			take_text(hearing, header.compressed ? inflated(payload) : payload);
		else if (header.opcode == WS_PONG)
			tell(hearing, STREAM_PONGS, payload);
		else if (header.opcode == WS_CLOSE)
			take_close(hearing, payload);
		else
			abort();
		bytes += (size_t)head + payload.size;
		size -= (size_t)head + payload.size;
	}
}

void hearing_take(struct hearing *hearing, const uint8_t *bytes, size_t size, bool closed)
{
	const uint8_t *const end = size > 0 ? memmem(bytes, size, "\r\n\r\n", 4) : NULL;

	hearing->closed = closed;
	if (size == 0)
		return;
	check(end != NULL && memcmp(bytes, "HTTP/1.1 ", 9) == 0);
	if (memcmp(bytes + 9, "101 ", 4) != 0) {
		tell(hearing, STREAM_HTTP, span_of(bytes, size));
		return;
	}
	tell(hearing, STREAM_HTTP, span_of(bytes, (size_t)(end - bytes)));
	hearing->compresses = memmem(bytes, (size_t)(end - bytes), "permessage-deflate", 18) != NULL;
	take_frames(hearing, end + 4, size - (size_t)(end + 4 - bytes));
}

static int by_stream(const void *a, const void *b)
{
	const struct told *const one = a, *const other = b;

	if (one->stream != other->stream)
		return one->stream < other->stream ? -1 : 1;
	return one->at < other->at ? -1 : one->at > other->at;
}

static uint32_t stream_end(const struct hearing *hearing, uint32_t from)
{
	uint32_t end = from;

	while (end < hearing->count && hearing->told[end].stream == hearing->told[from].stream)
		end++;
	return end;
}

static void differ(const char *what, const struct hearing *hearing, const struct told *told)
{
	fprintf(stderr, "%s: stream %lx: %.*s\n", what, told->stream, (int)told->size,
		(const char *)hearing->bytes + told->at);
	abort();
}

/* One order of each, as far as both go. */
static void compare_stream(const struct hearing *whole, uint32_t at, const struct hearing *cut, uint32_t to,
			   uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct told *const a = &whole->told[at + i], *const b = &cut->told[to + i];

		if (a->size != b->size || memcmp(whole->bytes + a->at, cut->bytes + b->at, a->size) != 0) {
			fprintf(stderr, "at once: %.*s\n", (int)a->size, (const char *)whole->bytes + a->at);
			differ("in pieces", cut, b);
		}
	}
}

void hearing_compare(struct hearing *whole, struct hearing *cut)
{
	uint32_t at = 0, to = 0;

	/* How long it stays open behind its last words is up to the engine: until the peer is quiet for a while. */
	const bool over = whole->closed || cut->closed || whole->close_code != 0;

	if (whole->close_code != cut->close_code) {
		fprintf(stderr, "at once: %u; in pieces: %u\n", whole->close_code, cut->close_code);
		abort();
	}
	if (whole->left || cut->left)
		return;
	qsort(whole->told, whole->count, sizeof(whole->told[0]), by_stream);
	qsort(cut->told, cut->count, sizeof(cut->told[0]), by_stream);
	while (at < whole->count || to < cut->count) {
		const uint64_t a = at < whole->count ? whole->told[at].stream : UINT64_MAX;
		const uint64_t b = to < cut->count ? cut->told[to].stream : UINT64_MAX;
		const uint32_t left = a <= b ? stream_end(whole, at) - at : 0;
		const uint32_t right = b <= a ? stream_end(cut, to) - to : 0;

		if (left != right && !over && left > right)
			differ("told only at once", whole, &whole->told[at + right]);
		if (left != right && !over)
			differ("told only in pieces", cut, &cut->told[to + left]);
		compare_stream(whole, at, cut, to, left < right ? left : right);
		at += left;
		to += right;
	}
}
