#include "tests/unit/tools/load/dialect_fixture.h"

#define CONNECTED "{\"id\":1,\"connect\":{\"client\":\"42717c3d\",\"version\":\"6.0.0\",\"ping\":25,\"pong\":true}}"
#define PUSH                                                                                                           \
	"{\"push\":{\"channel\":\"r12\",\"pub\":{\"data\":\"U00payload\",\"info\":{\"user\":\"\",\"client\":\"4271\"}" \
	"}}}"

static const struct dialect *centrifugo(void)
{
	return dialect_find("centrifugo");
}

Test(dialect_centrifugo, connect)
{
	struct dialect_state state = { 0 };
	const struct spoken spoken = speak_hello(centrifugo(), &state);

	cr_assert_str_eq((const char *)spoken.bytes, "{\"id\":1,\"connect\":{\"name\":\"uproar-load\"}}");
	cr_assert_not(spoken.binary);
	struct heard heard = hear(centrifugo(), &state, CONNECTED);

	cr_hear(heard, CONNECTED, DIALECT_READY);
	const char *const text = "{\"id\":1,\"error\":{\"code\":109,\"message\":\"token expired\"}}";

	heard = hear(centrifugo(), &state, text);
	cr_hear(heard, text, DIALECT_FAILED);
	cr_assert_str_eq(heard.text, "token expired");
	cr_assert_eq(heard.room, DIALECT_ROOM_UNKNOWN);
	cr_assert_eq(heard.id, 0);
}

Test(dialect_centrifugo, ping_is_answered_where_that_is_wanted)
{
	struct dialect_state state = { 0 };
	struct heard heard = hear(centrifugo(), &state, "{}");

	cr_hear(heard, "{}", DIALECT_NOTHING);
	hear(centrifugo(), &state, CONNECTED);
	heard = hear(centrifugo(), &state, "{}");
	cr_hear(heard, "{}", DIALECT_REPLY);
	cr_assert_str_eq(heard.reply, "{}");
	hear(centrifugo(), &state, "{\"id\":1,\"connect\":{\"ping\":25}}");
	heard = hear(centrifugo(), &state, "{}");
	cr_hear(heard, "{}", DIALECT_NOTHING);
}

Test(dialect_centrifugo, subscribe)
{
	struct dialect_state state = { 0 };
	const struct spoken spoken = speak_join(centrifugo(), &state, 12);

	cr_assert_str_eq((const char *)spoken.bytes, "{\"id\":2147483660,\"subscribe\":{\"channel\":\"r12\"}}");
	const char *text = "{\"id\":2147483660,\"subscribe\":{}}";
	struct heard heard = hear(centrifugo(), &state, text);

	cr_hear(heard, text, DIALECT_JOINED);
	cr_assert_eq(heard.room, 12);
	text = "{\"id\":2147483660,\"error\":{\"code\":103,\"message\":\"permission denied\"}}";
	heard = hear(centrifugo(), &state, text);
	cr_hear(heard, text, DIALECT_FAILED);
	cr_assert_eq(heard.room, 12);
	cr_assert_str_eq(heard.text, "permission denied");
}

Test(dialect_centrifugo, publish)
{
	struct dialect_state state = { 0 };
	struct spoken spoken = speak(centrifugo(), &state, 12, "U00payload", DIALECT_ID_MAX);

	cr_assert_str_eq((const char *)spoken.bytes,
			 "{\"id\":1073741824,\"publish\":{\"channel\":\"r12\",\"data\":\"U00payload\"}}");
	const char *text = "{\"id\":1073741824,\"publish\":{}}";
	struct heard heard = hear(centrifugo(), &state, text);

	cr_hear(heard, text, DIALECT_ACK);
	cr_assert_eq(heard.id, DIALECT_ID_MAX);
	text = "{\"id\":2,\"error\":{\"code\":111,\"message\":\"too many requests\",\"temporary\":true}}";
	heard = hear(centrifugo(), &state, text);
	cr_hear(heard, text, DIALECT_FAILED);
	cr_assert_eq(heard.id, 1);
	cr_assert_eq(heard.room, DIALECT_ROOM_UNKNOWN);
	spoken = speak(centrifugo(), &state, 12, "x", 0);
	cr_assert_str_eq((const char *)spoken.bytes,
			 "{\"id\":2147483647,\"publish\":{\"channel\":\"r12\",\"data\":\"x\"}}");
	heard = hear(centrifugo(), &state, "{\"id\":2147483647,\"publish\":{}}");
	cr_hear(heard, "{\"id\":2147483647,\"publish\":{}}", DIALECT_NOTHING);
}

