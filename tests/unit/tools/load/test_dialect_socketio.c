#include "tests/unit/tools/load/dialect_fixture.h"

#define OPEN                                                                                                           \
	"0{\"sid\":\"lv_VI97HAXpY6yYWAAAC\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,"             \
	"\"maxPayload\":1000000}"
#define MESSAGE "42[\"message\",\"r12\",\"U00payload\"]"

static const struct dialect *socketio(void)
{
	return dialect_find("socketio");
}

Test(dialect_socketio, the_server_opens)
{
	struct dialect_state state = { 0 };
	const struct spoken spoken = speak_hello(socketio(), &state);

	cr_assert_eq(spoken.size, 0);
	struct heard heard = hear(socketio(), &state, OPEN);

	cr_hear(heard, OPEN, DIALECT_REPLY);
	cr_assert_str_eq(heard.reply, "40");
	cr_assert_not(heard.reply_binary);
	heard = hear(socketio(), &state, "40{\"sid\":\"oSO0OpakMV_3jnilAAAA\"}");
	cr_hear(heard, "40{\"sid\":\"oSO0OpakMV_3jnilAAAA\"}", DIALECT_READY);
	heard = hear(socketio(), &state, "44{\"message\":\"Not authorized\"}");
	cr_hear(heard, "44{\"message\":\"Not authorized\"}", DIALECT_FAILED);
	cr_assert_str_eq(heard.text, "{\"message\":\"Not authorized\"}");
}

Test(dialect_socketio, join_is_acknowledged)
{
	struct dialect_state state = { 0 };
	const struct spoken spoken = speak_join(socketio(), &state, 12);

	cr_assert_str_eq((const char *)spoken.bytes, "422147483660[\"join\",\"r12\"]");
	struct heard heard = hear(socketio(), &state, "432147483660[]");

	cr_hear(heard, "432147483660[]", DIALECT_JOINED);
	cr_assert_eq(heard.room, 12);
	heard = hear(socketio(), &state, "432147483648[\"ok\"]");
	cr_hear(heard, "432147483648[\"ok\"]", DIALECT_JOINED);
	cr_assert_eq(heard.room, 0);
}

Test(dialect_socketio, message_and_its_acknowledgement)
{
	struct dialect_state state = { 0 };
	struct spoken spoken = speak(socketio(), &state, 12, "U00payload", 7);

	cr_assert_str_eq((const char *)spoken.bytes, "427[\"message\",\"r12\",\"U00payload\"]");
	cr_assert_not(spoken.binary);
	spoken = speak(socketio(), &state, 12, "U00payload", 0);
	cr_assert_str_eq((const char *)spoken.bytes, MESSAGE);
	struct heard heard = hear(socketio(), &state, "437[]");

	cr_hear(heard, "437[]", DIALECT_ACK);
	cr_assert_eq(heard.id, 7);
	heard = hear(socketio(), &state, MESSAGE);
	cr_hear(heard, MESSAGE, DIALECT_MESSAGE);
	cr_assert_eq(heard.room, 12);
	cr_assert_str_eq(heard.data, "U00payload");
	heard = hear(socketio(), &state, "42[\"other\",1]");
	cr_hear(heard, "42[\"other\",1]", DIALECT_NOTHING);
}

Test(dialect_socketio, ping_and_end)
{
	struct dialect_state state = { 0 };
	struct heard heard = hear(socketio(), &state, "2");

	cr_hear(heard, "2", DIALECT_REPLY);
	cr_assert_str_eq(heard.reply, "3");
	heard = hear(socketio(), &state, "1");
	cr_hear(heard, "1", DIALECT_FAILED);
	heard = hear(socketio(), &state, "41");
	cr_hear(heard, "41", DIALECT_FAILED);
	heard = hear(socketio(), &state, "6");
	cr_hear(heard, "6", DIALECT_NOTHING);
}

Test(dialect_socketio, garbage)
{
	static const char *const texts[] = { "",
					     "0",
					     "0x",
					     "4",
					     "45",
					     "49",
					     "7",
					     "x",
					     "42",
					     "42x",
					     "42{}",
					     "43[]",
					     "43x[]",
					     "431",
					     "431{}",
					     "2x",
					     "6x",
					     "41x",
					     "1x",
					     "433221225472[]",
					     "4318446744073709551617[]",
					     "42[\"message\",\"r1\",\"x\"",
					     "42[\"message\",\"r1\",\"x\"]]" };
	struct dialect_state state = { 0 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_eq(hear(socketio(), &state, texts[i]).taken, -1, "%s", texts[i]);
	torture(socketio(), &state, MESSAGE, sizeof(MESSAGE) - 1);
	torture(socketio(), &state, OPEN, sizeof(OPEN) - 1);
	torture(socketio(), &state, "432147483660[]", 14);
}
