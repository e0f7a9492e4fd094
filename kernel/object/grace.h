// SPDX-License-Identifier: MIT
// grace.h - giving memory back only when no CPU can still be looking at it. The kernel never blocks
// and runs with interrupts off, so each stay in the kernel is a read section by itself: memory
// dropped now may be reused once every other CPU has left the kernel or entered it anew. With one
// CPU that is at the end of this kernel entry; with more, batches go round by a cross-CPU request.
#pragma once

#include "kernel/object/object.h"

NONNULL_BEGIN
void grace_defer(struct object *object); // memory of a destroyed object; last use of it
void grace_run(void);    // on leaving the kernel slowly, and when idle: frees what may be freed
void grace_acknowledge(void); // this CPU holds no borrowed object now (cross-CPU request)
u32 grace_pending(void); // objects that wait, over all CPUs
NONNULL_END
