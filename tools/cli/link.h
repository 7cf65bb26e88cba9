/* link.h - one WebSocket to a server: socket, handshake, frames.
 *
 * Opening blocks, up to the time given; after that nothing does. The caller
 * polls the descriptor, calls link_receive, takes messages until there are no more, and
 * flushes. Pings of the WebSocket kind are answered here.
 */
#ifndef CLI_LINK_H
#define CLI_LINK_H

#include "proto/ws/ws_assembly.h"
#include "proto/ws/ws_close.h"
#include "tools/cli/text.h"
#include "tools/cli/url.h"

#define LINK_RECEIVE_SIZE 65536
#define LINK_MESSAGE_SIZE_MAX (32u << 20) /* a page of 200 events of 16 KiB, and far to go */

struct link {
	int fd;                   /* -1: shut */
	bool closing;             /* we have sent our close */
	struct ws_assembly assembly;
	struct ws_buffer buffer;
	uint8_t received[LINK_RECEIVE_SIZE];
	size_t at;                /* received[at..end) is still to be taken */
	size_t end;
	struct text out;
	int close_code;           /* once a message asked for says that it is over */
	char close_reason[WS_CLOSE_PAYLOAD_MAX];
	uint64_t heard_ns;        /* when the last byte came */
};

enum link_refusal {
	LINK_RETRY = 1, /* may go better another time */
	LINK_NEVER,     /* nobody of that name, or no server of our protocol */
};

void link_init(struct link *link);

/* Connects and upgrades, within timeout_ms. Returns 1, or -(enum link_refusal)
 * and writes why, for people. */
int link_open(struct link *link, const struct url *url, int timeout_ms, char *why, size_t why_size);

/* Puts a text message into the queue. */
void link_send(struct link *link, struct span message);

/* Sends as much as goes. Returns what is left in the queue, or -1: lost. */
int64_t link_flush(struct link *link);

/* Takes what has come, once all messages were taken. Returns the bytes, 0 when
 * there were none, -1 when the connection is lost (1006) or was ended. */
int64_t link_receive(struct link *link);

/* The next message; it borrows until the next call. Returns 1, 0 when more must
 * be received, or -1 when it is over: see close_code. */
int link_next(struct link *link, struct span *message);

/* Whether there is more to take than was taken: bytes that have come, or the rest of a message. */
bool link_has_more(const struct link *link);

/* Says goodbye (code 0: does not) and lets go of the socket. */
void link_shut(struct link *link, int code);

#endif
