/* Every text is copied to an exact allocation: ASan then sees a read past its end. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/chat/limits.h"
#include "proto/dialect/native.h"

#define BAD_FRAME (-(int)CHAT_CLOSE_bad_frame)

static struct chat_command command;
static enum chat_error error;
static struct native_scratch scratch;
static uint8_t *exact;

static int decode_sized(const char *text, size_t size)
{
	free(exact);
	exact = malloc(size ? size : 1);
	memcpy(exact, text, size);
	error = CHAT_OK;
	memset(&command, 0xaa, sizeof(command));
	memset(&scratch, 0xaa, sizeof(scratch));
	return native_decode(&command, &error, &scratch, exact, size);
}

static int decode(const char *text)
{
	return decode_sized(text, strlen(text));
}

static void refuse(const char *text, enum chat_error why)
{
	const int result = decode(text);

	cr_assert_eq(result, 0, "%s gave %d", text, result);
	cr_assert_eq(error, why, "%s: %s", text, chat_error_name(error));
}

static void same(struct span span, const char *text)
{
	cr_assert(span.bytes);
	cr_assert(span_equal(span, span_of(text, strlen(text))), "%.*s", (int)span.size, (const char *)span.bytes);
}

Test(native_decode, hello)
{
	cr_assert_eq(decode("{\"op\":\"hello\",\"id\":1,\"name\":\"Ann\",\"agent\":\"web/1.0\"}"), 1);
	cr_assert_eq(command.op, CHAT_OP_hello);
	cr_assert_eq(command.id, 1);
	same(command.name, "Ann");
	cr_assert_null(command.token.bytes);
	cr_assert_eq(decode("{\"op\":\"hello\",\"name\":\"A\\u006e\\ud83d\\udc4d\"}"), 1);
	cr_assert_eq(command.id, 0);
	same(command.name, "An\xf0\x9f\x91\x8d");
	cr_assert_eq(decode("{\"op\":\"hello\",\"id\":1}"), 1);
	cr_assert_null(command.name.bytes);
	refuse("{\"op\":\"hello\",\"name\":5}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"hello\",\"name\":\"\"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"hello\",\"name\":\" \"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"hello\",\"name\":\"a\\u0000\"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"hello\",\"name\":\"a\\ud800\"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"hello\",\"name\":\"a\\u001b[1m\"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"hello\",\"name\":\"A\",\"agent\":1}", CHAT_ERR_bad_request);
}

Test(native_decode, a_token_is_given_on_with_or_without_a_name)
{
	cr_assert_eq(decode("{\"op\":\"hello\",\"name\":\"A\",\"token\":\"\"}"), 1);
	cr_assert(command.token.bytes);
	cr_assert_eq(decode("{\"op\":\"hello\",\"token\":\"a\\u002eb\"}"), 1);
	same(command.token, "a.b");
	cr_assert_null(command.name.bytes);
	refuse("{\"op\":\"hello\",\"name\":\"A\",\"token\":null}", CHAT_ERR_bad_request);
}

/* An escaped token has only the scratch to live in: what fits exactly, and one byte more. */
Test(native_decode, an_escaped_token_ends_with_the_scratch)
{
	char text[2048];
	const size_t most = sizeof(scratch.bytes);

	for (size_t size = most; size <= most + 1; size++) {
		snprintf(text, sizeof(text), "{\"op\":\"hello\",\"token\":\"\\u0041%0*d\"}", (int)size - 1, 0);
		cr_assert_eq(decode(text), size == most);
	}
	cr_assert_eq(error, CHAT_ERR_bad_request);
	snprintf(text, sizeof(text), "{\"op\":\"hello\",\"token\":\"%0*d\"}", (int)most + 200, 0);
	cr_assert_eq(decode(text), 1, "without escapes it borrows");
	cr_assert_eq(command.token.size, most + 200);
}

