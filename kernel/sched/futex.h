// SPDX-License-Identifier: MIT
// futex.h - waiting for a change of a word in user memory. The queue is found by what the word is:
// (memory object, offset), so processes that share memory meet. A waiter may name the thread that
// will wake it: that one inherits its priority for the time.
#pragma once

#include "kernel/sched/thread.h"

NONNULL_BEGIN

void futexes_init(void);
err_t futex_wait(
	struct thread *caller, u64 address, u32 expected, u64 deadline, struct thread *_Nullable owner);
// target 0: nothing is moved. Waiters that would move to a word of another memory object are woken.
// woken: those that were moved, too.
err_t futex_wake(u64 address, u32 count, u64 target, u32 requeue_count, u32 *woken);
// The wait of a thread is over, for whatever reason: nobody inherits from it any more.
void futex_disown(struct thread *waiter);

NONNULL_END
