/* A token: cut, its parts decoded, its header and claims read; what is said to be right is what it is said to be.
 * Input: a byte (0: a token as a whole, 1: a header, 2: claims, 3: base64url), and that. */
#include "proto/chat/limits.h"
#include "proto/json/json_walk.h"
#include "proto/jwt/jwt.h"
#include "proto/jwt/jwt_base64.h"
#include "proto/jwt/jwt_claims.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_MAX 16384

static struct fuzz_exact copy;
static uint8_t room[TEXT_MAX], out[TEXT_MAX];

static void header(struct span text)
{
	struct jwt_header head;
	const int result = jwt_header_read(&head, text.bytes, text.size);

	check(result == 1 || (result < 0 && result >= -JWT_CRITICAL));
	if (result < 0)
		return;
	check(head.algorithm < JWT_ALGORITHM_COUNT);
	check(!head.kid.bytes || head.kid.size <= JWT_KID_SIZE_MAX);
	check(json_scan(text.bytes, text.size) == 1);
}

static void walk(const struct json_value *value)
{
	struct json_value element;
	struct json_walk at;
	struct span key;

	if (value->type != JSON_ARRAY && value->type != JSON_OBJECT)
		return;
	at = json_walk_begin(value);
	while (json_walk_next(&at, &key, &element)) {
		check(json_scan(element.token.bytes, element.token.size) == 1);
		check((value->type == JSON_OBJECT) == (key.bytes != NULL));
		check(!key.bytes || json_scan(key.bytes, key.size) == 1);
		walk(&element);
	}
}

static void claims(struct span text)
{
	struct jwt_claims read;

	if (!jwt_claims_read(&read, text.bytes, text.size, room))
		return;
	check(read.expiry_ms <= CHAT_INTEGER_MAX * 1000 + 999 && read.not_before_ms <= CHAT_INTEGER_MAX * 1000 + 999);
	check(read.has_expiry || read.expiry_ms == 0);
	walk(&read.audience);
	walk(&read.roles);
	walk(&read.rooms);
	jwt_claims_meant_for(&read, SPAN("chat"));
}

/* Written again, it is the same text. */
static void base64(struct span text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const size_t size = jwt_base64_bytes(text.size);
	size_t bits = 0;

	if (!jwt_base64_decode(out, text))
		return;
	out[size] = 0;
	for (size_t i = 0; i < text.size; i++, bits += 6) {
		const uint32_t word = (uint32_t)out[bits / 8] << 8 | (bits / 8 + 1 < size ? out[bits / 8 + 1] : 0);

		check((uint8_t)letters[word >> (10 - bits % 8) & 63] == text.bytes[i]);
	}
}

static void token(struct span text)
{
	struct jwt_parts parts;

	if (!jwt_cut(&parts, text))
		return;
	check(parts.header.size + parts.payload.size + parts.signature.size + 2 == text.size);
	check(parts.header.size > 0 && parts.signature.size > 0 && parts.header.size <= JWT_HEADER_SIZE_MAX);
	if (jwt_base64_decode(out, parts.header))
		header(span_of(out, jwt_base64_bytes(parts.header.size)));
	if (jwt_base64_decode(out, parts.payload))
		claims(span_of(out, jwt_base64_bytes(parts.payload.size)));
	base64(parts.signature);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const ways[])(struct span) = { token, header, claims, base64 };

	if (size < 1 || size > TEXT_MAX / 2)
		return 0;
	const struct span text = span_of(fuzz_exact(&copy, data + 1, size - 1), size - 1);

	ways[data[0] % 4](text);
	return 0;
}
