/* dialect_mqtt.c - MQTT 3.1.1 over WebSocket (OASIS standard, section 6): binary messages, subprotocol "mqtt".
 *
 * A room is a topic; everything goes at QoS 0, which has no answers to a publish. Sessions are clean and the client id
 * is left to the broker (3.1.3.1). Keep alive is 0, "none" (3.1.2.10): heartbeats are the scenario's affair.
 * Packets and WebSocket messages have nothing to do with each other (6.0.0-4): several packets may lie in one message
 * and one may span several. */
#include "tools/load/wire.h"

#define PACKET_MAX (1u << 20) /* far above any payload of ours: past it, it is garbage that looks like a length */
#define PACKET_ID_MAX 65535u

enum packet {
	CONNECT = 0x10,
	CONNACK = 0x20,
	PUBLISH = 0x30, /* QoS 0, neither repeated nor retained */
	SUBSCRIBE = 0x82,
	SUBACK = 0x90,
	PINGREQ = 0xc0,
	PINGRESP = 0xd0,
};

#define PUBLISH_RETAIN 0x01
#define SUBACK_REFUSED 0x80

extern const struct dialect dialect_mqtt;

static void put_u16(struct dialect_out *out, uint32_t value)
{
	wire_put_byte(out, (uint8_t)(value >> 8));
	wire_put_byte(out, (uint8_t)value);
}

/* The fixed header: seven bits of the length a byte, the lowest first. */
static void put_header(struct dialect_out *out, enum packet packet, size_t size)
{
	CHECK(size <= PACKET_MAX);
	out->binary = true;
	wire_put_byte(out, (uint8_t)packet);
	for (; size > 127; size >>= 7)
		wire_put_byte(out, (uint8_t)(size & 127) | 128);
	wire_put_byte(out, (uint8_t)size);
}

static void put_string(struct dialect_out *out, struct span text)
{
	put_u16(out, (uint32_t)text.size);
	wire_put(out, text);
}

static void hello(struct dialect_state *state, struct dialect_out *out)
{
	(void)state;
	put_header(out, CONNECT, 12);
	put_string(out, SPAN("MQTT"));
	wire_put_byte(out, 4); /* the protocol's level: 3.1.1 */
	wire_put_byte(out, 0x02); /* clean session */
	put_u16(out, 0); /* keep alive */
	put_u16(out, 0); /* an empty client id */
}

/* A SUBACK names only the packet's id, which has 16 bits of the room; the rest is that of the last room joined: right
 * unless more than 65,535 joins of one connection are under way. */
static void join(struct dialect_state *state, struct dialect_out *out, uint32_t room)
{
	char name[64];
	const size_t size = dialect_room_name(name, room);

	state->word[0] = room;
	put_header(out, SUBSCRIBE, 2 + 2 + size + 1);
	put_u16(out, room % PACKET_ID_MAX + 1);
	put_string(out, span_of(name, size));
	wire_put_byte(out, 0); /* QoS at most */
}

static uint32_t room_of(const struct dialect_state *state, uint32_t packet_id)
{
	const uint32_t last = state->word[0];
	const uint32_t room = last - last % PACKET_ID_MAX + packet_id - 1;

	return room <= last || room < PACKET_ID_MAX ? room : room - PACKET_ID_MAX;
}

static void publish(struct dialect_state *state, struct dialect_out *out, uint32_t room, struct span data, uint64_t id)
{
	char name[64];
	const size_t size = dialect_room_name(name, room);

	(void)state, (void)id;
	put_header(out, PUBLISH, 2 + size + data.size);
	put_string(out, span_of(name, size));
	wire_put(out, data);
}

static void heartbeat(struct dialect_state *state, struct dialect_out *out)
{
	(void)state;
	put_header(out, PINGREQ, 0);
}

static uint32_t read_u16(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 8 | bytes[1];
}

static bool take_connack(struct dialect_event *event, struct span body)
{
	static const char *const why[] = {
		"accepted",           "protocol version not accepted", "client id rejected",
		"server unavailable", "bad user name or password",     "not authorized",
	};

	if (body.size != 2 || body.bytes[1] >= sizeof(why) / sizeof(why[0]))
		return false;
	wire_event(event, DIALECT_READY);
	if (body.bytes[1] != 0)
		wire_event_failed(event, span_of(why[body.bytes[1]], strlen(why[body.bytes[1]])));
	return true;
}

static bool take_suback(const struct dialect_state *state, struct dialect_event *event, struct span body)
{
	if (body.size != 3 || read_u16(body.bytes) == 0)
		return false;
	if (body.bytes[2] == SUBACK_REFUSED)
		wire_event_failed(event, SPAN("subscription refused"));
	else
		wire_event(event, DIALECT_JOINED);
	event->room = room_of(state, read_u16(body.bytes));
	return body.bytes[2] == SUBACK_REFUSED || body.bytes[2] == 0;
}

static bool take_publish(struct dialect_event *event, struct span body)
{
	if (body.size < 2 || read_u16(body.bytes) > body.size - 2)
		return false;
	const size_t topic = read_u16(body.bytes);

	wire_event_message(event, dialect_room_number(span_of(body.bytes + 2, topic)),
			   span_of(body.bytes + 2 + topic, body.size - 2 - topic));
	return true;
}

static bool take_packet(const struct dialect_state *state, struct dialect_event *event, uint8_t packet,
			struct span body)
{
	switch (packet) {
	case PUBLISH:
	case PUBLISH | PUBLISH_RETAIN:
		return take_publish(event, body);
	case CONNACK:
		return take_connack(event, body);
	case SUBACK:
		return take_suback(state, event, body);
	case PINGRESP:
		wire_event(event, DIALECT_NOTHING);
		return body.size == 0;
	default:
		return false;
	}
}

/* The fixed header's length. Returns how many bytes it took, 0 when there is not all of it, -1 when it is none. */
static int read_length(size_t *length, const uint8_t *bytes, size_t size)
{
	*length = 0;
	for (size_t i = 0; i < 4; i++) {
		if (i == size)
			return 0;
		*length |= (size_t)(bytes[i] & 127) << 7 * i;
		if (bytes[i] < 128)
			return *length <= PACKET_MAX ? (int)i + 1 : -1;
	}
	return -1;
}

static bool is_from_server(uint8_t packet)
{
	return (packet & ~PUBLISH_RETAIN) == PUBLISH || packet == CONNACK || packet == SUBACK || packet == PINGRESP;
}

static ptrdiff_t decode(struct dialect_state *state, struct dialect_event *event, const uint8_t *bytes, size_t size)
{
	size_t length;

	if (size == 0)
		return 0;
	if (!is_from_server(bytes[0]))
		return -1;
	const int taken = read_length(&length, bytes + 1, size - 1);

	if (taken <= 0)
		return taken;
	const size_t head = 1 + (size_t)taken;

	if (size - head < length)
		return 0;
	if (!take_packet(state, event, bytes[0], span_of(bytes + head, length)))
		return -1;
	return (ptrdiff_t)(head + length);
}

const struct dialect dialect_mqtt = {
	.name = "mqtt",
	.summary = "MQTT 3.1.1 over WebSocket at QoS 0: a room is a topic (Mosquitto, EMQX)",
	.path = "/mqtt",
	.subprotocol = "mqtt",
	.spans = true,
	.has_rooms = true,
	.echoes_sender = true,
	.hello = hello,
	.join = join,
	.publish = publish,
	.heartbeat = heartbeat,
	.decode = decode,
};
