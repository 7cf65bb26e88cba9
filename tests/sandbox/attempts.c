#include "tests/sandbox/attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* One row: a name that is also the function's, what it does, and its return value is the call's. */
#define ATTEMPT(name, ...)                                                                                             \
	static long name(void)                                                                                         \
	{                                                                                                              \
		return (long)(__VA_ARGS__);                                                                            \
	}

ATTEMPT(open_outside, open("/etc/hostname", O_RDONLY | O_CLOEXEC))
ATTEMPT(open_shadow, open("/etc/shadow", O_RDONLY | O_CLOEXEC))
ATTEMPT(list_outside, open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC))
ATTEMPT(open_environment, open("/proc/self/environ", O_RDONLY | O_CLOEXEC))
ATTEMPT(create_outside, open("/tmp/uproar-was-here", O_WRONLY | O_CREAT | O_CLOEXEC, 0600))
ATTEMPT(remove_outside, unlink("/tmp/uproar-probe"))
ATTEMPT(link_outside, link("/etc/hostname", "/tmp/uproar-was-here"))
ATTEMPT(symlink_outside, symlink("/etc/hostname", "/tmp/uproar-was-here"))
ATTEMPT(make_node, mknod("/tmp/uproar-was-here", S_IFIFO | 0600, 0))
ATTEMPT(change_mode, chmod("/tmp/uproar-probe", 0777))
ATTEMPT(make_directory, mkdir("/tmp/uproar-was-here", 0700))
ATTEMPT(directory_of_old, chdir("/"))
ATTEMPT(socket_packet, socket(AF_PACKET, SOCK_RAW, 0))
ATTEMPT(socket_alg, socket(AF_ALG, SOCK_SEQPACKET, 0))
ATTEMPT(socket_vsock, socket(AF_VSOCK, SOCK_STREAM, 0))
ATTEMPT(socket_netfilter, socket(AF_NETLINK, SOCK_RAW, 12))
ATTEMPT(socket_pair, socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]){ 0, 0 }))
/* These are a database's to make; they are refused where there is none. */
ATTEMPT(socket_unix, socket(AF_UNIX, SOCK_STREAM, 0))
ATTEMPT(socket_inet, socket(AF_INET, SOCK_STREAM, 0))
ATTEMPT(socket_inet6, socket(AF_INET6, SOCK_STREAM, 0))
ATTEMPT(socket_route, socket(AF_NETLINK, SOCK_RAW, 0))
ATTEMPT(connect_call, connect(-1, NULL, 0) < 0 && errno == EBADF ? 0 : -1)
ATTEMPT(listen_call, listen(0, 1))
ATTEMPT(accept_call, accept4(0, NULL, NULL, 0))
ATTEMPT(map_code, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0)

static uint8_t page[4096] __attribute__((aligned(4096)));

ATTEMPT(data_to_code, mprotect(page, sizeof(page), PROT_READ | PROT_EXEC))
ATTEMPT(new_process3, syscall(SYS_clone3, NULL, 0))
ATTEMPT(signal_init, kill(1, 0))
ATTEMPT(signal_all, kill(-1, 0))
ATTEMPT(signal_thread, syscall(SYS_tgkill, 1, 1, 0))
ATTEMPT(dumpable_again, prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
ATTEMPT(raise_limit, setrlimit(RLIMIT_CORE, &(struct rlimit){ 1, 1 }))
ATTEMPT(type_ahead, ioctl(0, TIOCSTI, "x"))
ATTEMPT(seccomp_again, syscall(SYS_seccomp, 99, 0, NULL)) /* there is no such operation: 0 would be strict mode */
ATTEMPT(keys, syscall(SYS_keyctl, 0, 0, 0, 0, 0))
ATTEMPT(blind_register, syscall(SYS_io_uring_register, -1, 31, NULL, 1)) /* a message to any ring, without one */
ATTEMPT(watch_files, syscall(SYS_inotify_init1, 0))
ATTEMPT(shared_memory, syscall(SYS_shmget, 1, 4096, 01600))
ATTEMPT(kernel_log, syscall(SYS_syslog, 3, page, sizeof(page)))
ATTEMPT(old_aio, syscall(SYS_io_setup, 1, page))

ATTEMPT(run_program, execve("/bin/true", (char *[]){ "true", NULL }, NULL))
ATTEMPT(run_descriptor, syscall(SYS_execveat, 0, "", NULL, NULL, AT_EMPTY_PATH))
ATTEMPT(trace, ptrace(PTRACE_TRACEME, 0, NULL, NULL))
ATTEMPT(read_memory, syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0))
ATTEMPT(write_memory, syscall(SYS_process_vm_writev, 1, NULL, 0, NULL, 0, 0))
ATTEMPT(take_descriptor, syscall(SYS_pidfd_getfd, 0, 0, 0))
ATTEMPT(file_in_memory, syscall(SYS_memfd_create, "x", 0))
ATTEMPT(another_ring, syscall(SYS_io_uring_setup, 1, &(struct io_uring_params){ .flags = 0 }))
ATTEMPT(user, setuid(0))
ATTEMPT(user_of_files, syscall(SYS_setfsuid, 0))
ATTEMPT(groups, syscall(SYS_setgroups, 0, NULL))
ATTEMPT(capabilities, syscall(SYS_capset, NULL, NULL))
ATTEMPT(mount_call, syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL))
ATTEMPT(unmount, syscall(SYS_umount2, "/tmp", 0))
ATTEMPT(root, syscall(SYS_chroot, "/"))
ATTEMPT(spaces, unshare(CLONE_NEWUSER))
ATTEMPT(enter_space, setns(-1, 0))
ATTEMPT(handle, syscall(SYS_open_by_handle_at, -1, NULL, 0))
ATTEMPT(bpf, syscall(SYS_bpf, 0, NULL, 0))
ATTEMPT(perf, syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0))
ATTEMPT(module, syscall(SYS_init_module, NULL, 0, ""))
ATTEMPT(kexec, syscall(SYS_kexec_load, 0, 0, NULL, 0))
ATTEMPT(faults, syscall(SYS_userfaultfd, 0))
ATTEMPT(reboot_call, syscall(SYS_reboot, 0, 0, 0, NULL)) /* without the magic numbers */
ATTEMPT(clock, syscall(SYS_clock_settime, -1, NULL))
#ifdef __x86_64__
ATTEMPT(old_numbers, syscall(0x40000000 | SYS_getpid)) /* x32: the same calls by other numbers */
#endif

