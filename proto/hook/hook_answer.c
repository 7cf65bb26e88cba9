#include "proto/hook/hook_answer.h"

#include "proto/chat/rights.h"
#include "proto/json/json_scan.h"
#include "proto/json/json_string.h"
#include "proto/utf8/utf8.h"

enum key { KEY_allow, KEY_user, KEY_rights, KEY_exp, KEY_COUNT };

static const struct json_name names[KEY_COUNT] = { { "allow" }, { "user" }, { "rights" }, { "exp" } };

static bool take_user(struct hook_answer *answer, const struct json_value *value)
{
	struct span user;

	if (value->type == JSON_ABSENT || value->type == JSON_NULL)
		return true;
	if (value->type != JSON_STRING || json_string(&user, value->token, answer->user, sizeof(answer->user)) < 0 ||
	    user.size > sizeof(answer->user) || !chat_name_valid(user) || user.bytes[0] == CHAT_NAME_MARK_KEY)
		return false;
	memmove(answer->user, user.bytes, user.size);
	answer->user_size = (uint8_t)user.size;
	return true;
}

static bool is_between(uint8_t byte)
{
	return byte == ' ' || byte == ',' || byte == '"' || byte == '[' || byte == ']' || byte == '\t' ||
	       byte == '\n' || byte == '\r';
}

/* "read send" or ["read","send"]: words with something between them. The scanner has seen that it is a value. */
static bool take_rights(struct hook_answer *answer, const struct json_value *value)
{
	const struct span text = value->token;
	size_t at = 0;

	if (value->type == JSON_ABSENT || value->type == JSON_NULL)
		return true;
	if (value->type != JSON_STRING && value->type != JSON_ARRAY)
		return false;
	answer->has_rights = true;
	while (at < text.size) {
		size_t end = at;

		while (end < text.size && !is_between(text.bytes[end]))
			end++;
		if (end > at && !chat_rights_add(&answer->rights, span_of(text.bytes + at, end - at)))
			return false;
		at = end + 1;
	}
	return true;
}

static bool take_expiry(struct hook_answer *answer, const struct json_value *value)
{
	if (value->type == JSON_ABSENT || value->type == JSON_NULL)
		return true;
	return value->type == JSON_NUMBER && json_integer(&answer->expires_s, value->token) && answer->expires_s > 0;
}

bool hook_answer_read(struct hook_answer *answer, const uint8_t *text, size_t size)
{
	struct json_value values[KEY_COUNT];

	*answer = (struct hook_answer){ .allow = false };
	if (!utf8_valid(text, size) || json_scan_object(values, names, KEY_COUNT, text, size) < 0)
		return false;
	answer->allow = values[KEY_allow].type == JSON_TRUE;
	return (answer->allow || values[KEY_allow].type == JSON_FALSE) && take_user(answer, &values[KEY_user]) &&
	       take_rights(answer, &values[KEY_rights]) && take_expiry(answer, &values[KEY_exp]);
}
