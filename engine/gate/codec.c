#include "engine/gate/codec.h"

#include <errno.h>

#include "engine/core/check.h"
#include "engine/core/mutant.h"
#include "engine/core/pages.h"
#include "engine/core/slab.h"
#include "proto/deflate/deflate.h"
#include "proto/deflate/inflate.h"

/* Of the deflater that a connection has alone: a smaller window than was agreed on is always allowed. */
#define OWN_BITS 13
#define OWN_LEVEL 6 /* below 4 zlib does not note again what it found in an earlier message, and loses sight of it */

/* Asked of clients whose earlier messages we are to keep, where they can be asked. */
#define CLIENT_BITS 13

/* In which the rate is counted: a message costs some time whatever its size. At once at least a large one may come. */
#define RATE_UNIT 256
#define RATE_BURST_MIN (256 * 1024 / RATE_UNIT)

#define BAD_PAYLOAD 1007

/* What a connection keeps. */
struct codec_own {
	uint8_t *history; /* the end of its messages; a block of history_max */
	uint32_t history_size, history_max;
	struct deflate *deflate; /* a block of own_size() */
};

static size_t own_size(void)
{
	return deflate_size(OWN_BITS, DEFLATE_MEM_LEVEL);
}

static size_t core_size(void)
{
	return deflate_size(DEFLATE_BITS_MAX, DEFLATE_MEM_LEVEL);
}

static size_t packed_size(const struct codec_limits *limits)
{
	return limits->payload_size_max + (size_t)DEFLATE_ROOM;
}

int codec_open(struct codec *codec, const struct codec_limits *limits, uint32_t connections_max,
	       struct counters *counters)
{
	*codec = (struct codec){ .limits = *limits, .connections_max = connections_max, .counters = counters };
	if (!limits->on)
		return 0;
	/* Address space: what no message has touched costs nothing. */
	codec->packed = pages_reserve(packed_size(limits));
	codec->message = pages_reserve(limits->message_size_max);
	if (limits->kept_bytes_max > 0)
		codec->owns = pages_reserve(connections_max * sizeof(*codec->owns));
	return codec->packed && codec->message && (codec->owns || limits->kept_bytes_max == 0) ? 0 : -ENOMEM;
}

void codec_close(struct codec *codec)
{
	const struct codec_limits *limits = &codec->limits;

	CHECK(codec->kept_bytes == 0);
	block_give(codec->deflate, core_size());
	block_give(codec->inflate, INFLATE_SIZE);
	pages_release(codec->packed, packed_size(limits));
	pages_release(codec->message, limits->message_size_max);
	pages_release(codec->owns, codec->connections_max * sizeof(*codec->owns));
	*codec = (struct codec){ 0 };
}

void codec_adopt(struct codec *codec, const struct codec_limits *limits)
{
	codec->limits.from = limits->from;
	codec->limits.bytes_per_s = limits->bytes_per_s;
}

uint64_t codec_bytes_max(const struct codec_limits *limits, uint64_t connections_max)
{
	const uint64_t owns = limits->kept_bytes_max > 0 ? connections_max * sizeof(struct codec_own) : 0;

	if (!limits->on)
		return 0;
	return core_size() + INFLATE_SIZE + packed_size(limits) + limits->message_size_max + limits->kept_bytes_max +
	       owns;
}

/* A block out of the budget, or NULL. */
static void *keep(struct codec *codec, size_t size)
{
	void *block = NULL;

	if (codec->owns && codec->kept_bytes + size <= codec->limits.kept_bytes_max)
		block = block_take(size);
	if (block) {
		codec->kept_bytes += size;
		counter_add(codec->counters, COUNTER_takeover_bytes, (int64_t)size);
	}
	return block;
}

static void unkeep(struct codec *codec, void *block, size_t size)
{
	if (!block)
		return;
	block_give(block, size);
	codec->kept_bytes -= size;
	counter_add(codec->counters, COUNTER_takeover_bytes, -(int64_t)size);
}

static void *own_deflate(struct codec *codec)
{
	void *memory = keep(codec, own_size());

	if (!memory)
		return NULL;
	struct deflate *deflate = deflate_make(memory, own_size(), OWN_BITS, OWN_LEVEL, DEFLATE_MEM_LEVEL);

	CHECK(!deflate || (void *)deflate == memory);
	if (!deflate)
		unkeep(codec, memory, own_size());
	return deflate;
}

/* Takes back what the budget has no room for. */
static void reserve(struct codec *codec, uint32_t connection, struct ws_deflate_terms *answer)
{
	struct codec_own *own = codec->owns ? &codec->owns[connection] : NULL;

	if (answer->client_takeover) {
		own->history_max = 1u << answer->client_bits;
		own->history_size = 0;
		own->history = keep(codec, own->history_max);
		answer->client_takeover = own->history != NULL;
	}
	if (answer->server_takeover && answer->server_bits >= OWN_BITS)
		own->deflate = own_deflate(codec);
	answer->server_takeover = own && own->deflate;
}

int codec_agree(struct codec *codec, uint32_t connection, const struct http_head *request, struct codec_terms *terms,
		struct ws_deflate_terms *answer)
{
	const bool keeps = codec->owns != NULL;
	const struct ws_deflate_policy policy = {
		.on = codec->limits.on,
		.server_takeover = keeps,
		.client_takeover = keeps,
		.server_bits = WS_DEFLATE_BITS_MAX,
		.client_bits = keeps ? CLIENT_BITS : WS_DEFLATE_BITS_MAX,
	};
	const int result = ws_extension_accept(answer, request, &policy);

