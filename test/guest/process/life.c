// SPDX-License-Identifier: MIT
// life.c - birth and death: fork, kill, fault, rules of who may do what.
#include "test/guest/process/process_test.h"

static volatile u64 shared_word = 1; // private after a fork

u64 exit_with(u64 argument)
{
	shared_word += argument;
	return shared_word;
}

void test_fork(void)
{
	handle_t child;
	u64 code;
	CHECK_OK(guest_fork(exit_with, 41, &child));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 42);
	CHECK_EQ(shared_word, 1);
}

static u64 compare_block(u64 parent_id)
{
	const struct thread_block *block = block_self();
	return block->thread_id != parent_id && block->self == (u64)block ? 0 : 1;
}

void test_fork_block(void)
{
	handle_t child;
	u64 code, id = block_self()->thread_id;
	CHECK_OK(guest_fork(compare_block, id, &child));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, 0);
	CHECK_EQ(block_self()->thread_id, id);
}

u64 spin(u64 argument)
{
	for (;;)
		shared_word += argument;
}

void test_kill(void)
{
	handle_t child;
	u64 code;
	CHECK_OK(guest_fork(spin, 1, &child));
	CHECK_OK(sleep_until(clock_read() + 20 * NS_PER_MS));
	CHECK_OK(process_control(child, PROCESS_OPERATION_KILL, 7, 0));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, KILLED);
}

u64 sleep_long(u64 argument)
{
	return sleep_until(DEADLINE_NEVER) == OK ? argument : 99;
}

void test_kill_sleeping(void)
{
	handle_t child;
	u64 code;
	CHECK_OK(guest_fork(sleep_long, 1, &child));
	CHECK_OK(sleep_until(clock_read() + 20 * NS_PER_MS));
	CHECK_OK(process_control(child, PROCESS_OPERATION_KILL, 7, 0));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, KILLED);
}

u64 fault(u64 argument)
{
	UNSAFE_BEGIN("page 0 is never mapped")
	*(volatile u64 *)argument = 1;
	UNSAFE_END
	return 0;
}

void test_fault(void)
{
	handle_t child;
	u64 code;
	CHECK_OK(guest_fork(fault, 16, &child));
	CHECK_OK(guest_wait(child, &code));
	CHECK_EQ(code, FAULTED);
}

void test_rules(void)
{
	handle_t process;
	CHECK_EQ(process_create(HANDLE_NONE, 0, 3, &process), ERR_LEVEL);
	CHECK_EQ(process_create(HANDLE_NONE, 0, 16, &process), ERR_LEVEL);
	CHECK_EQ(process_create(HANDLE_NONE, 77, LEVEL_PROGRAM, &process), ERR_RIGHTS);
	CHECK_EQ(process_fork(77, &process), ERR_RIGHTS);
	CHECK_OK(process_create(HANDLE_NONE, 0, LEVEL_PROGRAM, &process));
	handle_t thread;
	u64 unused;
	CHECK_EQ(thread_create(process, 0x10000, 0, 0, 0x20000, &thread), ERR_FAULT);
	CHECK_EQ(thread_create(process, 0x10000, 0, 0, 0x20001, &thread), ERR_ALIGNMENT);
	CHECK_EQ(thread_control(HANDLE_NONE, THREAD_OPERATION_SET_PRIORITY, 5, 0, &unused), ERR_RIGHTS);
	CHECK_OK(process_control(process, PROCESS_OPERATION_KILL, 0, 0));
	u32 value;
	CHECK_EQ(process_give(process, process, RIGHTS_ALL, &value), ERR_STATE);
	u64 code;
	CHECK_OK(guest_wait(process, &code));
	CHECK_EQ(code, KILLED);
}

static u64 return_at_once(void *_Nullable argument)
{
	return (u64)argument;
}

void test_many(void)
{
	for (u64 i = 0; i < 200; i++) {
		handle_t child;
		u64 code;
		CHECK_OK(guest_fork(exit_with, i, &child));
		CHECK_OK(guest_wait(child, &code));
		CHECK_EQ(code, i + 1);
		struct worker worker;
		CHECK_OK(worker_start(&worker, return_at_once, (void *)i));
		CHECK_OK(worker_join(&worker, guest_soon()));
		CHECK_EQ(worker.result, i);
	}
}
