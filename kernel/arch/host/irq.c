// SPDX-License-Identifier: MIT
// irq.c - an interrupt controller with a few level lines, all of them going to the first CPU.
#include "kernel/arch/arch.h"
#include "kernel/arch/host/host.h"
#include "kernel/object/interrupt.h"
#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"

constexpr u32 MESSAGES = 8;
constexpr u64 MESSAGE_ADDRESS = 0xfee0'0000;

struct route {
	struct interrupt *_Nullable owner; // borrowed until irq_detach; atomic
	bool is_masked;                    // atomic
	bool is_asserted;                  // atomic: came while masked
};

static struct route routes[HOST_LINES + MESSAGES]; // lines, then messages

static err_t take(u32 index, struct interrupt *interrupt)
{
	struct route *route = &AT(routes, index);
	struct interrupt *expected = nullptr;
	if (!atomic_swap_if_acq_rel(&route->owner, &expected, interrupt)) // pairs with irq_detach
		return ERR_BUSY;
	atomic_store_relaxed(&route->is_masked, true);
	atomic_store_relaxed(&route->is_asserted, false);
	interrupt->vector = index;
	return OK;
}

err_t irq_attach(u32 line, u32 flags, struct interrupt *interrupt)
{
	(void)flags;
	return line < HOST_LINES ? take(line, interrupt) : ERR_RANGE;
}

err_t irq_attach_message(struct interrupt *interrupt, u64 *address, u32 *data)
{
	for (u32 i = HOST_LINES; i < COUNT(routes); i++) {
		if (take(i, interrupt) != OK)
			continue;
		*address = MESSAGE_ADDRESS;
		*data = i;
		return OK;
	}
	return ERR_BUSY;
}

void irq_detach(struct interrupt *interrupt)
{
	atomic_store_release(&AT(routes, interrupt->vector).owner, nullptr);
}

static void interrupt_first_cpu(u32 line)
{
	atomic_or_acq_rel(&AT(cpus, 0).arch.lines, 1u << line);
	if (host.wake)
		host.wake(0);
}

void irq_mask(struct interrupt *interrupt)
{
	atomic_store_seq_cst(&AT(routes, interrupt->vector).is_masked, true);
}

void irq_unmask(struct interrupt *interrupt)
{
	struct route *route = &AT(routes, interrupt->vector);
	atomic_store_seq_cst(&route->is_masked, false);
	if (atomic_exchange_seq_cst(&route->is_asserted, false))
		interrupt_first_cpu(interrupt->vector);
}

u32 irq_line_count(void)
{
	return HOST_LINES;
}

void host_raise_line(u32 line)
{
	struct route *route = &AT(routes, line);
	if (atomic_load_seq_cst(&route->is_masked))
		atomic_store_seq_cst(&route->is_asserted, true);
	else
		interrupt_first_cpu(line);
}

void irq_arrived(u32 line)
{
	struct route *route = &AT(routes, line);
	struct interrupt *owner = atomic_load_acquire(&route->owner); // pairs with take
	if (!owner || atomic_exchange_seq_cst(&route->is_masked, true))
		return;
	interrupt_raise(owner);
}
