#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/deflate/deflate.h"
#include "tools/load/unpack.h"

static struct unpack unpack;

static int read_back(const char *payload, size_t size, enum ws_opcode opcode, struct ws_message *message)
{
	uint8_t *const exact = malloc(size);

	memcpy(exact, payload, size);
	*message = (struct ws_message){ .opcode = (uint8_t)opcode, .compressed = true, .bytes = exact, .size = size };
	const int result = unpack_message(&unpack, message);

	free(exact);
	return result;
}

Test(load_unpack, a_plain_message_stays_as_it_is)
{
	uint8_t text[] = { 'a', 0xff };
	struct ws_message message = { .opcode = WS_TEXT, .bytes = text, .size = 2 };

	cr_assert_eq(unpack_message(&unpack, &message), 1);
	cr_assert_eq(message.bytes, text);
	cr_assert_eq(unpack.packed, 0);
	cr_assert_null(unpack.inflate, "and needs no memory");
}

Test(load_unpack, a_compressed_one_is_inflated_and_stands_alone)
{
	struct ws_message message;

	cr_assert_eq(read_back("\xf2\x48\xcd\xc9\xc9\x07\x00", 7, WS_TEXT, &message), 1);
	cr_assert_eq(message.size, 5);
	cr_assert_eq(memcmp(message.bytes, "Hello", 5), 0);
	cr_assert_eq(unpack.packed, 7);
	cr_assert_eq(unpack.inflated, 5);
	cr_assert_eq(read_back("\xf2\x00\x11\x00\x00", 5, WS_TEXT, &message), -1007, "it refers to the one before");
	cr_assert_eq(unpack.packed, 0);
}

Test(load_unpack, text_is_utf8)
{
	struct ws_message message;

	cr_assert_eq(read_back("\x00\x01\x00\xfe\xff\xff\x00", 7, WS_TEXT, &message), -1007);
	cr_assert_eq(read_back("\x00\x01\x00\xfe\xff\xff\x00", 7, WS_BINARY, &message), 1);
	cr_assert_eq(message.size, 1);
}

Test(load_unpack, a_message_may_be_so_large_and_no_larger)
{
	const size_t size = deflate_size(15, 8);
	struct deflate *const deflate = deflate_make(malloc(size), size, 15, 1, 8);
	uint8_t *const text = calloc(1, UNPACK_SIZE_MAX + 1), *const out = malloc(1 << 20);
	struct ws_message message;

	for (size_t over = 0; over < 2; over++) {
		const size_t payload =
			deflate_message(deflate, out, (1 << 20) - DEFLATE_ROOM, text, UNPACK_SIZE_MAX + over, false);

		cr_assert_gt(payload, 0);
		cr_assert_eq(read_back((const char *)out, payload, WS_BINARY, &message), over ? -1009 : 1);
	}
	free(text);
	free(out);
	free(deflate);
}
