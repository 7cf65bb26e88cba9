#include "engine/gate/echo.h"

#include "engine/gate/frame.h"
#include "engine/gate/gate.h"

/* Of a connection: one of the largest messages behind another, for a client that sends before it reads. Of all: sendq
 * lets one connection have a sixteenth of what is left. */
#define QUEUE_BYTES (2 * (uint64_t)ECHO_MESSAGE_SIZE_MAX)
#define SEND_BYTES (32 * QUEUE_BYTES)

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void echo_limits(struct session_limits *session, struct codec_limits *codec, struct net_limits *net,
		 uint64_t *segment_bytes_max)
{
	session->echo = true;
	session->frame_size_max = ECHO_MESSAGE_SIZE_MAX;
	/* A thousand messages of 512 fragments each, as fast as they come back, are no flood here. */
	session->fragments_per_s = 0;
	session->pings_per_s = 0;
	codec->message_size_max = ECHO_MESSAGE_SIZE_MAX;
	codec->payload_size_max = ECHO_MESSAGE_SIZE_MAX;
	codec->bytes_per_s = 0;
	net->queue_bytes_max = larger(net->queue_bytes_max, QUEUE_BYTES);
	*segment_bytes_max = larger(*segment_bytes_max, SEND_BYTES);
}

void echo_message(struct gate *gate, struct conn *conn, const struct ws_message *message)
{
	frame_message(gate, conn, message->opcode, message->bytes, message->size);
}
