#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/unit/engine/core/ring_fixture.h"

static _Atomic int other_bell = -1;
static uint64_t *handed_over;

/* The other core: says where it is rung, sleeps, reads what it was told of, and rings back. */
static void *other_core(void *own_bell)
{
	struct ring_event events[4];
	int error, told = 0;
	struct ring *other = ring_open(&usual, &features, &error);

	cr_assert_not_null(other);
	atomic_store(&other_bell, ring_bell(other));
	while (told < 100) {
		const size_t count = ring_collect(other, events, 4, 10 * SECOND);

		for (size_t i = 0; i < count; i++) {
			cr_assert_eq(events[i].kind, RING_WOKEN);
			cr_assert_eq(*(uint64_t *)(uintptr_t)events[i].word, 0xabcd + (uint64_t)told);
			told++;
			ring_wake(other, *(int *)own_bell, UINT64_MAX - (uint64_t)told);
		}
		cr_assert_gt(count, 0, "slept through a bell");
	}
	ring_collect(other, events, 4, 0);
	ring_close_all(other);
	return NULL;
}

Test(ring_bell, two_threads_wake_each_other, .timeout = 60)
{
	pthread_t thread;
	int bell;

	open_ring(&usual);
	bell = ring_bell(ring);
	cr_assert_eq(pthread_create(&thread, NULL, other_core, &bell), 0);
	while (atomic_load(&other_bell) < 0)
		turn(SECOND / 1000);
	for (uint32_t i = 0; i < 100; i++) {
		/* Written plainly, read by the other thread: the bell is what orders the two. */
		handed_over = malloc(sizeof(*handed_over));
		*handed_over = 0xabcd + i;
		ring_wake(ring, other_bell, (uint64_t)(uintptr_t)handed_over);
		UNTIL(woken > i);
		cr_assert_eq(word, UINT64_MAX - (i + 1), "all 64 bits");
		free(handed_over);
	}
	pthread_join(thread, NULL);
	cr_assert_eq(turn(SECOND / 100), 0, "the sender hears nothing of its own wakes");
	ring_close_all(ring);
}

static void *post(void *unused)
{
	for (uint64_t i = 0; i < 10; i++)
		cr_assert_eq(ring_post(ring_bell(ring), i << 40 | i), 0);
	return unused;
}

Test(ring_bell, a_thread_without_a_ring_can_post, .timeout = 60)
{
	pthread_t thread;

	open_ring(&usual);
	cr_assert_eq(pthread_create(&thread, NULL, post, NULL), 0);
	UNTIL(woken == 10);
	cr_assert_eq(word, 9ull << 40 | 9);
	pthread_join(thread, NULL);
	cr_assert_lt(ring_post(listener, 1), 0, "no ring there");
	ring_close_all(ring);
}

/* Answers for the kernel: the first calls it has no memory for, the others it runs. */
static void *short_of_memory(void *notices)
{
	struct seccomp_notif asked;

	for (int refusals = 5;; refusals--) {
		struct seccomp_notif_resp answer = { .error = -EAGAIN };

		memset(&asked, 0, sizeof(asked));
		if (ioctl(*(int *)notices, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0)
			continue;
		answer.id = asked.id;
		if (refusals <= 0)
			answer = (struct seccomp_notif_resp){ .id = asked.id,
							      .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
		ioctl(*(int *)notices, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
	return NULL;
}

/* From here on another thread is asked about each io_uring_enter of this one. */
static int watch_enters(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_enter, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = sizeof(rules) / sizeof(rules[0]), .filter = rules };

	cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

Test(ring_bell, a_word_is_posted_once_though_the_kernel_has_no_memory_at_first, .timeout = 60)
{
	static int notices = -1;
	pthread_t thread;

	open_ring(&usual);
	cr_assert_eq(ring_post_open(), 0);
	notices = watch_enters();
	if (notices < 0)
		cr_skip("no notices of seccomp here");
	cr_assert_eq(pthread_create(&thread, NULL, short_of_memory, &notices), 0);
	cr_assert_eq(ring_post(ring_bell(ring), 1), 0);
	UNTIL(woken == 1);
	cr_assert_eq(word, 1);
	cr_assert_eq(ring_post(ring_bell(ring), 2), 0);
	UNTIL(woken == 2);
	cr_assert_eq(word, 2);
	cr_assert_eq(turn(SECOND / 100), 0);
}

Test(ring_bell, more_wakes_than_a_submission_holds_all_arrive_in_order)
{
	struct ring_event events[EVENTS];
	uint64_t next = 0;

	open_ring(&usual);
	for (uint64_t i = 0; i < 5000; i++)
		ring_wake(ring, ring_bell(ring), i);
	while (next < 5000) {
		const size_t count = ring_collect(ring, events, EVENTS, SECOND);

		cr_assert_gt(count, 0, "%llu came", (unsigned long long)next);
		for (size_t i = 0; i < count; i++, next++)
			cr_assert(events[i].kind == RING_WOKEN && events[i].word == next);
	}
	cr_assert_eq(turn(0), 0);
	ring_close_all(ring);
}
