// SPDX-License-Identifier: MIT
// wait.c - waiting in a queue and being woken. Whoever unlinks the thread from the queue, under the
// queue's lock, owns its wake-up: a waker, or the thread's own home CPU that ends the wait early.
#include "kernel/arch/arch.h"
#include "kernel/object/call.h"
#include "kernel/object/process.h"
#include "kernel/sched/futex.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"

err_t wait_park(struct thread *thread, enum wait_kind kind, struct object *_Nullable object,
	struct spinlock *_Nullable lock, u64 deadline) NO_THREAD_SAFETY_ANALYSIS
{
	struct wait *wait = &thread->wait;
	wait->kind = kind;
	wait->object = object ? object_get(object) : nullptr;
	atomic_store_release(&wait->lock, lock);
	wait->result = OK;
	wait->has_value = false;
	atomic_store_relaxed(&thread->state, (u8)THREAD_WAITING);
	if (lock)
		lock_give(lock); // from here a waker may send its request; this CPU takes it later
	timer_arm(&thread->timer, deadline);
	sched_block();
	return SYSCALL_BLOCKED;
}

void wait_wake(struct thread *thread, err_t result)
{
	thread->wait.result = result;
	request_send(thread, REQUEST_WAKE);
}

void wait_wake_value(struct thread *thread, err_t result, u64 value)
{
	thread->wait.result = result;
	thread->wait.value = value;
	thread->wait.has_value = true;
	request_send(thread, REQUEST_WAKE);
}

// A page fault just returns to the instruction; a system call goes back over its instruction.
static void redo(struct thread *thread)
{
	if (!thread->return_slow)
		arch_restart_call(thread);
}

void wait_finish(struct thread *thread)
{
	struct wait *wait = &thread->wait;
	if (thread->state != THREAD_WAITING)
		return;
	if (thread->timer.is_armed)
		timer_disarm(&thread->timer);
	if (wait->result == SYSCALL_RESTART || wait->kind == WAIT_PAGE) {
		redo(thread);
	} else {
		registers_set_error(&thread->registers, wait->result);
		if (wait->has_value)
			registers_result(&thread->registers, 0, wait->value);
	}
	if (wait->kind == WAIT_FUTEX)
		futex_disown(thread);
	struct object *object = wait->object;
	wait->kind = WAIT_NONE;
	wait->object = nullptr;
	wait->lock = nullptr;
	sched_ready(thread);
	if (object)
		object_put(object);
}

// Unlinks the thread from the queue it stands in. The queue may change under us (futex requeue):
// the lock is right if it still is when it is held.
static bool leave_queue(struct thread *thread) NO_THREAD_SAFETY_ANALYSIS
{
	for (;;) {
		struct spinlock *lock = atomic_load_acquire(&thread->wait.lock);
		if (!lock)
			return true;
		lock_take(lock);
		bool is_right = atomic_load_relaxed(&thread->wait.lock) == lock;
		bool was_linked = list_node_is_linked(&thread->wait.node);
		if (is_right && was_linked)
			list_remove(&thread->wait.node);
		lock_give(lock);
		if (is_right)
			return was_linked;
	}
}

bool wait_end(struct thread *thread, err_t result)
{
	if (thread->state == THREAD_IDLE) {
		port_idle_end(thread, result);
		return true;
	}
	if (thread->state != THREAD_WAITING || !leave_queue(thread))
		return false;
	thread->wait.result = result;
	wait_finish(thread);
	return true;
}

void thread_timer_fired(struct timer_node *node)
{
	struct thread *thread = container_of(node, struct thread, timer);
	if (thread->state == THREAD_CALLING)
		call_abandon(thread, ERR_TIMED_OUT);
	else if (thread->wait.kind == WAIT_SLEEP)
		wait_end(thread, OK);
	else
		wait_end(thread, ERR_TIMED_OUT);
}
