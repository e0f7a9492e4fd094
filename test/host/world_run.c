// SPDX-License-Identifier: MIT
// world_run.c - user mode: what entry.S does on a CPU (save, call, resume), interrupts, and playing
// programs. One host thread plays all CPUs: each is as it was left, in user mode or idle.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/arch/arch.h"
#include "kernel/arch/host/host.h"
#include "kernel/memory/space.h"
#include "kernel/object/call.h"
#include "kernel/object/process.h"
#include "kernel/panic.h"
#include "kernel/sched/sched.h"
#include "kernel/syscall/entry.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"
#include "test/host/kernel_world.h"
#include "test/host/world_local.h"

constexpr u64 SYSCALL_SIZE = 2;
constexpr u32 TURNS_MAX = 20'000; // of anything that should come to an end

static thread_local jmp_buf idle_exit;

void world_idle_hook(void)
{
	if (!host_has_interrupt(cpu_self()->id))
		longjmp(idle_exit, 1);
}

void world_idle_exit(void)
{
	longjmp(idle_exit, 1);
}

bool world_is_idle(u16 id)
{
	return AT(cpus, id).current == nullptr;
}

bool world_leave(void)
{
	struct cpu *cpu = cpu_self();
	if (setjmp(idle_exit))
		return false;
	if (!cpu->current || cpu->reschedule || cpu->current->work)
		sched_leave();
	assert(cpu->current); // sched_leave came back with one
	cpu->current->return_slow = false;
	if (cpu->current->state != THREAD_READY || cpu->current->home != cpu->id ||
		cpu->loaded != cpu->current)
		panic("CPU %u runs a thread in state %u of CPU %u", cpu->id, cpu->current->state,
			cpu->current->home);
	return true;
}

// The loop after an idle CPU's halt goes on where the jump left it.
static void wake_up(struct cpu *cpu)
{
	if (cpu->current) {
		cpu->current->return_slow = true; // an interrupt saves all registers
		return;
	}
	atomic_store_relaxed(&cpu->is_idle, false);
	cpu->reschedule |= RESCHEDULE_TIMER | RESCHEDULE_EVENTS;
}

bool world_look_up(void)
{
	wake_up(cpu_self());
	host_take_interrupts();
	return world_leave();
}

void world_poll(u16 id)
{
	host_select_cpu(id);
	world_look_up();
}

static bool is_due(u16 id)
{
	struct cpu *cpu = &AT(cpus, id);
	u8 urgent = RESCHEDULE_EVENTS | RESCHEDULE_WORK;
	return host_has_interrupt(id) || cpu->reschedule & urgent;
}

// A system call to be done again is the first thing that its thread does.
static bool is_at_call(const struct thread *thread)
{
	return thread->registers.rip == WORLD_CALL_SITE;
}

void world_enter(struct thread *thread)
{
	struct thread_registers *regs = &thread->registers;
	regs->rip += SYSCALL_SIZE;
	regs->rcx = regs->rip;
	regs->r11 = regs->rflags;
	u64 reflection = atomic_load_relaxed(&thread->process->reflection);
	if (thread->entry_slow && (i64)regs->rip >= 0 && reflection) {
		atomic_store_relaxed(&thread->block->foreign_return, regs->rip);
		regs->rip = reflection;
		return;
	}
	if (thread->entry_slow) {
		syscall_traced(thread, regs->rax);
		return;
	}
	u64 number = regs->rax;
	if (number == SYSCALL_CONNECTION_CALL)
		syscall_connection_call(thread);
	else if (number == SYSCALL_PORT_REPLY_WAIT)
		syscall_port_reply_wait(thread);
	else
		syscall_slow(thread, number);
}

