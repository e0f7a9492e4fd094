// SPDX-License-Identifier: MIT
// shootdown.c - makes the other CPUs forget translations: the same protocol as on real CPUs where
// each is a host thread; where one host thread plays all of them it does their part itself.
#include "kernel/arch/arch.h"
#include "kernel/arch/host/host.h"
#include "kernel/memory/space.h"
#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"
#include "lib/base/bits.h"
#include "lib/base/view.h"

static void tlb_forget(u64 address, u64 size)
{
	for (u32 i = 0; i < TLB_ENTRIES; i++) {
		struct tlb_entry *entry = &AT(cpu_self()->arch.tlb, i);
		u64 reach = entry->page & TLB_LARGE ? LARGE_PAGE_SIZE : PAGE_SIZE;
		u64 start = align_down(entry->page, reach);
		if (start - address < size || address - start < reach)
			*entry = (struct tlb_entry){};
	}
}

static void forget(u64 root, u64 address, u64 size)
{
	if (size)
		tlb_forget(address, size);
	else if (cpu_self()->arch.root == root)
		table_activate_none();
}

void shootdown_answer(void)
{
	struct cpu_arch *me = &cpu_self()->arch;
	if (!atomic_load_relaxed(&me->shootdown_from))
		return;
	u32 from = atomic_exchange_acquire(&me->shootdown_from, 0u); // pairs with ask
	while (from) {
		struct cpu_arch *asker = &AT(cpus, bits_lowest(from)).arch;
		from &= from - 1;
		forget(asker->shootdown_root, asker->shootdown_address, asker->shootdown_size);
		atomic_sub_acq_rel(&asker->shootdown_waiting, 1u); // pairs with shootdown_root
	}
}

void cpu_poll(void)
{
	shootdown_answer();
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
	for (; mask; mask &= mask - 1) {
		u16 id = (u16)bits_lowest(mask);
		atomic_or_seq_cst(&AT(cpus, id).arch.shootdown_from, me); // pairs with shootdown_answer
		arch_interrupt_cpu(id);
	}
}

static void forget_for_all(u32 mask, paddr_t root, u64 address, u64 size)
{
	u16 me = cpu_self()->id;
	for (; mask; mask &= mask - 1) {
		host_select_cpu((u16)bits_lowest(mask));
		forget(root.raw, address, size);
	}
	host_select_cpu(me);
}

void shootdown_root(paddr_t root, u64 address, u64 size)
{
	struct cpu_arch *me = &cpu_self()->arch;
	if (me->root == root.raw)
		forget(root.raw, address, size);
	atomic_fence_seq_cst(); // changed entries are seen before we look who loads them
	u32 mask = cpus_using(root);
	if (!mask)
		return;
	if (!host.is_threaded) {
		forget_for_all(mask, root, address, size);
		return;
	}
	me->shootdown_root = root.raw;
	me->shootdown_address = address;
	me->shootdown_size = size;
	atomic_store_release(&me->shootdown_waiting, bits_count(mask));
	ask(mask);
	while (atomic_load_acquire(&me->shootdown_waiting)) {
		shootdown_answer();
		arch_relax();
	}
}

void table_shootdown(struct space *space, u64 address, u64 size)
{
	if (size)
		shootdown_root(space->table.root, address, size);
}
