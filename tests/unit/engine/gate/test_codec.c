/* What one side packs the other reads, nothing is kept that was not agreed on, and the budget is kept to. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "engine/core/slab.h"
#include "engine/gate/codec.h"

#define CONNECTIONS 64
#define MESSAGE_MAX 4096

static struct counters counters;
static struct codec codec;
static struct codec_limits limits;
static uint64_t blocks_before;

static void open_with(uint64_t kept_bytes_max)
{
	blocks_before = block_bytes_out();
	limits = (struct codec_limits){
		.on = true,
		.from = 100,
		.kept_bytes_max = kept_bytes_max,
		.message_size_max = MESSAGE_MAX,
		.payload_size_max = 65536,
	};
	cr_assert_eq(codec_open(&codec, &limits, CONNECTIONS, &counters), 0);
}

static void shut(void)
{
	codec_close(&codec);
	cr_assert_eq(block_bytes_out(), blocks_before);
	cr_assert_eq(counter_read(&counters, COUNTER_compressing), 0);
	cr_assert_eq(counter_read(&counters, COUNTER_takeover_bytes), 0);
}

/* The offer, NULL for none; *answer is what the client is told. */
static int agree(uint32_t connection, const char *offer, struct codec_terms *terms, struct ws_deflate_terms *answer)
{
	char text[512];
	struct http_head head;
	const int size = snprintf(text, sizeof(text), "GET /ws HTTP/1.1\r\nHost: x\r\n%s%s%s\r\n",
				  offer ? "Sec-WebSocket-Extensions: " : "", offer ? offer : "", offer ? "\r\n" : "");

	cr_assert_gt(http_head_parse(&head, (const uint8_t *)text, (size_t)size, 0), 0);
	return codec_agree(&codec, connection, &head, terms, answer);
}

static struct codec_terms agreed(uint32_t connection, const char *offer)
{
	struct codec_terms terms;
	struct ws_deflate_terms answer;

	cr_assert_eq(agree(connection, offer, &terms, &answer), 1, "%s", offer);
	cr_assert_eq(terms.bits, answer.server_bits);
	cr_assert_eq(terms.keeps_in, answer.client_takeover);
	cr_assert_eq(terms.keeps_out, answer.server_takeover);
	return terms;
}

/* The other side, by zlib itself: kept from message to message if `reader` is. */
static void expect_read(z_stream *reader, struct span packed, const char *text, size_t size)
{
	uint8_t in[MESSAGE_MAX + 4], out[MESSAGE_MAX + 1];

	cr_assert(packed.bytes && packed.size < size && packed.size <= MESSAGE_MAX);
	memcpy(in, packed.bytes, packed.size);
	memcpy(in + packed.size, "\0\0\xff\xff", 4);
	reader->next_in = in;
	reader->avail_in = (uInt)packed.size + 4;
	reader->next_out = out;
	reader->avail_out = sizeof(out);
	cr_assert_eq(inflate(reader, Z_SYNC_FLUSH), Z_OK, "%s", reader->msg);
	cr_assert_eq(reader->avail_in, 0);
	cr_assert_eq(sizeof(out) - reader->avail_out, size);
	cr_assert_arr_eq(out, text, size);
}

/* A client's compressed message in an allocation of its own. */
static int inflate_of(uint32_t connection, const struct codec_terms *terms, z_stream *writer, const char *text,
		      size_t size, struct ws_message *message)
{
	static uint8_t packed[1 << 20];

	writer->next_in = (Bytef *)(uintptr_t)text;
	writer->avail_in = (uInt)size;
	writer->next_out = packed;
	writer->avail_out = sizeof(packed);
	cr_assert_eq(deflate(writer, Z_SYNC_FLUSH), Z_OK);
	const size_t packed_size = sizeof(packed) - writer->avail_out - 4;
	uint8_t *exact = malloc(packed_size);

	memcpy(exact, packed, packed_size);
	*message = (struct ws_message){ .opcode = WS_TEXT, .compressed = true, .bytes = exact, .size = packed_size };
	const int result = codec_inflate(&codec, connection, terms, message);

	free(exact);
	return result;
}

