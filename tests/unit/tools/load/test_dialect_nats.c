#include "tests/unit/tools/load/dialect_fixture.h"

#define INFO "INFO {\"server_id\":\"NDX\",\"version\":\"2.10.22\",\"max_payload\":1048576,\"client_id\":5}\r\n"
#define MSG "MSG r12 12 10\r\nU00payload\r\n"

static const struct dialect *nats(void)
{
	return dialect_find("nats");
}

static struct dialect_state ready(void)
{
	struct dialect_state state = { 0 };

	hear(nats(), &state, "PONG\r\n");
	return state;
}

Test(dialect_nats, hello_asks_for_a_pong)
{
	struct dialect_state state = { 0 };
	struct spoken spoken = speak_hello(nats(), &state);
	const char *const text = (const char *)spoken.bytes;

	cr_assert_eq(strncmp(text, "CONNECT {\"verbose\":false,", 25), 0);
	cr_assert_str_eq(text + spoken.size - 20, "\"echo\":true}\r\nPING\r\n", "%s", text);
	cr_assert(spoken.binary);
	spoken = speak_heartbeat(nats(), &state);
	cr_assert_eq(spoken.size, 0, "its PONG would be taken for the session's");
	struct heard heard = hear(nats(), &state, INFO);

	cr_hear(heard, INFO, DIALECT_NOTHING);
	heard = hear(nats(), &state, "PONG\r\n");
	cr_hear(heard, "PONG\r\n", DIALECT_READY);
	heard = hear(nats(), &state, "PONG\r\n");
	cr_hear(heard, "PONG\r\n", DIALECT_NOTHING);
}

Test(dialect_nats, joins_are_answered_in_order)
{
	static const uint32_t rooms[] = { 7, 8, 9, 0, 1, 2, 20, 22, 23 };
	struct dialect_state state = ready();
	const size_t count = sizeof(rooms) / sizeof(rooms[0]);
	struct spoken spoken = speak_join(nats(), &state, rooms[0]);

	cr_assert_str_eq((const char *)spoken.bytes, "SUB r7 7\r\nPING\r\n");
	for (size_t i = 1; i < count; i++)
		speak_join(nats(), &state, rooms[i]);
	spoken = speak_heartbeat(nats(), &state);
	cr_assert_eq(spoken.size, 0);
	for (size_t i = 0; i < count; i++) {
		const struct heard heard = hear(nats(), &state, "PONG\r\n");

		cr_hear(heard, "PONG\r\n", DIALECT_JOINED);
		cr_assert_eq(heard.room, rooms[i]);
	}
	const struct heard heard = hear(nats(), &state, "PONG\r\n");

	cr_hear(heard, "PONG\r\n", DIALECT_NOTHING);
	speak_join(nats(), &state, 3);
	cr_assert_eq(hear(nats(), &state, "PONG\r\n").room, 3);
	spoken = speak_heartbeat(nats(), &state);
	cr_assert_str_eq((const char *)spoken.bytes, "PING\r\n");
}

Test(dialect_nats, publish_and_message)
{
	struct dialect_state state = ready();
	const struct spoken spoken = speak(nats(), &state, 12, "U00payload", 5);

	cr_assert_str_eq((const char *)spoken.bytes, "PUB r12 10\r\nU00payload\r\n");
	cr_assert(spoken.binary);
	struct heard heard = hear(nats(), &state, MSG);

	cr_hear(heard, MSG, DIALECT_MESSAGE);
	cr_assert_eq(heard.room, 12);
	cr_assert_str_eq(heard.data, "U00payload");
	heard = hear(nats(), &state, "MSG r3 3 _INBOX.x 2\r\n\r\n\r\n");
	cr_hear(heard, "MSG r3 3 _INBOX.x 2\r\n\r\n\r\n", DIALECT_MESSAGE);
	cr_assert_eq(heard.room, 3);
	cr_assert_str_eq(heard.data, "\r\n");
	heard = hear(nats(), &state, "MSG r3 3 0\r\n\r\n");
	cr_hear(heard, "MSG r3 3 0\r\n\r\n", DIALECT_MESSAGE);
	cr_assert_eq(heard.data_size, 0);
}

