// SPDX-License-Identifier: MIT
// interrupt.c - hardware raises: mask, set the bit; the driver acknowledges: clear it, unmask. Both
// under interrupt->lock, so that the line is never open while nobody would notice it.
#include "kernel/object/interrupt.h"

#include "abi/syscall_numbers.h"
#include "kernel/arch/arch.h"
#include "kernel/object/signal.h"
#include "lib/base/err.h"

static err_t attach(struct interrupt *interrupt, u64 *route)
{
	if (!(interrupt->flags & INTERRUPT_FLAGS_MESSAGE))
		return irq_attach(interrupt->line, interrupt->flags, interrupt);
	u64 address;
	u32 data;
	TRY(irq_attach_message(interrupt, &address, &data));
	*route = address << 32 | data;
	return OK;
}

err_t interrupt_create(
	struct quota *quota, u32 line, u32 flags, struct interrupt *_Nullable *_Nonnull out, u64 *route)
{
	struct object *object;
	TRY(object_create(OBJECT_INTERRUPT, sizeof(struct interrupt), quota, &object));
	struct interrupt *interrupt = interrupt_of(object);
	lock_init(&interrupt->lock, RANK_STREAM);
	interrupt->line = line;
	interrupt->flags = flags;
	*route = 0;
	err_t err = attach(interrupt, route);
	if (err != OK) {
		object_put(object);
		return err;
	}
	lock_take(&interrupt->lock);
	interrupt->is_attached = true; // masked until first acknowledged, so nothing was missed
	lock_give(&interrupt->lock);
	*out = interrupt;
	return OK;
}

void interrupt_raise(struct interrupt *interrupt)
{
	struct signal_batch batch = {};
	lock_take(&interrupt->lock);
	if (interrupt->is_attached) {
		irq_mask(interrupt);
		signal_change(&interrupt->object, 0, SIGNAL_RAISED, &batch);
	}
	lock_give(&interrupt->lock);
	signal_deliver(&batch);
}

void interrupt_acknowledge(struct interrupt *interrupt)
{
	struct signal_batch batch;
	lock_take(&interrupt->lock);
	signal_change(&interrupt->object, SIGNAL_RAISED, 0, &batch);
	if (interrupt->is_attached)
		irq_unmask(interrupt);
	lock_give(&interrupt->lock);
}

void interrupt_detach(struct interrupt *interrupt)
{
	lock_take(&interrupt->lock);
	bool was_attached = interrupt->is_attached;
	interrupt->is_attached = false;
	if (was_attached)
		irq_detach(interrupt);
	lock_give(&interrupt->lock);
}

static void detach(struct object *object)
{
	interrupt_detach(interrupt_of(object));
}

// Detached at once, so that the line is free for another; a raise on its way on another CPU is
// over when the grace period is. Destroy: it never had a handle.
const struct object_class interrupt_class = {
	.size = sizeof(struct interrupt),
	.unreachable = detach,
	.destroy = detach,
};
