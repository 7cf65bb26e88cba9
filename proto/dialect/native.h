/* native.h - the native protocol (uproar.v1): JSON text to chat_command, events and answers to JSON text.
 *
 * Pure. docs/protocol/native.md is the law it implements.
 */
#ifndef DIALECT_NATIVE_H
#define DIALECT_NATIVE_H

#include "proto/chat/event.h"

/* Room for what had to be unescaped: name, token (refused when longer), key, query, producer, room, epoch, user,
 * reason. */
struct native_scratch {
	uint8_t bytes[1024];
	size_t used;
};

/* Decodes one message, text[0..size), valid UTF-8, into *command. *error is
 * written on 0. command->id is right whenever the result is not negative.
 * Returns 1: a command. 0: refused with *error (bad_request, bad_room,
 * too_large), the connection lives; what is nested too deep is a bad_request
 * without an id. -(enum chat_close): the text is no JSON object as the
 * protocol asks, the connection is to be closed. */
int native_decode(struct chat_command *command, enum chat_error *error, struct native_scratch *scratch,
		  const uint8_t *text, size_t size);

/* Each writes the frame's payload to out and returns its size. out must have
 * room for the matching *_bound() bytes, which is never below what is written
 * (asserted). */
size_t native_event(uint8_t *out, const struct chat_event *event);
size_t native_event_bound(const struct chat_event *event);
size_t native_reply(uint8_t *out, const struct chat_reply *reply);
size_t native_reply_bound(const struct chat_reply *reply);
size_t native_notice(uint8_t *out, const struct chat_notice *notice);
size_t native_notice_bound(const struct chat_notice *notice);

#endif
