/* api_batch.h - many commands in one request: each is judged and answered for itself, in the order they stand in.
 */
#ifndef API_BATCH_H
#define API_BATCH_H

#include "engine/api/api_call.h"

#define API_BATCH_MAX 256 /* commands */

/* A room's home has answered one. */
void api_batch_reply(struct gate *gate, struct conn *conn, struct api_request *request, const struct mail_reply *mail);

/* The request is over. */
void api_batch_forget(struct api_request *request);

#endif
