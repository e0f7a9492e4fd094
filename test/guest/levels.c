// SPDX-License-Identifier: MIT
// levels.c - what only services may do: calls go down, identities are chosen, threads get real-time
// priorities. Runs at level 3 (kernel command line: level=3); its child, the same program with the
// argument `child`, at level 15.
#include "lib/base/atomic.h"
#include "lib/os/boot_image.h"
#include "lib/os/spawn.h"
#include "test/guest/harness/guest.h"

constexpr u32 OWN = 3, PROGRAM = 15;
constexpr u64 IDENTITY = 77;

static struct guest_port port;

static void test_sideways(void)
{
	struct message message = {};
	CHECK_OK(guest_port(1, &port));
	CHECK_EQ(connection_invoke(port.connection, &message), ERR_LEVEL); // our own level
	guest_port_close(&port);
	CHECK_OK(port_create(OWN + 1, &port.port)); // for who will serve it one level up
	CHECK_OK(connection_create(port.port, 1, &port.connection));
	CHECK_EQ(connection_invoke(port.connection, &message), ERR_LEVEL);
	guest_port_close(&port);
	CHECK_OK(port_create(OWN - 1, &port.port)); // never below our own
	CHECK_OK(connection_create(port.port, 1, &port.connection));
	CHECK_EQ(connection_invoke(port.connection, &message), ERR_LEVEL);
	guest_port_close(&port);
}

static void test_create(void)
{
	handle_t process;
	for (u32 level = 0; level < OWN; level++)
		CHECK_EQ(process_create(HANDLE_NONE, 0, level, &process), ERR_LEVEL);
	for (u32 level = OWN; level <= PROGRAM; level++) {
		CHECK_OK(process_create(HANDLE_NONE, level, level, &process));
		struct process_info info = {};
		u64 size;
		CHECK_OK(handle_info(process, INFO_TOPIC_PROCESS, span_of(info), &size));
		CHECK_EQ(info.identity, level);
		CHECK_OK(process_control(process, PROCESS_OPERATION_SET_IDENTITY, 100 + level, 0));
		CHECK_OK(handle_info(process, INFO_TOPIC_PROCESS, span_of(info), &size));
		CHECK_EQ(info.identity, 100 + level);
		CHECK_OK(process_control(process, PROCESS_OPERATION_KILL, 0, 0));
		CHECK_OK(handle_close(process));
	}
}

// A program calls down to us; the kernel stamps what we made it.
static void test_down(void)
{
	static struct spawn spawn;
	struct message message = {};
	handle_t child;
	u64 code;
	spawn = (struct spawn){
		.arguments = VIEW_TEXT("levels child"), .level = PROGRAM, .identity = IDENTITY
	};
	CHECK_OK(boot_file("test/levels", &spawn.image));
	CHECK_OK(guest_port(5, &port));
	CHECK_OK(spawn_give(&spawn, "service", port.connection, RIGHTS_ALL));
	CHECK_OK(spawn_start(&spawn, &child));
	CHECK_OK(port_receive_until(port.port, &message, guest_soon()));
	CHECK_EQ(message.identity, IDENTITY);
	CHECK_EQ(message.badge, 5);
	message.tag = reply_tag(OK, 1);
	AT(message.word, 0) = 31;
	CHECK_OK(reply_send(HANDLE_NONE, &message));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 31);
	guest_port_close(&port);
}

static int run_child(void)
{
	struct message message = {};
	handle_t process;
	u64 unused;
	if (process_create(HANDLE_NONE, 99, PROGRAM, &process) != ERR_RIGHTS ||
		process_create(HANDLE_NONE, 0, PROGRAM - 1, &process) != ERR_LEVEL ||
		thread_control(HANDLE_NONE, THREAD_OPERATION_SET_PRIORITY, 1, 0, &unused) != ERR_RIGHTS ||
		connection_invoke_until(start_handle("service"), &message, guest_soon()) != OK)
		return 1;
	return (int)AT(message.word, 0);
}

struct spinner {
	struct worker worker;
	u64 delay_ms, duration_ms, priority;
	u64 weight;       // weigh_run only
	u64 began, ended; // when
	u64 used;         // CPU time, ns
	u32 cpu;          // where it ended
};

