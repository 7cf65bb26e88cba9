#include "proto/dialect/native.h"

#include <assert.h>

#include "proto/dialect/native_put.h"

/* The longer name of a class; the other one is disk. */
#define CLASS_LONGEST "memory"
#define RIGHT(name, allows) ",\"" #name "\""
enum {
	RIGHTS_LONGEST = sizeof(",\"rights\":[]"
#include "proto/chat/tbl/rights.h"
				)
};
#undef RIGHT
#define REV_LONGEST ",\"rev\":" INTEGER_LONGEST

/* Each kind in its longest form, but for strings, users and events. */
static const uint16_t fixed_bound[] = {
	[CHAT_REPLY_EMPTY] = sizeof("{}"),
	[CHAT_REPLY_ERROR] = sizeof("{\"code\":\"\",\"msg\":\"\",\"retry_ms\":" INTEGER_LONGEST "}"),
	[CHAT_REPLY_HELLO] =
		sizeof("{\"conn\":,\"user\":,\"time\":" INTEGER_LONGEST ",\"ping\":" INTEGER_LONGEST
		       ",\"server\":,\"limits\":{\"frame\":" INTEGER_LONGEST ",\"data\":" INTEGER_LONGEST
		       ",\"rooms\":" INTEGER_LONGEST ",\"page\":" INTEGER_LONGEST ",\"sends\":" INTEGER_LONGEST "}}"),
	[CHAT_REPLY_JOIN] = sizeof("{\"room\":\"\",\"epoch\":\"\",\"seq\":" INTEGER_LONGEST
				   ",\"first\":" INTEGER_LONGEST ",\"n\":" INTEGER_LONGEST ",\"class\":\"" CLASS_LONGEST
				   "\",\"recovered\":false,\"reason\":\"epoch\",\"more\":false,"
				   "\"read\":" INTEGER_LONGEST ",\"every\":" INTEGER_LONGEST
				   ",\"locked\":true,\"users\":[],\"users_more\":true,\"events\":[]}") +
			    RIGHTS_LONGEST,
	[CHAT_REPLY_ACK] = sizeof("{\"room\":\"\",\"seq\":" INTEGER_LONGEST ",\"ts\":" INTEGER_LONGEST
				  ",\"epoch\":\"\",\"class\":\"" CLASS_LONGEST "\",\"dup\":true}"),
	[CHAT_REPLY_HISTORY] = sizeof("{\"room\":\"\",\"epoch\":\"\",\"events\":[],\"first\":" INTEGER_LONGEST
				      ",\"seq\":" INTEGER_LONGEST ",\"more\":false}"),
	[CHAT_REPLY_SEARCH] = sizeof("{\"room\":\"\",\"epoch\":\"\",\"events\":[],\"more\":false}"),
	[CHAT_REPLY_PRESENCE] = sizeof("{\"room\":\"\",\"n\":" INTEGER_LONGEST ",\"users\":[],\"users_more\":true}"),
	[CHAT_REPLY_TIME] = sizeof("{\"time\":" INTEGER_LONGEST "}"),
};

static struct span text_of(const char *text)
{
	return span_of(text, strlen(text));
}

static size_t users_bound(const struct chat_reply *reply)
{
	size_t size = 0;

	for (uint32_t i = 0; i < reply->user_count; i++)
		size += sizeof(",{\"id\":,\"n\":" INTEGER_LONGEST "}") + json_string_bound(reply->users[i].id.size);
	return size;
}

static size_t events_bound(const struct chat_page *page)
{
	size_t size = 0;

	for (uint32_t i = 0; i < page->event_count; i++)
		size += 1 + native_event_bound(&page->events[i]) + sizeof(REV_LONGEST);
	return size;
}

/* Every part, whether or not the kind has it: what it has not is empty. */
size_t native_reply_bound(const struct chat_reply *reply)
{
	assert((unsigned)reply->kind < sizeof(fixed_bound) / sizeof(fixed_bound[0]));
	size_t size = sizeof("{\"re\":" INTEGER_LONGEST ",\"err\":}") + fixed_bound[reply->kind];

	if (reply->kind == CHAT_REPLY_ERROR) {
		size += strlen(chat_error_name(reply->error));
		size += strlen(chat_error_message(reply->error));
	}
	if (reply->kind == CHAT_REPLY_HELLO) {
		size += json_string_bound(reply->hello.conn.size);
		size += json_string_bound(reply->hello.user.size);
		size += json_string_bound(reply->hello.server.size);
	}
	size += reply->page.room.size + reply->page.epoch.size;
	size += users_bound(reply) + events_bound(&reply->page);
	return size;
}

