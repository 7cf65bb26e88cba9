/* The whole is never less than what was asked for, however many cores share it. */
#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/ops/plan.h"

static struct options options;
static char error[OPTION_ERROR_MAX];

static void setup(void)
{
	options_default(&options);
}

TestSuite(plan, .init = setup);

static void set(const char *name, const char *value)
{
	cr_assert_eq(options_set(&options, name, value, "test", error), 0, "%s", error);
}

Test(plan, one_core_has_exactly_what_was_asked)
{
	const struct ring_features features = { .peer_address = true };

	set("connections", "1000");
	set("memberships", "5000");
	set("rooms", "700");
	const struct shard_limits limits = plan_shard(&options, &features, 0, 1);

	cr_assert_eq(limits.net.connections_max, 1000);
	cr_assert_eq(limits.hall.cursors_max, 5000);
	cr_assert_eq(limits.home.rooms_max, 700);
	cr_assert_eq(limits.home.history_bytes_all, 256 << 20);
	cr_assert_eq(limits.segment_bytes_max, 256 << 20);
	cr_assert_geq(limits.ring.slots_max, 1000 + limits.ring.accept_burst, "those above the limit can be told");
	cr_assert(limits.net.peer_address);
}

Test(plan, shares_add_up)
{
	const struct ring_features features = { 0 };

	set("connections", "2000000");
	set("rooms", "1000001");
	for (uint32_t cores = 2; cores <= 64; cores++) {
		const struct shard_limits limits = plan_shard(&options, &features, cores - 1, cores);

		cr_assert_geq((uint64_t)limits.net.connections_max * cores, 2500000, "a quarter more, spread unevenly");
		cr_assert_leq((uint64_t)limits.net.connections_max * cores, 2500000 + 66 * cores);
		cr_assert_geq((uint64_t)limits.home.rooms_max * cores, 1000001);
		cr_assert_leq(limits.home.history_bytes_all * cores, 256 << 20);
		cr_assert_leq(limits.segment_bytes_max * cores, 256 << 20);
		cr_assert_geq(limits.places_max, limits.home.rooms_max);
		cr_assert_eq(limits.core, cores - 1);
	}
}

Test(plan, says_when_no_address_can_be_known)
{
	char said[512] = "";
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	plan_tell(&options, &(struct ring_features){ .peer_address = true });
	plan_tell(&options, &(struct ring_features){ .peer_address = false });
	close(STDERR_FILENO);
	for (size_t size = 0, more = 1; more > 0 && size < sizeof(said) - 1; size += more)
		more = (size_t)read(ends[0], said + size, sizeof(said) - 1 - size);
	const char *line = strstr(said, "addresses_unknown");

	cr_assert_not_null(line, "%s", said);
	cr_assert_null(strstr(line + 1, "addresses_unknown"), "once");
}

Test(plan, memberships_follow_the_connections)
{
	const struct ring_features features = { 0 };

	set("connections", "100000");
	cr_assert_eq(plan_shard(&options, &features, 0, 1).hall.cursors_max, 400000);
	set("connections", "10");
	cr_assert_eq(plan_shard(&options, &features, 0, 1).hall.cursors_max, 100000);
	set("memberships", "7");
	cr_assert_eq(plan_shard(&options, &features, 0, 1).hall.cursors_max, 7);
}

Test(plan, the_backlog_takes_no_more_than_a_quarter_of_the_descriptors)
{
	const struct rlimit limit = { 400, 400 };

	set("backlog", "16");
	cr_assert_eq(plan_backlog(&options), 16);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	set("backlog", "100");
	cr_assert_eq(plan_backlog(&options), 100);
	set("backlog", "101");
	cr_assert_eq(plan_backlog(&options), 100);
}

Test(plan, little_traffic_is_a_limit_too)
{
	static const struct {
		const char *asked;
		uint32_t given;
	} cases[] = { { "0", 0 }, { "1", 1 }, { "1023", 1 }, { "1K", 1 }, { "1025", 2 }, { "2G", 2 << 20 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set("room-traffic", cases[i].asked);
		cr_assert_eq(plan_shard(&options, &(struct ring_features){ 0 }, 0, 1).home.traffic_kib_per_s,
			     cases[i].given, "%s", cases[i].asked);
	}
}

Test(plan, a_ring_between_cores_is_a_power_of_two)
{
	static const struct {
		const char *asked;
		size_t given;
	} cases[] = {
		{ "64K", 64 << 10 }, { "65537", 128 << 10 }, { "100K", 128 << 10 },
		{ "1M", 1 << 20 },   { "3M", 4 << 20 },      { "64M", 64 << 20 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set("core-ring-size", cases[i].asked);
		cr_assert_eq(plan_core_ring(&options), cases[i].given, "%s", cases[i].asked);
		cr_assert_eq(plan_shard(&options, &(struct ring_features){ 0 }, 0, 2).xring_size, cases[i].given);
	}
}

Test(plan, cores_are_the_processors_that_may_be_used)
{
	cpu_set_t set_now, one;
	int last = 0;

	cr_assert_eq(sched_getaffinity(0, sizeof(set_now), &set_now), 0);
	cr_assert_eq(plan_cores(&options), (uint32_t)CPU_COUNT(&set_now));
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set_now))
			last = cpu;
	CPU_ZERO(&one);
	CPU_SET(last, &one);
	cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	cr_assert_eq(plan_cores(&options), 1);
	set("cores", "7");
	cr_assert_eq(plan_cores(&options), 7);
}

