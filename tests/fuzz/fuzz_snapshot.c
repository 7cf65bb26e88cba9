/* The snapshot's file: taken whole or not at all. The input is the file, whose checksums are set right first, so that
 * what lies behind them is read too; a first byte that is odd leaves them as they are. */
#include "engine/store/snapshot.c"
#include "tests/fuzz/fuzz.h"

static struct fuzz_exact exact;

static void set_sums(uint8_t *bytes, size_t size)
{
	for (size_t at = MAGIC_SIZE; at + HEAD_SIZE <= size;) {
		const size_t record = get(bytes + at, 4);

		if (record > size - at - HEAD_SIZE)
			return;
		put(bytes + at + 4, sum_of(bytes + at + HEAD_SIZE, record), 4);
		at += HEAD_SIZE + record;
	}
}

static void check_within(const struct snapshot *snapshot, struct span span)
{
	check(!span.bytes ||
	      (span.bytes >= snapshot->bytes && span.bytes + span.size <= snapshot->bytes + snapshot->size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 0;

	if (size < 1 || size > 8192)
		return 0;
	struct snapshot snapshot = { .bytes = fuzz_exact(&exact, data + 1, size - 1), .size = size - 1 };

	if (data[0] % 2 == 0)
		set_sums(snapshot.bytes, snapshot.size);
	if (!whole(&snapshot))
		return 0;
	struct span room, epoch;
	struct chat_event event;
	size_t last = 0, states_at = 0;

	while (snapshot_next(&snapshot, &at, &room, &epoch, &event) == 1) {
		const struct span spans[] = { room, epoch, event.from, event.producer, event.data, event.key };

		check(at > last && at <= snapshot.size && chat_event_logged(event.kind));
		for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
			check_within(&snapshot, spans[i]);
		last = at;
	}
	check(at + HEAD_SIZE == snapshot.size);
	struct span state;

	while (snapshot_next_state(&snapshot, &states_at, &room, &state) == 1) {
		check_within(&snapshot, room);
		check_within(&snapshot, state);
	}
	check(states_at + HEAD_SIZE == snapshot.size);
	return 0;
}
