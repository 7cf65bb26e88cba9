#include "engine/api/api_order.h"

#include <stdio.h>

#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/core/slab.h"
#include "engine/gate/pipelined.h"
#include "engine/api/errand.h"

/* The reason is a JSON string, with its quotes. */
static void answer_refused(struct gate *gate, struct conn *conn, const struct api_request *request,
			   const struct errand *errand)
{
	char body[ERRAND_BODY_MAX + 64];
	const int size = snprintf(body, sizeof(body), "{\"error\":{\"code\":\"refused\",\"message\":%.*s}}",
				  (int)errand->body_size, (const char *)errand->body);

	CHECK(size > 0 && (size_t)size < sizeof(body));
	api_answer(gate, conn, request, 409, NULL, span_of(body, (size_t)size));
}

/* In the core's own turn. */
static void come_back(struct gate *gate, struct gate_call *call)
{
	struct errand *errand = (struct errand *)call;
	const struct mail_origin origin = {
		.core = errand->core,
		.slot = errand->slot,
		.generation = errand->generation,
		.stamp = errand->serial,
	};
	struct conn *conn;
	struct api_request *request = api_waiting(gate, &origin, &conn), kept;

	if (request) {
		api_end_wait(gate, conn, &kept);
		if (errand->done)
			api_answer(gate, conn, &kept, 200, NULL, span_of(errand->body, errand->body_size));
		else
			answer_refused(gate, conn, &kept, errand);
		pipelined_read(gate, conn);
	}
	block_give(errand, sizeof(*errand));
}

enum api_error api_run_reload(struct api_call *call)
{
	struct gate *gate = call->gate;
	struct errand *errand = gate->api->errands ? block_take(sizeof(*errand)) : NULL;
	const struct span who = api_who(call);

	if (!errand)
		return API_ERR_unavailable;
	*errand = (struct errand){
		.call = { come_back },
		.core = gate->core,
		.slot = call->conn->slot,
		.generation = call->conn->generation,
		.serial = call->request->serial,
		.kind = ERRAND_RELOAD,
	};
	snprintf(errand->by, sizeof(errand->by), "%.*s", (int)who.size, (const char *)who.bytes);
	LOG(LOG_AUDIT, "audit", LOG_TEXT("act", "reload"), LOG_SPAN("by", who));
	call->request->awaited = 1;
	gate->api->errands->give(gate->api->errands->context, errand);
	return API_OK;
}

enum api_error api_run_level(struct api_call *call)
{
	static const struct json_name name = { "level" };
	struct json_value value;
	struct span word;
	char body[32];

	if (call->request->route == API_ROUTE_set_level) {
		if (json_scan_object(&value, &name, 1, call->body.bytes, call->body.size) != 1 ||
		    !api_take_text(call, &value, 8, &word) || log_level_named(word) < 0)
			return api_refuse(call, "level: debug, info, warn, error or off");
		LOG(LOG_AUDIT, "audit", LOG_TEXT("act", "log-level"), LOG_SPAN("by", api_who(call)),
		    LOG_SPAN("level", word));
		log_level_set((enum log_level)log_level_named(word));
	}
	const int size = snprintf(body, sizeof(body), "{\"level\":\"%s\"}", log_level_name(log_level()));

	call->answered = true;
	api_answer(call->gate, call->conn, call->request, 200, NULL, span_of(body, (size_t)size));
	return API_OK;
}
