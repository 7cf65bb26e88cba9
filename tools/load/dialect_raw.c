/* dialect_raw.c - a server that broadcasts, or echoes, each message as it is: no rooms, no session, no answers.
 *
 * What is sent is the payload, alone in a text message. */
#include "tools/load/wire.h"

extern const struct dialect dialect_raw;

static void publish(struct dialect_state *state, struct dialect_out *out, uint32_t room, struct span data, uint64_t id)
{
	(void)state, (void)room, (void)id;
	wire_put(out, data);
}

static ptrdiff_t decode(struct dialect_state *state, struct dialect_event *event, const uint8_t *bytes, size_t size)
{
	(void)state;
	wire_event_message(event, DIALECT_ROOM_UNKNOWN, span_of(bytes, size));
	return (ptrdiff_t)size;
}

const struct dialect dialect_raw = {
	.name = "raw",
	.summary = "each WebSocket message is a payload, broadcast or echoed by the server",
	.path = "/",
	.echoes_sender = true,
	.publish = publish,
	.decode = decode,
};
