/* nats.h - what a NATS server sends, line by line, as each dialect of its protocol reads it.
 *
 * Pure. A message is a line, so many bytes and the end of a line; all else is a line.
 */
#ifndef LOAD_NATS_H
#define LOAD_NATS_H

#include "tools/load/wire.h"

#define NATS_LINE_MAX 65536u /* an INFO that names the servers of a large cluster */
#define NATS_DATA_MAX (1ull << 20) /* max_payload as servers have it */

/* What is the dialect's own; lines are without their end, and "MSG " is taken off. */
struct nats_reader {
	void (*take_pong)(struct dialect_state *state, struct dialect_event *event);
	bool (*read_message)(struct wire_in line, uint64_t *number, uint64_t *size);
	void (*take_message)(struct dialect_event *event, struct wire_in line, uint64_t number, struct span data);
};

/* Whether a line may begin so: garbage is not waited for. */
static inline bool nats_may_begin(const uint8_t *bytes, size_t size)
{
	static const char *const words[] = { "MSG ", "PING", "PONG", "INFO ", "+OK", "-ERR " };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const size_t length = strlen(words[i]);

		if (memcmp(bytes, words[i], size < length ? size : length) == 0)
			return true;
	}
	return false;
}

static inline bool nats_take_line(const struct nats_reader *reader, struct dialect_state *state,
				  struct dialect_event *event, struct wire_in line)
{
	const struct span text = span_of(line.at, wire_left(&line));

	if (span_equal(text, SPAN("PONG"))) {
		reader->take_pong(state, event);
	} else if (span_equal(text, SPAN("PING"))) {
		wire_event_reply(event, SPAN("PONG\r\n"));
		event->reply_binary = true;
	} else if (wire_take(&line, SPAN("-ERR "))) {
		wire_event_failed(event, span_of(line.at, wire_left(&line)));
	} else {
		wire_event(event, DIALECT_NOTHING);
		return wire_take(&line, SPAN("INFO ")) || span_equal(text, SPAN("+OK"));
	}
	return true;
}

/* in has what follows the line. Returns how many bytes of that belong to it, 0 for more, -1. */
static inline ptrdiff_t nats_take_message(const struct nats_reader *reader, struct dialect_event *event,
					  struct wire_in line, struct wire_in in)
{
	uint64_t number, size;

	if (!reader->read_message(line, &number, &size) || size > NATS_DATA_MAX)
		return -1;
	if (wire_left(&in) < size + 2)
		return 0;
	if (in.at[size] != '\r' || in.at[size + 1] != '\n')
		return -1;
	reader->take_message(event, line, number, span_of(in.at, size));
	return (ptrdiff_t)size + 2;
}

/* As a dialect decodes. */
static inline ptrdiff_t nats_decode(const struct nats_reader *reader, struct dialect_state *state,
				    struct dialect_event *event, const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	if (!nats_may_begin(bytes, size))
		return -1;
	const uint8_t *const feed = memchr(bytes, '\n', size < NATS_LINE_MAX ? size : NATS_LINE_MAX);

	if (!feed)
		return size < NATS_LINE_MAX ? 0 : -1;
	if (feed == bytes || feed[-1] != '\r')
		return -1;
	struct wire_in line = { bytes, feed - 1 };
	const ptrdiff_t taken = feed + 1 - bytes;

	if (!wire_take(&line, SPAN("MSG ")))
		return nats_take_line(reader, state, event, line) ? taken : -1;
	const ptrdiff_t more = nats_take_message(reader, event, line, wire_in_of(feed + 1, size - (size_t)taken));

	return more > 0 ? taken + more : more;
}

#endif
