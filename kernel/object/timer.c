// SPDX-License-Identifier: MIT
// timer.c - see timer.h. The deadline under timer->lock decides what is true; a node that fires
// while it is being set anew on another CPU finds a later deadline and does nothing.
#include "kernel/object/timer.h"

#include "kernel/arch/arch.h"
#include "kernel/object/signal.h"
#include "lib/base/checked.h"

// timer->lock held. An armed node holds one reference to the timer. It may be armed here: set anew
// to what has passed already, between its leaving the queue and timer_fire.
static void arm(struct timer *timer)
{
	if (!timer_disarm(&timer->node))
		object_get(&timer->object);
	timer_arm(&timer->node, timer->deadline);
}

// The first deadline of the series that lies ahead; those missed are told once.
static u64 next_deadline(const struct timer *timer, u64 now)
{
	if (!timer->period)
		return DEADLINE_NEVER;
	u64 passed = (now - timer->deadline) / timer->period + 1;
	u64 step, next;
	if (ckd_mul(&step, passed, timer->period) || ckd_add(&next, timer->deadline, step))
		return DEADLINE_NEVER;
	return next;
}

static void timer_fire(struct timer_node *node)
{
	struct timer *timer = container_of(node, struct timer, node);
	struct signal_batch batch = {};
	u64 now = clock_now();
	lock_take(&timer->lock);
	bool is_due = timer->deadline <= now && !timer->is_lost;
	if (is_due) {
		timer->deadline = next_deadline(timer, now);
		if (timer->deadline != DEADLINE_NEVER)
			arm(timer);
		signal_change(&timer->object, 0, SIGNAL_FIRED, &batch);
	}
	lock_give(&timer->lock);
	signal_deliver(&batch);
	object_put(&timer->object); // the fired node's
}

err_t timer_create(struct quota *quota, struct timer *_Nullable *_Nonnull out)
{
	struct object *object;
	TRY(object_create(OBJECT_TIMER, sizeof(struct timer), quota, &object));
	struct timer *timer = timer_of(object);
	lock_init(&timer->lock, RANK_STREAM);
	timer->deadline = DEADLINE_NEVER;
	timer->node.fire = timer_fire;
	*out = timer;
	return OK;
}

err_t timer_set(struct timer *timer, u64 deadline, u64 period)
{
	struct signal_batch batch;
	if (period && period < TIMER_PERIOD_MIN_NS)
		return ERR_INVALID;
	lock_take(&timer->lock);
	bool was_armed = timer_disarm(&timer->node);
	timer->deadline = timer->is_lost ? DEADLINE_NEVER : deadline;
	timer->period = period;
	signal_change(&timer->object, SIGNAL_FIRED, 0, &batch);
	if (timer->deadline != DEADLINE_NEVER)
		arm(timer);
	lock_give(&timer->lock);
	if (was_armed)
		object_put(&timer->object);
	return OK;
}

static void timer_unreachable(struct object *object)
{
	struct timer *timer = timer_of(object);
	lock_take(&timer->lock);
	timer->is_lost = true;
	timer->deadline = DEADLINE_NEVER;
	bool was_armed = timer_disarm(&timer->node);
	lock_give(&timer->lock);
	if (was_armed)
		object_put(object);
}

const struct object_class timer_class = {
	.size = sizeof(struct timer),
	.unreachable = timer_unreachable,
};
