/* One row a header. A field's value is copied to an exact allocation: ASan then sees a read past its end. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/ws/ws_extension.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct ws_deflate_policy stingy = { .on = true, .server_bits = 15, .client_bits = 15 };
static const struct ws_deflate_policy generous = {
	.on = true, .server_takeover = true, .client_takeover = true, .server_bits = 15, .client_bits = 15
};
static const struct ws_deflate_policy narrow = {
	.on = true, .server_takeover = true, .client_takeover = true, .server_bits = 12, .client_bits = 10
};

static struct http_head head;

static void add_field(const char *name, const char *value)
{
	uint8_t *const exact = malloc(strlen(value) ? strlen(value) : 1);

	memcpy(exact, value, strlen(value));
	head.fields[head.field_count++] = (struct http_field){
		.name = span_of(name, strlen(name)),
		.value = span_of(exact, strlen(value)),
	};
}

static void drop_fields(void)
{
	for (uint32_t i = 0; i < head.field_count; i++)
		free((void *)head.fields[i].value.bytes);
	head.field_count = 0;
}

/* What an answer says, or "" without one, or "400". */
static const char *answer_to(const char *first, const char *second, const struct ws_deflate_policy *policy)
{
	static char text[WS_EXTENSION_SIZE_MAX + 1];
	struct ws_deflate_terms terms;

	memset(&terms, 0xff, sizeof(terms));
	add_field("Host", "a");
	add_field("sec-websocket-Extensions", first);
	if (second)
		add_field("Sec-WebSocket-Extensions", second);
	const int result = ws_extension_accept(&terms, &head, policy);

	drop_fields();
	cr_assert_eq(terms.agreed, result > 0);
	if (result < 0)
		return result == -400 ? "400" : "?";
	if (result > 0)
		text[ws_extension_write((uint8_t *)text, &terms)] = '\0';
	return result > 0 ? text : "";
}

#define PMD "permessage-deflate"
#define SNCT "; server_no_context_takeover"
#define CNCT "; client_no_context_takeover"
#define SMWB "; server_max_window_bits"
#define CMWB "; client_max_window_bits"
#define NEITHER PMD SNCT CNCT

struct row {
	const char *offer;
	const char *answer;
};

static void judge(const struct row *rows, size_t count, const struct ws_deflate_policy *policy)
{
	for (size_t i = 0; i < count; i++) {
		const char *const answer = answer_to(rows[i].offer, NULL, policy);

		cr_expect_str_eq(answer, rows[i].answer, "[%s]: [%s]", rows[i].offer, answer);
	}
}

Test(ws_extension, answers_what_was_offered)
{
	static const struct row rows[] = {
		{ PMD, NEITHER },
		{ PMD SNCT, NEITHER },
		{ PMD CNCT, NEITHER },
		{ PMD SNCT CNCT, NEITHER },
		{ PMD CMWB, NEITHER },
		{ PMD CMWB "=15", NEITHER },
		{ PMD CMWB "=14", NEITHER CMWB "=14" },
		{ PMD CMWB "=9", NEITHER CMWB "=9" },
		{ PMD CMWB "=8", NEITHER CMWB "=8" },
		{ PMD SMWB "=15", NEITHER SMWB "=15" },
		{ PMD SMWB "=14", NEITHER SMWB "=14" },
		{ PMD SMWB "=10", NEITHER SMWB "=10" },
		{ PMD SMWB "=9", NEITHER SMWB "=9" },
		{ PMD SMWB "=8", "" },
		{ PMD CMWB SMWB "=11" CNCT SNCT, NEITHER SMWB "=11" },
		{ PMD SMWB "=11" CMWB "=12", NEITHER SMWB "=11" CMWB "=12" },
	};

	judge(rows, COUNT(rows), &stingy);
}

