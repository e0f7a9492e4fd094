// SPDX-License-Identifier: MIT
// signal.c - event bits: changing them, waking threads that wait for them and ports bound to them.
// Bits and queues change under object->lock; waking happens after it, since it may run schedulers,
// ports and services. Level-triggered, so what a batch cannot hold is found again by looking.
#include "kernel/object/signal.h"

#include "abi/syscall_numbers.h"
#include "kernel/object/port.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"

static void collect_waiters(struct object *object, struct signal_batch *batch)
{
	LIST_EACH(node, &object->waiters) {
		struct thread *thread = container_of(node, struct thread, wait.node);
		u32 observed = object->signals & thread->wait.bits;
		if (!observed)
			continue;
		if (batch->thread_count == SIGNAL_BATCH_THREADS) {
			batch->has_more = true;
			return;
		}
		list_remove(node);
		AT(batch->threads, batch->thread_count) = thread;
		AT(batch->observed, batch->thread_count) = observed;
		batch->thread_count++;
	}
}

// The kick must wait until no lock is held.
static void notify_bindings(struct object *object, u32 risen, u32 set)
{
	LIST_EACH(node, &object->bindings) {
		struct binding *binding = container_of(node, struct binding, by_object);
		u32 bits = atomic_load_relaxed(&binding->bits);
		u32 relevant = binding->mode == BIND_MODE_EDGE ? set : risen;
		if (bits & relevant && port_queue(binding->port, &binding->notice))
			binding->is_kick_due = true;
	}
}

static void collect_ports(struct object *object, struct signal_batch *batch)
{
	LIST_EACH(node, &object->bindings) {
		struct binding *binding = container_of(node, struct binding, by_object);
		if (!binding->is_kick_due)
			continue;
		if (batch->port_count == SIGNAL_BATCH_PORTS) {
			batch->has_more = true;
			return;
		}
		binding->is_kick_due = false;
		object_get(&binding->port->object);
		AT(batch->ports, batch->port_count++) = binding->port;
	}
}

static void collect(struct object *object, struct signal_batch *batch)
{
	batch->has_more = false;
	batch->thread_count = 0;
	batch->port_count = 0;
	if (!list_is_empty(&object->waiters))
		collect_waiters(object, batch);
	if (!list_is_empty(&object->bindings))
		collect_ports(object, batch);
}

void signal_change(struct object *object, u32 clear, u32 set, struct signal_batch *batch)
{
	batch->object = object;
	batch->has_more = false;
	batch->thread_count = 0;
	batch->port_count = 0;
	lock_take(&object->lock);
	u32 before = object->signals;
	u32 after = (before & ~clear) | set;
	atomic_store_release(&object->signals, after); // pairs with tell_binding's look
	if (!list_is_empty(&object->bindings) && set)
		notify_bindings(object, after & ~before, set);
	if (set)
		collect(object, batch);
	lock_give(&object->lock);
}

static void wake(struct thread *thread, u32 observed)
{
	if (thread->wait.kind == WAIT_OBJECT)
		wait_wake_value(thread, OK, observed);
	else
		wait_wake(thread, SYSCALL_RESTART);
}

static void wake_collected(struct signal_batch *batch)
{
	for (u32 i = 0; i < batch->thread_count; i++)
		wake(AT(batch->threads, i), AT(batch->observed, i));
	for (u32 i = 0; i < batch->port_count; i++) {
		struct port *port = AT(batch->ports, i);
		port_kick(port);
		object_put(&port->object);
	}
}

void signal_deliver(struct signal_batch *batch)
{
	wake_collected(batch);
	while (batch->has_more) {
		lock_take(&batch->object->lock);
		collect(batch->object, batch);
		lock_give(&batch->object->lock);
		wake_collected(batch);
	}
}

void object_signal(struct object *object, u32 clear, u32 set)
{
	struct signal_batch batch;
	signal_change(object, clear, set, &batch);
	signal_deliver(&batch);
}

void signal_restart_waiters(struct object *object)
{
	struct list_node *node;
	for (;;) {
		struct thread *batch[SIGNAL_BATCH_THREADS];
		u32 count = 0;
		lock_take(&object->lock);
		while (count < COUNT(batch) && (node = list_pop_front(&object->waiters)))
			AT(batch, count++) = container_of(node, struct thread, wait.node);
		lock_give(&object->lock);
		for (u32 i = 0; i < count; i++)
			wait_wake(AT(batch, i), SYSCALL_RESTART);
		if (count < COUNT(batch))
			return;
	}
}

err_t signal_wait(struct thread *thread, enum wait_kind kind, struct object *object, u32 bits,
	u64 deadline) NO_THREAD_SAFETY_ANALYSIS
{
	// Nobody will signal it any more, and nobody looks for waiters again: see tell_unreachable.
	if (atomic_load_acquire(&object->handles) & OBJECT_UNREACHABLE) {
		lock_give(&object->lock);
		return SYSCALL_RESTART; // the handle is gone: its lookup says so
	}
	thread->wait.bits = bits;
	list_push_back(&object->waiters, &thread->wait.node);
	return wait_park(thread, kind, object, &object->lock, deadline);
}

void binding_announce(struct object *object, struct port *port)
{
	struct signal_batch batch = { .object = object };
	lock_take(&object->lock);
	LIST_EACH(node, &object->bindings) {
		struct binding *binding = container_of(node, struct binding, by_object);
		if (binding->port == port && port_queue(port, &binding->notice))
			binding->is_kick_due = true;
	}
	collect(object, &batch);
	lock_give(&object->lock);
	signal_deliver(&batch);
}
