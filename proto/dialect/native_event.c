#include "proto/dialect/native.h"

#include <assert.h>

#include "proto/dialect/native_put.h"

/* An event in its longest form, but for the room, the strings and the data. */
#define LOGGED(name)                                                                                                   \
	"{\"ev\":\"" name "\",\"room\":\"\",\"seq\":" INTEGER_LONGEST ",\"ts\":" INTEGER_LONGEST ",\"from\":"          \
	",\"cid\":\":" INTEGER_LONGEST "\""
#define UNLOGGED(name, key) "{\"ev\":\"" name "\",\"room\":\"\",\"from\":,\"" key "\":" INTEGER_LONGEST "}"
#define TARGET ",\"target\":" INTEGER_LONGEST

static const uint16_t fixed_bound[CHAT_EVENT_COUNT] = {
	[CHAT_EV_msg] = sizeof(LOGGED("msg") ",\"deleted\":true,\"data\":null}"),
	[CHAT_EV_edit] = sizeof(LOGGED("edit") TARGET ",\"rev\":" INTEGER_LONGEST ",\"deleted\":true,\"data\":null}"),
	[CHAT_EV_del] = sizeof(LOGGED("del") TARGET "}"),
	[CHAT_EV_react] = sizeof(LOGGED("react") TARGET ",\"key\":,\"on\":false}"),
	[CHAT_EV_mod] = sizeof(LOGGED("mod") "}"),
	[CHAT_EV_in] = sizeof(UNLOGGED("in", "n")),
	[CHAT_EV_out] = sizeof(UNLOGGED("out", "n")),
	[CHAT_EV_count] = sizeof(UNLOGGED("count", "n")),
	[CHAT_EV_typing] = sizeof(UNLOGGED("typing", "ttl_ms")),
	[CHAT_EV_read] = sizeof(UNLOGGED("read", "seq")),
};

size_t native_event_bound(const struct chat_event *event)
{
	assert((unsigned)event->kind < CHAT_EVENT_COUNT);
	return fixed_bound[event->kind] + event->room.size + json_string_bound(event->from.size) +
	       event->producer.size + json_string_bound(event->key.size) + event->data.size;
}

/* What every logged event has in front; head is its start up to the room. */
static inline uint8_t *put_logged(uint8_t *at, struct span head, const struct chat_event *event)
{
	at = put_word(at, head, event->room);
	at = put_integer(at, SPAN(",\"seq\":"), event->seq);
	at = put_integer(at, SPAN(",\"ts\":"), event->ts_ms);
	at = put_string(at, SPAN(",\"from\":"), event->from);
	if (event->producer.bytes) {
		at = json_write_raw(put(at, SPAN(",\"cid\":\"")), event->producer);
		at = put_integer(at, SPAN(":"), event->number);
		*at++ = '"';
	}
	return at;
}

/* The bytes of data go on as they came: its sender's spelling survives. */
static inline uint8_t *put_data(uint8_t *at, const struct chat_event *event)
{
	if (event->deleted || event->data.size == 0) /* an absent one is empty too; no value is */
		return put(at, SPAN(",\"deleted\":true,\"data\":null}"));
	at = json_write_raw(put(at, SPAN(",\"data\":")), event->data);
	*at++ = '}';
	return at;
}

static uint8_t *put_edit(uint8_t *at, const struct chat_event *event)
{
	at = put_logged(at, SPAN("{\"ev\":\"edit\",\"room\":\""), event);
	at = put_integer(at, SPAN(",\"target\":"), event->target);
	at = put_integer(at, SPAN(",\"rev\":"), event->rev);
	return put_data(at, event);
}

static uint8_t *put_del(uint8_t *at, const struct chat_event *event)
{
	at = put_logged(at, SPAN("{\"ev\":\"del\",\"room\":\""), event);
	at = put_integer(at, SPAN(",\"target\":"), event->target);
	return put(at, SPAN("}"));
}

static uint8_t *put_react(uint8_t *at, const struct chat_event *event)
{
	at = put_logged(at, SPAN("{\"ev\":\"react\",\"room\":\""), event);
	at = put_integer(at, SPAN(",\"target\":"), event->target);
	at = put_string(at, SPAN(",\"key\":"), event->key);
	return put(at, event->on ? SPAN(",\"on\":true}") : SPAN(",\"on\":false}"));
}

static uint8_t *put_mod(uint8_t *at, const struct chat_event *event)
{
	return put_members(put_logged(at, SPAN("{\"ev\":\"mod\",\"room\":\""), event), event->data);
}

static uint8_t *put_coming(uint8_t *at, struct span head, const struct chat_event *event)
{
	at = put_word(at, head, event->room);
	at = put_string(at, SPAN(",\"user\":"), event->from);
	at = put_integer(at, SPAN(",\"n\":"), event->count);
	return put(at, SPAN("}"));
}

static uint8_t *put_count(uint8_t *at, const struct chat_event *event)
{
	at = put_word(at, SPAN("{\"ev\":\"count\",\"room\":\""), event->room);
	at = put_integer(at, SPAN(",\"n\":"), event->count);
	return put(at, SPAN("}"));
}

static uint8_t *put_typing(uint8_t *at, const struct chat_event *event)
{
	at = put_word(at, SPAN("{\"ev\":\"typing\",\"room\":\""), event->room);
	at = put_string(at, SPAN(",\"from\":"), event->from);
	at = put_integer(at, SPAN(",\"ttl_ms\":"), event->ttl_ms);
	return put(at, SPAN("}"));
}

static uint8_t *put_read(uint8_t *at, const struct chat_event *event)
{
	at = put_word(at, SPAN("{\"ev\":\"read\",\"room\":\""), event->room);
	at = put_string(at, SPAN(",\"from\":"), event->from);
	at = put_integer(at, SPAN(",\"seq\":"), event->seq);
	return put(at, SPAN("}"));
}

static uint8_t *put_event(uint8_t *at, const struct chat_event *event)
{
	switch (event->kind) {
	case CHAT_EV_msg:
		return put_data(put_logged(at, SPAN("{\"ev\":\"msg\",\"room\":\""), event), event);
	case CHAT_EV_edit:
		return put_edit(at, event);
	case CHAT_EV_del:
		return put_del(at, event);
	case CHAT_EV_react:
		return put_react(at, event);
	case CHAT_EV_mod:
		return put_mod(at, event);
	case CHAT_EV_in:
		return put_coming(at, SPAN("{\"ev\":\"in\",\"room\":\""), event);
	case CHAT_EV_out:
		return put_coming(at, SPAN("{\"ev\":\"out\",\"room\":\""), event);
	case CHAT_EV_count:
		return put_count(at, event);
	case CHAT_EV_typing:
		return put_typing(at, event);
	case CHAT_EV_read:
		return put_read(at, event);
	case CHAT_EVENT_COUNT:
		break;
	}
	assert(!"an event of no kind");
	return at;
}

size_t native_event(uint8_t *out, const struct chat_event *event)
{
	const size_t size = (size_t)(put_event(out, event) - out);

	assert(size <= native_event_bound(event));
	return size;
}
