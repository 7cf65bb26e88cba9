/* history.h - which part of a room's log answers a question, and that part as a page. For chat/'s home files alone.
 */
#ifndef CHAT_HISTORY_H
#define CHAT_HISTORY_H

#include "engine/chat/home_rooms.h"

/* Seqs from..to, both kept; to < from: nothing. */
struct history_range {
	uint64_t from, to;
	bool more; /* there are kept events further in the direction asked */
};

/* At most limit events and page_bytes of data, but at least one event if there is one. */
struct history_range history_after(const struct room_log *log, uint64_t after, uint32_t limit, size_t page_bytes);
struct history_range history_before(const struct room_log *log, uint64_t before, uint32_t limit, size_t page_bytes);
struct history_range history_around(const struct room_log *log, uint64_t seq, uint32_t limit, size_t page_bytes);

/* What a history command asks for, as far as it is in the log. */
struct history_range history_asked(const struct home *home, const struct room *room,
				   const struct chat_command *command);

/* The same for events that are not in the log. */
size_t history_stored_bytes(const struct home *home, const struct room *room, const struct chat_event *events,
			    uint32_t count);
uint8_t *history_stored(const struct home *home, const struct room *room, const struct chat_event *events,
			uint32_t count, struct chat_page *page, uint8_t *at);

/* The bytes of a page behind a mail, and the page written there; gives the end. */
size_t history_page_bytes(const struct home *home, const struct room *room, struct history_range range);
uint8_t *history_page(const struct home *home, const struct room *room, struct history_range range,
		      struct chat_page *page, uint8_t *at);

#endif
