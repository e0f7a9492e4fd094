// SPDX-License-Identifier: MIT
// thread.c - a thread's registers. The program itself is the harness: rip only tells it whether a
// system call returned, is to be done again, or the upcall was entered. FS base and float state are
// registers of the CPU while a thread is loaded, so that a switch that forgets them shows.
#include "kernel/arch/arch.h"
#include "kernel/arch/host/host.h"
#include "kernel/memory/space.h"
#include "kernel/object/process.h"
#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/memory.h"
#include "lib/base/view.h"

constexpr u64 FLAGS_START = 0x202;
constexpr u64 FLAGS_USER = 0xcd5 | 1 << 8 | 1 << 16 | 1 << 18 | 1 << 21;
constexpr u64 FLAG_STEP = 1 << 8;
constexpr u64 RED_ZONE = 128;
constexpr u64 STACK_ALIGNMENT = 16;
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
	assert(cpu_self()->loaded != thread); // sched_forget came before
	memory_fill(&thread->arch, 0, sizeof thread->arch);
}

// What the CPU holds of the thread that is loaded.
static void save(struct thread *thread)
{
	struct cpu_arch *arch = &cpu_self()->arch;
	thread->registers.fs_base = arch->fs_base;
	memory_copy(thread->arch.float_state, arch->float_state, sizeof arch->float_state);
}

err_t arch_thread_clone(struct thread *from, struct thread *to)
{
	if (cpu_self()->loaded == from)
		save(from);
	to->registers = from->registers;
	to->registers.gs_base = to->block_address;
	to->arch = from->arch;
	to->return_slow = true;
	return OK;
}

void arch_switch(struct thread *_Nullable from, struct thread *to)
{
	struct cpu_arch *arch = &cpu_self()->arch;
	if (from)
		save(from);
	arch->fs_base = to->registers.fs_base;
	memory_copy(arch->float_state, to->arch.float_state, sizeof arch->float_state);
}

void arch_switch_away(struct thread *from)
{
	save(from);
}

void arch_thread_evict(struct thread *thread)
{
	if (cpu_self()->loaded == thread)
		save(thread);
}

void arch_set_step(struct thread *thread, bool on)
{
	u64 *flags = &thread->registers.rflags;
	*flags = on ? *flags | FLAG_STEP : *flags & ~FLAG_STEP;
}

usize arch_float_size(void)
{
	return sizeof(struct thread_arch);
}

err_t arch_float_get(struct thread *thread, span_t out)
{
	arch_thread_evict(thread);
	return span_copy(out, view_of(thread->arch));
}

err_t arch_float_set(struct thread *thread, view_t in)
{
	if (in.size != sizeof thread->arch)
		return ERR_INVALID;
	return span_copy(span_of(thread->arch), in);
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
	assert(cpu_self()->loaded != thread);
}
