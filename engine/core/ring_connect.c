#include "engine/core/ring_internal.h"

#include <string.h>
#include <unistd.h>

static socklen_t write_address(struct sockaddr_in6 *six, const struct ring_address *to)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct sockaddr_in *four = (struct sockaddr_in *)six;

	memset(six, 0, sizeof(*six));
	six->sin6_port = htons(to->port); /* at the same place in both */
	if (memcmp(to->bytes, mapped, sizeof(mapped)) == 0) {
		four->sin_family = AF_INET;
		memcpy(&four->sin_addr, to->bytes + 12, 4);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	memcpy(&six->sin6_addr, to->bytes, 16);
	return sizeof(*six);
}

void ring_connect(struct ring *ring, uint32_t slot, int fd, const struct ring_address *to)
{
	struct ring_lane *lane = ring_lane_of(ring, slot);
	struct ring_slot *state = &ring->slots[slot];
	const uint32_t place = slot - lane->index * ring->lane_size;

	CHECK(ring->limits.use == RING_CONNECTS && ring->accepting.listener < 0); /* else the kernel gives slots out */
	CHECK(state->flags == 0 && fd >= 0);
	CHECK(io_uring_register_files_update(&lane->uring, place, &fd, 1) == 1);
	CHECK(close(fd) == 0);

	struct io_uring_sqe *sqe = ring_lane_sqe(ring, lane);
	struct ring_message *message = ring_message_of(lane, sqe);
	const socklen_t size = write_address(&message->to, to);

	state->flags = SLOT_OPEN | SLOT_CONNECTING | (size == sizeof(struct sockaddr_in) ? SLOT_IPV4 : 0);
	lane->used++;
	io_uring_prep_connect(sqe, (int)place, (struct sockaddr *)&message->to, size);
	sqe->flags |= IOSQE_FIXED_FILE;
	sqe->user_data = ring_tag(KIND_CONNECT, state->generation, slot);
}
