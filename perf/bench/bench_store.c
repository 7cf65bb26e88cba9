/* bench_store - what a row costs in the log on disk, by the size of the batch.
 *
 * Messages of 128 bytes with a cid each, of 1,000 producers, to 100 rooms, in batches of 1, 16, 256 and 1,000. The
 * file lies in memory (/dev/shm), so this is what the store itself does: a sync costs nothing there. A line: rows a
 * second, microseconds a row, and of these what the processor took; then the same of the housekeeping that follows.
 *
 *	bench_store [ROWS [DIRECTORY]]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/core/slab.h"
#include "engine/store/sqlite.h"
#include "measure.h"

#define ROOMS 100
#define PRODUCERS 1000
#define BATCH_MAX 1000
#define DATA_SIZE 128
#define WALL_MS 1800000000000ull

static char directory[256];
static struct store_job jobs[BATCH_MAX];
static struct store_job *list[BATCH_MAX];
static char rooms[ROOMS][16], producers[PRODUCERS][24];
static uint64_t numbers[PRODUCERS];
static uint32_t turn;

static double cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void fail(const char *what)
{
	fprintf(stderr, "bench_store: %s\n", what);
	exit(1);
}

static struct span text(const char *string)
{
	return span_of((const uint8_t *)string, strlen(string));
}

static void make_names(void)
{
	for (int i = 0; i < ROOMS; i++)
		snprintf(rooms[i], sizeof(rooms[i]), "room-%d", i);
	for (unsigned i = 0; i < PRODUCERS; i++)
		snprintf(producers[i], sizeof(producers[i]), "%08x%08x", i * 2654435761u, i * 40503u);
}

static struct store_job message(uint32_t who)
{
	static uint8_t data[DATA_SIZE + 1];

	if (data[0] == 0) {
		memset(data, 'x', DATA_SIZE);
		memcpy(data, "{\"text\":\"the quick brown fox jumps over ", 40);
		memcpy(data + DATA_SIZE - 2, "\"}", 2);
	}
	return (struct store_job){
		.op = STORE_APPEND,
		.room = text(rooms[who % ROOMS]),
		.epoch = text("abcdefghijkl"),
		.retention = { .messages = 1000000, .bytes = 1 << 30 },
		.now_ms = WALL_MS,
		.event = { .kind = CHAT_EV_msg,
			   .from = text("Ann Example"),
			   .ts_ms = WALL_MS,
			   .producer = text(producers[who]),
			   .number = ++numbers[who],
			   .data = span_of(data, DATA_SIZE) },
	};
}

static void append(const struct store_backend *backend, void *writer, uint32_t batch)
{
	for (uint32_t i = 0; i < batch; i++) {
		jobs[i] = message(turn++ % PRODUCERS);
		list[i] = &jobs[i];
	}
	if (backend->append(writer, list, batch) != 0)
		fail("a batch was not kept");
	for (uint32_t i = 0; i < batch; i++)
		if (jobs[i].status != STORE_OK)
			fail("a job was not done");
}

static void line(const char *what, uint32_t batch, uint64_t rows, double ns, double us)
{
	printf("%-10s of %4u %10.0f rows/s %8.2f us/row %8.2f us of processor\n", what, batch, (double)rows * 1e9 / ns,
	       ns / 1e3 / (double)rows, us / (double)rows);
}

static void run(uint32_t batch, uint64_t rows)
{
	const struct store_backend backend = sqlite_backend(directory);
	char why[256];
	void *writer = backend.open(backend.context, STORE_WRITER, why, sizeof(why));

	if (!writer)
		fail(why);
	double ns = measure_now_ns(), us = cpu_us();

	for (uint64_t done = 0; done < rows; done += batch)
		append(&backend, writer, batch);
	line("append", batch, rows, measure_now_ns() - ns, cpu_us() - us);
	ns = measure_now_ns();
	us = cpu_us();
	while (backend.maintain(writer, WALL_MS) > 0)
		;
	line("maintain", batch, rows, measure_now_ns() - ns, cpu_us() - us);
	backend.close(writer);
}

static void clean(void)
{
	static const char *const names[] = { "uproar.db", "uproar.db-wal", "uproar.db-shm" };
	char path[300];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
}

int main(int argc, char **argv)
{
	static const uint32_t batches[] = { 1, 16, 256, 1000 };
	const uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 50000;

	snprintf(directory, sizeof(directory), "%s/uproar-bench-%d", argc > 2 ? argv[2] : "/dev/shm", (int)getpid());
	if (mkdir(directory, 0700) != 0)
		fail(strerror(errno));
	make_names();
	for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
		run(batches[i], rows);
		clean();
	}
	rmdir(directory);
	return 0;
}
