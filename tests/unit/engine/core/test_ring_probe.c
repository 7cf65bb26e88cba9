#include <criterion/criterion.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/core/ring.h"

static struct ring_features features;

Test(ring_probe, the_probe_says_why_or_that_it_works)
{
	ring_probe(&features);
	cr_assert(features.usable ? !features.reason[0] : features.reason[0] && features.error > 0);
	fprintf(stderr, "io_uring: usable %d, incremental %d, peer %d, shares %d, zero copy %d %s\n", features.usable,
		features.incremental, features.peer_address, features.receive_share, features.send_zero_copy,
		features.reason);
}

/* Its loopback is down: nobody can be connected to. */
static int probe_without_a_network(const struct ring_features *usual)
{
	struct ring_features found;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return 2;
	ring_probe(&found);
	return found.usable == usual->usable && found.peer_address == usual->peer_address &&
			       found.receive_share == usual->receive_share && found.incremental == usual->incremental &&
			       found.restrictions == usual->restrictions
		       ? 0
		       : 1;
}

Test(ring_probe, finds_the_same_where_nobody_can_be_connected_to)
{
	int status;

	ring_probe(&features);
	const pid_t child = fork();

	if (child == 0)
		_exit(probe_without_a_network(&features));
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status));
	if (WEXITSTATUS(status) == 2)
		cr_skip("no network namespaces here");
	cr_assert_eq(WEXITSTATUS(status), 0);
}

/* From here this process is refused io_uring_setup with the given error, as a container's filter does it. */
static void forbid(int error)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = sizeof(rules) / sizeof(rules[0]), .filter = rules };

	cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	cr_assert_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static void expect_reason(int error, const char *word)
{
	forbid(error);
	ring_probe(&features);
	cr_assert_not(features.usable);
	cr_assert_eq(features.error, error);
	cr_assert_not_null(strstr(features.reason, word), "%s", features.reason);
	cr_assert_null(strchr(features.reason, '\n'));
}

Test(ring_probe, names_seccomp_or_the_sysctl_when_it_is_refused)
{
	ring_probe(&features);
	expect_reason(EPERM, features.error == EPERM ? "io_uring" : "seccomp");
}

Test(ring_probe, names_the_kernel_when_there_is_no_io_uring)
{
	expect_reason(ENOSYS, "Linux 6.1");
}

Test(ring_probe, names_the_kernel_when_it_is_too_old)
{
	expect_reason(EINVAL, "too old");
}

Test(ring_probe, names_the_limit_when_memory_may_not_be_locked)
{
	expect_reason(ENOMEM, "RLIMIT_MEMLOCK");
}
