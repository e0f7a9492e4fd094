// SPDX-License-Identifier: MIT
// long.c - calls on very much memory: 1 GiB of which 94 MiB are touched so that 512 page tables are
// there, 2,000 mappings. What counts is the longest stretch with interrupts off: the kernel must
// come by a moment for interrupts every so often, however much it is asked for (decision 024).
#include "abi/memory.h"
#include "abi/signals.h"
#include "cmd/bench/bench.h"
#include "lib/os/process.h"
#include "os/syscalls.h"

constexpr u64 PAGE = 4096, MIB = 1024 * 1024, BIG = 1024 * MIB, PRESENT = 32 * MIB;
constexpr u64 TABLE = 2 * MIB, MANY = 2000;
constexpr u32 READ_WRITE = MAP_FLAGS_READ | MAP_FLAGS_WRITE;

static err_t anonymous(u64 size, handle_t *memory)
{
	return memory_create(MEMORY_KIND_ANONYMOUS, size, HANDLE_NONE, 0, 0, memory);
}

static err_t map(handle_t memory, u64 size, u64 *address)
{
	return memory_map(HANDLE_NONE, memory, 0, size, 0, READ_WRITE, address);
}

// Pages throughout the first part, then one for each page table.
static void touch_big(u64 address)
{
	for (u64 at = 0; at < BIG; at += at < PRESENT ? PAGE : TABLE)
		bench_touch(address + at);
}

static err_t big(u64 *address)
{
	handle_t memory;
	TRY(anonymous(BIG, &memory));
	TRY(map(memory, BIG, address));
	touch_big(*address);
	return handle_close(memory);
}

// MANY mappings beside each other, of an object each.
static err_t many(u64 *address)
{
	handle_t memory;
	u64 mapped;
	TRY(memory_map(HANDLE_NONE, HANDLE_NONE, 0, MANY * PAGE, 0, 0, address));
	for (u64 i = 0; i < MANY; i++) {
		TRY(anonymous(PAGE, &memory));
		TRY(memory_map(HANDLE_NONE, memory, *address + i * PAGE, PAGE, 0,
			READ_WRITE | MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE, &mapped));
		bench_touch(mapped);
		TRY(handle_close(memory));
	}
	return OK;
}

// One object, mapped MANY times.
static err_t often(handle_t *memory, u64 *address)
{
	u64 mapped;
	TRY(anonymous(PAGE, memory));
	TRY(memory_map(HANDLE_NONE, HANDLE_NONE, 0, MANY * PAGE, 0, 0, address));
	for (u64 i = 0; i < MANY; i++) {
		TRY(memory_map(HANDLE_NONE, *memory, *address + i * PAGE, PAGE, 0,
			READ_WRITE | MAP_FLAGS_SHARED | MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE, &mapped));
		bench_touch(mapped);
	}
	return OK;
}

err_t long_unmap_step(u64 argument)
{
	u64 address;
	(void)argument;
	TRY(big(&address));
	return memory_unmap(HANDLE_NONE, address, BIG);
}

err_t long_unmap_many_step(u64 argument)
{
	u64 address;
	(void)argument;
	TRY(many(&address));
	return memory_unmap(HANDLE_NONE, address, MANY * PAGE);
}

err_t long_replace_step(u64 argument)
{
	u64 address, mapped;
	(void)argument;
	TRY(big(&address));
	TRY(memory_map(
		HANDLE_NONE, HANDLE_NONE, address, BIG, 0, MAP_FLAGS_FIXED | MAP_FLAGS_REPLACE, &mapped));
	return memory_unmap(HANDLE_NONE, address, BIG);
}

err_t long_protect_step(u64 argument)
{
	u64 address;
	(void)argument;
	TRY(big(&address));
	TRY(memory_protect(HANDLE_NONE, address, BIG, MAP_FLAGS_READ));
	TRY(memory_protect(HANDLE_NONE, address, BIG, 0));
	return memory_unmap(HANDLE_NONE, address, BIG);
}

err_t long_protect_many_step(u64 argument)
{
	u64 address;
	(void)argument;
	TRY(many(&address));
	TRY(memory_protect(HANDLE_NONE, address, MANY * PAGE, MAP_FLAGS_READ));
	return memory_unmap(HANDLE_NONE, address, MANY * PAGE);
}

err_t long_move_step(u64 argument)
{
	u64 address, to;
	(void)argument;
	TRY(big(&address));
	TRY(memory_map(HANDLE_NONE, HANDLE_NONE, 0, BIG, 0, 0, &to));
	TRY(memory_unmap(HANDLE_NONE, to, BIG));
	TRY(memory_map(HANDLE_NONE, HANDLE_NONE, to, BIG, address, MAP_FLAGS_MOVE, &to));
	return memory_unmap(HANDLE_NONE, to, BIG);
}

