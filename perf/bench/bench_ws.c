/* bench_ws - masks, frame headers and whole frames. The floor of a mask is a copy of
 * the same bytes; of a header, reading its fourteen bytes; of a frame, its mask. */
#include <string.h>

#include "perf/bench/measure.h"
#include "proto/ws/ws_assembly.h"
#include "proto/ws/ws_mask.h"

static const uint8_t key[4] = { 0x37, 0xfa, 0x21, 0x3d };
static const struct ws_limits limits = { .message_size_max = 65536, .expect_mask = true };
static uint8_t bytes[65536 + WS_HEADER_SIZE_MAX], out[65536];
static size_t size;
static size_t header_size;

static void run_copy(void)
{
	memcpy(out, bytes, size);
	measure_touch(out);
}

static void run_mask(void)
{
	ws_mask(bytes, size, key, 1);
	measure_touch(bytes);
}

static void run_mask_scalar(void)
{
	ws_mask_scalar(bytes, size, key, 1);
	measure_touch(bytes);
}

static void run_header_copy(void)
{
	memcpy(out, bytes, WS_HEADER_SIZE_MAX);
	measure_touch(out);
}

static void run_header_parse(void)
{
	struct ws_header header;

	if (ws_header_parse(&header, bytes, WS_HEADER_SIZE_MAX) != (int)header_size)
		abort();
	measure_touch(&header);
}

static void run_header_write(void)
{
	measure_touch(out + ws_header_write(out, WS_TEXT, true, size));
}

/* A binary frame that lies whole: its payload is unmasked where it is, and masked again by the next run. */
static void run_frame(void)
{
	struct ws_assembly assembly = { 0 };
	struct ws_buffer buffer = { 0 };
	struct ws_message message;
	size_t used;

	if (ws_assembly_feed(&assembly, &limits, bytes, header_size + size, &used, &buffer, &message) !=
	    WS_STEP_MESSAGE)
		abort();
	measure_touch(&message);
}

/* The same in two pieces, through a buffer. */
static void run_frame_cut(void)
{
	struct ws_assembly assembly = { 0 };
	struct ws_buffer buffer = { .bytes = out, .capacity = sizeof(out) };
	struct ws_message message;
	const size_t first = header_size + size / 2;
	size_t used;

	if (ws_assembly_feed(&assembly, &limits, bytes, first, &used, &buffer, &message) != WS_STEP_MORE)
		abort();
	if (ws_assembly_feed(&assembly, &limits, bytes + first, header_size + size - first, &used, &buffer, &message) !=
	    WS_STEP_MESSAGE)
		abort();
	measure_touch(&message);
}

static void bench_size(size_t payload)
{
	char label[64];

	size = payload;
	const double copy_ns = measure(run_copy);

	printf("# %zu bytes\n", size);
	measure_report("copy", size, copy_ns, copy_ns);
	snprintf(label, sizeof(label), "mask_%zu", size);
	const double mask_ns = measure_report(label, size, measure(run_mask), copy_ns);

	snprintf(label, sizeof(label), "mask_%zu_scalar", size);
	measure_report(label, size, measure(run_mask_scalar), copy_ns);
	header_size = ws_header_write_masked(bytes, WS_BINARY, true, size, key);
	snprintf(label, sizeof(label), "frame_%zu", size);
	measure_report(label, size, measure(run_frame), mask_ns);
	snprintf(label, sizeof(label), "frame_%zu_cut", size);
	measure_report(label, size, measure(run_frame_cut), mask_ns);
}

static void bench_header(const char *name, size_t payload)
{
	char label[64];

	size = payload;
	header_size = ws_header_write_masked(bytes, WS_BINARY, true, size, key);
	const double floor_ns = measure(run_header_copy);

	snprintf(label, sizeof(label), "header_parse_%s", name);
	measure_report(label, header_size, measure(run_header_parse), floor_ns);
	snprintf(label, sizeof(label), "header_write_%s", name);
	measure_report(label, header_size, measure(run_header_write), floor_ns);
}

int main(void)
{
	static const size_t sizes[] = { 15, 60, 200, 1000, 16384, 65536 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		bench_size(sizes[i]);
	printf("# headers\n");
	bench_header("7bit", 60);
	bench_header("16bit", 1000);
	bench_header("64bit", 65536);
	return 0;
}
