/* client.h - a simulated client, which does what clients do and worse, and judges all it is told.
 *
 * It says hello, joins, sends, idles, stops reading, vanishes and resumes.
 */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include "tests/sim/modsim.h"
#include "tests/sim/oracle.h"
#include "tests/sim/sim.h"
#include "tests/sim/squeeze.h"

struct sim_membership {
	bool asked; /* a join is on its way */
	bool joined;
	bool leaving;
	uint64_t last; /* the newest seq had */
	char epoch[ORACLE_EPOCH];
	uint64_t join_id, leave_id, join_ns;
	uint64_t acked_number, acked_seq; /* since the join */
	bool presence, no_echo;
	uint64_t removed_next; /* it was told lagged: by the act with this seq it must be removed */
	struct modsim moderated;
};

struct sim_client {
	uint32_t index;
	struct sim_socket *socket;
	bool upgraded, closing, frozen;
	bool live; /* hello was answered */
	uint64_t hello_id, live_ns;
	struct squeeze squeeze;
	uint64_t next_id;
	uint64_t next_number[ORACLE_ROOMS];
	struct sim_membership rooms[ORACLE_ROOMS];
	uint64_t received, lagged, slow, ended;
	struct sim_sent {
		uint64_t id, number, said_ns;
		uint32_t room;
		bool speaks; /* it is a message */
		bool taken; /* with another's cid */
		bool answered;
	} sent[256]; /* unanswered, by id % 256. The last: what no id was noted in is not wiped */
};

/* As a new one, for another run. */
void client_anew(struct sim_client *client);

void client_open(struct sim_client *client, uint32_t index);

/* Does something at random, or nothing. */
void client_act(struct sim_client *client);

/* Reads what has come. */
void client_read(struct sim_client *client);

/* The server is about to go: reads all that it said, unless it does not read. */
void client_hear_out(struct sim_client *client);

/* Sends a message. */
void client_say(struct sim_client *client, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* All is at rest: nothing it has asked for is without an answer. */
void client_judge(const struct sim_client *client);

/* Ends the connection, in good order or not. */
void client_end(struct sim_client *client, bool reset);
void client_free(struct sim_client *client);

#endif