/* 0: there was an answer, if only that nobody listens. */
static long connect_to(uint16_t port)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	const long result = connect(fd, (const struct sockaddr *)&to, sizeof(to));
	const int why = errno;

	close(fd);
	errno = why;
	return result < 0 && why == ECONNREFUSED ? 0 : result;
}

/* Of a server that asks somebody at port 9, and of no other. */
static long connect_asked(void)
{
	return connect_to(9);
}

static long connect_elsewhere(void)
{
	return connect_to(1);
}

static long new_process(void)
{
	const long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		_exit(0);
	return child;
}

#define FAILS(name)                                                                                                    \
	{                                                                                                              \
#name, false, name                                                                                     \
	}
#define ENDS(name)                                                                                                     \
	{                                                                                                              \
#name, true, name                                                                                      \
	}

const struct attempt attempts[] = {
	FAILS(open_outside),
	FAILS(open_shadow),
	FAILS(list_outside),
	FAILS(open_environment),
	FAILS(create_outside),
	FAILS(remove_outside),
	FAILS(link_outside),
	FAILS(symlink_outside),
	FAILS(make_node),
	FAILS(change_mode),
	FAILS(make_directory),
	FAILS(directory_of_old),
	FAILS(socket_packet),
	FAILS(socket_alg),
	FAILS(socket_vsock),
	FAILS(socket_netfilter),
	FAILS(socket_pair),
	FAILS(socket_unix),
	FAILS(socket_inet),
	FAILS(socket_inet6),
	FAILS(socket_route),
	FAILS(connect_call),
	FAILS(connect_asked),
	FAILS(connect_elsewhere),
	FAILS(listen_call),
	FAILS(accept_call),
	FAILS(map_code),
	FAILS(data_to_code),
	FAILS(new_process),
	FAILS(new_process3),
	FAILS(signal_init),
	FAILS(signal_all),
	FAILS(signal_thread),
	FAILS(dumpable_again),
	FAILS(raise_limit),
	FAILS(type_ahead),
	FAILS(seccomp_again),
	FAILS(keys),
	FAILS(blind_register),
	FAILS(watch_files),
	FAILS(shared_memory),
	FAILS(kernel_log),
	FAILS(old_aio),
	ENDS(run_program),
	ENDS(run_descriptor),
	ENDS(trace),
	ENDS(read_memory),
	ENDS(write_memory),
	ENDS(take_descriptor),
	ENDS(file_in_memory),
	ENDS(another_ring),
	ENDS(user),
	ENDS(user_of_files),
	ENDS(groups),
	ENDS(capabilities),
	ENDS(mount_call),
	ENDS(unmount),
	ENDS(root),
	ENDS(spaces),
	ENDS(enter_space),
	ENDS(handle),
	ENDS(bpf),
	ENDS(perf),
	ENDS(module),
	ENDS(kexec),
	ENDS(faults),
	ENDS(reboot_call),
	ENDS(clock),
#ifdef __x86_64__
	ENDS(old_numbers),
#endif
	{ NULL, false, NULL },
};
