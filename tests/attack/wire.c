#include "tests/attack/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uint64_t wire_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int fail(int fd)
{
	const int error = errno;

	close(fd);
	errno = error;
	return -1;
}

int wire_connect(const struct wire_peer *peer, uint32_t source, int receive_buffer)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(peer->port) };
	struct sockaddr_in from = { .sin_family = AF_INET };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* As over Ethernet: for loopback's own 64 KiB the kernel would give each connection 2.6 MB to send from. */
	const int on = 1, segment = 1448;

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
	if (receive_buffer > 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
	if (source > 0) {
		from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + source);
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
		if (bind(fd, (const struct sockaddr *)&from, sizeof(from)) != 0)
			return fail(fd);
	}
	if (inet_pton(AF_INET, peer->host, &to.sin_addr) != 1) {
		errno = EINVAL;
		return fail(fd);
	}
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0 && errno != EINPROGRESS)
		return fail(fd);
	return fd;
}

size_t wire_frame(uint8_t *out, int opcode, const void *payload, size_t size)
{
	size_t at = 0;

	out[at++] = (uint8_t)(0x80 | opcode);
	if (size < 126) {
		out[at++] = (uint8_t)(0x80 | size);
	} else if (size < 65536) {
		out[at++] = 0x80 | 126;
		out[at++] = (uint8_t)(size >> 8);
		out[at++] = (uint8_t)size;
	} else {
		out[at++] = 0x80 | 127;
		for (int shift = 56; shift >= 0; shift -= 8)
			out[at++] = (uint8_t)((uint64_t)size >> shift);
	}
	memset(out + at, 0, 4);
	at += 4;
	memcpy(out + at, payload, size);
	return at + size;
}

/* The size of the head that these first bytes begin. */
static size_t head_size(const struct wire_reader *reader)
{
	const int length = reader->head_size < 2 ? 0 : reader->head[1] & 0x7f;

	return length == 127 ? 10 : length == 126 ? 4 : 2;
}

static void begin(struct wire_reader *reader)
{
	const size_t size = head_size(reader);

	reader->opcode = reader->head[0] & 15;
	reader->left = reader->head[1] & 0x7f;
	reader->kept = 0;
	if (size > 2)
		reader->left = 0;
	for (size_t i = 2; i < size; i++)
		reader->left = reader->left << 8 | reader->head[i];
}

/* One frame may be taken up at any byte; its head is whole once head_size has reached that of its kind. */
bool wire_read(struct wire_reader *reader, const uint8_t **at, size_t *size)
{
	while (*size > 0 || (reader->head_size >= 2 && reader->head_size == head_size(reader) && reader->left == 0)) {
		if (reader->head_size < 2 || reader->head_size < head_size(reader)) {
			reader->head[reader->head_size++] = *(*at)++;
			(*size)--;
			if (reader->head_size >= 2 && reader->head_size == head_size(reader))
				begin(reader);
			continue;
		}
		const size_t part = reader->left < *size ? (size_t)reader->left : *size;
		const size_t room = WIRE_TEXT_MAX - reader->kept;
		const size_t kept = part < room ? part : room;

		if (kept > 0)
			memcpy(reader->text + reader->kept, *at, kept);
		reader->kept += (uint32_t)kept;
		reader->left -= part;
		*at += part;
		*size -= part;
		if (reader->left > 0)
			continue;
		reader->text[reader->kept] = 0;
		reader->head_size = 0;
		return true;
	}
	return false;
}

int wire_close_code(const struct wire_reader *reader)
{
	return reader->kept < 2 ? 1005 : (uint8_t)reader->text[0] << 8 | (uint8_t)reader->text[1];
}

uint64_t wire_number(const char *text, const char *key)
{
	const char *found = strstr(text, key);

	return found ? strtoull(found + strlen(key), NULL, 10) : 0;
}
