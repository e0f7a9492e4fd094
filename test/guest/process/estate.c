// SPDX-License-Identifier: MIT
// estate.c - handles that outlive their process, until another inherits them: decision 015.
#include "test/guest/process/process_test.h"

static handle_t inner; // a port's, in both processes by the same value
static handle_t start; // a timer: when it fires the child's handles are being kept

static u64 die(u64 argument)
{
	u32 observed;
	MUST(object_wait(start, SIGNAL_FIRED, guest_soon(), &observed) == OK);
	return argument;
}

// A child that begins when its handles are being kept.
static err_t fork_kept(u64 (*run)(u64), u64 argument, handle_t *child)
{
	TRY(timer_create(&start));
	TRY(guest_fork(run, argument, child));
	TRY(process_control(*child, PROCESS_OPERATION_KEEP_HANDLES, 1, 0));
	TRY(timer_set(start, clock_read(), 0));
	return handle_close(start);
}

// Takes a call in hand and saves another, then dies with both.
static u64 die_serving(u64 argument)
{
	struct message message = {};
	handle_t saved;
	MUST(die(0) == 0);
	MUST(port_receive_until(inner, &message, guest_soon()) == OK);
	MUST(reply_save(&saved) == OK);
	MUST(port_receive_until(inner, &message, guest_soon()) == OK);
	return argument;
}

static err_t wait_exit(handle_t process)
{
	u32 observed;
	return object_wait(process, SIGNAL_EXITED, guest_soon(), &observed);
}

static u32 handles_to(handle_t handle)
{
	struct object_info info = {};
	u64 size;
	return handle_info(handle, INFO_TOPIC_OBJECT, span_of(info), &size) == OK ? info.handles : 0;
}

void test_estate(void)
{
	handle_t child, heir, again;
	struct guest_level before, after;
	CHECK_OK(port_create(0, &inner));
	CHECK_OK(guest_level(&before));
	CHECK_OK(fork_kept(die, 5, &child));
	CHECK_OK(wait_exit(child));
	CHECK_EQ(handles_to(inner), 2); // kept
	CHECK_OK(process_create(HANDLE_NONE, 0, LEVEL_PROGRAM, &heir));
	CHECK_EQ(process_control(heir, PROCESS_OPERATION_INHERIT, heir.raw, 0), ERR_STATE);
	CHECK_OK(process_control(heir, PROCESS_OPERATION_INHERIT, child.raw, 0));
	CHECK_EQ(handles_to(inner), 2);
	CHECK_OK(process_create(HANDLE_NONE, 0, LEVEL_PROGRAM, &again));
	CHECK_EQ(process_control(again, PROCESS_OPERATION_INHERIT, child.raw, 0), ERR_STATE); // once
	CHECK_OK(handle_close(child));
	CHECK_EQ(handles_to(inner), 2);
	// The heir dies as usual: all is drained.
	CHECK_OK(process_control(heir, PROCESS_OPERATION_KILL, 0, 0));
	CHECK_OK(wait_exit(heir));
	CHECK_EQ(handles_to(inner), 1);
	CHECK_OK(handle_close(heir));
	CHECK_OK(process_control(again, PROCESS_OPERATION_KILL, 0, 0));
	CHECK_OK(wait_exit(again));
	CHECK_OK(handle_close(again));
	CHECK_OK(guest_level(&after));
	CHECK(after.objects <= before.objects);
	CHECK(after.handles_used <= before.handles_used);
	CHECK(after.pages_used <= before.pages_used);
	CHECK_OK(handle_close(inner));
}

// A program of three instructions: closes the handle of this value, then waits to be killed.
static err_t run_close(handle_t process, handle_t value, handle_t *thread)
{
	u8 code[] = { 0xbf, 0, 0, 0, 0, 0xb8, SYSCALL_HANDLE_CLOSE, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xfe };
	constexpr u64 BASE = 0x400000;
	handle_t memory;
	u64 done, mapped;
	for (u32 i = 0; i < 4; i++)
		AT(code, i + 1) = (u8)(value.raw >> 8 * i);
	TRY(guest_memory(2 * PAGE_SIZE, &memory));
	TRY(memory_write(memory, 0, view_of(code), &done));
	TRY(memory_map(process, memory, BASE, PAGE_SIZE, 0,
		MAP_FLAGS_READ | MAP_FLAGS_EXEC | MAP_FLAGS_FIXED, &mapped));
	TRY(memory_map(process, memory, BASE + PAGE_SIZE, PAGE_SIZE, PAGE_SIZE,
		MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_FIXED, &mapped));
	TRY(handle_close(memory));
	return thread_create(process, BASE, BASE + 2 * PAGE_SIZE, 0, BASE + PAGE_SIZE, thread);
}

