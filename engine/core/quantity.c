#include "engine/core/quantity.h"

struct unit {
	struct span name;
	uint64_t factor; /* 0: the end */
};

#define UNIT(name, factor)                                                                                             \
	{                                                                                                              \
		{ (const uint8_t *)(name), sizeof(name) - 1 }, factor                                                  \
	}

static const struct unit count_units[] = { UNIT("", 1), UNIT("", 0) };
static const struct unit byte_units[] = {
	UNIT("", 1), UNIT("K", 1 << 10), UNIT("M", 1 << 20), UNIT("G", 1 << 30), UNIT("T", 1ull << 40), UNIT("", 0),
};
static const struct unit time_units[] = {
	UNIT("ms", 1), UNIT("s", 1000), UNIT("m", 60000), UNIT("h", 3600000), UNIT("d", 86400000), UNIT("", 0),
};
static const struct unit *const units_of[] = {
	[QUANTITY_COUNT] = count_units,
	[QUANTITY_BYTES] = byte_units,
	[QUANTITY_TIME] = time_units,
};

bool quantity_read(enum quantity kind, struct span text, uint64_t *number)
{
	uint64_t value = 0;
	size_t digits = 0;

	for (; digits < text.size && text.bytes[digits] >= '0' && text.bytes[digits] <= '9'; digits++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text.bytes[digits] - '0'), &value))
			return false;
	if (digits == 0)
		return false;

	const struct span name = span_of(text.bytes + digits, text.size - digits);

	*number = 0;
	if (value == 0 && name.size == 0)
		return true;
	for (const struct unit *unit = units_of[kind]; unit->factor != 0; unit++)
		if (span_equal(unit->name, name))
			return !__builtin_mul_overflow(value, unit->factor, number);
	return false;
}
