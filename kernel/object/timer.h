// SPDX-License-Identifier: MIT
// timer.h - sets SIGNAL_FIRED at a deadline, and then each period. It runs on the CPU that set it.
// While armed it holds a reference to itself; losing its last handle stops it.
#pragma once

#include "kernel/object/object.h"
#include "kernel/sched/timer_queue.h"

NONNULL_BEGIN

constexpr u64 TIMER_PERIOD_MIN_NS = 50'000; // shorter ones would keep a CPU busy with firing

struct timer {
	struct object object;
	struct spinlock lock; // RANK_STREAM: what follows
	struct timer_node node;
	u64 deadline; // DEADLINE_NEVER: stopped
	u64 period;   // 0: once
	bool is_lost; // no handle is left
};
OBJECT_DOWNCAST(timer)

err_t timer_create(struct quota *quota, struct timer *_Nullable *_Nonnull out);
err_t timer_set(struct timer *timer, u64 deadline, u64 period);

NONNULL_END
