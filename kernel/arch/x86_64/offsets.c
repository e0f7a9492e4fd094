// SPDX-License-Identifier: MIT
// offsets.c - gives the assembler files the offsets of C structs, and the numbers of the two fast
// system calls, as absolute symbols: they cannot get out of step.
#include "abi/syscall_numbers.h"
#include "abi/thread.h"
#include "kernel/object/process.h"
#include "kernel/sched/cpu.h"

#define SYMBOL(name, value) __asm__ volatile(".globl " #name "\n.set " #name ", %c0" ::"i"(value))
#define REGISTER(name, field) SYMBOL(name, offsetof(struct thread, registers.field))

void offsets_define(void);

[[gnu::used]] void offsets_define(void)
{
	SYMBOL(CPU_CURRENT, offsetof(struct cpu, current));
	SYMBOL(CPU_STACK, offsetof(struct cpu, kernel_stack_top));
	SYMBOL(CPU_SCRATCH, offsetof(struct cpu, scratch));
	SYMBOL(CPU_RESCHEDULE, offsetof(struct cpu, reschedule));
	SYMBOL(THREAD_RETURN_SLOW, offsetof(struct thread, return_slow));
	SYMBOL(THREAD_WORK, offsetof(struct thread, work));
	SYMBOL(THREAD_ENTRY_SLOW, offsetof(struct thread, entry_slow));
	SYMBOL(THREAD_IS_TRACED, offsetof(struct thread, is_traced));
	SYMBOL(THREAD_REFLECTION, offsetof(struct thread, reflection));
	SYMBOL(THREAD_BLOCK, offsetof(struct thread, block));
	SYMBOL(THREAD_BLOCK_ADDRESS, offsetof(struct thread, block_address));
	SYMBOL(BLOCK_FOREIGN_RETURN, offsetof(struct thread_block, foreign_return));
	SYMBOL(CALL_CONNECTION_CALL, SYSCALL_CONNECTION_CALL);
	SYMBOL(CALL_PORT_REPLY_WAIT, SYSCALL_PORT_REPLY_WAIT);
	REGISTER(THREAD_RAX, rax);
	REGISTER(THREAD_RBX, rbx);
	REGISTER(THREAD_RCX, rcx);
	REGISTER(THREAD_RDX, rdx);
	REGISTER(THREAD_RSI, rsi);
	REGISTER(THREAD_RDI, rdi);
	REGISTER(THREAD_RBP, rbp);
	REGISTER(THREAD_RSP, rsp);
	REGISTER(THREAD_R8, r8);
	REGISTER(THREAD_R9, r9);
	REGISTER(THREAD_R10, r10);
	REGISTER(THREAD_R11, r11);
	REGISTER(THREAD_R12, r12);
	REGISTER(THREAD_R13, r13);
	REGISTER(THREAD_R14, r14);
	REGISTER(THREAD_R15, r15);
	REGISTER(THREAD_RIP, rip);
	REGISTER(THREAD_RFLAGS, rflags);
}

// entry.S looks at both with one comparison.
static_assert(offsetof(struct thread, work) == offsetof(struct thread, return_slow) + 1);
static_assert(offsetof(struct thread, return_slow) % 2 == 0);
static_assert(offsetof(struct cpu, self) == 0);
