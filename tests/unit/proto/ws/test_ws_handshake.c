#include <criterion/criterion.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/ws/ws_handshake.h"

static struct http_head head;
static struct ws_handshake handshake;
static const uint8_t nonce[16] = "the sample nonce";

static void sha1(const void *bytes, size_t size, uint8_t out[20])
{
	SHA1(bytes, size, out);
}

static void parse(const char *text)
{
	cr_assert_gt(http_head_parse(&head, (const uint8_t *)text, strlen(text), 0), 0, "%s", text);
}

static int check(const char *text)
{
	parse(text);
	return ws_handshake_check(&head, &handshake);
}

#define HOST "GET /ws HTTP/1.1\r\nHost: a\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define END "\r\n"

Test(ws_handshake, answers_the_example_of_the_rfc)
{
	uint8_t out[512];

	cr_assert_eq(check(HOST UPGRADE KEY VERSION "Sec-WebSocket-Protocol: chat, superchat\r\n" END), 101);
	const size_t size = ws_handshake_write(out, sizeof(out), &handshake, "chat", sha1);
	static const char expected[] = "HTTP/1.1 101 Switching Protocols\r\n"
				       "Upgrade: websocket\r\n"
				       "Connection: Upgrade\r\n"
				       "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
				       "Sec-WebSocket-Protocol: chat\r\n\r\n";

	cr_assert_eq(size, sizeof(expected) - 1);
	cr_assert_eq(memcmp(out, expected, size), 0);
	for (size_t capacity = 0; capacity < size; capacity++)
		cr_assert_eq(ws_handshake_write(out, capacity, &handshake, "chat", sha1), 0);
	cr_assert_eq(ws_handshake_write(out, size, &handshake, "chat", sha1), size);
}

Test(ws_handshake, takes_what_browsers_and_proxies_write)
{
	cr_assert_eq(check(HOST "Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n" KEY VERSION END), 101);
	cr_assert_eq(check(HOST "Upgrade: h2c, websocket\r\nConnection: x\r\nConnection: UPGRADE\r\n" KEY VERSION END),
		     101);
	cr_assert_eq(check(HOST UPGRADE KEY VERSION "Sec-WebSocket-Extensions: permessage-deflate\r\n" END), 101);
}

Test(ws_handshake, refuses_a_request_that_lacks_something)
{
	cr_assert_eq(check(HOST KEY VERSION END), 400);
	cr_assert_eq(check(HOST "Connection: Upgrade\r\n" KEY VERSION END), 400);
	cr_assert_eq(check(HOST "Upgrade: websocket\r\n" KEY VERSION END), 400);
	cr_assert_eq(check(HOST "Upgrade: websockets\r\nConnection: Upgrade\r\n" KEY VERSION END), 400);
	cr_assert_eq(check(HOST UPGRADE VERSION END), 400);
	cr_assert_eq(check(HOST UPGRADE KEY KEY VERSION END), 400);
	cr_assert_eq(check("POST /ws HTTP/1.1\r\nHost: a\r\n" UPGRADE KEY VERSION END), 400);
	cr_assert_eq(check("GET /ws HTTP/1.0\r\nHost: a\r\n" UPGRADE KEY VERSION END), 400);
}

Test(ws_handshake, names_its_version_to_those_of_another)
{
	cr_assert_eq(check(HOST UPGRADE KEY END), 426);
	cr_assert_eq(check(HOST UPGRADE KEY "Sec-WebSocket-Version: 8\r\n" END), 426);
	cr_assert_eq(check(HOST UPGRADE KEY "Sec-WebSocket-Version: 013\r\n" END), 426);
	cr_assert_eq(check(HOST UPGRADE KEY "Sec-WebSocket-Version: 130\r\n" END), 426);
	cr_assert_eq(check(HOST UPGRADE KEY "Sec-WebSocket-Version: 13, 8\r\n" END), 426);
	cr_assert_eq(check(HOST UPGRADE KEY VERSION VERSION END), 400);
}

static int check_key(const char *key)
{
	char text[512];

	snprintf(text, sizeof(text), HOST UPGRADE VERSION "Sec-WebSocket-Key: %s\r\n\r\n", key);
	return check(text);
}

