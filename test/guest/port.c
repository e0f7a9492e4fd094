// SPDX-License-Identifier: MIT
// port.c - events at ports: levels, edges, once; keys and order; several servers; what ends them.
#include "test/guest/harness/guest.h"

constexpr u32 BIT = 1u << 16, OTHER = 1u << 17;

static struct guest_port port;
static struct worker worker;

static bool poll(struct message *message)
{
	*message = (struct message){ .tag = TAG_POLL };
	return port_receive(port.port, message) == OK;
}

static bool is_event(const struct message *message, u64 key, u32 bits)
{
	return message_kind(message) == MESSAGE_EVENT && message->badge == key &&
	       AT(message->word, 0) == bits;
}

static void test_level(void)
{
	struct message message;
	handle_t timer;
	CHECK_OK(guest_port(1, &port));
	CHECK_OK(timer_create(&timer));
	CHECK_OK(port_bind(port.port, timer, BIT, 42, BIND_MODE_LEVEL));
	CHECK(!poll(&message));
	CHECK_OK(object_signal(timer, 0, BIT | OTHER));
	for (u32 i = 0; i < 3; i++) {
		CHECK(poll(&message)); // as long as the bit stands
		CHECK(is_event(&message, 42, BIT));
	}
	CHECK_OK(object_signal(timer, BIT, 0));
	CHECK(!poll(&message));
	CHECK_OK(object_signal(timer, 0, BIT));
	CHECK_OK(port_bind(port.port, timer, 0, 0, BIND_MODE_LEVEL));
	CHECK(!poll(&message)); // untied
	CHECK_OK(port_bind(port.port, timer, BIT, 43, BIND_MODE_LEVEL));
	CHECK(poll(&message)); // it stood before
	CHECK(is_event(&message, 43, BIT));
	CHECK_OK(handle_close(timer));
	CHECK(!poll(&message)); // gone with its object
	guest_port_close(&port);
}

static void test_edge(void)
{
	struct message message;
	handle_t timer;
	CHECK_OK(guest_port(1, &port));
	CHECK_OK(timer_create(&timer));
	CHECK_OK(port_bind(port.port, timer, BIT | OTHER, 42, BIND_MODE_EDGE));
	CHECK_OK(object_signal(timer, 0, BIT));
	CHECK(poll(&message));
	CHECK(is_event(&message, 42, BIT));
	CHECK(!poll(&message)); // told once
	CHECK_OK(object_signal(timer, 0, OTHER));
	CHECK(poll(&message));
	CHECK(is_event(&message, 42, BIT | OTHER));
	CHECK(!poll(&message));
	CHECK_OK(object_signal(timer, BIT | OTHER, 0));
	CHECK_OK(object_signal(timer, 0, BIT));
	CHECK_OK(object_signal(timer, BIT, 0));
	CHECK(!poll(&message)); // nothing stands any more when we look
	CHECK_OK(handle_close(timer));
	guest_port_close(&port);
}

static void test_once(void)
{
	struct message message;
	handle_t timer;
	CHECK_OK(guest_port(1, &port));
	CHECK_OK(timer_create(&timer));
	CHECK_OK(port_bind(port.port, timer, BIT, 42, BIND_MODE_ONCE));
	CHECK_OK(object_signal(timer, 0, BIT));
	CHECK(poll(&message));
	CHECK(!poll(&message));
	CHECK_OK(object_signal(timer, BIT, 0));
	CHECK_OK(object_signal(timer, 0, BIT));
	CHECK(!poll(&message)); // used up
	CHECK_OK(port_bind(port.port, timer, BIT, 44, BIND_MODE_ONCE));
	CHECK(poll(&message));
	CHECK(is_event(&message, 44, BIT));
	CHECK(!poll(&message));
	CHECK_OK(handle_close(timer));
	guest_port_close(&port);
}