Test(ws_extension, grants_takeover_to_those_who_leave_it)
{
	static const struct row rows[] = {
		{ PMD, PMD },           { PMD SNCT, PMD SNCT },
		{ PMD CNCT, PMD CNCT }, { PMD CNCT SNCT, PMD SNCT CNCT },
		{ PMD CMWB, PMD },      { PMD SMWB "=15", PMD SMWB "=15" },
	};
	static const struct row narrows[] = {
		{ PMD, PMD SMWB "=12" },
		{ PMD SMWB "=15", PMD SMWB "=12" },
		{ PMD SMWB "=12", PMD SMWB "=12" },
		{ PMD SMWB "=11", PMD SMWB "=11" },
		{ PMD CMWB, PMD SMWB "=12" CMWB "=10" },
		{ PMD CMWB "=15", PMD SMWB "=12" CMWB "=10" },
		{ PMD CMWB "=10", PMD SMWB "=12" CMWB "=10" },
		{ PMD CMWB "=9", PMD SMWB "=12" CMWB "=9" },
		{ PMD SNCT CNCT SMWB "=15" CMWB, NEITHER SMWB "=12" CMWB "=10" },
	};

	judge(rows, COUNT(rows), &generous);
	judge(narrows, COUNT(narrows), &narrow);
}

Test(ws_extension, declines_what_breaks_rfc_7692)
{
	static const struct row rows[] = {
		{ PMD "; unknown", "" },
		{ PMD "; unknown=1", "" },
		{ PMD SNCT SNCT, "" },
		{ PMD CNCT CNCT, "" },
		{ PMD SMWB "=10" SMWB "=10", "" },
		{ PMD SMWB "=10" SMWB "=11", "" },
		{ PMD CMWB CMWB, "" },
		{ PMD CMWB CMWB "=10", "" },
		{ PMD SNCT "=1", "" },
		{ PMD SNCT "=true", "" },
		{ PMD SNCT "=10", "" },
		{ PMD CNCT "=15", "" },
		{ PMD SMWB, "" },
		{ PMD SMWB "=7", "" },
		{ PMD SMWB "=16", "" },
		{ PMD SMWB "=0", "" },
		{ PMD SMWB "=1", "" },
		{ PMD SMWB "=5", "" },
		{ PMD SMWB "=09", "" },
		{ PMD SMWB "=010", "" },
		{ PMD SMWB "=00", "" },
		{ PMD SMWB "=20", "" },
		{ PMD SMWB "=100", "" },
		{ PMD SMWB "=1000", "" },
		{ PMD SMWB "=4294967306", "" },
		{ PMD SMWB "=+10", "" },
		{ PMD SMWB "=-10", "" },
		{ PMD SMWB "=1a", "" },
		{ PMD SMWB "=10.0", "" },
		{ PMD SMWB "=0x0a", "" },
		{ PMD SMWB "=ten", "" },
		{ PMD SMWB "=1:", "400" },
		{ PMD CMWB "=7", "" },
		{ PMD CMWB "=16", "" },
		{ PMD CMWB "=08", "" },
		{ PMD CMWB "=x", "" },
		{ PMD "; Server_no_context_takeover", "" },
		{ PMD "; server_no_context_takeove", "" },
		{ PMD "; server_no_context_takeover_", "" },
		{ "permessage-bzip2", "" },
		{ "permessage-deflat", "" },
		{ PMD "d", "" },
		{ "Permessage-Deflate", "" },
		{ "x-webkit-deflate-frame", "" },
		{ "deflate-stream", "" },
	};

	judge(rows, COUNT(rows), &stingy);
}

