/* frame.h - one event, answer or notice as a whole WebSocket text frame, in place.
 */
#ifndef GATE_FRAME_H
#define GATE_FRAME_H

#include "engine/gate/gate.h"
#include "proto/chat/event.h"

/* Bytes to reserve for a frame whose payload is at most `bound`. */
size_t frame_bound(size_t bound);

/* Where the payload is to be written, and then the frame's size once it has `payload` bytes there; or with these in
 * place of them, if they are any: the same compressed. */
uint8_t *frame_payload(uint8_t *frame, size_t bound);
size_t frame_finish(uint8_t *frame, size_t bound, size_t payload, struct span packed);

/* Queue a frame for this connection alone. False: its queue is full (it is then being ended) . */
bool frame_reply(struct gate *gate, struct conn *conn, const struct chat_reply *reply);
bool frame_notice(struct gate *gate, struct conn *conn, const struct chat_notice *notice);
bool frame_event(struct gate *gate, struct conn *conn, const struct chat_event *event);
bool frame_raw(struct gate *gate, struct conn *conn, uint8_t opcode, const void *payload, size_t size);

/* The same for a message that may be larger than a segment. */
bool frame_message(struct gate *gate, struct conn *conn, uint8_t opcode, const uint8_t *payload, size_t size);

/* An error as the answer to a command. */
void frame_error(struct gate *gate, struct conn *conn, uint64_t re, enum chat_error error, uint32_t retry_ms);

#endif
