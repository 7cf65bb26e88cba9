#include "engine/chat/home_list.h"

#include "engine/chat/home_rooms.h"
#include "engine/core/poison.h"

/* Of an item that is free nothing may be read where that is watched; elsewhere what it was last says of a place that
 * is another's now, or nobody's. */
static const struct room *room_there(const struct home *home, uint32_t index)
{
	const struct room *room = room_at(home, index);
	const struct slab *places = &home->directory->places;

	if (IS_POISONED((void *)(uintptr_t)room, sizeof(*room)) || room->place == 0 || room->place > places->touched)
		return NULL;
	const struct place *place = directory_at(home->directory, room->place);

	if (IS_POISONED((void *)(uintptr_t)place, sizeof(*place)) || place->room != index || place->name_size == 0)
		return NULL;
	return room;
}

uint32_t home_list(const struct home *home, uint32_t from, uint32_t most, home_list_fn *tell, void *context)
{
	uint32_t index = from > 0 ? from : 1;

	for (uint32_t looked = 0; index <= home->rooms.touched && looked < most; index++, looked++) {
		const struct room *room = room_there(home, index);

		if (!room)
			continue;
		const struct home_listed listed = {
			.name = room_name(home, room),
			.last = room->log.last,
			.connections = room->connections,
			.users = room->users,
			.class = room->disk != 0 ? CHAT_CLASS_DISK : CHAT_CLASS_MEMORY,
		};

		if (!tell(context, &listed))
			return index;
	}
	return index <= home->rooms.touched ? index : 0;
}