Test(native_decode, names_up_to_64_bytes_after_unescaping)
{
	char text[1024];
	char escaped[65 * 6 + 1];

	for (size_t size = 64; size <= 65; size++) {
		snprintf(text, sizeof(text), "{\"op\":\"hello\",\"name\":\"%0*d\"}", (int)size, 0);
		cr_assert_eq(decode(text), size == 64);
		for (size_t i = 0; i < size; i++)
			memcpy(escaped + 6 * i, "\\u0041", 7);
		snprintf(text, sizeof(text), "{\"op\":\"hello\",\"name\":\"%s\"}", escaped);
		cr_assert_eq(decode(text), size == 64);
	}
}

Test(native_decode, a_target_may_name_its_epoch)
{
	cr_assert_eq(decode("{\"op\":\"edit\",\"room\":\"a\",\"target\":7,\"data\":1}"), 1);
	cr_assert_null(command.epoch.bytes);
	cr_assert_eq(decode("{\"op\":\"del\",\"room\":\"a\",\"target\":7,\"epoch\":\"q7mb2k\"}"), 1);
	same(command.epoch, "q7mb2k");
	cr_assert_not(command.has_since);
	cr_assert_eq(decode("{\"op\":\"edit\",\"room\":\"a\",\"target\":7,\"data\":1,\"epoch\":\"1234567890123456\"}"),
		     1);
	refuse("{\"op\":\"edit\",\"room\":\"a\",\"target\":7,\"data\":1,\"epoch\":\"12345678901234567\"}",
	       CHAT_ERR_bad_request);
	refuse("{\"op\":\"del\",\"room\":\"a\",\"target\":7,\"epoch\":\"\"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"del\",\"room\":\"a\",\"target\":7,\"epoch\":\"Q\"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"react\",\"room\":\"a\",\"target\":7,\"epoch\":7,\"key\":\"k\",\"on\":true}",
	       CHAT_ERR_bad_request);
}

Test(native_decode, join)
{
	cr_assert_eq(decode("{\"op\":\"join\",\"id\":2,\"room\":\"general\"}"), 1);
	cr_assert_eq(command.op, CHAT_OP_join);
	same(command.room, "general");
	cr_assert_eq(command.limit, CHAT_PAGE_DEFAULT);
	cr_assert(!command.has_since && !command.presence && !command.no_echo);
	cr_assert_eq(decode("{\"op\":\"join\",\"id\":2,\"room\":\"general\",\"since\":{\"seq\":120,\"epoch\":\"q7\"},"
			    "\"limit\":0,\"presence\":true,\"echo\":false}"),
		     1);
	cr_assert(command.has_since && command.presence && command.no_echo);
	cr_assert_eq(command.since_seq, 120);
	same(command.epoch, "q7");
	cr_assert_eq(command.limit, 0);
	cr_assert_eq(decode("{\"op\":\"join\",\"room\":\"g\",\"limit\":201,\"echo\":true,\"presence\":false}"), 1);
	cr_assert_eq(command.limit, CHAT_PAGE_MAX);
	cr_assert(!command.presence && !command.no_echo);
}

Test(native_decode, refuses_what_join_does_not_take)
{
	refuse("{\"op\":\"join\"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"join\",\"room\":7}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"join\",\"room\":\"a b\"}", CHAT_ERR_bad_room);
	refuse("{\"op\":\"join\",\"room\":\"\"}", CHAT_ERR_bad_room);
	refuse("{\"op\":\"join\",\"room\":\"a\",\"limit\":-1}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"join\",\"room\":\"a\",\"limit\":\"5\"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"join\",\"room\":\"a\",\"presence\":1}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"join\",\"room\":\"a\",\"echo\":null}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"join\",\"room\":\"a\",\"since\":120}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"join\",\"room\":\"a\",\"since\":{}}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"join\",\"room\":\"a\",\"since\":{\"seq\":1}}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"join\",\"room\":\"a\",\"since\":{\"seq\":1,\"epoch\":\"\"}}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"join\",\"room\":\"a\",\"since\":{\"seq\":1,\"epoch\":\"Q\"}}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"join\",\"room\":\"a\",\"since\":{\"seq\":1,\"epoch\":\"12345678901234567\"}}",
	       CHAT_ERR_bad_request);
	cr_assert_eq(decode("{\"op\":\"join\",\"room\":\"a\",\"since\":{\"seq\":1,\"epoch\":\"1234567890123456\"}}"),
		     1);
	cr_assert_eq(decode("{\"op\":\"join\",\"room\":\"a\",\"since\":{\"seq\":1,\"seq\":1,\"epoch\":\"q\"}}"),
		     BAD_FRAME);
}

