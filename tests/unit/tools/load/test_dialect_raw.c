#include "tests/unit/tools/load/dialect_fixture.h"

static const struct dialect *raw(void)
{
	return dialect_find("raw");
}

Test(dialect_raw, a_message_is_its_payload)
{
	struct dialect_state state = { 0 };
	const struct spoken spoken = speak(raw(), &state, 7, "U000payload", 1);

	cr_assert_str_eq((const char *)spoken.bytes, "U000payload");
	cr_assert_not(spoken.binary);
	const struct heard heard = hear(raw(), &state, "U000payload");

	cr_hear(heard, "U000payload", DIALECT_MESSAGE);
	cr_assert_str_eq(heard.data, "U000payload");
	cr_assert_eq(heard.room, DIALECT_ROOM_UNKNOWN);
	cr_assert_eq(heard.reply_size, 0);
}

Test(dialect_raw, nothing_is_a_message_too)
{
	struct dialect_state state = { 0 };

	cr_assert_eq(hear(raw(), &state, "").taken, 0);
}

Test(dialect_raw, has_no_session)
{
	cr_assert_null(raw()->hello);
	cr_assert_null(raw()->join);
	cr_assert_not(raw()->has_rooms);
}