Test(ws_extension, takes_the_first_offer_that_it_can_keep)
{
	static const struct row rows[] = {
		{ PMD SMWB "=10, " PMD, NEITHER SMWB "=10" },
		{ PMD ", " PMD SMWB "=10", NEITHER },
		{ PMD SMWB "=8, " PMD SMWB "=9", NEITHER SMWB "=9" },
		{ PMD "; x, " PMD SNCT "=1, " PMD SMWB ", " PMD CMWB "=9", NEITHER CMWB "=9" },
		{ PMD "; x, " PMD "; y", "" },
		{ "mux; max-channels=4; flow-control, " PMD, NEITHER },
		{ "mux; server_max_window_bits=9, " PMD, NEITHER },
		{ "a, b;c, d;e=f;g=\"h\", " PMD SMWB "=9", NEITHER SMWB "=9" },
		{ PMD ", mux;;", "400" },
	};

	judge(rows, COUNT(rows), &stingy);
	cr_expect_str_eq(answer_to("mux", PMD SMWB "=9", &stingy), NEITHER SMWB "=9");
	cr_expect_str_eq(answer_to(PMD SMWB "=8", PMD, &stingy), NEITHER);
	cr_expect_str_eq(answer_to(PMD SMWB "=10", PMD, &stingy), NEITHER SMWB "=10");
	cr_expect_str_eq(answer_to("", PMD, &stingy), NEITHER, "an element that is empty (RFC 9110, 5.6.1)");
	cr_expect_str_eq(answer_to(PMD, "", &stingy), NEITHER);
	cr_expect_str_eq(answer_to("", ",", &stingy), "400", "but all are");
	cr_expect_str_eq(answer_to(PMD, "=", &stingy), "400");
	cr_expect_str_eq(answer_to("a=\"b", "c\"", &stingy), "400", "no string spans two fields");
	cr_expect_str_eq(answer_to(PMD ";", SNCT, &stingy), "400");
}

Test(ws_extension, reads_the_grammar_to_the_letter)
{
	static const struct row rows[] = {
		{ PMD ";server_no_context_takeover;client_max_window_bits=9", NEITHER CMWB "=9" },
		{ PMD " \t; \tserver_max_window_bits\t =\t 9 \t;\tclient_max_window_bits ", NEITHER SMWB "=9" },
		{ PMD SMWB "=\"9\"", NEITHER SMWB "=9" },
		{ PMD SMWB "= \"10\"", NEITHER SMWB "=10" },
		{ PMD SMWB "=\"\\1\\0\"", NEITHER SMWB "=10" },
		{ PMD SMWB "=\"1\\5\";client_max_window_bits=\"\\9\"", NEITHER SMWB "=15" CMWB "=9" },
		{ PMD SMWB "=\"16\"", "" },
		{ PMD SMWB "=\"010\"", "" },
		{ PMD SNCT "=\"10\"", "" },
		{ ",, " PMD " , ,", NEITHER },
		{ "a; b=\"c\", " PMD, NEITHER },
		{ "a=b, " PMD, "400" },
		{ "", "400" },
		{ ",", "400" },
		{ " , ,", "400" },
		{ ";", "400" },
		{ "=", "400" },
		{ "; " PMD, "400" },
		{ PMD ";", "400" },
		{ PMD "; ", "400" },
		{ PMD ";;server_no_context_takeover", "400" },
		{ PMD "; ,a", "400" },
		{ PMD " server_no_context_takeover", "400" },
		{ PMD "=10", "400" },
		{ PMD SMWB "=", "400" },
		{ PMD SMWB "=;a", "400" },
		{ PMD SMWB "=,a", "400" },
		{ PMD SMWB "==10", "400" },
		{ PMD SMWB "=1 0", "400" },
		{ PMD SMWB "=10 11", "400" },
		{ PMD "; =10", "400" },
		{ PMD SMWB "=\"", "400" },
		{ PMD SMWB "=\"10", "400" },
		{ PMD SMWB "=\"10\\", "400" },
		{ PMD SMWB "=\"10\\\"", "400" },
		{ PMD SMWB "=\"\"", "400" },
		{ PMD SMWB "=\"1 0\"", "400" },
		{ PMD SMWB "=\"10,\"", "400" },
		{ PMD SMWB "=\"1\\\"0\"", "400" },
		{ PMD SMWB "=\"10\"1", "400" },
		{ PMD SMWB "=1\"0\"", "400" },
		{ PMD SMWB "='10'", "" },
		{ "\"permessage-deflate\"", "400" },
		{ "per/message", "400" },
		{ "a(b)", "400" },
		{ "caf\xc3\xa9", "400" },
		{ PMD "\x7f", "400" },
	};

	judge(rows, COUNT(rows), &stingy);
}

