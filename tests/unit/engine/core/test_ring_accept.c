/* Accepting over several lanes, whose tables a lowered RLIMIT_NOFILE makes small. The peers live in a
 * child process, which keeps the usual limit. */
#include "tests/unit/engine/core/ring_fixture.h"

#define PEERS 200
#define LANE_SLOTS 64

static const struct ring_limits many = {
	.slots_max = 5 * LANE_SLOTS, .accept_burst = 8, .recv_buffers = 64, .recv_buffer_size = 256,
};

static pid_t child;
static int answers, accepts;

/* At most as many at a time as a lane keeps free: the parent says when it has accepted one. */
static void connect_paced(int in, int *fds)
{
	int wrong = 0;
	char byte;

	for (uint32_t i = 0; i < PEERS; i++) {
		if (i >= many.accept_burst)
			wrong += read(in, &byte, 1) != 1;
		fds[i] = connect_to();
	}
	if (wrong)
		_exit(1);
}

static void paced_child(int in, int out)
{
	static int fds[PEERS];
	char bytes[16];
	int wrong = 0;

	connect_paced(in, fds);
	for (int i = 0; i < PEERS; i++)
		wrong += send(fds[i], "0123456789", 10, 0) != 10;
	for (int i = 0; i < PEERS; i++)
		wrong += recv(fds[i], bytes, 10, MSG_WAITALL) != 10 || memcmp(bytes, "0123456789", 10) != 0;
	wrong += write(out, &wrong, sizeof(wrong)) < 0;
	/* The other side closes first, all of it. */
	for (int i = 0; i < PEERS; i++)
		wrong += recv(fds[i], bytes, 1, 0) != 0;
	wrong += write(out, &wrong, sizeof(wrong)) < 0;
}

/* All at once, more than a lane has slots; then says how many of them were lost. */
static void flooding_child(int in, int out)
{
	static int fds[LANE_SLOTS + 36];
	int lost = 0;
	char byte;

	for (int i = 0; i < LANE_SLOTS + 36; i++)
		fds[i] = connect_to();
	lost += write(out, &lost, sizeof(lost)) < 0;
	lost += read(in, &byte, 1) < 0;
	for (int i = 0; i < LANE_SLOTS + 36; i++)
		lost += recv(fds[i], &byte, 1, MSG_DONTWAIT) == 0;
	lost += write(out, &lost, sizeof(lost)) < 0;
}

static void fork_peers(void (*work)(int in, int out))
{
	int down[2], up[2];

	cr_assert(pipe(down) == 0 && pipe(up) == 0);
	child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		alarm(30);
		work(down[0], up[1]);
		_exit(0);
	}
	close(down[0]);
	close(up[1]);
	accepts = down[1];
	answers = up[0];
}

