#include "proto/ws/ws_handshake.h"

#include "proto/http/http_out.h"

#define BAD_REQUEST 400
#define UPGRADE_REQUIRED 426
#define SWITCHING 101

/* RFC 6455, 1.3. */
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

static const char digits[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void base64(uint8_t *out, const uint8_t *bytes, size_t size)
{
	for (size_t at = 0; at < size; at += 3) {
		const size_t left = size - at;
		const uint32_t group = (uint32_t)bytes[at] << 16 | (left > 1 ? (uint32_t)bytes[at + 1] << 8 : 0) |
				       (left > 2 ? bytes[at + 2] : 0);

		*out++ = (uint8_t)digits[group >> 18];
		*out++ = (uint8_t)digits[group >> 12 & 63];
		*out++ = left > 1 ? (uint8_t)digits[group >> 6 & 63] : '=';
		*out++ = left > 2 ? (uint8_t)digits[group & 63] : '=';
	}
}

/* Sixteen bytes leave four bits in the last digit, which then are zero: A, Q, g or w. */
static bool is_key(struct span key)
{
	if (key.size != WS_KEY_SIZE || memcmp(key.bytes + 22, "==", 2) != 0)
		return false;
	for (size_t i = 0; i < 22; i++)
		if (!memchr(digits, key.bytes[i], sizeof(digits)))
			return false;
	return memchr("AQgw", key.bytes[21], 4) != NULL;
}

int ws_handshake_check(const struct http_head *request, struct ws_handshake *handshake)
{
	const struct span key = http_head_field(request, "sec-websocket-key");
	const struct span version = http_head_field(request, "sec-websocket-version");

	if (!span_equal(request->method, SPAN("GET")) || request->minor < 1)
		return BAD_REQUEST;
	if (!http_head_has_token(request, "upgrade", "websocket"))
		return BAD_REQUEST;
	if (!http_head_has_token(request, "connection", "upgrade"))
		return BAD_REQUEST;
	if (http_head_field_count(request, "sec-websocket-version") > 1)
		return BAD_REQUEST;
	if (!span_equal(version, SPAN("13")))
		return UPGRADE_REQUIRED;
	if (http_head_field_count(request, "sec-websocket-key") != 1 || !is_key(key))
		return BAD_REQUEST;
	*handshake = (struct ws_handshake){ 0 };
	memcpy(handshake->key, key.bytes, WS_KEY_SIZE);
	return SWITCHING;
}

bool ws_handshake_offers(const struct http_head *request, const char *subprotocol)
{
	const struct span wanted = span_of(subprotocol, strlen(subprotocol));

	for (uint32_t i = 0; i < request->field_count; i++) {
		struct span list = request->fields[i].value;

		if (!http_text_is(request->fields[i].name, "sec-websocket-protocol"))
			continue;
		while (list.size > 0)
			if (span_equal(http_list_next(&list, NULL), wanted))
				return true;
	}
	return false;
}

void ws_handshake_accept(uint8_t out[WS_ACCEPT_SIZE], const uint8_t key[WS_KEY_SIZE], ws_sha1 *sha1)
{
	uint8_t text[WS_KEY_SIZE + sizeof(GUID) - 1];
	uint8_t digest[20];

	memcpy(text, key, WS_KEY_SIZE);
	memcpy(text + WS_KEY_SIZE, GUID, sizeof(GUID) - 1);
	sha1(text, sizeof(text), digest);
	base64(out, digest, sizeof(digest));
}

static void put_subprotocol(struct http_out *out, const char *subprotocol)
{
	if (!subprotocol)
		return;
	http_out_text(out, "\r\nSec-WebSocket-Protocol: ");
	http_out_text(out, subprotocol);
}

static void put_deflate(struct http_out *out, const struct ws_deflate_terms *deflate)
{
	uint8_t value[WS_EXTENSION_SIZE_MAX];

	if (!deflate || !deflate->agreed)
		return;
	http_out_text(out, "\r\nSec-WebSocket-Extensions: ");
	http_out_bytes(out, value, ws_extension_write(value, deflate));
}

size_t ws_handshake_write(uint8_t *out, size_t capacity, const struct ws_handshake *handshake, const char *subprotocol,
			  ws_sha1 *sha1)
{
	struct http_out head = { .bytes = out, .capacity = capacity };
	uint8_t accept[WS_ACCEPT_SIZE];

	ws_handshake_accept(accept, handshake->key, sha1);
	http_out_text(&head, "HTTP/1.1 101 Switching Protocols\r\n"
			     "Upgrade: websocket\r\n"
			     "Connection: Upgrade\r\n"
			     "Sec-WebSocket-Accept: ");
	http_out_bytes(&head, accept, sizeof(accept));
	put_subprotocol(&head, subprotocol);
	put_deflate(&head, &handshake->deflate);
	http_out_text(&head, "\r\n\r\n");
	return http_out_finish(&head);
}

size_t ws_handshake_request(uint8_t *out, size_t capacity, struct span host, struct span path, const char *subprotocol,
			    const struct ws_deflate_terms *deflate, const uint8_t nonce[16])
{
	struct http_out head = { .bytes = out, .capacity = capacity };
	uint8_t key[WS_KEY_SIZE];

	base64(key, nonce, 16);
	http_out_text(&head, "GET ");
	http_out_bytes(&head, path.bytes, path.size);
	http_out_text(&head, " HTTP/1.1\r\nHost: ");
	http_out_bytes(&head, host.bytes, host.size);
	http_out_text(&head, "\r\nUpgrade: websocket\r\n"
			     "Connection: Upgrade\r\n"
			     "Sec-WebSocket-Version: 13\r\n"
			     "Sec-WebSocket-Key: ");
	http_out_bytes(&head, key, sizeof(key));
	put_subprotocol(&head, subprotocol);
	put_deflate(&head, deflate);
	http_out_text(&head, "\r\n\r\n");
	return http_out_finish(&head);
}

/* Where the head ends: behind the first empty line; 0 when there is none yet. */
static size_t head_end(const uint8_t *bytes, size_t size)
{
	for (size_t at = 3; at < size; at++)
		if (bytes[at] == '\n' && memcmp(bytes + at - 3, "\r\n\r\n", 4) == 0)
			return at + 1;
	return 0;
}

/* What a server has to say for us to go on, each to be seen once (4.1). */
struct agreement {
	uint32_t upgrades;
	uint32_t connections;
	uint32_t accepts;
	struct span subprotocol;
	struct span extensions;
	bool refused;
};

static bool is_text(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((text.bytes[i] < 0x20 && text.bytes[i] != '\t') || text.bytes[i] == 0x7f)
			return false;
	return true;
}

static void read_field(struct agreement *agreed, struct span line, const uint8_t accept[WS_ACCEPT_SIZE])
{
	const uint8_t *const colon = line.size > 0 ? memchr(line.bytes, ':', line.size) : NULL;

	if (!colon) {
		agreed->refused = true;
		return;
	}
	const struct span name = span_of(line.bytes, (size_t)(colon - line.bytes));
	const struct span value = http_trim(span_of(colon + 1, line.size - name.size - 1));

	if (!http_is_token(name) || !is_text(value)) {
		agreed->refused = true;
	} else if (http_text_is(name, "upgrade")) {
		agreed->upgrades += http_text_is(value, "websocket") ? 1 : 2;
	} else if (http_text_is(name, "connection")) {
		agreed->connections += http_token_list_has(value, "upgrade");
	} else if (http_text_is(name, "sec-websocket-accept")) {
		agreed->accepts += span_equal(value, span_of(accept, WS_ACCEPT_SIZE)) ? 1 : 2;
	} else if (http_text_is(name, "sec-websocket-protocol")) {
		agreed->refused |= agreed->subprotocol.bytes || !http_is_token(value);
		agreed->subprotocol = value;
	} else if (http_text_is(name, "sec-websocket-extensions")) {
		agreed->refused |= agreed->extensions.bytes != NULL; /* once at most (11.3.2) */
		agreed->extensions = value;
	}
}

/* The number in "HTTP/1.1 101 Switching Protocols", 0 when the line is none such. */
static int read_status(struct span line)
{
	static const char version[] = "HTTP/1.";
	const size_t at = sizeof(version) + 1;
	int status = 0;

	if (line.size < at + 3 || memcmp(line.bytes, version, sizeof(version) - 1) != 0)
		return 0;
	if (line.bytes[at - 2] < '0' || line.bytes[at - 2] > '1' || line.bytes[at - 1] != ' ')
		return 0;
	if ((line.size > at + 3 && line.bytes[at + 3] != ' ') || !is_text(line))
		return 0;
	for (size_t i = 0; i < 3; i++) {
		if (line.bytes[at + i] < '0' || line.bytes[at + i] > '9')
			return 0;
		status = status * 10 + (line.bytes[at + i] - '0');
	}
	/* Only 1.1 can switch. */
	return status < 100 || (status == SWITCHING && line.bytes[at - 2] == '0') ? 0 : status;
}

/* Takes a line off a head, without its CRLF; SPAN_NONE when it ends otherwise. */
static struct span take_line(struct span *text)
{
	const uint8_t *const feed = memchr(text->bytes, '\n', text->size);
	const size_t size = (size_t)(feed - text->bytes);

	if (size == 0 || feed[-1] != '\r')
		return SPAN_NONE;
	const struct span line = span_of(text->bytes, size - 1);

	*text = span_of(feed + 1, text->size - size - 1);
	return line;
}

/* Of a whole head. Returns 1, or what ws_handshake_response says of no agreement. */
static int read_answer(struct agreement *agreed, struct span text, const uint8_t accept[WS_ACCEPT_SIZE])
{
	const struct span first = take_line(&text);
	const int status = first.bytes ? read_status(first) : 0;

	if (status != SWITCHING)
		return status > 0 ? -status : -1;
	while (text.size > 2) {
		const struct span line = take_line(&text);

		if (!line.bytes)
			return -1;
		read_field(agreed, line, accept);
	}
	return !agreed->refused && agreed->upgrades == 1 && agreed->connections > 0 && agreed->accepts == 1 ? 1 : -1;
}

/* The extensions of an answer: none, or what was offered. Returns 1 and writes *deflate, or -1. */
static int read_extensions(struct span value, struct ws_deflate_terms *deflate)
{
	if (value.bytes)
		return deflate && deflate->agreed ? ws_extension_check(deflate, value, deflate) : -1;
	if (deflate)
		*deflate = (struct ws_deflate_terms){ 0 };
	return 1;
}

int ws_handshake_response(const uint8_t *bytes, size_t size, const uint8_t nonce[16], ws_sha1 *sha1,
			  struct ws_deflate_terms *deflate)
{
	const size_t limit = size < HTTP_HEAD_SIZE_MAX ? size : HTTP_HEAD_SIZE_MAX;
	const size_t end = head_end(bytes, limit);
	uint8_t key[WS_KEY_SIZE], accept[WS_ACCEPT_SIZE];
	struct agreement agreed = { 0 };

	if (end == 0)
		return size < HTTP_HEAD_SIZE_MAX ? 0 : -1;
	base64(key, nonce, 16);
	ws_handshake_accept(accept, key, sha1);

	const int result = read_answer(&agreed, span_of(bytes, end), accept);

	if (result < 0)
		return result;
	return read_extensions(agreed.extensions, deflate) < 0 ? -1 : (int)end;
}

struct span ws_handshake_chosen(const uint8_t *bytes, size_t head_size)
{
	static const uint8_t accept[WS_ACCEPT_SIZE]; /* judged before */
	struct agreement agreed = { 0 };

	read_answer(&agreed, span_of(bytes, head_size), accept);
	return agreed.subprotocol;
}