static char *text_of(size_t size)
{
	char *text = malloc(size);

	for (size_t i = 0; i < size; i++)
		text[i] = "the same words again "[i % 21];
	return text;
}

Test(codec, off_agrees_on_nothing_and_costs_nothing)
{
	struct codec_terms terms;
	struct ws_deflate_terms answer;

	limits = (struct codec_limits){ .message_size_max = MESSAGE_MAX, .payload_size_max = 65536 };
	cr_assert_eq(codec_bytes_max(&limits, CONNECTIONS), 0);
	cr_assert_eq(codec_open(&codec, &limits, CONNECTIONS, &counters), 0);
	cr_assert_eq(agree(0, "permessage-deflate", &terms, &answer), 0);
	cr_assert(terms.bits == 0 && !answer.agreed && !codec_shares(&terms));
	shut();
}

Test(codec, nothing_is_kept_unless_there_is_a_budget)
{
	open_with(0);
	struct codec_terms terms = agreed(0, "permessage-deflate; client_max_window_bits");

	cr_assert(!terms.keeps_in && !terms.keeps_out && codec_shares(&terms));
	cr_assert_eq(block_bytes_out(), blocks_before, "no memory for one that agreed");
	cr_assert_eq(counter_read(&counters, COUNTER_compressing), 1);
	codec_leave(&codec, 0, &terms);
	codec_leave(&codec, 0, &terms);
	shut();
}

Test(codec, a_smaller_window_is_kept_to_and_reads_no_shared_frames)
{
	char *text = text_of(3000);
	z_stream reader = { 0 };

	/* What repeats only 2,000 bytes back is out of reach of 9 bits. */
	for (size_t i = 0; i < 3000; i++)
		text[i] = (char)('0' + (i % 2000) * 7919 % 61);
	open_with(0);
	struct codec_terms small = agreed(0, "permessage-deflate; server_max_window_bits=9");
	struct codec_terms full = agreed(1, "permessage-deflate");

	cr_assert(small.bits == 9 && !codec_shares(&small));
	cr_assert(full.bits == 15 && codec_shares(&full));
	for (int round = 0; round < 3; round++) {
		cr_assert_eq(inflateInit2(&reader, -9), Z_OK);
		expect_read(&reader, codec_deflate(&codec, 0, &small, (uint8_t *)text, 3000), text, 3000);
		inflateEnd(&reader);
		cr_assert_eq(inflateInit2(&reader, -15), Z_OK);
		expect_read(&reader, codec_deflate(&codec, 1, &full, (uint8_t *)text, 3000), text, 3000);
		inflateEnd(&reader);
	}
	free(text);
	codec_leave(&codec, 0, &small);
	codec_leave(&codec, 1, &full);
	shut();
}

Test(codec, small_ones_and_those_that_do_not_shrink_stay_as_they_are)
{
	uint8_t noise[1000];
	char *text = text_of(200);
	struct codec_terms none = { 0 };

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)random();
	open_with(0);
	cr_assert_null(codec_deflate_shared(&codec, (uint8_t *)text, limits.from - 1).bytes);
	cr_assert_eq(counter_read(&counters, COUNTER_compressions), 0, "it was not even tried");
	cr_assert_not_null(codec_deflate_shared(&codec, (uint8_t *)text, limits.from).bytes);
	cr_assert_null(codec_deflate(&codec, 0, &none, (uint8_t *)text, 200).bytes);
	cr_assert_eq(counter_read(&counters, COUNTER_compressions), 1);
	const uint64_t in = counter_read(&counters, COUNTER_compressed_bytes_in);
	const uint64_t out = counter_read(&counters, COUNTER_compressed_bytes_out);

	cr_assert(in == limits.from && out < in);
	cr_assert_null(codec_deflate_shared(&codec, noise, sizeof(noise)).bytes);
	cr_assert_eq(counter_read(&counters, COUNTER_compressed_bytes_out) - out, sizeof(noise));
	free(text);
	shut();
}

