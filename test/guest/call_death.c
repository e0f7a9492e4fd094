// SPDX-License-Identifier: MIT
// call_death.c - a service dies with a call in hand: calls that may be repeated are, by the next
// instance at the same port; others are told. Clients and services are processes of their own.
#include "test/guest/harness/guest.h"

static struct guest_port port;

static u64 serve(u64 count)
{
	struct message message = {};
	u64 flags = 0;
	while (count--) {
		message.tag = flags;
		MUST(port_receive_until(port.port, &message, guest_soon()) == OK);
		AT(message.word, 0) = AT(message.word, 0) * 2;
		message.tag = reply_tag(OK, 1);
		flags = TAG_REPLY | reply_tag(OK, 1);
	}
	MUST(reply_send(HANDLE_NONE, &message) == OK);
	return 0;
}

// Takes one call and holds it for good.
static u64 hold(u64 unused)
{
	struct message message = {};
	(void)unused;
	MUST(port_receive_until(port.port, &message, guest_soon()) == OK);
	(void)object_signal(port.connection, 0, 1u << 16); // we have it
	(void)sleep_until(DEADLINE_NEVER);
	return 0;
}

static u64 hold_saved(u64 unused)
{
	struct message message = {};
	handle_t reply;
	(void)unused;
	MUST(port_receive_until(port.port, &message, guest_soon()) == OK);
	MUST(reply_save(&reply) == OK);
	(void)object_signal(port.connection, 0, 1u << 16);
	(void)sleep_until(DEADLINE_NEVER);
	return 0;
}

static u64 call(u64 flags)
{
	struct message message = { .tag = flags, .word = { 21 } };
	err_t err = connection_invoke_until(port.connection, &message, guest_soon());
	return err == OK ? AT(message.word, 0) : 200 + (u64) - (i32)err;
}

static err_t kill(handle_t process)
{
	u64 code;
	TRY(process_control(process, PROCESS_OPERATION_KILL, 0, 0));
	return guest_wait(process, &code);
}

static err_t held(u64 (*how)(u64), u64 flags, handle_t *server, handle_t *client)
{
	u32 observed;
	TRY(guest_port(1, &port));
	TRY(guest_fork(how, 0, server));
	TRY(guest_fork(call, flags, client));
	return object_wait(port.connection, 1u << 16, guest_soon(), &observed);
}

static void check_not_repeated(u64 (*how)(u64))
{
	handle_t server, client;
	u64 code;
	CHECK_OK(held(how, 0, &server, &client));
	CHECK_OK(kill(server));
	CHECK_OK(guest_wait(client, &code));
	CHECK_EQ(code, 200 - ERR_RESTARTED);
	guest_port_close(&port);
}

static void test_in_hand(void)
{
	check_not_repeated(hold);
}

static void test_saved(void)
{
	check_not_repeated(hold_saved);
}

static void check_repeated(u64 (*how)(u64))
{
	handle_t server, next, client;
	u64 code;
	CHECK_OK(held(how, TAG_IDEMPOTENT, &server, &client));
	CHECK_OK(kill(server));
	CHECK_OK(guest_fork(serve, 1, &next));
	CHECK_OK(guest_wait(client, &code));
	CHECK_EQ(code, 42);
	CHECK_OK(guest_wait(next, &code));
	CHECK_EQ(code, 0);
	guest_port_close(&port);
}

static void test_in_hand_repeated(void)
{
	check_repeated(hold);
}

static void test_saved_repeated(void)
{
	check_repeated(hold_saved);
}

// A call that kills its service each time is not repeated for good.
static void test_poison(void)
{
	handle_t server, client;
	u64 code;
	u32 observed;
	CHECK_OK(held(hold, TAG_IDEMPOTENT, &server, &client));
	CHECK_OK(object_signal(port.connection, 1u << 16, 0));
	CHECK_OK(kill(server));
	CHECK_OK(guest_fork(hold, 0, &server));
	CHECK_OK(object_wait(port.connection, 1u << 16, guest_soon(), &observed));
	CHECK_OK(kill(server));
	CHECK_OK(guest_wait(client, &code));
	CHECK_EQ(code, 200 - ERR_RESTARTED);
	guest_port_close(&port);
}

// Calls that no server has taken wait for the next one, whoever died.
static void test_queued(void)
{
	handle_t server, first, clients[3];
	u64 code;
	CHECK_OK(held(hold, 0, &server, &first));
	for (u32 i = 0; i < COUNT(clients); i++)
		CHECK_OK(guest_fork(call, 0, &AT(clients, i)));
	(void)sleep_until(guest_after(20));
	CHECK_OK(kill(server));
	CHECK_OK(guest_fork(serve, COUNT(clients), &server));
	for (u32 i = 0; i < COUNT(clients); i++) {
		CHECK_OK(guest_wait(AT(clients, i), &code));
		CHECK_EQ(code, 42);
	}
	CHECK_OK(guest_wait(first, &code));
	CHECK_EQ(code, 200 - ERR_RESTARTED);
	CHECK_OK(guest_wait(server, &code));
	CHECK_EQ(code, 0);
	guest_port_close(&port);
}

// The client dies; its service goes on with others.
static void test_client(void)
{
	handle_t server, client;
	u64 code;
	struct message message = { .word = { 4 } };
	CHECK_OK(guest_port(1, &port));
	CHECK_OK(guest_fork(call, 0, &client));
	(void)sleep_until(guest_after(10));
	CHECK_OK(kill(client)); // while it is queued
	CHECK_OK(guest_fork(serve, 1, &server));
	CHECK_OK(connection_invoke_until(port.connection, &message, guest_soon()));
	CHECK_EQ(AT(message.word, 0), 8);
	CHECK_OK(guest_wait(server, &code));
	CHECK_EQ(code, 0);
	guest_port_close(&port);
}

static u64 call_only(u64 flags)
{
	MUST(handle_close(port.port) == OK);
	return call(flags);
}

// The port is closed by all who had it: whoever waits for it hears so.
static void test_port(void)
{
	handle_t client;
	u64 code;
	CHECK_OK(guest_port(1, &port));
	CHECK_OK(guest_fork(call_only, 0, &client));
	(void)sleep_until(guest_after(20));
	CHECK_OK(handle_close(port.port));
	CHECK_OK(guest_wait(client, &code));
	CHECK_EQ(code, 200 - ERR_CLOSED);
	CHECK_OK(handle_close(port.connection));
}

static const struct guest_test tests[] = {
	{ "in_hand", test_in_hand },
	{ "saved", test_saved },
	{ "in_hand_repeated", test_in_hand_repeated },
	{ "saved_repeated", test_saved_repeated },
	{ "poison", test_poison },
	{ "queued", test_queued },
	{ "client", test_client },
	{ "port", test_port },
};

int main(void)
{
	return guest_run(tests, COUNT(tests));
}