Test(ws_handshake, a_key_is_sixteen_bytes_in_base64)
{
	cr_assert_eq(check_key("AAAAAAAAAAAAAAAAAAAAAA=="), 101);
	cr_assert_eq(check_key("//////////////////////w=="), 400, "25 characters");
	cr_assert_eq(check_key("/////////////////////w=="), 101);
	cr_assert_eq(check_key("+++++++++++++++++++++Q=="), 101);
	cr_assert_eq(check_key("+++++++++++++++++++++g=="), 101);
	cr_assert_eq(check_key("+++++++++++++++++++++B=="), 400, "bits beyond the sixteenth byte");
	cr_assert_eq(check_key("AAAAAAAAAAAAAAAAAAAAA==="), 400);
	cr_assert_eq(check_key("AAAAAAAAAAAAAAAAAAAAAAAA"), 400, "eighteen bytes");
	cr_assert_eq(check_key("AAAAAAAAAAAAAAAAAAAAAAA="), 400, "seventeen");
	cr_assert_eq(check_key("AAAAAAAAAA-AAAAAAAAAAA=="), 400);
	cr_assert_eq(check_key("AAAAAAAAAA AAAAAAAAAAA=="), 400);
	cr_assert_eq(check_key("AAAA"), 400);
	cr_assert_eq(check_key(""), 400);
}

Test(ws_handshake, finds_a_subprotocol_among_those_offered)
{
	parse(HOST "Sec-WebSocket-Protocol: soap, uproar.v1\r\nSec-WebSocket-Protocol: wamp\r\n" END);
	cr_assert(ws_handshake_offers(&head, "uproar.v1"));
	cr_assert(ws_handshake_offers(&head, "soap"));
	cr_assert(ws_handshake_offers(&head, "wamp"));
	cr_assert_not(ws_handshake_offers(&head, "uproar.v2"));
	cr_assert_not(ws_handshake_offers(&head, "uproar"));
	cr_assert_not(ws_handshake_offers(&head, "Soap"));
	parse(HOST END);
	cr_assert_not(ws_handshake_offers(&head, "soap"));
}

Test(ws_handshake, client_and_server_understand_each_other)
{
	uint8_t request[512], response[512];
	const size_t size =
		ws_handshake_request(request, sizeof(request), SPAN("a:8080"), SPAN("/ws?x"), "uproar.v1", NULL, nonce);

	cr_assert_gt(size, 0);
	cr_assert_eq(http_head_parse(&head, request, size, 0), (int)size);
	cr_assert(span_equal(head.path, SPAN("/ws")));
	cr_assert(span_equal(head.host, SPAN("a:8080")));
	cr_assert(ws_handshake_offers(&head, "uproar.v1"));
	cr_assert_eq(ws_handshake_check(&head, &handshake), 101);
	cr_assert_eq(memcmp(handshake.key, "dGhlIHNhbXBsZSBub25jZQ==", WS_KEY_SIZE), 0);

	const size_t answer = ws_handshake_write(response, sizeof(response), &handshake, NULL, sha1);

	for (size_t cut = 0; cut < answer; cut++) {
		uint8_t *const exact = malloc(cut ? cut : 1);

		memcpy(exact, response, cut);
		cr_assert_eq(ws_handshake_response(exact, cut, nonce, sha1, NULL), 0, "%zu bytes", cut);
		free(exact);
	}
	memcpy(response + answer, "\x81\x00", 2);
	cr_assert_eq(ws_handshake_response(response, answer + 2, nonce, sha1, NULL), (int)answer);
	cr_assert_eq(ws_handshake_response(response, answer, (const uint8_t *)"another nonce...", sha1, NULL), -1);
}

