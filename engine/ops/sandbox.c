#include "engine/ops/sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/core/poison.h"
#include "engine/core/ring_handover.h"
#include "engine/ops/boot.h"
#include "engine/ops/landlock.h"
#include "engine/ops/syscalls.h"

/* A sanitizer opens files, starts threads and traces the process by calls that no server needs. */
#if defined(POISON_ON) || defined(HANDOVER_ON)
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* A part that is not to be had. Returns 0, or the exit status where all parts are required. */
static int without(const struct sandbox *sandbox, const char *part, const char *why)
{
	if (sandbox->mode == SANDBOX_REQUIRE) {
		fprintf(stderr, "uproar: option 'sandbox' is 'require', but %s: %s\n", part, why);
		return EXIT_CONFIG;
	}
	LOG(LOG_WARN, "sandbox_without", LOG_TEXT("part", part), LOG_TEXT("reason", why));
	return 0;
}

/* The right to lock memory outlives the others for a moment: what rings take is counted against RLIMIT_MEMLOCK for all
 * processes of the user together, unless who opens them has it. */
static bool locking_left;

static int set_capabilities(uint32_t first_word)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct left[_LINUX_CAPABILITY_U32S_3] = {
		{ .effective = first_word, .permitted = first_word },
	};

	return syscall(SYS_capset, &head, left) == 0 ? 0 : -errno;
}

static bool may_lock(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capget, &head, held) == 0 && held[0].permitted & 1u << CAP_IPC_LOCK;
}

void sandbox_drop_locking(void)
{
	/* Of this thread; to give up what one has is never refused. */
	if (locking_left)
		CHECK(set_capabilities(0) == 0);
}

/* Shrinking the bounding set needs a capability. Who has none can gain nothing from it either, by no_new_privs. */
static int drop_capabilities(void)
{
	for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EPERM)
			return -errno;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
		return -errno;
	locking_left = may_lock();
	return set_capabilities(locking_left ? 1u << CAP_IPC_LOCK : 0);
}

static int drop_privileges(const struct sandbox *sandbox)
{
	const struct rlimit no_core = { 0, 0 };
	int error = drop_capabilities();

	if (error == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		error = -errno;
	if (error == 0 && setrlimit(RLIMIT_CORE, &no_core) != 0)
		error = -errno;
	/* Memory is for nobody else of the same user: no core file, no ptrace, no /proc/PID/mem. */
	if (error == 0 && !SANITIZED && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		error = -errno;
	return error == 0 ? 0 : without(sandbox, "privileges", strerror(-error));
}

/* What root could do to any directory, without capabilities only its owner can. */
static int check_data(const char *path)
{
	if (!path || access(path, R_OK | W_OK | X_OK) == 0)
		return 0;
	fprintf(stderr,
		"uproar: data directory '%s': %s without capabilities; give it to the user that uproar runs as\n", path,
		strerror(errno));
	return EXIT_DATA;
}

static int confine_files(const struct sandbox *sandbox)
{
	const int error = landlock_confine(sandbox->data, sandbox->database, sandbox->outbound);

	return error == 0 ? 0 : without(sandbox, "landlock", strerror(-error));
}

int sandbox_confine(const struct sandbox *sandbox)
{
	int status = 0;

	tzset(); /* reads a file, which the first line of the log would do otherwise */
	if (!sandbox_restricts(sandbox->mode))
		return 0;
	if (!sandbox->rings)
		status = without(sandbox, "rings", "this kernel restricts no io_uring");
	if (status == 0)
		status = drop_privileges(sandbox);
	if (status == 0)
		status = check_data(sandbox->data);
	if (status == 0 && SANITIZED)
		return without(sandbox, "landlock and seccomp", "built with a sanitizer, which needs more");
	return status == 0 ? confine_files(sandbox) : status;
}

int sandbox_seal(const struct sandbox *sandbox)
{
	const struct syscalls_wanted wanted = {
		.files = sandbox->data || sandbox->database,
		.database = sandbox->database,
		.outbound = sandbox->outbound,
		.names = sandbox->outbound && sandbox->outbound->names,
		.log_only = sandbox->mode == SANDBOX_LOG,
	};

	sandbox_drop_locking();
	if (sandbox->mode == SANDBOX_OFF || SANITIZED)
		return 0;
	const int error = syscalls_limit(&wanted);

	if (error != 0)
		return without(sandbox, "seccomp", strerror(-error));
	LOG(LOG_INFO, wanted.log_only ? "sandbox_logs" : "sandboxed");
	return 0;
}
