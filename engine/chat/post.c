#include "engine/chat/post.h"

#include "engine/core/check.h"
#include "engine/core/mutant.h"
#include "engine/core/slab.h"

struct waiting {
	struct waiting *next;
	size_t size; /* of the mail */
	_Alignas(16) uint8_t mail[];
};

static struct waiting *waiting_make(struct post *post, size_t size)
{
	struct waiting *waiting = block_take(sizeof(struct waiting) + size);

	CHECK(waiting);
	waiting->next = NULL;
	waiting->size = size;
	post->waiting_bytes += size;
	counter_add(post->counters, COUNTER_mail_waited, 1);
	return waiting;
}

void *post_begin(struct post *post, uint32_t core, size_t size)
{
	struct xring *ring = post->out[core];

	CHECK(core < post->cores && post->begun_size == 0);
	post->begun_size = size;
	if ((!post->first[core] || PLANTED(1)) /* overtakes what waits */ && size <= xring_message_max(ring)) {
		void *mail = xring_reserve(ring, size);

		if (mail)
			return mail;
	}
	post->begun = waiting_make(post, size);
	return post->begun->mail;
}

void post_end(struct post *post, uint32_t core)
{
	struct waiting *waiting = post->begun;

	CHECK(post->begun_size > 0);
	counter_add(post->counters, COUNTER_mail_out, 1);
	post->to_flush |= 1ull << core;
	if (!waiting) {
		xring_push(post->out[core], post->begun_size);
	} else {
		if (post->last[core])
			post->last[core]->next = waiting;
		else
			post->first[core] = waiting;
		post->last[core] = waiting;
	}
	post->begun = NULL;
	post->begun_size = 0;
}

bool post_is_full(const struct post *post)
{
	return post->waiting_bytes + post->unread_bytes > post->waiting_bytes_max;
}

bool post_is_busy(const struct post *post)
{
	return post->waiting_bytes + post->unread_bytes > post->waiting_bytes_max / 2;
}

/* What waited is handed over by its address: the consumer gives the block back. */
static void flush_waiting(struct post *post, uint32_t core)
{
	while (post->first[core]) {
		struct waiting *waiting = post->first[core];
		struct mail_block *mail = xring_reserve(post->out[core], sizeof(*mail));

		if (!mail)
			return;
		*mail = (struct mail_block){
			.mail.kind = MAIL_BLOCK,
			.block = (struct mail *)waiting->mail,
			.size = waiting->size,
		};
		post->first[core] = waiting->next;
		if (!post->first[core])
			post->last[core] = NULL;
		post->waiting_bytes -= waiting->size;
		post->handed[core] += waiting->size;
		xring_push(post->out[core], sizeof(*mail));
	}
}

static uint64_t unread(const struct post *post)
{
	uint64_t sum = 0;

	for (uint32_t core = 0; core < post->cores; core++)
		if (post->handed[core] > 0)
			sum += post->handed[core] - xring_given_back(post->out[core]);
	return sum;
}

void post_flush(struct post *post, struct ring *ring)
{
	for (uint64_t left = post->to_flush; left != 0; left &= left - 1) {
		const uint32_t core = (uint32_t)__builtin_ctzll(left);

		flush_waiting(post, core);
		if (!post->first[core])
			post->to_flush &= ~(1ull << core);
		if (core != post->core && bell_must_ring(post->bells[core])) {
			counter_add(post->counters, COUNTER_wakes, 1);
			ring_wake(ring, post->ring_bells[core], 0);
		}
	}
	post->unread_bytes = unread(post);
}

struct mail *post_peek(struct xring *in)
{
	size_t size;
	struct mail *mail = xring_peek(in, &size);

	if (mail && mail->kind == MAIL_BLOCK)
		return ((struct mail_block *)mail)->block;
	return mail;
}

void post_drop(struct xring *in)
{
	size_t size;
	struct mail *mail = xring_peek(in, &size);

	CHECK(mail);
	if (mail->kind == MAIL_BLOCK) {
		const struct mail_block *block = (const struct mail_block *)mail;

		xring_gave_back(in, block->size);
		block_give((uint8_t *)block->block - sizeof(struct waiting), sizeof(struct waiting) + block->size);
	}
	xring_drop(in);
}

void post_close(struct post *post)
{
	for (uint32_t core = 0; core < post->cores; core++)
		while (post->first[core]) {
			struct waiting *waiting = post->first[core];

			post->first[core] = waiting->next;
			block_give(waiting, sizeof(struct waiting) + waiting->size);
		}
}
