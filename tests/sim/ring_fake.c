/* ring_fake.c - ring.h without a kernel: completions come late, in another order, short, or as errors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/check.h"
#include "engine/core/poison.h"
#include "engine/shard/shard.h"
#include "tests/sim/sim.h"

#define RINGS_MAX 8
#define LONG_NS 1000000000ull /* a send that took so long: others wait behind it */

struct fake_slot {
	struct sim_socket *socket;
	bool receiving, sending, closing, asking;
	bool cancelled, stopping;
	struct iovec pieces[RING_PIECES_MAX];
	uint32_t count;
	uint64_t sending_ns; /* since then */
};

struct ring {
	uint32_t index;
	uint32_t slots_max;
	uint32_t slots_end; /* behind the last one that was ever used */
	struct fake_slot *slots;
	bool accepting, accept_failed;
	uint64_t words[64];
	uint32_t word_count;
	struct ring_stats stats;
	uint32_t lent_count;
	/* Receive buffers of the last turn; behind lent_count they have no meaning. */
	uint8_t *lent[4096];
	size_t lent_size[4096];
};

static struct ring *rings[RINGS_MAX];
static struct sim_socket sockets[SIM_SOCKETS_MAX];
static uint32_t sockets_end; /* behind the last one that was ever used */

struct sim_socket *sim_connect(void)
{
	for (uint32_t i = 0; i < SIM_SOCKETS_MAX; i++)
		if (!sockets[i].used) {
			sockets[i] = (struct sim_socket){ .used = true, .ring = sim_below(sim.world.cores) };
			if (sockets_end <= i)
				sockets_end = i + 1;
			return &sockets[i];
		}
	return NULL;
}

void sim_socket_free(struct sim_socket *socket)
{
	free(socket->up);
	free(socket->down);
	*socket = (struct sim_socket){ 0 };
}

void sim_sockets_reset(void)
{
	for (uint32_t i = 0; i < SIM_SOCKETS_MAX; i++)
		if (sockets[i].used)
			sim_socket_free(&sockets[i]);
}

void sim_sockets_cut(void)
{
	for (uint32_t i = 0; i < SIM_SOCKETS_MAX; i++)
		if (sockets[i].used)
			sockets[i].server_closed = sockets[i].accepted = true;
}

static void add(uint8_t **to, size_t *size, size_t *capacity, const void *bytes, size_t more)
{
	if (more == 0)
		return;
	if (*size + more > *capacity) {
		*capacity = (*size + more) * 2;
		*to = realloc(*to, *capacity);
		CHECK(*to);
	}
	memcpy(*to + *size, bytes, more);
	*size += more;
}

void sim_up(struct sim_socket *socket, const void *bytes, size_t size)
{
	add(&socket->up, &socket->up_size, &socket->up_capacity, bytes, size);
}

void ring_probe(struct ring_features *features)
{
	*features = (struct ring_features){ .usable = true, .peer_address = true };
}

struct ring *ring_open(const struct ring_limits *limits, const struct ring_features *features, int *error)
{
	struct ring *ring = malloc(sizeof(*ring));
	uint32_t index = 0;

	(void)features;
	CHECK(ring);
	memset(ring, 0, offsetof(struct ring, lent));
	while (rings[index])
		index++;
	CHECK(index < RINGS_MAX);
	rings[index] = ring;
	ring->index = index;
	ring->slots_max = limits->slots_max;
	ring->slots = calloc(limits->slots_max, sizeof(*ring->slots));
	*error = 0;
	return ring;
}

static void take_back(struct ring *ring)
{
	/* What is read after its time shows: the bytes are gone, and ASan knows. */
	for (uint32_t i = 0; i < ring->lent_count; i++) {
		memset(ring->lent[i], 0xdb, ring->lent_size[i]);
		free(ring->lent[i]);
	}
	ring->lent_count = 0;
}

void ring_close_all(struct ring *ring)
{
	take_back(ring);
	rings[ring->index] = NULL;
	free(ring->slots);
	free(ring);
}

uint64_t ring_bytes_max(const struct ring_limits *limits)
{
	return limits->slots_max;
}

uint32_t ring_slots_max(const struct ring *ring)
{
	return ring->slots_max;
}

void ring_accept(struct ring *ring, int listener)
{
	(void)listener;
	CHECK(!ring->accepting);
	ring->accepting = true;
}

void ring_accept_stop(struct ring *ring)
{
	ring->accepting = false;
}

static struct fake_slot *slot_of(struct ring *ring, uint32_t slot)
{
	CHECK(slot < ring->slots_max && ring->slots[slot].socket && !ring->slots[slot].closing);
	return &ring->slots[slot];
}

