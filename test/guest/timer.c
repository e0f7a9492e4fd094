// SPDX-License-Identifier: MIT
// timer.c - time: timers once and again and stopped, sleeping, deadlines that do not come early.
#include "test/guest/harness/guest.h"

static void test_once(void)
{
	handle_t timer;
	u32 observed;
	u64 begin = clock_read();
	CHECK_OK(timer_create(&timer));
	CHECK_OK(timer_set(timer, begin + 20 * NS_PER_MS, 0));
	bool is_early = object_wait(timer, SIGNAL_FIRED, 0, &observed) == OK;
	CHECK(!is_early || clock_read() - begin >= 20 * NS_PER_MS); // a busy host stops us for long
	CHECK_OK(object_wait(timer, SIGNAL_FIRED, guest_soon(), &observed));
	CHECK_EQ(observed, SIGNAL_FIRED);
	CHECK(clock_read() - begin >= 20 * NS_PER_MS);
	CHECK_OK(object_wait(timer, SIGNAL_FIRED, 0, &observed)); // it stands
	CHECK_OK(object_signal(timer, SIGNAL_FIRED, 0));
	CHECK_EQ(object_wait(timer, SIGNAL_FIRED, guest_after(30), &observed), ERR_TIMED_OUT);
	CHECK_OK(handle_close(timer));
}

static void test_past(void)
{
	handle_t timer;
	u32 observed;
	CHECK_OK(timer_create(&timer));
	CHECK_OK(timer_set(timer, 1, 0));
	CHECK_OK(object_wait(timer, SIGNAL_FIRED, guest_soon(), &observed));
	CHECK_OK(timer_set(timer, guest_soon(), 0)); // clears the bit
	CHECK_EQ(object_wait(timer, SIGNAL_FIRED, 0, &observed), ERR_TIMED_OUT);
	CHECK_OK(handle_close(timer)); // armed
}

static void test_period(void)
{
	handle_t timer;
	u32 observed;
	u64 begin = clock_read();
	CHECK_OK(timer_create(&timer));
	CHECK_OK(timer_set(timer, begin + 5 * NS_PER_MS, 5 * NS_PER_MS));
	for (u64 i = 1; i <= 5; i++) {
		CHECK_OK(object_wait(timer, SIGNAL_FIRED, guest_soon(), &observed));
		CHECK(clock_read() - begin >= 5 * i * NS_PER_MS);
		CHECK_OK(object_signal(timer, SIGNAL_FIRED, 0));
	}
	CHECK_OK(timer_set(timer, DEADLINE_NEVER, 0));
	CHECK_EQ(object_wait(timer, SIGNAL_FIRED, guest_after(30), &observed), ERR_TIMED_OUT);
	CHECK_OK(handle_close(timer));
}

static void test_stop(void)
{
	handle_t timer;
	u32 observed;
	CHECK_OK(timer_create(&timer));
	for (u32 i = 0; i < 100; i++) {
		CHECK_OK(timer_set(timer, guest_after(5), 0));
		CHECK_OK(timer_set(timer, DEADLINE_NEVER, 0));
	}
	CHECK_EQ(object_wait(timer, SIGNAL_FIRED, guest_after(30), &observed), ERR_TIMED_OUT);
	CHECK_OK(handle_close(timer));
}

// Set in one order, they fire in the other; the first of them long after all are set.
static void test_order(void)
{
	handle_t timers[16];
	struct message message;
	handle_t port;
	u64 begin = clock_read();
	CHECK_OK(port_create(0, &port));
	for (u64 i = 0; i < COUNT(timers); i++) {
		CHECK_OK(timer_create(&AT(timers, i)));
		CHECK_OK(port_bind(port, AT(timers, i), SIGNAL_FIRED, i, BIND_MODE_EDGE));
		CHECK_OK(timer_set(AT(timers, i), begin + (500 - i) * NS_PER_MS, 0));
	}
	for (u64 i = COUNT(timers); i--;) {
		message = (struct message){};
		CHECK_OK(port_receive_until(port, &message, guest_soon()));
		CHECK_EQ(message.badge, i);
		CHECK(clock_read() >= begin + (500 - i) * NS_PER_MS);
	}
	for (u64 i = 0; i < COUNT(timers); i++)
		CHECK_OK(handle_close(AT(timers, i)));
	CHECK_OK(handle_close(port));
}

static void test_sleep(void)
{
	for (u64 ms = 0; ms < 8; ms++) {
		u64 begin = clock_read();
		CHECK_OK(sleep_until(begin + ms * NS_PER_MS));
		CHECK(clock_read() - begin >= ms * NS_PER_MS);
	}
}

static void test_clock(void)
{
	u64 last = clock_read();
	CHECK(last);
	for (u32 i = 0; i < 100'000; i++) {
		u64 now = clock_read();
		CHECK(now >= last);
		last = now;
	}
}

static const struct guest_test tests[] = {
	{ "once", test_once },
	{ "past", test_past },
	{ "period", test_period },
	{ "stop", test_stop },
	{ "order", test_order },
	{ "sleep", test_sleep },
	{ "clock", test_clock },
};

int main(void)
{
	return guest_run(tests, COUNT(tests));
}
