/* squeeze.h - permessage-deflate as the simulated clients speak it: with zlib itself, nothing of ours.
 *
 * What is offered, what is agreed and what is said compressed is drawn apart from all else, so that the seeds' other
 * draws are the same with it and without.
 */
#ifndef SIM_SQUEEZE_H
#define SIM_SQUEEZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include "engine/gate/codec.h"

/* One connection's. */
struct squeeze {
	bool offered, agreed;
	bool server_keeps, client_keeps; /* context takeover */
	int server_bits, client_bits;
	z_stream reader, writer;
};

/* This world's server. */
void squeeze_draw(uint64_t seed);
struct codec_limits squeeze_limits(void);

/* Draws what a new connection offers: a header field with its CRLF, or nothing. */
void squeeze_offer(struct squeeze *squeeze, char field[256]);

/* The server's answer, a whole head. */
void squeeze_agree(struct squeeze *squeeze, const char *head, size_t size);

/* A compressed message from the server as text, ended by a zero. Returns its size. */
size_t squeeze_read(struct squeeze *squeeze, const uint8_t *payload, size_t size, char *text, size_t capacity);

/* Maybe compresses a message to the server. Returns its size, 0 when it is to go as it is. */
size_t squeeze_write(struct squeeze *squeeze, const char *text, size_t size, uint8_t *payload, size_t capacity);

void squeeze_end(struct squeeze *squeeze);

/* Messages so far, from and to servers. */
extern uint64_t squeeze_got, squeeze_said;

#endif
