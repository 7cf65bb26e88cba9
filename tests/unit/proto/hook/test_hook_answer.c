#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/chat/rights.h"
#include "proto/hook/hook_answer.h"

/* From a copy of exactly its size, so that reading past it is seen. */
static bool answer_of(struct hook_answer *answer, const char *text)
{
	const size_t size = strlen(text);
	uint8_t *exact = malloc(size ? size : 1);

	memcpy(exact, text, size);
	const bool understood = hook_answer_read(answer, exact, size);

	free(exact);
	return understood;
}

Test(hook_answer, allows_or_not)
{
	struct hook_answer answer;

	cr_assert(answer_of(&answer, "{\"allow\":true}"));
	cr_assert(answer.allow && !answer.has_rights && answer.user_size == 0 && answer.expires_s == 0);
	cr_assert(answer_of(&answer, " {\"why\":[{}],\"allow\":false } "));
	cr_assert_not(answer.allow);
}

Test(hook_answer, with_all_it_may_say)
{
	struct hook_answer answer;

	cr_assert(answer_of(&answer,
			    "{\"allow\":true,\"user\":\"\\u00e4nn\",\"rights\":\"read  send\",\"exp\":1795229320}"));
	cr_assert_eq(answer.user_size, 4);
	cr_assert_arr_eq(answer.user, "\xc3\xa4nn", 4);
	cr_assert(answer.has_rights);
	cr_assert_eq(answer.rights, CHAT_RIGHT_read | CHAT_RIGHT_send);
	cr_assert_eq(answer.expires_s, 1795229320);
	cr_assert(answer_of(&answer, "{\"allow\":true,\"rights\":[\"member\", \"moderate\"]}"));
	cr_assert_eq(answer.rights, CHAT_RIGHTS_MEMBER | CHAT_RIGHT_moderate);
	cr_assert(answer_of(&answer, "{\"allow\":true,\"rights\":[]}"));
	cr_assert(answer.has_rights && answer.rights == 0);
	cr_assert(answer_of(&answer, "{\"allow\":true,\"rights\":null,\"user\":null,\"exp\":null}"));
	cr_assert(!answer.has_rights && answer.user_size == 0);
	cr_assert(answer_of(&answer, "{\"allow\":true,\"user\":\"a@b\"}"));
}

Test(hook_answer, what_is_not_understood)
{
	static const char *const rows[] = {
		"",
		"{}",
		"true",
		"[true]",
		"{\"allow\":1}",
		"{\"allow\":\"true\"}",
		"{\"allow\":null}",
		"{\"allow\":true",
		"{\"allow\":true}x",
		"{\"allow\":true,\"allow\":true}",
		"{\"allow\":false,\"all\\u006fw\":true}",
		"{\"allow\":true,\"user\":7}",
		"{\"allow\":true,\"user\":\"\"}",
		"{\"allow\":true,\"user\":\"a\\nb\"}",
		"{\"allow\":true,\"user\":\"\\ud800\"}",
		"{\"allow\":true,\"user\":\"@shop\"}",
		"{\"allow\":true,\"user\":\"\\u0040shop\"}",
		"{\"allow\":true,\"rights\":\"reed\"}",
		"{\"allow\":true,\"rights\":7}",
		"{\"allow\":true,\"rights\":{\"read\":true}}",
		"{\"allow\":true,\"rights\":[\"read\",7]}",
		"{\"allow\":true,\"rights\":[[\"read\"],{}]}",
		"{\"allow\":true,\"exp\":\"7\"}",
		"{\"allow\":true,\"exp\":0}",
		"{\"allow\":true,\"exp\":1e9}",
		"{\"allow\":true,\"exp\":-1}",
		"{\"allow\":true,\"x\":\"\xff\"}",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hook_answer answer;

		cr_assert_not(answer_of(&answer, rows[i]), "%s", rows[i]);
	}
}

Test(hook_answer, a_name_at_its_limit_and_past_it)
{
	struct hook_answer answer;
	char text[128];

	snprintf(text, sizeof(text), "{\"allow\":true,\"user\":\"%064d\"}", 7);
	cr_assert(answer_of(&answer, text));
	cr_assert_eq(answer.user_size, 64);
	snprintf(text, sizeof(text), "{\"allow\":true,\"user\":\"%065d\"}", 7);
	cr_assert_not(answer_of(&answer, text));
	snprintf(text, sizeof(text), "{\"allow\":true,\"user\":\"%062d\\\\\\\\\"}", 7);
	cr_assert(answer_of(&answer, text));
	snprintf(text, sizeof(text), "{\"allow\":true,\"user\":\"%063d\\\\\\\\\"}", 7);
	cr_assert_not(answer_of(&answer, text));
}
