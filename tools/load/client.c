#include "tools/load/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/core/check.h"
#include "tools/load/sockets.h"

#define RETRY_NS 200000000ull

void queue_push(struct worker *worker, struct queue *queue, uint32_t index)
{
	struct client *client = &worker->clients[index];

	client->before = queue->last;
	client->after = NOBODY;
	if (queue->last == NOBODY)
		queue->first = index;
	else
		worker->clients[queue->last].after = index;
	queue->last = index;
}

void queue_remove(struct worker *worker, struct queue *queue, uint32_t index)
{
	const struct client *const client = &worker->clients[index];

	if (client->before == NOBODY)
		queue->first = client->after;
	else
		worker->clients[client->before].after = client->after;
	if (client->after == NOBODY)
		queue->last = client->before;
	else
		worker->clients[client->after].before = client->before;
}

uint32_t queue_take(struct worker *worker, struct queue *queue)
{
	const uint32_t index = queue->first;

	if (index != NOBODY)
		queue_remove(worker, queue, index);
	return index;
}

static void complain(struct worker *worker, const char *format, va_list arguments)
{
	char text[sizeof(worker->mine->last_error)];

	vsnprintf(text, sizeof(text), format, arguments);
	memcpy(worker->mine->last_error, text, sizeof(text));
	stat_set(worker->mine->last_error_time, worker->now);
}

void client_complain(struct worker *worker, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(worker, format, arguments);
	va_end(arguments);
}

void client_wait(struct worker *worker, uint32_t index)
{
	struct client *client = &worker->clients[index];

	CHECK(!(client->flags & CLIENT_PENDING));
	client->flags |= CLIENT_PENDING;
	queue_push(worker, &worker->pending, index);
}

static void wait_no_more(struct worker *worker, uint32_t index)
{
	struct client *client = &worker->clients[index];

	if (client->flags & CLIENT_PENDING)
		queue_remove(worker, &worker->pending, index);
	client->flags &= (uint8_t)~CLIENT_PENDING;
}

static bool is_member(const struct worker *worker, uint32_t index)
{
	return index < worker->crowd.members;
}

static uint32_t connection_of(const struct worker *worker, uint32_t index)
{
	if (is_member(worker, index))
		return crowd_connection(&worker->crowd, index);
	return worker->scenario->connections + (index - worker->crowd.members) * worker->run->workers + worker->index;
}

static void begin(struct worker *worker, uint32_t index)
{
	struct client *client = &worker->clients[index];

	CHECK(client->phase == CLIENT_FREE && client->out.size == 0 && client->flying.size == 0);
	client->state = (struct dialect_state){ .connection = connection_of(worker, index) };
	client->assembly = (struct ws_assembly){ 0 };
	client->first_room = is_member(worker, index) ? crowd_first_room(&worker->crowd, index)
						      : crowd_outsider_room(&worker->crowd, index);
	client->joins_asked = client->joins_answered = 0;
	client->frame = 0;
	client->flown = 0;
	client->flags &= CLIENT_DIRTY | CLIENT_PUBLISHES | CLIENT_RETURNS;
	client->since_ns = worker->now;
}

/* A client that could not come back tries again; one that never stood has failed. */
static void come_back_later(struct worker *worker, uint32_t index)
{
	struct client *client = &worker->clients[index];

	client->flags &= (uint8_t)~CLIENT_COMES_BACK;
	client->since_ns = worker->now;
	queue_push(worker, &worker->returning, index);
}

void client_connect(struct worker *worker, uint32_t index)
{
	const struct target *const target = worker->target;
	struct client *client = &worker->clients[index];
	struct ring_address address = { .port = target->port };
	const bool ipv4 = sockets_is_ipv4(target->address);

	begin(worker, index);
	if (is_member(worker, index))
		COUNT(worker, connects_begun, 1);
	const int fd = sockets_open(&(struct sockets_wish){
		.ipv4 = ipv4,
		.source = worker->spread ? 1 + client->state.connection / SOCKETS_A_SOURCE : 0,
		.reset = worker->scenario->storm,
	});

	if (fd < 0) {
		COUNT(worker, connect_failed, 1);
		client_complain(worker, "no socket: %s", strerror(-fd));
		if (client->flags & CLIENT_RETURNS)
			come_back_later(worker, index);
		return;
	}
	memcpy(address.bytes, target->address, sizeof(address.bytes));
	ring_connect(worker->ring, index, fd, &address);
	client->phase = CLIENT_CONNECTING;
	client->flags |= CLIENT_CONNECTS;
	worker->connecting++;
	client_wait(worker, index);
}

