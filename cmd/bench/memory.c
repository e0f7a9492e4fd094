// SPDX-License-Identifier: MIT
// memory.c - the first touch of a page, copying out of an object, forking 1 MiB.
#include "abi/signals.h"
#include "cmd/bench/bench.h"
#include "lib/base/view.h"
#include "lib/os/process.h"
#include "os/syscalls.h"

constexpr u64 FAULT_PAGES = 512, FORK_PAGES = 256;

static err_t map(u64 pages, u64 *address)
{
	handle_t memory;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, pages * PAGE_SIZE, HANDLE_NONE, 0, 0, &memory));
	TRY(memory_map(
		HANDLE_NONE, memory, 0, pages * PAGE_SIZE, 0, MAP_FLAGS_READ | MAP_FLAGS_WRITE, address));
	return handle_close(memory);
}

static volatile u8 *byte_at(u64 address)
{
	UNSAFE_BEGIN("map returned it, and the caller stays below its end")
	return (volatile u8 *)address;
	UNSAFE_END
}

void bench_touch(u64 address)
{
	*byte_at(address) = 1;
}

void bench_look(u64 address)
{
	(void)*byte_at(address);
}

static u64 next_page; // the first page that was not yet touched

err_t fault_prepare(u64 *argument)
{
	TRY(map(FAULT_PAGES, argument));
	next_page = *argument;
	return OK;
}

err_t fault_step(u64 argument)
{
	(void)argument;
	bench_touch(next_page);
	next_page += PAGE_SIZE;
	return OK;
}

err_t fault_finish(u64 argument)
{
	return memory_unmap(HANDLE_NONE, argument, FAULT_PAGES * PAGE_SIZE);
}

err_t read_prepare(u64 *argument)
{
	handle_t memory;
	u64 byte = 1, done;
	TRY(memory_create(MEMORY_KIND_ANONYMOUS, PAGE_SIZE, HANDLE_NONE, 0, 0, &memory));
	TRY(memory_write(memory, 0, view_of(byte), &done));
	*argument = memory.raw;
	return OK;
}

err_t read_step(u64 argument)
{
	static u8 page[PAGE_SIZE];
	u64 done;
	return memory_read((handle_t){ (u32)argument }, 0, span_of(page), &done);
}

err_t fork_prepare(u64 *argument)
{
	TRY(map(FORK_PAGES, argument));
	for (u64 i = 0; i < FORK_PAGES; i++)
		bench_touch(*argument + i * PAGE_SIZE);
	return OK;
}

err_t fork_step(u64 argument)
{
	handle_t child;
	u32 observed;
	(void)argument;
	TRY(process_fork(0, &child));
	if (!child.raw)
		program_exit(0);
	TRY(object_wait(child, SIGNAL_EXITED, DEADLINE_NEVER, &observed));
	return handle_close(child);
}
