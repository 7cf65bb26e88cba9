/* Every row is fed whole, cut once at every place, and byte by byte, each piece
 * and the buffer in an exact allocation; what comes out is written down as text
 * and must be the same each time:
 *     T/B message   C compressed   i/o ping/pong   x close   !1002 refused   ~ not idle at the end */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/ws/ws_assembly.h"
#include "proto/ws/ws_mask.h"

#define LIMIT 200

static struct ws_limits limits = { .message_size_max = LIMIT, .expect_mask = true };

struct run {
	struct ws_assembly assembly;
	struct ws_buffer buffer;
	char trace[4096];
	size_t size;
	size_t grown;       /* the largest capacity asked for */
	uint32_t copied;    /* messages that were given from the buffer */
	bool over;
};

static void note(struct run *run, int step, const struct ws_message *message)
{
	static const char *const kinds[] = { "", "", "i", "o", "x" };
	const char *kind = kinds[step];

	if (step == WS_STEP_MESSAGE)
		kind = message->opcode == WS_TEXT ? "T" : "B";
	run->size += (size_t)snprintf(run->trace + run->size, sizeof(run->trace) - run->size, "%s%s(%.*s)", kind,
				      message->compressed ? "C" : "", (int)message->size, (char *)message->bytes);
	if (run->buffer.bytes && message->bytes >= run->buffer.bytes &&
	    message->bytes < run->buffer.bytes + run->buffer.capacity)
		run->copied++;
}

static void grow(struct run *run, size_t want, size_t in_hand)
{
	cr_assert_gt(want, run->buffer.capacity);
	cr_assert_leq(want, run->buffer.size + in_hand, "no more than has arrived");
	run->buffer.bytes = realloc(run->buffer.bytes, want);
	run->buffer.capacity = want;
	if (want > run->grown)
		run->grown = want;
}

static void feed(struct run *run, const uint8_t *wire, size_t size)
{
	uint8_t *const exact = malloc(size ? size : 1);
	size_t at = 0;

	memcpy(exact, wire, size);
	while (at < size && !run->over) {
		struct ws_message message = { 0 };
		size_t used = SIZE_MAX;
		const int step =
			ws_assembly_feed(&run->assembly, &limits, exact + at, size - at, &used, &run->buffer, &message);

		cr_assert_leq(used, size - at);
		at += used;
		if (step < 0) {
			run->size +=
				(size_t)snprintf(run->trace + run->size, sizeof(run->trace) - run->size, "!%d", -step);
			run->over = true;
		} else if (step == WS_STEP_GROW) {
			grow(run, message.want, size - at);
		} else if (step == WS_STEP_MORE) {
			cr_assert_eq(at, size);
		} else {
			note(run, step, &message);
		}
		if (ws_assembly_idle(&run->assembly)) {
			free(run->buffer.bytes);
			run->buffer = (struct ws_buffer){ 0 };
		}
	}
	free(exact);
}

static void finish(struct run *run)
{
	if (!run->over && !ws_assembly_idle(&run->assembly))
		memcpy(run->trace + run->size, "~", 2);
	free(run->buffer.bytes);
	run->buffer = (struct ws_buffer){ 0 };
}

static void check(const uint8_t *wire, size_t size, const char *expected)
{
	struct run whole = { 0 }, bytewise = { 0 };

	feed(&whole, wire, size);
	finish(&whole);
	cr_assert_str_eq(whole.trace, expected, "whole: %s instead of %s", whole.trace, expected);
	for (size_t cut = 1; cut < size; cut++) {
		struct run run = { 0 };

		feed(&run, wire, cut);
		feed(&run, wire + cut, size - cut);
		finish(&run);
		cr_assert_str_eq(run.trace, expected, "cut at %zu: %s instead of %s", cut, run.trace, expected);
	}
	for (size_t at = 0; at < size; at++)
		feed(&bytewise, wire + at, 1);
	finish(&bytewise);
	cr_assert_str_eq(bytewise.trace, expected, "byte by byte: %s instead of %s", bytewise.trace, expected);
}

static uint8_t wire[4096];
static size_t wire_size;

/* Adds a frame; its first byte is FIN, RSV and opcode as on the wire. */
static void add(uint8_t first, const char *payload, size_t size)
{
	static const uint8_t mask[4] = { 0x37, 0xfa, 0x21, 0x3d };
	uint8_t *const at = wire + wire_size;
	size_t header = ws_header_write_masked(at, WS_BINARY, true, size, mask);

	at[0] = first;
	if (!limits.expect_mask) {
		at[1] &= 0x7f;
		header -= 4;
	}
	memcpy(at + header, payload, size);
	if (limits.expect_mask)
		ws_mask(at + header, size, mask, 0);
	wire_size += header + size;
}

#define ADD(first, payload) add(first, payload, sizeof(payload) - 1)

static void check_added(const char *expected)
{
	check(wire, wire_size, expected);
	wire_size = 0;
}

#define CHECK(bytes, expected) check((const uint8_t *)(bytes), sizeof(bytes) - 1, expected)

