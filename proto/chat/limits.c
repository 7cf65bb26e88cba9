#include "proto/chat/limits.h"

#include <assert.h>

/* One bit a character of ASCII: - . 0-9 : @ A-Z _ a-z ~ */
static const uint32_t room_characters[4] = { 0, 0x07ff6000, 0x87ffffff, 0x47fffffe };

bool chat_room_valid(struct span room)
{
	bool valid = room.size >= 1 && room.size <= CHAT_ROOM_SIZE_MAX;

	for (size_t i = 0; valid && i < room.size; i++) {
		const uint8_t byte = room.bytes[i];

		valid = byte < 0x80 && room_characters[byte >> 5] >> (byte & 31) & 1;
	}
	return valid;
}

struct range {
	uint32_t first, last;
};

/* A name stands in other people's line of text: what breaks that line or turns it around is refused. */
static const struct range refused[] = {
	{ 0x0000, 0x001f }, { 0x007f, 0x009f }, /* control characters */
	{ 0x2028, 0x2029 },                     /* line and paragraph separator */
	{ 0x202a, 0x202e }, { 0x2066, 0x2069 }, /* embeddings, overrides and isolates of direction */
};

/* What leaves nothing on the screen. Allowed in a name, but not alone: joiners make emoji and scripts. */
static const struct range blank[] = {
	{ 0x0020, 0x0020 }, { 0x00a0, 0x00a0 }, { 0x00ad, 0x00ad }, { 0x034f, 0x034f }, { 0x061c, 0x061c },
	{ 0x115f, 0x1160 }, { 0x1680, 0x1680 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x2000, 0x200f },
	{ 0x202f, 0x202f }, { 0x205f, 0x2065 }, { 0x206a, 0x206f }, { 0x2800, 0x2800 }, { 0x3000, 0x3000 },
	{ 0x3164, 0x3164 }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xe0000, 0xe0fff },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool within(const struct range *ranges, size_t count, uint32_t point)
{
	for (size_t i = 0; i < count; i++)
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	return false;
}

/* The next character; the text is valid UTF-8. */
static uint32_t utf8_next(const uint8_t **at, const uint8_t *end)
{
	const uint8_t lead = *(*at)++;
	const size_t more = lead < 0xc0 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
	uint32_t point = more == 0 ? lead : lead & (0x3fu >> more);

	assert((size_t)(end - *at) >= more);
	for (size_t i = 0; i < more; i++)
		point = point << 6 | (*(*at)++ & 0x3f);
	return point;
}

bool chat_name_valid(struct span name)
{
	const uint8_t *at = name.bytes;
	bool seen = false;

	if (name.size < 1 || name.size > CHAT_NAME_SIZE_MAX)
		return false;
	while (at < name.bytes + name.size) {
		const uint32_t point = utf8_next(&at, name.bytes + name.size);

		if (within(refused, COUNT(refused), point))
			return false;
		seen = seen || !within(blank, COUNT(blank), point);
	}
	return seen;
}
