#include "tests/unit/tools/load/dialect_fixture.h"

#define ESTABLISHED                                                                                                    \
	"{\"event\":\"pusher:connection_established\",\"data\":\"{\\\"socket_id\\\":\\\"1234567890.9876543210\\\","    \
	"\\\"activity_timeout\\\":30}\"}"
#define MESSAGE "{\"event\":\"client-message\",\"channel\":\"private-r12\",\"data\":\"U00payload\"}"
/* HMAC-SHA256 of "1234567890.9876543210:private-r12" with "app-secret", by another implementation. */
#define SIGNATURE "ca5f888f03051c44c7bc99c5644589fbbca73f8d91b67a2f20286813669520ea"

static const struct dialect *pusher(void)
{
	return dialect_find("pusher");
}

static struct dialect_state established(void)
{
	struct dialect_state state = { 0 };
	const struct heard heard = hear(pusher(), &state, ESTABLISHED);

	cr_hear(heard, ESTABLISHED, DIALECT_READY);
	return state;
}

Test(dialect_pusher, subscription_is_signed)
{
	struct dialect_state state = { 0 };
	struct spoken spoken = speak_hello(pusher(), &state);

	cr_assert_eq(spoken.size, 0);
	state = established();
	spoken = speak_join(pusher(), &state, 12);
	cr_assert_str_eq((const char *)spoken.bytes,
			 "{\"event\":\"pusher:subscribe\",\"data\":{\"auth\":\"app-key:" SIGNATURE
			 "\",\"channel\":\"private-r12\"}}");
	const char *text = "{\"event\":\"pusher_internal:subscription_succeeded\",\"channel\":\"private-r12\"}";
	struct heard heard = hear(pusher(), &state, text);

	cr_hear(heard, text, DIALECT_JOINED);
	cr_assert_eq(heard.room, 12);
	text = "{\"event\":\"pusher:subscription_error\",\"channel\":\"private-r12\",\"data\":{\"type\":\"AuthError\","
	       "\"error\":\"The connection is unauthorized.\",\"status\":401}}";
	heard = hear(pusher(), &state, text);
	cr_hear(heard, text, DIALECT_FAILED);
	cr_assert_eq(heard.room, 12);
	cr_assert_eq(strncmp(heard.text, "{\"type\":\"AuthError\"", 19), 0);
}

Test(dialect_pusher, the_socket_as_an_object_too)
{
	struct dialect_state state = { 0 };
	const char *text = "{\"event\":\"pusher:connection_established\",\"data\":{\"socket_id\":\"1.2\"}}";
	struct heard heard = hear(pusher(), &state, text);

	cr_hear(heard, text, DIALECT_READY);
	/* As long as there is room for, and one more. */
	text = "{\"event\":\"pusher:connection_established\","
	       "\"data\":{\"socket_id\":\"1234567890123456.123456789012345\"}}";
	cr_assert_eq(hear(pusher(), &state, text).taken, (ptrdiff_t)strlen(text));
	speak_join(pusher(), &state, DIALECT_ROOM_MAX);
	text = "{\"event\":\"pusher:connection_established\","
	       "\"data\":{\"socket_id\":\"1234567890123456.1234567890123456\"}}";
	cr_assert_eq(hear(pusher(), &state, text).taken, -1);
	text = "{\"event\":\"pusher:connection_established\",\"data\":{\"socket_id\":\"1.2,3\"}}";
	cr_assert_eq(hear(pusher(), &state, text).taken, -1);
	text = "{\"event\":\"pusher:connection_established\",\"data\":{\"socket_id\":\"\"}}";
	cr_assert_eq(hear(pusher(), &state, text).taken, -1);
	text = "{\"event\":\"pusher:connection_established\"}";
	cr_assert_eq(hear(pusher(), &state, text).taken, -1);
}

Test(dialect_pusher, client_events)
{
	struct dialect_state state = established();
	const struct spoken spoken = speak(pusher(), &state, 12, "U00payload", 5);

	cr_assert_str_eq((const char *)spoken.bytes, MESSAGE);
	cr_assert_not(spoken.binary);
	cr_assert_not(pusher()->echoes_sender);
	struct heard heard = hear(pusher(), &state, MESSAGE);

	cr_hear(heard, MESSAGE, DIALECT_MESSAGE);
	cr_assert_eq(heard.room, 12);
	cr_assert_str_eq(heard.data, "U00payload");
	const char *text = "{\"channel\":\"private-r3\",\"data\":\"x\",\"event\":\"client-message\",\"user_id\":\"7\"}";

	heard = hear(pusher(), &state, text);
	cr_hear(heard, text, DIALECT_MESSAGE);
	cr_assert_eq(heard.room, 3);
	cr_assert_str_eq(heard.data, "x");
	text = "{\"event\":\"client-message\",\"channel\":\"news\",\"data\":{\"x\":1}}";
	heard = hear(pusher(), &state, text);
	cr_hear(heard, text, DIALECT_MESSAGE);
	cr_assert_eq(heard.room, DIALECT_ROOM_UNKNOWN);
	cr_assert_str_eq(heard.data, "{\"x\":1}");
}

Test(dialect_pusher, pings_and_errors)
{
	struct dialect_state state = established();
	const struct spoken spoken = speak_heartbeat(pusher(), &state);

	cr_assert_str_eq((const char *)spoken.bytes, "{\"event\":\"pusher:ping\",\"data\":{}}");
	const char *text = "{\"event\":\"pusher:pong\",\"data\":{}}";
	struct heard heard = hear(pusher(), &state, text);

	cr_hear(heard, text, DIALECT_NOTHING);
	text = "{\"event\":\"pusher:ping\",\"data\":{}}";
	heard = hear(pusher(), &state, text);
	cr_hear(heard, text, DIALECT_REPLY);
	cr_assert_str_eq(heard.reply, "{\"event\":\"pusher:pong\",\"data\":{}}");
	text = "{\"event\":\"pusher:error\",\"data\":{\"code\":4001,\"message\":\"App key does not exist.\"}}";
	heard = hear(pusher(), &state, text);
	cr_hear(heard, text, DIALECT_FAILED);
	cr_assert_str_eq(heard.text, "{\"code\":4001,\"message\":\"App key does not exist.\"}");
	cr_assert_eq(heard.room, DIALECT_ROOM_UNKNOWN);
}

Test(dialect_pusher, garbage)
{
	static const char *const texts[] = { "", "x", "[]", "{}", "{\"event\":1}", MESSAGE "x", MESSAGE MESSAGE };
	struct dialect_state state = established();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_eq(hear(pusher(), &state, texts[i]).taken, -1, "%s", texts[i]);
	for (size_t cut = 0; cut < sizeof(MESSAGE) - 1; cut++)
		cr_assert_eq(hear_bytes(pusher(), &state, MESSAGE, cut).taken, -1, "cut at %zu", cut);
	torture(pusher(), &state, MESSAGE, sizeof(MESSAGE) - 1);
	torture(pusher(), &state, ESTABLISHED, sizeof(ESTABLISHED) - 1);
}
