#include "engine/store/words.h"

#include "engine/core/check.h"
#include "proto/chat/limits.h"
#include "proto/json/json_string.h"

static bool is_letter(uint8_t byte)
{
	return byte >= 0x80 || (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

static uint8_t small(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

/* The next word from *at on, which moves behind it; absent at the end. */
static struct span next_word(struct span text, size_t *at)
{
	for (;;) {
		if (words_mark_at(text, *at))
			*at += 2;
		else if (*at < text.size && !is_letter(text.bytes[*at]))
			++*at;
		else
			break;
	}
	const size_t start = *at;

	while (*at < text.size && is_letter(text.bytes[*at]))
		++*at;
	return *at > start ? span_of(text.bytes + start, *at - start) : SPAN_NONE;
}

static bool same_word(struct span a, struct span b)
{
	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++)
		if (small(a.bytes[i]) != small(b.bytes[i]))
			return false;
	return true;
}

bool words_any(struct span query)
{
	size_t at = 0;

	return next_word(query, &at).bytes != NULL;
}

/* Any string, or a member's name. */
static struct span next_string(struct span json, size_t *at)
{
	while (*at < json.size && json.bytes[*at] != '"')
		++*at;
	const size_t start = *at;

	if (start == json.size)
		return SPAN_NONE;
	for (++*at; json.bytes[*at] != '"'; ++*at) {
		*at += json.bytes[*at] == '\\';
		CHECK(*at < json.size);
	}
	++*at;
	return span_of(json.bytes + start, *at - start);
}

struct span words_string(struct span json, size_t *at)
{
	struct span token = next_string(json, at);

	while (token.bytes && json_is_name(json, *at))
		token = next_string(json, at);
	return token;
}

static bool has_word(struct span text, struct span wanted)
{
	size_t at = 0;

	for (struct span word; (word = next_word(text, &at)).bytes;)
		if (same_word(word, wanted))
			return true;
	return false;
}

static bool value_has_word(struct span json, struct span wanted)
{
	uint8_t room[CHAT_DATA_SIZE_MAX];
	size_t at = 0;

	for (struct span token; (token = words_string(json, &at)).bytes;) {
		struct span text;

		/* What stands for no text, half a surrogate or a zero, has no words. */
		if (json_string(&text, token, room, sizeof(room)) == 1 && has_word(text, wanted))
			return true;
	}
	return false;
}

bool words_match(struct span query, struct span json)
{
	size_t at = 0;

	for (int count = 0; count < WORDS_MAX; count++) {
		const struct span wanted = next_word(query, &at);

		if (!wanted.bytes)
			return count > 0;
		if (!value_has_word(json, wanted))
			return false;
	}
	return true;
}
