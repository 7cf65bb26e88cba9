#include "tests/unit/tools/load/dialect_fixture.h"

#include "proto/dialect/native.h"

#define HELLO_OK                                                                                                       \
	"{\"re\":9007199254740991,\"ok\":{\"conn\":\"1-5-17\",\"user\":\"u3\",\"time\":1795229320123,\"ping\":25,"     \
	"\"server\":\"0.1.0\",\"limits\":{\"frame\":65536,\"data\":16384,\"rooms\":128,\"page\":200,\"sends\":20}}}"
#define MSG                                                                                                            \
	"{\"ev\":\"msg\",\"room\":\"r12\",\"seq\":132,\"ts\":1795229321007,\"from\":\"u3\","                           \
	"\"cid\":\"8f1cT4aQ:7\",\"data\":\"U00payload\"}"

static const struct dialect *native(void)
{
	return dialect_find("native");
}

/* As the server reads it. */
static struct chat_command read_back(const struct spoken *spoken, struct native_scratch *scratch)
{
	struct chat_command command;
	enum chat_error error;

	cr_assert_eq(native_decode(&command, &error, scratch, spoken->bytes, spoken->size), 1, "%s", spoken->bytes);
	cr_assert_not(spoken->binary);
	return command;
}

Test(dialect_native, hello_names_the_connection)
{
	struct dialect_state state = { .connection = 3 };
	const struct spoken spoken = speak_hello(native(), &state);
	struct native_scratch scratch = { 0 };
	const struct chat_command command = read_back(&spoken, &scratch);

	cr_assert_eq(command.op, CHAT_OP_hello);
	cr_assert(span_equal(command.name, SPAN("u3")));
	const struct heard heard = hear(native(), &state, HELLO_OK);

	cr_hear(heard, HELLO_OK, DIALECT_READY);
}

Test(dialect_native, hello_refused)
{
	struct dialect_state state = { 0 };
	const char *const text = "{\"re\":9007199254740991,\"err\":{\"code\":\"unauthorized\",\"msg\":\"no\"}}";
	const struct heard heard = hear(native(), &state, text);

	cr_hear(heard, text, DIALECT_FAILED);
	cr_assert_str_eq(heard.text, "unauthorized");
	cr_assert_eq(heard.room, DIALECT_ROOM_UNKNOWN);
	cr_assert_eq(heard.id, 0);
}

Test(dialect_native, join_is_answered_by_its_room)
{
	struct dialect_state state = { 0 };
	const struct spoken spoken = speak_join(native(), &state, 12);
	struct native_scratch scratch = { 0 };
	const struct chat_command command = read_back(&spoken, &scratch);

	cr_assert_eq(command.op, CHAT_OP_join);
	cr_assert(span_equal(command.room, SPAN("r12")));
	cr_assert_eq(command.limit, 0);
	cr_assert_eq(command.id, 4503599627370508);
	const char *const ok = "{\"re\":4503599627370508,\"ok\":{\"room\":\"r12\",\"epoch\":\"q7mb2k\",\"seq\":0,"
			       "\"first\":1,\"n\":1,\"class\":\"memory\",\"more\":false,\"events\":[]}}";
	struct heard heard = hear(native(), &state, ok);

	cr_hear(heard, ok, DIALECT_JOINED);
	cr_assert_eq(heard.room, 12);
	const char *const err = "{\"re\":4503599627370508,\"err\":{\"code\":\"limit\",\"msg\":\"...\"}}";

	heard = hear(native(), &state, err);
	cr_hear(heard, err, DIALECT_FAILED);
	cr_assert_eq(heard.room, 12);
	cr_assert_str_eq(heard.text, "limit");
}

