/* told.h - what stands in a text that the engine wrote, whose shape the simulation knows.
 */
#ifndef SIM_TOLD_H
#define SIM_TOLD_H

#include "tests/sim/oracle.h"

/* The number behind a key; 0 when the key is not there. */
uint64_t told_number(const char *text, const char *key);

uint32_t told_room(const char *text);
void told_epoch(const char *text, char epoch[ORACLE_EPOCH]);

/* By what an event is known wherever it is told: its cid and whether its author has taken that from another one
 * (takers.h); what an act says; what is deleted; of what was published with an idempotency key its data,
 * {"t":"kCALLER.NUMBER"}. 0: that was deleted. */
uint64_t told_content(const char *event);
uint64_t told_content_of_cid(uint32_t client, uint64_t number);
uint64_t told_content_taken(uint64_t content);
bool told_is_taken(uint64_t content);

/* Whether what has this cid and is of this author, a name, was sent by another client than the cid is of. */
bool told_takes(uint32_t client, const char *from);

/* Which client has sent it. */
uint32_t told_sender(uint64_t content);
uint64_t told_content_of_key(const char *data);
uint64_t told_content_of_del(uint64_t target); /* without a cid, by the API */

/* An event that has a seq. */
bool told_is_logged(const char *text);

#endif
