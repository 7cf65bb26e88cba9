#include "engine/gate/render.h"

#include "engine/chat/cursor.h"
#include "engine/core/check.h"
#include "engine/gate/frame.h"
#include "engine/gate/removal.h"
#include "engine/gate/latency.h"
#include "proto/chat/limits.h"
#include "proto/dialect/native.h"

/* The largest data, and all other members of an event with every byte of their text escaped. */
#define EVENT_FRAME_MAX (CHAT_DATA_SIZE_MAX + 4096)

/* The author asked not to see its own: a hole in its range. */
static void hide_from_author(struct gate *gate, const struct mail_origin *author, uint32_t hot_index, size_t size)
{
	const struct hot_log *hot = hot_log_at(&gate->hall, hot_index);

	if (author->core != gate->core || author->cursor == 0)
		return;
	struct cursor *cursor = cursor_still(&gate->hall, author->slot, author->cursor, author->stamp);

	if (cursor && cursor->hot == hot_index && cursor->no_echo)
		cursor_hole(&gate->hall, cursor, hot->tail - size, hot->tail);
}

/* The frame lies at the hot log's tail. */
static void rendered(struct gate *gate, const struct mail_event *mail, uint32_t hot_index, size_t size)
{
	struct hot_log *hot = hot_log_at(&gate->hall, hot_index);
	const uint64_t seq = chat_event_logged(mail->event.kind) ? mail->event.seq : 0;

	hot_log_commit(&gate->hall, hot, size, seq);
	counter_add(gate->counters, COUNTER_delivered, hot->count);
	latency_delivered(gate, mail->author.heard_us, hot->count);
	if (seq != 0)
		hide_from_author(gate, &mail->author, hot_index, size);
}

/* Room for a frame at the hot log's tail, or NULL: then it is left out. */
static uint8_t *reserve(struct gate *gate, const struct mail_event *mail, uint32_t hot_index, size_t size)
{
	struct hot_log *hot = hot_log_at(&gate->hall, hot_index);
	uint8_t *frame = hot_log_reserve(&gate->hall, hot, size);

	if (!frame)
		hot_log_skip(&gate->hall, hot, chat_event_logged(mail->event.kind) ? mail->event.seq : 0);
	return frame;
}

static void render_plain(struct gate *gate, const struct mail_event *mail, uint32_t hot_index)
{
	const size_t bound = native_event_bound(&mail->event);
	uint8_t *frame = reserve(gate, mail, hot_index, frame_bound(bound));

	if (frame)
		rendered(
			gate, mail, hot_index,
			frame_finish(frame, bound, native_event(frame_payload(frame, bound), &mail->event), SPAN_NONE));
}

static void render_copy(struct gate *gate, const struct mail_event *mail, uint32_t hot_index, struct span whole)
{
	uint8_t *frame = reserve(gate, mail, hot_index, whole.size);

	if (!frame)
		return;
	memcpy(frame, whole.bytes, whole.size);
	rendered(gate, mail, hot_index, whole.size);
}

/* For members who agreed on compression: compressed once, however many they are and whatever else they want. */
static void render_compressed(struct gate *gate, const struct mail_event *mail, uint32_t log, uint32_t presence)
{
	static _Thread_local uint8_t frame[EVENT_FRAME_MAX];
	const size_t bound = native_event_bound(&mail->event);

	CHECK(frame_bound(bound) <= sizeof(frame));
	const size_t payload = native_event(frame_payload(frame, bound), &mail->event);
	const struct span packed = codec_deflate_shared(&gate->codec, frame_payload(frame, bound), payload);
	const struct span whole = span_of(frame, frame_finish(frame, bound, payload, packed));

	if (log != 0)
		render_copy(gate, mail, log, whole);
	if (presence != 0)
		render_copy(gate, mail, presence, whole);
}

void render_event(struct gate *gate, const struct mail_event *mail)
{
	const uint32_t index = directory_find(&gate->directory, mail->event.room, mail->room_hash);

	if (index == 0)
		return; /* the last member here has left meanwhile */
	const struct place *place = directory_at(&gate->directory, index);
	const bool logged = chat_event_logged(mail->event.kind);
	const uint32_t log = logged ? place->hot[VARIANT_LOG_COMPRESSED] : 0;
	const uint32_t presence = place->hot[VARIANT_PRESENCE_COMPRESSED];

	if (logged && place->hot[VARIANT_LOG] != 0)
		render_plain(gate, mail, place->hot[VARIANT_LOG]);
	if (place->hot[VARIANT_PRESENCE] != 0)
		render_plain(gate, mail, place->hot[VARIANT_PRESENCE]);
	if ((log | presence) != 0)
		render_compressed(gate, mail, log, presence);
	if (mail->event.kind == CHAT_EV_mod)
		removal_event(gate, mail);
}
