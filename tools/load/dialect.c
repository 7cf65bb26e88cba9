#include "tools/load/dialect.h"

#include "tools/load/wire.h"

#define DIALECT(symbol) extern const struct dialect dialect_##symbol;
#include "tools/load/tbl/dialects.h"
#undef DIALECT

static const struct dialect *const dialects[] = {
#define DIALECT(symbol) &dialect_##symbol,
#include "tools/load/tbl/dialects.h"
#undef DIALECT
};

/* Set once, before workers are forked. */
static struct {
	char text[DIALECT_PREFIX_MAX + 1]; /* with the 'r' behind it */
	size_t size;
} prefix = { "r", 1 };

const struct dialect *dialect_at(size_t index)
{
	return index < sizeof(dialects) / sizeof(dialects[0]) ? dialects[index] : NULL;
}

const struct dialect *dialect_find(const char *name)
{
	for (size_t i = 0; dialect_at(i); i++)
		if (strcmp(dialects[i]->name, name) == 0)
			return dialects[i];
	return NULL;
}

static bool is_prefix_byte(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
	       byte == '_' || byte == '-' || byte == ':';
}

bool dialect_set_room_prefix(const char *text)
{
	const size_t size = strlen(text);

	if (size > DIALECT_PREFIX_MAX)
		return false;
	for (size_t i = 0; i < size; i++)
		if (!is_prefix_byte(text[i]))
			return false;
	memcpy(prefix.text, text, size);
	prefix.text[size] = 'r';
	prefix.size = size + 1;
	return true;
}

size_t dialect_room_name(char out[64], uint32_t room)
{
	_Static_assert(DIALECT_PREFIX_MAX + 1 + 10 + 1 <= 64, "prefix, 'r', ten digits, zero");
	CHECK(room <= DIALECT_ROOM_MAX);
	memcpy(out, prefix.text, prefix.size);
	uint8_t *const end = json_write_u64((uint8_t *)out + prefix.size, room);

	*end = 0;
	return (size_t)(end - (uint8_t *)out);
}

uint32_t dialect_room_number(struct span name)
{
	struct wire_in in = wire_in_of(name.bytes, name.size);
	uint64_t room;

	if (!wire_take(&in, span_of(prefix.text, prefix.size)))
		return DIALECT_ROOM_UNKNOWN;
	const uint8_t *const digits = in.at;

	if (!wire_take_u64(&in, &room) || in.at != in.end || room > DIALECT_ROOM_MAX)
		return DIALECT_ROOM_UNKNOWN;
	if (*digits == '0' && room != 0) /* no name that we would write */
		return DIALECT_ROOM_UNKNOWN;
	return (uint32_t)room;
}