Test(ws_assembly, reads_the_examples_of_the_rfc)
{
	CHECK("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "T(Hello)");
	CHECK("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "o(Hello)");
	limits.expect_mask = false;
	CHECK("\x81\x05\x48\x65\x6c\x6c\x6f", "T(Hello)");
	CHECK("\x01\x03\x48\x65\x6c\x80\x02\x6c\x6f", "T(Hello)");
	CHECK("\x89\x05\x48\x65\x6c\x6c\x6f", "i(Hello)");
}

Test(ws_assembly, gives_messages_one_by_one)
{
	ADD(0x81, "one");
	ADD(0x82, "two");
	ADD(0x81, "");
	ADD(0x88, "\x03\xe8");
	check_added("T(one)B(two)T()x(\x03\xe8)");
}

Test(ws_assembly, control_frames_may_come_between_fragments)
{
	ADD(0x01, "one ");
	ADD(0x89, "ping");
	ADD(0x00, "two ");
	ADD(0x8a, "");
	ADD(0x00, "");
	ADD(0x80, "three");
	ADD(0x89, "");
	ADD(0x82, "four");
	check_added("i(ping)o()T(one two three)i()B(four)");
}

Test(ws_assembly, counts_the_frames_that_are_no_whole_message)
{
	struct run run = { 0 };

	ADD(0x81, "whole");
	ADD(0x82, "");
	feed(&run, wire, wire_size);
	cr_assert_eq(run.assembly.parts, 0);
	ADD(0x01, "one ");
	ADD(0x89, "ping");
	ADD(0x00, "");
	ADD(0x80, "three");
	ADD(0x8a, "");
	feed(&run, wire, wire_size);
	cr_assert_eq(run.assembly.parts, 5);
	finish(&run);
	wire_size = 0;
}

Test(ws_assembly, an_unfinished_message_is_not_idle)
{
	ADD(0x01, "one");
	check_added("~");
	ADD(0x01, "");
	check_added("~");
	CHECK("\x81", "~");
	CHECK("\x81\x85\x37\xfa\x21\x3d\x7f", "~");
	CHECK("\x81\x80\x37\xfa\x21\x3d", "T()");
}

Test(ws_assembly, refuses_fragments_out_of_turn)
{
	ADD(0x80, "no message before");
	check_added("!1002");
	ADD(0x81, "whole");
	ADD(0x80, "none under way any more");
	check_added("T(whole)!1002");
	ADD(0x01, "one");
	ADD(0x81, "another before its end");
	check_added("!1002");
	ADD(0x02, "one");
	ADD(0x02, "another before its end");
	check_added("!1002");
}

Test(ws_assembly, refuses_what_a_header_may_not_say)
{
	ADD(0x83, "");
	check_added("!1002");
	ADD(0x8b, "");
	check_added("!1002");
	ADD(0xa1, "");
	check_added("!1002");
	ADD(0x91, "");
	check_added("!1002");
	ADD(0x09, "");
	check_added("!1002");
	CHECK("\x89\xfe", "!1002");
	CHECK("\x81\xfe\x00\x7d", "~");
	CHECK("\x81\xfe\x00\x7d\x01\x02\x03\x04", "!1002");
}

Test(ws_assembly, each_side_takes_only_the_other_sides_masking)
{
	CHECK("\x81\x05", "!1002");
	CHECK("\x88\x00", "!1002");
	limits.expect_mask = false;
	CHECK("\x81\x85", "!1002");
	CHECK("\x88\x80", "!1002");
	CHECK("\x88\x00", "x()");
}

Test(ws_assembly, compressed_messages_only_where_agreed)
{
	ADD(0xc1, "\xff\xfe");
	check_added("!1002");
	limits.allow_compressed = true;
	ADD(0xc1, "\xff\xfe");
	ADD(0x41, "\xf2\x48");
	ADD(0x80, "\xcd");
	ADD(0x81, "plain");
	check_added("TC(\xff\xfe)TC(\xf2\x48\xcd)T(plain)");
	ADD(0x41, "a");
	ADD(0xc0, "b");
	check_added("!1002");
	ADD(0xc9, "");
	check_added("!1002");
}

Test(ws_assembly, text_is_refused_at_its_first_wrong_byte)
{
	ADD(0x81, "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5");
	check_added("T(\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5)");
	ADD(0x01, "\xce");
	ADD(0x89, "\xff");
	ADD(0x80, "\xba");
	check_added("i(\xff)T(\xce\xba)");
	ADD(0x81, "\xce");
	check_added("!1007");
	ADD(0x01, "\xce");
	ADD(0x80, "");
	check_added("!1007");
	ADD(0x01, "\xce\xff");
	ADD(0x89, "never seen");
	check_added("!1007");
	ADD(0x82, "\xce\xff");
	ADD(0x02, "\xce");
	ADD(0x80, "\xff");
	check_added("B(\xce\xff)B(\xce\xff)");
	/* The next text begins afresh. */
	ADD(0x82, "\xce");
	ADD(0x81, "a");
	check_added("B(\xce)T(a)");
}

Test(ws_assembly, bad_text_is_refused_before_its_frame_is_whole)
{
	ADD(0x81, "abc\xf4\x90 and much more that never comes");
	for (size_t size = 0; size <= wire_size; size++) {
		struct run run = { 0 };

		feed(&run, wire, size);
		finish(&run);
		cr_assert_str_eq(run.trace, size < 6 + 5 ? size ? "~" : "" : "!1007", "%zu bytes", size);
	}
}

Test(ws_assembly, a_message_may_be_as_large_as_the_limit_and_no_larger)
{
	char text[LIMIT + 1], expected[LIMIT + 40];

	memset(text, 'x', sizeof(text));
	snprintf(expected, sizeof(expected), "T(%.*s)", LIMIT, text);
	add(0x81, text, LIMIT);
	check_added(expected);
	add(0x81, text, LIMIT + 1);
	check_added("!1009");
	add(0x01, text, LIMIT - 1);
	ADD(0x89, "does not count");
	add(0x80, text, 1);
	snprintf(expected, sizeof(expected), "i(does not count)T(%.*s)", LIMIT, text);
	check_added(expected);
	add(0x01, text, LIMIT - 1);
	add(0x80, text, 2);
	check_added("!1009");
}

Test(ws_assembly, judges_the_size_by_the_header_alone)
{
	CHECK("\x82\xfe\x00\xc9\x01\x02\x03\x04", "!1009");
	CHECK("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04", "!1009");
	ADD(0x02, "x");
	memcpy(wire + wire_size, "\x80\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04", 14);
	wire_size += 14;
	check_added("!1009");
}

Test(ws_assembly, what_lies_whole_is_not_copied)
{
	struct run run = { 0 };

	ADD(0x81, "one");
	ADD(0x89, "ping");
	ADD(0x01, "");
	ADD(0x80, "two");
	feed(&run, wire, wire_size);
	cr_assert_str_eq(run.trace, "T(one)i(ping)T(two)");
	cr_assert_eq(run.grown, 0);
	/* The header before, the payload behind: still whole. */
	feed(&run, wire, 6);
	feed(&run, wire + 6, 3);
	cr_assert_eq(run.grown, 0);
	/* Nor is a control frame, though a message is under way. */
	ADD(0x01, "three");
	ADD(0x89, "ping");
	feed(&run, wire + wire_size - 21, 21);
	cr_assert_eq(run.grown, 5);
	cr_assert_eq(run.buffer.size, 5);
	cr_assert_eq(run.copied, 0);
	finish(&run);
	wire_size = 0;
}

Test(ws_assembly, asks_for_room_for_what_has_arrived_only)
{
	struct run run = { 0 };

	limits.message_size_max = 1 << 20;
	feed(&run, (const uint8_t *)"\x82\xff\0\0\0\0\0\x10\0\0\x01\x02\x03\x04", 14);
	cr_assert_eq(run.grown, 0, "a claim costs nothing");
	feed(&run, (const uint8_t *)"12345", 5);
	cr_assert_eq(run.grown, 5);
	feed(&run, (const uint8_t *)"678", 3);
	cr_assert_eq(run.grown, 8);
	finish(&run);
}

Test(ws_assembly, a_message_and_a_ping_may_both_be_in_the_buffer)
{
	struct run run = { 0 };

	ADD(0x01, "one ");
	ADD(0x89, "ping");
	ADD(0x80, "two");
	feed(&run, wire, 10 + 8);
	cr_assert_eq(run.buffer.size, 6, "four of the message, two of the ping");
	feed(&run, wire + 18, 2);
	cr_assert_eq(run.buffer.size, 4);
	feed(&run, wire + 20, wire_size - 20);
	cr_assert_str_eq(run.trace, "i(ping)T(one two)");
	cr_assert_eq(run.copied, 2);
	finish(&run);
	wire_size = 0;
}

Test(ws_assembly, the_largest_control_frame_passes_through_pieces)
{
	char text[125], expected[160];

	memset(text, 'p', sizeof(text));
	snprintf(expected, sizeof(expected), "o(%.*s)", 125, text);
	add(0x8a, text, 125);
	check_added(expected);
}

Test(ws_assembly, what_was_refused_once_stays_refused)
{
	struct ws_assembly assembly = { 0 };
	struct ws_buffer buffer = { 0 };
	struct ws_message message;
	uint8_t bad[] = "\x81\x81\0\0\0\0\xff", good[] = "\x81\x81\0\0\0\0x";
	size_t used = 0;

	cr_assert_eq(ws_assembly_feed(&assembly, &limits, bad, 7, &used, &buffer, &message), -1007);
	for (int again = 0; again < 3; again++, used = 0) {
		cr_assert_eq(ws_assembly_feed(&assembly, &limits, good, 7, &used, &buffer, &message), -1007);
		cr_assert_eq(used, 7);
	}
}
