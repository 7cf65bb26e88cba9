/* dialect_nchan.c - Nchan, publish and subscribe inside nginx: raw messages, the room in the URL.
 *
 * Whoever connects to /sub/ROOM is given what is sent on a WebSocket to /pub/ROOM: publishers are connections of their
 * own (--publish-url ws://host/pub/). The server's configuration, where `newest` keeps who joins late from being given
 * what was sent before:
 *
 *	location ~ ^/sub/(.+)$ { nchan_subscriber websocket; nchan_channel_id $1;
 *		nchan_subscriber_first_message newest; }
 *	location ~ ^/pub/(.+)$ { nchan_publisher websocket; nchan_channel_id $1; nchan_message_buffer_length 10000; }
 *
 * Each message to /pub is answered by some lines about the channel, without saying which message is meant: passed over.
 * A location with nchan_pubsub takes both; so does any server that broadcasts raw messages to those of one path. */
#include "tools/load/wire.h"

extern const struct dialect dialect_nchan;

static void publish(struct dialect_state *state, struct dialect_out *out, uint32_t room, struct span data, uint64_t id)
{
	(void)state, (void)room, (void)id;
	wire_put(out, data);
}

static ptrdiff_t decode(struct dialect_state *state, struct dialect_event *event, const uint8_t *bytes, size_t size)
{
	struct wire_in in = wire_in_of(bytes, size);

	(void)state;
	if (wire_take(&in, SPAN("queued messages: ")))
		wire_event(event, DIALECT_NOTHING);
	else
		wire_event_message(event, DIALECT_ROOM_UNKNOWN, span_of(bytes, size));
	return (ptrdiff_t)size;
}

const struct dialect dialect_nchan = {
	.name = "nchan",
	.summary = "Nchan's subscribers: one room a connection, named in the URL",
	.path = "/sub/",
	.path_room = true,
	.echoes_sender = true,
	.publish = publish,
	.decode = decode,
};
