/* Mail between cores: in its order whatever waits, within its bound, and all of it given back. */
#include <signal.h>

#include "engine/chat/post.h"
#include "engine/core/random.h"
#include "engine/core/slab.h"
#include "tests/unit/engine/core/ring_fixture.h"

#define RING_SIZE 4096
#define TO 1 /* mail goes from core 0 to this one */

struct letter {
	struct mail mail;
	uint64_t number;
	size_t size;
	uint8_t bytes[];
};

static struct xring way[2];
static struct bell bells[2];
static struct counters counters;
static struct post post;
static uint64_t sent, got;

static void setup(void)
{
	for (int i = 0; i < 2; i++)
		cr_assert_eq(xring_open(&way[i], RING_SIZE), 0);
	post = (struct post){
		.out = { &way[0], &way[1] },
		.bells = { &bells[0], &bells[1] },
		.cores = 2,
		.counters = &counters,
		.waiting_bytes_max = 10000,
	};
}

static void teardown(void)
{
	post_close(&post);
	xring_close(&way[0]);
	xring_close(&way[1]);
	cr_assert_eq(block_bytes_out(), 0, "what waited is given back");
}

TestSuite(post, .init = setup);

static void write_letter(size_t size)
{
	struct letter *letter = post_begin(&post, TO, sizeof(*letter) + size);

	letter->mail.kind = MAIL_EVENT;
	letter->number = sent++;
	letter->size = size;
	memset(letter->bytes, (int)letter->number, size);
	post_end(&post, TO);
}

/* Reads up to `most` letters, each the next in the order they were written. */
static uint64_t read_letters(uint64_t most)
{
	uint64_t count = 0;

	for (; count < most; count++) {
		const struct letter *letter = (const struct letter *)post_peek(&way[TO]);

		if (!letter)
			break;
		cr_assert_eq(letter->mail.kind, MAIL_EVENT);
		cr_assert_eq(letter->number, got++, "in order");
		for (size_t i = 0; i < letter->size; i++)
			cr_assert_eq(letter->bytes[i], (uint8_t)letter->number);
		cr_assert_eq(post_peek(&way[TO]), letter, "stays until dropped");
		post_drop(&way[TO]);
	}
	return count;
}

Test(post, goes_through_the_ring_where_it_fits)
{
	write_letter(10);
	write_letter(0);
	cr_assert_eq(block_bytes_out(), 0);
	cr_assert_eq(read_letters(9), 2);
	cr_assert_eq(counter_read(&counters, COUNTER_mail_out), 2);
	cr_assert_eq(counter_read(&counters, COUNTER_mail_waited), 0);
	teardown();
}

Test(post, what_finds_the_ring_full_waits_and_nothing_overtakes_it)
{
	while (counter_read(&counters, COUNTER_mail_waited) == 0)
		write_letter(100);
	cr_assert_eq(read_letters(20), 20);
	write_letter(100); /* there is room again, but one waits */
	cr_assert_eq(counter_read(&counters, COUNTER_mail_waited), 2);
	post_flush(&post, NULL);
	cr_assert_eq(post.waiting_bytes, 0);
	write_letter(100); /* behind those that go as blocks now */
	cr_assert_eq(counter_read(&counters, COUNTER_mail_waited), 2);
	read_letters(UINT64_MAX);
	cr_assert_eq(got, sent);
	cr_assert_eq(block_bytes_out(), 0);
	teardown();
}

Test(post, a_mail_larger_than_any_place_in_the_ring_goes_as_a_block)
{
	write_letter(xring_message_max(&way[TO]) - sizeof(struct letter));
	cr_assert_eq(counter_read(&counters, COUNTER_mail_waited), 0);
	cr_assert_eq(read_letters(9), 1);
	write_letter(xring_message_max(&way[TO]) - sizeof(struct letter) + 1);
	write_letter(100000);
	write_letter(1);
	cr_assert_eq(read_letters(9), 0);
	cr_assert_neq(post.to_flush, 0);
	post_flush(&post, NULL);
	cr_assert_eq(post.to_flush, 0);
	cr_assert_eq(read_letters(9), 3);
	teardown();
}

Test(post, a_flush_that_fills_the_ring_is_taken_up_again)
{
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 300; i++)
			write_letter(100);
		post_flush(&post, NULL);
		cr_assert_gt(post.waiting_bytes, 0);
		cr_assert_neq(post.to_flush, 0, "so the core does not go to sleep");
		write_letter(100);
		for (int i = 0; post.to_flush != 0; i++) {
			cr_assert_lt(i, 100);
			read_letters(UINT64_MAX);
			post_flush(&post, NULL);
		}
		read_letters(UINT64_MAX);
		cr_assert_eq(got, sent);
	}
	teardown();
}

