#include "engine/ops/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/ops/sandbox.h"
#include "engine/store/postgres.h"

/* The kernel's names (include/uapi/linux/landlock.h), of which Debian 12's headers have the older half. */
#define ACCESS_EXECUTE (1ull << 0)
#define ACCESS_WRITE_FILE (1ull << 1)
#define ACCESS_READ_FILE (1ull << 2)
#define ACCESS_READ_DIR (1ull << 3)
#define ACCESS_REMOVE_FILE (1ull << 5)
#define ACCESS_MAKE_REG (1ull << 8)
#define ACCESS_TRUNCATE (1ull << 14)
#define ACCESS_BIND_TCP (1ull << 0)
#define ACCESS_CONNECT_TCP (1ull << 1)
#define SCOPE_ABSTRACT (1ull << 0)
#define SCOPE_SIGNAL (1ull << 1)
#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT 2
#define VERSION_ASKED 1
#define PORT_OF_DNS 53 /* an answer that is too long for UDP */

#define ACCESS_READ (ACCESS_READ_FILE | ACCESS_READ_DIR)
#define ACCESS_KEEP (ACCESS_READ | ACCESS_WRITE_FILE | ACCESS_REMOVE_FILE | ACCESS_MAKE_REG | ACCESS_TRUNCATE)
#define ACCESS_FILE (ACCESS_READ_FILE | ACCESS_WRITE_FILE | ACCESS_TRUNCATE) /* of what is no directory */

struct ruleset {
	uint64_t files, tcp, scope;
};

struct path_rule {
	uint64_t access;
	int32_t parent;
} __attribute__((packed));

struct port_rule {
	uint64_t access, port;
};

/* What each version of Landlock can refuse. */
static struct ruleset refusable(int version)
{
	const int files = version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13;

	return (struct ruleset){
		.files = (1ull << files) - 1,
		.tcp = version >= 4 ? ACCESS_BIND_TCP | ACCESS_CONNECT_TCP : 0,
		.scope = version >= 6 ? SCOPE_ABSTRACT | SCOPE_SIGNAL : 0,
	};
}

static size_t ruleset_size(int version)
{
	return version >= 6   ? sizeof(struct ruleset)
	       : version >= 4 ? offsetof(struct ruleset, scope)
			      : offsetof(struct ruleset, tcp);
}

/* What is not there needs no rule. */
static int allow(int ruleset, const struct ruleset *handled, const char *path, uint64_t access)
{
	const int fd = path && *path ? open(path, O_PATH | O_CLOEXEC) : -1;
	struct stat status;
	int error = 0;

	if (fd < 0)
		return 0;
	if (fstat(fd, &status) == 0 && !S_ISDIR(status.st_mode))
		access &= ACCESS_FILE;

	const struct path_rule rule = { .access = access & handled->files, .parent = fd };

	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) != 0)
		error = -errno;
	close(fd);
	return error;
}

/* Where a link leads: that directory, for the file is replaced there too. One right below / (/run, /tmp) holds too much
 * else: then the file alone. */
static int allow_led_to(int ruleset, const struct ruleset *handled, const char *link)
{
	char path[PATH_MAX];

	if (!realpath(link, path))
		return 0;
	char *end = strrchr(path, '/');

	if (strchr(path + 1, '/') != end)
		*end = 0;
	return allow(ruleset, handled, path, ACCESS_READ_FILE);
}

/* What the resolver reads anew when it has changed. Who changes it puts another file in its place by rename, which no
 * rule of a file outlives: so it is all files of /etc. */
static int allow_names(int ruleset, const struct ruleset *handled)
{
	static const char *const directories[] = { "/etc", "/run/systemd/resolve", "/run/resolvconf" };
	static const char *const links[] = {
		"/etc/hosts",     "/etc/resolv.conf", "/etc/nsswitch.conf",
		"/etc/host.conf", "/etc/gai.conf",    "/etc/services",
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]) && error == 0; i++)
		error = allow(ruleset, handled, directories[i], ACCESS_READ_FILE);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]) && error == 0; i++)
		error = allow_led_to(ruleset, handled, links[i]);
	return error;
}

/* What libpq and the resolver read whenever they connect: configuration, modules that look names up, certificates. */
static int allow_database(int ruleset, const struct ruleset *handled, const char *address)
{
	static const char *const read_by_all[] = { "/etc", "/usr", "/lib", "/lib64", "/run/nscd" };
	static const char *const of_home[] = { ".pgpass", ".postgresql", ".pg_service.conf" };
	struct postgres_files files;
	const char *home = getenv("HOME");
	int error = allow_names(ruleset, handled);

	for (size_t i = 0; i < sizeof(read_by_all) / sizeof(read_by_all[0]) && error == 0; i++)
		error = allow(ruleset, handled, read_by_all[i], ACCESS_READ);
	for (size_t i = 0; home && i < sizeof(of_home) / sizeof(of_home[0]) && error == 0; i++) {
		char path[POSTGRES_FILE_MAX];

		snprintf(path, sizeof(path), "%s/%s", home, of_home[i]);
		error = allow(ruleset, handled, path, ACCESS_READ);
	}
	postgres_files(address, &files);
	for (uint32_t i = 0; i < files.count && error == 0; i++)
		error = allow(ruleset, handled, files.paths[i], ACCESS_READ);
	return error;
}

static int allow_port(int ruleset, const struct ruleset *handled, uint16_t port)
{
	const struct port_rule rule = { .access = ACCESS_CONNECT_TCP, .port = port };

	if (!(handled->tcp & ACCESS_CONNECT_TCP))
		return 0;
	return syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) == 0 ? 0 : -errno;
}

/* Those ports, and what looking names up needs. The modules for it are loaded already. */
static int allow_outbound(int ruleset, const struct ruleset *handled, const struct outbound *outbound)
{
	int error = 0;

	for (uint32_t i = 0; i < outbound->port_count && error == 0; i++)
		error = allow_port(ruleset, handled, outbound->ports[i]);
	if (outbound->names && error == 0)
		error = allow_port(ruleset, handled, PORT_OF_DNS);
	return outbound->names && error == 0 ? allow_names(ruleset, handled) : error;
}

int landlock_confine(const char *data, const char *database, const struct outbound *outbound)
{
	const int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_ASKED);
	struct ruleset handled = refusable(version);

	if (version < 0)
		return -errno;
	if (database)
		handled.tcp &= ~ACCESS_CONNECT_TCP, handled.scope &= ~SCOPE_ABSTRACT;

	const int ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, ruleset_size(version), 0);

	if (ruleset < 0)
		return -errno;
	int error = allow(ruleset, &handled, data, ACCESS_KEEP);

	if (error == 0)
		error = allow(ruleset, &handled, "/dev/urandom", ACCESS_READ_FILE);
	if (error == 0 && database)
		error = allow_database(ruleset, &handled, database);
	if (error == 0 && outbound)
		error = allow_outbound(ruleset, &handled, outbound);
	if (error == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		error = -errno;
	close(ruleset);
	return error;
}
