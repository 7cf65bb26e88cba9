#include "tests/unit/tools/load/dialect_fixture.h"

#define ENTRY "$15\r\n1526919030474-5\r\n"

static const struct dialect *redis(void)
{
	return dialect_find("redis");
}

static struct dialect_state ready(void)
{
	struct dialect_state state = { 0 };

	hear(redis(), &state, "+PONG\r\n");
	return state;
}

static uint64_t acked(struct dialect_state *state)
{
	const struct heard heard = hear(redis(), state, ENTRY);

	cr_hear(heard, ENTRY, DIALECT_ACK);
	return heard.id;
}

Test(dialect_redis, hello_asks_for_a_pong)
{
	struct dialect_state state = { 0 };
	const struct spoken spoken = speak_hello(redis(), &state);

	cr_assert_str_eq((const char *)spoken.bytes, "*1\r\n$4\r\nPING\r\n");
	struct heard heard = hear(redis(), &state, "+PONG\r\n");

	cr_hear(heard, "+PONG\r\n", DIALECT_READY);
	heard = hear(redis(), &state, "+PONG\r\n");
	cr_assert_eq(heard.taken, -1, "once");
}

Test(dialect_redis, a_publish_is_an_entry_of_the_room)
{
	struct dialect_state state = ready();
	const struct spoken spoken = speak(redis(), &state, 12, "U00payload", 9);

	cr_assert_str_eq((const char *)spoken.bytes,
			 "*5\r\n$4\r\nXADD\r\n$3\r\nr12\r\n$1\r\n*\r\n$1\r\nd\r\n$10\r\nU00payload\r\n");
	speak(redis(), &state, DIALECT_ROOM_MAX, "U", DIALECT_ID_MAX);
}

Test(dialect_redis, answers_come_in_order)
{
	struct dialect_state state = ready();

	for (uint64_t turn = 0; turn < 3; turn++) {
		for (uint64_t id = 1; id <= 3; id++)
			speak(redis(), &state, 0, "U", turn * 10 + id);
		for (uint64_t id = 1; id <= 3; id++)
			cr_assert_eq(acked(&state), turn * 10 + id);
	}
	cr_assert_eq(hear(redis(), &state, ENTRY).taken, -1, "an answer to nothing");
}

Test(dialect_redis, more_than_are_timed_are_counted)
{
	struct dialect_state state = ready();

	for (uint64_t id = 1; id <= 9; id++)
		speak(redis(), &state, 0, "U", id);
	cr_assert_eq(acked(&state), 1);
	speak(redis(), &state, 0, "U", 10); /* there is room again, but one is before it that has none */
	for (uint64_t id = 2; id <= 8; id++)
		cr_assert_eq(acked(&state), id);
	cr_assert_eq(acked(&state), 0);
	cr_assert_eq(acked(&state), 0);
	speak(redis(), &state, 0, "U", 11);
	cr_assert_eq(acked(&state), 11);
}

Test(dialect_redis, a_refusal_is_an_answer_too)
{
	static const char text[] = "-MISCONF Errors writing to the AOF file\r\n";
	struct dialect_state state = ready();

	speak(redis(), &state, 0, "U", 1);
	speak(redis(), &state, 0, "U", 2);
	struct heard heard = hear(redis(), &state, text);

	cr_hear(heard, text, DIALECT_FAILED);
	cr_assert_eq(heard.id, 1);
	cr_assert_str_eq(heard.text, "MISCONF Errors writing to the AOF file");
	cr_assert_eq(acked(&state), 2);
	state = (struct dialect_state){ 0 };
	heard = hear(redis(), &state, "-NOAUTH\r\n");
	cr_hear(heard, "-NOAUTH\r\n", DIALECT_FAILED);
	cr_assert_eq(heard.id, 0);
}

Test(dialect_redis, what_is_not_whole_is_waited_for)
{
	struct dialect_state state = ready();
	char *const copy = strdup(ENTRY);

	speak(redis(), &state, 0, "U", 1);
	for (size_t cut = 0; cut < strlen(ENTRY); cut++)
		cr_assert_eq(hear_bytes(redis(), &state, copy, cut).taken, 0, "at %zu", cut);
	free(copy);
	cr_assert_eq(acked(&state), 1);
}

