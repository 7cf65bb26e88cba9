#include "engine/chat/room_class.h"

#include <string.h>

const struct room_class *room_class_of(const struct room_classes *classes, struct span room)
{
	const struct room_class *found = &classes->classes[0];
	size_t longest = 0;

	for (uint32_t i = 1; i < classes->count; i++) {
		const struct room_class *class = &classes->classes[i];
		const size_t size = strlen(class->prefix);

		if (size > longest && size <= room.size && memcmp(class->prefix, room.bytes, size) == 0) {
			found = class;
			longest = size;
		}
	}
	return found;
}
