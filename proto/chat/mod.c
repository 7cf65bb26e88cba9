#include "proto/chat/mod.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *name;
	enum chat_right right;
	bool of_user, ends;
} mods[CHAT_MOD_COUNT] = {
#define CHAT_MOD(name, right, of_user, ends) [CHAT_MOD_##name] = { #name, CHAT_RIGHT_##right, of_user, ends },
#include "proto/chat/tbl/mods.h"
#undef CHAT_MOD
};

const char *chat_mod_name(enum chat_mod act)
{
	assert((unsigned)act < CHAT_MOD_COUNT);
	return mods[act].name;
}

enum chat_mod chat_mod_find(struct span name)
{
	unsigned act = 0;

	while (act < CHAT_MOD_COUNT && !span_equal(name, span_of(mods[act].name, strlen(mods[act].name))))
		act++;
	return (enum chat_mod)act;
}

enum chat_right chat_mod_right(enum chat_mod act)
{
	assert((unsigned)act < CHAT_MOD_COUNT);
	return mods[act].right;
}

bool chat_mod_of_user(enum chat_mod act)
{
	assert((unsigned)act < CHAT_MOD_COUNT);
	return mods[act].of_user;
}

bool chat_mod_ends(enum chat_mod act)
{
	assert((unsigned)act < CHAT_MOD_COUNT);
	return mods[act].ends;
}
