#include "proto/dialect/native.h"

#include <assert.h>

#include "proto/dialect/native_put.h"

size_t native_notice_bound(const struct chat_notice *notice)
{
	/* The longest of them, but for the room. */
	return sizeof("{\"ev\":\"notice\",\"code\":\"reconnect\",\"room\":\"\",\"after\":" INTEGER_LONGEST
		      ",\"next\":" INTEGER_LONGEST ",\"n\":" INTEGER_LONGEST ",\"reason\":\"restart\"}") +
	       notice->room.size + notice->data.size;
}

static uint8_t *put_lagged(uint8_t *at, const struct chat_notice *notice)
{
	assert(notice->next > notice->after);
	at = put_word(at, SPAN("{\"ev\":\"notice\",\"code\":\"lagged\",\"room\":\""), notice->room);
	at = put_integer(at, SPAN(",\"after\":"), notice->after);
	at = put_integer(at, SPAN(",\"next\":"), notice->next);
	at = put_integer(at, SPAN(",\"n\":"), notice->next - notice->after - 1);
	return put(at, SPAN("}"));
}

static uint8_t *put_notice(uint8_t *at, const struct chat_notice *notice)
{
	switch (notice->kind) {
	case CHAT_NOTICE_RECONNECT:
		at = put_integer(at, SPAN("{\"ev\":\"notice\",\"code\":\"reconnect\",\"after_ms\":"), notice->after_ms);
		return put(at, SPAN(",\"reason\":\"restart\"}"));
	case CHAT_NOTICE_LAGGED:
		return put_lagged(at, notice);
	case CHAT_NOTICE_SLOW:
		at = put_word(at, SPAN("{\"ev\":\"notice\",\"code\":\"slow\",\"room\":\""), notice->room);
		return put(at, SPAN("}"));
	case CHAT_NOTICE_REMOVED:
		at = put_word(at, SPAN("{\"ev\":\"removed\",\"room\":\""), notice->room);
		return put_members(at, notice->data);
	case CHAT_NOTICE_EXPIRING:
		return put(put_integer(at, SPAN("{\"ev\":\"expiring\",\"in_ms\":"), notice->after_ms), SPAN("}"));
	case CHAT_NOTICE_PING:
		return put(at, SPAN("{\"ev\":\"ping\"}"));
	}
	assert(!"a notice of no kind");
	return at;
}

size_t native_notice(uint8_t *out, const struct chat_notice *notice)
{
	const size_t size = (size_t)(put_notice(out, notice) - out);

	assert(size <= native_notice_bound(notice));
	return size;
}