void ring_connect(struct ring *ring, uint32_t slot, int fd, const struct ring_address *to)
{
	(void)ring, (void)slot, (void)fd, (void)to;
	CHECK(!"the engine connects to nobody");
}

void ring_peer(struct ring *ring, uint32_t slot)
{
	slot_of(ring, slot)->asking = true;
}

void ring_recv(struct ring *ring, uint32_t slot)
{
	CHECK(!slot_of(ring, slot)->receiving);
	slot_of(ring, slot)->receiving = true;
	sim.stirred = true;
}

void ring_recv_stop(struct ring *ring, uint32_t slot)
{
	slot_of(ring, slot)->stopping |= slot_of(ring, slot)->receiving;
}

void ring_send(struct ring *ring, uint32_t slot, const struct iovec *pieces, uint32_t count)
{
	struct fake_slot *fake = slot_of(ring, slot);

	CHECK(!fake->sending && count > 0 && count <= RING_PIECES_MAX);
	for (uint32_t i = 0; i < count; i++)
		CHECK(!IS_POISONED(pieces[i].iov_base, pieces[i].iov_len));
	fake->sending = true;
	sim.stirred = true;
	fake->count = count;
	fake->sending_ns = sim.now_ns;
	memcpy(fake->pieces, pieces, count * sizeof(*pieces));
}

static void given_up(struct sim_socket *socket)
{
	if (socket->given_up_ns == 0)
		socket->given_up_ns = sim.now_ns;
}

void ring_cancel(struct ring *ring, uint32_t slot)
{
	struct fake_slot *fake = slot_of(ring, slot);

	fake->cancelled = true;
	fake->socket->cut |= fake->sending;
	given_up(fake->socket);
}

void ring_close(struct ring *ring, uint32_t slot)
{
	struct fake_slot *fake = slot_of(ring, slot);

	CHECK(!fake->receiving && !fake->sending && !fake->asking);
	fake->closing = true;
	given_up(fake->socket);
	sim.stirred = true;
}

int ring_bell(const struct ring *ring)
{
	return (int)ring->index;
}

int ring_post(int bell, uint64_t word)
{
	struct ring *ring = rings[bell];

	CHECK(ring->word_count < 64);
	ring->words[ring->word_count++] = word;
	sim.stirred = true;
	return 0;
}

void ring_wake(struct ring *ring, int other_bell, uint64_t word)
{
	(void)ring;
	if (rings[other_bell] && rings[other_bell]->word_count < 60)
		ring_post(other_bell, word);
}

void ring_stats(const struct ring *ring, struct ring_stats *stats)
{
	*stats = ring->stats;
}

const struct ring_stats *sim_ring_stats(uint32_t core)
{
	return &rings[core]->stats;
}

static bool accept_one(struct ring *ring, struct ring_event *event)
{
	if (!ring->accepting)
		return false;
	for (uint32_t i = 0; i < sockets_end; i++) {
		struct sim_socket *socket = &sockets[i];

		if (!socket->used || socket->accepted || socket->ring != ring->index || !sim_chance(500))
			continue;
		uint32_t slot = 0;

		while (slot < ring->slots_max && ring->slots[slot].socket)
			slot++;
		if (slot == ring->slots_max || sim_chance(sim.world.accept_fails)) {
			ring->accepting = false;
			*event = (struct ring_event){ .kind = RING_ACCEPT_FAILED, .result = -EMFILE };
			return true;
		}
		socket->accepted = true;
		socket->slot = slot;
		ring->slots[slot] = (struct fake_slot){ .socket = socket };
		if (ring->slots_end <= slot)
			ring->slots_end = slot + 1;
		*event = (struct ring_event){ .kind = RING_ACCEPTED, .slot = slot };
		return true;
	}
	return false;
}

static bool receive_one(struct ring *ring, uint32_t slot, struct ring_event *event)
{
	struct fake_slot *fake = &ring->slots[slot];
	struct sim_socket *socket = fake->socket;

	if (socket->up_size == 0 && !socket->client_ended && !socket->client_reset && !fake->cancelled &&
	    !fake->stopping)
		return false;
	*event = (struct ring_event){ .kind = RING_RECEIVED, .slot = slot };
	if (fake->cancelled || (fake->stopping && sim_chance(300))) {
		event->result = -ECANCELED;
		fake->stopping = false;
	} else if (socket->client_reset) {
		event->result = -ECONNRESET;
	} else if (socket->up_size > 0) {
		if (sim_chance(sim.world.no_buffers)) {
			event->result = -ENOBUFS;
			ring->stats.no_buffers++;
		} else {
			const uint32_t most = 1 + sim_below(sim.world.chunk_max);
			const size_t size = socket->up_size < most ? socket->up_size : most;

			if (ring->lent_count == 4096)
				return false;
			uint8_t *bytes = malloc(size);

			memcpy(bytes, socket->up, size);
			memmove(socket->up, socket->up + size, socket->up_size - size);
			socket->up_size -= size;
			ring->lent[ring->lent_count] = bytes;
			ring->lent_size[ring->lent_count++] = size;
			event->result = (int32_t)size;
			event->bytes = bytes;
			event->last = sim_chance(sim.world.receive_ends);
		}
	} else if (!socket->client_ended) {
		return false;
	}
	if (event->result <= 0)
		event->last = true;
	fake->receiving = !event->last;
	return true;
}