/* Closing is a join: the socket goes when the kernel holds nothing of it. */
static void close_if_idle(struct worker *worker, uint32_t index)
{
	struct client *client = &worker->clients[index];

	if (client->phase != CLIENT_CLOSING || client->flags & (CLIENT_RECEIVING | CLIENT_CONNECTS) ||
	    client->flying.size > 0)
		return;
	client->phase = CLIENT_ENDING;
	ring_close(worker->ring, index);
}

static void shut(struct worker *worker, uint32_t index)
{
	struct client *client = &worker->clients[index];

	CHECK(client->phase != CLIENT_FREE && client->phase < CLIENT_CLOSING);
	wait_no_more(worker, index);
	if (client->phase < CLIENT_JOINING) {
		worker->connecting--;
	} else {
		rooms_left(worker, index);
		worker->live -= client->phase == CLIENT_LIVE;
		if (is_member(worker, index))
			COUNT(worker, open, -1);
	}
	client->phase = CLIENT_CLOSING;
	if (client->flags & (CLIENT_RECEIVING | CLIENT_CONNECTS) || client->flying.size > 0)
		ring_cancel(worker->ring, index);
	else
		close_if_idle(worker, index);
}

void client_cut(struct worker *worker, uint32_t index)
{
	worker->clients[index].flags |= CLIENT_COMES_BACK | CLIENT_RETURNS;
	shut(worker, index);
}

void client_lost(struct worker *worker, uint32_t index, const char *format, ...)
{
	struct client *client = &worker->clients[index];
	va_list arguments;

	if (client->phase == CLIENT_FREE || client->phase >= CLIENT_CLOSING)
		return;
	va_start(arguments, format);
	complain(worker, format, arguments);
	va_end(arguments);
	if (client->phase < CLIENT_JOINING)
		COUNT(worker, connect_failed, 1);
	else if (!(client->flags & CLIENT_LEAVING))
		COUNT(worker, dropped, 1);
	if (client->flags & (CLIENT_RETURNS | CLIENT_LEAVING))
		client->flags |= CLIENT_COMES_BACK;
	shut(worker, index);
}

static void closed(struct worker *worker, uint32_t index)
{
	struct client *client = &worker->clients[index];

	CHECK(client->phase == CLIENT_ENDING);
	outbox_free(worker, client);
	intake_free(client);
	client->phase = CLIENT_FREE;
	if (client->flags & CLIENT_COMES_BACK)
		come_back_later(worker, index);
}

static void say_hello(struct worker *worker, uint32_t index)
{
	struct client *client = &worker->clients[index];
	const struct dialect *const dialect = client_dialect(worker, index);

	client->phase = CLIENT_HELLO;
	if (!dialect->hello) {
		client_ready(worker, index);
		return;
	}
	struct dialect_out out = outbox_begin(worker);

	dialect->hello(&client->state, &out);
	outbox_end(worker, index, &out);
}

void client_upgraded(struct worker *worker, uint32_t index)
{
	say_hello(worker, index);
}

static void connected(struct worker *worker, uint32_t index, int32_t result)
{
	struct client *client = &worker->clients[index];

	client->flags &= (uint8_t)~CLIENT_CONNECTS;
	if (client->phase >= CLIENT_CLOSING) {
		close_if_idle(worker, index);
		return;
	}
	if (result < 0) {
		client_lost(worker, index, "connect: %s", strerror(-result));
		return;
	}
	ring_recv(worker->ring, index);
	client->flags |= CLIENT_RECEIVING;
	client->phase = CLIENT_UPGRADING;
	if (client_dialect(worker, index)->stream)
		say_hello(worker, index);
	else
		intake_request(worker, index);
}

