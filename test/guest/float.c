// SPDX-License-Identifier: MIT
// float.c - vector registers belong to a thread: kept across switches, calls and faults, copied by
// a fork, empty in a new one, and shown by thread_registers.
#include "test/guest/harness/guest.h"

static struct worker workers[3];

static void load_vectors(u64 value)
{
	__asm__ volatile("movq %0, %%xmm0; movq %0, %%xmm7; movq %0, %%xmm15; punpcklqdq %%xmm0, %%xmm0"
		:
		: "r"(value));
}

static u64 read_low(void)
{
	u64 first, middle, last, high;
	__asm__ volatile("movq %%xmm0, %0; movq %%xmm7, %1; movq %%xmm15, %2\n\t"
					 "movdqa %%xmm0, %%xmm1; punpckhqdq %%xmm1, %%xmm1; movq %%xmm1, %3"
		: "=r"(first), "=r"(middle), "=r"(last), "=r"(high));
	return first == middle && first == last && first == high ? first : UINT64_MAX;
}

static u64 keep_run(void *_Nullable argument)
{
	u64 mine = 0x1111111111111111 * (u64)(uintptr_t)argument;
	load_vectors(mine);
	for (u32 i = 0; i < 500; i++) {
		(void)sleep_until(i % 50 ? 0 : guest_after(1)); // to the others, and back
		MUST(read_low() == mine);
	}
	return 0;
}

static void test_switches(void)
{
	for (u64 i = 0; i < COUNT(workers); i++) {
		CHECK_OK(worker_start(&AT(workers, i), keep_run, guest_number(i + 1)));
	}
	for (u64 i = 0; i < COUNT(workers); i++) {
		CHECK_OK(worker_join(&AT(workers, i), guest_soon()));
		CHECK_EQ(AT(workers, i).result, 0);
	}
}

static u64 spin_run(void *_Nullable argument)
{
	u64 mine = 0x0101010101010101 * (u64)(uintptr_t)argument, end = guest_after(60);
	load_vectors(mine);
	while (clock_read() < end)
		MUST(read_low() == mine); // preempted anywhere
	return 0;
}

static void test_preempted(void)
{
	for (u64 i = 0; i < COUNT(workers); i++) {
		CHECK_OK(worker_start(&AT(workers, i), spin_run, guest_number(i + 1)));
	}
	for (u64 i = 0; i < COUNT(workers); i++) {
		CHECK_OK(worker_join(&AT(workers, i), guest_soon()));
		CHECK_EQ(AT(workers, i).result, 0);
	}
}

static u64 fresh_run(void *_Nullable unused)
{
	(void)unused;
	return read_low();
}

// What others left in the registers is not there.
static void test_fresh(void)
{
	load_vectors(0xdeaddeaddeaddead);
	CHECK_OK(worker_start(&AT(workers, 0), fresh_run, nullptr));
	CHECK_OK(worker_join(&AT(workers, 0), guest_soon()));
	CHECK_EQ(AT(workers, 0).result, 0);
	CHECK_EQ(read_low(), 0xdeaddeaddeaddead);
}

static u64 forked(u64 value)
{
	MUST(read_low() == value);
	load_vectors(1);
	return 0;
}

static void test_fork(void)
{
	handle_t child;
	u64 code;
	load_vectors(0x4444555566667777);
	CHECK_OK(guest_fork(forked, 0x4444555566667777, &child));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 0);
	CHECK_EQ(read_low(), 0x4444555566667777);
}

static u64 hold_run(void *_Nullable value)
{
	load_vectors((u64)(uintptr_t)value);
	for (u32 i = 0; i < 3; i++)
		(void)sleep_until(guest_after(20));
	return read_low();
}

// As a debugger: the XSAVE area has xmm0 at 160.
static void test_registers(void)
{
	static u8 area[PAGE_SIZE];
	struct worker *worker = &AT(workers, 0);
	u64 size, value = 0, unused;
	u32 observed;
	CHECK_OK(worker_start(worker, hold_run, guest_number(0x123456789a)));
	CHECK(guest_settled(worker->handle));
	CHECK_OK(thread_control(worker->handle, THREAD_OPERATION_SUSPEND, 0, 0, &unused));
	CHECK_OK(object_wait(worker->handle, SIGNAL_SUSPENDED, guest_soon(), &observed));
	CHECK_OK(thread_registers(worker->handle, REGISTER_OPERATION_GET_FLOAT, span_of(area), &size));
	CHECK(size >= 576 && size <= sizeof area);
	CHECK_OK(view_load(view_of(area), 160, span_of(value)));
	CHECK_EQ(value, 0x123456789a);
	value = 0x77;
	for (u32 i = 0; i < 16; i += 1) // all of xmm0, xmm7, xmm15
		CHECK_OK(span_copy(span_clamp(span_of(area), 160 + i * 16, 8), view_of(value)));
	CHECK_OK(span_copy(span_clamp(span_of(area), 168, 8), view_of(value)));
	CHECK_OK(thread_registers(
		worker->handle, REGISTER_OPERATION_SET_FLOAT, span_clamp(span_of(area), 0, size), &size));
	CHECK_OK(thread_control(worker->handle, THREAD_OPERATION_RESUME, 0, 0, &unused));
	CHECK_OK(worker_join(worker, guest_soon()));
	CHECK_EQ(worker->result, 0x77);
}

// An area that the processor would refuse is refused by us, or made harmless.
static void test_bad_area(void)
{
	static u8 area[PAGE_SIZE];
	struct worker *worker = &AT(workers, 0);
	u64 size, unused;
	u32 observed;
	CHECK_OK(worker_start(worker, hold_run, guest_number(1)));
	CHECK(guest_settled(worker->handle));
	CHECK_OK(thread_control(worker->handle, THREAD_OPERATION_SUSPEND, 0, 0, &unused));
	CHECK_OK(object_wait(worker->handle, SIGNAL_SUSPENDED, guest_soon(), &observed));
	CHECK_OK(thread_registers(worker->handle, REGISTER_OPERATION_GET_FLOAT, span_of(area), &size));
	memory_fill(area, 0xff, sizeof area); // reserved bits of MXCSR, XSTATE_BV, XCOMP_BV
	(void)thread_registers(
		worker->handle, REGISTER_OPERATION_SET_FLOAT, span_clamp(span_of(area), 0, size), &unused);
	CHECK_OK(thread_control(worker->handle, THREAD_OPERATION_RESUME, 0, 0, &unused));
	CHECK_OK(worker_join(worker, guest_soon()));
}

static const struct guest_test tests[] = {
	{ "switches", test_switches },
	{ "preempted", test_preempted },
	{ "fresh", test_fresh },
	{ "fork", test_fork },
	{ "registers", test_registers },
	{ "bad_area", test_bad_area },
};

int main(void)
{
	return guest_run(tests, COUNT(tests));
}