static u64 spin_run(void *argument)
{
	struct spinner *spinner = argument;
	struct thread_info info = {};
	u64 size, unused;
	MUST(thread_control(HANDLE_NONE, THREAD_OPERATION_SET_AFFINITY, 1, 0, &unused) == OK);
	if (spinner->priority)
		MUST(thread_control(
				 HANDLE_NONE, THREAD_OPERATION_SET_PRIORITY, spinner->priority, 0, &unused) == OK);
	(void)sleep_until(guest_after(spinner->delay_ms));
	spinner->began = clock_read();
	for (u64 end = guest_after(spinner->duration_ms); clock_read() < end;)
		;
	MUST(handle_info(HANDLE_NONE, INFO_TOPIC_THREAD, span_of(info), &size) == OK);
	spinner->used = info.cpu_ns;
	spinner->cpu = info.cpu;
	spinner->ended = clock_read();
	return 0;
}

static void print_spinner(const char *name, const struct spinner *spinner)
{
	print("# %s: CPU %u, %lu to %lu us, %lu us used\n", name, spinner->cpu, spinner->began / 1000,
		spinner->ended / 1000, spinner->used / 1000);
}

// Shares are counted from when both run until the light one has had its time: not by the clock,
// which also runs while a busy host stops this CPU.
constexpr u64 LIGHT_NS = 100'000'000;
static u32 weighing; // atomic: how many have begun
static bool is_weighed;

static u64 used_now(void)
{
	struct thread_info info = {};
	u64 size;
	MUST(handle_info(HANDLE_NONE, INFO_TOPIC_THREAD, span_of(info), &size) == OK);
	return info.cpu_ns;
}

static u64 weigh_run(void *_Nullable argument)
{
	struct spinner *spinner = NOT_NULL(argument);
	u64 unused, deadline = guest_soon();
	MUST(thread_control(HANDLE_NONE, THREAD_OPERATION_SET_AFFINITY, 1, 0, &unused) == OK);
	MUST(thread_control(HANDLE_NONE, THREAD_OPERATION_SET_WEIGHT, spinner->weight, 0, &unused) ==
		 OK);
	atomic_add_relaxed(&weighing, 1u);
	while (atomic_load_relaxed(&weighing) < 2 && clock_read() < deadline)
		;
	u64 before = used_now();
	spinner->began = clock_read();
	while (!atomic_load_relaxed(&is_weighed) && clock_read() < deadline) {
		spinner->used = used_now() - before;
		if (spinner->weight == 100 && spinner->used >= LIGHT_NS)
			atomic_store_relaxed(&is_weighed, true);
	}
	spinner->ended = clock_read();
	return 0;
}

static void test_weights(void)
{
	static struct spinner light, heavy;
	light = (struct spinner){ .weight = 100 };
	heavy = (struct spinner){ .weight = 300 };
	CHECK_OK(worker_start(&light.worker, weigh_run, &light));
	CHECK_OK(worker_start(&heavy.worker, weigh_run, &heavy));
	CHECK_OK(worker_join(&light.worker, guest_soon()));
	CHECK_OK(worker_join(&heavy.worker, guest_soon()));
	print_spinner("weight 100", &light);
	print_spinner("weight 300", &heavy);
	CHECK(heavy.used > 2 * light.used); // three to one, about
	CHECK(heavy.used < 5 * light.used);
	CHECK(light.used >= LIGHT_NS);
}

// While a real-time thread runs, fair ones of its CPU do not.
static void test_priority(void)
{
	static struct spinner fair, first, second;
	fair = (struct spinner){ .duration_ms = 80 };
	first = (struct spinner){ .duration_ms = 100, .priority = 8 };
	second = (struct spinner){ .duration_ms = 50, .priority = 9 };
	CHECK_OK(worker_start(&fair.worker, spin_run, &fair));
	CHECK_OK(worker_start(&first.worker, spin_run, &first));
	CHECK_OK(worker_start(&second.worker, spin_run, &second));
	CHECK_OK(worker_join(&fair.worker, guest_soon()));
	CHECK_OK(worker_join(&first.worker, guest_soon()));
	CHECK_OK(worker_join(&second.worker, guest_soon()));
	print_spinner("fair", &fair);
	print_spinner("first", &first);
	CHECK(first.ended <= fair.ended);
	CHECK_EQ(fair.worker.result + first.worker.result + second.worker.result, 0);
}

static u32 word; // futex
static struct worker owner, waiter;
static u64 owner_ended; // when

static u64 owner_run(void *_Nullable unused)
{
	u64 result;
	u32 woken;
	(void)unused;
	MUST(thread_control(HANDLE_NONE, THREAD_OPERATION_SET_AFFINITY, 1, 0, &result) == OK);
	for (u64 end = guest_after(60); clock_read() < end;)
		;
	owner_ended = clock_read();
	atomic_store_seq_cst(&word, 0);
	MUST(futex_wake((u64)&word, 1, 0, 0, &woken) == OK);
	return 0;
}