Test(dialect_nats, ping_and_err)
{
	struct dialect_state state = ready();
	struct heard heard = hear(nats(), &state, "PING\r\n");

	cr_hear(heard, "PING\r\n", DIALECT_REPLY);
	cr_assert_str_eq(heard.reply, "PONG\r\n");
	cr_assert(heard.reply_binary);
	heard = hear(nats(), &state, "-ERR 'Authorization Violation'\r\n");
	cr_hear(heard, "-ERR 'Authorization Violation'\r\n", DIALECT_FAILED);
	cr_assert_str_eq(heard.text, "'Authorization Violation'");
	cr_assert_eq(heard.room, DIALECT_ROOM_UNKNOWN);
	heard = hear(nats(), &state, "+OK\r\n");
	cr_hear(heard, "+OK\r\n", DIALECT_NOTHING);
}

Test(dialect_nats, several_in_one_message_and_one_in_several)
{
	struct dialect_state state = ready();
	const char *const text = MSG MSG "PING\r\n";
	struct heard heard = hear(nats(), &state, text);

	cr_assert_eq(heard.taken, (ptrdiff_t)sizeof(MSG) - 1);
	heard = hear(nats(), &state, text + heard.taken);
	cr_assert_eq(heard.taken, (ptrdiff_t)sizeof(MSG) - 1);
	heard = hear(nats(), &state, text + 2 * heard.taken);
	cr_assert_eq(heard.kind, DIALECT_REPLY);
	cr_assert(nats()->spans && !nats()->stream);
	cr_assert(!dialect_find("nats-tcp")->spans && dialect_find("nats-tcp")->stream);
	for (size_t cut = 0; cut < sizeof(MSG) - 1; cut++)
		cr_assert_eq(hear_bytes(nats(), &state, MSG, cut).taken, 0, "cut at %zu", cut);
	for (size_t cut = 0; cut < sizeof(INFO) - 1; cut++)
		cr_assert_eq(hear_bytes(nats(), &state, INFO, cut).taken, 0, "cut at %zu", cut);
}

Test(dialect_nats, garbage)
{
	static const char *const texts[] = {
		"x",
		"HTTP/1.1 400\r\n",
		"MSH",
		"MSG\r\n",
		"MSG \r\n",
		"MSG r1\r\n",
		"MSG r1 1\r\n",
		"MSG r1 x 2\r\n",
		"MSG r1 1 2x\r\n",
		"MSG r1 1 1048577\r\n",
		"MSG r1 1 99999999999999999999\r\n",
		"MSG r1 1 2\r\nabc\r\n",
		"PONG\n",
		"PONGS\r\n",
		"PINGS\r\n",
		"+OK!\r\n",
		"\r\n",
		"\n",
		"MSG r1 1073741824 0\r\n\r\n",
	};
	static char line[65537];
	struct dialect_state state = ready();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_eq(hear(nats(), &state, texts[i]).taken, -1, "%s", texts[i]);
	cr_assert_eq(hear(nats(), &state, "MSG r1 1 1048576\r\n").taken, 0, "the most");
	memset(line, ' ', sizeof(line));
	memcpy(line, "INFO", 4);
	cr_assert_eq(hear_bytes(nats(), &state, line, 65535).taken, 0);
	cr_assert_eq(hear_bytes(nats(), &state, line, 65536).taken, -1, "a line without an end");
	torture(nats(), &state, MSG, sizeof(MSG) - 1);
	torture(nats(), &state, INFO, sizeof(INFO) - 1);
	torture(nats(), &state, "MSG r3 3 _INBOX.x 2\r\nab\r\n", 25);
}