// What came first is told first; levels take turns.
static void test_order(void)
{
	handle_t timers[4];
	struct message message;
	CHECK_OK(guest_port(1, &port));
	for (u32 i = 0; i < COUNT(timers); i++) {
		CHECK_OK(timer_create(&AT(timers, i)));
		CHECK_OK(port_bind(port.port, AT(timers, i), BIT, i, BIND_MODE_LEVEL));
	}
	for (u32 i = COUNT(timers); i--;)
		CHECK_OK(object_signal(AT(timers, i), 0, BIT));
	for (u32 round = 0; round < 2; round++)
		for (u32 i = COUNT(timers); i--;) {
			CHECK(poll(&message));
			CHECK(is_event(&message, i, BIT));
		}
	for (u32 i = 0; i < COUNT(timers); i++)
		CHECK_OK(handle_close(AT(timers, i)));
	guest_port_close(&port);
}

// One object, several ports; each gets its own key.
static void test_two_ports(void)
{
	struct guest_port other;
	struct message message;
	handle_t timer;
	CHECK_OK(guest_port(1, &port));
	CHECK_OK(guest_port(1, &other));
	CHECK_OK(timer_create(&timer));
	CHECK_OK(port_bind(port.port, timer, BIT, 1, BIND_MODE_EDGE));
	CHECK_OK(port_bind(other.port, timer, BIT, 2, BIND_MODE_EDGE));
	CHECK_OK(object_signal(timer, 0, BIT));
	CHECK(poll(&message));
	CHECK(is_event(&message, 1, BIT));
	message = (struct message){ .tag = TAG_POLL };
	CHECK_OK(port_receive(other.port, &message));
	CHECK(is_event(&message, 2, BIT));
	CHECK_OK(handle_close(timer));
	guest_port_close(&other);
	guest_port_close(&port);
}

static u64 receive_one(void *_Nullable unused)
{
	struct message message = {};
	(void)unused;
	return port_receive_until(port.port, &message, guest_soon()) == OK ? message.badge : 0;
}

static void test_waiting(void)
{
	handle_t timer;
	CHECK_OK(guest_port(1, &port));
	CHECK_OK(timer_create(&timer));
	CHECK_OK(port_bind(port.port, timer, BIT | SIGNAL_FIRED, 42, BIND_MODE_EDGE));
	CHECK_OK(worker_start(&worker, receive_one, nullptr));
	CHECK(guest_settled(worker.handle));
	CHECK_OK(object_signal(timer, 0, BIT));
	CHECK_OK(worker_join(&worker, guest_soon()));
	CHECK_EQ(worker.result, 42);
	CHECK_OK(object_signal(timer, BIT, 0));
	CHECK_OK(worker_start(&worker, receive_one, nullptr));
	CHECK_OK(timer_set(timer, guest_after(5), 0));
	CHECK_OK(worker_join(&worker, guest_soon()));
	CHECK_EQ(worker.result, 42);
	CHECK_OK(handle_close(timer));
	guest_port_close(&port);
}

// Each event wakes one of the threads that wait, and each thread gets one.
static void test_servers(void)
{
	static struct worker servers[3];
	handle_t timers[3];
	u64 sum = 0;
	CHECK_OK(guest_port(1, &port));
	for (u32 i = 0; i < COUNT(servers); i++) {
		CHECK_OK(timer_create(&AT(timers, i)));
		CHECK_OK(port_bind(port.port, AT(timers, i), BIT, 1ull << i, BIND_MODE_EDGE));
		CHECK_OK(worker_start(&AT(servers, i), receive_one, nullptr));
		CHECK(guest_settled(AT(servers, i).handle));
	}
	for (u32 i = 0; i < COUNT(servers); i++)
		CHECK_OK(object_signal(AT(timers, i), 0, BIT));
	for (u32 i = 0; i < COUNT(servers); i++) {
		CHECK_OK(worker_join(&AT(servers, i), guest_soon()));
		sum += AT(servers, i).result;
		CHECK_OK(handle_close(AT(timers, i)));
	}
	CHECK_EQ(sum, 7);
	guest_port_close(&port);
}

