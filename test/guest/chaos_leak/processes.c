// SPDX-License-Identifier: MIT
// processes.c - forks, threads and programs that end in every way.
#include "lib/base/atomic.h"
#include "test/guest/chaos_leak/leak.h"

static u64 end_at_once(u64 argument)
{
	return argument;
}

static err_t run_child(u64 (*run)(u64 argument), u64 argument, u64 wanted)
{
	handle_t child;
	u64 code;
	TRY(guest_fork(run, argument, &child));
	TRY(guest_wait(child, &code));
	return code == wanted ? OK : ERR_STATE;
}

err_t fork_step(u64 round)
{
	return run_child(end_at_once, round & 63, round & 63);
}

// Children that outlive their parent.
static u64 fork_more(u64 depth)
{
	handle_t child;
	for (u32 i = 0; depth && i < 2; i++)
		if (guest_fork(fork_more, depth - 1, &child) != OK)
			return 1;
	return 0;
}

err_t fork_deep_step(u64 round)
{
	return run_child(fork_more, round % 3, 0);
}

static u64 write_nowhere(u64 argument)
{
	UNSAFE_BEGIN("faults on purpose")
	*(volatile u8 *)argument = 1;
	UNSAFE_END
	return 0;
}

err_t fork_fault_step(u64 round)
{
	return run_child(write_nowhere, 8 + round, 1000 + EXIT_FAULT);
}

static u64 spin(u64 argument)
{
	volatile u64 forever = argument;
	while (forever)
		compiler_barrier();
	return 0;
}

static u64 sleep_long(u64 argument)
{
	(void)argument;
	(void)sleep_until(DEADLINE_NEVER);
	return 0;
}

err_t fork_killed_step(u64 round)
{
	handle_t child;
	TRY(guest_fork(round & 1 ? spin : sleep_long, 1, &child));
	if (round & 2)
		chaos_pause();
	return chaos_kill(child);
}

static u64 thread_run(void *_Nullable argument)
{
	if (argument)
		(void)sleep_until(DEADLINE_NEVER);
	return 5;
}

err_t thread_step(u64 round)
{
	struct worker workers[2];
	(void)round;
	for (u32 i = 0; i < COUNT(workers); i++)
		TRY(worker_start(&AT(workers, i), thread_run, nullptr));
	for (u32 i = 0; i < COUNT(workers); i++)
		TRY(worker_join(&AT(workers, i), guest_soon()));
	return OK;
}

err_t thread_killed_step(u64 round)
{
	struct worker worker;
	u64 unused;
	TRY(worker_start(&worker, thread_run, &worker));
	if (round & 1)
		chaos_pause();
	if (round & 2)
		TRY(thread_control(worker.handle, THREAD_OPERATION_SUSPEND, 0, 0, &unused));
	TRY(worker_kill(&worker));
	return worker_join(&worker, guest_soon());
}

err_t program_step(u64 round)
{
	handle_t process;
	u64 code;
	const struct chaos_program program = { .path = "test/chaos_leak",
		.arguments = round & 1 ? "chaos_leak nothing" : "chaos_leak none 1" };
	TRY(chaos_start(&program, &process));
	if (round % 4 == 3)
		return chaos_kill(process);
	TRY(chaos_waited(process, &code));
	return code == 0 ? OK : ERR_STATE;
}

// Handles given to a process that never runs, and to one that dies meanwhile.
err_t give_step(u64 round)
{
	handle_t child, timer;
	u32 value;
	TRY(timer_create(&timer));
	TRY(guest_fork(sleep_long, 0, &child));
	for (u32 i = 0; i < 4; i++)
		TRY(process_give(child, timer, RIGHTS_ALL, &value));
	if (round & 1)
		TRY(process_control(child, PROCESS_OPERATION_KILL, 0, 0));
	err_t err = process_give(child, timer, RIGHTS_ALL, &value);
	if (err != OK && err != ERR_STATE)
		return err;
	TRY(chaos_kill(child));
	return handle_close(timer);
}

// Exec into an empty space: the program faults at its first instruction and is gone.
static u64 replace_self(u64 argument)
{
	handle_t image, memory;
	u64 address;
	if (process_create(HANDLE_NONE, 0, 15, &image) != OK)
		return 1;
	if (memory_create(MEMORY_KIND_ANONYMOUS, PAGE_SIZE, HANDLE_NONE, 0, 0, &memory) != OK ||
		memory_map(image, memory, 0, PAGE_SIZE, 0, MAP_FLAGS_READ | MAP_FLAGS_WRITE, &address) !=
			OK)
		return 2;
	(void)process_replace(image, 4096, address + PAGE_SIZE, argument, address);
	return 3;
}

err_t replace_step(u64 round)
{
	return run_child(replace_self, round, 1000 + EXIT_FAULT);
}