Test(native_decode, rooms_up_to_128_bytes)
{
	char text[256];

	for (size_t size = 128; size <= 129; size++) {
		snprintf(text, sizeof(text), "{\"op\":\"leave\",\"room\":\"%0*d\"}", (int)size, 0);
		cr_assert_eq(decode(text), size == 128);
	}
	cr_assert_eq(error, CHAT_ERR_bad_room);
}

Test(native_decode, send_keeps_the_bytes_of_its_data)
{
	cr_assert_eq(decode("{\"op\":\"send\",\"id\":4,\"room\":\"general\",\"cid\":\"8f1c:7\","
			    "\"data\": {\"b\" :1e400,\n"
			    "\"a\":\"\\ud800\"} }"),
		     1);
	cr_assert_eq(command.op, CHAT_OP_send);
	same(command.producer, "8f1c");
	cr_assert_eq(command.number, 7);
	same(command.data, "{\"b\" :1e400,\n\"a\":\"\\ud800\"}");
	cr_assert_eq(decode("{\"op\":\"send\",\"room\":\"g\",\"data\":null}"), 1);
	same(command.data, "null");
	cr_assert_null(command.producer.bytes);
	refuse("{\"op\":\"send\",\"room\":\"g\"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"send\",\"data\":1}", CHAT_ERR_bad_request);
}

Test(native_decode, data_up_to_16384_bytes)
{
	static char text[CHAT_DATA_SIZE_MAX + 100];

	for (int size = CHAT_DATA_SIZE_MAX; size <= CHAT_DATA_SIZE_MAX + 1; size++) {
		snprintf(text, sizeof(text), "{\"op\":\"send\",\"room\":\"g\",\"data\":\"%0*d\",\"id\":3}", size - 2,
			 0);
		cr_assert_eq(decode(text), size == CHAT_DATA_SIZE_MAX);
		cr_assert_eq(command.id, 3);
	}
	cr_assert_eq(error, CHAT_ERR_too_large);
}

Test(native_decode, cids)
{
	static const struct {
		const char *cid;
		bool valid;
	} rows[] = {
		{ "a:1", true },
		{ "A_z-09:9007199254740991", true },
		{ "12345678901234567890123456789012:1", true },
		{ "\\u0061:1", true },
		{ "123456789012345678901234567890123:1", false },
		{ "a:9007199254740992", false },
		{ "a:99999999999999999", false },
		{ "a:0", false },
		{ "a:01", false },
		{ "a:", false },
		{ "a", false },
		{ "", false },
		{ ":1", false },
		{ "a:1:1", false },
		{ "a:-1", false },
		{ "a:1 ", false },
		{ "a.b:1", false },
		{ "\xc3\xa9:1", false },
	};
	char text[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "{\"op\":\"send\",\"room\":\"g\",\"data\":1,\"cid\":\"%s\"}", rows[i].cid);
		cr_assert_eq(decode(text), rows[i].valid, "%s", text);
		cr_assert_eq(error, rows[i].valid ? CHAT_OK : CHAT_ERR_bad_request);
	}
	refuse("{\"op\":\"send\",\"room\":\"g\",\"data\":1,\"cid\":7}", CHAT_ERR_bad_request);
}

