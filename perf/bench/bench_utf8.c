/* bench_utf8 - validation of text, against a copy of the same bytes in the same run. */
#include <string.h>

#include "perf/bench/measure.h"
#include "proto/utf8/utf8.h"

static uint8_t text[16384], out[16384];
static size_t text_size;

static void run_copy(void)
{
	memcpy(out, text, text_size);
	measure_touch(out);
}

static void run_feed(void)
{
	struct utf8_state state = { 0 };

	if (utf8_feed(&state, text, text_size) != 1)
		abort();
	measure_touch(&state);
}

static void run_scalar(void)
{
	struct utf8_state state = { 0 };

	if (utf8_feed_scalar(&state, text, text_size) != 1)
		abort();
	measure_touch(&state);
}

/* As many whole repetitions as fit. */
static void fill(const char *phrase, size_t size)
{
	const size_t length = strlen(phrase);

	for (text_size = 0; text_size + length <= size; text_size += length)
		memcpy(text + text_size, phrase, length);
}

int main(void)
{
	static const struct {
		const char *name, *phrase;
	} texts[] = {
		{ "ascii", "{\"op\":\"send\",\"room\":\"general\"}" },
		{ "german", "Schöne Grüße aus Köln, über " },
		{ "russian", "привет всем " },
		{ "japanese", "日本語の文章" },
		{ "emoji", "👍🎉" },
	};
	static const size_t sizes[] = { 60, 200, 1000, 16384 };
	char label[64];

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
			fill(texts[t].phrase, sizes[s]);
			const double floor_ns = measure(run_copy);

			printf("# %s: %zu bytes\n", texts[t].name, text_size);
			measure_report("copy", text_size, floor_ns, floor_ns);
			snprintf(label, sizeof(label), "utf8_%s_%zu", texts[t].name, text_size);
			measure_report(label, text_size, measure(run_feed), floor_ns);
			snprintf(label, sizeof(label), "utf8_%s_%zu_scalar", texts[t].name, text_size);
			measure_report(label, text_size, measure(run_scalar), floor_ns);
		}
	return 0;
}
