#include "proto/chat/author.h"

#define BEGIN_SIZE 6

/* engine/store/postgres_schema.c says the same in SQL. */
static const char begin[BEGIN_SIZE + 1] = "guest-";
static const char letters[32 + 1] = "abcdefghijkmnpqrstuvwxyz23456789";

struct span chat_name_give(uint8_t name[CHAT_GIVEN_SIZE], uint64_t random)
{
	size_t size = 0;

	for (; size < BEGIN_SIZE; size++)
		name[size] = (uint8_t)begin[size];
	for (; size < CHAT_GIVEN_SIZE; size++, random >>= 5)
		name[size] = (uint8_t)letters[random & 31];
	return span_of(name, size);
}

static bool is_letter(uint8_t byte)
{
	for (size_t i = 0; i < 32; i++)
		if (byte == letters[i])
			return true;
	return false;
}

bool chat_name_given(struct span name)
{
	const size_t mark = name.size == CHAT_GIVEN_SIZE + 1 && name.bytes[0] == CHAT_NAME_MARK_GUEST;
	bool given = name.size == CHAT_GIVEN_SIZE + mark;

	for (size_t i = 0; given && i < CHAT_GIVEN_SIZE; i++)
		given = i < BEGIN_SIZE ? name.bytes[mark + i] == begin[i] : is_letter(name.bytes[mark + i]);
	return given;
}

struct span chat_author(struct span name)
{
	return span_of(name.bytes, chat_name_given(name) ? name.size - (CHAT_GIVEN_SIZE - BEGIN_SIZE) : name.size);
}

bool chat_same_author(struct span a, struct span b)
{
	return span_equal(a, b) || (a.size == b.size && chat_name_given(a) && chat_name_given(b));
}