Test(native_decode, edit_del_react)
{
	cr_assert_eq(decode("{\"op\":\"edit\",\"id\":5,\"room\":\"g\",\"target\":132,\"data\":[1],\"cid\":\"p:8\"}"),
		     1);
	cr_assert_eq(command.op, CHAT_OP_edit);
	cr_assert_eq(command.target, 132);
	cr_assert_eq(command.number, 8);
	same(command.data, "[1]");
	cr_assert_eq(decode("{\"op\":\"del\",\"room\":\"g\",\"target\":132}"), 1);
	cr_assert_eq(command.op, CHAT_OP_del);
	cr_assert_eq(decode("{\"op\":\"react\",\"room\":\"g\",\"target\":1,\"key\":\"\xf0\x9f\x91\x8d\",\"on\":true}"),
		     1);
	cr_assert_eq(command.op, CHAT_OP_react);
	same(command.key, "\xf0\x9f\x91\x8d");
	cr_assert(command.on);
	cr_assert_eq(decode("{\"op\":\"react\",\"room\":\"g\",\"target\":1,"
			    "\"key\":\"12345678901234567890123456789012\","
			    "\"on\":false}"),
		     1);
	cr_assert(!command.on);
	refuse("{\"op\":\"react\",\"room\":\"g\",\"target\":1,\"key\":\"123456789012345678901234567890123\","
	       "\"on\":true}",
	       CHAT_ERR_bad_request);
	refuse("{\"op\":\"react\",\"room\":\"g\",\"target\":1,\"key\":\"\",\"on\":true}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"react\",\"room\":\"g\",\"target\":1,\"key\":\"x\"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"react\",\"room\":\"g\",\"key\":\"x\",\"on\":true}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"del\",\"room\":\"g\",\"target\":1.0}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"del\",\"room\":\"g\",\"target\":1e3}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"del\",\"room\":\"g\",\"target\":-1}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"edit\",\"room\":\"g\",\"target\":1}", CHAT_ERR_bad_request);
}

Test(native_decode, history)
{
	cr_assert_eq(decode("{\"op\":\"history\",\"id\":5,\"room\":\"g\"}"), 1);
	cr_assert_eq(command.from, CHAT_PAGE_LATEST);
	cr_assert_eq(command.limit, 50);
	cr_assert_eq(decode("{\"op\":\"history\",\"room\":\"g\",\"before\":132,\"limit\":200}"), 1);
	cr_assert_eq(command.from, CHAT_PAGE_BEFORE);
	cr_assert_eq(command.seq, 132);
	cr_assert_eq(command.limit, 200);
	cr_assert_eq(decode("{\"op\":\"history\",\"room\":\"g\",\"after\":0,\"limit\":1}"), 1);
	cr_assert_eq(command.from, CHAT_PAGE_AFTER);
	cr_assert_eq(decode("{\"op\":\"history\",\"room\":\"g\",\"around\":9007199254740991}"), 1);
	cr_assert_eq(command.from, CHAT_PAGE_AROUND);
	cr_assert_eq(command.seq, CHAT_INTEGER_MAX);
	refuse("{\"op\":\"history\",\"room\":\"g\",\"limit\":0}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"history\",\"room\":\"g\",\"before\":1,\"after\":1}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"history\",\"room\":\"g\",\"around\":9007199254740992}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"history\",\"room\":\"g\",\"before\":null}", CHAT_ERR_bad_request);
}

Test(native_decode, search)
{
	cr_assert_eq(decode("{\"op\":\"search\",\"id\":5,\"room\":\"g\",\"query\":\"f\\u00fcnf \\\"eggs\\\"\"}"), 1);
	cr_assert_eq(command.op, CHAT_OP_search);
	same(command.room, "g");
	same(command.query, "f\xc3\xbcnf \"eggs\"");
	cr_assert_eq(command.limit, 20);
	cr_assert_eq(command.seq, 0);
	cr_assert_eq(decode("{\"op\":\"search\",\"room\":\"g\",\"query\":\"a\",\"before\":132,\"limit\":100}"), 1);
	cr_assert_eq(command.seq, 132);
	cr_assert_eq(command.limit, 100);
	cr_assert_eq(decode("{\"op\":\"search\",\"room\":\"g\",\"query\":\"a\",\"before\":1,\"limit\":101}"), 1);
	cr_assert_eq(command.limit, 100);
	cr_assert_eq(decode("{\"op\":\"search\",\"room\":\"g\",\"query\":\"a\",\"limit\":1}"), 1);
	cr_assert_eq(command.limit, 1);
}

