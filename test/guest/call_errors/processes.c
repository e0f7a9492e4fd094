// SPDX-License-Identifier: MIT
// processes.c - errors of processes and threads, living and dead.
#include "test/guest/call_errors/errors.h"

constexpr u64 KERNEL = ~0ull << 31;

void test_processes(void)
{
	u64 process = AT(fixture.good, HANDLE_KIND_PROCESS).raw, self = start_handle("process").raw;
	FAILS(PROCESS_CREATE, ERR_LEVEL, 0, 0, 16);
	FAILS(PROCESS_CREATE, ERR_LEVEL, 0, 0, UINT32_MAX);
	FAILS(PROCESS_CREATE, ERR_LEVEL, 0, 0, 14); // below our own
	FAILS(PROCESS_CREATE, ERR_RIGHTS, 0, 12345, 15);
	FAILS(PROCESS_FORK, ERR_RIGHTS, 12345);
	FAILS(PROCESS_REPLACE, ERR_STATE, self, fixture.buffer, fixture.buffer, 0, fixture.buffer);
	FAILS(PROCESS_REPLACE, ERR_FAULT, process, KERNEL, fixture.buffer, 0, fixture.buffer);
	FAILS(PROCESS_REPLACE, ERR_FAULT, process, fixture.buffer, KERNEL, 0, fixture.buffer);
	FAILS(PROCESS_REPLACE, ERR_FAULT, process, fixture.buffer, fixture.buffer, 0, KERNEL);
	FAILS(PROCESS_REPLACE, ERR_FAULT, process, fixture.buffer, fixture.buffer, 0, fixture.buffer);
	FAILS(PROCESS_REPLACE, ERR_ALIGNMENT, process, fixture.buffer, fixture.buffer, 0,
		fixture.buffer + 8);
	FAILS(PROCESS_CONTROL, ERR_RIGHTS, 0, PROCESS_OPERATION_SET_IDENTITY, 12345);
	FAILS(PROCESS_CONTROL, ERR_FAULT, process, PROCESS_OPERATION_SET_REFLECTION, KERNEL);
	FAILS(PROCESS_CONTROL, ERR_BAD_HANDLE, process, PROCESS_OPERATION_TRACE, 0xdeadbeef);
	FAILS(PROCESS_CONTROL, ERR_BAD_HANDLE, process, PROCESS_OPERATION_TRACE, 1ull << 32);
	FAILS(PROCESS_CONTROL, ERR_WRONG_TYPE, process, PROCESS_OPERATION_TRACE, process);
	FAILS(PROCESS_CONTROL, ERR_BAD_HANDLE, process, PROCESS_OPERATION_INHERIT, 0xdeadbeef);
	FAILS(PROCESS_CONTROL, ERR_BAD_HANDLE, process, PROCESS_OPERATION_INHERIT, 1ull << 32);
	FAILS(PROCESS_CONTROL, ERR_WRONG_TYPE, process, PROCESS_OPERATION_INHERIT,
		AT(fixture.good, HANDLE_KIND_PORT).raw);
	FAILS(PROCESS_CONTROL, ERR_STATE, process, PROCESS_OPERATION_INHERIT, self); // it lives
}

// More handles than the heir may have.
void test_poor_heir(void)
{
	handle_t dead, heir, quota, timer = AT(fixture.good, HANDLE_KIND_TIMER);
	u32 observed, value;
	CHECK_OK(process_create(HANDLE_NONE, 0, 15, &dead));
	for (u32 i = 0; i < 3; i++)
		CHECK_OK(process_give(dead, timer, RIGHTS_ALL, &value));
	CHECK_OK(process_control(dead, PROCESS_OPERATION_KEEP_HANDLES, 1, 0));
	CHECK_OK(process_control(dead, PROCESS_OPERATION_KILL, 1, 0));
	CHECK_OK(object_wait(dead, SIGNAL_EXITED, guest_soon(), &observed));
	CHECK_OK(quota_create(HANDLE_NONE, 50, 10, 2, 100, &quota));
	CHECK_OK(process_create(quota, 0, 15, &heir));
	FAILS(PROCESS_CONTROL, ERR_QUOTA, heir.raw, PROCESS_OPERATION_INHERIT, dead.raw);
	CHECK_OK(handle_close(heir));
	CHECK_OK(process_create(HANDLE_NONE, 0, 15, &heir));
	CHECK_OK(process_give(heir, timer, RIGHTS_ALL, &value));
	FAILS(PROCESS_CONTROL, ERR_STATE, heir.raw, PROCESS_OPERATION_INHERIT, dead.raw); // not fresh
	CHECK_OK(handle_close(dead));
	CHECK_OK(handle_close(heir));
	CHECK_OK(handle_close(quota));
}

