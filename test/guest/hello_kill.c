// SPDX-License-Identifier: MIT
// hello_kill.c - the example service is killed over and over, in the middle of calls too, and
// started again at the same port; its client does not notice.
#include "ifc/hello.h"
#include "lib/os/boot_image.h"
#include "lib/os/spawn.h"
#include "test/guest/harness/guest.h"

constexpr u32 LEVEL = 15, ROUNDS = 40;

static handle_t port, service;
static hello_t hello;
static bool is_over;        // atomic: the client is done
static u32 calls, mistakes; // of the client, atomic

static err_t start(void)
{
	static struct spawn spawn;
	spawn = (struct spawn){ .arguments = VIEW_TEXT("hello"), .level = LEVEL };
	TRY(boot_file("service/hello", &spawn.image));
	TRY(spawn_give(&spawn, "port", port, RIGHT_SERVE));
	return spawn_start(&spawn, &service);
}

static err_t begin(void)
{
	TRY(port_create(0, &port));
	TRY(connection_create(port, 1, &hello.handle));
	return start();
}

static err_t kill(void)
{
	u64 code;
	TRY(process_control(service, PROCESS_OPERATION_KILL, 0, 0));
	return guest_wait(service, &code);
}

static bool is_greeted(view_t name, view_t wanted)
{
	u8 text[HELLO_TEXT_MAX];
	u32 length;
	err_t err = hello_greet(hello, name, span_of(text), &length);
	return err == OK && view_equal(view_clamp(view_of(text), 0, length), wanted);
}

static void test_calls(void)
{
	u64 sum;
	u8 small[4];
	u32 length;
	CHECK_OK(begin());
	CHECK_OK(hello_add(hello, 40, 2, &sum));
	CHECK_EQ(sum, 42);
	CHECK_OK(hello_add(hello, UINT64_MAX, 2, &sum));
	CHECK_EQ(sum, 1);
	CHECK(is_greeted(VIEW_TEXT("Carbide"), VIEW_TEXT("Hello, Carbide!")));
	CHECK(is_greeted(VIEW_TEXT(""), VIEW_TEXT("Hello, !")));
	CHECK_EQ(hello_greet(hello, VIEW_TEXT("Carbide"), span_of(small), &length), ERR_TOO_BIG);
	CHECK(is_greeted(VIEW_TEXT("you"), VIEW_TEXT("Hello, you!")));
}

// Messages that no stub would make are answered, and the service lives on.
static void test_bad_messages(void)
{
	struct message message = { .tag = 999 };
	u64 sum;
	CHECK(connection_invoke(hello.handle, &message) != OK);
	for (u64 bit = 0; bit < 48; bit++) {
		message = (struct message){ .tag = 1ull << bit };
		block_self()->deadline = guest_soon();
		(void)connection_invoke(hello.handle, &message);
	}
	CHECK_OK(hello_add(hello, 1, 2, &sum));
	CHECK_EQ(sum, 3);
}

static u64 client_run(void *_Nullable unused)
{
	u64 sum;
	(void)unused;
	while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
		u32 n = __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
		bool is_right = n & 1 ? hello_add(hello, n, 5, &sum) == OK && sum == n + 5ull
		                      : is_greeted(VIEW_TEXT("again"), VIEW_TEXT("Hello, again!"));
		if (!is_right)
			__atomic_fetch_add(&mistakes, 1, __ATOMIC_RELAXED);
	}
	return 0;
}

static bool goes_on(void)
{
	u32 seen = __atomic_load_n(&calls, __ATOMIC_RELAXED);
	for (u64 end = guest_soon(); clock_read() < end;) {
		if (__atomic_load_n(&calls, __ATOMIC_RELAXED) - seen >= 3)
			return true;
		(void)sleep_until(clock_read() + 100 * NS_PER_US);
	}
	return false;
}

static void test_kills(void)
{
	static struct worker client;
	CHECK_OK(worker_start(&client, client_run, nullptr));
	for (u32 i = 0; i < ROUNDS; i++) {
		(void)sleep_until(clock_read() + i * 37 * NS_PER_US % (3 * NS_PER_MS));
		CHECK_OK(kill());
		CHECK_OK(start());
		CHECK(goes_on()); // a call that two services died with is given up
	}
	__atomic_store_n(&is_over, true, __ATOMIC_RELEASE);
	CHECK_OK(worker_join(&client, guest_soon()));
	CHECK(calls > ROUNDS);
	CHECK_EQ(mistakes, 0);
}

// A service that was started with a closed port ends by itself.
static void test_end(void)
{
	u32 observed;
	u64 size;
	struct process_info info = {};
	CHECK_OK(handle_close(hello.handle));
	CHECK_OK(object_revoke(port)); // the service's own handle dies
	CHECK_OK(handle_close(port));
	if (object_wait(service, SIGNAL_EXITED, guest_after(300), &observed) != OK)
		CHECK_OK(process_control(service, PROCESS_OPERATION_KILL, 0, 0));
	CHECK_OK(object_wait(service, SIGNAL_EXITED, guest_soon(), &observed));
	CHECK_OK(handle_info(service, INFO_TOPIC_PROCESS, span_of(info), &size));
	CHECK(info.exit_reason != EXIT_FAULT);
}

static const struct guest_test tests[] = {
	{ "calls", test_calls },
	{ "bad_messages", test_bad_messages },
	{ "kills", test_kills },
	{ "end", test_end },
};

int main(void)
{
	return guest_run(tests, COUNT(tests));
}