Test(ws_handshake, client_and_server_agree_on_deflate)
{
	static const struct ws_deflate_policy policy = { .on = true, .server_bits = 12, .client_bits = 15 };
	uint8_t request[512], response[640];
	struct ws_deflate_terms terms = {
		.agreed = true, .server_takeover = true, .server_bits = 15, .client_bits = 15
	};
	const size_t size = ws_handshake_request(request, sizeof(request), SPAN("a"), SPAN("/ws"), NULL, &terms, nonce);

	cr_assert_eq(http_head_parse(&head, request, size, 0), (int)size);
	handshake.deflate.agreed = true;
	cr_assert_eq(ws_handshake_check(&head, &handshake), 101);
	cr_assert_not(handshake.deflate.agreed, "not before it was judged");
	cr_assert_eq(ws_extension_accept(&handshake.deflate, &head, &policy), 1);

	const size_t answer = ws_handshake_write(response, sizeof(response), &handshake, "uproar.v1", sha1);

	cr_assert_eq(ws_handshake_response(response, answer, nonce, sha1, &terms), (int)answer);
	cr_assert(terms.agreed);
	cr_assert_not(terms.server_takeover);
	cr_assert_eq(terms.server_bits, 12);
	cr_assert_eq(ws_handshake_response(response, answer, nonce, sha1, NULL), -1, "none was offered");
	terms = (struct ws_deflate_terms){ 0 };
	cr_assert_eq(ws_handshake_response(response, answer, nonce, sha1, &terms), -1, "none was offered");
}

#define OK "HTTP/1.1 101 Switching Protocols\r\n"
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

static int answer(const char *text)
{
	const int result = ws_handshake_response((const uint8_t *)text, strlen(text), nonce, sha1, NULL);

	return result > 0 ? result == (int)strlen(text) : result;
}

