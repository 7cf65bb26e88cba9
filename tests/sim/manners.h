/* manners.h - what members meet in each room of this world: whether presence is told, how large pages are, what becomes
 * of those who read too slowly. Drawn apart from all else, so that the seeds' other draws are the same with it and
 * without.
 */
#ifndef SIM_MANNERS_H
#define SIM_MANNERS_H

#include "engine/chat/room_class.h"

/* After simdisk_open(), which says where each room is kept. */
void simmanners_draw(uint64_t seed);

const struct room_classes *simmanners_classes(void);

/* Of rN. */
const struct room_class *simmanners(uint32_t room);

/* Whether in some room whoever is too slow is ended. */
bool simmanners_end_the_slow(void);

#endif
