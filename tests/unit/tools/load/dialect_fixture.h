/* dialect_fixture.h - speaks and listens for a dialect's tests: each byte string in an allocation of exactly its size.
 */
#ifndef DIALECT_FIXTURE_H
#define DIALECT_FIXTURE_H

#include <criterion/criterion.h>
#include <stdlib.h>

#include "tools/load/dialect.h"

/* An event that outlives its message. */
struct heard {
	ptrdiff_t taken;
	enum dialect_event_kind kind;
	uint32_t room;
	uint64_t id;
	uint32_t left_out;
	char data[512];
	char text[512];
	char reply[65];
	size_t data_size, reply_size;
	bool has_data, reply_binary;
};

static inline struct heard hear_bytes(const struct dialect *dialect, struct dialect_state *state, const void *bytes,
				      size_t size)
{
	struct heard heard = { 0 };
	struct dialect_event event;
	uint8_t *const copy = malloc(size + (size == 0));

	memcpy(copy, bytes, size);
	memset(&event, 0xa5, sizeof(event));
	heard.taken = dialect->decode(state, &event, copy, size);
	cr_assert(heard.taken >= -1 && heard.taken <= (ptrdiff_t)size);
	if (heard.taken > 0) {
		cr_assert(event.data.size < sizeof(heard.data) && event.text.size < sizeof(heard.text));
		cr_assert(event.reply_size <= sizeof(event.reply));
		heard.kind = event.kind;
		heard.room = event.room;
		heard.id = event.id;
		heard.left_out = event.left_out;
		heard.has_data = event.data.bytes != NULL;
		heard.data_size = event.data.size;
		heard.reply_size = event.reply_size;
		heard.reply_binary = event.reply_binary;
		if (event.data.size > 0)
			memcpy(heard.data, event.data.bytes, event.data.size);
		if (event.text.size > 0)
			memcpy(heard.text, event.text.bytes, event.text.size);
		memcpy(heard.reply, event.reply, event.reply_size);
	}
	free(copy);
	return heard;
}

static inline struct heard hear(const struct dialect *dialect, struct dialect_state *state, const char *text)
{
	return hear_bytes(dialect, state, text, strlen(text));
}

/* The event, and that the whole text was taken for it. */
#define cr_hear(heard_, text_, kind_)                                                                                  \
	do {                                                                                                           \
		cr_assert_eq((heard_).taken, (ptrdiff_t)strlen(text_), "took %td of %s", (heard_).taken, (text_));     \
		cr_assert_eq((heard_).kind, (kind_), "kind %d of %s", (heard_).kind, (text_));                         \
	} while (0)

/* What is written, with a zero behind it. */
struct spoken {
	uint8_t bytes[2048];
	size_t size;
	bool binary;
};

static inline struct dialect_out speak_begin(struct spoken *spoken)
{
	memset(spoken, 0, sizeof(*spoken));
	return (struct dialect_out){ .bytes = spoken->bytes, .capacity = sizeof(spoken->bytes) - 1 };
}

static inline void speak_end(struct spoken *spoken, const struct dialect_out *out)
{
	spoken->size = out->size;
	spoken->binary = out->binary;
}

static inline struct spoken speak_hello(const struct dialect *dialect, struct dialect_state *state)
{
	struct spoken spoken;
	struct dialect_out out = speak_begin(&spoken);

	dialect->hello(state, &out);
	speak_end(&spoken, &out);
	return spoken;
}

static inline struct spoken speak_join(const struct dialect *dialect, struct dialect_state *state, uint32_t room)
{
	struct spoken spoken;
	struct dialect_out out = speak_begin(&spoken);

	dialect->join(state, &out, room);
	speak_end(&spoken, &out);
	return spoken;
}

static inline struct spoken speak_heartbeat(const struct dialect *dialect, struct dialect_state *state)
{
	struct spoken spoken;
	struct dialect_out out = speak_begin(&spoken);

	dialect->heartbeat(state, &out);
	speak_end(&spoken, &out);
	return spoken;
}

/* Into exactly what dialect.h says is enough for the longest room. */
static inline struct spoken speak(const struct dialect *dialect, struct dialect_state *state, uint32_t room,
				  const char *data, uint64_t id)
{
	struct spoken spoken;
	struct dialect_out out = speak_begin(&spoken);

	out.capacity = strlen(data) + DIALECT_OVERHEAD_MAX;
	cr_assert_lt(out.capacity, sizeof(spoken.bytes));
	dialect->publish(state, &out, room, span_of(data, strlen(data)), id);
	speak_end(&spoken, &out);
	return spoken;
}

/* Every cut of the example and every byte of it changed to each of a few: decode must stay inside, whatever it says. */
static inline void torture(const struct dialect *dialect, const struct dialect_state *state, const void *bytes,
			   size_t size)
{
	static const uint8_t bad[] = { 0, '"', '\\', '{', '}', ',', ':', '0', '9', ' ', '\r', '\n', 0x7f, 0x80, 0xff };
	uint8_t *const copy = malloc(size);

	memcpy(copy, bytes, size);
	for (size_t cut = 0; cut < size; cut++) {
		struct dialect_state other = *state;

		hear_bytes(dialect, &other, copy, cut);
	}
	for (size_t i = 0; i < size * sizeof(bad); i++) {
		struct dialect_state other = *state;

		copy[i / sizeof(bad)] = bad[i % sizeof(bad)];
		hear_bytes(dialect, &other, copy, size);
		copy[i / sizeof(bad)] = ((const uint8_t *)bytes)[i / sizeof(bad)];
	}
	free(copy);
}

#endif
