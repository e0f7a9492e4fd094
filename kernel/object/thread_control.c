// SPDX-License-Identifier: MIT
// thread_control.c - what others ask of a thread, done by its home CPU: first out of its wait
// (thread_apply_control), then by the thread itself as it leaves the kernel (thread_do_work).
// What is wanted stands in the thread (is_suspended, is_fault_stopped, is_stepping), so requests
// that overtake each other end in the state asked for last.
#include "kernel/object/thread_control.h"

#include "kernel/arch/arch.h"
#include "kernel/memory/space.h"
#include "kernel/object/call.h"
#include "kernel/object/process.h"
#include "kernel/object/thread_local.h"
#include "kernel/sched/sched.h"
#include "kernel/syscall/entry.h"
#include "lib/base/atomic.h"

void thread_unload(struct thread *thread)
{
	struct cpu *cpu = cpu_self();
	if (cpu->loaded == thread) {
		arch_switch_away(thread);
		cpu->loaded = nullptr;
	}
	arch_thread_evict(thread);
}

void thread_stop(struct thread *thread, u32 signals)
{
	thread_unload(thread);
	atomic_store_relaxed(&thread->state, (u8)THREAD_STOPPED);
	sched_block();
	object_signal(&thread->object, 0, SIGNAL_SUSPENDED | signals);
}

err_t thread_hold_stopped(struct thread *thread) NO_THREAD_SAFETY_ANALYSIS
{
	lock_take(&thread->object.lock); // go_on clears the signal under it before it lets go
	bool is_at_rest = atomic_load_relaxed(&thread->object.signals) & SIGNAL_SUSPENDED &&
	                  atomic_load_acquire(&thread->state) == THREAD_STOPPED;
	if (is_at_rest)
		return OK;
	lock_give(&thread->object.lock);
	return ERR_STATE;
}

static void go_on(struct thread *thread)
{
	object_signal(&thread->object, SIGNAL_SUSPENDED | SIGNAL_FAULTED, 0);
	if (atomic_load_acquire(&thread->is_stepping))
		arch_set_step(thread, true);
	sched_ready(thread);
}

static void apply_kill(struct thread *thread)
{
	thread->work |= WORK_KILL;
	switch ((enum thread_state)thread->state) {
	case THREAD_NEW:
	case THREAD_READY:
	case THREAD_DEAD: return;
	case THREAD_IDLE:
	case THREAD_WAITING: wait_end(thread, ERR_INTERRUPTED); return;
	case THREAD_CALLING: call_abandon(thread, ERR_INTERRUPTED); return;
	case THREAD_STOPPED: go_on(thread); return;
	}
}

// A wait is done anew after the suspension. A call, or a server's wait for one, goes on: its
// registers are at rest until it ends, then the thread stops.
static void suspend(struct thread *thread)
{
	thread->work |= WORK_SUSPEND;
	switch ((enum thread_state)thread->state) {
	case THREAD_NEW:
	case THREAD_READY:
	case THREAD_STOPPED:
	case THREAD_DEAD: return;
	case THREAD_WAITING: wait_end(thread, SYSCALL_RESTART); return;
	case THREAD_IDLE:
	case THREAD_CALLING:
		thread_unload(thread);
		object_signal(&thread->object, 0, SIGNAL_SUSPENDED);
		return;
	}
}

static void apply_suspend(struct thread *thread)
{
	bool is_wanted = atomic_load_acquire(&thread->is_suspended);
	if (thread->state == THREAD_STOPPED) {
		if (!is_wanted && !atomic_load_acquire(&thread->is_fault_stopped))
			go_on(thread);
		else
			object_signal(&thread->object, 0, SIGNAL_SUSPENDED); // a step may have cleared it
	} else if (is_wanted) {
		suspend(thread);
	} else if (thread->work & WORK_SUSPEND) {
		thread->work &= (u8)~WORK_SUSPEND;
		object_signal(&thread->object, SIGNAL_SUSPENDED, 0);
	}
}

static bool can_interrupt(const struct thread *thread)
{
	return thread->wait.kind != WAIT_PAGE && thread->wait.kind != WAIT_ALONE;
}

static void apply_interrupt(struct thread *thread)
{
	if (thread->state == THREAD_CALLING)
		call_abandon(thread, ERR_INTERRUPTED);
	else if (thread->state == THREAD_IDLE || can_interrupt(thread))
		wait_end(thread, ERR_INTERRUPTED);
}

static void apply_notify(struct thread *thread)
{
	thread_look_at_process(thread);
	u64 bits = atomic_exchange_acq_rel(&thread->notified, (u64)0);
	u64 pending = bits | atomic_or_seq_cst(&thread->block->pending, bits);
	// Partner: the program lowers blocked, then looks at pending.
	if (!(pending & ~atomic_load_seq_cst(&thread->block->blocked)))
		return;
	thread->work |= WORK_NOTIFY;
	if (thread->state == THREAD_CALLING)
		call_cancel(thread); // the service decides how far it came
	else if (thread->state == THREAD_IDLE || can_interrupt(thread))
		wait_end(thread, ERR_INTERRUPTED);
}

void thread_apply_control(struct thread *thread, u32 requests)
{
	if (requests & REQUEST_NOTIFY)
		apply_notify(thread);
	if (requests & REQUEST_INTERRUPT)
		apply_interrupt(thread);
	if (requests & (REQUEST_SUSPEND | REQUEST_RESUME))
		apply_suspend(thread);
	if (requests & REQUEST_KILL)
		apply_kill(thread);
}

void long_call_end(struct long_call *call)
{
	struct object *made = call->made;
	call->made = nullptr;
	call->done = 0;
	if (call->space)
		space_release(call);
	if (made && made->kind == OBJECT_PROCESS)
		process_abandon(process_of(made));
	else if (made)
		object_put(made);
}

void thread_do_work(struct thread *thread)
{
	u8 work = thread->work;
	if (work & WORK_KILL) {
		thread_die(thread);
		return;
	}
	if (work & WORK_MORE) {
		syscall_more(thread); // all else comes when the call is over
		return;
	}
	if (work & WORK_SUSPEND) {
		thread->work &= (u8)~WORK_SUSPEND;
		if (atomic_load_acquire(&thread->is_suspended)) {
			thread_stop(thread, 0);
			return; // a notification is delivered when it goes on
		}
	}
	if (work & WORK_NOTIFY)
		thread_deliver(thread);
}