// A connection whose last handle goes is told with its badge; its event bits reach the client.
static void test_connection(void)
{
	struct message message;
	handle_t second;
	u32 observed;
	CHECK_OK(guest_port(77, &port));
	CHECK_OK(handle_duplicate(port.connection, RIGHTS_ALL, &second));
	CHECK_OK(object_signal(second, 0, SIGNAL_READABLE | BIT));
	CHECK_OK(object_wait(port.connection, SIGNAL_READABLE, 0, &observed));
	CHECK_EQ(observed, SIGNAL_READABLE);
	CHECK_OK(object_signal(second, SIGNAL_READABLE, 0));
	CHECK_EQ(object_wait(port.connection, SIGNAL_READABLE, 0, &observed), ERR_TIMED_OUT);
	CHECK_OK(handle_close(second));
	CHECK(!poll(&message));
	CHECK_OK(handle_close(port.connection));
	CHECK(poll(&message));
	CHECK_EQ(message_kind(&message), MESSAGE_HANGUP);
	CHECK_EQ(message.badge, 77);
	CHECK(!poll(&message));
	CHECK_OK(handle_close(port.port));
}

// When nobody serves a port any more its connections hang up.
static void test_port_gone(void)
{
	u32 observed;
	CHECK_OK(guest_port(77, &port));
	CHECK_EQ(object_wait(port.connection, SIGNAL_HANGUP, 0, &observed), ERR_TIMED_OUT);
	CHECK_OK(handle_close(port.port));
	CHECK_OK(object_wait(port.connection, SIGNAL_HANGUP, 0, &observed));
	CHECK_OK(handle_close(port.connection));
}

static u64 exit_with(u64 code)
{
	return code;
}

static void test_process_exit(void)
{
	struct message message = {};
	handle_t child;
	u64 code;
	CHECK_OK(guest_port(1, &port));
	CHECK_OK(guest_fork(exit_with, 12, &child));
	CHECK_OK(port_bind(port.port, child, SIGNAL_EXITED, 9, BIND_MODE_ONCE));
	CHECK_OK(port_receive_until(port.port, &message, guest_soon()));
	CHECK(is_event(&message, 9, SIGNAL_EXITED));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 12);
	guest_port_close(&port);
}

// A service that keeps a handle of its own learns when it is the only one.
static void test_alone(void)
{
	struct message message;
	handle_t clients[2];
	CHECK_OK(guest_port(7, &port));
	CHECK_OK(port_bind(port.port, port.connection, SIGNAL_ALONE, 42, BIND_MODE_EDGE));
	for (u32 round = 0; round < 2; round++) {
		CHECK_OK(object_signal(port.connection, SIGNAL_ALONE, 0));
		CHECK_OK(handle_duplicate(port.connection, RIGHT_CALL | RIGHT_WAIT, &clients[0]));
		CHECK_OK(handle_duplicate(port.connection, RIGHT_CALL, &clients[1]));
		CHECK_OK(handle_close(clients[0]));
		CHECK(!poll(&message));
		CHECK_OK(handle_close(clients[1]));
		CHECK(poll(&message));
		CHECK(is_event(&message, 42, SIGNAL_ALONE));
		CHECK(!poll(&message)); // told once
	}
	guest_port_close(&port);
}

static const struct guest_test tests[] = {
	{ "level", test_level },
	{ "edge", test_edge },
	{ "once", test_once },
	{ "order", test_order },
	{ "two_ports", test_two_ports },
	{ "waiting", test_waiting },
	{ "servers", test_servers },
	{ "connection", test_connection },
	{ "alone", test_alone },
	{ "port_gone", test_port_gone },
	{ "process_exit", test_process_exit },
};

int main(void)
{
	return guest_run(tests, COUNT(tests));
}
