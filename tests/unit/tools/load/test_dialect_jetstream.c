#include "tests/unit/tools/load/dialect_fixture.h"

#define ACK "MSG _i.3.77 1 24\r\n{\"stream\":\"s5\",\"seq\":12}\r\n"
#define FULL "MSG _i.3.78 1 55\r\n{\"error\":{\"code\":503,\"description\":\"no space\"},\"seq\":0}\r\n"

static const struct dialect *jetstream(void)
{
	return dialect_find("jetstream");
}

static struct dialect_state third(void)
{
	return (struct dialect_state){ .connection = 3 };
}

Test(dialect_jetstream, hello_has_an_inbox_of_its_own)
{
	struct dialect_state state = third();
	const struct spoken spoken = speak_hello(jetstream(), &state);
	const char *const text = (const char *)spoken.bytes;

	cr_assert_eq(strncmp(text, "CONNECT {\"verbose\":false,", 25), 0);
	cr_assert_str_eq(text + spoken.size - 22, "\r\nSUB _i.3.* 1\r\nPING\r\n", "%s", text);
	const struct heard heard = hear(jetstream(), &state, "PONG\r\n");

	cr_hear(heard, "PONG\r\n", DIALECT_READY);
	cr_assert_null(jetstream()->join);
}

Test(dialect_jetstream, a_publish_says_where_to_acknowledge_it)
{
	struct dialect_state state = third();
	const struct spoken spoken = speak(jetstream(), &state, 5, "U00payload", 77);

	cr_assert_str_eq((const char *)spoken.bytes, "PUB r5 _i.3.77 10\r\nU00payload\r\n");
	speak(jetstream(), &state, DIALECT_ROOM_MAX, "U", DIALECT_ID_MAX);
}

Test(dialect_jetstream, an_acknowledgement_names_what_it_is_for)
{
	struct dialect_state state = third();
	struct heard heard = hear(jetstream(), &state, ACK);

	cr_hear(heard, ACK, DIALECT_ACK);
	cr_assert_eq(heard.id, 77);
	heard = hear(jetstream(), &state, FULL);
	cr_hear(heard, FULL, DIALECT_FAILED);
	cr_assert_eq(heard.id, 78);
	cr_assert(strstr(heard.text, "no space"));
}

Test(dialect_jetstream, what_is_not_whole_is_waited_for)
{
	struct dialect_state state = third();
	char *const copy = strdup(ACK);

	for (size_t cut = 0; cut < strlen(ACK); cut++)
		cr_assert_eq(hear_bytes(jetstream(), &state, copy, cut).taken, 0, "at %zu", cut);
	free(copy);
}

Test(dialect_jetstream, what_else_a_server_says)
{
	struct dialect_state state = third();
	struct heard heard = hear(jetstream(), &state, "PING\r\n");

	cr_hear(heard, "PING\r\n", DIALECT_REPLY);
	cr_assert_str_eq(heard.reply, "PONG\r\n");
	heard = hear(jetstream(), &state, "INFO {\"jetstream\":true}\r\n");
	cr_hear(heard, "INFO {\"jetstream\":true}\r\n", DIALECT_NOTHING);
	heard = hear(jetstream(), &state, "+OK\r\n");
	cr_hear(heard, "+OK\r\n", DIALECT_NOTHING);
	heard = hear(jetstream(), &state, "-ERR 'Stale Connection'\r\n");
	cr_hear(heard, "-ERR 'Stale Connection'\r\n", DIALECT_FAILED);
	cr_assert_str_eq(heard.text, "'Stale Connection'");
	cr_assert_eq(heard.id, 0);
}

Test(dialect_jetstream, garbage_is_refused)
{
	static const char *const bad[] = { "HTTP/1.1 400\r\n",
					   "MSG r5 1 2\r\nok\r\n",
					   "MSG _i.3.77 1\r\nok\r\n",
					   "MSG _i.3.x 1 2\r\nok\r\n",
					   "MSG _i.3.7 1 2\r\nok..",
					   "MSG _i.3.7 1 1048577\r\n",
					   "PONG\n",
					   "MSG _i.3.7 1 2 3\r\nok\r\n" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct dialect_state state = third();

		cr_assert_eq(hear(jetstream(), &state, bad[i]).taken, -1, "%s", bad[i]);
	}
	const struct dialect_state state = third();

	torture(jetstream(), &state, ACK, strlen(ACK));
}

Test(dialect_jetstream, a_member_is_given_its_room_s_messages)
{
	static const char given[] = "MSG r5 7 _i.9.1 10\r\nU00payload\r\n";
	const struct dialect *const members = dialect_find("jetstream-members");
	struct dialect_state state = third();
	struct heard heard = hear(members, &state, "PONG\r\n");

	cr_hear(heard, "PONG\r\n", DIALECT_READY);
	const struct spoken spoken = speak_join(members, &state, 5);

	cr_assert_str_eq((const char *)spoken.bytes, "SUB r5 7\r\nPING\r\n");
	speak_join(members, &state, 3);
	for (uint32_t i = 0; i < 2; i++) {
		heard = hear(members, &state, "PONG\r\n");
		cr_hear(heard, "PONG\r\n", DIALECT_JOINED);
		cr_assert_eq(heard.room, i == 0 ? 5 : 3);
	}
	heard = hear(members, &state, "PONG\r\n");
	cr_hear(heard, "PONG\r\n", DIALECT_NOTHING);
	heard = hear(members, &state, given);
	cr_hear(heard, given, DIALECT_MESSAGE);
	cr_assert_eq(heard.room, 5);
	cr_assert_str_eq(heard.data, "U00payload");
	heard = hear(members, &state, ACK);
	cr_hear(heard, ACK, DIALECT_ACK);
	cr_assert_eq(hear(members, &state, "MSG r5 1 _i.9.1 2\r\nok\r\n").taken, -1, "the inbox has 1");
	torture(members, &state, given, strlen(given));
}
