/* Every error that the HTTP API has of its own, once: API_ERROR(name, status, message). Errors of commands, which have
 * the same names here as in the native protocol, are rows of proto/chat/tbl/errors.h; their statuses are in
 * tbl/api_statuses.h. */
API_ERROR(bad_request, 400, "the request is not of the form its route takes")
API_ERROR(unauthorized, 401, "a key is needed: Authorization: Bearer KEY, or X-API-Key: KEY")
API_ERROR(forbidden, 403, "the key has no scope for this")
API_ERROR(origin, 403, "pages of this origin may not ask; see the option api-origins")
API_ERROR(not_found, 404, "there is nothing here")
API_ERROR(method_not_allowed, 405, "the route does not take this method")
API_ERROR(late, 408, "the request was not whole in time")
API_ERROR(length_required, 411, "a body needs a Content-Length here")
API_ERROR(too_large, 413, "the body is larger than --api-body allows")
API_ERROR(unsupported_media_type, 415, "a body is application/json here")
API_ERROR(rate_limited, 429, "too many requests with this key; slow down")
API_ERROR(unavailable, 503, "the server cannot do this now; try again")
API_ERROR(timeout, 503, "no answer in time; whether it was done is not known")
