/* api_call.h - what the files api_*.c share: a request while it is judged and run, and what is kept of it meanwhile.
 *
 * For this folder alone.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include "engine/api/api.h"
#include "proto/json/json_scan.h"

#define API_ANY_KEY 0xff
#define API_ORIGIN_MAX 255

enum api_error {
	API_OK = 0,
#define API_ERROR(name, status, message) API_ERR_##name,
#include "engine/api/tbl/api_errors.h"
#undef API_ERROR
	API_ERROR_COUNT,
};

enum api_route_id {
#define API_ROUTE(name, method, path, scope, body) API_ROUTE_##name,
#include "engine/api/tbl/api_routes.h"
#undef API_ROUTE
	API_ROUTE_COUNT,
};

/* What is kept of a request from its head to its answer. */
struct api_request {
	uint32_t serial; /* the stamp of its mails */
	uint32_t awaited; /* answers that are to come */
	uint8_t route; /* enum api_route_id */
	uint8_t scopes; /* of the key */
	bool keep_alive;
	bool head_only; /* HEAD: the answer has no body */
	bool unread; /* refused before its body was read */
	uint8_t key_size, origin_size;
	uint8_t key_index; /* its place in the set */
	uint8_t key[API_KEY_NAME_MAX + 1]; /* "@" and its name: whose action it is */
	struct api_list *list; /* block: a list that is being gathered (api/api_list.h); NULL otherwise */
	struct api_batch *batch; /* block: the answers so far (api/api_batch.h); NULL otherwise */
	char origin[API_ORIGIN_MAX]; /* of a page that may ask; empty: no browser asks, or a page of ours */
	size_t head_size, whole_size; /* while a body is gathered */
};

/* A request while it runs; all spans borrow from the head, the body or scratch. */
struct api_call {
	struct gate *gate;
	struct conn *conn;
	const struct http_head *head;
	struct api_request *request;
	struct span body; /* of the route's kind; absent without one */
	struct span room, user; /* of the path, as far as it has them */
	uint64_t seq;
	const char *why; /* in place of an error's message; static */
	uint32_t retry_ms;
	bool answered;
	size_t used;
	uint8_t scratch[2048];
};

/* The route of a method and a path (behind "/api/v1/"), and its parts in the call. API_ERR_not_found, or
 * API_ERR_method_not_allowed with *allow the methods there are (static). */
enum api_error api_route_find(struct api_call *call, const char **allow);
uint8_t api_route_scope(enum api_route_id route);

/* The last word of its path. */
struct span api_route_last(enum api_route_id route);

enum api_body { API_BODY_NONE, API_BODY_TAKEN, API_BODY_NEEDED };
enum api_body api_route_body(enum api_route_id route);

/* Runs it: API_OK when it is answered or answers are awaited. */
enum api_error api_run(struct api_call *call);

/* The routes of each file. */
enum api_error api_run_list(struct api_call *call);
enum api_error api_run_mod(struct api_call *call);
enum api_error api_run_user(struct api_call *call);
enum api_error api_run_batch(struct api_call *call);

/* What a request has asked for costs so much of its key's rate besides the request itself. */
void api_charge(struct api_call *call, uint32_t commands);

/* Does in a room what a JSON object says; act: its name, or absent to have it from the object. */
enum api_error api_mod(struct api_call *call, struct span room, struct span act, struct span object, uint32_t index);
enum api_error api_delete(struct api_call *call, struct span room, uint64_t seq, uint32_t index);

/* The request that waits for this answer, with its connection; NULL: it does not wait any more. */
struct api_request *api_waiting(struct gate *gate, const struct mail_origin *origin, struct conn **conn);

/* The one that waited goes on: what was kept of it is copied to *kept, and the phase is HEAD again; then, once it is
 * answered, gate/pipelined.h reads what came meanwhile. */
void api_end_wait(struct gate *gate, struct conn *conn, struct api_request *kept);

/* refuse: API_ERR_bad_request with these words. */
static inline enum api_error api_refuse(struct api_call *call, const char *why)
{
	call->why = why;
	return API_ERR_bad_request;
}

/* Whose doing it is: "@" and the key's name. */
static inline struct span api_who(const struct api_call *call)
{
	return span_of(call->request->key, call->request->key_size);
}

/* Publishes what a JSON object says. index: which of a batch, 0 otherwise. */
enum api_error api_publish(struct api_call *call, struct span object, uint32_t index);

/* An answer, whole. status one of proto/http/tbl/statuses.h; fields: whole lines, or NULL. */
void api_answer(struct gate *gate, struct conn *conn, const struct api_request *request, int status, const char *fields,
		struct span body);
void api_answer_error(struct gate *gate, struct conn *conn, const struct api_request *request, enum api_error error,
		      const char *why, uint32_t retry_ms, const char *fields);
#define API_ERROR_SIZE_MAX 512
size_t api_write_error(uint8_t out[API_ERROR_SIZE_MAX], enum api_error error, const char *why, uint32_t retry_ms);

/* A room's answer as JSON in a block, that is the caller's. False: there is no memory. */
struct api_rendered {
	uint16_t status;
	struct span body;
	uint8_t *block;
	size_t block_size;
};
bool api_render(struct api_rendered *rendered, const struct mail_reply *mail);
void api_answer_reply(struct gate *gate, struct conn *conn, const struct api_request *request,
		      const struct mail_reply *mail);

/* Takes a value out of a body or a query. False: it is not of the kind, or too long; call->why says so. */
bool api_take_text(struct api_call *call, const struct json_value *value, size_t most, struct span *text);
bool api_take_room(struct api_call *call, const struct json_value *value, struct span *room);
bool api_take_query(struct api_call *call, const char *name, struct span *value);
bool api_take_number(struct api_call *call, const char *name, uint64_t least, uint64_t most, uint64_t *value);

/* Sends a command to a room's home on behalf of that user; index: which of a batch, 0 otherwise. */
struct mail_origin api_origin(const struct api_call *call);
void api_send(struct api_call *call, uint32_t op, uint32_t index, struct span user, const struct chat_command *command);

#endif
