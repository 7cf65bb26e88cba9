#include <criterion/criterion.h>

#include "proto/chat/command.h"

Test(chat_command, names_are_those_of_the_protocol)
{
	cr_assert_str_eq(chat_error_name(CHAT_ERR_bad_request), "bad_request");
	cr_assert_str_eq(chat_error_name(CHAT_ERR_internal), "internal");
	cr_assert_str_eq(chat_error_message(CHAT_ERR_gone), "the room keeps that no longer, or never had it");
}

/* The limit of a close frame's payload is 125 bytes, two of them the code. */
Test(chat_command, every_close_has_a_code_and_a_reason_that_fits)
{
	cr_assert_eq(chat_close_code(CHAT_CLOSE_bad_frame), 4400);
	cr_assert_str_eq(chat_close_text(CHAT_CLOSE_bad_frame), "bad_frame");
	cr_assert_eq(chat_close_code(CHAT_CLOSE_full), 4513);
	for (int reason = 0; reason < CHAT_CLOSE_COUNT; reason++) {
		const uint16_t code = chat_close_code((enum chat_close)reason);

		cr_assert((code >= 1000 && code <= 1011) || (code >= 4000 && code <= 4999));
		cr_assert_leq(strlen(chat_close_text((enum chat_close)reason)), 123);
		for (int other = 0; other < reason; other++)
			cr_assert_neq(chat_close_code((enum chat_close)other), code);
	}
}

Test(chat_command, every_op_has_a_name_that_the_native_decoder_can_compare_and_every_error_a_message)
{
	static const char *const ops[CHAT_OP_COUNT] = {
#define CHAT_OP(name) [CHAT_OP_##name] = #name,
#include "proto/chat/tbl/ops.h"
#undef CHAT_OP
	};

	for (int op = 0; op < CHAT_OP_COUNT; op++)
		cr_assert_leq(strlen(ops[op]), 8, "it compares words of eight");
	for (int error = CHAT_OK + 1; error < CHAT_ERROR_COUNT; error++)
		cr_assert(*chat_error_message((enum chat_error)error));
}
