// SPDX-License-Identifier: MIT
// timer_queue.c - one CPU's deadlines. Arming puts a node into this CPU's queue; disarming finds
// the queue it is in. The hardware timer is set on leaving the kernel (sched_leave).
#include "kernel/sched/timer_queue.h"

#include "kernel/sched/cpu.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"

static struct timer_node *node_of(struct tree_node *node)
{
	return container_of(node, struct timer_node, node);
}

static int compare(const struct tree_node *a, const struct tree_node *b)
{
	u64 first = container_of(a, const struct timer_node, node)->deadline_ns;
	u64 second = container_of(b, const struct timer_node, node)->deadline_ns;
	return first < second ? -1 : first > second;
}

void timer_queue_init(struct timer_queue *queue)
{
	lock_init(&queue->lock, RANK_TIMERS);
	tree_init(&queue->tree, nullptr);
}

void timer_arm(struct timer_node *node, u64 deadline_ns)
{
	timer_disarm(node);
	if (deadline_ns == DEADLINE_NEVER)
		return;
	struct cpu *cpu = cpu_self();
	struct timer_queue *queue = &cpu->timers;
	lock_take(&queue->lock);
	node->deadline_ns = deadline_ns;
	atomic_store_relaxed(&node->cpu, cpu->id);
	node->is_armed = true;
	tree_insert(&queue->tree, &node->node, compare);
	if (tree_first(&queue->tree) == &node->node)
		cpu->reschedule |= RESCHEDULE_TIMER;
	lock_give(&queue->lock);
}

bool timer_disarm(struct timer_node *node)
{
	struct timer_queue *queue = &AT(cpus, atomic_load_relaxed(&node->cpu)).timers;
	lock_take(&queue->lock);
	bool was_armed = node->is_armed;
	if (was_armed) {
		tree_remove(&queue->tree, &node->node);
		node->is_armed = false;
	}
	lock_give(&queue->lock);
	return was_armed;
}

u64 timer_queue_next(void)
{
	struct timer_queue *queue = &cpu_self()->timers;
	lock_take(&queue->lock);
	struct tree_node *first = tree_first(&queue->tree);
	u64 next = first ? node_of(first)->deadline_ns : DEADLINE_NEVER;
	lock_give(&queue->lock);
	return next;
}

// Out of the queue before it fires, so that it may be armed again from within.
static struct timer_node *_Nullable take_due(struct timer_queue *queue, u64 now_ns)
{
	lock_take(&queue->lock);
	struct tree_node *first = tree_first(&queue->tree);
	struct timer_node *due =
		first && node_of(first)->deadline_ns <= now_ns ? node_of(first) : nullptr;
	if (due) {
		tree_remove(&queue->tree, &due->node);
		due->is_armed = false;
	}
	lock_give(&queue->lock);
	return due;
}

void timer_queue_run(u64 now_ns)
{
	struct timer_queue *queue = &cpu_self()->timers;
	struct timer_node *due;
	while ((due = take_due(queue, now_ns)))
		due->fire(due);
}