Test(dialect_native, send_is_answered_by_its_id)
{
	struct dialect_state state = { 0 };

	hear(native(), &state, HELLO_OK);
	const struct spoken spoken = speak(native(), &state, 12, "U00payload", DIALECT_ID_MAX);
	struct native_scratch scratch = { 0 };
	const struct chat_command command = read_back(&spoken, &scratch);

	cr_assert_eq(command.op, CHAT_OP_send);
	cr_assert_eq(command.id, DIALECT_ID_MAX);
	cr_assert(span_equal(command.room, SPAN("r12")));
	cr_assert(span_equal(command.data, SPAN("\"U00payload\"")));
	const char *const ok = "{\"re\":1073741823,\"ok\":{\"room\":\"r12\",\"seq\":132,\"ts\":1795229321007,"
			       "\"epoch\":\"q7mb2k\",\"class\":\"memory\"}}";
	struct heard heard = hear(native(), &state, ok);

	cr_hear(heard, ok, DIALECT_ACK);
	cr_assert_eq(heard.id, DIALECT_ID_MAX);
	const char *const err = "{\"re\":7,\"err\":{\"code\":\"rate_limited\",\"msg\":\"slow\",\"retry_ms\":800}}";

	heard = hear(native(), &state, err);
	cr_hear(heard, err, DIALECT_FAILED);
	cr_assert_eq(heard.id, 7);
	cr_assert_eq(heard.room, DIALECT_ROOM_UNKNOWN);
	cr_assert_str_eq(heard.text, "rate_limited");
}

Test(dialect_native, every_send_has_a_cid_of_its_own)
{
	struct dialect_state one = { .connection = 3 }, two = { .connection = 3 };
	struct native_scratch scratch = { 0 };

	hear(native(), &one, HELLO_OK);
	hear(native(), &two, "{\"re\":9007199254740991,\"ok\":{\"conn\":\"1-5-18\"}}");
	struct spoken spoken = speak(native(), &one, 1, "x", 0);
	struct chat_command command = read_back(&spoken, &scratch);
	struct span producer = command.producer;
	char first[33] = { 0 };

	cr_assert_eq(command.id, 0);
	cr_assert_eq(command.number, 1);
	cr_assert_eq(producer.size, 16);
	memcpy(first, producer.bytes, producer.size);
	spoken = speak(native(), &one, 2, "x", 0);
	command = read_back(&spoken, &scratch);
	cr_assert_eq(command.number, 2);
	cr_assert(span_equal(command.producer, span_of(first, 16)));
	spoken = speak(native(), &two, 1, "x", 0);
	command = read_back(&spoken, &scratch);
	cr_assert_eq(command.number, 1);
	cr_assert_not(span_equal(command.producer, span_of(first, 16)));
}

static void check_message(const char *text, uint32_t room, const char *data)
{
	struct dialect_state state = { 0 };
	const struct heard heard = hear(native(), &state, text);

	cr_hear(heard, text, DIALECT_MESSAGE);
	cr_assert_eq(heard.room, room, "%s", text);
	cr_assert_str_eq(heard.data, data, "%s", text);
	cr_assert_eq(heard.reply_size, 0);
}

Test(dialect_native, messages)
{
	check_message(MSG, 12, "U00payload");
	check_message("{\"ev\":\"msg\",\"room\":\"r0\",\"seq\":1,\"ts\":2,\"from\":\"\",\"data\":\"x\"}", 0, "x");
	check_message("{\"ev\":\"msg\",\"room\":\"r0\",\"seq\":1,\"ts\":2,\"from\":\"a\",\"data\":\"\"}", 0, "");
	check_message("{\"ev\":\"msg\",\"room\":\"lobby\",\"seq\":1,\"ts\":2,\"from\":\"a\",\"data\":\"x\"}",
		      DIALECT_ROOM_UNKNOWN, "x");
	/* The slow way: other orders, space, escapes, other data. */
	check_message("{\"data\":\"x\", \"room\":\"r5\", \"ev\":\"msg\"}", 5, "x");
	check_message("{\"ev\":\"msg\",\"room\":\"r5\",\"seq\":1,\"ts\":2,\"from\":\"\\u0041\",\"data\":\"x\"}", 5,
		      "x");
	check_message("{\"ev\":\"msg\",\"room\":\"r5\",\"seq\":1,\"ts\":2,\"from\":\"a\",\"data\":{\"text\":\"x\"}}", 5,
		      "{\"text\":\"x\"}");
	check_message("{\"ev\":\"msg\",\"room\":\"r5\",\"seq\":1,\"ts\":2,\"from\":\"a\",\"data\":\"x\\ny\"}", 5,
		      "x\\ny");
}

