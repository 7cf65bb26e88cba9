#include <criterion/criterion.h>

#include "proto/chat/event.h"

Test(chat_event, names_and_what_is_kept)
{
	static const struct {
		enum chat_event_kind kind;
		const char *name;
		bool logged;
	} rows[] = {
		{ CHAT_EV_msg, "msg", true },        { CHAT_EV_edit, "edit", true },
		{ CHAT_EV_del, "del", true },        { CHAT_EV_react, "react", true },
		{ CHAT_EV_mod, "mod", true },        { CHAT_EV_in, "in", false },
		{ CHAT_EV_out, "out", false },       { CHAT_EV_count, "count", false },
		{ CHAT_EV_typing, "typing", false }, { CHAT_EV_read, "read", false },
	};

	cr_assert_eq(sizeof(rows) / sizeof(rows[0]), CHAT_EVENT_COUNT);
	for (size_t i = 0; i < CHAT_EVENT_COUNT; i++) {
		cr_assert_str_eq(chat_event_name(rows[i].kind), rows[i].name);
		cr_assert_eq(chat_event_logged(rows[i].kind), rows[i].logged);
	}
}
