// SPDX-License-Identifier: MIT
// crowd.c - processes full of threads in all states end in four ways; nothing is left behind.
#include "test/guest/process/process_test.h"

// A process full of threads in all states, one of which ends it.
static u64 wait_on_port(void *_Nullable argument)
{
	handle_t port;
	u32 observed;
	(void)argument;
	if (port_create(0, &port) != OK)
		return 1;
	return (u64)(i64)object_wait(start_handle("process"), SIGNAL_EXITED, DEADLINE_NEVER, &observed);
}

static u64 fork_endlessly(void *_Nullable argument)
{
	for (;;) {
		handle_t child;
		u64 code;
		if (guest_fork(exit_with, 1, &child) != OK)
			return (u64)argument;
		(void)guest_wait(child, &code);
	}
}

static u64 notify_endlessly(void *_Nullable argument)
{
	handle_t thread = { (u32)(u64)argument };
	for (u64 i = 0; thread_notify(thread, 1ull << i % 64) == OK; i++)
		if (i % 16 == 0)
			(void)sleep_until(clock_read() + NS_PER_MS / 4);
	return 0;
}

static u64 crowd(u64 how)
{
	static struct worker workers[6];
	static u64 (*const runs[])(void *_Nullable) = { count_up, sleep_forever, wait_on_port,
		fork_endlessly, count_up, notify_endlessly };
	for (u32 i = 0; i < COUNT(runs); i++)
		if (worker_start(&AT(workers, i), AT(runs, i), (void *)(u64)workers[1].handle.raw) != OK)
			return 1;
	(void)sleep_until(clock_read() + 3 * NS_PER_MS);
	if (how == 1)
		(void)replace(0);
	if (how == 2)
		return 5;
	if (how == 3)
		for (u32 i = 0; i < COUNT(runs); i++)
			(void)worker_kill(&AT(workers, i));
	(void)task_exit(EXIT_SCOPE_THREAD, 6, 0);
	return 0;
}

void test_crowd(void)
{
	for (u64 i = 0; i < 24; i++) {
		handle_t child;
		u64 code, how = i % 4;
		CHECK_OK(guest_fork(crowd, how, &child));
		if (how == 0) {
			(void)sleep_until(clock_read() + i * NS_PER_MS);
			CHECK_OK(process_control(child, PROCESS_OPERATION_KILL, 0, 0));
		}
		CHECK_OK(guest_wait(child, &code));
		if (how != 3 || code) // a worker that ends by itself behind us leaves its 0
			CHECK_EQ(code, how == 0 ? KILLED : how == 1 ? 77 : how == 2 ? 5 : 6);
	}
}

// Pages. Our own page tables differ with the addresses that the workers got.
constexpr u64 SLACK = 8;

static void use_all(void)
{
	test_many();
	test_replace();
	test_kill();
	test_fault();
	test_crowd();
}

// Whatever was started and ended leaves nothing behind.
void test_balance(void)
{
	struct guest_level before, after;
	if (!start_handle("resource").raw)
		return;
	for (u32 i = 0; i < 2; i++)
		use_all(); // also fills what is kept: page tables, slots
	CHECK_OK(guest_level(&before));
	for (u32 i = 0; i < 3; i++)
		use_all();
	CHECK_OK(guest_level(&after));
	CHECK_EQ(after.objects, before.objects);
	CHECK_EQ(after.handles_used, before.handles_used);
	CHECK(after.pages_used <= before.pages_used + SLACK);
	CHECK(after.pages_free + SLACK >= before.pages_free);
}
