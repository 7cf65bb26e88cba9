/* The address of somebody who is asked: what is taken for one is made of its parts, byte by byte, and nothing in it can
 * name another host, another protocol or the end of a line. */
#include "proto/http/http_host.h"
#include "proto/http/http_url.h"
#include "tests/fuzz/fuzz.h"

static struct fuzz_exact exact;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_url url;

	if (size > 2000)
		return 0;
	const uint8_t *text = fuzz_exact(&exact, data, size);

	if (!http_url_parse(&url, span_of(text, size)))
		return 0;
	const size_t scheme = strlen(url.secure ? "https://" : "http://");
	const size_t port = size - scheme - url.host.size - url.path.size;

	check(memcmp(text, url.secure ? "https://" : "http://", scheme) == 0);
	check(url.host.bytes == text + scheme && url.host.size > 0 && url.host.size <= 255);
	check(http_host_is_valid(url.host) && !memchr(url.host.bytes, '@', url.host.size));
	check(url.path.bytes == text + size - url.path.size);
	check(url.path.size == 0 || url.path.bytes[0] == '/' || url.path.bytes[0] == '?');
	for (size_t i = 0; i < size; i++)
		check(text[i] > ' ' && text[i] < 0x7f);
	check(url.port != 0);
	if (port == 0) {
		check(url.port == (url.secure ? 443 : 80));
	} else {
		const struct span digits = span_of(url.host.bytes + url.host.size + 1, port - 1);
		uint64_t number = 0;

		check(digits.bytes[-1] == ':' && digits.size > 0);
		for (size_t i = 0; i < digits.size && number < 100000; i++)
			number = number * 10 + digits.bytes[i] - '0';
		check(number == url.port);
	}
	return 0;
}