Test(dialect_native, message_as_our_server_writes_it)
{
	const struct chat_event event = {
		.kind = CHAT_EV_msg,
		.room = SPAN("r12"),
		.seq = 132,
		.ts_ms = 1795229321007,
		.from = SPAN("u3"),
		.producer = SPAN("8f1cT4aQ"),
		.number = 7,
		.data = SPAN("\"U00payload\""),
	};
	char text[512] = { 0 };

	cr_assert_lt(native_event_bound(&event), sizeof(text));
	native_event((uint8_t *)text, &event);
	cr_assert_str_eq(text, MSG);
}

Test(dialect_native, notices)
{
	struct dialect_state state = { 0 };
	const char *text = "{\"ev\":\"ping\"}";
	struct heard heard = hear(native(), &state, text);

	cr_hear(heard, text, DIALECT_REPLY);
	cr_assert_str_eq(heard.reply, "{\"op\":\"pong\"}");
	cr_assert_not(heard.reply_binary);
	text = "{\"ev\":\"notice\",\"code\":\"lagged\",\"room\":\"r9\",\"after\":400,\"next\":1001,\"n\":600}";
	heard = hear(native(), &state, text);
	cr_hear(heard, text, DIALECT_GAP);
	cr_assert_eq(heard.room, 9);
	cr_assert_eq(heard.left_out, 600);
	text = "{\"ev\":\"notice\",\"code\":\"lagged\",\"room\":\"r9\",\"n\":4999999998}";
	cr_assert_eq(hear(native(), &state, text).left_out, UINT32_MAX);
	text = "{\"ev\":\"notice\",\"code\":\"lagged\",\"room\":\"r9\"}";
	cr_assert_eq(hear(native(), &state, text).left_out, 0);
	text = "{\"ev\":\"notice\",\"code\":\"slow\",\"room\":\"r9\"}";
	heard = hear(native(), &state, text);
	cr_hear(heard, text, DIALECT_NOTHING);
	text = "{\"ev\":\"in\",\"room\":\"r9\",\"user\":\"Bob\",\"n\":43}";
	heard = hear(native(), &state, text);
	cr_hear(heard, text, DIALECT_NOTHING);
	text = "{\"ev\":\"tomorrow\"}";
	heard = hear(native(), &state, text);
	cr_hear(heard, text, DIALECT_NOTHING);
}

Test(dialect_native, heartbeat_is_a_pong)
{
	struct dialect_state state = { 0 };
	const struct spoken spoken = speak_heartbeat(native(), &state);

	cr_assert_str_eq((const char *)spoken.bytes, "{\"op\":\"pong\"}");
}

Test(dialect_native, garbage)
{
	static const char *const texts[] = { "",
					     "x",
					     "[]",
					     "{}",
					     "{\"re\":1}",
					     "{\"re\":1,\"ok\":{},\"err\":{}}",
					     "{\"re\":-1,\"ok\":{}}",
					     "{\"re\":1,\"ok\":3}",
					     "{\"ev\":1}",
					     "{\"ev\":\"msg\"",
					     MSG "x",
					     MSG MSG,
					     "{\"re\":4503600701112320,\"ok\":{}}" };
	struct dialect_state state = { 0 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_eq(hear(native(), &state, texts[i]).taken, -1, "%s", texts[i]);
	for (size_t cut = 1; cut < sizeof(MSG) - 1; cut++)
		cr_assert_eq(hear_bytes(native(), &state, MSG, cut).taken, -1, "cut at %zu", cut);
	torture(native(), &state, MSG, sizeof(MSG) - 1);
	torture(native(), &state, HELLO_OK, sizeof(HELLO_OK) - 1);
}