Test(native_decode, refuses_what_search_does_not_take)
{
	refuse("{\"op\":\"search\",\"query\":\"a\"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"search\",\"room\":\"a b\",\"query\":\"a\"}", CHAT_ERR_bad_room);
	refuse("{\"op\":\"search\",\"room\":\"g\"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"search\",\"room\":\"g\",\"query\":\"\"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"search\",\"room\":\"g\",\"query\":7}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"search\",\"room\":\"g\",\"query\":\"\\u0000\"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"search\",\"room\":\"g\",\"query\":\"\\ud800\"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"search\",\"room\":\"g\",\"query\":\"a\",\"limit\":0}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"search\",\"room\":\"g\",\"query\":\"a\",\"limit\":null}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"search\",\"room\":\"g\",\"query\":\"a\",\"before\":0}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"search\",\"room\":\"g\",\"query\":\"a\",\"before\":\"1\"}", CHAT_ERR_bad_request);
	cr_assert_eq(decode("{\"op\":\"search\",\"room\":\"g\",\"query\":\"a\",\"query\":\"a\"}"), BAD_FRAME);
}

Test(native_decode, queries_up_to_256_bytes_after_unescaping)
{
	char text[2048];
	char escaped[257 * 6 + 1];

	for (size_t size = 256; size <= 257; size++) {
		snprintf(text, sizeof(text), "{\"op\":\"search\",\"room\":\"g\",\"query\":\"%0*d\"}", (int)size, 0);
		cr_assert_eq(decode(text), size == 256);
		for (size_t i = 0; i < size; i++)
			memcpy(escaped + 6 * i, "\\u0041", 7);
		snprintf(text, sizeof(text), "{\"op\":\"search\",\"room\":\"g\",\"query\":\"%s\"}", escaped);
		cr_assert_eq(decode(text), size == 256);
	}
	cr_assert_eq(error, CHAT_ERR_bad_request);
}

Test(native_decode, the_small_ones)
{
	cr_assert_eq(decode("{\"op\":\"leave\",\"room\":\"g\"}"), 1);
	cr_assert_eq(command.op, CHAT_OP_leave);
	cr_assert_eq(decode("{\"op\":\"presence\",\"room\":\"g\"}"), 1);
	cr_assert_eq(command.op, CHAT_OP_presence);
	cr_assert_eq(decode("{\"op\":\"typing\",\"room\":\"g\"}"), 1);
	cr_assert_eq(command.op, CHAT_OP_typing);
	cr_assert_eq(decode("{\"op\":\"read\",\"room\":\"g\",\"seq\":131}"), 1);
	cr_assert_eq(command.op, CHAT_OP_read);
	cr_assert_eq(command.seq, 131);
	refuse("{\"op\":\"read\",\"room\":\"g\"}", CHAT_ERR_bad_request);
	cr_assert_eq(decode(" {\"op\":\"ping\" , \"id\" : 7 }\r\n"), 1);
	cr_assert_eq(command.op, CHAT_OP_ping);
	cr_assert_eq(command.id, 7);
	cr_assert_eq(decode("{\"op\":\"pong\"}"), 1);
	cr_assert_eq(command.op, CHAT_OP_pong);
	cr_assert_eq(decode("{\"\\u006fp\":\"p\\u006fng\"}"), 1, "escapes are a way of spelling");
	cr_assert_eq(command.op, CHAT_OP_pong);
}

Test(native_decode, an_op_ignores_what_it_does_not_know)
{
	cr_assert_eq(decode("{\"op\":\"ping\",\"room\":7,\"since\":{\"seq\":1,\"seq\":2},\"x\":1,\"x\":[{}],\"\":0}"),
		     1);
	cr_assert_eq(decode("{\"op\":\"ping\",\"room\":7,\"room\":7}"), BAD_FRAME, "a key the page names, twice");
	cr_assert_eq(decode("{\"op\":\"ping\",\"room\":7,\"r\\u006fom\":7}"), BAD_FRAME, "however it is spelled");
}

