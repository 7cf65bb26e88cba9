/* heads.h - a table of lists by hash that grows by one list at a time (linear hashing).
 *
 * The items link themselves: a list is a chain of numbers, 0 behind the last, and the table has the first of each. It
 * has as many lists as items, so that it costs 4 bytes an item, side by side: memory is touched only as items come. No
 * addition moves more than one list. It does not shrink; nor do the slabs that the items are in.
 *
 *	list of a hash, of 6:  0 1 2 3 | 4 5    three bits of it, or two where that list is not there yet
 *	the next to part:          ^            2 becomes 2 and 6
 *
 *	for (item = heads_add(heads); item != 0; item = next) {
 *		next = the one after item;
 *		put item into *heads_of(heads, its hash);
 *	}
 *	put the new one into *heads_of(heads, its hash);
 */
#ifndef CORE_HEADS_H
#define CORE_HEADS_H

#include <stdint.h>

struct heads {
	uint32_t *first; /* by list; 0: it is empty */
	uint32_t mask; /* of as many bits as the number of the last list has */
	uint32_t lists;
	uint32_t lists_min, lists_max;
	uint32_t items;
};

/* lists_min, a power of two, are there from the start, so that items in one list always agree in so many low bits.
 * With more than lists_max items lists become longer. Returns 0 or -ENOMEM. */
int heads_open(struct heads *heads, uint32_t lists_min, uint32_t lists_max);
void heads_close(struct heads *heads);
uint64_t heads_bytes_max(uint32_t lists_min, uint32_t lists_max);

/* Where the number of the first item stands, in the list that this hash is in; until the next addition. */
static inline uint32_t *heads_of(const struct heads *heads, uint64_t hash)
{
	const uint32_t list = (uint32_t)hash & heads->mask;

	return &heads->first[list < heads->lists ? list : list & heads->mask >> 1];
}

/* An item is about to be put in. Gives the first of a list that was taken out to be parted, 0 for none: the caller puts
 * it and those behind it in again, before anything else is asked. */
uint32_t heads_add(struct heads *heads);

/* An item was taken out of its list. */
void heads_remove(struct heads *heads);

#endif
