// SPDX-License-Identifier: MIT
// interrupt.h - a line of an interrupt controller, or a message vector, as an object. Raised: it is
// masked and SIGNAL_RAISED set; clearing the bit unmasks it. So a storm ends after one interrupt.
#pragma once

#include "kernel/object/object.h"

NONNULL_BEGIN

struct interrupt {
	struct object object;
	struct spinlock lock; // RANK_STREAM: is_attached, and the order of mask and bit
	bool is_attached;
	u32 line;   // global number of a controller's line; messages: unused
	u32 flags;  // enum interrupt_flags
	u32 vector; // the architecture's own
};
OBJECT_DOWNCAST(interrupt)

// Takes the line, masked. route: for messages, address << 32 | data for the device. ERR_BUSY.
err_t interrupt_create(struct quota *quota, u32 line, u32 flags,
	struct interrupt *_Nullable *_Nonnull out, u64 *route);
// From the architecture when it came, with no lock held: interrupts are let in only where the
// kernel holds none (user mode, idle, interrupt windows).
void interrupt_detach(struct interrupt *interrupt); // the line is free for another
void interrupt_raise(struct interrupt *interrupt);
void interrupt_acknowledge(struct interrupt *interrupt); // clears SIGNAL_RAISED, unmasks

NONNULL_END
