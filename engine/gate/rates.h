/* rates.h - how fast things may come: of a connection, of all connections of a user, of all from a network.
 *
 * A connection's own rates are those of session_limits. A user has so many times these, over all cores; so has a
 * network (an IPv4 /24, an IPv6 /64) that is not exempt. A user's is looked at only where it can be met: when the user
 * has a second connection, or had one that left with something used.
 */
#ifndef GATE_RATES_H
#define GATE_RATES_H

#include "engine/gate/allowance.h"
#include "engine/gate/offence.h"

/* One send of so many bytes; a command that costs so many; a room that this core does not know. 0: it may run;
 * otherwise the milliseconds until it may. *rule says whose limit it is. */
uint32_t rates_send(struct gate *gate, struct conn *conn, size_t size, enum offence_rule *rule);
uint32_t rates_command(struct gate *gate, struct conn *conn, uint32_t cost, enum offence_rule *rule);
uint32_t rates_room(struct gate *gate, struct conn *conn, enum offence_rule *rule);

/* The session is about to be LIVE: 0, or the milliseconds until its user may come again. */
uint32_t rates_enter(struct gate *gate, struct conn *conn, enum offence_rule *rule);

/* It is over: what it had used is its user's. */
void rates_leave(struct gate *gate, struct conn *conn);

#endif