void client_ready(struct worker *worker, uint32_t index)
{
	struct client *client = &worker->clients[index];

	if (client->phase != CLIENT_HELLO)
		return;
	wait_no_more(worker, index);
	worker->connecting--;
	hist_add(&worker->mine->connect, worker->now - client->since_ns, 1);
	client->phase = CLIENT_JOINING;
	client->since_ns = worker->now;
	if (!is_member(worker, index)) {
		rooms_ask_outsider(worker, index);
		return;
	}
	COUNT(worker, connected, 1);
	COUNT(worker, open, 1);
	if (worker->crowd.rooms_per_connection == 0)
		client_settled(worker, index);
	else if (!client_dialect(worker, index)->join)
		rooms_enter(worker, index);
	else
		queue_push(worker, &worker->joining, index);
}

void client_settled(struct worker *worker, uint32_t index)
{
	struct client *client = &worker->clients[index];

	CHECK(client->phase == CLIENT_JOINING);
	wait_no_more(worker, index);
	client->phase = CLIENT_LIVE;
	worker->live++;
}

static void received(struct worker *worker, const struct ring_event *event)
{
	const uint32_t index = event->slot;
	struct client *client = &worker->clients[index];

	if (event->last)
		client->flags &= (uint8_t)~CLIENT_RECEIVING;
	if (event->result > 0 && client->phase < CLIENT_CLOSING) {
		worker->bytes_received += (uint32_t)event->result;
		intake(worker, index, event->bytes, (size_t)event->result);
	}
	if (client->phase >= CLIENT_CLOSING) {
		close_if_idle(worker, index);
		return;
	}
	if (!event->last)
		return;
	if (event->result == 0) {
		client_lost(worker, index, "the server ended the connection");
	} else if (event->result < 0 && event->result != -ENOBUFS) {
		client_lost(worker, index, "receive: %s", strerror(-event->result));
	} else {
		ring_recv(worker->ring, index);
		client->flags |= CLIENT_RECEIVING;
	}
}

static void sent(struct worker *worker, uint32_t index, int32_t result)
{
	struct client *client = &worker->clients[index];

	outbox_sent(worker, index, result);
	if (client->phase >= CLIENT_CLOSING)
		close_if_idle(worker, index);
	else if (result < 0)
		client_lost(worker, index, "send: %s", strerror(-result));
	else if (client->flags & CLIENT_LEAVING && client->flying.size == 0 && client->out.size == 0)
		client_cut(worker, index);
}

void client_event(struct worker *worker, const struct ring_event *event)
{
	switch (event->kind) {
	case RING_RECEIVED:
		received(worker, event);
		return;
	case RING_SENT:
		sent(worker, event->slot, event->result);
		return;
	case RING_CONNECTED:
		connected(worker, event->slot, event->result);
		return;
	case RING_CLOSED:
		closed(worker, event->slot);
		return;
	case RING_ACCEPTED:
	case RING_ACCEPT_FAILED:
	case RING_PEER:
	case RING_WOKEN:
		break;
	}
	CHECK(!"an event that is no client's");
}

void client_timeouts(struct worker *worker)
{
	const uint64_t patience = worker->scenario->connect_timeout_ns;

	while (patience > 0 && worker->pending.first != NOBODY) {
		const uint32_t index = worker->pending.first;
		struct client *client = &worker->clients[index];

		if (worker->now - client->since_ns < patience)
			return;
		if (client->phase == CLIENT_JOINING)
			rooms_refused(worker, index, UINT16_MAX);
		else
			client_lost(worker, index, "no answer for %.1f s (%s)", (double)patience / 1e9,
				    client->phase == CLIENT_CONNECTING  ? "connect"
				    : client->phase == CLIENT_UPGRADING ? "upgrade"
									: "hello");
	}
}

/* Those who come back first, then as many more as the ramp wants. */
void client_returns(struct worker *worker)
{
	const uint32_t most = worker->scenario->connects_in_flight;

	while (worker->connecting < most && worker->returning.first != NOBODY) {
		const uint32_t index = worker->returning.first;

		if (worker->connect_failures != worker->mine->connect_failed &&
		    worker->now - worker->clients[index].since_ns < RETRY_NS)
			return;
		queue_remove(worker, &worker->returning, index);
		client_connect(worker, index);
	}
	if (worker->returning.first == NOBODY)
		worker->connect_failures = worker->mine->connect_failed;
}
