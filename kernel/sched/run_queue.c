// SPDX-License-Identifier: MIT
// run_queue.c - real-time levels and the fair band (EEVDF).
// Virtual time V is the weighted mean of the queued vruntimes. An entity may run when its vruntime
// is not beyond V (it has not had more than its share); of those the earliest deadline goes first.
// The tree is ordered by deadline and carries each subtree's least vruntime, so the choice is one
// descent. The mean is kept relative to `base`, so that the sums stay small.
#include "kernel/sched/run_queue.h"

#include "kernel/sched/cpu.h"
#include "kernel/sched/thread.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"

constexpr u32 WEIGHT_USUAL = 100;
constexpr u64 RT_BURST_NS = 950'000'000; // after which the fair band gets its twentieth

static struct entity *entity_of(struct tree_node *node)
{
	return container_of(node, struct entity, node);
}

static u64 least(u64 a, u64 b)
{
	return (i64)(a - b) < 0 ? a : b;
}

static bool update_least(struct tree_node *node)
{
	struct entity *entity = entity_of(node);
	u64 value = entity->vruntime;
	if (node->left)
		value = least(value, entity_of(node->left)->min_vruntime);
	if (node->right)
		value = least(value, entity_of(node->right)->min_vruntime);
	bool has_changed = value != entity->min_vruntime;
	entity->min_vruntime = value;
	return has_changed;
}

static int compare(const struct tree_node *a, const struct tree_node *b)
{
	u64 first = container_of(a, const struct entity, node)->deadline;
	u64 second = container_of(b, const struct entity, node)->deadline;
	return first == second ? 0 : (i64)(first - second) < 0 ? -1 : 1;
}

void run_queue_init(struct run_queue *queue)
{
	*queue = (struct run_queue){};
	tree_init(&queue->fair, update_least);
	for (u32 i = 0; i < PRIORITY_COUNT; i++)
		list_init(&AT(queue->rt, i));
}

void entity_init(struct entity *entity, struct thread *owner)
{
	*entity = (struct entity){ .owner = owner, .thread = owner, .weight = WEIGHT_USUAL };
}

static u64 slice_of(const struct entity *entity)
{
	return SLICE_NS * WEIGHT_USUAL / entity->weight;
}

// V: never goes back.
static u64 virtual_time(struct run_queue *queue)
{
	if (queue->total_weight == 0)
		return queue->virtual_time;
	u64 mean = queue->base + (u64)(queue->average_sum / (i64)queue->total_weight);
	if ((i64)(mean - queue->virtual_time) > 0)
		queue->virtual_time = mean;
	return queue->virtual_time;
}

// One that slept does not come back with a claim on all that it missed: at most one slice.
static void place(struct run_queue *queue, struct entity *entity)
{
	u64 now = virtual_time(queue);
	u64 floor = now - slice_of(entity);
	if ((i64)(entity->vruntime - floor) < 0)
		entity->vruntime = floor;
	u64 ceiling = now + 4 * slice_of(entity); // moved here from a CPU with another time
	if ((i64)(entity->vruntime - ceiling) > 0)
		entity->vruntime = ceiling;
}

static void renew_deadline(struct entity *entity)
{
	if ((i64)(entity->deadline - entity->vruntime) <= 0 ||
		(i64)(entity->deadline - entity->vruntime) > (i64)slice_of(entity))
		entity->deadline = entity->vruntime + slice_of(entity);
}

void run_queue_place(struct run_queue *queue, struct entity *entity)
{
	if (entity->priority)
		return;
	place(queue, entity);
	renew_deadline(entity);
}

static void fair_add(struct run_queue *queue, struct entity *entity)
{
	renew_deadline(entity);
	if (queue->total_weight == 0)
		queue->base = queue->virtual_time;
	queue->average_sum += (i64)(entity->vruntime - queue->base) * (i64)entity->weight;
	queue->total_weight += entity->weight;
	entity->min_vruntime = entity->vruntime;
	tree_insert(&queue->fair, &entity->node, compare);
}

static void fair_remove(struct run_queue *queue, struct entity *entity)
{
	virtual_time(queue);
	tree_remove(&queue->fair, &entity->node);
	queue->average_sum -= (i64)(entity->vruntime - queue->base) * (i64)entity->weight;
	queue->total_weight -= entity->weight;
}

void run_queue_add(struct run_queue *queue, struct entity *entity)
{
	if (entity->priority == 0)
		place(queue, entity);
	run_queue_return(queue, entity);
}

