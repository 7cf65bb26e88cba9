#include "tools/load/unpack.h"

#include <stdlib.h>

#include "engine/core/check.h"
#include "engine/core/pages.h"
#include "proto/utf8/utf8.h"

#define BAD_PAYLOAD 1007

const struct ws_deflate_terms unpack_offer = { .agreed = true, .server_bits = 15, .client_bits = 15 };

static void open_unpack(struct unpack *unpack)
{
	void *const memory = malloc(INFLATE_SIZE);

	CHECK(memory);
	unpack->inflate = inflate_make(memory, INFLATE_SIZE);
	unpack->text = pages_reserve(UNPACK_SIZE_MAX);
	CHECK(unpack->inflate && unpack->text);
}

int unpack_message(struct unpack *unpack, struct ws_message *message)
{
	unpack->packed = unpack->inflated = 0;
	if (!message->compressed)
		return 1;
	if (!unpack->inflate)
		open_unpack(unpack);
	struct inflate_out out = { .bytes = unpack->text, .capacity = UNPACK_SIZE_MAX };

	inflate_begin(unpack->inflate, NULL, 0);
	const int result = inflate_feed(unpack->inflate, &out, message->bytes, message->size, true);

	if (result < 0)
		return result;
	if (message->opcode == WS_TEXT && !utf8_valid(out.bytes, out.size))
		return -BAD_PAYLOAD;
	unpack->packed = (uint32_t)message->size;
	unpack->inflated = (uint32_t)out.size;
	message->bytes = out.bytes;
	message->size = out.size;
	return 1;
}
