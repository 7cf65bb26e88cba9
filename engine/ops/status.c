#include "engine/ops/status.h"

#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "proto/json/json_write.h"

#define COUNT_MAX (JSON_U64_SIZE_MAX + 1)
#define NAME_BOUND 64 /* of a member of ours, with its marks */

static uint8_t *raw(uint8_t *at, const char *text)
{
	return json_write_raw(at, span_of(text, strlen(text)));
}

/* Our own names need no escapes. */
static uint8_t *key(uint8_t *at, const char *name)
{
	if (at[-1] != '{' && at[-1] != '[')
		*at++ = ',';
	*at++ = '"';
	at = raw(at, name);
	return raw(at, "\":");
}

static uint8_t *number(uint8_t *at, const char *name, uint64_t value)
{
	return json_write_u64(key(at, name), value);
}

static uint8_t *text(uint8_t *at, const char *name, struct span value)
{
	return json_write_string(key(at, name), value);
}

/* "name":[of each core] for every counter. */
static uint8_t *counters(const struct figures *figures, uint8_t *at)
{
	at = raw(key(at, "counters"), "{");
	for (int i = 0; i < COUNTER_COUNT; i++) {
		at = raw(key(at, counter_name((enum counter)i)), "[");
		for (uint32_t core = 0; core < figures->cores; core++) {
			if (core > 0)
				*at++ = ',';
			at = json_write_u64(at, counter_read(figures->counters[core], (enum counter)i));
		}
		*at++ = ']';
	}
	return raw(at, "}");
}

/* Buckets of all cores together, or of one. */
static uint8_t *buckets(const struct figures *figures, uint8_t *at, enum histogram_name name, uint32_t from,
			uint32_t to)
{
	*at++ = '[';
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t sum = 0;

		for (uint32_t core = from; core < to; core++)
			sum += cell_read(&figures->counters[core]->histograms[name].buckets[i]);
		if (i > 0)
			*at++ = ',';
		at = json_write_u64(at, sum);
	}
	return raw(at, "]");
}

static uint8_t *histograms(const struct figures *figures, uint8_t *at)
{
	at = raw(key(at, "histograms"), "{");
	at = number(at, "least_us", HISTOGRAM_BUCKET_US); /* bucket i ends at so many << i */
	at = buckets(figures, key(at, "deliver"), HISTOGRAM_publish_to_deliver, 0, figures->cores);
	at = buckets(figures, key(at, "ack"), HISTOGRAM_ack, 0, figures->cores);
	at = raw(key(at, "turn"), "[");
	for (uint32_t core = 0; core < figures->cores; core++) {
		if (core > 0)
			*at++ = ',';
		at = buckets(figures, at, HISTOGRAM_turn, core, core + 1);
	}
	return raw(at, "]}");
}

static uint8_t *process(const struct figures *figures, uint8_t *at)
{
	struct figures_process used;

	figures_process(figures, &used);
	at = raw(key(at, "process"), "{");
	at = number(at, "cpu_us", used.cpu_us);
	at = number(at, "resident_bytes", used.resident_bytes);
	at = raw(key(at, "core_cpu_us"), "[");
	for (uint32_t core = 0; core < figures->cores; core++) {
		if (core > 0)
			*at++ = ',';
		at = json_write_u64(at, figures_core_cpu_us(figures, core));
	}
	return raw(at, "]}");
}

static uint8_t *store(const struct figures *figures, uint8_t *at)
{
	static const char *const workers[STORE_WORKERS] = { "writer", "reader", "searcher" };

	at = raw(key(at, "store"), "{");
	for (int worker = 0; figures->stores && worker < STORE_WORKERS; worker++) {
		at = raw(key(at, workers[worker]), "{");
		for (int i = 0; i < STORE_COUNTER_COUNT; i++)
			at = number(at, store_counter_name((enum store_counter)i),
				    store_counter_read(figures->stores[worker], (enum store_counter)i));
		at = raw(at, "}");
	}
	return raw(at, "}");
}