	*terms = (struct codec_terms){ 0 };
	if (result <= 0)
		return result;
	CHECK(!codec->owns || connection < codec->connections_max);
	reserve(codec, connection, answer);
	*terms = (struct codec_terms){
		.bits = answer->server_bits,
		.keeps_in = answer->client_takeover,
		.keeps_out = answer->server_takeover,
	};
	counter_add(codec->counters, COUNTER_compressing, 1);
	return 1;
}

void codec_leave(struct codec *codec, uint32_t connection, struct codec_terms *terms)
{
	struct codec_own *own = codec->owns ? &codec->owns[connection] : NULL;

	if (terms->bits == 0)
		return;
	if (terms->keeps_in)
		unkeep(codec, own->history, own->history_max);
	if (terms->keeps_out)
		unkeep(codec, own->deflate, own_size());
	if (own)
		*own = (struct codec_own){ 0 };
	*terms = (struct codec_terms){ 0 };
	counter_add(codec->counters, COUNTER_compressing, -1);
}

/* The core's own, for windows of so many bits. NULL: there is no memory. */
static struct deflate *core_deflate(struct codec *codec, uint8_t bits)
{
	if (codec->deflate && codec->deflate_bits == bits)
		return codec->deflate;

	void *memory = codec->deflate ? codec->deflate : block_take(core_size());

	codec->deflate = memory ? deflate_make(memory, core_size(), bits, DEFLATE_LEVEL, DEFLATE_MEM_LEVEL) : NULL;
	codec->deflate_bits = bits;
	if (!codec->deflate)
		block_give(memory, core_size());
	return codec->deflate;
}

static struct span pack(struct codec *codec, struct deflate *deflate, const uint8_t *payload, size_t size,
			bool look_back)
{
	const bool keep = look_back || PLANTED(43); /* the last message is not forgotten */
	const size_t packed = deflate_message(deflate, codec->packed, size - 1, payload, size, keep);

	counter_add(codec->counters, COUNTER_compressions, 1);
	counter_add(codec->counters, COUNTER_compressed_bytes_in, (int64_t)size);
	counter_add(codec->counters, COUNTER_compressed_bytes_out, (int64_t)(packed > 0 ? packed : size));
	return packed > 0 ? span_of(codec->packed, packed) : SPAN_NONE;
}

static bool within_rate(struct codec *codec, size_t size)
{
	const uint32_t per_s = (codec->limits.bytes_per_s + RATE_UNIT - 1) / RATE_UNIT;
	const uint32_t units = (uint32_t)((size + RATE_UNIT - 1) / RATE_UNIT);
	const uint32_t burst = per_s / 4 > RATE_BURST_MIN ? per_s / 4 : RATE_BURST_MIN;

	if (quota_take_many(&codec->quota, units, per_s, burst, codec->now_ms) == 0)
		return true;
	counter_add(codec->counters, COUNTER_compress_skipped, 1);
	return false;
}

static bool worth_it(struct codec *codec, size_t size)
{
	return size >= codec->limits.from && size > 1 && size <= codec->limits.payload_size_max &&
	       within_rate(codec, size);
}

struct span codec_deflate_shared(struct codec *codec, const uint8_t *payload, size_t size)
{
	struct deflate *deflate = worth_it(codec, size) ? core_deflate(codec, WS_DEFLATE_BITS_MAX) : NULL;

	return deflate ? pack(codec, deflate, payload, size, false) : SPAN_NONE;
}

struct span codec_deflate(struct codec *codec, uint32_t connection, struct codec_terms *terms, const uint8_t *payload,
			  size_t size)
{
	if (terms->bits == 0 || !worth_it(codec, size))
		return SPAN_NONE;
	if (terms->keeps_out) {
		const bool look_back = !terms->moved || PLANTED(44); /* refers to what was before a room's frames */

		terms->moved = false;
		return pack(codec, codec->owns[connection].deflate, payload, size, look_back);
	}
	struct deflate *deflate = core_deflate(codec, terms->bits);

	return deflate ? pack(codec, deflate, payload, size, false) : SPAN_NONE;
}

static struct inflate *core_inflate(struct codec *codec)
{
	if (codec->inflate)
		return codec->inflate;

	void *memory = block_take(INFLATE_SIZE);

	codec->inflate = memory ? inflate_make(memory, INFLATE_SIZE) : NULL;
	if (!codec->inflate)
		block_give(memory, INFLATE_SIZE);
	return codec->inflate;
}

int codec_inflate(struct codec *codec, uint32_t connection, const struct codec_terms *terms, struct ws_message *message)
{
	struct inflate_out out = { .bytes = codec->message, .capacity = codec->limits.message_size_max };
	struct codec_own *own = terms->keeps_in ? &codec->owns[connection] : NULL;
	struct inflate *inflate = core_inflate(codec);

	CHECK(message->compressed && terms->bits != 0);
	if (!inflate)
		return 0;
	inflate_begin(inflate, own ? own->history : NULL, own ? own->history_size : 0);
	int result = inflate_feed(inflate, &out, message->bytes, message->size, true);

	if (result > 0 && message->opcode == WS_TEXT && !utf8_valid(out.bytes, out.size))
		result = -BAD_PAYLOAD;
	if (result <= 0) {
		CHECK(result < 0);
		counter_add(codec->counters, COUNTER_inflate_refused, 1);
		return result;
	}
	counter_add(codec->counters, COUNTER_inflations, 1);
	if (own && !PLANTED(45)) /* what a client refers to is forgotten */
		own->history_size = (uint32_t)inflate_remember(own->history, own->history_size, own->history_max,
							       out.bytes, out.size);
	*message = (struct ws_message){ .opcode = message->opcode, .bytes = out.bytes, .size = out.size };
	return 1;
}
