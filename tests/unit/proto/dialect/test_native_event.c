/* Written into an allocation of exactly the bound: ASan sees a bound that is too small. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "proto/dialect/native.h"
#include "proto/json/json_scan.h"

static void check(const struct chat_event *event, const char *expected)
{
	uint8_t *out = malloc(native_event_bound(event));
	const size_t size = native_event(out, event);

	cr_assert_eq(json_scan(out, size), 1);
	cr_assert(span_equal(span_of(out, size), span_of(expected, strlen(expected))), "%.*s", (int)size,
		  (const char *)out);
	free(out);
}

static struct chat_event event_of(enum chat_event_kind kind)
{
	return (struct chat_event){
		.kind = kind,
		.room = SPAN("general"),
		.from = SPAN("Ann"),
		.seq = 132,
		.ts_ms = 1795229320123,
	};
}

Test(native_event, msg)
{
	struct chat_event event = event_of(CHAT_EV_msg);

	event.data = SPAN("{\"text\": \"hi\"\n}");
	check(&event, "{\"ev\":\"msg\",\"room\":\"general\",\"seq\":132,\"ts\":1795229320123,\"from\":\"Ann\","
		      "\"data\":{\"text\": \"hi\"\n}}");
	event.producer = SPAN("8f1c");
	event.number = 7;
	check(&event, "{\"ev\":\"msg\",\"room\":\"general\",\"seq\":132,\"ts\":1795229320123,\"from\":\"Ann\","
		      "\"cid\":\"8f1c:7\",\"data\":{\"text\": \"hi\"\n}}");
	event.deleted = true;
	event.data = SPAN_NONE;
	check(&event, "{\"ev\":\"msg\",\"room\":\"general\",\"seq\":132,\"ts\":1795229320123,\"from\":\"Ann\","
		      "\"cid\":\"8f1c:7\",\"deleted\":true,\"data\":null}");
}

Test(native_event, data_that_is_absent_was_deleted)
{
	struct chat_event event = event_of(CHAT_EV_msg);

	check(&event, "{\"ev\":\"msg\",\"room\":\"general\",\"seq\":132,\"ts\":1795229320123,\"from\":\"Ann\","
		      "\"deleted\":true,\"data\":null}");
}

Test(native_event, edit_del_react)
{
	struct chat_event event = event_of(CHAT_EV_edit);

	event.target = 130;
	event.rev = 1;
	event.data = SPAN("0");
	check(&event, "{\"ev\":\"edit\",\"room\":\"general\",\"seq\":132,\"ts\":1795229320123,\"from\":\"Ann\","
		      "\"target\":130,\"rev\":1,\"data\":0}");
	event.deleted = true;
	check(&event, "{\"ev\":\"edit\",\"room\":\"general\",\"seq\":132,\"ts\":1795229320123,\"from\":\"Ann\","
		      "\"target\":130,\"rev\":1,\"deleted\":true,\"data\":null}");
	event = event_of(CHAT_EV_del);
	event.target = 130;
	event.producer = SPAN("p");
	event.number = 9007199254740991;
	check(&event, "{\"ev\":\"del\",\"room\":\"general\",\"seq\":132,\"ts\":1795229320123,\"from\":\"Ann\","
		      "\"cid\":\"p:9007199254740991\",\"target\":130}");
	event = event_of(CHAT_EV_react);
	event.target = 130;
	event.key = SPAN("\xf0\x9f\x91\x8d\"");
	event.on = true;
	check(&event, "{\"ev\":\"react\",\"room\":\"general\",\"seq\":132,\"ts\":1795229320123,\"from\":\"Ann\","
		      "\"target\":130,\"key\":\"\xf0\x9f\x91\x8d\\\"\",\"on\":true}");
	event.on = false;
	event.key = SPAN("\n");
	check(&event, "{\"ev\":\"react\",\"room\":\"general\",\"seq\":132,\"ts\":1795229320123,\"from\":\"Ann\","
		      "\"target\":130,\"key\":\"\\n\",\"on\":false}");
}

Test(native_event, what_is_not_kept)
{
	struct chat_event event = event_of(CHAT_EV_in);

	event.count = 43;
	event.ttl_ms = 6000;
	event.from = SPAN("\"Bob\\\x01");
	check(&event, "{\"ev\":\"in\",\"room\":\"general\",\"user\":\"\\\"Bob\\\\\\u0001\",\"n\":43}");
	event.kind = CHAT_EV_out;
	check(&event, "{\"ev\":\"out\",\"room\":\"general\",\"user\":\"\\\"Bob\\\\\\u0001\",\"n\":43}");
	event.kind = CHAT_EV_count;
	check(&event, "{\"ev\":\"count\",\"room\":\"general\",\"n\":43}");
	event.kind = CHAT_EV_typing;
	check(&event, "{\"ev\":\"typing\",\"room\":\"general\",\"from\":\"\\\"Bob\\\\\\u0001\",\"ttl_ms\":6000}");
	event.kind = CHAT_EV_read;
	check(&event, "{\"ev\":\"read\",\"room\":\"general\",\"from\":\"\\\"Bob\\\\\\u0001\",\"seq\":132}");
}

/* Every number at its longest and every string all escapes: what the bound is
 * for. It may be above that by its zero byte and by what a form cannot have at
 * once, but a part left out of the sum would show. */
