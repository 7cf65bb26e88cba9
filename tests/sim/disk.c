#include "tests/sim/disk.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "engine/core/check.h"
#include "engine/store/memory.h"
#include "engine/store/worker.h"
#include "tests/sim/caller.h"
#include "tests/sim/modsim.h"
#include "tests/sim/oracle.h"
#include "tests/sim/sim.h"
#include "tests/sim/told.h"

#define CORES_SIM 3
#define NUMBERS 65536
#define PRODUCERS 32 /* cids of 16, and those that others have taken */

static struct store_memory memory;
static struct store_backend backend;
static struct store_links links;
static struct store_port ports[CORES_SIM];
static struct worker *workers[STORE_WORKERS];
static struct room_classes classes;
static bool failed, crashing, full, healed;
static uint64_t lasts[ORACLE_ROOMS];

bool simdisk_present(void)
{
	return sim.world.disk;
}

const struct room_classes *simdisk_classes(void)
{
	return sim.world.disk ? &classes : NULL;
}

bool simdisk_room(uint32_t room)
{
	return sim.world.disk && room < ORACLE_ROOMS - 1;
}

bool simdisk_failed(void)
{
	return failed;
}

void simdisk_heal(void)
{
	healed = true;
	full = false;
}

/* What the world has in store for a commit: 0, or what append returns instead. */
static int before(void *context, struct store_job *const *jobs, size_t count)
{
	(void)context;
	(void)jobs;
	if (crashing)
		return -EIO;
	if (healed)
		return 0;
	if (sim_chance(sim.world.disk_full))
		full = !full;
	sim_note("commit", count, full);
	if (full)
		return -ENOSPC;
	if (sim_chance(sim.world.disk_away))
		return -EAGAIN;
	return sim_chance(sim.world.disk_fails) ? -EIO : 0;
}

static int after(void *context, struct store_job *const *jobs, size_t count)
{
	(void)context;
	(void)jobs;
	sim_note("committed", count, 0);
	return !healed && sim_chance(sim.world.disk_fails) ? -EIO : 0;
}

static enum store_status read_fault(void *context, const struct store_job *job)
{
	(void)context;
	(void)job;
	return !healed && sim_chance(sim.world.disk_away) ? STORE_UNAVAILABLE : STORE_OK;
}

void simdisk_open(void)
{
	const struct store_memory_limits limits = { .rooms_max = 64, .cids_max = 200000 };

	if (!sim.world.disk)
		return;
	CHECK(store_memory_open(&memory, &limits) == 0);
	memory.hooks = (struct store_memory_hooks){ before, after, read_fault, NULL };
	backend = store_memory_backend(&memory);
	classes = (struct room_classes){ .count = 2 };
	classes.classes[0] = (struct room_class){ .disk = true, .presence = true };
	if (!sim.world.roomy)
		classes.classes[0].kept = (struct store_retention){ .messages = sim_below(2) * (1 + sim_below(200)),
								    .bytes = sim_below(2) * (3000 + sim_below(20000)) };
	classes.classes[1] = (struct room_class){ .prefix = "r3", .presence = true };
	failed = false;
	full = false;
	healed = false;
}

void simdisk_close(void)
{
	if (sim.world.disk)
		store_memory_close(&memory);
}

void simdisk_begin(struct shard_links *shards)
{
	const struct store_links_limits limits = { .cores = sim.world.cores,
						   .jobs_max = 2 + sim_below(200),
						   .bytes_max = 1 << 20 };

	if (!sim.world.disk)
		return;
	CHECK(store_links_open(&links, &limits, shards->bells, shards->ring_bells) == 0);
	for (uint32_t core = 0; core < sim.world.cores; core++)
		store_links_port(&links, core, &ports[core]);
	shards->stores = ports;
	failed = false;
	crashing = false;
}

static void on_failed(void *context, int error)
{
	(void)context;
	(void)error;
	failed = true;
}

void simdisk_start(void)
{
	const struct ring_features features = { .usable = true };
	char why[256];

	for (int i = 0; sim.world.disk && i < STORE_WORKERS; i++) {
		const struct worker_limits limits = { .which = (enum store_worker)i,
						      .batch_jobs = 1 + sim_below(40),
						      .batch_bytes = 100 + sim_below(20000) };

		workers[i] = worker_open(&limits, &features, &links, &backend, on_failed, NULL, why, sizeof(why));
		CHECK(workers[i]);
	}
}

