/* disk.h - the store of the simulated server: what is on its disk outlives crashes; the disk fills up, fails, is away.
 *
 * Rooms r0 to r2 are of class disk, r3 of class memory. What clients were told of the former is held against what
 * the disk has.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include "engine/chat/room_class.h"
#include "engine/shard/shard.h"

/* The disk itself, once a seed; empty. */
void simdisk_open(void);
void simdisk_close(void);
bool simdisk_present(void);
const struct room_classes *simdisk_classes(void);
bool simdisk_room(uint32_t room);

/* The store's threads of one life of the server: before its shards, with their links; after them; turn one. */
void simdisk_begin(struct shard_links *links);
void simdisk_start(void);
void simdisk_turn(void);
void simdisk_turn_each(void); /* of all its threads */

/* Ends them: in good order, or at once, with nothing done any more. */
void simdisk_end(bool crash);

/* A write has failed: the process must end now. */
bool simdisk_failed(void);

/* From now on the disk has room and does not fail. */
void simdisk_heal(void);

/* All that clients know of rooms on disk is there, dense, once. */
void simdisk_judge(void);

/* The newest seq on disk, 0 for none; whether jobs are out. */
uint64_t simdisk_last(uint32_t room);

/* By what an event that is kept is known: as told_content() has it of one that is told. */
struct chat_event;
uint64_t simdisk_content(const struct chat_event *event);

#endif
