// SPDX-License-Identifier: MIT
// control.c - stopping threads, their registers, single steps, a debugger.
#include "abi/registers.h"
#include "abi/trace.h"
#include "test/guest/process/process_test.h"

// A debugger: the fault stops the thread; the process goes on to live until it is killed.
void test_fault_stop(void)
{
	handle_t child;
	u64 code;
	u32 observed;
	CHECK_OK(guest_fork(spin, 1, &child));
	CHECK_OK(process_control(child, PROCESS_OPERATION_SUSPEND, 0, 0));
	handle_t faulty, port;
	CHECK_OK(port_create(0, &port));
	CHECK_OK(guest_fork(fault, 32, &faulty)); // may be first: then it dies, as without debugger
	if (port_bind(port, faulty, SIGNAL_FAULTED, 5, BIND_MODE_LEVEL) == OK &&
		object_wait(faulty, SIGNAL_FAULTED | SIGNAL_EXITED, guest_soon(), &observed) == OK &&
		observed & SIGNAL_FAULTED)
		CHECK_OK(process_control(faulty, PROCESS_OPERATION_KILL, 0, 0));
	CHECK_OK(guest_wait(faulty, &code));
	CHECK_OK(process_control(child, PROCESS_OPERATION_RESUME, 0, 0));
	CHECK_OK(process_control(child, PROCESS_OPERATION_KILL, 0, 0));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, KILLED);
}

volatile u64 counter;

u64 count_up(void *_Nullable argument)
{
	(void)argument;
	for (;;)
		counter++;
}

static u64 thread_ran_ns(handle_t thread)
{
	struct thread_info info = {};
	u64 size;
	return handle_info(thread, INFO_TOPIC_THREAD, span_of(info), &size) == OK ? info.cpu_ns : 0;
}

static u64 process_ran_ns(void)
{
	struct process_info info = {};
	u64 size;
	bool is_told = handle_info(HANDLE_NONE, INFO_TOPIC_PROCESS, span_of(info), &size) == OK;
	return is_told ? info.cpu_ns : 0;
}

// A thread that never enters the kernel, perhaps alone on another CPU: its time is up to date.
void test_processor_time(void)
{
	struct worker worker;
	u64 first = counter, until = guest_soon();
	CHECK_OK(worker_start(&worker, count_up, nullptr));
	while (counter == first && clock_read() < until)
		CHECK_OK(sleep_until(clock_read() + NS_PER_MS));
	u64 begin = clock_read(), of_thread = thread_ran_ns(worker.handle), of_all = process_ran_ns();
	CHECK_OK(sleep_until(clock_read() + 20 * NS_PER_MS));
	for (u64 i = 0, last = of_thread; i < 1000; i++) {
		u64 now = thread_ran_ns(worker.handle);
		CHECK(now >= last);
		last = now;
	}
	u64 ran = thread_ran_ns(worker.handle) - of_thread;
	CHECK(ran > 0 && ran <= clock_read() - begin);
	CHECK(process_ran_ns() - of_all >= ran);
	CHECK_OK(worker_kill(&worker));
	CHECK_OK(worker_join(&worker, guest_soon()));
}

void test_suspend_process(void)
{
	handle_t child;
	u64 code;
	CHECK_OK(guest_fork(sleep_long, 1, &child));
	CHECK_OK(process_control(child, PROCESS_OPERATION_SUSPEND, 0, 0));
	CHECK_OK(sleep_until(clock_read() + 20 * NS_PER_MS));
	CHECK_OK(process_control(child, PROCESS_OPERATION_RESUME, 0, 0));
	CHECK_OK(process_control(child, PROCESS_OPERATION_SUSPEND, 0, 0));
	CHECK_OK(process_control(child, PROCESS_OPERATION_KILL, 0, 0));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, KILLED);
}