Test(ws_handshake, a_client_takes_no_other_answer)
{
	cr_assert_eq(answer(OK UPGRADE ACCEPT END), 1);
	cr_assert_eq(answer("HTTP/1.1 101\r\n" UPGRADE ACCEPT END), 1);
	cr_assert_eq(answer(OK "upgrade: WebSocket\r\nconnection: x, upgrade\r\n" ACCEPT END), 1);
	cr_assert_eq(answer(OK UPGRADE ACCEPT "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n" END), -1);
	cr_assert_eq(answer(OK UPGRADE ACCEPT "Sec-WebSocket-Protocol: a, b\r\n" END), -1);
	cr_assert_eq(answer(OK UPGRADE ACCEPT "Sec-WebSocket-Protocol:\r\n" END), -1);
	cr_assert_eq(answer(OK UPGRADE ACCEPT "A: b\rC: d\r\n" END), -1);
	cr_assert_eq(answer(OK UPGRADE ACCEPT "A: \033[2J\r\n" END), -1);
	cr_assert_eq(answer(OK UPGRADE ACCEPT "A: \x7f\r\n" END), -1);
	cr_assert_eq(answer(OK UPGRADE ACCEPT "A: b\tc\r\n" END), 1);
	cr_assert_eq(answer("HTTP/1.1 1010\r\n" UPGRADE ACCEPT END), -1);
	cr_assert_eq(answer("HTTP/1.0 101 X\r\n" UPGRADE ACCEPT END), -1);
	cr_assert_eq(answer(OK ACCEPT END), -1);
	cr_assert_eq(answer(OK "Connection: upgrade\r\n" ACCEPT END), -1);
	cr_assert_eq(answer(OK "Upgrade: websocket\r\n" ACCEPT END), -1);
	cr_assert_eq(answer(OK UPGRADE END), -1);
	cr_assert_eq(answer(OK UPGRADE ACCEPT ACCEPT END), -1);
	cr_assert_eq(answer(OK UPGRADE "Upgrade: h2c\r\n" ACCEPT END), -1);
	cr_assert_eq(answer(OK UPGRADE "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" END), -1);
	cr_assert_eq(answer(OK UPGRADE ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n" END), -1);
	cr_assert_eq(answer(OK UPGRADE ACCEPT "no colon\r\n" END), -1);
	cr_assert_eq(answer(OK UPGRADE ACCEPT "a : b\r\n" END), -1);
	cr_assert_eq(answer(OK "A: b\nC: d\r\n" UPGRADE ACCEPT END), -1);
	cr_assert_eq(answer("\r\n\r\n"), -1);
}

Test(ws_handshake, a_client_takes_one_answer_about_deflate)
{
	static const struct {
		const char *text;
		int wanted;
	} rows[] = {
		{ OK UPGRADE ACCEPT END, 0 },
		{ OK UPGRADE ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n" END, 1 },
		{ OK UPGRADE ACCEPT "sec-websocket-EXTENSIONS:permessage-deflate\r\n" END, 1 },
		{ OK UPGRADE ACCEPT "Sec-WebSocket-Extensions: permessage-bzip2\r\n" END, -1 },
		{ OK UPGRADE ACCEPT "Sec-WebSocket-Extensions:\r\n" END, -1 },
		{ OK UPGRADE ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n"
				    "Sec-WebSocket-Extensions: permessage-deflate\r\n" END,
		  -1 },
		{ OK UPGRADE ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n"
				    "Sec-WebSocket-Extensions:\r\n" END,
		  -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ws_deflate_terms terms = { .agreed = true,
						  .server_takeover = true,
						  .client_takeover = true,
						  .server_bits = 15,
						  .client_bits = 15 };
		const int size =
			ws_handshake_response((const uint8_t *)rows[i].text, strlen(rows[i].text), nonce, sha1, &terms);

		cr_assert_eq(size > 0, rows[i].wanted >= 0, "row %zu: %d", i, size);
		if (size > 0)
			cr_assert_eq(terms.agreed, rows[i].wanted > 0, "row %zu", i);
	}
}

Test(ws_handshake, a_refused_client_learns_the_status)
{
	cr_assert_eq(answer("HTTP/1.1 200 OK\r\n" UPGRADE ACCEPT END), -200);
	cr_assert_eq(answer("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 3\r\n" END), -503);
	cr_assert_eq(answer("HTTP/1.0 404 Not Found\r\n" END), -404);
	cr_assert_eq(answer("HTTP/1.1 100\r\n" END), -100);
	cr_assert_eq(answer("HTTP/1.1 999 \r\n" END), -999);
	cr_assert_eq(answer("HTTP/1.1 099 X\r\n" END), -1);
	cr_assert_eq(answer("HTTP/1.1 20 OK\r\n" END), -1);
	cr_assert_eq(answer("HTTP/1.1 20/ OK\r\n" END), -1);
	cr_assert_eq(answer("HTTP/1.1 2:0 OK\r\n" END), -1);
	cr_assert_eq(answer("HTTP/1.1  200 OK\r\n" END), -1);
	cr_assert_eq(answer("HTTP/1.1\t200 OK\r\n" END), -1);
	cr_assert_eq(answer("HTTP/1.2 200 OK\r\n" END), -1);
	cr_assert_eq(answer("HTTP/1./ 200 OK\r\n" END), -1);
	cr_assert_eq(answer("HTTP/2.0 200 OK\r\n" END), -1);
	cr_assert_eq(answer("HTTP/1.1 200 \033[2J\r\n" END), -1);
	cr_assert_eq(answer("HTTP/1.1 200 OK\nA: b\r\n" END), -1);
	cr_assert_eq(answer("SSH-2.0-OpenSSH_9.2\r\n" END), -1);
}

static struct span chosen(const char *text)
{
	const int size = ws_handshake_response((const uint8_t *)text, strlen(text), nonce, sha1, NULL);

	cr_assert_gt(size, 0);
	return ws_handshake_chosen((const uint8_t *)text, (size_t)size);
}

Test(ws_handshake, a_client_learns_which_subprotocol_was_chosen)
{
	cr_assert_null(chosen(OK UPGRADE ACCEPT END).bytes);
	cr_assert(
		span_equal(chosen(OK "sec-websocket-protocol: uproar.v1 \r\n" UPGRADE ACCEPT END), SPAN("uproar.v1")));
	/* What follows the head are frames. */
	cr_assert_null(chosen(OK UPGRADE ACCEPT END "Sec-WebSocket-Protocol: a\r\n\r\n").bytes);
}

Test(ws_handshake, a_client_waits_for_8192_bytes_and_no_longer)
{
	uint8_t text[HTTP_HEAD_SIZE_MAX];

	memset(text, 'x', sizeof(text));
	cr_assert_eq(ws_handshake_response(text, sizeof(text) - 1, nonce, sha1, NULL), 0);
	cr_assert_eq(ws_handshake_response(text, sizeof(text), nonce, sha1, NULL), -1);
}
