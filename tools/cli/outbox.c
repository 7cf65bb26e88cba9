#include "tools/cli/outbox.h"

#include "engine/core/check.h"

void outbox_init(struct outbox *outbox, uint64_t first)
{
	*outbox = (struct outbox){ .first = first, .next = first };
}

void outbox_free(struct outbox *outbox)
{
	uint64_t n = outbox->next;

	/* Those that were ever used lie in a row, up to the next. */
	while (outbox->entries[--n % OUTBOX_MAX].command.bytes)
		text_free(&outbox->entries[n % OUTBOX_MAX].command);
}

void outbox_put(struct outbox *outbox, const char *op, const char *room, const char *producer, struct span members,
		size_t data_size)
{
	struct outbox_entry *const entry = &outbox->entries[outbox->next % OUTBOX_MAX];
	struct text *const command = &entry->command;

	CHECK(!outbox_is_full(outbox));
	entry->id = 0;
	entry->done = false;
	entry->data_size = data_size;
	text_clear(command);
	text_puts(command, ",\"op\":\"");
	text_puts(command, op);
	text_puts(command, "\",\"room\":\"");
	text_puts(command, room);
	text_puts(command, "\",\"cid\":\"");
	text_puts(command, producer);
	text_puts(command, ":");
	text_number(command, outbox->next);
	text_puts(command, "\"");
	text_put(command, members);
	text_puts(command, "}");
	outbox->next++;
}

struct outbox_entry *outbox_unsent(struct outbox *outbox)
{
	for (uint64_t n = outbox->first; n < outbox->next; n++) {
		struct outbox_entry *const entry = &outbox->entries[n % OUTBOX_MAX];

		if (!entry->done && entry->id == 0)
			return entry;
	}
	return NULL;
}

struct outbox_entry *outbox_sent(struct outbox *outbox, uint64_t id)
{
	for (uint64_t n = outbox->first; n < outbox->next; n++) {
		struct outbox_entry *const entry = &outbox->entries[n % OUTBOX_MAX];

		if (!entry->done && entry->id == id)
			return entry;
	}
	return NULL;
}

void outbox_done(struct outbox *outbox, struct outbox_entry *entry)
{
	CHECK(!entry->done);
	entry->done = true;
	while (outbox->first < outbox->next && outbox->entries[outbox->first % OUTBOX_MAX].done)
		outbox->first++;
}

void outbox_rewind(struct outbox *outbox)
{
	for (uint64_t n = outbox->first; n < outbox->next; n++)
		outbox->entries[n % OUTBOX_MAX].id = 0;
}
