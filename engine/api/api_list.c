#include "engine/api/api_list.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "engine/chat/home_list.h"
#include "engine/chat/record.h"
#include "engine/core/check.h"
#include "engine/core/slab.h"
#include "engine/gate/pipelined.h"
#include "engine/gate/users.h"
#include "proto/chat/limits.h"
#include "proto/json/json_string.h"

#define LOOK_MAX 8192 /* places that a core looks at in one turn */
#define ITEM_MAX 320
#define ITEMS_BYTES_MAX (API_LIST_MAX * ITEM_MAX)

struct api_list {
	uint32_t core, left;
	uint8_t what;
	struct span text; /* in bytes */
	uint8_t bytes[CHAT_ROOM_SIZE_MAX];
	size_t size; /* of items */
	uint8_t items[ITEMS_BYTES_MAX + 256];
};

void api_list_forget(struct api_request *request)
{
	if (request->list)
		block_give(request->list, sizeof(*request->list));
	request->list = NULL;
}

static void ask(struct gate *gate, const struct mail_origin *origin, const struct api_list *list, uint32_t from)
{
	struct mail_ask *mail = post_begin(&gate->post, list->core, sizeof(*mail) + list->text.size);

	mail->mail.kind = MAIL_ASK;
	mail->origin = *origin;
	mail->what = list->what;
	mail->from = from;
	mail->limit = list->left;
	span_copy(&mail->text, list->text, mail->bytes);
	post_end(&gate->post, list->core);
}

/* The asked core's part. */
struct telling {
	const struct mail_ask *ask;
	uint32_t count;
	size_t size;
	char *items;
};

static bool tell_room(void *context, const struct home_listed *room)
{
	struct telling *telling = context;
	const struct span prefix = telling->ask->text;

	if (!span_begins(room->name, prefix))
		return true;
	if (room->last == 0 && room->connections == 0)
		return true; /* somebody asked for it, that is all */
	if (telling->count == telling->ask->limit)
		return false;
	telling->size += (size_t)snprintf(
		telling->items + telling->size, ITEM_MAX,
		"%s{\"room\":\"%.*s\",\"class\":\"%s\",\"seq\":%lu,\"n\":%u,\"users\":%u}",
		telling->count > 0 ? "," : "", (int)room->name.size, (const char *)room->name.bytes,
		room->class == CHAT_CLASS_DISK ? "disk" : "memory", room->last, room->connections, room->users);
	telling->count++;
	return true;
}

/* Of a user's connections here those behind the first `from`. */
static uint32_t tell_connections(struct gate *gate, struct telling *telling)
{
	const struct mail_ask *asked = telling->ask;
	uint32_t at = 0;

	for (const struct conn *conn = users_first(gate, asked->text); conn; conn = users_next(gate, conn), at++) {
		if (at < asked->from)
			continue;
		if (telling->count == asked->limit)
			return at;
		telling->size +=
			(size_t)snprintf(telling->items + telling->size, ITEM_MAX,
					 "%s{\"conn\":\"%u-%u-%u\",\"rooms\":%u}", telling->count > 0 ? "," : "",
					 gate->core, conn->slot, conn->generation, gate->hall.owners[conn->slot].count);
		telling->count++;
	}
	return 0;
}

void api_list_asked(struct gate *gate, const struct mail_ask *asked)
{
	static _Thread_local char items[ITEMS_BYTES_MAX];
	struct telling telling = { .ask = asked, .items = items };
	uint32_t next;

	CHECK(asked->limit <= API_LIST_MAX);
	if (asked->what == API_LIST_ROOMS)
		next = home_list(gate->home, asked->from, LOOK_MAX, tell_room, &telling);
	else
		next = tell_connections(gate, &telling);
	struct mail_told *mail = post_begin(&gate->post, asked->origin.core, sizeof(*mail) + telling.size);

	mail->mail.kind = MAIL_TOLD;
	mail->origin = asked->origin;
	mail->next = next;
	mail->count = telling.count;
	span_copy(&mail->items, span_of(items, telling.size), mail->bytes);
	post_end(&gate->post, asked->origin.core);
}

