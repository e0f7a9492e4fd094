// SPDX-License-Identifier: MIT
// timer_queue.h - one CPU's deadlines, earliest first; the arch timer is armed for the first only.
#pragma once

#include "abi/errors.h"
#include "kernel/sched/lock.h"
#include "lib/base/tree.h"

NONNULL_BEGIN

struct timer_node {
	struct tree_node node;
	u64 deadline_ns;
	u16 cpu;                                         // in whose queue, while armed
	u8 is_armed;                                     // 0 or 1
	void (*_Nullable fire)(struct timer_node *node); // on the queue's CPU, no lock held
};

struct timer_queue {
	struct spinlock lock; // RANK_TIMERS
	struct tree tree;
};

void timer_queue_init(struct timer_queue *queue);
void timer_arm(struct timer_node *node, u64 deadline_ns); // on this CPU; re-arms
bool timer_disarm(struct timer_node *node); // false: not armed, fired or about to fire
u64 timer_queue_next(void);                 // of this CPU, DEADLINE_NEVER when empty
void timer_queue_run(u64 now_ns);           // fires what is due on this CPU

NONNULL_END
