#include "tools/cli/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "engine/core/random.h"
#include "proto/ws/ws_mask.h"

static const struct ws_limits limits = { .message_size_max = LINK_MESSAGE_SIZE_MAX };

void link_init(struct link *link)
{
	*link = (struct link){ .fd = -1 };
}

static void put_frame(struct link *link, enum ws_opcode opcode, struct span payload)
{
	const uint64_t random = random_entropy();
	uint8_t mask[4];
	uint8_t *const at = text_room(&link->out, WS_HEADER_SIZE_MAX + payload.size);
	size_t head;

	memcpy(mask, &random, sizeof(mask));
	head = ws_header_write_masked(at, opcode, true, payload.size, mask);
	if (payload.size > 0)
		memcpy(at + head, payload.bytes, payload.size);
	ws_mask(at + head, payload.size, mask, 0);
	link->out.size += head + payload.size;
}

void link_send(struct link *link, struct span message)
{
	CHECK(link->fd >= 0);
	put_frame(link, WS_TEXT, message);
}

static void put_close(struct link *link, int code)
{
	uint8_t payload[WS_CLOSE_PAYLOAD_MAX];

	if (!link->closing)
		put_frame(link, WS_CLOSE, span_of(payload, ws_close_write(payload, (uint16_t)code, "", 0)));
	link->closing = true;
}

int64_t link_flush(struct link *link)
{
	while (link->out.size > 0) {
		const ssize_t sent = send(link->fd, link->out.bytes, link->out.size, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN ? (int64_t)link->out.size : -1;
		text_drop(&link->out, (size_t)sent);
	}
	return 0;
}

int64_t link_receive(struct link *link)
{
	ssize_t size;

	CHECK(link->at == link->end);
	do
		size = recv(link->fd, link->received, sizeof(link->received), MSG_DONTWAIT);
	while (size < 0 && errno == EINTR);
	if (size < 0 && errno == EAGAIN)
		return 0;
	if (size <= 0) {
		if (link->close_code == 0)
			link->close_code = 1006;
		return -1;
	}
	link->at = 0;
	link->end = (size_t)size;
	link->heard_ns = clock_mono_ns();
	return size;
}

static void buffer_grow(struct ws_buffer *buffer, size_t want)
{
	const size_t capacity = want > 2 * buffer->capacity ? want : 2 * buffer->capacity;

	buffer->bytes = realloc(buffer->bytes, capacity);
	CHECK(buffer->bytes);
	buffer->capacity = capacity;
}

/* What the server's close says; without a code it is taken for a lost connection. */
static void take_close(struct link *link, const struct ws_message *message)
{
	struct ws_close said = { .code = WS_CLOSE_NONE };

	if (ws_close_parse(&said, message->bytes, message->size) < 0)
		said.code = 1002;
	if (said.reason.size > 0) /* shorter than a payload, which close_reason holds */
		memcpy(link->close_reason, said.reason.bytes, said.reason.size);
	link->close_reason[said.reason.size] = 0;
	link->close_code = said.code == WS_CLOSE_NONE ? 1006 : said.code;
	put_close(link, said.code == WS_CLOSE_NONE ? 1000 : said.code);
	link_flush(link);
}

int link_next(struct link *link, struct span *message)
{
	while (link->at < link->end) {
		struct ws_message step;
		size_t used = 0;
		const int kind = ws_assembly_feed(&link->assembly, &limits, link->received + link->at,
						  link->end - link->at, &used, &link->buffer, &step);

		link->at += used;
		if (kind == WS_STEP_GROW) {
			buffer_grow(&link->buffer, step.want);
		} else if (kind == WS_STEP_PING) {
			put_frame(link, WS_PONG, span_of(step.bytes, step.size));
		} else if (kind == WS_STEP_CLOSE) {
			take_close(link, &step);
			return -1;
		} else if (kind < 0) { /* the server breaks the rules: as the server would say of us */
			link->close_code = -kind;
			put_close(link, -kind);
			link_flush(link);
			return -1;
		} else if (kind == WS_STEP_MESSAGE && step.opcode == WS_TEXT) {
			*message = span_of(step.bytes, step.size);
			return 1;
		}
	}
	return 0;
}

bool link_has_more(const struct link *link)
{
	uint8_t byte;

	return link->at < link->end || !ws_assembly_idle(&link->assembly) ||
	       recv(link->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

/* Waits until the server has closed too, a second at most, so that nothing of ours is lost by a reset. */
static void linger(struct link *link)
{
	const uint64_t until = clock_mono_ns() + 1000000000ull;

	for (;;) {
		const uint64_t now = clock_mono_ns();
		struct pollfd wait = { .fd = link->fd, .events = POLLIN };
		struct span ignored;
		int step;

		if (link_flush(link) > 0)
			wait.events |= POLLOUT;
		if (now >= until || poll(&wait, 1, (int)((until - now) / 1000000) + 1) <= 0)
			return;
		do
			step = link_next(link, &ignored);
		while (step > 0);
		if (step < 0 || (wait.revents & (POLLIN | POLLERR | POLLHUP) && link_receive(link) < 0))
			return;
	}
}

void link_shut(struct link *link, int code)
{
	if (link->fd < 0)
		return;
	if (code != 0) {
		put_close(link, code);
		linger(link);
	}
	close(link->fd);
	free(link->buffer.bytes);
	text_free(&link->out);
	link_init(link);
}
