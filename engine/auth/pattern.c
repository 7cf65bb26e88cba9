#include "engine/auth/pattern.h"

#include "engine/core/check.h"
#include "proto/chat/limits.h"

#define ANY 256 /* any number of letters; others are one letter */
#define USER SPAN("{user}")

/* A pattern with the user's name in it. */
struct glob {
	uint16_t items[PATTERN_SIZE_MAX + CHAT_ROOM_SIZE_MAX];
	size_t count;
	size_t letters;
};

static struct span from(struct span text, size_t at)
{
	return span_of(text.bytes + at, text.size - at);
}

bool pattern_valid(struct span pattern, bool users)
{
	if (pattern.size < 1 || pattern.size > PATTERN_SIZE_MAX)
		return false;
	for (size_t i = 0; i < pattern.size; i++) {
		if (users && span_begins(from(pattern, i), USER))
			i += USER.size - 1;
		else if (pattern.bytes[i] != '*' && !chat_room_valid(span_of(&pattern.bytes[i], 1)))
			return false;
	}
	return true;
}

/* False: it is longer than any room's name. */
static bool add(struct glob *glob, struct span letters)
{
	if (letters.size > CHAT_ROOM_SIZE_MAX - glob->letters)
		return false;
	for (size_t i = 0; i < letters.size; i++)
		glob->items[glob->count++] = letters.bytes[i];
	glob->letters += letters.size;
	return true;
}

static bool has_letter(struct span name, uint8_t letter)
{
	return letter != '*' && memchr(name.bytes, letter, name.size) != NULL;
}

/* Whether the name may stand in the pattern at [at, to). */
static bool is_apart(struct span pattern, size_t at, size_t to, struct span name)
{
	return !(at > 0 && has_letter(name, pattern.bytes[at - 1])) &&
	       !(to < pattern.size && has_letter(name, pattern.bytes[to]));
}

static bool expand(struct glob *glob, struct span pattern, struct span user)
{
	CHECK(pattern.size <= PATTERN_SIZE_MAX);
	for (size_t i = 0; i < pattern.size; i++) {
		if (pattern.bytes[i] == '*') {
			glob->items[glob->count++] = ANY;
		} else if (user.bytes && span_begins(from(pattern, i), USER)) {
			if (!is_apart(pattern, i, i + USER.size, user) || !add(glob, user))
				return false;
			i += USER.size - 1;
		} else if (!add(glob, span_of(&pattern.bytes[i], 1))) {
			return false;
		}
	}
	return true;
}

/* From left to right; where it does not go on, the last `*` takes a letter more. */
static bool fits(const struct glob *glob, struct span room)
{
	size_t item = 0, at = 0, any = SIZE_MAX, any_at = 0;

	while (at < room.size) {
		if (item < glob->count && glob->items[item] == ANY) {
			any = item++;
			any_at = at;
		} else if (item < glob->count && glob->items[item] == room.bytes[at]) {
			item++;
			at++;
		} else if (any != SIZE_MAX) {
			item = any + 1;
			at = ++any_at;
		} else {
			return false;
		}
	}
	while (item < glob->count && glob->items[item] == ANY)
		item++;
	return item == glob->count;
}

int pattern_fits(struct span pattern, struct span user, struct span room)
{
	struct glob glob;

	glob.count = 0;
	glob.letters = 0;
	if (!expand(&glob, pattern, user) || !fits(&glob, room))
		return -1;
	return (int)glob.letters;
}
