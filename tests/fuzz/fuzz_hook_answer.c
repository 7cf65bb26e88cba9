/* What a back end answers: whatever is understood is one JSON object whose `allow` says what was taken from it, with a
 * name that may be one and rights that there are; and said again in other words it is understood the same. */
#include "proto/chat/rights.h"
#include "proto/hook/hook_answer.h"
#include "proto/json/json_scan.h"
#include "proto/json/json_write.h"
#include "proto/utf8/utf8.h"
#include "tests/fuzz/fuzz.h"

#define ANSWER_MAX 1024

static struct fuzz_exact exact;

static size_t say_again(const struct hook_answer *answer, uint8_t out[ANSWER_MAX])
{
	uint8_t *at = json_write_raw(out, answer->allow ? SPAN("{\"allow\":true") : SPAN("{\"allow\":false"));

	if (answer->user_size > 0) {
		at = json_write_raw(at, SPAN(",\"user\":"));
		at = json_write_string(at, span_of(answer->user, answer->user_size));
	}
	if (answer->has_rights) {
		at = json_write_raw(at, SPAN(",\"rights\":[\"none\""));
		for (unsigned right = 0; right < CHAT_RIGHT_COUNT; right++) {
			const char *name = chat_right_name((enum chat_right_index)right);

			if (!(answer->rights & 1 << right))
				continue;
			at = json_write_raw(at, SPAN(","));
			at = json_write_string(at, span_of(name, strlen(name)));
		}
		at = json_write_raw(at, SPAN("]"));
	}
	if (answer->expires_s > 0) {
		at = json_write_raw(at, SPAN(",\"exp\":"));
		at = json_write_u64(at, answer->expires_s);
	}
	at = json_write_raw(at, SPAN("}"));
	return (size_t)(at - out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct json_name allow = { "allow" };
	struct hook_answer answer, again;
	struct json_value value;
	uint8_t said[ANSWER_MAX];

	if (size > 16384)
		return 0;
	const uint8_t *text = fuzz_exact(&exact, data, size);

	if (!hook_answer_read(&answer, text, size))
		return 0;
	check(utf8_valid(text, size) && json_scan_object(&value, &allow, 1, text, size) == 1);
	check(value.type == (answer.allow ? JSON_TRUE : JSON_FALSE));
	check(answer.user_size == 0 || chat_name_valid(span_of(answer.user, answer.user_size)));
	check(answer.user_size == 0 || answer.user[0] != CHAT_NAME_MARK_KEY);
	check((answer.rights & ~CHAT_RIGHTS_ALL) == 0 && (answer.has_rights || answer.rights == 0));

	const size_t said_size = say_again(&answer, said);

	check(said_size <= sizeof(said) && hook_answer_read(&again, said, said_size));
	check(again.allow == answer.allow && again.has_rights == answer.has_rights && again.rights == answer.rights);
	check(again.expires_s == answer.expires_s);
	check(span_equal(span_of(again.user, again.user_size), span_of(answer.user, answer.user_size)));
	return 0;
}
