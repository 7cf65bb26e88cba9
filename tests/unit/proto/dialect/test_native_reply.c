/* Written into an allocation of exactly the bound: ASan sees a bound that is too small. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "proto/dialect/native.h"
#include "proto/json/json_scan.h"

static void check(const struct chat_reply *reply, const char *expected)
{
	uint8_t *out = malloc(native_reply_bound(reply));
	const size_t size = native_reply(out, reply);

	cr_assert_eq(json_scan(out, size), 1);
	cr_assert(span_equal(span_of(out, size), span_of(expected, strlen(expected))), "%.*s", (int)size,
		  (const char *)out);
	free(out);
}

static struct chat_reply reply_of(enum chat_reply_kind kind)
{
	return (struct chat_reply){
		.kind = kind,
		.re = 2,
		.time_ms = 1795229320123,
		.page = { .room = SPAN("general"), .epoch = SPAN("q7"), .first = 31, .last = 131 },
		.count = 42,
	};
}

Test(native_reply, the_small_ones)
{
	struct chat_reply reply = { .kind = CHAT_REPLY_EMPTY, .re = 3 };

	check(&reply, "{\"re\":3,\"ok\":{}}");
	reply = reply_of(CHAT_REPLY_TIME);
	check(&reply, "{\"re\":2,\"ok\":{\"time\":1795229320123}}");
	reply = reply_of(CHAT_REPLY_ACK);
	check(&reply, "{\"re\":2,\"ok\":{\"room\":\"general\",\"seq\":131,\"ts\":1795229320123,\"epoch\":\"q7\","
		      "\"class\":\"memory\"}}");
	reply.page.class = CHAT_CLASS_DISK;
	check(&reply, "{\"re\":2,\"ok\":{\"room\":\"general\",\"seq\":131,\"ts\":1795229320123,\"epoch\":\"q7\","
		      "\"class\":\"disk\"}}");
	reply.page.class = CHAT_CLASS_MEMORY;
	reply.duplicate = true;
	check(&reply, "{\"re\":2,\"ok\":{\"room\":\"general\",\"seq\":131,\"ts\":1795229320123,\"epoch\":\"q7\","
		      "\"class\":\"memory\",\"dup\":true}}");
}

Test(native_reply, error)
{
	struct chat_reply reply = { .kind = CHAT_REPLY_ERROR, .error = CHAT_ERR_rate_limited, .retry_ms = 800 };

	check(&reply, "{\"re\":0,\"err\":{\"code\":\"rate_limited\",\"msg\":\"too many commands; slow down\","
		      "\"retry_ms\":800}}");
	reply.retry_ms = 0;
	reply.re = 9007199254740991;
	check(&reply, "{\"re\":9007199254740991,\"err\":{\"code\":\"rate_limited\","
		      "\"msg\":\"too many commands; slow down\"}}");
	reply.retry_ms = UINT32_MAX;
	for (int error = CHAT_OK + 1; error < CHAT_ERROR_COUNT; error++) {
		reply.error = (enum chat_error)error;
		uint8_t *out = malloc(native_reply_bound(&reply));

		cr_assert_eq(json_scan(out, native_reply(out, &reply)), 1, "the message needs no escape");
		free(out);
	}
}

Test(native_reply, hello)
{
	struct chat_reply reply = reply_of(CHAT_REPLY_HELLO);

	reply.hello = (struct chat_hello){
		.conn = SPAN("1-5-17"),
		.user = SPAN("Ann \"A\""),
		.server = SPAN("0.1.0"),
		.ping_s = 25,
		.frame_size_max = 65536,
		.data_size_max = 16384,
		.rooms_max = 128,
		.page_max = 200,
		.sends_per_s = 20,
	};
	check(&reply, "{\"re\":2,\"ok\":{\"conn\":\"1-5-17\",\"user\":\"Ann \\\"A\\\"\",\"time\":1795229320123,"
		      "\"ping\":25,\"server\":\"0.1.0\",\"limits\":{\"frame\":65536,\"data\":16384,\"rooms\":128,"
		      "\"page\":200,\"sends\":20}}}");
}

Test(native_reply, join)
{
	struct chat_reply reply = reply_of(CHAT_REPLY_JOIN);
	const struct chat_event events[2] = {
		{ .kind = CHAT_EV_msg,
		  .room = SPAN("general"),
		  .from = SPAN("Bob"),
		  .seq = 130,
		  .ts_ms = 1,
		  .data = SPAN("1") },
		{ .kind = CHAT_EV_del,
		  .room = SPAN("general"),
		  .from = SPAN("Bob"),
		  .seq = 131,
		  .ts_ms = 2,
		  .target = 5 },
	};
	struct chat_user here[2] = { { SPAN("Ann"), 1 }, { SPAN("\tBob"), 2 } };

	check(&reply, "{\"re\":2,\"ok\":{\"room\":\"general\",\"epoch\":\"q7\",\"seq\":131,\"first\":31,\"n\":42,"
		      "\"class\":\"memory\",\"more\":false,\"events\":[]}}");
	reply.resume = CHAT_RESUME_OK;
	reply.read = 118;
	reply.with_users = true;
	reply.page.more = true;
	check(&reply, "{\"re\":2,\"ok\":{\"room\":\"general\",\"epoch\":\"q7\",\"seq\":131,\"first\":31,\"n\":42,"
		      "\"class\":\"memory\",\"recovered\":true,\"more\":true,\"read\":118,\"users\":[],"
		      "\"events\":[]}}");
	reply.resume = CHAT_RESUME_GAP;
	reply.users = here;
	reply.user_count = 2;
	reply.users_more = true;
	reply.page.events = events;
	reply.page.event_count = 2;
	check(&reply, "{\"re\":2,\"ok\":{\"room\":\"general\",\"epoch\":\"q7\",\"seq\":131,\"first\":31,\"n\":42,"
		      "\"class\":\"memory\",\"recovered\":false,\"reason\":\"gap\",\"more\":true,\"read\":118,"
		      "\"users\":[{\"id\":\"Ann\",\"n\":1},{\"id\":\"\\tBob\",\"n\":2}],\"users_more\":true,"
		      "\"events\":["
		      "{\"ev\":\"msg\",\"room\":\"general\",\"seq\":130,\"ts\":1,\"from\":\"Bob\",\"data\":1},"
		      "{\"ev\":\"del\",\"room\":\"general\",\"seq\":131,\"ts\":2,\"from\":\"Bob\",\"target\":5}]}}");
	reply.resume = CHAT_RESUME_EPOCH;
	reply.with_users = false;
	reply.page.event_count = 0;
	check(&reply, "{\"re\":2,\"ok\":{\"room\":\"general\",\"epoch\":\"q7\",\"seq\":131,\"first\":31,\"n\":42,"
		      "\"class\":\"memory\",\"recovered\":false,\"reason\":\"epoch\",\"more\":true,\"read\":118,"
		      "\"events\":[]}}");
	reply.rights = CHAT_RIGHTS_ALL;
	reply.every_s = UINT32_MAX;
	reply.locked = true;
	reply.read = 0;
	check(&reply, "{\"re\":2,\"ok\":{\"room\":\"general\",\"epoch\":\"q7\",\"seq\":131,\"first\":31,\"n\":42,"
		      "\"class\":\"memory\",\"recovered\":false,\"reason\":\"epoch\",\"more\":true,"
		      "\"rights\":[\"read\",\"send\",\"history\",\"presence\",\"moderate\",\"manage\"],"
		      "\"every\":4294967295,\"locked\":true,\"events\":[]}}");
	reply.rights = CHAT_RIGHT_history;
	reply.every_s = 0;
	reply.locked = false;
	check(&reply, "{\"re\":2,\"ok\":{\"room\":\"general\",\"epoch\":\"q7\",\"seq\":131,\"first\":31,\"n\":42,"
		      "\"class\":\"memory\",\"recovered\":false,\"reason\":\"epoch\",\"more\":true,"
		      "\"rights\":[\"history\"],\"events\":[]}}");
}

Test(native_reply, history_and_presence)
{
	struct chat_reply reply = reply_of(CHAT_REPLY_HISTORY);
	const struct chat_event event = { .kind = CHAT_EV_msg,
					  .room = SPAN("general"),
					  .from = SPAN("Bob"),
					  .seq = 130,
					  .ts_ms = 1,
					  .data = SPAN("1") };
	struct chat_user here = { SPAN("Ann"), 2 };

	check(&reply, "{\"re\":2,\"ok\":{\"room\":\"general\",\"epoch\":\"q7\",\"events\":[],\"first\":31,\"seq\":131,"
		      "\"more\":false}}");
	reply.page.events = &event;
	reply.page.event_count = 1;
	reply.page.more = true;
	check(&reply, "{\"re\":2,\"ok\":{\"room\":\"general\",\"epoch\":\"q7\",\"events\":[{\"ev\":\"msg\","
		      "\"room\":\"general\",\"seq\":130,\"ts\":1,\"from\":\"Bob\",\"data\":1}],\"first\":31,"
		      "\"seq\":131,"
		      "\"more\":true}}");
	reply = reply_of(CHAT_REPLY_PRESENCE);
	check(&reply, "{\"re\":2,\"ok\":{\"room\":\"general\",\"n\":42,\"users\":[]}}");
	reply.users = &here;
	reply.user_count = 1;
	reply.users_more = true;
	check(&reply, "{\"re\":2,\"ok\":{\"room\":\"general\",\"n\":42,\"users\":[{\"id\":\"Ann\",\"n\":2}],"
		      "\"users_more\":true}}");
}

/* Only here a msg says which edit its data is of. */
Test(native_reply, search)
{
	struct chat_reply reply = reply_of(CHAT_REPLY_SEARCH);
	struct chat_event found[2] = {
		{ .kind = CHAT_EV_msg,
		  .room = SPAN("general"),
		  .from = SPAN("Bob"),
		  .seq = 120,
		  .ts_ms = 1,
		  .data = SPAN("1") },
		{ .kind = CHAT_EV_msg,
		  .room = SPAN("general"),
		  .from = SPAN("Ann"),
		  .seq = 130,
		  .ts_ms = 2,
		  .data = SPAN("[2]"),
		  .rev = 3 },
	};

	check(&reply, "{\"re\":2,\"ok\":{\"room\":\"general\",\"epoch\":\"q7\",\"events\":[],\"more\":false}}");
	reply.page.events = found;
	reply.page.event_count = 2;
	reply.page.more = true;
	check(&reply,
	      "{\"re\":2,\"ok\":{\"room\":\"general\",\"epoch\":\"q7\",\"events\":["
	      "{\"ev\":\"msg\",\"room\":\"general\",\"seq\":120,\"ts\":1,\"from\":\"Bob\",\"data\":1},"
	      "{\"ev\":\"msg\",\"room\":\"general\",\"seq\":130,\"ts\":2,\"from\":\"Ann\",\"data\":[2],\"rev\":3}],"
	      "\"more\":true}}");
	reply.kind = CHAT_REPLY_HISTORY;
	check(&reply, "{\"re\":2,\"ok\":{\"room\":\"general\",\"epoch\":\"q7\",\"events\":["
		      "{\"ev\":\"msg\",\"room\":\"general\",\"seq\":120,\"ts\":1,\"from\":\"Bob\",\"data\":1},"
		      "{\"ev\":\"msg\",\"room\":\"general\",\"seq\":130,\"ts\":2,\"from\":\"Ann\",\"data\":[2]}],"
		      "\"first\":31,\"seq\":131,\"more\":true}}");
}

