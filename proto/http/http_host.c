#include "proto/http/http_host.h"

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_letter(uint8_t byte)
{
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

static bool is_name_char(uint8_t byte)
{
	return is_letter(byte) || is_digit(byte) || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

static bool is_address_char(uint8_t byte)
{
	return is_digit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f') || byte == ':' || byte == '.';
}

/* From the colon on, or nothing at all. A port may be left out behind its colon. */
static bool is_port(struct span text)
{
	uint32_t port = 0;

	if (text.size == 0)
		return true;
	if (text.bytes[0] != ':' || text.size > 6)
		return false;
	for (size_t i = 1; i < text.size; i++) {
		if (!is_digit(text.bytes[i]))
			return false;
		port = port * 10 + (text.bytes[i] - '0');
	}
	return port <= UINT16_MAX;
}

bool http_host_is_valid(struct span host)
{
	const bool literal = host.size > 0 && host.bytes[0] == '[';
	size_t at = literal ? 1 : 0;

	while (at < host.size && (literal ? is_address_char(host.bytes[at]) : is_name_char(host.bytes[at])))
		at++;
	if (literal && (at < 3 || at == host.size || host.bytes[at++] != ']'))
		return false;
	return at > 0 && is_port(span_of(host.bytes + at, host.size - at));
}
