#include "proto/hook/hook_question.h"

#include <assert.h>

#include "proto/json/json_write.h"

#define WORDS_MAX 96 /* of the keys and what stands between them */

const char *hook_kind_name(enum hook_kind kind)
{
	static const char *const names[HOOK_KINDS] = { [HOOK_CONNECT] = "connect", [HOOK_JOIN] = "join" };

	assert(kind < HOOK_KINDS);
	return names[kind];
}

size_t hook_question_bound(const struct hook_about *about)
{
	return WORDS_MAX + json_string_bound(about->connection.size) + json_string_bound(about->user.size) +
	       json_string_bound(about->room.size) + json_string_bound(about->token.size);
}

size_t hook_question_write(uint8_t *out, const struct hook_about *about)
{
	const char *kind = hook_kind_name(about->kind);
	uint8_t *at = json_write_raw(out, SPAN("{\"event\":"));

	at = json_write_string(at, span_of(kind, strlen(kind)));
	at = json_write_raw(at, SPAN(",\"connection\":"));
	at = json_write_string(at, about->connection);
	at = json_write_raw(at, SPAN(",\"user\":"));
	at = json_write_string(at, about->user);
	at = json_write_raw(at, about->verified ? SPAN(",\"verified\":true") : SPAN(",\"verified\":false"));
	if (about->kind == HOOK_JOIN) {
		at = json_write_raw(at, SPAN(",\"room\":"));
		at = json_write_string(at, about->room);
	}
	if (about->kind == HOOK_CONNECT && about->token.bytes) {
		at = json_write_raw(at, SPAN(",\"token\":"));
		at = json_write_string(at, about->token);
	}
	at = json_write_raw(at, SPAN("}"));
	assert((size_t)(at - out) <= hook_question_bound(about));
	return (size_t)(at - out);
}
