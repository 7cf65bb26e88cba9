/* echo.h - a test mode: every message comes back to its sender as it came.
 *
 * For suites that judge an implementation of WebSocket by what it echoes, and
 * for nothing else: there is no chat, no hello, no rate limit, and a message may have
 * ECHO_MESSAGE_SIZE_MAX bytes.
 */
#ifndef GATE_ECHO_H
#define GATE_ECHO_H

#include "engine/gate/session.h"
#include "engine/net/conn.h"

#define ECHO_MESSAGE_SIZE_MAX (16 << 20)

/* Raises what would not let such a message in or out. */
void echo_limits(struct session_limits *session, struct codec_limits *codec, struct net_limits *net,
		 uint64_t *segment_bytes_max);

/* A whole message, inflated and checked. */
void echo_message(struct gate *gate, struct conn *conn, const struct ws_message *message);

#endif
