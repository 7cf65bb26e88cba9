/* offence.h - a peer has broken a rule: counted each time, told in the log once a rule, network and ten seconds.
 */
#ifndef GATE_OFFENCE_H
#define GATE_OFFENCE_H

#include "engine/gate/gate.h"

enum offence_rule {
#define OFFENCE(rule, counter, reason) OFFENCE_##rule,
#include "engine/gate/tbl/offences.h"
#undef OFFENCE
	OFFENCE_COUNT,
};

/* Before the connection is closed for it, if it is: its address may have to be asked for. */
void offence(struct gate *gate, struct conn *conn, enum offence_rule rule);

/* The connection's address has come, or there is none: what waited for it is told. */
void offence_addressed(struct gate *gate, struct conn *conn);

/* Every half second or so: tells how many more there were where nobody was named since. */
void offence_tick(struct gate *gate);

/* As it stands in the log and in metrics. Static. */
const char *offence_name(enum offence_rule rule);

#endif
