/* Whether a page may talk to us: no spelling of an origin gets past a list that does not have that very spelling, and
 * what is taken for one is one. Input: the list, a zero, the origin, a zero, the host. */
#include "proto/http/http_host.h"
#include "proto/http/http_origin.h"
#include "tests/fuzz/fuzz.h"

static struct fuzz_exact list_copy, origin_copy, host_copy;

static struct span part(struct fuzz_input *input, struct fuzz_exact *exact)
{
	const uint8_t *const zero = fuzz_left(input) ? memchr(input->at, 0, fuzz_left(input)) : NULL;
	const struct span taken = fuzz_take(input, zero ? (size_t)(zero - input->at) : fuzz_left(input));

	input->at += zero != NULL;
	return span_of(fuzz_exact(exact, taken.bytes, taken.size), taken.size);
}

/* Word by word, as the header says it. */
static bool judge(struct span list, struct span origin, struct span host)
{
	for (size_t at = 0; at < list.size;) {
		size_t end = at;

		while (end < list.size && !memchr(" \t,", list.bytes[end], 3))
			end++;
		const struct span word = span_of(list.bytes + at, end - at);

		if (span_equal(word, SPAN("*")))
			return true;
		if (span_equal(word, SPAN("same")) && http_origin_is_same(origin, host))
			return true;
		if (word.size > 0 && http_origin_is_valid(word) && span_equal(word, origin))
			return true;
		at = end + 1;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input_of(data, size);

	if (size > 2000)
		return 0;
	const struct span list = part(&input, &list_copy), origin = part(&input, &origin_copy);
	const struct span host = part(&input, &host_copy);

	if (http_origin_is_valid(origin)) {
		const uint8_t *const slashes = memmem(origin.bytes, origin.size, "://", 3);

		check(slashes && slashes > origin.bytes && !span_equal(origin, SPAN("null")));
		check(http_host_is_valid(span_of(slashes + 3, (size_t)(origin.bytes + origin.size - slashes) - 3)));
		for (size_t i = 0; i < origin.size; i++)
			check(origin.bytes[i] > ' ' && !(origin.bytes[i] >= 'A' && origin.bytes[i] <= 'Z'));
	}
	if (http_origins_are_valid(list))
		check(http_origin_is_allowed(list, origin, host) == judge(list, origin, host));
	return 0;
}
