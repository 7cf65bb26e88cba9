#include "tools/load/sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void set(int fd, int level, int name)
{
	(void)setsockopt(fd, level, name, &(int){ 1 }, sizeof(int)); /* all are wishes: without them it goes on */
}

int sockets_open(const struct sockets_wish *wish)
{
	const struct linger cut = { .l_onoff = 1, .l_linger = 0 };
	const int fd = socket(wish->ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	set(fd, IPPROTO_TCP, TCP_NODELAY);
	if (wish->reset)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &cut, sizeof(cut));
	if (wish->source == 0 || !wish->ipv4)
		return fd;

	const struct sockaddr_in from = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + wish->source),
	};

	set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
	if (bind(fd, (const struct sockaddr *)&from, sizeof(from)) == 0)
		return fd;
	const int error = -errno;

	close(fd);
	return error;
}

bool sockets_is_ipv4(const uint8_t address[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(address, mapped, sizeof(mapped)) == 0;
}

bool sockets_is_loopback(const uint8_t address[16])
{
	static const uint8_t six[16] = { [15] = 1 };

	return sockets_is_ipv4(address) ? address[12] == 127 : memcmp(address, six, sizeof(six)) == 0;
}
