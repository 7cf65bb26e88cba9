/* busy.h - which rooms of a home have most to deliver, found while it happens and without a table of all.
 *
 * A room has one of a few slots, by its number. Two rooms of one slot vote: what one delivers counts against the other,
 * and who has none left gives way. So a room that delivers more than the others of its slot together is there, and
 * the busiest of all are. A publish costs one look at one slot.
 */
#ifndef CHAT_BUSY_H
#define CHAT_BUSY_H

#include <stdint.h>

#ifndef BUSY_SLOTS /* few for a fuzzer */
#define BUSY_SLOTS 256
#endif

struct busy_slot {
	uint32_t room; /* 0: nobody's */
	uint32_t events;
	uint64_t deliveries; /* less those of others */
};

struct busy {
	struct busy_slot slots[BUSY_SLOTS];
};

/* An event of the room goes to so many. */
static inline void busy_note(struct busy *busy, uint32_t room, uint64_t deliveries)
{
	struct busy_slot *slot = &busy->slots[room % BUSY_SLOTS];

	if (slot->room != room) {
		if (slot->deliveries > deliveries) {
			slot->deliveries -= deliveries;
			return;
		}
		*slot = (struct busy_slot){ .room = room };
	}
	slot->events++;
	slot->deliveries += deliveries;
}

/* The room is no more: its number may be another's. */
static inline void busy_forget(struct busy *busy, uint32_t room)
{
	struct busy_slot *slot = &busy->slots[room % BUSY_SLOTS];

	if (slot->room == room)
		*slot = (struct busy_slot){ 0 };
}

/* Writes the busiest to top[0..most), busiest first, and begins anew. Returns how many there are. */
uint32_t busy_take(struct busy *busy, struct busy_slot *top, uint32_t most);

#endif
