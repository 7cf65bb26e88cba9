/* bench_deflate - one chat message compressed and read back, by its size, against a copy of the same bytes.
 *
 * Sixteen different messages in turn, each alone as a room's are: what zlib costs before
 * the first byte (it clears 2 << (mem_level + 7) bytes) is most of it. What it
 * saves stands in the line before: the mean payload, and nanoseconds for a byte saved.
 */
#include <string.h>

#include "perf/bench/measure.h"
#include "proto/deflate/deflate.h"
#include "proto/deflate/inflate.h"

#define KINDS 16
#define SIZE_MAX_OF_ONE 4096
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t texts[KINDS][SIZE_MAX_OF_ONE], payloads[KINDS][SIZE_MAX_OF_ONE + 64], out[SIZE_MAX_OF_ONE + 64];
static size_t text_size, payload_sizes[KINDS], turn;
static struct deflate *deflater;
static struct inflate *inflater;
static uint8_t history[1 << 15];
static size_t history_size;

static void run_copy(void)
{
	memcpy(out, texts[turn++ % KINDS], text_size);
	measure_touch(out);
}

static void run_deflate(void)
{
	if (deflate_message(deflater, out, sizeof(out) - DEFLATE_ROOM, texts[turn++ % KINDS], text_size, false) == 0)
		abort();
	measure_touch(out);
}

static void run_deflate_kept(void)
{
	if (deflate_message(deflater, out, sizeof(out) - DEFLATE_ROOM, texts[turn++ % KINDS], text_size, true) == 0)
		abort();
	measure_touch(out);
}

static void run_inflate(void)
{
	struct inflate_out message = { .bytes = out, .capacity = sizeof(out) };
	const size_t kind = turn++ % KINDS;

	inflate_begin(inflater, history, history_size);
	if (inflate_feed(inflater, &message, payloads[kind], payload_sizes[kind], true) != 1)
		abort();
	measure_touch(out);
}

static uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* An event as a member reads it, whose text is drawn from words that people use: the commoner, the more often. */
static void write_text(uint8_t *at, size_t size, uint64_t seed)
{
	static const char *const words[] = {
		"the",      "I",        "to",      "you",     "a",        "it",        "that",    "and",
		"is",       "in",       "what",    "we",      "me",       "this",      "of",      "for",
		"on",       "have",     "not",     "do",      "was",      "be",        "no",      "so",
		"just",     "can",      "know",    "there",   "all",      "right",     "like",    "about",
		"don't",    "tomorrow", "deploy",  "Anna",    "meeting",  "questions", "because", "already",
		"released", "looking",  "version", "weekend", "customer", "somebody",  "Berlin",  "train",
		"probably", "pictures", "server",  "yes!",    "haha",     ":)",
	};
	uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
	char text[SIZE_MAX_OF_ONE + 256];
	size_t used = (size_t)snprintf(
		text, sizeof(text),
		"{\"ev\":\"msg\",\"room\":\"general\",\"seq\":%u,\"ts\":17637%08u,\"from\":\"user-%u\","
		"\"cid\":\"%08x:%u\",\"data\":{\"text\":\"",
		1000 + (unsigned)seed, (unsigned)(draw(&state) % 100000000), (unsigned)(draw(&state) % 1000),
		(unsigned)draw(&state), (unsigned)(draw(&state) % 100));

	while (used < size) {
		const size_t among = 1 + draw(&state) % COUNT(words);

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s ", words[draw(&state) % among]);
	}
	memcpy(text + size - 3, "\"}}", 3);
	memcpy(at, text, size);
}

static double prepare(unsigned int bits, unsigned int level, unsigned int mem_level)
{
	const size_t size = deflate_size(bits, mem_level);
	double sum = 0;

	free(deflater);
	deflater = deflate_make(malloc(size), size, bits, level, mem_level);
	for (size_t i = 0; i < KINDS; i++) {
		payload_sizes[i] = deflate_message(deflater, payloads[i], sizeof(payloads[i]) - DEFLATE_ROOM, texts[i],
						   text_size, false);
		sum += (double)payload_sizes[i];
	}
	return sum / KINDS;
}

static void measure_settings(double floor_ns, unsigned int bits, unsigned int level, unsigned int mem_level)
{
	char label[64];
	const double payload = prepare(bits, level, mem_level);
	const double ns = measure(run_deflate);

	printf("# %zu -> %.0f bytes, %.1f ns a byte saved, %zu KiB\n", text_size, payload,
	       ns / ((double)text_size - payload), deflate_size(bits, mem_level) / 1024);
	snprintf(label, sizeof(label), "deflate_%zu_level%u_mem%u_bits%u", text_size, level, mem_level, bits);
	measure_report(label, text_size, ns, floor_ns);
}

static void measure_reading(double floor_ns)
{
	char label[64];

	snprintf(label, sizeof(label), "inflate_%zu", text_size);
	history_size = 0;
	measure_report(label, text_size, measure(run_inflate), floor_ns);
	snprintf(label, sizeof(label), "inflate_%zu_history32768", text_size);
	history_size = sizeof(history);
	measure_report(label, text_size, measure(run_inflate), floor_ns);
}

int main(void)
{
	static const size_t sizes[] = { 100, 140, 180, 240, 1024, 4096 };
	static const unsigned int levels[] = { 1, 3, 6, 9 }, mem_levels[] = { 1, 3, 5, 8, 9 };

	inflater = inflate_make(malloc(INFLATE_SIZE), INFLATE_SIZE);
	for (size_t s = 0; s < COUNT(sizes); s++) {
		text_size = sizes[s];
		for (size_t i = 0; i < KINDS; i++)
			write_text(texts[i], text_size, i + 1);
		const double floor_ns = measure(run_copy);

		measure_report("copy", text_size, floor_ns, floor_ns);
		for (size_t l = 0; l < COUNT(levels); l++)
			for (size_t m = 0; m < COUNT(mem_levels); m++)
				measure_settings(floor_ns, 15, levels[l], mem_levels[m]);
		measure_settings(floor_ns, 9, 6, 1);
		measure_settings(floor_ns, 12, 6, 3);
		measure_reading(floor_ns);
		prepare(15, DEFLATE_LEVEL, DEFLATE_MEM_LEVEL);
		measure_report("deflate_kept", text_size, measure(run_deflate_kept), floor_ns);
	}
	free(deflater);
	free(inflater);
	return 0;
}
