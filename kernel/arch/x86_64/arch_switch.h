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

// The plain store is seen by others before the new tables are used: loading CR3 serialises (pairs
// with table_shootdown).
ALWAYS_INLINE void arch_space_fast(struct cpu *cpu, struct space *space)
{
	u64 root = space->table.root.raw;
	if (UNLIKELY(cpu->arch.root == root))
		return;
	atomic_store_relaxed(&cpu->arch.root, root);
	cr3_write(root);
	atomic_store_relaxed(&cpu->switches, atomic_load_relaxed(&cpu->switches) + 1);
}

NONNULL_END
