/* Every answer that refuses a request whose head was read, once:
 * REFUSAL(name, status, counter, fields or NULL, words for the log and the body). What makes a head itself wrong
 * is in proto/http/tbl/http_refusals.h. Nothing of what the peer said may stand here. */
REFUSAL(body, 413, protocol_errors, NULL, "requests have no body here")
REFUSAL(method, 405, protocol_errors, "Allow: GET, HEAD\r\n", "only GET and HEAD")
REFUSAL(method_unknown, 501, protocol_errors, NULL, "a method that is not known")
REFUSAL(handshake, 400, protocol_errors, NULL, "not a WebSocket handshake (RFC 6455, 4.2.1)")
REFUSAL(ws_version, 426, protocol_errors, "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n",
	"another version of WebSocket than 13")
REFUSAL(extensions, 400, protocol_errors, NULL, "Sec-WebSocket-Extensions is no list of extensions (RFC 6455, 9.1)")
REFUSAL(origin, 403, origin_denied, NULL, "pages of this origin may not connect; see the option origins")
REFUSAL(metrics, 401, api_keys_refused, "WWW-Authenticate: Bearer\r\n",
	"metrics are for a key of scope metrics; see the option metrics")
REFUSAL(token, 401, unauthorized, "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n", "the token is not valid")
REFUSAL(late, 408, handshake_timeout, NULL, "the request was not whole in time")
REFUSAL(full, 503, turned_away, NULL, "there is no room for more connections")
REFUSAL(memory, 503, turned_away, NULL, "memory is short")
REFUSAL(answer, 503, turned_away, NULL, "no room for the answer; see the options queue-size, send-memory and memory")
REFUSAL(draining, 503, turned_away, NULL, "the server is about to end")
REFUSAL(crowded, 429, address_limited, NULL, "too many connections from this address")
REFUSAL(hasty, 429, address_limited, NULL, "too many new connections from this address")
