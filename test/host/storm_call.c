// SPDX-License-Identifier: MIT
// storm_call.c - one system call's registers: mostly what a program could mean, sometimes what none
// would. The thread block is filled as the program would before calls that read it.
#include <string.h>

#include "abi/memory.h"
#include "fuzz/syscall_shapes.h"
#include "kernel/arch/arch.h"
#include "kernel/object/process.h"
#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"
#include "test/host/kernel_world.h"
#include "test/host/storm.h"

static u64 hostile(struct dice *dice)
{
	static const u64 values[] = { 0, 1, 3, 0xfff, 0x1000, 0x7fff'ffff, 0x8000'0000, 0xffff'ffff,
		0x1'0000'0000, 0x7fff'ffff'f000, 0x8000'0000'0000, 0xffff'8000'0000'0000,
		0xffff'8080'0000'0000, 0xffff'ffff'ffff'f000, UINT64_MAX - 1, UINT64_MAX };
	u64 value = values[dice_roll(dice, sizeof values / sizeof *values)];
	return dice_chance(dice, 4) ? value + dice_roll(dice, 16) - 8 : value;
}

static u64 address(struct dice *dice)
{
	switch (dice_roll(dice, 12)) {
	case 0: return hostile(dice);
	case 1: return WORLD_BASE + dice_roll(dice, WORLD_SIZE + PAGE_SIZE);
	case 2:
	case 3: return 0x200'0000 + dice_roll(dice, 64) * PAGE_SIZE;
	case 4:
		return 0x800'0000 + dice_roll(dice, 4) * LARGE_PAGE_SIZE + dice_roll(dice, 3) * PAGE_SIZE;
	case 5: return WORLD_BASE + dice_roll(dice, WORLD_BLOCKS) * THREAD_BLOCK_SIZE;
	case 6: return 0;
	default: return WORLD_DATA + dice_roll(dice, 0x3000) / 8 * 8;
	}
}

