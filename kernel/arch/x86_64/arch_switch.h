// SPDX-License-Identifier: MIT
// arch_switch.h - the switches of the IPC fast path, inline: arch_switch and space_activate for a
// `to` that this CPU does not run yet.
#pragma once

#include "instructions.h"
#include "kernel/arch/arch.h"
#include "kernel/memory/space.h"
#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"

NONNULL_BEGIN

void float_switch(struct thread *to);

ALWAYS_INLINE void arch_switch_fast(struct thread *from, struct thread *to)
{
	from->registers.fs_base = fs_base_read();
	fs_base_write(to->registers.fs_base);
}

// The last step, so that the fast path has only calls that it ends with, and needs no frame.
ALWAYS_INLINE void arch_float_fast(struct cpu *cpu, struct thread *to)
{
	if (UNLIKELY(to->uses_float | !cpu->arch.float_trap))
		float_switch(to);
}

// The plain stores are seen by others before the new tables are used: loading CR3 serialises, as
// the atomic store of space_activate does (pairs with table_shootdown).
ALWAYS_INLINE void arch_space_fast(struct cpu *cpu, struct space *space)
{
	if (UNLIKELY(cpu->active_space == space))
		return;
	atomic_store_relaxed(&cpu->active_space, space);
	atomic_store_relaxed(&cpu->arch.root, space->table.root.raw);
	cr3_write(space->table.root.raw);
	atomic_store_relaxed(&cpu->switches, atomic_load_relaxed(&cpu->switches) + 1);
}

NONNULL_END