static void check_message(const char *text, uint32_t room, const char *data)
{
	struct dialect_state state = { 0 };
	const struct heard heard = hear(centrifugo(), &state, text);

	cr_hear(heard, text, DIALECT_MESSAGE);
	cr_assert_eq(heard.room, room, "%s", text);
	cr_assert_str_eq(heard.data, data, "%s", text);
}

Test(dialect_centrifugo, messages)
{
	check_message(PUSH, 12, "U00payload");
	check_message("{\"push\":{\"channel\":\"r0\",\"pub\":{\"data\":\"x\"}}}", 0, "x");
	check_message("{\"push\":{\"channel\":\"r0\",\"pub\":{\"data\":\"x\",\"offset\":45}}}", 0, "x");
	check_message("{\"push\":{\"channel\":\"r7\",\"pub\":{\"offset\":45,\"data\":\"x\"}}}", 7, "x");
	check_message("{\"push\":{\"channel\":\"r7\",\"pub\":{\"data\":{\"a\":1}}}}", 7, "{\"a\":1}");
	check_message("{\"push\":{\"channel\":\"news\",\"pub\":{\"data\":\"x\"}}}", DIALECT_ROOM_UNKNOWN, "x");
}

Test(dialect_centrifugo, other_pushes)
{
	struct dialect_state state = { 0 };
	const char *text =
		"{\"push\":{\"channel\":\"r9\",\"unsubscribe\":{\"code\":2500,\"reason\":\"insufficient\"}}}";
	struct heard heard = hear(centrifugo(), &state, text);

	cr_hear(heard, text, DIALECT_GAP);
	cr_assert_eq(heard.room, 9);
	cr_assert_eq(heard.left_out, UINT32_MAX);
	text = "{\"push\":{\"channel\":\"r9\",\"join\":{\"info\":{\"client\":\"1\"}}}}";
	heard = hear(centrifugo(), &state, text);
	cr_hear(heard, text, DIALECT_NOTHING);
}

Test(dialect_centrifugo, several_in_one_message)
{
	static const char text[] = PUSH "\n{}\n{\"id\":2147483661,\"subscribe\":{}}\n";
	struct dialect_state state = { 0 };
	struct heard heard = hear(centrifugo(), &state, text);
	size_t at = sizeof(PUSH);

	cr_assert_eq(heard.taken, (ptrdiff_t)sizeof(PUSH));
	cr_assert_eq(heard.kind, DIALECT_MESSAGE);
	heard = hear(centrifugo(), &state, text + at);
	cr_assert_eq(heard.taken, 3);
	cr_assert_eq(heard.kind, DIALECT_NOTHING);
	at += 3;
	heard = hear(centrifugo(), &state, text + at);
	cr_hear(heard, text + at, DIALECT_JOINED);
	cr_assert_eq(heard.room, 13);
}

Test(dialect_centrifugo, garbage)
{
	static const char *const texts[] = { "",
					     "\n",
					     "x",
					     "[]",
					     "{\"id\":0}",
					     "{\"id\":-1}",
					     "{\"id\":1}",
					     "{\"id\":3221225472,\"publish\":{}}",
					     "{\"push\":{}",
					     "{\"unknown\":1}",
					     "{\"push\":{\"channel\":\"r1\",\"pub\":{\"data\":\"x\"}}",
					     "{\"push\":{\"channel\":\"r1\",\"pub\":1}}" };
	struct dialect_state state = { 0 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_eq(hear(centrifugo(), &state, texts[i]).taken, -1, "%s", texts[i]);
	for (size_t cut = 0; cut < sizeof(PUSH) - 1; cut++)
		cr_assert_eq(hear_bytes(centrifugo(), &state, PUSH, cut).taken, -1, "cut at %zu", cut);
	torture(centrifugo(), &state, PUSH, sizeof(PUSH) - 1);
	torture(centrifugo(), &state, CONNECTED, sizeof(CONNECTED) - 1);
}