// Values mean the same in the heir, also in one that has another quota.
void test_estate_values(void)
{
	handle_t child, quota, heir, thread;
	u64 size, code;
	CHECK_OK(port_create(0, &inner));
	CHECK_OK(fork_kept(die, 0, &child));
	CHECK_OK(wait_exit(child));
	CHECK_OK(quota_create(HANDLE_NONE, 500, 100, 100, 100, &quota));
	CHECK_OK(process_create(quota, 0, LEVEL_PROGRAM, &heir));
	CHECK_OK(process_control(heir, PROCESS_OPERATION_INHERIT, child.raw, 0));
	struct quota_info used = {};
	CHECK_OK(handle_info(quota, INFO_TOPIC_QUOTA, span_of(used), &size));
	CHECK(used.handles_used >= 3); // they are charged to the heir's
	u32 value;
	CHECK_OK(process_give(heir, inner, RIGHTS_ALL, &value));
	CHECK(value != inner.raw); // that one is taken
	CHECK_EQ(handles_to(inner), 3);
	CHECK_OK(run_close(heir, inner, &thread));
	for (u64 end = guest_soon(); handles_to(inner) > 2 && clock_read() < end;)
		CHECK_OK(sleep_until(guest_after(1)));
	CHECK_EQ(handles_to(inner), 2);
	CHECK_OK(process_control(heir, PROCESS_OPERATION_KILL, 0, 0));
	CHECK_OK(guest_wait(heir, &code));
	CHECK_EQ(handles_to(inner), 1);
	CHECK_OK(handle_close(thread));
	CHECK_OK(handle_close(child));
	CHECK_OK(handle_close(quota));
	CHECK_OK(handle_close(inner));
}

static u64 call_run(void *_Nullable argument)
{
	struct message message = { .tag = (u64)argument & 1 ? TAG_IDEMPOTENT : 0 };
	handle_t connection = { (u32)((u64)argument >> 1) };
	return (u64) - (i64)connection_invoke(connection, &message);
}

// Calls in its hand are answered, or wait for the next one, as at each death.
void test_estate_calls(void)
{
	struct worker first, second;
	struct guest_port port;
	struct message message = {};
	handle_t child;
	CHECK_OK(guest_port(7, &port));
	inner = port.port;
	CHECK_OK(fork_kept(die_serving, 5, &child));
	u64 connection = (u64)port.connection.raw << 1;
	CHECK_OK(worker_start(&first, call_run, guest_number(connection)));
	CHECK(guest_settled(first.handle));
	CHECK_OK(worker_start(&second, call_run, guest_number(connection | 1)));
	CHECK_OK(wait_exit(child));
	CHECK_OK(worker_join(&first, guest_soon()));
	CHECK_EQ(first.result, -ERR_RESTARTED);
	CHECK_OK(port_receive_until(port.port, &message, guest_soon())); // repeated: idempotent
	CHECK_EQ(message.badge, 7);
	message.tag = reply_tag(OK, 0);
	CHECK_OK(reply_send(HANDLE_NONE, &message));
	CHECK_OK(worker_join(&second, guest_soon()));
	CHECK_EQ(second.result, 0);
	CHECK_OK(handle_close(child));
	guest_port_close(&port);
}

// Killed once more, a dead process loses its estate.
void test_estate_killed(void)
{
	handle_t child;
	CHECK_OK(port_create(0, &inner));
	CHECK_OK(fork_kept(die, 5, &child));
	CHECK_OK(wait_exit(child));
	CHECK_EQ(handles_to(inner), 2);
	CHECK_OK(process_control(child, PROCESS_OPERATION_KILL, 0, 0));
	for (u64 end = guest_soon(); handles_to(inner) > 1 && clock_read() < end;)
		CHECK_OK(sleep_until(guest_after(1)));
	CHECK_EQ(handles_to(inner), 1);
	CHECK_OK(handle_close(child));
	CHECK_OK(handle_close(inner));
}

// Nobody inherits: the last handle to the dead process takes its estate along.
void test_estate_lost(void)
{
	handle_t child;
	struct guest_level before, after;
	CHECK_OK(port_create(0, &inner));
	CHECK_OK(guest_level(&before));
	for (u32 i = 0; i < 20; i++) {
		CHECK_OK(fork_kept(die, 5, &child));
		u32 itself;
		err_t err = i % 4 < 2 ? process_give(child, child, RIGHTS_ALL, &itself) : OK;
		CHECK(err == OK || err == ERR_STATE); // dead already
		if (i % 2)
			CHECK_OK(wait_exit(child));
		CHECK_OK(handle_close(child)); // also while it still lives or dies
	}
	for (u64 end = guest_soon(); handles_to(inner) > 1 && clock_read() < end;)
		CHECK_OK(sleep_until(guest_after(1)));
	CHECK_EQ(handles_to(inner), 1);
	CHECK_OK(guest_level(&after));
	CHECK(after.objects <= before.objects);
	CHECK(after.handles_used <= before.handles_used);
	CHECK_OK(handle_close(inner));
}