err_t long_discard_step(u64 argument)
{
	u64 address;
	(void)argument;
	TRY(big(&address));
	TRY(memory_protect(HANDLE_NONE, address, BIG, MAP_FLAGS_DISCARD));
	return memory_unmap(HANDLE_NONE, address, BIG);
}

static err_t wait_end(handle_t process)
{
	u32 observed;
	TRY(object_wait(process, SIGNAL_EXITED, DEADLINE_NEVER, &observed));
	return handle_close(process);
}

// The child ends as it is.
static err_t fork_and_wait(void)
{
	handle_t child;
	TRY(process_fork(0, &child));
	if (!child.raw)
		program_exit(0);
	return wait_end(child);
}

err_t long_fork_step(u64 argument)
{
	u64 address;
	(void)argument;
	TRY(big(&address));
	TRY(fork_and_wait());
	return memory_unmap(HANDLE_NONE, address, BIG);
}

err_t long_fork_many_step(u64 argument)
{
	u64 address;
	(void)argument;
	TRY(many(&address));
	TRY(fork_and_wait());
	return memory_unmap(HANDLE_NONE, address, MANY * PAGE);
}

// What a process leaves that is killed.
err_t long_kill_step(u64 argument)
{
	handle_t child;
	u64 address, other;
	u32 observed;
	(void)argument;
	TRY(process_fork(0, &child));
	if (!child.raw) {
		if (big(&address) != OK || many(&other) != OK)
			program_exit(1);
		for (;;)
			(void)object_wait(HANDLE_NONE, 0, DEADLINE_NEVER, &observed);
	}
	TRY(sleep_until(clock_read() + 200'000'000));
	return bench_end(child);
}

err_t long_revoke_step(u64 argument)
{
	handle_t memory;
	u64 address;
	(void)argument;
	TRY(often(&memory, &address));
	TRY(object_revoke(memory));
	TRY(memory_unmap(HANDLE_NONE, address, MANY * PAGE));
	return handle_close(memory);
}

err_t long_clone_step(u64 argument)
{
	handle_t memory, clone;
	u64 address;
	(void)argument;
	TRY(anonymous(BIG, &memory));
	TRY(map(memory, BIG, &address));
	touch_big(address);
	TRY(memory_clone(memory, 0, BIG, &clone));
	TRY(handle_close(clone));
	TRY(memory_unmap(HANDLE_NONE, address, BIG));
	return handle_close(memory);
}

// Also how objects with many pages die, one or more at a time.
err_t long_commit_step(u64 argument)
{
	constexpr u64 OBJECTS = 16;
	handle_t memory[16];
	u64 ignored;
	(void)argument;
	for (u64 i = 0; i < OBJECTS; i++) {
		TRY(anonymous(4 * MIB, &AT(memory, i)));
		TRY(memory_control(AT(memory, i), MEMORY_OPERATION_COMMIT, 0, i ? MIB : 4 * MIB, &ignored));
	}
	TRY(memory_control(memory[0], MEMORY_OPERATION_DECOMMIT, 0, 2 * MIB, &ignored));
	for (u64 i = 0; i < OBJECTS; i++)
		TRY(handle_close(AT(memory, i)));
	return OK;
}

err_t long_decommit_often_step(u64 argument)
{
	handle_t memory;
	u64 address, ignored;
	(void)argument;
	TRY(often(&memory, &address));
	TRY(memory_control(memory, MEMORY_OPERATION_DECOMMIT, 0, PAGE, &ignored));
	TRY(memory_unmap(HANDLE_NONE, address, MANY * PAGE));
	return handle_close(memory);
}

// A file without pages that somebody read throughout ends: its zero pages leave the tables.
err_t long_shrink_step(u64 argument)
{
	handle_t memory;
	u64 address, ignored;
	(void)argument;
	TRY(anonymous(BIG, &memory));
	TRY(map(memory, BIG, &address));
	for (u64 at = 0; at < BIG; at += at < PRESENT ? PAGE : TABLE)
		bench_look(address + at);
	TRY(memory_control(memory, MEMORY_OPERATION_RESIZE, 0, 0, &ignored));
	TRY(memory_unmap(HANDLE_NONE, address, BIG));
	return handle_close(memory);
}

// A process with very many handles, of which its child gets each.
err_t long_handles_step(u64 argument)
{
	constexpr u64 HANDLES = 20'000;
	static handle_t handle[20'000];
	handle_t memory;
	(void)argument;
	TRY(anonymous(PAGE, &memory));
	for (u64 i = 0; i < HANDLES; i++)
		TRY(handle_duplicate(memory, 0, &AT(handle, i)));
	TRY(fork_and_wait());
	for (u64 i = 0; i < HANDLES; i++)
		TRY(handle_close(AT(handle, i)));
	return handle_close(memory);
}