Test(plan, classes_of_rooms)
{
	struct room_classes classes;

	set("data", "/somewhere");
	cr_assert_eq(plan_classes(&options, &classes, error), 0, "%s", error);
	cr_assert(room_class_of(&classes, SPAN("general"))->disk, "as shipped rooms are kept on disk");
	cr_assert_not(room_class_of(&classes, SPAN("mem:general"))->disk);
	set("room-classes", "general class=disk; * class=memory messages=5");
	cr_assert_eq(plan_classes(&options, &classes, error), 0, "%s", error);
	cr_assert(room_class_of(&classes, SPAN("general"))->disk);
	cr_assert_not(room_class_of(&classes, SPAN("other"))->disk);
}

Test(plan, without_a_data_directory_no_room_is_on_disk)
{
	struct room_classes classes;

	set("data", "");
	cr_assert_eq(plan_classes(&options, &classes, error), 0, "%s", error);
	cr_assert_not(room_class_of(&classes, SPAN("general"))->disk);
	set("room-classes", "mem: class=memory; log: class=disk");
	cr_assert_eq(plan_classes(&options, &classes, error), -1);
	cr_assert_str_eq(error,
			 "test: option 'room-classes': class 'log:' says class=disk, but there is no store "
			 "(--data is empty, or --store none); name a directory with --data, or say class=memory");
	set("data", "/somewhere");
	cr_assert_eq(plan_classes(&options, &classes, error), 0, "%s", error);
}

Test(plan, what_waits_for_the_store)
{
	set("store-memory", "32M");
	set("store-queue", "100");
	set("store-batch", "7");
	set("store-batch-size", "1M");
	for (uint32_t cores = 1; cores <= 64; cores *= 2) {
		const struct store_links_limits limits = plan_store(&options, cores);

		cr_assert_eq(limits.cores, cores);
		cr_assert_eq(limits.jobs_max, 100);
		cr_assert_eq(limits.bytes_max * cores, 32 << 20);
		cr_assert_gt(store_links_bytes_max(&limits), limits.bytes_max);
	}
	const struct worker_limits worker = plan_worker(&options, STORE_SEARCHER);

	cr_assert_eq(worker.which, STORE_SEARCHER);
	cr_assert_eq(worker.batch_jobs, 7);
	cr_assert_eq(worker.batch_bytes, 1 << 20);
}

Test(plan, a_test_that_echoes_raises_what_would_be_too_little)
{
	const struct ring_features features = { 0 };

	set("send-memory", "1M");
	cr_assert_not(plan_shard(&options, &features, 0, 1).session.echo, "only when asked for");
	cr_assert_eq(plan_shard(&options, &features, 0, 1).session.frame_size_max, 65536);
	set("test-echo", "on");
	for (uint32_t cores = 1; cores <= 64; cores *= 8) {
		const struct shard_limits limits = plan_shard(&options, &features, 0, cores);

		cr_assert(limits.session.echo);
		cr_assert_eq(limits.session.frame_size_max, 16 << 20);
		cr_assert_eq(limits.session.fragments_per_s, 0);
		cr_assert_eq(limits.session.pings_per_s, 0);
		cr_assert_gt(limits.net.queue_bytes_max, 16 << 20, "a message and its header");
		cr_assert_gt(limits.segment_bytes_max / 16, limits.net.queue_bytes_max, "what one may have of it");
	}
}

Test(plan, compression_costs_what_it_is_given)
{
	const struct ring_features features = { 0 };
	struct shard_sum rows[32];

	for (uint32_t cores = 1; cores <= 64; cores *= 4) {
		set("compress", "on");
		set("compress-takeover", "100M");
		struct shard_limits limits = plan_shard(&options, &features, 0, cores);
		const uint64_t most = codec_bytes_max(&limits.codec, limits.ring.slots_max);

		cr_assert(limits.codec.on && limits.codec.from == 256 && limits.codec.bytes_per_s == 16 << 20);
		cr_assert_eq(limits.codec.message_size_max, limits.session.frame_size_max);
		cr_assert_eq(limits.codec.kept_bytes_max, (100 << 20) / cores);
		cr_assert_gt(most, limits.codec.kept_bytes_max);
		set("compress-takeover", "0");
		limits = plan_shard(&options, &features, 0, cores);
		cr_assert_leq(codec_bytes_max(&limits.codec, limits.ring.slots_max), 512 << 10);
		set("compress", "off");
		limits = plan_shard(&options, &features, 0, cores);
		const size_t count = shard_sums(&limits, rows, 32);

		for (size_t i = 0; i < count; i++)
			cr_assert(strcmp(rows[i].what, "compression") != 0 || rows[i].bytes == 0);
	}
}