static bool redo_calls(u16 id)
{
	struct thread *thread = AT(cpus, id).current;
	if (!thread || !is_at_call(thread))
		return false;
	host_select_cpu(id);
	host_advance(5'000); // some calls are repeated for a time
	world_enter(thread);
	world_leave();
	return true;
}

void world_settle(void)
{
	for (u32 turn = 0; turn < TURNS_MAX; turn++) {
		bool is_quiet = true;
		for (u16 id = 0; id < (u16)cpu_count; id++) {
			if (is_due(id)) {
				world_poll(id);
				is_quiet = false;
			}
			is_quiet &= !redo_calls(id);
		}
		if (is_quiet)
			return;
	}
	panic("the world does not come to rest");
}

void world_advance(u64 ns)
{
	host_advance(ns);
	world_settle();
}

bool world_is_dead(const struct thread *thread)
{
	return thread->state == THREAD_DEAD;
}

// The running thread's slice is over.
static void rotate(u16 id)
{
	host_select_cpu(id);
	host_advance(2 * SLICE_NS);
	cpu_self()->reschedule |= RESCHEDULE_TIMER | RESCHEDULE_PREEMPT;
	wake_up(cpu_self());
	host_take_interrupts();
	world_leave();
}

bool world_run(struct thread *thread)
{
	for (u32 turn = 0; turn < TURNS_MAX; turn++) {
		world_settle();
		struct cpu *cpu = &AT(cpus, thread->home);
		if (thread->state != THREAD_READY && thread->state != THREAD_NEW)
			return false;
		host_select_cpu(cpu->id);
		if (cpu->current == thread)
			return true;
		rotate(cpu->id);
	}
	panic("thread %lu never runs", thread->id);
}

static struct answer answer_of(const struct thread *thread)
{
	const struct thread_registers *regs = &thread->registers;
	return (struct answer){ .err = (err_t)(i32)regs->rax, .value = regs->rdx, .second = regs->r8 };
}

struct answer world_answer(struct thread *thread)
{
	if (!world_run(thread))
		return (struct answer){ .err = SYSCALL_BLOCKED, .is_waiting = true };
	return answer_of(thread);
}

static bool make_call(struct thread *thread, u64 number)
{
	if (!world_run(thread)) {
		fprintf(stderr, "call %llu of a thread that cannot make one\n", (unsigned long long)number);
		abort();
	}
	thread->registers.rax = number;
	thread->registers.rip = WORLD_CALL_SITE;
	world_enter(thread);
	world_leave();
	return world_run(thread);
}

struct answer world_call(struct thread *thread, u32 number, const u64 arguments[6])
{
	world_run(thread);
	struct thread_registers *regs = &thread->registers;
	regs->rdi = arguments[0];
	regs->rsi = arguments[1];
	regs->rdx = arguments[2];
	regs->r10 = arguments[3];
	regs->r8 = arguments[4];
	regs->r9 = arguments[5];
	if (!make_call(thread, number))
		return (struct answer){ .err = SYSCALL_BLOCKED, .is_waiting = true };
	return answer_of(thread);
}

static struct letter letter_of(const struct thread *thread)
{
	const struct thread_registers *regs = &thread->registers;
	struct letter letter = {
		.err = (err_t)(i32)regs->rax, .badge = regs->rdi, .tag = regs->rsi, .identity = regs->rbx
	};
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		letter.word[i] = registers_word(regs, i);
	return letter;
}

struct letter world_letter(struct thread *thread)
{
	if (!world_run(thread))
		return (struct letter){ .err = SYSCALL_BLOCKED, .is_waiting = true };
	return letter_of(thread);
}

struct letter world_ipc(
	struct thread *thread, u32 number, handle_t handle, const struct letter *letter)
{
	world_run(thread);
	struct thread_registers *regs = &thread->registers;
	regs->rdi = handle.raw;
	regs->rsi = letter->tag;
	for (u32 i = 0; i < MESSAGE_WORDS; i++)
		registers_set_word(regs, i, letter->word[i]);
	if (!make_call(thread, number))
		return (struct letter){ .err = SYSCALL_BLOCKED, .is_waiting = true };
	return letter_of(thread);
}

u64 world_tag(u32 words, u32 handles, u32 lends, u64 flags)
{
	return (u64)words << TAG_WORDS_SHIFT | (u64)handles << TAG_HANDLES_SHIFT |
	       (u64)lends << TAG_LENDS_SHIFT | flags;
}

void world_page_fault(struct thread *thread, u64 address, u32 access)
{
	thread->return_slow = true;
	space_fault_current(address, access, host_translate(address, PAGE_READ) != nullptr);
}

// Touches the page as the program would. False: it got a fault, or waits for a pager.
static void *_Nullable touch(struct thread *thread, u64 address, u32 access)
{
	u64 rip = thread->registers.rip;
	for (u32 tries = 0; tries < 8; tries++) {
		if (!world_run(thread) || thread->registers.rip != rip)
			return nullptr;
		void *place = host_translate(address, access);
		if (place)
			return place;
		world_page_fault(thread, address, access & PAGE_WRITE ? PAGE_WRITE : PAGE_READ);
		world_leave();
	}
	return nullptr;
}

bool world_store(struct thread *thread, u64 address, const void *from, usize size)
{
	for (usize i = 0; i < size; i++) {
		u8 *place = touch(thread, address + i, PAGE_READ | PAGE_WRITE);
		if (!place)
			return false;
		*place = ((const u8 *)from)[i];
	}
	return true;
}

bool world_load(struct thread *thread, u64 address, void *to, usize size)
{
	for (usize i = 0; i < size; i++) {
		const u8 *place = touch(thread, address + i, PAGE_READ);
		if (!place)
			return false;
		((u8 *)to)[i] = *place;
	}
	return true;
}

u32 world_word(struct thread *thread, u64 address)
{
	u32 value;
	return world_load(thread, address, &value, sizeof value) ? value : 0xdeaddead;
}

bool world_set_word(struct thread *thread, u64 address, u32 value)
{
	return world_store(thread, address, &value, sizeof value);
}

void world_fault(struct thread *thread, u64 cause)
{
	world_run(thread);
	thread->return_slow = true;
	thread_fault(thread, cause, thread->registers.rip, 0);
	world_leave();
	world_settle();
}

// What the library does at the end of a handler (abi/thread.h).
void world_upcall_return(struct thread *thread)
{
	world_run(thread);
	struct thread_block *block = thread->block;
	struct upcall_frame frame = block->frame;
	block->frame.cause = 0;
	thread->registers.rip = frame.instruction;
	thread->registers.rsp = frame.stack;
	thread->registers.rflags = frame.flags;
	atomic_store_seq_cst(&block->blocked, frame.blocked);
	world_settle();
}