static uint8_t *busy_room(uint8_t *at, const struct watch_room *room, uint32_t core, uint64_t over_ms)
{
	if (at[-1] != '[')
		*at++ = ',';
	at = text(raw(at, "{"), "room", span_of(room->name, room->name_size));
	at = number(at, "core", core);
	at = number(at, "connections", room->connections);
	at = number(at, "users", room->users);
	at = number(at, "events", room->events);
	at = number(at, "deliveries", room->deliveries);
	return raw(number(at, "over_ms", over_ms), "}");
}

static uint8_t *slow_member(uint8_t *at, const struct watch_member *member, uint32_t core)
{
	uint8_t name[3 * COUNT_MAX];
	uint8_t *end = json_write_u64(name, core);

	*end++ = '-';
	end = json_write_u64(end, member->slot);
	*end++ = '-';
	end = json_write_u64(end, member->generation);
	if (at[-1] != '[')
		*at++ = ',';
	at = text(raw(at, "{"), "user", span_of(member->name, member->name_size));
	at = text(at, "conn", span_of(name, (size_t)(end - name)));
	at = number(at, "stuck_ms", member->stuck_ms);
	at = number(at, "queued", member->queued);
	return raw(number(at, "rooms", member->rooms), "}");
}

/* What a board has in the moment that it is being written is told the next time. */
static uint8_t *boards(const struct figures *figures, uint8_t *at, bool rooms)
{
	struct watch_board board;

	at = raw(key(at, rooms ? "busy" : "slow"), "[");
	for (uint32_t core = 0; figures->watch && core < figures->cores; core++) {
		if (!figures->watch->boards[core] || !board_read(figures->watch->boards[core], &board, sizeof(board)))
			continue;
		for (uint64_t i = 0; rooms && i < board.room_count; i++)
			at = busy_room(at, &board.rooms[i], core, board.over_ms);
		for (uint64_t i = 0; !rooms && i < board.member_count; i++)
			at = slow_member(at, &board.members[i], core);
	}
	return raw(at, "]");
}

size_t status_bound(uint32_t cores)
{
	const size_t members = COUNTER_COUNT + HISTOGRAM_COUNT + STORE_WORKERS * (STORE_COUNTER_COUNT + 1) + 40;
	const size_t numbers = (COUNTER_COUNT + HISTOGRAM_BUCKETS + 8) * (size_t)cores + 4 * HISTOGRAM_BUCKETS + 200;
	const size_t rows = WATCH_ROWS * (json_string_bound(CHAT_ROOM_SIZE_MAX) +
					  json_string_bound(CHAT_NAME_SIZE_MAX) + 2 * 6 * (NAME_BOUND + COUNT_MAX));

	return members * NAME_BOUND + numbers * COUNT_MAX + rows * cores + 1024;
}

size_t status_json(const struct figures *figures, bool draining, uint8_t *out)
{
	const uint64_t now_ms = clock_wall_ms();
	uint8_t *at = raw(out, "{");

	if (figures->watch)
		__atomic_store_n(&figures->watch->asked_ms, clock_mono_ns() / 1000000, __ATOMIC_RELAXED);
	at = text(at, "server", SPAN(UPROAR_VERSION));
	at = text(at, "api", SPAN("v1"));
	at = number(at, "time", now_ms);
	at = number(at, "uptime_ms", figures_uptime_ms(figures, now_ms));
	at = number(at, "cores", figures->cores);
	at = raw(key(at, "draining"), draining ? "true" : "false");
	at = number(at, "connections", figures_total(figures, COUNTER_connections));
	at = number(at, "sessions", figures_total(figures, COUNTER_sessions));
	at = number(at, "rooms", figures_total(figures, COUNTER_rooms));
	at = process(figures, at);
	at = counters(figures, at);
	at = histograms(figures, at);
	at = store(figures, at);
	at = boards(figures, at, true);
	at = boards(figures, at, false);
	at = raw(at, "}");
	return (size_t)(at - out);
}
