#include "tests/unit/tools/load/dialect_fixture.h"

#define CONNACK_OK "\x20\x02\x00\x00"
#define SUBACK_13 "\x90\x03\x00\x0d\x00"

static const struct dialect *mqtt(void)
{
	return dialect_find("mqtt");
}

#define cr_spoke(spoken_, literal_)                                                                                    \
	cr_assert((spoken_).binary && (spoken_).size == sizeof(literal_) - 1 &&                                        \
		  memcmp((spoken_).bytes, (literal_), sizeof(literal_) - 1) == 0)

#define HEAR(state_, literal_) hear_bytes(mqtt(), (state_), (literal_), sizeof(literal_) - 1)

Test(dialect_mqtt, connect)
{
	struct dialect_state state = { 0 };
	const struct spoken spoken = speak_hello(mqtt(), &state);

	cr_spoke(spoken, "\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00");
	struct heard heard = HEAR(&state, CONNACK_OK);

	cr_assert_eq(heard.taken, 4);
	cr_assert_eq(heard.kind, DIALECT_READY);
	heard = HEAR(&state, "\x20\x02\x00\x05");
	cr_assert_eq(heard.kind, DIALECT_FAILED);
	cr_assert_str_eq(heard.text, "not authorized");
	cr_assert_eq(HEAR(&state, "\x20\x02\x00\x06").taken, -1);
	cr_assert_eq(HEAR(&state, "\x20\x03\x00\x00\x00").taken, -1);
}

Test(dialect_mqtt, subscribe)
{
	struct dialect_state state = { 0 };
	const struct spoken spoken = speak_join(mqtt(), &state, 12);

	cr_spoke(spoken, "\x82\x08\x00\x0d\x00\x03r12\x00");
	struct heard heard = HEAR(&state, SUBACK_13);

	cr_assert_eq(heard.taken, 5);
	cr_assert_eq(heard.kind, DIALECT_JOINED);
	cr_assert_eq(heard.room, 12);
	heard = HEAR(&state, "\x90\x03\x00\x0d\x80");
	cr_assert_eq(heard.taken, 5);
	cr_assert_eq(heard.kind, DIALECT_FAILED);
	cr_assert_eq(heard.room, 12);
	cr_assert_eq(HEAR(&state, "\x90\x03\x00\x00\x00").taken, -1, "packet ids begin at 1");
	cr_assert_eq(HEAR(&state, "\x90\x03\x00\x0d\x01").taken, -1, "QoS 1 was not asked for");
}

static uint32_t room_of_suback(struct dialect_state *state, const struct spoken *spoken)
{
	const uint8_t suback[] = { 0x90, 3, spoken->bytes[2], spoken->bytes[3], 0 };

	return hear_bytes(mqtt(), state, suback, sizeof(suback)).room;
}

Test(dialect_mqtt, rooms_beyond_sixteen_bits)
{
	static const uint32_t rooms[] = { 0, 65534, 65535, 65536, 131069, 131070, DIALECT_ROOM_MAX };
	struct dialect_state state = { 0 };

	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		const struct spoken spoken = speak_join(mqtt(), &state, rooms[i]);

		cr_assert_eq(room_of_suback(&state, &spoken), rooms[i], "%u", rooms[i]);
	}
	const struct spoken before = speak_join(mqtt(), &state, 65534), behind = speak_join(mqtt(), &state, 65536);

	cr_assert_eq(room_of_suback(&state, &before), 65534);
	cr_assert_eq(room_of_suback(&state, &behind), 65536);
}

Test(dialect_mqtt, publish)
{
	struct dialect_state state = { 0 };
	char data[201] = { 0 };
	struct spoken spoken = speak(mqtt(), &state, 12, "U00payload", 5);

	cr_spoke(spoken, "\x30\x0f\x00\x03r12U00payload");
	struct heard heard = hear_bytes(mqtt(), &state, spoken.bytes, spoken.size);

	cr_assert_eq(heard.taken, (ptrdiff_t)spoken.size);
	cr_assert_eq(heard.kind, DIALECT_MESSAGE);
	cr_assert_eq(heard.room, 12);
	cr_assert_str_eq(heard.data, "U00payload");
	memset(data, 'x', 200); /* a length of two bytes */
	spoken = speak(mqtt(), &state, 12, data, 5);
	cr_assert_eq(memcmp(spoken.bytes, "\x30\xcd\x01\x00\x03r12x", 9), 0);
	heard = hear_bytes(mqtt(), &state, spoken.bytes, spoken.size);
	cr_assert_eq(heard.taken, 1 + 2 + 205);
	cr_assert_str_eq(heard.data, data);
}

Test(dialect_mqtt, several_in_one_message_and_one_in_several)
{
	static const char both[] = "\x30\x06\x00\x02r1ab\x30\x06\x00\x02r2cd\xd0\x00";
	struct dialect_state state = { 0 };
	struct heard heard = HEAR(&state, both);

	cr_assert_eq(heard.taken, 8);
	cr_assert_eq(heard.room, 1);
	heard = hear_bytes(mqtt(), &state, both + 8, sizeof(both) - 1 - 8);
	cr_assert_eq(heard.taken, 8);
	cr_assert_eq(heard.room, 2);
	cr_assert_str_eq(heard.data, "cd");
	heard = hear_bytes(mqtt(), &state, both + 16, 2);
	cr_assert_eq(heard.taken, 2);
	cr_assert_eq(heard.kind, DIALECT_NOTHING);
	cr_assert(mqtt()->spans);
	for (size_t cut = 0; cut < 8; cut++)
		cr_assert_eq(hear_bytes(mqtt(), &state, both, cut).taken, 0, "cut at %zu", cut);
}

Test(dialect_mqtt, heartbeat)
{
	struct dialect_state state = { 0 };
	const struct spoken spoken = speak_heartbeat(mqtt(), &state);

	cr_spoke(spoken, "\xc0\x00");
}

Test(dialect_mqtt, garbage)
{
	struct dialect_state state = { 0 };
	const struct spoken spoken = speak(mqtt(), &state, 12, "U00payload", 5);

	cr_assert_eq(HEAR(&state, "HTTP/1.1 400 Bad Request").taken, -1);
	cr_assert_eq(HEAR(&state, "\x00\x00").taken, -1);
	cr_assert_eq(HEAR(&state, "\x10\x00").taken, -1, "a server does not connect");
	cr_assert_eq(HEAR(&state, "\x32\x08\x00\x02r1\x00\x01"
				  "ab")
			     .taken,
		     -1, "QoS 1 was not asked for");
	cr_assert_eq(HEAR(&state, "\x30\x01\x00").taken, -1, "no room for a topic's length");
	cr_assert_eq(HEAR(&state, "\x30\x02\x00\x01").taken, -1, "a topic past the end");
	cr_assert_eq(HEAR(&state, "\x30\x80\x80\x80\x80\x01").taken, -1, "a length of five bytes");
	cr_assert_eq(HEAR(&state, "\x30\x81\x80\x40").taken, -1, "one past the most");
	cr_assert_eq(HEAR(&state, "\x30\x80\x80\x40").taken, 0, "the most");
	cr_assert_eq(HEAR(&state, "\xd0\x01x").taken, -1);
	torture(mqtt(), &state, spoken.bytes, spoken.size);
	torture(mqtt(), &state, SUBACK_13, 5);
}
