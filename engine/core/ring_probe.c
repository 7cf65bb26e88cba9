#include "engine/core/ring_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "engine/core/pages.h"

#define FLOOR "Linux 6.1 or newer is needed"

static bool disabled_by_sysctl(void)
{
	FILE *file = fopen("/proc/sys/kernel/io_uring_disabled", "r");
	const int first = file ? fgetc(file) : '0';

	if (file)
		fclose(file);
	return first != '0' && first != EOF;
}

__attribute__((format(printf, 3, 4))) static void refuse(struct ring_features *features, int error, const char *format,
							 ...)
{
	va_list arguments;

	features->error = error;
	va_start(arguments, format);
	vsnprintf(features->reason, sizeof(features->reason), format, arguments);
	va_end(arguments);
}

static void explain(struct ring_features *features, int error)
{
	struct rlimit locked = { 0 };
	struct utsname name = { .release = "?" };

	uname(&name);
	getrlimit(RLIMIT_MEMLOCK, &locked);
	if ((error == EPERM || error == EACCES) && disabled_by_sysctl())
		refuse(features, error, "io_uring is switched off: set sysctl kernel.io_uring_disabled=0");
	else if (error == EPERM || error == EACCES)
		refuse(features, error,
		       "io_uring is refused: let the container's seccomp profile allow "
		       "io_uring_setup, io_uring_enter and io_uring_register");
	else if (error == ENOSYS)
		refuse(features, error, "no io_uring in this kernel (%.40s), or seccomp hides it: " FLOOR,
		       name.release);
	else if (error == EINVAL || error == EOPNOTSUPP)
		refuse(features, error, "this kernel (%.40s) is too old: " FLOOR, name.release);
	else if (error == ENOMEM)
		refuse(features, error, "no memory for io_uring: raise RLIMIT_MEMLOCK (now %llu KiB; ulimit -l)",
		       (unsigned long long)locked.rlim_cur / 1024);
	else
		refuse(features, error, "io_uring cannot be set up: %s", strerror(error));
}

static bool has_operations(struct io_uring *uring, struct ring_features *features)
{
	static const int needed[] = {
		IORING_OP_ACCEPT,  IORING_OP_RECV,         IORING_OP_SEND,     IORING_OP_SENDMSG, IORING_OP_CLOSE,
		IORING_OP_CONNECT, IORING_OP_ASYNC_CANCEL, IORING_OP_MSG_RING, IORING_OP_NOP,
	};
	struct io_uring_probe *probe = io_uring_get_probe_ring(uring);
	bool all = probe;

	for (size_t i = 0; probe && i < sizeof(needed) / sizeof(needed[0]); i++)
		all = all && io_uring_opcode_supported(probe, needed[i]);
	features->send_zero_copy = probe && io_uring_opcode_supported(probe, IORING_OP_SEND_ZC);
	io_uring_free_probe(probe);
	return all;
}

static int register_buffers(struct io_uring *uring, void *ring, int flags)
{
	struct io_uring_buf_reg registration = {
		.ring_addr = (uint64_t)(uintptr_t)ring,
		.ring_entries = 8,
		.bgid = (uint16_t)flags,
		.pad = (uint16_t)flags,
	};

	return io_uring_register_buf_ring(uring, &registration, 0);
}

/* What the kernel says to the one operation that was prepared. */
static int answer(struct io_uring *uring)
{
	struct io_uring_cqe *cqe;

	if (io_uring_submit_and_wait(uring, 1) != 1 || io_uring_peek_cqe(uring, &cqe) != 0)
		return -EIO;
	const int result = cqe->res;

	io_uring_cqe_seen(uring, cqe);
	return result;
}

/* Whether the operation is there cannot be asked for, so the peer of a socket that has none is: only a kernel that
 * knows what it was asked says so. It needs no network. */
static bool tells_peer(struct io_uring *uring)
{
	const int alone = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in told;

	if (alone < 0)
		return false;
	ring_prep_getsockopt(io_uring_get_sqe(uring), alone, SOL_SOCKET, SO_PEERNAME, &told, sizeof(told));
	const int result = answer(uring);

	close(alone);
	return result == -ENOTCONN;
}

/* A kernel that does not know it refuses the receive before it looks at the descriptor, which is none. */
static bool shares_receives(struct io_uring *uring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(uring);

	io_uring_prep_recv_multishot(sqe, -1, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	ring_share_receive(sqe, 4096);
	return answer(uring) == -EBADF;
}

void ring_probe(struct ring_features *features)
{
	struct io_uring_params params = { .flags = RING_SETUP_FLAGS };
	struct io_uring uring;
	const int error = io_uring_queue_init_params(4, &uring, &params);

	*features = (struct ring_features){ .usable = false };
	if (error < 0) {
		explain(features, -error);
		return;
	}
	ring_uring_enable(&uring);

	void *pages = pages_reserve(2 * 4096);

	if (!pages)
		explain(features, ENOMEM);
	else if ((params.features & RING_FEATURES) != RING_FEATURES || !has_operations(&uring, features) ||
		 io_uring_register_files_sparse(&uring, 1) < 0 || register_buffers(&uring, pages, 0) < 0)
		explain(features, EINVAL);
	else
		features->usable = true;
	if (features->usable) {
		features->incremental = register_buffers(&uring, (uint8_t *)pages + 4096, RING_PBUF_INCREMENTAL) == 0;
		features->peer_address = tells_peer(&uring);
		features->receive_share = shares_receives(&uring);
		features->restrictions = ring_restricts();
	}
	io_uring_queue_exit(&uring);
	pages_release(pages, 2 * 4096);
}