static bool send_one(struct ring *ring, uint32_t slot, struct ring_event *event)
{
	struct fake_slot *fake = &ring->slots[slot];
	struct sim_socket *socket = fake->socket;
	const size_t unread = socket->down_size - socket->taken;
	size_t room = unread < sim.world.window ? sim.world.window - unread : 0;
	size_t taken = 0;

	*event = (struct ring_event){ .kind = RING_SENT, .slot = slot };
	if (socket->client_reset || socket->client_ended) {
		event->result = -EPIPE;
	} else if (fake->cancelled && (room == 0 || sim_chance(500))) {
		event->result = -ECANCELED;
	} else if (room == 0) {
		socket->stuck_ns = sim.now_ns;
		return false;
	} else {
		if (sim_chance(sim.world.short_send))
			room = 1 + sim_below((uint32_t)room);
		/* The bytes are read only now, as a kernel may: what was reused too early shows. */
		for (uint32_t i = 0; i < fake->count && room > 0; i++) {
			const size_t size = fake->pieces[i].iov_len < room ? fake->pieces[i].iov_len : room;

			UNPOISON(fake->pieces[i].iov_base, size); /* a kernel reads what nobody else may touch */
			add(&socket->down, &socket->down_size, &socket->down_capacity, fake->pieces[i].iov_base, size);
			room -= size;
			taken += size;
		}
		event->result = (int32_t)taken;
		if (room == 0 || sim.now_ns - fake->sending_ns > LONG_NS)
			socket->stuck_ns = sim.now_ns;
	}
	fake->sending = false;
	return true;
}

static bool slot_one(struct ring *ring, uint32_t slot, struct ring_event *event)
{
	struct fake_slot *fake = &ring->slots[slot];

	if (!fake->socket || !sim_chance(sim.world.completion))
		return false;
	if (fake->asking && sim_chance(500)) {
		fake->asking = false;
		*event = (struct ring_event){ .kind = RING_PEER, .slot = slot };
		event->address.bytes[15] = (uint8_t)sim_below(3);
		return true;
	}
	if (fake->closing) {
		fake->socket->server_closed = true;
		*fake = (struct fake_slot){ 0 };
		*event = (struct ring_event){ .kind = RING_CLOSED, .slot = slot };
		return true;
	}
	const bool send_first = sim_chance(500);

	if (send_first && fake->sending && send_one(ring, slot, event))
		return true;
	if (fake->receiving && receive_one(ring, slot, event))
		return true;
	return !send_first && fake->sending && send_one(ring, slot, event);
}

/* The newest; but that it is to end reaches a core for all its other mail. */
static uint64_t take_word(struct ring *ring)
{
	uint32_t at = ring->word_count - 1;

	for (uint32_t i = 0; i < ring->word_count; i++)
		if (ring->words[i] == SHARD_WORD_DRAIN)
			at = i;
	const uint64_t word = ring->words[at];

	memmove(&ring->words[at], &ring->words[at + 1], (--ring->word_count - at) * sizeof(word));
	return word;
}

size_t ring_collect(struct ring *ring, struct ring_event *events, size_t max, uint64_t wait_ns)
{
	const uint32_t start = sim_below(ring->slots_max);
	size_t count = 0;

	take_back(ring);
	if (max > sim.world.events_max)
		max = sim.world.events_max;
	while (count < max && ring->word_count > 0)
		events[count++] = (struct ring_event){ .kind = RING_WOKEN, .word = take_word(ring) };
	if (count < max && accept_one(ring, &events[count]))
		count++;
	/* In a circle, of those that were ever used. */
	uint32_t slot = start < ring->slots_end ? start : 0;

	for (uint32_t i = 0; i < ring->slots_end; i++, slot = slot + 1 < ring->slots_end ? slot + 1 : 0)
		while (count < max && slot_one(ring, slot, &events[count])) {
			sim_note("event", (uint64_t)events[count].kind << 32 | events[count].slot,
				 (uint64_t)(int64_t)events[count].result);
			count++;
		}
	sim.stirred |= count > 0 || wait_ns == 0;
	ring->stats.overflows += count == max; /* as if there was no place for more */
	return count;
}
