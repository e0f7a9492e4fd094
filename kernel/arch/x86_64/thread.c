// SPDX-License-Identifier: MIT
// thread.c - a thread's registers: made, copied, redirected into upcalls, checked when they came
// from a program. Nothing here may let rip be non-canonical: sysret and iretq would then fault in
// the kernel.
#include "kernel/arch/x86_64/instructions.h"
#include "kernel/arch/x86_64/machine.h"
#include "kernel/memory/space.h"
#include "kernel/object/process.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"

constexpr u64 FLAGS_START = FLAG_ALWAYS | FLAG_INTERRUPT;
// Arithmetic flags, TF, DF, RF, AC, ID.
constexpr u64 FLAGS_USER = 0xcd5 | FLAG_TRAP | FLAG_RESUME | FLAG_ALIGNMENT | 1 << 21;
constexpr u64 RED_ZONE = 128, STACK_ALIGNMENT = 16;
constexpr u64 SYSCALL_SIZE = 2; // bytes of the instruction

bool arch_address_is_user(u64 address)
{
	return address < USER_LOW_END || (address >= USER_HIGH_START && address < USER_HIGH_END);
}

err_t arch_thread_init(struct thread *thread, u64 entry, u64 stack, u64 argument)
{
	if (!arch_address_is_user(entry) || !arch_address_is_user(thread->block_address))
		return ERR_FAULT;
	thread->registers = (struct thread_registers){ .rip = entry,
		.rsp = stack,
		.rdi = argument,
		.rflags = FLAGS_START,
		.gs_base = thread->block_address };
	thread->return_slow = true;
	return OK;
}

void arch_thread_fini(struct thread *thread)
{
	float_fini(thread);
}

static void fs_save(struct thread *thread)
{
	if (cpu_self()->loaded == thread)
		thread->registers.fs_base = fs_base_read();
}

err_t arch_thread_clone(struct thread *from, struct thread *to)
{
	fs_save(from);
	TRY(float_clone(from, to));
	to->registers = from->registers;
	to->registers.gs_base = to->block_address;
	to->return_slow = true;
	return OK;
}

void arch_switch(struct thread *_Nullable from, struct thread *to)
{
	if (from)
		from->registers.fs_base = fs_base_read();
	fs_base_write(to->registers.fs_base);
	float_switch(to);
}

void arch_switch_away(struct thread *from)
{
	from->registers.fs_base = fs_base_read();
}

void arch_thread_evict(struct thread *thread)
{
	fs_save(thread);
	float_evict(thread);
}

void arch_set_step(struct thread *thread, bool on)
{
	u64 *flags = &thread->registers.rflags;
	*flags = on ? *flags | FLAG_TRAP : *flags & ~FLAG_TRAP;
}

void registers_sanitize(struct thread *thread)
{
	struct thread_registers *registers = &thread->registers;
	registers->rflags = (registers->rflags & FLAGS_USER) | FLAGS_START;
	if (!arch_address_is_user(registers->rip))
		registers->rip = 0; // faults at once, in user mode
	if (!arch_address_is_user(registers->fs_base))
		registers->fs_base = 0;
	registers->gs_base = thread->block_address;
	thread->return_slow = true;
	if (cpu_self()->loaded == thread)
		fs_base_write(registers->fs_base);
}

void arch_upcall(struct thread *thread, u64 cause, u64 address, u64 detail)
{
	struct thread_registers *registers = &thread->registers;
	struct thread_block *block = thread->block;
	const struct upcall_frame frame = { .instruction = registers->rip,
		.stack = registers->rsp,
		.flags = registers->rflags,
		.cause = cause,
		.address = address,
		.detail = detail };
	memory_copy_shared(&block->frame, &frame, sizeof frame);
	u64 stack = atomic_load_relaxed(&block->stack);
	registers->rsp = align_down(stack ? stack : registers->rsp - RED_ZONE, STACK_ALIGNMENT);
	registers->rip = atomic_load_relaxed(&block->entry);
	registers->rflags &= ~(FLAG_TRAP | FLAG_DIRECTION);
	registers->rflags &= ~FLAG_ALIGNMENT;
	if (!arch_address_is_user(registers->rip))
		registers->rip = 0;
	thread->return_slow = true;
}

void arch_restart_call(struct thread *thread)
{
	thread->registers.rip -= SYSCALL_SIZE;
}

void arch_repeat_call(struct thread *thread, u64 number)
{
	thread->registers.rax = number;
	arch_restart_call(thread);
}