void run_queue_return(struct run_queue *queue, struct entity *entity)
{
	assert(!entity->is_queued);
	entity->is_queued = true;
	atomic_store_relaxed(&queue->ready, queue->ready + 1);
	if (entity->priority == 0) {
		fair_add(queue, entity);
		return;
	}
	list_push_back(&AT(queue->rt, entity->priority), &entity->rt_node);
	queue->rt_mask |= 1u << (entity->priority - 1);
}

void run_queue_remove(struct run_queue *queue, struct entity *entity)
{
	assert(entity->is_queued);
	entity->is_queued = false;
	atomic_store_relaxed(&queue->ready, queue->ready - 1);
	if (!list_node_is_linked(&entity->rt_node)) {
		fair_remove(queue, entity);
		return;
	}
	list_remove(&entity->rt_node);
	if (list_is_empty(&AT(queue->rt, entity->priority)))
		queue->rt_mask &= ~(1u << (entity->priority - 1));
}

// The earliest deadline among those not beyond V. The one with the least vruntime always is one.
static struct entity *_Nullable fair_first(struct run_queue *queue)
{
	u64 now = virtual_time(queue);
	struct tree_node *node = queue->fair.root;
	if (node && (i64)(entity_of(node)->min_vruntime - now) > 0)
		now = entity_of(node)->min_vruntime; // rounding of the mean
	while (node) {
		if (node->left && (i64)(entity_of(node->left)->min_vruntime - now) <= 0)
			node = node->left;
		else if ((i64)(entity_of(node)->vruntime - now) <= 0)
			return entity_of(node);
		else
			node = node->right;
	}
	return nullptr;
}

struct entity *_Nullable run_queue_first(struct run_queue *queue)
{
	bool is_fair_due = queue->total_weight && queue->rt_debt >= RT_BURST_NS;
	if (queue->rt_mask && !is_fair_due) {
		u32 priority = 32 - (u32)__builtin_clz(queue->rt_mask);
		struct list_node *first = list_first(&AT(queue->rt, priority));
		assert(first);
		return container_of(first, struct entity, rt_node);
	}
	return fair_first(queue);
}

// A call's server runs where its caller waits: only threads outside of calls move.
static bool is_movable(const struct entity *entity, u64 cpu_mask)
{
	const struct thread *thread = entity->thread;
	return entity->owner == thread && !thread->caller && thread->affinity & cpu_mask &&
	       thread->state == THREAD_READY;
}

struct entity *_Nullable run_queue_take_movable(struct run_queue *queue, u64 cpu_mask)
{
	u32 tries = 16; // enough to find one, and bounded
	for (struct tree_node *node = tree_last(&queue->fair); node && tries--;
		node = tree_prev(node)) {
		if (!is_movable(entity_of(node), cpu_mask))
			continue;
		run_queue_remove(queue, entity_of(node));
		return entity_of(node);
	}
	return nullptr;
}

// A real-time thread that never sleeps leaves the fair band 5 %.
static void account_debt(struct run_queue *queue, const struct entity *entity, u64 ran_ns)
{
	if (entity->priority) {
		queue->rt_debt = queue->total_weight ? queue->rt_debt + ran_ns : 0;
		return;
	}
	queue->rt_debt -= least(queue->rt_debt, 19 * ran_ns);
	if (queue->rt_mask && queue->rt_debt < RT_BURST_NS)
		cpu_self()->reschedule |= RESCHEDULE_PREEMPT;
}

void entity_account(struct run_queue *queue, struct entity *entity, u64 ran_ns)
{
	assert(!entity->is_queued);
	account_debt(queue, entity, ran_ns);
	entity->vruntime += ran_ns * WEIGHT_USUAL / entity->weight;
	if (queue->total_weight == 0 && (i64)(entity->vruntime - queue->virtual_time) > 0)
		queue->virtual_time = entity->vruntime;
	if ((i64)(entity->vruntime - entity->deadline) < 0)
		return;
	entity->deadline = entity->vruntime + slice_of(entity);
	if (atomic_load_relaxed(&queue->ready))
		cpu_self()->reschedule |= RESCHEDULE_PREEMPT;
}

bool entity_goes_before(
	const struct run_queue *queue, const struct entity *entity, const struct entity *running)
{
	if (entity->priority != running->priority)
		return entity->priority > running->priority;
	if (entity->priority != 0)
		return false;
	bool is_eligible = (i64)(entity->vruntime - queue->virtual_time) <= 0;
	return is_eligible && (i64)(entity->deadline - running->deadline) < 0;
}