Test(ws_extension, judges_the_grammar_also_when_it_is_off)
{
	static const struct ws_deflate_policy off = { 0 };
	static const struct row rows[] = { { PMD, "" }, { PMD SMWB "=9", "" }, { PMD ";", "400" }, { "", "400" } };

	judge(rows, COUNT(rows), &off);
	struct ws_deflate_terms terms;

	add_field("Host", "a");
	cr_assert_eq(ws_extension_accept(&terms, &head, &stingy), 0, "no header is no fault");
	drop_fields();
}

Test(ws_extension, the_caller_may_take_takeover_back)
{
	struct ws_deflate_terms terms;
	uint8_t text[WS_EXTENSION_SIZE_MAX];

	add_field("Sec-WebSocket-Extensions", PMD);
	cr_assert_eq(ws_extension_accept(&terms, &head, &generous), 1);
	drop_fields();
	cr_assert_eq(terms.client_bits, 15);
	terms.client_takeover = false;
	const size_t size = ws_extension_write(text, &terms);

	cr_assert(span_equal(span_of(text, size), SPAN(PMD CNCT)));
}

Test(ws_extension, the_longest_answer_fits)
{
	const struct ws_deflate_terms terms = {
		.agreed = true, .server_bits_named = true, .server_bits = 14, .client_bits = 14
	};
	uint8_t *const exact = malloc(WS_EXTENSION_SIZE_MAX);

	cr_assert_eq(ws_extension_write(exact, &terms), WS_EXTENSION_SIZE_MAX, "and not a byte more is kept for it");
	free(exact);
}

struct check_row {
	const char *answer;
	int result;
	bool server_takeover, client_takeover;
	uint8_t server_bits, client_bits;
};

static void check(const struct check_row *rows, size_t count, struct ws_deflate_terms offer)
{
	for (size_t i = 0; i < count; i++) {
		const struct check_row *const row = &rows[i];
		const size_t size = strlen(row->answer);
		uint8_t *const exact = malloc(size ? size : 1);
		struct ws_deflate_terms terms = { 0 };

		memcpy(exact, row->answer, size);
		const int result = ws_extension_check(&terms, span_of(exact, size), &offer);

		free(exact);
		cr_expect_eq(result, row->result, "[%s]: %d", row->answer, result);
		cr_expect_eq(terms.agreed, row->result > 0, "[%s]", row->answer);
		if (result < 0)
			continue;
		cr_expect_eq(terms.server_takeover, row->server_takeover, "[%s]", row->answer);
		cr_expect_eq(terms.client_takeover, row->client_takeover, "[%s]", row->answer);
		cr_expect_eq(terms.server_bits, row->server_bits, "[%s]: %u", row->answer, terms.server_bits);
		cr_expect_eq(terms.client_bits, row->client_bits, "[%s]: %u", row->answer, terms.client_bits);
	}
}

