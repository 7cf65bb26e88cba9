#include "tests/unit/tools/load/dialect_fixture.h"

#define INFO                                                                                                           \
	"queued messages: 1\r\nlast requested: 0 sec. ago\r\nactive subscribers: 1\r\nlast message id: 1450755280:0"

Test(dialect_nchan, a_message_is_its_payload)
{
	const struct dialect *const nchan = dialect_find("nchan");
	struct dialect_state state = { 0 };
	const struct heard heard = hear(nchan, &state, "U00payload");

	cr_hear(heard, "U00payload", DIALECT_MESSAGE);
	cr_assert_str_eq(heard.data, "U00payload");
	cr_assert_eq(heard.room, DIALECT_ROOM_UNKNOWN);
	cr_assert(nchan->path_room);
	cr_assert_str_eq(nchan->path, "/sub/");
}

Test(dialect_nchan, what_a_publisher_is_answered_is_passed_over)
{
	const struct dialect *const pub = dialect_find("nchan");
	struct dialect_state state = { 0 };
	const struct spoken spoken = speak(pub, &state, 3, "U00payload", 9);

	cr_assert_str_eq((const char *)spoken.bytes, "U00payload");
	cr_assert_not(spoken.binary);
	const struct heard heard = hear(pub, &state, INFO);

	cr_hear(heard, INFO, DIALECT_NOTHING);
	torture(pub, &state, INFO, sizeof(INFO) - 1);
}
