/* expiry.h - the end of what a token, or the back end, says: told a minute before, and then the connection ends.
 */
#ifndef GATE_EXPIRY_H
#define GATE_EXPIRY_H

#include "engine/gate/gate.h"

#define EXPIRY_WARNING_MS 60000

/* Until the sooner of both ends, 0: it has; UINT64_MAX: never. */
uint64_t expiry_left_ms(const struct gate *gate, const struct session *session);

/* Until there is something to tell or to end; UINT64_MAX: never. */
uint64_t expiry_wait_ms(const struct gate *gate, const struct session *session);

/* Tells, or ends, if it is time. False: the connection is being ended. */
bool expiry_tend(struct gate *gate, struct conn *conn);

#endif