void test_dead_process(void)
{
	handle_t dead, timer = AT(fixture.good, HANDLE_KIND_TIMER);
	u32 observed;
	CHECK_OK(process_create(HANDLE_NONE, 0, 15, &dead));
	CHECK_OK(process_control(dead, PROCESS_OPERATION_KILL, 1, 0));
	CHECK_OK(object_wait(dead, SIGNAL_EXITED, guest_soon(), &observed));
	FAILS(PROCESS_GIVE, ERR_STATE, dead.raw, timer.raw, RIGHTS_ALL);
	FAILS(PROCESS_REPLACE, ERR_STATE, dead.raw, fixture.buffer, fixture.buffer, 0, fixture.buffer);
	FAILS(PROCESS_CONTROL, ERR_STATE, dead.raw, PROCESS_OPERATION_KEEP_HANDLES, 1);
	FAILS(THREAD_CREATE, ERR_STATE, dead.raw, fixture.buffer, fixture.buffer, 0, fixture.buffer);
	FAILS(MEMORY_MAP, ERR_STATE, dead.raw, 0, 0, PAGE_SIZE, 0, 0);
	FAILS(MEMORY_PROTECT, ERR_NOT_FOUND, dead.raw, fixture.buffer, PAGE_SIZE, 0);
	FAILS(MEMORY_READ, ERR_FAULT, dead.raw, fixture.buffer, fixture.buffer, 8);
	FAILS(MEMORY_WRITE, ERR_FAULT, dead.raw, fixture.buffer, fixture.buffer, 8);
	for (u32 operation = 0; operation <= PROCESS_OPERATION_RESUME_FAULT; operation++)
		CHECK_OK(process_control(dead, (enum process_operation)operation, 0, 0)); // nothing to do
	CHECK_OK(handle_close(dead));
}

void test_threads(void)
{
	u64 process = AT(fixture.good, HANDLE_KIND_PROCESS).raw, buffer = fixture.buffer;
	u64 thread = AT(fixture.good, HANDLE_KIND_THREAD).raw;
	FAILS(THREAD_CREATE, ERR_FAULT, 0, KERNEL, buffer, 0, buffer);
	FAILS(THREAD_CREATE, ERR_FAULT, 0, buffer, KERNEL, 0, buffer);
	FAILS(THREAD_CREATE, ERR_FAULT, 0, buffer, buffer, 0, KERNEL);
	FAILS(THREAD_CREATE, ERR_FAULT, 0, buffer, buffer, 0, 0);
	FAILS(THREAD_CREATE, ERR_FAULT, 0, buffer, buffer, 0, fixture.unmapped);
	FAILS(THREAD_CREATE, ERR_FAULT, 0, buffer, buffer, 0, fixture.read_only);
	FAILS(THREAD_CREATE, ERR_FAULT, 0, buffer, buffer, 0, fixture.reserved);
	FAILS(THREAD_CREATE, ERR_FAULT, process, buffer, buffer, 0, buffer); // not mapped there
	FAILS(THREAD_CREATE, ERR_ALIGNMENT, 0, buffer, buffer, 0, buffer + 256);
	FAILS(THREAD_CONTROL, ERR_RIGHTS, 0, THREAD_OPERATION_SET_PRIORITY, 1);
	FAILS(THREAD_CONTROL, ERR_INVALID, 0, THREAD_OPERATION_SET_PRIORITY, 33);
	FAILS(THREAD_CONTROL, ERR_INVALID, 0, THREAD_OPERATION_SET_WEIGHT, 0);
	FAILS(THREAD_CONTROL, ERR_INVALID, 0, THREAD_OPERATION_SET_WEIGHT, 1025);
	FAILS(THREAD_CONTROL, ERR_INVALID, 0, THREAD_OPERATION_SET_AFFINITY, 0);
	FAILS(THREAD_CONTROL, ERR_INVALID, 0, THREAD_OPERATION_SET_AFFINITY, 1ull << 63);
	FAILS(THREAD_CONTROL, ERR_STATE, 0, THREAD_OPERATION_STEP, 0);    // we run
	FAILS(THREAD_CONTROL, ERR_RIGHTS, thread, THREAD_OPERATION_OPEN); // more than it has
	FAILS(THREAD_REGISTERS, ERR_INVALID, thread, REGISTER_OPERATION_SET, buffer, 8);
	FAILS(THREAD_REGISTERS, ERR_INVALID, thread, REGISTER_OPERATION_SET_FLOAT, buffer, 8);
}

