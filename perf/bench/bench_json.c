/* bench_json - reading and writing of JSON, each against a floor measured in the same run.
 *
 * A line: name, bytes a second, nanoseconds an operation, how many times its
 * floor that is. The floor of a scan is a copy of the same bytes, of the scan's
 * scalar twin too; that of writing an event is a copy as large as the event.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/dialect/native.h"
#include "proto/json/json_scan.h"
#include "proto/json/json_write.h"

#define ROUNDS 15
#define ROUND_NS 4000000.0

static uint8_t text[20000], out[40000];
static size_t text_size;
static struct chat_event event;
static uint64_t number;

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* What the compiler may not look through: neither a size known nor a result unused. */
static void touch(const void *bytes)
{
	__asm__ volatile("" : : "r"(bytes) : "memory");
}

static void run_copy(void)
{
	memcpy(out, text, text_size);
	touch(out);
}

static const struct json_name names[] = {
	{ "op" }, { "id" }, { "room" }, { "data" }, { "cid" }, { "target" }, { "key" },
};

static void run_scan(void)
{
	struct json_value values[7];

	if (json_scan_object(values, names, 7, text, text_size) != 1)
		abort();
	touch(values);
}

static void run_scan_scalar(void)
{
	struct json_value values[7];

	if (json_scan_object_scalar(values, names, 7, text, text_size) != 1)
		abort();
	touch(values);
}

static void run_decode(void)
{
	struct native_scratch scratch;
	struct chat_command command;
	enum chat_error error;

	if (native_decode(&command, &error, &scratch, text, text_size) != 1)
		abort();
	touch(&command);
}

static void run_event(void)
{
	if (native_event(out, &event) != text_size)
		abort();
	touch(out);
}

static void run_u64(void)
{
	touch(json_write_u64(out, number));
}

static void run_printf(void)
{
	snprintf((char *)out, 32, "%llu", (unsigned long long)number);
	touch(out);
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a;
	const double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of the rounds, each long enough that reading the clock is nothing. */
static double measure(void (*run)(void))
{
	double rounds[ROUNDS];
	size_t times = 1;

	for (double took = 0; took < ROUND_NS; times *= 2) {
		const double start = now_ns();

		for (size_t i = 0; i < times; i++) {
			touch(&text_size);
			run();
		}
		took = now_ns() - start;
	}
	times /= 2;
	for (size_t round = 0; round < ROUNDS; round++) {
		const double start = now_ns();

		for (size_t i = 0; i < times; i++) {
			touch(&text_size);
			run();
		}
		rounds[round] = (now_ns() - start) / (double)times;
	}
	qsort(rounds, ROUNDS, sizeof(rounds[0]), by_value);
	return rounds[ROUNDS / 2];
}

static double report(const char *name, double ns, double floor_ns)
{
	printf("%-28s %8.0f MB/s %10.1f ns/op %8.2f\n", name, (double)text_size * 1e3 / ns, ns, ns / floor_ns);
	return ns;
}

static void bench_text(const char *name)
{
	char label[64];
	const double floor_ns = measure(run_copy);

	printf("# %s: %zu bytes\n", name, text_size);
	report("copy", floor_ns, floor_ns);
	snprintf(label, sizeof(label), "scan_%s", name);
	report(label, measure(run_scan), floor_ns);
	snprintf(label, sizeof(label), "scan_%s_scalar", name);
	report(label, measure(run_scan_scalar), floor_ns);
	snprintf(label, sizeof(label), "decode_%s", name);
	report(label, measure(run_decode), floor_ns);
}

static void bench_event(const char *name, struct span data)
{
	event = (struct chat_event){
		.kind = CHAT_EV_msg,
		.room = SPAN("general"),
		.from = SPAN("Ann"),
		.seq = 132,
		.ts_ms = 1795229320123,
		.producer = SPAN("8f1cT4aQ"),
		.number = 7,
		.data = data,
	};
	text_size = native_event(text, &event);
	const double floor_ns = measure(run_copy);

	printf("# event_%s: %zu bytes\n", name, text_size);
	report("copy", floor_ns, floor_ns);
	report(name, measure(run_event), floor_ns);
}

/* A send whose text is words, with an escape each `every` bytes if not 0. */
static void make_send(size_t size, size_t every)
{
	static const char head[] =
		"{\"op\":\"send\",\"id\":4,\"room\":\"general\",\"cid\":\"8f1cT4aQ:7\",\"data\":{\"text\":\"";
	static const char words[] = "the quick brown fox jumps over the lazy dog and ";

	memcpy(text, head, sizeof(head) - 1);
	text_size = sizeof(head) - 1;
	for (size_t i = 0; i < size; i++) {
		text[text_size++] = (uint8_t)words[i % (sizeof(words) - 1)];
		if (every && i % every == every - 1) {
			memcpy(text + text_size, "\\n", 2);
			text_size += 2;
		}
	}
	memcpy(text + text_size, "\"}}", 3);
	text_size += 3;
}

static void make_tokens(size_t size)
{
	static const char item[] = "{\"x\":12.5,\"y\":-7,\"on\":true,\"tag\":[\"a\",null]},";

	text_size = (size_t)snprintf((char *)text, sizeof(text), "{\"op\":\"send\",\"room\":\"general\",\"data\":[");
	while (text_size < size) {
		memcpy(text + text_size, item, sizeof(item) - 1);
		text_size += sizeof(item) - 1;
	}
	memcpy(text + text_size - 1, "]}", 2);
	text_size++;
}

int main(void)
{
	static uint8_t data[16384];

	printf("%-28s %13s %16s %8s\n", "name", "bytes/s", "ns/op", "ratio-to-floor");
	make_send(40, 0);
	bench_text("chat");
	make_send(16300, 0);
	bench_text("16k_words");
	make_send(12000, 40);
	bench_text("12k_escapes");
	make_tokens(16000);
	bench_text("16k_tokens");
	bench_event("msg_small", SPAN("{\"text\":\"the quick brown fox jumps over the dog\"}"));
	memset(data, 'x', sizeof(data));
	data[0] = data[sizeof(data) - 1] = '"';
	bench_event("msg_16k", span_of(data, sizeof(data)));
	number = 1795229320123;
	text_size = 13;
	const double floor_ns = measure(run_copy);

	report("copy_13", floor_ns, floor_ns);
	report("u64_13_digits", measure(run_u64), floor_ns);
	report("u64_13_digits_printf", measure(run_printf), floor_ns);
	return 0;
}
