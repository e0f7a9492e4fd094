// SPDX-License-Identifier: MIT
// thread.c - see thread.h.
#include "lib/os/thread.h"

#include "abi/signals.h"
#include "lib/base/atomic.h"
#include "lib/base/err.h"
#include "os/syscalls.h"

[[noreturn]] static void worker_main(struct worker *worker)
{
	worker->result = worker->run(worker->argument);
	(void)task_exit(EXIT_SCOPE_THREAD, 0, (u64)&worker->running);
	__builtin_trap();
}

// Guard page, stack, block page.
static err_t map_stack(struct worker *worker)
{
	handle_t memory;
	u64 size = THREAD_STACK_SIZE + PAGE_SIZE, address;
	worker->size = size + PAGE_SIZE;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, size, HANDLE_NONE, 0, 0, &memory));
	err_t err = memory_map(HANDLE_NONE, HANDLE_NONE, 0, worker->size, 0, 0, &worker->stack);
	if (err == OK)
		err = memory_map(HANDLE_NONE, memory, worker->stack + PAGE_SIZE, size, 0,
			MAP_FLAGS_READ | MAP_FLAGS_WRITE | MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE, &address);
	(void)handle_close(memory);
	return err;
}

err_t worker_start(
	struct worker *worker, u64 (*run)(void *_Nullable argument), void *_Nullable argument)
{
	*worker = (struct worker){ .run = run, .argument = argument, .running = 1 };
	TRY(map_stack(worker));
	u64 block = worker->stack + worker->size - PAGE_SIZE;
	// The ABI wants the stack 16-aligned before a call pushes the return address.
	return thread_create(
		HANDLE_NONE, (u64)worker_main, block - 8, (u64)worker, block, &worker->handle);
}

err_t worker_join(struct worker *worker, u64 deadline)
{
	u32 observed;
	TRY(object_wait(worker->handle, SIGNAL_EXITED, deadline, &observed));
	(void)handle_close(worker->handle);
	return memory_unmap(HANDLE_NONE, worker->stack, worker->size);
}

err_t worker_kill(struct worker *worker)
{
	u64 unused;
	return thread_control(worker->handle, THREAD_OPERATION_KILL, 0, 0, &unused);
}
