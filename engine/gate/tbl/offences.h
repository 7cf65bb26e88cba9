/* Every rule whose breaking is counted and told in the log, once: OFFENCE(rule, counter, reason). */
OFFENCE(protocol_error, protocol_errors, "what came breaks the protocol")
OFFENCE(binary, protocol_errors, "sent a binary message, where text is spoken")
OFFENCE(message_timeout, message_timeouts, "a message did not become whole in time")
OFFENCE(fragment_flood, fragment_floods, "more fragments and control frames than --fragment-rate allows")
OFFENCE(ping_flood, ping_floods, "more WebSocket pings than --ping-rate allows")
OFFENCE(rate_limited, rate_limited, "more commands than the rates allow")
OFFENCE(user_rate, users_rate_limited, "more commands of one user than --user-rates allows")
OFFENCE(network_rate, networks_rate_limited, "more commands from one network than --network-rates allows")
OFFENCE(room_rate, rooms_limited, "opens more rooms than --room-rate allows")
OFFENCE(join_limit, joins_refused, "as many rooms, users in them or memberships as there may be")
OFFENCE(user_limit, users_limited, "more connections of one user than --connections-per-user allows")
OFFENCE(user_rooms, joins_refused, "in more rooms with all connections of a user than --rooms-per-user allows")
OFFENCE(room_limited, room_limited, "sends to a room that has had its --room-traffic")
OFFENCE(flood, floods, "went on although commands were refused")
OFFENCE(hello_timeout, hello_timeout, "no hello in time")
OFFENCE(shed, shed, "takes what is sent too slowly while memory is short")
OFFENCE(slow, slow_closed, "takes what is sent too slowly")
OFFENCE(no_pong, no_pong, "did not answer a ping in time")
OFFENCE(silent, handshake_timeout, "said nothing in time")
OFFENCE(address_shut_out, address_limited, "far more connections from this address than may be, or half open ones")
OFFENCE(api_key, api_keys_refused, "asks the HTTP API without a key that it has")
OFFENCE(api_rate, refused, "more requests to the HTTP API with one key than --api-rate allows")
OFFENCE(api_body, refused, "a body for the HTTP API that is larger than --api-body")
OFFENCE(api_ahead, protocol_errors, "sends on and on while an answer of the HTTP API is awaited")
/* And every answer that refuses a request: http_origin, head_bare_lf and so on. */
#define REFUSAL(name, status, counter, fields, text) OFFENCE(http_##name, counter, text)
#include "engine/gate/tbl/refusals.h"
#undef REFUSAL
#define HTTP_REFUSAL(name, status, text) OFFENCE(head_##name, protocol_errors, text)
#include "proto/http/tbl/http_refusals.h"
#undef HTTP_REFUSAL