static uint8_t *put_error(uint8_t *at, const struct chat_reply *reply)
{
	assert(reply->error != CHAT_OK);
	at = put_word(at, SPAN("{\"code\":\""), text_of(chat_error_name(reply->error)));
	at = put_word(at, SPAN(",\"msg\":\""), text_of(chat_error_message(reply->error)));
	if (reply->retry_ms != 0)
		at = put_integer(at, SPAN(",\"retry_ms\":"), reply->retry_ms);
	return put(at, SPAN("}"));
}

static uint8_t *put_hello(uint8_t *at, const struct chat_reply *reply)
{
	const struct chat_hello *hello = &reply->hello;

	at = put_string(at, SPAN("{\"conn\":"), hello->conn);
	at = put_string(at, SPAN(",\"user\":"), hello->user);
	at = put_integer(at, SPAN(",\"time\":"), reply->time_ms);
	at = put_integer(at, SPAN(",\"ping\":"), hello->ping_s);
	at = put_string(at, SPAN(",\"server\":"), hello->server);
	at = put_integer(at, SPAN(",\"limits\":{\"frame\":"), hello->frame_size_max);
	at = put_integer(at, SPAN(",\"data\":"), hello->data_size_max);
	at = put_integer(at, SPAN(",\"rooms\":"), hello->rooms_max);
	at = put_integer(at, SPAN(",\"page\":"), hello->page_max);
	at = put_integer(at, SPAN(",\"sends\":"), hello->sends_per_s);
	return put(at, SPAN("}}"));
}

static uint8_t *put_users(uint8_t *at, const struct chat_reply *reply)
{
	at = put(at, SPAN(",\"users\":["));
	for (uint32_t i = 0; i < reply->user_count; i++) {
		if (i > 0)
			*at++ = ',';
		at = put_string(at, SPAN("{\"id\":"), reply->users[i].id);
		at = put_integer(at, SPAN(",\"n\":"), reply->users[i].connections);
		*at++ = '}';
	}
	*at++ = ']';
	return reply->users_more ? put(at, SPAN(",\"users_more\":true")) : at;
}

static uint8_t *put_events(uint8_t *at, const struct chat_page *page)
{
	at = put(at, SPAN(",\"events\":["));
	for (uint32_t i = 0; i < page->event_count; i++) {
		if (i > 0)
			*at++ = ',';
		at += native_event(at, &page->events[i]);
	}
	return put(at, SPAN("]"));
}

static uint8_t *put_more(uint8_t *at, bool more)
{
	return put(at, more ? SPAN(",\"more\":true") : SPAN(",\"more\":false"));
}

static uint8_t *put_rights(uint8_t *at, uint8_t rights)
{
	bool first = true;

	at = put(at, SPAN(",\"rights\":["));
	for (unsigned right = 0; right < CHAT_RIGHT_COUNT; right++) {
		if ((rights >> right & 1) == 0)
			continue;
		if (!first)
			*at++ = ',';
		first = false;
		at = put_word(at, SPAN("\""), text_of(chat_right_name((enum chat_right_index)right)));
	}
	return put(at, SPAN("]"));
}

static uint8_t *put_resume(uint8_t *at, enum chat_resume resume)
{
	switch (resume) {
	case CHAT_RESUME_NOT_ASKED:
		return at;
	case CHAT_RESUME_OK:
		return put(at, SPAN(",\"recovered\":true"));
	case CHAT_RESUME_EPOCH:
		return put(at, SPAN(",\"recovered\":false,\"reason\":\"epoch\""));
	case CHAT_RESUME_GAP:
		return put(at, SPAN(",\"recovered\":false,\"reason\":\"gap\""));
	}
	assert(!"a resume of no kind");
	return at;
}

static uint8_t *put_class(uint8_t *at, enum chat_class class)
{
	return put(at, class == CHAT_CLASS_DISK ? SPAN(",\"class\":\"disk\"") : SPAN(",\"class\":\"memory\""));
}