Test(post, keeps_the_order_whatever_is_read_when)
{
	struct random random;

	random_seed(&random, 8);
	for (int step = 0; step < 20000; step++) {
		switch (random_below(&random, 3)) {
		case 0:
			write_letter(random_below(&random, random_below(&random, 20) == 0 ? 6000 : 300));
			break;
		case 1:
			read_letters(random_below(&random, 5));
			break;
		case 2:
			post_flush(&post, NULL);
			break;
		}
	}
	cr_assert_gt(counter_read(&counters, COUNTER_mail_waited), 100);
	while (got < sent) {
		post_flush(&post, NULL);
		read_letters(UINT64_MAX);
	}
	post_flush(&post, NULL);
	cr_assert_eq(post.waiting_bytes, 0);
	cr_assert_eq(post.to_flush, 0);
	cr_assert_eq(block_bytes_out(), 0);
	teardown();
}

Test(post, is_full_one_past_its_bound)
{
	while (counter_read(&counters, COUNTER_mail_waited) == 0)
		write_letter(100);
	write_letter(post.waiting_bytes_max - post.waiting_bytes - sizeof(struct letter));
	cr_assert_eq(post.waiting_bytes, post.waiting_bytes_max);
	cr_assert_not(post_is_full(&post));
	cr_assert(post_is_busy(&post));
	write_letter(0);
	cr_assert(post_is_full(&post));
	while (post_is_full(&post)) {
		read_letters(UINT64_MAX);
		post_flush(&post, NULL);
	}
	read_letters(UINT64_MAX);
	cr_assert_eq(got, sent);
	teardown();
}

Test(post, is_busy_one_past_half_its_bound)
{
	while (counter_read(&counters, COUNTER_mail_waited) == 0)
		write_letter(100);
	write_letter(post.waiting_bytes_max / 2 - post.waiting_bytes - sizeof(struct letter));
	cr_assert_not(post_is_busy(&post));
	write_letter(0);
	cr_assert(post_is_busy(&post));
	cr_assert_not(post_is_full(&post));
	teardown();
}

Test(post, stays_full_until_what_was_handed_over_is_read)
{
	write_letter(post.waiting_bytes_max - sizeof(struct letter));
	post_flush(&post, NULL);
	cr_assert_eq(post.waiting_bytes, 0, "it is in the ring, by its address");
	cr_assert_not(post_is_full(&post));
	write_letter(3000); /* larger than any place in the ring */
	cr_assert(post_is_full(&post));
	post_flush(&post, NULL);
	cr_assert_eq(post.waiting_bytes, 0);
	cr_assert(post_is_full(&post), "nobody has read it");
	cr_assert_eq(read_letters(1), 1);
	post_flush(&post, NULL);
	cr_assert_not(post_is_full(&post));
	cr_assert_eq(read_letters(9), 1);
	post_flush(&post, NULL);
	cr_assert_eq(post.unread_bytes, 0);
	teardown();
}

Test(post, what_was_not_read_when_it_ends_is_given_back)
{
	for (int i = 0; i < 100; i++)
		write_letter(300);
	cr_assert_gt(post.waiting_bytes, 0);
	teardown();
}

Test(post, mail_to_oneself_needs_no_bell)
{
	post.core = TO;
	bell_sleep(&bells[TO]);
	write_letter(5);
	post_flush(&post, NULL);
	cr_assert_eq(counter_read(&counters, COUNTER_wakes), 0);
	cr_assert_eq(read_letters(9), 1);
	teardown();
}

Test(post, wakes_a_core_that_sleeps_once)
{
	int own;

	open_ring(&usual);
	own = ring_bell(ring);
	post.ring_bells = (int[]){ -1, own };
	bell_sleep(&bells[TO]);
	write_letter(5);
	write_letter(5);
	cr_assert_eq(counter_read(&counters, COUNTER_wakes), 0, "not before the turn is over");
	post_flush(&post, ring);
	write_letter(5);
	post_flush(&post, ring);
	cr_assert_eq(counter_read(&counters, COUNTER_wakes), 1);
	UNTIL(woken > 0);
	cr_assert_eq(woken, 1);
	cr_assert_eq(read_letters(9), 3);
	ring_close_all(ring);
	teardown();
}

Test(post, beginning_two_at_once_is_a_crash, .signal = SIGABRT)
{
	post_begin(&post, TO, 10);
	post_begin(&post, TO, 10);
}

Test(post, ending_what_was_not_begun_is_a_crash, .signal = SIGABRT)
{
	post_end(&post, TO);
}