static u64 sleep_run(void *_Nullable argument)
{
	(void)argument;
	(void)sleep_until(DEADLINE_NEVER);
	return 0;
}

void test_dead_thread(void)
{
	static struct worker worker;
	handle_t thread;
	CHECK_OK(worker_start(&worker, sleep_run, nullptr));
	CHECK(guest_settled(worker.handle));
	FAILS(THREAD_REGISTERS, ERR_STATE, worker.handle.raw, REGISTER_OPERATION_GET, fixture.buffer,
		sizeof(struct thread_registers));
	FAILS(THREAD_CONTROL, ERR_STATE, worker.handle.raw, THREAD_OPERATION_STEP, 0);
	CHECK_OK(handle_duplicate(worker.handle, RIGHTS_ALL, &thread));
	CHECK_OK(worker_kill(&worker));
	CHECK_OK(worker_join(&worker, guest_soon()));
	for (u32 operation = 0; operation <= THREAD_OPERATION_STEP; operation++)
		FAILS(THREAD_CONTROL, ERR_STATE, thread.raw, operation, 1);
	FAILS(THREAD_NOTIFY, ERR_STATE, thread.raw, 1);
	FAILS(THREAD_NOTIFY, ERR_STATE, AT(fixture.good, HANDLE_KIND_PROCESS).raw, 1); // empty
	FAILS(THREAD_NOTIFY, ERR_WRONG_TYPE, AT(fixture.good, HANDLE_KIND_STREAM).raw, 1);
	for (u32 operation = 0; operation <= REGISTER_OPERATION_GET_FLOAT; operation += 2)
		FAILS(THREAD_REGISTERS, ERR_STATE, thread.raw, operation, fixture.buffer, PAGE_SIZE);
	CHECK_OK(handle_close(thread));
}

void test_futexes(void)
{
	static struct job job;
	u64 word = fixture.buffer, value = guest_peek(word), unused;
	u32 expected = (u32)value;
	FAILS(FUTEX_WAIT, ERR_ALIGNMENT, word + 1, expected, 0);
	FAILS(FUTEX_WAIT, ERR_ALIGNMENT, word + 2, expected, 0);
	FAILS(FUTEX_WAIT, ERR_WOULD_BLOCK, word, expected + 1, DEADLINE_NEVER);
	FAILS(FUTEX_WAIT, ERR_TIMED_OUT, word, expected, 0);
	FAILS(FUTEX_WAIT, ERR_TIMED_OUT, word, expected, 1);
	FAILS(FUTEX_WAIT, ERR_TIMED_OUT, word, expected, guest_after(2));
	FAILS(FUTEX_WAIT, ERR_FAULT, fixture.unmapped, 0, 0);
	FAILS(FUTEX_WAIT, ERR_FAULT, fixture.reserved, 0, 0);
	FAILS(FUTEX_WAIT, ERR_FAULT, KERNEL, 0, 0);
	FAILS(FUTEX_WAIT, ERR_FAULT, ~3ull, 0, 0);
	FAILS(FUTEX_WAIT, ERR_FAULT, 0, 0, 0);
	job = JOB(FUTEX_WAIT, word, expected, DEADLINE_NEVER, 0);
	CHECK(job_start(&job));
	CHECK_OK(thread_control(job.worker.handle, THREAD_OPERATION_INTERRUPT, 0, 0, &unused));
	CHECK(job_finish(&job));
	CHECK_EQ(job.answer.err, ERR_INTERRUPTED);
	FAILS(FUTEX_WAKE, ERR_ALIGNMENT, word + 1, 1, 0, 0);
	FAILS(FUTEX_WAKE, ERR_ALIGNMENT, word, 1, word + 6, 1);
	FAILS(FUTEX_WAKE, ERR_FAULT, fixture.unmapped, 1, 0, 0);
	FAILS(FUTEX_WAKE, ERR_FAULT, KERNEL, 1, 0, 0);
	FAILS(FUTEX_WAKE, ERR_FAULT, word, 1, fixture.unmapped, 1);
}