static u64 waiter_run(void *_Nullable unused)
{
	u64 result;
	(void)unused;
	MUST(thread_control(HANDLE_NONE, THREAD_OPERATION_SET_PRIORITY, 20, 0, &result) == OK);
	err_t err = futex_wait((u64)&word, 1, guest_soon(), owner.handle);
	MUST(err == OK || err == ERR_WOULD_BLOCK);
	return 0;
}

// A fair owner that a thread of priority 20 waits for is not kept waiting by one of 10.
static void test_inheritance(void)
{
	static struct spinner spinner;
	spinner = (struct spinner){ .delay_ms = 20, .duration_ms = 300, .priority = 10 };
	atomic_store_seq_cst(&word, 1);
	CHECK_OK(worker_start(&spinner.worker, spin_run, &spinner));
	CHECK_OK(worker_start(&owner, owner_run, nullptr));
	CHECK_OK(worker_start(&waiter, waiter_run, nullptr));
	CHECK_OK(worker_join(&waiter, guest_soon()));
	CHECK_OK(worker_join(&owner, guest_soon()));
	CHECK_OK(worker_join(&spinner.worker, guest_soon()));
	CHECK_EQ(owner.result + waiter.result + spinner.worker.result, 0);
	CHECK(owner_ended < spinner.ended);
}

static void test_affinity(void)
{
	struct system_info system = {};
	struct thread_info info = {};
	u64 size, unused;
	CHECK_OK(handle_info(start_handle("resource"), INFO_TOPIC_SYSTEM, span_of(system), &size));
	for (u32 round = 0; round < 3; round++)
		for (u64 cpu = 0; cpu < system.cpus; cpu++) {
			CHECK_OK(thread_control(
				HANDLE_NONE, THREAD_OPERATION_SET_AFFINITY, 1ull << cpu, 0, &unused));
			(void)sleep_until(0);
			CHECK_OK(handle_info(HANDLE_NONE, INFO_TOPIC_THREAD, span_of(info), &size));
			CHECK_EQ(info.cpu, cpu);
		}
	CHECK_OK(thread_control(HANDLE_NONE, THREAD_OPERATION_SET_AFFINITY, UINT64_MAX, 0, &unused));
}

static u32 is_spun; // atomic: the real-time thread is through

static u64 spin_in_real_time(void *_Nullable argument)
{
	u64 unused;
	MUST(thread_control(HANDLE_NONE, THREAD_OPERATION_SET_AFFINITY, 1, 0, &unused) == OK);
	MUST(thread_control(HANDLE_NONE, THREAD_OPERATION_SET_PRIORITY, 20, 0, &unused) == OK);
	u64 end = clock_read() + (u64)argument;
	while (clock_read() < end)
		;
	atomic_store_release(&is_spun, 1u);
	return 0;
}

static u64 own_time_ns(void)
{
	struct thread_info info = {};
	u64 size;
	MUST(handle_info(HANDLE_NONE, INFO_TOPIC_THREAD, span_of(info), &size) == OK);
	return info.cpu_ns;
}

// A real-time thread that never sleeps leaves the fair band of its CPU a twentieth. By the kernel's
// account: what of it the host took away is not the kernel's doing.
static void test_starvation(void)
{
	constexpr u64 SPIN_NS = 2500 * NS_PER_MS;
	struct worker worker;
	u64 unused, before = own_time_ns();
	CHECK_OK(thread_control(HANDLE_NONE, THREAD_OPERATION_SET_AFFINITY, 1, 0, &unused));
	CHECK_OK(worker_start(&worker, spin_in_real_time, guest_number(SPIN_NS)));
	while (!atomic_load_acquire(&is_spun))
		;
	CHECK_OK(worker_join(&worker, guest_soon()));
	CHECK_EQ(worker.result, 0);
	u64 mine = own_time_ns() - before;
	CHECK(mine > SPIN_NS / 100);
	CHECK(mine < SPIN_NS / 2);
	CHECK_OK(thread_control(HANDLE_NONE, THREAD_OPERATION_SET_AFFINITY, ~0ull, 0, &unused));
}

static const struct guest_test tests[] = {
	{ "sideways", test_sideways },
	{ "create", test_create },
	{ "down", test_down },
	{ "weights", test_weights },
	{ "priority", test_priority },
	{ "inheritance", test_inheritance },
	{ "affinity", test_affinity },
	{ "starvation", test_starvation },
};

int main(void)
{
	if (view_equal(view_cstring(start_argument(1)), VIEW_TEXT("child")))
		return run_child();
	return guest_run(tests, COUNT(tests));
}
