// SPDX-License-Identifier: MIT
// shootdown.c - makes the other CPUs forget translations. The asker writes its request into its own
// CPU's struct, marks itself in each target's mask, interrupts it and waits. A target answers from
// the interrupt or while it spins for a lock (cpu_poll), so two CPUs may ask each other at once.
// Only CPUs with these tables loaded are asked; one that loads them later reads the new entries.
#include "kernel/arch/x86_64/instructions.h"
#include "kernel/arch/x86_64/machine.h"
#include "kernel/memory/space.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/view.h"

constexpr u64 SINGLE_PAGES_MAX = 32; // above: reload the tables

static void forget(u64 address, u64 size)
{
	if (size == 0) {
		if (cpu_self()->arch.root == address)
			table_leave();
	} else if (size > SINGLE_PAGES_MAX * PAGE_SIZE) {
		cr3_write(cr3_read());
	} else {
		for (u64 done = 0; done < size; done += PAGE_SIZE)
			page_invalidate(address + done);
	}
}

void cpu_poll(void)
{
	struct cpu_arch *me = &cpu_self()->arch;
	if (!atomic_load_relaxed(&me->shootdown_from))
		return;
	u32 from = atomic_exchange_acquire(&me->shootdown_from, 0u); // pairs with ask
	while (from) {
		u32 id = bits_lowest(from);
		from &= from - 1;
		struct cpu_arch *asker = &AT(cpus, id).arch;
		forget(asker->shootdown_address, asker->shootdown_size);
		atomic_sub_acq_rel(&asker->shootdown_waiting, 1u); // pairs with shootdown_root
	}
}

static u32 cpus_using(paddr_t root)
{
	u32 mask = 0;
	u32 count = atomic_load_acquire(&cpu_count);
	for (u32 id = 0; id < count; id++)
		if (id != cpu_self()->id && atomic_load_relaxed(&AT(cpus, id).arch.root) == root.raw)
			mask |= 1u << id;
	return mask;
}

static void ask(u32 mask)
{
	u32 me = 1u << cpu_self()->id;
	while (mask) {
		struct cpu *target = &AT(cpus, bits_lowest(mask));
		mask &= mask - 1;
		atomic_or_seq_cst(&target->arch.shootdown_from, me); // pairs with cpu_poll
		apic_send(target->arch.apic_id, APIC_ASK);
	}
}

void shootdown_root(paddr_t root, u64 address, u64 size)
{
	struct cpu_arch *me = &cpu_self()->arch;
	if (size == 0)
		address = root.raw;
	if (me->root == root.raw)
		forget(address, size);
	atomic_fence_seq_cst(); // changed entries are seen before we look who loads them
	u32 mask = cpus_using(root);
	if (!mask)
		return;
	me->shootdown_address = address;
	me->shootdown_size = size;
	atomic_store_release(&me->shootdown_waiting, bits_count(mask));
	ask(mask);
	while (atomic_load_acquire(&me->shootdown_waiting)) {
		cpu_poll();
		arch_relax();
	}
}

void table_shootdown(struct space *space, u64 address, u64 size)
{
	if (size)
		shootdown_root(space->table.root, address, size);
}