Test(native_event, the_longest_of_each_kind_is_just_within_its_bound)
{
	uint8_t room[128], strings[64];

	memset(room, 'r', sizeof(room));
	memset(strings, 1, sizeof(strings));
	for (int kind = 0; kind < CHAT_EVENT_COUNT; kind++) {
		const bool logged = chat_event_logged((enum chat_event_kind)kind);
		const struct chat_event event = {
			.kind = (enum chat_event_kind)kind,
			.room = span_of(room, sizeof(room)),
			.from = kind == CHAT_EV_count ? SPAN_NONE : span_of(strings, sizeof(strings)),
			.seq = UINT64_MAX,
			.ts_ms = UINT64_MAX,
			.number = UINT64_MAX,
			.target = UINT64_MAX,
			.producer = logged ? span_of(room, 32) : SPAN_NONE,
			.deleted = true,
			.rev = UINT32_MAX,
			.count = UINT32_MAX,
			.ttl_ms = UINT32_MAX,
			.key = kind == CHAT_EV_react ? span_of(strings, 32) : SPAN_NONE,
		};
		const size_t bound = native_event_bound(&event);
		uint8_t *out = malloc(bound);
		const size_t size = native_event(out, &event);

		cr_assert_leq(size, bound);
		cr_assert_leq(bound - size, 24, "%s: %zu of %zu", chat_event_name(event.kind), size, bound);
		cr_assert_eq(json_scan(out, size), 1, "%.*s", (int)size, (const char *)out);
		free(out);
	}
}

Test(native_event, mod)
{
	struct chat_event event = event_of(CHAT_EV_mod);

	event.key = SPAN("ban");
	event.data = SPAN("{\"act\":\"ban\",\"user\":\"Bob\",\"until\":1795229380123,\"reason\":\"\\u0022\"}");
	check(&event, "{\"ev\":\"mod\",\"room\":\"general\",\"seq\":132,\"ts\":1795229320123,\"from\":\"Ann\","
		      "\"act\":\"ban\",\"user\":\"Bob\",\"until\":1795229380123,\"reason\":\"\\u0022\"}");
	/* Never written by us; whatever stands there, what goes out is JSON. */
	event.data = SPAN("[1]");
	check(&event, "{\"ev\":\"mod\",\"room\":\"general\",\"seq\":132,\"ts\":1795229320123,\"from\":\"Ann\"}");
	event.data = SPAN_NONE;
	check(&event, "{\"ev\":\"mod\",\"room\":\"general\",\"seq\":132,\"ts\":1795229320123,\"from\":\"Ann\"}");
}
