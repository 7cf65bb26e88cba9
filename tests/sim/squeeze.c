#include "tests/sim/squeeze.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/check.h"
#include "engine/core/random.h"
#include "engine/core/segment.h"
#include "tests/sim/sim.h"

#define FIELD_MAX 256

uint64_t squeeze_got, squeeze_said;

static struct random draws;
static struct codec_limits limits;

static uint32_t below(uint32_t bound)
{
	return (uint32_t)random_below(&draws, bound);
}

void squeeze_draw(uint64_t seed)
{
	random_seed(&draws, seed ^ 0x73717565657a65);
	limits = (struct codec_limits){
		/* Worlds of an input are many, and zlib is a sixth of one. */
		.on = below(5) < (sim.input.end ? 1 : 3),
		.from = 1 + below(2) * below(300),
		.bytes_per_s = below(2) * (1 + below(20000)),
		.kept_bytes_max = below(2) * below(400000),
		/* No message of an input is near it. */
		.message_size_max = sim.input.end ? 8192 : 65536,
		.payload_size_max = sim.input.end ? 8192 : SEGMENT_BYTES_MAX,
	};
}

struct codec_limits squeeze_limits(void)
{
	return limits;
}

void squeeze_offer(struct squeeze *squeeze, char field[FIELD_MAX])
{
	char server_bits[40] = "", client_bits[40] = "";

	*squeeze = (struct squeeze){ .offered = below(4) != 0 };
	field[0] = 0;
	if (!squeeze->offered)
		return;
	if (below(3) == 0)
		snprintf(server_bits, sizeof(server_bits), "; server_max_window_bits=%u", 9 + below(7));
	if (below(2) == 0)
		snprintf(client_bits, sizeof(client_bits),
			 below(2) ? "; client_max_window_bits=%u" : "; client_max_window_bits", 9 + below(7));
	snprintf(field, FIELD_MAX, "Sec-WebSocket-Extensions: permessage-deflate%s%s%s%s\r\n",
		 below(3) == 0 ? "; server_no_context_takeover" : "",
		 below(3) == 0 ? "; client_no_context_takeover" : "", server_bits, client_bits);
}

/* The number behind a parameter's name, or what holds without it. */
static int bits_of(const char *field, const char *name)
{
	const char *at = strstr(field, name);

	return at ? (int)strtoul(at + strlen(name), NULL, 10) : 15;
}

void squeeze_agree(struct squeeze *squeeze, const char *head, size_t size)
{
	char text[1024];

	CHECK(size < sizeof(text));
	memcpy(text, head, size);
	text[size] = 0;
	const char *field = strstr(text, "Sec-WebSocket-Extensions: permessage-deflate");

	if ((field != NULL) != (squeeze->offered && limits.on))
		sim_fail("compression was %soffered, but: %s", squeeze->offered ? "" : "not ", text);
	if (!field)
		return;
	squeeze->agreed = true;
	squeeze->server_keeps = !strstr(field, "server_no_context_takeover");
	squeeze->client_keeps = !strstr(field, "client_no_context_takeover");
	squeeze->server_bits = bits_of(field, "server_max_window_bits=");
	squeeze->client_bits = bits_of(field, "client_max_window_bits=");
	const int level = 1 + (int)below(9), memory = 1 + (int)below(9);

	/* With an input messages are short: less memory, of which much is wiped, says the same. */
	if (inflateInit2(&squeeze->reader, -squeeze->server_bits) != Z_OK ||
	    deflateInit2(&squeeze->writer, level, Z_DEFLATED, -squeeze->client_bits,
			 sim.input.end ? 1 + memory % 3 : memory, Z_DEFAULT_STRATEGY) != Z_OK)
		sim_fail("zlib does not take %d and %d bits", squeeze->server_bits, squeeze->client_bits);
}

size_t squeeze_read(struct squeeze *squeeze, const uint8_t *payload, size_t size, char *text, size_t capacity)
{
	static uint8_t whole[1 << 20];
	z_stream *reader = &squeeze->reader;

	if (!squeeze->agreed || size + 4 > sizeof(whole))
		sim_fail("a compressed frame of %zu bytes to one who did not agree", size);
	memcpy(whole, payload, size);
	memcpy(whole + size, "\0\0\xff\xff", 4);
	if (!squeeze->server_keeps)
		inflateReset(reader);
	reader->next_in = whole;
	reader->avail_in = (uInt)size + 4;
	reader->next_out = (Bytef *)text;
	reader->avail_out = (uInt)capacity - 1;
	const int result = inflate(reader, Z_SYNC_FLUSH);
	const size_t got = capacity - 1 - reader->avail_out;

	if (result != Z_OK || reader->avail_in != 0)
		sim_fail("what came compressed cannot be read: %s", reader->msg ? reader->msg : "it has no end");
	if (got < limits.from || got <= size)
		sim_fail("%zu bytes were compressed to %zu", got, size);
	text[got] = 0;
	squeeze_got++;
	return got;
}

size_t squeeze_write(struct squeeze *squeeze, const char *text, size_t size, uint8_t *payload, size_t capacity)
{
	z_stream *writer = &squeeze->writer;

	if (!squeeze->agreed || size == 0 || below(4) == 0)
		return 0;
	if (!squeeze->client_keeps)
		deflateReset(writer);
	writer->next_in = (Bytef *)(uintptr_t)text;
	writer->avail_in = (uInt)size;
	writer->next_out = payload;
	writer->avail_out = (uInt)capacity;
	const int result = deflate(writer, Z_SYNC_FLUSH);

	CHECK(result == Z_OK && writer->avail_in == 0 && writer->avail_out > 0);
	squeeze_said++;
	return capacity - writer->avail_out - 4;
}

void squeeze_end(struct squeeze *squeeze)
{
	if (squeeze->agreed) {
		inflateEnd(&squeeze->reader);
		deflateEnd(&squeeze->writer);
	}
	*squeeze = (struct squeeze){ 0 };
}
