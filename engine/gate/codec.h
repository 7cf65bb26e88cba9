/* codec.h - a core's compression of WebSocket messages (RFC 7692), made when it is first needed.
 *
 * As a rule a message stands alone: then one deflater and one inflater serve all connections of a core, and a
 * connection that agreed on compression costs no memory at all. Where messages may refer to earlier ones (takeover) a
 * connection keeps what they refer to, out of a budget: the end of what the client sent, and a deflater for
 * what is said to it alone. Frames that a room's members share always stand alone.
 */
#ifndef GATE_CODEC_H
#define GATE_CODEC_H

#include "engine/chat/quota.h"
#include "engine/core/counters.h"
#include "proto/base/span.h"
#include "proto/ws/ws_assembly.h"
#include "proto/ws/ws_extension.h"

struct codec_limits {
	bool on;
	uint32_t from; /* a payload of fewer bytes stays as it is */
	uint32_t bytes_per_s; /* that are compressed, about: what is above stays as it is; 0: no limit */
	uint64_t kept_bytes_max; /* what the connections of this core keep from message to message, all together */
	uint32_t message_size_max; /* of a message from a client, inflated */
	uint32_t payload_size_max; /* of one to a client, before it is compressed */
};

/* Of a connection: what was agreed. Zero: nothing. */
struct codec_terms {
	uint8_t bits; /* of the window that messages to it may use */
	bool keeps_in : 1; /* its messages may refer to earlier ones of its own */
	bool keeps_out : 1; /* likewise those that are said to it alone */
	bool moved : 1; /* frames of a room came between: the next of those stands alone */
};

struct codec_own;

struct codec {
	struct codec_limits limits;
	uint32_t connections_max; /* they have numbers below this */
	struct counters *counters;
	struct deflate *deflate; /* a block, made for windows of deflate_bits */
	struct inflate *inflate; /* a block */
	uint8_t deflate_bits;
	struct quota quota; /* of bytes_per_s */
	uint64_t now_ms; /* of this turn, the caller's */
	uint8_t *packed, *message; /* where the latest result of each kind lies */
	struct codec_own *owns; /* by connection; NULL where none may keep anything */
	uint64_t kept_bytes;
};

/* Keeps counters. Returns 0 or -ENOMEM. */
int codec_open(struct codec *codec, const struct codec_limits *limits, uint32_t connections_max,
	       struct counters *counters);
void codec_close(struct codec *codec);

/* From which size on, and how much: otherwise from now on. */
void codec_adopt(struct codec *codec, const struct codec_limits *limits);
uint64_t codec_bytes_max(const struct codec_limits *limits, uint64_t connections_max);

/* Judges what a request offers, and reserves what is to be kept for this connection. Returns 1 with *terms, and in
 * *answer what to say; 0 where nothing is agreed on; -400 where the offer is broken. */
int codec_agree(struct codec *codec, uint32_t connection, const struct http_head *request, struct codec_terms *terms,
		struct ws_deflate_terms *answer);

/* The connection is over. */
void codec_leave(struct codec *codec, uint32_t connection, struct codec_terms *terms);

/* The frames of rooms are made for the full window: whether a connection can read them compressed. */
static inline bool codec_shares(const struct codec_terms *terms)
{
	return terms->bits == WS_DEFLATE_BITS_MAX;
}

/* Compresses a payload for everybody who codec_shares(). Gives it (borrow it until the next call), or SPAN_NONE when it
 * is to be sent as it is: it is small, would not become smaller, or too much was compressed of late. */
struct span codec_deflate_shared(struct codec *codec, const uint8_t *payload, size_t size);

/* Likewise for one connection alone. */
struct span codec_deflate(struct codec *codec, uint32_t connection, struct codec_terms *terms, const uint8_t *payload,
			  size_t size);

/* A client's compressed message is made what it was before. Returns 1 (borrow it until the next call), or -(close
 * code): -1007 it cannot be read or is no UTF-8, -1009 it is too large; 0: there is no memory for it. */
int codec_inflate(struct codec *codec, uint32_t connection, const struct codec_terms *terms,
		  struct ws_message *message);

#endif
