#include "engine/chat/busy.h"

#include <string.h>

uint32_t busy_take(struct busy *busy, struct busy_slot *top, uint32_t most)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < BUSY_SLOTS; i++) {
		const struct busy_slot slot = busy->slots[i];
		uint32_t at = count < most ? count : most;

		if (slot.room == 0)
			continue;
		while (at > 0 && top[at - 1].deliveries < slot.deliveries) {
			if (at < most)
				top[at] = top[at - 1];
			at--;
		}
		if (at == most)
			continue;
		top[at] = slot;
		count += count < most;
	}
	memset(busy, 0, sizeof(*busy));
	return count;
}