Test(codec, shared_frames_stand_alone)
{
	char *text = text_of(500);
	z_stream reader = { 0 };

	open_with(1 << 20);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(inflateInit2(&reader, -15), Z_OK);
		expect_read(&reader, codec_deflate_shared(&codec, (uint8_t *)text, 500), text, 500);
		inflateEnd(&reader);
	}
	free(text);
	shut();
}

Test(codec, what_is_said_to_one_alone_may_look_back_until_something_came_between)
{
	char *text = text_of(500);
	z_stream reader = { 0 };

	open_with(1 << 20);
	struct codec_terms terms = agreed(7, "permessage-deflate");

	cr_assert(terms.keeps_out);
	cr_assert_eq(inflateInit2(&reader, -15), Z_OK);
	const size_t first = codec_deflate(&codec, 7, &terms, (uint8_t *)text, 500).size;
	cr_assert_eq(inflateReset(&reader), Z_OK);
	terms.moved = true;
	expect_read(&reader, codec_deflate(&codec, 7, &terms, (uint8_t *)text, 500), text, 500);
	cr_assert(!terms.moved);
	const struct span again = codec_deflate(&codec, 7, &terms, (uint8_t *)text, 500);

	cr_assert_lt(again.size, first);
	expect_read(&reader, again, text, 500);
	/* What is not known to one who comes now. */
	terms.moved = true;
	inflateReset(&reader);
	expect_read(&reader, codec_deflate(&codec, 7, &terms, (uint8_t *)text, 500), text, 500);
	inflateEnd(&reader);
	free(text);
	codec_leave(&codec, 7, &terms);
	shut();
}

