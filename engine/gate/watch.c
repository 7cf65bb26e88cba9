#include "engine/gate/watch.h"

#include "engine/core/check.h"
#include "engine/gate/gate.h"

#define LOOK_MOST 8192 /* connections a tick: some tens of microseconds */
#define ROOMS_EVERY_MS 2000

_Static_assert(sizeof(struct watch_board) <= BOARD_SIZE && sizeof(struct watch_board) % 8 == 0, "it is a board's");

static uint64_t stuck_ms(const struct gate *gate, const struct conn *conn)
{
	if (!conn_is_open(conn) || !conn->flight || gate->sessions[conn->slot].phase != SESSION_LIVE)
		return 0;
	return gate->now_ms - conn->progress_ms;
}

static void note(struct gate *gate, const struct conn *conn, uint64_t ms)
{
	struct watch_core *watch = &gate->watch;
	const struct span user = session_user(&gate->sessions[conn->slot]);
	uint32_t at = watch->found;

	while (at > 0 && watch->slowest[at - 1].stuck_ms < ms) {
		if (at < WATCH_ROWS)
			watch->slowest[at] = watch->slowest[at - 1];
		at--;
	}
	if (at == WATCH_ROWS)
		return;
	watch->slowest[at] = (struct watch_member){
		.stuck_ms = ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX,
		.queued = conn->queued,
		.rooms = gate->hall.owners[conn->slot].count,
		.slot = conn->slot,
		.generation = conn->generation,
		.name_size = (uint8_t)user.size,
	};
	CHECK(user.size <= CHAT_NAME_SIZE_MAX);
	memcpy(watch->slowest[at].name, user.bytes, user.size);
	watch->found += watch->found < WATCH_ROWS;
}

/* Goes on from where the last tick stopped; with all seen, who was found is told. */
static void look(struct gate *gate)
{
	struct watch_core *watch = &gate->watch;
	const uint32_t end = gate->touched - watch->next < LOOK_MOST ? gate->touched : watch->next + LOOK_MOST;

	for (; watch->next < end; watch->next++) {
		const struct conn *conn = net_conn(&gate->net, watch->next);
		const uint64_t ms = stuck_ms(gate, conn);

		if (ms >= WATCH_SLOW_MS)
			note(gate, conn, ms);
	}
	if (end < gate->touched)
		return;
	watch->told.member_count = watch->found;
	memcpy(watch->told.members, watch->slowest, sizeof(watch->slowest));
	watch->next = 0;
	watch->found = 0;
}

static uint32_t busiest(struct gate *gate, struct watch_room *to, uint32_t most)
{
	struct home_busy rooms[WATCH_ROWS];
	const uint32_t count = home_busy(gate->home, rooms, most);

	for (uint32_t i = 0; i < count; i++) {
		to[i] = (struct watch_room){
			.deliveries = rooms[i].deliveries,
			.events = rooms[i].events,
			.connections = rooms[i].connections,
			.users = rooms[i].users,
			.name_size = (uint8_t)rooms[i].name.size,
		};
		CHECK(rooms[i].name.size <= sizeof(to[i].name));
		memcpy(to[i].name, rooms[i].name.bytes, rooms[i].name.size);
	}
	return count;
}

void watch_tick(struct gate *gate, const struct watch_links *links)
{
	struct watch_core *watch = &gate->watch;
	const uint64_t asked_ms = __atomic_load_n(&links->asked_ms, __ATOMIC_RELAXED);

	if (asked_ms == 0 || gate->now_ms > asked_ms + WATCH_FOR_MS) {
		watch->taken_ms = 0;
		return;
	}
	look(gate);
	if (watch->taken_ms != 0 && gate->now_ms < watch->taken_ms + ROOMS_EVERY_MS)
		return;
	/* What was counted while nobody looked is of no known time. */
	watch->told.room_count = busiest(gate, watch->told.rooms, watch->taken_ms != 0 ? WATCH_ROWS : 0);
	watch->told.over_ms = watch->taken_ms != 0 ? gate->now_ms - watch->taken_ms : 0;
	watch->taken_ms = gate->now_ms;
	board_write(watch->board, &watch->told, sizeof(watch->told));
}
