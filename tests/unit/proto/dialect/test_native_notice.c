/* Written into an allocation of exactly the bound: ASan sees a bound that is too small. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "proto/dialect/native.h"
#include "proto/json/json_scan.h"

static void check(const struct chat_notice *notice, const char *expected)
{
	uint8_t *out = malloc(native_notice_bound(notice));
	const size_t size = native_notice(out, notice);

	cr_assert_eq(json_scan(out, size), 1);
	cr_assert(span_equal(span_of(out, size), span_of(expected, strlen(expected))), "%.*s", (int)size,
		  (const char *)out);
	free(out);
}

Test(native_notice, each_kind)
{
	struct chat_notice notice = { .kind = CHAT_NOTICE_PING };

	check(&notice, "{\"ev\":\"ping\"}");
	notice.kind = CHAT_NOTICE_RECONNECT;
	notice.after_ms = 7312;
	check(&notice, "{\"ev\":\"notice\",\"code\":\"reconnect\",\"after_ms\":7312,\"reason\":\"restart\"}");
	notice.kind = CHAT_NOTICE_SLOW;
	notice.room = SPAN("general");
	check(&notice, "{\"ev\":\"notice\",\"code\":\"slow\",\"room\":\"general\"}");
	notice.kind = CHAT_NOTICE_REMOVED;
	check(&notice, "{\"ev\":\"removed\",\"room\":\"general\"}");
	notice.data = SPAN("{\"act\":\"ban\",\"until\":5}");
	check(&notice, "{\"ev\":\"removed\",\"room\":\"general\",\"act\":\"ban\",\"until\":5}");
	notice.data = SPAN("{}");
	check(&notice, "{\"ev\":\"removed\",\"room\":\"general\"}");
	notice.data = SPAN_NONE;
	notice.kind = CHAT_NOTICE_LAGGED;
	notice.after = 400;
	notice.next = 1001;
	check(&notice, "{\"ev\":\"notice\",\"code\":\"lagged\",\"room\":\"general\",\"after\":400,\"next\":1001,"
		       "\"n\":600}");
	notice.after = UINT64_MAX / 2;
	notice.next = UINT64_MAX;
	check(&notice, "{\"ev\":\"notice\",\"code\":\"lagged\",\"room\":\"general\",\"after\":9223372036854775807,"
		       "\"next\":18446744073709551615,\"n\":9223372036854775807}");
}
