/* session.h - who is on a connection, and what is being spoken with them.
 *
 *	HEAD --head complete--> WAIT_HELLO --hello--> LIVE --close either way--> OVER
 *	  \--plain HTTP: answers, stays in HEAD
 *
 * A session is at the index of its connection.
 */
#ifndef GATE_SESSION_H
#define GATE_SESSION_H

#include "proto/base/span.h"

struct session_limits {
	uint32_t handshake_ms;   /* for a whole request head */
	uint32_t hello_ms;
	uint32_t ping_ms;        /* silence after which we ask */
	uint32_t pong_ms;        /* silence after that which ends it */
	uint32_t slow_ms;        /* no byte taken by the peer */
	uint32_t drain_ms;       /* over which reconnections are spread at a restart */
	uint32_t rooms_max;      /* a connection */
	uint32_t sends_per_s;    /* send edit del react; 0: no limit */
	uint32_t send_burst;
	uint32_t commands_per_s; /* all others; 0: no limit */
	uint32_t command_burst;
	uint32_t data_size_max;  /* at most CHAT_DATA_SIZE_MAX */
	uint32_t frame_size_max; /* a whole message from a client; at most CHAT_FRAME_SIZE_MAX */
};

#endif