static u64 make_ring(u64 argument)
{
	MUST(die(0) == 0);
	MUST(ring_of_one(0) == 0);
	return argument;
}

static bool comes_to(handle_t handle, u32 count)
{
	for (u64 end = guest_soon(); handles_to(handle) != count && clock_read() < end;)
		(void)!sleep_until(guest_after(1));
	return handles_to(handle) == count;
}

// What the dead has made is its heir's, and ends with that one.
void test_estate_made(void)
{
	handle_t child, heir;
	CHECK_OK(port_create(0, &ring_port));
	CHECK_OK(fork_kept(make_ring, 5, &child));
	CHECK_OK(wait_exit(child));
	CHECK_EQ(handles_to(ring_port), 3); // ours, the estate's, that of the process in the ring
	CHECK_OK(process_create(HANDLE_NONE, 0, LEVEL_PROGRAM, &heir));
	CHECK_OK(process_control(heir, PROCESS_OPERATION_INHERIT, child.raw, 0));
	CHECK_OK(handle_close(child));
	CHECK_OK(sleep_until(guest_after(20)));
	CHECK_EQ(handles_to(ring_port), 3);
	CHECK_OK(process_control(heir, PROCESS_OPERATION_KILL, 0, 0));
	CHECK_OK(wait_exit(heir));
	CHECK(comes_to(ring_port, 1));
	CHECK_OK(handle_close(heir));
	CHECK_OK(handle_close(ring_port));
}

static u64 receive_twice(u64 argument)
{
	struct message message = {};
	MUST(die(0) == 0);
	MUST(port_receive_until(inner, &message, guest_soon()) == OK);
	MUST(port_receive_until(inner, &message, guest_soon()) == OK);
	return argument;
}

static handle_t given;

static u64 call_giving(void *_Nullable argument)
{
	struct message message = { .tag = 1ul << TAG_HANDLES_SHIFT, .handle = { given } };
	AT(message.handle_rights, 0) = RIGHTS_ALL;
	return (u64) - (i64)connection_invoke((handle_t){ (u32)(u64)argument }, &message);
}

// A handle that the dead took is in its estate; one that came with a message which it did not live
// to see is closed.
void test_estate_untaken(void)
{
	struct worker first, second;
	struct guest_port port;
	handle_t child;
	CHECK_OK(guest_port(7, &port));
	CHECK_OK(timer_create(&given));
	inner = port.port;
	CHECK_OK(fork_kept(receive_twice, 5, &child));
	CHECK_OK(worker_start(&first, call_giving, guest_number(port.connection.raw)));
	CHECK_OK(worker_join(&first, guest_soon()));
	CHECK_EQ(first.result, -ERR_RESTARTED);
	CHECK_EQ(handles_to(given), 3); // ours, its by the fork, the one it took
	CHECK_OK(process_control(child, PROCESS_OPERATION_SUSPEND, 0, 0));
	CHECK_OK(worker_start(&second, call_giving, guest_number(port.connection.raw)));
	CHECK(comes_to(given, 4)); // delivered to a thread that does not run
	CHECK_OK(process_control(child, PROCESS_OPERATION_KILL, 0, 0));
	CHECK_OK(worker_join(&second, guest_soon()));
	CHECK_EQ(second.result, -ERR_RESTARTED);
	CHECK_OK(wait_exit(child));
	CHECK_EQ(handles_to(given), 3);
	CHECK_OK(handle_close(child));
	CHECK(comes_to(given, 1));
	CHECK_OK(handle_close(given));
	guest_port_close(&port);
}

static handle_t other;

static u64 meddle(u64 heir)
{
	MUST(process_control(HANDLE_NONE, PROCESS_OPERATION_KEEP_HANDLES, 1, 0) == ERR_RIGHTS);
	MUST(process_control((handle_t){ (u32)heir }, PROCESS_OPERATION_KEEP_HANDLES, 1, 0) ==
		 ERR_RIGHTS);
	MUST(process_control((handle_t){ (u32)heir }, PROCESS_OPERATION_INHERIT, other.raw, 0) ==
		 ERR_RIGHTS);
	return 1;
}

// Only who made a process keeps its handles and says who inherits them.
void test_estate_strangers(void)
{
	handle_t heir, child;
	u64 code;
	CHECK_OK(port_create(0, &inner));
	CHECK_OK(fork_kept(die, 5, &other));
	CHECK_OK(wait_exit(other));
	CHECK_OK(process_create(HANDLE_NONE, 0, LEVEL_PROGRAM, &heir));
	CHECK_OK(guest_fork(meddle, heir.raw, &child));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 1);
	CHECK_OK(process_control(heir, PROCESS_OPERATION_INHERIT, other.raw, 0));
	CHECK_OK(handle_close(heir));
	CHECK_OK(handle_close(other));
	CHECK_OK(handle_close(inner));
}
