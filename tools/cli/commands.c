/* What a line means to join: a command, or something to say. */
#include <stdio.h>

#include "proto/chat/limits.h"
#include "proto/utf8/utf8.h"
#include "tools/cli/chat.h"
#include "tools/cli/escape.h"

struct span commands_word(struct span *rest)
{
	size_t size = 0, next;

	while (size < rest->size && rest->bytes[size] != ' ')
		size++;
	for (next = size; next < rest->size && rest->bytes[next] == ' ';)
		next++;
	const struct span word = span_of(rest->bytes, size);
	*rest = span_of(rest->bytes + next, rest->size - next);
	return word;
}

/* Decimal; 0 is no number of a message. */
static uint64_t number_take(struct span *rest)
{
	const struct span word = commands_word(rest);
	uint64_t number = 0;

	if (word.size > 15)
		return 0;
	for (size_t i = 0; i < word.size; i++) {
		if (word.bytes[i] < '0' || word.bytes[i] > '9')
			return 0;
		number = number * 10 + (uint64_t)(word.bytes[i] - '0');
	}
	return number;
}

static bool is(struct span word, const char *text)
{
	return span_equal(word, span_of(text, strlen(text)));
}

static void join(struct chat *chat, struct span rest)
{
	const struct span word = commands_word(&rest);
	char name[ROOM_NAME_SIZE_MAX + 1];
	struct room *room;

	snprintf(name, sizeof(name), "%.*s", word.size > ROOM_NAME_SIZE_MAX ? 0 : (int)word.size, word.bytes);
	if (!room_name_is_valid(name) || strlen(name) != word.size) {
		chat_fail(chat, "/join ROOM, a name of A-Z a-z 0-9 _ . : @ ~ -");
		return;
	}
	room = session_room(&chat->session, word);
	if (!room) {
		room = session_join(&chat->session, name, (uint32_t)chat->options->limit, false);
		chat->show.several = true;
	}
	if (room)
		chat->current = room;
	else
		chat_fail(chat, "that would be too many rooms");
}

struct room *commands_other(struct chat *chat, const struct room *room)
{
	for (size_t i = 0; i < SESSION_ROOMS_MAX; i++) {
		struct room *const other = &chat->session.rooms[i];

		if (other != room && other->phase != ROOM_FREE)
			return other;
	}
	return NULL;
}

void commands_go(struct chat *chat, struct room *room)
{
	char text[ROOM_NAME_SIZE_MAX + 64];

	chat->current = room;
	if (!room)
		return;
	snprintf(text, sizeof(text), "lines go to %s now", room->name);
	show_remark(&chat->show, NULL, text);
}

void commands_leave(struct chat *chat)
{
	char text[ROOM_NAME_SIZE_MAX + 64];

	chat->leaving = false;
	if (!outbox_is_empty(&chat->current->outbox) && !chat->input.person) {
		chat->leaving = true; /* a script's line waits */
		return;
	}
	if (!outbox_is_empty(&chat->current->outbox)) {
		chat_fail(chat, "not yet: something said here is not acknowledged");
		return;
	}
	snprintf(text, sizeof(text), "you left %s", chat->current->name);
	session_leave(&chat->session, chat->current);
	show_remark(&chat->show, NULL, text);
	commands_go(chat, commands_other(chat, chat->current));
}

static void change(struct chat *chat, const char *op, bool on, struct span rest)
{
	const uint64_t target = number_take(&rest);
	const bool del = strcmp(op, "del") == 0, react = strcmp(op, "react") == 0;
	struct text data = { 0 }, members = { 0 };

	if (target == 0 || (rest.size == 0) != del || !options_data_of(&data, rest)) {
		chat_fail(chat, del     ? "/del SEQ"
				: react ? "/react SEQ KEY, /unreact SEQ KEY"
					: "/edit SEQ TEXT: the number of a message, as /history shows it");
	} else {
		text_puts(&members, ",\"target\":");
		text_number(&members, target);
		if (chat->current && chat->current->known) { /* should the room begin anew, it is another message's */
			text_puts(&members, ",\"epoch\":");
			text_json(&members, span_of(chat->current->epoch, strlen(chat->current->epoch)));
		}
		if (react) {
			text_puts(&members, ",\"key\":");
			text_json(&members, rest);
			text_puts(&members, on ? ",\"on\":true" : ",\"on\":false");
		} else if (!del) {
			text_puts(&members, ",\"data\":");
			text_put(&members, text_span(&data));
		}
		session_say(&chat->session, chat->current, op, text_span(&members), react || del ? 0 : data.size);
	}
	text_free(&data);
	text_free(&members);
}

static void history(struct chat *chat, struct span rest)
{
	const bool given = rest.size > 0;
	const uint64_t limit = number_take(&rest);
	char members[32];

	snprintf(members, sizeof(members), ",\"limit\":%u", (unsigned)(given ? limit : 20));
	if (given && (limit < 1 || limit > 200))
		chat_fail(chat, "/history N, 1 to 200");
	else if (!session_ask(&chat->session, ASK_HISTORY, "history", chat->current, members))
		chat_fail(chat, COMMANDS_NOT_NOW);
}

static void search(struct chat *chat, struct span words)
{
	if (words.size == 0 || words.size > CHAT_QUERY_SIZE_MAX || !utf8_valid(words.bytes, words.size))
		chat_fail(chat, "/search WORDS");
	else if (!chat_search(chat, chat->current, words, CHAT_FOUND_DEFAULT, 0))
		chat_fail(chat, COMMANDS_NOT_NOW);
}

static void who(struct chat *chat)
{
	if (!session_ask(&chat->session, ASK_PRESENCE, "presence", chat->current, ""))
		chat_fail(chat, COMMANDS_NOT_NOW);
}

static void command(struct chat *chat, struct span line)
{
	struct span rest = line;
	const struct span word = commands_word(&rest);

	if (is(word, "/quit"))
		chat->quit = true;
	else if (is(word, "/join"))
		join(chat, rest);
	else if (!chat->current)
		chat_fail(chat, "you are in no room: /join ROOM");
	else if (is(word, "/leave"))
		commands_leave(chat);
	else if (is(word, "/edit"))
		change(chat, "edit", true, rest);
	else if (is(word, "/del"))
		change(chat, "del", true, rest);
	else if (is(word, "/react"))
		change(chat, "react", true, rest);
	else if (is(word, "/unreact"))
		change(chat, "react", false, rest);
	else if (is(word, "/history"))
		history(chat, rest);
	else if (is(word, "/search"))
		search(chat, rest);
	else if (is(word, "/who"))
		who(chat);
	else if (!commands_moderate(chat, word, rest))
		chat_fail(chat, "there is /join /leave /who /history /search /edit /del /react /unreact /quit, and for "
				"moderators /kick /ban /unban /mute /unmute /slow /lock /unlock");
}

void commands_line(struct chat *chat, struct span line)
{
	if (line.size > 1 && line.bytes[0] == '/' && line.bytes[1] != '/')
		command(chat, line);
	else if (line.size > 1 && line.bytes[0] == '/')
		chat_say_line(chat, span_of(line.bytes + 1, line.size - 1));
	else
		chat_say_line(chat, line);
}