void test_suspend_registers(void)
{
	struct worker worker;
	struct thread_registers registers = {};
	u64 size, unused;
	u32 observed;
	CHECK_OK(worker_start(&worker, count_up, nullptr));
	CHECK_EQ(thread_registers(worker.handle, REGISTER_OPERATION_GET, span_of(registers), &size),
		ERR_STATE);
	CHECK_OK(sleep_until(clock_read() + 20 * NS_PER_MS)); // let it arrive there
	CHECK_OK(thread_control(worker.handle, THREAD_OPERATION_SUSPEND, 0, 0, &unused));
	CHECK_OK(object_wait(worker.handle, SIGNAL_SUSPENDED, guest_soon(), &observed));
	u64 before = counter;
	CHECK_OK(sleep_until(clock_read() + 20 * NS_PER_MS));
	CHECK_EQ(counter, before);
	CHECK_OK(thread_registers(worker.handle, REGISTER_OPERATION_GET, span_of(registers), &size));
	CHECK_EQ(size, sizeof registers);
	u64 start = registers.rip, flags = registers.rflags;
	CHECK(start - (u64)count_up < 256);
	for (u32 i = 0; i < 3; i++) {
		CHECK_OK(thread_control(worker.handle, THREAD_OPERATION_STEP, 0, 0, &unused));
		CHECK_OK(object_wait(worker.handle, SIGNAL_SUSPENDED, guest_soon(), &observed));
		CHECK_OK(
			thread_registers(worker.handle, REGISTER_OPERATION_GET, span_of(registers), &size));
		CHECK(registers.rip - (u64)count_up < 256);
	}
	registers.rip = 0x8000'0000'0000; // not canonical: must not hurt the kernel
	registers.rflags = ~0ull;
	CHECK_OK(thread_registers(worker.handle, REGISTER_OPERATION_SET, span_of(registers), &size));
	CHECK_OK(thread_registers(worker.handle, REGISTER_OPERATION_GET, span_of(registers), &size));
	CHECK(registers.rip != 0x8000'0000'0000);
	registers.rip = start;
	registers.rflags = flags;
	CHECK_OK(thread_registers(worker.handle, REGISTER_OPERATION_SET, span_of(registers), &size));
	before = counter;
	CHECK_OK(thread_control(worker.handle, THREAD_OPERATION_RESUME, 0, 0, &unused));
	CHECK_OK(sleep_until(clock_read() + 20 * NS_PER_MS));
	CHECK(counter != before);
	CHECK_OK(worker_kill(&worker));
	CHECK_OK(worker_join(&worker, guest_soon()));
}

void test_suspend_storm(void)
{
	struct worker worker;
	u64 unused;
	u32 observed;
	CHECK_OK(worker_start(&worker, count_up, nullptr));
	for (u32 i = 0; i < 200; i++) {
		CHECK_OK(thread_control(worker.handle, THREAD_OPERATION_SUSPEND, 0, 0, &unused));
		if (i % 3 == 0)
			CHECK_OK(object_wait(worker.handle, SIGNAL_SUSPENDED, guest_soon(), &observed));
		CHECK_OK(thread_control(worker.handle, THREAD_OPERATION_RESUME, 0, 0, &unused));
		CHECK_OK(thread_control(worker.handle, THREAD_OPERATION_INTERRUPT, 0, 0, &unused));
	}
	u64 before = counter;
	CHECK_OK(sleep_until(clock_read() + 20 * NS_PER_MS));
	CHECK(counter != before);
	CHECK_OK(worker_kill(&worker));
	CHECK_OK(worker_join(&worker, guest_soon()));
}

void test_trace(void)
{
	handle_t memory;
	u64 done, until = clock_read() + NS_PER_MS; // which may map the time page
	struct {
		struct trace_header header;
		struct trace_record records[3];
	} trace = {};
	CHECK_OK(memory_create(MEMORY_KIND_ANONYMOUS, PAGE_SIZE, HANDLE_NONE, 0, 0, &memory));
	CHECK_OK(process_control(HANDLE_NONE, PROCESS_OPERATION_TRACE, memory.raw, 0));
	CHECK_EQ(handle_close((handle_t){ 12345 }), ERR_BAD_HANDLE);
	CHECK_OK(sleep_until(until));
	CHECK_OK(process_control(HANDLE_NONE, PROCESS_OPERATION_TRACE, 0, 0));
	CHECK_OK(memory_read(memory, 0, span_of(trace), &done));
	CHECK(trace.header.written >= 2);
	const struct trace_record *close = &AT(trace.records, 0);
	CHECK_EQ(close->number, SYSCALL_HANDLE_CLOSE);
	CHECK_EQ(AT(close->arguments, 0), 12345);
	CHECK_EQ(close->result, ERR_BAD_HANDLE);
	CHECK_EQ(close->thread_id, block_self()->thread_id);
	CHECK_EQ(AT(trace.records, 1).number, SYSCALL_OBJECT_WAIT);
	CHECK_OK(handle_close(memory));
}
