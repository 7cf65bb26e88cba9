#include "engine/shard/shard.h"

#include "engine/gate/gate.h"

size_t shard_sums(const struct shard_limits *limits, struct shard_sum *rows, size_t max)
{
	const uint64_t slots = limits->ring.slots_max;
	const struct shard_sum sums[] = {
		{ "rings and receive buffers", ring_bytes_max(&limits->ring) },
		{ "connections", slots * (sizeof(struct conn) + sizeof(struct owner) + sizeof(uint32_t)) },
		{ "addresses", addresses_bytes_max(limits->ring.slots_max, &limits->net.address) },
		{ "sessions", slots * sizeof(struct session) },
		{ "users", users_bytes_max(limits->ring.slots_max) + user_homes_bytes_max(limits->ring.slots_max) },
		{ "tokens that are known", verified_bytes(limits->tokens_max) },
		{ "rates of users and networks", 2 * ALLOWANCES_BYTES },
		{ "sends in flight", slots * sizeof(struct flight) },
		{ "what waits to be sent", limits->segment_bytes_max },
		{ "what waits to be read", ration_bytes_max(&limits->ration) },
		{ "memberships and hot logs", hall_bytes_max(&limits->hall) },
		{ "names of rooms", limits->places_max * (uint64_t)(sizeof(struct place) + 64) },
		{ "rooms and users in them", home_bytes_max(&limits->home) },
		{ "history", limits->home.history_bytes_all },
		{ "compression", codec_bytes_max(&limits->codec, slots) },
		{ "mail to other cores", limits->cores * limits->xring_size + limits->mail_waiting_max },
	};
	const size_t count = sizeof(sums) / sizeof(sums[0]);

	for (size_t i = 0; i < count && i < max; i++)
		rows[i] = sums[i];
	return count;
}