Test(native_decode, refuses_ops_it_does_not_know_and_says_whose)
{
	refuse("{}", CHAT_ERR_bad_request);
	cr_assert_eq(command.id, 0);
	refuse("{\"id\":9,\"op\":\"shout\"}", CHAT_ERR_bad_request);
	cr_assert_eq(command.id, 9);
	refuse("{\"id\":9,\"op\":\"presencee\"}", CHAT_ERR_bad_request);
	refuse("{\"id\":9,\"op\":\"\"}", CHAT_ERR_bad_request);
	refuse("{\"id\":9,\"op\":null}", CHAT_ERR_bad_request);
	refuse("{\"id\":9,\"op\":\"HELLO\"}", CHAT_ERR_bad_request);
	refuse("{\"id\":0,\"op\":\"ping\"}", CHAT_ERR_bad_request);
	refuse("{\"id\":9007199254740992,\"op\":\"ping\"}", CHAT_ERR_bad_request);
	cr_assert_eq(command.id, 0);
	refuse("{\"id\":\"9\",\"op\":\"ping\"}", CHAT_ERR_bad_request);
	cr_assert_eq(decode("{\"id\":9007199254740991,\"op\":\"ping\"}"), 1);
	cr_assert_eq(command.id, CHAT_INTEGER_MAX);
}

