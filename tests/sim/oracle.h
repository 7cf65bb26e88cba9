/* oracle.h - what must be true of what clients were told: one order a room, no hole, nothing foreign.
 */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#define ORACLE_ROOMS 4
#define ORACLE_EPOCH 20
#define ORACLE_SEQS 65536

void oracle_reset(void);

/* An event of a room was delivered, or acknowledged: every (room, epoch, seq) has one content for all. */
void oracle_event(uint32_t room, const char *epoch, uint64_t seq, uint64_t content);

/* The same cid in the same epoch has one seq. */
void oracle_ack(uint32_t room, const char *epoch, uint64_t seq, uint64_t content);

/* The content that is known of a seq, or 0. */
uint64_t oracle_content(uint32_t room, const char *epoch, uint64_t seq);

/* The disk keeps first..last of the room: all that is known of the room is there, in this epoch. */
void oracle_disk(uint32_t room, const char *epoch, uint64_t first, uint64_t last);

/* A room in memory has come to last, in this epoch: so has all that is known of it. */
void oracle_kept(uint32_t room, const char *epoch, uint64_t last);

/* Nothing is on the disk of a room that clients know events of: a fault. */
void oracle_disk_none(uint32_t room);

uint64_t oracle_events(void);

#endif
