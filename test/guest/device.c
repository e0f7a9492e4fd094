// SPDX-License-Identifier: MIT
// device.c - a driver's view: I/O ports through a narrow resource, interrupts of the clock chip
// (MC146818, at 0x70, line 8), masked until acknowledged.
#include "test/guest/harness/guest.h"

constexpr u32 INDEX = 0x70, DATA = 0x71, LINE = 8;
constexpr u32 REGISTER_A = 0x0a, REGISTER_B = 0x0b, REGISTER_C = 0x0c;
constexpr u32 PERIODIC = 0x40, RATE_64_HZ = 10;

static handle_t ports; // resource: the two of the clock

static u32 clock_get(u32 index)
{
	u32 value, unused;
	if (resource_io(ports, INDEX, IO_OPERATION_WRITE8, index, &unused) != OK ||
		resource_io(ports, DATA, IO_OPERATION_READ8, 0, &value) != OK)
		return UINT32_MAX;
	return value;
}

static bool clock_set(u32 index, u32 value)
{
	u32 unused;
	return resource_io(ports, INDEX, IO_OPERATION_WRITE8, index, &unused) == OK &&
	       resource_io(ports, DATA, IO_OPERATION_WRITE8, value, &unused) == OK;
}

static void test_ports(void)
{
	CHECK_OK(resource_derive(start_handle("resource"), RESOURCE_KIND_PORTS, INDEX, 2, &ports));
	CHECK(clock_get(0) <= 0x59); // seconds
	CHECK(clock_set(0x40, 0x5a));
	CHECK_EQ(clock_get(0x40), 0x5a);
	CHECK(clock_set(0x40, 0xa5));
	CHECK_EQ(clock_get(0x40), 0xa5);
}

static bool periodic(bool is_wanted)
{
	u32 value = clock_get(REGISTER_B);
	(void)clock_get(REGISTER_C);
	return clock_set(REGISTER_A, (clock_get(REGISTER_A) & 0xf0) | RATE_64_HZ) &&
	       clock_set(REGISTER_B, is_wanted ? value | PERIODIC : value & ~PERIODIC);
}

static void test_interrupts(void)
{
	handle_t interrupt;
	u64 route;
	u32 observed;
	CHECK_OK(interrupt_create(start_handle("resource"), LINE, 0, &interrupt, &route));
	CHECK(periodic(true));
	CHECK_EQ(object_wait(interrupt, SIGNAL_RAISED, guest_after(50), &observed), ERR_TIMED_OUT);
	CHECK_OK(object_signal(interrupt, SIGNAL_RAISED, 0)); // open
	(void)clock_get(REGISTER_C);
	for (u32 i = 0; i < 4; i++) {
		CHECK_OK(object_wait(interrupt, SIGNAL_RAISED, guest_soon(), &observed));
		CHECK(clock_get(REGISTER_C) & PERIODIC);
		CHECK_OK(object_signal(interrupt, SIGNAL_RAISED, 0));
	}
	CHECK(periodic(false));
	CHECK_OK(handle_close(interrupt));
}

// As a driver's loop has it: an edge at a port.
static void test_port(void)
{
	struct message message = {};
	handle_t interrupt, port;
	u64 route;
	CHECK_OK(port_create(0, &port));
	CHECK_OK(interrupt_create(start_handle("resource"), LINE, 0, &interrupt, &route));
	CHECK_OK(port_bind(port, interrupt, SIGNAL_RAISED, 5, BIND_MODE_LEVEL));
	CHECK(periodic(true));
	CHECK_OK(object_signal(interrupt, SIGNAL_RAISED, 0));
	(void)clock_get(REGISTER_C);
	for (u32 i = 0; i < 4; i++) {
		message = (struct message){};
		CHECK_OK(port_receive_until(port, &message, guest_soon()));
		CHECK_EQ(message_kind(&message), MESSAGE_EVENT);
		CHECK_EQ(message.badge, 5);
		(void)clock_get(REGISTER_C);
		CHECK_OK(object_signal(interrupt, SIGNAL_RAISED, 0));
	}
	CHECK(periodic(false));
	CHECK_OK(handle_close(interrupt)); // with a raise under way, perhaps
	CHECK_OK(handle_close(port));
}

// A driver that dies leaves its line to the next.
static u64 take_line(u64 unused)
{
	handle_t interrupt;
	u64 route;
	(void)unused;
	MUST(interrupt_create(start_handle("resource"), LINE, 0, &interrupt, &route) == OK);
	MUST(object_signal(interrupt, SIGNAL_RAISED, 0) == OK);
	return 0; // without closing it
}

static void test_dead_driver(void)
{
	handle_t child;
	u64 code;
	for (u32 i = 0; i < 3; i++) {
		CHECK_OK(guest_fork(take_line, 0, &child));
		CHECK_OK(guest_wait(child, &code));
		CHECK_EQ(code, 0);
	}
}

static void test_message(void)
{
	handle_t first, second;
	u64 route, other;
	CHECK_OK(
		interrupt_create(start_handle("resource"), 0, INTERRUPT_FLAGS_MESSAGE, &first, &route));
	CHECK_OK(
		interrupt_create(start_handle("resource"), 0, INTERRUPT_FLAGS_MESSAGE, &second, &other));
	CHECK_EQ(route >> 32 & 0xfff00000, 0xfee00000); // where messages are written to
	CHECK(route != other);
	CHECK_OK(handle_close(first));
	CHECK_OK(handle_close(second));
}

static const struct guest_test tests[] = {
	{ "ports", test_ports },
	{ "interrupts", test_interrupts },
	{ "port", test_port },
	{ "dead_driver", test_dead_driver },
	{ "message", test_message },
};

int main(void)
{
	return guest_run(tests, COUNT(tests));
}
