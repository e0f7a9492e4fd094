// SPDX-License-Identifier: MIT
// irq.c - which interrupt object stands behind a vector. All device interrupts go to the first CPU.
// A level line is masked until acknowledged; an edge is only remembered by the object, because an
// edge that comes while masked would be lost. A route that is just being detached may still be
// delivered: the object's memory outlives that by its grace period.
#include "kernel/arch/x86_64/machine.h"
#include "kernel/object/interrupt.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"

constexpr u32 ROUTES = VECTOR_DEVICE_END - VECTOR_DEVICE;
constexpr u64 MESSAGE_ADDRESS = 0xfee00000;

struct route {
	struct interrupt *_Nullable owner; // borrowed until irq_detach; atomic
	u32 line;
	bool is_message;
	bool is_level;
};

static struct route routes[ROUTES]; // under lock but for owner
static struct spinlock lock = { .rank = RANK_LEAF };

// The route of an attached interrupt; only its owner asks.
static struct route *route_of(const struct interrupt *interrupt)
{
	return &AT(routes, interrupt->vector - VECTOR_DEVICE);
}

static bool line_is_taken(u32 line)
{
	for (u32 i = 0; i < ROUTES; i++) {
		struct route *route = &AT(routes, i);
		if (route->owner && !route->is_message && route->line == line)
			return true;
	}
	return false;
}

static u32 free_index(void)
{
	u32 i = 0;
	while (i < ROUTES && AT(routes, i).owner)
		i++;
	return i;
}

// lock is held.
static err_t take_route(struct interrupt *interrupt, struct line line, bool is_message)
{
	u32 i = free_index();
	if (i == ROUTES)
		return ERR_BUSY;
	struct route *route = &AT(routes, i);
	route->line = line.number;
	route->is_message = is_message;
	route->is_level = line.is_level;
	interrupt->vector = VECTOR_DEVICE + i;
	atomic_store_release(&route->owner, interrupt); // pairs with irq_arrived
	return OK;
}

err_t irq_attach(u32 number, u32 flags, struct interrupt *interrupt)
{
	if (number >= line_count())
		return ERR_RANGE;
	struct line line = line_resolve(number, flags);
	lock_take(&lock);
	err_t err = line_is_taken(line.number) ? ERR_BUSY : take_route(interrupt, line, false);
	lock_give(&lock);
	TRY(err);
	line_route(line, (u8)interrupt->vector, AT(cpus, 0).arch.apic_id);
	return OK;
}

err_t irq_attach_message(struct interrupt *interrupt, u64 *address, u32 *data)
{
	lock_take(&lock);
	err_t err = take_route(interrupt, (struct line){}, true);
	lock_give(&lock);
	TRY(err);
	*address = MESSAGE_ADDRESS | (u64)AT(cpus, 0).arch.apic_id << 12;
	*data = interrupt->vector;
	return OK;
}

void irq_detach(struct interrupt *interrupt)
{
	struct route *route = route_of(interrupt);
	if (!route->is_message)
		line_mask(route->line, true);
	atomic_store_release(&route->owner, nullptr); // pairs with irq_arrived
}

void irq_mask(struct interrupt *interrupt)
{
	struct route *route = route_of(interrupt);
	if (route->is_level)
		line_mask(route->line, true);
}

void irq_unmask(struct interrupt *interrupt)
{
	struct route *route = route_of(interrupt);
	if (!route->is_message)
		line_mask(route->line, false);
}

u32 irq_line_count(void)
{
	return line_count();
}

void irq_arrived(u8 vector)
{
	struct route *route = &AT(routes, vector - VECTOR_DEVICE);
	struct interrupt *owner = atomic_load_acquire(&route->owner); // pairs with take_route
	if (!owner)
		return;
	if (route->is_level)
		line_mask(route->line, true);
	interrupt_raise(owner);
}