static void lower_files(rlim_t most)
{
	const struct rlimit limit = { most, most };

	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static int answer(void)
{
	int wrong = -1;

	cr_assert_eq(read(answers, &wrong, sizeof(wrong)), sizeof(wrong));
	return wrong;
}

static uint32_t with_bytes(uint64_t received)
{
	uint32_t count = 0;

	for (uint32_t slot = 0; slot < ring_slots_max(ring); slot++)
		count += seen[slot].accepted && seen[slot].received == received;
	return count;
}

Test(ring_accept, goes_from_lane_to_lane_and_every_lane_serves, .timeout = 60)
{
	bool asked[1024] = { false };
	struct ring_stats stats;

	listener = listen_on("127.0.0.1");
	fork_peers(paced_child);
	lower_files(LANE_SLOTS);
	open_ring(&many);
	ring_stats(ring, &stats);
	cr_assert_eq(stats.lanes, 5);
	cr_assert_eq(ring_slots_max(ring), 5 * LANE_SLOTS);
	ring_accept(ring, listener);
	while (accepted < PEERS || with_bytes(10) < PEERS) {
		const uint32_t before = accepted;

		cr_assert_gt(turn(5 * SECOND), 0, "%u accepted", accepted);
		if (accepted > before)
			cr_assert_gt(write(accepts, "aaaaaaaaaaaaaaaa", accepted - before), 0);
		for (uint32_t slot = 0; slot < ring_slots_max(ring); slot++) {
			if (!seen[slot].accepted || asked[slot])
				continue;
			asked[slot] = true;
			ring_recv(ring, slot);
		}
	}
	cr_assert_eq(accept_failed, 0);
	cr_assert_gt(newest, 3 * LANE_SLOTS - 1, "the fourth lane was reached");

	for (uint32_t slot = 0; slot < ring_slots_max(ring); slot++)
		if (seen[slot].accepted)
			send_text(slot, "0123456789");
	turn(0);
	for (uint32_t slot = 0; slot < ring_slots_max(ring); slot++)
		if (seen[slot].accepted)
			UNTIL(seen[slot].idle);
	cr_assert_eq(answer(), 0, "echoed to everyone");

	for (uint32_t slot = 0; slot < ring_slots_max(ring); slot++)
		if (seen[slot].accepted)
			ring_cancel(ring, slot);
	for (uint32_t slot = 0; slot < ring_slots_max(ring); slot++)
		if (seen[slot].accepted) {
			UNTIL(seen[slot].over);
			ring_close(ring, slot);
		}
	UNTIL(closed == PEERS);
	cr_assert_eq(answer(), 0, "everyone saw the end");
	ring_stats(ring, &stats);
	cr_assert_eq(stats.slots_used, 0);
	ring_close_all(ring);
	waitpid(child, NULL, 0);
}

Test(ring_accept, more_in_one_go_than_a_lane_keeps_free_costs_one_connection_and_goes_on, .timeout = 60)
{
	int lost;

	listener = listen_on("127.0.0.1");
	fork_peers(flooding_child);
	cr_assert_eq(answer(), 0);
	lower_files(LANE_SLOTS);
	open_ring(&many);
	ring_accept(ring, listener);
	UNTIL(accepted >= LANE_SLOTS + 35);
	turn(SECOND / 20);
	cr_assert_eq(accept_failed, 0);
	cr_assert_eq(write(accepts, "a", 1), 1);
	lost = answer();
	cr_assert_leq(lost, 1);
	cr_assert_eq(accepted + (uint32_t)lost, LANE_SLOTS + 36);
	ring_close_all(ring);
	waitpid(child, NULL, 0);
}

Test(ring_accept, many_lanes_sleep_on_one_doorbell, .timeout = 60)
{
	uint64_t start;
	int client;

	lower_files(LANE_SLOTS);
	open_ring(&many);
	start = clock_mono_ns();
	cr_assert_eq(turn(SECOND / 20), 0);
	cr_assert_geq(clock_mono_ns() - start, SECOND / 20);
	cr_assert_eq(turn(0), 0);

	ring_accept(ring, listener);
	turn(0);
	client = connect_to();
	cr_assert_eq(turn(5 * SECOND), 1);
	cr_assert_eq(accepted, 1);
	ring_wake(ring, ring_bell(ring), 77);
	UNTIL(woken == 1);
	cr_assert_eq(word, 77);
	close(client);
	ring_close_all(ring);
}

static const struct ring_limits small = {
	.slots_max = 12, .accept_burst = 4, .recv_buffers = 4, .recv_buffer_size = 64,
};

Test(ring_accept, says_once_that_there_is_no_room_and_goes_on_when_told)
{
	int clients[20];

	open_ring(&small);
	ring_accept(ring, listener);
	for (int i = 0; i < 8; i++)
		accept_one(&clients[i]);
	UNTIL(accept_failed == 1);
	cr_assert_eq(seen[0].last_result, -ENFILE);
	for (int i = 8; i < 12; i++)
		clients[i] = connect_to();
	cr_assert_eq(turn(SECOND / 20), 0, "neither accepted nor told again");

	ring_accept(ring, listener);
	UNTIL(accept_failed == 2);
	cr_assert_eq(accepted, 8);

	for (uint32_t slot = 0; slot < 4; slot++)
		ring_close(ring, slot);
	UNTIL(closed == 4);
	ring_accept(ring, listener);
	UNTIL(accepted == 12);
	ring_close_all(ring);
}

Test(ring_accept, a_burst_fills_the_reserve_and_nobody_is_lost)
{
	int clients[12];

	open_ring(&small);
	for (int i = 0; i < 12; i++)
		clients[i] = connect_to();
	ring_accept(ring, listener);
	UNTIL(accept_failed == 1);
	cr_assert_eq(accepted, 12);
	for (int i = 0; i < 12; i++)
		cr_assert(recv(clients[i], (char[1]){ 0 }, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN, "still open");
	ring_close_all(ring);
}

Test(ring_accept, stops_within_two_turns_and_starts_again)
{
	int client, late;

	open_ring(&usual);
	ring_accept(ring, listener);
	accept_one(&client);
	ring_accept_stop(ring);
	turn(0);
	turn(0);
	late = connect_to();
	cr_assert_eq(turn(SECOND / 20), 0);
	cr_assert_eq(accepted, 1);
	ring_accept(ring, listener);
	UNTIL(accepted == 2);

	ring_accept_stop(ring);
	ring_accept(ring, listener);
	accept_one(&client);
	cr_assert_eq(accept_failed, 0);
	close(late);
	ring_close_all(ring);
}

Test(ring_accept, an_error_ends_it)
{
	const int no_listener = socket(AF_INET, SOCK_STREAM, 0);

	open_ring(&usual);
	ring_accept(ring, no_listener);
	UNTIL(accept_failed == 1);
	cr_assert_eq(seen[0].last_result, -EINVAL);
	cr_assert_eq(turn(SECOND / 20), 0, "not armed again");
	ring_close_all(ring);
}
