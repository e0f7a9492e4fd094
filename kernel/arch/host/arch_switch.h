// SPDX-License-Identifier: MIT
// arch_switch.h - the switches of the IPC fast path: on the host nothing is gained by inlining.
#pragma once

#include "kernel/arch/arch.h"
#include "kernel/memory/space.h"
#include "kernel/sched/cpu.h"

NONNULL_BEGIN

ALWAYS_INLINE void arch_switch_fast(struct thread *from, struct thread *to)
{
	arch_switch(from, to);
}

ALWAYS_INLINE void arch_float_fast(struct cpu *cpu, struct thread *to)
{
	(void)cpu;
	(void)to;
}

ALWAYS_INLINE void arch_space_fast(struct cpu *cpu, struct space *space)
{
	(void)cpu;
	space_activate(space);
}

NONNULL_END