Test(codec, a_client_refers_to_what_it_said)
{
	char *text = text_of(500);
	z_stream writer = { 0 };
	struct ws_message message;

	open_with(1 << 20);
	for (int round = 0; round < 2; round++) {
		struct codec_terms terms =
			agreed(3, round == 0 ? "permessage-deflate; client_max_window_bits" : "permessage-deflate");

		cr_assert(terms.keeps_in);
		cr_assert_eq(deflateInit2(&writer, 6, Z_DEFLATED, round == 0 ? -13 : -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
		for (int i = 0; i < 100; i++) {
			cr_assert_eq(inflate_of(3, &terms, &writer, text, 500, &message), 1);
			cr_assert(message.size == 500 && message.opcode == WS_TEXT && !message.compressed);
			cr_assert_arr_eq(message.bytes, text, 500);
		}
		deflateEnd(&writer);
		codec_leave(&codec, 3, &terms);
	}
	/* One that agreed to forget, and does not. */
	struct codec_terms terms = agreed(3, "permessage-deflate; client_no_context_takeover");

	cr_assert(!terms.keeps_in);
	cr_assert_eq(deflateInit2(&writer, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	cr_assert_eq(inflate_of(3, &terms, &writer, text, 500, &message), 1);
	cr_assert_eq(inflate_of(3, &terms, &writer, text, 500, &message), -1007);
	cr_assert_eq(counter_read(&counters, COUNTER_inflate_refused), 1);
	deflateEnd(&writer);
	codec_leave(&codec, 3, &terms);
	free(text);
	shut();
}

Test(codec, one_byte_past_the_limit_is_too_large)
{
	char *text = text_of(MESSAGE_MAX + 1), *zeros = calloc(1, 64 << 20);
	struct ws_message message;
	struct codec_terms terms;

	open_with(0);
	terms = agreed(0, "permessage-deflate");
	for (int over = 0; over < 3; over++) {
		z_stream writer = { 0 };
		const size_t size = over < 2 ? (size_t)MESSAGE_MAX + (size_t)over : 64 << 20;

		cr_assert_eq(deflateInit2(&writer, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
		cr_assert_eq(inflate_of(0, &terms, &writer, over < 2 ? text : zeros, size, &message), over ? -1009 : 1);
		deflateEnd(&writer);
	}
	free(text);
	free(zeros);
	codec_leave(&codec, 0, &terms);
	shut();
}

Test(codec, text_is_utf8_and_binary_need_not_be)
{
	struct codec_terms terms;

	open_with(0);
	terms = agreed(0, "permessage-deflate");
	for (int opcode = WS_TEXT; opcode <= WS_BINARY; opcode++) {
		/* A stored block, and the empty one that ends a message: "\xc3" is half a character. */
		uint8_t stored[] = { 0x00, 0x01, 0x00, 0xfe, 0xff, 0xc3, 0x00 };
		struct ws_message message = {
			.opcode = (uint8_t)opcode, .compressed = true, .bytes = stored, .size = sizeof(stored)
		};

		cr_assert_eq(codec_inflate(&codec, 0, &terms, &message), opcode == WS_TEXT ? -1007 : 1);
	}
	codec_leave(&codec, 0, &terms);
	shut();
}

Test(codec, the_budget_is_kept_to_and_given_back)
{
	/* A deflater of its own is larger than what 13 bits of history are: these come to fit and those do not. */
	struct codec_terms terms[4];

	open_with(3 * 8192);
	for (uint32_t i = 0; i < 4; i++) {
		terms[i] = agreed(i, "permessage-deflate; client_max_window_bits");
		cr_assert_eq(terms[i].keeps_in, i < 3);
		cr_assert(!terms[i].keeps_out);
	}
	cr_assert_eq(counter_read(&counters, COUNTER_takeover_bytes), limits.kept_bytes_max);
	codec_leave(&codec, 1, &terms[1]);
	terms[1] = agreed(1, "permessage-deflate; client_max_window_bits=12");
	cr_assert(terms[1].keeps_in);
	cr_assert_eq(counter_read(&counters, COUNTER_takeover_bytes), 2 * 8192 + 4096);
	for (uint32_t i = 0; i < 4; i++)
		codec_leave(&codec, i, &terms[i]);
	shut();
}

Test(codec, a_broken_offer_is_said_with_compression_and_without)
{
	struct codec_terms terms;
	struct ws_deflate_terms answer;

	open_with(1 << 20);
	cr_assert_eq(agree(0, "permessage-deflate;;", &terms, &answer), -400);
	cr_assert_eq(agree(0, "permessage-deflate; server_max_window_bits=8", &terms, &answer), 0);
	cr_assert_eq(agree(0, "permessage-deflate; nonsense", &terms, &answer), 0);
	cr_assert_eq(agree(0, NULL, &terms, &answer), 0);
	cr_assert_eq(terms.bits, 0);
	shut();
}

Test(codec, a_core_compresses_no_more_than_its_rate)
{
	char *text = text_of(65536);
	uint32_t done = 0;

	open_with(0);
	codec.limits.bytes_per_s = 1 << 20;
	codec.now_ms = 1000;
	while (codec_deflate_shared(&codec, (uint8_t *)text, 65536).bytes)
		done++;
	cr_assert_eq(done, 4, "a quarter of a second's at once");
	cr_assert_eq(counter_read(&counters, COUNTER_compress_skipped), 1);
	codec.now_ms += 62;
	cr_assert_null(codec_deflate_shared(&codec, (uint8_t *)text, 65536).bytes);
	codec.now_ms += 1;
	cr_assert_not_null(codec_deflate_shared(&codec, (uint8_t *)text, 65536).bytes);
	cr_assert_null(codec_deflate_shared(&codec, (uint8_t *)text, 65536).bytes);
	cr_assert_eq(counter_read(&counters, COUNTER_compressions), 5);
	codec.limits.bytes_per_s = 0;
	for (int i = 0; i < 50; i++)
		cr_assert_not_null(codec_deflate_shared(&codec, (uint8_t *)text, 65536).bytes);
	free(text);
	shut();
}