void simdisk_turn(void)
{
	if (sim.world.disk && !failed)
		worker_turn(workers[sim_below(STORE_WORKERS)]);
}

void simdisk_turn_each(void)
{
	for (int i = 0; sim.world.disk && !failed && i < STORE_WORKERS; i++)
		worker_turn(workers[i]);
}

void simdisk_end(bool crash)
{
	if (!sim.world.disk)
		return;
	crashing = crash;
	for (int i = 0; i < STORE_WORKERS; i++)
		worker_close(workers[i]);
	store_links_close(&links);
}

struct judging {
	uint32_t room;
	uint64_t seq; /* the last one visited; 0: none of this room */
	char epoch[ORACLE_EPOCH];
	uint64_t first;
};

static struct judging judging;

/* By cid: the seq, and in the upper half which room of which judgement it is of, so that nothing needs to be wiped. */
static uint64_t seqs[PRODUCERS][NUMBERS];
static uint64_t judged;

static void end_room(void)
{
	if (judging.seq == 0)
		return;
	oracle_disk(judging.room, judging.epoch, judging.first, judging.seq);
	lasts[judging.room] = judging.seq;
}

/* Published with an idempotency key. */
static bool is_keyed(const struct chat_event *event)
{
	return event->producer.size > 5 && memcmp(event->producer.bytes, "idem-", 5) == 0;
}

uint64_t simdisk_content(const struct chat_event *event)
{
	uint64_t client = 0;
	char text[256];

	if (event->kind == CHAT_EV_mod || is_keyed(event)) {
		snprintf(text, sizeof(text), "%.*s", (int)event->data.size, (const char *)event->data.bytes);
		return is_keyed(event) ? told_content_of_key(text) : modsim_content(text);
	}

	if (event->producer.size == 0)
		return told_content_of_del(event->target);
	for (size_t i = 1; i < event->producer.size; i++)
		client = client * 10 + event->producer.bytes[i] - '0';

	const uint64_t content = told_content_of_cid((uint32_t)client, event->number);

	snprintf(text, sizeof(text), "%.*s", (int)event->from.size, (const char *)event->from.bytes);
	return told_takes((uint32_t)client, text) ? told_content_taken(content) : content;
}

static int visit(void *context, struct span room, struct span epoch, const struct chat_event *event)
{
	const uint32_t number = (uint32_t)(room.bytes[1] - '0');
	const uint64_t content = simdisk_content(event);

	(void)context;
	if (judging.seq == 0 || number != judging.room) {
		end_room();
		judging = (struct judging){ .room = number };
		judged++;
		judging.first = event->seq;
		memcpy(judging.epoch, epoch.bytes, epoch.size);
	} else if (event->seq != judging.seq + 1) {
		sim_fail("on disk room %u has seq %lu after %lu", number, event->seq, judging.seq);
	}
	judging.seq = event->seq;
	const uint32_t producer = (uint32_t)(content >> 32) % (PRODUCERS / 2) + told_is_taken(content) * PRODUCERS / 2;
	uint64_t *seq = &seqs[producer][event->number % NUMBERS];
	const bool has_cid = event->producer.size > 0 && !is_keyed(event);

	if (has_cid && *seq >> 32 == judged)
		sim_fail("on disk room %u has one cid as seq %u and %lu", number, (uint32_t)*seq, event->seq);
	if (has_cid)
		*seq = judged << 32 | (uint32_t)event->seq;
	if (is_keyed(event) && content != 0)
		caller_on_disk(content, judged);
	const uint64_t known = oracle_content(number, judging.epoch, event->seq);

	if (known != 0 && content != 0 && known != content)
		sim_fail("on disk room %u has another event as seq %lu than clients were told", number, event->seq);
	return 0;
}

void simdisk_judge(void)
{
	if (!sim.world.disk)
		return;
	judging = (struct judging){ 0 };
	memset(lasts, 0, sizeof(lasts));
	store_memory_visit(&memory, visit, NULL);
	end_room();
	for (uint32_t room = 0; room < ORACLE_ROOMS; room++)
		if (simdisk_room(room) && lasts[room] == 0)
			oracle_disk_none(room);
}

uint64_t simdisk_last(uint32_t room)
{
	return lasts[room];
}
