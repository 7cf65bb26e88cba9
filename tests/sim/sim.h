/* sim.h - the whole engine, several cores and their clients, in one thread from one seed.
 *
 * The engine is linked as it is but for ring.h and clock.h, whose bodies are
 * here: time stands still unless the driver moves it, and every completion comes when and as the seed
 * says: late, reordered, short, refused.
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/core/random.h"
#include "engine/core/ring.h"

/* How rough the world is, drawn from the seed. Chances are in thousandths. */
struct sim_world {
	uint32_t cores;
	uint32_t completion; /* that a ready completion comes in this turn */
	uint32_t short_send;
	uint32_t no_buffers;
	uint32_t accept_fails;
	uint32_t receive_ends; /* that a multishot receive is over with its data */
	uint32_t chunk_max; /* bytes received at once */
	uint32_t events_max; /* completions in one turn */
	bool roomy; /* histories keep everything, so that no cid can be forgotten */
	bool lean; /* memory for what is to be sent is short: then a connection may be cut */
	uint32_t window; /* bytes a client's socket holds unread */
	bool disk; /* there is a store */
	uint32_t crash; /* that the process is killed in this step, in hundredthousandths */
	uint32_t disk_full, disk_away,
		disk_fails; /* of a commit: has no more room, or has it again; is refused; fails */
};

/* One connection as its client sees it. */
struct sim_socket {
	bool used, accepted, refused;
	uint32_t ring, slot;
	uint8_t *up, *down; /* bytes on their way, each way; ring-less, compacted */
	size_t up_size, up_capacity, down_size, down_capacity;
	size_t taken; /* of down: read by the client, so that the window is open again */
	bool client_ended; /* FIN or RST from the client */
	bool client_reset;
	bool server_closed;
	bool cut; /* in the middle of what the server sent */
	uint64_t stuck_ns; /* when the window was shut, or left part of it, or a send at last came to its end */
	uint64_t given_up_ns; /* when the server did: the close itself may come much later */
};

/* Bytes that decide instead of the seed, for as long as there are any: a fuzzer's. */
struct sim_input {
	const uint8_t *at, *end; /* NULL: there are none */
};

struct sim {
	struct random random;
	struct sim_input input;
	struct sim_world world;
	uint64_t now_ns;
	int64_t wall_offset_ms;
	uint64_t digest; /* of everything that happened */
	uint64_t seed;
	bool trace;
	bool pressed; /* memory was short at some time: slow readers may have been ended for it */
	/* Since somebody last looked: a ring had events or was given something to do, or its owner had no mind to wait
	 * for any, or a client read or said something. */
	bool stirred;
};

extern struct sim sim;

/* Of that core's ring. */
const struct ring_stats *sim_ring_stats(uint32_t core);

/* What came of all runs of this process. */
struct sim_totals {
	uint64_t received, lagged, slow, ended, crashes, restarts;
};

const struct sim_totals *sim_totals(void);

/* One run. Before it sim.trace and sim.input may be set. Returns the digest of what happened. */
uint64_t sim_run(uint64_t seed);

bool sim_chance(uint32_t thousandths);
uint32_t sim_below(uint32_t bound);

/* Mixes into the digest, and prints when tracing. */
void sim_note(const char *what, uint64_t a, uint64_t b);

/* Ends the run: this seed has found a fault. */
_Noreturn void sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Sockets, made by clients, accepted by fake rings. */
#define SIM_SOCKETS_MAX 256
struct sim_socket *sim_connect(void);
void sim_socket_free(struct sim_socket *socket);
void sim_up(struct sim_socket *socket, const void *bytes, size_t size);
void sim_sockets_reset(void);
void sim_sockets_cut(void); /* the server is gone */

#endif
