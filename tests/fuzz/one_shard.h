/* one_shard.h - one core of the engine on the fake ring, for targets that speak with it as clients.
 *
 * The including file has its own sim_below(): how much of what a client sent is received at once.
 */
#ifndef FUZZ_ONE_SHARD_H
#define FUZZ_ONE_SHARD_H

#include <sys/types.h>

#include "engine/core/log.h"
#include "engine/core/slab.h"
#include "engine/shard/shard.h"
#include "tests/fuzz/fuzz.h"
#include "tests/sim/sim.h"

struct sim sim;

ssize_t __wrap_write(int fd, const void *bytes, size_t size);
ssize_t __real_write(int fd, const void *bytes, size_t size);

static struct shard *shard;
static struct shard_links links;
static bool in_pieces; /* what is sent is received in pieces */
static uint64_t blocks_before;

/* A shard lives in pages where LeakSanitizer does not look for pointers; its blocks are counted here. */
int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
	return 1;
}

/* Nothing else is left to chance. */
bool sim_chance(uint32_t thousandths)
{
	return thousandths >= 500;
}

void sim_note(const char *what, uint64_t a, uint64_t b)
{
	(void)what, (void)a, (void)b;
	sim.digest++;
}

void sim_fail(const char *format, ...)
{
	(void)format;
	abort();
}

/* The lines of the audit log, which say what clients have said: each is one line. The target is linked with --wrap. */
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
	const uint8_t *const line = bytes;

	if (!memmem(bytes, size, "Z audit audit", 13))
		return __real_write(fd, bytes, size);
	for (size_t i = 0; i + 1 < size; i++)
		check(line[i] >= ' ' && line[i] != 0x7f);
	check(line[size - 1] == '\n');
	return (ssize_t)size;
}

static void one_shard_answer(void *context, const struct http_question *question, struct http_answer *out)
{
	(void)context, (void)question;
	out->status = 404;
}

/* Small ones, so that an input reaches them. */
static struct shard_limits one_shard_limits(void)
{
	return (struct shard_limits){
		.cores = 1,
		.ring = { .slots_max = 8 },
		.net = { .connections_max = 8, .queue_bytes_max = 1 << 24, .linger_ms = 5000, .peer_address = true },
		.home = { .rooms_max = 64,
			  .members_max = 8,
			  .roster_max = 64,
			  .history_messages = 1000,
			  .history_bytes = 1 << 20,
			  .history_age_ms = 60000,
			  .history_bytes_all = 8 << 20,
			  .page_bytes = 2000 },
		.hall = { .hot_logs_max = 128, .cursors_max = 128, .hot_bytes_max = 1 << 22 },
		.session = { .handshake_ms = 10000,
			     .hello_ms = 10000,
			     .ping_ms = 25000,
			     .pong_ms = 8000,
			     .slow_ms = 30000,
			     .drain_ms = 2000,
			     .rooms_max = 8,
			     .data_size_max = 1000,
			     .frame_size_max = 2000 },
		.codec = { .message_size_max = 2000, .payload_size_max = 1 << 16 },
		.places_max = 128,
		.segment_bytes_max = 1 << 26,
		.mail_waiting_max = 1 << 24,
		.xring_size = 1 << 20,
	};
}

static void one_shard_open(const struct shard_limits *limits)
{
	static const struct http_source source = { .answer = one_shard_answer };
	const struct ring_features features = { .usable = true, .peer_address = true };
	int error = shard_links_open(&links, 1, limits->xring_size);

	check(error == 0);
	shard = shard_open(limits, &features, &links, &source, 0, 0x5eed, 7, &error);
	check(shard != NULL);
}

static void one_shard_close(void)
{
	shard_close(shard);
	shard_links_close(&links);
	check(block_bytes_out() == blocks_before);
}

/* Until it would wait for something to happen: with no event, no mail and no deadline. */
#define TURNS_MAX 100000

static void one_shard_rest(void)
{
	int turn = 0;

	do {
		check(turn++ < TURNS_MAX);
		sim.stirred = false;
		shard_turn(shard);
	} while (sim.stirred || counter_read(shard_counters(shard), COUNTER_inbound_waiting) != 0);
}

/* Once, before the first is opened. */
static void one_shard_begin(void)
{
	log_setup(LOG_OFF, false);
	sim.world = (struct sim_world){
		.cores = 1, .completion = 1000, .chunk_max = 65521, .events_max = 4096, .window = 1u << 30
	};
	blocks_before = block_bytes_out();
}

#endif