/* All was told, or enough. next: where to go on in list->core, 0: at the beginning of it. */
static void answer(struct gate *gate, struct conn *conn, uint32_t next)
{
	struct api_request kept;

	api_end_wait(gate, conn, &kept);
	struct api_list *list = kept.list;
	char *const items = (char *)list->items;

	CHECK(list->size + 64 < sizeof(list->items));
	if (list->core < gate->post.cores)
		list->size += (size_t)snprintf(items + list->size, 64, "],\"next\":\"%u-%u\"}", list->core, next);
	else
		list->size += (size_t)snprintf(items + list->size, 64, "]}");
	api_answer(gate, conn, &kept, 200, NULL, span_of(items, list->size));
	api_list_forget(&kept);
	pipelined_read(gate, conn);
}

void api_list_told(struct gate *gate, const struct mail_told *mail)
{
	struct conn *conn;
	struct api_request *request = api_waiting(gate, &mail->origin, &conn);

	if (!request)
		return;
	struct api_list *list = request->list;

	CHECK(list && mail->count <= list->left);
	const bool first = list->items[list->size - 1] == '[';

	CHECK(list->size + 1 + mail->items.size + 64 < sizeof(list->items));
	if (mail->count > 0) {
		if (!first)
			list->items[list->size++] = ',';
		memcpy(list->items + list->size, mail->items.bytes, mail->items.size);
		list->size += mail->items.size;
		list->left -= mail->count;
	}
	list->core += mail->next == 0;
	if (list->left == 0 || list->core == gate->post.cores)
		answer(gate, conn, mail->next);
	else
		ask(gate, &mail->origin, list, mail->next);
}

/* CORE-PLACE, as an answer before has it. */
static bool take_after(struct api_call *call, struct api_list *list, uint32_t *from)
{
	uint64_t core, place;
	struct span text;

	if (!api_take_query(call, "after", &text))
		return false;
	if (!text.bytes)
		return true;
	const uint8_t *const mark = text.size > 0 ? memchr(text.bytes, '-', text.size) : NULL;
	const size_t size = mark ? (size_t)(mark - text.bytes) : 0;

	if (!mark || !json_integer(&core, span_of(text.bytes, size)) ||
	    !json_integer(&place, span_of(mark + 1, text.size - size - 1)) || core >= call->gate->post.cores ||
	    place > UINT32_MAX)
		return false;
	list->core = (uint32_t)core;
	*from = (uint32_t)place;
	return true;
}

enum api_error api_run_list(struct api_call *call)
{
	const bool rooms = call->request->route == API_ROUTE_rooms;
	struct api_list *list = block_take(sizeof(*list));
	struct span text = call->user;
	uint64_t limit = 100;
	uint32_t from = 0;
	const char *why = NULL;

	if (!list)
		return API_ERR_unavailable;
	memset(list, 0, offsetof(struct api_list, items)); /* those are written before they are read */
	list->what = rooms ? API_LIST_ROOMS : API_LIST_CONNECTIONS;
	if (!api_take_number(call, "limit", 1, API_LIST_MAX, &limit))
		why = "limit: 1 to 200";
	else if (!take_after(call, list, &from))
		why = "after: the next of an answer before";
	else if (rooms && (!api_take_query(call, "prefix", &text) || text.size > CHAT_ROOM_SIZE_MAX ||
			   (text.size > 0 && !chat_room_valid(text))))
		why = "prefix: how names of rooms may begin";
	if (why) {
		block_give(list, sizeof(*list));
		return api_refuse(call, why);
	}
	list->left = (uint32_t)limit;
	if (text.size > 0)
		memcpy(list->bytes, text.bytes, text.size);
	list->text = span_of(list->bytes, text.size);
	list->size = (size_t)snprintf((char *)list->items, 32, "{\"%s\":[", rooms ? "rooms" : "connections");
	call->request->list = list;
	call->request->awaited = 1;
	const struct mail_origin origin = api_origin(call);

	ask(call->gate, &origin, list, from);
	return API_OK;
}