static uint8_t *put_join(uint8_t *at, const struct chat_reply *reply)
{
	const struct chat_page *page = &reply->page;

	at = put_word(at, SPAN("{\"room\":\""), page->room);
	at = put_word(at, SPAN(",\"epoch\":\""), page->epoch);
	at = put_integer(at, SPAN(",\"seq\":"), page->last);
	at = put_integer(at, SPAN(",\"first\":"), page->first);
	at = put_integer(at, SPAN(",\"n\":"), reply->count);
	at = put_class(at, reply->page.class);
	at = put_resume(at, reply->resume);
	at = put_more(at, page->more);
	if (reply->read != 0)
		at = put_integer(at, SPAN(",\"read\":"), reply->read);
	if (reply->rights != 0)
		at = put_rights(at, reply->rights);
	if (reply->every_s != 0)
		at = put_integer(at, SPAN(",\"every\":"), reply->every_s);
	if (reply->locked)
		at = put(at, SPAN(",\"locked\":true"));
	if (reply->with_users)
		at = put_users(at, reply);
	at = put_events(at, page);
	return put(at, SPAN("}"));
}

static uint8_t *put_ack(uint8_t *at, const struct chat_reply *reply)
{
	at = put_word(at, SPAN("{\"room\":\""), reply->page.room);
	at = put_integer(at, SPAN(",\"seq\":"), reply->page.last);
	at = put_integer(at, SPAN(",\"ts\":"), reply->time_ms);
	at = put_word(at, SPAN(",\"epoch\":\""), reply->page.epoch);
	at = put_class(at, reply->page.class);
	return put(at, reply->duplicate ? SPAN(",\"dup\":true}") : SPAN("}"));
}

static uint8_t *put_history(uint8_t *at, const struct chat_reply *reply)
{
	const struct chat_page *page = &reply->page;

	at = put_word(at, SPAN("{\"room\":\""), page->room);
	at = put_word(at, SPAN(",\"epoch\":\""), page->epoch);
	at = put_events(at, page);
	at = put_integer(at, SPAN(",\"first\":"), page->first);
	at = put_integer(at, SPAN(",\"seq\":"), page->last);
	at = put_more(at, page->more);
	return put(at, SPAN("}"));
}

/* What a message looks like now: with the number of the edit that made it so. */
static uint8_t *put_current(uint8_t *at, const struct chat_event *event)
{
	at += native_event(at, event);
	if (event->kind != CHAT_EV_msg || event->rev == 0)
		return at;
	assert(at[-1] == '}');
	at = put_integer(at - 1, SPAN(",\"rev\":"), event->rev);
	return put(at, SPAN("}"));
}

static uint8_t *put_search(uint8_t *at, const struct chat_reply *reply)
{
	const struct chat_page *page = &reply->page;

	at = put_word(at, SPAN("{\"room\":\""), page->room);
	at = put_word(at, SPAN(",\"epoch\":\""), page->epoch);
	at = put(at, SPAN(",\"events\":["));
	for (uint32_t i = 0; i < page->event_count; i++) {
		if (i > 0)
			*at++ = ',';
		at = put_current(at, &page->events[i]);
	}
	at = put_more(put(at, SPAN("]")), page->more);
	return put(at, SPAN("}"));
}

static uint8_t *put_presence(uint8_t *at, const struct chat_reply *reply)
{
	at = put_word(at, SPAN("{\"room\":\""), reply->page.room);
	at = put_integer(at, SPAN(",\"n\":"), reply->count);
	at = put_users(at, reply);
	return put(at, SPAN("}"));
}

static uint8_t *put_body(uint8_t *at, const struct chat_reply *reply)
{
	switch (reply->kind) {
	case CHAT_REPLY_EMPTY:
		return put(at, SPAN("{}"));
	case CHAT_REPLY_ERROR:
		return put_error(at, reply);
	case CHAT_REPLY_HELLO:
		return put_hello(at, reply);
	case CHAT_REPLY_JOIN:
		return put_join(at, reply);
	case CHAT_REPLY_ACK:
		return put_ack(at, reply);
	case CHAT_REPLY_HISTORY:
		return put_history(at, reply);
	case CHAT_REPLY_SEARCH:
		return put_search(at, reply);
	case CHAT_REPLY_PRESENCE:
		return put_presence(at, reply);
	case CHAT_REPLY_TIME:
		at = put_integer(at, SPAN("{\"time\":"), reply->time_ms);
		return put(at, SPAN("}"));
	}
	assert(!"a reply of no kind");
	return at;
}

size_t native_reply(uint8_t *out, const struct chat_reply *reply)
{
	uint8_t *at = put_integer(out, SPAN("{\"re\":"), reply->re);

	at = put(at, reply->kind == CHAT_REPLY_ERROR ? SPAN(",\"err\":") : SPAN(",\"ok\":"));
	at = put_body(at, reply);
	*at++ = '}';
	const size_t size = (size_t)(at - out);

	assert(size <= native_reply_bound(reply));
	return size;
}