Test(ws_extension, a_client_judges_the_answer)
{
	static const struct check_row open[] = {
		{ PMD, 1, true, true, 15, 15 },
		{ PMD SNCT, 1, false, true, 15, 15 },
		{ PMD CNCT, 1, true, false, 15, 15 },
		{ PMD SNCT CNCT SMWB "=8", 1, false, false, 8, 15 },
		{ PMD SMWB "=\"10\"", 1, true, true, 10, 15 },
		{ PMD CMWB "=10", -1, 0, 0, 0, 0 },
		{ PMD CMWB, -1, 0, 0, 0, 0 },
		{ PMD SMWB, -1, 0, 0, 0, 0 },
		{ PMD SMWB "=16", -1, 0, 0, 0, 0 },
		{ PMD SNCT SNCT, -1, 0, 0, 0, 0 },
		{ PMD "; x", -1, 0, 0, 0, 0 },
		{ PMD ", " PMD, -1, 0, 0, 0, 0 },
		{ PMD ", mux", -1, 0, 0, 0, 0 },
		{ PMD ", ;", -1, 0, 0, 0, 0 },
		{ "mux", -1, 0, 0, 0, 0 },
		{ "", -1, 0, 0, 0, 0 },
		{ PMD ";", -1, 0, 0, 0, 0 },
	};
	static const struct check_row asked[] = {
		{ PMD SNCT SMWB "=12", 1, false, false, 12, 13 },
		{ PMD SNCT SMWB "=9" CMWB "=13", 1, false, false, 9, 13 },
		{ PMD SNCT CNCT SMWB "=12" CMWB "=9", 1, false, false, 12, 9 },
		{ PMD SMWB "=12", -1, 0, 0, 0, 0 },
		{ PMD SNCT, -1, 0, 0, 0, 0 },
		{ PMD SNCT SMWB "=13", -1, 0, 0, 0, 0 },
		{ PMD SNCT SMWB "=12" CMWB "=14", -1, 0, 0, 0, 0 },
		{ PMD SNCT SMWB "=12" CMWB, -1, 0, 0, 0, 0 },
	};

	check(open, COUNT(open),
	      (struct ws_deflate_terms){ .agreed = true,
					 .server_takeover = true,
					 .client_takeover = true,
					 .server_bits = 15,
					 .client_bits = 15 });
	check(asked, COUNT(asked), (struct ws_deflate_terms){ .agreed = true, .server_bits = 12, .client_bits = 13 });
}

/* All offers that can be written, under all policies: the server agrees, and the client with it. */
Test(ws_extension, both_sides_agree)
{
	unsigned int agreements = 0;

	for (unsigned int all = 0; all < 8u * 7 * 7 * 4 * 7 * 7; all++) {
		unsigned int left = all;
		const unsigned int flags = left % 8;
		left /= 8;
		const struct ws_deflate_terms offer = {
			.agreed = true,
			.server_takeover = flags & 1,
			.client_takeover = flags & 2,
			.server_bits_named = flags & 4,
			.server_bits = (uint8_t)(9 + left % 7),
			.client_bits = (uint8_t)(9 + left / 7 % 7),
		};
		left /= 49;
		const struct ws_deflate_policy policy = {
			.on = true,
			.server_takeover = left & 1,
			.client_takeover = left & 2,
			.server_bits = (uint8_t)(9 + left / 4 % 7),
			.client_bits = (uint8_t)(9 + left / 28 % 7),
		};
		uint8_t text[WS_EXTENSION_SIZE_MAX];
		struct ws_deflate_terms ours, theirs;

		head.fields[0] = (struct http_field){ .name = SPAN("sec-websocket-extensions"),
						      .value = span_of(text, ws_extension_write(text, &offer)) };
		head.field_count = 1;
		cr_assert_eq(ws_extension_accept(&ours, &head, &policy), 1);
		head.field_count = 0;
		cr_assert_eq(ws_extension_check(&theirs, span_of(text, ws_extension_write(text, &ours)), &offer), 1);
		cr_assert_eq(ours.server_takeover, theirs.server_takeover);
		cr_assert_eq(ours.client_takeover, theirs.client_takeover);
		cr_assert_eq(ours.server_bits, theirs.server_bits);
		cr_assert_eq(ours.client_bits, theirs.client_bits);
		cr_assert_leq(ours.server_bits, offer.server_bits);
		cr_assert_leq(ours.server_bits, policy.server_bits);
		agreements++;
	}
	cr_assert_eq(agreements, 8u * 7 * 7 * 4 * 7 * 7);
}
