/* store_fill - makes a data directory with many rooms or many messages, by the store itself.
 *
 *	store_fill DIRECTORY ROOMS EVENTS [SIZE]
 *
 * Rooms r0, r1 ... get EVENTS messages each of SIZE (128) bytes of data. Then it does some of the housekeeping.
 * A line a second says how far it is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "engine/core/slab.h"
#include "engine/store/sqlite.h"

#define BATCH 4000
#define WALL_MS 1795229320000ull

static struct store_job jobs[BATCH];
static struct store_job *list[BATCH];
static char rooms[BATCH][24], data[16400];

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "store_fill: %s: %s\n", what, why);
	exit(1);
}

static void progress(uint64_t done, uint64_t all)
{
	static time_t said;

	if (time(NULL) == said)
		return;
	said = time(NULL);
	fprintf(stderr, "%lu of %lu\n", (unsigned long)done, (unsigned long)all);
}

static void fill(const struct store_backend *backend, void *writer, uint64_t room_count, uint64_t each, size_t size)
{
	const uint64_t all = room_count * each;

	for (uint64_t done = 0; done < all;) {
		size_t count = 0;

		for (; count < BATCH && done < all; count++, done++) {
			const int length = snprintf(rooms[count], sizeof(rooms[count]), "r%lu",
						    (unsigned long)(done % room_count));

			jobs[count] = (struct store_job){
				.op = STORE_APPEND,
				.room = span_of(rooms[count], (size_t)length),
				.epoch = SPAN("abcdefghijkl"),
				.now_ms = WALL_MS,
				.event = { .kind = CHAT_EV_msg,
					   .from = SPAN("filler"),
					   .ts_ms = WALL_MS,
					   .producer = SPAN("fill"),
					   .number = done + 1,
					   .data = span_of(data, size) },
			};
			list[count] = &jobs[count];
		}
		if (backend->append(writer, list, count) != 0)
			fail("append", strerror(errno));
		progress(done, all);
	}
}

int main(int argc, char **argv)
{
	const size_t size = argc > 4 ? strtoul(argv[4], NULL, 10) : 128;
	char why[256];

	if (argc < 4 || size < 12 || size > 16384) {
		fprintf(stderr, "usage: store_fill DIRECTORY ROOMS EVENTS [SIZE]\n");
		return 64;
	}
	memset(data, 'x', sizeof(data));
	memcpy(data, "{\"text\":\"", 9);
	memcpy(data + size - 2, "\"}", 2);
	if (mkdir(argv[1], 0700) != 0 && errno != EEXIST)
		fail(argv[1], strerror(errno));
	const struct store_backend backend = sqlite_backend(argv[1]);
	void *writer = backend.open(backend.context, STORE_WRITER, why, sizeof(why));

	if (!writer)
		fail(argv[1], why);
	fill(&backend, writer, strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10), size);
	for (int slices = 0, more = 1; more > 0 && slices < 20; slices++)
		more = backend.maintain(writer, WALL_MS);
	backend.close(writer);
	return 0;
}
