#include "proto/chat/rights.h"

#include <assert.h>
#include <string.h>

static const char *const names[CHAT_RIGHT_COUNT] = {
#define RIGHT(name, allows) [CHAT_RIGHT_INDEX_##name] = #name,
#include "proto/chat/tbl/rights.h"
#undef RIGHT
};

static const struct {
	const char *word;
	uint8_t rights;
} sets[] = {
	{ "none", CHAT_RIGHTS_NONE },
	{ "member", CHAT_RIGHTS_MEMBER },
	{ "all", CHAT_RIGHTS_ALL },
};

bool chat_rights_add(uint8_t *rights, struct span word)
{
	for (unsigned right = 0; right < CHAT_RIGHT_COUNT; right++) {
		if (!span_equal(word, span_of(names[right], strlen(names[right]))))
			continue;
		*rights |= (uint8_t)(1 << right);
		return true;
	}
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		if (!span_equal(word, span_of(sets[i].word, strlen(sets[i].word))))
			continue;
		*rights |= sets[i].rights;
		return true;
	}
	return false;
}

const char *chat_right_name(enum chat_right_index right)
{
	assert((unsigned)right < CHAT_RIGHT_COUNT);
	return names[right];
}
