// SPDX-License-Identifier: MIT
// arch_types.h - what x86_64 puts into the portable structs, and where system calls keep their
// arguments, results and message words in the saved registers.
#pragma once

#include "abi/errors.h"
#include "abi/registers.h"
#include "kernel/memory/address.h"
#include "lib/base/attributes.h"
#include "lib/base/list.h"

NONNULL_BEGIN

struct cpu;
struct thread;

// One CPU's hardware state. Written by the CPU itself but the atomic fields.
struct cpu_arch {
	struct thread *_Nullable float_owner; // whose float registers are in the CPU; area is stale
	u64 root;                             // page tables loaded; atomic, read by table_fini
	u64 shootdown_address;                // the request this CPU makes of others
	u64 shootdown_size;                   // 0: leave the tables shootdown_address
	u32 shootdown_waiting;                // atomic: how many have not yet answered it
	u32 shootdown_from;                   // atomic: mask of CPUs that ask this one
	u32 apic_id;
	bool float_trap; // CR0.TS is set
};

struct thread_arch {
	void *_Nullable float_area; // owned: one frame, charged to the process; null before first use
};

struct page_table {
	paddr_t root;
	u64 pages;          // intermediate tables below the root, for the owner's account
	struct list tables; // the same: struct frame.node, those above before those below
	struct list_node *_Nullable swept; // where table_sweep goes on, towards the first
};

ALWAYS_INLINE struct cpu *arch_cpu_self(void)
{
	struct cpu *self;
	__asm__("movq %%gs:0, %0" : "=r"(self));
	return self;
}

// System call argument i of 6.
ALWAYS_INLINE u64 registers_argument(const struct thread_registers *registers, u32 i)
{
	switch (i) {
	case 0: return registers->rdi;
	case 1: return registers->rsi;
	case 2: return registers->rdx;
	case 3: return registers->r10;
	case 4: return registers->r8;
	case 5: return registers->r9;
	}
	__builtin_trap();
}

// Result i of 2, beside the error.
ALWAYS_INLINE void registers_result(struct thread_registers *registers, u32 i, u64 value)
{
	if (i == 0)
		registers->rdx = value;
	else
		registers->r8 = value;
}

ALWAYS_INLINE void registers_set_error(struct thread_registers *registers, err_t error)
{
	registers->rax = (u64)(i64)error;
}

ALWAYS_INLINE u64 registers_number(const struct thread_registers *registers)
{
	return registers->rax;
}

// Message word i of MESSAGE_WORDS.
ALWAYS_INLINE u64 *registers_word_slot(struct thread_registers *registers, u32 i)
{
	switch (i) {
	case 0: return &registers->rdx;
	case 1: return &registers->r10;
	case 2: return &registers->r8;
	case 3: return &registers->r9;
	case 4: return &registers->r12;
	case 5: return &registers->r13;
	case 6: return &registers->r14;
	case 7: return &registers->r15;
	}
	__builtin_trap();
}

ALWAYS_INLINE u64 registers_word(const struct thread_registers *registers, u32 i)
{
	return *registers_word_slot((struct thread_registers *)registers, i);
}

ALWAYS_INLINE void registers_set_word(struct thread_registers *registers, u32 i, u64 value)
{
	*registers_word_slot(registers, i) = value;
}

ALWAYS_INLINE u64 registers_tag(const struct thread_registers *registers)
{
	return registers->rsi;
}

ALWAYS_INLINE void registers_set_tag(struct thread_registers *registers, u64 tag)
{
	registers->rsi = tag;
}

ALWAYS_INLINE void registers_set_badge(struct thread_registers *registers, u64 badge)
{
	registers->rdi = badge;
}

ALWAYS_INLINE void registers_set_identity(struct thread_registers *registers, u64 identity)
{
	registers->rbx = identity;
}

// All eight message words: the part of a call that always happens.
ALWAYS_INLINE void registers_copy_words(
	struct thread_registers *to, const struct thread_registers *from)
{
	to->rdx = from->rdx;
	to->r10 = from->r10;
	to->r8 = from->r8;
	to->r9 = from->r9;
	to->r12 = from->r12;
	to->r13 = from->r13;
	to->r14 = from->r14;
	to->r15 = from->r15;
}

NONNULL_END
