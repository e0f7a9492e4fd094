// SPDX-License-Identifier: MIT
// request.c - asking a thread's home CPU to do something to the thread. Requests are bits in the
// thread; a thread with bits stands once in one CPU's inbox (a stack, linked through the threads).
// If the thread has moved meanwhile, the request follows it.
#include "kernel/arch/arch.h"
#include "kernel/object/call.h"
#include "kernel/object/thread_control.h"
#include "kernel/sched/sched.h"
#include "lib/base/atomic.h"
#include "lib/base/view.h"

static void inbox_push(u16 cpu, struct thread *thread)
{
	struct cpu *target = &AT(cpus, cpu);
	struct thread *first = atomic_load_relaxed(&target->inbox);
	do
		thread->next_request = first;
	while (!atomic_swap_if_acq_rel(&target->inbox, &first, thread)); // pairs with request_take_all
	cpu_send(cpu, CPU_INBOX);
}

static bool is_allowed_here(const struct thread *thread)
{
	return atomic_load_relaxed(&thread->affinity) & 1ull << cpu_self()->id;
}

// A change of priority, weight or affinity takes effect by queuing anew.
static void requeue(struct thread *thread)
{
	if (!is_allowed_here(thread))
		thread->work |= WORK_MOVE; // moves when it next leaves the kernel, not in mid-call
	struct entity *entity = &thread->own;
	if (thread == cpu_self()->current)
		cpu_self()->reschedule |= RESCHEDULE_PREEMPT;
	if (!entity->is_queued)
		return;
	run_queue_remove(&cpu_self()->run_queue, entity);
	entity_renice(entity);
	run_queue_add(&cpu_self()->run_queue, entity);
	cpu_self()->reschedule |= RESCHEDULE_PREEMPT;
}

constexpr u32 CONTROL_REQUESTS =
	REQUEST_KILL | REQUEST_SUSPEND | REQUEST_RESUME | REQUEST_NOTIFY | REQUEST_INTERRUPT;

static void apply(struct thread *thread, u32 requests)
{
	if (thread->state == THREAD_DEAD)
		return;
	if (requests & REQUEST_START)
		sched_ready(thread);
	if (requests & REQUEST_ANSWERED)
		call_complete(thread);
	if (requests & REQUEST_WAKE)
		wait_finish(thread);
	if (requests & REQUEST_INTERRUPT_CALL)
		call_interrupt(thread);
	if (requests & REQUEST_LOOK)
		call_look(thread);
	if (requests & REQUEST_RENICE)
		requeue(thread);
	if (requests & CONTROL_REQUESTS)
		thread_apply_control(thread, requests & CONTROL_REQUESTS);
}

// The reference that came with the first bit is dropped when the bits are done.
static void take(struct thread *thread)
{
	u32 requests = atomic_exchange_acq_rel(&thread->requests, 0u);
	u16 home = atomic_load_acquire(&thread->home);
	if (home == cpu_self()->id)
		apply(thread, requests);
	else if (requests)
		request_send(thread, requests);
	object_put(&thread->object);
}

void request_send(struct thread *thread, u32 requests)
{
	u32 before = atomic_or_acq_rel(&thread->requests, requests); // pairs with take
	if (before)
		return; // in an inbox already; whoever takes it sees these bits too
	object_get(&thread->object);
	u16 home = atomic_load_acquire(&thread->home); // pairs with the move in give_to
	if (home == cpu_self()->id)
		take(thread);
	else
		inbox_push(home, thread);
}

void request_take_all(void)
{
	struct thread *thread = atomic_exchange_acquire(&cpu_self()->inbox, (struct thread *)nullptr);
	while (thread) {
		struct thread *next = thread->next_request;
		take(thread);
		thread = next;
	}
}
