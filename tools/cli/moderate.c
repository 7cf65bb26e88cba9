/* What a moderator types: /ban USER [TIME] [REASON], and what a room is told by it. */
#include <stdio.h>

#include "proto/chat/limits.h"
#include "proto/utf8/utf8.h"
#include "tools/cli/chat.h"

struct act {
	const char *name;
	bool of_user, ends;
};

static const struct act acts[] = {
#define CHAT_MOD(name, right, of_user, ends) { #name, of_user, ends },
#include "proto/chat/tbl/mods.h"
#undef CHAT_MOD
};

static const struct act *find(struct span command)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (command.size == strlen(acts[i].name) + 1 &&
		    memcmp(command.bytes + 1, acts[i].name, command.size - 1) == 0)
			return &acts[i];
	return NULL;
}

/* A number with s, m, h or d behind it, in seconds; without one only where bare. Returns whether it is one. */
static bool time_of(uint64_t *seconds, struct span word, bool bare)
{
	static const struct {
		char letter;
		uint32_t s;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t digits = 0;

	for (*seconds = 0; digits < word.size && digits < 10; digits++) {
		if (word.bytes[digits] < '0' || word.bytes[digits] > '9')
			break;
		*seconds = *seconds * 10 + (uint64_t)(word.bytes[digits] - '0');
	}
	if (digits > 0 && digits == word.size)
		return bare;
	if (digits == 0 || digits + 1 != word.size)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (word.bytes[digits] != units[i].letter)
			continue;
		*seconds *= units[i].s;
		return true;
	}
	return false;
}

/* A word, or what is between quotes: names have blanks. */
static struct span name_take(struct span *rest)
{
	const bool quoted = rest->size > 0 && rest->bytes[0] == '"';
	const uint8_t *const end = quoted ? memchr(rest->bytes + 1, '"', rest->size - 1) : NULL;
	struct span name;

	if (!end)
		return commands_word(rest);
	name = span_of(rest->bytes + 1, (size_t)(end - rest->bytes) - 1);
	*rest = span_of(end + 1, rest->size - name.size - 2);
	commands_word(rest); /* nothing, and the blanks behind it */
	return name;
}

/* In order: whom, how long or how often, and why. Returns whether all that must be there is. */
static bool read_members(struct text *members, const struct act *act, struct span rest)
{
	struct span after = rest;
	uint64_t seconds = 0;

	text_puts(members, ",\"act\":\"");
	text_puts(members, act->name);
	text_puts(members, "\"");
	if (act->of_user) {
		const struct span user = name_take(&rest);

		if (!chat_name_valid(user))
			return false;
		text_puts(members, ",\"user\":");
		text_json(members, user);
		after = rest;
	}
	const bool slow = strcmp(act->name, "slow") == 0;
	const bool timed = (act->ends || slow) && time_of(&seconds, commands_word(&after), slow);

	if (slow && (!timed || seconds > CHAT_EVERY_MAX_S))
		return false;
	if (timed) {
		text_puts(members, slow ? ",\"every\":" : ",\"for\":");
		text_number(members, seconds);
		rest = after;
	}
	if (rest.size > 0) {
		text_puts(members, ",\"reason\":");
		text_json(members, rest);
	}
	return (!timed || slow || (seconds > 0 && seconds <= CHAT_FOR_MAX_S)) && rest.size <= CHAT_REASON_SIZE_MAX;
}

static void say_usage(struct chat *chat, const struct act *act)
{
	char text[96];

	snprintf(text, sizeof(text), "/%s%s%s [REASON]%s", act->name, act->of_user ? " USER" : "",
		 act->ends                        ? " [30s|10m|2h|7d]"
		 : strcmp(act->name, "slow") == 0 ? " SECONDS"
						  : "",
		 act->of_user ? "; a name with blanks stands in \"quotes\"" : "");
	chat_fail(chat, text);
}

bool commands_moderate(struct chat *chat, struct span command, struct span rest)
{
	const struct act *const act = find(command);
	struct text members = { 0 };

	if (!act)
		return false;
	if (!utf8_valid(rest.bytes, rest.size) || !read_members(&members, act, rest)) {
		say_usage(chat, act);
	} else {
		text_put(&members, span_of("", 1));
		if (!session_ask(&chat->session, ASK_MOD, "mod", chat->current, (const char *)members.bytes))
			chat_fail(chat, COMMANDS_NOT_NOW);
	}
	text_free(&members);
	return true;
}
