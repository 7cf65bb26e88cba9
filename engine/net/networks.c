#include "engine/net/networks.h"

#include <arpa/inet.h>
#include <string.h>

#define WORD_MAX 64
#define IPV4_BITS 32
#define IPV6_BITS 128

/* Digits alone, and not beyond most. -1: it is none such. */
static int read_bits(const char *text, int most)
{
	int bits = 0;

	if (!*text || strlen(text) > 3)
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		bits = bits * 10 + (*text - '0');
	}
	return bits <= most ? bits : -1;
}

static int add(struct networks *networks, char *word)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char *const slash = strchr(word, '/');
	const bool six = strchr(word, ':') != NULL;
	const int most = six ? IPV6_BITS : IPV4_BITS;

	if (networks->count == NETWORKS_MAX)
		return -1;
	if (slash)
		*slash = 0;
	const int bits = slash ? read_bits(slash + 1, most) : most;
	uint8_t *const bytes = networks->rows[networks->count].bytes;

	memcpy(bytes, mapped, sizeof(mapped));
	if (bits < 0 || inet_pton(six ? AF_INET6 : AF_INET, word, six ? bytes : bytes + 12) != 1)
		return -1;
	networks->rows[networks->count++].bits = (uint32_t)(six ? bits : bits + IPV6_BITS - IPV4_BITS);
	return 0;
}

int networks_parse(struct networks *networks, const char *text)
{
	static const char between[] = " ,\t";
	char word[WORD_MAX];

	networks->count = 0;
	for (text += strspn(text, between); *text; text += strspn(text, between)) {
		const size_t size = strcspn(text, between);

		if (size >= sizeof(word))
			return -1;
		memcpy(word, text, size);
		word[size] = 0;
		if (add(networks, word) != 0)
			return -1;
		text += size;
	}
	return 0;
}

static bool begins_alike(const uint8_t *a, const uint8_t *b, uint32_t bits)
{
	const uint32_t bytes = bits / 8, rest = bits % 8;

	return memcmp(a, b, bytes) == 0 && (rest == 0 || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0);
}

bool networks_have(const struct networks *networks, const struct ring_address *address)
{
	for (size_t i = 0; i < networks->count; i++)
		if (begins_alike(networks->rows[i].bytes, address->bytes, networks->rows[i].bits))
			return true;
	return false;
}
