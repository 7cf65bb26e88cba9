#include "engine/gate/hold.h"

#include "engine/core/check.h"
#include "engine/core/slab.h"

struct held {
	struct held *next;
	size_t size;
	uint8_t text[];
};

static struct held *held_of(struct span text)
{
	struct held *held = block_take(sizeof(*held) + text.size);

	if (!held)
		return NULL;
	held->next = NULL;
	held->size = text.size;
	memcpy(held->text, text.bytes, text.size);
	return held;
}

struct hold *hold_open(struct span text, uint64_t number)
{
	struct hold *hold = block_take(sizeof(*hold));
	struct held *first = hold ? held_of(text) : NULL;

	CHECK(number != 0);
	if (hold && !first)
		block_give(hold, sizeof(*hold));
	if (!first)
		return NULL;
	*hold = (struct hold){ .number = number, .first = first, .last = first };
	return hold;
}

bool hold_put(struct hold *hold, struct span text)
{
	CHECK(hold->first && !hold->over);
	if (hold->count >= HOLD_COUNT_MAX || hold->bytes + text.size > HOLD_BYTES_MAX)
		return false;
	struct held *held = held_of(text);

	if (!held)
		return false;
	hold->last->next = held;
	hold->last = held;
	hold->count++;
	hold->bytes += text.size;
	return true;
}

struct span hold_first(const struct hold *hold)
{
	return hold->first ? span_of(hold->first->text, hold->first->size) : SPAN_NONE;
}

void hold_drop(struct hold *hold)
{
	struct held *first = hold->first;

	CHECK(first);
	hold->first = first->next;
	if (hold->first) {
		CHECK(hold->count > 0 && hold->bytes >= hold->first->size);
		hold->count--;
		hold->bytes -= hold->first->size;
	}
	block_give(first, sizeof(*first) + first->size);
}

void hold_close(struct hold *hold)
{
	while (hold->first)
		hold_drop(hold);
	block_give(hold, sizeof(*hold));
}