Test(dialect_redis, garbage_is_refused)
{
	static const char *const bad[] = { "HTTP/1.1 400\r\n", "*1\r\n",        "$-1\r\n", "$4097\r\n",
					   "$2\r\nok..",       "$2 \r\nok\r\n", "+\n" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct dialect_state state = ready();

		speak(redis(), &state, 0, "U", 1);
		cr_assert_eq(hear(redis(), &state, bad[i]).taken, -1, "%s", bad[i]);
	}
	struct dialect_state state = ready();

	speak(redis(), &state, 0, "U", 1);
	torture(redis(), &state, ENTRY, strlen(ENTRY));
}

#define MEMBER_HELLO                                                                                                   \
	"%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:"     \
	"4\r\n"                                                                                                        \
	"$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n"
#define SUBSCRIBED ">3\r\n$9\r\nsubscribe\r\n$2\r\nr7\r\n:1\r\n"
#define GIVEN ">3\r\n$7\r\nmessage\r\n$2\r\nr7\r\n$10\r\nU00payload\r\n"

static const struct dialect *members(void)
{
	return dialect_find("redis-members");
}

static struct dialect_state standing(void)
{
	struct dialect_state state = { 0 };

	hear(members(), &state, MEMBER_HELLO);
	return state;
}

Test(dialect_redis_members, a_member_says_hello_and_subscribes)
{
	struct dialect_state state = { 0 };
	struct spoken spoken = speak_hello(members(), &state);

	cr_assert_str_eq((const char *)spoken.bytes, "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n");
	struct heard heard = hear(members(), &state, MEMBER_HELLO);

	cr_hear(heard, MEMBER_HELLO, DIALECT_READY);
	spoken = speak_join(members(), &state, 7);
	cr_assert_str_eq((const char *)spoken.bytes, "*2\r\n$9\r\nSUBSCRIBE\r\n$2\r\nr7\r\n");
	heard = hear(members(), &state, SUBSCRIBED);
	cr_hear(heard, SUBSCRIBED, DIALECT_JOINED);
	cr_assert_eq(heard.room, 7);
}

Test(dialect_redis_members, kept_and_given)
{
	struct dialect_state state = standing();
	const struct spoken spoken = speak(members(), &state, 7, "U00payload", 9);

	cr_assert_str_eq((const char *)spoken.bytes,
			 "*5\r\n$4\r\nXADD\r\n$2\r\nr7\r\n$1\r\n*\r\n$1\r\nd\r\n$10\r\nU00payload\r\n"
			 "*3\r\n$7\r\nPUBLISH\r\n$2\r\nr7\r\n$10\r\nU00payload\r\n");
	struct heard heard = hear(members(), &state, GIVEN);

	cr_hear(heard, GIVEN, DIALECT_MESSAGE);
	cr_assert_eq(heard.room, 7);
	cr_assert_str_eq(heard.data, "U00payload");
	heard = hear(members(), &state, ENTRY);
	cr_hear(heard, ENTRY, DIALECT_ACK);
	cr_assert_eq(heard.id, 9);
	heard = hear(members(), &state, ":10\r\n");
	cr_hear(heard, ":10\r\n", DIALECT_NOTHING);
	cr_assert_eq(hear(members(), &state, ENTRY).taken, -1, "an answer to nothing");
}

Test(dialect_redis_members, what_is_not_whole_is_waited_for)
{
	static const char *const whole[] = { MEMBER_HELLO, SUBSCRIBED, GIVEN };

	for (size_t i = 0; i < 3; i++)
		for (size_t cut = 0; cut < strlen(whole[i]); cut++) {
			struct dialect_state state = { 0 };

			cr_assert_eq(hear_bytes(members(), &state, whole[i], cut).taken, 0, "%zu at %zu", i, cut);
		}
}

Test(dialect_redis_members, garbage_is_refused)
{
	static const char *const bad[] = { "+PONG\r\n",
					   ">2\r\n$4\r\npong\r\n",
					   ">3\r\n$4\r\nwhat\r\n$1\r\na\r\n$1\r\na\r\n",
					   ">3\r\n:1\r\n",
					   ":10\n",
					   ">3\r\n$1048577\r\n",
					   MEMBER_HELLO };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct dialect_state state = standing();

		cr_assert_eq(hear(members(), &state, bad[i]).taken, -1, "%s", bad[i]);
	}
	const struct dialect_state state = standing();

	torture(members(), &state, GIVEN, strlen(GIVEN));
	torture(members(), &state, SUBSCRIBED, strlen(SUBSCRIBED));
}