static u64 size(struct dice *dice)
{
	switch (dice_roll(dice, 16)) {
	case 0: return hostile(dice);
	case 1: return dice_roll(dice, 70'000);
	case 2: return LARGE_PAGE_SIZE * dice_roll(dice, 4);
	case 3:
	case 4: return dice_roll(dice, 300);
	default: return PAGE_SIZE * dice_roll(dice, 20);
	}
}

static u64 deadline(struct dice *dice)
{
	switch (dice_roll(dice, 8)) {
	case 0: return 0;
	case 1: return hostile(dice);
	case 2: return dice_chance(dice, 3) ? DEADLINE_NEVER : clock_now() + 1;
	default: return clock_now() + dice_roll(dice, 5'000'000);
	}
}

// By the tag alone: another CPU may be closing the handle.
static bool fits(const struct handle_entry *entry, u32 kind)
{
	u32 tag = atomic_load_relaxed(&entry->tag);
	u32 has = (tag & HANDLE_KIND_MASK) >> HANDLE_KIND_SHIFT;
	return kind == OBJECT_ANY ? has != 0 : has == kind;
}

// A live handle of the kind in the process's table, if there is one.
static u64 live_handle(struct dice *dice, struct thread *thread, u32 kind)
{
	const struct handle_table *handles = &thread->process->handles;
	u32 limit = atomic_load_acquire(&handles->limit);
	if (!limit)
		return 0;
	u32 slot = (u32)dice_roll(dice, limit < 128 ? limit : 128);
	for (u32 i = 0; i < limit; i++, slot = (slot + 1) % limit) {
		const struct handle_entry *entry = handle_entry_at(handles, slot);
		if (fits(entry, kind))
			return (atomic_load_relaxed(&entry->tag) & HANDLE_GENERATION_MASK) | slot;
	}
	return 0;
}

static u64 handle(struct dice *dice, struct thread *thread, u32 kind, bool is_optional)
{
	if (is_optional && dice_chance(dice, 3))
		return HANDLE_NONE.raw;
	if (kind == OBJECT_ANY && dice_chance(dice, 3))
		kind = OBJECT_MEMORY; // most calls that take anything are about memory
	switch (dice_roll(dice, 24)) {
	case 0: return hostile(dice);
	case 1: return live_handle(dice, thread, OBJECT_ANY);
	case 2: return live_handle(dice, thread, kind) + (1u << HANDLE_SLOT_BITS);
	default: return live_handle(dice, thread, kind);
	}
}

static bool is_named(const struct parameter_shape *shape, const char *part)
{
	return strstr(shape->name, part) != nullptr;
}

static u64 small_scalar(struct dice *dice, const struct parameter_shape *shape)
{
	if (is_named(shape, "clear") || is_named(shape, "set"))
		return dice_chance(dice, 4) ? 1u << dice_roll(dice, 32) : dice_word(dice) & SIGNAL_SERVICE;
	if (is_named(shape, "bits"))
		return dice_chance(dice, 2) ? 1u << dice_roll(dice, 9) : (u32)dice_word(dice);
	if (is_named(shape, "level"))
		return dice_chance(dice, 3) ? dice_roll(dice, 17) : LEVEL_PROGRAM;
	if (is_named(shape, "capacity"))
		return dice_roll(dice, 20'000);
	if (is_named(shape, "identity"))
		return 0;
	return dice_roll(dice, 40);
}

static u64 scalar(struct dice *dice, const struct parameter_shape *shape)
{
	if (dice_chance(dice, 32))
		return hostile(dice);
	if (is_named(shape, "deadline"))
		return deadline(dice);
	if (is_named(shape, "address") || is_named(shape, "block"))
		return address(dice);
	if (is_named(shape, "rights"))
		return dice_chance(dice, 3) ? dice_word(dice) & RIGHTS_ALL : RIGHTS_ALL;
	if (is_named(shape, "size") || is_named(shape, "offset") || is_named(shape, "base"))
		return size(dice);
	if (is_named(shape, "entry"))
		return dice_chance(dice, 2) ? WORLD_CALL_SITE + 2 : WORLD_UPCALL;
	if (is_named(shape, "stack"))
		return WORLD_BASE + WORLD_SIZE;
	if (is_named(shape, "period"))
		return dice_chance(dice, 2) ? 0 : dice_roll(dice, 3'000'000);
	return small_scalar(dice, shape);
}

static u64 parameter(struct dice *dice, struct thread *thread, const struct parameter_shape *shape)
{
	switch (shape->kind) {
	case PARAMETER_HANDLE: return handle(dice, thread, (u32)shape->handle, shape->is_optional);
	case PARAMETER_ENUM: return dice_roll(dice, shape->limit + 1 + dice_chance(dice, 32));
	case PARAMETER_FLAGS:
		return dice_chance(dice, 32) ? dice_word(dice) : dice_word(dice) & shape->limit;
	case PARAMETER_ADDRESS:
	case PARAMETER_BUFFER_IN:
	case PARAMETER_BUFFER_OUT:
	case PARAMETER_STRUCT_IN:
	case PARAMETER_STRUCT_OUT: return address(dice);
	case PARAMETER_SIZE:
		return dice_chance(dice, 6) ? size(dice)
		                            : dice_roll(dice, dice_chance(dice, 3) ? 9000 : 200);
	case PARAMETER_SCALAR:
	case PARAMETER_SIGNED: return scalar(dice, shape);
	}
	return 0;
}

static void fill_lend(struct dice *dice, struct lend *lend)
{
	atomic_store_relaxed(&lend->address, address(dice));
	atomic_store_relaxed(&lend->size, dice_chance(dice, 8) ? size(dice) : dice_roll(dice, 9000));
	atomic_store_relaxed(
		&lend->direction, (u32)(1 + dice_roll(dice, dice_chance(dice, 9) ? 5 : 3)));
}

static void fill_block(struct dice *dice, struct thread *thread)
{
	struct thread_block *block = thread->block;
	atomic_store_relaxed(&block->deadline, deadline(dice));
	for (u32 i = 0; i < MESSAGE_HANDLES; i++) {
		u32 rights = dice_chance(dice, 4) ? (u32)dice_word(dice) : RIGHTS_ALL;
		atomic_store_relaxed(&block->handle[i].raw, (u32)live_handle(dice, thread, OBJECT_ANY));
		atomic_store_relaxed(&block->handle_rights[i], rights);
	}
	for (u32 i = 0; i < MESSAGE_LENDS; i++)
		if (dice_chance(dice, 2) || !atomic_load_relaxed(&block->lend[i].direction))
			fill_lend(dice, &block->lend[i]);
	atomic_store_relaxed(&block->handle_count, (u32)dice_roll(dice, MESSAGE_HANDLES + 1));
}

static u64 tag(struct dice *dice, const struct thread *thread)
{
	u64 flags = 0;
	flags |= dice_chance(dice, 2) ? TAG_DEADLINE : 0;
	flags |= dice_chance(dice, 2) ? TAG_IDEMPOTENT : 0;
	flags |= (thread->caller != nullptr) != dice_chance(dice, 16) ? TAG_REPLY : 0;
	flags |= dice_chance(dice, 4) ? TAG_POLL : 0;
	u32 handles = dice_chance(dice, 4) ? (u32)dice_roll(dice, 3) : 0;
	u32 lends = dice_chance(dice, 4) ? (u32)dice_roll(dice, 5) : 0;
	if (dice_chance(dice, 64))
		return dice_word(dice);
	return world_tag((u32)dice_roll(dice, 9), handles, lends, flags);
}

static void set_argument(struct thread_registers *regs, u32 i, u64 value)
{
	u64 *const slots[] = { &regs->rdi, &regs->rsi, &regs->rdx, &regs->r10, &regs->r8, &regs->r9 };
	*slots[i] = value;
}

// Death is rare, or nobody would live to do anything.
static bool is_deadly(const struct thread_registers *regs, u64 number)
{
	switch (number) {
	case SYSCALL_TASK_EXIT:
	case SYSCALL_PROCESS_REPLACE: return true;
	case SYSCALL_PROCESS_CONTROL:
		return regs->rsi == PROCESS_OPERATION_KILL || regs->rsi == PROCESS_OPERATION_SUSPEND;
	case SYSCALL_THREAD_CONTROL:
		return regs->rsi == THREAD_OPERATION_KILL || regs->rsi == THREAD_OPERATION_SUSPEND ||
		       regs->rsi == THREAD_OPERATION_SET_PRIORITY;
	case SYSCALL_OBJECT_REVOKE:
	case SYSCALL_HANDLE_CLOSE: return true;
	default: return false;
	}
}

// The calls that keep things moving are made more often.
static u64 number(struct dice *dice, const struct thread *thread)
{
	static const u16 serving[] = { SYSCALL_PORT_REPLY_WAIT, SYSCALL_REPLY_SEND, SYSCALL_REPLY_SAVE,
		SYSCALL_LEASE_READ, SYSCALL_LEASE_WRITE, SYSCALL_CONNECTION_CALL };
	if (thread->caller && dice_chance(dice, 2))
		return serving[dice_roll(dice, sizeof serving / sizeof *serving)];
	static const u16 usual[] = { SYSCALL_CONNECTION_CALL, SYSCALL_PORT_REPLY_WAIT,
		SYSCALL_CONNECTION_CALL, SYSCALL_PORT_REPLY_WAIT, SYSCALL_REPLY_SEND, SYSCALL_MEMORY_MAP,
		SYSCALL_STREAM_WRITE, SYSCALL_STREAM_READ };
	if (thread->process->level < LEVEL_PROGRAM && dice_chance(dice, 4))
		return SYSCALL_PORT_REPLY_WAIT;
	if (dice_chance(dice, 3))
		return usual[dice_roll(dice, sizeof usual / sizeof *usual)];
	if (dice_chance(dice, 500))
		return hostile(dice);
	return dice_roll(dice, SYSCALL_COUNT);
}

// Addresses and offsets of pages and words are mostly aligned.
static void align(struct dice *dice, struct thread_registers *regs, u64 chosen)
{
	if (dice_chance(dice, 16))
		return;
	u64 *const slots[] = { &regs->rdi, &regs->rsi, &regs->rdx, &regs->r10, &regs->r8, &regs->r9 };
	const struct syscall_shape *shape = &syscall_shapes[chosen];
	bool is_memory = chosen >= SYSCALL_MEMORY_CREATE && chosen <= SYSCALL_MEMORY_PROTECT &&
	                 chosen != SYSCALL_MEMORY_READ && chosen != SYSCALL_MEMORY_WRITE;
	bool is_futex = chosen == SYSCALL_FUTEX_WAIT || chosen == SYSCALL_FUTEX_WAKE;
	for (u32 i = 0; i < shape->count; i++) {
		const struct parameter_shape *of = &shape->parameter[i];
		bool is_place = is_named(of, "address") || is_named(of, "offset") || is_named(of, "size") ||
		                is_named(of, "target") || is_named(of, "base");
		if ((is_memory || chosen == SYSCALL_IOMMU_CONTROL) && is_place &&
			of->kind != PARAMETER_HANDLE)
			*slots[i] &= ~PAGE_MASK;
		else if (is_futex && is_place && of->kind != PARAMETER_HANDLE)
			*slots[i] &= ~3ull;
		else if (is_named(of, "block"))
			*slots[i] = WORLD_BASE + dice_roll(dice, WORLD_BLOCKS) * THREAD_BLOCK_SIZE;
	}
}

// What the first handle names cannot be used before it is made.
static u64 make_first(struct dice *dice, struct thread *thread, u64 chosen)
{
	const struct parameter_shape *first = &syscall_shapes[chosen].parameter[0];
	if (first->kind != PARAMETER_HANDLE || first->is_optional || dice_chance(dice, 16) ||
		live_handle(dice, thread, (u32)first->handle))
		return chosen;
	switch ((u32)first->handle) {
	case OBJECT_PORT: return SYSCALL_PORT_CREATE;
	case OBJECT_CONNECTION: return SYSCALL_CONNECTION_CREATE;
	case OBJECT_STREAM: return SYSCALL_STREAM_CREATE;
	case OBJECT_MEMORY: return SYSCALL_MEMORY_CREATE;
	case OBJECT_TIMER: return SYSCALL_TIMER_CREATE;
	case OBJECT_THREAD: return SYSCALL_THREAD_CREATE;
	case OBJECT_IOMMU_DOMAIN: return SYSCALL_IOMMU_CREATE;
	default: return chosen;
	}
}

// Plain numbers that are handles, for some operations; and the end of memory.
static void set_hidden(struct dice *dice, struct thread *thread, u64 chosen)
{
	struct thread_registers *regs = &thread->registers;
	if (chosen == SYSCALL_PROCESS_CONTROL && regs->rsi == PROCESS_OPERATION_INHERIT)
		regs->rdx = live_handle(dice, thread, OBJECT_PROCESS);
	if (chosen == SYSCALL_PROCESS_CONTROL && regs->rsi == PROCESS_OPERATION_TRACE)
		regs->rdx = live_handle(dice, thread, OBJECT_MEMORY);
	if (chosen == SYSCALL_MEMORY_CONTROL && regs->rsi == MEMORY_OPERATION_PUBLISH)
		regs->r10 = live_handle(dice, thread, OBJECT_MEMORY);
	if (chosen == SYSCALL_MEMORY_WRITE && dice_chance(dice, 4))
		regs->rsi = MEMORY_APPEND;
}

u64 storm_call(struct dice *dice, struct thread *thread)
{
	struct thread_registers *regs = &thread->registers;
	u64 chosen = number(dice, thread);
	if (chosen < SYSCALL_COUNT) {
		chosen = make_first(dice, thread, chosen);
		const struct syscall_shape *shape = &syscall_shapes[chosen];
		for (u32 i = 0; i < shape->count; i++)
			set_argument(regs, i, parameter(dice, thread, &shape->parameter[i]));
		align(dice, regs, chosen);
		set_hidden(dice, thread, chosen);
		if (chosen == SYSCALL_MEMORY_CREATE && regs->rdi != MEMORY_KIND_PAGER &&
			!dice_chance(dice, 8))
			regs->rdx = HANDLE_NONE.raw;
		if (shape->is_raw)
			regs->rsi = tag(dice, thread);
		if (shape->is_raw || dice_chance(dice, 4))
			fill_block(dice, thread);
	}
	return is_deadly(regs, chosen) && !dice_chance(dice, 8) ? SYSCALL_HANDLE_DUPLICATE : chosen;
}
