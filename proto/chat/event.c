#include "proto/chat/event.h"

#include <assert.h>

static const struct {
	const char *name;
	bool logged;
} events[CHAT_EVENT_COUNT] = {
#define CHAT_EVENT(name, logged) [CHAT_EV_##name] = { #name, logged },
#include "proto/chat/tbl/events.h"
#undef CHAT_EVENT
};

const char *chat_event_name(enum chat_event_kind kind)
{
	assert((unsigned)kind < CHAT_EVENT_COUNT);
	return events[kind].name;
}

bool chat_event_logged(enum chat_event_kind kind)
{
	assert((unsigned)kind < CHAT_EVENT_COUNT);
	return events[kind].logged;
}
