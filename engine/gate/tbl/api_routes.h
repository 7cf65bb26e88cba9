/* Every route of the HTTP API, once: API_ROUTE(name, method, path behind /api/v1/, scope, body).
 * scope: enum api_scope, of which the key has one; 0: no key is needed; API_ANY_KEY. body: NONE, TAKEN or NEEDED.
 * docs/operate/api.md and engine/ops/assets/openapi.json say what each takes and gives. */
API_ROUTE(openapi, GET, "openapi.json", 0, NONE)
API_ROUTE(info, GET, "info", API_ANY_KEY, NONE)
API_ROUTE(publish, POST, "publish", API_SCOPE_publish, NEEDED)
API_ROUTE(room, GET, "rooms/{room}", API_SCOPE_read, NONE)
API_ROUTE(history, GET, "rooms/{room}/history", API_SCOPE_read, NONE)
API_ROUTE(search, GET, "rooms/{room}/search", API_SCOPE_read, NONE)
API_ROUTE(presence, GET, "rooms/{room}/presence", API_SCOPE_read, NONE)
API_ROUTE(members, GET, "rooms/{room}/members", API_SCOPE_read, NONE)
