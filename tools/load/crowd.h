/* crowd.h - who is who: which connections and which publishers are one worker's, and who is in which room.
 *
 * Nothing is stored. Membership j = c * rooms_per_connection + i (i < rooms_per_connection) of the whole run is
 * connection c's in room j % rooms. So room r's members are those of j = r, r + rooms, r + 2 * rooms ..., and its
 * publishers are the first of them; or, where they come from outside, connections behind all others, one for each
 * room and publisher.
 *
 * Connection c is worker c % workers'. With closed traffic a room has to be whole in one worker, which waits for all
 * of its members: then rooms fall into blocks of rooms_per_connection, each connection is in just one block, and
 * block b is worker b % workers'. Where blocks overlap (rooms no multiple of rooms_per_connection) all is one block.
 */
#ifndef LOAD_CROWD_H
#define LOAD_CROWD_H

#include "tools/load/scenario.h"

#define CROWD_NONE UINT32_MAX

struct crowd {
	uint32_t connections, rooms, rooms_per_connection, publishers_per_room;
	uint32_t workers, worker;
	uint32_t blocks;       /* connection c is in block c % blocks */
	uint32_t own_blocks;   /* blocks of this worker */
	uint32_t members;      /* connections of this worker, outsiders not among them */
	uint32_t outsiders;    /* of this worker; they are numbered behind its members */
	bool outside, by_room;
};

void crowd_open(struct crowd *crowd, const struct scenario *scenario, uint32_t workers, uint32_t worker);

/* How many of the run's first `count` connections are this worker's. */
uint32_t crowd_share(const struct crowd *crowd, uint32_t count);

/* The run's number of this worker's connection `local` (< members). */
uint32_t crowd_connection(const struct crowd *crowd, uint32_t local);

/* The first of its rooms; the others follow, and after the last room comes room 0. */
uint32_t crowd_first_room(const struct crowd *crowd, uint32_t local);

/* The local connection that is publisher p of the room: CROWD_NONE when it is another worker's, or nobody is. */
uint32_t crowd_publisher(const struct crowd *crowd, uint32_t room, uint32_t p);

/* All publishers of the run, and the room of an outsider (local >= members). */
uint64_t crowd_publishers(const struct crowd *crowd);
uint32_t crowd_outsider_room(const struct crowd *crowd, uint32_t local);

#endif