/* Numbers at their longest and strings all escapes, in every kind. */
Test(native_reply, the_longest_of_each_kind_is_within_its_bound)
{
	static struct chat_user many[200];
	static struct chat_event events[200];
	uint8_t strings[64];

	memset(strings, 0x1f, sizeof(strings));
	for (size_t i = 0; i < 200; i++) {
		many[i] = (struct chat_user){ span_of(strings, sizeof(strings)), UINT32_MAX };
		events[i] = (struct chat_event){ .kind = CHAT_EV_msg,
						 .room = SPAN("r"),
						 .from = span_of(strings, 64),
						 .seq = UINT64_MAX,
						 .ts_ms = UINT64_MAX,
						 .data = SPAN("1"),
						 .rev = UINT32_MAX };
	}
	for (int kind = CHAT_REPLY_EMPTY; kind <= CHAT_REPLY_TIME; kind++) {
		const struct chat_reply reply = {
			.kind = (enum chat_reply_kind)kind,
			.re = UINT64_MAX,
			.time_ms = UINT64_MAX,
			.error = CHAT_ERR_bad_room,
			.retry_ms = UINT32_MAX,
			.hello = { span_of(strings, 64), span_of(strings, 64), span_of(strings, 64), UINT32_MAX,
				   UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX },
			.page = { SPAN("room"), SPAN("epoch"), UINT64_MAX, UINT64_MAX, false, events, 200 },
			.duplicate = true,
			.resume = CHAT_RESUME_EPOCH,
			.read = UINT64_MAX,
			.rights = UINT8_MAX,
			.every_s = UINT32_MAX,
			.locked = true,
			.count = UINT32_MAX,
			.with_users = true,
			.users_more = true,
			.users = many,
			.user_count = 200,
		};
		const size_t bound = native_reply_bound(&reply);
		uint8_t *out = malloc(bound);
		const size_t size = native_reply(out, &reply);

		cr_assert_leq(size, bound);
		cr_assert_eq(json_scan(out, size), 1);
		free(out);
	}
}
