#include "engine/gate/render.h"

#include "engine/chat/cursor.h"
#include "engine/core/check.h"
#include "engine/gate/frame.h"
#include "proto/dialect/native.h"

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

static void render_variant(struct gate *gate, const struct mail_event *mail, uint32_t hot_index)
{
	struct hot_log *hot = hot_log_at(&gate->hall, hot_index);
	const uint64_t seq = chat_event_logged(mail->event.kind) ? mail->event.seq : 0;
	const size_t bound = native_event_bound(&mail->event);
	uint8_t *frame = hot_log_reserve(&gate->hall, hot, frame_bound(bound));

	if (!frame) {
		hot_log_skip(&gate->hall, hot, seq);
		return;
	}
	const size_t size = frame_finish(frame, bound, native_event(frame_payload(frame, bound), &mail->event));

	hot_log_commit(&gate->hall, hot, size, seq);
	counter_add(gate->counters, COUNTER_delivered, hot->count);
	if (seq != 0)
		hide_from_author(gate, &mail->author, hot_index, size);
}

void render_event(struct gate *gate, const struct mail_event *mail)
{
	const uint32_t index = directory_find(&gate->directory, mail->event.room, mail->room_hash);

	if (index == 0)
		return; /* the last member here has left meanwhile */
	const struct place *place = directory_at(&gate->directory, index);

	if (chat_event_logged(mail->event.kind) && place->hot[VARIANT_LOG] != 0)
		render_variant(gate, mail, place->hot[VARIANT_LOG]);
	if (place->hot[VARIANT_PRESENCE] != 0)
		render_variant(gate, mail, place->hot[VARIANT_PRESENCE]);
}