Test(native_decode, closes_on_what_is_not_one_object)
{
	static const char *const texts[] = {
		"",
		" ",
		"[]",
		"1",
		"\"op\"",
		"null",
		"{",
		"{}{}",
		"{},",
		"{\"op\":\"ping\",}",
		"{'op':'ping'}",
		"{\"op\":\"ping\"}x",
		"\xef\xbb\xbf{}",
		"{\"op\":\"pi\nng\"}",
		"{\"op\":01}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_eq(decode(texts[i]), BAD_FRAME, "%s", texts[i]);
	cr_assert_eq(decode_sized("{\"op\":\"a\0b\"}", 12), BAD_FRAME);
}

Test(native_decode, depth_32_and_one_more)
{
	char text[128];

	for (int depth = CHAT_DEPTH_MAX; depth <= CHAT_DEPTH_MAX + 1; depth++) {
		int size = snprintf(text, sizeof(text), "{\"op\":\"send\",\"room\":\"g\",\"data\":");

		for (int i = 1; i < depth; i++)
			text[size++] = '[';
		for (int i = 1; i < depth; i++)
			text[size++] = ']';
		text[size++] = '}';
		cr_assert_eq(decode_sized(text, (size_t)size), depth == CHAT_DEPTH_MAX ? 1 : 0);
		if (depth > CHAT_DEPTH_MAX)
			cr_assert_eq(error, CHAT_ERR_bad_request);
		/* Cut off it is no JSON, and how deep it was before that is what is said. */
		cr_assert_eq(decode_sized(text, (size_t)size - 1), depth == CHAT_DEPTH_MAX ? BAD_FRAME : 0);
	}
}

Test(native_decode, brackets_in_strings_are_no_depth)
{
	char text[256];
	int size = snprintf(text, sizeof(text), "{\"op\":\"send\",\"room\":\"g\",\"data\":\"\\\"");

	for (int i = 0; i < 100; i++)
		text[size++] = i & 1 ? '[' : '{';
	text[size++] = '"';
	text[size++] = '}';
	cr_assert_eq(decode_sized(text, (size_t)size), 1);
	cr_assert_eq(decode_sized(text, (size_t)size - 1), BAD_FRAME);
}

#define MOD "{\"op\":\"mod\",\"id\":3,\"room\":\"general\","

Test(native_decode, mod_of_a_user)
{
	cr_assert_eq(decode(MOD "\"act\":\"ban\",\"user\":\"B\\u006fb\",\"for\":3600,\"reason\":\"a\\nb\"}"), 1);
	cr_assert_eq(command.op, CHAT_OP_mod);
	cr_assert_eq(command.act, CHAT_MOD_ban);
	cr_assert_eq(command.id, 3);
	cr_assert_eq(command.for_s, 3600);
	cr_assert_eq(command.every_s, 0);
	same(command.room, "general");
	same(command.whom, "Bob");
	same(command.reason, "a\nb");
	cr_assert_eq(decode(MOD "\"act\":\"\\u006bick\",\"user\":\"Bob\",\"for\":0}"), 1);
	cr_assert_eq(command.act, CHAT_MOD_kick);
	cr_assert_null(command.reason.bytes);
	cr_assert_eq(decode(MOD "\"act\":\"unmute\",\"user\":\"Bob\"}"), 1);
	refuse(MOD "\"act\":\"ban\"}", CHAT_ERR_bad_request);
	refuse(MOD "\"act\":\"ban\",\"user\":\"\"}", CHAT_ERR_bad_request);
	refuse(MOD "\"act\":\"ban\",\"user\":7}", CHAT_ERR_bad_request);
	refuse(MOD "\"act\":\"banish\",\"user\":\"Bob\"}", CHAT_ERR_bad_request);
	refuse(MOD "\"act\":\"banishing\",\"user\":\"Bob\"}", CHAT_ERR_bad_request);
	refuse(MOD "\"act\":1,\"user\":\"Bob\"}", CHAT_ERR_bad_request);
	refuse(MOD "\"user\":\"Bob\"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"mod\",\"act\":\"kick\",\"user\":\"Bob\"}", CHAT_ERR_bad_request);
	refuse("{\"op\":\"mod\",\"room\":\"a b\",\"act\":\"kick\",\"user\":\"Bob\"}", CHAT_ERR_bad_room);
}

/* What an act does not take must not be asked of it. */
Test(native_decode, mod_of_times)
{
	cr_assert_eq(decode(MOD "\"act\":\"mute\",\"user\":\"Bob\",\"for\":1000000000}"), 1);
	cr_assert_eq(command.for_s, CHAT_FOR_MAX_S);
	refuse(MOD "\"act\":\"mute\",\"user\":\"Bob\",\"for\":1000000001}", CHAT_ERR_bad_request);
	refuse(MOD "\"act\":\"mute\",\"user\":\"Bob\",\"for\":4294967296}", CHAT_ERR_bad_request);
	refuse(MOD "\"act\":\"mute\",\"user\":\"Bob\",\"for\":-1}", CHAT_ERR_bad_request);
	refuse(MOD "\"act\":\"mute\",\"user\":\"Bob\",\"for\":\"1\"}", CHAT_ERR_bad_request);
	refuse(MOD "\"act\":\"kick\",\"user\":\"Bob\",\"for\":1}", CHAT_ERR_bad_request);
	cr_assert_eq(decode(MOD "\"act\":\"slow\",\"every\":86400}"), 1);
	cr_assert_eq(command.every_s, CHAT_EVERY_MAX_S);
	cr_assert_null(command.whom.bytes);
	cr_assert_eq(decode(MOD "\"act\":\"slow\",\"every\":0,\"user\":\"Bob\"}"), 1);
	cr_assert_null(command.whom.bytes, "a slow room is slow for everybody");
	refuse(MOD "\"act\":\"slow\",\"every\":86401}", CHAT_ERR_bad_request);
	refuse(MOD "\"act\":\"slow\"}", CHAT_ERR_bad_request);
	refuse(MOD "\"act\":\"slow\",\"every\":5,\"for\":5}", CHAT_ERR_bad_request);
	refuse(MOD "\"act\":\"lock\",\"every\":5}", CHAT_ERR_bad_request);
	cr_assert_eq(decode(MOD "\"act\":\"lock\"}"), 1);
	cr_assert_eq(decode(MOD "\"act\":\"unlock\",\"reason\":\"\"}"), 1);
	same(command.reason, "");
}

Test(native_decode, a_reason_ends_at_its_limit)
{
	char text[512];

	for (int past = 0; past < 2; past++) {
		snprintf(text, sizeof(text), MOD "\"act\":\"lock\",\"reason\":\"%0*d\"}", CHAT_REASON_SIZE_MAX + past,
			 0);
		cr_assert_eq(decode(text), 1 - past);
	}
	cr_assert_eq(error, CHAT_ERR_bad_request);
}
